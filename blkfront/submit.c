// SPDX-License-Identifier: GPL-2.0
/*
 * The block layer's requests: on their way to the ring and back.
 *
 * A request is made ready before the lock is taken, put under it, and the
 * backend told after it.  The ring's producer moves once per plug, as long as
 * the block layer says that more is to come.
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
	if (unlikely(blkfront_backlog_closed(queue)))
		return BLK_STS_RESOURCE;

	shadow->rq = rq;
	shadow->since = jiffies;
	rq->timeout = blkfront_deadline_jiffies();
	err = blkfront_piece_make(shadow);
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
	struct blkfront_shadow *shadow, *next;
	LIST_HEAD(answered);
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	do {
		while (!IS_ERR(shadow = blkfront_ring_take(queue))) {
			if (likely(!shadow->status))
				blkfront_durable_note(queue, shadow);
			list_add_tail(&shadow->node, &answered);
		}
	} while (!blkfront_ring_done(queue));
	spin_unlock_irqrestore(&queue->lock, flags);

	list_for_each_entry_safe(shadow, next, &answered, node)
		blk_mq_complete_request(shadow->rq);
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
	struct blkfront_ctx *ctx = shadow->ctx;
	struct blkfront_queue *queue = ctx->queue;
	struct request *rq = shadow->rq;
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	shadow->state = BLKFRONT_FREE;
	shadow->rq = NULL;
	ctx->nr_busy--;
	if (wq_has_sleeper(&queue->disk->wait))
		wake_up_all(&queue->disk->wait);
	spin_unlock_irqrestore(&queue->lock, flags);

	submit_kick(queue);
	/* Once the request has ended, the disk may be gone. */
	blk_mq_end_request(rq, status);
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

/* Hard interrupt or softirq, as the block layer decides. */
static void submit_complete(struct request *rq)
{
	struct blkfront_ctx *ctx = rq->mq_hctx->driver_data;
	struct blkfront_shadow *shadow = &ctx->shadow[rq->tag];
	unsigned int bytes = shadow->io.nr_sectors << SECTOR_SHIFT;
	blk_status_t status = shadow->status;

	if (!submit_disarm(ctx->queue, shadow))
		return;
	if (!status && ctx->queue->pool.private)
		blkfront_bounce_home(shadow);
	blkfront_piece_drop(shadow);
	if (unlikely(status == BLK_STS_NOTSUPP))
		status = submit_not_supported(shadow);
	if (unlikely(shadow->rest) && !status &&
	    blk_update_request(rq, BLK_STS_OK, bytes)) {
		blkfront_deadline_watch(ctx->queue->disk);
		blkfront_backlog_add(shadow, true);
	} else {
		blkfront_submit_end(shadow, status);
	}
}

static int submit_init_hctx(struct blk_mq_hw_ctx *hctx, void *driver_data,
			    unsigned int index)
{
	struct blkfront_disk *disk = driver_data;

	hctx->driver_data = &disk->ctxs[index];
	return 0;
}

const struct blk_mq_ops blkfront_mq_ops = {
	.queue_rq = submit_queue_rq,
	.commit_rqs = submit_commit_rqs,
	.complete = submit_complete,
	.timeout = blkfront_deadline_timeout,
	.init_hctx = submit_init_hctx,
};
