// SPDX-License-Identifier: GPL-2.0
/*
 * What requests borrow: grant references, private pages, tables.
 *
 * Each queue has a pool of its own, so that lending takes no lock that another
 * queue wants, and no allocation once the pool has what the load needs.  It
 * grows on demand, up to a bound and without waiting for memory; when it cannot,
 * requests go out in smaller pieces, or wait for what others give back.  It has
 * a reserve that lets any request get on.
 *
 * What lay idle for a whole period is given back.  The work item that does it is
 * queued only as long as there is something to give back: the pool of an idle
 * disk is its reserve, and costs no wakeup.
 */
#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "blkfront.h"

#define POOL_RESERVE		BLKFRONT_POOL_RESERVE
/* Pages that the requests of a queue may have granted at once: 8 MiB, or one. */
#define POOL_MAX_REFS		2048U
/* References are allocated by so many: it takes a lock that all drivers share. */
#define POOL_BATCH		64
#define POOL_PERIOD		(10 * HZ)
/* So long a request waits for all that it could have at once. */
#define POOL_PATIENCE		(HZ / 10)
/* What the backend does not let go of is tried again ever more seldom. */
#define POOL_MAX_PERIOD		(300UL * HZ)
/*
 * On the way of requests: does not wait, does not complain, and leaves the reserves of
 * memory alone, as requests get on without; also where memory is being reclaimed.
 */
#define POOL_GFP		(GFP_NOWAIT | __GFP_NOWARN | __GFP_NOMEMALLOC)

/* --- stocks: under pool->lock ------------------------------------------------- */

static void stock_add(struct blkfront_stock *stock, unsigned int nr)
{
	stock->nr += nr;
	stock->nr_free += nr;
}

static void stock_lend(struct blkfront_stock *stock, unsigned int nr)
{
	stock->nr_free -= nr;
	stock->nr_low = min(stock->nr_low, stock->nr_free);
}

/* So many were idle for a period and are not reserved: they leave the stock. */
static unsigned int stock_trim(struct blkfront_stock *stock,
			       unsigned int reserve)
{
	unsigned int spare = 0;

	if (stock->nr > reserve)
		spare = min(stock->nr_low, stock->nr - reserve);
	stock->nr -= spare;
	stock->nr_free -= spare;
	stock->nr_low = stock->nr_free;
	return spare;
}

/* --- tables --------------------------------------------------------------------- */

/* A backend that had it mapped may have died; once is enough to be careful. */
static void pool_free_page(const struct blkfront_pool *pool, struct page *page)
{
	blkfront_linger_free(page, READ_ONCE(pool->lingers));
}

/* Those whose descriptor pages are mapped still have to wait. */
static void pool_free_tables(struct blkfront_pool *pool,
			     struct list_head *tables, bool give_up)
{
	struct blkfront_table *table, *next;
	unsigned long flags;

	list_for_each_entry_safe(table, next, tables, node) {
		list_del(&table->node);
		if (blkfront_persistent_end_table(table, give_up)) {
			blkfront_table_free(table, READ_ONCE(pool->lingers));
			continue;
		}
		spin_lock_irqsave(&pool->lock, flags);
		list_add_tail(&table->node, &pool->mapped_list);
		spin_unlock_irqrestore(&pool->lock, flags);
	}
}

/* --- growing ---------------------------------------------------------------------- */

/*
 * The kernel's grant table grows by pages that it asks for atomically, and it complains
 * on the console when there is none: in a guest that swaps, again and again.  Where one
 * cannot be had without what is kept for such calls, it is not asked.
 */
static bool pool_finds_memory(void)
{
	struct page *page = alloc_page(POOL_GFP);

	if (!page)
		return false;
	__free_page(page);
	return true;
}

/* What of a reserve is not in granted pages. */
static unsigned int pool_rest(const struct blkfront_pool *pool,
			      unsigned int reserve)
{
	return reserve - min(reserve, pool->granted.nr);
}

static bool pool_has_spare(const struct blkfront_pool *pool)
{
	unsigned int rest = pool_rest(pool, POOL_RESERVE);

	return pool->refs.nr > rest || pool->pages.nr > rest ||
	       pool->granted.nr > POOL_RESERVE || pool->tables.nr ||
	       !list_empty(&pool->mapped_list);
}

/* Called without the lock: the numbers may be old, and the bound is a soft one. */
static void pool_grow_refs(struct blkfront_pool *pool, unsigned int nr,
			   unsigned int batch)
{
	unsigned int have = READ_ONCE(pool->refs.nr_free);
	unsigned int all = READ_ONCE(pool->refs.nr) +
			   READ_ONCE(pool->granted.nr);
	unsigned int max = max(POOL_MAX_REFS, nr);
	grant_ref_t chain = INVALID_GRANT_REF;
	unsigned long flags;

	if (have >= nr || all >= max)
		return;
	/* But for the pool's reserve, which is without a batch: no connection without it. */
	if (batch && !pool_finds_memory())
		return;
	nr = min(nr - have, max - all);
	if (nr < batch && !blkfront_port_grant_alloc(&chain, batch))
		nr = batch;
	else if (blkfront_port_grant_alloc(&chain, nr))
		return;

	spin_lock_irqsave(&pool->lock, flags);
	stock_add(&pool->refs, nr);
	while (nr--)
		blkfront_port_grant_release(&pool->ref_chain,
					    blkfront_port_grant_claim(&chain));
	spin_unlock_irqrestore(&pool->lock, flags);
}

static int pool_grow_pages(struct blkfront_pool *pool, unsigned int nr,
			   gfp_t gfp)
{
	unsigned long flags;
	struct page *page;

	while (READ_ONCE(pool->pages.nr_free) +
	       READ_ONCE(pool->granted.nr_free) < nr) {
		page = alloc_page(gfp | __GFP_ZERO);
		if (!page)
			return -ENOMEM;
		set_page_private(page, 0);
		spin_lock_irqsave(&pool->lock, flags);
		list_add(&page->lru, &pool->page_list);
		stock_add(&pool->pages, 1);
		spin_unlock_irqrestore(&pool->lock, flags);
	}
	return 0;
}

static struct blkfront_table *pool_find_mapped(struct blkfront_pool *pool)
{
	struct blkfront_table *table;

	list_for_each_entry(table, &pool->mapped_list, node)
		if (table->nr_segs == pool->table_segs &&
		    table->nr_granted == blkfront_encode_descs(table->nr_segs))
			return table;
	return NULL;
}

/* A table that was to go, and that the backend has mapped still, is as good as new. */
static bool pool_keep_mapped_table(struct blkfront_pool *pool)
{
	struct blkfront_table *table = NULL;
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	if (pool->persistent)
		table = pool_find_mapped(pool);
	if (table) {
		list_move(&table->node, &pool->table_list);
		stock_add(&pool->tables, 1);
	}
	spin_unlock_irqrestore(&pool->lock, flags);
	return table;
}

static void pool_grow_tables(struct blkfront_pool *pool)
{
	struct blkfront_table *table;
	unsigned long flags;

	if (READ_ONCE(pool->tables.nr_free) || pool_keep_mapped_table(pool))
		return;
	table = blkfront_table_alloc(pool->table_segs, POOL_GFP);
	if (!table)
		return;
	if (pool->persistent &&
	    (!pool_finds_memory() ||
	     blkfront_persistent_grant_table(pool, table))) {
		blkfront_table_free(table, READ_ONCE(pool->lingers));
		return;
	}
	spin_lock_irqsave(&pool->lock, flags);
	list_add(&table->node, &pool->table_list);
	stock_add(&pool->tables, 1);
	spin_unlock_irqrestore(&pool->lock, flags);
}

/* Tables have references of their own where grants are persistent. */
static unsigned int pool_descs(const struct blkfront_pool *pool,
			       unsigned int nr)
{
	return pool->persistent ? 0 : blkfront_encode_descs(nr);
}

static void pool_grow(struct blkfront_pool *pool, unsigned int nr)
{
	unsigned int granted = READ_ONCE(pool->granted.nr_free);

	if (nr > BLKFRONT_DIRECT_SEGMENTS)
		pool_grow_tables(pool);
	if (nr > granted)
		pool_grow_refs(pool, nr - granted + pool_descs(pool, nr),
			       POOL_BATCH);
	if (pool->private)
		pool_grow_pages(pool, nr, POOL_GFP);
	if (pool_has_spare(pool))
		queue_delayed_work(blkfront_wq, &pool->trim, POOL_PERIOD);
}

/* --- lending ------------------------------------------------------------------------ */

/* Under the lock. */
static bool pool_has(const struct blkfront_pool *pool, unsigned int nr)
{
	unsigned int fresh = nr - min(nr, pool->granted.nr_free);

	if (nr > BLKFRONT_DIRECT_SEGMENTS && !pool->tables.nr_free)
		return false;
	return fresh + pool_descs(pool, nr) <= pool->refs.nr_free &&
	       (!pool->private || fresh <= pool->pages.nr_free);
}

/*
 * The largest piece that will ever be had, when no more can be allocated.  What
 * of it is lent to others now is worth waiting for: with smaller ones, a queue
 * that is short of something would do all its work in crumbs.
 */
static unsigned int pool_fit(const struct blkfront_pool *pool, unsigned int nr)
{
	unsigned int refs = pool->refs.nr + pool->granted.nr;

	if (pool->private)
		nr = min(nr, pool->pages.nr + pool->granted.nr);
	if (nr > BLKFRONT_DIRECT_SEGMENTS && !pool->tables.nr_free)
		nr = BLKFRONT_DIRECT_SEGMENTS;
	if (nr + pool_descs(pool, nr) > refs)
		nr = refs - pool_descs(pool, nr);
	return nr;
}

/*
 * What of it is free now.  Smaller requests take whatever comes back, and one that waits
 * for all to be there would wait as long as they keep coming.  With a first piece on its
 * way the rest is in the backlog, which holds them up.
 */
static unsigned int pool_crumb(const struct blkfront_pool *pool,
			       const struct blkfront_shadow *shadow,
			       unsigned int nr)
{
	unsigned int fresh = pool->refs.nr_free;

	if (!shadow->waited ||
	    time_before(jiffies, shadow->waits + POOL_PATIENCE))
		return 0;
	if (pool->private)
		fresh = min(fresh, pool->pages.nr_free);
	return min3(nr, fresh + pool->granted.nr_free,
		    (unsigned int)BLKFRONT_DIRECT_SEGMENTS);
}

static void pool_lend(struct blkfront_pool *pool,
		      struct blkfront_shadow *shadow, unsigned int nr)
{
	unsigned int descs = pool_descs(pool, nr), granted, i;
	struct blkfront_table *table = NULL;
	struct page *page;

	shadow->page = shadow->direct_page;
	shadow->io.seg = shadow->direct_seg;
	if (nr > BLKFRONT_DIRECT_SEGMENTS) {
		table = list_first_entry(&pool->table_list,
					 struct blkfront_table, node);
		list_del(&table->node);
		stock_lend(&pool->tables, 1);
		shadow->page = table->page;
		shadow->io.seg = table->seg;
		shadow->io.desc_gref = table->desc_gref;
	}
	shadow->table = table;

	granted = blkfront_persistent_lend(pool, shadow, nr);
	for (i = granted; i < nr; i++)
		shadow->io.seg[i].gref =
			blkfront_port_grant_claim(&pool->ref_chain);
	for (i = 0; i < descs; i++)
		table->desc_gref[i] =
			blkfront_port_grant_claim(&pool->ref_chain);
	stock_lend(&pool->refs, nr - granted + descs);
	shadow->nr_lent = nr;

	if (!pool->private)
		return;
	for (i = granted; i < nr; i++) {
		page = list_first_entry(&pool->page_list, struct page, lru);
		list_del(&page->lru);
		shadow->page[i] = page;
	}
	stock_lend(&pool->pages, nr - granted);
}

/**
 * blkfront_pool_take - borrow what a piece of a request needs
 * @pool: the pool
 * @shadow: gets a reference for each segment, and a private page if there are
 *	such; and a table, if it is larger than a slot
 * @nr: how many segments the piece shall have, at least one; more than a table
 *	has room for are not lent
 *
 * Context: any.
 * Return: how many it may have; 0 when others have to give something back
 * before.
 */
unsigned int blkfront_pool_take(struct blkfront_pool *pool,
				struct blkfront_shadow *shadow,
				unsigned int nr)
{
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	nr = min(nr, max_t(unsigned int, pool->table_segs,
			   BLKFRONT_DIRECT_SEGMENTS));
	if (unlikely(!pool_has(pool, nr))) {
		spin_unlock_irqrestore(&pool->lock, flags);
		pool_grow(pool, nr);
		spin_lock_irqsave(&pool->lock, flags);
		nr = pool_fit(pool, nr);
		if (!pool_has(pool, nr))
			nr = pool_crumb(pool, shadow, nr);
	}
	if (likely(nr))
		pool_lend(pool, shadow, nr);
	spin_unlock_irqrestore(&pool->lock, flags);
	return nr;
}

/* A reference that was revoked is the kernel's again. */
static void pool_give_ref(struct blkfront_pool *pool, grant_ref_t ref)
{
	if (ref == INVALID_GRANT_REF) {
		pool->refs.nr--;
		return;
	}
	blkfront_port_grant_release(&pool->ref_chain, ref);
	pool->refs.nr_free++;
}

/* What a request of another size of tables than today's comes back with goes. */
static bool pool_give_table(struct blkfront_pool *pool,
			    struct blkfront_table *table, unsigned int nr_lent)
{
	unsigned int i;

	for (i = 0; i < pool_descs(pool, nr_lent); i++)
		pool_give_ref(pool, table->desc_gref[i]);
	if (table->nr_segs != pool->table_segs) {
		pool->tables.nr--;
		return false;
	}
	list_add(&table->node, &pool->table_list);
	pool->tables.nr_free++;
	return true;
}

/* A private page that is not granted, or not any more. */
static void pool_give_page(struct blkfront_pool *pool, struct page *page)
{
	list_add(&page->lru, &pool->page_list);
	pool->pages.nr_free++;
}

/* Those that are granted go onto @surplus when there are enough of them. */
static void pool_give_segs(struct blkfront_pool *pool,
			   struct blkfront_shadow *shadow,
			   struct list_head *surplus)
{
	unsigned int i;

	if (pool->persistent)
		blkfront_persistent_stay(pool, shadow);
	/* The first that was lent is the first that is lent again. */
	for (i = shadow->nr_lent; i-- > 0;) {
		if (pool->private && page_private(shadow->page[i])) {
			blkfront_persistent_keep(pool, shadow->page[i],
						 surplus);
			continue;
		}
		pool_give_ref(pool, shadow->io.seg[i].gref);
		if (pool->private)
			pool_give_page(pool, shadow->page[i]);
	}
}

/**
 * blkfront_pool_give - give back what a piece of a request had
 * @pool: the pool
 * @shadow: with no grant that is armed; references that were revoked are
 *	INVALID_GRANT_REF
 *
 * Context: any.
 */
void blkfront_pool_give(struct blkfront_pool *pool,
			struct blkfront_shadow *shadow)
{
	struct blkfront_table *table = shadow->table;
	unsigned int nr = shadow->nr_lent;
	unsigned long flags;
	LIST_HEAD(surplus);
	LIST_HEAD(tables);

	if (!nr)
		return;
	spin_lock_irqsave(&pool->lock, flags);
	pool_give_segs(pool, shadow, &surplus);
	if (table && !pool_give_table(pool, table, nr))
		list_add(&table->node, &tables);
	spin_unlock_irqrestore(&pool->lock, flags);

	blkfront_persistent_end(pool, &surplus);
	pool_free_tables(pool, &tables, false);
	shadow->table = NULL;
	shadow->nr_lent = 0;
}

/* --- shrinking ------------------------------------------------------------------------- */

static void pool_free_refs(struct blkfront_pool *pool, unsigned int nr)
{
	unsigned long flags;
	grant_ref_t ref;

	while (nr--) {
		spin_lock_irqsave(&pool->lock, flags);
		ref = blkfront_port_grant_claim(&pool->ref_chain);
		spin_unlock_irqrestore(&pool->lock, flags);
		blkfront_port_grant_free(ref);
	}
}

/*
 * Give back what is idle; with a @reserve of 0, all.  Returns false if there is
 * something that the backend has mapped.
 */
static bool pool_shrink(struct blkfront_pool *pool, unsigned int reserve)
{
	bool all = blkfront_persistent_trim(pool, reserve);
	unsigned int refs, pages, tables;
	struct page *page, *p;
	LIST_HEAD(page_list);
	LIST_HEAD(table_list);
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	list_splice_init(&pool->mapped_list, &table_list);
	refs = stock_trim(&pool->refs, pool_rest(pool, reserve));
	pages = stock_trim(&pool->pages, pool_rest(pool, reserve));
	tables = stock_trim(&pool->tables, 0);
	while (pages--)
		list_move(pool->page_list.next, &page_list);
	while (tables--)
		list_move(pool->table_list.next, &table_list);
	spin_unlock_irqrestore(&pool->lock, flags);

	pool_free_refs(pool, refs);
	list_for_each_entry_safe(page, p, &page_list, lru)
		pool_free_page(pool, page);
	pool_free_tables(pool, &table_list, false);
	return all && list_empty(&pool->mapped_list);
}

static void pool_trim_work(struct work_struct *work)
{
	struct blkfront_pool *pool =
		container_of(work, struct blkfront_pool, trim.work);

	if (pool_shrink(pool, POOL_RESERVE))
		pool->period = POOL_PERIOD;
	else
		pool->period = min(2 * pool->period, POOL_MAX_PERIOD);
	if (pool_has_spare(pool))
		queue_delayed_work(blkfront_wq, &pool->trim, pool->period);
}

/* --- the pool's life: under disk->lock, while no request has anything of it ----------- */

/**
 * blkfront_pool_init - begin with nothing
 * @pool: the pool
 */
void blkfront_pool_init(struct blkfront_pool *pool)
{
	spin_lock_init(&pool->lock);
	pool->ref_chain = INVALID_GRANT_REF;
	pool->period = POOL_PERIOD;
	INIT_LIST_HEAD(&pool->page_list);
	INIT_LIST_HEAD(&pool->granted_list);
	INIT_LIST_HEAD(&pool->table_list);
	INIT_LIST_HEAD(&pool->mapped_list);
	INIT_DELAYED_WORK(&pool->trim, pool_trim_work);
}

/* Give back all but the reserve at once. */
static void pool_empty(struct blkfront_pool *pool, unsigned int reserve)
{
	cancel_delayed_work_sync(&pool->trim);
	pool->refs.nr_low = pool->refs.nr_free;
	pool->pages.nr_low = pool->pages.nr_free;
	pool->tables.nr_low = pool->tables.nr_free;
	pool_shrink(pool, reserve);
}

/**
 * blkfront_pool_close - give everything back
 * @pool: the pool
 */
void blkfront_pool_close(struct blkfront_pool *pool)
{
	pool_empty(pool, 0);
	WARN_ON_ONCE(pool->refs.nr || pool->pages.nr || pool->granted.nr ||
		     pool->tables.nr);
	pool->ref_chain = INVALID_GRANT_REF;
}

/**
 * blkfront_pool_open - have the reserve, and no more
 * @pool: the pool
 * @private: requests get private pages
 *
 * What the last connection needed beyond it may be what the next one is short
 * of: the rings have references too.
 *
 * Return: 0, or -ENOSPC or -ENOMEM, when what was there before is still there.
 */
int blkfront_pool_open(struct blkfront_pool *pool, bool private)
{
	int err = 0;

	pool_empty(pool, pool->private == private ? POOL_RESERVE : 0);
	pool->private = private;
	if (pool->refs.nr < POOL_RESERVE)
		pool_grow_refs(pool, POOL_RESERVE, 0);
	if (pool->refs.nr < POOL_RESERVE)
		return -ENOSPC;
	if (private)
		err = pool_grow_pages(pool, POOL_RESERVE, GFP_KERNEL);
	return err;
}

/**
 * blkfront_pool_use - begin to lend for a connection
 * @pool: the pool, opened
 * @private: requests get private pages, as the pool was opened for, or they do not
 * @persistent: private pages stay granted
 * @domid: the backend's domain
 */
void blkfront_pool_use(struct blkfront_pool *pool, bool private,
		       bool persistent, domid_t domid)
{
	struct page *page, *next;
	LIST_HEAD(page_list);
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	if (!private) {
		list_splice_init(&pool->page_list, &page_list);
		memset(&pool->pages, 0, sizeof(pool->pages));
	}
	pool->private = private;
	pool->persistent = persistent;
	pool->domid = domid;
	spin_unlock_irqrestore(&pool->lock, flags);
	list_for_each_entry_safe(page, next, &page_list, lru)
		pool_free_page(pool, page);
}

/* All tables that are not lent leave the stock; under pool->lock. */
static void pool_pick_tables(struct blkfront_pool *pool, struct list_head *tables)
{
	list_splice_init(&pool->table_list, tables);
	pool->tables.nr -= pool->tables.nr_free;
	pool->tables.nr_free = 0;
	pool->tables.nr_low = 0;
}

/**
 * blkfront_pool_fence - end access to what stays granted
 * @pool: the pool
 * @give_up: what is mapped is left to the backend
 *
 * Context: process, may sleep.
 * Return: false if the backend still has something mapped.
 */
bool blkfront_pool_fence(struct blkfront_pool *pool, bool give_up)
{
	unsigned long flags;
	LIST_HEAD(tables);
	bool all;

	if (!pool->persistent)
		return true;
	/* It may have some of it in its hands. */
	cancel_delayed_work_sync(&pool->trim);
	all = blkfront_persistent_fence(pool, give_up);
	spin_lock_irqsave(&pool->lock, flags);
	list_splice_init(&pool->mapped_list, &tables);
	pool_pick_tables(pool, &tables);
	spin_unlock_irqrestore(&pool->lock, flags);
	pool_free_tables(pool, &tables, give_up);
	if (pool_has_spare(pool))
		queue_delayed_work(blkfront_wq, &pool->trim, POOL_PERIOD);
	return all && list_empty(&pool->mapped_list);
}

/**
 * blkfront_pool_set_table - how large requests are from now on
 * @pool: the pool
 * @nr_segs: how many segments at most
 *
 * Tables of another size go when they come back.
 */
void blkfront_pool_set_table(struct blkfront_pool *pool, unsigned int nr_segs)
{
	LIST_HEAD(table_list);
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	if (pool->table_segs != nr_segs)
		pool_pick_tables(pool, &table_list);
	pool->table_segs = nr_segs;
	spin_unlock_irqrestore(&pool->lock, flags);
	pool_free_tables(pool, &table_list, false);
}
