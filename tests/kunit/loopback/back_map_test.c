// SPDX-License-Identifier: GPL-2.0
/* The pages of requests: mapped, and unmapped when nobody looks any more. */
#include "back.h"

/* A ring's reserve. */
#define PART_PAGES	32

/* A full ring of the largest requests: few hypercalls, each full of work. */
static void one_batch_few_hypercalls(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int round;

	back_connect(test, bench);
	/* The pool grows as it is asked for more, to twice its size at a time. */
	for (round = 1; round <= 6; round++) {
		xen.nr_map_calls = 0;
		xen.nr_map_ops = 0;
		back_put_many(peer, BLKIF_OP_WRITE, PEER_SLOTS, 11);
		KUNIT_ASSERT_TRUE(test, peer_wait(peer, round * PEER_SLOTS));
		msleep(50);
	}
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	KUNIT_EXPECT_EQ(test, PEER_PAGES, xen.nr_map_ops);
	KUNIT_EXPECT_LE(test, xen.nr_map_calls, 8);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
}

static void D10_a_map_that_fails_costs_its_request(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int at, i, asked = 0;
	struct peer_slot slot;

	back_connect(test, bench);
	peer_fill(peer, 0, 44, 1);
	for (at = 0; at <= 44; at++) {
		xen.nr_map_ops = 0;
		xen.fail_map_op = at + 1;
		xen.nr_fail_map_op = at < 44 ? 1 : 100;
		xen.map_op_status = at % 2 ? GNTST_bad_gntref : GNTST_eagain;
		if (at == 44)
			xen.fail_map_op = 1;
		for (i = 0; i < 4; i++) {
			slot = peer_request(peer, i % 2 ? BLKIF_OP_READ :
							  BLKIF_OP_WRITE,
					    i, 88 * i, 11, 11 * i);
			peer_put(peer, &slot);
		}
		peer_push(peer);
		asked += 4;
		KUNIT_ASSERT_TRUE(test, peer_wait(peer, asked));
		for (i = 0; i < 4; i++)
			KUNIT_EXPECT_EQ_MSG(test, peer->status[i],
					    at == 44 || at / 11 == i ?
					    BLKIF_RSP_ERROR : BLKIF_RSP_OKAY,
					    "op %u fails, request %u", at, i);
		/* D11: whatever happened, nothing is mapped afterwards. */
		KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
	}
	xen.nr_fail_map_op = 0;
	back_works(test, peer, 0);
}

static void D10_a_hypercall_that_fails(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot = peer_request(bench->peer, BLKIF_OP_WRITE, 1, 0,
					     11, 0);

	back_connect(test, bench);
	xen.fail_map_call = 1;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(bench->peer, &slot));
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
	back_works(test, bench->peer, 0);
}

/* Xen is out of room for a while: requests wait for it, and do not fail. */
static void no_room(struct kunit *test, s16 status)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int nr = peer->nr_answers;

	peer_fill(peer, 0, 88, 4);
	xen.map_op_status = status;
	xen.nr_map_ops = 0;
	xen.fail_map_op = 20;
	xen.nr_fail_map_op = 200;
	back_put_many(peer, BLKIF_OP_WRITE, 8, 11);
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, nr + 8));
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	KUNIT_EXPECT_GT(test, xen.nr_map_ops, 220);
	KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, 88, disk.data));
}

static void no_room_to_map_is_waited_for(struct kunit *test)
{
	back_connect(test, test->priv);
	no_room(test, GNTST_no_device_space);
	no_room(test, GNTST_no_space);
}

/* Nothing but the reserve is to be had: all requests get through it. */
static void forward_progress_on_the_reserve(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;

	xen.pages_budget = PART_PAGES;
	back_connect(test, bench);
	peer_fill(peer, 0, PEER_PAGES, 4);
	back_put_many(peer, BLKIF_OP_WRITE, PEER_SLOTS, 11);
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, PEER_SLOTS));
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, PEER_PAGES, disk.data));
	KUNIT_EXPECT_EQ(test, PART_PAGES, xen.nr_pages);
}

static void a_page_in_use_is_not_unmapped(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_WRITE, 1, 0, 4, 0);

	back_connect(test, bench);
	disk.hold_pages = true;
	peer_put(peer, &slot);
	peer_push(peer);
	msleep(100);
	KUNIT_EXPECT_EQ(test, 0, peer_collect(peer));
	KUNIT_EXPECT_EQ(test, 4, xen.nr_mapped);
	disk.hold_pages = false;
	/* Others are not held up. */
	slot = peer_request(peer, BLKIF_OP_READ, 2, 64, 4, 4);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
	KUNIT_EXPECT_EQ(test, 0, peer->answers[1]);
	/* Nor does a disconnect forget it. */
	peer_state(XenbusStateClosed);
	msleep(50);
	KUNIT_EXPECT_EQ(test, 4, xen.nr_mapped);
	disk_release_pages();
	back_reaches(test, XenbusStateClosed);
	peer_collect(peer);
	KUNIT_EXPECT_EQ(test, 1, peer->answers[1]);
	KUNIT_EXPECT_EQ(test, 0, peer->status[1]);
}

static struct kunit_case back_map_cases[] = {
	KUNIT_CASE(one_batch_few_hypercalls),
	KUNIT_CASE(D10_a_map_that_fails_costs_its_request),
	KUNIT_CASE(D10_a_hypercall_that_fails),
	KUNIT_CASE(no_room_to_map_is_waited_for),
	KUNIT_CASE(forward_progress_on_the_reserve),
	KUNIT_CASE(a_page_in_use_is_not_unmapped),
	{}
};

struct kunit_suite back_map_suite = {
	.name = "loopback_back_map",
	.suite_init = loopback_start_mapping,
	.suite_exit = loopback_stop,
	.init = back_init,
	.exit = back_exit,
	.test_cases = back_map_cases,
};
