// SPDX-License-Identifier: GPL-2.0
/* What the backend wrote about the disk. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../../blkfront/negotiate.c"

static const struct blkfront_wish wish = {
	.rings = 4, .ring_order = 2, .segments = 256,
};

static struct blkfront_offer good_offer(void)
{
	struct blkfront_offer offer = {};

	offer.value[BLKFRONT_KEY_SECTORS] = "8192";
	offer.value[BLKFRONT_KEY_SECTOR_SIZE] = "512";
	offer.value[BLKFRONT_KEY_INFO] = "0";
	return offer;
}

static void the_least_that_makes_a_disk(struct kunit *test)
{
	struct blkfront_offer offer = good_offer();
	struct blkfront_refusal refusal;
	struct blkfront_config config;

	KUNIT_ASSERT_EQ(test, 0, blkfront_negotiate(&offer, &wish, &config,
						    &refusal));
	KUNIT_EXPECT_EQ(test, 8192, config.sectors);
	KUNIT_EXPECT_EQ(test, 512, config.sector_size);
	KUNIT_EXPECT_EQ(test, 512, config.physical_sector_size);
	KUNIT_EXPECT_EQ(test, BLKFRONT_FLUSH_NONE, config.flush);
	KUNIT_EXPECT_FALSE(test, config.discard);
	KUNIT_EXPECT_FALSE(test, config.secure_erase);
	KUNIT_EXPECT_FALSE(test, config.readonly);
	KUNIT_EXPECT_FALSE(test, config.cdrom);
	KUNIT_EXPECT_FALSE(test, config.removable);
}

static void all_that_can_be_offered(struct kunit *test)
{
	struct blkfront_offer offer = {
		.value = {
			[BLKFRONT_KEY_SECTORS] = "8197",
			[BLKFRONT_KEY_SECTOR_SIZE] = "4096",
			[BLKFRONT_KEY_PHYSICAL_SECTOR_SIZE] = "16384",
			[BLKFRONT_KEY_INFO] = "7",
			[BLKFRONT_KEY_FLUSH] = "1",
			[BLKFRONT_KEY_BARRIER] = "1",
			[BLKFRONT_KEY_DISCARD] = "1",
			[BLKFRONT_KEY_DISCARD_GRANULARITY] = "65536",
			[BLKFRONT_KEY_DISCARD_ALIGNMENT] = "512",
			[BLKFRONT_KEY_DISCARD_SECURE] = "1",
		},
	};
	struct blkfront_refusal refusal;
	struct blkfront_config config;

	KUNIT_ASSERT_EQ(test, 0, blkfront_negotiate(&offer, &wish, &config,
						    &refusal));
	/* U1: in 512 bytes, and whole blocks of them. */
	KUNIT_EXPECT_EQ(test, 8192, config.sectors);
	KUNIT_EXPECT_EQ(test, 4096, config.sector_size);
	KUNIT_EXPECT_EQ(test, 16384, config.physical_sector_size);
	KUNIT_EXPECT_EQ(test, BLKFRONT_FLUSH_CACHE, config.flush);
	KUNIT_EXPECT_TRUE(test, config.discard);
	KUNIT_EXPECT_TRUE(test, config.secure_erase);
	KUNIT_EXPECT_EQ(test, 65536, config.discard_granularity);
	KUNIT_EXPECT_EQ(test, 512, config.discard_alignment);
	KUNIT_EXPECT_TRUE(test, config.readonly);
	KUNIT_EXPECT_TRUE(test, config.cdrom);
	KUNIT_EXPECT_TRUE(test, config.removable);

	offer.value[BLKFRONT_KEY_FLUSH] = "0";
	KUNIT_ASSERT_EQ(test, 0, blkfront_negotiate(&offer, &wish, &config,
						    &refusal));
	KUNIT_EXPECT_EQ(test, BLKFRONT_FLUSH_BARRIER, config.flush);
	/* Secure without discard is nothing. */
	offer.value[BLKFRONT_KEY_DISCARD] = "0";
	KUNIT_ASSERT_EQ(test, 0, blkfront_negotiate(&offer, &wish, &config,
						    &refusal));
	KUNIT_EXPECT_FALSE(test, config.discard);
	KUNIT_EXPECT_FALSE(test, config.secure_erase);
}

struct bad_case {
	enum blkfront_key key;
	const char *value;
};

static const struct bad_case bad_cases[] = {
	{ BLKFRONT_KEY_SECTORS, NULL },
	{ BLKFRONT_KEY_SECTORS, "" },
	{ BLKFRONT_KEY_SECTORS, "-1" },
	{ BLKFRONT_KEY_SECTORS, "0x1000" },
	{ BLKFRONT_KEY_SECTORS, "18014398509481984" },	/* 2^54 */
	{ BLKFRONT_KEY_SECTORS, "18446744073709551616" },
	{ BLKFRONT_KEY_SECTOR_SIZE, NULL },
	{ BLKFRONT_KEY_SECTOR_SIZE, "0" },
	{ BLKFRONT_KEY_SECTOR_SIZE, "256" },
	{ BLKFRONT_KEY_SECTOR_SIZE, "1000" },
	{ BLKFRONT_KEY_SECTOR_SIZE, "8192" },
	{ BLKFRONT_KEY_SECTOR_SIZE, "4294967808" },	/* 2^32 + 512 */
	{ BLKFRONT_KEY_PHYSICAL_SECTOR_SIZE, "0" },
	{ BLKFRONT_KEY_PHYSICAL_SECTOR_SIZE, "256" },
	{ BLKFRONT_KEY_PHYSICAL_SECTOR_SIZE, "513" },
	{ BLKFRONT_KEY_INFO, NULL },
	{ BLKFRONT_KEY_INFO, "r" },
	{ BLKFRONT_KEY_FLUSH, "on" },
	{ BLKFRONT_KEY_BARRIER, "-1" },
	{ BLKFRONT_KEY_DISCARD, "4294967296" },
	{ BLKFRONT_KEY_DISCARD_GRANULARITY, "1000" },
	{ BLKFRONT_KEY_DISCARD_ALIGNMENT, "100" },
	{ BLKFRONT_KEY_DISCARD_SECURE, "x" },
	{ BLKFRONT_KEY_PERSISTENT, "yes" },
	{ BLKFRONT_KEY_MAX_INDIRECT_SEGMENTS, "" },
	{ BLKFRONT_KEY_MAX_INDIRECT_SEGMENTS, "-1" },
	{ BLKFRONT_KEY_MAX_INDIRECT_SEGMENTS, "0x20" },
	{ BLKFRONT_KEY_MAX_INDIRECT_SEGMENTS, "4294967296" },
};

static void U4_D13_values_that_cannot_be(struct kunit *test)
{
	struct blkfront_refusal refusal;
	struct blkfront_config config;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad_cases); i++) {
		const struct bad_case *c = &bad_cases[i];
		struct blkfront_offer offer = good_offer();

		offer.value[BLKFRONT_KEY_DISCARD] = "1";
		offer.value[c->key] = c->value;
		memset(&refusal, 0, sizeof(refusal));
		KUNIT_EXPECT_EQ_MSG(test, -EINVAL,
				    blkfront_negotiate(&offer, &wish, &config,
						       &refusal),
				    "case %u", i);
		KUNIT_EXPECT_STREQ(test, blkfront_negotiate_key(c->key),
				   refusal.key ?: "");
		KUNIT_EXPECT_NOT_NULL(test, refusal.value);
		KUNIT_EXPECT_NOT_NULL(test, refusal.expected);
	}
}

static void the_largest_disk(struct kunit *test)
{
	struct blkfront_offer offer = good_offer();
	struct blkfront_refusal refusal;
	struct blkfront_config config;

	offer.value[BLKFRONT_KEY_SECTORS] = "18014398509481983";
	KUNIT_ASSERT_EQ(test, 0, blkfront_negotiate(&offer, &wish, &config,
						    &refusal));
	KUNIT_EXPECT_EQ(test, (1ULL << 54) - 1, config.sectors);
}

static void how_large_a_request_may_be(struct kunit *test)
{
	static const struct {
		const char *offered;
		unsigned int wanted;
		unsigned int got;
	} cases[] = {
		{ NULL, 256, 11 }, { "0", 256, 11 }, { "1", 256, 11 },
		{ "11", 256, 11 }, { "12", 256, 12 }, { "32", 256, 32 },
		{ "256", 256, 256 }, { "4294967295", 256, 256 },
		{ "256", 0, 11 }, { "256", 32, 32 }, { "8192", 8192, 4096 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct blkfront_wish want = { .segments = cases[i].wanted };
		struct blkfront_offer offer = good_offer();
		struct blkfront_refusal refusal;
		struct blkfront_config config;

		offer.value[BLKFRONT_KEY_MAX_INDIRECT_SEGMENTS] =
			cases[i].offered;
		KUNIT_ASSERT_EQ(test, 0, blkfront_negotiate(&offer, &want,
							    &config, &refusal));
		KUNIT_EXPECT_EQ_MSG(test, cases[i].got, config.max_segments,
				    "case %u", i);
	}
}

static void PG1_persistent_if_both_say_so(struct kunit *test)
{
	static const struct {
		const char *offered;
		bool wanted, got;
	} cases[] = {
		{ NULL, true, false }, { "0", true, false }, { "1", true, true },
		{ "1", false, false }, { NULL, false, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct blkfront_wish want = { .persistent = cases[i].wanted };
		struct blkfront_offer offer = good_offer();
		struct blkfront_refusal refusal;
		struct blkfront_config config;

		offer.value[BLKFRONT_KEY_PERSISTENT] = cases[i].offered;
		KUNIT_ASSERT_EQ(test, 0, blkfront_negotiate(&offer, &want,
							    &config, &refusal));
		KUNIT_EXPECT_EQ_MSG(test, cases[i].got, config.persistent,
				    "case %u", i);
	}
}

static void which_rings_there_are(struct kunit *test)
{
	static const struct {
		const char *queues, *order, *pages;
		unsigned int want_rings, want_order, rings, ring_order;
	} cases[] = {
		{ NULL, NULL, NULL, 4, 2, 1, 0 },
		{ "1", "0", NULL, 4, 2, 1, 0 },
		{ "4", "4", NULL, 4, 2, 4, 2 },
		{ "2", "1", NULL, 4, 2, 2, 1 },
		{ "64", "15", NULL, 4, 4, 4, 4 },
		{ "4294967295", "4294967295", NULL, 8, 9, 8, 4 },
		{ "8", "4", NULL, 0, 0, 1, 0 },
		{ "0", NULL, NULL, 4, 2, 1, 0 },
		{ NULL, NULL, "1", 4, 2, 1, 0 },
		{ NULL, NULL, "2", 4, 2, 1, 1 },
		{ NULL, NULL, "16", 4, 4, 1, 4 },
		{ NULL, NULL, "2147483648", 4, 4, 1, 4 },
		/* The newer key says it. */
		{ NULL, "1", "16", 4, 4, 1, 1 },
		{ NULL, "1", "nonsense", 4, 4, 1, 1 },
	};
	struct blkfront_refusal refusal;
	struct blkfront_layout layout;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct blkfront_wish want = {
			.rings = cases[i].want_rings,
			.ring_order = cases[i].want_order,
		};
		struct blkfront_offer offer = {
			.value = {
				[BLKFRONT_KEY_MAX_QUEUES] = cases[i].queues,
				[BLKFRONT_KEY_MAX_RING_PAGE_ORDER] = cases[i].order,
				[BLKFRONT_KEY_MAX_RING_PAGES] = cases[i].pages,
			},
		};

		KUNIT_ASSERT_EQ(test, 0,
				blkfront_negotiate_layout(&offer, &want,
							  &layout, &refusal));
		KUNIT_EXPECT_EQ_MSG(test, cases[i].rings, layout.rings,
				    "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ring_order,
				    layout.ring_order, "case %u", i);
	}
}

/* Only where there is another ring besides. */
static void which_rings_are_polled(struct kunit *test)
{
	static const struct {
		const char *queues;
		unsigned int want_rings, want_polled, rings, polled;
	} cases[] = {
		{ NULL, 4, 2, 1, 0 },
		{ "0", 4, 2, 1, 0 },
		{ "1", 4, 2, 1, 0 },
		{ "2", 4, 2, 2, 1 },
		{ "3", 4, 2, 3, 2 },
		{ "4", 4, 2, 4, 2 },
		{ "6", 4, 2, 6, 2 },
		{ "64", 4, 2, 6, 2 },
		{ "64", 0, 2, 3, 2 },
		{ "4294967295", 4, 4294967295, 4294967295, 4294967294 },
	};
	struct blkfront_refusal refusal;
	struct blkfront_layout layout;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct blkfront_wish want = {
			.rings = cases[i].want_rings,
			.poll_rings = cases[i].want_polled,
		};
		struct blkfront_offer offer = {
			.value[BLKFRONT_KEY_MAX_QUEUES] = cases[i].queues,
		};

		KUNIT_ASSERT_EQ(test, 0,
				blkfront_negotiate_layout(&offer, &want,
							  &layout, &refusal));
		KUNIT_EXPECT_EQ_MSG(test, cases[i].rings, layout.rings,
				    "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].polled, layout.poll_rings,
				    "case %u", i);
	}
}

static void D13_rings_that_cannot_be(struct kunit *test)
{
	static const struct bad_case cases[] = {
		{ BLKFRONT_KEY_MAX_QUEUES, "" },
		{ BLKFRONT_KEY_MAX_QUEUES, "-1" },
		{ BLKFRONT_KEY_MAX_QUEUES, "4294967296" },
		{ BLKFRONT_KEY_MAX_QUEUES, "four" },
		{ BLKFRONT_KEY_MAX_RING_PAGE_ORDER, "" },
		{ BLKFRONT_KEY_MAX_RING_PAGE_ORDER, "-1" },
		{ BLKFRONT_KEY_MAX_RING_PAGE_ORDER, "4294967296" },
		{ BLKFRONT_KEY_MAX_RING_PAGES, "0" },
		{ BLKFRONT_KEY_MAX_RING_PAGES, "3" },
		{ BLKFRONT_KEY_MAX_RING_PAGES, "-4" },
		{ BLKFRONT_KEY_MAX_RING_PAGES, "4294967296" },
	};
	struct blkfront_refusal refusal;
	struct blkfront_layout layout;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct blkfront_offer offer = {};

		offer.value[cases[i].key] = cases[i].value;
		memset(&refusal, 0, sizeof(refusal));
		KUNIT_EXPECT_EQ_MSG(test, -EINVAL,
				    blkfront_negotiate_layout(&offer, &wish,
							      &layout,
							      &refusal),
				    "case %u", i);
		KUNIT_EXPECT_STREQ(test, blkfront_negotiate_key(cases[i].key),
				   refusal.key ?: "");
		KUNIT_EXPECT_STREQ(test, cases[i].value, refusal.value ?: "");
		KUNIT_EXPECT_NOT_NULL(test, refusal.expected);
	}
}

static struct kunit_case negotiate_cases[] = {
	KUNIT_CASE(the_least_that_makes_a_disk),
	KUNIT_CASE(all_that_can_be_offered),
	KUNIT_CASE(U4_D13_values_that_cannot_be),
	KUNIT_CASE(the_largest_disk),
	KUNIT_CASE(how_large_a_request_may_be),
	KUNIT_CASE(PG1_persistent_if_both_say_so),
	KUNIT_CASE(which_rings_there_are),
	KUNIT_CASE(which_rings_are_polled),
	KUNIT_CASE(D13_rings_that_cannot_be),
	{}
};

static struct kunit_suite negotiate_suite = {
	.name = "blkfront_negotiate",
	.test_cases = negotiate_cases,
};

kunit_test_suite(negotiate_suite);

MODULE_DESCRIPTION("XenBlk: tests of blkfront/negotiate.c");
MODULE_LICENSE("GPL");
