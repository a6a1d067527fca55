// SPDX-License-Identifier: GPL-2.0
/*
 * The block layer's requests: on their way to the ring and back.
 *
 * A request is made ready before the lock is taken, put under it, and the
 * backend told after it; all requests of a plug, if the block layer hands them over
 * as one.  If not, the ring's producer nevertheless moves once per plug, as long as
 * it says that more is to come.
 *
 * An answer is taken under the lock in the interrupt handler, which notes the
 * outcome and no more.  What follows, where access to the pages is ended, is done
 * without the lock, where the block layer wants it: with several rings in the
 * handler itself, when it runs on the CPU that submitted the request or on one
 * that shares a cache with it; otherwise in softirq context, on that CPU.  So it
 * has to be good for hard interrupts.  A thread would cost every request a wakeup.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-mq.h>
#include <linux/interrupt.h>

#include "blkfront.h"
#include "compat.h"
#include "trace.h"

/*
 * As many requests end together, as the block layer does with tags.  In an interrupt the
 * first does not wait until the data of all others, which may be megabytes, were copied.
 */
#define SUBMIT_BATCH	32

/*
 * The outcome of a request that the backend cannot do.  A flush that cannot be
 * done is a flush that failed: fsync has to say so.  It is said once in the log,
 * and the next flush is sent again.
 */
static blk_status_t submit_refuse(struct blkfront_shadow *shadow)
{
	struct blkfront_disk *disk = shadow->ctx->queue->disk;

	if (shadow->io.op == BLKFRONT_DISCARD ||
	    shadow->io.op == BLKFRONT_SECURE_ERASE)
		return BLK_STS_NOTSUPP;
	if (shadow->io.op == BLKFRONT_FLUSH &&
	    !test_and_set_bit(BLKFRONT_FLUSH_REFUSED, &disk->flags))
		pr_err("%s: the backend does not flush its cache: fsync fails\n",
		       disk->vdev.name);
	return BLK_STS_IOERR;
}

/**
 * blkfront_submit_status - the outcome of a request that is not sent
 * @shadow: its shadow
 * @err: what blkfront_piece_make() returned
 *
 * Context: any.
 */
blk_status_t blkfront_submit_status(struct blkfront_shadow *shadow, int err)
{
	if (err == -EOPNOTSUPP)
		return submit_refuse(shadow);
	if (err == -EALREADY)
		return BLK_STS_OK;
	if (err == -EIO)
		return BLK_STS_IOERR;
	pr_err_ratelimited("%s: a request cannot be expressed: operation %u, error %d\n",
			   shadow->ctx->queue->name, req_op(shadow->rq), err);
	return BLK_STS_IOERR;
}

/* All that goes wrong with a connection is settled by the disk's work item. */
static void submit_break(struct blkfront_queue *queue)
{
	set_bit(BLKFRONT_BROKEN, &queue->disk->flags);
	blkfront_disk_queue_work(queue->disk, 0);
}

/*
 * End access to the pages.  If the backend still has one mapped the request
 * stays in the journal until it has not: nobody may use its pages before.
 */
static bool submit_disarm(struct blkfront_queue *queue,
			  struct blkfront_shadow *shadow)
{
	unsigned long flags;

	if (likely(blkfront_grants_disarm(shadow)))
		return true;

	pr_err_ratelimited("%s: the backend answered a request and kept a page of it\n",
			   queue->name);
	submit_break(queue);
	blkfront_deadline_watch(queue->disk);
	/* Once it is held, the work item may end it, and the disk be gone. */
	spin_lock_irqsave(&queue->lock, flags);
	queue->broken = true;
	shadow->state = BLKFRONT_HELD;
	wake_up_all(&queue->disk->wait);
	spin_unlock_irqrestore(&queue->lock, flags);
	return false;
}

/* There may be room: others get on.  The caller has a request of the disk. */
static void submit_kick(struct blkfront_queue *queue)
{
	if (blkfront_backlog_kick(queue))
		blk_mq_run_hw_queues(queue->disk->gd->queue, true);
}

static void submit_commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	struct blkfront_ctx *ctx = hctx->driver_data;
	struct blkfront_queue *queue = ctx->queue;
	unsigned long flags;
	bool notify;

	if (unlikely(queue->dead))
		return;
	spin_lock_irqsave(&queue->lock, flags);
	notify = blkfront_ring_push(queue);
	spin_unlock_irqrestore(&queue->lock, flags);
	if (notify)
		blkfront_port_notify(queue->irq);
}

/*
 * A new request ends without the backend.  One that failed the block layer ends
 * itself, and then it has all pushed that went before.
 */
static blk_status_t submit_end_here(struct blk_mq_hw_ctx *hctx,
				    const struct blk_mq_queue_data *bd,
				    blk_status_t status)
{
	if (status)
		return status;
	blk_mq_start_request(bd->rq);
	blk_mq_end_request(bd->rq, BLK_STS_OK);
	if (bd->last)
		submit_commit_rqs(hctx);
	return BLK_STS_OK;
}

/*
 * Make a new request ready to be put.
 *
 * Return: what blkfront_piece_make() returned; with -EBUSY it has to wait.
 */
static int submit_make(struct blkfront_shadow *shadow, struct request *rq)
{
	int err;

	/* With a scheduler it may come back with another tag, and waits anew. */
	if (!shadow->waited || shadow->rq != rq)
		shadow->waits = jiffies;
	shadow->rq = rq;
	shadow->since = jiffies;
	blkfront_latency_begin(shadow, rq->start_time_ns,
			       shadow->waited || rq->rq_flags & RQF_USE_SCHED);
	rq->timeout = blkfront_deadline_jiffies();
	err = blkfront_piece_make(shadow);
	shadow->waited = err == -EBUSY;
	return err;
}

static blk_status_t submit_queue_rq(struct blk_mq_hw_ctx *hctx,
				    const struct blk_mq_queue_data *bd)
{
	struct blkfront_ctx *ctx = hctx->driver_data;
	struct blkfront_queue *queue = ctx->queue;
	struct request *rq = bd->rq;
	struct blkfront_shadow *shadow = &ctx->shadow[rq->tag];
	int err;

	if (unlikely(queue->dead))
		return BLK_STS_IOERR;
	/*
	 * Not BLK_STS_DEV_RESOURCE: what makes room may be a request of another
	 * hardware context, and end before the block layer has put this one
	 * back.  With this status it also looks for itself after a while.
	 */
	if (unlikely(blkfront_backlog_closed(queue))) {
		shadow->waited = true;
		return BLK_STS_RESOURCE;
	}
	err = submit_make(shadow, rq);
	if (unlikely(err == -EBUSY)) {
		blkfront_backlog_starve(queue);
		return BLK_STS_RESOURCE;
	}
	if (unlikely(err)) {
		submit_kick(queue);
		return submit_end_here(hctx, bd,
				       blkfront_submit_status(shadow, err));
	}
	blk_mq_start_request(rq);
	blkfront_backlog_put(shadow, bd->last);
	return BLK_STS_OK;
}

/*
 * The first of a plug, as many as are for one context and can be put.
 *
 * Return: false if the next one is not for this function: it has to wait, or ends
 * without the backend.
 */
static bool submit_plugged(struct blk_mq_hw_ctx *hctx, compat_rq_list_t *plug)
{
	struct blkfront_ctx *ctx = hctx->driver_data;
	struct blkfront_queue *queue = ctx->queue;
	struct blkfront_shadow *shadow;
	struct request *rq;
	unsigned int room;
	LIST_HEAD(made);

	if (unlikely(queue->dead || blkfront_backlog_closed(queue)))
		return false;
	room = blkfront_ring_room(queue);
	while ((rq = rq_list_peek(plug)) && rq->mq_hctx == hctx && room--) {
		shadow = &ctx->shadow[rq->tag];
		if (unlikely(submit_make(shadow, rq)))
			break;
		rq_list_pop(plug);
		blk_mq_start_request(rq);
		list_add_tail(&shadow->node, &made);
	}
	if (list_empty(&made))
		return false;
	blkfront_backlog_put_all(queue, &made);
	return true;
}

/* What stays on the list goes through queue_rq, in order. */
static void submit_queue_rqs(compat_rq_list_t *plug)
{
	struct request *rq;

	while ((rq = rq_list_peek(plug)))
		if (!submit_plugged(rq->mq_hctx, plug))
			return;
}

/* Under queue->lock: the request is in the journal no more. */
static void submit_forget(struct blkfront_shadow *shadow, blk_status_t status)
{
	lockdep_assert_held(&shadow->ctx->queue->lock);
	trace_blkfront_end(shadow, status);
	blkfront_latency_end(shadow);
	shadow->state = BLKFRONT_FREE;
	shadow->rq = NULL;
	shadow->ctx->nr_busy--;
}

/* What EOPNOTSUPP means for the request, and for those after it. */
static blk_status_t submit_not_supported(struct blkfront_shadow *shadow)
{
	struct blkfront_disk *disk = shadow->ctx->queue->disk;
	blk_status_t status = submit_refuse(shadow);

	if (status == BLK_STS_NOTSUPP) {
		set_bit(BLKFRONT_NO_DISCARD, &disk->flags);
		blkfront_disk_queue_block_work(disk);
	}
	return status;
}

/*
 * See to a request that was answered, in hard interrupt or softirq, as the block
 * layer decides, or where somebody polls for it.
 *
 * Return: true if it is to be ended, with the status in its shadow; false if it is
 * not over, and the caller's no more.
 */
static bool submit_settle(struct blkfront_shadow *shadow)
{
	unsigned int bytes = shadow->io.nr_sectors << SECTOR_SHIFT;
	struct blkfront_queue *queue = shadow->ctx->queue;

	if (!submit_disarm(queue, shadow))
		return false;
	if (!shadow->status && queue->pool.private)
		blkfront_bounce_home(shadow);
	blkfront_piece_drop(shadow);
	if (unlikely(shadow->status == BLK_STS_NOTSUPP))
		shadow->status = submit_not_supported(shadow);
	if (likely(!shadow->rest) || shadow->status ||
	    !blk_update_request(shadow->rq, BLK_STS_OK, bytes))
		return true;
	blkfront_deadline_watch(queue->disk);
	blkfront_backlog_add(shadow, true);
	return false;
}

/* One by one: those that are for another CPU, or to be ended by themselves. */
static void submit_complete(struct request *rq)
{
	struct blkfront_ctx *ctx = rq->mq_hctx->driver_data;
	struct blkfront_shadow *shadow = &ctx->shadow[rq->tag];

	if (submit_settle(shadow))
		blkfront_submit_end(shadow, shadow->status);
}

/*
 * The first of those that were answered, as far as they are over on this CPU: one lock
 * and one kick for all, and the block layer has their tags back together.  It does not
 * take those that failed, or that somebody but their bios waits for.
 */
static void submit_complete_some(struct blkfront_queue *queue,
				 struct list_head *answered,
				 struct io_comp_batch *iob)
{
	unsigned int nr = SUBMIT_BATCH;
	struct blkfront_shadow *shadow;
	unsigned long flags;
	LIST_HEAD(over);

	while (nr-- && !list_empty(answered)) {
		shadow = list_first_entry(answered, struct blkfront_shadow,
					  node);
		list_del(&shadow->node);
		if (blk_mq_complete_request_remote(shadow->rq) ||
		    !submit_settle(shadow))
			continue;
		if (!shadow->status &&
		    blk_mq_add_to_batch(shadow->rq, iob, false,
					blk_mq_end_request_batch))
			list_add_tail(&shadow->node, &over);
		else
			blkfront_submit_end(shadow, shadow->status);
	}
	if (list_empty(&over))
		return;

	spin_lock_irqsave(&queue->lock, flags);
	list_for_each_entry(shadow, &over, node)
		submit_forget(shadow, BLK_STS_OK);
	if (wq_has_sleeper(&queue->disk->wait))
		wake_up_all(&queue->disk->wait);
	spin_unlock_irqrestore(&queue->lock, flags);
	submit_kick(queue);
}

/* Under queue->lock: take all answers that are there; how many. */
static unsigned int submit_take(struct blkfront_queue *queue,
				struct list_head *answered)
{
	struct blkfront_shadow *shadow;
	unsigned int nr = 0;
	u64 now = 0;

	lockdep_assert_held(&queue->lock);
	queue->end_ns = 0;
	do {
		while (!IS_ERR(shadow = blkfront_ring_take(queue))) {
			if (!nr++)
				now = blkfront_latency_clock();
			if (likely(!shadow->status))
				blkfront_durable_note(queue, shadow);
			shadow->times.answered_ns = now;
			trace_blkfront_take(shadow, shadow->status);
			list_add_tail(&shadow->node, answered);
		}
	} while (!blkfront_ring_done(queue));
	return nr;
}

/**
 * blkfront_submit_reap - take all answers that are on the ring
 * @queue: the queue
 *
 * From the interrupt handler, and from the work item when an event may have
 * been lost.  Takes no more than a ring holds: only what was in flight can be
 * answered, and nothing is put while the lock is held.
 *
 * Context: any.
 */
void blkfront_submit_reap(struct blkfront_queue *queue)
{
	LIST_HEAD(answered);
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	submit_take(queue, &answered);
	spin_unlock_irqrestore(&queue->lock, flags);

	/* Once the last requests have ended, the disk may be gone. */
	while (!list_empty(&answered)) {
		DEFINE_IO_COMP_BATCH(iob);

		submit_complete_some(queue, &answered, &iob);
		if (iob.complete)
			iob.complete(&iob);
	}
}

/**
 * blkfront_submit_poll - take all answers that are on the ring, with no event
 * @queue: the queue, which may have no ring
 * @iob: gets requests that the caller ends, together; may be NULL
 *
 * Context: any; does not sleep.  What is under way with the queue is no matter.
 * Return: how many there were.
 */
unsigned int blkfront_submit_poll(struct blkfront_queue *queue,
				  struct io_comp_batch *iob)
{
	bool good, broke;
	LIST_HEAD(answered);
	unsigned long flags;
	unsigned int nr;

	spin_lock_irqsave(&queue->lock, flags);
	good = !queue->broken;
	nr = submit_take(queue, &answered);
	broke = good && queue->broken;
	spin_unlock_irqrestore(&queue->lock, flags);

	if (unlikely(broke))
		submit_break(queue);
	while (!list_empty(&answered))
		submit_complete_some(queue, &answered, iob);
	return nr;
}

/**
 * blkfront_submit_interrupt - the backend sent an event
 * @irq: the interrupt
 * @data: the queue
 *
 * An event is spurious if nothing was taken since the
 * last one, by whomever: an answer that comes while the handler looks at the
 * ring is taken at once, and its event finds none.  The kernel delays the
 * events of a backend that sends spurious ones.
 *
 * Context: hard interrupt.
 */
irqreturn_t blkfront_submit_interrupt(int irq, void *data)
{
	struct blkfront_queue *queue = data;
	RING_IDX before = READ_ONCE(queue->ring.rsp_cons);
	bool spurious;

	blkfront_submit_reap(queue);
	spurious = READ_ONCE(queue->ring.rsp_cons) == queue->event_cons;
	queue->event_cons = before;

	/*
	 * A broken ring gets no end of interrupt: whatever is on it, it shall
	 * not disturb us any more.
	 */
	if (unlikely(READ_ONCE(queue->broken))) {
		submit_break(queue);
		return IRQ_HANDLED;
	}
	blkfront_port_event_eoi(irq, spurious);
	return IRQ_HANDLED;
}

/**
 * blkfront_submit_look - look at a ring whose event may have been lost
 * @queue: the queue, which has a ring
 *
 * Context: process, under disk->lock.
 */
void blkfront_submit_look(struct blkfront_queue *queue)
{
	blkfront_submit_reap(queue);
	if (unlikely(READ_ONCE(queue->broken)))
		submit_break(queue);
	else
		submit_kick(queue);
}

/**
 * blkfront_submit_end - end a request whose pages are its owner's again
 * @shadow: its shadow, with nothing lent any more
 * @status: its outcome
 *
 * Context: any.
 */
void blkfront_submit_end(struct blkfront_shadow *shadow, blk_status_t status)
{
	struct blkfront_queue *queue = shadow->ctx->queue;
	struct request *rq = shadow->rq;
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	submit_forget(shadow, status);
	if (wq_has_sleeper(&queue->disk->wait))
		wake_up_all(&queue->disk->wait);
	spin_unlock_irqrestore(&queue->lock, flags);

	submit_kick(queue);
	/* Once the request has ended, the disk may be gone. */
	blk_mq_end_request(rq, status);
}

static int submit_init_hctx(struct blk_mq_hw_ctx *hctx, void *driver_data,
			    unsigned int index)
{
	struct blkfront_disk *disk = driver_data;

	hctx->driver_data = &disk->ctxs[index];
	return 0;
}

static int submit_poll(struct blk_mq_hw_ctx *hctx, struct io_comp_batch *iob)
{
	struct blkfront_ctx *ctx = hctx->driver_data;
	struct blkfront_queue *queue = READ_ONCE(ctx->queue);

	blkfront_poll_note(queue);
	return blkfront_submit_poll(queue, iob);
}

/* The last contexts are for polling, if there are such. */
static void submit_map_queues(struct blk_mq_tag_set *set)
{
	struct blkfront_disk *disk = set->driver_data;
	unsigned int nr = disk->nr_ctxs - disk->nr_poll_ctxs;

	set->map[HCTX_TYPE_DEFAULT].nr_queues = nr;
	blk_mq_map_queues(&set->map[HCTX_TYPE_DEFAULT]);
	if (!disk->nr_poll_ctxs)
		return;
	set->map[HCTX_TYPE_POLL].nr_queues = disk->nr_poll_ctxs;
	set->map[HCTX_TYPE_POLL].queue_offset = nr;
	blk_mq_map_queues(&set->map[HCTX_TYPE_POLL]);
}

const struct blk_mq_ops blkfront_mq_ops = {
	.queue_rq = submit_queue_rq,
	.queue_rqs = submit_queue_rqs,
	.commit_rqs = submit_commit_rqs,
	.complete = submit_complete,
	.timeout = blkfront_deadline_timeout,
	.poll = submit_poll,
	.map_queues = submit_map_queues,
	.init_hctx = submit_init_hctx,
};
