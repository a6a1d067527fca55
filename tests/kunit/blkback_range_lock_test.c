// SPDX-License-Identifier: GPL-2.0
/* Ranges of a disk: who has which, and who comes next. */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/prandom.h>

#include "../../blkback/range_lock.c"

#define NR_RANGES	64
#define NR_SECTORS	96

static const struct gendisk *disk_named(unsigned long name)
{
	return (const struct gendisk *)(name << 12);
}

static struct blkback_range range(sector_t first, sector_t last)
{
	return (struct blkback_range){ .first = first, .last = last };
}

static void put(void *lock)
{
	blkback_range_lock_put(lock);
}

static struct blkback_range_lock *get(struct kunit *test, unsigned long name)
{
	struct blkback_range_lock *lock =
		blkback_range_lock_get(disk_named(name));

	KUNIT_ASSERT_NOT_NULL(test, lock);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put, lock));
	return lock;
}

static void E1_one_lock_for_a_disk(struct kunit *test)
{
	struct blkback_range_lock *one = get(test, 1);

	KUNIT_EXPECT_PTR_EQ(test, one, get(test, 1));
	KUNIT_EXPECT_PTR_NE(test, one, get(test, 2));
	/* Its end is that of the last user. */
	kunit_release_action(test, put, one);
	KUNIT_EXPECT_PTR_EQ(test, one, get(test, 1));
	blkback_range_lock_put(NULL);
}

static void E1_last_user_ends_it(struct kunit *test)
{
	struct blkback_range_lock *lock;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, list_empty(&range_locks));
		lock = get(test, 7);
		get(test, 7);
		KUNIT_EXPECT_TRUE(test, list_is_singular(&range_locks));
		kunit_release_action(test, put, lock);
		KUNIT_EXPECT_TRUE(test, list_is_singular(&range_locks));
		kunit_release_action(test, put, lock);
	}
	KUNIT_EXPECT_TRUE(test, list_empty(&range_locks));
}

static void E1_neighbours_do_not_wait(struct kunit *test)
{
	struct blkback_range_lock *lock = get(test, 1), *other = get(test, 2);
	struct blkback_range a = range(0, 7), b = range(8, 15), c = range(7, 8);
	struct blkback_range d = range(0, 15);
	LIST_HEAD(granted);

	KUNIT_EXPECT_TRUE(test, blkback_range_take(lock, &a));
	KUNIT_EXPECT_TRUE(test, blkback_range_take(lock, &b));
	KUNIT_EXPECT_TRUE(test, blkback_range_take(other, &d));
	KUNIT_EXPECT_FALSE(test, blkback_range_take(lock, &c));
	blkback_range_release(lock, &a, &granted);
	KUNIT_EXPECT_TRUE(test, list_empty(&granted));
	blkback_range_release(lock, &b, &granted);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&granted));
	KUNIT_EXPECT_PTR_EQ(test, granted.next, &c.list);
	INIT_LIST_HEAD(&granted);
	blkback_range_release(lock, &c, &granted);
	blkback_range_release(other, &d, &granted);
	KUNIT_EXPECT_TRUE(test, list_empty(&granted));
}

/* A large one is not passed by small ones that come later. */
static void E1_first_come_first_served(struct kunit *test)
{
	struct blkback_range_lock *lock = get(test, 1);
	struct blkback_range a = range(8, 15), b = range(0, 31);
	struct blkback_range c = range(24, 31), d = range(32, 39);
	LIST_HEAD(granted);

	KUNIT_EXPECT_TRUE(test, blkback_range_take(lock, &a));
	KUNIT_EXPECT_FALSE(test, blkback_range_take(lock, &b));
	KUNIT_EXPECT_FALSE(test, blkback_range_take(lock, &c));
	KUNIT_EXPECT_TRUE(test, blkback_range_take(lock, &d));
	blkback_range_release(lock, &d, &granted);
	KUNIT_EXPECT_TRUE(test, list_empty(&granted));
	blkback_range_release(lock, &a, &granted);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&granted));
	KUNIT_EXPECT_PTR_EQ(test, granted.next, &b.list);
	INIT_LIST_HEAD(&granted);
	blkback_range_release(lock, &b, &granted);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&granted));
	KUNIT_EXPECT_PTR_EQ(test, granted.next, &c.list);
	INIT_LIST_HEAD(&granted);
	blkback_range_release(lock, &c, &granted);
}

/* A range, and when it was taken. */
struct model {
	struct blkback_range range;
	bool taken;
	bool held;
	u32 turn;
};

static bool overlap(const struct model *a, const struct model *b)
{
	return a->range.first <= b->range.last &&
	       b->range.first <= a->range.last;
}

/* Held is what overlaps nothing that is older. */
static void check_all(struct kunit *test, const struct model *all)
{
	unsigned int i, n;
	bool free;

	for (i = 0; i < NR_RANGES; i++) {
		if (!all[i].taken)
			continue;
		free = true;
		for (n = 0; n < NR_RANGES; n++)
			if (all[n].taken && all[n].turn < all[i].turn &&
			    overlap(&all[n], &all[i]))
				free = false;
		KUNIT_ASSERT_EQ(test, free, all[i].held);
	}
}

static void toggle(struct blkback_range_lock *lock, struct model *one,
		   struct rnd_state *rnd, u32 turn)
{
	struct blkback_range *other;
	LIST_HEAD(granted);

	if (!one->taken) {
		one->range.first = prandom_u32_state(rnd) % NR_SECTORS;
		one->range.last = one->range.first + prandom_u32_state(rnd) % 8;
		one->turn = turn;
		one->taken = true;
		one->held = blkback_range_take(lock, &one->range);
	} else if (one->held) {
		blkback_range_release(lock, &one->range, &granted);
		one->taken = false;
		one->held = false;
		list_for_each_entry(other, &granted, list)
			container_of(other, struct model, range)->held = true;
	}
}

static void E1_many_ranges_in_order(struct kunit *test)
{
	struct model *all = kunit_kcalloc(test, NR_RANGES, sizeof(*all),
					  GFP_KERNEL);
	struct blkback_range_lock *lock = get(test, 1);
	struct rnd_state rnd;
	unsigned int i, n;

	KUNIT_ASSERT_NOT_NULL(test, all);
	prandom_seed_state(&rnd, 512);
	for (i = 0; i < 20000; i++) {
		toggle(lock, &all[prandom_u32_state(&rnd) % NR_RANGES], &rnd, i);
		if (i % 16 == 0)
			check_all(test, all);
	}
	/* Whoever waits gets it in the end. */
	for (n = 0; n < NR_RANGES; n++)
		for (i = 0; i < NR_RANGES; i++)
			if (all[i].held)
				toggle(lock, &all[i], &rnd, 0);
	for (i = 0; i < NR_RANGES; i++)
		KUNIT_EXPECT_FALSE(test, all[i].taken);
}

static struct kunit_case range_lock_cases[] = {
	KUNIT_CASE(E1_one_lock_for_a_disk),
	KUNIT_CASE(E1_last_user_ends_it),
	KUNIT_CASE(E1_neighbours_do_not_wait),
	KUNIT_CASE(E1_first_come_first_served),
	KUNIT_CASE(E1_many_ranges_in_order),
	{}
};

static struct kunit_suite range_lock_suite = {
	.name = "blkback_range_lock",
	.test_cases = range_lock_cases,
};

kunit_test_suite(range_lock_suite);

MODULE_DESCRIPTION("XenBlk: tests of blkback/range_lock.c");
MODULE_LICENSE("GPL");
