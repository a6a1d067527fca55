// SPDX-License-Identifier: GPL-2.0
/* What takes longer than the guest's io_deadline_sec.  The host's is off. */
#include "swarm.h"
#include "../../../blkback/blkback.h"

#define DEADLINE_SEC	1
/* The block layer's timers are late by up to a second. */
#define LOOK_MS		((2 * DEADLINE_SEC + 1) * MSEC_PER_SEC)

/* What is said of hold_three(). */
#define STUCK \
	"0 not taken by the backend, 3 taken and not answered, 0 answered with a page still mapped; the oldest, WRITE at sector 16,"

static int deadline_init(struct kunit *test)
{
	blkback_io_deadline_sec = 0;
	blkfront_io_deadline_sec = DEADLINE_SEC;
	return pair_init(test);
}

static void deadline_exit(struct kunit *test)
{
	log_watch(NULL);
	pair_exit(test);
	blkback_io_deadline_sec = 30;
	blkfront_io_deadline_sec = 30;
}

static struct blkfront_disk *deadline_front(struct pair *pair)
{
	return dev_get_drvdata(&pair->front->dev);
}

static void no_event_of_the_backend_arrives(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	pair_start(test, pair);
	pair_works(test, pair, 0);
	log_watch("as if an event of the backend had been lost");
	xen.lose_notified = UINT_MAX;
	pair_fill(pair, PAIR_FLIGHTS, 9);
	for (i = 0; i < 3; i++)
		KUNIT_ASSERT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE, 8 * i, 1));
	KUNIT_EXPECT_GE(test, log_count(), 2);
	flights_start(pair, 0, PAIR_FLIGHTS);
	flights_land(test, pair);
	xen.lose_notified = 0;
	pair_works(test, pair, 0);
}

static void some_events_of_the_backend_are_lost(struct kunit *test)
{
	unsigned int i, nr_late = 0;
	struct pair *pair = test->priv;
	unsigned long since;

	pair_start(test, pair);
	pair_fill(pair, PAIR_FLIGHTS, 8);
	log_watch("as if an event of the backend had been lost");
	xen.lose_every = 5;
	/* Not each that is lost is missed: its answer may have been seen already. */
	for (i = 0; i < 60 && log_count() < 3; i++) {
		since = jiffies;
		KUNIT_ASSERT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE, 8 * i, 1));
		nr_late += time_after_eq(jiffies, since + DEADLINE_SEC * HZ);
	}
	KUNIT_EXPECT_GE(test, log_count(), 3);
	/* Nothing is said of one that was in time. */
	KUNIT_EXPECT_LE(test, log_count(), nr_late);
	flights_start(pair, 0, PAIR_FLIGHTS);
	flights_land(test, pair);
	xen.lose_every = 0;
	pair_works(test, pair, 0);
}

/* The backend does not know of the request until it is told once more. */
static void the_event_of_a_request_is_lost(struct kunit *test)
{
	struct pair *pair = test->priv;

	pair_start(test, pair);
	pair_works(test, pair, 0);
	/* Both have looked at their rings for the last time. */
	loopback_settle();
	msleep(200);
	log_watch("1 not taken by the backend, 0 taken and not answered");
	xen.lose_kicks = 1;
	KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE, 0, 1));
	KUNIT_EXPECT_EQ(test, 0, xen.lose_kicks);
	KUNIT_EXPECT_EQ(test, 1, log_count());
	pair_works(test, pair, 0);
}

static void hold_three(struct kunit *test, struct pair *pair)
{
	unsigned int i;

	disk.hold = true;
	for (i = 2; i < 5; i++)
		flight_start(pair, i, REQ_OP_WRITE);
	KUNIT_ASSERT_TRUE(test, loopback_wait(disk.nr_held == 3));
	disk.hold = false;
}

static void stuck_requests_are_reported_and_waited_for(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	pair_start(test, pair);
	pair_works(test, pair, 0);
	log_watch(STUCK);
	pair_fill(pair, PAIR_FLIGHTS, 77);
	hold_three(test, pair);
	msleep(LOOK_MS);
	KUNIT_EXPECT_EQ(test, 1, log_count());
	/* Nothing else is held up. */
	KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE, 2048, 8));
	KUNIT_EXPECT_TRUE(test, pair_check(pair, 8, 2048));
	/* After two seconds more, and then after four. */
	msleep(6 * MSEC_PER_SEC);
	KUNIT_EXPECT_GE(test, log_count(), 2);
	KUNIT_EXPECT_LE(test, log_count(), 3);
	for (i = 2; i < 5; i++)
		KUNIT_EXPECT_FALSE(test,
				   completion_done(&pair->flight[i].done));
	disk_release();
	for (i = 2; i < 5; i++)
		KUNIT_EXPECT_EQ(test, 0, flight_wait(pair, i));
	/* The next ones as soon as the first. */
	log_watch("3 request(s) not finished for more than 1 seconds");
	hold_three(test, pair);
	msleep(LOOK_MS);
	KUNIT_EXPECT_EQ(test, 1, log_count());
	disk_release();
	for (i = 2; i < 5; i++)
		KUNIT_EXPECT_EQ(test, 0, flight_wait(pair, i));
	pair_works(test, pair, 0);
}

/* The block layer watches a request until its first piece was answered. */
static void an_event_between_pieces_is_lost(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;

	swarm_begin_in_pieces(test, swarm, 3);
	log_watch("1 late request(s) had been answered");
	/* The third's was heard: it has asked for the fourth's, and gone to sleep. */
	KUNIT_EXPECT_TRUE(test, loopback_wait(READ_ONCE(back->ring[0].sring->rsp_event) == 4));
	/* And the third's event is sent, whoever had looked before it was. */
	KUNIT_EXPECT_TRUE(test, loopback_wait(wq_has_sleeper(&back->wait)));
	synchronize_rcu();
	xen.lose_notified = 1;
	back->nr_take = 1;
	KUNIT_EXPECT_TRUE(test, loopback_wait(READ_ONCE(back->nr_ops) == 4));
	back->hold = false;
	swarm_lands(test, swarm);
	KUNIT_EXPECT_EQ(test, 1, log_count());
	false_end(swarm->pair, back);
}

static void D15_a_page_that_is_kept_is_reported(struct kunit *test)
{
	struct false_back *back = kunit_kzalloc(test, sizeof(*back), GFP_KERNEL);
	struct pair *pair = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, back);
	false_begin(test, pair, back);
	pair_open(test, pair);
	KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_READ, 0, 3));
	log_watch("1 answered with a page still mapped; the oldest, WRITE at sector 0,");
	back->evil = KEEP_PAGE;
	flight_start(pair, 0, REQ_OP_WRITE);
	KUNIT_EXPECT_TRUE(test, loopback_wait(log_count()));
	xen_keep_mapped(false);
	false_end(pair, back);
	KUNIT_EXPECT_EQ(test, -EIO, flight_wait(pair, 0));
}

/* How long it is away is said elsewhere. */
static void a_lost_disk_is_not_late(struct kunit *test)
{
	struct false_back *back = kunit_kzalloc(test, sizeof(*back), GFP_KERNEL);
	struct pair *pair = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, back);
	false_begin(test, pair, back);
	pair_open(test, pair);
	pair_fill(pair, PAIR_FLIGHTS, 40);
	back->hold = true;
	flights_start(pair, 0, PAIR_FLIGHTS);
	false_end(pair, back);
	log_watch("not finished for more than");
	msleep(LOOK_MS);
	KUNIT_EXPECT_EQ(test, 0, log_count());
	back->hold = false;
	false_again(test, pair, back);
	flights_land(test, pair);
	KUNIT_EXPECT_EQ(test, 0, log_count());
	false_end(pair, back);
}

/* Rings are exchanged and requests sent again while timers go off. */
static void late_ones_while_the_backend_comes_and_goes(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	unsigned int round;

	swarm_offer(swarm, 4, 2, 64);
	swarm_begin(test, swarm);
	for (round = 0; round < 4; round++) {
		back->hold = true;
		swarm_fly_on(swarm, round % num_online_cpus(), 30 * round, 30);
		msleep(1500 + 400 * round);
		back->nr_take = 10;
		false_end(swarm->pair, back);
		swarm_offer(swarm, 1 + round % 3, 2, 64);
		back->hold = round & 1;
		false_again(test, swarm->pair, back);
	}
	back->hold = false;
	swarm_lands(test, swarm);
	KUNIT_EXPECT_TRUE(test, swarm_arrived(swarm, 0, 120));
	false_end(swarm->pair, back);
}

static void no_deadline_nothing_is_late(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	blkfront_io_deadline_sec = 0;
	pair_start(test, pair);
	log_watch("not finished for more than");
	hold_three(test, pair);
	msleep(LOOK_MS);
	KUNIT_EXPECT_EQ(test, 0, log_count());
	disk_release();
	for (i = 2; i < 5; i++)
		KUNIT_EXPECT_EQ(test, 0, flight_wait(pair, i));
}

static void nothing_is_queued_for_a_disk_in_time(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct blkfront_disk *front;
	unsigned int i;

	pair_start(test, pair);
	pair_works(test, pair, 0);
	front = deadline_front(pair);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&front->deadline.look));
	hold_three(test, pair);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&front->deadline.look));
	/* Nor for one that the block layer's timer finds late. */
	msleep(LOOK_MS);
	KUNIT_EXPECT_NE(test, 0, front->deadline.word);
	disk_release();
	for (i = 2; i < 5; i++)
		KUNIT_EXPECT_EQ(test, 0, flight_wait(pair, i));
	msleep(MSEC_PER_SEC / 2);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&front->deadline.look));
}

static struct kunit_case pair_deadline_cases[] = {
	KUNIT_CASE_SLOW(no_event_of_the_backend_arrives),
	KUNIT_CASE_SLOW(some_events_of_the_backend_are_lost),
	KUNIT_CASE_SLOW(the_event_of_a_request_is_lost),
	KUNIT_CASE_SLOW(stuck_requests_are_reported_and_waited_for),
	KUNIT_CASE_SLOW(an_event_between_pieces_is_lost),
	KUNIT_CASE_SLOW(D15_a_page_that_is_kept_is_reported),
	KUNIT_CASE_SLOW(a_lost_disk_is_not_late),
	KUNIT_CASE_SLOW(late_ones_while_the_backend_comes_and_goes),
	KUNIT_CASE_SLOW(no_deadline_nothing_is_late),
	KUNIT_CASE_SLOW(nothing_is_queued_for_a_disk_in_time),
	{}
};

struct kunit_suite pair_deadline_suite = {
	.name = "loopback_pair_deadline",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = deadline_init,
	.exit = deadline_exit,
	.test_cases = pair_deadline_cases,
};
