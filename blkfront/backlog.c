// SPDX-License-Identifier: GPL-2.0
/*
 * Requests on their way to the ring, and those that have to wait for it.
 *
 * Mostly a request is put onto the ring at once: there are as many slots as
 * tags.  The backlog is for what comes after a reconnection (the journal, which
 * may be larger than the new ring), for what is left of a request that goes in
 * pieces, and for when several hardware contexts share a ring.  What is in it
 * goes before anything new, which the block layer keeps meanwhile, and is told
 * of when the backlog is empty.
 *
 * One at a time takes from the backlog, so that its order is kept: who comes
 * while another is at it leaves him a note to look once more.
 */
#include "blkfront.h"
#include "trace.h"

/* Under queue->lock: may a new request be put? */
static bool backlog_open(const struct blkfront_queue *queue)
{
	return list_empty(&queue->backlog) && blkfront_ring_room(queue);
}

/* Under queue->lock: from here on it is in the journal. */
static void backlog_note(struct blkfront_queue *queue,
			 struct blkfront_shadow *shadow)
{
	struct blkfront_ctx *ctx = shadow->ctx;

	lockdep_assert_held(&queue->lock);
	if (shadow->state != BLKFRONT_FREE)
		return;
	shadow->seq = ctx->seq++;
	ctx->nr_busy++;
}

/* Under queue->lock; there is room. */
static void backlog_put(struct blkfront_queue *queue,
			struct blkfront_shadow *shadow,
			const union blkif_native_request *slot)
{
	blkfront_ring_put(queue, shadow, slot);
	blkfront_latency_put(shadow);
	trace_blkfront_put(shadow);
}

/**
 * blkfront_backlog_starve - the block layer has to wait: tell it when not
 * @queue: the queue
 *
 * Context: queue_rq.
 */
void blkfront_backlog_starve(struct blkfront_queue *queue)
{
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	queue->starved = true;
	spin_unlock_irqrestore(&queue->lock, flags);
}

/**
 * blkfront_backlog_closed - has a new request to wait?
 * @queue: the queue
 *
 * The answer may be old when the caller gets it: blkfront_backlog_put() decides,
 * and blkfront_backlog_put_all().
 *
 * Context: queue_rq.
 */
bool blkfront_backlog_closed(struct blkfront_queue *queue)
{
	unsigned long flags;
	bool closed;

	if (likely(list_empty_careful(&queue->backlog) &&
		   blkfront_ring_room(queue)))
		return false;
	spin_lock_irqsave(&queue->lock, flags);
	closed = !backlog_open(queue);
	if (closed)
		queue->starved = true;
	spin_unlock_irqrestore(&queue->lock, flags);
	return closed;
}

/**
 * blkfront_backlog_put - put a new request onto the ring
 * @shadow: its shadow, with a piece that was made
 * @last: the backend is to see it now
 *
 * What came into the backlog since it was found open does not hold it up: it
 * has what others may wait for.  If there is no room, for others were faster, it
 * waits at the front; who has the room makes way.
 *
 * Context: queue_rq.
 */
void blkfront_backlog_put(struct blkfront_shadow *shadow, bool last)
{
	struct blkfront_queue *queue = shadow->ctx->queue;
	union blkif_native_request slot;
	bool notify = false;
	unsigned long flags;

	blkfront_encode(&slot, &shadow->io, shadow->wire_op);

	spin_lock_irqsave(&queue->lock, flags);
	backlog_note(queue, shadow);
	if (likely(blkfront_ring_room(queue))) {
		backlog_put(queue, shadow, &slot);
	} else {
		shadow->state = BLKFRONT_WAITING;
		shadow->times.put_ns = 0;
		list_add(&shadow->node, &queue->backlog);
	}
	if (last)
		notify = blkfront_ring_push(queue);
	spin_unlock_irqrestore(&queue->lock, flags);
	if (notify)
		blkfront_port_notify(queue->irq);
}

/**
 * blkfront_backlog_put_all - put new requests onto the ring, and show them
 * @queue: the queue
 * @made: their shadows, each with a piece that was made, in order
 *
 * As blkfront_backlog_put() does.
 *
 * Context: queue_rqs.
 */
void blkfront_backlog_put_all(struct blkfront_queue *queue,
			      struct list_head *made)
{
	struct blkfront_shadow *shadow, *next;
	union blkif_native_request slot;
	unsigned long flags;
	bool notify;

	spin_lock_irqsave(&queue->lock, flags);
	list_for_each_entry_safe(shadow, next, made, node) {
		backlog_note(queue, shadow);
		if (likely(blkfront_ring_room(queue))) {
			list_del_init(&shadow->node);
			blkfront_encode(&slot, &shadow->io, shadow->wire_op);
			backlog_put(queue, shadow, &slot);
		} else {
			shadow->state = BLKFRONT_WAITING;
			shadow->times.put_ns = 0;
		}
	}
	list_splice(made, &queue->backlog);
	notify = blkfront_ring_push(queue);
	spin_unlock_irqrestore(&queue->lock, flags);
	if (notify)
		blkfront_port_notify(queue->irq);
}

/*
 * The first of the backlog gets on; under queue->lock, which is let go of while
 * its piece is made.
 *
 * Return: false if it has to wait.
 */
static bool backlog_step(struct blkfront_queue *queue, unsigned long *flags)
{
	struct blkfront_shadow *shadow =
		list_first_entry_or_null(&queue->backlog,
					 struct blkfront_shadow, node);
	union blkif_native_request slot;
	int err;

	if (!shadow || queue->broken || queue->shut ||
	    !blkfront_ring_room(queue))
		return false;
	if (shadow->made) {
		list_del_init(&shadow->node);
		blkfront_encode(&slot, &shadow->io, shadow->wire_op);
		backlog_put(queue, shadow, &slot);
		return true;
	}

	queue->again = false;
	spin_unlock_irqrestore(&queue->lock, *flags);
	err = blkfront_piece_make(shadow);
	spin_lock_irqsave(&queue->lock, *flags);
	if (!err)
		return true;
	if (err == -EBUSY)
		return queue->again;

	list_del_init(&shadow->node);
	spin_unlock_irqrestore(&queue->lock, *flags);
	blkfront_submit_end(shadow, blkfront_submit_status(shadow, err));
	spin_lock_irqsave(&queue->lock, *flags);
	return true;
}

/* Under queue->lock: shall the caller pump, or does somebody already? */
static bool backlog_begin(struct blkfront_queue *queue)
{
	lockdep_assert_held(&queue->lock);
	if (queue->pumping) {
		queue->again = true;
		return false;
	}
	queue->pumping = true;
	return true;
}

/*
 * Put as much of the backlog as there is room for.  That is bounded, for the
 * backend sees it at the end only, and can make no room with it before.
 *
 * The request on whose behalf this was called may end meanwhile.  What keeps the
 * disk then is @pumping, which whoever ends the connection waits for.
 */
static void backlog_pump(struct blkfront_queue *queue)
{
	unsigned long flags;
	bool notify;

	spin_lock_irqsave(&queue->lock, flags);
	do {
		queue->again = false;
		while (backlog_step(queue, &flags))
			continue;
		notify = !queue->broken && !queue->shut &&
			 blkfront_ring_push(queue);
		if (notify) {
			spin_unlock_irqrestore(&queue->lock, flags);
			blkfront_port_notify(queue->irq);
			spin_lock_irqsave(&queue->lock, flags);
		}
	} while (queue->again);
	queue->pumping = false;
	if (wq_has_sleeper(&queue->disk->wait))
		wake_up_all(&queue->disk->wait);
	spin_unlock_irqrestore(&queue->lock, flags);
}

/**
 * blkfront_backlog_add - have a request of the journal wait for its turn
 * @shadow: its shadow; nobody else has it, and it has nothing lent
 * @pump: it may be its turn at once
 *
 * Context: completion, or the work item.
 */
void blkfront_backlog_add(struct blkfront_shadow *shadow, bool pump)
{
	struct blkfront_queue *queue = shadow->ctx->queue;
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	shadow->state = BLKFRONT_WAITING;
	list_add_tail(&shadow->node, &queue->backlog);
	pump = pump && backlog_begin(queue);
	if (wq_has_sleeper(&queue->disk->wait))
		wake_up_all(&queue->disk->wait);
	spin_unlock_irqrestore(&queue->lock, flags);
	if (pump)
		backlog_pump(queue);
}

/**
 * blkfront_backlog_remove - have a request wait for nothing
 * @shadow: its shadow, in the journal; its queue is shut
 *
 * Context: the work item.
 */
void blkfront_backlog_remove(struct blkfront_shadow *shadow)
{
	struct blkfront_queue *queue = shadow->ctx->queue;
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	if (shadow->state == BLKFRONT_WAITING)
		list_del_init(&shadow->node);
	spin_unlock_irqrestore(&queue->lock, flags);
}

/* Under queue->lock: may those who were sent away come again? */
static bool backlog_feeds(struct blkfront_queue *queue)
{
	bool feeds = queue->starved && backlog_open(queue);

	if (feeds)
		queue->starved = false;
	return feeds;
}

/**
 * blkfront_backlog_kick - there may be room: others get on
 * @queue: the queue
 *
 * Context: any, on behalf of a request that has not ended yet, or the work item.
 * Return: true if the block layer is to send again what it was not rid of.
 */
bool blkfront_backlog_kick(struct blkfront_queue *queue)
{
	unsigned long flags;
	bool yes = false;

	if (unlikely(!list_empty_careful(&queue->backlog))) {
		spin_lock_irqsave(&queue->lock, flags);
		yes = backlog_begin(queue);
		spin_unlock_irqrestore(&queue->lock, flags);
		if (yes)
			backlog_pump(queue);
	}
	if (likely(!READ_ONCE(queue->starved)))
		return false;
	spin_lock_irqsave(&queue->lock, flags);
	yes = backlog_feeds(queue);
	spin_unlock_irqrestore(&queue->lock, flags);
	return yes;
}
