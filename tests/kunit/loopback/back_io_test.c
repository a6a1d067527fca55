// SPDX-License-Identifier: GPL-2.0
/* What the backend makes of good requests. */
#include "back.h"

static void flush_that_failed_is_an_error(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot flush =
		peer_request(bench->peer, BLKIF_OP_FLUSH_DISKCACHE, 4, 0, 0, 0);
	unsigned int i;

	back_connect(test, bench);
	back_works(test, bench->peer, 0);
	for (i = 0; i < 3; i++) {
		disk.fail_flushes = 1;
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR,
				peer_do(bench->peer, &flush));
		KUNIT_EXPECT_EQ(test, 2 * i + 1, disk.nr_flushes);
		/* And the next one goes to the disk again. */
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY,
				peer_do(bench->peer, &flush));
		KUNIT_EXPECT_EQ(test, 2 * i + 2, disk.nr_flushes);
	}
	KUNIT_EXPECT_EQ(test, BLKIF_OP_FLUSH_DISKCACHE, bench->peer->op[4]);
}

/* What was offered is not unknown: the frontend would flush no more. */
static void flush_that_the_disk_cannot_do(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot flush;
	unsigned int i;

	back_connect(test, bench);
	for (i = 0; i < 2; i++) {
		flush = peer_request(peer, BLKIF_OP_FLUSH_DISKCACHE, 4, 80,
				     2 * i, 0);
		disk.refuse = 1;
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(peer, &flush));
		KUNIT_EXPECT_EQ(test, 0, disk.refuse);
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &flush));
	}
	/* Other requests are told it: it is theirs to do without. */
	flush.op = BLKIF_OP_WRITE;
	disk.refuse = 1;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_EOPNOTSUPP, peer_do(peer, &flush));
}

/* OP3: first what is before it, then its own data, and that for good. */
static void OP3_flush_with_data(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot flush =
		peer_request(bench->peer, BLKIF_OP_FLUSH_DISKCACHE, 4, 80, 2, 0);

	back_connect(test, bench);
	disk.nr_ops = 0;
	peer_fill(bench->peer, 0, 2, 3);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &flush));
	KUNIT_EXPECT_EQ(test, 1, disk.nr_ops);
	KUNIT_EXPECT_TRUE(test, disk.log[0].preflush);
	KUNIT_EXPECT_TRUE(test, disk.log[0].fua);
	KUNIT_EXPECT_EQ(test, 16, disk.log[0].nr_sectors);
	KUNIT_EXPECT_TRUE(test, peer_check(bench->peer, 0, 2,
					   disk.data + 80 * 512));
}

static void read_only_by_mode(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;

	store_write(BACK_NODE "/mode", "r");
	back_connect(test, bench);
	KUNIT_EXPECT_EQ(test, VDISK_READONLY, store_read_int(BACK_NODE "/info", -1));
	slot = peer_request(peer, BLKIF_OP_READ, 1, 0, 2, 0);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
	slot.op = BLKIF_OP_WRITE;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(peer, &slot));
	slot.op = BLKIF_OP_DISCARD;
	KUNIT_EXPECT_NE(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
}

/* What the disk reads from need not be writable for us, and is not written. */
static void write_from_read_only_grants(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_WRITE, 1, 0, 1, 0);
	u32 ref = xen_grant(peer->page[0], true);

	back_connect(test, bench);
	peer_fill(peer, 0, 1, 5);
	slot.seg[0].gref = ref;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
	KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, 1, disk.data));
	/* But what it writes to has to be. */
	slot.op = BLKIF_OP_READ;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(peer, &slot));
	xen_ungrant(ref);
}

static struct kunit_case back_io_cases[] = {
	KUNIT_CASE(flush_that_failed_is_an_error),
	KUNIT_CASE(flush_that_the_disk_cannot_do),
	KUNIT_CASE(OP3_flush_with_data),
	KUNIT_CASE(read_only_by_mode),
	KUNIT_CASE(write_from_read_only_grants),
	{}
};

struct kunit_suite back_io_suite = {
	.name = "loopback_back_io",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = back_init,
	.exit = back_exit,
	.test_cases = back_io_cases,
};
