// SPDX-License-Identifier: GPL-2.0
/*
 * Who changes which blocks of a disk: one lock for each disk of this domain,
 * whatever is exported of it, and to how many guests.
 *
 * Each range counts those that were there before it and have sectors in common
 * with it, and is its owner's when there are none left.  So those that want the same
 * sectors get them in the order they came, and who wants others does not wait.
 * Nobody holds one range while waiting for another one.
 */
#include <linux/cleanup.h>
#include <linux/interval_tree_generic.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "range_lock.h"

/**
 * struct blkback_range_lock - the ranges of a disk
 * @list: place among all such locks
 * @disk: whose ranges they are; it stays as long as it is open
 * @nr_users: exported devices that are on it
 * @lock: protects what follows; process context
 * @ranges: held and waited for
 */
struct blkback_range_lock {
	struct list_head list;
	const struct gendisk *disk;
	unsigned int nr_users;
	spinlock_t lock;	/* all that follows */
	struct rb_root_cached ranges;
};

static LIST_HEAD(range_locks);
/* Protects range_locks, and their nr_users.  No other lock is taken under it. */
static DEFINE_MUTEX(range_locks_mutex);

#define RANGE_FIRST(range)	((range)->first)
#define RANGE_LAST(range)	((range)->last)

INTERVAL_TREE_DEFINE(struct blkback_range, node, sector_t, subtree_last,
		     RANGE_FIRST, RANGE_LAST, static inline, range_tree)

/**
 * blkback_range_lock_get - the lock of a disk, which is made for the first user
 * @disk: the disk, open as long as the lock is used
 *
 * Context: process, may sleep.
 * Return: the lock, or NULL when there is no memory.
 */
struct blkback_range_lock *blkback_range_lock_get(const struct gendisk *disk)
{
	struct blkback_range_lock *lock;

	guard(mutex)(&range_locks_mutex);
	list_for_each_entry(lock, &range_locks, list)
		if (lock->disk == disk) {
			lock->nr_users++;
			return lock;
		}
	lock = kzalloc_obj(*lock);
	if (!lock)
		return NULL;
	lock->disk = disk;
	lock->nr_users = 1;
	spin_lock_init(&lock->lock);
	lock->ranges = RB_ROOT_CACHED;
	list_add(&lock->list, &range_locks);
	return lock;
}

/**
 * blkback_range_lock_put - a user less
 * @lock: the lock; the caller has no range and waits for none; may be NULL
 *
 * Context: process, may sleep.
 */
void blkback_range_lock_put(struct blkback_range_lock *lock)
{
	if (!lock)
		return;
	guard(mutex)(&range_locks_mutex);
	if (--lock->nr_users)
		return;
	list_del(&lock->list);
	kfree(lock);
}

/**
 * blkback_range_take - have a range of sectors, now or later
 * @lock: of the disk
 * @range: its @first and @last set
 *
 * Context: process.
 * Return: true when it is the caller's now; else whoever lets go of the last
 * sectors that it waits for is given it, to tell the caller.
 */
bool blkback_range_take(struct blkback_range_lock *lock,
			struct blkback_range *range)
{
	struct blkback_range *other;
	unsigned int nr_before = 0;

	spin_lock(&lock->lock);
	for (other = range_tree_iter_first(&lock->ranges, range->first,
					   range->last);
	     other;
	     other = range_tree_iter_next(other, range->first, range->last))
		nr_before++;
	range->nr_before = nr_before;
	range_tree_insert(range, &lock->ranges);
	spin_unlock(&lock->lock);
	return !nr_before;
}

/**
 * blkback_range_release - let go of a range
 * @lock: of the disk
 * @range: the caller's
 * @granted: ranges that are their owners' by this are put at its end; each owner
 *	is the caller's to be told, and may do anything with it from then on
 *
 * Context: process.
 */
void blkback_range_release(struct blkback_range_lock *lock,
			   struct blkback_range *range,
			   struct list_head *granted)
{
	struct blkback_range *other;

	spin_lock(&lock->lock);
	range_tree_remove(range, &lock->ranges);
	/* They all came later: what had been before it is gone. */
	for (other = range_tree_iter_first(&lock->ranges, range->first,
					   range->last);
	     other;
	     other = range_tree_iter_next(other, range->first, range->last))
		if (!--other->nr_before)
			list_add_tail(&other->list, granted);
	spin_unlock(&lock->lock);
}
