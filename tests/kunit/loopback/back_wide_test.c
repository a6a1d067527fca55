// SPDX-License-Identifier: GPL-2.0
/* Several rings, and rings of several pages. */
#include "back.h"

#define NR_RINGS	4
#define PART_PAGES	32

static void offers(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 4,
			store_read_int(BACK_NODE "/multi-queue-max-queues", -1));
	KUNIT_EXPECT_EQ(test, 4,
			store_read_int(BACK_NODE "/max-ring-page-order", -1));
	KUNIT_EXPECT_EQ(test, 16,
			store_read_int(BACK_NODE "/max-ring-pages", -1));
	KUNIT_EXPECT_EQ(test, 256,
			store_read_int(BACK_NODE
				       "/feature-max-indirect-segments", -1));
}

static void all_work(struct kunit *test, struct bench *bench)
{
	unsigned int i;

	for (i = 0; i < bench->nr_wide; i++)
		back_works(test, bench->wide[i], 64 * i);
}

/* Every slot of every ring at once. */
static void fill_rings(struct kunit *test, struct bench *bench)
{
	struct peer_slot slot;
	unsigned int i, n;

	for (i = 0; i < bench->nr_wide; i++) {
		struct peer *peer = bench->wide[i];

		peer_fill(peer, 0, PEER_PAGES, 17 * i);
		for (n = 0; n < peer->nr_slots; n++) {
			slot = peer_request(peer, BLKIF_OP_WRITE, n % PEER_IDS,
					    8 * (256 * i + n % 256), 1, n % 256);
			peer_put(peer, &slot);
		}
		peer_push(peer);
	}
	for (i = 0; i < bench->nr_wide; i++) {
		struct peer *peer = bench->wide[i];

		KUNIT_ASSERT_TRUE(test, peer_wait(peer, peer->nr_slots));
		KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
		KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, 256, disk.data +
						   ((size_t)i << 20)));
	}
}

static void four_rings_of_sixteen_pages(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	offers(test);
	for (i = 0; i < 3; i++) {
		bench->peer->abi32 = i == 1;
		back_widen(bench, NR_RINGS, 16);
		back_connect_wide(test, bench);
		/* Each ring's interrupt is for a CPU of its own. */
		KUNIT_EXPECT_EQ(test, NR_RINGS, hweight_long(xen.spread));
		fill_rings(test, bench);
		all_work(test, bench);
		back_close_wide(test, bench);
	}
}

/* Other systems' choices, one after the other. */
static void all_shapes(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int nr, pages;

	for (nr = 1; nr <= NR_RINGS; nr++) {
		for (pages = 1; pages <= 16; pages *= 2) {
			back_widen(bench, nr, pages);
			store_remove(FRONT_NODE "/ring-page-order");
			back_connect_wide(test, bench);
			all_work(test, bench);
			back_close_wide(test, bench);
		}
	}
}

/* How the n-th try goes wrong; false when there is no such way. */
static bool spoil(struct bench *bench, unsigned int n)
{
	if (n < 4) {
		xen.fail_map_ring = n + 1;
	} else if (n < 8) {
		xen.fail_bind = n - 3;
	} else if (n < 12) {
		xen.pages_budget = PART_PAGES * (n - 8) + PART_PAGES - 1;
	} else if (n < 16) {
		bench->wide[n - 12]->sring->req_prod = 1000;
	} else {
		switch (n) {
		case 16:
			store_remove(FRONT_NODE "/queue-3/ring-ref2");
			break;
		case 17:
			store_write(FRONT_NODE "/queue-2/event-channel", "0");
			break;
		case 18:
			store_write(FRONT_NODE "/queue-1/ring-ref3", "%u",
				    U32_MAX);
			break;
		case 19:
			store_write(FRONT_NODE "/num-ring-pages", "2");
			break;
		case 20:
			store_write(FRONT_NODE "/multi-queue-num-queues", "5");
			break;
		case 21:
			store_write(FRONT_NODE "/ring-page-order", "5");
			break;
		default:
			return false;
		}
	}
	return true;
}

static void D23_wide_connect_fails_at_every_step(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int n;

	back_widen(bench, NR_RINGS, 4);
	back_attach_disk();
	for (n = 0;; n++) {
		back_publish_wide(bench);
		if (!spoil(bench, n))
			break;
		peer_state(XenbusStateInitialised);
		if (!store_wait_int(BACK_STATE, XenbusStateClosing,
				    PATIENCE_MS)) {
			KUNIT_FAIL(test, "try %u was not refused", n);
			return;
		}
		KUNIT_EXPECT_NE(test, '\0', store.said[0]);
		/* Those that were fine are let go of, too, and at once. */
		KUNIT_EXPECT_TRUE(test, loopback_wait(!xen.nr_rings &&
						      !xen.nr_pages));
		xen.pages_budget = -1;
		store_remove(FRONT_NODE "/num-ring-pages");
		back_close_wide(test, bench);

		back_connect_wide(test, bench);
		all_work(test, bench);
		back_close_wide(test, bench);
	}
	KUNIT_EXPECT_EQ(test, 22, n);
	KUNIT_ASSERT_TRUE(test, back_retract_wide(bench));
}

/* What is mapped of a ring beside a bad page is unmapped, wherever that one is. */
static void D10_one_bad_page_of_sixteen(struct kunit *test)
{
	static const unsigned int bad[] = { 0, 1, 8, 15 };
	struct bench *bench = test->priv;
	char path[48], said[64];
	unsigned int i;

	back_widen(bench, 2, 16);
	back_attach_disk();
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		back_publish_wide(bench);
		snprintf(path, sizeof(path), FRONT_NODE "/queue-1/ring-ref%u",
			 bad[i]);
		store_write(path, "%u", 4000 + i);
		peer_state(XenbusStateInitialised);
		back_reaches(test, XenbusStateClosing);
		snprintf(said, sizeof(said),
			 "page %u of 16 of ring 1 with grant reference %u",
			 bad[i], 4000 + i);
		KUNIT_EXPECT_NOT_NULL(test, strstr(store.said, said));
		KUNIT_EXPECT_EQ(test, 0, xen.nr_ring_maps);
		KUNIT_EXPECT_EQ(test, 0, xen.nr_ring_pages);
		back_close_wide(test, bench);
	}
	back_connect_wide(test, bench);
	KUNIT_EXPECT_EQ(test, 32, xen.nr_ring_maps);
	all_work(test, bench);
	/* A page that Xen does not let go of is used for nothing else. */
	xen.fail_unmap_ring = 5;
	back_close_wide(test, bench);
	KUNIT_EXPECT_EQ(test, 1, xen.nr_ring_pages);
	xen.nr_ring_pages = 0;
}

/* RN1: one that is broken costs the connection, and no request of another. */
static void D1_a_broken_ring_of_four(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot;
	unsigned int i, n;

	back_widen(bench, NR_RINGS, 2);
	for (i = 0; i < NR_RINGS; i++) {
		struct peer *peer;

		back_connect_wide(test, bench);
		all_work(test, bench);
		peer = bench->wide[(i + 1) % NR_RINGS];
		n = peer->nr_answers;
		slot = peer_request(peer, BLKIF_OP_WRITE, 9, 0, 3, 0);
		back_hold(test, peer, &slot);
		bench->wide[i]->sring->req_prod += 1000;
		xen_kick_back(bench->wide[i]->port);
		back_reaches(test, XenbusStateClosing);
		peer_state(XenbusStateClosed);
		msleep(50);
		/* Nothing is unmapped while one of them has work. */
		KUNIT_EXPECT_EQ(test, NR_RINGS, xen.nr_rings);
		disk_release();
		KUNIT_EXPECT_TRUE(test, peer_wait(peer, n + 1));
		KUNIT_EXPECT_EQ(test, 0, peer->status[9]);
		back_close_wide(test, bench);
	}
}

/* A new page of one ring makes it another connection. */
static void ST7_one_other_ring(struct kunit *test)
{
	struct bench *bench = test->priv;
	u32 ref[2];

	back_widen(bench, 2, 2);
	back_connect_wide(test, bench);
	all_work(test, bench);
	memcpy(ref, bench->wide[1]->ring_ref, sizeof(ref));
	/* The same pages in the other order are another ring, too. */
	store_write(FRONT_NODE "/queue-1/ring-ref0", "%u", ref[1]);
	store_write(FRONT_NODE "/queue-1/ring-ref1", "%u", ref[0]);
	xen.fail_map_ring = 2;
	peer_state(XenbusStateConnected);
	back_reaches(test, XenbusStateClosing);
	back_close_wide(test, bench);
}

static struct kunit_case back_wide_cases[] = {
	KUNIT_CASE(four_rings_of_sixteen_pages),
	KUNIT_CASE(all_shapes),
	KUNIT_CASE(D23_wide_connect_fails_at_every_step),
	KUNIT_CASE(D10_one_bad_page_of_sixteen),
	KUNIT_CASE(D1_a_broken_ring_of_four),
	KUNIT_CASE(ST7_one_other_ring),
	{}
};

struct kunit_suite back_wide_suite = {
	.name = "loopback_back_wide",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = back_init,
	.exit = back_exit,
	.test_cases = back_wide_cases,
};
