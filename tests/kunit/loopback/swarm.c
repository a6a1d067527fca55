// SPDX-License-Identifier: GPL-2.0
/* Many bios at once, and large ones. */
#include <linux/workqueue.h>

#include "swarm.h"

static void swarm_free(void *data)
{
	struct swarm *swarm = data;
	unsigned int i;

	/* A test that failed did not come to its end. */
	if (swarm->back.task)
		false_vanish(swarm->pair, &swarm->back);
	for (i = 0; i < SWARM_PAGES; i++)
		__free_page(swarm->page[i]);
	kvfree(swarm);
}

struct swarm *swarm_create(struct kunit *test)
{
	struct swarm *swarm = kvzalloc_obj(*swarm, GFP_KERNEL | __GFP_NOFAIL);
	unsigned int i;

	swarm->pair = test->priv;
	for (i = 0; i < SWARM_PAGES; i++) {
		swarm->page[i] = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
		memset32(page_address(swarm->page[i]), 0x10001 * (i + 1),
			 PAGE_SIZE / 4);
	}
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, swarm_free,
							   swarm));
	return swarm;
}

static void swarm_landed(struct bio *bio)
{
	struct swarm *swarm = bio->bi_private;

	if (bio->bi_status)
		atomic_inc(&swarm->nr_crashed);
	atomic_inc(&swarm->nr_landed);
	bio_put(bio);
}

struct bio *swarm_bio(struct swarm *swarm, blk_opf_t opf, u64 sector,
		      unsigned int first, unsigned int nr)
{
	struct bio *bio = bio_alloc(swarm->pair->bdev, nr, opf, GFP_KERNEL);
	unsigned int i;

	bio->bi_iter.bi_sector = sector;
	for (i = 0; i < nr; i++)
		__bio_add_page(bio, swarm->page[first + i], PAGE_SIZE, 0);
	return bio;
}

void swarm_start(struct swarm *swarm, struct bio *bio)
{
	bio->bi_private = swarm;
	bio->bi_end_io = swarm_landed;
	swarm->nr_started++;
	submit_bio(bio);
}

static long swarm_fly(void *data)
{
	struct swarm *swarm = data;
	unsigned int i;

	for (i = swarm->first; i < swarm->first + swarm->nr; i++)
		swarm_start(swarm, swarm_bio(swarm, REQ_OP_WRITE,
					     SWARM_SPACE * i, i, 1));
	return 0;
}

void swarm_fly_on(struct swarm *swarm, unsigned int cpu, unsigned int first,
		  unsigned int nr)
{
	swarm->first = first;
	swarm->nr = nr;
	work_on_cpu(cpu, swarm_fly, swarm);
}

void swarm_lands(struct kunit *test, struct swarm *swarm)
{
	unsigned long until = jiffies + msecs_to_jiffies(5 * PATIENCE_MS);

	while (atomic_read(&swarm->nr_landed) != swarm->nr_started &&
	       time_before(jiffies, until))
		usleep_range(1000, 2000);
	KUNIT_ASSERT_EQ(test, swarm->nr_started,
			atomic_read(&swarm->nr_landed));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&swarm->nr_crashed));
}

bool swarm_arrived(struct swarm *swarm, unsigned int first, unsigned int nr)
{
	for (; nr--; first++)
		if (memcmp(page_address(swarm->page[first]), disk.data +
			   (SWARM_SPACE * first << SECTOR_SHIFT), PAGE_SIZE))
			return false;
	return true;
}

int swarm_io(struct swarm *swarm, blk_opf_t opf, u64 sector,
	     unsigned int first, unsigned int nr)
{
	struct bio *bio = swarm_bio(swarm, opf, sector, first, nr);
	int err = submit_bio_wait(bio);

	bio_put(bio);
	return err;
}

void swarm_works(struct kunit *test, struct swarm *swarm, unsigned int nr)
{
	unsigned int i;

	memset(disk.data, 0, nr * PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, 0, swarm_io(swarm, REQ_OP_WRITE, 0, 0, nr));
	for (i = 0; i < nr; i++)
		clear_page(page_address(swarm->page[256 + i]));
	KUNIT_ASSERT_EQ(test, 0, swarm_io(swarm, REQ_OP_READ, 0, 256, nr));
	for (i = 0; i < nr; i++) {
		const void *wrote = page_address(swarm->page[i]);

		KUNIT_ASSERT_MEMEQ(test, wrote, disk.data + i * PAGE_SIZE,
				   PAGE_SIZE);
		KUNIT_ASSERT_MEMEQ(test, wrote,
				   page_address(swarm->page[256 + i]),
				   PAGE_SIZE);
	}
}

void swarm_offer(struct swarm *swarm, unsigned int queues, unsigned int order,
		 unsigned int indirect)
{
	swarm->back.max_queues = queues;
	swarm->back.max_order = order;
	swarm->back.max_indirect = indirect;
}

struct blkfront_disk *swarm_front(struct swarm *swarm)
{
	return dev_get_drvdata(&swarm->pair->front->dev);
}

void swarm_begin(struct kunit *test, struct swarm *swarm)
{
	swarm->nr_started = 0;
	atomic_set(&swarm->nr_landed, 0);
	atomic_set(&swarm->nr_crashed, 0);
	false_begin(test, swarm->pair, &swarm->back);
	pair_open(test, swarm->pair);
	swarm->back.nr_ops = 0;
}

void swarm_begin_in_pieces(struct kunit *test, struct swarm *swarm,
			   unsigned int nr)
{
	struct false_back *back = &swarm->back;

	swarm_offer(swarm, 1, 0, 256);
	swarm_begin(test, swarm);
	back->hold = true;
	swarm_start(swarm, swarm_bio(swarm, REQ_OP_WRITE, 0, 0, 256));
	false_end(swarm->pair, back);
	swarm_offer(swarm, 1, 0, 0);
	back->nr_ops = 0;
	back->nr_take = nr;
	false_again(test, swarm->pair, back);
	KUNIT_EXPECT_TRUE(test, loopback_wait(READ_ONCE(back->nr_ops) == nr));
}

void swarm_end(struct kunit *test, struct swarm *swarm)
{
	pair_close(swarm->pair);
	pair_remove(&swarm->pair->front);
	loopback_settle();
	KUNIT_EXPECT_EQ(test, 0, xen.nr_granted);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_bound);
	store_reset();
}
