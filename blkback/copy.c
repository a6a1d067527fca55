// SPDX-License-Identifier: GPL-2.0
/*
 * Bringing the frontend's data by having Xen copy it: one hypercall brings the data
 * of all writes of a batch, one takes the data of all reads back.
 *
 * To map a page and unmap it costs more than to copy it, also where the TLBs of
 * other CPUs need no flush: two hypercalls, two changes of page tables and of what
 * the kernel knows of its memory.  So requests up to a bound are copied, through
 * pages of our own.  These are real memory, which a frontend causes to be used:
 * there is a bound for each ring and one for all, and what finds no page is mapped.
 *
 * A page never held anything but zeroes and data of its ring's frontend.
 */
#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/mm.h>

#include "blkback.h"
#include "port.h"

/* Those of all rings. */
static atomic_t copy_nr_pages = ATOMIC_INIT(0);

static void copy_free_page(struct blkback_copy *copy, struct page *page)
{
	__free_page(page);
	copy->nr--;
	atomic_dec(&copy_nr_pages);
}

/* Above the bound, which may have been lowered. */
static bool copy_too_many(void)
{
	return (unsigned int)atomic_read(&copy_nr_pages) >
	       READ_ONCE(blkback_max_copy_pages);
}

/* Does not wait: what finds no page is mapped. */
static struct page *copy_alloc_page(struct blkback_copy *copy)
{
	struct page *page;

	if (copy->nr >= copy->nr_max)
		return NULL;
	atomic_inc(&copy_nr_pages);
	if (copy_too_many())
		goto err_dec;
	page = alloc_page(GFP_NOWAIT | __GFP_NOWARN | __GFP_ZERO);
	if (!page)
		goto err_dec;
	copy->nr++;
	return page;

err_dec:
	atomic_dec(&copy_nr_pages);
	return NULL;
}

static struct page *copy_get_page(struct blkback_copy *copy)
{
	struct page *page = list_first_entry_or_null(&copy->free, struct page,
						     lru);

	if (!page)
		return copy_alloc_page(copy);
	list_del(&page->lru);
	if (likely(!copy_too_many()))
		return page;
	copy_free_page(copy, page);
	return NULL;
}

/* One that somebody below still looks at is left to him. */
static void copy_put_page(struct blkback_copy *copy, struct page *page)
{
	if (likely(page_count(page) == 1 && !copy_too_many()))
		list_add(&page->lru, &copy->free);
	else
		copy_free_page(copy, page);
}

/**
 * blkback_copy_init - no page yet
 * @copy: part of a ring's mover
 * @nr_max: bound on the ring's pages
 */
void blkback_copy_init(struct blkback_copy *copy, unsigned int nr_max)
{
	INIT_LIST_HEAD(&copy->free);
	copy->nr_max = nr_max;
}

/**
 * blkback_copy_shrink - free the pages that no part has
 * @copy: those of a ring
 *
 * Context: the ring's work item, or the device's when that is done.
 */
void blkback_copy_shrink(struct blkback_copy *copy)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &copy->free, lru)
		copy_free_page(copy, page);
	INIT_LIST_HEAD(&copy->free);
}

static bool part_is_small(const struct blkback_part *part)
{
	return part->nr_segments &&
	       part->req->cmd.nr_segments <= BLKBACK_PART_SEGMENTS;
}

/**
 * blkback_copy_reserve - get pages to copy a part through
 * @copy: those of the part's ring
 * @part: the part
 *
 * Context: the ring's work item.
 * Return: false when it is to be mapped: it is large, or there are not enough.
 */
bool blkback_copy_reserve(struct blkback_copy *copy, struct blkback_part *part)
{
	unsigned int nr;

	if (!part_is_small(part))
		return false;
	for (nr = 0; nr < part->nr_segments; nr++) {
		part->page[nr] = copy_get_page(copy);
		if (!part->page[nr])
			goto err_put;
	}
	part->nr_pages = nr;
	part->copied = true;
	return true;

err_put:
	while (nr)
		copy_put_page(copy, part->page[--nr]);
	return false;
}

/**
 * blkback_copy_release - give a part's pages back
 * @copy: those of the part's ring
 * @part: the part, copied
 *
 * Context: the ring's work item.
 */
void blkback_copy_release(struct blkback_copy *copy, struct blkback_part *part)
{
	while (part->nr_pages)
		copy_put_page(copy, part->page[--part->nr_pages]);
}

static bool part_goes(const struct blkback_part *part, bool out)
{
	return part->copied && part->nr_pages && !part->error &&
	       (part->req->cmd.op == BLKBACK_READ) == out;
}

static unsigned int copy_add(struct blkback_mover *mover,
			     const struct blkback_part *part, unsigned int nr,
			     bool out)
{
	struct gnttab_copy *op = &mover->ops->copy[nr];
	unsigned int i;

	for (i = 0; i < part->nr_segments; i++) {
		const struct blkback_segment *seg = &part->seg[i];
		void *ours = page_address(part->page[i]) + seg->offset_bytes;

		if (out)
			blkback_port_copy_out_op(op++, ours, seg->gref,
						 seg->offset_bytes,
						 seg->len_bytes, mover->domid);
		else
			blkback_port_copy_in_op(op++, ours, seg->gref,
						seg->offset_bytes,
						seg->len_bytes, mover->domid);
	}
	return nr + part->nr_segments;
}

static void copy_done(const struct blkback_mover *mover,
		      struct blkback_part *part, const struct gnttab_copy *op)
{
	unsigned int i;

	for (i = 0; i < part->nr_segments; i++) {
		if (op[i].status == GNTST_okay)
			continue;
		blkback_mover_refused(mover, part, part->seg[i].gref,
				      op[i].status);
		return;
	}
}

/* The parts from @part to before @end whose ops are in the batch. */
static void copy_flush(struct blkback_mover *mover, struct blkback_part *part,
		       struct list_head *end, unsigned int nr, bool out)
{
	const struct gnttab_copy *op = mover->ops->copy;

	if (!nr)
		return;
	mover->worked = true;
	blkback_port_copy(mover->ops->copy, nr);
	for (; &part->list != end; part = list_next_entry(part, list)) {
		if (!part_goes(part, out))
			continue;
		copy_done(mover, part, op);
		op += part->nr_segments;
	}
}

static void copy_parts(struct blkback_mover *mover, struct list_head *parts,
		       bool out)
{
	struct blkback_part *part, *first = NULL;
	unsigned int nr = 0;

	list_for_each_entry(part, parts, list) {
		if (!part_goes(part, out))
			continue;
		if (nr + part->nr_segments > BLKBACK_MOVER_COPIES) {
			copy_flush(mover, first, &part->list, nr, out);
			nr = 0;
		}
		if (!nr)
			first = part;
		nr = copy_add(mover, part, nr, out);
	}
	copy_flush(mover, first, parts, nr, out);
}

/**
 * blkback_copy_in - bring the data that is to be written
 * @mover: the ring's mover
 * @parts: parts that have pages, copied or not
 *
 * A part whose data could not be brought has its @error set.
 *
 * Context: the ring's work item, may sleep.
 */
void blkback_copy_in(struct blkback_mover *mover, struct list_head *parts)
{
	copy_parts(mover, parts, false);
}

/**
 * blkback_copy_out - take the data that was read to the frontend
 * @mover: the ring's mover
 * @parts: finished parts, copied or not
 *
 * Nothing is taken of a part that failed.  One whose data could not be taken has
 * its @error set.
 *
 * Context: the ring's work item, may sleep; or the ring's owner, when none is copied.
 */
void blkback_copy_out(struct blkback_mover *mover, struct list_head *parts)
{
	copy_parts(mover, parts, true);
}
