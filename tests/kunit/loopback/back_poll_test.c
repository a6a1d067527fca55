// SPDX-License-Identifier: GPL-2.0
/* Looking for the next request before sleeping. */
#include "back.h"
#include "../../../blkback/blkback.h"

#define ROUNDS	400

/* As a guest that does nothing else: the next request at once. */
static bool do_at_once(struct peer *peer)
{
	struct peer_slot slot = peer_request(peer, BLKIF_OP_READ, 1, 0, 1, 0);
	unsigned long until = jiffies + 20 * HZ;
	unsigned int nr = peer->nr_answers + 1;

	peer_put(peer, &slot);
	peer_push(peer);
	for (peer_collect(peer); peer->nr_answers < nr; peer_collect(peer)) {
		if (time_after(jiffies, until))
			return false;
		cpu_relax();
	}
	return true;
}

/* How many events it takes to have so many requests answered one by one. */
static unsigned int nr_events(struct kunit *test, struct peer *peer,
			      bool low_latency)
{
	unsigned int before = peer->nr_events, i;

	WRITE_ONCE(blkback_low_latency, low_latency);
	for (i = 0; i < ROUNDS; i++)
		KUNIT_ASSERT_TRUE(test, do_at_once(peer));
	return peer->nr_events - before;
}

/* On a machine that is busy with something else it may take a few times. */
static void low_latency_needs_few_events(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int tries = 20, with, without;

	back_connect(test, bench);
	do {
		without = nr_events(test, peer, false);
		with = nr_events(test, peer, true);
	} while (2 * with > without && --tries);
	KUNIT_EXPECT_LT(test, 2 * with, without);
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
}

/* RN4: who has looked in vain asks for an event, and gets it. */
static void RN4_it_sleeps_when_there_is_nothing(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int i;

	blkback_low_latency = true;
	back_connect(test, bench);
	for (i = 0; i < 50; i++) {
		KUNIT_ASSERT_TRUE(test, do_at_once(peer));
		msleep(20);
		KUNIT_EXPECT_EQ(test, peer->req_prod + 1,
				READ_ONCE(peer->sring->req_event));
	}
	back_works(test, peer, 0);
}

static void poll_exit(struct kunit *test)
{
	blkback_low_latency = false;
	back_exit(test);
}

static struct kunit_case back_poll_cases[] = {
	KUNIT_CASE(low_latency_needs_few_events),
	KUNIT_CASE(RN4_it_sleeps_when_there_is_nothing),
	{}
};

struct kunit_suite back_poll_suite = {
	.name = "loopback_back_poll",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = back_init,
	.exit = poll_exit,
	.test_cases = back_poll_cases,
};
