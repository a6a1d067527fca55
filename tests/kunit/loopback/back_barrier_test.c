// SPDX-License-Identifier: GPL-2.0
/* OP2: a barrier, one across all rings of a disk. */
#include <linux/prandom.h>

#include "back.h"

#define NR_RINGS	4

static void barrier_connect(struct kunit *test, struct bench *bench)
{
	back_widen(bench, NR_RINGS, 1);
	back_connect_wide(test, bench);
	disk.nr_ops = 0;
	disk.nr_flushes = 0;
}

static void put(struct bench *bench, unsigned int ring, u8 op, u64 id)
{
	struct peer_slot slot = peer_request(bench->wide[ring], op, id,
					     8 * (16 * ring + id), 1, id);

	peer_put(bench->wide[ring], &slot);
}

/* And have the backend see it. */
static void push(struct bench *bench, unsigned int ring, u8 op, u64 id)
{
	put(bench, ring, op, id);
	peer_push(bench->wide[ring]);
	loopback_settle();
}

static unsigned int nr_answers(struct bench *bench)
{
	unsigned int i, nr = 0;

	for (i = 0; i < bench->nr_wide; i++) {
		peer_collect(bench->wide[i]);
		nr += bench->wide[i]->nr_answers;
	}
	return nr;
}

static void held_stays(struct kunit *test, unsigned int nr)
{
	back_wait_held(test, nr);
	loopback_settle();
	KUNIT_EXPECT_EQ(test, nr, disk.nr_held);
}

static void OP2_barrier_waits_for_all_rings(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i, n;

	barrier_connect(test, bench);
	for (n = 0; n < 2; n++) {
		disk.hold = true;
		for (i = 0; i < NR_RINGS; i++)
			push(bench, i, BLKIF_OP_WRITE, 1);
		back_wait_held(test, NR_RINGS);
		push(bench, n, BLKIF_OP_WRITE_BARRIER, 2);
		for (i = NR_RINGS; i; i--) {
			held_stays(test, i);
			KUNIT_EXPECT_EQ(test, 0, disk.nr_flushes);
			disk_release_first(1);
		}
		held_stays(test, 1);
		KUNIT_EXPECT_EQ(test, NR_RINGS, nr_answers(bench) -
						n * (NR_RINGS + 1));
		disk_release();
		KUNIT_EXPECT_TRUE(test, loopback_wait(nr_answers(bench) ==
						      (n + 1) * (NR_RINGS + 1)));
		KUNIT_EXPECT_EQ(test, NR_RINGS + 1, disk.nr_ops);
		KUNIT_EXPECT_TRUE(test, disk.log[NR_RINGS].preflush);
		KUNIT_EXPECT_TRUE(test, disk.log[NR_RINGS].fua);
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, bench->wide[n]->status[2]);
		KUNIT_EXPECT_EQ(test, BLKIF_OP_WRITE_BARRIER,
				bench->wide[n]->op[2]);
		disk.nr_ops = 0;
		disk.nr_flushes = 0;
	}
}

static void OP2_barrier_holds_back_later_requests(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	barrier_connect(test, bench);
	disk.hold = true;
	push(bench, 1, BLKIF_OP_WRITE, 1);
	/* One request behind it in the same batch, too. */
	put(bench, 0, BLKIF_OP_WRITE_BARRIER, 2);
	put(bench, 0, BLKIF_OP_READ, 3);
	peer_push(bench->wide[0]);
	loopback_settle();
	for (i = 0; i < NR_RINGS; i++)
		push(bench, i, i & 1 ? BLKIF_OP_READ : BLKIF_OP_WRITE, 4);
	held_stays(test, 1);
	disk_release_first(1);
	/* The barrier, alone. */
	held_stays(test, 1);
	KUNIT_EXPECT_EQ(test, 1, nr_answers(bench));
	disk_release_first(1);
	held_stays(test, NR_RINGS + 1);
	KUNIT_EXPECT_EQ(test, 2, nr_answers(bench));
	disk_release();
	KUNIT_EXPECT_TRUE(test, loopback_wait(nr_answers(bench) ==
					      NR_RINGS + 3));
	KUNIT_EXPECT_EQ(test, 0, disk.nr_beside);
	KUNIT_EXPECT_TRUE(test, disk.log[1].preflush);
}

static void OP2_empty_barrier_is_a_flush(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot =
		peer_request(bench->peer, BLKIF_OP_WRITE_BARRIER, 5, ~0ULL, 0, 0);

	barrier_connect(test, bench);
	KUNIT_EXPECT_EQ(test, 1, store_read_int(BACK_NODE "/feature-barrier", -1));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &slot));
	KUNIT_EXPECT_EQ(test, 1, disk.nr_ops);
	KUNIT_EXPECT_EQ(test, 1, disk.nr_flushes);
	KUNIT_EXPECT_EQ(test, 0, disk.log[0].nr_sectors);
	back_works(test, bench->wide[2], 0);
}

static void OP2_failed_barrier_releases(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int nr;

	barrier_connect(test, bench);
	for (nr = 0; nr < 6; nr += 2) {
		if (nr == 0)
			disk.fail_flushes = 1;
		else if (nr == 2)
			disk.refuse = 1;
		else
			xen_ungrant(bench->wide[1]->ref[2]);
		disk.hold = true;
		push(bench, 1, BLKIF_OP_WRITE_BARRIER, 2);
		push(bench, 0, BLKIF_OP_READ, 3);
		held_stays(test, 1);
		disk_release();
		KUNIT_EXPECT_TRUE(test, peer_wait(bench->wide[1], 1 + nr / 2));
		KUNIT_EXPECT_TRUE(test, peer_wait(bench->wide[0], 1 + nr / 2));
		/* Never EOPNOTSUPP, on which frontends do without. */
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, bench->wide[1]->status[2]);
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, bench->wide[0]->status[3]);
	}
	bench->wide[1]->ref[2] = xen_grant(bench->wide[1]->page[2], false);
}

/* One that is no barrier at all stands in nobody's way. */
static void OP2_malformed_barrier(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot =
		peer_request(bench->peer, BLKIF_OP_WRITE_BARRIER, 5, 0, 11, 0);

	barrier_connect(test, bench);
	disk.hold = true;
	push(bench, 1, BLKIF_OP_WRITE, 1);
	slot.nr_segments = 12;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(bench->peer, &slot));
	push(bench, 2, BLKIF_OP_WRITE, 1);
	held_stays(test, 2);
	disk_release();
	slot.nr_segments = 11;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &slot));
}

static void OP2_not_offered(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot =
		peer_request(bench->peer, BLKIF_OP_WRITE_BARRIER, 5, 0, 1, 0);

	disk_write_cache(false);
	back_connect(test, bench);
	disk_write_cache(true);
	KUNIT_EXPECT_EQ(test, 0, store_read_int(BACK_NODE "/feature-barrier", -1));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_EOPNOTSUPP,
			peer_do(bench->peer, &slot));
	back_works(test, bench->peer, 0);
}

static void OP2_read_only_disk(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot =
		peer_request(bench->peer, BLKIF_OP_WRITE_BARRIER, 5, 0, 1, 0);

	store_write(BACK_NODE "/mode", "r");
	back_connect(test, bench);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(bench->peer, &slot));
	slot.nr_segments = 0;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &slot));
}

static void OP2_barriers_of_several_rings(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i, n;

	barrier_connect(test, bench);
	disk.hold = true;
	for (n = 0; n < 3; n++)
		for (i = 0; i < NR_RINGS; i++)
			push(bench, i, BLKIF_OP_WRITE_BARRIER, n);
	/* In the order that they were taken in, one at a time. */
	for (n = 0; n < 3 * NR_RINGS; n++) {
		held_stays(test, 1);
		disk_release_first(1);
		loopback_settle();
		KUNIT_EXPECT_EQ(test, 8 * (16 * (n % NR_RINGS) + n / NR_RINGS),
				disk.log[n].sector);
	}
	KUNIT_EXPECT_EQ(test, 3 * NR_RINGS, nr_answers(bench));
}

/* One step of the traffic: something comes, or something is finished. */
static void traffic(struct bench *bench, struct rnd_state *rnd, unsigned int *nr)
{
	u32 r = prandom_u32_state(rnd);
	struct peer *peer = bench->wide[r % NR_RINGS];

	peer_collect(peer);
	if ((r & 0x300) && peer->req_prod - peer->rsp_cons < PEER_SLOTS) {
		put(bench, r % NR_RINGS, (r & 0x3000) == 0 ?
		    BLKIF_OP_WRITE_BARRIER :
		    (r & 0x10000) ? BLKIF_OP_WRITE : BLKIF_OP_READ, r >> 28);
		peer_push(peer);
		++*nr;
	} else {
		disk_release_first(1 + (r >> 30));
	}
}

static void OP2_barriers_in_traffic(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned long until;
	struct rnd_state rnd;
	unsigned int i, nr = 0;

	barrier_connect(test, bench);
	prandom_seed_state(&rnd, 1);
	disk.hold = true;
	for (i = 0; i < 4000; i++)
		traffic(bench, &rnd, &nr);
	until = jiffies + msecs_to_jiffies(PATIENCE_MS);
	while (nr_answers(bench) < nr && time_before(jiffies, until))
		disk_release_first(1);
	KUNIT_EXPECT_EQ(test, nr, nr_answers(bench));
	KUNIT_EXPECT_EQ(test, 0, disk.nr_beside);
	KUNIT_EXPECT_GT(test, disk.nr_flushes, 20);
	disk_release();
	for (i = 0; i < NR_RINGS; i++)
		KUNIT_EXPECT_EQ(test, 0, bench->wide[i]->nr_errors);
}

/* A ring that takes nothing any more has nothing to say. */
static void OP2_barrier_beside_a_broken_ring(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	barrier_connect(test, bench);
	bench->wide[2]->sring->req_prod += 1000;
	xen_kick_back(bench->wide[2]->port);
	back_reaches(test, XenbusStateClosing);
	for (i = 0; i < 3; i++)
		push(bench, i & 1, BLKIF_OP_WRITE_BARRIER, i);
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->wide[0], 2));
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->wide[1], 1));
	back_close_wide(test, bench);
}

static void leave_with_barriers(struct kunit *test, struct bench *bench,
				bool remove)
{
	unsigned int i;

	disk.hold = true;
	push(bench, 1, BLKIF_OP_WRITE, 1);
	for (i = 0; i < NR_RINGS; i++) {
		push(bench, i, BLKIF_OP_WRITE_BARRIER, 2);
		push(bench, i, BLKIF_OP_READ, 3);
	}
	held_stays(test, 1);
	if (remove)
		back_remove(bench);
	else
		peer_state(XenbusStateClosed);
	msleep(50);
	KUNIT_EXPECT_EQ(test, NR_RINGS, xen.nr_rings);
	/* Each barrier in its turn, then what is behind it. */
	for (i = 0; xen.nr_rings && i < 100; i++) {
		disk_release_first(1);
		msleep(20);
	}
	disk_release();
	loopback_settle();
	KUNIT_EXPECT_EQ(test, 0, xen.nr_rings);
	KUNIT_EXPECT_EQ(test, 1 + 2 * NR_RINGS, nr_answers(bench));
	KUNIT_EXPECT_EQ(test, 0, disk.nr_beside);
}

static void OP2_barriers_at_disconnect(struct kunit *test)
{
	struct bench *bench = test->priv;

	barrier_connect(test, bench);
	leave_with_barriers(test, bench, false);
	back_close_wide(test, bench);
	barrier_connect(test, bench);
	leave_with_barriers(test, bench, true);
}

static struct kunit_case back_barrier_cases[] = {
	KUNIT_CASE(OP2_barrier_waits_for_all_rings),
	KUNIT_CASE(OP2_barrier_holds_back_later_requests),
	KUNIT_CASE(OP2_empty_barrier_is_a_flush),
	KUNIT_CASE(OP2_failed_barrier_releases),
	KUNIT_CASE(OP2_malformed_barrier),
	KUNIT_CASE(OP2_not_offered),
	KUNIT_CASE(OP2_read_only_disk),
	KUNIT_CASE(OP2_barriers_of_several_rings),
	KUNIT_CASE(OP2_barriers_in_traffic),
	KUNIT_CASE(OP2_barrier_beside_a_broken_ring),
	KUNIT_CASE(OP2_barriers_at_disconnect),
	{}
};

struct kunit_suite back_barrier_suite = {
	.name = "loopback_back_barrier",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = back_init,
	.exit = back_exit,
	.test_cases = back_barrier_cases,
};
