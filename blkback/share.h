/* SPDX-License-Identifier: GPL-2.0 */
/* How disks that are on one device share it. */
#ifndef _BLKBACK_SHARE_H
#define _BLKBACK_SHARE_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct blkback_queue;
struct blkback_req;
struct gendisk;

#define BLKBACK_DEFAULT_WEIGHT	100
#define BLKBACK_MAX_WEIGHT	1000

/**
 * struct blkback_share - a device with its disks
 * @list: place among all of them
 * @disk: the device; it stays as long as it is open
 * @on: some disk has a weight of its own and is not alone, or a request waits, or its
 *	ring has not taken it; read without the lock, too
 * @lock: protects what follows; process context
 * @sharers: exported disks that are on it
 * @nr_under_way: requests that were let through and have not ended
 * @nr_ready: rings that have not taken what was let through
 * @looked_ns: when somebody looked last who may start
 * @least_weight: what a smaller weight is worth beside those who have something to do
 * @now: virtual time: the earliest beginning when the last of them was let through
 */
struct blkback_share {
	struct list_head list;
	const struct gendisk *disk;
	bool on;
	spinlock_t lock;	/* all that follows, and writers of @on */
	struct list_head sharers;
	unsigned int nr_under_way;
	unsigned int nr_ready;
	u64 looked_ns;
	u32 least_weight;
	u64 now;
};

/**
 * struct blkback_sharer - a disk among those of its device
 * @list: place among them
 * @share: the device; NULL while it is not open
 * @weight: what it may have in proportion to others, 1 to BLKBACK_MAX_WEIGHT
 * @nr_under_way: its requests that were let through and have not ended
 * @nr_sectors_under_way: what they count for
 * @began_ns: when the requests were looked at of which one was let through last
 * @ended_ns: when the last of its requests ended; 0: none has
 * @paid: virtual time until when it has had its part
 * @line: its rings with requests that wait, the next one first
 */
struct blkback_sharer {
	struct list_head list;
	struct blkback_share *share;
	u32 weight;
	unsigned int nr_under_way;
	u64 nr_sectors_under_way;
	u64 began_ns;
	u64 ended_ns;
	u64 paid;
	struct list_head line;
};

/**
 * struct blkback_portion - requests of a ring that wait for others' on the device
 * @list: place in the disk's line; on none while there are no requests
 * @queue: the ring
 * @waiting: the requests, in the ring's order
 * @ready: those that were let through, and are the ring's next pass's to start; in that
 *	order, too
 * @silent: requests of the disk wait, and none is under way whose end would have somebody
 *	look: the ring makes a pass in a while; its work item's
 *
 * Under the share's lock.  The ring's work item alone puts requests in and takes them
 * out; whoever has the lock lets them through.
 */
struct blkback_portion {
	struct list_head list;
	struct blkback_queue *queue;
	struct list_head waiting;
	struct list_head ready;
	bool silent;
};

/* share.c: the device's work item, may sleep */
void blkback_share_init(struct blkback_sharer *sharer);
int blkback_share_join(struct blkback_sharer *sharer,
		       const struct gendisk *disk);
void blkback_share_leave(struct blkback_sharer *sharer);
void blkback_share_join_ring(struct blkback_queue *queue);
/* process context, may sleep */
void blkback_share_set_weight(struct blkback_sharer *sharer, u32 weight);
/* the ring's work item */
void blkback_share_apply(struct blkback_queue *queue);
void blkback_share_ended(struct blkback_req *req);

#endif /* _BLKBACK_SHARE_H */
