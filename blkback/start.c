// SPDX-License-Identifier: GPL-2.0
/*
 * Requests that may start -> parts of them -> the disk.
 *
 * As much of a request is started as there are pages and objects for, and the rest
 * in a later pass, as earlier parts end.
 */
#include <linux/blkdev.h>

#include "blkback.h"
#include "trace.h"

/**
 * blkback_start_put_part - a part has ended, or does not start now
 * @queue: the ring
 * @part: the part, without pages and on no list
 *
 * Context: the ring's owner.
 */
void blkback_start_put_part(struct blkback_queue *queue,
			    struct blkback_part *part)
{
	blkback_emulate_release(part);
	blkback_pool_put_part(&queue->pool, part);
}

static bool start_reserve(struct blkback_queue *queue,
			  struct blkback_part *part)
{
	if (queue->dev->vbd.by_units && !blkback_emulate_reserve(part))
		return false;
	return blkback_mover_reserve(&queue->mover, part);
}

/* Once in a round the clock is read for all that starts in it. */
static void start_note_start(struct blkback_queue *queue,
			     struct blkback_req *req)
{
	if (!queue->round_ns)
		queue->round_ns = blkback_latency_clock();
	req->times.admitted_ns = queue->round_ns;
	WRITE_ONCE(req->times.started, true);
	blkback_deadline_start(req);
	trace_blkback_start(req);
}

/*
 * The next part of a request, with pages for all of it; NULL when there are not
 * enough, or no object.
 */
static struct blkback_part *start_cut(struct blkback_queue *queue,
				      struct blkback_req *req)
{
	struct blkback_part *part = blkback_pool_get_part(&queue->pool);
	unsigned int i;

	if (!part)
		return NULL;
	part->req = req;
	part->sector = req->next_sector;
	part->seg = req->cmd.seg + req->next_segment;
	part->nr_segments = min(req->cmd.nr_segments - req->next_segment,
				BLKBACK_PART_SEGMENTS);
	if (!start_reserve(queue, part)) {
		blkback_start_put_part(queue, part);
		return NULL;
	}
	if (!req->next_segment)
		start_note_start(queue, req);
	for (i = 0; i < part->nr_segments; i++)
		req->next_sector += part->seg[i].len_bytes >> SECTOR_SHIFT;
	req->next_segment += part->nr_segments;
	req->nr_parts++;
	return part;
}

/* False when some of the request has to wait. */
static bool start_cut_all(struct blkback_queue *queue, struct blkback_req *req,
			  struct list_head *batch)
{
	struct blkback_part *part;

	/* One without data is one part, too. */
	do {
		part = start_cut(queue, req);
		if (!part)
			return false;
		list_add_tail(&part->list, batch);
	} while (req->next_segment < req->cmd.nr_segments);
	list_del_init(&req->list);
	return true;
}

/* Parts that had no room before, oldest first; false when some wait still. */
static bool start_retry_starved(struct blkback_queue *queue,
				struct list_head *batch,
				struct list_head *finished)
{
	struct blkback_part *part, *next;

	list_for_each_entry_safe(part, next, &queue->starved, list) {
		if (part->req->error) {
			list_move_tail(&part->list, finished);
			continue;
		}
		if (!blkback_mover_reserve(&queue->mover, part))
			return false;
		part->starved = false;
		list_move_tail(&part->list, batch);
	}
	return true;
}

/* What starts now, in order, as far as there are pages for it. */
static void start_gather(struct blkback_queue *queue, struct list_head *batch,
			 struct list_head *finished)
{
	struct blkback_req *req, *next;
	bool all = start_retry_starved(queue, batch, finished);

	blkback_admit(queue);
	list_for_each_entry_safe(req, next, &queue->waiting, list) {
		if (!all)
			break;
		all = start_cut_all(queue, req, batch);
	}
	if (!all)
		blkback_stats_waited(queue->stats);
}

/* The disk gets a part of a request. */
static void start_note_submit(struct blkback_req *req, u64 now)
{
	if (!req->times.brought_ns)
		req->times.brought_ns = now;
	req->times.nr_on_disk++;
	trace_blkback_submit(req);
}

static void start_submit_data(struct blkback_part *part)
{
	if (blkback_is_flush(part->req))
		blkback_unwritten_flush_starts(part->req);
	if (part->emulation)
		blkback_emulate_submit(part);
	else
		blkback_io_submit(part);
}

/* False when there was nothing to start. */
static bool start_submit(struct blkback_part *part, u64 now)
{
	struct blkback_req *req = part->req;

	trace_blkback_bring(req);
	if (part->error || part->starved)
		return false;
	start_note_submit(req, now);
	if (!blkback_is_discard(req)) {
		start_submit_data(part);
		return true;
	}
	if (blkback_discard_submit(part))
		return true;
	req->times.nr_on_disk--;
	return false;
}

/**
 * blkback_start - start what can be
 * @queue: the ring
 * @finished: where those parts go that came to their end at once
 *
 * The others come back by blkback_queue_complete().
 *
 * Context: the ring's work item, may sleep.
 */
void blkback_start(struct blkback_queue *queue, struct list_head *finished)
{
	struct blkback_part *part, *next;
	struct blk_plug plug;
	LIST_HEAD(batch);
	u64 now;

	start_gather(queue, &batch, finished);
	if (list_empty(&batch))
		return;

	queue->mover.worked = false;
	blkback_mover_bring(&queue->mover, &batch);
	/* Where nothing had to be done it was done when they were admitted. */
	now = queue->mover.worked || !queue->round_ns ?
	      blkback_latency_clock() : queue->round_ns;
	/* Under one plug neighbouring parts of a request become one again. */
	blk_start_plug(&plug);
	list_for_each_entry_safe(part, next, &batch, list) {
		list_del(&part->list);
		if (!start_submit(part, now))
			list_add_tail(&part->list, finished);
	}
	blk_finish_plug(&plug);
}
