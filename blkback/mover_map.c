// SPDX-License-Identifier: GPL-2.0
/*
 * Bringing the frontend's pages by mapping them: one hypercall maps all pages
 * of a batch of parts, one unmaps them.
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
 * @max_pages: what the requests of a full ring can name at most
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int blkback_mover_init(struct blkback_mover *mover, domid_t domid,
		       unsigned int max_pages)
{
	int err = -ENOMEM;

	mover->domid = domid;
	mover->page = kcalloc(BLKBACK_MOVER_BATCH, sizeof(*mover->page),
			      GFP_KERNEL);
	mover->ops = kzalloc_obj(*mover->ops);
	if (mover->page && mover->ops)
		err = blkback_pages_init(&mover->pages, BLKBACK_PART_SEGMENTS,
					 clamp(READ_ONCE(blkback_max_buffer_pages),
					       BLKBACK_PART_SEGMENTS,
					       max_pages));
	if (!err)
		return 0;
	kfree(mover->ops);
	kfree(mover->page);
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
	kfree(mover->ops);
	kfree(mover->page);
}

/**
 * blkback_mover_reserve - get what a part needs before it is brought
 * @mover: the mover
 * @part: the part
 *
 * Context: the ring's work item.
 * Return: false when the part has to wait; the ring is kicked later.
 */
bool blkback_mover_reserve(struct blkback_mover *mover,
			   struct blkback_part *part)
{
	if (!blkback_pages_get(&mover->pages, part->nr_segments, part->page))
		return false;
	part->nr_pages = part->nr_segments;
	return true;
}

static unsigned int map_add(struct blkback_mover *mover,
			    const struct blkback_part *part, unsigned int nr)
{
	/* From a page that is written to it the disk only reads. */
	bool readonly = part->req->cmd.op != BLKBACK_READ;
	unsigned int i;

	for (i = 0; i < part->nr_pages; i++, nr++) {
		mover->page[nr] = part->page[i];
		blkback_port_map_op(&mover->ops->map[nr], part->page[i],
				    readonly, part->seg[i].gref, mover->domid);
	}
	return nr;
}

/*
 * Keep what was mapped, mapped pages first.  One grant that failed fails the
 * request (rule D10); that Xen is out of room is no fault of the request's, and
 * it is to be tried again.
 */
static void map_done(struct blkback_mover *mover, struct blkback_part *part,
		     const struct gnttab_map_grant_ref *op)
{
	unsigned int i;

	for (i = 0; i < part->nr_pages; i++, op++) {
		if (op->status == GNTST_okay) {
			swap(part->page[i], part->page[part->nr_mapped]);
			part->handle[part->nr_mapped++] = op->handle;
		} else if (op->status == GNTST_no_device_space) {
			part->starved = true;
		} else {
			part->error = -EFAULT;
			blkback_warn(part->req->queue->dev,
				     "request 0x%llx: domain %u granted no access to the page with grant reference %u (Xen says %d)\n",
				     part->req->cmd.id, mover->domid, op->ref,
				     op->status);
		}
	}
}

/* Map all parts from @first to before @end, whose ops are in the batch. */
static void map_flush(struct blkback_mover *mover, struct blkback_part *first,
		      struct list_head *end, unsigned int nr)
{
	const struct gnttab_map_grant_ref *op = mover->ops->map;
	struct blkback_part *part = first;

	if (!nr)
		return;
	/* An op that was not carried out keeps a status that is no success. */
	blkback_port_map(mover->ops->map, mover->page, nr);
	while (&part->list != end) {
		map_done(mover, part, op);
		op += part->nr_pages;
		part = list_next_entry(part, list);
	}
}

/**
 * blkback_mover_bring - map the pages of a batch of parts
 * @mover: the mover
 * @parts: parts for which blkback_mover_reserve() succeeded
 *
 * A part whose pages could not be mapped has its @error set, or @starved
 * when Xen had no room for the mapping.
 *
 * Context: the ring's work item, may sleep.
 */
void blkback_mover_bring(struct blkback_mover *mover, struct list_head *parts)
{
	struct blkback_part *part, *first = NULL;
	unsigned int nr = 0;

	list_for_each_entry(part, parts, list) {
		if (nr + part->nr_pages > BLKBACK_MOVER_BATCH) {
			map_flush(mover, first, &part->list, nr);
			nr = 0;
		}
		if (!nr)
			first = part;
		nr = map_add(mover, part, nr);
	}
	map_flush(mover, first, parts, nr);
}

/* Somebody below still looks at a page: it may not go away under them. */
static bool pages_busy(const struct blkback_part *part)
{
	unsigned int i;

	for (i = 0; i < part->nr_mapped; i++)
		if (page_count(part->page[i]) > 1)
			return true;
	return false;
}

static unsigned int unmap_add(struct blkback_mover *mover,
			      const struct blkback_part *part, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < part->nr_mapped; i++, nr++) {
		mover->page[nr] = part->page[i];
		blkback_port_unmap_op(&mover->ops->unmap[nr], part->page[i],
				      part->handle[i]);
	}
	return nr;
}

/*
 * A page that Xen would not unmap is the frontend's still: it is not used for
 * anything else, ever.
 */
static void unmap_flush(struct blkback_mover *mover, unsigned int nr)
{
	unsigned int i, nr_good = 0;

	if (!nr)
		return;
	blkback_port_unmap(mover->ops->unmap, mover->page, nr);
	for (i = 0; i < nr; i++)
		if (mover->ops->unmap[i].status == GNTST_okay)
			mover->page[nr_good++] = mover->page[i];
	blkback_pages_put(&mover->pages, nr_good, mover->page);
	if (nr_good < nr) {
		blkback_pages_lost(&mover->pages, nr - nr_good);
		pr_err_ratelimited("xen-blkback: Xen did not unmap %u pages of domain %u; they are lost until the next boot\n",
				   nr - nr_good, mover->domid);
	}
}

/* Pages that were reserved and never mapped. */
static void release_unmapped(struct blkback_mover *mover,
			     struct blkback_part *part)
{
	unsigned int nr = part->nr_pages - part->nr_mapped;

	if (nr)
		blkback_pages_put(&mover->pages, nr,
				  &part->page[part->nr_mapped]);
}

/**
 * blkback_mover_release - unmap the pages of a batch of parts
 * @mover: the mover
 * @parts: finished parts; those left on it may be answered
 * @held: where those go whose pages are still looked at
 *
 * Context: the ring's work item, may sleep.
 */
void blkback_mover_release(struct blkback_mover *mover, struct list_head *parts,
			   struct list_head *held)
{
	struct blkback_part *part, *next;
	unsigned int nr = 0;

	list_for_each_entry_safe(part, next, parts, list) {
		if (pages_busy(part)) {
			list_move_tail(&part->list, held);
			continue;
		}
		if (nr + part->nr_mapped > BLKBACK_MOVER_BATCH) {
			unmap_flush(mover, nr);
			nr = 0;
		}
		nr = unmap_add(mover, part, nr);
		release_unmapped(mover, part);
		part->nr_pages = 0;
		part->nr_mapped = 0;
	}
	unmap_flush(mover, nr);
}
