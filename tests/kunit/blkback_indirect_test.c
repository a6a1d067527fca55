// SPDX-License-Identifier: GPL-2.0
/* Indirect requests: the slot, and the descriptors that were copied. */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>

#include "../../blkback/decode.c"
#include "blkback_decode_test.h"

/* An indirect request, before it is put into the layout of a frontend. */
struct indirect_wish {
	u8 op;
	u16 nr_segments;
	u64 id;
	u64 sector;
};

#define FILL_INDIRECT(slot, wish)					\
	do {								\
		unsigned int n;						\
									\
		(slot)->indirect.operation = BLKIF_OP_INDIRECT;		\
		(slot)->indirect.indirect_op = (wish)->op;		\
		(slot)->indirect.nr_segments = (wish)->nr_segments;	\
		(slot)->indirect.id = (wish)->id;			\
		(slot)->indirect.sector_number = (wish)->sector;	\
		for (n = 0; n < BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST; n++) \
			(slot)->indirect.indirect_grefs[n] = 100 + n;	\
	} while (0)

/* The slot alone, in both layouts, which have to agree. */
static int decode_indirect_slot(struct kunit *test,
				const struct indirect_wish *wish,
				const struct blkback_limits *limits,
				struct blkback_cmd *cmd)
{
	struct blkback_cmd cmd32;
	union blkback_slot slot;
	int err, err32;

	memset(&slot, 0x5a, sizeof(slot));
	memset(cmd, 0xa5, sizeof(*cmd));
	FILL_INDIRECT(&slot.x86_64, wish);
	err = blkback_decode(BLKBACK_ABI_X86_64, &slot, limits, cmd);
	memset(&slot, 0x5a, sizeof(slot));
	memset(&cmd32, 0xa5, sizeof(cmd32));
	FILL_INDIRECT(&slot.x86_32, wish);
	err32 = blkback_decode(BLKBACK_ABI_X86_32, &slot, limits, &cmd32);

	KUNIT_EXPECT_EQ(test, err, err32);
	KUNIT_EXPECT_EQ(test, cmd->id, wish->id);
	KUNIT_EXPECT_EQ(test, cmd32.id, wish->id);
	KUNIT_EXPECT_EQ(test, cmd->wire_op, wish->op);
	KUNIT_EXPECT_EQ(test, cmd32.wire_op, wish->op);
	if (err)
		return err;
	KUNIT_EXPECT_EQ(test, cmd32.op, cmd->op);
	KUNIT_EXPECT_EQ(test, cmd32.sector, cmd->sector);
	KUNIT_EXPECT_EQ(test, cmd32.nr_segments, cmd->nr_segments);
	KUNIT_EXPECT_EQ(test, cmd32.nr_descriptor_pages,
			cmd->nr_descriptor_pages);
	KUNIT_EXPECT_MEMEQ(test, cmd32.descriptor_gref, cmd->descriptor_gref,
			   cmd->nr_descriptor_pages * sizeof(u32));
	return 0;
}

/* Room for all descriptors that there can be, and whole pages in them. */
static struct blkif_segment *good_descriptors(struct kunit *test)
{
	struct blkif_segment *list =
		kunit_kcalloc(test, BLKIF_MAX_INDIRECT_SEGMENTS, sizeof(*list),
			      GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, list);
	for (i = 0; i < BLKIF_MAX_INDIRECT_SEGMENTS; i++) {
		list[i].gref = 1000 + i;
		list[i].last_sect = 7;
	}
	return list;
}

static struct blkback_limits indirect_limits(unsigned int max)
{
	struct blkback_limits limits = all_limits;

	limits.max_indirect_segments = max;
	return limits;
}

static void OP6_indirect_inner_operations(struct kunit *test)
{
	struct blkback_limits limits = indirect_limits(256);
	struct indirect_wish wish = { .nr_segments = 20, .id = 7 };
	struct blkback_cmd cmd;
	unsigned int op;
	int err;

	for (op = 0; op < 256; op++) {
		wish.op = op;
		err = decode_indirect_slot(test, &wish, &limits, &cmd);
		KUNIT_EXPECT_EQ_MSG(test, err,
				    op <= BLKIF_OP_WRITE ? 0 : -EOPNOTSUPP,
				    "inner operation %u", op);
	}
	wish.op = BLKIF_OP_READ;
	decode_indirect_slot(test, &wish, &limits, &cmd);
	KUNIT_EXPECT_EQ(test, cmd.op, BLKBACK_READ);
	wish.op = BLKIF_OP_WRITE;
	decode_indirect_slot(test, &wish, &limits, &cmd);
	KUNIT_EXPECT_EQ(test, cmd.op, BLKBACK_WRITE);
}

static void OP6_indirect_segment_counts(struct kunit *test)
{
	static const unsigned int counts[] = {
		0, 1, 10, 11, 12, 255, 256, 257, 511, 512, 513, 4095, 4096,
		4097, 65535,
	};
	static const unsigned int maxima[] = { 1, 11, 256, 512, 4096 };
	struct indirect_wish wish = { .op = BLKIF_OP_WRITE, .sector = 8 };
	struct blkback_cmd cmd;
	unsigned int i, j, n;

	for (i = 0; i < ARRAY_SIZE(maxima); i++) {
		struct blkback_limits limits = indirect_limits(maxima[i]);

		for (j = 0; j < ARRAY_SIZE(counts); j++) {
			bool ok = counts[j] && counts[j] <= maxima[i];

			wish.nr_segments = counts[j];
			KUNIT_EXPECT_EQ_MSG(test, ok ? 0 : -EINVAL,
					    decode_indirect_slot(test, &wish,
								 &limits, &cmd),
					    "%u of %u", counts[j], maxima[i]);
			if (!ok) {
				KUNIT_EXPECT_EQ(test, 0,
						cmd.nr_descriptor_pages);
				continue;
			}
			KUNIT_EXPECT_EQ(test, counts[j], cmd.nr_segments);
			KUNIT_EXPECT_EQ(test, (counts[j] + 511) / 512,
					cmd.nr_descriptor_pages);
			for (n = 0; n < cmd.nr_descriptor_pages; n++)
				KUNIT_EXPECT_EQ(test, 100 + n,
						cmd.descriptor_gref[n]);
			KUNIT_EXPECT_NULL(test, cmd.seg);
		}
	}
}

static void OP6_indirect_descriptors(struct kunit *test)
{
	struct blkback_limits limits = indirect_limits(4096);
	struct indirect_wish wish = { .op = BLKIF_OP_READ, .sector = 8 };
	struct blkif_segment *list = good_descriptors(test);
	struct blkback_cmd cmd;
	unsigned int i;

	wish.nr_segments = 4096;
	KUNIT_ASSERT_EQ(test, 0, decode_indirect_slot(test, &wish, &limits,
						      &cmd));
	list[9].first_sect = 2;
	list[9].last_sect = 4;
	KUNIT_ASSERT_EQ(test, 0, blkback_decode_indirect(list, &limits, &cmd));
	KUNIT_EXPECT_EQ(test, 4096 * 8 - 5, cmd.nr_sectors);
	for (i = 0; i < 4096; i++) {
		KUNIT_EXPECT_EQ(test, 1000 + i, cmd.seg[i].gref);
		KUNIT_EXPECT_EQ(test, i == 9 ? 1024 : 0,
				cmd.seg[i].offset_bytes);
		KUNIT_EXPECT_EQ(test, i == 9 ? 1536 : 4096,
				cmd.seg[i].len_bytes);
	}
}

/* Wherever it is, and whatever is wrong with it. */
static void OP6_one_bad_descriptor_spoils_all(struct kunit *test)
{
	static const struct blkif_segment bad[] = {
		{ .first_sect = 0, .last_sect = 8 },
		{ .first_sect = 5, .last_sect = 4 },
		{ .first_sect = 255, .last_sect = 255 },
		{ .first_sect = 2, .last_sect = 5 },	/* half blocks */
		{ .first_sect = 0, .last_sect = 1 },
	};
	struct blkback_limits limits = indirect_limits(256);
	struct indirect_wish wish = { .nr_segments = 256 };
	unsigned int i, at;

	limits.block_sectors = 4;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		for (at = 0; at < 256; at += 51) {
			struct blkif_segment *list = good_descriptors(test);
			struct blkback_cmd cmd;

			int err;

			decode_indirect_slot(test, &wish, &limits, &cmd);
			list[at] = bad[i];
			err = blkback_decode_indirect(list, &limits, &cmd);
			KUNIT_EXPECT_EQ_MSG(test, -EINVAL, err,
					    "case %u at %u", i, at);
			kunit_kfree(test, list);
		}
	}
}

static void OP6_indirect_place_on_the_disk(struct kunit *test)
{
	static const struct {
		u64 sector;
		int err;
	} cases[] = {
		{ 0, 0 },
		{ CAPACITY - 2048, 0 },
		{ CAPACITY - 2047, -EINVAL },
		{ CAPACITY, -EINVAL },
		{ (1ULL << 55) - 2048, -EINVAL },
		{ U64_MAX - 2048, -EINVAL },
		{ U64_MAX - 2047, -EINVAL },	/* the end wraps to 0 */
		{ U64_MAX, -EINVAL },
	};
	struct blkback_limits limits = indirect_limits(256);
	struct indirect_wish wish = { .nr_segments = 256 };
	struct blkback_cmd cmd;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct blkif_segment *list = good_descriptors(test);

		wish.sector = cases[i].sector;
		KUNIT_ASSERT_EQ(test, 0, decode_indirect_slot(test, &wish,
							      &limits, &cmd));
		KUNIT_EXPECT_EQ_MSG(test, cases[i].err,
				    blkback_decode_indirect(list, &limits,
							    &cmd),
				    "sector %llu", wish.sector);
		kunit_kfree(test, list);
	}
}

static void OP6_indirect_on_a_read_only_disk(struct kunit *test)
{
	struct blkback_limits limits = indirect_limits(256);
	struct indirect_wish wish = { .nr_segments = 20 };
	struct blkback_cmd cmd;

	limits.read_only = true;
	wish.op = BLKIF_OP_READ;
	KUNIT_EXPECT_EQ(test, 0, decode_indirect_slot(test, &wish, &limits,
						      &cmd));
	wish.op = BLKIF_OP_WRITE;
	KUNIT_EXPECT_EQ(test, -EROFS, decode_indirect_slot(test, &wish, &limits,
							   &cmd));
}

/* Descriptors of any bytes, most of them nearly good. */
static void random_descriptors(struct rnd_state *rnd,
			       struct blkif_segment *list, unsigned int nr,
			       bool mostly_good)
{
	unsigned int i;

	prandom_bytes_state(rnd, list, nr * sizeof(*list));
	for (i = 0; i < nr; i++) {
		if (mostly_good) {
			list[i].first_sect = 0;
			list[i].last_sect = 7;
		} else if (prandom_u32_state(rnd) % 128) {
			list[i].first_sect &= 1;
			list[i].last_sect = (list[i].last_sect & 6) | 1;
		}
	}
}

static void D13_random_descriptors_stay_within_limits(struct kunit *test)
{
	struct blkif_segment *list = good_descriptors(test);
	unsigned int i, nr_good = 0;
	struct blkback_cmd cmd;
	struct rnd_state rnd;
	const char *what;

	prandom_seed_state(&rnd, 6);
	for (i = 0; i < 100000; i++) {
		u32 r = prandom_u32_state(&rnd);
		struct blkback_limits limits = indirect_limits(r >> 23);
		struct indirect_wish wish = {
			.op = r & 3,
			.nr_segments = prandom_u32_state(&rnd) % 128,
			.sector = random_sector(&rnd, CAPACITY),
		};
		int err;

		limits.block_sectors = 1 << (r >> 2 & 1);
		limits.read_only = (r & 0x30) == 0;
		err = decode_indirect_slot(test, &wish, &limits, &cmd);
		if (err)
			continue;
		random_descriptors(&rnd, list, wish.nr_segments, r & 0x40);
		if (blkback_decode_indirect(list, &limits, &cmd))
			continue;
		nr_good++;
		what = outside(&cmd, &limits);
		if (what) {
			KUNIT_FAIL(test, "request %u: wrong %s", i, what);
			return;
		}
	}
	KUNIT_EXPECT_GT(test, nr_good, 2000);
	KUNIT_EXPECT_LT(test, nr_good, 90000);
}

static struct kunit_case indirect_cases[] = {
	KUNIT_CASE(OP6_indirect_inner_operations),
	KUNIT_CASE(OP6_indirect_segment_counts),
	KUNIT_CASE(OP6_indirect_descriptors),
	KUNIT_CASE(OP6_one_bad_descriptor_spoils_all),
	KUNIT_CASE(OP6_indirect_place_on_the_disk),
	KUNIT_CASE(OP6_indirect_on_a_read_only_disk),
	KUNIT_CASE_SLOW(D13_random_descriptors_stay_within_limits),
	{}
};

static struct kunit_suite indirect_suite = {
	.name = "blkback_indirect",
	.test_cases = indirect_cases,
};

kunit_test_suite(indirect_suite);

MODULE_DESCRIPTION("XenBlk: tests of blkback/decode.c, indirect requests");
MODULE_LICENSE("GPL");
