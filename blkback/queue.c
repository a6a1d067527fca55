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
 * blkback_queue_complete - the disk is done with a part of a request
 * @part: the part, its @error set
 *
 * Context: any.
 */
void blkback_queue_complete(struct blkback_part *part)
{
	struct blkback_queue *queue = part->req->queue;

	/*
	 * Once on the list it may be answered and the queue destroyed, which
	 * waits for a grace period before it frees what is kicked here.  A pass
	 * that is being made looks at the list again after it has said that it
	 * is not any more; adding to it is a full barrier.
	 */
	rcu_read_lock();
	if (llist_add(&part->done, &queue->completions) &&
	    !READ_ONCE(queue->passing))
		blkback_queue_kick(queue);
	rcu_read_unlock();
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

	set_bit(BLKBACK_QUEUE_EVENT, &queue->flags);
	blkback_queue_kick(queue);
	return IRQ_HANDLED;
}

static void queue_retry(struct work_struct *work)
{
	blkback_queue_kick(container_of(work, struct blkback_queue,
					retry.work));
}

static void queue_retry_later(struct blkback_queue *queue)
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

/* errno becomes the wire's status here and nowhere else. */
static s16 wire_status(int error)
{
	switch (error) {
	case 0:
		return BLKIF_RSP_OKAY;
	case -EOPNOTSUPP:
		return BLKIF_RSP_EOPNOTSUPP;
	default:
		return BLKIF_RSP_ERROR;
	}
}

static void queue_answer(struct blkback_queue *queue, struct blkback_req *req)
{
	const struct blkback_cmd *cmd = &req->cmd;

	if (req->error)
		blkback_warn(queue->dev,
			     "request 0x%llx (operation %u, %u segments) at sector %llu failed: %pe\n",
			     cmd->id, cmd->wire_op, cmd->nr_segments,
			     cmd->sector, ERR_PTR(req->error));
	blkback_ring_answer(&queue->ring, cmd->id, cmd->wire_op,
			    wire_status(req->error));
	blkback_pool_put_req(&queue->pool, req);
	queue->nr_taken--;
	queue->consumed = true;
}

static void queue_answer_refused(struct blkback_queue *queue,
				 struct list_head *refused)
{
	struct blkback_req *req, *next;

	list_for_each_entry_safe(req, next, refused, list) {
		list_del(&req->list);
		blkback_stats_refused(queue->stats);
		queue_answer(queue, req);
	}
}

static bool is_discard(const struct blkback_req *req)
{
	return req->cmd.op == BLKBACK_DISCARD ||
	       req->cmd.op == BLKBACK_SECURE_ERASE;
}

static bool is_flush(const struct blkback_req *req)
{
	return req->cmd.op == BLKBACK_FLUSH || req->cmd.op == BLKBACK_BARRIER;
}

/* True when a step has ended and another one is under way. */
static bool queue_continue(struct blkback_part *part)
{
	if (is_discard(part->req))
		return blkback_discard_continue(part);
	return part->emulation && blkback_emulate_continue(part);
}

/* Parts that the disk is done with, oldest first. */
static void queue_collect(struct blkback_queue *queue,
			  struct list_head *finished)
{
	struct llist_node *done = llist_del_all(&queue->completions);
	struct blkback_part *part, *next;

	list_splice_init(&queue->held, finished);
	llist_for_each_entry_safe(part, next, llist_reverse_order(done), done) {
		if (queue_continue(part))
			continue;
		if (is_flush(part->req))
			blkback_unwritten_flush_ended(part->req);
		list_add_tail(&part->list, finished);
	}
}

/*
 * What was offered is not said to be unknown.  A frontend that is told so may do
 * without, and tell its users that their data is safe.
 */
static int flush_error(const struct blkback_req *req)
{
	if (req->error == -EOPNOTSUPP && req->queue->dev->vbd.flush)
		return -EIO;
	return req->error;
}

static void queue_put_part(struct blkback_queue *queue,
			   struct blkback_part *part)
{
	blkback_emulate_release(part);
	blkback_pool_put_part(&queue->pool, part);
}

/* A request is answered when none of it is under way and none of it will be. */
static void queue_part_ended(struct blkback_queue *queue,
			     struct blkback_part *part)
{
	struct blkback_req *req = part->req;

	req->error = req->error ?: part->error;
	/* What has not started of a request that failed never will. */
	if (req->error)
		list_del_init(&req->list);
	queue_put_part(queue, part);
	if (--req->nr_parts || !list_empty(&req->list))
		return;
	list_del(&req->age);
	if (is_flush(req)) {
		req->error = flush_error(req);
		blkback_unwritten_flushed(req);
	}
	if (req->cmd.op == BLKBACK_BARRIER)
		blkback_durable_barrier_ended(req);
	if (req->cmd.op == BLKBACK_WRITE && !req->error)
		queue->unwritten_bytes += req->cmd.nr_sectors << SECTOR_SHIFT;
	blkback_stats_done(queue->stats, &req->cmd, req->error);
	queue_answer(queue, req);
}

/* The frontend's flush succeeded, beside one of ours which may not. */
static bool queue_is_undecided(const struct blkback_part *part)
{
	return is_flush(part->req) && !part->error &&
	       blkback_unwritten_undecided(part->req);
}

/*
 * The frontend has left, or begins again.  A page that is mapped it cannot have lent
 * to another since, but one that a read is to be copied to it can.
 */
static bool queue_is_forsaken(const struct blkback_queue *queue)
{
	if (!test_bit(BLKBACK_QUEUE_STOPPED, &queue->flags))
		return false;
	switch (READ_ONCE(queue->dev->front_state)) {
	case XenbusStateUnknown:
	case XenbusStateInitialising:
	case XenbusStateClosed:
		return true;
	default:
		return false;
	}
}

static void queue_forsake(struct list_head *finished)
{
	struct blkback_part *part;

	list_for_each_entry(part, finished, list)
		if (part->copied && part->req->cmd.op == BLKBACK_READ)
			part->error = part->error ?: -ENOTCONN;
}

/* No answer goes out before its pages are unmapped. */
static void queue_settle(struct blkback_queue *queue,
			 struct list_head *finished)
{
	struct blkback_part *part, *next;
	LIST_HEAD(starved);

	if (unlikely(queue_is_forsaken(queue)))
		queue_forsake(finished);
	blkback_mover_release(&queue->mover, finished, &queue->held);
	list_for_each_entry_safe(part, next, finished, list) {
		list_del(&part->list);
		if (part->starved && !part->error && !part->req->error)
			list_add_tail(&part->list, &starved);
		else if (queue_is_undecided(part))
			list_add_tail(&part->list, &queue->held);
		else
			queue_part_ended(queue, part);
	}
	/* They are older than those that had no turn. */
	list_splice(&starved, &queue->starved);
	if (!list_empty(&queue->held))
		queue_retry_later(queue);
}

static bool queue_reserve(struct blkback_queue *queue,
			  struct blkback_part *part)
{
	if (queue->dev->vbd.by_units && !blkback_emulate_reserve(part))
		return false;
	return blkback_mover_reserve(&queue->mover, part);
}

/*
 * The next part of a request, with pages for all of it; NULL when there are not
 * enough, or no object.
 */
static struct blkback_part *queue_cut(struct blkback_queue *queue,
				      struct blkback_req *req)
{
	struct blkback_part *part = blkback_pool_get_part(&queue->pool);
	unsigned int i;

	if (!part)
		return NULL;
	part->req = req;
	part->sector = req->next_sector;
	part->seg = req->cmd.seg + req->next_segment;
	part->nr_segments = min(req->cmd.nr_segments - req->next_segment,
				BLKBACK_PART_SEGMENTS);
	if (!queue_reserve(queue, part)) {
		queue_put_part(queue, part);
		return NULL;
	}
	if (!req->next_segment)
		blkback_deadline_start(req);
	for (i = 0; i < part->nr_segments; i++)
		req->next_sector += part->seg[i].len_bytes >> SECTOR_SHIFT;
	req->next_segment += part->nr_segments;
	req->nr_parts++;
	return part;
}

/* False when some of the request has to wait. */
static bool queue_cut_all(struct blkback_queue *queue, struct blkback_req *req,
			  struct list_head *batch)
{
	struct blkback_part *part;

	/* One without data is one part, too. */
	do {
		part = queue_cut(queue, req);
		if (!part)
			return false;
		list_add_tail(&part->list, batch);
	} while (req->next_segment < req->cmd.nr_segments);
	list_del_init(&req->list);
	return true;
}

/* Parts that had no room before, oldest first; false when some wait still. */
static bool queue_retry_starved(struct blkback_queue *queue,
				struct list_head *batch,
				struct list_head *finished)
{
	struct blkback_part *part, *next;

	list_for_each_entry_safe(part, next, &queue->starved, list) {
		if (part->req->error) {
			list_move_tail(&part->list, finished);
			continue;
		}
		if (!blkback_mover_reserve(&queue->mover, part))
			return false;
		part->starved = false;
		list_move_tail(&part->list, batch);
	}
	return true;
}

/* What starts now, in order, as far as there are pages for it. */
static void queue_gather(struct blkback_queue *queue, struct list_head *batch,
			 struct list_head *finished)
{
	struct blkback_req *req, *next;
	bool all = queue_retry_starved(queue, batch, finished);

	list_for_each_entry_safe(req, next, &queue->waiting, list) {
		if (!all)
			break;
		all = queue_cut_all(queue, req, batch);
	}
	if (!all)
		blkback_stats_waited(queue->stats);
}

/* False when there was nothing to start. */
static bool queue_submit(struct blkback_part *part)
{
	if (is_discard(part->req))
		return blkback_discard_submit(part);
	if (is_flush(part->req))
		blkback_unwritten_flush_starts(part->req);
	if (part->emulation)
		blkback_emulate_submit(part);
	else
		blkback_io_submit(part);
	return true;
}

/* Start what can be; what came to its end at once is left on @finished. */
static void queue_start(struct blkback_queue *queue, struct list_head *finished)
{
	struct blkback_part *part, *next;
	struct blk_plug plug;
	LIST_HEAD(batch);

	queue_gather(queue, &batch, finished);
	if (list_empty(&batch))
		return;

	blkback_mover_bring(&queue->mover, &batch);
	/* Under one plug neighbouring parts of a request become one again. */
	blk_start_plug(&plug);
	list_for_each_entry_safe(part, next, &batch, list) {
		list_del(&part->list);
		if (part->error || part->starved || !queue_submit(part))
			list_add_tail(&part->list, finished);
	}
	blk_finish_plug(&plug);
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
		queue_retry_later(queue);
	blkback_intake_describe(queue, &refused);
	queue_answer_refused(queue, &refused);
	return all;
}

/* Of what is kept beyond need: for how long it may be. */
static void queue_tidy(struct blkback_queue *queue)
{
	blkback_mover_tidy(&queue->mover);
	if (test_and_clear_bit(BLKBACK_QUEUE_IDLE, &queue->flags)) {
		blkback_pool_shrink(&queue->pool);
		blkback_mover_shrink(&queue->mover);
	}
	if (!delayed_work_pending(&queue->idle) &&
	    (blkback_pool_surplus(&queue->pool) ||
	     blkback_mover_surplus(&queue->mover)))
		queue_idle_later(queue);
}

static void queue_push(struct blkback_queue *queue)
{
	if (!blkback_ring_push(&queue->ring))
		return;
	blkback_port_notify(queue->irq);
	queue->deadline.notified = jiffies;
	queue->deadline.active = true;
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

	queue_collect(queue, &finished);
	queue_settle(queue, &finished);
	intake = queue_intake(queue);
	queue_start(queue, &finished);
	/* Fast devices are done already, and go into the same notification. */
	queue_collect(queue, &finished);
	queue_settle(queue, &finished);
	/* What could not be started has given its pages back unannounced. */
	if (!list_empty(&queue->taken) || !list_empty(&queue->waiting) ||
	    !list_empty(&queue->starved))
		queue_retry_later(queue);
	if (queue->nr_taken || queue->consumed)
		WRITE_ONCE(queue->busy, true);

	queue_push(queue);
	blkback_unwritten_tell(queue);
	if (queue->unwritten_bytes && READ_ONCE(blkback_max_unwritten_bytes))
		blkback_unwritten_add(queue);
	return intake;
}

static bool queue_polls(struct blkback_queue *queue)
{
	return READ_ONCE(blkback_low_latency) && !queue_has_order(queue) &&
	       blkback_poll(queue);
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
			blkback_queue_kick(queue);
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

	WRITE_ONCE(queue->passing, true);
	queue_pass(queue);
	/* Who ends a bio from here on kicks; who did before may not have. */
	smp_store_mb(queue->passing, false);
	if (!llist_empty(&queue->completions))
		blkback_queue_kick(queue);
	memalloc_noio_restore(noio);
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
	init_llist_head(&queue->completions);
	INIT_LIST_HEAD(&queue->taken);
	blkback_durable_join(queue);
	queue->told = blkback_unwritten_told(dev);
	INIT_LIST_HEAD(&queue->waiting);
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
		dev_warn(&queue->dev->xbdev->dev,
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
