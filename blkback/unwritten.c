// SPDX-License-Identifier: GPL-2.0
/*
 * What a disk with a volatile write cache has been answered and has not written
 * for good: how much it may be, and what a flush of ours that fails means.
 *
 * With max_unwritten_bytes set, each ring adds what it answered, at the end of a pass
 * or of a lone request, and beyond the bound the disk is flushed by a work item: no answer waits
 * for that, and one such flush at a time is under way.
 *
 * A flush of ours that fails may have lost what was answered, and the disk may tell
 * it only once.  So each flush of the frontend fails that was sent before the
 * frontend was told, which the first of them does, and no other.  One that the disk
 * carries out beside ours is answered after ours has ended.
 */
#include <linux/sched/mm.h>

#include "blkback.h"

static bool beyond_bound(const struct blkback_unwritten *unwritten)
{
	unsigned long max = READ_ONCE(blkback_max_unwritten_bytes);
	s64 covered = atomic64_read(&unwritten->covered);

	return max && atomic64_read(&unwritten->answered) - covered >= max;
}

/* Several rings may have come so far. */
static void advance(atomic64_t *counter, s64 to)
{
	s64 old = atomic64_read(counter);

	while (old < to && !atomic64_try_cmpxchg(counter, &old, to))
		;
}

/* Needs no flush of ours any more. */
static void cover(struct blkback_unwritten *unwritten, s64 bytes)
{
	advance(&unwritten->covered, bytes);
}

/**
 * blkback_unwritten_lost - a flush of ours failed: the frontend's next one fails
 * @dev: the device
 *
 * Context: any.
 */
void blkback_unwritten_lost(struct blkback_dev *dev)
{
	atomic64_inc(&dev->unwritten.nr_lost);
}

/**
 * blkback_unwritten_told - how many failures of ours does the frontend know of?
 * @dev: the device
 *
 * What it sends from now on it sends knowing of them: a slot that a ring's index, read
 * after this, does not show is such a one.
 *
 * Context: any.
 * Return: their number.
 */
s64 blkback_unwritten_told(const struct blkback_dev *dev)
{
	s64 told = atomic64_read(&dev->unwritten.nr_told);

	smp_rmb();	/* the number before the index */
	return told;
}

/**
 * blkback_unwritten_untold - did a flush of ours fail that the frontend knows nothing of?
 * @dev: a device without rings
 *
 * Context: any.
 */
bool blkback_unwritten_untold(const struct blkback_dev *dev)
{
	return atomic64_read(&dev->unwritten.nr_lost) !=
	       atomic64_read(&dev->unwritten.nr_told);
}

/**
 * blkback_unwritten_tell - a ring's answers were shown to the frontend
 * @queue: the ring
 *
 * They are for nobody when the connection is about to end.
 *
 * Context: the ring's owner.
 */
void blkback_unwritten_tell(struct blkback_queue *queue)
{
	struct blkback_dev *dev = queue->dev;

	if (!queue->tells)
		return;
	if (!test_bit(BLKBACK_QUEUE_STOPPED, &queue->flags) &&
	    !test_bit(BLKBACK_QUEUE_BROKEN, &queue->flags)) {
		advance(&dev->unwritten.nr_told, queue->tells);
		/* Rings that have nothing to do have to look. */
		WRITE_ONCE(dev->unwritten.told_anew, true);
		blkback_state_kick(dev);
	}
	queue->tells = 0;
}

/* It waits for the disk, and for the disk alone. */
static void unwritten_flush(struct work_struct *work)
{
	struct blkback_unwritten *unwritten =
		container_of(work, struct blkback_unwritten, flush);
	struct blkback_dev *dev =
		container_of(unwritten, struct blkback_dev, unwritten);
	unsigned int noio = memalloc_noio_save();
	s64 bytes;
	int err;

	while (beyond_bound(unwritten)) {
		bytes = atomic64_read(&unwritten->answered);
		WRITE_ONCE(unwritten->nr_started, unwritten->nr_started + 1);
		err = blkback_charge_flush(dev);
		if (err) {
			blkback_unwritten_lost(dev);
			blkback_warn(dev,
				     "the disk did not flush its cache: %pe; up to %lld bytes that were answered may be lost, and the frontend's next flush will fail\n",
				     ERR_PTR(err),
				     bytes - atomic64_read(&unwritten->covered));
		}
		/* What may be lost is told by then, and asked for no more. */
		cover(unwritten, bytes);
		/* Who sees that it is over sees what came of it. */
		smp_store_release(&unwritten->nr_ended, unwritten->nr_started);
	}
	memalloc_noio_restore(noio);
}

/**
 * blkback_unwritten_init - of a device that was never connected
 * @unwritten: part of the device
 */
void blkback_unwritten_init(struct blkback_unwritten *unwritten)
{
	INIT_WORK(&unwritten->flush, unwritten_flush);
}

/**
 * blkback_unwritten_stop - no flush of ours is made any more
 * @unwritten: of a device without rings
 *
 * One that is under way is waited for.
 *
 * Context: the device's work item, sleeps.
 */
void blkback_unwritten_stop(struct blkback_unwritten *unwritten)
{
	cancel_work_sync(&unwritten->flush);
}

/**
 * blkback_unwritten_add - count what a ring has answered
 * @queue: the ring, its answers shown to the frontend
 *
 * Context: the ring's owner.
 */
void blkback_unwritten_add(struct blkback_queue *queue)
{
	struct blkback_unwritten *unwritten = &queue->dev->unwritten;

	atomic64_add(queue->unwritten_bytes, &unwritten->answered);
	queue->unwritten_bytes = 0;
	if (queue->dev->vbd.flush && beyond_bound(unwritten))
		queue_work(queue->dev->io_wq, &unwritten->flush);
}

/**
 * blkback_unwritten_flush_starts - the frontend's flush goes to the disk
 * @req: the flush or barrier
 *
 * Context: the ring's work item.
 */
void blkback_unwritten_flush_starts(struct blkback_req *req)
{
	req->covers = atomic64_read(&req->queue->dev->unwritten.answered);
}

/**
 * blkback_unwritten_flush_ended - the disk is done with the frontend's flush
 * @req: the flush or barrier
 *
 * May be said again, later.
 *
 * Context: the ring's owner.
 */
void blkback_unwritten_flush_ended(struct blkback_req *req)
{
	req->own_flush = READ_ONCE(req->queue->dev->unwritten.nr_started);
}

/**
 * blkback_unwritten_undecided - is a flush of ours under way that matters to it?
 * @req: a flush or barrier, the disk done with it
 *
 * Context: the ring's owner.
 * Return: true while that one, which began before @req had ended, may yet fail.
 */
bool blkback_unwritten_undecided(const struct blkback_req *req)
{
	const struct blkback_unwritten *unwritten =
		&req->queue->dev->unwritten;
	unsigned int ended;

	/* Pairs with the release in unwritten_flush(). */
	ended = smp_load_acquire(&unwritten->nr_ended);
	return (int)(ended - req->own_flush) < 0;
}

/**
 * blkback_unwritten_tells - is this flush the one that fails for one of ours?
 * @req: a flush, the disk done with it, and no flush of ours undecided
 *
 * Context: the ring's owner.
 */
bool blkback_unwritten_tells(const struct blkback_req *req)
{
	return atomic64_read(&req->queue->dev->unwritten.nr_lost) != req->told;
}

/**
 * blkback_unwritten_flushed - the frontend's flush is about to be answered
 * @req: the flush or barrier; its @error is set when one of ours had failed
 *
 * Context: the ring's owner.
 */
void blkback_unwritten_flushed(struct blkback_req *req)
{
	struct blkback_unwritten *unwritten = &req->queue->dev->unwritten;
	s64 lost = atomic64_read(&unwritten->nr_lost);

	/* One that fails anyway says nothing of ours. */
	if (req->error)
		return;
	cover(unwritten, req->covers);
	if (lost == req->told)
		return;
	blkback_warn(req->queue->dev,
		     "this flush fails for the one that failed before\n");
	req->error = -EIO;
	req->queue->tells = lost;
}
