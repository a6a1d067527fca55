// SPDX-License-Identifier: GPL-2.0
/* Indirect requests, and how large ones are moved in parts. */
#include <linux/kthread.h>
#include <linux/prandom.h>

#include "back.h"

#define PART_PAGES	32
#define MAX_SEGMENTS	256
/* Of the peer's pages: behind those that hold data. */
#define DESCRIPTORS	MAX_SEGMENTS

static void moves(struct kunit *test, struct peer *peer, unsigned int nr)
{
	struct peer_slot slot;

	peer_fill(peer, 0, nr, nr);
	slot = peer_indirect(peer, BLKIF_OP_WRITE, 1, 8 * nr, nr, 0,
			     DESCRIPTORS);
	KUNIT_ASSERT_EQ(test, 0, peer_do(peer, &slot));
	KUNIT_EXPECT_EQ(test, BLKIF_OP_WRITE, peer->op[1]);
	KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, nr,
					   disk.data + nr * PAGE_SIZE));
	peer_fill(peer, 0, nr, 0xaa);
	slot = peer_indirect(peer, BLKIF_OP_READ, 2, 8 * nr, nr, 0,
			     DESCRIPTORS);
	KUNIT_ASSERT_EQ(test, 0, peer_do(peer, &slot));
	KUNIT_EXPECT_EQ(test, BLKIF_OP_READ, peer->op[2]);
	KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, nr,
					   disk.data + nr * PAGE_SIZE));
}

static void OP6_data_of_all_sizes(struct kunit *test)
{
	static const unsigned int sizes[] = {
		1, 2, 10, 11, 12, 31, 32, 33, 63, 64, 65, 100, 255, 256,
	};
	struct bench *bench = test->priv;
	unsigned int i;

	back_connect(test, bench);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		moves(test, bench->peer, sizes[i]);
	KUNIT_EXPECT_EQ(test, 2 * ARRAY_SIZE(sizes), xen.nr_copy_ops);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
}

static void OP6_data_from_32_bits(struct kunit *test)
{
	struct bench *bench = test->priv;

	bench->peer->abi32 = true;
	OP6_data_of_all_sizes(test);
}

/* Half pages, at their place. */
static void OP6_segments_of_all_lengths(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_indirect(peer, BLKIF_OP_WRITE, 1, 0, 100,
					      0, DESCRIPTORS);
	struct blkif_segment *seg = peer_descriptors(peer, DESCRIPTORS);
	const u8 *at = disk.data;
	unsigned int i;

	back_connect(test, bench);
	peer_fill(peer, 0, 100, 3);
	for (i = 0; i < 100; i++) {
		seg[i].first_sect = i % 8;
		seg[i].last_sect = max(i % 8, 7 - i % 5);
	}
	KUNIT_ASSERT_EQ(test, 0, peer_do(peer, &slot));
	for (i = 0; i < 100; i++) {
		size_t len = (seg[i].last_sect - seg[i].first_sect + 1) << 9;

		KUNIT_EXPECT_EQ(test, 0,
				memcmp(page_address(peer->page[i]) +
				       (seg[i].first_sect << 9), at, len));
		at += len;
	}
}

static void refused(struct kunit *test, struct peer *peer,
		    const struct peer_slot *slot, s16 status)
{
	KUNIT_EXPECT_EQ(test, status, peer_do(peer, slot));
	KUNIT_EXPECT_EQ(test, slot->inner_op, peer->op[slot->id]);
	KUNIT_EXPECT_EQ(test, 0, disk.nr_ops);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_map_ops);
}

/* Not even what is before the bad one is written. */
static void OP6_a_bad_descriptor_writes_nothing(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct blkif_segment *seg = peer_descriptors(peer, DESCRIPTORS);
	struct peer_slot good, bad;
	unsigned int i;

	back_connect(test, bench);
	good = peer_indirect(peer, BLKIF_OP_WRITE, 1, 0, MAX_SEGMENTS, 0,
			     DESCRIPTORS);
	for (i = 0; i < MAX_SEGMENTS; i += 51) {
		seg[i].last_sect = 8;
		refused(test, peer, &good, BLKIF_RSP_ERROR);
		seg[i].last_sect = 7;
	}
	bad = good;
	bad.sector = DISK_SECTORS - 8 * MAX_SEGMENTS + 1;
	refused(test, peer, &bad, BLKIF_RSP_ERROR);
	bad = good;
	bad.nr_segments = MAX_SEGMENTS + 1;
	refused(test, peer, &bad, BLKIF_RSP_ERROR);
	bad.nr_segments = 0;
	refused(test, peer, &bad, BLKIF_RSP_ERROR);
	bad = good;
	for (i = BLKIF_OP_WRITE + 1; i < 8; i++) {
		bad.inner_op = i;
		refused(test, peer, &bad, BLKIF_RSP_EOPNOTSUPP);
	}
	KUNIT_EXPECT_EQ(test, 0, peer_do(peer, &good));
}

/* D10: one page of descriptors that is not there costs its request. */
static void D10_descriptors_that_cannot_be_copied(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;
	unsigned int i, n;

	back_connect(test, bench);
	for (n = 0; n < 5; n++) {
		xen.nr_copy_ops = 0;
		xen.fail_copy_op = n + 1;
		for (i = 0; i < 4; i++) {
			slot = peer_indirect(peer, BLKIF_OP_WRITE, i, 160 * i,
					     20, 20 * i, DESCRIPTORS + i);
			if (n == 4 && i == 2)
				slot.descriptors[0] = U32_MAX;
			peer_put(peer, &slot);
		}
		peer_push(peer);
		KUNIT_ASSERT_TRUE(test, peer_wait(peer, 4 * n + 4));
		for (i = 0; i < 4; i++)
			KUNIT_EXPECT_EQ_MSG(test, peer->status[i],
					    i == (n == 4 ? 2 : n) ?
					    BLKIF_RSP_ERROR : BLKIF_RSP_OKAY,
					    "copy %u fails, request %u", n, i);
	}
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
}

/* A ring full of them: fill it, push once. */
static void put_many(struct peer *peer, unsigned int nr, unsigned int nr_segments)
{
	struct peer_slot slot;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		slot = peer_indirect(peer, BLKIF_OP_WRITE, i,
				     8 * nr_segments * (i % 4), nr_segments, 0,
				     DESCRIPTORS + i);
		peer_put(peer, &slot);
	}
	peer_push(peer);
}

static void one_hypercall_for_all_descriptors(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;

	back_connect(test, bench);
	loopback_settle();
	put_many(peer, PEER_SLOTS, 20);
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, PEER_SLOTS));
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	KUNIT_EXPECT_EQ(test, PEER_SLOTS, xen.nr_copy_ops);
	KUNIT_EXPECT_EQ(test, 1, xen.nr_copy_calls);
}

/* More than one hypercall has room for, and no more of them than needed. */
static void descriptors_of_a_large_ring(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;
	unsigned int i;

	back_widen(bench, 1, 16);
	back_connect_wide(test, bench);
	loopback_settle();
	for (i = 0; i < peer->nr_slots; i++) {
		slot = peer_indirect(peer, BLKIF_OP_WRITE, i % PEER_IDS,
				     i % 512 * 16, 2, i % 128 * 2, DESCRIPTORS +
				     i % 64);
		peer_put(peer, &slot);
	}
	peer_push(peer);
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, peer->nr_slots));
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	KUNIT_EXPECT_EQ(test, 512, xen.nr_copy_ops);
	KUNIT_EXPECT_LE(test, xen.nr_copy_calls, 6);
}

/*
 * Nothing but the reserve is to be had, neither pages nor objects: a full ring of
 * the largest requests gets through it, each in its parts.
 */
static void forward_progress_in_parts(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int i;

	xen.pages_budget = PART_PAGES;
	xen.no_memory = true;
	back_connect(test, bench);
	KUNIT_EXPECT_EQ(test, 3, back_nr_objects(bench));
	peer_fill(peer, 0, MAX_SEGMENTS, 5);
	put_many(peer, PEER_SLOTS, MAX_SEGMENTS);
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, PEER_SLOTS));
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	KUNIT_EXPECT_EQ(test, PART_PAGES, xen.nr_pages);
	KUNIT_EXPECT_EQ(test, 3, back_nr_objects(bench));
	KUNIT_EXPECT_EQ(test, PEER_SLOTS * MAX_SEGMENTS, xen.nr_map_ops);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, MAX_SEGMENTS,
						   disk.data + ((size_t)i << 20)));
	/* All kinds get on. */
	back_works(test, peer, 0);
}

/* No object for the second, and no bio of the first whose end would tell. */
static void forward_progress_of_refused_requests(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;
	unsigned int i;

	xen.no_memory = true;
	back_connect(test, bench);
	for (i = 0; i < 8; i++) {
		slot = peer_request(peer, 77, i, 0, 1, 0);
		peer_put(peer, &slot);
	}
	peer_push(peer);
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, 8));
	back_works(test, peer, 0);
}

/* However many have ended: one that has not keeps the answer back. */
static void answered_when_the_last_part_has_ended(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;
	unsigned int i;

	back_connect(test, bench);
	/* Room for all of its parts at once. */
	for (i = 0; i < 6; i++) {
		put_many(peer, 1, MAX_SEGMENTS);
		KUNIT_ASSERT_TRUE(test, peer_wait(peer, i + 1));
		msleep(20);
	}
	disk.hold = true;
	slot = peer_indirect(peer, BLKIF_OP_READ, 5, 0, 4 * PART_PAGES, 0,
			     DESCRIPTORS);
	peer_put(peer, &slot);
	peer_push(peer);
	back_wait_held(test, 4);
	for (i = 4; i; i--) {
		KUNIT_EXPECT_TRUE(test, loopback_wait(xen.nr_mapped ==
						      i * PART_PAGES));
		loopback_settle();
		peer_collect(peer);
		KUNIT_EXPECT_EQ(test, 0, peer->answers[5]);
		disk_release_one();
	}
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, 7));
	KUNIT_EXPECT_EQ(test, 1, peer->answers[5]);
	KUNIT_EXPECT_EQ(test, 0, peer->status[5]);
	disk_release();
}

/* Teardown finds requests at every stage: on the ring, taken, in parts. */
static void D24_closed_in_the_middle_of_parts(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int i;

	for (i = 0; i < 6; i++) {
		back_connect(test, bench);
		xen.pages_budget = i & 1 ? xen.nr_pages : -1;
		xen.no_memory = i & 2;
		disk.hold = true;
		put_many(peer, 8, MAX_SEGMENTS);
		KUNIT_EXPECT_TRUE(test, loopback_wait(READ_ONCE(disk.nr_held)));
		peer_state(XenbusStateClosed);
		msleep(30);
		KUNIT_EXPECT_EQ(test, 1, xen.nr_rings);
		disk_release();
		back_reaches(test, XenbusStateClosed);
		peer_collect(peer);
		KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
		KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
		KUNIT_EXPECT_EQ(test, 0, back_nr_objects(bench));
		KUNIT_ASSERT_TRUE(test, peer_retract(peer));
		xen.pages_budget = -1;
		back_begin_again(test);
	}
}

/* Whichever part fails, the request fails, once, and leaves nothing. */
static void D10_a_part_that_fails_costs_its_request(struct kunit *test)
{
	static const s16 statuses[] = { GNTST_bad_gntref, GNTST_eagain };
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;
	unsigned int at;

	back_connect(test, bench);
	slot = peer_indirect(peer, BLKIF_OP_WRITE, 1, 0, MAX_SEGMENTS, 0,
			     DESCRIPTORS);
	for (at = 0; at < MAX_SEGMENTS; at += 17) {
		xen.nr_map_ops = 0;
		xen.fail_map_op = at + 1;
		xen.nr_fail_map_op = 1;
		xen.map_op_status = statuses[at % 2];
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(peer, &slot));
		KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
		xen.nr_fail_map_op = 0;
		/* And one that the disk fails. */
		disk.fail_all = 1;
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(peer, &slot));
		KUNIT_EXPECT_EQ(test, 0, peer_do(peer, &slot));
		disk.fail_all = 0;
	}
}

static void no_room_for_some_parts_is_waited_for(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;

	back_connect(test, bench);
	peer_fill(peer, 0, MAX_SEGMENTS, 9);
	xen.map_op_status = GNTST_no_device_space;
	xen.nr_map_ops = 0;
	xen.fail_map_op = 50;
	xen.nr_fail_map_op = 300;
	put_many(peer, 4, MAX_SEGMENTS);
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, 4));
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	KUNIT_EXPECT_GT(test, xen.nr_map_ops, 350);
	KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, MAX_SEGMENTS, disk.data));
}

/* What a burst took is given back, all but the reserve. */
static void an_idle_ring_gives_back(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int i;

	back_connect(test, bench);
	for (i = 0; i < 4; i++) {
		put_many(peer, PEER_SLOTS, 20);
		KUNIT_ASSERT_TRUE(test, peer_wait(peer, (i + 1) * PEER_SLOTS));
		msleep(20);
	}
	KUNIT_EXPECT_GT(test, xen.nr_pages, PART_PAGES);
	KUNIT_EXPECT_GT(test, back_nr_objects(bench), 3);
	/* In the first of them it was not idle. */
	back_idle_period(test, bench);
	back_idle_period(test, bench);
	KUNIT_EXPECT_EQ(test, PART_PAGES, xen.nr_pages);
	KUNIT_EXPECT_EQ(test, 3, back_nr_objects(bench));
	back_works(test, peer, 0);
}

/* Descriptors that are good, nearly good, or any bytes. */
static void hostile_descriptors(struct rnd_state *rnd, struct peer *peer,
				unsigned int at, unsigned int nr)
{
	struct blkif_segment *seg = peer_descriptors(peer, at);
	u32 r = prandom_u32_state(rnd);
	unsigned int i;

	if (r % 8 == 0)
		prandom_bytes_state(rnd, seg, PAGE_SIZE);
	else if (r % 8 < 4 && nr)
		prandom_bytes_state(rnd, &seg[r / 8 % nr], sizeof(*seg));
	for (i = 0; i < nr && r % 8 == 5; i++)
		seg[i].first_sect = prandom_u32_state(rnd) & 7;
}

static struct peer_slot hostile_indirect(struct rnd_state *rnd,
					 struct peer *peer, unsigned int id)
{
	u32 r = prandom_u32_state(rnd);
	unsigned int nr = r % 16 ? r / 16 % 40 : r / 16 % 300;
	struct peer_slot slot = peer_indirect(peer, r >> 24 & 1, id,
					      r >> 8 & 0x1ff8,
					      min(nr, MAX_SEGMENTS), 0,
					      DESCRIPTORS + id);

	hostile_descriptors(rnd, peer, DESCRIPTORS + id,
			    min(nr, MAX_SEGMENTS));
	slot.nr_segments = nr;
	r = prandom_u32_state(rnd);
	if (r % 16 == 0)
		slot.inner_op = r >> 24;
	if (r % 16 == 1)
		slot.descriptors[0] = r >> 8;
	if (r % 64 == 2)
		slot.nr_segments = r >> 16;
	if (r % 16 == 3)
		slot.sector = (u64)r << 32 | r;
	return slot;
}

static void D13_hostile_indirect_slots(struct kunit *test)
{
	unsigned long until = jiffies + 25 * HZ;
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int asked = 0, i;
	struct peer_slot slot;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 66);
	back_connect(test, bench);
	while (asked < RANDOM_ROUNDS(60000) && time_before(jiffies, until)) {
		for (i = 0; i < PEER_SLOTS; i++) {
			slot = hostile_indirect(&rnd, peer, i);
			peer_put(peer, &slot);
		}
		asked += PEER_SLOTS;
		if (!back_answers_each_once(test, peer, asked))
			return;
	}
	kunit_info(test, "%u slots, %u errors\n", asked, peer->nr_errors);
	KUNIT_EXPECT_GT(test, asked, 2000);
	KUNIT_EXPECT_GT(test, peer->nr_errors, asked / 8);
	KUNIT_EXPECT_LT(test, peer->nr_errors, asked);
	KUNIT_EXPECT_EQ(test, XenbusStateConnected,
			store_read_int(BACK_STATE, -1));
	back_works(test, peer, 0);
}

/* D3: the frontend rewrites its descriptors all the time. */
static int mutate_descriptors(void *data)
{
	struct peer *peer = data;
	struct rnd_state rnd;
	u32 r;

	prandom_seed_state(&rnd, 33);
	while (!kthread_should_stop()) {
		r = prandom_u32_state(&rnd);
		/* Good, but for one now and then that is too long. */
		WRITE_ONCE(peer_descriptors(peer, DESCRIPTORS +
					    r % PEER_SLOTS)[r >> 8 & 31].last_sect,
			   r >> 16 & 63 ? 7 : 8 + (r >> 24) / 2);
		if (r % 64 == 0)
			cond_resched();
	}
	return 0;
}

static void D3_descriptors_that_change_while_they_are_read(struct kunit *test)
{
	unsigned long until = jiffies + 8 * HZ;
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct task_struct *mutator;
	unsigned int asked = 0, i;
	struct peer_slot *slot;

	slot = kunit_kcalloc(test, PEER_SLOTS, sizeof(*slot), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, slot);
	back_connect(test, bench);
	for (i = 0; i < PEER_SLOTS; i++)
		slot[i] = peer_indirect(peer, BLKIF_OP_WRITE, i, 256 * (i % 4),
					32, 0, DESCRIPTORS + i);
	mutator = kthread_run(mutate_descriptors, peer, "loopback-mutator");
	KUNIT_ASSERT_FALSE(test, IS_ERR(mutator));
	while (asked < 20000 && time_before(jiffies, until)) {
		for (i = 0; i < PEER_SLOTS; i++)
			peer_put(peer, &slot[i]);
		peer_push(peer);
		asked += PEER_SLOTS;
		if (!peer_wait(peer, asked))
			break;
	}
	kthread_stop(mutator);
	KUNIT_EXPECT_EQ(test, asked, peer->nr_answers);
	KUNIT_EXPECT_GT(test, peer->nr_errors, 0);
	KUNIT_EXPECT_LT(test, peer->nr_errors, asked);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
}

static struct kunit_case back_indirect_cases[] = {
	KUNIT_CASE(OP6_data_of_all_sizes),
	KUNIT_CASE(OP6_data_from_32_bits),
	KUNIT_CASE(OP6_segments_of_all_lengths),
	KUNIT_CASE(OP6_a_bad_descriptor_writes_nothing),
	KUNIT_CASE(D10_descriptors_that_cannot_be_copied),
	KUNIT_CASE(one_hypercall_for_all_descriptors),
	KUNIT_CASE(descriptors_of_a_large_ring),
	KUNIT_CASE_SLOW(forward_progress_in_parts),
	KUNIT_CASE(forward_progress_of_refused_requests),
	KUNIT_CASE(answered_when_the_last_part_has_ended),
	KUNIT_CASE_SLOW(D24_closed_in_the_middle_of_parts),
	KUNIT_CASE(D10_a_part_that_fails_costs_its_request),
	KUNIT_CASE(no_room_for_some_parts_is_waited_for),
	KUNIT_CASE(an_idle_ring_gives_back),
	KUNIT_CASE_SLOW(D13_hostile_indirect_slots),
	KUNIT_CASE_SLOW(D3_descriptors_that_change_while_they_are_read),
	{}
};

struct kunit_suite back_indirect_suite = {
	.name = "loopback_back_indirect",
	.suite_init = loopback_start_mapping,
	.suite_exit = loopback_stop,
	.init = back_init,
	.exit = back_exit,
	.test_cases = back_indirect_cases,
};
