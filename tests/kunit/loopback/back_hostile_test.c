// SPDX-License-Identifier: GPL-2.0
/* The backend under a frontend that means harm. */
#include <linux/kthread.h>
#include <linux/prandom.h>

#include "back.h"

static void D8_watched_nodes_written_very_often(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	back_connect(test, bench);
	store.most_pending = 0;
	for (i = 0; i < RANDOM_ROUNDS(20000); i++) {
		peer_state(XenbusStateConnected);
		if (i % 16 == 0)
			back_attach_disk();
	}
	/* One that waits is enough: who comes to it looks at what is there then. */
	KUNIT_EXPECT_EQ(test, 1, store.most_pending);
	back_works(test, bench->peer, 0);
	KUNIT_EXPECT_EQ(test, XenbusStateConnected, store_read_int(BACK_STATE, -1));
}

static void D9_states_at_random(struct kunit *test)
{
	static const enum xenbus_state states[] = {
		XenbusStateInitialising, XenbusStateInitialised,
		XenbusStateConnected, XenbusStateClosing, XenbusStateClosed,
		XenbusStateInitialised, XenbusStateConnected,
	};
	unsigned long until = jiffies + 20 * HZ;
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int step, nr_rings = 0;
	struct rnd_state rnd;
	struct peer_slot slot;

	prandom_seed_state(&rnd, 9);
	back_attach_disk();
	for (step = 0; step < RANDOM_ROUNDS(40000) && time_before(jiffies, until);
	     step++) {
		u32 r = prandom_u32_state(&rnd);

		if (!peer->ring_page) {
			peer_publish(peer);
			nr_rings++;
		} else if (r % 8 == 0) {
			/* Fails while it is mapped: that is the frontend's. */
			peer_retract(peer);
		}
		if (peer->ring_page &&
		    peer->req_prod - peer->rsp_cons < PEER_SLOTS) {
			slot = peer_request(peer, r & 0x100 ? BLKIF_OP_READ :
							      BLKIF_OP_WRITE,
					    r % 64, r % 1024 & ~7, r % 12, 11);
			peer_put(peer, &slot);
			peer_push(peer);
			peer_collect(peer);
		}
		peer_state(states[r / 64 % ARRAY_SIZE(states)]);
		if (r % 128 == 1)
			disk.hold = true;
		if (r % 128 == 2 || r % 128 == 77)
			disk_release();
		if (r % 16 == 3)
			usleep_range(50, 100);
		if (r % 64 == 5) {
			disk_release();
			loopback_settle();
		}
	}
	disk_release();
	loopback_settle();
	kunit_info(test, "%u steps, %u rings\n", step, nr_rings);
	KUNIT_EXPECT_GT(test, step, 500);
	KUNIT_EXPECT_GT(test, nr_rings, 20);
	peer_state(XenbusStateClosing);
	loopback_settle();
	back_recovers(test, bench);
}

/* Slots of any bytes; most of what they name is not theirs. */
static void hostile_slot(struct rnd_state *rnd, struct peer *peer, u64 id,
			 union blkif_x86_64_request *slot)
{
	u32 r = prandom_u32_state(rnd);
	unsigned int i;

	prandom_bytes_state(rnd, slot, sizeof(*slot));
	if (r & 7)
		slot->operation &= 7;
	if (r & 0x30)
		slot->rw.nr_segments %= 12;
	if (peer->abi32)
		((union blkif_x86_32_request *)slot)->rw.id = id;
	else
		slot->rw.id = id;
	if (peer->abi32 || r & 0x100)
		return;
	slot->rw.sector_number %= DISK_SECTORS + 64;
	for (i = 0; i < BLKIF_MAX_SEGMENTS_PER_REQUEST; i++) {
		slot->rw.seg[i].first_sect &= 1;
		slot->rw.seg[i].last_sect &= 7;
		/* Real pages, but for one now and then. */
		if (r & 0x600 && i != r >> 28)
			slot->rw.seg[i].gref = peer->ref[r % 300 + i];
	}
}

static void D13_hostile_slots_get_answers_and_no_more(struct kunit *test)
{
	unsigned long until = jiffies + 25 * HZ;
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	union blkif_x86_64_request slot;
	unsigned int asked = 0, i;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 13);
	back_connect(test, bench);
	while (asked < RANDOM_ROUNDS(200000) && time_before(jiffies, until)) {
		for (i = 0; i < PEER_SLOTS; i++) {
			hostile_slot(&rnd, peer, i, &slot);
			peer_put_raw(peer, &slot);
		}
		asked += PEER_SLOTS;
		if (!back_answers_each_once(test, peer, asked))
			return;
	}
	kunit_info(test, "%u slots, %u errors\n", asked, peer->nr_errors);
	KUNIT_EXPECT_GT(test, asked, 5000);
	KUNIT_EXPECT_GT(test, peer->nr_errors, asked / 2);
	KUNIT_EXPECT_LT(test, peer->nr_errors, asked);
	KUNIT_EXPECT_EQ(test, XenbusStateConnected, store_read_int(BACK_STATE, -1));
	back_works(test, peer, 0);
}

static void D13_hostile_slots_of_32_bits(struct kunit *test)
{
	struct bench *bench = test->priv;

	bench->peer->abi32 = true;
	D13_hostile_slots_get_answers_and_no_more(test);
}

static void D13_hostile_slots_with_persistent_grants(struct kunit *test)
{
	struct bench *bench = test->priv;

	xen.shared = true;
	store_write(FRONT_NODE "/feature-persistent", "1");
	D13_hostile_slots_get_answers_and_no_more(test);
	KUNIT_EXPECT_GT(test, xen.nr_mapped, 0);
	KUNIT_EXPECT_LE(test, xen.nr_mapped, 311);
	KUNIT_EXPECT_TRUE(test, peer_close(bench->peer));
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
}

/* D3: the frontend rewrites its slots all the time. */
static int mutate_slots(void *data)
{
	struct peer *peer = data;
	struct rnd_state rnd;
	u8 *at;
	u32 r;

	prandom_seed_state(&rnd, 3);
	while (!kthread_should_stop()) {
		r = prandom_u32_state(&rnd);
		at = (u8 *)peer->sring + 64;
		/* Everything but the operation and the id, which are counted. */
		r = r % (PEER_SLOTS * 112);
		if (r % 112 == 0 || (r % 112 >= 8 && r % 112 < 16))
			continue;
		WRITE_ONCE(at[r], prandom_u32_state(&rnd));
		if (r % 64 == 0)
			cond_resched();
	}
	return 0;
}

static bool all_answered(struct peer *peer)
{
	WRITE_ONCE(peer->sring->rsp_event, peer->req_prod);
	virt_mb();	/* the wish before the last look */
	return READ_ONCE(peer->sring->rsp_prod) == peer->req_prod;
}

static void D3_slots_that_change_while_they_are_read(struct kunit *test)
{
	unsigned long until = jiffies + 8 * HZ;
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct task_struct *mutator;
	unsigned int asked = 0, i;
	struct peer_slot slot;

	back_connect(test, bench);
	/* Answers are written to the same memory: they are only counted. */
	mutator = kthread_run(mutate_slots, peer, "loopback-mutator");
	KUNIT_ASSERT_FALSE(test, IS_ERR(mutator));
	while (asked < 20000 && time_before(jiffies, until)) {
		for (i = 0; i < PEER_SLOTS; i++) {
			slot = peer_request(peer, i % 2 ? BLKIF_OP_READ :
							  BLKIF_OP_WRITE,
					    i, 88 * i, 11, 11 * i);
			peer_put(peer, &slot);
		}
		peer_push(peer);
		asked += PEER_SLOTS;
		/* The mutator does not stop for a backend that is slow. */
		if (!wait_event_timeout(peer->wait, all_answered(peer),
					msecs_to_jiffies(10 * PATIENCE_MS)))
			break;
		peer->rsp_cons = peer->req_prod;
	}
	kthread_stop(mutator);
	KUNIT_EXPECT_EQ(test, peer->req_prod, READ_ONCE(peer->sring->rsp_prod));
	KUNIT_EXPECT_EQ(test, asked, peer->req_prod);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
}

static struct kunit_case back_hostile_cases[] = {
	KUNIT_CASE(D8_watched_nodes_written_very_often),
	KUNIT_CASE_SLOW(D9_states_at_random),
	KUNIT_CASE_SLOW(D13_hostile_slots_get_answers_and_no_more),
	KUNIT_CASE_SLOW(D13_hostile_slots_of_32_bits),
	KUNIT_CASE_SLOW(D13_hostile_slots_with_persistent_grants),
	KUNIT_CASE_SLOW(D3_slots_that_change_while_they_are_read),
	{}
};

struct kunit_suite back_hostile_suite = {
	.name = "loopback_back_hostile",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = back_init,
	.exit = back_exit,
	.test_cases = back_hostile_cases,
};
