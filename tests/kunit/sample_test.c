// SPDX-License-Identifier: GPL-2.0
/* Shows that a lane runs suites, and nothing else. */
#include <kunit/test.h>
#include <linux/module.h>
#include <xen/xen.h>

static void sample_adds(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 1 + 1, 2);
}

static void sample_on_xen(struct kunit *test)
{
	if (!xen_domain())
		kunit_skip(test, "not under Xen");
	KUNIT_EXPECT_TRUE(test, xen_initial_domain());
}

static struct kunit_case sample_cases[] = {
	KUNIT_CASE(sample_adds),
	KUNIT_CASE(sample_on_xen),
	{}
};

static struct kunit_suite sample_suite = {
	.name = "sample",
	.test_cases = sample_cases,
};

kunit_test_suite(sample_suite);

MODULE_DESCRIPTION("XenBlk: sample suite");
MODULE_LICENSE("GPL");
