/* SPDX-License-Identifier: GPL-2.0 */
/* How much a guest may do to a disk: what the administrator says. */
#ifndef _BLKBACK_LIMIT_H
#define _BLKBACK_LIMIT_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/sysfs.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "bucket.h"

struct blkback_dev;
struct blkback_queue;

/* Each is for reads and writes together, then for reads, then for all others. */
enum blkback_rate {
	BLKBACK_RATE_IOPS,
	BLKBACK_RATE_READ_IOPS,
	BLKBACK_RATE_WRITE_IOPS,
	BLKBACK_RATE_BYTES,
	BLKBACK_RATE_READ_BYTES,
	BLKBACK_RATE_WRITE_BYTES,
	BLKBACK_NR_RATES
};

#define BLKBACK_DEFAULT_BURST_MS	100

/**
 * struct blkback_limiter - the limits of a disk
 * @on: there is a rate to be held, or a request that waits for one or that its ring has
 *	not taken; read without the lock, too
 * @lock: protects what follows; process context
 * @rate: of each kind, what has passed
 * @burst_ms: unused time that may be made up for
 * @line: turns that have requests, of all rings; the first that can afford its next
 *	request has it
 * @nr_ready: turns whose ring has not taken what was let through
 * @wake: lets through that one's, as soon as there is one
 *
 * The device's, so that it survives a reconnect.
 */
struct blkback_limiter {
	bool on;
	spinlock_t lock;	/* all that follows, and writers of @on */
	struct blkback_bucket rate[BLKBACK_NR_RATES];
	u32 burst_ms;
	struct list_head line;
	unsigned int nr_ready;
	struct delayed_work wake;
};

/**
 * struct blkback_turn - reads of a ring, or all its other requests, that wait
 * @list: place in the limiter's line; on none while there are no requests
 * @queue: the ring
 * @waiting: requests that were not let through, in the ring's order
 * @ready: those that were, and are the ring's next pass's to start; in that order, too
 *
 * Under the limiter's lock.  The ring's work item alone puts requests in and takes them
 * out; whoever has the lock lets them through.
 */
struct blkback_turn {
	struct list_head list;
	struct blkback_queue *queue;
	struct list_head waiting;
	struct list_head ready;
};

/* limit.c: the device's work item */
void blkback_limit_init(struct blkback_limiter *limiter);
void blkback_limit_exit(struct blkback_limiter *limiter);
void blkback_limit_join(struct blkback_queue *queue);
/* the ring's work item */
void blkback_limit_apply(struct blkback_queue *queue);
/* process context */
void blkback_limit_set_rate(struct blkback_dev *dev, enum blkback_rate rate,
			    u64 per_sec);
u64 blkback_limit_rate(struct blkback_dev *dev, enum blkback_rate rate);
void blkback_limit_set_burst(struct blkback_dev *dev, u32 ms);
u32 blkback_limit_burst(struct blkback_dev *dev);

/**
 * struct blkback_setting - a thing that the administrator sets for a disk
 * @name: its file in limits/; its key is this with "limit-" before it, and '-' for '_'
 * @expected: what may be set, for people
 * @which: for @set and @show
 * @set: takes a text; 0, -EINVAL for one that is not as expected, or another -errno
 * @show: puts the text, and a newline, in a page; its length
 */
struct blkback_setting {
	const char *name;
	const char *expected;
	unsigned int which;
	int (*set)(struct blkback_dev *dev, unsigned int which,
		   const char *text);
	int (*show)(struct blkback_dev *dev, unsigned int which, char *buf);
};

/* settings.c: process context, may sleep */
const struct blkback_setting *blkback_setting_nth(unsigned int n);
const struct blkback_setting *blkback_setting_find(const char *name);

/* limit_sysfs.c */
extern const struct attribute_group blkback_limits_group;

#endif /* _BLKBACK_LIMIT_H */
