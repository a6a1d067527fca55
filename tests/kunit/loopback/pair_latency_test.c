// SPDX-License-Identifier: GPL-2.0
/* R20: where the time of requests goes, as the guest's debugfs shows it. */
#include "../../../blkfront/blkfront.h"
#include "../../../blkfront/trace.h"
#include "false_back.h"
#include "pair.h"
#include "stat.h"

#define DIR		"xen/blkfront/xvda"
#define SLOW_MS		1000
/* The clock that is looked at is not that of timers. */
#define SLOW_NS		(SLOW_MS * NSEC_PER_MSEC / 4 * 3)
#define FAST_NS		(SLOW_MS * NSEC_PER_MSEC / 2)

static const char *const stages[] = { "queue", "backend", "finish" };

static void R20_the_backend_is_slow(struct kunit *test)
{
	struct stat_reader *reader = stat_reader(test);
	struct pair *pair = test->priv;
	struct stat_row row;
	unsigned int i;

	pair_start(test, pair);
	KUNIT_EXPECT_TRUE(test, stat_reset(reader, DIR));
	disk.hold = true;
	flight_start(pair, 0, REQ_OP_WRITE);
	KUNIT_ASSERT_TRUE(test, loopback_wait(READ_ONCE(disk.nr_held)));
	msleep(SLOW_MS);
	disk_release();
	KUNIT_EXPECT_EQ(test, 0, flight_wait(pair, 0));
	for (i = 0; i < ARRAY_SIZE(stages); i++) {
		row = stat_row(reader, DIR, "write", stages[i]);
		KUNIT_EXPECT_EQ(test, 1, row.count);
		KUNIT_EXPECT_EQ(test, 1, stat_buckets(reader, DIR, "write",
						      stages[i]));
		if (strcmp(stages[i], "backend"))
			KUNIT_EXPECT_LT(test, row.max, FAST_NS);
		else
			KUNIT_EXPECT_GE(test, row.max, SLOW_NS);
	}
	KUNIT_EXPECT_GE(test, stat_row(reader, DIR, "write", "total").max,
			SLOW_NS);
	KUNIT_EXPECT_TRUE(test, stat_reset(reader, DIR));
	KUNIT_EXPECT_EQ(test, 0, stat_row(reader, DIR, "write", "total").count);
}

static void R26_who_is_stuck_and_where(struct kunit *test)
{
	struct stat_reader *reader = stat_reader(test);
	struct pair *pair = test->priv;
	const char *text;

	pair_start(test, pair);
	disk.hold = true;
	flight_start(pair, 3, REQ_OP_READ);
	KUNIT_ASSERT_TRUE(test, loopback_wait(READ_ONCE(disk.nr_held)));
	text = strstr(stat_text(reader, DIR "/rings"), "\nrequest 0x");
	KUNIT_ASSERT_NOT_NULL(test, text);
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " read sector 24 sectors 8 age_ns "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " stage backend\n"));
	disk_release();
	KUNIT_EXPECT_EQ(test, 0, flight_wait(pair, 3));
	KUNIT_EXPECT_NULL(test, strstr(stat_text(reader, DIR "/rings"),
				       "request"));
}

static void start_on(struct pair *pair, unsigned int cpu)
{
	set_cpus_allowed_ptr(current, cpumask_of(cpu));
	flight_start(pair, cpu, REQ_OP_READ);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
}

static unsigned int count_requests(const char *text)
{
	unsigned int nr = 0;

	while ((text = strstr(text, "\nrequest 0x"))) {
		text++;
		nr++;
	}
	return nr;
}

/* They keep their rings until those of the next backend are there. */
static void R26_what_waits_for_a_smaller_backend(struct kunit *test)
{
	struct false_back *back = kunit_kzalloc(test, sizeof(*back), GFP_KERNEL);
	struct stat_reader *reader = stat_reader(test);
	struct pair *pair = test->priv;

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");
	KUNIT_ASSERT_NOT_NULL(test, back);
	back->max_queues = 2;
	false_begin(test, pair, back);
	pair_open(test, pair);
	back->hold = true;
	start_on(pair, 0);
	start_on(pair, 1);
	KUNIT_EXPECT_EQ(test, 2, count_requests(stat_text(reader, DIR "/rings")));
	false_end(pair, back);

	KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
					       XenbusStateInitialising,
					       PATIENCE_MS));
	store_write(BACK_NODE "/multi-queue-max-queues", "1");
	store_write(BACK_STATE, "%d", XenbusStateInitWait);
	KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
					       XenbusStateInitialised,
					       PATIENCE_MS));
	KUNIT_EXPECT_EQ(test, 2, count_requests(stat_text(reader, DIR "/rings")));
	store_write(BACK_STATE, "%d", XenbusStateClosed);

	back->max_queues = 1;
	back->hold = false;
	false_again(test, pair, back);
	KUNIT_EXPECT_EQ(test, 0, flight_wait(pair, 0));
	KUNIT_EXPECT_EQ(test, 0, flight_wait(pair, 1));
	KUNIT_EXPECT_EQ(test, 0, count_requests(stat_text(reader, DIR "/rings")));
	false_end(pair, back);
}

static void config_says_what_was_agreed(struct kunit *test)
{
	struct stat_reader *reader = stat_reader(test);
	struct pair *pair = test->priv;
	const char *text;

	pair_start(test, pair);
	text = stat_text(reader, DIR "/config");
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, "state connected\n"));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, "\nsectors 8192 "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, "\nflush flush "));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, "\nmax_segments 256 "));
}

/* --- R22 ----------------------------------------------------------------------------- */

struct traced {
	char order[16];
	unsigned int nr;
	u64 id;
	bool other;	/* another id than the first one's */
};

static void trace_note(struct traced *traced,
		       const struct blkfront_shadow *shadow, char event)
{
	if (!traced->nr)
		traced->id = shadow->io.id;
	traced->other |= traced->id != shadow->io.id;
	if (traced->nr < sizeof(traced->order) - 1)
		traced->order[traced->nr++] = event;
}

static void probe_queue(void *data, const struct blkfront_shadow *shadow)
{
	trace_note(data, shadow, 'q');
}

static void probe_put(void *data, const struct blkfront_shadow *shadow)
{
	trace_note(data, shadow, 'p');
}

static void probe_take(void *data, const struct blkfront_shadow *shadow,
		       blk_status_t status)
{
	trace_note(data, shadow, 't');
}

static void probe_end(void *data, const struct blkfront_shadow *shadow,
		      blk_status_t status)
{
	trace_note(data, shadow, 'e');
}

static void R22_each_stage_can_be_traced(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct traced traced = {};

	pair_start(test, pair);
	register_trace_blkfront_queue(probe_queue, &traced);
	register_trace_blkfront_put(probe_put, &traced);
	register_trace_blkfront_take(probe_take, &traced);
	register_trace_blkfront_end(probe_end, &traced);
	KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_READ, 0, 1));
	unregister_trace_blkfront_queue(probe_queue, &traced);
	unregister_trace_blkfront_put(probe_put, &traced);
	unregister_trace_blkfront_take(probe_take, &traced);
	unregister_trace_blkfront_end(probe_end, &traced);
	tracepoint_synchronize_unregister();
	KUNIT_EXPECT_STREQ(test, "qpte", traced.order);
	KUNIT_EXPECT_FALSE(test, traced.other);
}

static struct kunit_case pair_latency_cases[] = {
	KUNIT_CASE_SLOW(R20_the_backend_is_slow),
	KUNIT_CASE(R26_who_is_stuck_and_where),
	KUNIT_CASE_SLOW(R26_what_waits_for_a_smaller_backend),
	KUNIT_CASE(config_says_what_was_agreed),
	KUNIT_CASE(R22_each_stage_can_be_traced),
	{}
};

struct kunit_suite pair_latency_suite = {
	.name = "loopback_pair_latency",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = pair_init,
	.exit = pair_exit,
	.test_cases = pair_latency_cases,
};
