// SPDX-License-Identifier: GPL-2.0
/* fsync never lies, not even about a backend that died. */
#include <linux/sched.h>

#include "pair.h"
#include "false_back.h"

/* How a backend ends. */
enum end {
	DIES,			/* its node is gone */
	DIES_CLOSING,		/* on its way out */
	MADE_ANEW,		/* with the device */
	CLOSES,
	IS_BOUND_AGAIN,
	NR_ENDS
};

static void durable_away(struct kunit *test, struct pair *pair, enum end end)
{
	switch (end) {
	case DIES_CLOSING:
		store_write(BACK_STATE, "%d", XenbusStateClosing);
		KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
						       XenbusStateClosed,
						       PATIENCE_MS));
		fallthrough;
	case DIES:
		store_remove(BACK_NODE);
		break;
	case MADE_ANEW:
		store_remove(BACK_NODE);
		store_remove(FRONT_NODE);
		pair_remove(&pair->front);
		break;
	default:
		store_write(BACK_STATE, "%d", XenbusStateClosed);
		break;
	}
}

static void durable_again(struct kunit *test, struct pair *pair, enum end end)
{
	if (end == MADE_ANEW) {
		pair_nodes();
		pair->front = store_add_device(false, FRONT_NODE);
	} else if (end != IS_BOUND_AGAIN) {
		KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
						       XenbusStateInitialising,
						       PATIENCE_MS));
		pair_nodes();
	}
	pair->back = store_add_device(true, BACK_NODE);
	/* It is when this comes back. */
	KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_READ, 0, 1));
}

static void durable_end(struct kunit *test, struct pair *pair, enum end end)
{
	pair_remove(&pair->back);
	loopback_settle();
	if (end != IS_BOUND_AGAIN)
		durable_away(test, pair, end);
	durable_again(test, pair, end);
}

/* Those who ask after that were told. */
static void durable_told(void)
{
	flush_workqueue(blkfront_block_wq);
}

static void an_fsync_after_a_backend_that_died_fails_once(struct kunit *test)
{
	struct pair *pair = test->priv;
	enum end end;

	pair_start(test, pair);
	for (end = DIES; end < NR_ENDS; end++) {
		KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE, 0, 4));
		durable_end(test, pair, end);
		disk.nr_flushes = 0;
		KUNIT_EXPECT_EQ_MSG(test, end <= MADE_ANEW ? -EIO : 0,
				    blkdev_issue_flush(pair->bdev), "end %d",
				    end);
		KUNIT_EXPECT_EQ(test, end <= MADE_ANEW ? 0 : 1, disk.nr_flushes);
		durable_told();
		KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(pair->bdev));
	}
}

static void what_was_flushed_is_not_lost(struct kunit *test)
{
	struct pair *pair = test->priv;

	pair_start(test, pair);
	/* Nothing written. */
	durable_end(test, pair, DIES);
	KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(pair->bdev));
	/* Flushed. */
	KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE, 0, 4));
	KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(pair->bdev));
	durable_end(test, pair, DIES);
	KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(pair->bdev));
	/* Flushed in vain. */
	KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE, 0, 4));
	disk.fail_flushes = 1;
	KUNIT_EXPECT_EQ(test, -EIO, blkdev_issue_flush(pair->bdev));
	durable_end(test, pair, DIES);
	KUNIT_EXPECT_EQ(test, -EIO, blkdev_issue_flush(pair->bdev));
	durable_told();
	/* And nothing since. */
	durable_end(test, pair, DIES);
	KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(pair->bdev));
}

/* A backend that is no driver, on two rings. */
static struct false_back *durable_false(struct kunit *test, struct pair *pair)
{
	struct false_back *back = kunit_kzalloc(test, sizeof(*back), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, back);
	back->max_queues = 2;
	false_begin(test, pair, back);
	pair_open(test, pair);
	return back;
}

static void durable_on(unsigned int cpu)
{
	set_cpus_allowed_ptr(current, cpumask_of(cpu));
}

static void durable_dies(struct kunit *test, struct pair *pair,
			 struct false_back *back)
{
	false_vanish(pair, back);
	durable_away(test, pair, DIES);
	durable_again(test, pair, DIES);
}

/* A flush covers writes on any ring. */
static void flushed_by_another_ring(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct false_back *back = durable_false(test, pair);

	if (back->nr_rings != 2)
		kunit_skip(test, "needs two CPUs");
	durable_on(0);
	KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE, 0, 1));
	durable_on(1);
	KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(pair->bdev));
	KUNIT_EXPECT_NE(test, back->log[(back->nr_ops - 1) % FALSE_LOG].ring,
			back->log[(back->nr_ops - 2) % FALSE_LOG].ring);
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	durable_dies(test, pair, back);
	KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(pair->bdev));
}

/* What is answered after a flush was sent, that flush does not cover. */
static void written_while_it_was_flushed(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct false_back *back = durable_false(test, pair);

	back->hold = true;
	flight_start(pair, 0, REQ_OP_WRITE);
	flight_submit(pair, 1, pair_bio(pair, REQ_OP_WRITE | REQ_PREFLUSH, 0, 0, 0));
	msleep(100);
	WRITE_ONCE(back->hold, false);
	KUNIT_EXPECT_EQ(test, 0, flight_wait(pair, 0));
	KUNIT_EXPECT_EQ(test, 0, flight_wait(pair, 1));
	durable_dies(test, pair, back);
	KUNIT_EXPECT_EQ(test, -EIO, blkdev_issue_flush(pair->bdev));
	durable_told();
	KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(pair->bdev));
}

/* One that waits while the backend is away is one that comes after it. */
static void flushed_when_it_died(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct false_back *back = durable_false(test, pair);

	KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE, 0, 1));
	back->hold = true;
	flight_submit(pair, 0, pair_bio(pair, REQ_OP_WRITE | REQ_PREFLUSH, 0, 0, 0));
	msleep(100);
	durable_dies(test, pair, back);
	KUNIT_EXPECT_EQ(test, -EIO, flight_wait(pair, 0));
	durable_told();
	KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(pair->bdev));
}

static void durable_flush(struct pair *pair, unsigned int i)
{
	flight_submit(pair, i, pair_bio(pair, REQ_OP_WRITE | REQ_PREFLUSH, 0, 0, 0));
}

/*
 * Whoever asked before one of them was told: on either ring; behind the one that is
 * under way, in the block layer; with data; and while no backend is there.
 */
static void all_who_asked_before_it_was_told(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct false_back *back = durable_false(test, pair);
	unsigned int i, nr = 0;

	if (back->nr_rings != 2)
		kunit_skip(test, "needs two CPUs");
	KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE, 0, 1));
	back->hold = true;
	for (i = 0; i < 4; i++) {
		durable_on(i % 2);
		durable_flush(pair, nr++);
		msleep(20);
	}
	false_vanish(pair, back);
	durable_away(test, pair, DIES);
	KUNIT_ASSERT_TRUE(test, loopback_wait(READ_ONCE(pair_front(pair)->waiting)));
	for (i = 0; i < 4; i++) {
		durable_on(i % 2);
		durable_flush(pair, nr++);
		flight_start(pair, nr++, REQ_OP_WRITE | REQ_PREFLUSH | REQ_FUA);
	}
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	disk.nr_flushes = 0;
	durable_again(test, pair, DIES);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ_MSG(test, -EIO, flight_wait(pair, i), "%u", i);
	KUNIT_EXPECT_EQ(test, 0, disk.nr_flushes);
	durable_told();
	KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(pair->bdev));
	KUNIT_EXPECT_EQ(test, 1, disk.nr_flushes);
}

/* The next backend has nothing to flush, and does not know what was lost. */
static void lost_to_a_backend_without_a_cache(struct kunit *test)
{
	struct pair *pair = test->priv;

	pair_start(test, pair);
	KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE, 0, 4));
	disk_write_cache(false);
	durable_end(test, pair, DIES);
	KUNIT_ASSERT_EQ(test, BLKFRONT_FLUSH_NONE, pair_front(pair)->config.flush);
	/* All that the new one said was taken up. */
	flush_workqueue(blkfront_block_wq);
	KUNIT_EXPECT_EQ(test, -EIO, blkdev_issue_flush(pair->bdev));
	durable_told();
	KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(pair->bdev));
	disk_write_cache(true);
}

/* What waited for the next backend, on the ring or not, knew nothing of its cache. */
static void a_cache_that_comes_later(struct kunit *test)
{
	struct pair *pair = test->priv;
	enum end end;

	for (end = CLOSES; end <= IS_BOUND_AGAIN; end++) {
		disk_write_cache(false);
		pair_start(test, pair);
		KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(pair->bdev));
		pair_remove(&pair->back);
		loopback_settle();
		flight_start(pair, 0, REQ_OP_WRITE | REQ_FUA);
		disk_write_cache(true);
		disk.nr_flushes = 0;
		if (end == CLOSES)
			durable_away(test, pair, end);
		else
			store_write(BACK_STATE, "%d", XenbusStateInitialising);
		KUNIT_ASSERT_TRUE(test, loopback_wait(READ_ONCE(pair_front(pair)->waiting)));
		durable_again(test, pair, end);
		KUNIT_EXPECT_EQ(test, 0, flight_wait(pair, 0));
		KUNIT_EXPECT_GE_MSG(test, disk.nr_flushes, 1, "end %d", end);
		disk.nr_flushes = 0;
		KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(pair->bdev));
		KUNIT_EXPECT_EQ(test, 1, disk.nr_flushes);
		pair_close(pair);
		pair_remove(&pair->back);
		loopback_settle();
		pair_remove(&pair->front);
		store_reset();
	}
}

/* A backend without a cache is not asked. */
static void nothing_to_flush(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct false_back *back = kunit_kzalloc(test, sizeof(*back), GFP_KERNEL);
	unsigned int nr, i;

	KUNIT_ASSERT_NOT_NULL(test, back);
	back->through = true;
	false_begin(test, pair, back);
	pair_open(test, pair);
	nr = back->nr_ops;
	KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(pair->bdev));
	KUNIT_EXPECT_EQ(test, nr, back->nr_ops);
	KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE | REQ_PREFLUSH |
					 REQ_FUA, 0, 1));
	KUNIT_EXPECT_EQ(test, nr + 1, back->nr_ops);
	/* Beside others, none of which is left behind. */
	for (i = 0; i < PAIR_FLIGHTS; i++)
		flight_start(pair, i, REQ_OP_WRITE |
			     (i % 2 ? REQ_PREFLUSH | REQ_FUA : 0));
	for (i = 0; i < PAIR_FLIGHTS; i++)
		KUNIT_EXPECT_EQ(test, 0, flight_wait(pair, i));
	for (; nr < back->nr_ops; nr++)
		KUNIT_EXPECT_EQ(test, BLKIF_OP_WRITE,
				back->log[nr % FALSE_LOG].op);
	durable_dies(test, pair, back);
	KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(pair->bdev));
}

/* Nobody closed the disk of a backend that had died before the domain was saved. */
static void ST11_saved_while_its_backend_was_dead(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct blkfront_disk *front;
	unsigned int closed;

	for (closed = 0; closed < 2; closed++) {
		pair_start(test, pair);
		KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE, 0, 4));
		pair_remove(&pair->back);
		loopback_settle();
		/* It has not let go of everything. */
		xen_keep_mapped(true);
		store_write(BACK_STATE, "%d", closed ? XenbusStateClosed :
						       XenbusStateClosing);
		front = pair_front(pair);
		KUNIT_ASSERT_TRUE(test, loopback_wait(READ_ONCE(front->waiting) &&
						      READ_ONCE(front->closed) == closed));
		store_suspend_device(pair->front);
		store_reset();
		pair_nodes();
		pair->back = store_add_device(true, BACK_NODE);
		store_resume_device(pair->front);
		xen_keep_mapped(false);
		KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_READ, 0, 1));
		KUNIT_EXPECT_EQ(test, closed ? 0 : -EIO,
				blkdev_issue_flush(pair->bdev));
		durable_told();
		KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(pair->bdev));
		pair_close(pair);
		pair_remove(&pair->back);
		loopback_settle();
		pair_remove(&pair->front);
		store_reset();
	}
}

/*
 * Xen may go on to refuse a page as a page table for some time after a backend that
 * had it mapped has died.
 */
static void D15_a_ring_outlives_a_backend_that_died(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct page *page;
	enum end end;

	pair_start(test, pair);
	for (end = DIES; end <= CLOSES; end++) {
		page = virt_to_page(pair_front(pair)->queues->shared);
		get_page(page);
		durable_end(test, pair, end);
		/* One that was there to the end has unmapped it by itself. */
		KUNIT_EXPECT_EQ_MSG(test,
				    end == DIES || end == MADE_ANEW ? 2 : 1,
				    page_count(page), "end %d", end);
		put_page(page);
	}
}

/* That the one before had closed its disk says nothing of this one. */
static void D15_a_ring_outlives_a_backend_that_never_connected(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct page *page;

	pair_start(test, pair);
	pair_remove(&pair->back);
	loopback_settle();
	durable_away(test, pair, CLOSES);
	KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
					       XenbusStateInitialising,
					       PATIENCE_MS));
	pair_nodes();
	false_keys();
	store_write(BACK_STATE, "%d", XenbusStateInitWait);
	KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
					       XenbusStateInitialised,
					       PATIENCE_MS));
	page = virt_to_page(pair_front(pair)->queues->shared);
	get_page(page);
	durable_away(test, pair, DIES);
	durable_again(test, pair, DIES);
	KUNIT_EXPECT_EQ(test, 2, page_count(page));
	put_page(page);
}

/*
 * The backend is dead, and not all of it gone: Closed is what a later one says, or
 * what a toolstack wrote.  And then the device goes again.
 */
static void ST10_closed_after_its_backend_was_dead(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int fresh;

	pair_start(test, pair);
	for (fresh = 0; fresh < 2; fresh++) {
		KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE, 0, 4));
		pair_remove(&pair->back);
		loopback_settle();
		xen_keep_mapped(true);
		durable_away(test, pair, MADE_ANEW);
		pair_nodes();
		store_write(BACK_STATE, "%d", XenbusStateClosed);
		if (!fresh)
			store_write(FRONT_STATE, "%d", XenbusStateClosed);
		pair->front = store_add_device(false, FRONT_NODE);
		msleep(100);
		KUNIT_EXPECT_EQ(test, !fresh, pair_front(pair)->closed);
		durable_away(test, pair, MADE_ANEW);
		xen_keep_mapped(false);
		durable_again(test, pair, MADE_ANEW);
		KUNIT_EXPECT_EQ_MSG(test, -EIO, blkdev_issue_flush(pair->bdev),
				    "fresh %u", fresh);
		durable_told();
	}
}

static struct kunit_case pair_durable_cases[] = {
	KUNIT_CASE_SLOW(an_fsync_after_a_backend_that_died_fails_once),
	KUNIT_CASE_SLOW(what_was_flushed_is_not_lost),
	KUNIT_CASE(flushed_by_another_ring),
	KUNIT_CASE(written_while_it_was_flushed),
	KUNIT_CASE(flushed_when_it_died),
	KUNIT_CASE(all_who_asked_before_it_was_told),
	KUNIT_CASE(lost_to_a_backend_without_a_cache),
	KUNIT_CASE(a_cache_that_comes_later),
	KUNIT_CASE(nothing_to_flush),
	KUNIT_CASE_SLOW(ST11_saved_while_its_backend_was_dead),
	KUNIT_CASE_SLOW(D15_a_ring_outlives_a_backend_that_died),
	KUNIT_CASE_SLOW(D15_a_ring_outlives_a_backend_that_never_connected),
	KUNIT_CASE_SLOW(ST10_closed_after_its_backend_was_dead),
	{}
};

struct kunit_suite pair_durable_suite = {
	.name = "loopback_pair_durable",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = pair_init,
	.exit = pair_exit,
	.test_cases = pair_durable_cases,
};
