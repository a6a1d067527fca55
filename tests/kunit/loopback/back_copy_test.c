// SPDX-License-Identifier: GPL-2.0
/* The data of small requests: copied by Xen, through pages of the backend's. */
#include "back.h"
#include "../../../blkback/blkback.h"

static struct blkback_queue *first_ring(struct bench *bench)
{
	struct blkback_dev *dev = dev_get_drvdata(&bench->back->dev);

	return dev->queue[0];
}

/* How many pages the first ring has to copy through. */
static unsigned int nr_copy_pages(struct bench *bench)
{
	return READ_ONCE(first_ring(bench)->mover.copy.nr);
}

static void one_hypercall_for_many_requests(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;

	back_connect(test, bench);
	peer_fill(peer, 0, PEER_PAGES, 7);
	back_put_many(peer, BLKIF_OP_WRITE, PEER_SLOTS, 11);
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, PEER_SLOTS));
	KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, PEER_PAGES, disk.data));
	peer_fill(peer, 0, PEER_PAGES, 9);
	back_put_many(peer, BLKIF_OP_READ, PEER_SLOTS, 11);
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, 2 * PEER_SLOTS));
	KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, PEER_PAGES, disk.data));

	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_map_ops);
	KUNIT_EXPECT_EQ(test, 2 * PEER_PAGES, xen.nr_copy_ops);
	/* Each is as full as it may be, but where the disk is slower than we. */
	KUNIT_EXPECT_LE(test, xen.nr_copy_calls, 4 + PEER_SLOTS);
}

/* What is not asked for stays as it is, on both sides. */
static void D4_only_the_sectors_that_were_asked_for(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_READ, 1, 8, 1, 3);
	u8 *page = page_address(peer->page[3]);

	back_connect(test, bench);
	memset(disk.data, 0x5a, 2 * PAGE_SIZE);
	memset(page, 0xa5, PAGE_SIZE);
	slot.seg[0].first_sect = 2;
	slot.seg[0].last_sect = 4;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
	KUNIT_EXPECT_NULL(test, memchr_inv(page, 0xa5, 1024));
	KUNIT_EXPECT_NULL(test, memchr_inv(page + 1024, 0x5a, 1536));
	KUNIT_EXPECT_NULL(test, memchr_inv(page + 2560, 0xa5, 1536));
}

static void D10_a_copy_that_fails_costs_its_request(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int at, i, failed;
	struct peer_slot slot;

	back_connect(test, bench);
	/* Writes are copied first, and reads when the disk is done with them. */
	for (at = 1; at <= 16; at++) {
		xen.nr_copy_ops = 0;
		xen.fail_copy_op = at;
		xen.map_op_status = GNTST_bad_gntref;
		for (i = 0; i < 4; i++) {
			slot = peer_request(peer, i % 2 ? BLKIF_OP_READ :
							  BLKIF_OP_WRITE,
					    i, 88 * i, 4, 11 * i);
			peer_put(peer, &slot);
		}
		peer_push(peer);
		KUNIT_ASSERT_TRUE(test, peer_wait(peer, 4 * at));
		for (i = 0, failed = 0; i < 4; i++)
			failed += peer->status[i] == BLKIF_RSP_ERROR;
		KUNIT_EXPECT_EQ_MSG(test, 1, failed, "op %u fails", at);
		if (at <= 8)
			KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR,
					peer->status[at <= 4 ? 0 : 2]);
	}
	xen.fail_copy_op = 0;
	back_works(test, peer, 0);
}

/* Nothing of a read that failed comes to the frontend. */
static void D4_a_read_that_fails_brings_nothing(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_READ, 1, 0, 4, 0);

	back_connect(test, bench);
	disk.fail_all = 1;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(peer, &slot));
	disk.fail_all = 0;
	KUNIT_EXPECT_EQ(test, 0, xen.nr_copy_ops);
}

/* There is no page, or there are not enough: the request is mapped. */
static void what_finds_no_page_is_mapped(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;

	blkback_max_copy_pages = 5;
	back_connect(test, bench);
	peer_fill(peer, 0, PEER_PAGES, 3);
	back_put_many(peer, BLKIF_OP_WRITE, PEER_SLOTS, 11);
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, PEER_SLOTS));
	KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, PEER_PAGES, disk.data));
	KUNIT_EXPECT_EQ(test, 0, xen.nr_copy_ops);
	KUNIT_EXPECT_EQ(test, PEER_PAGES, xen.nr_map_ops);

	back_put_many(peer, BLKIF_OP_READ, PEER_SLOTS, 5);
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, 2 * PEER_SLOTS));
	KUNIT_EXPECT_GT(test, xen.nr_copy_ops, 0);
	KUNIT_EXPECT_LE(test, nr_copy_pages(bench), 5);
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);

	blkback_max_copy_pages = 0;
	back_works(test, peer, 0);
}

/* What the disk keeps is his, and no other data gets there. */
static void a_page_that_the_disk_keeps_is_not_used_again(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_WRITE, 1, 0, 4, 0);

	back_connect(test, bench);
	peer_fill(peer, 0, 8, 1);
	disk.hold_pages = true;
	/* It has its data, and the frontend its answer. */
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
	disk.hold_pages = false;
	slot = peer_request(peer, BLKIF_OP_WRITE, 2, 64, 4, 4);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
	KUNIT_EXPECT_TRUE(test, disk_held_pages_are(disk.data));
	disk_release_pages();
	back_works(test, peer, 0);
}

static void PG7_an_idle_ring_has_no_pages(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;

	back_connect(test, bench);
	KUNIT_EXPECT_EQ(test, 0, nr_copy_pages(bench));
	back_put_many(peer, BLKIF_OP_READ, PEER_SLOTS, 11);
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, PEER_SLOTS));
	KUNIT_EXPECT_GE(test, nr_copy_pages(bench), 11);
	/* In the first of them it was not idle. */
	back_idle_period(test, bench);
	back_idle_period(test, bench);
	KUNIT_EXPECT_EQ(test, 0, nr_copy_pages(bench));
	back_works(test, peer, 0);
}

/* One in use already follows a bound that is lowered. */
static void a_lower_bound_is_kept_at_once(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;

	back_connect(test, bench);
	back_put_many(peer, BLKIF_OP_READ, PEER_SLOTS, 11);
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, PEER_SLOTS));
	blkback_max_copy_pages = 0;
	xen.nr_copy_ops = 0;
	back_put_many(peer, BLKIF_OP_READ, PEER_SLOTS, 11);
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, 2 * PEER_SLOTS));
	KUNIT_EXPECT_EQ(test, 0, xen.nr_copy_ops);
	KUNIT_EXPECT_EQ(test, PEER_PAGES, xen.nr_map_ops);
}

static void large_small_large(struct kunit *test, struct peer *peer, u8 seed)
{
	unsigned int nr = peer->nr_answers + 3;
	struct peer_slot slot;

	peer_fill(peer, 0, 100, seed);
	slot = peer_indirect(peer, BLKIF_OP_WRITE, 0, 0, 40, 0, 300);
	peer_put(peer, &slot);
	slot = peer_request(peer, BLKIF_OP_WRITE, 1, 320, 4, 40);
	peer_put(peer, &slot);
	slot = peer_indirect(peer, BLKIF_OP_WRITE, 2, 352, 40, 44, 301);
	peer_put(peer, &slot);
	peer_push(peer);
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, nr));
	KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, 84, disk.data));
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
}

/* Objects that are used again may hold anything of what they were. */
static void spoil_parts(struct bench *bench)
{
	struct blkback_part *part;

	list_for_each_entry(part, &first_ring(bench)->pool.parts.free, list) {
		part->mapping = true;
		memset(part->grant, 0, sizeof(part->grant));
		memset(part->handle, 0xff, sizeof(part->handle));
	}
}

static void copied_and_mapped_in_one_batch(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	u8 seed;

	back_connect(test, bench);
	for (seed = 1; seed < 8; seed++) {
		large_small_large(test, peer, seed);
		loopback_settle();
		spoil_parts(bench);
	}
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	KUNIT_EXPECT_GT(test, xen.nr_map_ops, 0);
}

/* The disk has a read of a page, which is not what the page holds yet. */
static void hold_read(struct kunit *test, struct bench *bench)
{
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_READ, 1, 0, 1, 0);

	back_connect(test, bench);
	memset(disk.data, 0x5a, PAGE_SIZE);
	memset(page_address(peer->page[0]), 0xa5, PAGE_SIZE);
	back_hold(test, peer, &slot);
}

/* D15: who has left may have lent the page to another. */
static void D15_nothing_is_copied_to_who_has_left(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;

	hold_read(test, bench);
	peer_state(XenbusStateClosing);
	peer_state(XenbusStateClosed);
	/* Its work item waits for the disk. */
	msleep(100);
	disk_release();
	back_reaches(test, XenbusStateClosed);
	KUNIT_EXPECT_NULL(test, memchr_inv(page_address(peer->page[0]), 0xa5,
					   PAGE_SIZE));
	peer_collect(peer);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer->status[1]);
}

/* By force: nobody has said anything, and its nodes are not there any more. */
static void D15_nothing_is_copied_to_who_is_gone(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;

	hold_read(test, bench);
	store_remove(FRONT_NODE);
	KUNIT_EXPECT_TRUE(test, loopback_wait(!device_is_registered(&bench->back->dev)));
	disk_release();
	KUNIT_EXPECT_TRUE(test, loopback_wait(!READ_ONCE(xen.nr_rings)));
	KUNIT_EXPECT_NULL(test, memchr_inv(page_address(peer->page[0]), 0xa5,
					   PAGE_SIZE));
	KUNIT_EXPECT_TRUE(test, peer_retract(peer));
}

static int copy_init(struct kunit *test)
{
	blkback_max_copy_pages = 1024;
	return back_init(test);
}

static struct kunit_case back_copy_cases[] = {
	KUNIT_CASE(one_hypercall_for_many_requests),
	KUNIT_CASE(D4_only_the_sectors_that_were_asked_for),
	KUNIT_CASE(D10_a_copy_that_fails_costs_its_request),
	KUNIT_CASE(D4_a_read_that_fails_brings_nothing),
	KUNIT_CASE(what_finds_no_page_is_mapped),
	KUNIT_CASE(a_page_that_the_disk_keeps_is_not_used_again),
	KUNIT_CASE(PG7_an_idle_ring_has_no_pages),
	KUNIT_CASE(a_lower_bound_is_kept_at_once),
	KUNIT_CASE(copied_and_mapped_in_one_batch),
	KUNIT_CASE(D15_nothing_is_copied_to_who_has_left),
	KUNIT_CASE(D15_nothing_is_copied_to_who_is_gone),
	{}
};

struct kunit_suite back_copy_suite = {
	.name = "loopback_back_copy",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = copy_init,
	.exit = back_exit,
	.test_cases = back_copy_cases,
};
