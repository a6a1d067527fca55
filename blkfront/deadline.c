// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that take longer than io_deadline_sec.
 *
 * An event may be lost, and then both sides sleep: so the rings are read again, and
 * the backend is told once more of what it has.  A request that is late nevertheless
 * is told of, with what it waits for.  Nothing is ended here: as long as a backend
 * may touch a request's pages they are not its owner's, and what becomes of a backend
 * that is gone is not known by the clock.
 *
 * The block layer's timer tells when a request is late, and has all that is needed
 * done by a work item, which knows what state the disk is in.  The block layer does
 * not watch a request any more of which a piece was answered; a timer of our own
 * does that.  Neither runs while there is no request.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>

#include "blkfront.h"

#define DEADLINE_MAX_SEC	86400U
/* Requests that stay late are told of after twice the time each time, up to this. */
#define DEADLINE_MAX_WORD	(3600UL * HZ)

/* How many are late, by what they wait for. */
struct late {
	unsigned int waiting;	/* in the backlog */
	unsigned int unseen;	/* on the ring, and the backend sleeps */
	unsigned int taken;	/* the backend has them */
	unsigned int held;	/* answered, and the backend has a page of theirs */
	bool unwatched;		/* one is there that the block layer does not watch */
	unsigned long since;	/* jiffies; the oldest of those that are late */
	enum req_op op;
	sector_t sector;
};

static unsigned int late_nr(const struct late *late)
{
	return late->waiting + late->unseen + late->taken + late->held;
}

/**
 * blkfront_deadline_jiffies - how old a request may become
 *
 * Return: jiffies; 0: a request is never late.
 */
unsigned int blkfront_deadline_jiffies(void)
{
	return min(READ_ONCE(blkfront_io_deadline_sec), DEADLINE_MAX_SEC) * HZ;
}

/* Under the lock of the shadow's queue. */
static void late_note(struct late *late, struct blkfront_shadow *shadow,
		      unsigned long wait)
{
	enum blkfront_shadow_state state = shadow->state;

	if (state == BLKFRONT_FREE || state == BLKFRONT_ANSWERED)
		return;
	if (blk_mq_rq_state(shadow->rq) != MQ_RQ_IN_FLIGHT)
		late->unwatched = true;
	if (time_before(jiffies, shadow->since + wait))
		return;
	if (!late_nr(late) || time_before(shadow->since, late->since)) {
		late->since = shadow->since;
		late->op = req_op(shadow->rq);
		late->sector = blk_rq_pos(shadow->rq);
	}
	if (state == BLKFRONT_WAITING)
		late->waiting++;
	else if (state == BLKFRONT_HELD)
		late->held++;
	else if (blkfront_ring_unseen(shadow))
		late->unseen++;
	else
		late->taken++;
}

static void late_count(struct blkfront_disk *disk, struct late *late,
		       unsigned long wait)
{
	struct blkfront_shadow *shadow;
	struct blkfront_ctx *ctx;
	unsigned long flags;

	memset(late, 0, sizeof(*late));
	for_each_ctx(disk, ctx) {
		spin_lock_irqsave(&ctx->queue->lock, flags);
		for_each_shadow(ctx, shadow)
			late_note(late, shadow, wait);
		spin_unlock_irqrestore(&ctx->queue->lock, flags);
	}
}

static unsigned int seconds_since(unsigned long when)
{
	return (jiffies - when) / HZ;
}

/* What has lain on the rings is taken. */
static void deadline_read(struct blkfront_disk *disk)
{
	struct blkfront_queue *queue;

	for_each_queue(disk, queue)
		if (queue->shared)
			blkfront_submit_look(queue);
}

/* The backend is told of what it may not have seen. */
static void deadline_kick(struct blkfront_disk *disk)
{
	struct blkfront_queue *queue;

	for_each_queue(disk, queue)
		if (queue->shared && blkfront_ring_busy(queue))
			blkfront_port_notify(queue->irq);
}

/* Has enough been said of these requests for now? */
static bool deadline_said(const struct blkfront_deadline *deadline,
			  const struct late *late, unsigned long wait)
{
	/* None of them was late then. */
	if (!deadline->word || time_after(late->since, deadline->said))
		return false;
	/* Looks come as often as requests get late again, and not to the moment. */
	return time_before(jiffies, deadline->said + deadline->word - wait / 2);
}

/* Where both sides are: what a maintainer asks for next. */
static void deadline_say_rings(struct blkfront_disk *disk)
{
	struct blkfront_ring_view ring;
	struct blkfront_queue *queue;

	for_each_queue(disk, queue) {
		if (!queue->shared || !blkfront_ring_busy(queue))
			continue;
		blkfront_ring_view(queue, &ring);
		blkfront_warn(disk, "ring %td: %u slots, %u requests put, %u answered, %u answers taken; asked to be told of request %u and answer %u\n",
			      queue - disk->queues, ring.nr_slots,
			      ring.req_prod, ring.rsp_prod, ring.rsp_cons,
			      ring.req_event, ring.rsp_event);
	}
}

static void deadline_say(struct blkfront_disk *disk, const struct late *late,
			 unsigned long wait)
{
	struct blkfront_deadline *deadline = &disk->deadline;

	if (!late_nr(late) || deadline_said(deadline, late, wait))
		return;
	if (time_after(late->since, deadline->said))
		deadline->word = 0;
	deadline->word = min(2 * max(deadline->word, wait),
			     max(wait, DEADLINE_MAX_WORD));
	deadline->said = jiffies;
	blkfront_warn(disk, "%u request(s) not finished for more than %lu seconds: %u wait for room on a ring, %u not taken by the backend, %u taken and not answered, %u answered with a page still mapped; the oldest, %s at sector %llu, for %u\n",
		      late_nr(late), wait / HZ, late->waiting, late->unseen,
		      late->taken, late->held, blk_op_str(late->op),
		      late->sector, seconds_since(late->since));
	deadline_say_rings(disk);
}

/* Look at the rings, and count what is late nevertheless. */
static void deadline_heal(struct blkfront_disk *disk, struct late *late,
			  unsigned long wait)
{
	unsigned int nr = late->unseen + late->taken;
	unsigned long since = late->since;

	deadline_read(disk);
	late_count(disk, late, wait);
	if (late->unseen + late->taken < nr)
		blkfront_warn(disk, "%u late request(s) had been answered, as if an event of the backend had been lost; the oldest request that was late came %u seconds ago\n",
			      nr - late->unseen - late->taken,
			      seconds_since(since));
}

/* Under disk->lock: the rings and who uses which stay what they are. */
static void deadline_look(struct blkfront_disk *disk, unsigned long wait)
{
	/* What a backend that is away has is seen to elsewhere. */
	bool live = disk->state == BLKFRONT_STATE_LIVE && !disk->waiting;
	struct late late;

	late_count(disk, &late, wait);
	if (live)
		deadline_heal(disk, &late, wait);
	if (!disk->waiting || disk->ending)
		deadline_say(disk, &late, wait);
	if (live)
		deadline_kick(disk);
	if (late.unwatched)
		blkfront_deadline_watch(disk);
}

static void deadline_work(struct work_struct *work)
{
	struct blkfront_disk *disk = container_of(work, struct blkfront_disk,
						  deadline.look.work);
	unsigned long wait = blkfront_deadline_jiffies();

	mutex_lock(&disk->lock);
	if (disk->asleep)
		blkfront_deadline_watch(disk);
	else if (wait)
		deadline_look(disk, wait);
	mutex_unlock(&disk->lock);
}

/**
 * blkfront_deadline_timeout - a request is late
 * @rq: the request, which may be ending at this moment
 *
 * Context: a work item of the block layer, for each request that is late; also while
 * the queue is quiesced, or its rings are exchanged.
 * Return: that it is watched on.
 */
enum blk_eh_timer_return blkfront_deadline_timeout(struct request *rq)
{
	struct blkfront_disk *disk = rq->q->queuedata;

	mod_delayed_work(blkfront_wq, &disk->deadline.look, 0);
	return BLK_EH_RESET_TIMER;
}

/**
 * blkfront_deadline_watch - there is a request that the block layer does not watch
 * @disk: the disk; the request has not ended
 *
 * Context: any.
 */
void blkfront_deadline_watch(struct blkfront_disk *disk)
{
	unsigned long wait = blkfront_deadline_jiffies();

	if (wait)
		queue_delayed_work(blkfront_wq, &disk->deadline.look, wait);
}

/**
 * blkfront_deadline_init - no request is late
 * @disk: a new disk
 */
void blkfront_deadline_init(struct blkfront_disk *disk)
{
	INIT_DELAYED_WORK(&disk->deadline.look, deadline_work);
}

/**
 * blkfront_deadline_end - there are no requests any more
 * @disk: the disk
 *
 * Context: process, without disk->lock; sleeps.
 */
void blkfront_deadline_end(struct blkfront_disk *disk)
{
	cancel_delayed_work_sync(&disk->deadline.look);
}
