// SPDX-License-Identifier: GPL-2.0
/* What becomes of requests that wait, for limits or other disks, when one of both leaves. */
#include "back.h"
#include "../../../blkback/blkback.h"

#define CLOCK_NS	(1000ULL * NSEC_PER_SEC)

static int leave_init(struct kunit *test)
{
	int err = back_init(test);

	/* Nothing is paid for by waiting. */
	xen.clock_ns = CLOCK_NS;
	return err;
}

static void leave_exit(struct kunit *test)
{
	xen.clock_ns = 0;
	back_exit(test);
}

static void set(struct kunit *test, struct xenbus_device *back, const char *name,
		const char *text)
{
	const struct blkback_setting *setting = blkback_setting_find(name);

	KUNIT_ASSERT_EQ(test, 0, setting->set(dev_get_drvdata(&back->dev),
					      setting->which, text));
	loopback_settle();
}

static void put(struct peer *peer, u8 op, u64 id, unsigned int nr_segments)
{
	struct peer_slot slot = peer_request(peer, op, id, 0, nr_segments, 0);

	peer_put(peer, &slot);
}

/* Each way to leave, again and again: what the disk does is what the limit lets it. */
static void who_connects_again_and_again_has_its_limits(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer, *other = peer_create(false);
	unsigned int round;

	back_connect(test, bench);
	set(test, bench->back, "iops", "1");
	for (round = 0; round < 2; round++) {
		back_put_many_settled(peer, BLKIF_OP_WRITE, PEER_SLOTS, 1);
		KUNIT_ASSERT_TRUE(test, peer_close(peer));
		back_begin_again(test);
		KUNIT_ASSERT_TRUE(test, peer_connect(peer));
		/* The same once more, without a word. */
		back_put_many_settled(peer, BLKIF_OP_READ, PEER_SLOTS, 1);
		back_begin_again(test);
		KUNIT_EXPECT_EQ(test, PEER_SLOTS, back_answered(peer));
		KUNIT_EXPECT_EQ(test, PEER_SLOTS, peer->nr_errors);
		KUNIT_ASSERT_TRUE(test, peer_retract(peer));
		KUNIT_ASSERT_TRUE(test, peer_connect(peer));
		/* And with other rings in the same state. */
		back_put_many_settled(peer, BLKIF_OP_WRITE, PEER_SLOTS, 1);
		peer_publish(other);
		peer_state(XenbusStateConnected);
		loopback_settle();
		KUNIT_ASSERT_TRUE(test, peer_retract(peer));
		swap(peer, other);
	}
	KUNIT_EXPECT_EQ(test, 1 + disk.nr_flushes, disk.nr_ops);
	KUNIT_ASSERT_TRUE(test, peer_close(peer));
	peer_destroy(other);
}

/* As a power failure does: who is told nothing of it has lost nothing that he believes. */
static void OP2_what_is_behind_a_barrier_is_forsaken_with_it(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int i;

	back_connect(test, bench);
	/* The others would be let through. */
	set(test, bench->back, "read_iops", "1");
	for (i = 0; i < 2; i++)
		put(peer, BLKIF_OP_READ, i, 1);
	put(peer, BLKIF_OP_WRITE_BARRIER, 2, 1);
	put(peer, BLKIF_OP_WRITE, 3, 1);
	peer_push(peer);
	loopback_settle();
	KUNIT_EXPECT_EQ(test, 1, back_answered(peer));
	peer_state(XenbusStateClosed);
	back_reaches(test, XenbusStateClosed);
	KUNIT_EXPECT_EQ(test, 4, back_answered(peer));
	KUNIT_EXPECT_EQ(test, 3, peer->nr_errors);
	KUNIT_EXPECT_EQ(test, 1, disk.nr_ops);
	KUNIT_ASSERT_TRUE(test, peer_retract(peer));
	back_begin_again(test);
	KUNIT_ASSERT_TRUE(test, peer_connect(peer));
	set(test, bench->back, "read_iops", "0");
	put(peer, BLKIF_OP_WRITE_BARRIER, 0, 1);
	peer_push(peer);
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, 1));
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
}

/* The frontend goes on with its ring when there is another backend for it. */
static void who_is_unbound_does_what_it_took(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;

	back_connect(test, bench);
	set(test, bench->back, "iops", "1");
	back_put_many_settled(peer, BLKIF_OP_WRITE, PEER_SLOTS, 1);
	KUNIT_EXPECT_EQ(test, 1, back_answered(peer));
	back_remove(bench);
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, PEER_SLOTS));
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
}

/* A disk of little weight, and another one of the same device that is busy. */
static void share_connect(struct kunit *test, struct bench *bench)
{
	struct peer_slot slot;
	unsigned int i;

	back_add_second(bench);
	back_connect(test, bench);
	back_connect_second(test, bench);
	set(test, bench->back, "weight", "1");
	set(test, bench->second_back, "weight", "1000");
	disk.hold = true;
	for (i = 0; i < PEER_SLOTS; i++) {
		slot = peer_request(bench->second, BLKIF_OP_WRITE, i, 8, 1, 0);
		peer_put(bench->second, &slot);
	}
	peer_push(bench->second);
	loopback_settle();
}

static void leave(struct kunit *test, struct bench *bench)
{
	peer_state(XenbusStateClosed);
	back_reaches(test, XenbusStateClosed);
	KUNIT_ASSERT_TRUE(test, peer_retract(bench->peer));
}

static void read_and_leave(struct kunit *test, struct bench *bench)
{
	struct peer_slot slot = peer_request(bench->peer, BLKIF_OP_READ, 1, 0, 1, 0);

	KUNIT_ASSERT_TRUE(test, peer_connect(bench->peer));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &slot));
	leave(test, bench);
	back_begin_again(test);
}

/* However often it comes and goes; but a flush that failed is owed. */
static void who_wrote_nothing_costs_no_flush(struct kunit *test)
{
	struct bench *bench = test->priv;

	back_attach_disk();
	read_and_leave(test, bench);
	KUNIT_EXPECT_EQ(test, 0, disk.nr_flushes);
	KUNIT_ASSERT_TRUE(test, peer_connect(bench->peer));
	back_works(test, bench->peer, 0);
	disk.fail_flushes = 1;
	leave(test, bench);
	back_begin_again(test);
	KUNIT_EXPECT_EQ(test, 1, disk.nr_flushes);
	read_and_leave(test, bench);
	KUNIT_EXPECT_EQ(test, 2, disk.nr_flushes);
	read_and_leave(test, bench);
	KUNIT_EXPECT_EQ(test, 2, disk.nr_flushes);
}

/* What was not its turn is not done, however often its frontend leaves. */
static void who_connects_again_and_again_has_its_share(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int round, nr, nr_ops;

	share_connect(test, bench);
	for (round = 0; round < 2; round++) {
		nr_ops = disk.nr_ops - disk.nr_flushes;
		back_put_many_settled(bench->peer, BLKIF_OP_WRITE, PEER_SLOTS, 11);
		nr = disk.nr_held - PEER_SLOTS;
		KUNIT_EXPECT_LE(test, nr, 1);
		peer_state(XenbusStateClosed);
		KUNIT_EXPECT_TRUE(test, peer_wait(bench->peer, PEER_SLOTS - nr));
		KUNIT_EXPECT_EQ(test, PEER_SLOTS - nr, bench->peer->nr_errors);
		/* It waits for what the disk has, and flushes it. */
		if (nr) {
			disk_release_at(0);
			KUNIT_EXPECT_TRUE(test, loopback_wait(READ_ONCE(disk.nr_held) ==
							      PEER_SLOTS + 1));
			disk_release_at(0);
		}
		KUNIT_EXPECT_TRUE(test, peer_wait(bench->peer, PEER_SLOTS));
		back_reaches(test, XenbusStateClosed);
		KUNIT_EXPECT_EQ(test, nr_ops + nr, disk.nr_ops - disk.nr_flushes);
		KUNIT_ASSERT_TRUE(test, peer_retract(bench->peer));
		back_begin_again(test);
		KUNIT_ASSERT_TRUE(test, peer_connect(bench->peer));
	}
	KUNIT_EXPECT_EQ(test, 0, back_answered(bench->second));
	disk_release();
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->second, PEER_SLOTS));
}

/* Nor a discard, which would pass, behind what was not done. */
static void a_discard_of_who_has_left_is_not_done(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;

	share_connect(test, bench);
	put(peer, BLKIF_OP_WRITE, 0, 1);
	put(peer, BLKIF_OP_WRITE, 1, 1);
	put(peer, BLKIF_OP_WRITE_BARRIER, 2, 1);
	slot = peer_request(peer, BLKIF_OP_DISCARD, 3, 0, 0, 0);
	slot.nr_sectors = 8;
	peer_put(peer, &slot);
	peer_push(peer);
	loopback_settle();
	KUNIT_EXPECT_EQ(test, PEER_SLOTS + 1, disk.nr_held);
	peer_state(XenbusStateClosed);
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, 1));
	disk.hold = false;
	disk_release_first(disk.nr_held);
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, 4));
	KUNIT_EXPECT_EQ(test, 3, peer->nr_errors);
	back_reaches(test, XenbusStateClosed);
}

static struct kunit_case back_leave_cases[] = {
	KUNIT_CASE(who_wrote_nothing_costs_no_flush),
	KUNIT_CASE(who_connects_again_and_again_has_its_limits),
	KUNIT_CASE(OP2_what_is_behind_a_barrier_is_forsaken_with_it),
	KUNIT_CASE(who_is_unbound_does_what_it_took),
	KUNIT_CASE(who_connects_again_and_again_has_its_share),
	KUNIT_CASE(a_discard_of_who_has_left_is_not_done),
	{}
};

struct kunit_suite back_leave_suite = {
	.name = "loopback_back_leave",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = leave_init,
	.exit = leave_exit,
	.test_cases = back_leave_cases,
};
