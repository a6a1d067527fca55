// SPDX-License-Identifier: GPL-2.0
/* Large requests: indirect ones, and those that go in pieces. */
#include "swarm.h"

/* --- indirect requests ------------------------------------------------------------------ */

static void OP6_large_requests_arrive_whole(struct kunit *test)
{
	static const unsigned int counts[] = { 1, 11, 12, 13, 100, 255, 256 };
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	unsigned int i, j;

	swarm_offer(swarm, 4, 4, 256);
	swarm_begin(test, swarm);
	KUNIT_EXPECT_EQ(test, 256, bdev_max_segments(swarm->pair->bdev));
	KUNIT_EXPECT_GE(test, queue_max_hw_sectors(bdev_get_queue(swarm->pair->bdev)),
			2048);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		back->nr_ops = 0;
		swarm_works(test, swarm, counts[i]);
		KUNIT_ASSERT_EQ(test, 2, back->nr_ops);
		for (j = 0; j < 2; j++) {
			KUNIT_EXPECT_EQ(test, counts[i], back->log[j].nr_segs);
			KUNIT_EXPECT_EQ(test, counts[i] > 11,
					back->log[j].indirect);
		}
	}
	false_end(swarm->pair, back);
}

/* Bios of single sectors, of which the block layer makes one request. */
static void OP6_more_than_one_descriptor_page(struct kunit *test)
{
	static const unsigned int sizes[] = { 256, 256, 128 };
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	unsigned int i, j, at = 0;
	struct blk_plug plug;
	struct bio *bio;

	blkfront_max_indirect_segments = 4096;
	swarm_offer(swarm, 1, 0, 4096);
	swarm_begin(test, swarm);
	blkfront_max_indirect_segments = 256;
	KUNIT_EXPECT_EQ(test, 4096, bdev_max_segments(swarm->pair->bdev));

	blk_start_plug(&plug);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		bio = bio_alloc(swarm->pair->bdev, sizes[i], REQ_OP_WRITE,
				GFP_KERNEL);
		bio->bi_iter.bi_sector = at;
		for (j = 0; j < sizes[i]; j++, at++)
			__bio_add_page(bio, swarm->page[at % SWARM_PAGES], 512,
				       512 * (at % 8));
		swarm_start(swarm, bio);
	}
	blk_finish_plug(&plug);
	swarm_lands(test, swarm);
	KUNIT_ASSERT_EQ(test, 1, back->nr_ops);
	KUNIT_EXPECT_EQ(test, 640, back->log[0].nr_segs);
	for (i = 0; i < 640; i++)
		KUNIT_ASSERT_MEMEQ(test, disk.data + 512 * i,
				   (u8 *)page_address(swarm->page[i % SWARM_PAGES]),
				   512);
	false_end(swarm->pair, back);
}

/* D16: what is granted for large requests is private, all of it. */
static void D16_large_requests_not_trusted(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	unsigned int round, i, j;
	struct bio *bio;
	u8 *data;

	for (round = 0; round < 2; round++) {
		blkfront_trusted = false;
		swarm_offer(swarm, 2, 1, round ? 0 : 64);
		swarm_begin(test, swarm);
		blkfront_trusted = true;
		xen.spy = true;
		bio = bio_alloc(swarm->pair->bdev, 50, REQ_OP_WRITE, GFP_KERNEL);
		bio->bi_iter.bi_sector = 100;
		for (i = 0; i < 50; i++) {
			data = page_address(swarm->page[i]);
			memset(data, XEN_SECRET, PAGE_SIZE);
			memset(data + 1024, i + 1, 512);
			__bio_add_page(bio, swarm->page[i], 512, 1024);
		}
		KUNIT_EXPECT_EQ(test, 0, submit_bio_wait(bio));
		bio_put(bio);
		for (i = 0; i < 50; i++)
			for (j = 0; j < 512; j++)
				KUNIT_ASSERT_EQ(test, i + 1,
						disk.data[(100 + i) * 512 + j]);
		KUNIT_EXPECT_EQ(test, 0, xen.nr_secrets);
		xen.spy = false;
		for (i = 0; i < 256; i++)
			memset32(page_address(swarm->page[i]), 7 * i, 1024);
		swarm_works(test, swarm, 256);
		false_end(swarm->pair, back);
		swarm_end(test, swarm);
	}
}

/* --- pieces ------------------------------------------------------------------------------- */

/* A backend that takes less than the one before it gets what was asked of that. */
static void large_requests_go_to_a_lesser_backend_in_pieces(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	unsigned int i, at = 0;

	swarm_offer(swarm, 1, 2, 256);
	swarm_begin(test, swarm);
	back->hold = true;
	swarm_start(swarm, swarm_bio(swarm, REQ_OP_WRITE, 0, 0, 256));
	swarm_start(swarm, swarm_bio(swarm, REQ_OP_READ, 4096, 256, 256));
	for (i = 0; i < 256; i++)
		memset(disk.data + (4096 << 9) + i * PAGE_SIZE, i, PAGE_SIZE);
	false_end(swarm->pair, back);
	swarm_offer(swarm, 0, 0, 0);
	back->hold = false;
	back->nr_ops = 0;
	false_again(test, swarm->pair, back);
	swarm_lands(test, swarm);
	for (i = 0; i < 256; i++) {
		KUNIT_ASSERT_MEMEQ(test, disk.data + i * PAGE_SIZE,
				   (u8 *)page_address(swarm->page[i]), PAGE_SIZE);
		KUNIT_ASSERT_NULL(test, memchr_inv(page_address(swarm->page[256 + i]),
						   i, PAGE_SIZE));
	}
	/* Each in order, and none too large. */
	KUNIT_ASSERT_EQ(test, 48, back->nr_ops);
	for (i = 0; i < 48; i++) {
		KUNIT_EXPECT_LE(test, back->log[i].nr_segs, 11);
		if (back->log[i].op != BLKIF_OP_WRITE)
			continue;
		KUNIT_EXPECT_EQ(test, at, back->log[i].sector);
		at += back->log[i].nr_sectors;
	}
	KUNIT_EXPECT_EQ(test, 2048, at);
	/* The block layer learns of it. */
	KUNIT_EXPECT_TRUE(test, loopback_wait(bdev_max_segments(swarm->pair->bdev) == 11));
	swarm_works(test, swarm, 256);
	false_end(swarm->pair, back);

	swarm_offer(swarm, 0, 0, 128);
	false_again(test, swarm->pair, back);
	KUNIT_EXPECT_TRUE(test, loopback_wait(bdev_max_segments(swarm->pair->bdev) == 128));
	swarm_works(test, swarm, 256);
	false_end(swarm->pair, back);
}

/* A loss in the middle: what was answered is not asked again. */
static void a_loss_between_pieces(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	unsigned int i;

	swarm_begin_in_pieces(test, swarm, 5);
	usleep_range(20000, 30000);
	false_end(swarm->pair, back);
	swarm_offer(swarm, 1, 0, 32);
	back->nr_ops = 0;
	back->hold = false;
	false_again(test, swarm->pair, back);
	swarm_lands(test, swarm);
	KUNIT_EXPECT_EQ(test, 5 * 11 * 8, back->log[0].sector);
	KUNIT_EXPECT_EQ(test, 32, back->log[0].nr_segs);
	KUNIT_EXPECT_EQ(test, (256 - 55 + 31) / 32, back->nr_ops);
	for (i = 0; i < 256; i++)
		KUNIT_ASSERT_MEMEQ(test, disk.data + i * PAGE_SIZE,
				   (u8 *)page_address(swarm->page[i]), PAGE_SIZE);
	false_end(swarm->pair, back);
}

static void a_failed_piece_fails_the_request(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;

	swarm_begin_in_pieces(test, swarm, 3);
	back->nr_fail = 1;
	back->hold = false;
	KUNIT_EXPECT_TRUE(test, loopback_wait(atomic_read(&swarm->nr_landed) == 1));
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&swarm->nr_crashed));
	KUNIT_EXPECT_EQ(test, 4, back->nr_ops);
	swarm_works(test, swarm, 200);
	false_end(swarm->pair, back);
}

/* No reference can be had but the reserve: requests get on nevertheless. */
static void no_references_but_the_reserve(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	unsigned int round, i;

	swarm_offer(swarm, 2, 2, 256);
	for (round = 0; round < 2; round++) {
		blkfront_trusted = !round;
		swarm_begin(test, swarm);
		blkfront_trusted = true;
		xen.grants_budget = 0;
		for (i = 0; i < swarm_front(swarm)->nr_queues; i++) {
			struct blkfront_pool *pool =
				&swarm_front(swarm)->queues[i].pool;

			flush_delayed_work(&pool->trim);
			flush_delayed_work(&pool->trim);
			KUNIT_EXPECT_EQ(test, 11, pool->refs.nr);
		}
		for (i = 0; i < 4; i++)
			swarm_start(swarm, swarm_bio(swarm, REQ_OP_WRITE,
						     2048 * i, 0, 256));
		swarm_lands(test, swarm);
		for (i = 0; i < back->nr_ops; i++)
			KUNIT_EXPECT_LE(test, back->log[i].nr_segs, 11);
		swarm_works(test, swarm, 256);
		xen.grants_budget = -1;
		false_end(swarm->pair, back);
		swarm_end(test, swarm);
	}
}

static bool pieces_on_ring(struct false_back *back, unsigned int nr)
{
	return READ_ONCE(back->ring[0].sring->req_prod) -
	       back->ring[0].req_cons == nr;
}

/* Small ones take whatever comes back: a large one does not wait for them to end. */
static void a_large_request_gets_on_beside_small_ones(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	struct blkfront_pool *pool;
	unsigned int round, i;

	swarm_offer(swarm, 1, 2, 256);
	for (round = 0; round < 2; round++) {
		blkfront_trusted = !round;
		swarm_begin(test, swarm);
		blkfront_trusted = true;
		xen.grants_budget = 0;
		pool = &swarm_front(swarm)->queues[0].pool;
		flush_delayed_work(&pool->trim);
		flush_delayed_work(&pool->trim);
		KUNIT_EXPECT_EQ(test, 11, pool->refs.nr);
		back->hold = true;
		back->nr_ops = 0;
		for (i = 0; i < 8; i++)
			swarm_start(swarm, swarm_bio(swarm, REQ_OP_WRITE,
						     64 * i, 8 * i, 1));
		KUNIT_EXPECT_TRUE(test, loopback_wait(pieces_on_ring(back, 8)));
		swarm_start(swarm, swarm_bio(swarm, REQ_OP_WRITE, 2048, 100, 64));
		KUNIT_EXPECT_TRUE(test, loopback_wait(pieces_on_ring(back, 9)));
		back->hold = false;
		swarm_lands(test, swarm);
		KUNIT_EXPECT_EQ(test, 3, back->log[8].nr_segs);
		xen.grants_budget = -1;
		false_end(swarm->pair, back);
		swarm_end(test, swarm);
	}
}

/* What the load needed is given back, and nothing wakes up an idle disk. */
static void an_idle_disk_holds_little(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	struct blkfront_queue *queue;
	struct blkfront_disk *front;
	unsigned int cpu, i;

	swarm_offer(swarm, 4, 2, 256);
	swarm_begin(test, swarm);
	front = swarm_front(swarm);
	for_each_online_cpu(cpu)
		swarm_fly_on(swarm, cpu, 16 * cpu, 16);
	for (i = 0; i < 8; i++)
		swarm_start(swarm, swarm_bio(swarm, REQ_OP_READ, 4096, 256, 256));
	swarm_lands(test, swarm);
	KUNIT_EXPECT_GT(test, xen.nr_granted, 256);
	for_each_queue(front, queue) {
		flush_delayed_work(&queue->pool.trim);
		flush_delayed_work(&queue->pool.trim);
		KUNIT_EXPECT_FALSE(test, delayed_work_pending(&queue->pool.trim));
		KUNIT_EXPECT_EQ(test, 11, queue->pool.refs.nr);
		KUNIT_EXPECT_EQ(test, 0, queue->pool.tables.nr);
	}
	kunit_info(test, "%u rings of %u pages: %u references, %zu bytes of shadows\n",
		   front->layout.rings, 1 << front->layout.ring_order,
		   xen.nr_granted, front->nr_ctxs * front->ctxs[0].depth *
		   sizeof(struct blkfront_shadow));
	KUNIT_EXPECT_EQ(test, front->layout.rings *
			(11 + (1 << front->layout.ring_order)), xen.nr_granted);
	KUNIT_EXPECT_LT(test, xen.nr_granted, 100);
	false_end(swarm->pair, back);
}

/* What the last connection needed is there for the rings of the next. */
static void references_are_enough_for_a_reconnection(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	struct blkfront_layout *layout;
	unsigned int i;

	swarm_offer(swarm, 4, 2, 256);
	swarm_begin(test, swarm);
	layout = &swarm_front(swarm)->layout;
	for (i = 0; i < 4; i++)
		swarm_start(swarm, swarm_bio(swarm, REQ_OP_WRITE, 2048 * i, 0, 256));
	swarm_lands(test, swarm);
	KUNIT_EXPECT_GT(test, xen.nr_granted, 256);
	xen.grants_budget = layout->rings * (11 + (1 << layout->ring_order));
	false_end(swarm->pair, back);
	false_again(test, swarm->pair, back);
	swarm_works(test, swarm, 256);
	KUNIT_EXPECT_EQ(test, xen.grants_budget, xen.nr_granted);
	false_end(swarm->pair, back);
}

static struct kunit_case pair_pieces_cases[] = {
	KUNIT_CASE(OP6_large_requests_arrive_whole),
	KUNIT_CASE(OP6_more_than_one_descriptor_page),
	KUNIT_CASE(D16_large_requests_not_trusted),
	KUNIT_CASE_SLOW(large_requests_go_to_a_lesser_backend_in_pieces),
	KUNIT_CASE_SLOW(a_loss_between_pieces),
	KUNIT_CASE_SLOW(a_failed_piece_fails_the_request),
	KUNIT_CASE(no_references_but_the_reserve),
	KUNIT_CASE(a_large_request_gets_on_beside_small_ones),
	KUNIT_CASE(an_idle_disk_holds_little),
	KUNIT_CASE_SLOW(references_are_enough_for_a_reconnection),
	{}
};

struct kunit_suite pair_pieces_suite = {
	.name = "loopback_pair_pieces",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = pair_init,
	.exit = pair_exit,
	.test_cases = pair_pieces_cases,
};
