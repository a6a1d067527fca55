// SPDX-License-Identifier: GPL-2.0
/* The shared page as the frontend sees it: answers are checked (D13). */
#include "../../blkfront/ring.c"

#include <kunit/test.h>
#include <linux/module.h>

struct ring_test {
	struct blkfront_queue queue;
	struct page *page;
};

/* Each function under the lock that it wants. */
static void attach(struct ring_test *t)
{
	guard(spinlock)(&t->queue.lock);
	blkfront_ring_attach(&t->queue, t->page);
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

static int take(struct ring_test *t)
{
	guard(spinlock)(&t->queue.lock);
	return blkfront_ring_take(&t->queue);
}

static bool done(struct ring_test *t)
{
	guard(spinlock)(&t->queue.lock);
	return blkfront_ring_done(&t->queue);
}

static void put(struct ring_test *t, unsigned int tag, u8 op)
{
	union blkif_native_request slot = { .operation = op };

	slot.rw.id = tag;
	guard(spinlock)(&t->queue.lock);
	blkfront_ring_put(&t->queue, tag, &slot);
}

static void ring_free(void *page)
{
	__free_page(page);
}

static int ring_init(struct kunit *test)
{
	struct ring_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	t->page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!t->page || kunit_add_action_or_reset(test, ring_free, t->page))
		return -ENOMEM;
	t->queue.name = "test";
	spin_lock_init(&t->queue.lock);
	attach(t);
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
	struct ring_test *t = test->priv;
	unsigned int i;

	for (i = 0; i < BLKFRONT_RING_SLOTS; i++)
		put(t, i, BLKIF_OP_READ);
	KUNIT_EXPECT_EQ(test, 0, t->queue.ring.sring->req_prod);
	KUNIT_EXPECT_TRUE(test, push(t));
	KUNIT_EXPECT_EQ(test, BLKFRONT_RING_SLOTS,
			t->queue.ring.sring->req_prod);
	KUNIT_EXPECT_EQ(test, -ENODATA, take(t));
	for (i = 0; i < BLKFRONT_RING_SLOTS; i++)
		answer(t, i, BLKFRONT_RING_SLOTS - 1 - i, BLKIF_OP_READ, 0,
		       i + 1);
	for (i = 0; i < BLKFRONT_RING_SLOTS; i++) {
		KUNIT_EXPECT_EQ(test, BLKFRONT_RING_SLOTS - 1 - i,
				take(t));
		KUNIT_EXPECT_EQ(test, BLKFRONT_ANSWERED,
				t->queue.shadow[BLKFRONT_RING_SLOTS - 1 - i].state);
	}
	KUNIT_EXPECT_EQ(test, -ENODATA, take(t));
	KUNIT_EXPECT_TRUE(test, done(t));
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

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		put(t, i, BLKIF_OP_WRITE);
		push(t);
		answer(t, i, i, BLKIF_OP_WRITE, cases[i].wire, i + 1);
		KUNIT_ASSERT_EQ(test, i, take(t));
		KUNIT_EXPECT_EQ(test, cases[i].status,
				t->queue.shadow[i].status);
	}
	KUNIT_EXPECT_FALSE(test, t->queue.broken);
}

/* The ring is broken, and stays it, whatever else is on it. */
static void breaks(struct kunit *test, struct ring_test *t)
{
	KUNIT_EXPECT_EQ(test, -EPROTO, take(t));
	KUNIT_EXPECT_TRUE(test, t->queue.broken);
	KUNIT_EXPECT_EQ(test, BLKFRONT_FLYING, t->queue.shadow[4].state);
	answer(t, 0, 4, BLKIF_OP_READ, 0, 1);
	KUNIT_EXPECT_EQ(test, -EPROTO, take(t));
	KUNIT_EXPECT_TRUE(test, done(t));
	/* The next connection is another one. */
	clear_page(page_address(t->page));
	memset(t->queue.shadow, 0, sizeof(t->queue.shadow));
	attach(t);
	KUNIT_EXPECT_EQ(test, -ENODATA, take(t));
	KUNIT_EXPECT_FALSE(test, t->queue.broken);
}

static void D13_ids(struct kunit *test)
{
	static const u64 ids[] = {
		0, 3, 5, 31, 32, 33, 255, 260, U32_MAX, 1ULL << 32,
		(1ULL << 32) + 4, U64_MAX,
	};
	struct ring_test *t = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		put(t, 4, BLKIF_OP_READ);
		push(t);
		answer(t, 0, ids[i], BLKIF_OP_READ, 0, 1);
		breaks(test, t);
	}
}

static void D13_answered_twice(struct kunit *test)
{
	struct ring_test *t = test->priv;

	put(t, 4, BLKIF_OP_READ);
	put(t, 7, BLKIF_OP_READ);
	push(t);
	answer(t, 0, 7, BLKIF_OP_READ, 0, 1);
	answer(t, 1, 7, BLKIF_OP_READ, 0, 2);
	KUNIT_EXPECT_EQ(test, 7, take(t));
	breaks(test, t);
}

static void D13_operations(struct kunit *test)
{
	struct ring_test *t = test->priv;
	unsigned int op;

	for (op = 0; op < 256; op++) {
		if (op == BLKIF_OP_READ)
			continue;
		put(t, 4, BLKIF_OP_READ);
		push(t);
		answer(t, 0, 4, op, 0, 1);
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

	for (i = 0; i < ARRAY_SIZE(prods); i++) {
		put(t, 4, BLKIF_OP_READ);
		push(t);
		answer(t, 0, 4, BLKIF_OP_READ, 0, prods[i]);
		breaks(test, t);
	}
}

static void detached_is_broken(struct kunit *test)
{
	struct ring_test *t = test->priv;

	detach(t);
	KUNIT_EXPECT_NULL(test, t->queue.ring.sring);
	KUNIT_EXPECT_EQ(test, -EPROTO, take(t));
}

static void RN3_RN4_events(struct kunit *test)
{
	struct ring_test *t = test->priv;

	put(t, 0, BLKIF_OP_READ);
	KUNIT_EXPECT_TRUE(test, push(t));
	/* The backend has not asked for another event. */
	put(t, 1, BLKIF_OP_READ);
	KUNIT_EXPECT_FALSE(test, push(t));
	t->queue.ring.sring->req_event = 3;
	put(t, 2, BLKIF_OP_READ);
	KUNIT_EXPECT_TRUE(test, push(t));

	KUNIT_EXPECT_TRUE(test, done(t));
	KUNIT_EXPECT_EQ(test, 1, t->queue.ring.sring->rsp_event);
	answer(t, 0, 0, BLKIF_OP_READ, 0, 1);
	KUNIT_EXPECT_FALSE(test, done(t));
	KUNIT_EXPECT_EQ(test, 0, take(t));
	KUNIT_EXPECT_TRUE(test, done(t));
	KUNIT_EXPECT_EQ(test, 2, t->queue.ring.sring->rsp_event);
}

/* An order that is kept when a request is sent again. */
static void the_journal_keeps_its_order(struct kunit *test)
{
	struct ring_test *t = test->priv;

	put(t, 9, BLKIF_OP_WRITE);
	put(t, 3, BLKIF_OP_WRITE);
	KUNIT_EXPECT_LT(test, t->queue.shadow[9].seq, t->queue.shadow[3].seq);
	KUNIT_EXPECT_EQ(test, 2, t->queue.nr_busy);
	put(t, 9, BLKIF_OP_WRITE);
	KUNIT_EXPECT_LT(test, t->queue.shadow[9].seq, t->queue.shadow[3].seq);
	KUNIT_EXPECT_EQ(test, 2, t->queue.nr_busy);
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE(answers_are_taken_in_any_order),
	KUNIT_CASE(status_becomes_what_it_means),
	KUNIT_CASE(D13_ids),
	KUNIT_CASE(D13_answered_twice),
	KUNIT_CASE(D13_operations),
	KUNIT_CASE(RN1_D1_indices),
	KUNIT_CASE(detached_is_broken),
	KUNIT_CASE(RN3_RN4_events),
	KUNIT_CASE(the_journal_keeps_its_order),
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
