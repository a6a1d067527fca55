// SPDX-License-Identifier: GPL-2.0
/* The layout that the first slot of a frontend that does not say must have. */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>

#include "../../blkback/decode.c"
#include "../../blkback/guess.c"

#define CAPACITY	1000000ULL

static const struct blkback_limits limits = {
	.capacity_sectors = CAPACITY,
	.block_sectors = 1,
	.max_indirect_segments = 256,
	.barrier = true,
	.discard = true,
};

/* A request over @nr pages from grant reference @gref on; the rest is rubbish. */
#define FILL(wire, _op, _id, _sector, nr, _gref)			\
	do {								\
		unsigned int i;						\
									\
		(wire)->operation = _op;				\
		(wire)->rw.nr_segments = nr;				\
		(wire)->rw.handle = 51712;				\
		(wire)->rw.id = _id;					\
		(wire)->rw.sector_number = _sector;			\
		for (i = 0; i < (nr); i++) {				\
			(wire)->rw.seg[i].gref = (_gref) + i;		\
			(wire)->rw.seg[i].first_sect = 0;		\
			(wire)->rw.seg[i].last_sect = 7;		\
		}							\
	} while (0)

static union blkback_slot slot_of(enum blkback_abi abi, u8 op, u64 id,
				  u64 sector, unsigned int nr, u32 gref)
{
	union blkback_slot slot;

	memset(&slot, 0x5e, sizeof(slot));
	if (abi == BLKBACK_ABI_X86_32)
		FILL(&slot.x86_32, op, id, sector, nr, gref);
	else
		FILL(&slot.x86_64, op, id, sector, nr, gref);
	return slot;
}

static const enum blkback_abi abis[] = {
	BLKBACK_ABI_X86_64, BLKBACK_ABI_X86_32,
};

static void a_read_tells(struct kunit *test)
{
	static const u64 ids[] = { 0, 1, 31, 0xffff888012345678ULL, U64_MAX };
	static const u64 sectors[] = { 0, 1, 8, 2048, CAPACITY - 88 };
	static const u32 grefs[] = { 8, 9, 1000, 32767, (1U << 20) - 11 };
	unsigned int a, i, s, g, nr;
	union blkback_slot slot;

	for (a = 0; a < ARRAY_SIZE(abis); a++)
		for (i = 0; i < ARRAY_SIZE(ids); i++)
			for (s = 0; s < ARRAY_SIZE(sectors); s++)
				for (g = 0; g < ARRAY_SIZE(grefs); g++)
					for (nr = 1; nr <= 11; nr++) {
						slot = slot_of(abis[a],
							       BLKIF_OP_READ,
							       ids[i],
							       sectors[s], nr,
							       grefs[g]);
						KUNIT_EXPECT_EQ(test, abis[a],
								blkback_guess(&slot, &limits));
					}
}

/* Nothing else is tried on a layout that may be the wrong one. */
static void what_is_no_read_tells_nothing(struct kunit *test)
{
	static const u8 ops[] = {
		BLKIF_OP_WRITE, BLKIF_OP_WRITE_BARRIER,
		BLKIF_OP_FLUSH_DISKCACHE, BLKIF_OP_DISCARD, BLKIF_OP_INDIRECT,
		4, 255,
	};
	union blkback_slot slot;
	unsigned int a, i, nr;

	for (a = 0; a < ARRAY_SIZE(abis); a++)
		for (i = 0; i < ARRAY_SIZE(ops); i++)
			for (nr = 0; nr <= 11; nr++) {
				slot = slot_of(abis[a], ops[i], 1, 0, nr, 500);
				KUNIT_EXPECT_EQ(test, BLKBACK_ABI_UNKNOWN,
						blkback_guess(&slot, &limits));
			}
}

static void a_read_that_is_none_tells_nothing(struct kunit *test)
{
	struct blkback_limits huge = limits;
	union blkback_slot slot;
	unsigned int a;

	for (a = 0; a < ARRAY_SIZE(abis); a++) {
		slot = slot_of(abis[a], BLKIF_OP_READ, 1, 0, 0, 500);
		KUNIT_EXPECT_EQ(test, BLKBACK_ABI_UNKNOWN,
				blkback_guess(&slot, &limits));
		slot = slot_of(abis[a], BLKIF_OP_READ, 1, 0, 11, 500);
		slot.x86_64.rw.nr_segments = 12;
		KUNIT_EXPECT_EQ(test, BLKBACK_ABI_UNKNOWN,
				blkback_guess(&slot, &limits));
		slot = slot_of(abis[a], BLKIF_OP_READ, 1, CAPACITY, 1, 500);
		KUNIT_EXPECT_EQ(test, BLKBACK_ABI_UNKNOWN,
				blkback_guess(&slot, &limits));
		slot = slot_of(abis[a], BLKIF_OP_READ, 1, 0, 1, 7);
		KUNIT_EXPECT_EQ(test, BLKBACK_ABI_UNKNOWN,
				blkback_guess(&slot, &limits));
		slot = slot_of(abis[a], BLKIF_OP_READ, 1, 0, 2, (1U << 20) - 1);
		KUNIT_EXPECT_EQ(test, BLKBACK_ABI_UNKNOWN,
				blkback_guess(&slot, &limits));
	}
	/* One that is good in both: of a disk of petabytes. */
	huge.capacity_sectors = 1ULL << 50;
	slot = slot_of(BLKBACK_ABI_X86_64, BLKIF_OP_READ, 1, 100ULL << 32, 1,
		       0x0700);
	KUNIT_EXPECT_EQ(test, BLKBACK_ABI_UNKNOWN, blkback_guess(&slot, &huge));
	slot = slot_of(BLKBACK_ABI_X86_64, BLKIF_OP_READ, 1, 100ULL << 32, 1,
		       0x0800);
	KUNIT_EXPECT_EQ(test, BLKBACK_ABI_X86_64, blkback_guess(&slot, &huge));
}

static void any_bytes(struct kunit *test)
{
	struct rnd_state rnd;
	union blkback_slot slot;
	unsigned int i, nr = 0;

	prandom_seed_state(&rnd, 51712);
	for (i = 0; i < 100000; i++) {
		prandom_bytes_state(&rnd, &slot, sizeof(slot));
		slot.operation = BLKIF_OP_READ;
		nr += blkback_guess(&slot, &limits) != BLKBACK_ABI_UNKNOWN;
	}
	KUNIT_EXPECT_EQ(test, 0, nr);
}

static struct kunit_case guess_cases[] = {
	KUNIT_CASE(a_read_tells),
	KUNIT_CASE(what_is_no_read_tells_nothing),
	KUNIT_CASE(a_read_that_is_none_tells_nothing),
	KUNIT_CASE(any_bytes),
	{}
};

static struct kunit_suite guess_suite = {
	.name = "blkback_guess",
	.test_cases = guess_cases,
};

kunit_test_suite(guess_suite);

MODULE_DESCRIPTION("XenBlk: tests of blkback/guess.c");
MODULE_LICENSE("GPL");
