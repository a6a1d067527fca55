// SPDX-License-Identifier: GPL-2.0
/* Data of a request in blocks of the disk: which bytes of it lie where. */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>

#include "../../blkback/units.c"

#define MAX_SEGMENTS	32
#define MAX_BYTES	(BLKBACK_MAX_UNITS * BLKBACK_UNIT_BYTES)
#define NOBODY		0xffff

static struct blkback_segment segment(unsigned int first_sect,
				      unsigned int nr_sectors)
{
	return (struct blkback_segment){
		.offset_bytes = first_sect * 512, .len_bytes = nr_sectors * 512,
	};
}

/* Pages of a guest's buffer, which is as good as the disk's blocks. */
static void E1_whole_pages_are_not_copied(struct kunit *test)
{
	struct blkback_segment seg[MAX_SEGMENTS];
	struct blkback_units units;
	unsigned int i, n;

	for (i = 0; i < MAX_SEGMENTS; i++)
		seg[i] = segment(0, 8);
	for (n = 1; n <= MAX_SEGMENTS; n++) {
		blkback_units_find(&units, seg, n, 0, true);
		KUNIT_EXPECT_EQ(test, n, units.nr);
		KUNIT_EXPECT_EQ(test, 0, units.nr_copied);
		for (i = 0; i < n; i++) {
			KUNIT_EXPECT_EQ(test, i, units.segment[i]);
			KUNIT_EXPECT_FALSE(test, blkback_units_edge(&units, i));
			KUNIT_EXPECT_EQ(test, 4096, blkback_units_len(&units, i));
		}
	}
}

static void E1_edges_are_copied_and_the_middle_is_not(struct kunit *test)
{
	/* As a buffer that is anywhere in memory, and as far into the blocks. */
	struct blkback_segment seg[] = {
		segment(3, 5), segment(0, 8), segment(0, 8), segment(0, 1),
	};
	struct blkback_units units;

	blkback_units_find(&units, seg, 4, 3 * 512, true);
	KUNIT_EXPECT_EQ(test, 4, units.nr);
	KUNIT_EXPECT_EQ(test, 2, units.nr_copied);
	KUNIT_EXPECT_EQ(test, BLKBACK_UNIT_COPIED, units.segment[0]);
	KUNIT_EXPECT_EQ(test, 1, units.segment[1]);
	KUNIT_EXPECT_EQ(test, 2, units.segment[2]);
	KUNIT_EXPECT_EQ(test, BLKBACK_UNIT_COPIED, units.segment[3]);
	KUNIT_EXPECT_TRUE(test, blkback_units_edge(&units, 0));
	KUNIT_EXPECT_FALSE(test, blkback_units_edge(&units, 1));
	KUNIT_EXPECT_FALSE(test, blkback_units_edge(&units, 2));
	KUNIT_EXPECT_TRUE(test, blkback_units_edge(&units, 3));
}

static void E1_one_sector_anywhere_in_a_block(struct kunit *test)
{
	struct blkback_segment seg = segment(7, 1);
	struct blkback_units units;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		blkback_units_find(&units, &seg, 1, i * 512, true);
		KUNIT_EXPECT_EQ(test, 1, units.nr);
		KUNIT_EXPECT_EQ(test, 1, units.nr_copied);
		KUNIT_EXPECT_TRUE(test, blkback_units_edge(&units, 0));
		KUNIT_EXPECT_EQ(test, 4096, blkback_units_len(&units, 0));
	}
}

/* Blocks that are the request's as a whole, in memory that is out of step. */
static void E1_out_of_step_is_copied_and_no_edge(struct kunit *test)
{
	struct blkback_segment seg[] = {
		segment(1, 7), segment(0, 8), segment(0, 1),
	};
	struct blkback_units units;
	unsigned int i;

	blkback_units_find(&units, seg, 3, 0, true);
	KUNIT_EXPECT_EQ(test, 2, units.nr);
	KUNIT_EXPECT_EQ(test, 2, units.nr_copied);
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_FALSE(test, blkback_units_edge(&units, i));
}

/* All that 32 segments can touch. */
static void E1_the_most_units(struct kunit *test)
{
	struct blkback_segment seg[MAX_SEGMENTS];
	struct blkback_units units;
	unsigned int i;

	for (i = 0; i < MAX_SEGMENTS; i++)
		seg[i] = segment(0, 8);
	blkback_units_find(&units, seg, MAX_SEGMENTS, 7 * 512, true);
	KUNIT_EXPECT_EQ(test, BLKBACK_MAX_UNITS, units.nr);
	KUNIT_EXPECT_EQ(test, BLKBACK_MAX_UNITS, units.nr_copied);
	for (i = 0; i < units.nr; i++)
		KUNIT_EXPECT_EQ(test, !i || i == units.nr - 1,
				blkback_units_edge(&units, i));
}

/* A disk that takes any length, but not any memory. */
static void R31_a_last_unit_that_is_short(struct kunit *test)
{
	struct blkback_segment seg[] = { segment(0, 8), segment(0, 3) };
	struct blkback_units units;

	blkback_units_find(&units, seg, 2, 0, false);
	KUNIT_EXPECT_EQ(test, 2, units.nr);
	KUNIT_EXPECT_EQ(test, 0, units.nr_copied);
	KUNIT_EXPECT_EQ(test, 3 * 512, blkback_units_len(&units, 1));
	KUNIT_EXPECT_FALSE(test, blkback_units_edge(&units, 1));
	seg[0] = segment(5, 3);
	blkback_units_find(&units, seg, 2, 0, false);
	KUNIT_EXPECT_EQ(test, 1, units.nr);
	KUNIT_EXPECT_EQ(test, 1, units.nr_copied);
	KUNIT_EXPECT_EQ(test, 6 * 512, blkback_units_len(&units, 0));
}

static u16 owner[MAX_BYTES / 512];

/* Each sector of the data goes to its own place, and to no other. */
static void pieces_cover(struct kunit *test, const struct blkback_units *units,
			 const struct blkback_segment *seg, unsigned int nr)
{
	struct blkback_unit_piece piece = {};
	unsigned int i, n, at, expected = 0, skip = units->skip_bytes / 512;

	for (i = 0; i < ARRAY_SIZE(owner); i++)
		owner[i] = NOBODY;
	while (blkback_units_next(units, seg, nr, &piece)) {
		KUNIT_ASSERT_NE(test, 0, piece.len_bytes);
		KUNIT_ASSERT_LT(test, piece.unit, units->nr);
		KUNIT_ASSERT_LT(test, piece.segment, nr);
		KUNIT_ASSERT_LE(test, piece.segment_bytes + piece.len_bytes,
				seg[piece.segment].len_bytes);
		KUNIT_ASSERT_LE(test, piece.unit_bytes + piece.len_bytes, 4096);
		at = (piece.unit * 4096 + piece.unit_bytes) / 512;
		for (i = 0; i < piece.len_bytes / 512; i++)
			owner[at + i] = piece.segment * 8 +
					piece.segment_bytes / 512 + i;
	}
	at = skip;
	for (n = 0; n < nr; n++)
		for (i = 0; i < seg[n].len_bytes / 512; i++, expected++)
			KUNIT_ASSERT_EQ(test, n * 8 + i, owner[at++]);
	for (i = 0; i < ARRAY_SIZE(owner); i++)
		KUNIT_ASSERT_EQ(test, i < skip || i >= skip + expected,
				owner[i] == NOBODY);
}

/* A unit that is not copied is a page of the guest, at its beginning. */
static void units_agree(struct kunit *test, const struct blkback_units *units,
			const struct blkback_segment *seg)
{
	unsigned int i, n, nr_copied = 0;

	for (i = 0; i < units->nr; i++) {
		if (units->segment[i] == BLKBACK_UNIT_COPIED) {
			nr_copied++;
			continue;
		}
		KUNIT_ASSERT_FALSE(test, blkback_units_edge(units, i));
		KUNIT_ASSERT_EQ(test, 0, seg[units->segment[i]].offset_bytes);
		for (n = 0; n < blkback_units_len(units, i) / 512; n++)
			KUNIT_ASSERT_EQ(test, units->segment[i] * 8 + n,
					owner[i * 8 + n]);
	}
	KUNIT_ASSERT_EQ(test, nr_copied, units->nr_copied);
}

static void E1_any_segments_at_any_place(struct kunit *test)
{
	struct blkback_segment seg[MAX_SEGMENTS];
	struct blkback_units units;
	struct rnd_state rnd;
	unsigned int i, n, nr, skip, first;
	bool whole;

	prandom_seed_state(&rnd, 4096);
	for (i = 0; i < 20000; i++) {
		nr = 1 + prandom_u32_state(&rnd) % MAX_SEGMENTS;
		whole = prandom_u32_state(&rnd) % 4;
		skip = whole ? prandom_u32_state(&rnd) % 8 * 512 : 0;
		for (n = 0; n < nr; n++) {
			first = prandom_u32_state(&rnd) % 8;
			seg[n] = segment(first, 1 + prandom_u32_state(&rnd) %
					 (8 - first));
			if (prandom_u32_state(&rnd) % 3)
				seg[n] = segment(0, 8);
		}
		blkback_units_find(&units, seg, nr, skip, whole);
		KUNIT_ASSERT_LE(test, units.nr, BLKBACK_MAX_UNITS);
		pieces_cover(test, &units, seg, nr);
		units_agree(test, &units, seg);
	}
}

static struct kunit_case units_cases[] = {
	KUNIT_CASE(E1_whole_pages_are_not_copied),
	KUNIT_CASE(E1_edges_are_copied_and_the_middle_is_not),
	KUNIT_CASE(E1_one_sector_anywhere_in_a_block),
	KUNIT_CASE(E1_out_of_step_is_copied_and_no_edge),
	KUNIT_CASE(E1_the_most_units),
	KUNIT_CASE(R31_a_last_unit_that_is_short),
	KUNIT_CASE(E1_any_segments_at_any_place),
	{}
};

static struct kunit_suite units_suite = {
	.name = "blkback_units",
	.test_cases = units_cases,
};

kunit_test_suite(units_suite);

MODULE_DESCRIPTION("XenBlk: tests of blkback/units.c");
MODULE_LICENSE("GPL");
