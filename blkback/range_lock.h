/* SPDX-License-Identifier: GPL-2.0 */
/* Who changes which blocks of a disk; nobody sleeps for it. */
#ifndef _BLKBACK_RANGE_LOCK_H
#define _BLKBACK_RANGE_LOCK_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

struct blkback_range_lock;
struct gendisk;

/**
 * struct blkback_range - sectors that somebody has, or waits for
 * @node: place among the ranges of the disk
 * @first: 512-byte sector
 * @last: the last one that belongs to it
 * @subtree_last: the last one of all ranges below @node
 * @nr_before: ranges that were here before and have sectors in common with it
 * @list: place on the list of ranges that blkback_range_release() gave to those
 *	who had waited
 *
 * Belongs to who took it; between take and release the lock's.
 */
struct blkback_range {
	struct rb_node node;
	sector_t first;
	sector_t last;
	sector_t subtree_last;
	unsigned int nr_before;
	struct list_head list;
};

/* Process context, may sleep. */
struct blkback_range_lock *blkback_range_lock_get(const struct gendisk *disk);
void blkback_range_lock_put(struct blkback_range_lock *lock);

/* Process context. */
bool blkback_range_take(struct blkback_range_lock *lock,
			struct blkback_range *range);
void blkback_range_release(struct blkback_range_lock *lock,
			   struct blkback_range *range,
			   struct list_head *granted);

#endif /* _BLKBACK_RANGE_LOCK_H */
