// SPDX-License-Identifier: GPL-2.0
/* R20: what the histograms of both halves make of a duration. */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <xenblk/histogram_sum.h>

static void each_bucket_begins_where_the_last_one_ends(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < XENBLK_HISTOGRAM_BUCKETS; i++) {
		u64 floor = xenblk_histogram_floor_ns(i);

		KUNIT_EXPECT_EQ(test, i, xenblk_histogram_bucket(floor));
		if (i)
			KUNIT_EXPECT_EQ(test, i - 1,
					xenblk_histogram_bucket(floor - 1));
	}
	KUNIT_EXPECT_EQ(test, XENBLK_HISTOGRAM_BUCKETS - 1,
			xenblk_histogram_bucket(U64_MAX));
}

static void no_bucket_is_wider_than_a_quarter(struct kunit *test)
{
	unsigned int i;

	for (i = 1; i < XENBLK_HISTOGRAM_BUCKETS - 1; i++) {
		u64 floor = xenblk_histogram_floor_ns(i);
		u64 width = xenblk_histogram_floor_ns(i + 1) - floor;

		KUNIT_EXPECT_LE(test, 4 * width, floor);
	}
}

static struct xenblk_histogram_sum *sum_of(struct kunit *test, const u64 *ns,
					   unsigned int nr)
{
	struct xenblk_histogram *histogram =
		kunit_kzalloc(test, sizeof(*histogram), GFP_KERNEL);
	struct xenblk_histogram_sum *sum =
		kunit_kzalloc(test, sizeof(*sum), GFP_KERNEL);
	struct u64_stats_sync syncp;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, histogram);
	KUNIT_ASSERT_NOT_NULL(test, sum);
	u64_stats_init(&syncp);
	for (i = 0; i < nr; i++)
		xenblk_histogram_add(histogram, ns[i], 1);
	xenblk_histogram_gather(sum, histogram, &syncp);
	return sum;
}

static void percentiles_are_in_their_bucket(struct kunit *test)
{
	struct xenblk_histogram_sum *sum;
	u64 *ns = kunit_kcalloc(test, 1000, sizeof(*ns), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, ns);
	/* 1 us, 2 us, ... 1000 us. */
	for (i = 0; i < 1000; i++)
		ns[i] = (i + 1) * 1000;
	sum = sum_of(test, ns, 1000);
	KUNIT_EXPECT_EQ(test, 1000, sum->count);
	KUNIT_EXPECT_EQ(test, 500500000, sum->sum_ns);
	KUNIT_EXPECT_EQ(test, 1000000, sum->max_ns);
	/* Of what is evenly spread the place in the bucket is right, too. */
	KUNIT_EXPECT_LE(test, abs_diff(xenblk_histogram_percentile(sum, 5000),
				       500000ULL), 2000);
	KUNIT_EXPECT_LE(test, abs_diff(xenblk_histogram_percentile(sum, 9000),
				       900000ULL), 20000);
	KUNIT_EXPECT_EQ(test, 1000000, xenblk_histogram_percentile(sum, 10000));
}

static void one_alone_is_every_percentile(struct kunit *test)
{
	static const u64 ns[] = { 77777 };
	struct xenblk_histogram_sum *sum = sum_of(test, ns, 1);

	KUNIT_EXPECT_EQ(test, 77777, xenblk_histogram_percentile(sum, 5000));
	KUNIT_EXPECT_EQ(test, 77777, xenblk_histogram_percentile(sum, 9990));
}

static void none_is_nothing(struct kunit *test)
{
	struct xenblk_histogram_sum *sum = sum_of(test, NULL, 0);

	KUNIT_EXPECT_EQ(test, 0, sum->count);
	KUNIT_EXPECT_EQ(test, 0, xenblk_histogram_percentile(sum, 9990));
}

static void the_longest_bound_nothing(struct kunit *test)
{
	static const u64 ns[] = { 1ULL << 40, 1ULL << 36 };
	struct xenblk_histogram_sum *sum = sum_of(test, ns, 2);

	KUNIT_EXPECT_EQ(test, 2, sum->bucket[XENBLK_HISTOGRAM_BUCKETS - 1]);
	KUNIT_EXPECT_EQ(test, 1ULL << 40, xenblk_histogram_percentile(sum, 9990));
}

static struct kunit_case histogram_cases[] = {
	KUNIT_CASE(each_bucket_begins_where_the_last_one_ends),
	KUNIT_CASE(no_bucket_is_wider_than_a_quarter),
	KUNIT_CASE(percentiles_are_in_their_bucket),
	KUNIT_CASE(one_alone_is_every_percentile),
	KUNIT_CASE(none_is_nothing),
	KUNIT_CASE(the_longest_bound_nothing),
	{}
};

static struct kunit_suite histogram_suite = {
	.name = "xenblk_histogram",
	.test_cases = histogram_cases,
};

kunit_test_suite(histogram_suite);

MODULE_DESCRIPTION("KUnit suite of include/xenblk/histogram.h");
MODULE_LICENSE("GPL");
