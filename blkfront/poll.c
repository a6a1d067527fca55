// SPDX-License-Identifier: GPL-2.0
/*
 * Rings that are polled: who waits for an answer looks for it himself.
 *
 * While somebody does, such a ring asks for no events.  But who waits may go away, or
 * look for something else: a request that waits for room has nobody who polls for it,
 * and a flush that goes before one has not, either.  So as long as a ring asks for no
 * events, a work item sees whether somebody still looks.  If nobody has for a while, it
 * takes what is there, and the ring asks for events as any other until somebody looks
 * again: nothing hangs for want of somebody who polls, and an idle disk has no timer.
 *
 * A ring that is shared with requests that nobody polls for, as there are fewer than
 * there were, always asks for events; who polls finds what is there, too.
 */
#include "blkfront.h"

/* A ring that nobody has looked at for so long to twice as long asks for events. */
#define POLL_PATIENCE	(HZ / 10)

static void poll_begin(struct blkfront_queue *queue)
{
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	if (queue->poll && !queue->polled && !queue->broken) {
		WRITE_ONCE(queue->polled, true);
		blkfront_ring_quiet(queue);
		queue_delayed_work(blkfront_wq, &queue->watch, POLL_PATIENCE);
	}
	spin_unlock_irqrestore(&queue->lock, flags);
}

/**
 * blkfront_poll_note - somebody is about to look for answers himself
 * @queue: the queue where he looks
 *
 * Context: any, also while the queue is quiesced or its rings are exchanged; does not
 * sleep.  The caller keeps the disk.  There may be several at once.
 */
void blkfront_poll_note(struct blkfront_queue *queue)
{
	if (!READ_ONCE(queue->poll))
		return;
	WRITE_ONCE(queue->looked, true);
	if (!READ_ONCE(queue->polled))
		poll_begin(queue);
}

static void poll_watch_work(struct work_struct *work)
{
	struct blkfront_queue *queue = container_of(work, struct blkfront_queue,
						    watch.work);
	unsigned long flags;
	bool polled;

	/* Pairs with the release in blkfront_state_wake(): a ring is distrusted before. */
	if (smp_load_acquire(&queue->disk->asleep)) {
		queue_delayed_work(blkfront_wq, &queue->watch, POLL_PATIENCE);
		return;
	}
	spin_lock_irqsave(&queue->lock, flags);
	polled = queue->polled && READ_ONCE(queue->looked) && !queue->broken;
	WRITE_ONCE(queue->looked, false);
	WRITE_ONCE(queue->polled, polled);
	spin_unlock_irqrestore(&queue->lock, flags);
	if (polled)
		queue_delayed_work(blkfront_wq, &queue->watch, POLL_PATIENCE);
	else
		blkfront_submit_poll(queue, NULL);
}

/**
 * blkfront_poll_assign - may the ring be polled from now on?
 * @queue: the queue, which has no ring, or one on which nothing was put yet
 * @poll: it may; if not it asks for events
 *
 * Context: process.
 */
void blkfront_poll_assign(struct blkfront_queue *queue, bool poll)
{
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	WRITE_ONCE(queue->poll, poll);
	if (!poll && queue->polled) {
		WRITE_ONCE(queue->polled, false);
		blkfront_ring_done(queue);
	}
	spin_unlock_irqrestore(&queue->lock, flags);
}

/**
 * blkfront_poll_init - nobody polls
 * @queue: a new queue
 */
void blkfront_poll_init(struct blkfront_queue *queue)
{
	INIT_DELAYED_WORK(&queue->watch, poll_watch_work);
}

/**
 * blkfront_poll_settle - wait for who has begun to look
 * @queue: a queue of a disk that sleeps
 *
 * Context: process, without disk->lock: what stands before it on its workqueue may take
 * that.
 */
void blkfront_poll_settle(struct blkfront_queue *queue)
{
	flush_work(&queue->watch.work);
}

/**
 * blkfront_poll_end - nobody polls any more
 * @queue: the queue, which has no ring and no hardware context
 *
 * Context: process, may sleep.
 */
void blkfront_poll_end(struct blkfront_queue *queue)
{
	cancel_delayed_work_sync(&queue->watch);
}
