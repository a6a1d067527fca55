// SPDX-License-Identifier: GPL-2.0
/*
 * Bringing the frontend's pages by mapping them: one hypercall maps all pages
 * of a batch of parts, one unmaps them.
 *
 * What the ring's cache of grants has is mapped already, and what it keeps stays
 * mapped.
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
 * @mover: part of the ring's queue, zeroed
 * @domid: the frontend's domain
 * @max_pages: what the requests of a full ring can name at most
 * @persistent: grants may stay mapped when their request is answered
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int blkback_mover_init(struct blkback_mover *mover, domid_t domid,
		       unsigned int max_pages, bool persistent)
{
	int err = -ENOMEM;

	mover->domid = domid;
	blkback_copy_init(&mover->copy,
			  min(max_pages, READ_ONCE(blkback_max_buffer_pages)));
	mover->page = kcalloc(BLKBACK_MOVER_BATCH, sizeof(*mover->page),
			      GFP_KERNEL);
	mover->ops = kzalloc_obj(*mover->ops);
	if (!mover->page || !mover->ops)
		goto err_free;
	err = blkback_grant_cache_init(&mover->cache, persistent);
	if (err)
		goto err_free;
	err = blkback_pages_init(&mover->pages, BLKBACK_PART_SEGMENTS,
				 clamp(READ_ONCE(blkback_max_buffer_pages),
				       BLKBACK_PART_SEGMENTS, max_pages));
	if (err)
		goto err_exit_cache;
	return 0;

err_exit_cache:
	blkback_grant_cache_exit(&mover->cache);
err_free:
	kfree(mover->ops);
	kfree(mover->page);
	return err;
}

/**
 * blkback_mover_exit - undo blkback_mover_init()
 * @mover: the mover, with no request in flight and nothing mapped
 *
 * Context: process, may sleep.
 */
void blkback_mover_exit(struct blkback_mover *mover)
{
	blkback_copy_shrink(&mover->copy);
	blkback_pages_exit(&mover->pages);
	blkback_grant_cache_exit(&mover->cache);
	kfree(mover->ops);
	kfree(mover->page);
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
	mover->worked = true;
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

/*
 * Unmap so many of the grants that were idle longest; those are fewer if fewer
 * are idle.  Nobody looks at the page of an idle grant: that was seen when its
 * last part ended, and nobody was given it since.
 */
static void cache_unmap(struct blkback_mover *mover, unsigned int max)
{
	grant_handle_t handle;
	unsigned int nr = 0;

	for (; max; max--) {
		if (!blkback_grant_cache_drop(&mover->cache, &mover->page[nr],
					      &handle))
			break;
		blkback_port_unmap_op(&mover->ops->unmap[nr], mover->page[nr],
				      handle);
		if (++nr < BLKBACK_MOVER_BATCH)
			continue;
		unmap_flush(mover, nr);
		nr = 0;
	}
	unmap_flush(mover, nr);
}

/**
 * blkback_mover_clear - unmap what stayed mapped
 * @mover: the mover, with no request in flight
 *
 * Context: the device's work item, which owns the ring by then; may sleep.
 */
void blkback_mover_clear(struct blkback_mover *mover)
{
	cache_unmap(mover, UINT_MAX);
}

/**
 * blkback_mover_tidy - unmap grants that were not used for long
 * @mover: the mover
 *
 * Context: the ring's work item, may sleep.
 */
void blkback_mover_tidy(struct blkback_mover *mover)
{
	cache_unmap(mover, blkback_grant_cache_overdue(&mover->cache));
}

/**
 * blkback_mover_shrink - free what an idle ring does not need
 * @mover: the mover
 *
 * But for the pages that grants are mapped at, which take longer.
 *
 * Context: the ring's work item.
 */
void blkback_mover_shrink(struct blkback_mover *mover)
{
	blkback_copy_shrink(&mover->copy);
}

/**
 * blkback_mover_surplus - is there more than an idle ring needs?
 * @mover: the mover
 *
 * Context: the ring's work item.
 * Return: true when there is something to give back, now or later.
 */
bool blkback_mover_surplus(struct blkback_mover *mover)
{
	return mover->copy.nr || blkback_pages_surplus(&mover->pages) ||
	       blkback_grant_cache_surplus(&mover->cache);
}

/* Which pages are mapped already; how many are not. */
static unsigned int part_look_up(struct blkback_mover *mover,
				 struct blkback_part *part)
{
	unsigned int i, nr_missed = 0;

	for (i = 0; i < part->nr_segments; i++) {
		part->grant[i] = blkback_grant_cache_take(&mover->cache,
							  part->seg[i].gref,
							  &part->page[i]);
		part->handle[i] = INVALID_GRANT_HANDLE;
		nr_missed += !part->grant[i];
	}
	return nr_missed;
}

static void part_give_back(struct blkback_mover *mover,
			   const struct blkback_part *part)
{
	unsigned int i;

	for (i = 0; i < part->nr_segments; i++)
		if (part->grant[i])
			blkback_grant_cache_back(&mover->cache, part->grant[i]);
}

/* Cached grants that nobody uses hold up no request. */
static bool pages_get(struct blkback_mover *mover, unsigned int nr,
		      struct page **page)
{
	if (blkback_pages_get(&mover->pages, nr, page))
		return true;
	if (!mover->cache.nr)
		return false;
	cache_unmap(mover, nr);
	return blkback_pages_get(&mover->pages, nr, page);
}

/**
 * blkback_mover_reserve - get what a part needs before it is brought
 * @mover: the mover
 * @part: the part
 *
 * Context: the ring's work item, may sleep.
 * Return: false when the part has to wait; the ring is kicked later.
 */
bool blkback_mover_reserve(struct blkback_mover *mover,
			   struct blkback_part *part)
{
	struct page *page[BLKBACK_PART_SEGMENTS];
	unsigned int i, nr;

	/* What stays mapped needs neither. */
	if (!mover->cache.bucket && blkback_copy_reserve(&mover->copy, part))
		return true;
	/* That Xen had no room may be for what stays mapped. */
	if (part->starved)
		cache_unmap(mover, part->nr_segments);
	nr = part_look_up(mover, part);
	if (!pages_get(mover, nr, page)) {
		part_give_back(mover, part);
		return false;
	}
	for (i = 0; i < part->nr_segments; i++)
		if (!part->grant[i])
			part->page[i] = page[--nr];
	part->nr_pages = part->nr_segments;
	/*
	 * From a page that is written to it the disk only reads.  What stays
	 * mapped may be for the one today, for the other tomorrow (PG3).
	 */
	part->readonly = part->req->cmd.op != BLKBACK_READ &&
			 !mover->cache.bucket;
	return true;
}

static bool is_mapped(const struct blkback_part *part, unsigned int i)
{
	return part->grant[i] || part->handle[i] != INVALID_GRANT_HANDLE;
}

/* What of it is not mapped goes into the batch, behind @nr others. */
static unsigned int map_add(struct blkback_mover *mover,
			    struct blkback_part *part, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < part->nr_pages; i++) {
		if (is_mapped(part, i))
			continue;
		mover->page[nr] = part->page[i];
		blkback_port_map_op(&mover->ops->map[nr++], part->page[i],
				    part->readonly, part->seg[i].gref,
				    mover->domid);
	}
	part->mapping = true;
	return nr;
}

/* Of handles to map with, by the word of newer and of older Xen. */
static bool is_no_room(s16 status)
{
	return status == GNTST_no_space || status == GNTST_no_device_space;
}

/**
 * blkback_mover_refused - Xen gave no access to a page of a part
 * @mover: the mover
 * @part: the part; one grant that failed fails its request (rule D10)
 * @gref: the grant reference
 * @status: what Xen says, GNTST_*
 *
 * Context: the ring's work item.
 */
void blkback_mover_refused(const struct blkback_mover *mover,
			   struct blkback_part *part, u32 gref, s16 status)
{
	part->error = -EFAULT;
	blkback_warn(part->req->queue->dev,
		     "request 0x%llx: domain %u granted no access to the page with grant reference %u (Xen says %d)\n",
		     part->req->cmd.id, mover->domid, gref, status);
}

/*
 * That Xen is out of room is no fault of the request's, and it is to be tried
 * again.
 */
static void map_failed(struct blkback_mover *mover, struct blkback_part *part,
		       const struct gnttab_map_grant_ref *op)
{
	if (is_no_room(op->status))
		part->starved = true;
	else
		blkback_mover_refused(mover, part, op->ref, op->status);
}

/*
 * Keep what was mapped.  A grant that may only be read, for what only reads it,
 * is tried again as such: Xen has no status of its own for that.
 */
static const struct gnttab_map_grant_ref *
map_done(struct blkback_mover *mover, struct blkback_part *part,
	 const struct gnttab_map_grant_ref *op)
{
	bool may_read = !part->readonly && part->req->cmd.op != BLKBACK_READ;
	unsigned int i;

	part->mapping = false;
	for (i = 0; i < part->nr_pages; i++) {
		if (is_mapped(part, i))
			continue;
		if (op->status == GNTST_okay)
			part->handle[i] = op->handle;
		else if (may_read && !is_no_room(op->status))
			part->mapping = true;
		else
			map_failed(mover, part, op);
		op++;
	}
	/* All or nothing: what has failed is not tried on. */
	if (part->error || part->starved)
		part->mapping = false;
	part->readonly |= part->mapping;
	return op;
}

/* The parts from @first to before @end whose ops are in the batch. */
static void map_flush(struct blkback_mover *mover, struct blkback_part *first,
		      struct list_head *end, unsigned int nr)
{
	const struct gnttab_map_grant_ref *op;
	struct blkback_part *part;

	while (nr) {
		mover->worked = true;
		/* An op not carried out keeps a status that is no success. */
		blkback_port_map(mover->ops->map, mover->page, nr);
		op = mover->ops->map;
		for (part = first; &part->list != end;
		     part = list_next_entry(part, list))
			if (part->mapping)
				op = map_done(mover, part, op);
		nr = 0;
		for (part = first; &part->list != end;
		     part = list_next_entry(part, list))
			if (part->mapping)
				nr = map_add(mover, part, nr);
	}
}

/**
 * blkback_mover_bring - map the pages of a batch of parts, or copy their data
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

	blkback_copy_in(mover, parts);
	list_for_each_entry(part, parts, list) {
		if (part->copied)
			continue;
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

/**
 * blkback_mover_keeps - do all pages of a part stay mapped when it has ended?
 * @part: the part, its pages brought
 *
 * Then blkback_mover_release() asks nothing of Xen and does not sleep.
 *
 * Context: the ring's owner.
 * Return: true when they were mapped before it came.
 */
bool blkback_mover_keeps(const struct blkback_part *part)
{
	unsigned int i;

	if (part->copied)
		return false;
	for (i = 0; i < part->nr_pages; i++)
		if (!part->grant[i])
			return false;
	return true;
}

/* Somebody below still looks at a page: it may not go away under them. */
static bool pages_busy(const struct blkback_part *part)
{
	unsigned int i;

	for (i = 0; i < part->nr_pages; i++)
		if (is_mapped(part, i) && page_count(part->page[i]) > 1)
			return true;
	return false;
}

/* True when a page stays mapped for later parts. */
static bool page_kept(struct blkback_mover *mover,
		      const struct blkback_part *part, unsigned int i)
{
	if (part->grant[i]) {
		blkback_grant_cache_back(&mover->cache, part->grant[i]);
		return true;
	}
	if (part->readonly)
		return false;
	return blkback_grant_cache_keep(&mover->cache, part->seg[i].gref,
					part->page[i], part->handle[i]);
}

/* Let go of all pages of a part; what is to be unmapped is put in the batch. */
static unsigned int part_release(struct blkback_mover *mover,
				 struct blkback_part *part, unsigned int nr)
{
	unsigned int i, nr_unmapped = 0;

	for (i = 0; i < part->nr_pages; i++) {
		if (!is_mapped(part, i)) {
			part->page[nr_unmapped++] = part->page[i];
			continue;
		}
		if (page_kept(mover, part, i))
			continue;
		mover->page[nr] = part->page[i];
		blkback_port_unmap_op(&mover->ops->unmap[nr++], part->page[i],
				      part->handle[i]);
	}
	if (nr_unmapped)
		blkback_pages_put(&mover->pages, nr_unmapped, part->page);
	part->nr_pages = 0;
	return nr;
}

/**
 * blkback_mover_release - let go of the pages of a batch of parts
 * @mover: the mover
 * @parts: finished parts; those left on it may be answered
 * @held: where those go whose pages are still looked at
 *
 * What does not stay mapped is unmapped when this returns.
 *
 * Context: the ring's work item, may sleep; or the ring's owner, with parts of which
 * all pages stay mapped.
 */
void blkback_mover_release(struct blkback_mover *mover, struct list_head *parts,
			   struct list_head *held)
{
	struct blkback_part *part, *next;
	unsigned int nr = 0;

	blkback_copy_out(mover, parts);
	list_for_each_entry_safe(part, next, parts, list) {
		if (part->copied) {
			blkback_copy_release(&mover->copy, part);
			continue;
		}
		if (pages_busy(part)) {
			list_move_tail(&part->list, held);
			continue;
		}
		if (nr + part->nr_pages > BLKBACK_MOVER_BATCH) {
			unmap_flush(mover, nr);
			nr = 0;
		}
		nr = part_release(mover, part, nr);
	}
	unmap_flush(mover, nr);
}
