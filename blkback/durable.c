// SPDX-License-Identifier: GPL-2.0
/*
 * Barriers: a request that has its place among all requests of a disk, on
 * whatever ring they came (rule OP2).
 *
 * Barriers are numbered as they are taken.  A request comes behind those that had
 * been taken when its ring's index was read.  What comes behind a barrier that is
 * not done waits on a list of its ring; so does the barrier itself.  Each ring says
 * for each barrier, in order, when it has nothing left that comes before it; the
 * barrier starts when all have.  So nobody waits but requests, a ring's requests
 * are counted by nobody but its work item, and one barrier at a time is all that
 * the rings have to talk about: the oldest that is not done.
 *
 * A disk without barriers has nr_barriers == nr_done, and that is all of it that a
 * pass looks at.
 */
#include <linux/rcupdate.h>

#include "blkback.h"

/**
 * blkback_durable_init - a disk without barriers
 * @durable: part of the device
 */
void blkback_durable_init(struct blkback_durable *durable)
{
	spin_lock_init(&durable->lock);
}

/**
 * blkback_durable_join - a ring that has taken nothing yet
 * @queue: the ring; no barrier of the disk is outstanding
 */
void blkback_durable_join(struct blkback_queue *queue)
{
	INIT_LIST_HEAD(&queue->order.behind);
	queue->order.quiet_for = queue->dev->durable.nr_done;
}

/*
 * The caller is in an RCU read section that began before its ring had nothing
 * left: a connection that ends waits for it before it frees the rings.
 */
static void kick_all(struct blkback_dev *dev)
{
	unsigned int i;

	for (i = 0; i < dev->nr_queues; i++)
		blkback_queue_kick(dev->queue[i]);
}

/**
 * blkback_durable_look - which barriers come before what is taken now?
 * @queue: the ring, its index just read: what it shows was there before any
 *	barrier that is not seen here
 *
 * Context: the ring's work item.
 */
void blkback_durable_look(struct blkback_queue *queue)
{
	struct blkback_durable *durable = &queue->dev->durable;

	queue->order.epoch = READ_ONCE(durable->nr_barriers);
	/*
	 * None that this ring has not seen can be done: it waits for our word.
	 * So the two agree though they are read one after the other.
	 */
	queue->order.hold = queue->order.epoch != READ_ONCE(durable->nr_done);
}

static void number_barrier(struct blkback_queue *queue)
{
	struct blkback_durable *durable = &queue->dev->durable;

	rcu_read_lock();
	spin_lock(&durable->lock);
	queue->order.epoch = durable->nr_barriers + 1;
	WRITE_ONCE(durable->nr_barriers, queue->order.epoch);
	spin_unlock(&durable->lock);
	queue->order.hold = true;
	/* Rings that have nothing to do have to say so. */
	kick_all(queue->dev);
	rcu_read_unlock();
}

/**
 * blkback_durable_hold - keep a request until its turn
 * @queue: the ring it was taken off
 * @req: a barrier, or what comes behind one
 *
 * Context: the ring's work item.
 */
void blkback_durable_hold(struct blkback_queue *queue, struct blkback_req *req)
{
	if (req->cmd.op == BLKBACK_BARRIER)
		number_barrier(queue);
	req->epoch = queue->order.epoch;
	list_add_tail(&req->list, &queue->order.behind);
	queue->order.nr_behind++;
}

/*
 * Is this the word that the oldest barrier waits for: that all was answered here
 * that comes before it, and nothing more will be taken that does?  Under the lock.
 */
static bool turns_quiet(const struct blkback_queue *queue)
{
	const struct blkback_durable *durable = &queue->dev->durable;
	const struct blkback_order *order = &queue->order;
	unsigned int oldest = durable->nr_done + 1;

	if (durable->nr_barriers == durable->nr_done ||
	    order->quiet_for == oldest ||
	    queue->nr_taken != order->nr_behind)
		return false;
	return (int)(order->epoch - oldest) >= 0 ||
	       test_bit(BLKBACK_QUEUE_STOPPED, &queue->flags) ||
	       test_bit(BLKBACK_QUEUE_BROKEN, &queue->flags);
}

/* Under the lock. */
static bool may_start(const struct blkback_queue *queue,
		      const struct blkback_req *req)
{
	const struct blkback_durable *durable = &queue->dev->durable;

	if (req->cmd.op == BLKBACK_BARRIER)
		return req->epoch == durable->nr_done + 1 &&
		       durable->nr_quiet == queue->dev->nr_queues;
	return (int)(req->epoch - durable->nr_done) <= 0;
}

/* Under the lock. */
static bool release(struct blkback_queue *queue)
{
	struct blkback_order *order = &queue->order;
	struct blkback_req *req, *next;
	bool any = false;

	list_for_each_entry_safe(req, next, &order->behind, list) {
		if (!may_start(queue, req))
			break;
		list_move_tail(&req->list, &queue->taken);
		order->nr_behind--;
		any = true;
	}
	return any;
}

/**
 * blkback_durable_step - what a ring does for barriers at the end of a pass
 * @queue: the ring, of a disk with barriers that are not done, or with requests
 *	that came behind one
 *
 * Context: the ring's work item.
 * Return: true when requests may start that waited: @queue->taken has them.
 */
bool blkback_durable_step(struct blkback_queue *queue)
{
	struct blkback_durable *durable = &queue->dev->durable;
	bool any, all_quiet = false;

	rcu_read_lock();
	spin_lock(&durable->lock);
	/* What this lets go comes before the next barrier. */
	any = release(queue);
	if (turns_quiet(queue)) {
		queue->order.quiet_for = durable->nr_done + 1;
		all_quiet = ++durable->nr_quiet == queue->dev->nr_queues;
	}
	spin_unlock(&durable->lock);
	if (all_quiet)
		kick_all(queue->dev);
	rcu_read_unlock();
	return any;
}

/**
 * blkback_durable_barrier_ended - a barrier is about to be answered
 * @req: the barrier
 *
 * Whatever came of it, what is behind it goes on.
 *
 * Context: the ring's work item.
 */
void blkback_durable_barrier_ended(struct blkback_req *req)
{
	struct blkback_dev *dev = req->queue->dev;
	struct blkback_durable *durable = &dev->durable;

	rcu_read_lock();
	spin_lock(&durable->lock);
	WRITE_ONCE(durable->nr_done, durable->nr_done + 1);
	durable->nr_quiet = 0;
	spin_unlock(&durable->lock);
	kick_all(dev);
	rcu_read_unlock();
}
