// SPDX-License-Identifier: GPL-2.0
/* Both halves on one bench, and bios for them. */
#include <linux/major.h>

#include "pair.h"
#include "../../../blkfront/blkfront.h"

#define PAIR_DEVT	MKDEV(XENVBD_MAJOR, 0)

void pair_nodes(void)
{
	store_write(BACK_NODE "/frontend", FRONT_NODE);
	store_write(BACK_NODE "/frontend-id", "%d", FRONT_DOMID);
	store_write(BACK_NODE "/online", "1");
	store_write(BACK_NODE "/mode", "w");
	store_write(BACK_NODE "/state", "%d", XenbusStateInitialising);
	store_write(BACK_NODE "/physical-device", "%x:%x", MAJOR(disk.devt),
		    MINOR(disk.devt));
	store_write(FRONT_NODE "/backend", BACK_NODE);
	store_write(FRONT_NODE "/backend-id", "%d", BACK_DOMID);
	store_write(FRONT_NODE "/virtual-device", "51712");
	store_write(FRONT_NODE "/device-type", "disk");
	store_write(FRONT_NODE "/state", "%d", XenbusStateInitialising);
}

void pair_attach(struct pair *pair)
{
	pair_nodes();
	pair->back = store_add_device(true, BACK_NODE);
	pair->front = store_add_device(false, FRONT_NODE);
}

void pair_suspend_in_vain(struct pair *pair)
{
	xen.skip_sleep = 5 * HZ;
	store_suspend_device(pair->front);
	xen.skip_sleep = 0;
}

void pair_detach(void)
{
	store_write(BACK_NODE "/online", "0");
	store_write(BACK_STATE, "%d", XenbusStateClosing);
}

void pair_remove(struct xenbus_device **xbdev)
{
	if (!*xbdev)
		return;
	store_remove_device(*xbdev);
	store_put_device(*xbdev);
	*xbdev = NULL;
}

void pair_open(struct kunit *test, struct pair *pair)
{
	KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE, XenbusStateConnected,
					       PATIENCE_MS));
	pair->file = bdev_file_open_by_dev(PAIR_DEVT,
					   BLK_OPEN_READ | BLK_OPEN_WRITE,
					   NULL, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(pair->file));
	pair->bdev = file_bdev(pair->file);
}

struct blkfront_disk *pair_front(struct pair *pair)
{
	return pair->bdev->bd_disk->private_data;
}

void pair_close(struct pair *pair)
{
	if (!IS_ERR_OR_NULL(pair->file))
		__fput_sync(pair->file);
	pair->file = NULL;
}

int pair_init(struct kunit *test)
{
	struct pair *pair = kunit_kzalloc(test, sizeof(*pair), GFP_KERNEL);
	unsigned int i;

	if (!pair)
		return -ENOMEM;
	xen_reset();
	store_reset();
	disk_reset();
	test->priv = pair;
	for (i = 0; i < PAIR_PAGES; i++)
		pair->page[i] = alloc_page(GFP_KERNEL | __GFP_ZERO |
					   __GFP_NOFAIL);
	return 0;
}

void pair_exit(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	loopback_thaw();
	xen_keep_mapped(false);
	disk_release();
	disk_release_pages();
	pair_close(pair);
	pair_remove(&pair->back);
	loopback_settle();
	pair_remove(&pair->front);
	loopback_settle();
	blkfront_disk_wait_for_all();
	for (i = 0; i < PAIR_PAGES; i++)
		__free_page(pair->page[i]);
	KUNIT_EXPECT_STREQ(test, xen_verdict() ?: "", "");
	KUNIT_EXPECT_EQ(test, 0, xen.nr_deferred);
}

void pair_fill(struct pair *pair, unsigned int nr, u8 seed)
{
	unsigned int i, j;
	u8 *at;

	for (i = 0; i < nr; i++) {
		at = page_address(pair->page[i]);
		for (j = 0; j < PAGE_SIZE; j++)
			at[j] = seed + 3 * i + j % 241;
	}
}

bool pair_check(struct pair *pair, unsigned int nr, u64 sector)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (memcmp(page_address(pair->page[i]),
			   disk.data + (sector << 9) + i * PAGE_SIZE, PAGE_SIZE))
			return false;
	return true;
}

struct bio *pair_bio(struct pair *pair, blk_opf_t opf, u64 sector,
		     unsigned int first, unsigned int nr)
{
	struct bio *bio = bio_alloc(pair->bdev, nr, opf, GFP_KERNEL);
	unsigned int i;

	bio->bi_iter.bi_sector = sector;
	for (i = 0; i < nr; i++)
		__bio_add_page(bio, pair->page[first + i], PAGE_SIZE, 0);
	return bio;
}

int pair_io(struct pair *pair, blk_opf_t opf, u64 sector, unsigned int nr)
{
	struct bio *bio = pair_bio(pair, opf, sector, 0, nr);
	int err = submit_bio_wait(bio);

	bio_put(bio);
	return err;
}

static void flight_end(struct bio *bio)
{
	struct flight *flight = bio->bi_private;

	flight->status = bio->bi_status;
	flight->hard = in_hardirq();
	complete(&flight->done);
}

void flight_submit(struct pair *pair, unsigned int i, struct bio *bio)
{
	struct flight *flight = &pair->flight[i];

	init_completion(&flight->done);
	flight->bio = bio;
	bio->bi_private = flight;
	bio->bi_end_io = flight_end;
	submit_bio(bio);
}

void flight_start(struct pair *pair, unsigned int i, blk_opf_t opf)
{
	flight_submit(pair, i, pair_bio(pair, opf, 8 * i, i, 1));
}

int flight_wait(struct pair *pair, unsigned int i)
{
	struct flight *flight = &pair->flight[i];

	if (!wait_for_completion_timeout(&flight->done,
					 msecs_to_jiffies(5 * PATIENCE_MS)))
		return -ETIMEDOUT;
	bio_put(flight->bio);
	return blk_status_to_errno(flight->status);
}

void flights_start(struct pair *pair, unsigned int first, unsigned int end)
{
	for (; first < end; first++)
		flight_start(pair, first, REQ_OP_WRITE);
}

void flights_land(struct kunit *test, struct pair *pair)
{
	unsigned int i;

	for (i = 0; i < PAIR_FLIGHTS; i++)
		KUNIT_ASSERT_EQ(test, 0, flight_wait(pair, i));
	KUNIT_EXPECT_TRUE(test, pair_check(pair, PAIR_FLIGHTS, 0));
}

void pair_start(struct kunit *test, struct pair *pair)
{
	pair_attach(pair);
	pair_open(test, pair);
}

void pair_works(struct kunit *test, struct pair *pair, u64 sector)
{
	pair_fill(pair, PAIR_PAGES, sector);
	KUNIT_ASSERT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE, sector, PAIR_PAGES));
	KUNIT_EXPECT_TRUE(test, pair_check(pair, PAIR_PAGES, sector));
	pair_fill(pair, PAIR_PAGES, 0x55);
	KUNIT_ASSERT_EQ(test, 0, pair_io(pair, REQ_OP_READ, sector, PAIR_PAGES));
	KUNIT_EXPECT_TRUE(test, pair_check(pair, PAIR_PAGES, sector));
}
