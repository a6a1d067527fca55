// SPDX-License-Identifier: GPL-2.0
/* What takes longer than io_deadline_sec. */
#include "back.h"
#include "../../../blkback/blkback.h"

#define DEADLINE_SEC	1

/* What is said of hold_three(). */
/* What is said of hold_three(), of which one or two may be younger by a tick. */
#define STUCK \
	" request(s) of ring 0 for more than 1 seconds; the oldest, operation 1 at sector 320,"

static int deadline_init(struct kunit *test)
{
	blkback_io_deadline_sec = DEADLINE_SEC;
	return back_init(test);
}

static void deadline_exit(struct kunit *test)
{
	log_watch(NULL);
	back_exit(test);
	blkback_log_level = LOGLEVEL_INFO;
	blkback_io_deadline_sec = 30;
}

static bool timer_is_armed(struct bench *bench)
{
	struct blkback_dev *dev = dev_get_drvdata(&bench->back->dev);

	return delayed_work_pending(&dev->queue[0]->deadline.look);
}

/* One that nobody notifies the backend of. */
static void put_unnoticed(struct peer *peer, const struct peer_slot *slot)
{
	peer_put(peer, slot);
	virt_wmb();	/* the slot before the index that announces it */
	WRITE_ONCE(peer->sring->req_prod, peer->req_prod);
}

static void lost_event_is_made_up_for(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_WRITE, 1, 0, 1, 0);
	unsigned int i, nr;

	back_connect(test, bench);
	back_works(test, peer, 0);
	log_watch("has not looked at the answers on ring 0");
	/* Each as soon as the first, whatever was lost before. */
	for (i = 0; i < 3; i++) {
		nr = peer->nr_answers;
		xen.nr_notified = 0;
		xen.lose_notified = 1;
		peer_put(peer, &slot);
		peer_push(peer);
		KUNIT_EXPECT_TRUE(test, loopback_wait(xen.nr_notified == 1));
		KUNIT_EXPECT_EQ(test, nr, peer->nr_answers);
		/* It sleeps until it is told. */
		KUNIT_EXPECT_TRUE(test, wait_event_timeout(peer->wait,
							   xen.nr_notified == 2,
							   DEADLINE_SEC *
							   7 * HZ / 4));
		KUNIT_EXPECT_TRUE(test, peer_wait(peer, nr + 1));
		KUNIT_EXPECT_EQ(test, i + 1, log_count());
	}
	back_works(test, peer, 0);
}

/* One that stays away is notified more and more seldom, and told of once. */
static void a_frontend_that_does_not_look(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_WRITE, 1, 0, 1, 0);
	unsigned int nr;

	back_connect(test, bench);
	back_works(test, peer, 0);
	nr = peer->nr_answers;
	xen.nr_notified = 0;
	xen.lose_notified = 1000;
	log_watch("has not looked at the answers");
	peer_put(peer, &slot);
	peer_push(peer);
	/* At once, after one second, and two more. */
	msleep(5 * MSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, 3, xen.nr_notified);
	KUNIT_EXPECT_EQ(test, 1, log_count());
	xen.lose_notified = 0;
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, nr + 1));
	back_works(test, peer, 0);
}

/* The last one of a burst: later ones would not have been announced, either. */
static void lost_event_of_a_request(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_WRITE, 1, 0, 1, 0);
	unsigned long since;
	unsigned int nr, early;

	back_connect(test, bench);
	since = jiffies;
	back_works(test, peer, 0);
	nr = peer->nr_answers;
	put_unnoticed(peer, &slot);
	loopback_settle();
	early = peer_collect(peer);
	if (time_before(jiffies, since + DEADLINE_SEC * HZ))
		KUNIT_EXPECT_EQ(test, 0, early);
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, nr + 1));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer->status[1]);
}

/* Nothing wakes anybody for a ring on which nothing is late. */
static void an_idle_ring_has_no_timer(struct kunit *test)
{
	struct bench *bench = test->priv;

	back_connect(test, bench);
	back_works(test, bench->peer, 0);
	KUNIT_EXPECT_TRUE(test, timer_is_armed(bench));
	KUNIT_EXPECT_TRUE(test, loopback_wait(!timer_is_armed(bench)));
	msleep((2 * DEADLINE_SEC + 1) * MSEC_PER_SEC);
	KUNIT_EXPECT_FALSE(test, timer_is_armed(bench));
	xen.nr_notified = 0;
	msleep((DEADLINE_SEC + 1) * MSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_notified);
	KUNIT_EXPECT_FALSE(test, timer_is_armed(bench));
	back_works(test, bench->peer, 0);
	KUNIT_EXPECT_TRUE(test, timer_is_armed(bench));
}

static void no_deadline_no_timer(struct kunit *test)
{
	struct bench *bench = test->priv;

	blkback_io_deadline_sec = 0;
	back_connect(test, bench);
	back_works(test, bench->peer, 0);
	KUNIT_EXPECT_FALSE(test, timer_is_armed(bench));
}

static void hold_three(struct kunit *test, struct peer *peer)
{
	struct peer_slot slot;
	unsigned int i;

	disk.hold = true;
	for (i = 0; i < 3; i++) {
		slot = peer_request(peer, i ? BLKIF_OP_READ : BLKIF_OP_WRITE,
				    i, 320 + 8 * i, 1, i);
		peer_put(peer, &slot);
	}
	peer_push(peer);
	back_wait_held(test, 3);
}

static void stuck_request_is_reported(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int nr;

	back_connect(test, bench);
	back_works(test, peer, 0);
	nr = peer->nr_answers;
	log_watch(STUCK);
	hold_three(test, peer);
	/* After one second, two more, and four more. */
	msleep(2 * MSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, 1, log_count());
	msleep(3 * MSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, 2, log_count());
	/* Nothing else was done to them. */
	KUNIT_EXPECT_EQ(test, 0, peer_collect(peer));
	KUNIT_EXPECT_EQ(test, 3, disk.nr_held);
	disk_release();
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, nr + 3));
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	msleep(2 * MSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, 2, log_count());
	/* The next time, after one second again. */
	hold_three(test, peer);
	msleep(2 * MSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, 3, log_count());
}

/* The first word of it has what a maintainer would ask for. */
static void R26_the_report_says_where_each_is(struct kunit *test)
{
	struct bench *bench = test->priv;

	back_connect(test, bench);
	log_watch("now in stage device");
	hold_three(test, bench->peer);
	KUNIT_EXPECT_TRUE(test, loopback_wait(log_count() == 3));
	log_watch("ring 0: 32 slots, 3 requests put, 3 taken, 0 answered");
	msleep(3 * MSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, 1, log_count());
	disk_release();
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->peer, 3));
}

/* Of all rings, and all disks, however many requests of one are late. */
static void H2_no_report_drowns_another(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	back_add_second(bench);
	back_widen(bench, MAX_RINGS, 1);
	back_connect_wide(test, bench);
	back_connect_second(test, bench);
	log_watch("request(s) of ring");
	disk.hold = true;
	for (i = 0; i < MAX_RINGS; i++)
		back_put_many(bench->wide[i], BLKIF_OP_WRITE, 3, 1);
	back_put_many(bench->second, BLKIF_OP_WRITE, 3, 1);
	back_wait_held(test, 3 * MAX_RINGS + 3);
	msleep(2 * MSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, MAX_RINGS + 1, log_count());
	disk_release();
	for (i = 0; i < MAX_RINGS; i++)
		KUNIT_EXPECT_TRUE(test, peer_wait(bench->wide[i], 3));
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->second, 3));
}

static void R21_what_is_not_wanted_is_not_said(struct kunit *test)
{
	struct bench *bench = test->priv;

	back_connect(test, bench);
	blkback_log_level = LOGLEVEL_ERR;
	log_watch("in stage device");
	hold_three(test, bench->peer);
	msleep(2 * MSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, 0, log_count());
	blkback_log_level = LOGLEVEL_WARNING;
	KUNIT_EXPECT_TRUE(test, loopback_wait(log_count() == 3));
	disk_release();
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->peer, 3));
}

/* What takes long as it is much is not stuck. */
static void a_discard_that_gets_on_is_not_stuck(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = {
		.op = BLKIF_OP_DISCARD, .id = 6, .nr_sectors = DISK_SECTORS,
	};
	unsigned int i;

	back_connect(test, bench);
	log_watch("has not finished");
	disk.hold_discards = true;
	peer_put(peer, &slot);
	peer_push(peer);
	for (i = 0; i < 12; i++) {
		msleep(MSEC_PER_SEC / 4);
		disk_release_first(1);
	}
	KUNIT_EXPECT_EQ(test, 0, peer_collect(peer));
	KUNIT_EXPECT_EQ(test, 0, log_count());
	msleep(2 * MSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, 1, log_count());
	disk_release();
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, 1));
}

static struct kunit_case back_deadline_cases[] = {
	KUNIT_CASE_SLOW(lost_event_is_made_up_for),
	KUNIT_CASE_SLOW(a_frontend_that_does_not_look),
	KUNIT_CASE(lost_event_of_a_request),
	KUNIT_CASE_SLOW(an_idle_ring_has_no_timer),
	KUNIT_CASE(no_deadline_no_timer),
	KUNIT_CASE_SLOW(stuck_request_is_reported),
	KUNIT_CASE_SLOW(R26_the_report_says_where_each_is),
	KUNIT_CASE_SLOW(H2_no_report_drowns_another),
	KUNIT_CASE_SLOW(R21_what_is_not_wanted_is_not_said),
	KUNIT_CASE_SLOW(a_discard_that_gets_on_is_not_stuck),
	{}
};

struct kunit_suite back_deadline_suite = {
	.name = "loopback_back_deadline",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = deadline_init,
	.exit = deadline_exit,
	.test_cases = back_deadline_cases,
};
