// SPDX-License-Identifier: GPL-2.0
/*
 * Bringing the frontend's pages by mapping them: one hypercall maps all pages
 * of a batch of requests, one unmaps them.
 */
#include <linux/build_bug.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "blkback.h"
#include "port.h"

static_assert(PAGE_SIZE == BLKIF_PAGE_SIZE,
	      "a page of this kernel is a page of the wire");

/**
 * blkback_mover_init - what a ring needs to map pages
 * @mover: part of the ring's queue
 * @domid: the frontend's domain
 * @nr_slots: slots of the ring, which bound the requests in flight
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int blkback_mover_init(struct blkback_mover *mover, domid_t domid,
		       unsigned int nr_slots)
{
	unsigned int nr_max;
	int err;

	mover->domid = domid;
	mover->batch = kzalloc_obj(*mover->batch);
	if (!mover->batch)
		return -ENOMEM;

	nr_max = clamp(READ_ONCE(blkback_max_buffer_pages),
		       BLKIF_MAX_SEGMENTS_PER_REQUEST,
		       nr_slots * BLKIF_MAX_SEGMENTS_PER_REQUEST);
	err = blkback_pages_init(&mover->pages, BLKIF_MAX_SEGMENTS_PER_REQUEST,
				 nr_max);
	if (err)
		kfree(mover->batch);
	return err;
}

/**
 * blkback_mover_exit - undo blkback_mover_init()
 * @mover: the mover, with no request in flight
 *
 * Context: process, may sleep.
 */
void blkback_mover_exit(struct blkback_mover *mover)
{
	blkback_pages_exit(&mover->pages);
	kfree(mover->batch);
}

/**
 * blkback_mover_reserve - get what a request needs before it is brought
 * @mover: the mover
 * @req: the request
 *
 * Context: the ring's work item.
 * Return: false when the request has to wait; the ring is kicked later.
 */
bool blkback_mover_reserve(struct blkback_mover *mover, struct blkback_req *req)
{
	if (!blkback_pages_get(&mover->pages, req->cmd.nr_segments, req->page))
		return false;
	req->nr_pages = req->cmd.nr_segments;
	return true;
}

static unsigned int map_add(struct blkback_mover *mover,
			    const struct blkback_req *req, unsigned int nr)
{
	struct blkback_mover_batch *batch = mover->batch;
	/* From a page that is written to it the disk only reads. */
	bool readonly = req->cmd.op != BLKBACK_READ;
	unsigned int i;

	for (i = 0; i < req->nr_pages; i++, nr++) {
		batch->page[nr] = req->page[i];
		blkback_port_map_op(&batch->map[nr], req->page[i], readonly,
				    req->cmd.seg[i].gref, mover->domid);
	}
	return nr;
}

/*
 * Keep what was mapped, mapped pages first.  One grant that failed fails the
 * request (rule D10); that Xen is out of room is no fault of the request's, and
 * it is to be tried again.
 */
static void map_done(struct blkback_mover *mover, struct blkback_req *req,
		     const struct gnttab_map_grant_ref *op)
{
	unsigned int i;

	for (i = 0; i < req->nr_pages; i++, op++) {
		if (op->status == GNTST_okay) {
			swap(req->page[i], req->page[req->nr_mapped]);
			req->handle[req->nr_mapped++] = op->handle;
		} else if (op->status == GNTST_no_device_space) {
			req->starved = true;
		} else {
			req->error = -EFAULT;
			blkback_warn(req->queue->dev,
				     "request 0x%llx: domain %u granted no access to the page with grant reference %u (Xen says %d)\n",
				     req->cmd.id, mover->domid, op->ref,
				     op->status);
		}
	}
}

/* Map all requests from @first to before @end, whose ops are in the batch. */
static void map_flush(struct blkback_mover *mover, struct blkback_req *first,
		      struct list_head *end, unsigned int nr)
{
	const struct gnttab_map_grant_ref *op = mover->batch->map;
	struct blkback_req *req = first;

	if (!nr)
		return;
	/* An op that was not carried out keeps a status that is no success. */
	blkback_port_map(mover->batch->map, mover->batch->page, nr);
	while (&req->list != end) {
		map_done(mover, req, op);
		op += req->nr_pages;
		req = list_next_entry(req, list);
	}
}

/**
 * blkback_mover_bring - map the pages of a batch of requests
 * @mover: the mover
 * @reqs: requests for which blkback_mover_reserve() succeeded
 *
 * A request whose pages could not be mapped has its @error set, or @starved
 * when Xen had no room for the mapping.
 *
 * Context: the ring's work item, may sleep.
 */
void blkback_mover_bring(struct blkback_mover *mover, struct list_head *reqs)
{
	struct blkback_req *req, *first = NULL;
	unsigned int nr = 0;

	list_for_each_entry(req, reqs, list) {
		if (nr + req->nr_pages > BLKBACK_MOVER_BATCH) {
			map_flush(mover, first, &req->list, nr);
			nr = 0;
		}
		if (!nr)
			first = req;
		nr = map_add(mover, req, nr);
	}
	map_flush(mover, first, reqs, nr);
}

/* Somebody below still looks at a page: it may not go away under them. */
static bool pages_busy(const struct blkback_req *req)
{
	unsigned int i;

	for (i = 0; i < req->nr_mapped; i++)
		if (page_count(req->page[i]) > 1)
			return true;
	return false;
}

static unsigned int unmap_add(struct blkback_mover *mover,
			      const struct blkback_req *req, unsigned int nr)
{
	struct blkback_mover_batch *batch = mover->batch;
	unsigned int i;

	for (i = 0; i < req->nr_mapped; i++, nr++) {
		batch->page[nr] = req->page[i];
		blkback_port_unmap_op(&batch->unmap[nr], req->page[i],
				      req->handle[i]);
	}
	return nr;
}

/*
 * A page that Xen would not unmap is the frontend's still: it is not used for
 * anything else, ever.
 */
static void unmap_flush(struct blkback_mover *mover, unsigned int nr)
{
	struct blkback_mover_batch *batch = mover->batch;
	unsigned int i, nr_good = 0;

	if (!nr)
		return;
	blkback_port_unmap(batch->unmap, batch->page, nr);
	for (i = 0; i < nr; i++)
		if (batch->unmap[i].status == GNTST_okay)
			batch->page[nr_good++] = batch->page[i];
	blkback_pages_put(&mover->pages, nr_good, batch->page);
	if (nr_good < nr) {
		blkback_pages_lost(&mover->pages, nr - nr_good);
		pr_err_ratelimited("xen-blkback: Xen did not unmap %u pages of domain %u; they are lost until the next boot\n",
				   nr - nr_good, mover->domid);
	}
}

/* Pages that were reserved and never mapped. */
static void release_unmapped(struct blkback_mover *mover,
			     struct blkback_req *req)
{
	unsigned int nr = req->nr_pages - req->nr_mapped;

	if (nr)
		blkback_pages_put(&mover->pages, nr,
				  &req->page[req->nr_mapped]);
}

/**
 * blkback_mover_release - unmap the pages of a batch of requests
 * @mover: the mover
 * @reqs: finished requests; those left on it may be answered
 * @held: where those go whose pages are still looked at
 *
 * Context: the ring's work item, may sleep.
 */
void blkback_mover_release(struct blkback_mover *mover, struct list_head *reqs,
			   struct list_head *held)
{
	struct blkback_req *req, *next;
	unsigned int nr = 0;

	list_for_each_entry_safe(req, next, reqs, list) {
		if (pages_busy(req)) {
			list_move_tail(&req->list, held);
			continue;
		}
		if (nr + req->nr_mapped > BLKBACK_MOVER_BATCH) {
			unmap_flush(mover, nr);
			nr = 0;
		}
		nr = unmap_add(mover, req, nr);
		release_unmapped(mover, req);
		req->nr_pages = 0;
		req->nr_mapped = 0;
	}
	unmap_flush(mover, nr);
}
