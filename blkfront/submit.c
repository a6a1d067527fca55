// SPDX-License-Identifier: GPL-2.0
/*
 * The block layer's requests: on their way to the ring and back.
 *
 * A request is prepared before the lock is taken, put under it, and the
 * backend told after it.  The ring's producer moves once per plug, as long as
 * the block layer says that more is to come.
 *
 * An answer is taken in the interrupt handler, which notes the outcome and no
 * more; blk_mq_complete_request() passes the request on to softirq context (of
 * the CPU that submitted it, once there are several queues).  There, and not
 * with interrupts off, access to its pages is ended.  A thread would do as
 * well, and cost every request a wakeup.  In a domain of one CPU the block layer
 * saves the softirq too.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-mq.h>
#include <linux/interrupt.h>

#include "blkfront.h"

static_assert(PAGE_SIZE == BLKIF_PAGE_SIZE,
	      "a segment of the block layer is a segment of the wire");

static int submit_op(const struct request *rq)
{
	switch (req_op(rq)) {
	case REQ_OP_READ:
		return BLKFRONT_READ;
	case REQ_OP_WRITE:
		return BLKFRONT_WRITE;
	case REQ_OP_FLUSH:
		return BLKFRONT_FLUSH;
	case REQ_OP_DISCARD:
		return BLKFRONT_DISCARD;
	case REQ_OP_SECURE_ERASE:
		return BLKFRONT_SECURE_ERASE;
	default:
		return -EOPNOTSUPP;
	}
}

/*
 * The pages of a request.  Neighbours within one page make one segment, as they
 * do where the block layer counts, and so there are never too many.
 */
static int submit_segments(struct request *rq, struct blkfront_shadow *shadow)
{
	struct blkfront_io *io = &shadow->io;
	struct page **page = shadow->grants.page;
	unsigned int end = 0, nr = 0;
	struct req_iterator iter;
	struct bio_vec bv;

	rq_for_each_segment(bv, rq, iter) {
		if ((bv.bv_offset | bv.bv_len) & (SECTOR_SIZE - 1))
			return -EINVAL;
		if (nr && page[nr - 1] == bv.bv_page && end == bv.bv_offset) {
			end += bv.bv_len;
			io->seg[nr - 1].last_sect = (end >> SECTOR_SHIFT) - 1;
			continue;
		}
		if (nr == ARRAY_SIZE(io->seg))
			return -E2BIG;
		end = bv.bv_offset + bv.bv_len;
		page[nr] = bv.bv_page;
		io->seg[nr].first_sect = bv.bv_offset >> SECTOR_SHIFT;
		io->seg[nr].last_sect = (end >> SECTOR_SHIFT) - 1;
		nr++;
	}
	return nr;
}

/* Describe the request in its tag's shadow, which nobody else looks at yet. */
static int submit_prepare(struct blkfront_queue *queue, struct request *rq)
{
	struct blkfront_shadow *shadow = &queue->shadow[rq->tag];
	struct blkfront_io *io = &shadow->io;
	int op = submit_op(rq), nr = 0;

	if (op < 0)
		return op;
	io->op = op;
	io->id = rq->tag;
	io->handle = queue->disk->handle;
	io->sector = blk_rq_pos(rq);
	io->nr_sectors = blk_rq_sectors(rq);
	if (op == BLKFRONT_READ || op == BLKFRONT_WRITE)
		nr = submit_segments(rq, shadow);
	else if (op == BLKFRONT_FLUSH)
		io->sector = 0;
	if (nr < 0)
		return nr;
	io->nr_segs = nr;
	shadow->rq = rq;
	return 0;
}

/**
 * blkfront_submit_refuse - the outcome of a request that the backend cannot do
 * @queue: the queue
 * @io: the request
 *
 * A flush that cannot be done is a flush that failed: fsync has to say so.  It
 * is said once in the log, and the next flush is sent again.
 *
 * Context: any.
 */
blk_status_t blkfront_submit_refuse(struct blkfront_queue *queue,
				    const struct blkfront_io *io)
{
	if (io->op == BLKFRONT_DISCARD || io->op == BLKFRONT_SECURE_ERASE)
		return BLK_STS_NOTSUPP;
	if (io->op == BLKFRONT_FLUSH &&
	    !test_and_set_bit(BLKFRONT_FLUSH_REFUSED, &queue->disk->flags))
		pr_err("%s: the backend does not flush its cache: fsync fails\n",
		       queue->name);
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
static bool submit_disarm(struct blkfront_queue *queue, unsigned int tag)
{
	struct blkfront_shadow *shadow = &queue->shadow[tag];
	unsigned long flags;

	if (likely(blkfront_grants_disarm(&shadow->grants)))
		return true;

	pr_err_ratelimited("%s: the backend answered a request and kept a page of it\n",
			   queue->name);
	submit_break(queue);
	/* Once it is held, the work item may end it, and the disk be gone. */
	spin_lock_irqsave(&queue->lock, flags);
	queue->broken = true;
	shadow->state = BLKFRONT_HELD;
	wake_up_all(&queue->wait);
	spin_unlock_irqrestore(&queue->lock, flags);
	return false;
}

static blk_status_t submit_queue_rq(struct blk_mq_hw_ctx *hctx,
				    const struct blk_mq_queue_data *bd)
{
	struct blkfront_queue *queue = hctx->driver_data;
	struct request *rq = bd->rq;
	struct blkfront_shadow *shadow = &queue->shadow[rq->tag];
	struct blkfront_io *io = &shadow->io;
	union blkif_native_request slot;
	bool notify = false;
	unsigned long flags;
	int err;

	if (unlikely(queue->dead))
		return BLK_STS_IOERR;

	err = submit_prepare(queue, rq);
	if (unlikely(err)) {
		pr_err_ratelimited("%s: a request cannot be expressed: operation %u, error %d\n",
				   queue->name, req_op(rq), err);
		return BLK_STS_IOERR;
	}
	if (unlikely(blkfront_encode_op(io->op, &queue->config) < 0))
		return blkfront_submit_refuse(queue, io);

	blk_mq_start_request(rq);
	if (queue->bounce)
		blkfront_bounce_begin(shadow);
	blkfront_grants_arm(&shadow->grants, queue->domid, io->seg, io->nr_segs,
			    io->op == BLKFRONT_WRITE);
	blkfront_encode(&slot, io, &queue->config);

	spin_lock_irqsave(&queue->lock, flags);
	blkfront_ring_put(queue, rq->tag, &slot);
	if (bd->last)
		notify = blkfront_ring_push(queue);
	spin_unlock_irqrestore(&queue->lock, flags);
	if (notify)
		blkfront_port_notify(queue->irq);
	return BLK_STS_OK;
}

/**
 * blkfront_submit_push - show the backend all that was put, and tell it
 * @queue: the queue, connected
 *
 * Context: any.
 */
void blkfront_submit_push(struct blkfront_queue *queue)
{
	unsigned long flags;
	bool notify;

	spin_lock_irqsave(&queue->lock, flags);
	notify = blkfront_ring_push(queue);
	spin_unlock_irqrestore(&queue->lock, flags);
	if (notify)
		blkfront_port_notify(queue->irq);
}

static void submit_commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	struct blkfront_queue *queue = hctx->driver_data;

	if (likely(!queue->dead))
		blkfront_submit_push(queue);
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
	u8 tags[BLKFRONT_RING_SLOTS];
	unsigned int nr = 0, i;
	unsigned long flags;
	int tag;

	spin_lock_irqsave(&queue->lock, flags);
	do {
		while ((tag = blkfront_ring_take(queue)) >= 0)
			tags[nr++] = tag;
	} while (!blkfront_ring_done(queue));
	spin_unlock_irqrestore(&queue->lock, flags);

	for (i = 0; i < nr; i++)
		blk_mq_complete_request(queue->shadow[tags[i]].rq);
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
 * blkfront_submit_end - end a request whose pages are its owner's again
 * @queue: the queue
 * @tag: its tag
 * @status: its outcome
 *
 * Context: any.
 */
void blkfront_submit_end(struct blkfront_queue *queue, unsigned int tag,
			 blk_status_t status)
{
	struct blkfront_shadow *shadow = &queue->shadow[tag];
	struct request *rq = shadow->rq;
	unsigned long flags;

	blkfront_bounce_end(shadow, status);

	spin_lock_irqsave(&queue->lock, flags);
	shadow->state = BLKFRONT_FREE;
	shadow->rq = NULL;
	queue->nr_busy--;
	/* Once the request has ended, the disk may be gone. */
	if (wq_has_sleeper(&queue->wait))
		wake_up_all(&queue->wait);
	spin_unlock_irqrestore(&queue->lock, flags);

	blk_mq_end_request(rq, status);
}

/* What EOPNOTSUPP means for the request, and for those after it. */
static blk_status_t submit_not_supported(struct blkfront_queue *queue,
					 const struct blkfront_io *io)
{
	blk_status_t status = blkfront_submit_refuse(queue, io);

	if (status == BLK_STS_NOTSUPP) {
		set_bit(BLKFRONT_NO_DISCARD, &queue->disk->flags);
		blkfront_disk_queue_block_work(queue->disk);
	}
	return status;
}

/* Softirq. */
static void submit_complete(struct request *rq)
{
	struct blkfront_queue *queue = rq->mq_hctx->driver_data;
	struct blkfront_shadow *shadow = &queue->shadow[rq->tag];
	blk_status_t status = shadow->status;

	if (!submit_disarm(queue, rq->tag))
		return;
	if (unlikely(status == BLK_STS_NOTSUPP))
		status = submit_not_supported(queue, &shadow->io);
	blkfront_submit_end(queue, rq->tag, status);
}

static int submit_init_hctx(struct blk_mq_hw_ctx *hctx, void *driver_data,
			    unsigned int index)
{
	struct blkfront_disk *disk = driver_data;

	hctx->driver_data = &disk->queues[index];
	return 0;
}

const struct blk_mq_ops blkfront_mq_ops = {
	.queue_rq = submit_queue_rq,
	.commit_rqs = submit_commit_rqs,
	.complete = submit_complete,
	.init_hctx = submit_init_hctx,
};
