// SPDX-License-Identifier: GPL-2.0
/* A backend that left and comes back, perhaps with another disk. */
#include "pair.h"
#include "false_back.h"

#define PARAMS	BACK_NODE "/params"
#define TYPE	BACK_NODE "/type"

/*
 * A disk whose backend leaves: it has taken none of the first requests, and
 * others come when it is away.
 */
static void return_leave(struct kunit *test, struct pair *pair)
{
	struct false_back *back = kunit_kzalloc(test, sizeof(*back), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, back);
	store_write(PARAMS, "/dev/vg/one");
	store_write(TYPE, "phy");
	false_begin(test, pair, back);
	pair_open(test, pair);
	pair_fill(pair, PAIR_FLIGHTS, 40);
	back->hold = true;
	flights_start(pair, 0, 8);
	false_end(pair, back);
	flights_start(pair, 8, PAIR_FLIGHTS);
	KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
					       XenbusStateInitialising,
					       PATIENCE_MS));
}

static void return_again(struct pair *pair)
{
	store_write(BACK_STATE, "%d", XenbusStateInitialising);
	pair->back = store_add_device(true, BACK_NODE);
}

/* All that waited ends, and nothing of it arrives, nor of what comes now. */
static void return_refused(struct kunit *test, struct pair *pair)
{
	unsigned int i;

	for (i = 0; i < PAIR_FLIGHTS; i++)
		KUNIT_EXPECT_EQ(test, -EIO, flight_wait(pair, i));
	KUNIT_EXPECT_EQ(test, -EIO, pair_io(pair, REQ_OP_WRITE, 0, 1));
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    memchr_inv(disk.data, 0, DISK_SECTORS << SECTOR_SHIFT));
	KUNIT_EXPECT_NOT_NULL(test, strstr(store.said, "another disk"));
}

static void another_disk_gets_nothing_of_what_waited(struct kunit *test)
{
	static const struct {
		const char *key;
		const char *value;
		u64 sectors;
		const char *said;
	} cases[] = {
		{ PARAMS, "/dev/vg/two\x1b[2J", DISK_SECTORS,
		  "/params is \"/dev/vg/two\\e[2J\" and was \"/dev/vg/one\"" },
		{ TYPE, "file", DISK_SECTORS, "/type is \"file\"" },
		{ PARAMS, "/dev/vg/one", DISK_SECTORS - 8, "/sectors is \"8184\"" },
	};
	struct pair *pair = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		return_leave(test, pair);
		store_write(cases[i].key, "%s", cases[i].value);
		disk_resize(cases[i].sectors);
		return_again(pair);
		return_refused(test, pair);
		KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(store.said, cases[i].said),
					  "case %u: %s", i, store.said);
		pair_close(pair);
		pair_remove(&pair->back);
		loopback_settle();
		pair_remove(&pair->front);
		loopback_settle();
		KUNIT_EXPECT_EQ(test, 0, xen.nr_granted);
		store_reset();
		disk_resize(DISK_SECTORS);
	}
	/* The number is free for another one. */
	pair_start(test, pair);
	pair_works(test, pair, 0);
}

/* Bound again to our ring, but with another disk. */
static void another_disk_on_the_same_ring(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	store_write(PARAMS, "/dev/vg/one");
	pair_start(test, pair);
	pair_remove(&pair->back);
	loopback_settle();
	pair_fill(pair, PAIR_FLIGHTS, 40);
	flights_start(pair, 0, PAIR_FLIGHTS);
	store_write(PARAMS, "/dev/vg/two");
	/* Seen before it comes, as its hotplug script takes its time. */
	store_write(BACK_STATE, "%d", XenbusStateInitWait);
	for (i = 0; i < PAIR_FLIGHTS; i++)
		KUNIT_EXPECT_EQ(test, -EIO, flight_wait(pair, i));
	KUNIT_EXPECT_EQ(test, -EIO, pair_io(pair, REQ_OP_WRITE, 0, 1));
	KUNIT_EXPECT_NOT_NULL(test, strstr(store.said, "another disk"));
	/* Seen when it is there. */
	pair_close(pair);
	pair_remove(&pair->front);
	store_reset();
	store_write(PARAMS, "/dev/vg/one");
	pair_start(test, pair);
	store_write(PARAMS, "/dev/vg/two");
	store_write(BACK_STATE, "%d", XenbusStateConnected);
	KUNIT_EXPECT_TRUE(test, store_wait_int(FRONT_STATE, XenbusStateClosed,
					       PATIENCE_MS));
	KUNIT_EXPECT_EQ(test, -EIO, pair_io(pair, REQ_OP_WRITE, 0, 1));
}

/* What cannot be known is not compared, and what is missing is not known. */
static void the_same_disk_without_a_name(struct kunit *test)
{
	struct pair *pair = test->priv;

	return_leave(test, pair);
	store_remove(PARAMS);
	store_remove(TYPE);
	return_again(pair);
	flights_land(test, pair);
	pair_works(test, pair, 0);
}

static void the_same_disk_has_grown(struct kunit *test)
{
	struct pair *pair = test->priv;

	disk_resize(DISK_SECTORS / 2);
	store_write(PARAMS, "/dev/vg/one");
	pair_start(test, pair);
	pair_fill(pair, PAIR_FLIGHTS, 40);
	pair_remove(&pair->back);
	loopback_settle();
	flights_start(pair, 0, PAIR_FLIGHTS);
	store_write(BACK_STATE, "%d", XenbusStateClosed);
	KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
					       XenbusStateInitialising,
					       PATIENCE_MS));
	disk_resize(DISK_SECTORS);
	return_again(pair);
	flights_land(test, pair);
	KUNIT_EXPECT_TRUE(test, loopback_wait(bdev_nr_sectors(pair->bdev) ==
					      DISK_SECTORS));
}

/* As on another host, where XenStore knows nothing but the devices. */
static void return_elsewhere(struct pair *pair, u64 sectors)
{
	pair_suspend_in_vain(pair);
	store_reset();
	disk_reset();
	disk_resize(sectors);
	pair_nodes();
	store_write(PARAMS, "/dev/mapper/far-away");
	pair->back = store_add_device(true, BACK_NODE);
	store_resume_device(pair->front);
}

/* ST11: on another host the same disk may be made of something else. */
static void ST11_the_toolstack_vouches_for_the_disk(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		store_write(PARAMS, "/dev/vg/one");
		pair_start(test, pair);
		pair_remove(&pair->back);
		loopback_settle();
		pair_fill(pair, PAIR_FLIGHTS, 50);
		flights_start(pair, 0, PAIR_FLIGHTS);
		/* Not for one that is too small. */
		return_elsewhere(pair, DISK_SECTORS - 8 * i);
		if (!i)
			flights_land(test, pair);
		else
			return_refused(test, pair);
		pair_close(pair);
		pair_remove(&pair->back);
		loopback_settle();
		pair_remove(&pair->front);
		store_reset();
		disk_resize(DISK_SECTORS);
	}
}

/* A disk that was refused is resumed, and detached: its backend waits for a word. */
static void ST9_a_dead_disk_says_closed_to_who_waits_for_it(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	pair_start(test, pair);
	for (i = 0; i < 2; i++) {
		pair_remove(&pair->back);
		loopback_settle();
		if (!i)
			flights_start(pair, 0, PAIR_FLIGHTS);
		return_elsewhere(pair, DISK_SECTORS - 8);
		if (!i)
			return_refused(test, pair);
	}
	loopback_settle();
	KUNIT_EXPECT_EQ(test, XenbusStateInitialising,
			store_read_int(FRONT_STATE, -1));
	pair_detach();
	KUNIT_EXPECT_TRUE(test, store_wait_int(FRONT_STATE, XenbusStateClosed,
					       PATIENCE_MS));
}

static void return_fails(struct kunit *test, struct pair *pair)
{
	unsigned int i;

	for (i = 0; i < PAIR_FLIGHTS; i++)
		KUNIT_EXPECT_EQ(test, -EIO, flight_wait(pair, i));
	KUNIT_EXPECT_EQ(test, -EIO, pair_io(pair, REQ_OP_WRITE, 0, 1));
}

/* It is lost for so long, and no longer, and it is the same disk afterwards. */
static void a_lost_disk_waits_as_long_as_told(struct kunit *test)
{
	unsigned long start = jiffies;
	struct pair *pair = test->priv;

	return_leave(test, pair);
	blkfront_lost_timeout_sec = 2;
	return_fails(test, pair);
	KUNIT_EXPECT_TRUE(test, time_after(jiffies, start + 2 * HZ));
	/* However often it tries to have its backend back. */
	store_write(BACK_STATE, "%d", XenbusStateInitialising);
	msleep(1500);
	KUNIT_EXPECT_EQ(test, -EIO, pair_io(pair, REQ_OP_READ, 0, 1));
	pair->back = store_add_device(true, BACK_NODE);
	KUNIT_EXPECT_TRUE(test, store_wait_int(FRONT_STATE, XenbusStateConnected,
					       PATIENCE_MS));
	pair_works(test, pair, 0);
}

/* Its backend begins anew with our ring, and gets no further. */
static void a_lost_disk_with_requests_on_the_ring(struct kunit *test)
{
	struct pair *pair = test->priv;

	pair_start(test, pair);
	blkfront_lost_timeout_sec = 1;
	pair_remove(&pair->back);
	loopback_settle();
	flights_start(pair, 0, PAIR_FLIGHTS);
	store_write(BACK_STATE, "%d", XenbusStateInitialising);
	return_fails(test, pair);
	KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
					       XenbusStateInitialising,
					       PATIENCE_MS));
	pair->back = store_add_device(true, BACK_NODE);
	KUNIT_EXPECT_TRUE(test, store_wait_int(FRONT_STATE, XenbusStateConnected,
					       PATIENCE_MS));
	pair_works(test, pair, 0);
}

static bool return_tells_of_rings(void)
{
	return store_read_int(FRONT_STATE, -1) == XenbusStateConnected ||
	       xenbus_exists(XBT_NIL, FRONT_NODE, "queue-0") ||
	       xenbus_exists(XBT_NIL, FRONT_NODE, "event-channel");
}

/* What is not there any more is nothing that a new backend may map. */
static void nobody_is_told_of_rings_that_are_gone(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	pair_start(test, pair);
	KUNIT_EXPECT_TRUE(test, return_tells_of_rings());
	blkfront_lost_timeout_sec = 1;
	pair_remove(&pair->back);
	loopback_settle();
	flights_start(pair, 0, PAIR_FLIGHTS);
	store_write(BACK_STATE, "%d", XenbusStateInitialising);
	KUNIT_ASSERT_TRUE(test, loopback_wait(READ_ONCE(pair_front(pair)->waiting)));
	/* As long as it is told of it is there. */
	store_forbid(FRONT_STATE);
	msleep(3000);
	for (i = 0; i < PAIR_FLIGHTS; i++)
		KUNIT_EXPECT_FALSE(test,
				   completion_done(&pair->flight[i].done));
	KUNIT_EXPECT_GT(test, pair_front(pair)->queues[0].nr_granted, 0);
	store_forbid(NULL);
	for (i = 0; i < PAIR_FLIGHTS; i++)
		KUNIT_EXPECT_EQ(test, -EIO, flight_wait(pair, i));
	KUNIT_EXPECT_FALSE(test, return_tells_of_rings());
	pair->back = store_add_device(true, BACK_NODE);
	KUNIT_EXPECT_TRUE(test, store_wait_int(FRONT_STATE, XenbusStateConnected,
					       PATIENCE_MS));
	pair_works(test, pair, 0);
}

/* D15: an error would tell that the pages may be used for something else. */
static void D15_no_error_before_the_pages_are_back(struct kunit *test)
{
	struct false_back *back = kunit_kzalloc(test, sizeof(*back), GFP_KERNEL);
	struct pair *pair = test->priv;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, back);
	false_begin(test, pair, back);
	pair_open(test, pair);
	back->hold = true;
	flights_start(pair, 0, PAIR_FLIGHTS);
	blkfront_lost_timeout_sec = 1;
	xen_keep_mapped(true);
	false_end(pair, back);
	msleep(3000);
	for (i = 0; i < PAIR_FLIGHTS; i++)
		KUNIT_EXPECT_FALSE(test,
				   completion_done(&pair->flight[i].done));
	xen_keep_mapped(false);
	return_fails(test, pair);
}

static void what_is_said_of_a_lost_disk(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct blkfront_disk *lost;
	u64 now, oldest;

	return_leave(test, pair);
	lost = pair->bdev->bd_disk->private_data;
	mutex_lock(&lost->lock);
	now = ktime_get_ns();
	oldest = now;
	KUNIT_EXPECT_GE(test, blkfront_recover_count(lost, &oldest), 8);
	KUNIT_EXPECT_GT(test, now - oldest, NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, 30 * HZ, lost->word);
	/* As if the time had come. */
	lost->next_word = jiffies;
	mutex_unlock(&lost->lock);
	blkfront_disk_queue_work(lost, 0);
	KUNIT_EXPECT_TRUE(test, loopback_wait(READ_ONCE(lost->word) == 60 * HZ));
	return_again(pair);
	flights_land(test, pair);
}

static int return_init(struct kunit *test)
{
	blkfront_lost_timeout_sec = 0;
	return pair_init(test);
}

static void return_exit(struct kunit *test)
{
	pair_exit(test);
	blkfront_lost_timeout_sec = 0;
}

static struct kunit_case pair_return_cases[] = {
	KUNIT_CASE_SLOW(another_disk_gets_nothing_of_what_waited),
	KUNIT_CASE(another_disk_on_the_same_ring),
	KUNIT_CASE_SLOW(the_same_disk_without_a_name),
	KUNIT_CASE(the_same_disk_has_grown),
	KUNIT_CASE_SLOW(ST11_the_toolstack_vouches_for_the_disk),
	KUNIT_CASE(ST9_a_dead_disk_says_closed_to_who_waits_for_it),
	KUNIT_CASE_SLOW(a_lost_disk_waits_as_long_as_told),
	KUNIT_CASE_SLOW(a_lost_disk_with_requests_on_the_ring),
	KUNIT_CASE_SLOW(nobody_is_told_of_rings_that_are_gone),
	KUNIT_CASE_SLOW(D15_no_error_before_the_pages_are_back),
	KUNIT_CASE(what_is_said_of_a_lost_disk),
	{}
};

struct kunit_suite pair_return_suite = {
	.name = "loopback_pair_return",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = return_init,
	.exit = return_exit,
	.test_cases = pair_return_cases,
};
