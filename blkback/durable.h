/* SPDX-License-Identifier: GPL-2.0 */
/* What has to be on the disk before what, and how much may not be yet. */
#ifndef _BLKBACK_DURABLE_H
#define _BLKBACK_DURABLE_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

struct blkback_dev;
struct blkback_queue;
struct blkback_req;

/**
 * struct blkback_durable - the barriers of a disk
 * @lock: protects what follows; process context, no other lock is taken under it
 * @nr_barriers: taken off any ring since the device was probed; wraps
 * @nr_done: how many of them were answered, in the order they were taken
 * @nr_quiet: rings with nothing left that the oldest of the others waits for
 *
 * The first two are read without the lock, too.
 */
struct blkback_durable {
	spinlock_t lock;	/* writers of all that follows */
	unsigned int nr_barriers;
	unsigned int nr_done;
	unsigned int nr_quiet;
};

/**
 * struct blkback_order - what of a ring's requests comes behind a barrier
 * @behind: barriers that were not started, and what was taken after them or
 *	after those of other rings; in the ring's order
 * @nr_behind: length of @behind
 * @epoch: barriers of the disk that come before what this ring takes now
 * @hold: not all of them are done
 * @quiet_for: the last barrier that this ring was counted as quiet for
 *
 * Owned by the ring's work item.
 */
struct blkback_order {
	struct list_head behind;
	unsigned int nr_behind;
	unsigned int epoch;
	bool hold;
	unsigned int quiet_for;
};

/**
 * struct blkback_unwritten - what a disk was answered and has in its cache
 * @flush: the work item that flushes; the only writer of the two numbers
 * @answered: bytes of writes that were answered with success, without FUA; only
 *	grows
 * @covered: so many of them were answered before a flush began that has ended
 * @nr_started: flushes of ours; wraps
 * @nr_ended: how many of them are over
 * @nr_lost: flushes of ours that failed; only grows
 * @nr_told: how many of them the frontend was told of; only grows
 * @told_anew: it was, and not all rings have been asked to look
 */
struct blkback_unwritten {
	struct work_struct flush;
	atomic64_t answered;
	atomic64_t covered;
	unsigned int nr_started;
	unsigned int nr_ended;
	atomic64_t nr_lost;
	atomic64_t nr_told;
	bool told_anew;
};

/* durable.c: the device's work item */
void blkback_durable_init(struct blkback_durable *durable);
void blkback_durable_join(struct blkback_queue *queue);

/* durable.c: the ring's work item */
void blkback_durable_look(struct blkback_queue *queue);
void blkback_durable_hold(struct blkback_queue *queue,
			  struct blkback_req *req);
bool blkback_durable_step(struct blkback_queue *queue);
void blkback_durable_barrier_ended(struct blkback_req *req);

/* unwritten.c: the device's work item, may sleep */
void blkback_unwritten_init(struct blkback_unwritten *unwritten);
void blkback_unwritten_stop(struct blkback_unwritten *unwritten);
/* any context */
void blkback_unwritten_lost(struct blkback_dev *dev);
bool blkback_unwritten_untold(const struct blkback_dev *dev);
s64 blkback_unwritten_told(const struct blkback_dev *dev);
/* the ring's owner */
void blkback_unwritten_tell(struct blkback_queue *queue);
void blkback_unwritten_add(struct blkback_queue *queue);
void blkback_unwritten_flush_starts(struct blkback_req *req);
void blkback_unwritten_flush_ended(struct blkback_req *req);
bool blkback_unwritten_undecided(const struct blkback_req *req);
bool blkback_unwritten_tells(const struct blkback_req *req);
void blkback_unwritten_flushed(struct blkback_req *req);

#endif /* _BLKBACK_DURABLE_H */
