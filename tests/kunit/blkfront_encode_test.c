// SPDX-License-Identifier: GPL-2.0
/* A request -> a slot, and not a byte that is not its own. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../../blkfront/encode.c"

static const struct blkfront_config cache = {
	.flush = BLKFRONT_FLUSH_CACHE, .discard = true, .secure_erase = true,
};

static struct blkfront_segment segs[4096];
static u32 descs[8];

static struct blkfront_io request(enum blkfront_op op, unsigned int nr_segs)
{
	struct blkfront_io io;
	unsigned int i;

	memset(&io, 0xa5, sizeof(io));
	io.op = op;
	io.handle = 51712;
	io.id = 17;
	io.sector = 0x123456789aULL;
	io.nr_sectors = 0x1122334455ULL;
	io.nr_segs = nr_segs;
	io.seg = segs;
	io.desc_gref = descs;
	memset(segs, 0xa5, sizeof(segs));
	for (i = 0; i < nr_segs; i++) {
		io.seg[i].gref = 100 + i;
		io.seg[i].first_sect = i % 4;
		io.seg[i].last_sect = 7 - i % 4;
	}
	for (i = 0; i < ARRAY_SIZE(descs); i++)
		descs[i] = 9000 + i;
	return io;
}

static int encode(union blkif_native_request *slot,
		  const struct blkfront_io *io,
		  const struct blkfront_config *config)
{
	int op = blkfront_encode_op(io->op, config);

	if (op >= 0)
		blkfront_encode(slot, io, op);
	return op;
}

/* D16, D4: what a slot does not say is zero. */
static void D16_reads_and_writes(struct kunit *test)
{
	static const struct {
		enum blkfront_op op;
		u8 wire;
	} ops[] = {
		{ BLKFRONT_READ, BLKIF_OP_READ },
		{ BLKFRONT_WRITE, BLKIF_OP_WRITE },
		{ BLKFRONT_FLUSH, BLKIF_OP_FLUSH_DISKCACHE },
	};
	union blkif_native_request slot, want;
	unsigned int i, j, nr;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		for (nr = 0; nr <= 11; nr++) {
			struct blkfront_io io = request(ops[i].op, nr);

			memset(&want, 0, sizeof(want));
			want.rw.operation = ops[i].wire;
			want.rw.nr_segments = nr;
			want.rw.handle = (u16)51712;
			want.rw.id = 17;
			want.rw.sector_number = 0x123456789aULL;
			for (j = 0; j < nr; j++) {
				want.rw.seg[j].gref = 100 + j;
				want.rw.seg[j].first_sect = j % 4;
				want.rw.seg[j].last_sect = 7 - j % 4;
			}
			memset(&slot, 0xcc, sizeof(slot));
			KUNIT_EXPECT_EQ(test, ops[i].wire,
					encode(&slot, &io, &cache));
			KUNIT_EXPECT_MEMEQ(test, &slot, &want, sizeof(slot));
		}
	}
}

static void OP5_discards(struct kunit *test)
{
	struct blkfront_io io = request(BLKFRONT_DISCARD, 0);
	union blkif_native_request slot, want = {};

	want.discard.operation = BLKIF_OP_DISCARD;
	want.discard.handle = (u16)51712;
	want.discard.id = 17;
	want.discard.sector_number = 0x123456789aULL;
	want.discard.nr_sectors = 0x1122334455ULL;
	memset(&slot, 0xcc, sizeof(slot));
	KUNIT_EXPECT_EQ(test, BLKIF_OP_DISCARD,
			encode(&slot, &io, &cache));
	KUNIT_EXPECT_MEMEQ(test, &slot, &want, sizeof(slot));

	io.op = BLKFRONT_SECURE_ERASE;
	want.discard.flag = BLKIF_DISCARD_SECURE;
	KUNIT_EXPECT_EQ(test, BLKIF_OP_DISCARD,
			encode(&slot, &io, &cache));
	KUNIT_EXPECT_MEMEQ(test, &slot, &want, sizeof(slot));
}

static void what_was_not_offered(struct kunit *test)
{
	struct blkfront_config none = {}, barrier = {
		.flush = BLKFRONT_FLUSH_BARRIER, .discard = true,
	};

	KUNIT_EXPECT_EQ(test, BLKIF_OP_READ,
			blkfront_encode_op(BLKFRONT_READ, &none));
	KUNIT_EXPECT_EQ(test, BLKIF_OP_WRITE,
			blkfront_encode_op(BLKFRONT_WRITE, &none));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			blkfront_encode_op(BLKFRONT_FLUSH, &none));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			blkfront_encode_op(BLKFRONT_DISCARD, &none));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			blkfront_encode_op(BLKFRONT_SECURE_ERASE, &none));
	/* OP2: an older backend's way. */
	KUNIT_EXPECT_EQ(test, BLKIF_OP_WRITE_BARRIER,
			blkfront_encode_op(BLKFRONT_FLUSH, &barrier));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			blkfront_encode_op(BLKFRONT_SECURE_ERASE, &barrier));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			blkfront_encode_op(77, &cache));
}

/* OP6, D16: the slot of an indirect request, to the last byte. */
static void OP6_indirect_slots(struct kunit *test)
{
	static const unsigned int counts[] = {
		12, 13, 511, 512, 513, 1024, 1025, 4095, 4096,
	};
	union blkif_native_request slot, want;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		struct blkfront_io io = request(i % 2 ? BLKFRONT_READ :
						BLKFRONT_WRITE, counts[i]);
		u8 op = i % 2 ? BLKIF_OP_READ : BLKIF_OP_WRITE;

		io.id = 0xfedcba9876543210ULL;
		memset(&want, 0, sizeof(want));
		want.indirect.operation = BLKIF_OP_INDIRECT;
		want.indirect.indirect_op = op;
		want.indirect.nr_segments = counts[i];
		want.indirect.handle = (u16)51712;
		want.indirect.id = 0xfedcba9876543210ULL;
		want.indirect.sector_number = 0x123456789aULL;
		for (j = 0; j < (counts[i] + 511) / 512; j++)
			want.indirect.indirect_grefs[j] = 9000 + j;
		memset(&slot, 0xcc, sizeof(slot));
		/* The answer names the operation within. */
		KUNIT_EXPECT_EQ(test, op, encode(&slot, &io, &cache));
		KUNIT_EXPECT_MEMEQ(test, &slot, &want, sizeof(slot));
		KUNIT_EXPECT_EQ(test, (counts[i] + 511) / 512,
				blkfront_encode_descs(counts[i]));
	}
	KUNIT_EXPECT_EQ(test, 0, blkfront_encode_descs(0));
	KUNIT_EXPECT_EQ(test, 0, blkfront_encode_descs(11));
}

/* OP6, D16: all of a descriptor page, and nothing else in it. */
static void OP6_descriptors(struct kunit *test)
{
	static const unsigned int counts[] = { 12, 512, 513, 4096 };
	struct blkif_segment *desc, *want;
	unsigned int i, j, page, n;

	desc = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	want = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, desc);
	KUNIT_ASSERT_NOT_NULL(test, want);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		struct blkfront_io io = request(BLKFRONT_WRITE, counts[i]);

		for (page = 0; page < blkfront_encode_descs(counts[i]); page++) {
			memset(desc, 0xcc, PAGE_SIZE);
			memset(want, 0, PAGE_SIZE);
			for (j = 0; j < 512; j++) {
				n = page * 512 + j;
				if (n >= counts[i])
					break;
				want[j].gref = 100 + n;
				want[j].first_sect = n % 4;
				want[j].last_sect = 7 - n % 4;
			}
			blkfront_encode_desc(desc, &io, page);
			KUNIT_EXPECT_EQ_MSG(test, 0,
					    memcmp(desc, want, PAGE_SIZE),
					    "%u segments, page %u", counts[i],
					    page);
		}
	}
}

static struct kunit_case encode_cases[] = {
	KUNIT_CASE(D16_reads_and_writes),
	KUNIT_CASE(OP5_discards),
	KUNIT_CASE(OP6_indirect_slots),
	KUNIT_CASE(OP6_descriptors),
	KUNIT_CASE(what_was_not_offered),
	{}
};

static struct kunit_suite encode_suite = {
	.name = "blkfront_encode",
	.test_cases = encode_cases,
};

kunit_test_suite(encode_suite);

MODULE_DESCRIPTION("XenBlk: tests of blkfront/encode.c");
MODULE_LICENSE("GPL");
