// SPDX-License-Identifier: GPL-2.0
/*
 * What a backend that died took with it.
 *
 * A write that was answered may be in a cache until a flush that was sent after
 * the answer has succeeded.  If the backend dies before, nobody knows whether
 * it is on the disk, and the next backend's flush knows nothing of it: so flushes
 * fail instead of being sent, until that was told to all who may have to know.
 *
 * The first that fails tells it.  But others may be on their way, which were asked
 * for before anybody was told: on the rings, in the backlogs, with the block layer.
 * They fail as well, and which they are the block layer knows: when a queue is
 * frozen, all that was asked for before has ended.
 *
 * Flushes have numbers, from 2 on.  A ring notes the highest number there was
 * when the last of its writes was answered, and the highest one of its own that
 * succeeded.  What a write needs is a flush with a higher number, on any ring.
 * Both are changed when answers are taken, under the lock that is held anyway,
 * and the disk's number is changed by flushes only.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/minmax.h>

#include "blkfront.h"

/* Does a flush stand for what was lost?  The first that does tells it. */
static bool durable_lost(struct blkfront_disk *disk)
{
	unsigned int losses = READ_ONCE(disk->losses);

	if (likely(losses == READ_ONCE(disk->losses_settled)))
		return false;
	if (xchg(&disk->losses_told, losses) != losses) {
		pr_err("%s: the backend died with a cache that was not flushed: writes may be lost, and each flush that may stand for them fails\n",
		       disk->vdev.name);
		blkfront_disk_queue_block_work(disk);
	}
	return true;
}

/**
 * blkfront_durable_send - a flush is about to be sent
 * @shadow: its shadow
 *
 * What the last backend took along comes first: the one that is there now may
 * have no cache.
 *
 * Context: any; the caller has the tag.
 * Return: 0; -EIO if it has to fail; -EALREADY if there is nothing to flush.
 */
int blkfront_durable_send(struct blkfront_shadow *shadow)
{
	struct blkfront_queue *queue = shadow->ctx->queue;
	struct blkfront_disk *disk = queue->disk;

	if (unlikely(durable_lost(disk)))
		return -EIO;
	if (queue->config.flush == BLKFRONT_FLUSH_NONE)
		return -EALREADY;
	shadow->flush = atomic64_inc_return(&disk->flushes);
	return 0;
}

/**
 * blkfront_durable_note - a request has succeeded
 * @queue: its queue, under the queue's lock
 * @shadow: its shadow
 */
void blkfront_durable_note(struct blkfront_queue *queue,
			   const struct blkfront_shadow *shadow)
{
	s64 flushes;

	lockdep_assert_held(&queue->lock);
	if (shadow->io.op == BLKFRONT_WRITE) {
		flushes = atomic64_read(&queue->disk->flushes);
		if (queue->written != flushes)
			queue->written = flushes;
	} else if (shadow->io.op == BLKFRONT_FLUSH) {
		queue->flushed = max(queue->flushed, shadow->flush);
	}
}

/**
 * blkfront_durable_end - a connection has ended, and all answers were taken
 * @disk: the disk, fenced, under its lock
 * @orderly: the backend had time to flush its cache
 */
void blkfront_durable_end(struct blkfront_disk *disk, bool orderly)
{
	s64 written = 0, flushed = 0;
	struct blkfront_queue *queue;

	lockdep_assert_held(&disk->lock);
	for_each_queue(disk, queue) {
		written = max(written, queue->written);
		flushed = max(flushed, queue->flushed);
		queue->written = 0;
	}
	if (written && written >= flushed && !orderly &&
	    disk->config.flush != BLKFRONT_FLUSH_NONE)
		WRITE_ONCE(disk->losses, disk->losses + 1);
}
