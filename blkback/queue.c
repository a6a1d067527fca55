// SPDX-License-Identifier: GPL-2.0
/*
 * One ring: its work item and the pass it makes.
 *
 * A pass does everything that there is to do in one go: it finishes what the
 * disk has done, takes all slots that the frontend has filled, brings their
 * pages, submits them under one plug, answers, and notifies once.
 */
#include <linux/blkdev.h>
#include <linux/interrupt.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "blkback.h"
#include "port.h"

/* For what no event announces: pages that are held, Xen out of room. */
#define QUEUE_RETRY_MS		10
/* How often to tell that a disconnect waits for the disk. */
#define QUEUE_DRAIN_WARN_S	30

/**
 * blkback_queue_kick - have a pass made
 * @queue: the ring
 *
 * Context: any.
 */
void blkback_queue_kick(struct blkback_queue *queue)
{
	queue_work(blkback_queue_wq, &queue->work);
}

/**
 * blkback_queue_complete - the disk is done with a request
 * @req: the request, its @error set
 *
 * Context: any.
 */
void blkback_queue_complete(struct blkback_req *req)
{
	struct blkback_queue *queue = req->queue;

	/*
	 * Once on the list it may be answered and the queue destroyed, which
	 * waits for a grace period before it frees what is kicked here.
	 */
	rcu_read_lock();
	if (llist_add(&req->done, &queue->completions))
		blkback_queue_kick(queue);
	rcu_read_unlock();
}

static irqreturn_t queue_event(int irq, void *data)
{
	struct blkback_queue *queue = data;

	set_bit(BLKBACK_QUEUE_EVENT, &queue->flags);
	blkback_queue_kick(queue);
	return IRQ_HANDLED;
}

static void queue_retry(struct work_struct *work)
{
	blkback_queue_kick(container_of(work, struct blkback_queue,
					retry.work));
}

static void queue_retry_later(struct blkback_queue *queue)
{
	queue_delayed_work(blkback_queue_wq, &queue->retry,
			   msecs_to_jiffies(QUEUE_RETRY_MS));
}

/* errno becomes the wire's status here and nowhere else. */
static s16 wire_status(int error)
{
	switch (error) {
	case 0:
		return BLKIF_RSP_OKAY;
	case -EOPNOTSUPP:
		return BLKIF_RSP_EOPNOTSUPP;
	default:
		return BLKIF_RSP_ERROR;
	}
}

static void queue_answer(struct blkback_queue *queue, struct blkback_req *req)
{
	const struct blkback_cmd *cmd = &req->cmd;

	if (req->error)
		blkback_warn(queue->dev,
			     "request 0x%llx (operation %u, %u segments) at sector %llu failed: %pe\n",
			     cmd->id, cmd->wire_op, cmd->nr_segments,
			     cmd->sector, ERR_PTR(req->error));
	blkback_ring_answer(&queue->ring, cmd->id, cmd->wire_op,
			    wire_status(req->error));
	list_add(&req->list, &queue->free);
	queue->nr_taken--;
	queue->consumed = true;
}

/* Requests that the disk is done with, oldest first. */
static void queue_collect(struct blkback_queue *queue,
			  struct list_head *finished)
{
	struct llist_node *done = llist_del_all(&queue->completions);
	struct blkback_req *req, *next;

	list_splice_init(&queue->held, finished);
	llist_for_each_entry_safe(req, next, llist_reverse_order(done), done) {
		bool discard = req->cmd.op == BLKBACK_DISCARD ||
			       req->cmd.op == BLKBACK_SECURE_ERASE;

		if (!discard || !blkback_discard_continue(req))
			list_add_tail(&req->list, finished);
	}
}

/* No answer goes out before its pages are unmapped. */
static void queue_settle(struct blkback_queue *queue,
			 struct list_head *finished)
{
	struct blkback_req *req, *next;
	LIST_HEAD(starved);

	blkback_mover_release(&queue->mover, finished, &queue->held);
	list_for_each_entry_safe(req, next, finished, list) {
		list_del(&req->list);
		if (req->starved && !req->error) {
			list_add_tail(&req->list, &starved);
			continue;
		}
		blkback_stats_done(queue->stats, &req->cmd, req->error);
		queue_answer(queue, req);
	}
	/* They are older than all that wait. */
	list_splice(&starved, &queue->waiting);
	if (!list_empty(&queue->held) || !list_empty(&starved))
		queue_retry_later(queue);
}

static void queue_break(struct blkback_queue *queue)
{
	if (test_and_set_bit(BLKBACK_QUEUE_BROKEN, &queue->flags))
		return;
	blkback_warn(queue->dev,
		     "the frontend claims more requests than its ring has slots; the connection is closed\n");
	blkback_state_ring_broken(queue->dev);
}

/* Every slot that the frontend has filled: bad ones are answered at once. */
static void queue_take(struct blkback_queue *queue)
{
	struct blkback_limits limits = queue->dev->vbd.limits;
	int nr = blkback_ring_pending(&queue->ring);
	union blkback_slot slot;
	struct blkback_req *req;

	if (nr < 0) {
		queue_break(queue);
		return;
	}
	limits.capacity_sectors =
		READ_ONCE(queue->dev->vbd.limits.capacity_sectors);
	/* The poll for it does not wake an idle CPU; whoever works may notice. */
	if (unlikely(bdev_nr_sectors(queue->dev->vbd.bdev) !=
		     limits.capacity_sectors))
		blkback_state_kick(queue->dev);
	while (nr-- > 0) {
		blkback_ring_take(&queue->ring, &slot);
		req = list_first_entry(&queue->free, struct blkback_req, list);
		list_del(&req->list);
		queue->nr_taken++;
		queue->consumed = true;
		req->error = blkback_decode(queue->ring.abi, &slot, &limits,
					    &req->cmd);
		if (!req->error) {
			list_add_tail(&req->list, &queue->waiting);
			continue;
		}
		blkback_stats_refused(queue->stats);
		queue_answer(queue, req);
	}
}

static void queue_submit(struct blkback_req *req)
{
	if (req->cmd.op == BLKBACK_DISCARD ||
	    req->cmd.op == BLKBACK_SECURE_ERASE)
		blkback_discard_submit(req);
	else
		blkback_io_submit(req);
}

/*
 * Start what waits, in order, as far as there are pages for it.  What could not
 * be mapped is left on @finished.
 */
static void queue_start(struct blkback_queue *queue, struct list_head *finished)
{
	struct blkback_req *req, *next;
	struct blk_plug plug;
	LIST_HEAD(batch);

	list_for_each_entry_safe(req, next, &queue->waiting, list) {
		req->starved = false;
		if (!blkback_mover_reserve(&queue->mover, req)) {
			blkback_stats_waited(queue->stats);
			break;
		}
		list_move_tail(&req->list, &batch);
	}
	if (list_empty(&batch))
		return;

	blkback_mover_bring(&queue->mover, &batch);
	blk_start_plug(&plug);
	list_for_each_entry_safe(req, next, &batch, list) {
		list_del(&req->list);
		if (req->error || req->starved)
			list_add_tail(&req->list, finished);
		else
			queue_submit(req);
	}
	blk_finish_plug(&plug);
}

/*
 * Everything is done: let the next event come.  It was spurious only if nothing
 * was consumed since the one before; a pass made for another reason may have
 * eaten its work (rule RN7).
 */
static void queue_acknowledge(struct blkback_queue *queue)
{
	if (!test_and_clear_bit(BLKBACK_QUEUE_EVENT, &queue->flags))
		return;
	blkback_port_eoi(queue->irq, !queue->consumed);
	queue->consumed = false;
}

/* The ring's part of a pass; false when no more of it is to be taken. */
static bool queue_intake(struct blkback_queue *queue)
{
	if (test_bit(BLKBACK_QUEUE_STOPPED, &queue->flags) ||
	    test_bit(BLKBACK_QUEUE_BROKEN, &queue->flags))
		return false;
	queue_take(queue);
	return !test_bit(BLKBACK_QUEUE_BROKEN, &queue->flags);
}

static void queue_pass(struct blkback_queue *queue)
{
	LIST_HEAD(finished);
	bool intake;

	queue_collect(queue, &finished);
	queue_settle(queue, &finished);
	intake = queue_intake(queue);
	queue_start(queue, &finished);
	/* Fast devices are done already, and go into the same notification. */
	queue_collect(queue, &finished);
	queue_settle(queue, &finished);
	/* What could not be mapped has given its pages back unannounced. */
	if (!list_empty(&queue->waiting))
		queue_retry_later(queue);

	if (blkback_ring_push(&queue->ring))
		blkback_port_notify(queue->irq);

	if (intake) {
		if (blkback_ring_final_check(&queue->ring))
			blkback_queue_kick(queue);
		else
			queue_acknowledge(queue);
	}
	if (!queue->nr_taken && test_bit(BLKBACK_QUEUE_STOPPED, &queue->flags))
		wake_up(&queue->drained);
}

static void queue_work_fn(struct work_struct *work)
{
	unsigned int noio = memalloc_noio_save();

	queue_pass(container_of(work, struct blkback_queue, work));
	memalloc_noio_restore(noio);
}

static struct blkback_queue *queue_alloc(struct blkback_dev *dev)
{
	unsigned int i, nr_slots = blkback_ring_slots(1);
	struct blkback_queue *queue;

	queue = kzalloc_obj(*queue);
	if (!queue)
		return NULL;
	queue->reqs = kvzalloc_objs(*queue->reqs, nr_slots);
	if (!queue->reqs) {
		kfree(queue);
		return NULL;
	}

	queue->dev = dev;
	queue->nr_reqs = nr_slots;
	queue->stats = &dev->stats;
	INIT_WORK(&queue->work, queue_work_fn);
	INIT_DELAYED_WORK(&queue->retry, queue_retry);
	init_llist_head(&queue->completions);
	INIT_LIST_HEAD(&queue->free);
	INIT_LIST_HEAD(&queue->waiting);
	INIT_LIST_HEAD(&queue->held);
	init_waitqueue_head(&queue->drained);
	for (i = 0; i < nr_slots; i++) {
		queue->reqs[i].queue = queue;
		list_add_tail(&queue->reqs[i].list, &queue->free);
	}
	return queue;
}

static void queue_free(struct blkback_queue *queue)
{
	kvfree(queue->reqs);
	kfree(queue);
}

/**
 * blkback_queue_create - map a ring and start to serve it
 * @dev: the device, its backing device open
 * @config: what the frontend wrote
 *
 * Context: the device's work item, may sleep.
 * Return: the queue, or ERR_PTR() with nothing left behind.
 */
struct blkback_queue *blkback_queue_create(struct blkback_dev *dev,
					   const struct blkback_config *config)
{
	struct xenbus_device *xbdev = dev->xbdev;
	struct blkback_queue *queue;
	void *shared;
	int err;

	queue = queue_alloc(dev);
	if (!queue)
		return ERR_PTR(-ENOMEM);

	err = blkback_mover_init(&queue->mover, xbdev->otherend_id,
				 queue->nr_reqs);
	if (err)
		goto err_free_queue;
	err = blkback_port_map_ring(xbdev, config->ring_ref, &shared);
	if (err)
		goto err_exit_mover;
	err = blkback_ring_attach(&queue->ring, config->abi, shared, 1);
	if (err)
		goto err_unmap_ring;
	/*
	 * An event may come before its number is known, and could not be
	 * acknowledged: no pass is made before.
	 */
	disable_work(&queue->work);
	queue->irq = blkback_port_bind(xbdev, config->event_channel,
				       queue_event, queue);
	if (queue->irq < 0) {
		err = queue->irq;
		goto err_unmap_ring;
	}
	enable_work(&queue->work);
	/* A frontend that was connected before may not send an event for it. */
	blkback_queue_kick(queue);
	return queue;

err_unmap_ring:
	blkback_port_unmap_ring(xbdev, shared);
err_exit_mover:
	blkback_mover_exit(&queue->mover);
err_free_queue:
	queue_free(queue);
	return ERR_PTR(err);
}

/* A disk may hold a request for ever; then this waits, and says so. */
static void queue_drain(struct blkback_queue *queue)
{
	unsigned int waited_s = 0;

	while (!wait_event_timeout(queue->drained,
				   !READ_ONCE(queue->nr_taken),
				   QUEUE_DRAIN_WARN_S * HZ)) {
		waited_s += QUEUE_DRAIN_WARN_S;
		dev_warn(&queue->dev->xbdev->dev,
			 "disconnect waits for %u requests that the disk has not finished for %u seconds\n",
			 READ_ONCE(queue->nr_taken), waited_s);
	}
}

/**
 * blkback_queue_destroy - stop serving a ring and unmap it
 * @queue: the queue
 *
 * Everything that was taken off the ring is answered first, however long that
 * takes: when this returns no bio can touch a page of the frontend any more.
 * The order is that of every teardown here: stop intake, drain, unmap, unbind,
 * free.
 *
 * Context: the device's work item, sleeps.
 */
void blkback_queue_destroy(struct blkback_queue *queue)
{
	struct xenbus_device *xbdev = queue->dev->xbdev;
	void *shared = queue->ring.back.sring;

	set_bit(BLKBACK_QUEUE_STOPPED, &queue->flags);
	/* The pass that sees the flag is the last one to take slots. */
	blkback_queue_kick(queue);
	flush_work(&queue->work);
	queue_drain(queue);
	/* Completions whose request was answered before they had kicked. */
	synchronize_rcu();

	disable_work_sync(&queue->work);
	cancel_delayed_work_sync(&queue->retry);
	blkback_ring_detach(&queue->ring);
	blkback_port_unmap_ring(xbdev, shared);
	blkback_port_unbind(queue->irq, queue);
	blkback_mover_exit(&queue->mover);
	queue_free(queue);
}
