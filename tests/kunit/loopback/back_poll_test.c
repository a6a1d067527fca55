// SPDX-License-Identifier: GPL-2.0
/* Looking for more before sleeping. */
#include <linux/sched/clock.h>

#include "back.h"
#include "../../../blkback/blkback.h"

/* What poll.c says. */
#define POLL_NS		(50 * NSEC_PER_USEC)
#define POLL_PATIENCE	4
#define POLL_SELDOM	64

/* A ring that nobody serves; its first slot is there when @request is set. */
static struct blkback_queue *queue_alone(struct kunit *test, bool request)
{
	struct blkback_queue *queue = kunit_kzalloc(test, sizeof(*queue),
						    GFP_KERNEL);
	struct blkback_wire_sring *sring = kunit_kzalloc(test, PAGE_SIZE,
							 GFP_KERNEL);
	void *page = sring;

	KUNIT_ASSERT_NOT_NULL(test, queue);
	KUNIT_ASSERT_NOT_NULL(test, sring);
	init_llist_head(&queue->completions);
	KUNIT_ASSERT_EQ(test, 0, blkback_ring_attach(&queue->ring,
						     BLKBACK_ABI_X86_64, &page,
						     1));
	sring->req_prod = request;
	return queue;
}

static void it_sees_a_request(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, blkback_poll(queue_alone(test, true)));
}

static void it_sees_the_end_of_one(struct kunit *test)
{
	struct blkback_queue *queue = queue_alone(test, false);
	struct llist_node done;

	llist_add(&done, &queue->completions);
	KUNIT_EXPECT_TRUE(test, blkback_poll(queue));
}

/* Unless somebody else wants to run, which is not so each time. */
static void it_looks_for_a_while(struct kunit *test)
{
	unsigned int tries;
	u64 begin, ns;

	for (tries = 0, ns = 0; tries < 100 && ns < POLL_NS; tries++) {
		struct blkback_queue *queue = queue_alone(test, false);

		begin = local_clock();
		KUNIT_EXPECT_FALSE(test, blkback_poll(queue));
		ns = local_clock() - begin;
	}
	KUNIT_EXPECT_GE(test, ns, POLL_NS);
}

static void it_looks_seldom_when_it_was_in_vain(struct kunit *test)
{
	struct blkback_queue *queue = queue_alone(test, false);
	unsigned int i;

	for (i = 0; i < 1000 && queue->poll.nr_vain < POLL_PATIENCE; i++)
		KUNIT_EXPECT_FALSE(test, blkback_poll(queue));
	KUNIT_EXPECT_EQ(test, POLL_PATIENCE, queue->poll.nr_vain);
	queue->ring.back.sring->req_prod = 1;
	for (i = 1; i < POLL_SELDOM; i++)
		KUNIT_EXPECT_FALSE(test, blkback_poll(queue));
	KUNIT_EXPECT_TRUE(test, blkback_poll(queue));
	/* It pays again. */
	KUNIT_EXPECT_TRUE(test, blkback_poll(queue));
}

static void it_ends_for_what_a_pass_sees_to(struct kunit *test)
{
	struct blkback_queue *queue = queue_alone(test, true);
	const unsigned int flags[] = {
		BLKBACK_QUEUE_STOPPED, BLKBACK_QUEUE_BROKEN,
		BLKBACK_QUEUE_IDLE, BLKBACK_QUEUE_LOOK,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		queue->poll.nr_vain = 0;
		queue->flags = BIT(flags[i]);
		KUNIT_EXPECT_FALSE(test, blkback_poll(queue));
		/* That was not in vain. */
		KUNIT_EXPECT_EQ(test, 0, queue->poll.nr_vain);
	}
}

/* RN4: who has looked in vain asks for an event, and gets it. */
static void RN4_it_sleeps_when_there_is_nothing(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;
	unsigned int i;

	blkback_low_latency = true;
	back_connect(test, bench);
	for (i = 0; i < 50; i++) {
		slot = peer_request(peer, BLKIF_OP_READ, 1, 0, 1, 0);
		KUNIT_ASSERT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
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
	KUNIT_CASE(it_sees_a_request),
	KUNIT_CASE(it_sees_the_end_of_one),
	KUNIT_CASE(it_looks_for_a_while),
	KUNIT_CASE(it_looks_seldom_when_it_was_in_vain),
	KUNIT_CASE(it_ends_for_what_a_pass_sees_to),
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
