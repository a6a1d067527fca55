// SPDX-License-Identifier: GPL-2.0
/* A slot of the ring -> a checked request: every way to be malformed. */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>

#include "../../blkback/decode.c"
#include "blkback_decode_test.h"

/* A request, before it is put into the layout of a frontend. */
struct wish {
	u8 op;
	u8 nr_segments;
	u8 flag;
	u64 id;
	u64 sector;
	u64 nr_sectors;
	struct blkif_segment seg[BLKIF_MAX_SEGMENTS_PER_REQUEST];
};

static bool is_discard(const struct wish *wish)
{
	return wish->op == BLKIF_OP_DISCARD;
}

#define FILL(slot, wish)						\
	do {								\
		(slot)->operation = (wish)->op;				\
		if (is_discard(wish)) {					\
			(slot)->discard.flag = (wish)->flag;		\
			(slot)->discard.id = (wish)->id;		\
			(slot)->discard.sector_number = (wish)->sector;	\
			(slot)->discard.nr_sectors = (wish)->nr_sectors; \
		} else {						\
			(slot)->rw.nr_segments = (wish)->nr_segments;	\
			(slot)->rw.id = (wish)->id;			\
			(slot)->rw.sector_number = (wish)->sector;	\
			memcpy((slot)->rw.seg, (wish)->seg,		\
			       sizeof((wish)->seg));			\
		}							\
	} while (0)

static int decode(enum blkback_abi abi, const struct wish *wish,
		  const struct blkback_limits *limits, struct blkback_cmd *cmd)
{
	union blkback_slot slot;

	/* What a frontend leaves in the rest of a slot is anything. */
	memset(&slot, 0x5a, sizeof(slot));
	memset(cmd, 0xa5, sizeof(*cmd));
	if (abi == BLKBACK_ABI_X86_32)
		FILL(&slot.x86_32, wish);
	else
		FILL(&slot.x86_64, wish);
	return blkback_decode(abi, &slot, limits, cmd);
}

/* Decode in both layouts, which have to agree; id and operation are echoed. */
static int decode_both(struct kunit *test, const struct wish *wish,
		       const struct blkback_limits *limits,
		       struct blkback_cmd *cmd)
{
	struct blkback_cmd cmd32;
	int err = decode(BLKBACK_ABI_X86_64, wish, limits, cmd);

	KUNIT_EXPECT_EQ(test, decode(BLKBACK_ABI_X86_32, wish, limits, &cmd32),
			err);
	KUNIT_EXPECT_EQ(test, cmd->id, wish->id);
	KUNIT_EXPECT_EQ(test, cmd32.id, wish->id);
	KUNIT_EXPECT_EQ(test, cmd->wire_op, wish->op);
	KUNIT_EXPECT_EQ(test, cmd32.wire_op, wish->op);
	if (err)
		return err;
	KUNIT_EXPECT_EQ(test, cmd32.op, cmd->op);
	KUNIT_EXPECT_EQ(test, cmd32.sector, cmd->sector);
	KUNIT_EXPECT_EQ(test, cmd32.nr_sectors, cmd->nr_sectors);
	KUNIT_EXPECT_EQ(test, cmd32.nr_segments, cmd->nr_segments);
	KUNIT_EXPECT_MEMEQ(test, cmd32.seg, cmd->seg,
			   cmd->nr_segments * sizeof(cmd->seg[0]));
	return 0;
}

static struct wish good(u8 op)
{
	struct wish wish = {
		.op = op,
		.id = 0x123456789abcdef0ULL,
		.sector = 4096,
		.nr_sectors = 24,
		.nr_segments = 3,
		.seg = {
			{ .gref = 7, .first_sect = 0, .last_sect = 7 },
			{ .gref = 0xffffffff, .first_sect = 0, .last_sect = 7 },
			{ .gref = 9, .first_sect = 0, .last_sect = 7 },
		},
	};

	return wish;
}

static const u8 data_ops[] = {
	BLKIF_OP_READ, BLKIF_OP_WRITE, BLKIF_OP_FLUSH_DISKCACHE,
	BLKIF_OP_WRITE_BARRIER,
};

static void OP0_OP1_good_requests_decode(struct kunit *test)
{
	static const enum blkback_op want[] = {
		BLKBACK_READ, BLKBACK_WRITE, BLKBACK_FLUSH, BLKBACK_BARRIER,
	};
	struct blkback_cmd cmd;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(data_ops); i++) {
		struct wish wish = good(data_ops[i]);

		wish.seg[1].first_sect = 2;
		wish.seg[1].last_sect = 4;
		KUNIT_ASSERT_EQ(test, 0, decode_both(test, &wish, &all_limits,
						     &cmd));
		KUNIT_EXPECT_EQ(test, cmd.op, want[i]);
		KUNIT_EXPECT_EQ(test, cmd.sector, 4096);
		KUNIT_EXPECT_EQ(test, cmd.nr_sectors, 19);
		KUNIT_EXPECT_EQ(test, cmd.nr_segments, 3);
		KUNIT_EXPECT_EQ(test, cmd.seg[1].gref, 0xffffffff);
		KUNIT_EXPECT_EQ(test, cmd.seg[1].offset_bytes, 1024);
		KUNIT_EXPECT_EQ(test, cmd.seg[1].len_bytes, 1536);
		KUNIT_EXPECT_EQ(test, cmd.seg[2].offset_bytes, 0);
		KUNIT_EXPECT_EQ(test, cmd.seg[2].len_bytes, 4096);
	}
}

static void D17_segment_counts(struct kunit *test)
{
	struct blkback_cmd cmd;
	unsigned int i, nr;

	for (i = 0; i < ARRAY_SIZE(data_ops); i++) {
		for (nr = 0; nr < 256; nr++) {
			struct wish wish = good(data_ops[i]);
			bool ok = nr <= 11 &&
				  (nr || data_ops[i] > BLKIF_OP_WRITE);

			wish.nr_segments = nr;
			KUNIT_EXPECT_EQ(test, ok ? 0 : -EINVAL,
					decode_both(test, &wish, &all_limits,
						    &cmd));
			if (ok)
				KUNIT_EXPECT_EQ(test, cmd.nr_segments, nr);
		}
	}
}

/* A flush without data says nothing by its sector. */
static void OP3_empty_flush_has_no_place(struct kunit *test)
{
	struct wish wish = good(BLKIF_OP_FLUSH_DISKCACHE);
	struct blkback_cmd cmd;

	wish.nr_segments = 0;
	wish.sector = U64_MAX;
	KUNIT_ASSERT_EQ(test, 0, decode_both(test, &wish, &all_limits, &cmd));
	KUNIT_EXPECT_EQ(test, cmd.nr_sectors, 0);
	KUNIT_EXPECT_EQ(test, cmd.nr_segments, 0);
}

static void D13_segment_bounds(struct kunit *test)
{
	unsigned int first, last;
	struct blkback_cmd cmd;

	for (first = 0; first < 256; first++) {
		for (last = 0; last < 256; last++) {
			struct wish wish = good(BLKIF_OP_WRITE);
			bool ok = first <= last && last <= 7;

			wish.seg[2].first_sect = first;
			wish.seg[2].last_sect = last;
			if (decode(BLKBACK_ABI_X86_64, &wish, &all_limits, &cmd) !=
			    (ok ? 0 : -EINVAL) ||
			    decode(BLKBACK_ABI_X86_32, &wish, &all_limits, &cmd) !=
			    (ok ? 0 : -EINVAL))
				KUNIT_FAIL(test, "first %u, last %u", first,
					   last);
		}
	}
}

static void D1_place_on_the_disk(struct kunit *test)
{
	static const struct {
		u64 sector;
		int err;
	} cases[] = {
		{ 0, 0 },
		{ CAPACITY - 24, 0 },
		{ CAPACITY - 23, -EINVAL },
		{ CAPACITY, -EINVAL },
		{ CAPACITY + 1, -EINVAL },
		{ 1ULL << 55, -EINVAL },	/* wraps when made bytes */
		{ (1ULL << 55) - 24, -EINVAL },
		{ 1ULL << 63, -EINVAL },
		{ U64_MAX - 24, -EINVAL },
		{ U64_MAX - 23, -EINVAL },	/* the end wraps to 0 */
		{ U64_MAX, -EINVAL },
	};
	struct blkback_cmd cmd;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		for (j = 0; j < ARRAY_SIZE(data_ops); j++) {
			struct wish wish = good(data_ops[j]);

			wish.sector = cases[i].sector;
			KUNIT_EXPECT_EQ_MSG(test, cases[i].err,
					    decode_both(test, &wish,
							&all_limits, &cmd),
					    "sector %llu", wish.sector);
		}
	}
}

static void U5_logical_blocks(struct kunit *test)
{
	struct blkback_limits limits = all_limits;
	struct blkback_cmd cmd;
	struct wish wish;

	/* Logical blocks of 2048 bytes: four sectors. */
	limits.block_sectors = 4;
	wish = good(BLKIF_OP_WRITE);
	KUNIT_EXPECT_EQ(test, 0, decode_both(test, &wish, &limits, &cmd));

	wish.sector = 4098;
	KUNIT_EXPECT_EQ(test, -EINVAL, decode_both(test, &wish, &limits, &cmd));
	wish.sector = 4096;

	wish.seg[1].first_sect = 4;
	KUNIT_EXPECT_EQ(test, 0, decode_both(test, &wish, &limits, &cmd));

	/* Half a block. */
	wish.seg[1].last_sect = 5;
	KUNIT_EXPECT_EQ(test, -EINVAL, decode_both(test, &wish, &limits, &cmd));

	/* Half a block twice: the sum alone is whole. */
	wish.seg[2].first_sect = 2;
	wish.seg[2].last_sect = 7;
	KUNIT_EXPECT_EQ(test, -EINVAL, decode_both(test, &wish, &limits, &cmd));

	/* A whole block that does not begin where one may. */
	wish = good(BLKIF_OP_WRITE);
	wish.seg[1].first_sect = 2;
	wish.seg[1].last_sect = 5;
	KUNIT_EXPECT_EQ(test, -EINVAL, decode_both(test, &wish, &limits, &cmd));

	limits.block_sectors = 8;
	wish = good(BLKIF_OP_READ);
	KUNIT_EXPECT_EQ(test, 0, decode_both(test, &wish, &limits, &cmd));
	wish.seg[0].last_sect = 3;
	KUNIT_EXPECT_EQ(test, -EINVAL, decode_both(test, &wish, &limits, &cmd));
}

static void read_only_disk(struct kunit *test)
{
	struct blkback_limits limits = all_limits;
	struct blkback_cmd cmd;
	struct wish wish;

	limits.read_only = true;
	wish = good(BLKIF_OP_READ);
	KUNIT_EXPECT_EQ(test, 0, decode_both(test, &wish, &limits, &cmd));
	wish = good(BLKIF_OP_WRITE);
	KUNIT_EXPECT_EQ(test, -EROFS, decode_both(test, &wish, &limits, &cmd));
	wish = good(BLKIF_OP_FLUSH_DISKCACHE);
	KUNIT_EXPECT_EQ(test, -EROFS, decode_both(test, &wish, &limits, &cmd));
	wish.nr_segments = 0;
	KUNIT_EXPECT_EQ(test, 0, decode_both(test, &wish, &limits, &cmd));
	wish = good(BLKIF_OP_WRITE_BARRIER);
	KUNIT_EXPECT_EQ(test, -EROFS, decode_both(test, &wish, &limits, &cmd));
	wish.nr_segments = 0;
	KUNIT_EXPECT_EQ(test, 0, decode_both(test, &wish, &limits, &cmd));
	wish = good(BLKIF_OP_DISCARD);
	KUNIT_EXPECT_EQ(test, -EROFS, decode_both(test, &wish, &limits, &cmd));
	wish.flag = BLKIF_DISCARD_SECURE;
	KUNIT_EXPECT_EQ(test, -EROFS, decode_both(test, &wish, &limits, &cmd));
}

/* Who flushes a disk that has no cache is told the truth: it is done. */
static void OP3_flush_needs_no_offer(struct kunit *test)
{
	struct blkback_limits limits = {
		.capacity_sectors = CAPACITY,
		.block_sectors = 1,
	};
	struct wish wish = good(BLKIF_OP_FLUSH_DISKCACHE);
	struct blkback_cmd cmd;

	KUNIT_EXPECT_EQ(test, 0, decode_both(test, &wish, &limits, &cmd));
	wish.nr_segments = 0;
	KUNIT_EXPECT_EQ(test, 0, decode_both(test, &wish, &limits, &cmd));
	KUNIT_EXPECT_EQ(test, cmd.op, BLKBACK_FLUSH);
}

/* A frontend that is told so does without, which is what it does unasked. */
static void OP2_barrier_not_offered(struct kunit *test)
{
	struct blkback_limits limits = all_limits;
	struct wish wish = good(BLKIF_OP_WRITE_BARRIER);
	struct blkback_cmd cmd = { .sector = 77, .nr_sectors = 77 };

	limits.barrier = false;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			decode_both(test, &wish, &limits, &cmd));
	/* People are told of them, and not of another request's. */
	KUNIT_EXPECT_EQ(test, 0, cmd.sector);
	KUNIT_EXPECT_EQ(test, 0, cmd.nr_sectors);
	/* Whatever else is wrong with it. */
	limits.read_only = true;
	wish.nr_segments = 12;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			decode_both(test, &wish, &limits, &cmd));
}

static void OP5_discard(struct kunit *test)
{
	struct blkback_limits limits = all_limits;
	struct wish wish = good(BLKIF_OP_DISCARD);
	struct blkback_cmd cmd;

	KUNIT_ASSERT_EQ(test, 0, decode_both(test, &wish, &limits, &cmd));
	KUNIT_EXPECT_EQ(test, cmd.op, BLKBACK_DISCARD);
	KUNIT_EXPECT_EQ(test, cmd.sector, 4096);
	KUNIT_EXPECT_EQ(test, cmd.nr_sectors, 24);
	KUNIT_EXPECT_EQ(test, cmd.nr_segments, 0);

	/* The whole disk, and one sector more. */
	wish.sector = 0;
	wish.nr_sectors = CAPACITY;
	KUNIT_EXPECT_EQ(test, 0, decode_both(test, &wish, &limits, &cmd));
	wish.nr_sectors++;
	KUNIT_EXPECT_EQ(test, -EINVAL, decode_both(test, &wish, &limits, &cmd));
	/* The end wraps. */
	wish.sector = 16;
	wish.nr_sectors = U64_MAX - 8;
	KUNIT_EXPECT_EQ(test, -EINVAL, decode_both(test, &wish, &limits, &cmd));
	wish.nr_sectors = U64_MAX - 15;
	KUNIT_EXPECT_EQ(test, -EINVAL, decode_both(test, &wish, &limits, &cmd));

	limits.block_sectors = 8;
	wish.nr_sectors = 12;
	KUNIT_EXPECT_EQ(test, -EINVAL, decode_both(test, &wish, &limits, &cmd));
	wish.sector = 12;
	wish.nr_sectors = 8;
	KUNIT_EXPECT_EQ(test, -EINVAL, decode_both(test, &wish, &limits, &cmd));
}

static void OP5_discard_not_offered(struct kunit *test)
{
	struct blkback_limits limits = all_limits;
	struct wish wish = good(BLKIF_OP_DISCARD);
	struct blkback_cmd cmd;

	limits.discard = false;
	limits.secure_erase = false;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			decode_both(test, &wish, &limits, &cmd));
	wish.flag = BLKIF_DISCARD_SECURE;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			decode_both(test, &wish, &limits, &cmd));
	limits.discard = true;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			decode_both(test, &wish, &limits, &cmd));
	limits.secure_erase = true;
	KUNIT_ASSERT_EQ(test, 0, decode_both(test, &wish, &limits, &cmd));
	KUNIT_EXPECT_EQ(test, cmd.op, BLKBACK_SECURE_ERASE);
	/* The other bits say nothing. */
	wish.flag = (u8)~BLKIF_DISCARD_SECURE;
	KUNIT_ASSERT_EQ(test, 0, decode_both(test, &wish, &limits, &cmd));
	KUNIT_EXPECT_EQ(test, cmd.op, BLKBACK_DISCARD);
}

static void OPx_unknown_operations(struct kunit *test)
{
	struct blkback_cmd cmd;
	unsigned int op;

	for (op = 0; op < 256; op++) {
		struct wish wish = good(op);

		if (op <= BLKIF_OP_FLUSH_DISKCACHE || op == BLKIF_OP_DISCARD ||
		    op == BLKIF_OP_INDIRECT)
			continue;
		KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
				decode_both(test, &wish, &all_limits, &cmd));
	}
}

static void OP6_indirect_not_offered_echoes_inner_operation(struct kunit *test)
{
	struct blkback_cmd cmd;
	union blkback_slot slot;
	unsigned int inner;

	for (inner = 0; inner < 256; inner++) {
		memset(&slot, 0x5a, sizeof(slot));
		slot.x86_64.indirect.operation = BLKIF_OP_INDIRECT;
		slot.x86_64.indirect.indirect_op = inner;
		slot.x86_64.indirect.id = U64_MAX - inner;
		KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
				blkback_decode(BLKBACK_ABI_X86_64, &slot,
					       &all_limits, &cmd));
		KUNIT_EXPECT_EQ(test, cmd.wire_op, inner);
		KUNIT_EXPECT_EQ(test, cmd.id, U64_MAX - inner);

		memset(&slot, 0x5a, sizeof(slot));
		slot.x86_32.indirect.operation = BLKIF_OP_INDIRECT;
		slot.x86_32.indirect.indirect_op = inner;
		slot.x86_32.indirect.id = U64_MAX - inner;
		KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
				blkback_decode(BLKBACK_ABI_X86_32, &slot,
					       &all_limits, &cmd));
		KUNIT_EXPECT_EQ(test, cmd.wire_op, inner);
		KUNIT_EXPECT_EQ(test, cmd.id, U64_MAX - inner);
	}
}

/* The layouts have not only equal offsets by chance: real frontends' bytes. */
static void A2_layouts_byte_by_byte(struct kunit *test)
{
	union blkback_slot slot = {};
	u8 *bytes = (u8 *)&slot;
	struct blkback_cmd cmd;

	bytes[0] = BLKIF_OP_READ;
	bytes[1] = 1;
	bytes[8] = 0x11;	/* id */
	bytes[16] = 0x22;	/* sector_number */
	bytes[24] = 0x33;	/* gref */
	bytes[29] = 7;		/* last_sect */
	KUNIT_ASSERT_EQ(test, 0, blkback_decode(BLKBACK_ABI_X86_64, &slot,
						&all_limits, &cmd));
	KUNIT_EXPECT_EQ(test, cmd.id, 0x11);
	KUNIT_EXPECT_EQ(test, cmd.sector, 0x22);
	KUNIT_EXPECT_EQ(test, cmd.seg[0].gref, 0x33);
	KUNIT_EXPECT_EQ(test, cmd.seg[0].len_bytes, 4096);

	memset(&slot, 0, sizeof(slot));
	bytes[0] = BLKIF_OP_READ;
	bytes[1] = 1;
	bytes[4] = 0x11;
	bytes[12] = 0x22;
	bytes[20] = 0x33;
	bytes[25] = 7;
	KUNIT_ASSERT_EQ(test, 0, blkback_decode(BLKBACK_ABI_X86_32, &slot,
						&all_limits, &cmd));
	KUNIT_EXPECT_EQ(test, cmd.id, 0x11);
	KUNIT_EXPECT_EQ(test, cmd.sector, 0x22);
	KUNIT_EXPECT_EQ(test, cmd.seg[0].gref, 0x33);
	KUNIT_EXPECT_EQ(test, cmd.seg[0].len_bytes, 4096);
}

static void random_slot(struct rnd_state *rnd, u64 capacity, struct wish *wish)
{
	unsigned int i;
	u32 r;

	prandom_bytes_state(rnd, wish, sizeof(*wish));
	r = prandom_u32_state(rnd);
	if (r & 15)
		wish->op &= 7;
	if (r & 0x70)
		wish->nr_segments %= 13;
	wish->sector = random_sector(rnd, capacity);
	wish->nr_sectors = random_sector(rnd, capacity);
	for (i = 0; i < ARRAY_SIZE(wish->seg); i++) {
		if (r & 0x700)
			wish->seg[i].last_sect &= 7;
		if (r & 0x3800)
			wish->seg[i].first_sect = 0;
	}
}

static void D13_a_million_slots_stay_within_limits(struct kunit *test)
{
	struct blkback_cmd cmd, cmd32;
	unsigned int i, nr_good = 0;
	const char *what;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 20);
	for (i = 0; i < 1000000; i++) {
		u32 r = prandom_u32_state(&rnd);
		struct blkback_limits limits = {
			.capacity_sectors = r & 0x100 ? CAPACITY : r >> 22,
			.block_sectors = 1 << (r & 3),
			.read_only = (r & 0x1c) == 0,
			.barrier = r & 0x20,
			.discard = r & 0x40,
			.secure_erase = (r & 0xc0) == 0xc0,
		};
		struct wish wish;
		int err, err32;

		random_slot(&rnd, limits.capacity_sectors, &wish);
		err = decode(BLKBACK_ABI_X86_64, &wish, &limits, &cmd);
		err32 = decode(BLKBACK_ABI_X86_32, &wish, &limits, &cmd32);
		what = err ? NULL : outside(&cmd, &limits);
		if (!what && err != err32)
			what = "result, which depends on the layout";
		if (!what && (cmd.id != cmd32.id ||
			      (wish.op != BLKIF_OP_INDIRECT &&
			       cmd.id != wish.id)))
			what = "id";
		if (!what && !err &&
		    (cmd.sector != cmd32.sector ||
		     cmd.nr_sectors != cmd32.nr_sectors ||
		     memcmp(cmd.seg, cmd32.seg,
			    cmd.nr_segments * sizeof(cmd.seg[0]))))
			what = "place, which depends on the layout";
		if (what) {
			KUNIT_FAIL(test, "slot %u, operation %u: wrong %s", i,
				   wish.op, what);
			return;
		}
		nr_good += !err;
	}
	/* Else the slots were all of one kind, and nothing was shown. */
	KUNIT_EXPECT_GT(test, nr_good, 20000);
	KUNIT_EXPECT_LT(test, nr_good, 950000);
}

static struct kunit_case decode_cases[] = {
	KUNIT_CASE(OP0_OP1_good_requests_decode),
	KUNIT_CASE(A2_layouts_byte_by_byte),
	KUNIT_CASE(D17_segment_counts),
	KUNIT_CASE(D13_segment_bounds),
	KUNIT_CASE(D1_place_on_the_disk),
	KUNIT_CASE(U5_logical_blocks),
	KUNIT_CASE(read_only_disk),
	KUNIT_CASE(OP3_empty_flush_has_no_place),
	KUNIT_CASE(OP3_flush_needs_no_offer),
	KUNIT_CASE(OP2_barrier_not_offered),
	KUNIT_CASE(OP5_discard),
	KUNIT_CASE(OP5_discard_not_offered),
	KUNIT_CASE(OPx_unknown_operations),
	KUNIT_CASE(OP6_indirect_not_offered_echoes_inner_operation),
	KUNIT_CASE_SLOW(D13_a_million_slots_stay_within_limits),
	{}
};

static struct kunit_suite decode_suite = {
	.name = "blkback_decode",
	.test_cases = decode_cases,
};

kunit_test_suite(decode_suite);

MODULE_DESCRIPTION("XenBlk: tests of blkback/decode.c");
MODULE_LICENSE("GPL");
