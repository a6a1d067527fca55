// SPDX-License-Identifier: GPL-2.0
/*
 * Queues and hardware contexts: their memory, their ring, their event channel.
 *
 * How many hardware contexts there are, and how many tags each has, is settled
 * by the first connection; the block layer knows it from then on.  A later
 * backend may take fewer rings, which contexts share then, or smaller ones.
 *
 * Everything here is called under disk->lock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/slab.h>

#include "blkfront.h"

/* --- memory ------------------------------------------------------------------- */

static void queue_free_queues(struct blkfront_disk *disk)
{
	struct blkfront_queue *queue;

	for_each_queue(disk, queue) {
		blkfront_poll_end(queue);
		blkfront_pool_close(&queue->pool);
		free_cpumask_var(queue->cpus);
	}
	kvfree(disk->queues);
	disk->queues = NULL;
	disk->nr_queues = 0;
}

/**
 * blkfront_queue_free_ctxs - free all hardware contexts
 * @disk: the disk, which has no gendisk
 *
 * Context: process.
 */
void blkfront_queue_free_ctxs(struct blkfront_disk *disk)
{
	struct blkfront_ctx *ctx;

	for_each_ctx(disk, ctx) {
		kvfree(ctx->latency);
		kvfree(ctx->shadow);
	}
	kfree(disk->ctxs);
	disk->ctxs = NULL;
	disk->nr_ctxs = 0;
	disk->nr_poll_ctxs = 0;
}

/**
 * blkfront_queue_free - free all queues and hardware contexts
 * @disk: the disk, which has no connection and no gendisk
 */
void blkfront_queue_free(struct blkfront_disk *disk)
{
	blkfront_queue_free_ctxs(disk);
	queue_free_queues(disk);
}

static int queue_init(struct blkfront_disk *disk, struct blkfront_queue *queue)
{
	unsigned int i;

	queue->disk = disk;
	queue->name = disk->vdev.name;
	queue->broken = true;
	spin_lock_init(&queue->lock);
	INIT_LIST_HEAD(&queue->backlog);
	blkfront_poll_init(queue);
	blkfront_pool_init(&queue->pool);
	for (i = 0; i < ARRAY_SIZE(queue->ref); i++)
		queue->ref[i] = INVALID_GRANT_REF;
	return zalloc_cpumask_var(&queue->cpus, GFP_KERNEL) ? 0 : -ENOMEM;
}

/**
 * blkfront_queue_alloc - make the queues of a connection
 * @disk: the disk, which has no connection
 * @nr: how many; once there is a gendisk, no more than the first time
 *
 * Return: 0 or -ENOMEM.
 */
int blkfront_queue_alloc(struct blkfront_disk *disk, unsigned int nr)
{
	if (disk->nr_ctxs || nr == disk->nr_queues)
		return 0;
	queue_free_queues(disk);
	disk->queues = kvcalloc(nr, sizeof(*disk->queues), GFP_KERNEL);
	if (!disk->queues)
		return -ENOMEM;
	while (disk->nr_queues < nr) {
		if (queue_init(disk, &disk->queues[disk->nr_queues])) {
			queue_free_queues(disk);
			return -ENOMEM;
		}
		disk->nr_queues++;
	}
	return 0;
}

static int queue_init_ctx(struct blkfront_ctx *ctx)
{
	struct blkfront_shadow *shadow;

	ctx->shadow = kvcalloc(ctx->depth, sizeof(*ctx->shadow), GFP_KERNEL);
	ctx->latency = kvcalloc(1, sizeof(*ctx->latency), GFP_KERNEL);
	if (!ctx->shadow || !ctx->latency)
		goto err;
	for_each_shadow(ctx, shadow) {
		shadow->ctx = ctx;
		INIT_LIST_HEAD(&shadow->node);
	}
	return 0;

err:
	kvfree(ctx->latency);
	kvfree(ctx->shadow);
	return -ENOMEM;
}

/**
 * blkfront_queue_alloc_ctxs - make a hardware context for each ring
 * @disk: the disk, at its first connection
 *
 * Return: 0 or -ENOMEM.
 */
int blkfront_queue_alloc_ctxs(struct blkfront_disk *disk)
{
	struct blkfront_ctx *ctx;

	disk->ctxs = kcalloc(disk->layout.rings, sizeof(*disk->ctxs),
			     GFP_KERNEL);
	if (!disk->ctxs)
		return -ENOMEM;
	while (disk->nr_ctxs < disk->layout.rings) {
		ctx = &disk->ctxs[disk->nr_ctxs];
		ctx->index = disk->nr_ctxs;
		ctx->queue = &disk->queues[disk->nr_ctxs];
		ctx->depth = BLKFRONT_RING_SLOTS(disk->layout.ring_order);
		if (queue_init_ctx(ctx)) {
			blkfront_queue_free_ctxs(disk);
			return -ENOMEM;
		}
		disk->nr_ctxs++;
	}
	disk->nr_poll_ctxs = disk->layout.poll_rings;
	return 0;
}

/* --- a ring and its event channel -------------------------------------------------- */

/* The pages of a ring are one range of addresses, and freed one by one. */
static int queue_setup_ring(struct blkfront_queue *queue, unsigned int nr)
{
	grant_ref_t chain = INVALID_GRANT_REF;
	unsigned long flags;
	unsigned int i;

	queue->shared = alloc_pages_exact(nr * PAGE_SIZE,
					  GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
	if (!queue->shared)
		return -ENOMEM;
	if (blkfront_port_grant_alloc(&chain, nr)) {
		free_pages_exact(queue->shared, nr * PAGE_SIZE);
		queue->shared = NULL;
		return -ENOSPC;
	}
	spin_lock_irqsave(&queue->lock, flags);
	blkfront_ring_attach(queue, queue->shared, nr);
	spin_unlock_irqrestore(&queue->lock, flags);
	for (i = 0; i < nr; i++) {
		queue->ref[i] = blkfront_port_grant_claim(&chain);
		blkfront_port_grant_arm(queue->ref[i], queue->disk->domid,
					virt_to_page(queue->shared + i * PAGE_SIZE),
					false);
	}
	queue->nr_pages = nr;
	queue->nr_granted = nr;
	return 0;
}

/**
 * blkfront_queue_connect - make a ring and an event channel
 * @queue: a queue that has none
 * @order: the ring has 2^this pages
 *
 * What was made when it fails is taken back by blkfront_queue_fence().
 *
 * Return: 0 or an error.
 */
int blkfront_queue_connect(struct blkfront_queue *queue, unsigned int order)
{
	int err = queue_setup_ring(queue, 1U << order);

	if (err)
		return err;
	err = blkfront_port_event_bind(queue->disk->xbdev, &queue->evtchn,
				       blkfront_submit_interrupt, queue);
	if (err < 0)
		return err;
	queue->irq = err;
	return 0;
}

static void queue_detach(struct blkfront_queue *queue)
{
	unsigned long flags;

	if (queue->irq) {
		blkfront_port_event_spread(queue->irq, NULL);
		blkfront_port_event_unbind(queue->irq, queue);
	}
	queue->irq = 0;
	spin_lock_irqsave(&queue->lock, flags);
	blkfront_ring_detach(queue);
	spin_unlock_irqrestore(&queue->lock, flags);
}

/**
 * blkfront_queue_shut - nothing is put any more, and nobody is about to
 * @queue: a queue of a disk that is parked
 */
void blkfront_queue_shut(struct blkfront_queue *queue)
{
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	queue->shut = true;
	spin_unlock_irqrestore(&queue->lock, flags);
	wait_event(queue->disk->wait, !READ_ONCE(queue->pumping));
}

/**
 * blkfront_queue_reopen - go on where blkfront_queue_shut() has stopped
 * @queue: the queue; it has still its ring
 */
void blkfront_queue_reopen(struct blkfront_queue *queue)
{
	unsigned long flags;
	bool notify;

	spin_lock_irqsave(&queue->lock, flags);
	queue->shut = false;
	/* Who was putting when it was shut did not push. */
	notify = !queue->broken && blkfront_ring_push(queue);
	spin_unlock_irqrestore(&queue->lock, flags);
	if (notify)
		blkfront_port_notify(queue->irq);
	blkfront_backlog_kick(queue);
}

static struct page *queue_page(struct blkfront_queue *queue, unsigned int i)
{
	return virt_to_page(queue->shared + i * PAGE_SIZE);
}

/* Who is there has unmapped what he had; who is not may be dying. */
static void queue_free_page(struct blkfront_queue *queue, struct page *page)
{
	blkfront_linger_free(page, queue->disk->vanished);
}

/**
 * blkfront_queue_fence - take the ring back
 * @queue: a queue of a disk that is parked
 * @give_up: pages that the backend does not let go of are left to it
 *
 * A backend that cannot write to the ring any more has answered all that it
 * will; those answers are good and are taken first.
 *
 * Return: false if the backend still has a page of it mapped.
 */
bool blkfront_queue_fence(struct blkfront_queue *queue, bool give_up)
{
	unsigned int i;

	if (!queue->shared)
		return true;
	blkfront_queue_shut(queue);
	while (queue->nr_granted &&
	       blkfront_port_grant_revoke(queue->ref[queue->nr_granted - 1]))
		queue->nr_granted--;
	if (queue->nr_granted && !give_up)
		return false;
	if (!queue->nr_granted)
		blkfront_submit_reap(queue);
	queue_detach(queue);
	for (i = 0; i < queue->nr_pages; i++) {
		if (i < queue->nr_granted)
			blkfront_port_grant_defer(queue->ref[i],
						  queue_page(queue, i));
		else
			queue_free_page(queue, queue_page(queue, i));
		queue->ref[i] = INVALID_GRANT_REF;
	}
	queue->shared = NULL;
	queue->nr_pages = 0;
	queue->nr_granted = 0;
	return true;
}
