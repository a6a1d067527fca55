// SPDX-License-Identifier: GPL-2.0
/* A frontend that does not say how its slots are laid out. */
#include <linux/random.h>

#include "back.h"

static void silence(struct bench *bench, bool abi32)
{
	unsigned int i;

	bench->peer->silent = true;
	bench->peer->abi32 = abi32;
	for (i = 0; i < bench->nr_wide; i++)
		bench->wide[i]->silent = true;
}

/* The data of so many pages from the beginning of the disk. */
static void reads(struct kunit *test, struct peer *peer, unsigned int nr)
{
	struct peer_slot slot = peer_request(peer, BLKIF_OP_READ, 7, 0, nr, 0);

	peer_fill(peer, 0, nr, 0xaa);
	KUNIT_ASSERT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
	KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, nr, disk.data));
}

static void its_first_read_tells(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int i, n;

	get_random_bytes(disk.data, 1 << 16);
	for (i = 0; i < 8; i++) {
		silence(bench, i & 1);
		back_connect(test, bench);
		reads(test, peer, i & 2 ? 11 : 1);
		back_works(test, peer, 128);
		/* Through the whole ring, and its beginning again. */
		for (n = 0; n < 2 * PEER_SLOTS; n++)
			reads(test, peer, 2);
		KUNIT_ASSERT_TRUE(test, peer_close(peer));
		back_begin_again(test);
	}
}

/* What was there when we came, and on rings that begin with something else. */
static void one_ring_tells_for_all(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot;
	unsigned int i, n;

	for (i = 0; i < 2; i++) {
		bench->peer->abi32 = i;
		back_widen(bench, MAX_RINGS, 2);
		silence(bench, i);
		back_connect_wide(test, bench);
		slot = peer_request(bench->wide[2], BLKIF_OP_READ, 7, 0, 3, 0);
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY,
				peer_do(bench->wide[2], &slot));
		for (n = 0; n < MAX_RINGS; n++)
			back_works(test, bench->wide[n], 64 * n);
		back_close_wide(test, bench);
	}
}

static void anything_else_is_refused(struct kunit *test)
{
	static const u8 ops[] = {
		BLKIF_OP_WRITE, BLKIF_OP_FLUSH_DISKCACHE, BLKIF_OP_DISCARD,
		BLKIF_OP_INDIRECT, BLKIF_OP_READ,
	};
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;
	unsigned int i;

	for (i = 0; i < 2 * ARRAY_SIZE(ops); i++) {
		silence(bench, i & 1);
		back_connect(test, bench);
		loopback_settle();
		disk.nr_ops = 0;
		slot = peer_request(peer, ops[i / 2], 1, 0, 1, 0);
		/* A read beyond the end of the disk is none either. */
		if (ops[i / 2] == BLKIF_OP_READ)
			slot.sector = DISK_SECTORS;
		peer_put(peer, &slot);
		peer_push(peer);
		back_reaches(test, XenbusStateClosing);
		KUNIT_EXPECT_NOT_NULL(test, strstr(store.said, "protocol"));
		KUNIT_EXPECT_NOT_NULL(test, strstr(store.said, "x86_32-abi"));
		KUNIT_EXPECT_EQ(test, 0, disk.nr_ops);
		peer_collect(peer);
		KUNIT_EXPECT_EQ(test, 0, peer->nr_answers);
		/* Who says it may begin with anything. */
		peer->silent = false;
		back_recovers(test, bench);
		KUNIT_ASSERT_TRUE(test, peer_close(peer));
		back_begin_again(test);
	}
}

/* RN8: what another backend learned is not known any more. */
static void a_used_ring_is_refused(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	/* With its answer in it the slot looks like a read still. */
	struct peer_slot slot =
		peer_request(peer, BLKIF_OP_READ, 0x100, 0, 1, 0);

	silence(bench, false);
	back_connect(test, bench);
	peer_put(peer, &slot);
	peer_push(peer);
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, 1));
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	back_remove(bench);
	loopback_settle();
	store_write(BACK_STATE, "%d", XenbusStateInitialising);
	bench->back = store_add_device(true, BACK_NODE);
	back_reaches(test, XenbusStateConnected);
	peer_put(peer, &slot);
	peer_push(peer);
	back_reaches(test, XenbusStateClosing);
	KUNIT_EXPECT_NOT_NULL(test, strstr(store.said, "protocol"));
	peer->silent = false;
	back_recovers(test, bench);
}

static struct kunit_case back_silent_cases[] = {
	KUNIT_CASE(its_first_read_tells),
	KUNIT_CASE(one_ring_tells_for_all),
	KUNIT_CASE(anything_else_is_refused),
	KUNIT_CASE(a_used_ring_is_refused),
	{}
};

struct kunit_suite back_silent_suite = {
	.name = "loopback_back_silent",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = back_init,
	.exit = back_exit,
	.test_cases = back_silent_cases,
};
