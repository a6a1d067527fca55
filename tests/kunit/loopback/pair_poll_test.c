// SPDX-License-Identifier: GPL-2.0
/* Requests that are polled for, and such that nobody polls for any more. */
#include <linux/kthread.h>

#include "swarm.h"
#include "../../../blkback/blkback.h"

/* A ring that nobody looks at asks for events after 200 ms; far less than a deadline. */
#define SOON	(4 * HZ)

static int poll_init(struct kunit *test)
{
	blkfront_poll_queues = 1;
	return pair_init(test);
}

static void poll_exit(struct kunit *test)
{
	xen.lose_notified = 0;
	pair_exit(test);
	blkfront_poll_queues = 0;
	blkfront_io_deadline_sec = 30;
}

/* Of the false backend or ours: the ring that is polled, which is the last. */
static struct blkfront_queue *poll_queue(struct pair *pair)
{
	struct blkfront_disk *front = pair_front(pair);

	return &front->queues[front->layout.rings - 1];
}

/* As io_uring does it. */
static void poll_once(struct bio *bio)
{
	DEFINE_IO_COMP_BATCH(iob);

	bio_poll(bio, &iob, BLK_POLL_ONESHOT);
	if (iob.complete)
		iob.complete(&iob);
}

static void poll_until(struct completion *done, struct bio *bio)
{
	unsigned long until = jiffies + msecs_to_jiffies(5 * PATIENCE_MS);

	while (!completion_done(done) && time_before(jiffies, until)) {
		poll_once(bio);
		cond_resched();
	}
}

static int poll_flight(struct pair *pair, unsigned int i)
{
	poll_until(&pair->flight[i].done, pair->flight[i].bio);
	return flight_wait(pair, i);
}

static void poll_works(struct kunit *test, struct pair *pair)
{
	unsigned int i;

	pair_fill(pair, PAIR_FLIGHTS, 17);
	for (i = 0; i < PAIR_FLIGHTS; i++) {
		flight_start(pair, i, REQ_OP_WRITE | REQ_POLLED);
		KUNIT_ASSERT_EQ(test, 0, poll_flight(pair, i));
	}
	KUNIT_EXPECT_TRUE(test, pair_check(pair, PAIR_FLIGHTS, 0));
	pair_fill(pair, PAIR_FLIGHTS, 4);
	for (i = 0; i < PAIR_FLIGHTS; i++)
		flight_start(pair, i, REQ_OP_READ | REQ_POLLED);
	for (i = 0; i < PAIR_FLIGHTS; i++)
		KUNIT_ASSERT_EQ(test, 0, poll_flight(pair, i));
	KUNIT_EXPECT_TRUE(test, pair_check(pair, PAIR_FLIGHTS, 0));
}

static void poll_start(struct kunit *test, struct pair *pair)
{
	pair_start(test, pair);
	KUNIT_ASSERT_EQ(test, 1, pair_front(pair)->layout.poll_rings);
	KUNIT_ASSERT_TRUE(test, bdev_get_queue(pair->bdev)->limits.features &
			  BLK_FEAT_POLL);
}

/* --- somebody polls ------------------------------------------------------------------- */

static void who_polls_needs_no_event(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int nr, i;

	poll_start(test, pair);
	poll_works(test, pair);
	nr = xen.nr_notified;
	for (i = 0; i < 4; i++)
		poll_works(test, pair);
	/* Not one for each of 128, though the machine may be slow now and then. */
	KUNIT_EXPECT_LT(test, xen.nr_notified - nr, 16);
	/* And if none comes at all. */
	xen.lose_notified = UINT_MAX;
	poll_works(test, pair);
	xen.lose_notified = 0;
	pair_works(test, pair, 0);
}

static bool wants_next_event(struct blkfront_queue *queue)
{
	struct blkfront_ring_view view;

	blkfront_ring_view(queue, &view);
	return view.rsp_event == view.rsp_cons + 1;
}

/* Nor does it leave an old wish for one, which looks like one that was lost. */
static void who_polls_wants_no_event(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct blkfront_queue *queue;
	struct blkfront_ring_view view;

	poll_start(test, pair);
	queue = poll_queue(pair);
	poll_works(test, pair);
	blkfront_poll_note(queue);
	blkfront_ring_view(queue, &view);
	KUNIT_EXPECT_GE(test, view.rsp_prod - view.rsp_event, view.nr_slots);
	KUNIT_EXPECT_TRUE(test, loopback_wait(!READ_ONCE(queue->polled)));
	KUNIT_EXPECT_TRUE(test, loopback_wait(wants_next_event(queue)));
	/* At once, when it is a ring for all. */
	blkfront_poll_note(queue);
	KUNIT_EXPECT_FALSE(test, wants_next_event(queue));
	blkfront_poll_assign(queue, false);
	KUNIT_EXPECT_TRUE(test, wants_next_event(queue));
	blkfront_poll_assign(queue, true);
}

/* The flush before it, and that after it, are nobody's whom one could poll for. */
static void durable_writes_are_polled_for(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	poll_start(test, pair);
	pair_fill(pair, PAIR_FLIGHTS, 30);
	for (i = 0; i < PAIR_FLIGHTS; i++) {
		flight_start(pair, i, REQ_OP_WRITE | REQ_POLLED | REQ_FUA |
			     (i & 1 ? REQ_PREFLUSH : 0));
		if (i & 2)
			KUNIT_ASSERT_EQ(test, 0, poll_flight(pair, i));
		else
			KUNIT_ASSERT_EQ(test, 0, flight_wait(pair, i));
	}
	KUNIT_EXPECT_TRUE(test, pair_check(pair, PAIR_FLIGHTS, 0));
	KUNIT_EXPECT_GT(test, disk.nr_flushes, 0);
}

/* Each goes to a ring of its kind. */
static void a_plug_of_polled_and_others(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	struct pair *pair = swarm->pair;
	struct blk_plug plug;
	unsigned int i;
	bool polled;

	swarm_offer(swarm, FALSE_RINGS, 0, 0);
	swarm_begin(test, swarm);
	poll_works(test, pair);
	back->nr_ops = 0;
	blk_start_plug(&plug);
	/* Not neighbours, or they would be one request. */
	for (i = 0; i < PAIR_FLIGHTS; i++)
		flight_submit(pair, i, pair_bio(pair, REQ_OP_WRITE |
						(i & 1 ? REQ_POLLED : 0),
						16 * i, i, 1));
	blk_finish_plug(&plug);
	for (i = 0; i < PAIR_FLIGHTS; i++)
		KUNIT_ASSERT_EQ(test, 0, poll_flight(pair, i));
	KUNIT_ASSERT_EQ(test, PAIR_FLIGHTS, back->nr_ops);
	for (i = 0; i < PAIR_FLIGHTS; i++) {
		polled = back->log[i].sector & 16;
		KUNIT_EXPECT_EQ(test, polled,
				back->log[i].ring == back->nr_rings - 1);
	}
	false_end(pair, back);
}

static void an_error_is_polled_for(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct pair *pair = swarm->pair;
	unsigned int i;

	swarm_offer(swarm, FALSE_RINGS, 0, 0);
	swarm_begin(test, swarm);
	poll_works(test, pair);
	swarm->back.hold = true;
	for (i = 0; i < 8; i++)
		flight_start(pair, i, REQ_OP_WRITE | REQ_POLLED);
	swarm->back.nr_fail = 1;
	swarm->back.hold = false;
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, i ? 0 : -EIO, poll_flight(pair, i));
	false_end(pair, &swarm->back);
}

/* D13: though no event tells of it. */
static void D13_who_polls_sees_a_ring_that_breaks(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct pair *pair = swarm->pair;
	struct blkfront_queue *queue;

	swarm_offer(swarm, FALSE_RINGS, 0, 0);
	swarm_begin(test, swarm);
	queue = poll_queue(pair);
	poll_works(test, pair);
	xen.lose_notified = UINT_MAX;
	swarm->back.evil = BAD_ID;
	flight_start(pair, 0, REQ_OP_WRITE | REQ_POLLED);
	KUNIT_EXPECT_TRUE(test, loopback_wait((poll_once(pair->flight[0].bio),
					       READ_ONCE(queue->broken))));
	KUNIT_EXPECT_TRUE(test, loopback_wait(store_read_int(FRONT_STATE, -1) >=
					      XenbusStateClosing));
	false_end(pair, &swarm->back);
	KUNIT_EXPECT_EQ(test, -EIO, poll_flight(pair, 0));
}

/* --- nobody polls any more -------------------------------------------------------------- */

static void nobody_has_ever_polled(struct kunit *test)
{
	unsigned long since = jiffies;
	struct pair *pair = test->priv;
	unsigned int i;

	poll_start(test, pair);
	pair_fill(pair, PAIR_FLIGHTS, 60);
	for (i = 0; i < PAIR_FLIGHTS; i++)
		flight_start(pair, i, REQ_OP_WRITE | REQ_POLLED);
	flights_land(test, pair);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, since + SOON));
}

/* Polled for, on their way, and from now on nobody looks. */
static void poll_and_leave(struct kunit *test, struct pair *pair)
{
	unsigned int i;

	poll_works(test, pair);
	pair_fill(pair, PAIR_FLIGHTS, 71);
	disk.hold = true;
	for (i = 0; i < PAIR_FLIGHTS; i++)
		flight_start(pair, i, REQ_OP_WRITE | REQ_POLLED);
	KUNIT_ASSERT_TRUE(test, loopback_wait(READ_ONCE(disk.nr_held) == PAIR_FLIGHTS));
	poll_once(pair->flight[0].bio);
	KUNIT_EXPECT_TRUE(test, READ_ONCE(poll_queue(pair)->polled));
	disk.hold = false;
}

static void nobody_polls_any_more(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct blkfront_queue *queue;
	unsigned long since;

	poll_start(test, pair);
	queue = poll_queue(pair);
	poll_and_leave(test, pair);
	since = jiffies;
	disk_release();
	flights_land(test, pair);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, since + SOON));
	/* What comes late, too: the ring asks for events then. */
	poll_and_leave(test, pair);
	KUNIT_EXPECT_TRUE(test, loopback_wait(!READ_ONCE(queue->polled)));
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&queue->watch));
	since = jiffies;
	disk_release();
	flights_land(test, pair);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, since + SOON));
	poll_works(test, pair);
}

static void the_event_is_lost_as_well(struct kunit *test)
{
	struct pair *pair = test->priv;

	blkfront_io_deadline_sec = 1;
	poll_start(test, pair);
	poll_and_leave(test, pair);
	KUNIT_EXPECT_TRUE(test, loopback_wait(!READ_ONCE(poll_queue(pair)->polled)));
	xen.lose_notified = UINT_MAX;
	disk_release();
	flights_land(test, pair);
	xen.lose_notified = 0;
	poll_works(test, pair);
}

static void poll_release_work(struct work_struct *work)
{
	disk_release();
}

static void ST11_suspend_while_nobody_polls(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct delayed_work work;
	unsigned long since;

	poll_start(test, pair);
	poll_and_leave(test, pair);
	INIT_DELAYED_WORK_ONSTACK(&work, poll_release_work);
	schedule_delayed_work(&work, HZ / 5);
	since = jiffies;
	store_suspend_device(pair->front);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, since + SOON));
	loopback_thaw();
	destroy_delayed_work_on_stack(&work);
	flights_land(test, pair);
	poll_works(test, pair);
}

/* --- backends come and go ---------------------------------------------------------------- */

static void a_backend_of_one_ring(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct pair *pair = swarm->pair;

	swarm_offer(swarm, 1, 0, 0);
	swarm_begin(test, swarm);
	KUNIT_EXPECT_EQ(test, 1, swarm->back.nr_rings);
	KUNIT_EXPECT_EQ(test, 1, pair_front(pair)->tag_set.nr_maps);
	KUNIT_EXPECT_FALSE(test, bdev_get_queue(pair->bdev)->limits.features &
			   BLK_FEAT_POLL);
	pair_works(test, pair, 0);
	/* Nor has the disk any later, as the block layer knows of none. */
	false_end(pair, &swarm->back);
	swarm_offer(swarm, FALSE_RINGS, 0, 0);
	false_again(test, pair, &swarm->back);
	pair_works(test, pair, 0);
	KUNIT_EXPECT_EQ(test, 1, swarm->back.nr_rings);
	false_end(pair, &swarm->back);
}

/* What was sent to a ring that was polled is sent again, and what comes is sent, to another. */
static void a_backend_with_fewer_rings(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	struct pair *pair = swarm->pair;
	unsigned int i, round;

	swarm_offer(swarm, FALSE_RINGS, 0, 0);
	swarm_begin(test, swarm);
	KUNIT_EXPECT_EQ(test, min(num_online_cpus() + 1, FALSE_RINGS),
			back->nr_rings);
	poll_works(test, pair);
	for (round = 0; round < 4; round++) {
		pair_fill(pair, PAIR_FLIGHTS, 80 + round);
		back->hold = true;
		for (i = 0; i < PAIR_FLIGHTS; i++)
			flight_start(pair, i, REQ_OP_WRITE | REQ_POLLED);
		poll_once(pair->flight[0].bio);
		false_end(pair, back);
		swarm_offer(swarm, round & 1 ? FALSE_RINGS : 1 + round / 2, 0, 0);
		back->hold = false;
		false_again(test, pair, back);
		/* With somebody who polls, and without. */
		for (i = 0; round < 2 && i < PAIR_FLIGHTS; i++)
			poll_until(&pair->flight[i].done, pair->flight[i].bio);
		flights_land(test, pair);
		KUNIT_EXPECT_EQ(test, round != 0,
				pair_front(pair)->layout.poll_rings);
		poll_works(test, pair);
		pair_works(test, pair, 0);
	}
	false_end(pair, back);
}

struct poller {
	struct swarm *swarm;
	struct task_struct *task;
	unsigned int index;
	unsigned int nr_rounds;
	struct completion done;
	blk_status_t status;
};

static void poller_end(struct bio *bio)
{
	struct poller *poller = bio->bi_private;

	poller->status = bio->bi_status;
	complete(&poller->done);
}

static int poller_io(struct poller *poller, enum req_op op)
{
	unsigned int first = 8 * poller->index;
	struct bio *bio = swarm_bio(poller->swarm, op | REQ_POLLED, 64 * poller->index,
				    first, 8);

	init_completion(&poller->done);
	bio->bi_private = poller;
	bio->bi_end_io = poller_end;
	submit_bio(bio);
	while (!completion_done(&poller->done)) {
		poll_once(bio);
		cond_resched();
	}
	bio_put(bio);
	return blk_status_to_errno(poller->status);
}

/* All on one ring. */
static int poller_thread(void *data)
{
	struct poller *poller = data;
	unsigned int first = 8 * poller->index, i;
	int err = 0;

	while (!err && !kthread_should_stop()) {
		u32 value = poller->nr_rounds * 16 + poller->index;

		for (i = 0; i < 8; i++)
			memset32(page_address(poller->swarm->page[first + i]),
				 value + i, PAGE_SIZE / 4);
		err = poller_io(poller, REQ_OP_WRITE);
		for (i = 0; i < 8; i++)
			clear_page(page_address(poller->swarm->page[first + i]));
		if (!err)
			err = poller_io(poller, REQ_OP_READ);
		for (i = 0; !err && i < 8; i++)
			if (*(u32 *)page_address(poller->swarm->page[first + i]) !=
			    value + i)
				err = -EBADMSG;
		poller->nr_rounds++;
	}
	if (err)
		xen_wrong("poller %u: %d", poller->index, err);
	while (!kthread_should_stop())
		msleep(20);
	return 0;
}

/* Several pollers of one ring, of a backend that is now and then another one. */
static void several_poll_while_backends_differ(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	static struct poller poller[3];
	unsigned int i, round;

	swarm_offer(swarm, FALSE_RINGS, 1, 32);
	swarm_begin(test, swarm);
	for (i = 0; i < ARRAY_SIZE(poller); i++) {
		poller[i] = (struct poller){ .swarm = swarm, .index = i };
		poller[i].task = kthread_run(poller_thread, &poller[i],
					     "loopback-poll%u", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(poller[i].task));
	}
	for (round = 0; round < 6; round++) {
		usleep_range(50000, 100000);
		back->hold = round & 1;
		usleep_range(1000, 2000);
		false_end(swarm->pair, back);
		back->hold = false;
		swarm_offer(swarm, 1 + round % FALSE_RINGS, round % 3,
			    round & 2 ? 32 : 0);
		false_again(test, swarm->pair, back);
	}
	usleep_range(100000, 200000);
	for (i = 0; i < ARRAY_SIZE(poller); i++) {
		kthread_stop(poller[i].task);
		KUNIT_EXPECT_GT(test, poller[i].nr_rounds, 0);
	}
	false_end(swarm->pair, back);
}

static struct kunit_case pair_poll_cases[] = {
	KUNIT_CASE(who_polls_needs_no_event),
	KUNIT_CASE(who_polls_wants_no_event),
	KUNIT_CASE(durable_writes_are_polled_for),
	KUNIT_CASE(a_plug_of_polled_and_others),
	KUNIT_CASE(an_error_is_polled_for),
	KUNIT_CASE(D13_who_polls_sees_a_ring_that_breaks),
	KUNIT_CASE(nobody_has_ever_polled),
	KUNIT_CASE(nobody_polls_any_more),
	KUNIT_CASE_SLOW(the_event_is_lost_as_well),
	KUNIT_CASE(ST11_suspend_while_nobody_polls),
	KUNIT_CASE_SLOW(a_backend_of_one_ring),
	KUNIT_CASE_SLOW(a_backend_with_fewer_rings),
	KUNIT_CASE_SLOW(several_poll_while_backends_differ),
	{}
};

struct kunit_suite pair_poll_suite = {
	.name = "loopback_pair_poll",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = poll_init,
	.exit = poll_exit,
	.test_cases = pair_poll_cases,
};
