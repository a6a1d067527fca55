// SPDX-License-Identifier: GPL-2.0
/*
 * One ring: its work item and the pass it makes.
 *
 * A pass does everything that there is to do in one go: it finishes what the
 * disk has done, takes all slots that the frontend has filled, brings their
 * pages, submits them under one plug, answers, and notifies once.
 *
 * A request is moved in parts: all of them at once when there are pages and
 * objects for them, else as far as there are, and the rest as earlier parts end.
 *
 * Between passes a request that is alone, and needs nothing any more but its answer,
 * is answered at the end of its bio, in whatever context that is.
 */
#include <linux/blkdev.h>
#include <linux/interrupt.h>
#include <linux/sched/mm.h>

#include "blkback.h"
#include "port.h"

/* For what no event announces: pages that are held, Xen out of room. */
#define QUEUE_RETRY_MS		10
/* After so many rounds a pass sees to what comes at its end. */
#define QUEUE_MAX_ROUNDS	64
/* When a ring counts as idle. */
#define QUEUE_IDLE_MS		10000
/* How often to tell that a disconnect waits for the disk. */
#define QUEUE_DRAIN_WARN_S	30

/**
 * blkback_queue_kick - have a pass made
 * @queue: the ring
 *
 * Context: any.
 */
void blkback_queue_kick(struct blkback_queue *queue)
{
	queue_work(queue->dev->io_wq, &queue->work);
}

/**
 * blkback_queue_event - the handler of a ring's event
 * @irq: its interrupt
 * @data: the ring
 *
 * Context: hard interrupt.
 * Return: IRQ_HANDLED.  A pass acknowledges it.
 */
irqreturn_t blkback_queue_event(int irq, void *data)
{
	struct blkback_queue *queue = data;

	WRITE_ONCE(queue->event_ns, blkback_latency_clock());
	set_bit(BLKBACK_QUEUE_EVENT, &queue->flags);
	blkback_queue_kick(queue);
	return IRQ_HANDLED;
}

static void queue_retry(struct work_struct *work)
{
	blkback_queue_kick(container_of(work, struct blkback_queue,
					retry.work));
}

/**
 * blkback_queue_retry - have a pass made in a moment
 * @queue: the ring
 *
 * Context: any.
 */
void blkback_queue_retry(struct blkback_queue *queue)
{
	queue_delayed_work(queue->dev->io_wq, &queue->retry,
			   msecs_to_jiffies(QUEUE_RETRY_MS));
}

static void queue_idle_later(struct blkback_queue *queue)
{
	queue_delayed_work(system_dfl_wq, &queue->idle,
			   msecs_to_jiffies(QUEUE_IDLE_MS));
}

/* Away from the I/O path: giving pages back may take long. */
static void queue_idle(struct work_struct *work)
{
	struct blkback_queue *queue =
		container_of(work, struct blkback_queue, idle.work);

	if (READ_ONCE(queue->busy)) {
		WRITE_ONCE(queue->busy, false);
		queue_idle_later(queue);
		return;
	}
	blkback_pages_shrink(&queue->mover.pages);
	/* The objects are the pass's. */
	set_bit(BLKBACK_QUEUE_IDLE, &queue->flags);
	blkback_queue_kick(queue);
}

/*
 * Everything is done: let the next event come.  It was spurious only if nothing
 * was consumed since the one before; a pass made for another reason may have
 * eaten its work (rule RN7).
 */
static void queue_acknowledge(struct blkback_queue *queue)
{
	if (!test_and_clear_bit(BLKBACK_QUEUE_EVENT, &queue->flags))
		return;
	blkback_port_eoi(queue->irq, !queue->consumed);
	queue->consumed = false;
}

static bool queue_is_shut(const struct blkback_queue *queue)
{
	return test_bit(BLKBACK_QUEUE_STOPPED, &queue->flags) ||
	       test_bit(BLKBACK_QUEUE_BROKEN, &queue->flags);
}

/* The ring's part of a pass; false when some slots have to stay on it. */
static bool queue_intake(struct blkback_queue *queue)
{
	LIST_HEAD(refused);
	bool all = false;

	if (!queue_is_shut(queue))
		all = blkback_intake_take(queue, &refused);
	else if (test_bit(BLKBACK_QUEUE_STOPPED, &queue->flags))
		clear_bit_unlock(BLKBACK_QUEUE_SERVED, &queue->flags);
	/* Nobody tells of an object that is free again, nor of those slots. */
	if (!all && !queue_is_shut(queue))
		blkback_queue_retry(queue);
	blkback_intake_describe(queue, &refused);
	blkback_settle_refused(queue, &refused);
	return all;
}

/* Of what is kept beyond need: for how long it may be. */
static void queue_tidy(struct blkback_queue *queue)
{
	blkback_mover_tidy(&queue->mover);
	if (test_and_clear_bit(BLKBACK_QUEUE_IDLE, &queue->flags)) {
		blkback_pool_shrink(&queue->pool);
		blkback_mover_shrink(&queue->mover);
		blkback_latency_fold(queue);
	}
	if (!delayed_work_pending(&queue->idle) &&
	    (blkback_pool_surplus(&queue->pool) ||
	     blkback_mover_surplus(&queue->mover) ||
	     blkback_latency_surplus(queue->stats)))
		queue_idle_later(queue);
}

/* True when the frontend is to be notified, which is the caller's to do. */
static bool queue_push(struct blkback_queue *queue)
{
	if (!blkback_ring_push(&queue->ring))
		return false;
	queue->deadline.notified = jiffies;
	queue->deadline.active = true;
	return true;
}

/* The frontend has been shown what was answered. */
static void queue_count(struct blkback_queue *queue)
{
	blkback_latency_shown(queue);
	blkback_unwritten_tell(queue);
	if (queue->unwritten_bytes && READ_ONCE(blkback_max_unwritten_bytes))
		blkback_unwritten_add(queue);
}

static void queue_deadline(struct blkback_queue *queue)
{
	struct blkback_deadline *deadline = &queue->deadline;

	if (queue->nr_taken)
		deadline->active = true;
	if (unlikely(test_bit(BLKBACK_QUEUE_LOOK, &queue->flags))) {
		clear_bit(BLKBACK_QUEUE_LOOK, &queue->flags);
		blkback_deadline_look(queue);
	} else if (deadline->active && !delayed_work_pending(&deadline->look)) {
		blkback_deadline_arm(queue);
	}
}

/* Is there a barrier on the disk, or something of ours left that was behind one? */
static bool queue_has_order(const struct blkback_queue *queue)
{
	const struct blkback_durable *durable = &queue->dev->durable;

	return unlikely(queue->order.nr_behind ||
			READ_ONCE(durable->nr_barriers) !=
			READ_ONCE(durable->nr_done));
}

/* The last look before it sleeps: is the ring empty? */
static bool queue_is_empty(struct blkback_queue *queue)
{
	s64 told = blkback_unwritten_told(queue->dev);

	if (blkback_ring_final_check(&queue->ring))
		return false;
	queue->told = told;
	return true;
}

/* False when some slots have to stay on the ring. */
static bool queue_round(struct blkback_queue *queue)
{
	LIST_HEAD(finished);
	bool intake;

	queue->round_ns = 0;
	queue->nr_settles = 0;
	blkback_settle_collect(queue, &finished);
	blkback_settle(queue, &finished);
	intake = queue_intake(queue);
	blkback_start(queue, &finished);
	blkback_settle_forsaken(queue);
	/* Fast devices are done already, and go into the same notification. */
	blkback_settle_collect(queue, &finished);
	blkback_settle(queue, &finished);
	/* What could not be started has given its pages back unannounced. */
	if (!list_empty(&queue->taken) || !list_empty(&queue->waiting) ||
	    !list_empty(&queue->starved) || queue->portion.silent)
		blkback_queue_retry(queue);
	queue->portion.silent = false;
	if (queue->nr_taken || queue->consumed)
		WRITE_ONCE(queue->busy, true);

	if (queue_push(queue))
		blkback_port_notify(queue->irq);
	queue_count(queue);
	return intake;
}

static bool queue_polls(struct blkback_queue *queue)
{
	return READ_ONCE(blkback_low_latency) && !queue_has_order(queue) &&
	       blkback_poll(queue);
}

/* There is no event for what has come since the last look, and another pass. */
static void queue_announce(struct blkback_queue *queue)
{
	WRITE_ONCE(queue->event_ns, blkback_latency_clock());
	blkback_queue_kick(queue);
}

static void queue_pass(struct blkback_queue *queue)
{
	unsigned int nr_rounds = 0;
	bool intake;

	/* The event stays unacknowledged, and none is asked for. */
	do
		intake = queue_round(queue);
	while (intake && ++nr_rounds < QUEUE_MAX_ROUNDS && queue_polls(queue));

	if (intake) {
		if (queue_is_empty(queue))
			queue_acknowledge(queue);
		else
			queue_announce(queue);
	}
	if (queue_has_order(queue) && blkback_durable_step(queue))
		blkback_queue_kick(queue);
	queue_deadline(queue);
	queue_tidy(queue);
	if (!queue->nr_taken && test_bit(BLKBACK_QUEUE_STOPPED, &queue->flags))
		wake_up(&queue->drained);
}

static void queue_work_fn(struct work_struct *work)
{
	struct blkback_queue *queue =
		container_of(work, struct blkback_queue, work);
	unsigned int noio = memalloc_noio_save();

	WRITE_ONCE(queue->pass_since, jiffies ?: 1);
	WRITE_ONCE(queue->worker, current);
	/* Who answers at the end of a bio just now is waited for. */
	spin_lock_irq(&queue->end_lock);
	WRITE_ONCE(queue->passing, true);
	spin_unlock_irq(&queue->end_lock);
	queue_pass(queue);
	WRITE_ONCE(queue->worker, NULL);
	/* The ring is whose who sees that; pairs with queue_end_early(). */
	smp_store_release(&queue->passing, false);
	/* Who ends a bio from here on kicks; who did before may not have. */
	smp_mb();
	if (!llist_empty(&queue->completions))
		blkback_queue_kick(queue);
	WRITE_ONCE(queue->pass_since, 0);
	memalloc_noio_restore(noio);
}

/* Does its end concern nobody but its frontend? */
static bool queue_ends_alone(struct blkback_req *req)
{
	switch (req->cmd.op) {
	case BLKBACK_READ:
	case BLKBACK_WRITE:
		return true;
	case BLKBACK_FLUSH:
		blkback_unwritten_flush_ended(req);
		return !blkback_unwritten_undecided(req) &&
		       !blkback_unwritten_tells(req);
	default:
		return false;
	}
}

/*
 * Is nothing left to do but to answer?  So it is for a request that has not failed and
 * is the only one under way, in its last part, all of whose pages stay mapped.  What else
 * may need a pass shows in the flags, in a retry that is due, or as a barrier.  Under
 * end_lock, and no pass is being made.
 */
static bool queue_may_end_early(const struct blkback_queue *queue,
				const struct blkback_part *part)
{
	struct blkback_req *req = part->req;

	return queue->nr_taken == 1 && req->nr_parts == 1 &&
	       list_empty(&req->list) &&
	       !part->error && !req->error && !req->shares &&
	       !part->emulation && blkback_mover_keeps(part) &&
	       READ_ONCE(queue->flags) == BIT(BLKBACK_QUEUE_SERVED) &&
	       !delayed_work_pending(&queue->retry) &&
	       !queue_has_order(queue) && queue_ends_alone(req);
}

/*
 * What a pass would do, which answers later what somebody still looks at.  True when
 * the frontend is to be notified.
 */
static bool queue_end_request(struct blkback_queue *queue,
			      struct blkback_part *part)
{
	LIST_HEAD(finished);
	bool notify;

	queue->round_ns = 0;
	queue->nr_settles = 0;
	queue->collected_ns = 0;
	part->ended_ns = 0;
	blkback_settle_note_end(queue, part);
	list_add_tail(&part->list, &finished);
	blkback_settle(queue, &finished);
	WRITE_ONCE(queue->busy, true);
	notify = queue_push(queue);
	queue_count(queue);
	return notify;
}

/*
 * A pass wakes a worker, which costs a lone request more than all that the pass does.
 * False when one has to be made.  Several requests are answered together, in a pass.
 */
static bool queue_end_early(struct blkback_queue *queue,
			    struct blkback_part *part)
{
	bool early, notify = false;
	unsigned long flags;

	if (READ_ONCE(queue->nr_taken) != 1 || READ_ONCE(queue->passing))
		return false;
	spin_lock_irqsave(&queue->end_lock, flags);
	/* Pairs with the release in queue_work_fn(). */
	early = !smp_load_acquire(&queue->passing) &&
		queue_may_end_early(queue, part);
	if (early)
		notify = queue_end_request(queue, part);
	spin_unlock_irqrestore(&queue->end_lock, flags);
	if (notify)
		blkback_port_notify(queue->irq);
	return early;
}

/* For the next pass, or the one that is being made. */
static void queue_end_later(struct blkback_queue *queue,
			    struct blkback_part *part)
{
	/* What ends at once is seen to have ended when it is collected. */
	part->ended_ns = READ_ONCE(queue->worker) == current && in_task() ?
			 0 : blkback_latency_clock();
	/*
	 * A pass that is being made looks at the list again after it has said
	 * that it is not any more; adding to it is a full barrier.
	 */
	if (llist_add(&part->done, &queue->completions) &&
	    !READ_ONCE(queue->passing))
		blkback_queue_kick(queue);
}

/**
 * blkback_queue_complete - the disk is done with a part of a request
 * @part: the part, its @error set
 *
 * The request may be answered when this returns, by a pass or by this, and the queue
 * be destroyed, which waits for a grace period before it frees what is used here.
 *
 * Context: any.
 */
void blkback_queue_complete(struct blkback_part *part)
{
	struct blkback_queue *queue = part->req->queue;

	rcu_read_lock();
	if (!queue_end_early(queue, part))
		queue_end_later(queue, part);
	rcu_read_unlock();
}

/**
 * blkback_queue_init - what a ring is before it has pages and an event
 * @queue: the ring, zeroed
 * @dev: whose it is
 * @number: which of its rings
 *
 * No pass is made before blkback_queue_start(): an event may come before the
 * number of its interrupt is known, and could not be acknowledged.
 */
void blkback_queue_init(struct blkback_queue *queue, struct blkback_dev *dev,
			unsigned int number)
{
	queue->dev = dev;
	queue->number = number;
	INIT_WORK(&queue->work, queue_work_fn);
	disable_work(&queue->work);
	INIT_DELAYED_WORK(&queue->retry, queue_retry);
	INIT_DELAYED_WORK(&queue->idle, queue_idle);
	blkback_deadline_init(&queue->deadline);
	spin_lock_init(&queue->end_lock);
	init_llist_head(&queue->completions);
	INIT_LIST_HEAD(&queue->taken);
	blkback_durable_join(queue);
	blkback_limit_join(queue);
	blkback_share_join_ring(queue);
	queue->told = blkback_unwritten_told(dev);
	INIT_LIST_HEAD(&queue->waiting);
	INIT_LIST_HEAD(&queue->forsaken);
	INIT_LIST_HEAD(&queue->starved);
	INIT_LIST_HEAD(&queue->held);
	init_waitqueue_head(&queue->drained);
}

/**
 * blkback_queue_start - serve the ring from now on
 * @queue: the ring, attached and bound
 */
void blkback_queue_start(struct blkback_queue *queue)
{
	set_bit(BLKBACK_QUEUE_SERVED, &queue->flags);
	enable_work(&queue->work);
	/* A frontend that was connected before may not send an event for it. */
	blkback_queue_kick(queue);
}

/**
 * blkback_queue_stop - take no more slots off the ring
 * @queue: the ring, started or not
 *
 * Does not wait.
 */
void blkback_queue_stop(struct blkback_queue *queue)
{
	/* Who sees it sees why: what was written to @dev->left. */
	smp_mb__before_atomic();
	set_bit(BLKBACK_QUEUE_STOPPED, &queue->flags);
	/* The pass that sees the flag takes none. */
	blkback_queue_kick(queue);
}

static bool queue_is_drained(const struct blkback_queue *queue)
{
	return !test_bit_acquire(BLKBACK_QUEUE_SERVED, &queue->flags) &&
	       !READ_ONCE(queue->nr_taken);
}

/**
 * blkback_queue_drain - wait until all that was taken has been answered
 * @queue: the ring, stopped
 *
 * A disk may hold a request for ever, or the pass that brings it one; then this
 * waits, and says so.
 *
 * Context: the device's work item, sleeps.
 */
void blkback_queue_drain(struct blkback_queue *queue)
{
	unsigned int waited_s = 0;

	while (!wait_event_timeout(queue->drained, queue_is_drained(queue),
				   QUEUE_DRAIN_WARN_S * HZ)) {
		waited_s += QUEUE_DRAIN_WARN_S;
		blkback_warn(queue->dev,
			     "disconnect waits for %u requests of ring %u that the disk has not finished for %u seconds\n",
			     READ_ONCE(queue->nr_taken), queue->number, waited_s);
	}
}

/**
 * blkback_queue_end - no pass is made any more
 * @queue: the ring, drained, or never started; a grace period has gone by since
 *
 * Context: the device's work item, sleeps.
 */
void blkback_queue_end(struct blkback_queue *queue)
{
	disable_work_sync(&queue->work);
	cancel_delayed_work_sync(&queue->retry);
	cancel_delayed_work_sync(&queue->idle);
	blkback_deadline_end(&queue->deadline);
}
