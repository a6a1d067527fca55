/* SPDX-License-Identifier: GPL-2.0 */
/* What has to be on the disk before what: barriers over all rings of a disk. */
#ifndef _BLKBACK_DURABLE_H
#define _BLKBACK_DURABLE_H

#include <linux/compiler.h>
#include <linux/list.h>
#include <linux/spinlock.h>

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

/* The device's work item. */
void blkback_durable_init(struct blkback_durable *durable);
void blkback_durable_join(struct blkback_queue *queue);

/* The ring's work item. */
void blkback_durable_look(struct blkback_queue *queue);
void blkback_durable_hold(struct blkback_queue *queue,
			  struct blkback_req *req);
bool blkback_durable_step(struct blkback_queue *queue);
void blkback_durable_barrier_ended(struct blkback_req *req);

#endif /* _BLKBACK_DURABLE_H */
