// SPDX-License-Identifier: GPL-2.0
/* What the administrator lets a guest do to its disk. */
#include "back.h"
#include "../../../blkback/blkback.h"

#define CLOCK_NS	(1000ULL * NSEC_PER_SEC)

static unsigned int max_copy_pages;

static int limit_init(struct kunit *test)
{
	int err = back_init(test);

	max_copy_pages = blkback_max_copy_pages;
	xen.clock_ns = CLOCK_NS;
	return err;
}

static void limit_exit(struct kunit *test)
{
	xen.clock_ns = 0;
	blkback_max_copy_pages = max_copy_pages;
	back_exit(test);
}

static struct blkback_dev *dev_of(struct bench *bench)
{
	return dev_get_drvdata(&bench->back->dev);
}

static struct device_attribute *file(const char *name)
{
	struct attribute **attr;

	for (attr = blkback_limits_group.attrs; *attr; attr++)
		if (!strcmp((*attr)->name, name))
			return container_of(*attr, struct device_attribute,
					    attr);
	return NULL;
}

/* As if it was written to the file. */
static ssize_t set(struct bench *bench, const char *name, const char *text)
{
	struct device_attribute *attr = file(name);

	return attr->store(&bench->back->dev, attr, text, strlen(text));
}

static void set_all(struct bench *bench, const char *name, const char *text)
{
	if (set(bench, name, text) != strlen(text))
		xen_wrong("%s did not take %s", name, text);
	loopback_settle();
}

static bool shows(struct bench *bench, const char *name, const char *text)
{
	struct device_attribute *attr = file(name);
	char *page = (char *)get_zeroed_page(GFP_KERNEL | __GFP_NOFAIL);
	bool same;

	attr->show(&bench->back->dev, attr, page);
	same = !strcmp(page, text);
	free_page((unsigned long)page);
	return same;
}

static bool waits(struct bench *bench)
{
	return delayed_work_pending(&dev_of(bench)->limiter.wake);
}

/* So much time goes by, and what was to be done by then is. */
static void pass_ms(struct bench *bench, unsigned int ms)
{
	WRITE_ONCE(xen.clock_ns, xen.clock_ns + ms * NSEC_PER_MSEC);
	flush_delayed_work(&dev_of(bench)->limiter.wake);
	loopback_settle();
}

static void put(struct peer *peer, u8 op, u64 id, unsigned int nr_segments)
{
	struct peer_slot slot = peer_request(peer, op, id, 88 * id, nr_segments,
					     0);

	if (op == BLKIF_OP_DISCARD)
		slot.nr_sectors = 8;
	peer_put(peer, &slot);
}

static void put_shown(struct peer *peer, u8 op, u64 id, unsigned int nr_segments)
{
	put(peer, op, id, nr_segments);
	peer_push(peer);
	loopback_settle();
}

/* A guest that has its ring full all the time; how many are answered. */
static unsigned int under_load(struct bench *bench, u8 op,
			       unsigned int nr_segments, unsigned int step_ms,
			       unsigned int nr_steps)
{
	struct peer *peer = bench->peer;
	unsigned int begin = back_answered(peer), before = begin;

	back_put_many_settled(peer, op, PEER_SLOTS, nr_segments);
	while (nr_steps--) {
		pass_ms(bench, step_ms);
		back_put_many_settled(peer, op, back_answered(peer) - before, nr_segments);
		before = peer->nr_answers;
	}
	return back_answered(peer) - begin;
}

/* What there is on the ring goes on without limits. */
static void drain(struct kunit *test, struct bench *bench, const char *name)
{
	set_all(bench, name, "0");
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->peer, bench->peer->req_prod));
}

struct held {
	const char *name;
	const char *text;
	u8 op;
	unsigned int nr_segments;
	unsigned int nr;	/* in ten seconds */
};

static void each_is_held_over_ten_seconds(struct kunit *test)
{
	static const struct held all[] = {
		{ "iops", "100", BLKIF_OP_READ, 1, 1000 },
		{ "iops", "100", BLKIF_OP_WRITE, 8, 1000 },
		{ "read_iops", "150", BLKIF_OP_READ, 1, 1500 },
		{ "write_iops", "37", BLKIF_OP_WRITE, 1, 370 },
		{ "write_iops", "40", BLKIF_OP_FLUSH_DISKCACHE, 0, 400 },
		{ "write_iops", "40", BLKIF_OP_DISCARD, 0, 400 },
		{ "bytes_per_sec", "409600", BLKIF_OP_READ, 1, 1000 },
		{ "bytes_per_sec", "409600", BLKIF_OP_WRITE, 10, 100 },
		{ "read_bytes_per_sec", "1000000", BLKIF_OP_READ, 2, 1221 },
		{ "write_bytes_per_sec", "4505600", BLKIF_OP_WRITE, 11, 1000 },
	};
	struct bench *bench = test->priv;
	unsigned int i, nr;

	back_connect(test, bench);
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		set_all(bench, all[i].name, all[i].text);
		nr = under_load(bench, all[i].op, all[i].nr_segments, 80, 125);
		KUNIT_EXPECT_GE_MSG(test, 100 * nr, 95 * all[i].nr, "%s",
				    all[i].name);
		KUNIT_EXPECT_LE_MSG(test, 100 * nr, 105 * all[i].nr, "%s",
				    all[i].name);
		drain(test, bench, all[i].name);
	}
	KUNIT_EXPECT_EQ(test, 0, bench->peer->nr_errors);
	back_works(test, bench->peer, 0);
}

static void what_a_limit_does_not_hold(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;

	back_connect(test, bench);
	/* Reads go on beside writes that wait, and the reverse. */
	set_all(bench, "write_iops", "1");
	back_put_many_settled(peer, BLKIF_OP_WRITE, 8, 1);
	KUNIT_EXPECT_EQ(test, 1, back_answered(peer));
	back_put_many_settled(peer, BLKIF_OP_READ, 8, 1);
	KUNIT_EXPECT_EQ(test, 9, back_answered(peer));
	drain(test, bench, "write_iops");
	set_all(bench, "read_bytes_per_sec", "1");
	back_put_many_settled(peer, BLKIF_OP_READ, 8, 1);
	KUNIT_EXPECT_EQ(test, 17, back_answered(peer));
	back_put_many_settled(peer, BLKIF_OP_WRITE, 8, 1);
	KUNIT_EXPECT_EQ(test, 25, back_answered(peer));
	drain(test, bench, "read_bytes_per_sec");
	/* What has no bytes waits for no bytes, but in its place. */
	set_all(bench, "bytes_per_sec", "1");
	put_shown(peer, BLKIF_OP_WRITE, 1, 1);
	put_shown(peer, BLKIF_OP_FLUSH_DISKCACHE, 2, 0);
	put_shown(peer, BLKIF_OP_DISCARD, 3, 0);
	KUNIT_EXPECT_EQ(test, 35, back_answered(peer));
	put_shown(peer, BLKIF_OP_WRITE, 1, 1);
	put_shown(peer, BLKIF_OP_FLUSH_DISKCACHE, 2, 0);
	KUNIT_EXPECT_EQ(test, 35, back_answered(peer));
	pass_ms(bench, 4096 * MSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, 37, back_answered(peer));
}

/* It passes when nothing is owed, and the next one waits for all of it. */
static void a_request_larger_than_the_limit_passes(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;

	back_connect(test, bench);
	set_all(bench, "bytes_per_sec", "4096");
	back_put_many_settled(peer, BLKIF_OP_WRITE, 2, 11);
	KUNIT_EXPECT_EQ(test, 1, back_answered(peer));
	pass_ms(bench, 10999);
	KUNIT_EXPECT_EQ(test, 1, back_answered(peer));
	pass_ms(bench, 1);
	KUNIT_EXPECT_EQ(test, 2, back_answered(peer));
}

/* What was let through waits for pages then, and for no limit. */
static void each_request_is_charged_once(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;

	blkback_max_copy_pages = 0;
	xen.pages_budget = BLKBACK_PART_SEGMENTS;
	back_connect(test, bench);
	set_all(bench, "iops", "100");
	pass_ms(bench, 1000);
	disk.hold = true;
	back_put_many_settled(peer, BLKIF_OP_WRITE, 8, 11);
	back_wait_held(test, 2);
	msleep(50);
	disk_release();
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, 8));
	/* Of eleven. */
	back_put_many_settled(peer, BLKIF_OP_WRITE, 8, 1);
	KUNIT_EXPECT_EQ(test, 11, back_answered(peer));
}

static void what_is_saved_is_the_burst(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;

	back_connect(test, bench);
	set_all(bench, "iops", "100");
	pass_ms(bench, 5000);
	back_put_many_settled(peer, BLKIF_OP_READ, PEER_SLOTS, 1);
	KUNIT_EXPECT_EQ(test, 11, back_answered(peer));
	pass_ms(bench, 5000);
	pass_ms(bench, 5000);
	KUNIT_EXPECT_EQ(test, PEER_SLOTS, back_answered(peer));
	set_all(bench, "burst_ms", "200\n");
	pass_ms(bench, 5000);
	back_put_many_settled(peer, BLKIF_OP_READ, PEER_SLOTS, 1);
	KUNIT_EXPECT_EQ(test, PEER_SLOTS + 21, back_answered(peer));
}

static void another_limit_wakes_at_once(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned long begin;

	xen.clock_ns = 0;
	back_connect(test, bench);
	set_all(bench, "iops", "1");
	back_put_many_settled(peer, BLKIF_OP_WRITE, PEER_SLOTS, 1);
	begin = jiffies;
	set_all(bench, "iops", "10000");
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, PEER_SLOTS));
	KUNIT_EXPECT_LT(test, jiffies - begin, HZ / 2);
	set_all(bench, "iops", "1");
	back_put_many_settled(peer, BLKIF_OP_WRITE, PEER_SLOTS, 1);
	begin = jiffies;
	set_all(bench, "iops", "0");
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, 2 * PEER_SLOTS));
	KUNIT_EXPECT_LT(test, jiffies - begin, HZ / 2);
}

/* How long 32 requests take that may be 16 in a second. */
static u64 two_seconds_ms(struct kunit *test, struct bench *bench)
{
	unsigned int nr = back_answered(bench->peer);
	u64 begin = ktime_get_mono_fast_ns();

	set_all(bench, "iops", "16");
	back_put_many_settled(bench->peer, BLKIF_OP_WRITE, 32, 1);
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->peer, nr + 32));
	begin = ktime_get_mono_fast_ns() - begin;
	drain(test, bench, "iops");
	return div_u64(begin, NSEC_PER_MSEC);
}

/* In real time: a timer that is late by less than the burst costs nothing. */
static void held_in_real_time(struct kunit *test)
{
	struct bench *bench = test->priv;
	u64 ms, least = U64_MAX;
	unsigned int i;

	xen.clock_ns = 0;
	back_connect(test, bench);
	/* The machine may do something else once; who never holds it never does. */
	for (i = 0; i < 3 && least > 2000; i++) {
		ms = two_seconds_ms(test, bench);
		/* The first of them at once, and two for what was saved. */
		KUNIT_EXPECT_GE(test, ms, 29 * MSEC_PER_SEC / 16);
		least = min(least, ms);
	}
	KUNIT_EXPECT_LE(test, least, 2000);
}

static unsigned long timer_ms(struct bench *bench)
{
	return jiffies_to_msecs(dev_of(bench)->limiter.wake.timer.expires -
				jiffies);
}

/* The kernel's timers are late by up to an eighth of what is long. */
static void a_long_wait_is_made_in_steps(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;

	back_connect(test, bench);
	set_all(bench, "bytes_per_sec", "4096");
	back_put_many_settled(peer, BLKIF_OP_WRITE, 2, 8);
	KUNIT_EXPECT_LE(test, timer_ms(bench), 7 * MSEC_PER_SEC + 8);
	pass_ms(bench, 7 * MSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, 1, back_answered(peer));
	KUNIT_EXPECT_LE(test, timer_ms(bench), 7 * MSEC_PER_SEC / 8 + 8);
	/* The last one ends when it is time. */
	pass_ms(bench, 900);
	KUNIT_EXPECT_EQ(test, 1, back_answered(peer));
	KUNIT_EXPECT_LE(test, timer_ms(bench), 108);
	pass_ms(bench, 100);
	KUNIT_EXPECT_EQ(test, 2, back_answered(peer));
}

/* From when it waits until it may go on. */
static void nobody_asks_while_it_waits(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int nr_clock;

	back_connect(test, bench);
	set_all(bench, "iops", "1");
	back_put_many_settled(peer, BLKIF_OP_WRITE, PEER_SLOTS, 1);
	KUNIT_EXPECT_EQ(test, 1, back_answered(peer));
	KUNIT_EXPECT_TRUE(test, waits(bench));
	nr_clock = xen.nr_clock;
	msleep(500);
	KUNIT_EXPECT_EQ(test, nr_clock, xen.nr_clock);
	/* One look of the timer's, one pass, and there is nothing to wait for. */
	pass_ms(bench, 1000);
	KUNIT_EXPECT_EQ(test, 2, back_answered(peer));
	KUNIT_EXPECT_LE(test, xen.nr_clock - nr_clock, 3);
	set_all(bench, "iops", "0");
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, PEER_SLOTS));
	loopback_settle();
	KUNIT_EXPECT_FALSE(test, waits(bench));
	/* And without limits no pass has anything to do with it. */
	nr_clock = xen.nr_clock;
	back_works(test, peer, 0);
	KUNIT_EXPECT_EQ(test, nr_clock, xen.nr_clock);
}

static void rings_have_turns(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i, j;

	back_widen(bench, MAX_RINGS, 1);
	back_connect_wide(test, bench);
	set_all(bench, "iops", "100");
	for (i = 0; i < MAX_RINGS; i++)
		back_put_many_settled(bench->wide[i], BLKIF_OP_WRITE, PEER_SLOTS, 1);
	for (i = 0; i < 20; i++) {
		for (j = 0; j < 4; j++)
			pass_ms(bench, 10);
		for (j = 0; j < MAX_RINGS; j++) {
			KUNIT_EXPECT_GE(test, back_answered(bench->wide[j]), i);
			KUNIT_EXPECT_LE(test, back_answered(bench->wide[j]), i + 2);
		}
	}
	set_all(bench, "iops", "0");
	for (i = 0; i < MAX_RINGS; i++)
		KUNIT_EXPECT_TRUE(test, peer_wait(bench->wide[i], PEER_SLOTS));
	back_close_wide(test, bench);
}

static void put_unsettled(struct peer *peer, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		put(peer, BLKIF_OP_WRITE, i, 1);
	peer_push(peer);
}

/* It has one turn at most, and what time brings then is the other ring's. */
static void a_pass_that_sleeps_holds_up_no_other_ring(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	back_widen(bench, 2, 1);
	back_connect_wide(test, bench);
	set_all(bench, "iops", "100");
	disk.stall = 1;
	put_unsettled(bench->wide[0], 10);
	KUNIT_ASSERT_TRUE(test, loopback_wait(READ_ONCE(disk.nr_stalled)));
	put_unsettled(bench->wide[1], 8);
	KUNIT_EXPECT_TRUE(test, loopback_wait(!list_empty(&dev_of(bench)->queue[1]->turn[1].list)));
	for (i = 0; i <= 8; i++) {
		WRITE_ONCE(xen.clock_ns, xen.clock_ns + 10 * NSEC_PER_MSEC);
		flush_delayed_work(&dev_of(bench)->limiter.wake);
		KUNIT_EXPECT_TRUE(test, peer_wait(bench->wide[1], i));
	}
	KUNIT_EXPECT_EQ(test, 0, back_answered(bench->wide[0]));
	/* It is its turn, and what it was given came first. */
	disk_release();
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->wide[0], 2));
	loopback_settle();
	KUNIT_EXPECT_EQ(test, 2, back_answered(bench->wide[0]));
	set_all(bench, "iops", "0");
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->wide[0], 10));
	back_close_wide(test, bench);
}

static void reads_and_writes_have_turns(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int i, nr_reads = 0;

	back_connect(test, bench);
	set_all(bench, "iops", "100");
	for (i = 0; i < PEER_SLOTS; i++)
		put(peer, i < PEER_SLOTS / 2 ? BLKIF_OP_READ : BLKIF_OP_WRITE,
		    i, 1);
	peer_push(peer);
	loopback_settle();
	for (i = 0; i < PEER_SLOTS / 2; i++)
		pass_ms(bench, 10);
	back_answered(peer);
	for (i = 0; i < PEER_SLOTS / 2; i++)
		nr_reads += peer->answers[i];
	KUNIT_EXPECT_GE(test, nr_reads, PEER_SLOTS / 4 - 1);
	KUNIT_EXPECT_LE(test, nr_reads, PEER_SLOTS / 4 + 1);
}

/* What is behind a barrier, and the barrier, wait for the limit, too. */
static void OP2_a_barrier_keeps_its_place(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int i;

	back_connect(test, bench);
	set_all(bench, "write_iops", "10");
	back_put_many_settled(peer, BLKIF_OP_WRITE, 3, 1);
	put(peer, BLKIF_OP_WRITE_BARRIER, 3, 1);
	put(peer, BLKIF_OP_READ, 4, 1);
	peer_push(peer);
	loopback_settle();
	KUNIT_EXPECT_EQ(test, 1, back_answered(peer));
	for (i = 0; i < 2; i++)
		pass_ms(bench, 100);
	KUNIT_EXPECT_EQ(test, 3, back_answered(peer));
	pass_ms(bench, 100);
	KUNIT_EXPECT_EQ(test, 5, back_answered(peer));
	KUNIT_EXPECT_TRUE(test, disk.log[disk.nr_ops - 2].preflush);
	KUNIT_EXPECT_EQ(test, REQ_OP_READ, disk.log[disk.nr_ops - 1].op);
}

static void limits_survive_a_reconnect(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int nr;

	back_connect(test, bench);
	set_all(bench, "iops", "100");
	set_all(bench, "burst_ms", "50");
	KUNIT_ASSERT_TRUE(test, peer_close(peer));
	back_begin_again(test);
	KUNIT_ASSERT_TRUE(test, peer_connect(peer));
	KUNIT_EXPECT_TRUE(test, shows(bench, "iops", "100\n"));
	KUNIT_EXPECT_TRUE(test, shows(bench, "burst_ms", "50\n"));
	nr = under_load(bench, BLKIF_OP_WRITE, 1, 50, 40);
	KUNIT_EXPECT_GE(test, nr, 190);
	KUNIT_EXPECT_LE(test, nr, 210);
}

/* It does not wait for limits, and nothing that waited for them is done. */
static void a_disconnect_ends_in_time(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int i;

	back_widen(bench, MAX_RINGS, 1);
	back_connect_wide(test, bench);
	set_all(bench, "iops", "1");
	for (i = 0; i < MAX_RINGS; i++)
		back_put_many_settled(bench->wide[i], BLKIF_OP_WRITE, 25, 1);
	KUNIT_EXPECT_EQ(test, 1, disk.nr_ops);
	back_close_wide(test, bench);
	/* One flush is the disconnect's. */
	KUNIT_EXPECT_EQ(test, 1 + 1, disk.nr_ops);
	KUNIT_EXPECT_FALSE(test, waits(bench));
	back_widen(bench, 1, 1);
	store_remove(FRONT_NODE "/multi-queue-num-queues");
	KUNIT_ASSERT_TRUE(test, peer_connect(peer));
	back_put_many_settled(peer, BLKIF_OP_READ, 1, 1);
	KUNIT_EXPECT_EQ(test, 0, back_answered(peer));
	pass_ms(bench, MSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, 1, back_answered(peer));
}

static void keys_set_limits_at_attach(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int nr;

	store_write(BACK_NODE "/limit-iops", "100");
	store_write(BACK_NODE "/limit-read-bytes-per-sec", "1000000");
	store_write(BACK_NODE "/limit-burst-ms", "50");
	back_connect(test, bench);
	KUNIT_EXPECT_TRUE(test, shows(bench, "iops", "100\n"));
	KUNIT_EXPECT_TRUE(test, shows(bench, "read_bytes_per_sec", "1000000\n"));
	KUNIT_EXPECT_TRUE(test, shows(bench, "burst_ms", "50\n"));
	KUNIT_EXPECT_TRUE(test, shows(bench, "write_iops", "0\n"));
	nr = under_load(bench, BLKIF_OP_WRITE, 1, 50, 40);
	KUNIT_EXPECT_GE(test, nr, 190);
	KUNIT_EXPECT_LE(test, nr, 210);
	drain(test, bench, "iops");
	/* What was set since is not set back by another connection. */
	KUNIT_ASSERT_TRUE(test, peer_close(bench->peer));
	back_begin_again(test);
	KUNIT_ASSERT_TRUE(test, peer_connect(bench->peer));
	KUNIT_EXPECT_TRUE(test, shows(bench, "iops", "0\n"));
}

static void a_key_that_is_wrong_refuses_the_disk(struct kunit *test)
{
	static const char * const bad[][2] = {
		{ "limit-iops", "1k" },
		{ "limit-read-iops", "-1" },
		{ "limit-write-iops", "" },
		{ "limit-bytes-per-sec", "1000000000000001" },
		{ "limit-read-bytes-per-sec", "none" },
		{ "limit-write-bytes-per-sec", "0x10" },
		{ "limit-burst-ms", "19" },
	};
	struct bench *bench = test->priv;
	char path[64], said[128];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(path, sizeof(path), BACK_NODE "/%s", bad[i][0]);
		snprintf(said, sizeof(said), "%s is \"%s\", expected a number",
			 path, bad[i][1]);
		store_write(path, "%s", bad[i][1]);
		back_attach_disk();
		peer_publish(bench->peer);
		peer_state(XenbusStateInitialised);
		back_reaches(test, XenbusStateClosing);
		KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(store.said, said),
					  "said: %s", store.said);
		store_remove(path);
		back_recovers(test, bench);
		KUNIT_ASSERT_TRUE(test, peer_close(bench->peer));
		back_remove(bench);
		loopback_settle();
		store_reset();
		back_add(bench);
	}
}

static void a_value_that_is_wrong_changes_nothing(struct kunit *test)
{
	static const char * const bad[][2] = {
		{ "iops", "1k" }, { "read_iops", "-1" }, { "write_iops", "" },
		{ "bytes_per_sec", "1000000000000001" },
		{ "burst_ms", "19" }, { "burst_ms", "3600001" },
	};
	struct bench *bench = test->priv;
	unsigned int i;

	back_connect(test, bench);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		set_all(bench, bad[i][0], "77\n");
		KUNIT_EXPECT_EQ(test, -EINVAL, set(bench, bad[i][0], bad[i][1]));
		KUNIT_EXPECT_TRUE(test, shows(bench, bad[i][0], "77\n"));
	}
	set_all(bench, "bytes_per_sec", "1000000000000000\n");
	KUNIT_EXPECT_TRUE(test, shows(bench, "bytes_per_sec",
				      "1000000000000000\n"));
}

static struct kunit_case back_limit_cases[] = {
	KUNIT_CASE_SLOW(each_is_held_over_ten_seconds),
	KUNIT_CASE(what_a_limit_does_not_hold),
	KUNIT_CASE(a_request_larger_than_the_limit_passes),
	KUNIT_CASE(each_request_is_charged_once),
	KUNIT_CASE(what_is_saved_is_the_burst),
	KUNIT_CASE(another_limit_wakes_at_once),
	KUNIT_CASE_SLOW(held_in_real_time),
	KUNIT_CASE(a_long_wait_is_made_in_steps),
	KUNIT_CASE(nobody_asks_while_it_waits),
	KUNIT_CASE(rings_have_turns),
	KUNIT_CASE(a_pass_that_sleeps_holds_up_no_other_ring),
	KUNIT_CASE(reads_and_writes_have_turns),
	KUNIT_CASE(OP2_a_barrier_keeps_its_place),
	KUNIT_CASE(limits_survive_a_reconnect),
	KUNIT_CASE(a_disconnect_ends_in_time),
	KUNIT_CASE(keys_set_limits_at_attach),
	KUNIT_CASE(a_key_that_is_wrong_refuses_the_disk),
	KUNIT_CASE(a_value_that_is_wrong_changes_nothing),
	{}
};

struct kunit_suite back_limit_suite = {
	.name = "loopback_back_limit",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = limit_init,
	.exit = limit_exit,
	.test_cases = back_limit_cases,
};
