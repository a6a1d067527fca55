// SPDX-License-Identifier: GPL-2.0
/* A frontend and a XenStore that cannot do what is asked of it, for a while. */
#include "pair.h"
#include "../../../blkfront/blkfront.h"

/* So often was it tried, which is once for most. */
static bool store_tried(unsigned int nr)
{
	return loopback_wait(READ_ONCE(store.nr_unread) >= nr);
}

/* D16: who was not trusted is not, because nobody can read that. */
static void D16_trust_that_cannot_be_read(struct kunit *test)
{
	struct pair *pair = test->priv;

	store_forbid(FRONT_NODE "/trusted");
	pair_attach(pair);
	store_write(FRONT_NODE "/trusted", "0");
	KUNIT_EXPECT_TRUE(test, store_tried(2));
	KUNIT_EXPECT_EQ(test, XenbusStateInitialising,
			store_read_int(FRONT_STATE, -1));
	store_forbid(NULL);
	pair_open(test, pair);
	KUNIT_EXPECT_TRUE(test, pair_front(pair)->untrusted);
	pair_works(test, pair, 0);
}

/* D16: nor is one of whom that was said in words that are none. */
static void D16_trust_that_is_no_number(struct kunit *test)
{
	struct pair *pair = test->priv;

	pair_nodes();
	store_write(FRONT_NODE "/trusted", "no");
	pair->back = store_add_device(true, BACK_NODE);
	pair->front = store_add_device(false, FRONT_NODE);
	msleep(300);
	KUNIT_EXPECT_EQ(test, XenbusStateInitialising,
			store_read_int(FRONT_STATE, -1));
	store_write(FRONT_NODE "/trusted", "1");
	pair_open(test, pair);
	KUNIT_EXPECT_FALSE(test, pair_front(pair)->untrusted);
}

/* A backend that is there has not vanished. */
static void a_state_that_cannot_be_read(struct kunit *test)
{
	struct pair *pair = test->priv;

	pair_start(test, pair);
	pair_fill(pair, PAIR_FLIGHTS, 80);
	store_forbid(BACK_STATE);
	blkfront_disk_queue_work(pair_front(pair), 0);
	KUNIT_EXPECT_TRUE(test, store_tried(2));
	flights_start(pair, 0, PAIR_FLIGHTS);
	flights_land(test, pair);
	KUNIT_EXPECT_FALSE(test, pair_front(pair)->waiting);
	KUNIT_EXPECT_EQ(test, BLKFRONT_STATE_LIVE, pair_front(pair)->state);
	store_forbid(NULL);
	pair_works(test, pair, 0);
}

/* Nor has the toolstack asked for the disk, whose backend leaves. */
static void a_wish_that_cannot_be_read(struct kunit *test)
{
	struct pair *pair = test->priv;

	pair_start(test, pair);
	pair_remove(&pair->back);
	loopback_settle();
	pair_fill(pair, PAIR_FLIGHTS, 90);
	flights_start(pair, 0, PAIR_FLIGHTS);
	store_forbid(BACK_NODE "/online");
	store_write(BACK_STATE, "%d", XenbusStateClosed);
	KUNIT_EXPECT_TRUE(test, store_tried(2));
	KUNIT_EXPECT_FALSE(test, pair_front(pair)->ending);
	store_forbid(NULL);
	KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
					       XenbusStateInitialising,
					       PATIENCE_MS));
	pair->back = store_add_device(true, BACK_NODE);
	flights_land(test, pair);
}

/* A node that is there was not made anew, and the ring in it is good. */
static void our_node_that_cannot_be_read(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct blkfront_disk *front;
	evtchn_port_t port;

	pair_start(test, pair);
	front = pair_front(pair);
	port = front->queues[0].evtchn;
	pair_remove(&pair->back);
	loopback_settle();
	pair_fill(pair, PAIR_FLIGHTS, 30);
	flights_start(pair, 0, PAIR_FLIGHTS);
	store_forbid(FRONT_NODE "/backend-id");
	store_write(BACK_STATE, "%d", XenbusStateInitialising);
	KUNIT_EXPECT_TRUE(test, store_tried(2));
	/* As if it had waited as long as it does for a device made anew. */
	mutex_lock(&front->lock);
	front->left -= 10 * HZ;
	mutex_unlock(&front->lock);
	msleep(1500);
	KUNIT_EXPECT_EQ(test, BLKFRONT_STATE_LIVE, front->state);
	store_forbid(NULL);
	pair->back = store_add_device(true, BACK_NODE);
	flights_land(test, pair);
	KUNIT_EXPECT_EQ(test, port, front->queues[0].evtchn);
}

/* What is in the way of a disk that comes back may not be for ever. */
static void store_comes_back(struct kunit *test, struct pair *pair,
			     enum xenbus_state away, const char *unreadable)
{
	struct blkfront_disk *front = pair_front(pair);

	pair_remove(&pair->back);
	loopback_settle();
	pair_fill(pair, PAIR_FLIGHTS, away);
	flights_start(pair, 0, PAIR_FLIGHTS);
	store_forbid(unreadable);
	store_write(BACK_STATE, "%d", away);
	if (away == XenbusStateClosed)
		KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
						       XenbusStateInitialising,
						       PATIENCE_MS));
	else
		KUNIT_ASSERT_TRUE(test, loopback_wait(READ_ONCE(front->waiting)));
	pair->back = store_add_device(true, BACK_NODE);
	KUNIT_EXPECT_TRUE(test, store_tried(1));
	store_forbid(NULL);
	flights_land(test, pair);
	pair_works(test, pair, 0);
}

static void a_disk_that_cannot_be_read_comes_back(struct kunit *test)
{
	struct pair *pair = test->priv;

	pair_start(test, pair);
	store_comes_back(test, pair, XenbusStateClosed, BACK_NODE "/sectors");
	KUNIT_EXPECT_EQ(test, 0, pair_front(pair)->retry);
	store_comes_back(test, pair, XenbusStateClosed, BACK_NODE "/params");
	store_comes_back(test, pair, XenbusStateClosed,
			 BACK_NODE "/multi-queue-max-queues");
	store_comes_back(test, pair, XenbusStateInitialising,
			 BACK_NODE "/sectors");
	store_comes_back(test, pair, XenbusStateInitialising,
			 BACK_NODE "/params");
}

/* What does not pass is not tried all the time. */
static void ever_longer_times_between_attempts(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct blkfront_disk *front;

	pair_start(test, pair);
	front = pair_front(pair);
	pair_remove(&pair->back);
	store_write(BACK_STATE, "%d", XenbusStateClosed);
	KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
					       XenbusStateInitialising,
					       PATIENCE_MS));
	store_forbid(BACK_NODE "/multi-queue-max-queues");
	pair->back = store_add_device(true, BACK_NODE);
	KUNIT_EXPECT_TRUE(test, loopback_wait(READ_ONCE(front->retry) == 4 * HZ));
	mutex_lock(&front->lock);
	front->retry = 29 * HZ;
	mutex_unlock(&front->lock);
	blkfront_disk_queue_work(front, 0);
	KUNIT_EXPECT_TRUE(test, loopback_wait(READ_ONCE(front->retry) == 30 * HZ));
	store_forbid(NULL);
	blkfront_disk_queue_work(front, 0);
	pair_works(test, pair, 0);
}

/* A ring and its event channel, and how they are to be read. */
#define STORE_LEAST_KEYS	3

static void store_connects_with_least(struct kunit *test, struct pair *pair, int err)
{
	struct blkfront_disk *front;

	store.quota = STORE_LEAST_KEYS;
	store.quota_err = err;
	pair_start(test, pair);
	front = pair_front(pair);
	KUNIT_EXPECT_EQ(test, 1, front->layout.rings);
	KUNIT_EXPECT_EQ(test, 0, front->layout.ring_order);
	KUNIT_EXPECT_EQ(test, 0, front->retry);
	pair_works(test, pair, 0);
}

/* Many disks share a quota; one that gets little of it works nevertheless. */
static void no_room_for_many_keys(struct kunit *test)
{
	static const int errs[] = { -E2BIG, -EINVAL, -ENOSPC };
	struct pair *pair = test->priv;
	struct blkfront_disk *front;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errs); i++) {
		if (i) {
			pair_close(pair);
			pair_remove(&pair->back);
			loopback_settle();
			pair_remove(&pair->front);
			store_reset();
		}
		store_connects_with_least(test, pair, errs[i]);
	}
	front = pair_front(pair);

	/* Not even that, when the backend comes back. */
	store.quota = STORE_LEAST_KEYS - 1;
	pair_remove(&pair->back);
	store_write(BACK_STATE, "%d", XenbusStateClosed);
	KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
					       XenbusStateInitialising,
					       PATIENCE_MS));
	pair->back = store_add_device(true, BACK_NODE);
	KUNIT_EXPECT_TRUE(test, loopback_wait(READ_ONCE(front->retry)));
	store.quota = 0;
	pair_works(test, pair, 0);
	KUNIT_EXPECT_GT(test, front->layout.ring_order, 0);
}

static struct kunit_case pair_store_cases[] = {
	KUNIT_CASE_SLOW(D16_trust_that_cannot_be_read),
	KUNIT_CASE_SLOW(D16_trust_that_is_no_number),
	KUNIT_CASE_SLOW(a_state_that_cannot_be_read),
	KUNIT_CASE_SLOW(a_wish_that_cannot_be_read),
	KUNIT_CASE_SLOW(our_node_that_cannot_be_read),
	KUNIT_CASE_SLOW(a_disk_that_cannot_be_read_comes_back),
	KUNIT_CASE_SLOW(ever_longer_times_between_attempts),
	KUNIT_CASE_SLOW(no_room_for_many_keys),
	{}
};

struct kunit_suite pair_store_suite = {
	.name = "loopback_pair_store",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = pair_init,
	.exit = pair_exit,
	.test_cases = pair_store_cases,
};
