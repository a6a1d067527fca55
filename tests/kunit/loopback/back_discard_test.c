// SPDX-License-Identifier: GPL-2.0
/* Discards: in pieces, few at a time, beside everything else. */
#include <linux/sizes.h>

#include "back.h"

#define NR_RINGS	4
#define MAX_PIECES	2

static void discard_in_pieces(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot discard = {
		.op = BLKIF_OP_DISCARD, .id = 6, .sector = 12, .nr_sectors = 600,
	};
	sector_t next = 12;
	unsigned int i;

	back_connect(test, bench);
	memset(disk.data, 0x99, DISK_SECTORS << 9);
	disk.nr_ops = 0;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &discard));
	KUNIT_EXPECT_GE(test, disk.nr_ops, DIV_ROUND_UP(600, DISK_DISCARD_SECTORS));
	for (i = 0; i < disk.nr_ops; i++) {
		KUNIT_EXPECT_EQ(test, REQ_OP_DISCARD, disk.log[i].op);
		KUNIT_EXPECT_EQ(test, next, disk.log[i].sector);
		KUNIT_EXPECT_LE(test, disk.log[i].nr_sectors,
				DISK_DISCARD_SECTORS);
		next += disk.log[i].nr_sectors;
		/* All pieces but the last end where the disk likes it. */
		if (i + 1 < disk.nr_ops)
			KUNIT_EXPECT_EQ(test, 0, next % 8);
	}
	KUNIT_EXPECT_EQ(test, 612, next);
	KUNIT_EXPECT_EQ(test, 0x99, disk.data[12 * 512 - 1]);
	KUNIT_EXPECT_EQ(test, 0, disk.data[12 * 512]);
	KUNIT_EXPECT_EQ(test, 0x99, disk.data[612 * 512]);

	/* The first piece that fails ends it. */
	disk.nr_ops = 0;
	disk.fail_all = 1;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(bench->peer, &discard));
	KUNIT_EXPECT_EQ(test, 1, disk.nr_ops);
}

static void discard_disabled_is_refused(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot discard = {
		.op = BLKIF_OP_DISCARD, .id = 6, .sector = 0, .nr_sectors = 8,
	};

	store_write(BACK_NODE "/discard-enable", "0");
	back_connect(test, bench);
	KUNIT_EXPECT_EQ(test, 0, store_read_int(BACK_NODE "/feature-discard", 0));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_EOPNOTSUPP,
			peer_do(bench->peer, &discard));
}

static void discard(struct bench *bench, unsigned int ring, u64 id, u64 sector,
		    u64 nr_sectors)
{
	struct peer_slot slot = {
		.op = BLKIF_OP_DISCARD, .id = id, .sector = sector,
		.nr_sectors = nr_sectors,
	};

	peer_put(bench->wide[ring], &slot);
	peer_push(bench->wide[ring]);
	loopback_settle();
}

static void discard_connect(struct kunit *test, struct bench *bench)
{
	back_widen(bench, NR_RINGS, 1);
	back_connect_wide(test, bench);
	disk.nr_ops = 0;
	disk.hold_discards = true;
}

static void reads_work(struct kunit *test, struct bench *bench)
{
	unsigned int i, before;
	struct peer_slot slot;

	for (i = 0; i < NR_RINGS; i++) {
		struct peer *peer = bench->wide[i];

		before = peer->answers[40];
		slot = peer_request(peer, BLKIF_OP_READ, 40, 0, 11, 0);
		peer_put(peer, &slot);
		peer_push(peer);
		/* Others are answered, too. */
		KUNIT_EXPECT_TRUE(test, loopback_wait((peer_collect(peer),
						       peer->answers[40] !=
						       before)));
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer->status[40]);
	}
}

/* A disk that takes its time for each piece of all of it. */
static void reads_go_on_beside_a_discard_of_the_disk(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	discard_connect(test, bench);
	discard(bench, 0, 6, 0, DISK_SECTORS);
	for (i = 0; i < DISK_SECTORS / DISK_DISCARD_SECTORS; i++) {
		back_wait_held(test, 1);
		if (i < 4)
			reads_work(test, bench);
		KUNIT_EXPECT_EQ(test, 0, bench->wide[0]->answers[6]);
		disk_release_first(1);
		loopback_settle();
	}
	KUNIT_EXPECT_EQ(test, 0, disk.nr_held);
	KUNIT_EXPECT_TRUE(test, loopback_wait(peer_collect(bench->wide[0]) ||
					      bench->wide[0]->answers[6]));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, bench->wide[0]->status[6]);
}

static void few_pieces_over_four_rings(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i, n;

	discard_connect(test, bench);
	/* Two that are large, then some that are one piece each. */
	discard(bench, 0, 6, 0, DISK_SECTORS);
	discard(bench, 1, 6, 0, DISK_SECTORS);
	for (n = 0; n < 3; n++)
		for (i = 0; i < NR_RINGS; i++)
			discard(bench, i, n, 64 * (NR_RINGS * n + i), 64);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
	/* The large ones keep nobody waiting: turn by turn. */
	for (i = 0; i < 2 + 3 * NR_RINGS; i++) {
		KUNIT_EXPECT_LE(test, disk.nr_held, MAX_PIECES);
		KUNIT_EXPECT_GE(test, disk.nr_held, 1);
		if (i < 4)
			reads_work(test, bench);
		disk_release_first(1);
		loopback_settle();
	}
	for (i = 0; i < NR_RINGS; i++) {
		peer_collect(bench->wide[i]);
		for (n = 0; n < 3; n++)
			KUNIT_EXPECT_EQ(test, 1, bench->wide[i]->answers[n]);
		KUNIT_EXPECT_EQ(test, 0, bench->wide[i]->nr_errors);
	}
	back_wait_held(test, MAX_PIECES);
	disk_release();
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_TRUE(test, peer_wait(bench->wide[i],
						  bench->wide[i]->nr_answers +
						  1));
		KUNIT_EXPECT_EQ(test, 1, bench->wide[i]->answers[6]);
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, bench->wide[i]->status[6]);
	}
}

/* One that fails lets the next one go. */
static void failed_pieces_keep_no_turn(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i, n;

	discard_connect(test, bench);
	for (n = 0; n < 5; n++)
		for (i = 0; i < NR_RINGS; i++)
			discard(bench, i, n, 64 * n, 600);
	disk.fail_all = 12;
	disk_release();
	n = 0;
	for (i = 0; i < NR_RINGS; i++) {
		KUNIT_EXPECT_TRUE(test, peer_wait(bench->wide[i], 5));
		n += bench->wide[i]->nr_errors;
	}
	KUNIT_EXPECT_EQ(test, 12, n);
	/* Nor does one that the disk cannot do any more, or of no length. */
	disk_discard_max(0);
	for (i = 0; i < NR_RINGS; i++)
		discard(bench, i, 7, 0, 600);
	disk_discard_max(DISK_DISCARD_SECTORS);
	for (i = 0; i < NR_RINGS; i++) {
		KUNIT_EXPECT_TRUE(test, peer_wait(bench->wide[i], 6));
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_EOPNOTSUPP,
				bench->wide[i]->status[7]);
		discard(bench, i, 8, 0, 0);
		KUNIT_EXPECT_TRUE(test, peer_wait(bench->wide[i], 7));
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, bench->wide[i]->status[8]);
	}
	discard(bench, 3, 9, 0, 600);
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->wide[3], 8));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, bench->wide[3]->status[9]);
}

/* How long they would take is not waited for. */
static void disconnect_ends_discards(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	discard_connect(test, bench);
	for (i = 0; i < NR_RINGS; i++) {
		discard(bench, i, 1, 0, DISK_SECTORS);
		discard(bench, i, 2, 0, DISK_SECTORS);
	}
	back_wait_held(test, MAX_PIECES);
	peer_state(XenbusStateClosed);
	msleep(50);
	KUNIT_EXPECT_EQ(test, NR_RINGS, xen.nr_rings);
	KUNIT_EXPECT_EQ(test, MAX_PIECES, disk.nr_held);
	disk_release();
	back_reaches(test, XenbusStateClosed);
	KUNIT_EXPECT_EQ(test, MAX_PIECES, disk.nr_ops);
	for (i = 0; i < NR_RINGS; i++) {
		peer_collect(bench->wide[i]);
		KUNIT_EXPECT_EQ(test, 2, bench->wide[i]->nr_errors);
	}
	back_close_wide(test, bench);
}

/* The host lets go of a disk whose frontend stays, and may not hear of it. */
static void unbind_ends_discards_without_errors(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	discard_connect(test, bench);
	for (i = 0; i < NR_RINGS; i++)
		discard(bench, i, 1, 0, DISK_SECTORS);
	back_wait_held(test, MAX_PIECES);
	store_remove_device(bench->back);
	disk_release();
	KUNIT_EXPECT_TRUE(test, loopback_wait(!READ_ONCE(xen.nr_rings)));
	KUNIT_EXPECT_EQ(test, MAX_PIECES, disk.nr_ops);
	for (i = 0; i < NR_RINGS; i++) {
		peer_collect(bench->wide[i]);
		KUNIT_EXPECT_EQ(test, 1, bench->wide[i]->nr_answers);
		KUNIT_EXPECT_EQ(test, 0, bench->wide[i]->nr_errors);
	}
	for (i = 0; i < NR_RINGS; i++)
		KUNIT_EXPECT_TRUE(test, peer_retract(bench->wide[i]));
}

/* A disk that takes all of itself at once is not asked to. */
static void pieces_are_small(struct kunit *test)
{
	const unsigned int piece = SZ_64M / SECTOR_SIZE;
	struct bench *bench = test->priv;
	unsigned int i;

	disk_resize(8 * piece);
	disk_discard_max(UINT_MAX / SECTOR_SIZE);
	back_widen(bench, NR_RINGS, 1);
	back_connect_wide(test, bench);
	disk.nr_ops = 0;
	discard(bench, 0, 6, 4, 8 * piece - 4);
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->wide[0], 1));
	disk_discard_max(DISK_DISCARD_SECTORS);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, bench->wide[0]->status[6]);
	KUNIT_EXPECT_EQ(test, 8, disk.nr_ops);
	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_LE(test, disk.log[i].nr_sectors, piece);
}

static struct kunit_case back_discard_cases[] = {
	KUNIT_CASE(discard_in_pieces),
	KUNIT_CASE(discard_disabled_is_refused),
	KUNIT_CASE(reads_go_on_beside_a_discard_of_the_disk),
	KUNIT_CASE(few_pieces_over_four_rings),
	KUNIT_CASE(failed_pieces_keep_no_turn),
	KUNIT_CASE(disconnect_ends_discards),
	KUNIT_CASE(unbind_ends_discards_without_errors),
	KUNIT_CASE(pieces_are_small),
	{}
};

struct kunit_suite back_discard_suite = {
	.name = "loopback_back_discard",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = back_init,
	.exit = back_exit,
	.test_cases = back_discard_cases,
};
