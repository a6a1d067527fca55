// SPDX-License-Identifier: GPL-2.0
/* Data, flushes and discards, from a bio to the disk and back. */
#include <linux/sched.h>

#include "pair.h"
#include "false_back.h"
#include "../../../blkback/blkback.h"
#include "../../../blkfront/blkfront.h"

static void data_arrives(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	pair_start(test, pair);
	KUNIT_EXPECT_EQ(test, DISK_SECTORS, bdev_nr_sectors(pair->bdev));
	for (i = 0; i < 8; i++)
		pair_works(test, pair, 1024 * i);
}

static void parts_of_pages(struct kunit *test, struct pair *pair)
{
	struct bio *bio;
	u8 *page;

	pair_fill(pair, 2, 9);
	bio = bio_alloc(pair->bdev, 2, REQ_OP_WRITE, GFP_KERNEL);
	bio->bi_iter.bi_sector = 100;
	__bio_add_page(bio, pair->page[0], 1024, 512);
	__bio_add_page(bio, pair->page[1], 512, 3584);
	KUNIT_EXPECT_EQ(test, 0, submit_bio_wait(bio));
	bio_put(bio);
	page = page_address(pair->page[0]);
	KUNIT_EXPECT_MEMEQ(test, disk.data + 100 * 512, page + 512, 1024);
	page = page_address(pair->page[1]);
	KUNIT_EXPECT_MEMEQ(test, disk.data + 102 * 512, page + 3584, 512);
	KUNIT_EXPECT_EQ(test, 0, disk.data[103 * 512]);
}

static void parts_of_pages_arrive(struct kunit *test)
{
	struct pair *pair = test->priv;

	pair_start(test, pair);
	parts_of_pages(test, pair);
}

/* What was made for a disk of such sectors, on one that has none. */
static void E1_a_guest_has_sectors_of_512_bytes(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	disk_blocks(PAGE_SIZE, PAGE_SIZE - 1);
	store_write(BACK_NODE "/emulate-512", "1");
	pair_start(test, pair);
	KUNIT_EXPECT_EQ(test, 512, bdev_logical_block_size(pair->bdev));
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, bdev_physical_block_size(pair->bdev));
	parts_of_pages(test, pair);
	for (i = 0; i < 8; i++)
		pair_works(test, pair, 1024 * i + i);
}

static void fsync_never_lies(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	pair_start(test, pair);
	KUNIT_EXPECT_TRUE(test, bdev_write_cache(pair->bdev));
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE, 0, 4));
		disk.nr_flushes = 0;
		disk.fail_flushes = 1;
		KUNIT_EXPECT_EQ(test, -EIO, blkdev_issue_flush(pair->bdev));
		KUNIT_EXPECT_EQ(test, 1, disk.nr_flushes);
		/* The next one goes to the disk. */
		KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(pair->bdev));
		KUNIT_EXPECT_EQ(test, 2, disk.nr_flushes);
		KUNIT_EXPECT_TRUE(test, bdev_write_cache(pair->bdev));
	}
	/* The flush of a FUA write, too. */
	disk.nr_flushes = 0;
	KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE | REQ_FUA, 0, 1));
	KUNIT_EXPECT_GE(test, disk.nr_flushes, 1);
	disk.fail_flushes = 1;
	KUNIT_EXPECT_EQ(test, -EIO,
			pair_io(pair, REQ_OP_WRITE | REQ_FUA, 0, 1));
	disk.nr_flushes = 0;
	KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE | REQ_PREFLUSH |
					 REQ_FUA, 0, 1));
	KUNIT_EXPECT_GE(test, disk.nr_flushes, 2);
}

static void an_error_of_the_disk_is_an_error(struct kunit *test)
{
	struct pair *pair = test->priv;

	pair_start(test, pair);
	disk.fail_all = 1;
	KUNIT_EXPECT_EQ(test, -EIO, pair_io(pair, REQ_OP_READ, 0, 1));
	disk.fail_all = 1;
	KUNIT_EXPECT_EQ(test, -EIO, pair_io(pair, REQ_OP_WRITE, 0, 1));
	pair_works(test, pair, 0);
}

static void discard_arrives(struct kunit *test)
{
	struct pair *pair = test->priv;

	pair_start(test, pair);
	memset(disk.data, 0x77, DISK_SECTORS << 9);
	KUNIT_EXPECT_EQ(test, 0, blkdev_issue_discard(pair->bdev, 64, 1024,
						      GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 0x77, disk.data[64 * 512 - 1]);
	KUNIT_EXPECT_EQ(test, 0, disk.data[64 * 512]);
	KUNIT_EXPECT_EQ(test, 0, disk.data[1088 * 512 - 1]);
	KUNIT_EXPECT_EQ(test, 0x77, disk.data[1088 * 512]);
}

/* Data in a page with the secrets of others: how many of them were seen. */
static unsigned int secrets_seen(struct kunit *test, struct pair *pair)
{
	unsigned int max_copy_pages = blkback_max_copy_pages;
	u8 *page = page_address(pair->page[0]);
	struct bio *bio;

	/* One that maps could look around. */
	blkback_max_copy_pages = 0;
	memset(page, XEN_SECRET, PAGE_SIZE);
	memset(page + 1024, 1, 512);
	bio = bio_alloc(pair->bdev, 1, REQ_OP_WRITE, GFP_KERNEL);
	bio->bi_iter.bi_sector = 8;
	__bio_add_page(bio, pair->page[0], 512, 1024);
	xen.nr_secrets = 0;
	xen.spy = true;
	KUNIT_EXPECT_EQ(test, 0, submit_bio_wait(bio));
	xen.spy = false;
	blkback_max_copy_pages = max_copy_pages;
	bio_put(bio);
	KUNIT_EXPECT_EQ(test, 1, disk.data[8 * 512]);
	return xen.nr_secrets;
}

/* D16: a backend that is not trusted sees no byte that is not the request's. */
static void D16_not_trusted(struct kunit *test)
{
	struct pair *pair = test->priv;

	blkfront_trusted = false;
	pair_start(test, pair);
	blkfront_trusted = true;
	KUNIT_EXPECT_EQ(test, 0, secrets_seen(test, pair));
	pair_works(test, pair, 0);
}

/* And one that is trusted may: the spy is awake. */
static void D16_the_spy_sees(struct kunit *test)
{
	struct pair *pair = test->priv;

	pair_start(test, pair);
	KUNIT_EXPECT_GT(test, secrets_seen(test, pair), 0);
}

/* From all CPUs, answered on one of them: how many end in its interrupt. */
static unsigned int data_hard_ends(struct kunit *test, struct pair *pair,
				   struct false_back *back, blk_opf_t opf)
{
	unsigned int i, nr = 0;

	back->hold = true;
	for (i = 0; i < PAIR_FLIGHTS; i++) {
		set_cpus_allowed_ptr(current, cpumask_of(i % nr_cpu_ids));
		flight_start(pair, i, opf);
	}
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	WRITE_ONCE(back->hold, false);
	for (i = 0; i < PAIR_FLIGHTS; i++) {
		KUNIT_EXPECT_EQ(test, 0, flight_wait(pair, i));
		nr += pair->flight[i].hard;
	}
	return nr;
}

/* What ends a request is good for hard interrupts, in which it may run. */
static void requests_end_in_interrupts(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct false_back *back = kunit_kzalloc(test, sizeof(*back), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, back);
	back->max_queues = nr_cpu_ids;
	blkfront_trusted = false;
	false_begin(test, pair, back);
	blkfront_trusted = true;
	pair_open(test, pair);
	if (back->nr_rings < 2) {
		false_end(pair, back);
		kunit_skip(test, "needs two CPUs");
	}
	pair_fill(pair, PAIR_FLIGHTS, 6);
	KUNIT_EXPECT_GT(test, data_hard_ends(test, pair, back, REQ_OP_WRITE), 0);
	KUNIT_EXPECT_TRUE(test, pair_check(pair, PAIR_FLIGHTS, 0));
	pair_fill(pair, PAIR_FLIGHTS, 7);
	KUNIT_EXPECT_GT(test, data_hard_ends(test, pair, back, REQ_OP_READ), 0);
	KUNIT_EXPECT_TRUE(test, pair_check(pair, PAIR_FLIGHTS, 0));
	false_end(pair, back);
}

static struct kunit_case pair_data_cases[] = {
	KUNIT_CASE(data_arrives),
	KUNIT_CASE(parts_of_pages_arrive),
	KUNIT_CASE(E1_a_guest_has_sectors_of_512_bytes),
	KUNIT_CASE(fsync_never_lies),
	KUNIT_CASE(an_error_of_the_disk_is_an_error),
	KUNIT_CASE(discard_arrives),
	KUNIT_CASE(D16_not_trusted),
	KUNIT_CASE(D16_the_spy_sees),
	KUNIT_CASE(requests_end_in_interrupts),
	{}
};

struct kunit_suite pair_data_suite = {
	.name = "loopback_pair_data",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = pair_init,
	.exit = pair_exit,
	.test_cases = pair_data_cases,
};
