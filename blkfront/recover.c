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
#include <linux/list_sort.h>

#include "blkfront.h"

/* In the journal, that is, asked for and not with its completion. */
static bool recover_pending(const struct blkfront_shadow *shadow)
{
	enum blkfront_shadow_state state = READ_ONCE(shadow->state);

	return state == BLKFRONT_FLYING || state == BLKFRONT_WAITING ||
	       state == BLKFRONT_HELD;
}

/**
 * blkfront_recover_park - let requests wait
 * @disk: the disk
 *
 * No queue_rq is running when this returns, but to refuse a request, if that is
 * what the disk does while its backend is away.  Nothing waits for the queue's
 * usage counter: the requests that wait hold it.
 *
 * Context: process, under disk->lock, may sleep.
 */
void blkfront_recover_park(struct blkfront_disk *disk)
{
	lockdep_assert_held(&disk->lock);
	if (!disk->gd || disk->parked || disk->refusing)
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

static bool recover_answered(struct blkfront_ctx *ctx)
{
	struct blkfront_shadow *shadow;

	for_each_shadow(ctx, shadow)
		if (READ_ONCE(shadow->state) == BLKFRONT_ANSWERED)
			return true;
	return false;
}

/*
 * Take the pages of a request back.  It begins anew at its next piece then, with
 * whatever the next backend has.
 */
static bool recover_fence_shadow(struct blkfront_shadow *shadow, bool give_up)
{
	blkfront_backlog_remove(shadow);
	if (give_up ? !blkfront_grants_abandon(shadow) :
		      !blkfront_grants_revoke(shadow))
		return false;
	blkfront_piece_drop(shadow);
	return true;
}

/* The ring of the context is fenced. */
static bool recover_fence_ctx(struct blkfront_disk *disk,
			      struct blkfront_ctx *ctx, bool give_up)
{
	struct blkfront_shadow *shadow;
	bool done = true;

	/* Completions on their way: each ends, waits for another turn, or is held. */
	wait_event(disk->wait, !recover_answered(ctx));
	for_each_shadow(ctx, shadow)
		if (recover_pending(shadow) &&
		    !recover_fence_shadow(shadow, give_up))
			done = false;
	return done;
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
	struct blkfront_queue *queue;
	struct blkfront_ctx *ctx;
	bool done = true;

	lockdep_assert_held(&disk->lock);
	for_each_queue(disk, queue) {
		if (disk->vanished)
			WRITE_ONCE(queue->pool.lingers, true);
		if (!blkfront_queue_fence(queue, give_up))
			done = false;
	}
	for_each_ctx(disk, ctx)
		if (!ctx->queue->shared &&
		    !recover_fence_ctx(disk, ctx, give_up))
			done = false;
	for_each_queue(disk, queue)
		if (!queue->shared && !blkfront_pool_fence(&queue->pool, give_up))
			done = false;
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
 * @disk: the disk, fenced, with the layout of its rings
 *
 * A queue that gets no ring has no use for what it had.
 *
 * Context: process, under disk->lock, may sleep.
 * Return: 0, or -ENOSPC when there are not enough grant references, or -ENOMEM.
 */
int blkfront_recover_prepare(struct blkfront_disk *disk)
{
	struct blkfront_queue *queue;
	int err = 0;

	lockdep_assert_held(&disk->lock);
	/* Whether the backend does, too, is known when it is connected. */
	disk->persistent = READ_ONCE(blkfront_feature_persistent);
	for_each_queue(disk, queue) {
		if (queue - disk->queues >= disk->layout.rings)
			blkfront_pool_close(&queue->pool);
		else if (!err)
			err = blkfront_pool_open(&queue->pool, disk->untrusted ||
						 disk->persistent);
	}
	return err;
}

static int recover_compare(void *priv, const struct list_head *a,
			   const struct list_head *b)
{
	const struct blkfront_shadow *first =
		list_entry(a, struct blkfront_shadow, node);
	const struct blkfront_shadow *second =
		list_entry(b, struct blkfront_shadow, node);

	return first->seq > second->seq;
}

/* The journal of a context, oldest first, waits for its turn. */
static unsigned int recover_replay_ctx(struct blkfront_ctx *ctx)
{
	struct blkfront_shadow *shadow, *next;
	unsigned int nr = 0;
	LIST_HEAD(journal);

	for_each_shadow(ctx, shadow)
		if (recover_pending(shadow))
			list_add_tail(&shadow->node, &journal);
	list_sort(NULL, &journal, recover_compare);
	list_for_each_entry_safe(shadow, next, &journal, node) {
		list_del_init(&shadow->node);
		blkfront_backlog_add(shadow, false);
		nr++;
	}
	return nr;
}

static void recover_configure(struct blkfront_disk *disk)
{
	struct blkfront_queue *queue;

	for_each_queue(disk, queue) {
		queue->dead = false;
		queue->config = disk->config;
		queue->domid = disk->domid;
		blkfront_pool_set_table(&queue->pool,
					disk->config.max_segments);
	}
}

/*
 * The ring of a context.  Without rings for polling, those contexts share the others,
 * whose events end their requests.
 */
static struct blkfront_queue *recover_queue_of(struct blkfront_disk *disk,
					       const struct blkfront_ctx *ctx)
{
	unsigned int nr_poll = disk->layout.poll_rings;
	unsigned int nr = disk->layout.rings - nr_poll;
	unsigned int first_poll = disk->nr_ctxs - disk->nr_poll_ctxs;

	if (nr_poll && ctx->index >= first_poll)
		return &disk->queues[nr + (ctx->index - first_poll) % nr_poll];
	return &disk->queues[ctx->index % nr];
}

/* Each ring's CPUs, by one of the block layer's maps. */
static void recover_spread_by(struct blkfront_disk *disk, enum hctx_type type)
{
	const unsigned int *ctx_of = disk->tag_set.map[type].mq_map;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		cpumask_set_cpu(cpu, disk->ctxs[ctx_of[cpu]].queue->cpus);
}

/*
 * Share the rings out to hardware contexts and CPUs: a ring's event comes to
 * where its requests come from.
 */
static void recover_spread(struct blkfront_disk *disk)
{
	unsigned int nr = disk->layout.rings - disk->layout.poll_rings;
	struct blkfront_queue *queue;
	struct blkfront_ctx *ctx;

	for_each_ctx(disk, ctx)
		WRITE_ONCE(ctx->queue, recover_queue_of(disk, ctx));
	for_each_queue(disk, queue) {
		blkfront_poll_assign(queue, queue - disk->queues >= nr);
		cpumask_clear(queue->cpus);
	}
	recover_spread_by(disk, HCTX_TYPE_DEFAULT);
	if (disk->nr_poll_ctxs)
		recover_spread_by(disk, HCTX_TYPE_POLL);
	for_each_queue(disk, queue)
		if (queue->irq && cpumask_intersects(queue->cpus,
						     cpu_online_mask))
			blkfront_port_event_spread(queue->irq, queue->cpus);
}

/**
 * blkfront_recover_replay - send the journal again, then let requests flow
 * @disk: the disk, connected to its next backend
 *
 * What the ring has no room for follows as answers come in, before anything new.
 *
 * Context: process, under disk->lock, may sleep.
 * Return: how many requests are sent again.
 */
unsigned int blkfront_recover_replay(struct blkfront_disk *disk)
{
	struct blkfront_queue *queue;
	struct blkfront_ctx *ctx;
	unsigned int nr = 0;

	lockdep_assert_held(&disk->lock);
	for_each_queue(disk, queue)
		blkfront_pool_use(&queue->pool, disk->untrusted ||
				  disk->config.persistent,
				  disk->config.persistent, disk->domid);
	recover_configure(disk);
	recover_spread(disk);
	for_each_ctx(disk, ctx)
		nr += recover_replay_ctx(ctx);
	for_each_queue(disk, queue)
		blkfront_backlog_kick(queue);
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
	for_each_queue(disk, queue)
		blkfront_queue_shut(queue);
	recover_configure(disk);
	for_each_queue(disk, queue) {
		if (!queue->shared)
			continue;
		blkfront_submit_reap(queue);
		blkfront_port_notify(queue->irq);
		blkfront_queue_reopen(queue);
	}
	recover_unpark(disk);
}

/**
 * blkfront_recover_count - how many requests wait in the journal?
 * @disk: the disk
 * @oldest_ns: a time; an earlier one, if the block layer knows that a request
 *	began then
 *
 * Context: process, under disk->lock.
 */
unsigned int blkfront_recover_count(struct blkfront_disk *disk, u64 *oldest_ns)
{
	struct blkfront_shadow *shadow;
	struct blkfront_ctx *ctx;
	unsigned long flags;
	unsigned int nr = 0;
	u64 since;

	for_each_ctx(disk, ctx) {
		spin_lock_irqsave(&ctx->queue->lock, flags);
		for_each_shadow(ctx, shadow) {
			if (!recover_pending(shadow))
				continue;
			since = shadow->rq->start_time_ns;
			if (since && since < *oldest_ns)
				*oldest_ns = since;
			nr++;
		}
		spin_unlock_irqrestore(&ctx->queue->lock, flags);
	}
	return nr;
}

/* The journal fails, and what comes. */
static unsigned int recover_end_all(struct blkfront_disk *disk)
{
	struct blkfront_shadow *shadow;
	struct blkfront_queue *queue;
	struct blkfront_ctx *ctx;
	unsigned int nr = 0;

	for_each_queue(disk, queue)
		queue->dead = true;
	for_each_ctx(disk, ctx) {
		for_each_shadow(ctx, shadow) {
			if (!recover_pending(shadow))
				continue;
			blkfront_submit_end(shadow, BLK_STS_IOERR);
			nr++;
		}
	}
	return nr;
}

/**
 * blkfront_recover_refuse - fail the journal, and all that comes
 * @disk: the disk, fenced
 *
 * Until blkfront_recover_replay().
 *
 * Context: process, under disk->lock, may sleep.
 * Return: how many requests waited.
 */
unsigned int blkfront_recover_refuse(struct blkfront_disk *disk)
{
	unsigned int nr = recover_end_all(disk);

	lockdep_assert_held(&disk->lock);
	recover_unpark(disk);
	return nr;
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
	struct blkfront_queue *queue;

	lockdep_assert_held(&disk->lock);
	recover_end_all(disk);
	for_each_queue(disk, queue)
		blkfront_pool_close(&queue->pool);
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
	struct blkfront_ctx *ctx;
	bool idle = true;

	lockdep_assert_held(&disk->lock);
	if (!disk->gd || disk->parked)
		return true;
	blk_mq_quiesce_queue(disk->gd->queue);
	for_each_ctx(disk, ctx) {
		timeout = wait_event_timeout(disk->wait,
					     !READ_ONCE(ctx->nr_busy),
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
