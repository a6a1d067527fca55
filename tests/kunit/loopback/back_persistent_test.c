// SPDX-License-Identifier: GPL-2.0
/* Grants that stay mapped between requests. */
#include "back.h"
#include "../../../blkback/blkback.h"

#define PART_PAGES	32

static int persistent_init(struct kunit *test)
{
	blkback_feature_persistent = true;
	blkback_max_persistent_grants = 512;
	blkback_persistent_grant_unused_seconds = 60;
	return back_init(test);
}

static void persistent_exit(struct kunit *test)
{
	back_exit(test);
	blkback_feature_persistent = true;
	blkback_max_persistent_grants = 512;
	blkback_persistent_grant_unused_seconds = 60;
}

/* A request over so many pages, and all that follows it. */
static void use(struct kunit *test, struct peer *peer, u8 op,
		unsigned int first, unsigned int nr)
{
	struct peer_slot slot = peer_request(peer, op, 1, 8 * first, nr, first);

	KUNIT_ASSERT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
	loopback_settle();
}

static void close_leaves_nothing(struct kunit *test, struct peer *peer)
{
	KUNIT_ASSERT_TRUE(test, peer_close(peer));
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_pages);
}

static void PG1_only_if_both_say_so(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;

	back_connect(test, bench);
	KUNIT_EXPECT_EQ(test, 1,
			store_read_int(BACK_NODE "/feature-persistent", -1));
	back_works(test, peer, 0);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
	KUNIT_ASSERT_TRUE(test, peer_close(peer));
	back_begin_again(test);
	back_connect_persistent(test, bench);
	back_works(test, peer, 0);
	KUNIT_EXPECT_EQ(test, 6, xen.nr_mapped);
	close_leaves_nothing(test, peer);

	back_remove(bench);
	loopback_settle();
	store_reset();
	blkback_feature_persistent = false;
	back_add(bench);
	back_connect_persistent(test, bench);
	KUNIT_EXPECT_EQ(test, 0,
			store_read_int(BACK_NODE "/feature-persistent", -1));
	back_works(test, peer, 0);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
}

/* Connected once more with the other word about it: another connection. */
static void ST7_other_use_of_the_same_ring(struct kunit *test)
{
	struct bench *bench = test->priv;

	back_connect_persistent(test, bench);
	back_works(test, bench->peer, 0);
	KUNIT_EXPECT_EQ(test, 6, xen.nr_mapped);
	store_write(FRONT_NODE "/feature-persistent", "0");
	peer_state(XenbusStateConnected);
	loopback_settle();
	back_works(test, bench->peer, 0);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
}

static void hits_make_no_hypercall(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int i;

	back_connect_persistent(test, bench);
	use(test, peer, BLKIF_OP_WRITE, 0, 11);
	KUNIT_EXPECT_EQ(test, 11, xen.nr_map_ops);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_unmap_ops);
	xen.nr_map_calls = 0;
	for (i = 0; i < 50; i++) {
		peer_fill(peer, 0, 11, i);
		use(test, peer, BLKIF_OP_WRITE, 0, 11);
		KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, 11, disk.data));
		peer_fill(peer, 0, 11, 0xee);
		use(test, peer, BLKIF_OP_READ, 0, 11);
		KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, 11, disk.data));
	}
	KUNIT_EXPECT_EQ(test, 0, xen.nr_map_calls);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_unmap_calls);
	KUNIT_EXPECT_EQ(test, 11, xen.nr_mapped);
	/* Some that are mapped and some that are not: those alone. */
	use(test, peer, BLKIF_OP_WRITE, 6, 11);
	KUNIT_EXPECT_EQ(test, 11 + 6, xen.nr_map_ops);
	KUNIT_EXPECT_EQ(test, 17, xen.nr_mapped);
	close_leaves_nothing(test, peer);
}

/* A frontend that takes the grant it got back last, as the in-tree one does. */
static void a_deep_ring_comes_to_use_none(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;
	unsigned int i, round;

	back_connect_persistent(test, bench);
	for (round = 0; round < 12; round++) {
		peer_fill(peer, 0, PEER_PAGES, round);
		xen.nr_map_ops = 0;
		for (i = 0; i < PEER_SLOTS; i++) {
			slot = peer_request(peer, BLKIF_OP_WRITE, i, 88 * i, 11,
					    11 * i);
			peer_put(peer, &slot);
		}
		peer_push(peer);
		KUNIT_ASSERT_TRUE(test, peer_wait(peer, PEER_SLOTS *
							(round + 1)));
		KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, PEER_PAGES,
						   disk.data));
		msleep(20);
	}
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_map_ops);
	KUNIT_EXPECT_EQ(test, PEER_PAGES, xen.nr_mapped);
	close_leaves_nothing(test, peer);
}

static void PG8_one_grant_twice(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_WRITE, 1, 0, 2, 0);
	unsigned int i;

	back_connect_persistent(test, bench);
	slot.seg[1].gref = slot.seg[0].gref;
	for (i = 0; i < 3; i++) {
		peer_fill(peer, 0, 1, i);
		KUNIT_ASSERT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
		KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, 1, disk.data));
		KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, 1, disk.data +
						   PAGE_SIZE));
		KUNIT_EXPECT_EQ(test, 2 + i, xen.nr_map_ops);
		KUNIT_EXPECT_EQ(test, 1, xen.nr_mapped);
	}
	/* And in two requests at once. */
	slot = peer_request(peer, BLKIF_OP_READ, 2, 0, 1, 0);
	back_hold(test, peer, &slot);
	KUNIT_EXPECT_EQ(test, 1, xen.nr_mapped);
	slot.id = 3;
	peer_put(peer, &slot);
	peer_push(peer);
	back_wait_held(test, 2);
	KUNIT_EXPECT_EQ(test, 2, xen.nr_mapped);
	disk_release();
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, 5));
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	KUNIT_EXPECT_EQ(test, 1, xen.nr_mapped);
	close_leaves_nothing(test, peer);
}

static void PG7_the_bound_is_kept(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int i;

	blkback_max_persistent_grants = 20;
	back_connect_persistent(test, bench);
	for (i = 0; i < 3 * PEER_SLOTS; i++) {
		use(test, peer, BLKIF_OP_WRITE, i % PEER_SLOTS * 11, 11);
		KUNIT_EXPECT_LE(test, xen.nr_mapped, 20);
	}
	KUNIT_EXPECT_GT(test, xen.nr_mapped, 15);
	/* Lowered while it runs. */
	blkback_max_persistent_grants = 3;
	use(test, peer, BLKIF_OP_WRITE, 0, 1);
	KUNIT_EXPECT_LE(test, xen.nr_mapped, 3);
	blkback_max_persistent_grants = 0;
	use(test, peer, BLKIF_OP_WRITE, 0, 1);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
	close_leaves_nothing(test, peer);
}

/* More than fit, again and again: those that fit are hit nevertheless. */
static void PG7_going_round_more_than_fit(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	blkback_max_persistent_grants = 20;
	back_connect_persistent(test, bench);
	for (i = 0; i < 30; i++)
		use(test, bench->peer, BLKIF_OP_WRITE, i % 3 * 10, 10);
	KUNIT_EXPECT_LT(test, xen.nr_map_ops, 220);
	close_leaves_nothing(test, bench->peer);
}

/* Whether so many pages are mapped still, all of them. */
static bool are_cached(struct kunit *test, struct peer *peer,
		       unsigned int first, unsigned int nr)
{
	unsigned int before = xen.nr_map_ops;

	use(test, peer, BLKIF_OP_WRITE, first, nr);
	return xen.nr_map_ops == before;
}

static void PG7_the_oldest_make_room(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;

	blkback_max_persistent_grants = 20;
	back_connect_persistent(test, bench);
	use(test, peer, BLKIF_OP_WRITE, 0, 10);
	use(test, peer, BLKIF_OP_WRITE, 10, 10);
	/* Who uses it at once again does not make it younger. */
	msleep(150);
	use(test, peer, BLKIF_OP_WRITE, 0, 10);
	KUNIT_EXPECT_EQ(test, 20, xen.nr_map_ops);
	/* No room, but it is a while since room was made. */
	msleep(150);
	use(test, peer, BLKIF_OP_WRITE, 20, 1);
	KUNIT_EXPECT_EQ(test, 18, xen.nr_mapped);
	KUNIT_EXPECT_TRUE(test, are_cached(test, peer, 0, 10));
	KUNIT_EXPECT_TRUE(test, are_cached(test, peer, 12, 8));
	KUNIT_EXPECT_FALSE(test, are_cached(test, peer, 20, 1));
	KUNIT_EXPECT_TRUE(test, are_cached(test, peer, 20, 1));
	KUNIT_EXPECT_FALSE(test, are_cached(test, peer, 10, 1));
	close_leaves_nothing(test, peer);
}

/* What a busy ring does not use any more goes, too; unless it never shall. */
static void PG7_unused_ones_of_a_busy_ring(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int i;

	blkback_persistent_grant_unused_seconds = 0;
	back_connect_persistent(test, bench);
	use(test, peer, BLKIF_OP_WRITE, 0, 10);
	for (i = 0; i < 15; i++) {
		use(test, peer, BLKIF_OP_READ, 10, 2);
		msleep(100);
	}
	KUNIT_EXPECT_EQ(test, 12, xen.nr_mapped);
	blkback_persistent_grant_unused_seconds = 1;
	use(test, peer, BLKIF_OP_READ, 10, 2);
	KUNIT_EXPECT_EQ(test, 2, xen.nr_mapped);
	close_leaves_nothing(test, peer);
}

/* One that has nothing else to give back, and one that has. */
static void PG7_idle_rings_give_back(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	blkback_persistent_grant_unused_seconds = 1;
	back_widen(bench, 2, 1);
	xen.shared = true;
	store_write(FRONT_NODE "/feature-persistent", "1");
	back_connect_wide(test, bench);
	use(test, bench->wide[0], BLKIF_OP_WRITE, 0, 11);
	KUNIT_EXPECT_EQ(test, 11, xen.nr_mapped);
	for (i = 0; i < 8; i++)
		use(test, bench->wide[1], BLKIF_OP_WRITE, 11 * i, 11);
	/* Some made room while the pool was still small. */
	KUNIT_EXPECT_GT(test, xen.nr_mapped, 11 + PART_PAGES);
	msleep(1100);
	/* Not idle; idle; and what was unmapped then has pages to give back. */
	for (i = 0; i < 3; i++)
		back_idle_period(test, bench);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
	KUNIT_EXPECT_EQ(test, 2 * PART_PAGES, xen.nr_pages);
	for (i = 0; i < 2; i++)
		back_works(test, bench->wide[i], 0);
	back_close_wide(test, bench);
}

/* Cached grants have all pages that can be had: none waits for good. */
static void forward_progress_with_cached_grants(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;
	unsigned int i, round;

	xen.pages_budget = PART_PAGES;
	back_connect_persistent(test, bench);
	for (round = 0; round < 3; round++) {
		peer_fill(peer, 0, PEER_PAGES, round);
		for (i = 0; i < PEER_SLOTS; i++) {
			slot = peer_request(peer, BLKIF_OP_WRITE, i, 88 * i, 11,
					    11 * i);
			peer_put(peer, &slot);
		}
		peer_push(peer);
		KUNIT_ASSERT_TRUE(test, peer_wait(peer, PEER_SLOTS *
							(round + 1)));
		KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, PEER_PAGES,
						   disk.data));
	}
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	KUNIT_EXPECT_EQ(test, PART_PAGES, xen.nr_pages);
	close_leaves_nothing(test, peer);
}

/* Nor for room that Xen has not, and cached grants have. */
static void no_room_to_map_beside_cached_grants(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;

	back_connect_persistent(test, bench);
	use(test, peer, BLKIF_OP_WRITE, 0, 11);
	use(test, peer, BLKIF_OP_WRITE, 11, 11);
	xen.map_op_status = GNTST_no_device_space;
	xen.fail_map_op = xen.nr_map_ops + 3;
	xen.nr_fail_map_op = 1;
	use(test, peer, BLKIF_OP_WRITE, 22, 5);
	KUNIT_EXPECT_GE(test, xen.nr_unmap_ops, 5);
	KUNIT_EXPECT_GT(test, xen.nr_mapped, 5);
	close_leaves_nothing(test, peer);
}

static void D10_D11_a_map_that_fails_beside_hits(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;
	unsigned int at, op;

	xen.map_op_status = GNTST_bad_gntref;
	for (op = BLKIF_OP_READ; op <= BLKIF_OP_WRITE; op++) {
		for (at = 0; at < 5; at++) {
			back_connect_persistent(test, bench);
			use(test, peer, BLKIF_OP_WRITE, 3, 3);
			slot = peer_request(peer, op, 1, 0, 8, 0);
			xen.fail_map_op = xen.nr_map_ops + 1 + at;
			/* What is only read is tried twice. */
			xen.nr_fail_map_op = 6;
			KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR,
					peer_do(peer, &slot));
			KUNIT_EXPECT_LE(test, xen.nr_mapped, 3 + at);
			xen.nr_fail_map_op = 0;
			back_works(test, peer, 64);
			close_leaves_nothing(test, peer);
			back_begin_again(test);
		}
	}
}

static void write_from_read_only_grants(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_WRITE, 1, 0, 4, 0);
	u32 ref = xen_grant(peer->page[1], true);
	unsigned int i;

	back_connect_persistent(test, bench);
	slot.seg[1].gref = ref;
	for (i = 0; i < 3; i++) {
		peer_fill(peer, 0, 4, i);
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
		KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, 4, disk.data));
		/* What cannot be used for all is not kept. */
		KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
	}
	/* Beside others of the same batch, which are none the worse. */
	for (i = 0; i < 4; i++) {
		slot = peer_request(peer, BLKIF_OP_WRITE, 2 + i, 88 * i, 4,
				    4 * i);
		if (i % 2)
			slot.seg[1].gref = ref;
		peer_put(peer, &slot);
	}
	peer_push(peer);
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, 7));
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	KUNIT_EXPECT_EQ(test, 8, xen.nr_mapped);
	/* What the disk writes to has to be writable. */
	slot = peer_request(peer, BLKIF_OP_READ, 1, 0, 4, 0);
	slot.seg[1].gref = ref;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(peer, &slot));
	close_leaves_nothing(test, peer);
	KUNIT_EXPECT_TRUE(test, xen_ungrant(ref));
}

static void a_page_in_use_holds_the_answer(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_WRITE, 1, 0, 4, 0);

	back_connect_persistent(test, bench);
	use(test, peer, BLKIF_OP_WRITE, 0, 4);
	disk.hold_pages = true;
	peer_put(peer, &slot);
	peer_push(peer);
	msleep(100);
	KUNIT_EXPECT_EQ(test, 0, peer_collect(peer));
	disk.hold_pages = false;
	/* Nobody else gets them meanwhile, and no bound takes them. */
	blkback_max_persistent_grants = 0;
	use(test, peer, BLKIF_OP_READ, 0, 4);
	KUNIT_EXPECT_EQ(test, 4, xen.nr_mapped);
	disk_release_pages();
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, 3));
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	close_leaves_nothing(test, peer);
}

/* Requests in several parts, and several rings: each has its own. */
static void large_requests_on_several_rings(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i, round, before;
	struct peer_slot slot;

	back_widen(bench, 2, 2);
	xen.shared = true;
	store_write(FRONT_NODE "/feature-persistent", "1");
	back_connect_wide(test, bench);
	for (round = 0; round < 8; round++) {
		before = xen.nr_map_ops;
		for (i = 0; i < 2; i++) {
			struct peer *peer = bench->wide[i];

			peer_fill(peer, 0, 100, round);
			slot = peer_indirect(peer, BLKIF_OP_WRITE, 1, 0, 100, 0,
					     200);
			KUNIT_ASSERT_EQ(test, 0, peer_do(peer, &slot));
			KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, 100,
							   disk.data));
		}
		msleep(20);
	}
	KUNIT_EXPECT_EQ(test, before, xen.nr_map_ops);
	KUNIT_EXPECT_EQ(test, 200, xen.nr_mapped);
	back_close_wide(test, bench);
}

static struct kunit_case back_persistent_cases[] = {
	KUNIT_CASE(PG1_only_if_both_say_so),
	KUNIT_CASE(ST7_other_use_of_the_same_ring),
	KUNIT_CASE(hits_make_no_hypercall),
	KUNIT_CASE(a_deep_ring_comes_to_use_none),
	KUNIT_CASE(PG8_one_grant_twice),
	KUNIT_CASE(PG7_the_bound_is_kept),
	KUNIT_CASE(PG7_going_round_more_than_fit),
	KUNIT_CASE(PG7_the_oldest_make_room),
	KUNIT_CASE_SLOW(PG7_unused_ones_of_a_busy_ring),
	KUNIT_CASE(PG7_idle_rings_give_back),
	KUNIT_CASE(forward_progress_with_cached_grants),
	KUNIT_CASE(no_room_to_map_beside_cached_grants),
	KUNIT_CASE(D10_D11_a_map_that_fails_beside_hits),
	KUNIT_CASE(write_from_read_only_grants),
	KUNIT_CASE(a_page_in_use_holds_the_answer),
	KUNIT_CASE(large_requests_on_several_rings),
	{}
};

struct kunit_suite back_persistent_suite = {
	.name = "loopback_back_persistent",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = persistent_init,
	.exit = persistent_exit,
	.test_cases = back_persistent_cases,
};
