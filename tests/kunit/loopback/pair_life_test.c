// SPDX-License-Identifier: GPL-2.0
/* A disk's life: it comes, loses its backend, is suspended, and goes. */
#include <linux/kthread.h>

#include "pair.h"
#include "../../../blkfront/blkfront.h"

static void ST8_the_disk_has_another_size(struct kunit *test)
{
	unsigned long until = jiffies + msecs_to_jiffies(PATIENCE_MS);
	struct pair *pair = test->priv;

	pair_start(test, pair);
	disk_resize(4096);
	while (bdev_nr_sectors(pair->bdev) != 4096 && time_before(jiffies, until))
		loopback_tick();
	KUNIT_EXPECT_EQ(test, 4096, bdev_nr_sectors(pair->bdev));
	pair_works(test, pair, 0);
}

static void detach_and_attach(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		pair_start(test, pair);
		pair_works(test, pair, 8 * i);
		pair_close(pair);
		pair_detach();
		KUNIT_ASSERT_TRUE(test, store_wait_int(BACK_STATE,
						       XenbusStateClosed,
						       PATIENCE_MS));
		KUNIT_EXPECT_EQ(test, XenbusStateClosed,
				store_read_int(FRONT_STATE, -1));
		pair_remove(&pair->back);
		pair_remove(&pair->front);
		loopback_settle();
		store_reset();
	}
}

/* ST9: who has it open keeps it until he closes it. */
static void ST9_detach_while_open(struct kunit *test)
{
	struct pair *pair = test->priv;

	pair_start(test, pair);
	pair_detach();
	msleep(200);
	pair_works(test, pair, 0);
	KUNIT_EXPECT_EQ(test, XenbusStateConnected,
			store_read_int(FRONT_STATE, -1));
	pair_close(pair);
	KUNIT_EXPECT_TRUE(test, store_wait_int(BACK_STATE, XenbusStateClosed,
					       PATIENCE_MS));
}

/* XenStore lets a guest have few transactions at once: what it refuses is tried again. */
static void ST9_a_state_that_cannot_be_written(struct kunit *test)
{
	struct pair *pair = test->priv;

	pair_start(test, pair);
	pair_detach();
	loopback_settle();
	store.fail_transaction = 1;
	pair_close(pair);
	KUNIT_EXPECT_TRUE(test, store_wait_int(BACK_STATE, XenbusStateClosed,
					       PATIENCE_MS));
	KUNIT_EXPECT_EQ(test, XenbusStateClosed,
			store_read_int(FRONT_STATE, -1));
	KUNIT_EXPECT_EQ(test, 0, store.fail_transaction);
}

/* Nor is there a ring whose end would have somebody try again. */
static void ST9_Closed_cannot_be_written_for_what_never_was(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int nth;

	for (nth = 1; nth <= 3; nth++) {
		pair_nodes();
		store_remove(BACK_NODE "/physical-device");
		pair->back = store_add_device(true, BACK_NODE);
		pair->front = store_add_device(false, FRONT_NODE);
		KUNIT_EXPECT_TRUE(test, store_wait_int(FRONT_STATE,
						       XenbusStateInitialised,
						       PATIENCE_MS));
		loopback_settle();
		store.fail_transaction = nth;
		pair_detach();
		KUNIT_EXPECT_TRUE(test, store_wait_int(FRONT_STATE,
						       XenbusStateClosed,
						       PATIENCE_MS));
		store.fail_transaction = 0;
		pair_remove(&pair->back);
		pair_remove(&pair->front);
		loopback_settle();
		store_reset();
	}
}

/* The backend's module is loaded anew under load. */
static void RN8_backend_bound_again_under_load(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int round;

	pair_start(test, pair);
	for (round = 0; round < 5; round++) {
		pair_fill(pair, PAIR_FLIGHTS, round);
		disk.hold = true;
		flights_start(pair, 0, 8);
		pair_remove(&pair->back);
		flights_start(pair, 8, PAIR_FLIGHTS);
		disk_release();
		pair->back = store_add_device(true, BACK_NODE);
		flights_land(test, pair);
	}
	pair_works(test, pair, 0);
}

/* The backend says Closing and Closed, and comes back: no one sees an error. */
static void backend_leaves_and_comes_back(struct kunit *test)
{
	struct pair *pair = test->priv;

	pair_start(test, pair);
	pair_fill(pair, PAIR_FLIGHTS, 40);
	disk.hold = true;
	flights_start(pair, 0, 4);
	pair_remove(&pair->back);
	disk_release();
	loopback_settle();
	store_write(BACK_STATE, "%d", XenbusStateClosed);
	flights_start(pair, 4, PAIR_FLIGHTS);
	KUNIT_EXPECT_TRUE(test, store_wait_int(FRONT_STATE,
					       XenbusStateInitialising,
					       PATIENCE_MS));
	store_write(BACK_STATE, "%d", XenbusStateInitialising);
	pair->back = store_add_device(true, BACK_NODE);
	flights_land(test, pair);
	pair_works(test, pair, 0);
}

/* ST11: the domain goes on elsewhere; what was in flight is sent again. */
static void ST11_suspend_and_resume(struct kunit *test)
{
	struct pair *pair = test->priv;

	pair_start(test, pair);
	pair_works(test, pair, 0);
	/* Nothing in flight: nothing is waited for, and nothing is stopped. */
	store_suspend_device(pair->front);
	loopback_thaw();
	pair_works(test, pair, 0);

	/* A backend that does not answer any more. */
	pair_remove(&pair->back);
	loopback_settle();
	pair_fill(pair, PAIR_FLIGHTS, 50);
	flights_start(pair, 0, PAIR_FLIGHTS);
	pair_suspend_in_vain(pair);
	store_reset();
	pair_nodes();
	pair->back = store_add_device(true, BACK_NODE);
	store_resume_device(pair->front);
	flights_land(test, pair);
	pair_works(test, pair, 0);
}

/*
 * ST11: on its new host nobody knows the disk's backend yet, and so nobody calls
 * resume().  The answers on the ring were saved, but maybe not what was read.
 */
static void ST11_nobody_resumes(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i, nr_ops;

	pair_start(test, pair);
	pair_fill(pair, PAIR_FLIGHTS, 50);
	disk.hold = true;
	flights_start(pair, 0, PAIR_FLIGHTS);
	KUNIT_ASSERT_TRUE(test, loopback_wait(disk.nr_held == PAIR_FLIGHTS));
	pair_suspend_in_vain(pair);
	xen.lose_notified = PAIR_FLIGHTS;
	disk_release();
	pair_remove(&pair->back);
	loopback_settle();
	xen.lose_notified = 0;
	nr_ops = disk.nr_ops;
	store_reset();
	store_resume_device(pair->front);
	msleep(500);
	for (i = 0; i < PAIR_FLIGHTS; i++)
		KUNIT_EXPECT_FALSE(test,
				   completion_done(&pair->flight[i].done));
	/* It is attached there in the end: for xenbus that is another device. */
	store.expect_anew = true;
	pair_nodes();
	KUNIT_ASSERT_TRUE(test, loopback_wait(READ_ONCE(store.nr_anew) == 1));
	store.expect_anew = false;
	pair_remove(&pair->front);
	pair->back = store_add_device(true, BACK_NODE);
	pair->front = store_add_device(false, FRONT_NODE);
	flights_land(test, pair);
	KUNIT_EXPECT_EQ(test, nr_ops + PAIR_FLIGHTS, disk.nr_ops);
	pair_works(test, pair, 0);
}

/* ST10: its backend died, and the toolstack made the disk anew without a word. */
static void ST10_made_anew_by_the_toolstack(struct kunit *test)
{
	struct pair *pair = test->priv;

	pair_start(test, pair);
	pair_works(test, pair, 0);
	pair_remove(&pair->back);
	loopback_settle();
	flight_start(pair, 0, REQ_OP_WRITE);
	store.expect_anew = true;
	blkfront_reconnect_timeout_sec = 0;
	pair_nodes();
	KUNIT_ASSERT_TRUE(test, loopback_wait(READ_ONCE(store.nr_anew) == 1));
	blkfront_reconnect_timeout_sec = 60;
	/* The former device's I/O ends, and it says nothing for the new one. */
	KUNIT_EXPECT_EQ(test, -EIO, flight_wait(pair, 0));
	loopback_settle();
	KUNIT_EXPECT_EQ(test, XenbusStateInitialising, store_read_int(FRONT_STATE, -1));
	store.expect_anew = false;
	pair_remove(&pair->front);
	pair_close(pair);
	pair->back = store_add_device(true, BACK_NODE);
	pair->front = store_add_device(false, FRONT_NODE);
	pair_open(test, pair);
	pair_works(test, pair, 0);
}

/* ST10: who goes back to Initialising by himself is not taken for a new one. */
static void ST10_beginning_again_is_no_new_device(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	pair_start(test, pair);
	for (i = 0; i < 5; i++) {
		pair_remove(&pair->back);
		store_write(BACK_STATE, "%d", XenbusStateClosed);
		KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
						       XenbusStateInitialising,
						       PATIENCE_MS));
		store_drain_events();
		pair->back = store_add_device(true, BACK_NODE);
		pair_works(test, pair, 0);
	}
}

/* ST12: the toolstack waits 10 seconds, our patience is less. */
static void ST12_Closed_in_time(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int stubborn;

	/* Even when nobody lets go of the pages. */
	for (stubborn = 0; stubborn < 2; stubborn++) {
		pair_start(test, pair);
		pair_works(test, pair, 0);
		pair_close(pair);
		xen_keep_mapped(stubborn);
		pair_detach();
		KUNIT_ASSERT_TRUE(test, store_wait_int(BACK_STATE,
						       XenbusStateClosed,
						       PATIENCE_MS));
		xen_keep_mapped(false);
		pair_remove(&pair->back);
		pair_remove(&pair->front);
		loopback_settle();
		store_reset();
	}
}

/* Reads and writes of many at once, while the backend comes and goes. */
static int load(void *data)
{
	struct pair *pair = data;
	unsigned int i;

	for (i = 0; !kthread_should_stop(); i++) {
		/* Each page has a place of its own, and a pattern of its own. */
		unsigned int n = 16 + i % 32;
		struct bio *bio;
		int err;

		memset(page_address(pair->page[n]), i, PAGE_SIZE);
		bio = pair_bio(pair, REQ_OP_WRITE, 8 * n, n, 1);
		err = submit_bio_wait(bio);
		bio_put(bio);
		memset(page_address(pair->page[n]), ~i, PAGE_SIZE);
		if (!err) {
			bio = pair_bio(pair, REQ_OP_READ, 8 * n, n, 1);
			err = submit_bio_wait(bio);
			bio_put(bio);
		}
		if (!err && memchr_inv(page_address(pair->page[n]), i & 255,
				       PAGE_SIZE))
			err = -EBADMSG;
		if (err)
			xen_wrong("request %u: %d", i, err);
		cond_resched();
	}
	return 0;
}

static void no_error_under_load_while_the_backend_comes_and_goes(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct task_struct *task;
	unsigned int round;

	pair_start(test, pair);
	task = kthread_run(load, pair, "loopback-load");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	for (round = 0; round < 20; round++) {
		usleep_range(20000, 30000);
		pair_remove(&pair->back);
		if (round % 2)
			loopback_settle();
		pair->back = store_add_device(true, BACK_NODE);
		disk_resize(round % 2 ? DISK_SECTORS : DISK_SECTORS / 2);
	}
	usleep_range(100000, 200000);
	kthread_stop(task);
	pair_works(test, pair, 0);
}

/* As if the second had gone by after which a step that failed is made again. */
static void front_tries_again(struct pair *pair)
{
	struct blkfront_disk *disk = dev_get_drvdata(&pair->front->dev);

	if (disk && READ_ONCE(disk->retry))
		flush_delayed_work(&disk->work);
}

/* Connected, or not before somebody does something about it. */
static bool front_decided(struct pair *pair)
{
	int state = store_read_int(FRONT_STATE, -1);

	front_tries_again(pair);
	return state == XenbusStateConnected || state == XenbusStateClosing ||
	       state == XenbusStateClosed;
}

/* No grant, no event channel: the connection waits or is refused, and works later. */
static void D23_front_connect_fails_at_every_step(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int step, i;

	for (step = 0; step < 10; step++) {
		switch (step) {
		case 0:
			xen.fail_evtchn = 1;
			break;
		case 1 ... 4:
			xen.fail_grant_alloc = step;
			break;
		default:
			store.fail_printf = step - 2;
			break;
		}
		pair_attach(pair);
		/* A backend that could not say something does not answer at all. */
		for (i = 0; i < 50 && !front_decided(pair); i++)
			msleep(20);
		pair_remove(&pair->back);
		loopback_settle();
		pair_remove(&pair->front);
		loopback_settle();
		KUNIT_EXPECT_EQ(test, 0, xen.nr_granted);
		KUNIT_EXPECT_EQ(test, 0, xen.nr_bound);
		xen.fail_evtchn = 0;
		xen.fail_grant_alloc = 0;
		store_reset();
	}
	pair_start(test, pair);
	pair_works(test, pair, 0);
}

/* Each allocation of a step that begins with reading @key fails once. */
static void front_short_of_memory(struct kunit *test, const char *key,
				  unsigned int step)
{
	struct pair *pair = test->priv;
	unsigned int nth, nr_connected = 0;
	bool failed = true;

	/* The more of them, the wider the steps. */
	for (nth = 1; failed && nth < 5000; nth += 1 + nth / step) {
		faults_arm(test, key, nth);
		store_write(FRONT_NODE "/trusted", "0");
		pair_attach(pair);
		loopback_wait(front_decided(pair));
		if (store_read_int(FRONT_STATE, -1) == XenbusStateConnected) {
			nr_connected++;
			pair_open(test, pair);
			KUNIT_EXPECT_EQ(test, BLKFRONT_FLUSH_CACHE,
					pair_front(pair)->config.flush);
			pair_works(test, pair, 0);
			pair_close(pair);
		}
		failed = faults_disarm();
		pair_remove(&pair->back);
		loopback_settle();
		pair_remove(&pair->front);
		loopback_settle();
		KUNIT_EXPECT_EQ(test, 0, xen.nr_granted);
		KUNIT_EXPECT_EQ(test, 0, xen.nr_bound);
		store_reset();
	}
	kunit_info(test, "%s: up to %u allocations, %u connections\n", key, nth,
		   nr_connected);
	KUNIT_EXPECT_GT(test, nth, 3);
	KUNIT_EXPECT_FALSE(test, failed);
}

static void D23_front_offer_short_of_memory(struct kunit *test)
{
	front_short_of_memory(test, "trusted", 2);
}

static void D23_front_connect_short_of_memory(struct kunit *test)
{
	front_short_of_memory(test, "sectors", 32);
}

static struct kunit_case pair_life_cases[] = {
	KUNIT_CASE(ST8_the_disk_has_another_size),
	KUNIT_CASE(detach_and_attach),
	KUNIT_CASE(ST9_detach_while_open),
	KUNIT_CASE(ST9_a_state_that_cannot_be_written),
	KUNIT_CASE(ST9_Closed_cannot_be_written_for_what_never_was),
	KUNIT_CASE(RN8_backend_bound_again_under_load),
	KUNIT_CASE(backend_leaves_and_comes_back),
	KUNIT_CASE(ST11_suspend_and_resume),
	KUNIT_CASE(ST11_nobody_resumes),
	KUNIT_CASE(ST10_made_anew_by_the_toolstack),
	KUNIT_CASE_SLOW(ST10_beginning_again_is_no_new_device),
	KUNIT_CASE(ST12_Closed_in_time),
	KUNIT_CASE_SLOW(no_error_under_load_while_the_backend_comes_and_goes),
	KUNIT_CASE_SLOW(D23_front_connect_fails_at_every_step),
	KUNIT_CASE_SLOW(D23_front_offer_short_of_memory),
	KUNIT_CASE_SLOW(D23_front_connect_short_of_memory),
	{}
};

struct kunit_suite pair_life_suite = {
	.name = "loopback_pair_life",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = pair_init,
	.exit = pair_exit,
	.test_cases = pair_life_cases,
};
