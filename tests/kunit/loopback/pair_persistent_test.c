// SPDX-License-Identifier: GPL-2.0
/* A frontend whose pages stay granted between requests. */
#include "swarm.h"
#include "../../../blkback/blkback.h"
#include "../../../blkback/port.h"

#define RESERVE		BLKFRONT_POOL_RESERVE

static void defaults(void)
{
	blkback_feature_persistent = true;
	blkback_max_persistent_grants = 512;
	blkfront_max_persistent_grants = 512;
	blkfront_trusted = true;
}

static int persistent_init(struct kunit *test)
{
	defaults();
	blkfront_feature_persistent = true;
	return pair_init(test);
}

static void persistent_exit(struct kunit *test)
{
	pair_exit(test);
	defaults();
	blkfront_feature_persistent = false;
}

static int said(void)
{
	return store_read_int(FRONT_NODE "/feature-persistent", 0);
}

static struct blkfront_disk *front_of(struct pair *pair)
{
	return dev_get_drvdata(&pair->front->dev);
}

static unsigned int nr_granted(struct pair *pair)
{
	struct blkfront_queue *queue;
	unsigned int nr = 0;

	for_each_queue(front_of(pair), queue)
		nr += queue->pool.granted.nr;
	return nr;
}

/* As if so many periods had passed, idle. */
static void pass_periods(struct pair *pair, unsigned int nr)
{
	struct blkfront_queue *queue;

	while (nr--)
		for_each_queue(front_of(pair), queue)
			flush_delayed_work(&queue->pool.trim);
}

static void leave(struct pair *pair)
{
	pair_close(pair);
	pair_remove(&pair->back);
	loopback_settle();
	pair_remove(&pair->front);
	loopback_settle();
	store_reset();
}

static void PG1_only_if_both_say_so(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	xen.shared = true;
	for (i = 0; i < 4; i++) {
		blkfront_feature_persistent = i & 1;
		blkback_feature_persistent = i & 2;
		pair_start(test, pair);
		pair_works(test, pair, 0);
		KUNIT_EXPECT_EQ(test, i == 3, said());
		KUNIT_EXPECT_EQ(test, i == 3, xen.nr_mapped > 0);
		KUNIT_EXPECT_EQ(test, i == 3, nr_granted(pair) > 0);
		leave(pair);
		KUNIT_EXPECT_EQ(test, 0, xen.nr_granted);
	}
}

static struct page *hottest(struct pair *pair)
{
	return list_first_entry_or_null(&front_of(pair)->queues->pool.granted_list,
					struct page, lru);
}

static void what_is_used_again_is_not_mapped_again(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i, before;
	struct page *hot;

	xen.shared = true;
	blkfront_max_queues = 1;
	pair_start(test, pair);
	blkfront_max_queues = 4;
	/* The backend comes to have pages for all of them. */
	for (i = 0; i < 4; i++) {
		pair_works(test, pair, 0);
		msleep(20);
	}
	loopback_settle();
	before = xen.nr_map_ops;
	xen.nr_unmap_ops = 0;
	KUNIT_EXPECT_EQ(test, PAIR_PAGES, xen.nr_mapped);
	for (i = 0; i < 20; i++)
		pair_works(test, pair, 8 * i);
	/* The last to be given back is the first to be lent. */
	hot = hottest(pair);
	for (i = 0; i < 5; i++) {
		pair_fill(pair, 3, i);
		KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE, 0, 3));
		KUNIT_EXPECT_TRUE(test, pair_check(pair, 3, 0));
		KUNIT_EXPECT_PTR_EQ(test, hot, hottest(pair));
	}
	loopback_settle();
	KUNIT_EXPECT_EQ(test, before, xen.nr_map_ops);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_unmap_ops);
	KUNIT_EXPECT_EQ(test, PAIR_PAGES, nr_granted(pair));
}

/*
 * Large requests until so many pages stay granted.  What comes back above the bound
 * stays while the backend keeps it, and which those are it decides anew now and then.
 */
static bool comes_to_grant(struct pair *pair, unsigned int nr)
{
	unsigned long until = jiffies + msecs_to_jiffies(PATIENCE_MS);

	while (nr_granted(pair) != nr && time_before(jiffies, until))
		if (pair_io(pair, REQ_OP_READ, 0, PAIR_PAGES))
			return false;
	return nr_granted(pair) == nr;
}

/* PG7: what the backend does not keep is not kept, above the bound. */
static void PG7_the_bound_is_kept(struct kunit *test)
{
	struct pair *pair = test->priv;

	xen.shared = true;
	blkfront_max_persistent_grants = 16;
	blkback_max_persistent_grants = 12;
	blkfront_max_queues = 1;
	pair_start(test, pair);
	blkfront_max_queues = 4;
	pair_works(test, pair, 0);
	KUNIT_EXPECT_TRUE(test, comes_to_grant(pair, 16));
	/* It keeps more of them than we would. */
	blkback_max_persistent_grants = 40;
	pair_works(test, pair, 64);
	KUNIT_EXPECT_TRUE(test, comes_to_grant(pair, 40));
	pair_works(test, pair, 0);
}

static void PG7_no_bound_is_below_the_reserve(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct blkfront_queue *queue;

	blkfront_max_persistent_grants = 0;
	swarm->back.persistent = true;
	swarm_offer(swarm, 1, 2, 64);
	swarm_begin(test, swarm);
	swarm_works(test, swarm, 256);
	for_each_queue(swarm_front(swarm), queue)
		KUNIT_EXPECT_EQ(test, RESERVE, queue->pool.granted.nr);
	xen.grants_budget = 0;
	swarm_works(test, swarm, 256);
	xen.grants_budget = -1;
	false_end(swarm->pair, &swarm->back);
}

static void PG7_idle_pages_are_given_back(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	struct pair *pair = swarm->pair;
	struct blkfront_queue *queue;

	back->persistent = true;
	swarm_offer(swarm, 1, 0, 256);
	swarm_begin(test, swarm);
	queue = swarm_front(swarm)->queues;
	swarm_works(test, swarm, 256);
	KUNIT_EXPECT_EQ(test, 256, nr_granted(pair));
	/* What the backend has mapped stays, and is tried ever more seldom. */
	xen_keep_mapped(true);
	pass_periods(pair, 5);
	KUNIT_EXPECT_EQ(test, 256, nr_granted(pair));
	KUNIT_EXPECT_GE(test, queue->pool.period, 60 * HZ);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&queue->pool.trim));
	swarm_works(test, swarm, 256);
	/* It was not told of any other page. */
	KUNIT_EXPECT_EQ(test, 256, nr_granted(pair));
	xen_keep_mapped(false);
	pass_periods(pair, 4);
	KUNIT_EXPECT_EQ(test, RESERVE, nr_granted(pair));
	KUNIT_EXPECT_EQ(test, 0, queue->pool.pages.nr);
	KUNIT_EXPECT_EQ(test, 0, queue->pool.refs.nr);
	KUNIT_EXPECT_EQ(test, 0, queue->pool.tables.nr);
	KUNIT_EXPECT_EQ(test, RESERVE + 1, xen.nr_granted);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&queue->pool.trim));
	swarm_works(test, swarm, 256);
	false_end(pair, back);
}

/* The backend unmaps what lies idle, and then we give it back. */
static void PG7_both_are_idle(struct kunit *test)
{
	struct pair *pair = test->priv;

	xen.shared = true;
	blkfront_max_queues = 1;
	pair_start(test, pair);
	blkfront_max_queues = 4;
	pair_works(test, pair, 0);
	pass_periods(pair, 3);
	KUNIT_EXPECT_GE(test, nr_granted(pair), PAIR_PAGES);
	/* As if none had been used lately. */
	blkback_max_persistent_grants = 0;
	KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_READ, 0, 1));
	KUNIT_EXPECT_TRUE(test, loopback_wait(!xen.nr_mapped));
	pass_periods(pair, 3);
	KUNIT_EXPECT_LE(test, nr_granted(pair), 2 * RESERVE);
	pair_works(test, pair, 0);
}

/* A backend that keeps all that it ever saw, until it is gone. */
static void D15_a_backend_that_keeps_everything(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	unsigned int round, i;

	back->persistent = true;
	swarm_offer(swarm, 2, 2, 64);
	swarm_begin(test, swarm);
	for (round = 0; round < 3; round++) {
		xen_keep_mapped(true);
		swarm_fly_on(swarm, 0, 0, 60);
		swarm_fly_on(swarm, 1, 60, 60);
		swarm_lands(test, swarm);
		KUNIT_EXPECT_TRUE(test, swarm_arrived(swarm, 0, 120));
		swarm_works(test, swarm, 200);
		back->hold = true;
		for (i = 0; i < 4; i++)
			swarm_start(swarm, swarm_bio(swarm, REQ_OP_WRITE,
						     2048 * i, 0, 256));
		false_end(swarm->pair, back);
		/* It may write to them still. */
		msleep(1500);
		KUNIT_EXPECT_NE(test, XenbusStateInitialising,
				store_read_int(FRONT_STATE, -1));
		xen_keep_mapped(false);
		back->hold = false;
		back->persistent = !round;
		false_again(test, swarm->pair, back);
		KUNIT_EXPECT_TRUE(test, loopback_wait(said() == !round));
		swarm_lands(test, swarm);
		for (i = 0; i < 256; i++)
			KUNIT_ASSERT_MEMEQ(test, disk.data + i * PAGE_SIZE,
					   (u8 *)page_address(swarm->page[i]),
					   PAGE_SIZE);
		back->nr_ops = 0;
		if (!back->persistent)
			break;
	}
	KUNIT_EXPECT_EQ(test, 0, nr_granted(swarm->pair));
	swarm_works(test, swarm, 200);
	false_end(swarm->pair, back);
}

/* The ring is let go of, and one page that no request uses is not. */
static void D15_one_page_is_still_mapped(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	struct gnttab_unmap_grant_ref unmap;
	struct gnttab_map_grant_ref map;
	struct page *page;

	back->persistent = true;
	swarm_offer(swarm, 1, 0, 64);
	swarm_begin(test, swarm);
	swarm_works(test, swarm, 64);
	KUNIT_ASSERT_EQ(test, 0, blkback_port_alloc_pages(1, &page));
	blkback_port_map_op(&map, page, false,
			    page_private(hottest(swarm->pair)), FRONT_DOMID);
	blkback_port_map(&map, &page, 1);
	KUNIT_EXPECT_EQ(test, GNTST_okay, map.status);

	back->hold = true;
	swarm_start(swarm, swarm_bio(swarm, REQ_OP_WRITE, 0, 0, 256));
	false_end(swarm->pair, back);
	msleep(1500);
	KUNIT_EXPECT_NE(test, XenbusStateInitialising,
			store_read_int(FRONT_STATE, -1));
	blkback_port_unmap_op(&unmap, page, map.handle);
	blkback_port_unmap(&unmap, &page, 1);
	blkback_port_free_pages(1, &page);
	back->hold = false;
	false_again(test, swarm->pair, back);
	swarm_lands(test, swarm);
	false_end(swarm->pair, back);
}

/* A disk that is to go does not wait for such a one. */
static void D15_pages_that_are_kept_are_left_behind(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;

	back->persistent = true;
	swarm_offer(swarm, 1, 0, 64);
	swarm_begin(test, swarm);
	swarm_works(test, swarm, 64);
	pair_close(swarm->pair);
	xen_keep_mapped(true);
	false_vanish(swarm->pair, back);
	store_write(BACK_NODE "/online", "0");
	store_write(BACK_STATE, "%d", XenbusStateClosed);
	pair_remove(&swarm->pair->front);
	loopback_settle();
	blkfront_disk_wait_for_all();
	/* The ring's page, the data's, and the descriptors'. */
	KUNIT_EXPECT_EQ(test, 1 + 64 + 1, xen.nr_deferred);
	xen_keep_mapped(false);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_granted);
}

static void other_backend(struct pair *pair, bool persistent)
{
	pair_remove(&pair->back);
	loopback_settle();
	flights_start(pair, 0, PAIR_FLIGHTS);
	blkback_feature_persistent = persistent;
}

static void backends_with_and_without_take_turns(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int round;

	xen.shared = true;
	pair_start(test, pair);
	for (round = 0; round < 4; round++) {
		pair_works(test, pair, 0);
		pair_fill(pair, PAIR_FLIGHTS, round);
		other_backend(pair, round & 1);
		KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
		store_write(BACK_STATE, "%d", XenbusStateClosed);
		KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
						       XenbusStateInitialising,
						       PATIENCE_MS));
		KUNIT_EXPECT_EQ(test, 0, nr_granted(pair));
		store_write(BACK_STATE, "%d", XenbusStateInitialising);
		pair->back = store_add_device(true, BACK_NODE);
		flights_land(test, pair);
		KUNIT_EXPECT_TRUE(test, loopback_wait(said() == (round & 1)));
		KUNIT_EXPECT_EQ(test, round & 1, nr_granted(pair) > 0);
	}
}

/* Bound again to our rings, it finds what we have said of them. */
static void RN8_bound_again_with_and_without(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int round;

	xen.shared = true;
	pair_start(test, pair);
	for (round = 0; round < 4; round++) {
		pair_works(test, pair, 0);
		pair_fill(pair, PAIR_FLIGHTS, round);
		other_backend(pair, round & 1);
		pair->back = store_add_device(true, BACK_NODE);
		flights_land(test, pair);
		KUNIT_EXPECT_TRUE(test, loopback_wait(said() == 0));
		KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
	}
	pair_works(test, pair, 0);
}

static void ST11_suspend_and_resume(struct kunit *test)
{
	struct pair *pair = test->priv;

	xen.shared = true;
	pair_start(test, pair);
	pair_works(test, pair, 0);
	pair_remove(&pair->back);
	loopback_settle();
	pair_fill(pair, PAIR_FLIGHTS, 50);
	flights_start(pair, 0, PAIR_FLIGHTS);
	pair_suspend_in_vain(pair);
	store_reset();
	pair_nodes();
	pair->back = store_add_device(true, BACK_NODE);
	store_resume_device(pair->front);
	flights_land(test, pair);
	pair_works(test, pair, 0);
	KUNIT_EXPECT_EQ(test, 1, said());
}

/* D16: what stays granted never held anything but this disk's data. */
static void D16_not_trusted(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	unsigned int round, i;
	struct bio *bio;
	u8 *data;

	blkfront_trusted = false;
	back->persistent = true;
	swarm_offer(swarm, 1, 1, 64);
	swarm_begin(test, swarm);
	xen.spy = true;
	for (round = 0; round < 3; round++) {
		bio = bio_alloc(swarm->pair->bdev, 50, REQ_OP_WRITE, GFP_KERNEL);
		bio->bi_iter.bi_sector = 100;
		for (i = 0; i < 50; i++) {
			data = page_address(swarm->page[i]);
			memset(data, XEN_SECRET, PAGE_SIZE);
			memset(data + 512 * round, i + 1, 512);
			__bio_add_page(bio, swarm->page[i], 512, 512 * round);
		}
		KUNIT_EXPECT_EQ(test, 0, submit_bio_wait(bio));
		bio_put(bio);
		for (i = 0; i < 50; i++)
			KUNIT_ASSERT_NULL(test, memchr_inv(disk.data + 512 *
							   (100 + i), i + 1, 512));
	}
	KUNIT_EXPECT_EQ(test, 0, xen.nr_secrets);
	KUNIT_EXPECT_EQ(test, 50, nr_granted(swarm->pair));
	false_end(swarm->pair, back);
}

/* Nothing can be had but the reserve, be it granted or not. */
static void requests_get_on_with_the_reserve(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	unsigned int round, i;

	back->persistent = true;
	swarm_offer(swarm, 2, 2, 256);
	swarm_begin(test, swarm);
	for (round = 0; round < 3; round++) {
		/* Some of the reserve is granted, or all. */
		if (round)
			KUNIT_EXPECT_EQ(test, 0, swarm_io(swarm, REQ_OP_READ, 0,
							  0, 4 * round * round));
		pass_periods(swarm->pair, 3);
		xen.grants_budget = 0;
		back->nr_ops = 0;
		for (i = 0; i < 4; i++)
			swarm_start(swarm, swarm_bio(swarm, REQ_OP_WRITE,
						     2048 * i, 0, 256));
		swarm_lands(test, swarm);
		for (i = 0; i < back->nr_ops; i++)
			KUNIT_EXPECT_LE(test, back->log[i].nr_segs, RESERVE);
		swarm_works(test, swarm, 256);
		xen.grants_budget = -1;
	}
	false_end(swarm->pair, back);
}

static void load_while_the_backend_comes_and_goes(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	unsigned int round, cpu;

	blkfront_max_persistent_grants = 20;
	back->persistent = true;
	swarm_offer(swarm, 4, 2, 64);
	swarm_begin(test, swarm);
	for (round = 0; round < 4; round++) {
		back->nr_take = 20;
		back->hold = true;
		for_each_online_cpu(cpu)
			swarm_fly_on(swarm, cpu, 100 * cpu + 25 * round, 25);
		swarm_start(swarm, swarm_bio(swarm, REQ_OP_READ, 0, 300, 200));
		msleep(50);
		false_end(swarm->pair, back);
		back->persistent = round != 1;
		swarm_offer(swarm, 1 + round % 3, round % 3, 64);
		back->hold = false;
		false_again(test, swarm->pair, back);
	}
	swarm_lands(test, swarm);
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_TRUE(test, swarm_arrived(swarm, 100 * cpu, 100));
	false_end(swarm->pair, back);
}

static struct kunit_case pair_persistent_cases[] = {
	KUNIT_CASE(PG1_only_if_both_say_so),
	KUNIT_CASE(what_is_used_again_is_not_mapped_again),
	KUNIT_CASE(PG7_the_bound_is_kept),
	KUNIT_CASE(PG7_no_bound_is_below_the_reserve),
	KUNIT_CASE(PG7_idle_pages_are_given_back),
	KUNIT_CASE(PG7_both_are_idle),
	KUNIT_CASE_SLOW(D15_a_backend_that_keeps_everything),
	KUNIT_CASE_SLOW(D15_one_page_is_still_mapped),
	KUNIT_CASE_SLOW(D15_pages_that_are_kept_are_left_behind),
	KUNIT_CASE_SLOW(backends_with_and_without_take_turns),
	KUNIT_CASE_SLOW(RN8_bound_again_with_and_without),
	KUNIT_CASE(ST11_suspend_and_resume),
	KUNIT_CASE(D16_not_trusted),
	KUNIT_CASE(requests_get_on_with_the_reserve),
	KUNIT_CASE_SLOW(load_while_the_backend_comes_and_goes),
	{}
};

struct kunit_suite pair_persistent_suite = {
	.name = "loopback_pair_persistent",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = persistent_init,
	.exit = persistent_exit,
	.test_cases = pair_persistent_cases,
};
