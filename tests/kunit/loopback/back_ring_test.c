// SPDX-License-Identifier: GPL-2.0
/* A ring's indices and events. */
#include "back.h"

/* The event of the bind itself comes before the bind returns. */
static void D7_event_during_the_bind(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	back_connect(test, bench);
	for (i = 0; i < 10; i++) {
		back_works(test, bench->peer, 0);
		KUNIT_ASSERT_TRUE(test, peer_close(bench->peer));
		back_begin_again(test);
		KUNIT_ASSERT_TRUE(test, peer_connect(bench->peer));
	}
}

static unsigned int wait_for_eoi(unsigned int before)
{
	loopback_wait(xen.nr_eoi[0] + xen.nr_eoi[1] != before);
	return xen.nr_eoi[0] + xen.nr_eoi[1] - before;
}

static void D7_only_an_idle_event_is_spurious(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_WRITE, 1, 0, 4, 0);
	unsigned int i, honest;

	back_connect(test, bench);
	back_works(test, peer, 0);
	loopback_settle();

	/* Whatever was consumed before is told with the first event. */
	xen_kick_back(peer->port);
	loopback_settle();
	for (i = 0; i < 5; i++) {
		unsigned int before = xen.nr_eoi[0] + xen.nr_eoi[1];
		unsigned int spurious = xen.nr_eoi[1];

		xen_kick_back(peer->port);
		KUNIT_EXPECT_EQ(test, 1, wait_for_eoi(before));
		KUNIT_EXPECT_EQ(test, spurious + 1, xen.nr_eoi[1]);
	}

	/* A request that was found by a pass made for another's end. */
	disk.hold = true;
	honest = xen.nr_eoi[0];
	i = xen.nr_eoi[1];
	peer_put(peer, &slot);
	peer_push(peer);
	back_wait_held(test, 1);
	loopback_settle();
	/* It was taken: that is work enough, answered or not. */
	KUNIT_EXPECT_EQ(test, honest + 1, xen.nr_eoi[0]);
	KUNIT_EXPECT_EQ(test, i, xen.nr_eoi[1]);
	slot.id = 2;
	peer_put(peer, &slot);
	WRITE_ONCE(peer->sring->req_prod, peer->req_prod);
	disk_release();
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, 4));
	loopback_settle();
	honest = xen.nr_eoi[0];
	i = xen.nr_eoi[0] + xen.nr_eoi[1];
	xen_kick_back(peer->port);
	KUNIT_EXPECT_EQ(test, 1, wait_for_eoi(i));
	KUNIT_EXPECT_EQ(test, honest + 1, xen.nr_eoi[0]);
}

static void RN1_bogus_index_costs_that_ring(struct kunit *test)
{
	static const RING_IDX ahead[] = { 33, 1000, 1U << 31, U32_MAX };
	struct bench *bench = test->priv;
	unsigned int i;

	back_connect(test, bench);
	for (i = 0; i < ARRAY_SIZE(ahead); i++) {
		back_works(test, bench->peer, 0);
		bench->peer->sring->req_prod = bench->peer->req_prod + ahead[i];
		xen_kick_back(bench->peer->port);
		back_reaches(test, XenbusStateClosing);
		back_recovers(test, bench);
	}
}

/* RN8: a device bound again finds the ring, and what was not answered. */
static void RN8_unbind_and_bind(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_WRITE, 7, 0, 2, 0);

	back_connect(test, bench);
	back_works(test, peer, 0);
	back_remove(bench);
	loopback_settle();
	peer_fill(peer, 0, 2, 77);
	peer_put(peer, &slot);
	WRITE_ONCE(peer->sring->req_prod, peer->req_prod);
	/* The node is as it was, the frontend Connected. */
	bench->back = store_add_device(true, BACK_NODE);
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, peer->nr_answers + 1));
	KUNIT_EXPECT_EQ(test, 1, peer->answers[7]);
	KUNIT_EXPECT_EQ(test, 0, peer->status[7]);
	KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, 2, disk.data));
	back_works(test, peer, 64);
}

static struct kunit_case back_ring_cases[] = {
	KUNIT_CASE(D7_event_during_the_bind),
	KUNIT_CASE(D7_only_an_idle_event_is_spurious),
	KUNIT_CASE(RN1_bogus_index_costs_that_ring),
	KUNIT_CASE(RN8_unbind_and_bind),
	{}
};

struct kunit_suite back_ring_suite = {
	.name = "loopback_back_ring",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = back_init,
	.exit = back_exit,
	.test_cases = back_ring_cases,
};
