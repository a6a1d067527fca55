// SPDX-License-Identifier: GPL-2.0
/* What the backend wrote about the disk. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../../blkfront/negotiate.c"

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

	KUNIT_ASSERT_EQ(test, 0, blkfront_negotiate(&offer, &config, &refusal));
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

	KUNIT_ASSERT_EQ(test, 0, blkfront_negotiate(&offer, &config, &refusal));
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
	KUNIT_ASSERT_EQ(test, 0, blkfront_negotiate(&offer, &config, &refusal));
	KUNIT_EXPECT_EQ(test, BLKFRONT_FLUSH_BARRIER, config.flush);
	/* Secure without discard is nothing. */
	offer.value[BLKFRONT_KEY_DISCARD] = "0";
	KUNIT_ASSERT_EQ(test, 0, blkfront_negotiate(&offer, &config, &refusal));
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
				    blkfront_negotiate(&offer, &config, &refusal),
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
	KUNIT_ASSERT_EQ(test, 0, blkfront_negotiate(&offer, &config, &refusal));
	KUNIT_EXPECT_EQ(test, (1ULL << 54) - 1, config.sectors);
}

static struct kunit_case negotiate_cases[] = {
	KUNIT_CASE(the_least_that_makes_a_disk),
	KUNIT_CASE(all_that_can_be_offered),
	KUNIT_CASE(U4_D13_values_that_cannot_be),
	KUNIT_CASE(the_largest_disk),
	{}
};

static struct kunit_suite negotiate_suite = {
	.name = "blkfront_negotiate",
	.test_cases = negotiate_cases,
};

kunit_test_suite(negotiate_suite);

MODULE_DESCRIPTION("XenBlk: tests of blkfront/negotiate.c");
MODULE_LICENSE("GPL");
