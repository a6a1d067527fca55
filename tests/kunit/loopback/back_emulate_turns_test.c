// SPDX-License-Identifier: GPL-2.0
/* 512-byte sectors on a disk of larger blocks: several that want the same block. */
#include "back.h"
#include "../../../blkback/blkback.h"

#define BLOCK_BYTES	4096
#define NR_OWNERS	4
#define REGION_SECTORS	(NR_OWNERS * PEER_SLOTS)
#define ROUNDS		40

static int turns_init(struct kunit *test)
{
	struct bench *bench;
	int err = back_init(test);

	if (err)
		return err;
	bench = test->priv;
	disk_blocks(BLOCK_BYTES, BLOCK_BYTES - 1);
	store_write(BACK_NODE "/emulate-512", "1");
	back_add_second(bench);
	store_write(SECOND_BACK_NODE "/emulate-512", "1");
	return 0;
}

static void turns_connect(struct kunit *test, struct bench *bench)
{
	back_connect(test, bench);
	back_connect_second(test, bench);
	disk.nr_ops = 0;
}

/* A write of one sector, which is all @seed. */
static void put_sector(struct peer *peer, u64 id, u64 sector, u8 seed)
{
	struct peer_slot slot = peer_request(peer, BLKIF_OP_WRITE, id, sector, 1,
					     id);

	slot.seg[0].first_sect = id % 8;
	slot.seg[0].last_sect = id % 8;
	memset(page_address(peer->page[id]), seed, PAGE_SIZE);
	peer_put(peer, &slot);
	peer_push(peer);
}

static void put_discard(struct peer *peer, u64 id, u64 sector, u64 nr_sectors)
{
	struct peer_slot slot = {
		.op = BLKIF_OP_DISCARD, .id = id, .sector = sector,
		.nr_sectors = nr_sectors,
	};

	peer_put(peer, &slot);
	peer_push(peer);
}

static bool sector_is(u64 sector, u8 seed)
{
	return !memchr_inv(disk.data + (sector << 9), seed, 512);
}

/* What comes does not pass what is held: so many are, and stay so. */
static void still_held(struct kunit *test, unsigned int nr)
{
	loopback_settle();
	back_wait_held(test, nr);
}

static void answered(struct kunit *test, struct peer *peer, unsigned int nr)
{
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, nr));
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
}

/* Each reads and writes with nobody in between, whosever guest it is. */
static void E1_two_guests_write_one_block(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	turns_connect(test, bench);
	memset(disk.data, 0x11, 16 << 9);
	disk.hold = true;
	put_sector(bench->peer, 0, 2, 0xaa);
	still_held(test, 1);
	put_sector(bench->second, 0, 3, 0xbb);
	put_sector(bench->peer, 1, 4, 0xcc);
	/* What is beside it is somebody else's. */
	put_sector(bench->second, 1, 9, 0xdd);
	still_held(test, 2);
	for (i = 0; i < 8; i++) {
		disk_release_one();
		loopback_settle();
		/* In the order that they came: one goes on with each. */
		KUNIT_EXPECT_LE(test, disk.nr_held, 2);
		KUNIT_EXPECT_EQ(test, i < 7, disk.nr_held > 0);
	}
	answered(test, bench->peer, 2);
	answered(test, bench->second, 2);
	KUNIT_EXPECT_EQ(test, 8, disk.nr_ops);
	KUNIT_EXPECT_TRUE(test, sector_is(2, 0xaa));
	KUNIT_EXPECT_TRUE(test, sector_is(3, 0xbb));
	KUNIT_EXPECT_TRUE(test, sector_is(4, 0xcc));
	KUNIT_EXPECT_TRUE(test, sector_is(9, 0xdd));
	for (i = 0; i < 16; i++)
		if ((i < 2 || i > 4) && i != 9)
			KUNIT_EXPECT_TRUE(test, sector_is(i, 0x11));
}

/* A write of whole blocks, too, waits for one that has some of them. */
static void E1_whole_blocks_wait_for_edges(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot;

	turns_connect(test, bench);
	disk.hold = true;
	put_sector(bench->peer, 0, 2, 0xaa);
	still_held(test, 1);
	peer_fill(bench->second, 0, 2, 7);
	slot = peer_request(bench->second, BLKIF_OP_WRITE, 0, 0, 2, 0);
	peer_put(bench->second, &slot);
	peer_push(bench->second);
	still_held(test, 1);
	/* A read waits for nobody. */
	slot = peer_request(bench->second, BLKIF_OP_READ, 1, 0, 1, 5);
	peer_put(bench->second, &slot);
	peer_push(bench->second);
	still_held(test, 2);
	disk_release();
	answered(test, bench->peer, 1);
	answered(test, bench->second, 2);
	KUNIT_EXPECT_TRUE(test, peer_check(bench->second, 0, 2, disk.data));
}

static void E1_discard_waits_for_edges(struct kunit *test)
{
	struct bench *bench = test->priv;

	turns_connect(test, bench);
	memset(disk.data, 0x11, 32 << 9);
	disk.hold = true;
	put_sector(bench->peer, 0, 10, 0xaa);
	still_held(test, 1);
	put_discard(bench->second, 0, 0, 24);
	still_held(test, 1);
	disk_release();
	answered(test, bench->peer, 1);
	answered(test, bench->second, 1);
	/* It was after the write, as it came. */
	KUNIT_EXPECT_EQ(test, 3, disk.nr_ops);
	KUNIT_EXPECT_EQ(test, REQ_OP_DISCARD, disk.log[2].op);
	KUNIT_EXPECT_NULL(test, memchr_inv(disk.data, 0, 24 << 9));
	KUNIT_EXPECT_TRUE(test, sector_is(24, 0x11));
}

static void E1_edges_wait_for_a_discard(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	turns_connect(test, bench);
	memset(disk.data, 0x11, 32 << 9);
	disk.hold = true;
	put_discard(bench->peer, 0, 0, 16);
	still_held(test, 1);
	put_sector(bench->second, 0, 10, 0xaa);
	put_sector(bench->peer, 1, 17, 0xbb);
	still_held(test, 2);
	disk_release();
	answered(test, bench->peer, 2);
	answered(test, bench->second, 1);
	for (i = 0; i < 16; i++)
		KUNIT_EXPECT_TRUE(test, sector_is(i, i == 10 ? 0xaa : 0));
	KUNIT_EXPECT_TRUE(test, sector_is(17, 0xbb));
}

/* One that waits is not answered by a disconnect, and loses nothing. */
static void E1_disconnect_of_one_that_waits(struct kunit *test)
{
	struct bench *bench = test->priv;

	turns_connect(test, bench);
	disk.hold = true;
	put_sector(bench->second, 0, 2, 0xaa);
	still_held(test, 1);
	put_sector(bench->peer, 0, 3, 0xbb);
	put_discard(bench->peer, 1, 0, 8);
	still_held(test, 1);
	peer_state(XenbusStateClosed);
	msleep(50);
	KUNIT_EXPECT_EQ(test, 1, disk.nr_held);
	KUNIT_EXPECT_EQ(test, 2, xen.nr_rings);
	disk_release();
	back_reaches(test, XenbusStateClosed);
	KUNIT_EXPECT_EQ(test, 1, xen.nr_rings);
	answered(test, bench->second, 1);
	peer_collect(bench->peer);
	KUNIT_EXPECT_EQ(test, 2, bench->peer->nr_answers);
	KUNIT_EXPECT_TRUE(test, sector_is(2, 0) || sector_is(2, 0xaa));
	/* The blocks are nobody's. */
	put_sector(bench->second, 1, 4, 0xcc);
	answered(test, bench->second, 2);
	KUNIT_EXPECT_TRUE(test, sector_is(4, 0xcc));
}

/* Whose sectors are dealt like cards: all want every block. */
static void put_round(struct peer *peer, unsigned int owner, u8 seed)
{
	struct peer_slot slot;
	unsigned int i;

	for (i = 0; i < PEER_SLOTS; i++) {
		slot = peer_request(peer, BLKIF_OP_WRITE, i,
				    NR_OWNERS * i + owner, 1, i);
		slot.seg[0].first_sect = owner;
		slot.seg[0].last_sect = owner;
		memset(page_address(peer->page[i]), seed + owner, PAGE_SIZE);
		peer_put(peer, &slot);
	}
	peer_push(peer);
}

/* Nobody writes the fourth sectors. */
static void all_there(struct kunit *test, u8 seed)
{
	unsigned int i, n;

	for (i = 0; i < REGION_SECTORS; i++) {
		n = i % NR_OWNERS;
		KUNIT_ASSERT_TRUE(test, sector_is(i, n == 3 ? 0x77 : seed + n));
	}
}

/* A guest with two rings, and another one. */
static void E1_many_writers_lose_nothing(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *owner[3];
	unsigned int i, n;

	back_widen(bench, 2, 1);
	back_connect_wide(test, bench);
	back_connect_second(test, bench);
	owner[0] = bench->wide[0];
	owner[1] = bench->wide[1];
	owner[2] = bench->second;
	memset(disk.data, 0x77, REGION_SECTORS << 9);
	for (i = 0; i < ROUNDS; i++) {
		for (n = 0; n < 3; n++)
			put_round(owner[n], n, 5 * i);
		for (n = 0; n < 3; n++)
			answered(test, owner[n], (i + 1) * PEER_SLOTS);
		all_there(test, 5 * i);
	}
}

/* A guest has so many turns before another one's, and costs so much memory. */
static void E1_many_that_wait_are_bounded(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct blkback_dev *dev;
	struct peer *peer;
	unsigned int i;

	back_widen(bench, 1, 4);
	back_connect_wide(test, bench);
	back_connect_second(test, bench);
	peer = bench->wide[0];
	dev = dev_get_drvdata(&bench->back->dev);
	disk.hold = true;
	for (i = 0; i < 100; i++)
		put_sector(peer, i % PEER_SLOTS, 1, i);
	loopback_settle();
	KUNIT_EXPECT_EQ(test, 64, dev->queue[0]->pool.emulations.nr);
	KUNIT_EXPECT_EQ(test, 64, dev->queue[0]->pool.nr_pages);
	put_sector(bench->second, 0, 2, 0xee);
	disk_release();
	answered(test, peer, 100);
	answered(test, bench->second, 1);
	KUNIT_EXPECT_TRUE(test, sector_is(2, 0xee));
}

/*
 * What was there before a block was discarded does not come back with a write of
 * one of its sectors, whichever came first.
 */
static void E1_discards_beside_writers(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i, n, s;

	turns_connect(test, bench);
	for (i = 0; i < ROUNDS; i++) {
		memset(disk.data, 0x11, PEER_SLOTS * BLOCK_BYTES);
		for (n = 0; n < PEER_SLOTS; n++) {
			put_sector(bench->peer, n, 8 * n + n % 8, 0xaa);
			put_discard(bench->second, n, 8 * n, 8);
		}
		answered(test, bench->peer, (i + 1) * PEER_SLOTS);
		answered(test, bench->second, (i + 1) * PEER_SLOTS);
		for (n = 0; n < PEER_SLOTS; n++)
			for (s = 0; s < 8; s++)
				KUNIT_ASSERT_TRUE(test,
						  sector_is(8 * n + s, 0) ||
						  (s == n % 8 &&
						   sector_is(8 * n + s, 0xaa)));
	}
}

static struct kunit_case back_emulate_turns_cases[] = {
	KUNIT_CASE(E1_two_guests_write_one_block),
	KUNIT_CASE(E1_whole_blocks_wait_for_edges),
	KUNIT_CASE(E1_discard_waits_for_edges),
	KUNIT_CASE(E1_edges_wait_for_a_discard),
	KUNIT_CASE(E1_disconnect_of_one_that_waits),
	KUNIT_CASE(E1_many_that_wait_are_bounded),
	KUNIT_CASE(E1_many_writers_lose_nothing),
	KUNIT_CASE(E1_discards_beside_writers),
	{}
};

struct kunit_suite back_emulate_turns_suite = {
	.name = "loopback_back_emulate_turns",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = turns_init,
	.exit = back_exit,
	.test_cases = back_emulate_turns_cases,
};
