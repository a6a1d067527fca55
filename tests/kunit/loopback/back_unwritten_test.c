// SPDX-License-Identifier: GPL-2.0
/* What is in the disk's write cache: bounded, and never lost in silence. */
#include "back.h"
#include "../../../blkback/blkback.h"

/* Eight pages. */
#define MAX_BYTES	32768

static int unwritten_init(struct kunit *test)
{
	blkback_max_unwritten_bytes = MAX_BYTES;
	return back_init(test);
}

static void unwritten_exit(struct kunit *test)
{
	blkback_max_unwritten_bytes = 0;
	disk_write_cache(true);
	back_exit(test);
}

/* Each ring has looked once more since the frontend was told of what was lost. */
static bool all_know(struct bench *bench)
{
	struct blkback_dev *dev = dev_get_drvdata(&bench->back->dev);
	s64 lost = atomic64_read(&dev->unwritten.nr_lost);
	unsigned int i;

	for (i = 0; i < dev->nr_queues; i++)
		if (READ_ONCE(dev->queue[i]->told) != lost)
			return false;
	return true;
}

/* A request over so many pages, its answer, and what follows from it. */
static int io(struct kunit *test, struct peer *peer, u8 op, unsigned int nr)
{
	struct peer_slot slot = peer_request(peer, op, 9, 0, nr, 0);
	int status = peer_do(peer, &slot);

	loopback_settle();
	return status;
}

static void writes(struct kunit *test, struct peer *peer, unsigned int nr)
{
	while (nr--)
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY,
				io(test, peer, BLKIF_OP_WRITE, 1));
}

static void unwritten_connect(struct kunit *test, struct bench *bench)
{
	back_connect(test, bench);
	disk.nr_flushes = 0;
	disk.nr_ops = 0;
}

static void it_flushes_by_itself(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int i;

	unwritten_connect(test, bench);
	for (i = 0; i < 3; i++) {
		writes(test, peer, 7);
		KUNIT_EXPECT_EQ(test, i, disk.nr_flushes);
		writes(test, peer, 1);
		KUNIT_EXPECT_EQ(test, i + 1, disk.nr_flushes);
		KUNIT_EXPECT_EQ(test, 9 * (i + 1), disk.nr_ops);
		KUNIT_EXPECT_TRUE(test, disk.log[disk.nr_ops - 1].preflush);
		KUNIT_EXPECT_EQ(test, 0, disk.log[disk.nr_ops - 1].nr_sectors);
	}
	/* What the frontend flushes needs none of ours. */
	writes(test, peer, 7);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY,
			io(test, peer, BLKIF_OP_FLUSH_DISKCACHE, 0));
	writes(test, peer, 7);
	KUNIT_EXPECT_EQ(test, 4, disk.nr_flushes);
	/* But one that failed says nothing. */
	disk.fail_flushes = 1;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR,
			io(test, peer, BLKIF_OP_WRITE_BARRIER, 0));
	writes(test, peer, 1);
	KUNIT_EXPECT_EQ(test, 6, disk.nr_flushes);
}

static void what_does_not_count(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct blkback_dev *dev;
	unsigned int i;

	unwritten_connect(test, bench);
	for (i = 0; i < 4; i++) {
		/* Reads, data for good, and what failed. */
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY,
				io(test, peer, BLKIF_OP_READ, 8));
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY,
				io(test, peer, BLKIF_OP_FLUSH_DISKCACHE, 8));
		disk.fail_all = 1;
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR,
				io(test, peer, BLKIF_OP_WRITE, 8));
	}
	KUNIT_EXPECT_EQ(test, 4, disk.nr_flushes);
	blkback_max_unwritten_bytes = 0;
	writes(test, peer, 10);
	KUNIT_EXPECT_EQ(test, 4, disk.nr_flushes);
	blkback_max_unwritten_bytes = MAX_BYTES;
	KUNIT_ASSERT_TRUE(test, peer_close(peer));
	back_remove(bench);
	loopback_settle();

	/* A disk without a cache. */
	disk_write_cache(false);
	store_reset();
	back_add(bench);
	unwritten_connect(test, bench);
	writes(test, peer, 20);
	dev = dev_get_drvdata(&bench->back->dev);
	KUNIT_EXPECT_EQ(test, 0, dev->unwritten.nr_started);
}

/* Nobody waits for it, and there is one at a time. */
static void writes_go_on_beside_it(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int i;

	unwritten_connect(test, bench);
	disk.hold_flushes = 2;
	for (i = 0; i < 24; i++) {
		struct peer_slot slot =
			peer_request(peer, BLKIF_OP_WRITE, 9, 0, 1, 0);

		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
		if (i == 7)
			back_wait_held(test, 1);
	}
	back_wait_held(test, 1);
	/* What was answered meanwhile is too much again. */
	disk_release_first(1);
	back_wait_held(test, 1);
	KUNIT_EXPECT_EQ(test, 1, disk.nr_flushes);
	disk_release();
	loopback_settle();
	KUNIT_EXPECT_EQ(test, 2, disk.nr_flushes);
	/* And there is nothing left. */
	writes(test, peer, 7);
	KUNIT_EXPECT_EQ(test, 2, disk.nr_flushes);
}

/* What is sent before the rings have looked once more may fail as well. */
static int flush_again(struct kunit *test, struct bench *bench)
{
	KUNIT_EXPECT_TRUE(test, loopback_wait(all_know(bench)));
	return io(test, bench->peer, BLKIF_OP_FLUSH_DISKCACHE, 0);
}

static void its_failure_fails_the_next_flush_once(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int i;

	unwritten_connect(test, bench);
	for (i = 0; i < 4; i++) {
		disk.fail_flushes = 1;
		writes(test, peer, 8);
		KUNIT_EXPECT_EQ(test, 0, disk.fail_flushes);
		/* Whatever comes between them. */
		if (i == 1)
			writes(test, peer, 16);
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR,
				io(test, peer, i & 1 ? BLKIF_OP_FLUSH_DISKCACHE :
				   BLKIF_OP_WRITE_BARRIER, i & 2));
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, flush_again(test, bench));
	}
}

/* The disk carried out the frontend's, while ours was not decided. */
static void a_flush_beside_it_waits_for_it(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot flush;
	unsigned int i, nr;

	unwritten_connect(test, bench);
	for (i = 0; i < 4; i++) {
		nr = peer->nr_answers;
		disk.hold_flushes = 1;
		flush = peer_request(peer, BLKIF_OP_WRITE, 9, 0, 8, 0);
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &flush));
		back_wait_held(test, 1);
		flush = peer_request(peer, BLKIF_OP_FLUSH_DISKCACHE, 4, 0,
				     i & 2, 0);
		peer_put(peer, &flush);
		peer_push(peer);
		loopback_wait(disk.nr_flushes == 2 * i + 1);
		msleep(50);
		peer_collect(peer);
		KUNIT_EXPECT_EQ(test, nr + 1, peer->nr_answers);
		disk.fail_flushes = i & 1;
		disk_release();
		KUNIT_EXPECT_TRUE(test, peer_wait(peer, nr + 2));
		KUNIT_EXPECT_EQ(test, i & 1 ? BLKIF_RSP_ERROR : BLKIF_RSP_OKAY,
				peer->status[4]);
	}
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, flush_again(test, bench));
}

/* Two flushes, which the backend may not be told of. */
static void put_flushes(struct peer *peer, bool tell)
{
	struct peer_slot flush =
		peer_request(peer, BLKIF_OP_FLUSH_DISKCACHE, 4, 0, 0, 0);

	peer_put(peer, &flush);
	flush.id = 5;
	peer_put(peer, &flush);
	if (tell) {
		peer_push(peer);
		return;
	}
	virt_wmb();	/* the slots before the index that announces them */
	WRITE_ONCE(peer->sring->req_prod, peer->req_prod);
}

static void both_failed(struct kunit *test, struct peer *peer, unsigned int nr)
{
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, nr));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer->status[4]);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer->status[5]);
}

/* What went beside it on any ring, taken or not, may have lost its data, too. */
static void all_flushes_beside_it_fail(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;
	unsigned int i;

	back_widen(bench, MAX_RINGS, 1);
	back_connect_wide(test, bench);
	loopback_settle();
	disk.nr_flushes = 0;
	disk.hold_flushes = 1;
	slot = peer_request(peer, BLKIF_OP_WRITE, 9, 0, 8, 0);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
	back_wait_held(test, 1);
	put_flushes(peer, true);
	put_flushes(bench->wide[1], true);
	put_flushes(bench->wide[2], false);
	KUNIT_EXPECT_TRUE(test, loopback_wait(disk.nr_flushes == 4));
	disk.fail_flushes = 1;
	disk_release();
	both_failed(test, peer, 3);
	both_failed(test, bench->wide[1], 2);
	xen_kick_back(bench->wide[2]->port);
	both_failed(test, bench->wide[2], 2);
	/* But none that is sent by somebody who knows, on a ring that had none. */
	KUNIT_EXPECT_TRUE(test, loopback_wait(all_know(bench)));
	for (i = 0; i < MAX_RINGS; i++)
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY,
				io(test, bench->wide[i],
				   BLKIF_OP_FLUSH_DISKCACHE, 0));
	back_close_wide(test, bench);
}

/* The frontend has left when the flush is answered that tells it. */
static void told_to_nobody_is_not_told(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot flush;

	unwritten_connect(test, bench);
	disk.fail_flushes = 1;
	writes(test, peer, 8);
	KUNIT_EXPECT_EQ(test, 0, disk.fail_flushes);
	flush = peer_request(peer, BLKIF_OP_FLUSH_DISKCACHE, 4, 0, 0, 0);
	back_hold(test, peer, &flush);
	peer_state(XenbusStateClosed);
	msleep(50);
	disk_release();
	back_recovers(test, bench);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR,
			io(test, peer, BLKIF_OP_FLUSH_DISKCACHE, 0));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, flush_again(test, bench));
}

static void disconnect_waits_for_it(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_WRITE, 9, 0, 8, 0);

	unwritten_connect(test, bench);
	disk.hold_flushes = 1;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
	back_wait_held(test, 1);
	peer_state(XenbusStateClosed);
	msleep(50);
	KUNIT_EXPECT_NE(test, XenbusStateClosed, store_read_int(BACK_STATE, -1));
	/* That one fails; the one of the disconnect does not. */
	disk.fail_flushes = 1;
	disk_release();
	back_recovers(test, bench);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR,
			io(test, peer, BLKIF_OP_FLUSH_DISKCACHE, 0));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, flush_again(test, bench));
	/* And now the disconnect's. */
	disk.fail_flushes = 1;
	back_recovers(test, bench);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR,
			io(test, peer, BLKIF_OP_FLUSH_DISKCACHE, 0));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, flush_again(test, bench));
}

static void another_instance(struct kunit *test, struct bench *bench, bool owes)
{
	back_remove(bench);
	loopback_settle();
	KUNIT_EXPECT_EQ(test, owes,
			store_read_int(BACK_NODE "/flush-failed", 0));
	bench->back = store_add_device(true, BACK_NODE);
	back_reaches(test, XenbusStateConnected);
	KUNIT_EXPECT_EQ(test, 0, store_read_int(BACK_NODE "/flush-failed", 0));
}

/* The module is exchanged below a frontend that goes on. */
static void the_next_instance_tells_it(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;

	unwritten_connect(test, bench);
	/* That at the end of an instance; nobody flushes in the life of the next. */
	writes(test, peer, 1);
	disk.fail_flushes = 1;
	another_instance(test, bench, true);
	KUNIT_EXPECT_EQ(test, 0, disk.fail_flushes);
	another_instance(test, bench, true);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR,
			io(test, peer, BLKIF_OP_FLUSH_DISKCACHE, 0));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, flush_again(test, bench));
	another_instance(test, bench, false);
	/* One before that, though what follows is written for good. */
	disk.fail_flushes = 1;
	writes(test, peer, 9);
	KUNIT_EXPECT_EQ(test, 0, disk.fail_flushes);
	another_instance(test, bench, true);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR,
			io(test, peer, BLKIF_OP_FLUSH_DISKCACHE, 0));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, flush_again(test, bench));
}

/* Nobody is left to be told, and no node is left behind. */
static void a_directory_that_went_is_not_made_again(struct kunit *test)
{
	struct bench *bench = test->priv;

	unwritten_connect(test, bench);
	writes(test, bench->peer, 1);
	disk.fail_flushes = 1;
	store_remove(BACK_STATE);
	back_remove(bench);
	loopback_settle();
	KUNIT_EXPECT_EQ(test, 0, disk.fail_flushes);
	KUNIT_EXPECT_EQ(test, 0, store_read_int(BACK_NODE "/flush-failed", 0));
}

/* It closed, begins again, and has offered no ring yet when the module is exchanged. */
static void who_has_no_ring_just_then_is_told(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;

	unwritten_connect(test, bench);
	writes(test, peer, 1);
	disk.fail_flushes = 1;
	peer_state(XenbusStateClosed);
	back_reaches(test, XenbusStateClosed);
	KUNIT_EXPECT_EQ(test, 0, disk.fail_flushes);
	peer_state(XenbusStateInitialising);
	back_reaches(test, XenbusStateInitWait);
	back_remove(bench);
	loopback_settle();
	KUNIT_EXPECT_EQ(test, 1, store_read_int(BACK_NODE "/flush-failed", 0));
	bench->back = store_add_device(true, BACK_NODE);
	KUNIT_ASSERT_TRUE(test, peer_retract(peer));
	KUNIT_ASSERT_TRUE(test, peer_connect(peer));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR,
			io(test, peer, BLKIF_OP_FLUSH_DISKCACHE, 0));
}

/*
 * Detached by force, and another disk attached while the old one still flushes: after the
 * old one has seen that its frontend is gone, or before.
 */
static void who_comes_in_its_place_is_not_told(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int i;

	unwritten_connect(test, bench);
	for (i = 0; i < 2; i++) {
		writes(test, peer, 1);
		disk.hold_flushes = 1;
		if (i) {
			store_write(BACK_STATE, "%d", XenbusStateInitialising);
			peer_state(XenbusStateInitialising);
		} else {
			store_remove(FRONT_NODE "/state");
		}
		back_remove(bench);
		back_wait_held(test, 1);
		back_add(bench);
		back_attach_disk();
		disk.fail_flushes = 1;
		disk_release();
		loopback_settle();
		KUNIT_EXPECT_EQ(test, 0,
				store_read_int(BACK_NODE "/flush-failed", 0));
		KUNIT_ASSERT_TRUE(test, peer_retract(peer));
		KUNIT_ASSERT_TRUE(test, peer_connect(peer));
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY,
				io(test, peer, BLKIF_OP_FLUSH_DISKCACHE, 0));
	}
}

static struct kunit_case back_unwritten_cases[] = {
	KUNIT_CASE(it_flushes_by_itself),
	KUNIT_CASE(what_does_not_count),
	KUNIT_CASE(writes_go_on_beside_it),
	KUNIT_CASE(its_failure_fails_the_next_flush_once),
	KUNIT_CASE(a_flush_beside_it_waits_for_it),
	KUNIT_CASE(all_flushes_beside_it_fail),
	KUNIT_CASE(told_to_nobody_is_not_told),
	KUNIT_CASE(disconnect_waits_for_it),
	KUNIT_CASE(the_next_instance_tells_it),
	KUNIT_CASE(a_directory_that_went_is_not_made_again),
	KUNIT_CASE(who_has_no_ring_just_then_is_told),
	KUNIT_CASE(who_comes_in_its_place_is_not_told),
	{}
};

struct kunit_suite back_unwritten_suite = {
	.name = "loopback_back_unwritten",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = unwritten_init,
	.exit = unwritten_exit,
	.test_cases = back_unwritten_cases,
};
