// SPDX-License-Identifier: GPL-2.0
/*
 * Parts that the disk is done with -> their pages let go of -> answers on the ring.
 */
#include "blkback.h"
#include "trace.h"

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

static void settle_answer(struct blkback_queue *queue, struct blkback_req *req)
{
	const struct blkback_cmd *cmd = &req->cmd;

	if (req->error)
		blkback_warn(queue->dev,
			     "request 0x%llx (operation %u, %u segments) at sector %llu failed: %pe\n",
			     cmd->id, cmd->wire_op, cmd->nr_segments,
			     cmd->sector, ERR_PTR(req->error));
	blkback_ring_answer(&queue->ring, cmd->id, cmd->wire_op,
			    wire_status(req->error));
	trace_blkback_answer(req, req->error);
	blkback_pool_put_req(&queue->pool, req);
	queue->nr_taken--;
	queue->consumed = true;
}

/**
 * blkback_settle_refused - answer requests none of which was started
 * @queue: the ring
 * @refused: the requests, with their errors
 *
 * Context: the ring's work item.
 */
void blkback_settle_refused(struct blkback_queue *queue,
			    struct list_head *refused)
{
	struct blkback_req *req, *next;

	list_for_each_entry_safe(req, next, refused, list) {
		list_del(&req->list);
		blkback_stats_refused(queue->stats);
		settle_answer(queue, req);
	}
}

/**
 * blkback_settle_forsaken - answer what is not to be started any more
 * @queue: the ring, which its frontend has left
 *
 * What is behind a barrier waits for it, and is forsaken, too.
 *
 * Context: the ring's work item.
 */
void blkback_settle_forsaken(struct blkback_queue *queue)
{
	struct blkback_req *req;

	list_for_each_entry(req, &queue->forsaken, list) {
		req->error = -ENOTCONN;
		if (req->cmd.op == BLKBACK_BARRIER)
			blkback_durable_barrier_ended(req);
	}
	blkback_settle_refused(queue, &queue->forsaken);
}

/* True when a step has ended and another one is under way. */
static bool settle_continue(struct blkback_part *part)
{
	if (blkback_is_discard(part->req))
		return blkback_discard_continue(part);
	return part->emulation && blkback_emulate_continue(part);
}

/**
 * blkback_settle_note_end - the disk is done with a part
 * @queue: the ring
 * @part: the part; without an @ended_ns it has ended about now
 *
 * Context: the ring's owner.
 */
void blkback_settle_note_end(struct blkback_queue *queue,
			     struct blkback_part *part)
{
	struct blkback_times *times = &part->req->times;

	if (!part->ended_ns) {
		if (!queue->collected_ns)
			queue->collected_ns = blkback_latency_clock();
		part->ended_ns = queue->collected_ns;
	}
	WRITE_ONCE(times->ended, true);
	times->nr_on_disk--;
	times->ended_ns = max(times->ended_ns, part->ended_ns);
	trace_blkback_complete(part->req, part->error);
}

/**
 * blkback_settle_collect - gather the parts that the disk is done with
 * @queue: the ring
 * @finished: gets them, the oldest first
 *
 * Context: the ring's work item.
 */
void blkback_settle_collect(struct blkback_queue *queue,
			    struct list_head *finished)
{
	struct llist_node *done = llist_del_all(&queue->completions);
	struct blkback_part *part, *next;

	queue->collected_ns = 0;
	list_splice_init(&queue->held, finished);
	llist_for_each_entry_safe(part, next, llist_reverse_order(done), done) {
		if (settle_continue(part))
			continue;
		blkback_settle_note_end(queue, part);
		if (blkback_is_flush(part->req))
			blkback_unwritten_flush_ended(part->req);
		list_add_tail(&part->list, finished);
	}
}

/*
 * What was offered is not said to be unknown.  A frontend that is told so may do
 * without, and tell its users that their data is safe.
 */
static int flush_error(const struct blkback_req *req)
{
	if (req->error == -EOPNOTSUPP && req->queue->dev->vbd.flush)
		return -EIO;
	return req->error;
}

/* A request is answered when none of it is under way and none of it will be. */
static void settle_part_ended(struct blkback_queue *queue,
			      struct blkback_part *part)
{
	struct blkback_req *req = part->req;

	req->error = req->error ?: part->error;
	/* What has not started of a request that failed never will. */
	if (req->error)
		list_del_init(&req->list);
	blkback_start_put_part(queue, part);
	if (--req->nr_parts || !list_empty(&req->list))
		return;
	list_del(&req->age);
	if (blkback_is_flush(req)) {
		req->error = flush_error(req);
		blkback_unwritten_flushed(req);
	}
	if (req->cmd.op == BLKBACK_BARRIER)
		blkback_durable_barrier_ended(req);
	if (req->cmd.op == BLKBACK_WRITE && !req->error)
		queue->unwritten_bytes += req->cmd.nr_sectors << SECTOR_SHIFT;
	if (unlikely(req->shares))
		blkback_share_ended(req);
	blkback_stats_done(queue->stats, &req->cmd, req->error);
	blkback_latency_done(queue, req);
	settle_answer(queue, req);
}

/* The frontend's flush succeeded, beside one of ours which may not. */
static bool settle_is_undecided(const struct blkback_part *part)
{
	return blkback_is_flush(part->req) && !part->error &&
	       blkback_unwritten_undecided(part->req);
}

/*
 * The frontend has left, is gone, or begins again.  A page that is mapped it cannot have
 * lent to another since, but one that a read is to be copied to it can.
 */
static bool settle_is_forsaken(const struct blkback_queue *queue)
{
	if (!test_bit_acquire(BLKBACK_QUEUE_STOPPED, &queue->flags))
		return false;
	if (READ_ONCE(queue->dev->left))
		return true;
	switch (READ_ONCE(queue->dev->front_state)) {
	case XenbusStateUnknown:
	case XenbusStateInitialising:
	case XenbusStateClosed:
		return true;
	default:
		return false;
	}
}

static void settle_forsake(struct list_head *finished)
{
	struct blkback_part *part;

	list_for_each_entry(part, finished, list)
		if (part->copied && part->req->cmd.op == BLKBACK_READ)
			part->error = part->error ?: -ENOTCONN;
}

/* Where nothing had to be done it was done when they were collected. */
static void settle_note_time(struct blkback_queue *queue,
			     const struct list_head *finished)
{
	u64 *settled_ns = &queue->answers[queue->nr_settles].settled_ns;

	if (list_empty(finished))
		*settled_ns = 0;
	else if (queue->collected_ns && !queue->mover.worked)
		*settled_ns = queue->collected_ns;
	else
		*settled_ns = blkback_latency_clock();
}

/**
 * blkback_settle - let go of the pages of parts, and answer their requests
 * @queue: the ring
 * @finished: the parts; none is on it afterwards
 *
 * No answer goes out before its pages are unmapped.  Those whose pages somebody still
 * looks at are on @queue->held until a later pass.
 *
 * Context: the ring's work item, may sleep; or the ring's owner, with parts of which
 * all pages stay mapped.
 */
void blkback_settle(struct blkback_queue *queue, struct list_head *finished)
{
	struct blkback_part *part, *next;
	LIST_HEAD(starved);

	if (unlikely(settle_is_forsaken(queue)))
		settle_forsake(finished);
	queue->mover.worked = false;
	blkback_mover_release(&queue->mover, finished, &queue->held);
	settle_note_time(queue, finished);
	list_for_each_entry_safe(part, next, finished, list) {
		list_del(&part->list);
		if (part->starved && !part->error && !part->req->error)
			list_add_tail(&part->list, &starved);
		else if (settle_is_undecided(part))
			list_add_tail(&part->list, &queue->held);
		else
			settle_part_ended(queue, part);
	}
	/* They are older than those that had no turn. */
	list_splice(&starved, &queue->starved);
	queue->nr_settles++;
	if (!list_empty(&queue->held))
		blkback_queue_retry(queue);
}
