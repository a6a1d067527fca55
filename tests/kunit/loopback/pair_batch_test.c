// SPDX-License-Identifier: GPL-2.0
/* Requests that end together, and such that come together. */
#include "swarm.h"

/* --- ends: on the CPU of the interrupt, which takes the answers of all in one go --------- */

/* A ring for each CPU, all that matters on one of them. */
static struct false_back *batch_begin(struct kunit *test, struct pair *pair)
{
	struct false_back *back = kunit_kzalloc(test, sizeof(*back), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, back);
	back->max_queues = nr_cpu_ids;
	false_begin(test, pair, back);
	pair_open(test, pair);
	if (back->nr_rings < 2) {
		false_end(pair, back);
		kunit_skip(test, "needs two CPUs");
	}
	set_cpus_allowed_ptr(back->task, cpumask_of(0));
	pair_fill(pair, PAIR_FLIGHTS, 3);
	back->hold = true;
	back->nr_ops = 0;
	return back;
}

static void batch_start(struct pair *pair, unsigned int i, blk_opf_t opf)
{
	set_cpus_allowed_ptr(current, cpumask_of(0));
	flight_start(pair, i, opf);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
}

/* The next @nr are answered. */
static void batch_answer(struct kunit *test, struct false_back *back,
			 unsigned int nr)
{
	unsigned int done = back->nr_ops + nr;

	back->nr_take = nr;
	wake_up(&back->wait);
	KUNIT_ASSERT_TRUE(test, loopback_wait(READ_ONCE(back->nr_ops) == done));
}

static void an_error_among_many(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct false_back *back = batch_begin(test, pair);
	unsigned int i;

	for (i = 0; i < PAIR_FLIGHTS; i++)
		batch_start(pair, i, REQ_OP_WRITE);
	/* One event for all of them. */
	xen.lose_notified = PAIR_FLIGHTS - 1;
	batch_answer(test, back, 5);
	back->nr_fail = 1;
	batch_answer(test, back, 1);
	batch_answer(test, back, PAIR_FLIGHTS - 7);
	for (i = 0; i < PAIR_FLIGHTS; i++)
		KUNIT_EXPECT_FALSE(test,
				   completion_done(&pair->flight[i].done));
	batch_answer(test, back, 1);
	for (i = 0; i < PAIR_FLIGHTS; i++) {
		KUNIT_EXPECT_EQ(test, i == 5 ? -EIO : 0, flight_wait(pair, i));
		KUNIT_EXPECT_TRUE(test, pair->flight[i].hard);
	}
	KUNIT_EXPECT_EQ(test, 0, pair_front(pair)->ctxs[0].nr_busy);
	KUNIT_EXPECT_TRUE(test, pair_check(pair, PAIR_FLIGHTS, 0));
	back->hold = false;
	pair_works(test, pair, 0);
	false_end(pair, back);
}

/* What is a part of something larger ends by itself: the flush after it is sent. */
static void durable_writes_among_many(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct false_back *back = batch_begin(test, pair);
	unsigned int i, flushes = 0;

	for (i = 0; i < PAIR_FLIGHTS; i++)
		batch_start(pair, i, REQ_OP_WRITE | (i % 4 ? 0 : REQ_FUA));
	xen.lose_notified = PAIR_FLIGHTS - 1;
	batch_answer(test, back, PAIR_FLIGHTS);
	WRITE_ONCE(back->hold, false);
	flights_land(test, pair);
	for (i = 0; i < back->nr_ops; i++)
		flushes += back->log[i].op == BLKIF_OP_FLUSH_DISKCACHE;
	KUNIT_EXPECT_GE(test, flushes, 1);
	false_end(pair, back);
}

struct releaser {
	struct false_back *back;
	struct delayed_work work;
};

static void releaser_work(struct work_struct *work)
{
	struct releaser *releaser = container_of(work, struct releaser,
						 work.work);

	WRITE_ONCE(releaser->back->hold, false);
	wake_up(&releaser->back->wait);
}

/* Who waits for all of them is told by the last. */
static void a_suspend_waits_for_many(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct releaser releaser = { .back = batch_begin(test, pair) };
	unsigned long since;
	unsigned int i;

	for (i = 0; i < PAIR_FLIGHTS; i++)
		batch_start(pair, i, REQ_OP_WRITE);
	xen.lose_notified = PAIR_FLIGHTS - 1;
	INIT_DELAYED_WORK_ONSTACK(&releaser.work, releaser_work);
	schedule_delayed_work(&releaser.work, HZ / 5);
	since = jiffies;
	store_suspend_device(pair->front);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, since + 4 * HZ));
	loopback_thaw();
	destroy_delayed_work_on_stack(&releaser.work);
	flights_land(test, pair);
	false_end(pair, releaser.back);
}

/* --- beginnings: a plug of requests ------------------------------------------------------- */

/* Pages from @first on are written, in one plug. */
static void plug_fly(struct swarm *swarm, unsigned int first, unsigned int nr)
{
	struct blk_plug plug;

	blk_start_plug(&plug);
	for (; nr--; first++)
		swarm_start(swarm, swarm_bio(swarm, REQ_OP_WRITE,
					     SWARM_SPACE * first, first, 1));
	blk_finish_plug(&plug);
}

static bool plug_in_order(const struct false_back *back, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (back->log[i].sector != SWARM_SPACE * i)
			return false;
	return back->nr_ops == nr;
}

static RING_IDX plug_put(struct swarm *swarm)
{
	return READ_ONCE(swarm->back.ring[0].sring->req_prod);
}

/* Connected, idle, and from now on nothing is answered; how much was put until then. */
static RING_IDX plug_begin(struct kunit *test, struct swarm *swarm)
{
	KUNIT_ASSERT_EQ(test, 0, swarm_io(swarm, REQ_OP_READ, 0, 0, 1));
	loopback_settle();
	swarm->back.hold = true;
	swarm->back.nr_ops = 0;
	return plug_put(swarm);
}

static void a_plug_is_one_event(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	RING_IDX put;

	swarm_begin(test, swarm);
	put = plug_begin(test, swarm);
	xen.lose_kicks = 10;
	plug_fly(swarm, 0, 20);
	KUNIT_EXPECT_EQ(test, 9, xen.lose_kicks);
	xen.lose_kicks = 0;
	KUNIT_EXPECT_EQ(test, put + 20, plug_put(swarm));
	back->hold = false;
	swarm_lands(test, swarm);
	KUNIT_EXPECT_TRUE(test, plug_in_order(back, 20));
	KUNIT_EXPECT_TRUE(test, swarm_arrived(swarm, 0, 20));
	false_end(swarm->pair, back);
}

/* What has no slot waits, and what waits keeps its place. */
static void a_plug_larger_than_the_ring(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	RING_IDX put;

	swarm_offer(swarm, 1, 2, 32);
	swarm_begin(test, swarm);
	false_end(swarm->pair, back);
	swarm_offer(swarm, 1, 0, 32);
	false_again(test, swarm->pair, back);
	put = plug_begin(test, swarm);
	plug_fly(swarm, 0, 20);
	KUNIT_EXPECT_EQ(test, put + 20, plug_put(swarm));
	plug_fly(swarm, 20, 32);
	KUNIT_EXPECT_EQ(test, put + 32, plug_put(swarm));
	KUNIT_EXPECT_EQ(test, 32, swarm_front(swarm)->ctxs[0].nr_busy);
	plug_fly(swarm, 52, 10);
	KUNIT_EXPECT_EQ(test, 32, swarm_front(swarm)->ctxs[0].nr_busy);
	back->hold = false;
	swarm_lands(test, swarm);
	KUNIT_EXPECT_EQ(test, 62, back->nr_ops);
	KUNIT_EXPECT_TRUE(test, swarm_arrived(swarm, 0, 62));
	swarm_works(test, swarm, 256);
	false_end(swarm->pair, back);
}

/* Nor is one lost for which there is no reference. */
static void a_plug_short_of_references(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct blkfront_pool *pool;

	swarm_offer(swarm, 1, 2, 32);
	swarm_begin(test, swarm);
	pool = &swarm_front(swarm)->queues[0].pool;
	xen.grants_budget = 0;
	flush_delayed_work(&pool->trim);
	flush_delayed_work(&pool->trim);
	KUNIT_EXPECT_EQ(test, BLKFRONT_POOL_RESERVE, pool->refs.nr);
	plug_fly(swarm, 0, 30);
	plug_fly(swarm, 30, 30);
	swarm_lands(test, swarm);
	KUNIT_EXPECT_EQ(test, 60, swarm->back.nr_ops);
	KUNIT_EXPECT_TRUE(test, swarm_arrived(swarm, 0, 60));
	xen.grants_budget = -1;
	false_end(swarm->pair, &swarm->back);
}

static bool plug_crashed(struct swarm *swarm)
{
	return atomic_read(&swarm->nr_crashed) == swarm->nr_started;
}

/* While the backend is away a plug waits, or fails; the next one takes it. */
static void a_plug_while_the_backend_is_away(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	unsigned int i;

	swarm_offer(swarm, 1, 2, 32);
	swarm_begin(test, swarm);
	false_end(swarm->pair, back);
	KUNIT_ASSERT_TRUE(test, loopback_wait(READ_ONCE(swarm_front(swarm)->parked)));
	plug_fly(swarm, 0, 30);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&swarm->nr_landed));
	blkfront_lost_timeout_sec = 1;
	store_write(BACK_STATE, "%d", XenbusStateInitialising);
	KUNIT_EXPECT_TRUE(test, loopback_wait(plug_crashed(swarm)));
	plug_fly(swarm, 0, 30);
	KUNIT_EXPECT_TRUE(test, loopback_wait(plug_crashed(swarm)));
	blkfront_lost_timeout_sec = 0;
	back->nr_ops = 0;
	false_again(test, swarm->pair, back);
	KUNIT_ASSERT_TRUE(test, loopback_wait(!swarm_io(swarm, REQ_OP_READ, 0, 0, 1)));
	/* Nothing of what failed is sent. */
	for (i = 0; i < back->nr_ops; i++)
		KUNIT_EXPECT_EQ(test, BLKIF_OP_READ, back->log[i].op);
	back->nr_ops = 0;
	atomic_set(&swarm->nr_crashed, 0);
	plug_fly(swarm, 0, 30);
	swarm_lands(test, swarm);
	KUNIT_EXPECT_TRUE(test, plug_in_order(back, 30));
	KUNIT_EXPECT_TRUE(test, swarm_arrived(swarm, 0, 30));
	false_end(swarm->pair, back);
}

static struct kunit_case pair_batch_cases[] = {
	KUNIT_CASE(an_error_among_many),
	KUNIT_CASE(durable_writes_among_many),
	KUNIT_CASE(a_suspend_waits_for_many),
	KUNIT_CASE(a_plug_is_one_event),
	KUNIT_CASE(a_plug_larger_than_the_ring),
	KUNIT_CASE(a_plug_short_of_references),
	KUNIT_CASE_SLOW(a_plug_while_the_backend_is_away),
	{}
};

struct kunit_suite pair_batch_suite = {
	.name = "loopback_pair_batch",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = pair_init,
	.exit = pair_exit,
	.test_cases = pair_batch_cases,
};
