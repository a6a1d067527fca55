// SPDX-License-Identifier: GPL-2.0
/* The states that the backend and its frontend go through. */
#include "back.h"

static void ST3_disk_before_the_ring(struct kunit *test)
{
	struct bench *bench = test->priv;

	back_attach_disk();
	back_reaches(test, XenbusStateInitWait);
	KUNIT_ASSERT_TRUE(test, peer_connect(bench->peer));
	back_works(test, bench->peer, 0);
	KUNIT_EXPECT_EQ(test, DISK_SECTORS, store_read_int(BACK_NODE "/sectors", -1));
	KUNIT_EXPECT_EQ(test, 512, store_read_int(BACK_NODE "/sector-size", -1));
	KUNIT_EXPECT_EQ(test, 4096,
			store_read_int(BACK_NODE "/physical-sector-size", -1));
	KUNIT_EXPECT_EQ(test, 1,
			store_read_int(BACK_NODE "/feature-flush-cache", -1));
	KUNIT_EXPECT_EQ(test, 1, store_read_int(BACK_NODE "/feature-discard", -1));
	KUNIT_EXPECT_EQ(test, 0, store_read_int(BACK_NODE "/info", -1));
}

static void ST3_disk_after_the_ring(struct kunit *test)
{
	struct bench *bench = test->priv;

	peer_publish(bench->peer);
	peer_state(XenbusStateInitialised);
	loopback_settle();
	KUNIT_EXPECT_EQ(test, XenbusStateInitWait, store_read_int(BACK_STATE, -1));
	back_attach_disk();
	back_reaches(test, XenbusStateConnected);
	back_works(test, bench->peer, 0);
}

/* Straight to Connected, as OVMF does it; 32-bit slots. */
static void ST1_jump_to_connected(struct kunit *test)
{
	struct bench *bench = test->priv;

	bench->peer->abi32 = true;
	back_attach_disk();
	peer_publish(bench->peer);
	peer_state(XenbusStateConnected);
	back_reaches(test, XenbusStateConnected);
	back_works(test, bench->peer, 0);
}

static void ST4_close_and_come_back(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	back_connect(test, bench);
	for (i = 0; i < 5; i++) {
		back_works(test, bench->peer, 64 * i);
		KUNIT_ASSERT_TRUE(test, peer_close(bench->peer));
		KUNIT_EXPECT_EQ(test, 0, xen.nr_bound);
		back_begin_again(test);
		/* The other layout, like another system's driver. */
		bench->peer->abi32 ^= true;
		KUNIT_ASSERT_TRUE(test, peer_connect(bench->peer));
	}
	back_works(test, bench->peer, 0);
}

/* A kexec: the new kernel begins without a word of the old one. */
static void ST4_begin_again_without_a_close(struct kunit *test)
{
	struct bench *bench = test->priv;

	back_connect(test, bench);
	back_works(test, bench->peer, 0);
	back_begin_again(test);
	KUNIT_ASSERT_TRUE(test, peer_retract(bench->peer));
	KUNIT_ASSERT_TRUE(test, peer_connect(bench->peer));
	back_works(test, bench->peer, 0);
}

static void ST4_offline_goes_away(struct kunit *test)
{
	struct bench *bench = test->priv;

	back_connect(test, bench);
	store_write(BACK_NODE "/online", "0");
	store_write(BACK_NODE "/state", "%d", XenbusStateClosing);
	KUNIT_ASSERT_TRUE(test, peer_close(bench->peer));
	KUNIT_EXPECT_TRUE(test, loopback_wait(!device_is_registered(&bench->back->dev)));
	KUNIT_EXPECT_EQ(test, XenbusStateClosed, store_read_int(BACK_STATE, -1));
}

static void ST5_frontend_vanishes(struct kunit *test)
{
	struct bench *bench = test->priv;

	back_connect(test, bench);
	store_remove(FRONT_NODE);
	loopback_settle();
	KUNIT_EXPECT_FALSE(test, device_is_registered(&bench->back->dev));
	KUNIT_EXPECT_EQ(test, 0, xen.nr_rings);
	KUNIT_EXPECT_TRUE(test, peer_retract(bench->peer));
}

static void ST6_states_that_no_frontend_may_be_in(struct kunit *test)
{
	static const int states[] = { 2, 7, 8, 9, -1, 1000 };
	struct bench *bench = test->priv;
	unsigned int i;

	back_connect(test, bench);
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		peer_state(states[i]);
		back_reaches(test, XenbusStateClosing);
		back_recovers(test, bench);
	}
}

static void ST7_closed_waits_for_the_disk(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;
	unsigned int i;

	back_connect(test, bench);
	disk.hold = true;
	for (i = 0; i < 3; i++) {
		slot = peer_request(peer, BLKIF_OP_READ, i, 8 * i, 1, i);
		peer_put(peer, &slot);
	}
	peer_push(peer);
	back_wait_held(test, 3);
	peer_state(XenbusStateClosing);
	peer_state(XenbusStateClosed);
	msleep(100);
	KUNIT_EXPECT_NE(test, XenbusStateClosed, store_read_int(BACK_STATE, -1));
	KUNIT_EXPECT_EQ(test, 1, xen.nr_rings);
	KUNIT_EXPECT_EQ(test, 3, xen.nr_mapped);
	KUNIT_EXPECT_EQ(test, 0, peer_collect(peer));

	disk_release();
	back_reaches(test, XenbusStateClosed);
	KUNIT_EXPECT_EQ(test, 3, peer_collect(peer));
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
	back_recovers(test, bench);
}

/* Another ring in XenStore, seen late: the old one is finished first. */
static void ST7_another_ring_with_requests_in_flight(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *old = bench->peer;
	struct peer_slot slot = peer_request(old, BLKIF_OP_WRITE, 5, 0, 2, 0);

	back_connect(test, bench);
	back_hold(test, old, &slot);

	bench->peer = peer_create(true);
	peer_publish(bench->peer);
	peer_state(XenbusStateInitialised);
	msleep(50);
	KUNIT_EXPECT_EQ(test, 1, xen.nr_rings);
	disk_release();
	loopback_settle();
	KUNIT_EXPECT_EQ(test, 1, peer_collect(old));
	KUNIT_EXPECT_EQ(test, 0, old->status[5]);
	KUNIT_EXPECT_TRUE(test, peer_retract(old));
	back_works(test, bench->peer, 0);
	peer_destroy(old);
}

static void back_resized(struct kunit *test, u64 sectors)
{
	unsigned long until = jiffies + msecs_to_jiffies(PATIENCE_MS);

	disk_resize(sectors);
	while (store_read_int(BACK_NODE "/sectors", 0) != sectors &&
	       time_before(jiffies, until))
		loopback_tick();
	KUNIT_ASSERT_EQ(test, sectors, store_read_int(BACK_NODE "/sectors", 0));
	loopback_settle();
}

static void ST8_resize(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot = peer_request(bench->peer, BLKIF_OP_READ, 3,
					     5000, 1, 0);
	unsigned int nr_writes;

	back_connect(test, bench);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &slot));
	nr_writes = store.nr_state_writes;
	back_resized(test, 4096);
	/* The state is written once more, which makes the frontend look. */
	KUNIT_EXPECT_GT(test, store.nr_state_writes, nr_writes);
	KUNIT_EXPECT_EQ(test, XenbusStateConnected, store_read_int(BACK_STATE, -1));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(bench->peer, &slot));
	back_resized(test, DISK_SECTORS);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &slot));
}

/* The toolstack has asked for the disk, which somebody in the guest still uses. */
static void ST8_a_new_size_does_not_take_back_closing(struct kunit *test)
{
	struct bench *bench = test->priv;

	back_connect(test, bench);
	store_write(BACK_STATE, "%d", XenbusStateClosing);
	back_resized(test, 4096);
	KUNIT_EXPECT_EQ(test, XenbusStateClosing, store_read_int(BACK_STATE, -1));
}

/* XenStore has no transaction for it now: no reason to end what works. */
static void ST8_a_size_is_told_when_it_can_be(struct kunit *test)
{
	struct bench *bench = test->priv;

	back_connect(test, bench);
	store.fail_transaction = 1;
	back_resized(test, 4096);
	KUNIT_EXPECT_EQ(test, 0, store.fail_transaction);
	KUNIT_EXPECT_EQ(test, XenbusStateConnected, store_read_int(BACK_STATE, -1));
	back_works(test, bench->peer, 0);
}

static void D24_remove_at_every_state(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_READ, 1, 0, 11, 0);
	unsigned int stage;

	for (stage = 0; stage < 8; stage++) {
		if (stage >= 1)
			back_attach_disk();
		if (stage >= 2) {
			peer_publish(peer);
			peer_state(XenbusStateInitialised);
		}
		if (stage >= 3)
			back_reaches(test, XenbusStateConnected);
		if (stage == 4 || stage == 5)
			back_hold(test, peer, &slot);
		if (stage == 5)
			peer_state(XenbusStateClosed);
		if (stage == 6)
			peer_state(XenbusStateClosing);
		if (stage == 7) {
			peer_state(XenbusStateClosed);
			store_wait_int(BACK_STATE, XenbusStateClosed,
				       PATIENCE_MS);
		}
		/* xenwatch does not wait for the disk; the second does nothing. */
		store_remove_device(bench->back);
		store_remove_device(bench->back);
		disk_release();
		loopback_settle();
		store_put_device(bench->back);
		bench->back = NULL;
		KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
		KUNIT_EXPECT_EQ(test, 0, xen.nr_rings);
		KUNIT_EXPECT_EQ(test, 0, xen.nr_pages);
		if (peer->ring_page)
			KUNIT_ASSERT_TRUE(test, peer_retract(peer));
		store_reset();
		back_add(bench);
	}
	back_connect(test, bench);
	back_works(test, peer, 0);
}

/* ST12: the toolstack waits 10 seconds. */
static void ST12_InitWait_whatever_the_former_disk_does(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_READ, 1, 0, 11, 0);
	unsigned long late;

	back_connect(test, bench);
	back_hold(test, peer, &slot);
	back_remove(bench);
	late = jiffies + 10 * HZ;
	back_add(bench);
	back_reaches(test, XenbusStateInitWait);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, late));
	KUNIT_EXPECT_EQ(test, 1, xen.nr_rings);
	disk_release();
	loopback_settle();
	KUNIT_ASSERT_TRUE(test, peer_retract(peer));
	back_connect(test, bench);
	back_works(test, peer, 0);
}

static struct kunit_case back_states_cases[] = {
	KUNIT_CASE(ST3_disk_before_the_ring),
	KUNIT_CASE(ST3_disk_after_the_ring),
	KUNIT_CASE(ST1_jump_to_connected),
	KUNIT_CASE(ST4_close_and_come_back),
	KUNIT_CASE(ST4_begin_again_without_a_close),
	KUNIT_CASE(ST4_offline_goes_away),
	KUNIT_CASE(ST5_frontend_vanishes),
	KUNIT_CASE(ST6_states_that_no_frontend_may_be_in),
	KUNIT_CASE(ST7_closed_waits_for_the_disk),
	KUNIT_CASE(ST7_another_ring_with_requests_in_flight),
	KUNIT_CASE(ST8_resize),
	KUNIT_CASE(ST8_a_new_size_does_not_take_back_closing),
	KUNIT_CASE(ST8_a_size_is_told_when_it_can_be),
	KUNIT_CASE(ST12_InitWait_whatever_the_former_disk_does),
	KUNIT_CASE(D24_remove_at_every_state),
	{}
};

struct kunit_suite back_states_suite = {
	.name = "loopback_back_states",
	.suite_init = loopback_start_mapping,
	.suite_exit = loopback_stop,
	.init = back_init,
	.exit = back_exit,
	.test_cases = back_states_cases,
};
