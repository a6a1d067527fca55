// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that stay granted between requests (persistent grants).
 *
 * A backend that keeps grants mapped makes no hypercall for those that it knows.
 * So requests get private pages that are granted already, the one first that was
 * given back last, and a grant is the backend's as long as its page is in the pool:
 * nothing is armed for a request, nor ended after it.  The data is copied.
 *
 * What goes out of use is ended when the backend has unmapped it, which it does when
 * it pleases: until then the page stays in the pool, and is tried again.  Once the
 * connection has ended no page may stay granted.
 *
 * A page's reference is noted in the page; 0 is none, as Xen's tables have other uses
 * for the first.
 */
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>

#include "blkfront.h"

/* So many stay granted; the reserve always does. */
static unsigned int persistent_max(void)
{
	return max_t(unsigned int, READ_ONCE(blkfront_max_persistent_grants),
		     BLKFRONT_POOL_RESERVE);
}

/* --- for requests ----------------------------------------------------------------- */

/**
 * blkfront_persistent_lend - lend pages that are granted
 * @pool: the pool
 * @shadow: gets them as its first pages, with their references
 * @nr: how many it could use
 *
 * Context: under pool->lock.
 * Return: how many it got.
 */
unsigned int blkfront_persistent_lend(struct blkfront_pool *pool,
				      struct blkfront_shadow *shadow,
				      unsigned int nr)
{
	struct page *page;
	unsigned int i;

	lockdep_assert_held(&pool->lock);
	nr = min(nr, pool->granted.nr_free);
	for (i = 0; i < nr; i++) {
		page = list_first_entry(&pool->granted_list, struct page, lru);
		list_del(&page->lru);
		shadow->page[i] = page;
		shadow->io.seg[i].gref = page_private(page);
	}
	pool->granted.nr_free -= nr;
	pool->granted.nr_low = min(pool->granted.nr_low,
				   pool->granted.nr_free);
	shadow->nr_granted = nr;
	return nr;
}

/**
 * blkfront_persistent_arm - grant those of a request's pages that are not
 * @shadow: its shadow, with the segments and their pages
 * @domid: the backend's domain
 *
 * For reading and writing, whatever the request does: the next may do the other.
 *
 * Context: as blkfront_grants_arm().
 */
void blkfront_persistent_arm(struct blkfront_shadow *shadow, domid_t domid)
{
	struct blkfront_segment *seg = shadow->io.seg;
	unsigned int i;

	for (i = shadow->nr_granted; i < shadow->io.nr_segs; i++) {
		blkfront_port_grant_arm(seg[i].gref, domid, shadow->page[i],
					false);
		set_page_private(shadow->page[i], seg[i].gref);
	}
}

/**
 * blkfront_persistent_stay - pages that were granted for a request stay so
 * @pool: the pool
 * @shadow: the request's shadow, which is about to give them back
 *
 * Context: under pool->lock.
 */
void blkfront_persistent_stay(struct blkfront_pool *pool,
			      struct blkfront_shadow *shadow)
{
	unsigned int i, nr = 0;

	lockdep_assert_held(&pool->lock);
	for (i = shadow->nr_granted; i < shadow->nr_lent; i++)
		if (page_private(shadow->page[i]))
			nr++;
	pool->pages.nr -= nr;
	pool->refs.nr -= nr;
	pool->granted.nr += nr;
}

/**
 * blkfront_persistent_keep - take a granted page back
 * @pool: the pool
 * @page: the page
 * @surplus: gets it when there are enough, for blkfront_persistent_end()
 *
 * Context: under pool->lock.
 */
void blkfront_persistent_keep(struct blkfront_pool *pool, struct page *page,
			      struct list_head *surplus)
{
	lockdep_assert_held(&pool->lock);
	if (pool->granted.nr > persistent_max()) {
		pool->granted.nr--;
		list_add(&page->lru, surplus);
	} else {
		pool->granted.nr_free++;
		list_add(&page->lru, &pool->granted_list);
	}
}

/* --- giving back -------------------------------------------------------------------- */

/* Once it is not granted any more, a page is a private one like others. */
static void persistent_ended(struct blkfront_pool *pool, struct page *page)
{
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	list_add(&page->lru, &pool->page_list);
	pool->pages.nr++;
	pool->pages.nr_free++;
	spin_unlock_irqrestore(&pool->lock, flags);
}

/* Those that the backend has not unmapped stay on the list. */
static void persistent_end(struct blkfront_pool *pool, struct list_head *pages,
			   bool give_up)
{
	struct page *page, *next;
	grant_ref_t ref;

	list_for_each_entry_safe(page, next, pages, lru) {
		ref = page_private(page);
		if (blkfront_port_grant_revoke(ref)) {
			list_del(&page->lru);
			set_page_private(page, 0);
			persistent_ended(pool, page);
		} else if (give_up) {
			list_del(&page->lru);
			set_page_private(page, 0);
			blkfront_port_grant_defer(ref, page);
		}
	}
}

/* Pages that could not be ended are granted as before; under pool->lock. */
static void persistent_count(struct blkfront_pool *pool,
			     struct list_head *pages)
{
	unsigned int nr = list_count_nodes(pages);

	lockdep_assert_held(&pool->lock);
	pool->granted.nr += nr;
	pool->granted.nr_free += nr;
}

/**
 * blkfront_persistent_end - end access to pages that are too many
 * @pool: the pool; gets them back in either case
 * @surplus: what blkfront_persistent_keep() made of them
 *
 * Their references are the kernel's then.  Those that the backend keeps mapped are
 * the next to be lent.
 *
 * Context: any, without the lock.
 */
void blkfront_persistent_end(struct blkfront_pool *pool,
			     struct list_head *surplus)
{
	unsigned long flags;

	if (likely(list_empty(surplus)))
		return;
	persistent_end(pool, surplus, false);
	spin_lock_irqsave(&pool->lock, flags);
	persistent_count(pool, surplus);
	list_splice(surplus, &pool->granted_list);
	spin_unlock_irqrestore(&pool->lock, flags);
}

/* Those that were used longest ago; under pool->lock. */
static void persistent_pick(struct blkfront_pool *pool, unsigned int nr,
			    struct list_head *pages)
{
	lockdep_assert_held(&pool->lock);
	pool->granted.nr -= nr;
	pool->granted.nr_free -= nr;
	while (nr--)
		list_move(pool->granted_list.prev, pages);
}

/**
 * blkfront_persistent_trim - end access to pages that lay idle for a period
 * @pool: the pool
 * @reserve: so many stay
 *
 * Context: the pool's work item.
 * Return: false if the backend still has one mapped that should have gone.
 */
bool blkfront_persistent_trim(struct blkfront_pool *pool, unsigned int reserve)
{
	struct blkfront_stock *granted = &pool->granted;
	unsigned long flags;
	LIST_HEAD(pages);
	bool all;

	spin_lock_irqsave(&pool->lock, flags);
	if (granted->nr > reserve)
		persistent_pick(pool, min3(granted->nr_low, granted->nr_free,
					   granted->nr - reserve), &pages);
	spin_unlock_irqrestore(&pool->lock, flags);
	persistent_end(pool, &pages, false);
	all = list_empty(&pages);
	spin_lock_irqsave(&pool->lock, flags);
	persistent_count(pool, &pages);
	list_splice_tail(&pages, &pool->granted_list);
	granted->nr_low = granted->nr_free;
	spin_unlock_irqrestore(&pool->lock, flags);
	return all;
}

/**
 * blkfront_persistent_fence - end access to all pages
 * @pool: the pool, of which nothing is lent
 * @give_up: those that are mapped are left to the backend
 *
 * Context: process.
 * Return: false if the backend still has one mapped.
 */
bool blkfront_persistent_fence(struct blkfront_pool *pool, bool give_up)
{
	unsigned long flags;
	LIST_HEAD(pages);

	spin_lock_irqsave(&pool->lock, flags);
	persistent_pick(pool, pool->granted.nr_free, &pages);
	spin_unlock_irqrestore(&pool->lock, flags);
	persistent_end(pool, &pages, give_up);
	spin_lock_irqsave(&pool->lock, flags);
	persistent_count(pool, &pages);
	list_splice_tail(&pages, &pool->granted_list);
	spin_unlock_irqrestore(&pool->lock, flags);
	return !pool->granted.nr;
}

/* --- descriptors --------------------------------------------------------------------- */

/**
 * blkfront_persistent_grant_table - grant a table's descriptor pages, for good
 * @pool: the pool
 * @table: a new table
 *
 * Context: any.
 * Return: 0 or -ENOSPC.
 */
int blkfront_persistent_grant_table(struct blkfront_pool *pool,
				    struct blkfront_table *table)
{
	unsigned int nr = blkfront_encode_descs(table->nr_segs), i;
	grant_ref_t chain = INVALID_GRANT_REF;
	int err = blkfront_port_grant_alloc(&chain, nr);

	if (err)
		return err;
	for (i = 0; i < nr; i++) {
		table->desc_gref[i] = blkfront_port_grant_claim(&chain);
		blkfront_port_grant_arm(table->desc_gref[i], pool->domid,
					table->desc[i], false);
	}
	table->nr_granted = nr;
	return 0;
}

/**
 * blkfront_persistent_end_table - end access to a table's descriptor pages
 * @table: a table that is not lent
 * @give_up: those that are mapped are left to the backend, and are the table's no
 *	more
 *
 * Context: any.
 * Return: false if the backend still has one mapped.
 */
bool blkfront_persistent_end_table(struct blkfront_table *table, bool give_up)
{
	unsigned int last;

	while (table->nr_granted) {
		last = table->nr_granted - 1;
		if (!blkfront_port_grant_revoke(table->desc_gref[last])) {
			if (!give_up)
				return false;
			blkfront_port_grant_defer(table->desc_gref[last],
						  table->desc[last]);
			table->desc[last] = NULL;
		}
		table->nr_granted--;
	}
	return true;
}
