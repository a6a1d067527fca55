// SPDX-License-Identifier: GPL-2.0
/* A request -> a slot, and not a byte that is not its own. */
#include <kunit/test.h>
#include <linux/module.h>

#include "../../blkfront/encode.c"

static const struct blkfront_config cache = {
	.flush = BLKFRONT_FLUSH_CACHE, .discard = true, .secure_erase = true,
};

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
	for (i = 0; i < nr_segs && i < ARRAY_SIZE(io.seg); i++) {
		io.seg[i].gref = 100 + i;
		io.seg[i].first_sect = i % 4;
		io.seg[i].last_sect = 7 - i % 4;
	}
	return io;
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
					blkfront_encode(&slot, &io, &cache));
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
			blkfront_encode(&slot, &io, &cache));
	KUNIT_EXPECT_MEMEQ(test, &slot, &want, sizeof(slot));

	io.op = BLKFRONT_SECURE_ERASE;
	want.discard.flag = BLKIF_DISCARD_SECURE;
	KUNIT_EXPECT_EQ(test, BLKIF_OP_DISCARD,
			blkfront_encode(&slot, &io, &cache));
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

static void D17_too_many_segments(struct kunit *test)
{
	struct blkfront_io io = request(BLKFRONT_WRITE, 12);
	union blkif_native_request slot;

	KUNIT_EXPECT_EQ(test, -EINVAL, blkfront_encode(&slot, &io, &cache));
}

static struct kunit_case encode_cases[] = {
	KUNIT_CASE(D16_reads_and_writes),
	KUNIT_CASE(OP5_discards),
	KUNIT_CASE(what_was_not_offered),
	KUNIT_CASE(D17_too_many_segments),
	{}
};

static struct kunit_suite encode_suite = {
	.name = "blkfront_encode",
	.test_cases = encode_cases,
};

kunit_test_suite(encode_suite);

MODULE_DESCRIPTION("XenBlk: tests of blkfront/encode.c");
MODULE_LICENSE("GPL");
