// SPDX-License-Identifier: GPL-2.0
/* What makes a disk that came back another one. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../../blkfront/identity.c"

#define DISK(_sectors, _size, _params, _type) { \
	.sectors = (_sectors), .sector_size = (_size), \
	.params = (_params), .type = (_type), \
}

static const struct blkfront_identity known = DISK(2048, 512, "/dev/a", "phy");
static const struct blkfront_identity unknown = DISK(2048, 512, NULL, NULL);

static const struct {
	const struct blkfront_identity *was;
	struct blkfront_identity is;
	enum blkfront_difference stayed;
	enum blkfront_difference returned;
	enum blkfront_difference resumed;
} cases[] = {
	{ &known, DISK(2048, 512, "/dev/a", "phy"),
	  BLKFRONT_SAME, BLKFRONT_SAME, BLKFRONT_SAME },
	{ &known, DISK(2048, 512, "/dev/b", "phy"),
	  BLKFRONT_OTHER_PARAMS, BLKFRONT_OTHER_PARAMS, BLKFRONT_SAME },
	{ &known, DISK(2048, 512, "/dev/a", "file"),
	  BLKFRONT_OTHER_TYPE, BLKFRONT_OTHER_TYPE, BLKFRONT_SAME },
	{ &known, DISK(2048, 512, "", "phy"),
	  BLKFRONT_OTHER_PARAMS, BLKFRONT_OTHER_PARAMS, BLKFRONT_SAME },
	{ &known, DISK(2048, 512, NULL, NULL),
	  BLKFRONT_SAME, BLKFRONT_SAME, BLKFRONT_SAME },
	{ &unknown, DISK(2048, 512, "/dev/b", "phy"),
	  BLKFRONT_SAME, BLKFRONT_SAME, BLKFRONT_SAME },
	/* Block sizes are never what they were not. */
	{ &known, DISK(2048, 4096, "/dev/a", "phy"),
	  BLKFRONT_OTHER_SECTOR_SIZE, BLKFRONT_OTHER_SECTOR_SIZE,
	  BLKFRONT_OTHER_SECTOR_SIZE },
	/* Who stays may have any size; who returns may have grown. */
	{ &known, DISK(4096, 512, "/dev/a", "phy"),
	  BLKFRONT_SAME, BLKFRONT_SAME, BLKFRONT_SAME },
	{ &known, DISK(2047, 512, "/dev/a", "phy"),
	  BLKFRONT_SAME, BLKFRONT_OTHER_SECTORS, BLKFRONT_OTHER_SECTORS },
	{ &known, DISK(4096, 512, NULL, "phy"),
	  BLKFRONT_SAME, BLKFRONT_OTHER_SECTORS, BLKFRONT_SAME },
	{ &unknown, DISK(2049, 512, "/dev/a", "phy"),
	  BLKFRONT_SAME, BLKFRONT_OTHER_SECTORS, BLKFRONT_SAME },
	{ &unknown, DISK(2047, 512, NULL, NULL),
	  BLKFRONT_SAME, BLKFRONT_OTHER_SECTORS, BLKFRONT_OTHER_SECTORS },
};

static void what_makes_another_disk(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test, cases[i].stayed,
				    blkfront_identity_compare(cases[i].was,
							      &cases[i].is,
							      BLKFRONT_STAYED),
				    "case %u, stayed", i);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].returned,
				    blkfront_identity_compare(cases[i].was,
							      &cases[i].is,
							      BLKFRONT_RETURNED),
				    "case %u, returned", i);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].resumed,
				    blkfront_identity_compare(cases[i].was,
							      &cases[i].is,
							      BLKFRONT_RESUMED),
				    "case %u, resumed", i);
	}
}

static struct kunit_case identity_cases[] = {
	KUNIT_CASE(what_makes_another_disk),
	{}
};

static struct kunit_suite identity_suite = {
	.name = "blkfront_identity",
	.test_cases = identity_cases,
};

kunit_test_suite(identity_suite);

MODULE_DESCRIPTION("XenBlk: tests of blkfront/identity.c");
MODULE_LICENSE("GPL");
