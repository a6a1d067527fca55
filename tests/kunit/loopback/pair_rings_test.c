// SPDX-License-Identifier: GPL-2.0
/* Several rings and larger ones, and backends that take fewer and smaller ones. */
#include <linux/kthread.h>
#include <linux/prandom.h>

#include "swarm.h"

/* --- several rings ---------------------------------------------------------------------------- */

static void each_cpu_has_its_ring(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	const unsigned int *ring_of;
	unsigned int cpu, i, nr;

	swarm_offer(swarm, FALSE_RINGS, 2, 0);
	swarm_begin(test, swarm);
	ring_of = swarm_front(swarm)->tag_set.map[HCTX_TYPE_DEFAULT].mq_map;
	nr = min(FALSE_RINGS, num_online_cpus());
	KUNIT_EXPECT_EQ(test, nr, back->nr_rings);
	KUNIT_EXPECT_EQ(test, nr, bdev_get_queue(swarm->pair->bdev)->nr_hw_queues);
	KUNIT_EXPECT_EQ(test, 128, back->ring[0].nr_slots);
	for (cpu = 0; cpu < nr; cpu++) {
		back->nr_ops = 0;
		swarm_fly_on(swarm, cpu, 8 * cpu, 8);
		swarm_lands(test, swarm);
		KUNIT_ASSERT_EQ(test, 8, back->nr_ops);
		for (i = 0; i < 8; i++)
			KUNIT_EXPECT_EQ(test, ring_of[cpu], back->log[i].ring);
	}
	KUNIT_EXPECT_TRUE(test, swarm_arrived(swarm, 0, 8 * nr));
	false_end(swarm->pair, back);
}

/* The first @nr of the log are the journal; each of its CPUs' is in order. */
static void journal_is_in_order(struct kunit *test, struct false_back *back,
				unsigned int nr, unsigned int cpus,
				unsigned int each)
{
	u64 next[FALSE_RINGS] = {};
	unsigned int i, cpu, n;

	for (i = 0; i < nr; i++) {
		n = back->log[i].sector / SWARM_SPACE;
		cpu = n / each;
		KUNIT_ASSERT_LT(test, cpu, cpus);
		KUNIT_ASSERT_EQ(test, next[cpu] + cpu * each, n);
		next[cpu]++;
	}
}

static unsigned int all_put(struct false_back *back)
{
	unsigned int i, nr = 0;

	for (i = 0; i < back->nr_rings; i++)
		nr += READ_ONCE(back->ring[i].sring->req_prod);
	return nr;
}

/* ST11: from many large rings to a small one, and back, with all of them full. */
static void a_full_journal_goes_through_any_ring(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	unsigned int cpus = min(FALSE_RINGS, num_online_cpus()), cpu, nr, i;
	unsigned int each = SWARM_PAGES / cpus / 2;
	struct false_back *back = &swarm->back;

	each = min(each, 120U);
	swarm_offer(swarm, FALSE_RINGS, 2, 32);
	swarm_begin(test, swarm);
	back->hold = true;
	for (cpu = 0; cpu < cpus; cpu++)
		swarm_fly_on(swarm, cpu, each * cpu, each);
	nr = swarm->nr_started;
	KUNIT_EXPECT_TRUE(test, loopback_wait(all_put(back) >= nr));
	false_end(swarm->pair, back);

	/* The same limits: with others, what is new would wait for the journal. */
	swarm_offer(swarm, 1, 0, 32);
	back->nr_ops = 0;
	false_again(test, swarm->pair, back);
	KUNIT_ASSERT_EQ(test, 1, back->nr_rings);
	KUNIT_ASSERT_EQ(test, 32, back->ring[0].nr_slots);
	/* Something new, while most of the journal waits. */
	for (cpu = 0; cpu < cpus; cpu++)
		swarm_fly_on(swarm, cpu, nr + 2 * cpu, 2);
	back->nr_take = 40;
	KUNIT_EXPECT_TRUE(test, loopback_wait(READ_ONCE(back->nr_ops) == 40));
	KUNIT_EXPECT_TRUE(test, loopback_wait(all_put(back) == 72));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&swarm->nr_crashed));
	back->hold = false;
	swarm_lands(test, swarm);
	KUNIT_EXPECT_EQ(test, nr + 2 * cpus, back->nr_ops);
	journal_is_in_order(test, back, nr, cpus, each);
	KUNIT_EXPECT_TRUE(test, swarm_arrived(swarm, 0, nr + 2 * cpus));

	/* And back, the small ring full and more on its way. */
	memset(disk.data, 0, DISK_SECTORS << SECTOR_SHIFT);
	back->hold = true;
	for (cpu = 0; cpu < cpus; cpu++)
		swarm_fly_on(swarm, cpu, each * cpu, each);
	KUNIT_EXPECT_TRUE(test, loopback_wait(all_put(back) == nr + 2 * cpus + 32));
	false_end(swarm->pair, back);
	swarm_offer(swarm, FALSE_RINGS, 2, 32);
	back->hold = false;
	back->nr_ops = 0;
	false_again(test, swarm->pair, back);
	KUNIT_EXPECT_EQ(test, cpus, back->nr_rings);
	swarm_lands(test, swarm);
	for (i = 0; i < 32; i++)
		KUNIT_EXPECT_LT(test, back->log[i].sector, SWARM_SPACE * nr);
	KUNIT_EXPECT_EQ(test, nr, back->nr_ops);
	KUNIT_EXPECT_TRUE(test, swarm_arrived(swarm, 0, nr));
	false_end(swarm->pair, back);
}

/* More tags than slots, and a load that wants them all. */
static void several_contexts_share_a_ring(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	unsigned int cpu, i, cpus;

	swarm_offer(swarm, FALSE_RINGS, 2, 32);
	swarm_begin(test, swarm);
	cpus = back->nr_rings;
	false_end(swarm->pair, back);
	swarm_offer(swarm, 1, 0, 32);
	false_again(test, swarm->pair, back);
	for (i = 0; i < 10; i++) {
		memset(disk.data, 0, DISK_SECTORS << SECTOR_SHIFT);
		for (cpu = 0; cpu < cpus; cpu++)
			swarm_fly_on(swarm, cpu, 100 * cpu, 100);
		swarm_lands(test, swarm);
		KUNIT_EXPECT_TRUE(test, swarm_arrived(swarm, 0, 100 * cpus));
	}
	swarm_works(test, swarm, 256);
	KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(swarm->pair->bdev));
	false_end(swarm->pair, back);
}

/* ST11 */
static void ST11_suspend_and_resume_with_several_rings(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	unsigned int cpu, cpus, round;

	swarm_offer(swarm, FALSE_RINGS, 1, 256);
	swarm_begin(test, swarm);
	cpus = back->nr_rings;
	store_suspend_device(swarm->pair->front);
	loopback_thaw();
	swarm_works(test, swarm, 256);
	for (round = 0; round < 2; round++) {
		memset(disk.data, 0, DISK_SECTORS << SECTOR_SHIFT);
		back->hold = true;
		for (cpu = 0; cpu < cpus; cpu++)
			swarm_fly_on(swarm, cpu, 40 * cpu, 40);
		pair_suspend_in_vain(swarm->pair);
		false_vanish(swarm->pair, back);
		store_reset();
		pair_nodes();
		store_write(BACK_STATE, "%d", XenbusStateInitialising);
		back->hold = false;
		swarm_offer(swarm, FALSE_RINGS, round, 256);
		store_resume_device(swarm->pair->front);
		false_again(test, swarm->pair, back);
		KUNIT_EXPECT_EQ(test, cpus, back->nr_rings);
		swarm_lands(test, swarm);
		KUNIT_EXPECT_TRUE(test, swarm_arrived(swarm, 0, 40 * cpus));
		swarm_works(test, swarm, 256);
	}
	false_end(swarm->pair, back);
}

static bool front_closes(void)
{
	return store_read_int(FRONT_STATE, -1) >= XenbusStateClosing;
}

/* A lie on the ring of @cpu, while requests are in flight on all others. */
static void ring_lies(struct kunit *test, struct swarm *swarm, unsigned int cpu,
		      enum evil evil)
{
	struct false_back *back = &swarm->back;
	unsigned int i;

	swarm_fly_on(swarm, cpu, 0, 3);
	swarm_lands(test, swarm);
	back->hold = true;
	for (i = 0; i < back->nr_rings; i++)
		if (i != cpu)
			swarm_fly_on(swarm, i, 5 * i, 5);
	/* The backend has seen these, and does not answer. */
	for (i = 0; i < back->nr_rings; i++)
		back->ring[i].req_cons = back->ring[i].sring->req_prod;
	back->evil = evil;
	back->nr_evil = 0;
	swarm_fly_on(swarm, cpu, 100, 1);
	back->nr_take = 1;
	KUNIT_EXPECT_TRUE(test, loopback_wait(READ_ONCE(back->nr_evil)));
	KUNIT_EXPECT_TRUE_MSG(test, loopback_wait(front_closes()),
			      "case %d on the ring of CPU %u", evil, cpu);
	i = 5 * (back->nr_rings - 1);
	false_end(swarm->pair, back);
	back->hold = false;
	KUNIT_EXPECT_TRUE(test,
			  loopback_wait(atomic_read(&swarm->nr_landed) ==
					swarm->nr_started));
	KUNIT_EXPECT_GE(test, atomic_read(&swarm->nr_crashed), i);
}

/* D13, RN1, on each ring: what is in flight on the others ends as well. */
static void D13_answers_that_cannot_be_on_each_ring(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	unsigned int cpu, rings = 1;
	enum evil evil;

	for (cpu = 0; cpu < rings; cpu++) {
		for (evil = BAD_ID; evil <= INDEX_BACK; evil++) {
			swarm_offer(swarm, FALSE_RINGS, 1, 32);
			swarm_begin(test, swarm);
			rings = swarm->back.nr_rings;
			ring_lies(test, swarm, cpu, evil);
			swarm_end(test, swarm);
		}
	}
}

/* D23: at each reference, event channel and key of several rings. */
static void D23_several_rings_fail_at_every_step(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	unsigned int *knobs[] = {
		&xen.fail_grant_alloc, &xen.fail_evtchn, &store.fail_printf,
	};
	unsigned int knob, step, failed;

	swarm_offer(swarm, FALSE_RINGS, 2, 32);
	for (knob = 0; knob < ARRAY_SIZE(knobs); knob++) {
		for (step = 1, failed = true; failed; step++) {
			pair_nodes();
			store_write(BACK_NODE "/multi-queue-max-queues", "4");
			store_write(BACK_NODE "/max-ring-page-order", "2");
			*knobs[knob] = step;
			store_write(BACK_STATE, "%d", XenbusStateInitWait);
			swarm->pair->front = store_add_device(false, FRONT_NODE);
			store_wait_int(FRONT_STATE, XenbusStateInitialised, 100);
			failed = !*knobs[knob];
			*knobs[knob] = 0;
			swarm_end(test, swarm);
		}
		/* There were as many steps as there is to be had. */
		KUNIT_EXPECT_GT(test, step, num_online_cpus());
		kunit_info(test, "%u steps\n", step - 2);
	}
	swarm_begin(test, swarm);
	swarm_works(test, swarm, 256);
	false_end(swarm->pair, back);
}

/* A connection that failed once works when it is tried again. */
static void D23_the_next_attempt_works(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;

	swarm_offer(swarm, FALSE_RINGS, 2, 32);
	xen.fail_evtchn = min(FALSE_RINGS, num_online_cpus());
	swarm_begin(test, swarm);
	KUNIT_EXPECT_EQ(test, 0, xen.fail_evtchn);
	swarm_works(test, swarm, 256);
	false_end(swarm->pair, back);
}

/* What an earlier driver had published is not taken for ours. */
static void keys_of_an_earlier_driver_go(struct kunit *test)
{
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;

	store_write(FRONT_NODE "/multi-queue-num-queues", "8");
	store_write(FRONT_NODE "/queue-0/ring-ref", "8");
	store_write(FRONT_NODE "/queue-1/ring-ref0", "9");
	store_write(FRONT_NODE "/queue-1/event-channel", "9");
	store_write(FRONT_NODE "/ring-page-order", "3");
	store_write(FRONT_NODE "/num-ring-pages", "8");
	store_write(FRONT_NODE "/ring-ref0", "10");
	store_write(FRONT_NODE "/ring-ref1", "11");
	swarm_begin(test, swarm);
	KUNIT_EXPECT_EQ(test, -1, store_read_int(FRONT_NODE "/queue-0/ring-ref", -1));
	KUNIT_EXPECT_EQ(test, -1, store_read_int(FRONT_NODE "/queue-1/ring-ref0", -1));
	KUNIT_EXPECT_EQ(test, -1, store_read_int(FRONT_NODE "/queue-1/event-channel", -1));
	KUNIT_EXPECT_EQ(test, -1, store_read_int(FRONT_NODE "/num-ring-pages", -1));
	KUNIT_EXPECT_EQ(test, -1, store_read_int(FRONT_NODE "/ring-ref1", -1));
	swarm_works(test, swarm, 64);
	false_end(swarm->pair, back);
}

static void D13_ring_keys_that_cannot_be(struct kunit *test)
{
	static const struct {
		const char *key;
		const char *value;
	} cases[] = {
		{ BACK_NODE "/multi-queue-max-queues", "many" },
		{ BACK_NODE "/max-ring-page-order", "-1" },
		{ BACK_NODE "/max-ring-pages", "3" },
	};
	struct swarm *swarm = swarm_create(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		pair_nodes();
		store_write(cases[i].key, "%s", cases[i].value);
		store_write(BACK_STATE, "%d", XenbusStateInitWait);
		swarm->pair->front = store_add_device(false, FRONT_NODE);
		KUNIT_EXPECT_TRUE_MSG(test, store_wait_int(FRONT_STATE,
							   XenbusStateClosing,
							   PATIENCE_MS),
				      "%s = \"%s\"", cases[i].key,
				      cases[i].value);
		KUNIT_EXPECT_NOT_NULL(test, strstr(store.said, "expected"));
		store_write(BACK_STATE, "%d", XenbusStateClosed);
		loopback_settle();
		pair_remove(&swarm->pair->front);
		KUNIT_EXPECT_EQ(test, 0, xen.nr_granted);
		store_reset();
	}
	pair_start(test, swarm->pair);
	pair_works(test, swarm->pair, 0);
}

/* --- all of it at once --------------------------------------------------------- */

struct loader {
	struct swarm *swarm;
	struct task_struct *task;
	unsigned int index;
	unsigned int nr_rounds;
};

/* Each has 64 pages of its own, and as many of the disk's. */
static int loader_thread(void *data)
{
	struct loader *loader = data;
	unsigned int first = 64 * loader->index, nr, i;
	struct rnd_state rnd;
	int err;

	prandom_seed_state(&rnd, loader->index + 1);
	while (!kthread_should_stop()) {
		u32 r = prandom_u32_state(&rnd);

		nr = r % 64 + 1;
		for (i = 0; i < nr; i++)
			memset32(page_address(loader->swarm->page[first + i]),
				 r + i, PAGE_SIZE / 4);
		err = swarm_io(loader->swarm, REQ_OP_WRITE, 512 * loader->index,
			       first, nr);
		for (i = 0; i < nr; i++)
			clear_page(page_address(loader->swarm->page[first + i]));
		if (!err)
			err = swarm_io(loader->swarm, REQ_OP_READ,
				       512 * loader->index, first, nr);
		for (i = 0; !err && i < nr; i++) {
			u32 *at = page_address(loader->swarm->page[first + i]);

			if (at[0] != r + i || at[PAGE_SIZE / 4 - 1] != r + i)
				err = -EBADMSG;
		}
		if (err) {
			xen_wrong("loader %u: %d", loader->index, err);
			break;
		}
		loader->nr_rounds++;
		cond_resched();
	}
	while (!kthread_should_stop())
		msleep(20);
	return 0;
}

static void no_error_under_load_while_backends_differ(struct kunit *test)
{
	static const unsigned int indirect[] = { 0, 12, 32, 256 };
	struct swarm *swarm = swarm_create(test);
	struct false_back *back = &swarm->back;
	static struct loader loader[8];
	struct rnd_state rnd;
	unsigned int i, round;
	u32 r;

	prandom_seed_state(&rnd, 91);
	swarm_offer(swarm, FALSE_RINGS, 2, 256);
	swarm_begin(test, swarm);
	for (i = 0; i < ARRAY_SIZE(loader); i++) {
		loader[i] = (struct loader){ .swarm = swarm, .index = i };
		loader[i].task = kthread_run(loader_thread, &loader[i],
					     "loopback-load%u", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(loader[i].task));
	}
	for (round = 0; round < 10; round++) {
		usleep_range(50000, 100000);
		r = prandom_u32_state(&rnd);
		back->hold = r & 1;
		usleep_range(1000, 2000);
		false_end(swarm->pair, back);
		back->hold = false;
		swarm_offer(swarm, 1 + (r >> 1) % 4, (r >> 4) % 4,
			    indirect[(r >> 8) % 4]);
		blkfront_trusted = (r >> 12) & 1;
		xen.grants_budget = (r >> 13) & 1 ? 200 : -1;
		false_again(test, swarm->pair, back);
	}
	blkfront_trusted = true;
	usleep_range(100000, 200000);
	xen.grants_budget = -1;
	for (i = 0; i < ARRAY_SIZE(loader); i++) {
		kthread_stop(loader[i].task);
		KUNIT_EXPECT_GT(test, loader[i].nr_rounds, 0);
	}
	for (i = 0; i < SWARM_PAGES; i++)
		memset32(page_address(swarm->page[i]), i, PAGE_SIZE / 4);
	swarm_works(test, swarm, 256);
	false_end(swarm->pair, back);
}

static struct kunit_case pair_rings_cases[] = {
	KUNIT_CASE(each_cpu_has_its_ring),
	KUNIT_CASE_SLOW(a_full_journal_goes_through_any_ring),
	KUNIT_CASE_SLOW(several_contexts_share_a_ring),
	KUNIT_CASE_SLOW(ST11_suspend_and_resume_with_several_rings),
	KUNIT_CASE_SLOW(D13_answers_that_cannot_be_on_each_ring),
	KUNIT_CASE_SLOW(D23_several_rings_fail_at_every_step),
	KUNIT_CASE(D23_the_next_attempt_works),
	KUNIT_CASE(keys_of_an_earlier_driver_go),
	KUNIT_CASE(D13_ring_keys_that_cannot_be),
	KUNIT_CASE_SLOW(no_error_under_load_while_backends_differ),
	{}
};

struct kunit_suite pair_rings_suite = {
	.name = "loopback_pair_rings",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = pair_init,
	.exit = pair_exit,
	.test_cases = pair_rings_cases,
};
