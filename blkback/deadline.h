/* SPDX-License-Identifier: GPL-2.0 */
/* What takes longer than io_deadline_sec: events that were lost, slow disks. */
#ifndef _BLKBACK_DEADLINE_H
#define _BLKBACK_DEADLINE_H

#include <linux/list.h>
#include <linux/workqueue.h>
#include <xen/interface/io/ring.h>

struct blkback_dev;
struct blkback_queue;
struct blkback_req;

/**
 * struct blkback_spell - something that is late, for how long, and when to act
 * @since: when it began, in jiffies
 * @last: when it began, or was acted upon last
 * @wait: how long after @last to act again, in jiffies; 0: nothing is late
 */
struct blkback_spell {
	unsigned long since;
	unsigned long last;
	unsigned long wait;
};

/**
 * struct blkback_deadline - what a ring waits for
 * @look: has a pass look at what follows; armed only while there is a reason
 * @active: something was done since the last look
 * @notified: when the frontend was notified last, in jiffies
 * @event: the answer that it slept for at the last look
 * @answers: answers that the frontend does not look at
 * @started: requests that the disk was given a part of, and which are not
 *	answered; the oldest first
 * @requests: requests that the disk does not finish
 *
 * The ring's owner's, but for @look.
 */
struct blkback_deadline {
	struct delayed_work look;
	bool active;
	unsigned long notified;
	RING_IDX event;
	struct blkback_spell answers;
	struct list_head started;
	struct blkback_spell requests;
};

/* Process context, before the device is known. */
void blkback_deadline_init_dev(struct blkback_dev *dev);
/* The device's work item. */
void blkback_deadline_init(struct blkback_deadline *deadline);
/* The same, may sleep; no pass is made any more. */
void blkback_deadline_end(struct blkback_deadline *deadline);

/* The ring's work item. */
void blkback_deadline_arm(struct blkback_queue *queue);
void blkback_deadline_look(struct blkback_queue *queue);
void blkback_deadline_start(struct blkback_req *req);
void blkback_deadline_restart(struct blkback_req *req);

#endif /* _BLKBACK_DEADLINE_H */
