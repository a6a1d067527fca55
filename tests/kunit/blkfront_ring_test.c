// SPDX-License-Identifier: GPL-2.0
/* The shared page as the frontend sees it: answers are checked (D13). */
#include "../../blkfront/ring.c"

#include <kunit/test.h>
#include <linux/module.h>

#define NR_CTXS		3
#define DEPTH		64
#define SLOTS		BLKFRONT_RING_SLOTS(0)

/* The queue of the first two contexts; the third has another. */
struct ring_test {
	struct blkfront_disk disk;
	struct blkfront_queue queue, other;
	struct blkfront_ctx ctx[NR_CTXS];
	struct blkfront_shadow shadow[NR_CTXS][DEPTH];
	void *shared;
};

/* Each function under the lock that it wants. */
static void attach(struct ring_test *t, unsigned int nr_pages)
{
	guard(spinlock)(&t->queue.lock);
	memset(t->shared, 0, 4 * PAGE_SIZE);
	blkfront_ring_attach(&t->queue, t->shared, nr_pages);
}

static void detach(struct ring_test *t)
{
	guard(spinlock)(&t->queue.lock);
	blkfront_ring_detach(&t->queue);
}

static bool push(struct ring_test *t)
{
	guard(spinlock)(&t->queue.lock);
	return blkfront_ring_push(&t->queue);
}

/* What was taken; NULL for none, and @broken tells why. */
static struct blkfront_shadow *take(struct ring_test *t)
{
	struct blkfront_shadow *shadow;

	guard(spinlock)(&t->queue.lock);
	shadow = blkfront_ring_take(&t->queue);
	return IS_ERR(shadow) ? NULL : shadow;
}

static bool done(struct ring_test *t)
{
	guard(spinlock)(&t->queue.lock);
	return blkfront_ring_done(&t->queue);
}

/* Its id. */
static u64 put_on(struct ring_test *t, unsigned int ctx, unsigned int tag, u8 op)
{
	struct blkfront_shadow *shadow = &t->shadow[ctx][tag];
	union blkif_native_request slot = { .operation = op };

	shadow->turn++;
	shadow->wire_op = op;
	shadow->io.id = blkfront_ring_id(shadow);
	slot.rw.id = shadow->io.id;
	guard(spinlock)(&t->queue.lock);
	blkfront_ring_put(&t->queue, shadow, &slot);
	return shadow->io.id;
}

static u64 put(struct ring_test *t, unsigned int tag, u8 op)
{
	return put_on(t, 0, tag, op);
}

static void ring_free(void *shared)
{
	free_pages_exact(shared, 4 * PAGE_SIZE);
}

static void ring_shadows(struct ring_test *t)
{
	unsigned int i, tag;

	memset(t->shadow, 0, sizeof(t->shadow));
	for (i = 0; i < NR_CTXS; i++) {
		t->ctx[i].index = i;
		t->ctx[i].depth = DEPTH;
		t->ctx[i].shadow = t->shadow[i];
		t->ctx[i].queue = i < 2 ? &t->queue : &t->other;
		for (tag = 0; tag < DEPTH; tag++)
			t->shadow[i][tag].ctx = &t->ctx[i];
	}
}

static int ring_init(struct kunit *test)
{
	struct ring_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	t->shared = alloc_pages_exact(4 * PAGE_SIZE, GFP_KERNEL);
	if (!t->shared || kunit_add_action_or_reset(test, ring_free, t->shared))
		return -ENOMEM;
	t->disk.ctxs = t->ctx;
	t->disk.nr_ctxs = NR_CTXS;
	t->queue.disk = &t->disk;
	t->queue.name = "test";
	spin_lock_init(&t->queue.lock);
	ring_shadows(t);
	attach(t, 1);
	test->priv = t;
	return 0;
}

/* As a backend does it, at slot @at; @prod is the index it then shows. */
static void answer(struct ring_test *t, RING_IDX at, u64 id, u8 op, s16 status,
		   RING_IDX prod)
{
	struct blkif_native_response *rsp =
		RING_GET_RESPONSE(&t->queue.ring, at);

	memset(rsp, 0xff, sizeof(*rsp));
	rsp->id = id;
	rsp->operation = op;
	rsp->status = status;
	t->queue.ring.sring->rsp_prod = prod;
}

static void answers_are_taken_in_any_order(struct kunit *test)
{
	static const unsigned int pages[] = { 1, 2, 4 };
	struct ring_test *t = test->priv;
	unsigned int i, p, slots, nr;
	u64 id[DEPTH];

	for (p = 0; p < ARRAY_SIZE(pages); p++) {
		ring_shadows(t);
		attach(t, pages[p]);
		slots = BLKFRONT_RING_SLOTS(p);
		KUNIT_EXPECT_EQ(test, 32 << p, slots);
		KUNIT_EXPECT_EQ(test, slots, t->queue.ring.nr_ents);
		nr = min(slots, DEPTH);
		for (i = 0; i < nr; i++)
			id[i] = put(t, i, BLKIF_OP_READ);
		KUNIT_EXPECT_EQ(test, 0, t->queue.ring.sring->req_prod);
		KUNIT_EXPECT_TRUE(test, push(t));
		KUNIT_EXPECT_EQ(test, nr, t->queue.ring.sring->req_prod);
		KUNIT_EXPECT_NULL(test, take(t));
		for (i = 0; i < nr; i++)
			answer(t, i, id[nr - 1 - i], BLKIF_OP_READ, 0, i + 1);
		for (i = 0; i < nr; i++) {
			KUNIT_EXPECT_PTR_EQ(test, &t->shadow[0][nr - 1 - i],
					    take(t));
			KUNIT_EXPECT_EQ(test, BLKFRONT_ANSWERED,
					t->shadow[0][nr - 1 - i].state);
		}
		KUNIT_EXPECT_NULL(test, take(t));
		KUNIT_EXPECT_FALSE(test, t->queue.broken);
		KUNIT_EXPECT_TRUE(test, done(t));
	}
}

static void room_is_what_was_not_put_or_was_answered(struct kunit *test)
{
	struct ring_test *t = test->priv;
	unsigned int i;
	u64 id = 0;

	for (i = 0; i < SLOTS; i++) {
		KUNIT_EXPECT_TRUE(test, blkfront_ring_room(&t->queue));
		id = put(t, i, BLKIF_OP_READ);
	}
	KUNIT_EXPECT_FALSE(test, blkfront_ring_room(&t->queue));
	push(t);
	KUNIT_EXPECT_FALSE(test, blkfront_ring_room(&t->queue));
	/* An answer that was not taken is in its slot. */
	answer(t, 0, id, BLKIF_OP_READ, 0, 1);
	KUNIT_EXPECT_FALSE(test, blkfront_ring_room(&t->queue));
	KUNIT_EXPECT_PTR_EQ(test, &t->shadow[0][SLOTS - 1], take(t));
	KUNIT_EXPECT_TRUE(test, blkfront_ring_room(&t->queue));
	put(t, SLOTS, BLKIF_OP_READ);
	KUNIT_EXPECT_FALSE(test, blkfront_ring_room(&t->queue));
}

static void an_id_names_one_request_of_the_ring(struct kunit *test)
{
	struct ring_test *t = test->priv;
	u64 first = put_on(t, 0, 5, BLKIF_OP_READ);
	u64 second = put_on(t, 1, 5, BLKIF_OP_READ);

	KUNIT_EXPECT_NE(test, first, second);
	push(t);
	answer(t, 0, second, BLKIF_OP_READ, 0, 1);
	KUNIT_EXPECT_PTR_EQ(test, &t->shadow[1][5], take(t));
	KUNIT_EXPECT_EQ(test, BLKFRONT_FLYING, t->shadow[0][5].state);
	answer(t, 1, first, BLKIF_OP_READ, 0, 2);
	KUNIT_EXPECT_PTR_EQ(test, &t->shadow[0][5], take(t));
}

static void status_becomes_what_it_means(struct kunit *test)
{
	static const struct {
		s16 wire;
		blk_status_t status;
	} cases[] = {
		{ BLKIF_RSP_OKAY, BLK_STS_OK },
		{ BLKIF_RSP_ERROR, BLK_STS_IOERR },
		{ BLKIF_RSP_EOPNOTSUPP, BLK_STS_NOTSUPP },
		{ 1, BLK_STS_IOERR }, { -3, BLK_STS_IOERR },
		{ S16_MIN, BLK_STS_IOERR }, { S16_MAX, BLK_STS_IOERR },
	};
	struct ring_test *t = test->priv;
	unsigned int i;
	u64 id;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		id = put(t, i, BLKIF_OP_WRITE);
		push(t);
		answer(t, i, id, BLKIF_OP_WRITE, cases[i].wire, i + 1);
		KUNIT_ASSERT_PTR_EQ(test, &t->shadow[0][i], take(t));
		KUNIT_EXPECT_EQ(test, cases[i].status, t->shadow[0][i].status);
	}
	KUNIT_EXPECT_FALSE(test, t->queue.broken);
}

/* The ring is broken, and stays it, whatever else is on it. */
static void breaks(struct kunit *test, struct ring_test *t)
{
	KUNIT_EXPECT_NULL(test, take(t));
	KUNIT_EXPECT_TRUE(test, t->queue.broken);
	KUNIT_EXPECT_EQ(test, BLKFRONT_FLYING, t->shadow[0][4].state);
	answer(t, 0, t->shadow[0][4].io.id, BLKIF_OP_READ, 0, 1);
	KUNIT_EXPECT_NULL(test, take(t));
	KUNIT_EXPECT_TRUE(test, done(t));
	/* The next connection is another one. */
	ring_shadows(t);
	attach(t, 1);
	KUNIT_EXPECT_NULL(test, take(t));
	KUNIT_EXPECT_FALSE(test, t->queue.broken);
}

static void D13_ids(struct kunit *test)
{
	/* Beside the right one: its tag, its context, its turn. */
	static const u64 wrong[] = {
		1, 2, 4, 8, 64, 0x7f, 0xffff, 1ULL << 16, 2ULL << 16,
		3ULL << 16, 4ULL << 16, 0xffffULL << 16, 1ULL << 32, 3ULL << 32,
		1ULL << 63, U64_MAX,
	};
	struct ring_test *t = test->priv;
	unsigned int i;
	u64 id;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		id = put(t, 4, BLKIF_OP_READ);
		push(t);
		answer(t, 0, id ^ wrong[i], BLKIF_OP_READ, 0, 1);
		breaks(test, t);
	}
}

/* A request that is on another ring is none of this one's. */
static void D13_ids_of_another_ring(struct kunit *test)
{
	struct ring_test *t = test->priv;
	struct blkfront_shadow *shadow = &t->shadow[2][4];

	put(t, 4, BLKIF_OP_READ);
	shadow->state = BLKFRONT_FLYING;
	shadow->wire_op = BLKIF_OP_READ;
	shadow->io.id = blkfront_ring_id(shadow);
	push(t);
	answer(t, 0, shadow->io.id, BLKIF_OP_READ, 0, 1);
	breaks(test, t);
}

static void D13_answered_twice(struct kunit *test)
{
	struct ring_test *t = test->priv;
	u64 id;

	put(t, 4, BLKIF_OP_READ);
	id = put(t, 7, BLKIF_OP_READ);
	push(t);
	answer(t, 0, id, BLKIF_OP_READ, 0, 1);
	answer(t, 1, id, BLKIF_OP_READ, 0, 2);
	KUNIT_EXPECT_PTR_EQ(test, &t->shadow[0][7], take(t));
	breaks(test, t);
}

/* Nor when the next piece of the request is out already. */
static void D13_answered_twice_in_pieces(struct kunit *test)
{
	struct ring_test *t = test->priv;
	u64 id = put(t, 4, BLKIF_OP_READ);

	push(t);
	answer(t, 0, id, BLKIF_OP_READ, 0, 1);
	KUNIT_EXPECT_PTR_EQ(test, &t->shadow[0][4], take(t));
	put(t, 4, BLKIF_OP_READ);
	push(t);
	answer(t, 1, id, BLKIF_OP_READ, 0, 2);
	breaks(test, t);
}

static void D13_operations(struct kunit *test)
{
	struct ring_test *t = test->priv;
	unsigned int op;
	u64 id;

	for (op = 0; op < 256; op++) {
		if (op == BLKIF_OP_READ)
			continue;
		id = put(t, 4, BLKIF_OP_READ);
		push(t);
		answer(t, 0, id, op, 0, 1);
		breaks(test, t);
	}
}

static void RN1_D1_indices(struct kunit *test)
{
	static const RING_IDX prods[] = {
		2, 32, 33, 1000, 1U << 31, U32_MAX, U32_MAX - 31,
	};
	struct ring_test *t = test->priv;
	unsigned int i;
	u64 id;

	for (i = 0; i < ARRAY_SIZE(prods); i++) {
		id = put(t, 4, BLKIF_OP_READ);
		push(t);
		answer(t, 0, id, BLKIF_OP_READ, 0, prods[i]);
		breaks(test, t);
	}
}

static void detached_is_broken(struct kunit *test)
{
	struct ring_test *t = test->priv;

	detach(t);
	KUNIT_EXPECT_NULL(test, t->queue.ring.sring);
	KUNIT_EXPECT_NULL(test, take(t));
	KUNIT_EXPECT_TRUE(test, t->queue.broken);
}

static void RN3_RN4_events(struct kunit *test)
{
	struct ring_test *t = test->priv;
	u64 id = put(t, 0, BLKIF_OP_READ);

	KUNIT_EXPECT_TRUE(test, push(t));
	/* The backend has not asked for another event. */
	put(t, 1, BLKIF_OP_READ);
	KUNIT_EXPECT_FALSE(test, push(t));
	t->queue.ring.sring->req_event = 3;
	put(t, 2, BLKIF_OP_READ);
	KUNIT_EXPECT_TRUE(test, push(t));

	KUNIT_EXPECT_TRUE(test, done(t));
	KUNIT_EXPECT_EQ(test, 1, t->queue.ring.sring->rsp_event);
	answer(t, 0, id, BLKIF_OP_READ, 0, 1);
	KUNIT_EXPECT_FALSE(test, done(t));
	KUNIT_EXPECT_PTR_EQ(test, &t->shadow[0][0], take(t));
	KUNIT_EXPECT_TRUE(test, done(t));
	KUNIT_EXPECT_EQ(test, 2, t->queue.ring.sring->rsp_event);
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE(answers_are_taken_in_any_order),
	KUNIT_CASE(room_is_what_was_not_put_or_was_answered),
	KUNIT_CASE(an_id_names_one_request_of_the_ring),
	KUNIT_CASE(status_becomes_what_it_means),
	KUNIT_CASE(D13_ids),
	KUNIT_CASE(D13_ids_of_another_ring),
	KUNIT_CASE(D13_answered_twice),
	KUNIT_CASE(D13_answered_twice_in_pieces),
	KUNIT_CASE(D13_operations),
	KUNIT_CASE(RN1_D1_indices),
	KUNIT_CASE(detached_is_broken),
	KUNIT_CASE(RN3_RN4_events),
	{}
};

static struct kunit_suite ring_suite = {
	.name = "blkfront_ring",
	.init = ring_init,
	.test_cases = ring_cases,
};

kunit_test_suite(ring_suite);

MODULE_DESCRIPTION("XenBlk: tests of blkfront/ring.c");
MODULE_LICENSE("GPL");
