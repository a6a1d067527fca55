// SPDX-License-Identifier: GPL-2.0
/*
 * A connection that ends, and the one that follows it.
 *
 * The shadows of a queue are the journal: what the backend was asked and has
 * not answered.  Whatever the reason why a connection ended (the backend left,
 * this domain was resumed elsewhere, the disk was removed, the backend broke
 * the protocol), it goes one way: park, so that nothing new is sent; fence, so
 * that the old backend can neither answer nor touch a page any more; and then
 * replay the journal to the new backend, oldest first and before anything new,
 * or fail it.
 *
 * Everything here is called under disk->lock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-mq.h>
#include <linux/mm.h>

#include "blkfront.h"

#define for_each_queue(disk, queue) \
	for ((queue) = (disk)->queues; \
	     (queue) < (disk)->queues + (disk)->nr_queues; (queue)++)

#define for_each_shadow(queue, shadow) \
	for ((shadow) = (queue)->shadow; \
	     (shadow) < (queue)->shadow + ARRAY_SIZE((queue)->shadow); \
	     (shadow)++)

/* In the journal, that is, with the backend and not with its completion. */
static bool recover_pending(const struct blkfront_shadow *shadow)
{
	enum blkfront_shadow_state state = READ_ONCE(shadow->state);

	return state == BLKFRONT_FLYING || state == BLKFRONT_HELD;
}

/**
 * blkfront_recover_park - let requests wait
 * @disk: the disk
 *
 * No queue_rq is running when this returns.  Nothing waits for the queue's
 * usage counter: the requests that wait hold it.
 *
 * Context: process, under disk->lock, may sleep.
 */
void blkfront_recover_park(struct blkfront_disk *disk)
{
	lockdep_assert_held(&disk->lock);
	if (!disk->gd || disk->parked)
		return;
	blk_mq_quiesce_queue(disk->gd->queue);
	disk->parked = true;
}

static void recover_unpark(struct blkfront_disk *disk)
{
	if (!disk->parked)
		return;
	disk->parked = false;
	blk_mq_unquiesce_queue(disk->gd->queue);
	blk_mq_run_hw_queues(disk->gd->queue, true);
}

static void recover_detach(struct blkfront_queue *queue)
{
	unsigned long flags;

	if (queue->irq)
		blkfront_port_event_unbind(queue->irq, queue);
	queue->irq = 0;
	spin_lock_irqsave(&queue->lock, flags);
	blkfront_ring_detach(queue);
	spin_unlock_irqrestore(&queue->lock, flags);
}

static bool recover_answered(struct blkfront_queue *queue)
{
	struct blkfront_shadow *shadow;

	for_each_shadow(queue, shadow)
		if (READ_ONCE(shadow->state) == BLKFRONT_ANSWERED)
			return true;
	return false;
}

/*
 * Take the ring back.  A backend that cannot write to it any more has answered
 * all that it will; those answers are good and are taken first.
 */
static bool recover_fence_ring(struct blkfront_queue *queue, bool give_up)
{
	if (!queue->page)
		return true;
	if (blkfront_port_grant_revoke(queue->ref)) {
		blkfront_submit_reap(queue);
		recover_detach(queue);
		__free_page(queue->page);
	} else if (give_up) {
		recover_detach(queue);
		blkfront_port_grant_defer(queue->ref, queue->page);
	} else {
		return false;
	}
	queue->page = NULL;
	queue->ref = INVALID_GRANT_REF;
	return true;
}

/**
 * blkfront_recover_fence - make sure that the backend touches nothing any more
 * @disk: the disk, parked
 * @give_up: pages that it does not let go of are left to it
 *
 * That it said Closed is no proof: whether its mappings are gone is seen by
 * ending its access.
 *
 * Context: process, under disk->lock, may sleep.
 * Return: false if it still has something mapped: ask again later.
 */
bool blkfront_recover_fence(struct blkfront_disk *disk, bool give_up)
{
	struct blkfront_shadow *shadow;
	struct blkfront_queue *queue;
	bool done = true;

	lockdep_assert_held(&disk->lock);
	for_each_queue(disk, queue) {
		if (!recover_fence_ring(queue, give_up)) {
			done = false;
			continue;
		}
		/* Softirqs on their way: each ends or becomes HELD. */
		wait_event(queue->wait, !recover_answered(queue));

		for_each_shadow(queue, shadow) {
			if (!recover_pending(shadow))
				continue;
			if (give_up ? !blkfront_grants_abandon(&shadow->grants) :
				      !blkfront_grants_revoke(&shadow->grants))
				done = false;
		}
	}
	return done;
}

/**
 * blkfront_recover_distrust - believe no answer that is on the ring now
 * @disk: the disk, in a domain that was resumed
 *
 * The old backend went on while this domain's memory was saved.  The page with
 * its answer may have been saved after it, and the page with the data before:
 * such a request has to be sent again.
 *
 * Context: process, under disk->lock.
 */
void blkfront_recover_distrust(struct blkfront_disk *disk)
{
	struct blkfront_queue *queue;
	unsigned long flags;

	lockdep_assert_held(&disk->lock);
	for_each_queue(disk, queue) {
		spin_lock_irqsave(&queue->lock, flags);
		queue->broken = true;
		spin_unlock_irqrestore(&queue->lock, flags);
	}
}

/**
 * blkfront_recover_prepare - get what a connection needs
 * @disk: the disk
 *
 * Context: process, under disk->lock, may sleep.
 * Return: 0, or -ENOSPC when there are not enough grant references, or -ENOMEM.
 */
int blkfront_recover_prepare(struct blkfront_disk *disk)
{
	struct blkfront_shadow *shadow;
	struct blkfront_queue *queue;
	int err;

	lockdep_assert_held(&disk->lock);
	for_each_queue(disk, queue) {
		for_each_shadow(queue, shadow) {
			err = blkfront_grants_fill(&shadow->grants);
			if (!err && disk->untrusted)
				err = blkfront_bounce_fill(shadow);
			if (err)
				return err;
		}
	}
	return 0;
}

/* The oldest request of the journal that was not put since @seq. */
static struct blkfront_shadow *recover_next(struct blkfront_queue *queue,
					    u64 seq)
{
	struct blkfront_shadow *shadow, *oldest = NULL;

	for_each_shadow(queue, shadow)
		if (recover_pending(shadow) && shadow->seq >= seq &&
		    (!oldest || shadow->seq < oldest->seq))
			oldest = shadow;
	return oldest;
}

static bool recover_put(struct blkfront_queue *queue,
			struct blkfront_shadow *shadow)
{
	unsigned int tag = shadow - queue->shadow;
	struct blkfront_io *io = &shadow->io;
	union blkif_native_request slot;
	unsigned long flags;

	if (blkfront_encode_op(io->op, &queue->config) < 0) {
		blkfront_submit_end(queue, tag,
				    blkfront_submit_refuse(queue, io));
		return false;
	}
	if (queue->bounce)
		blkfront_bounce_begin(shadow);
	blkfront_grants_arm(&shadow->grants, queue->domid, io->seg, io->nr_segs,
			    io->op == BLKFRONT_WRITE);
	blkfront_encode(&slot, io, &queue->config);

	spin_lock_irqsave(&queue->lock, flags);
	blkfront_ring_put(queue, tag, &slot);
	spin_unlock_irqrestore(&queue->lock, flags);
	return true;
}

static unsigned int recover_replay_queue(struct blkfront_queue *queue)
{
	struct blkfront_shadow *shadow;
	unsigned int nr = 0;
	u64 seq = 0;

	while ((shadow = recover_next(queue, seq))) {
		seq = shadow->seq + 1;
		nr += recover_put(queue, shadow);
	}
	blkfront_submit_push(queue);
	return nr;
}

/**
 * blkfront_recover_replay - send the journal again, then let requests flow
 * @disk: the disk, connected to its next backend
 *
 * Context: process, under disk->lock, may sleep.
 * Return: how many requests were sent again.
 */
unsigned int blkfront_recover_replay(struct blkfront_disk *disk)
{
	struct blkfront_queue *queue;
	unsigned int nr = 0;

	lockdep_assert_held(&disk->lock);
	for_each_queue(disk, queue) {
		queue->config = disk->config;
		queue->domid = disk->domid;
		queue->bounce = disk->untrusted;
		nr += recover_replay_queue(queue);
	}
	recover_unpark(disk);
	return nr;
}

/**
 * blkfront_recover_refresh - the backend may have been another one for a while
 * @disk: the disk, connected
 *
 * A backend that is unbound and bound again maps the same ring, and what was in
 * flight is still on it; events that either side sent meanwhile are lost.
 *
 * Context: process, under disk->lock, may sleep.
 */
void blkfront_recover_refresh(struct blkfront_disk *disk)
{
	struct blkfront_queue *queue;

	lockdep_assert_held(&disk->lock);
	blkfront_recover_park(disk);
	for_each_queue(disk, queue) {
		queue->config = disk->config;
		blkfront_submit_reap(queue);
		blkfront_port_notify(queue->irq);
	}
	recover_unpark(disk);
}

/**
 * blkfront_recover_fail - fail the journal, and all that comes after it
 * @disk: the disk, fenced for good
 *
 * Grants and pages go as well: nothing will be sent any more.
 *
 * Context: process, under disk->lock, may sleep.
 */
void blkfront_recover_fail(struct blkfront_disk *disk)
{
	struct blkfront_shadow *shadow;
	struct blkfront_queue *queue;

	lockdep_assert_held(&disk->lock);
	for_each_queue(disk, queue) {
		queue->dead = true;
		for_each_shadow(queue, shadow) {
			if (recover_pending(shadow))
				blkfront_submit_end(queue, shadow - queue->shadow,
						    BLK_STS_IOERR);
			blkfront_grants_drain(&shadow->grants);
			blkfront_bounce_drain(shadow);
		}
	}
	recover_unpark(disk);
}

/**
 * blkfront_recover_drain - wait until nothing is in flight
 * @disk: the disk, connected
 * @timeout: jiffies
 *
 * Leaves nothing stopped: who is suspended in vain is not told.
 *
 * Context: process, under disk->lock, sleeps as long as it is told to.
 * Return: false if something was still in flight at the end.
 */
bool blkfront_recover_drain(struct blkfront_disk *disk, unsigned long timeout)
{
	struct blkfront_queue *queue;
	bool idle = true;

	lockdep_assert_held(&disk->lock);
	if (!disk->gd || disk->parked)
		return true;
	blk_mq_quiesce_queue(disk->gd->queue);
	for_each_queue(disk, queue) {
		timeout = wait_event_timeout(queue->wait,
					     !READ_ONCE(queue->nr_busy),
					     timeout);
		if (!timeout) {
			idle = false;
			break;
		}
	}
	blk_mq_unquiesce_queue(disk->gd->queue);
	blk_mq_run_hw_queues(disk->gd->queue, true);
	return idle;
}
