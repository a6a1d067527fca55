// SPDX-License-Identifier: GPL-2.0
/* A rate that is held: to the nanosecond, for ever, whatever the clock does. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../../blkback/bucket.c"

#define START_NS	(100ULL * NSEC_PER_SEC)
#define BURST_NS	(100ULL * NSEC_PER_MSEC)

static struct blkback_bucket bucket_of(u64 per_sec, u64 now_ns)
{
	struct blkback_bucket bucket = {};

	blkback_bucket_set(&bucket, per_sec, now_ns);
	return bucket;
}

static bool passes(struct blkback_bucket *bucket, u32 amount, u64 now_ns)
{
	if (blkback_bucket_wait_ns(bucket, now_ns))
		return false;
	blkback_bucket_charge(bucket, amount, BURST_NS, now_ns);
	return true;
}

/* How much passes until @end_ns when each comes as soon as it may, and so much late. */
static u64 passes_until(struct blkback_bucket *bucket, u32 amount, u64 now_ns,
			u64 end_ns, u64 late_ns)
{
	u64 sum = 0;

	while (now_ns < end_ns) {
		while (passes(bucket, amount, now_ns))
			sum += amount;
		now_ns += blkback_bucket_wait_ns(bucket, now_ns) + late_ns;
	}
	return sum;
}

static void no_rate_lets_all_pass(struct kunit *test)
{
	struct blkback_bucket bucket = {};
	unsigned int i;

	for (i = 0; i < 1000; i++)
		KUNIT_EXPECT_TRUE(test, passes(&bucket, U32_MAX, 0));
	KUNIT_EXPECT_EQ(test, 0, blkback_bucket_wait_ns(&bucket, U64_MAX));
}

static void the_wait_is_exact(struct kunit *test)
{
	struct blkback_bucket bucket = bucket_of(1000, START_NS);

	KUNIT_EXPECT_TRUE(test, passes(&bucket, 1, START_NS));
	KUNIT_EXPECT_EQ(test, NSEC_PER_MSEC,
			blkback_bucket_wait_ns(&bucket, START_NS));
	KUNIT_EXPECT_EQ(test, 1,
			blkback_bucket_wait_ns(&bucket, START_NS +
					       NSEC_PER_MSEC - 1));
	KUNIT_EXPECT_FALSE(test, passes(&bucket, 1, START_NS +
					NSEC_PER_MSEC - 1));
	KUNIT_EXPECT_TRUE(test, passes(&bucket, 1, START_NS + NSEC_PER_MSEC));
}

/* Rates that do not divide a second: not one too many or too few. */
static void nothing_drifts(struct kunit *test)
{
	static const u64 rates[] = { 3, 7, 997, 333333333, 999999937 };
	struct blkback_bucket bucket;
	u64 now_ns, nr = 100000;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		bucket = bucket_of(rates[i], START_NS);
		now_ns = START_NS;
		for (j = 0; j < nr; j++) {
			KUNIT_ASSERT_TRUE(test, passes(&bucket, 1, now_ns));
			now_ns += blkback_bucket_wait_ns(&bucket, now_ns);
		}
		KUNIT_EXPECT_EQ(test, div64_u64(nr * NSEC_PER_SEC, rates[i]),
				now_ns - START_NS);
	}
}

/* Whatever sizes come, and however late within the burst. */
static void what_passes_in_ten_seconds(struct kunit *test)
{
	static const u64 rates[] = { 100, 4096, 1000000, 50000000, 10000000000 };
	struct blkback_bucket bucket;
	unsigned int i, late;
	u64 sum, all;
	u32 amount;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		for (late = 0; late < 100; late += 33) {
			bucket = bucket_of(rates[i], START_NS);
			amount = max(rates[i] / 100, 1ULL);
			all = 10 * rates[i];
			sum = passes_until(&bucket, amount, START_NS,
					   START_NS + 10 * NSEC_PER_SEC,
					   late * NSEC_PER_MSEC ?: 1);
			/* Those that come late have saved a little, at the end. */
			KUNIT_EXPECT_GE(test, sum + all / 100, all);
			KUNIT_EXPECT_LE(test, sum, all + all / 50);
		}
	}
}

static void what_is_saved_is_bounded(struct kunit *test)
{
	struct blkback_bucket bucket = bucket_of(1000, START_NS);
	u64 now_ns = START_NS + 3600 * NSEC_PER_SEC;
	unsigned int nr = 0;

	/* An hour of nothing is as good as the burst, and one that may owe. */
	while (passes(&bucket, 1, now_ns))
		nr++;
	KUNIT_EXPECT_EQ(test, 101, nr);
	/* Less than it is all there. */
	now_ns += 50 * NSEC_PER_MSEC;
	for (nr = 0; passes(&bucket, 1, now_ns); nr++)
		;
	KUNIT_EXPECT_EQ(test, 50, nr);
}

static void larger_than_the_burst_passes_and_owes(struct kunit *test)
{
	struct blkback_bucket bucket = bucket_of(1 << 20, START_NS);

	KUNIT_EXPECT_TRUE(test, passes(&bucket, 16 << 20, START_NS));
	KUNIT_EXPECT_EQ(test, 16 * NSEC_PER_SEC,
			blkback_bucket_wait_ns(&bucket, START_NS));
	KUNIT_EXPECT_FALSE(test, passes(&bucket, 1, START_NS +
					16 * NSEC_PER_SEC - 1));
	KUNIT_EXPECT_TRUE(test, passes(&bucket, 1, START_NS +
				       16 * NSEC_PER_SEC));
}

static void time_that_stands_still_or_jumps(struct kunit *test)
{
	struct blkback_bucket bucket = bucket_of(10, START_NS);
	unsigned int i, nr;

	for (i = 0, nr = 0; i < 1000; i++)
		nr += passes(&bucket, 1, START_NS);
	KUNIT_EXPECT_EQ(test, 1, nr);
	/* Back: what was paid for then is not paid for twice. */
	for (i = 0, nr = 0; i < 1000; i++)
		nr += passes(&bucket, 1, START_NS - NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, 0, nr);
	for (i = 0, nr = 0; i < 1000; i++)
		nr += passes(&bucket, 1, START_NS + 86400 * NSEC_PER_SEC);
	KUNIT_EXPECT_EQ(test, 2, nr);
	/* A clock that has just begun, for which there was no time to save. */
	bucket = bucket_of(10, 0);
	for (i = 0, nr = 0; i < 1000; i++)
		nr += passes(&bucket, 1, 0);
	KUNIT_EXPECT_EQ(test, 1, nr);
}

static void another_rate_begins_anew(struct kunit *test)
{
	struct blkback_bucket bucket = bucket_of(1, START_NS);

	KUNIT_EXPECT_TRUE(test, passes(&bucket, 3600, START_NS));
	/* The same one is no news. */
	blkback_bucket_set(&bucket, 1, START_NS);
	KUNIT_EXPECT_EQ(test, 3600 * NSEC_PER_SEC,
			blkback_bucket_wait_ns(&bucket, START_NS));
	blkback_bucket_set(&bucket, 2, START_NS);
	KUNIT_EXPECT_TRUE(test, passes(&bucket, 1, START_NS));
	KUNIT_EXPECT_EQ(test, NSEC_PER_SEC / 2,
			blkback_bucket_wait_ns(&bucket, START_NS));
	blkback_bucket_set(&bucket, 0, START_NS);
	KUNIT_EXPECT_TRUE(test, passes(&bucket, U32_MAX, START_NS));
}

/* No debt is so large that it is forgotten, and no rate so high that it stops. */
static void the_ends_of_the_range(struct kunit *test)
{
	struct blkback_bucket bucket = bucket_of(1, START_NS);
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		blkback_bucket_charge(&bucket, U32_MAX, BURST_NS, START_NS);
		KUNIT_EXPECT_GE(test, blkback_bucket_wait_ns(&bucket, START_NS),
				min((i + 1) * 4ULL * NSEC_PER_SEC << 30,
				    BUCKET_MAX_DEBT_NS) - NSEC_PER_SEC * 1000);
	}
	KUNIT_EXPECT_EQ(test, BUCKET_MAX_DEBT_NS,
			blkback_bucket_wait_ns(&bucket, START_NS));

	bucket = bucket_of(BLKBACK_BUCKET_MAX_RATE, START_NS);
	for (i = 0; i < 1000; i++) {
		blkback_bucket_charge(&bucket, U32_MAX, BURST_NS, START_NS);
		KUNIT_EXPECT_LT(test, bucket.rest, BLKBACK_BUCKET_MAX_RATE);
	}
	/* A million of them take a nanosecond. */
	KUNIT_EXPECT_EQ(test, U32_MAX / 1000,
			blkback_bucket_wait_ns(&bucket, START_NS));
	KUNIT_EXPECT_TRUE(test, passes(&bucket, 0, START_NS + NSEC_PER_SEC));
	/* All that may be saved, and more than there was. */
	blkback_bucket_charge(&bucket, 1, U64_MAX, START_NS);
	KUNIT_EXPECT_GT(test, bucket.paid_ns, 0);
}

static struct kunit_case bucket_cases[] = {
	KUNIT_CASE(no_rate_lets_all_pass),
	KUNIT_CASE(the_wait_is_exact),
	KUNIT_CASE(nothing_drifts),
	KUNIT_CASE(what_passes_in_ten_seconds),
	KUNIT_CASE(what_is_saved_is_bounded),
	KUNIT_CASE(larger_than_the_burst_passes_and_owes),
	KUNIT_CASE(time_that_stands_still_or_jumps),
	KUNIT_CASE(another_rate_begins_anew),
	KUNIT_CASE(the_ends_of_the_range),
	{}
};

static struct kunit_suite bucket_suite = {
	.name = "blkback_bucket",
	.test_cases = bucket_cases,
};

kunit_test_suite(bucket_suite);

MODULE_DESCRIPTION("XenBlk: tests of blkback/bucket.c");
MODULE_LICENSE("GPL");
