// SPDX-License-Identifier: GPL-2.0
/*
 * R20: where the time of requests goes, as debugfs shows it.  Each stage in turn is
 * the slow one.
 */
#include "../../../blkback/trace.h"
#include "back.h"
#include "stat.h"

#define DIR		"xen/blkback/51712.1"
#define SLOW_MS		1000
/* The clock that is looked at is not that of timers. */
#define SLOW_NS		(SLOW_MS * NSEC_PER_MSEC / 4 * 3)
/* So that a machine that is busy makes no stage look slow that is not. */
#define FAST_NS		(SLOW_MS * NSEC_PER_MSEC / 2)
/* What the reserve of a ring maps at once. */
#define RESERVE_PAGES	32

static const char *const stages[] = {
	"ring", "admission", "pages_in", "device", "pages_out", "answer",
};

/* Of the slowest request it is this stage that took long, and no other. */
static void guilty(struct kunit *test, const char *type, const char *slow)
{
	struct stat_reader *reader = stat_reader(test);
	struct stat_row row;
	unsigned int i;

	/* A request is counted once its answer has been given. */
	loopback_settle();
	for (i = 0; i < ARRAY_SIZE(stages); i++) {
		row = stat_row(reader, DIR, type, stages[i]);
		KUNIT_EXPECT_GT_MSG(test, row.count, 0, "%s", stages[i]);
		if (strcmp(stages[i], slow))
			KUNIT_EXPECT_LT_MSG(test, row.max, FAST_NS, "%s",
					    stages[i]);
		else
			KUNIT_EXPECT_GE_MSG(test, row.max, SLOW_NS, "%s",
					    stages[i]);
	}
}

static void R20_the_disk_is_slow(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot = peer_request(bench->peer, BLKIF_OP_READ, 1, 0,
					     4, 0);

	back_connect(test, bench);
	back_hold(test, bench->peer, &slot);
	msleep(SLOW_MS);
	disk_release();
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->peer, 1));
	guilty(test, "read", "device");
}

static void R20_mapping_is_slow(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot = peer_request(bench->peer, BLKIF_OP_WRITE, 1, 0,
					     4, 0);

	back_connect(test, bench);
	xen.slow_map_ms = SLOW_MS;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &slot));
	guilty(test, "write", "pages_in");
}

static void R20_a_page_is_kept(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot = peer_request(bench->peer, BLKIF_OP_WRITE, 1, 0,
					     4, 0);

	back_connect(test, bench);
	disk.hold_pages = true;
	peer_put(bench->peer, &slot);
	peer_push(bench->peer);
	msleep(SLOW_MS);
	disk_release_pages();
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->peer, 1));
	guilty(test, "write", "pages_out");
}

/* The disk is fast at reading, and slow with the writes that have all the pages. */
static void R20_there_are_no_pages(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int i;
	struct peer_slot slot;

	xen.pages_budget = RESERVE_PAGES;
	back_connect(test, bench);
	disk.hold = true;
	for (i = 0; i < RESERVE_PAGES / 11; i++) {
		slot = peer_request(peer, BLKIF_OP_WRITE, i, 8 * 11 * i, 11,
				    11 * i);
		peer_put(peer, &slot);
	}
	peer_push(peer);
	back_wait_held(test, i);
	slot = peer_request(peer, BLKIF_OP_READ, i, 8 * 11 * i, 11, 11 * i);
	peer_put(peer, &slot);
	peer_push(peer);
	msleep(SLOW_MS);
	disk_release();
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, i + 1));
	guilty(test, "read", "admission");
}

/* There is one request object, and it is in use. */
static void R20_it_lies_on_the_ring(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_WRITE, 1, 0, 1, 0);

	back_connect(test, bench);
	xen.no_memory = true;
	back_hold(test, peer, &slot);
	/* The pass is over: an event announces the other one. */
	loopback_settle();
	slot = peer_request(peer, BLKIF_OP_READ, 2, 64, 1, 1);
	peer_put(peer, &slot);
	peer_push(peer);
	msleep(SLOW_MS);
	xen.no_memory = false;
	disk_release();
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, 2));
	guilty(test, "read", "ring");
}

/* While a pass is held up by what it starts, its answers wait. */
static void R20_the_answer_waits_for_the_pass(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct blkback_dev *dev = dev_get_drvdata(&bench->back->dev);
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_READ, 1, 0, 1, 0);

	back_connect(test, bench);
	back_hold(test, peer, &slot);
	slot = peer_request(peer, BLKIF_OP_WRITE, 2, 64, 1, 1);
	peer_put(peer, &slot);
	xen.slow_map_ms = SLOW_MS;
	/* One pass finds both: the end of the read and the write's slot. */
	disable_work_sync(&dev->queue[0]->work);
	disk_release();
	peer_push(peer);
	enable_work(&dev->queue[0]->work);
	blkback_queue_kick(dev->queue[0]);
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, 2));
	guilty(test, "read", "answer");
}

static void R20_every_request_is_counted(struct kunit *test)
{
	struct stat_reader *reader = stat_reader(test);
	struct bench *bench = test->priv;
	struct stat_row row, total;
	unsigned int i;
	u64 sum = 0;

	back_connect(test, bench);
	back_put_many(bench->peer, BLKIF_OP_WRITE, PEER_SLOTS, 11);
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->peer, PEER_SLOTS));
	loopback_settle();
	total = stat_row(reader, DIR, "write", "total");
	for (i = 0; i < ARRAY_SIZE(stages); i++) {
		row = stat_row(reader, DIR, "write", stages[i]);
		KUNIT_EXPECT_EQ(test, PEER_SLOTS, row.count);
		KUNIT_EXPECT_EQ(test, PEER_SLOTS,
				stat_buckets(reader, DIR, "write", stages[i]));
		KUNIT_EXPECT_LE(test, row.p50, row.p99);
		KUNIT_EXPECT_LE(test, row.p99, row.max);
		sum += strcmp(stages[i], "answer") ? row.mean : 0;
	}
	KUNIT_EXPECT_EQ(test, PEER_SLOTS, total.count);
	/* Means are rounded down. */
	KUNIT_EXPECT_GE(test, total.mean, sum);
	KUNIT_EXPECT_LE(test, total.mean, sum + ARRAY_SIZE(stages));
	KUNIT_EXPECT_EQ(test, 0, stat_row(reader, DIR, "read", "total").count);
}

static void H4_latencies_survive_rest_and_a_reconnect(struct kunit *test)
{
	struct stat_reader *reader = stat_reader(test);
	struct bench *bench = test->priv;
	struct blkback_dev *dev = dev_get_drvdata(&bench->back->dev);

	back_connect(test, bench);
	back_works(test, bench->peer, 0);
	loopback_settle();
	KUNIT_EXPECT_NOT_NULL(test, dev->stats->latency.set[BLKBACK_TYPE_READ]);
	back_idle_period(test, bench);
	back_idle_period(test, bench);
	/* What an idle ring has is given back, or kept once for all rings. */
	KUNIT_EXPECT_NULL(test, dev->stats->latency.set[BLKBACK_TYPE_READ]);
	KUNIT_EXPECT_EQ(test, 1, stat_row(reader, DIR, "read", "total").count);

	back_works(test, bench->peer, 0);
	KUNIT_ASSERT_TRUE(test, peer_close(bench->peer));
	KUNIT_EXPECT_EQ(test, 2, stat_row(reader, DIR, "read", "total").count);
	back_begin_again(test);
	KUNIT_ASSERT_TRUE(test, peer_connect(bench->peer));
	back_works(test, bench->peer, 0);
	loopback_settle();
	KUNIT_EXPECT_EQ(test, 3, stat_row(reader, DIR, "read", "total").count);
}

static void reset_forgets_what_was(struct kunit *test)
{
	struct stat_reader *reader = stat_reader(test);
	struct bench *bench = test->priv;

	back_connect(test, bench);
	back_works(test, bench->peer, 0);
	back_idle_period(test, bench);
	back_idle_period(test, bench);
	back_works(test, bench->peer, 0);
	loopback_settle();
	KUNIT_EXPECT_TRUE(test, stat_reset(reader, DIR));
	KUNIT_EXPECT_EQ(test, 0, stat_row(reader, DIR, "read", "total").count);
	back_works(test, bench->peer, 0);
	loopback_settle();
	KUNIT_EXPECT_EQ(test, 1, stat_row(reader, DIR, "read", "total").count);
	KUNIT_EXPECT_EQ(test, 1, stat_buckets(reader, DIR, "read", "device"));
}

/* Switched off, and on again while a request is under way. */
static void nobody_counts(struct kunit *test)
{
	struct stat_reader *reader = stat_reader(test);
	struct bench *bench = test->priv;
	struct peer_slot slot = peer_request(bench->peer, BLKIF_OP_READ, 9, 0,
					     1, 0);

	back_connect(test, bench);
	blkback_latency_stats = false;
	back_works(test, bench->peer, 0);
	back_hold(test, bench->peer, &slot);
	blkback_latency_stats = true;
	disk_release();
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->peer, 3));
	loopback_settle();
	KUNIT_EXPECT_EQ(test, 0, stat_row(reader, DIR, "read", "total").count);
	back_works(test, bench->peer, 0);
	loopback_settle();
	KUNIT_EXPECT_EQ(test, 1, stat_row(reader, DIR, "read", "total").count);
}

static void no_memory_to_count_in(struct kunit *test)
{
	struct stat_reader *reader = stat_reader(test);
	struct bench *bench = test->priv;

	back_connect(test, bench);
	xen.no_memory = true;
	back_works(test, bench->peer, 0);
	xen.no_memory = false;
	loopback_settle();
	KUNIT_EXPECT_NOT_NULL(test, strstr(stat_text(reader, DIR "/stat"),
					   "\n# since the probe, 2 requests were "));
}

static void R26_who_is_stuck_and_where(struct kunit *test)
{
	struct stat_reader *reader = stat_reader(test);
	struct bench *bench = test->priv;
	struct peer_slot slot = peer_request(bench->peer, BLKIF_OP_WRITE, 0x11,
					     800, 2, 0);
	const char *text, *old, *young;

	back_connect(test, bench);
	back_hold(test, bench->peer, &slot);
	msleep(20);
	slot = peer_request(bench->peer, BLKIF_OP_READ, 0x12, 1600, 1, 2);
	peer_put(bench->peer, &slot);
	peer_push(bench->peer);
	back_wait_held(test, 2);

	text = stat_text(reader, DIR "/rings");
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, "ring 0 slots 32 req_prod 2 req_cons 2 "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " in_flight 2 "));
	old = strstr(text, "\nrequest 0x11 write sector 800 sectors 16 age_ns ");
	young = strstr(text, "\nrequest 0x12 read sector 1600 sectors 8 age_ns ");
	KUNIT_ASSERT_NOT_NULL(test, old);
	KUNIT_ASSERT_NOT_NULL(test, young);
	KUNIT_EXPECT_TRUE(test, old < young);
	KUNIT_EXPECT_NOT_NULL(test, strstr(young, " stage device\n"));
	disk_release();
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->peer, 2));
	loopback_settle();
	KUNIT_EXPECT_NULL(test, strstr(stat_text(reader, DIR "/rings"),
				       "request"));
}

/* The pass itself is stuck in the disk: who looks is not. */
static void R26_a_pass_that_is_stuck(struct kunit *test)
{
	struct stat_reader *reader = stat_reader(test);
	struct bench *bench = test->priv;
	struct peer_slot slot = peer_request(bench->peer, BLKIF_OP_WRITE, 0x13,
					     0, 1, 0);
	unsigned long long ns = 0;
	const char *text;

	back_connect(test, bench);
	disk.stall = 1;
	peer_put(bench->peer, &slot);
	peer_push(bench->peer);
	KUNIT_ASSERT_TRUE(test, loopback_wait(READ_ONCE(disk.nr_stalled)));
	msleep(100);
	text = stat_text(reader, DIR "/rings");
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, "request 0x13 write "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " stage device\n"));
	text = strstr(text, " pass_ns ");
	KUNIT_ASSERT_NOT_NULL(test, text);
	if (sscanf(text, " pass_ns %llu", &ns) != 1)
		KUNIT_FAIL(test, "no number");
	KUNIT_EXPECT_GE(test, ns, 50 * NSEC_PER_MSEC);
	disk_release();
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->peer, 1));
}

static bool rings_say(struct kunit *test, struct stat_reader *reader,
		      const char *what)
{
	return strstr(stat_text(reader, DIR "/rings"), what);
}

/* While nobody counts there are no times that it could be told by. */
static void R26_where_each_is_without_times(struct kunit *test)
{
	struct stat_reader *reader = stat_reader(test);
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;

	blkback_latency_stats = false;
	xen.pages_budget = RESERVE_PAGES;
	back_connect(test, bench);
	/* Mapped. */
	xen.slow_map_ms = SLOW_MS;
	slot = peer_request(peer, BLKIF_OP_WRITE, 0x14, 0, 4, 0);
	peer_put(peer, &slot);
	peer_push(peer);
	KUNIT_EXPECT_TRUE(test, loopback_wait(xen.nr_map_calls));
	KUNIT_EXPECT_TRUE(test, rings_say(test, reader, " stage pages_in\n"));
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, 1));
	xen.slow_map_ms = 0;
	/* Two have all the pages, and the disk. */
	disk.hold = true;
	disk.hold_pages = true;
	back_put_many(peer, BLKIF_OP_WRITE, 3, 11);
	back_wait_held(test, 2);
	loopback_settle();
	KUNIT_EXPECT_TRUE(test, rings_say(test, reader, " stage device\n"));
	KUNIT_EXPECT_TRUE(test, rings_say(test, reader, " stage admission\n"));
	/* Done, and not unmapped. */
	disk_release_one();
	KUNIT_EXPECT_TRUE(test, loopback_wait(rings_say(test, reader,
							" stage pages_out\n")));
	disk_release();
	disk_release_pages();
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, 4));
}

static void config_says_what_was_agreed(struct kunit *test)
{
	struct stat_reader *reader = stat_reader(test);
	struct bench *bench = test->priv;
	const char *text;

	back_connect(test, bench);
	text = stat_text(reader, DIR "/config");
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, "connected 1 "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, "\nrings 1 "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, "\nring_slots 32 "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, "\nabi x86_64 (the frontend's key protocol)\n"));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, "\npersistent_grants 0 (the frontend "));
	KUNIT_ASSERT_TRUE(test, peer_close(bench->peer));
	KUNIT_EXPECT_NOT_NULL(test, strstr(stat_text(reader, DIR "/config"),
					   "connected 0 "));
}

/* --- R22 ----------------------------------------------------------------------------- */

#define TRACED_ID	0x17

struct traced {
	char order[16];
	unsigned int nr;
	int error;
};

static void trace_note(struct traced *traced, const struct blkback_req *req,
		       char event)
{
	if (req->cmd.id == TRACED_ID && traced->nr < sizeof(traced->order) - 1)
		traced->order[traced->nr++] = event;
}

#define PROBE(name, event)						\
static void probe_##name(void *data, const struct blkback_req *req)	\
{									\
	trace_note(data, req, event);					\
}

PROBE(take, 't')
PROBE(start, 's')
PROBE(bring, 'b')
PROBE(submit, 'd')

static void probe_complete(void *data, const struct blkback_req *req, int error)
{
	trace_note(data, req, 'c');
}

static void probe_answer(void *data, const struct blkback_req *req, int error)
{
	struct traced *traced = data;

	trace_note(traced, req, 'a');
	traced->error = error;
}

static void R22_each_stage_can_be_traced(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot = peer_request(bench->peer, BLKIF_OP_READ, TRACED_ID,
					     0, 1, 0);
	struct traced traced = {};

	back_connect(test, bench);
	register_trace_blkback_take(probe_take, &traced);
	register_trace_blkback_start(probe_start, &traced);
	register_trace_blkback_bring(probe_bring, &traced);
	register_trace_blkback_submit(probe_submit, &traced);
	register_trace_blkback_complete(probe_complete, &traced);
	register_trace_blkback_answer(probe_answer, &traced);
	disk.fail_all = 1;
	peer_put(bench->peer, &slot);
	peer_push(bench->peer);
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->peer, 1));
	loopback_settle();
	unregister_trace_blkback_take(probe_take, &traced);
	unregister_trace_blkback_start(probe_start, &traced);
	unregister_trace_blkback_bring(probe_bring, &traced);
	unregister_trace_blkback_submit(probe_submit, &traced);
	unregister_trace_blkback_complete(probe_complete, &traced);
	unregister_trace_blkback_answer(probe_answer, &traced);
	tracepoint_synchronize_unregister();
	KUNIT_EXPECT_STREQ(test, "tsbdca", traced.order);
	KUNIT_EXPECT_EQ(test, -EIO, traced.error);
}

static void latency_exit(struct kunit *test)
{
	blkback_latency_stats = true;
	back_exit(test);
}

static struct kunit_case back_latency_cases[] = {
	KUNIT_CASE_SLOW(R20_the_disk_is_slow),
	KUNIT_CASE_SLOW(R20_mapping_is_slow),
	KUNIT_CASE_SLOW(R20_a_page_is_kept),
	KUNIT_CASE_SLOW(R20_there_are_no_pages),
	KUNIT_CASE_SLOW(R20_it_lies_on_the_ring),
	KUNIT_CASE_SLOW(R20_the_answer_waits_for_the_pass),
	KUNIT_CASE(R20_every_request_is_counted),
	KUNIT_CASE(H4_latencies_survive_rest_and_a_reconnect),
	KUNIT_CASE(reset_forgets_what_was),
	KUNIT_CASE(nobody_counts),
	KUNIT_CASE(no_memory_to_count_in),
	KUNIT_CASE(R26_who_is_stuck_and_where),
	KUNIT_CASE(R26_a_pass_that_is_stuck),
	KUNIT_CASE_SLOW(R26_where_each_is_without_times),
	KUNIT_CASE(config_says_what_was_agreed),
	KUNIT_CASE(R22_each_stage_can_be_traced),
	{}
};

struct kunit_suite back_latency_suite = {
	.name = "loopback_back_latency",
	.suite_init = loopback_start_mapping,
	.suite_exit = loopback_stop,
	.init = back_init,
	.exit = latency_exit,
	.test_cases = back_latency_cases,
};
