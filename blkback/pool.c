// SPDX-License-Identifier: GPL-2.0
/*
 * The objects that a ring makes requests of: requests, their parts, and the
 * segment lists of indirect ones; of a disk whose data goes by units also what its
 * parts need for that.
 *
 * A reserve of one of each kind is there from connect to disconnect, so that a
 * ring gets on however short memory is.  Above it objects are allocated when
 * they are needed, without waiting, kept, and freed when the ring is idle.  A
 * ring has no more requests in flight than slots, and no more parts than pages
 * and requests.
 */
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "blkback.h"

/*
 * What parts of a ring may have at once that cannot go to the disk as they are: a
 * guest chooses how many there are, and those who wait for the same blocks are
 * walked one by one.
 */
#define POOL_MAX_EMULATIONS	64U
#define POOL_MAX_PAGES		(8U * BLKBACK_MAX_UNITS)

/* A free object is linked by its first bytes. */
static_assert(offsetof(struct blkback_req, list) == 0);
static_assert(offsetof(struct blkback_part, list) == 0);
static_assert(offsetof(struct blkback_emulation, list) == 0);

static struct kmem_cache *req_cache;
static struct kmem_cache *part_cache;
static struct kmem_cache *emulation_cache;
/* NULL where indirect requests are not offered. */
static struct kmem_cache *list_cache;

static struct kmem_cache *list_cache_create(unsigned int nr_segments)
{
	/*
	 * Xen copies to a list a page at a time, and in none of the copies
	 * across the end of a page.
	 */
	size_t bytes = max(roundup_pow_of_two(nr_segments *
					      sizeof(struct blkback_segment)),
			   sizeof(struct list_head));

	return kmem_cache_create("xen-blkback-list", bytes,
				 min(bytes, (size_t)PAGE_SIZE), 0, NULL);
}

/**
 * blkback_pool_setup - make what all rings' objects come from
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int blkback_pool_setup(void)
{
	unsigned int nr_segments = min(blkback_max_indirect_segments,
				       BLKIF_MAX_INDIRECT_SEGMENTS);

	req_cache = KMEM_CACHE(blkback_req, 0);
	part_cache = KMEM_CACHE(blkback_part, 0);
	emulation_cache = KMEM_CACHE(blkback_emulation, 0);
	list_cache = nr_segments ? list_cache_create(nr_segments) : NULL;
	if (req_cache && part_cache && emulation_cache &&
	    (list_cache || !nr_segments))
		return 0;
	blkback_pool_cleanup();
	return -ENOMEM;
}

/**
 * blkback_pool_cleanup - undo blkback_pool_setup(); there is no ring any more
 */
void blkback_pool_cleanup(void)
{
	kmem_cache_destroy(list_cache);
	kmem_cache_destroy(emulation_cache);
	kmem_cache_destroy(part_cache);
	kmem_cache_destroy(req_cache);
}

/* The one that was used last is the next to be used. */
static void stock_put(struct blkback_stock *stock, void *object)
{
	list_add(object, &stock->free);
}

/* A new one. */
static void *stock_add(struct blkback_stock *stock, gfp_t gfp)
{
	void *object = kmem_cache_alloc(stock->cache, gfp);

	if (!object)
		return NULL;
	stock->nr++;
	stock_put(stock, object);
	return object;
}

static void *stock_get(struct blkback_stock *stock, gfp_t gfp)
{
	struct list_head *object;

	if (list_empty(&stock->free) && !stock_add(stock, gfp))
		return NULL;
	object = stock->free.next;
	list_del(object);
	return object;
}

static void stock_shrink(struct blkback_stock *stock, unsigned int nr_left)
{
	struct list_head *object;

	while (stock->nr > nr_left && !list_empty(&stock->free)) {
		object = stock->free.next;
		list_del(object);
		kmem_cache_free(stock->cache, object);
		stock->nr--;
	}
}

static void stock_begin(struct blkback_stock *stock, struct kmem_cache *cache)
{
	stock->cache = cache;
	INIT_LIST_HEAD(&stock->free);
	stock->nr = 0;
}

/* A stock and its reserve. */
static int stock_init(struct blkback_stock *stock, struct kmem_cache *cache)
{
	stock_begin(stock, cache);
	return !cache || stock_add(stock, GFP_KERNEL) ? 0 : -ENOMEM;
}

/* A new request, which whoever looks at them finds. */
static bool reqs_add(struct blkback_pool *pool, gfp_t gfp)
{
	struct blkback_req *req = stock_add(&pool->reqs, gfp);

	if (!req)
		return false;
	req->times.busy = false;
	spin_lock(&pool->lock);
	list_add_tail(&req->all, &pool->all);
	spin_unlock(&pool->lock);
	return true;
}

static int reqs_init(struct blkback_pool *pool)
{
	spin_lock_init(&pool->lock);
	INIT_LIST_HEAD(&pool->all);
	stock_begin(&pool->reqs, req_cache);
	return reqs_add(pool, GFP_KERNEL) ? 0 : -ENOMEM;
}

static void reqs_shrink(struct blkback_pool *pool, unsigned int nr_left)
{
	struct blkback_stock *stock = &pool->reqs;
	struct blkback_req *req, *next;

	/* Nobody looks at what is freed. */
	spin_lock(&pool->lock);
	list_for_each_entry_safe(req, next, &stock->free, list) {
		if (stock->nr <= nr_left)
			break;
		list_del(&req->list);
		list_del(&req->all);
		kmem_cache_free(stock->cache, req);
		stock->nr--;
	}
	spin_unlock(&pool->lock);
}

/*
 * Where a disk says that it has read, and has not, its data are zeroes, or of the same
 * ring: what the reserve gives a second time it has had from there.
 */
static void *page_alloc(gfp_t gfp, void *unused)
{
	return alloc_page(gfp | __GFP_ZERO);
}

static void page_free(void *page, void *unused)
{
	__free_page(page);
}

static int emulation_init(struct blkback_pool *pool, bool by_units)
{
	int err;

	err = stock_init(&pool->emulations, by_units ? emulation_cache : NULL);
	if (err || !by_units)
		return err;
	err = mempool_init(&pool->pages, BLKBACK_MAX_UNITS, page_alloc,
			   page_free, NULL);
	if (err)
		stock_shrink(&pool->emulations, 0);
	return err;
}

/**
 * blkback_pool_init - make a ring's pool and its reserve
 * @pool: the pool, zeroed
 * @by_units: the disk's data goes by units
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int blkback_pool_init(struct blkback_pool *pool, bool by_units)
{
	int err;

	err = reqs_init(pool);
	if (err)
		return err;
	err = stock_init(&pool->parts, part_cache);
	if (err)
		goto err_reqs;
	err = stock_init(&pool->lists, list_cache);
	if (err)
		goto err_parts;
	err = emulation_init(pool, by_units);
	if (err)
		goto err_lists;
	return 0;

err_lists:
	stock_shrink(&pool->lists, 0);
err_parts:
	stock_shrink(&pool->parts, 0);
err_reqs:
	reqs_shrink(pool, 0);
	return err;
}

/**
 * blkback_pool_exit - free all objects
 * @pool: the pool, with none of them in use
 */
void blkback_pool_exit(struct blkback_pool *pool)
{
	mempool_exit(&pool->pages);
	stock_shrink(&pool->emulations, 0);
	stock_shrink(&pool->lists, 0);
	stock_shrink(&pool->parts, 0);
	reqs_shrink(pool, 0);
}

/**
 * blkback_pool_get_req - an object for a request
 * @pool: the pool
 *
 * Context: the ring's work item.
 * Return: the request, with all but @queue and @cmd set; or NULL when there is
 * none before another request has been answered.
 */
struct blkback_req *blkback_pool_get_req(struct blkback_pool *pool)
{
	struct blkback_req *req;

	if (list_empty(&pool->reqs.free) &&
	    !reqs_add(pool, GFP_NOWAIT | __GFP_NOWARN))
		return NULL;
	req = stock_get(&pool->reqs, 0);
	INIT_LIST_HEAD(&req->list);
	memset(&req->times, 0, sizeof(req->times));
	req->error = 0;
	req->admitted = false;
	req->shares = false;
	req->nr_parts = 0;
	req->next_segment = 0;
	return req;
}

/**
 * blkback_pool_put_req - a request has been answered
 * @pool: the pool
 * @req: the request, on no list; its segment list is given back, too
 *
 * Context: the ring's owner.
 */
void blkback_pool_put_req(struct blkback_pool *pool, struct blkback_req *req)
{
	struct blkback_cmd *cmd = &req->cmd;

	WRITE_ONCE(req->times.busy, false);
	if (cmd->nr_descriptor_pages && cmd->seg)
		stock_put(&pool->lists, cmd->seg);
	stock_put(&pool->reqs, req);
}

/**
 * blkback_pool_get_part - an object for a part of a request
 * @pool: the pool
 *
 * Context: the ring's work item.
 * Return: the part, which has no pages and nothing is wrong with; or NULL when
 * there is none before another part has ended.
 */
struct blkback_part *blkback_pool_get_part(struct blkback_pool *pool)
{
	struct blkback_part *part = stock_get(&pool->parts,
					      GFP_NOWAIT | __GFP_NOWARN);

	if (!part)
		return NULL;
	part->error = 0;
	part->starved = false;
	part->nr_pages = 0;
	part->copied = false;
	part->mapping = false;
	part->emulation = NULL;
	return part;
}

/**
 * blkback_pool_put_part - a part has ended
 * @pool: the pool
 * @part: the part, without pages and on no list
 *
 * Context: the ring's owner.
 */
void blkback_pool_put_part(struct blkback_pool *pool, struct blkback_part *part)
{
	stock_put(&pool->parts, part);
}

/**
 * blkback_pool_get_list - room for the segments of an indirect request
 * @pool: the pool, of a kernel that offers such requests
 *
 * It becomes the request's @cmd.seg, and blkback_pool_put_req() gives it back.
 *
 * Context: the ring's work item.
 * Return: the room, for as many as are offered, page by page in pages of its
 * own; or NULL when there is none before another such request was answered.
 */
void *blkback_pool_get_list(struct blkback_pool *pool)
{
	return stock_get(&pool->lists, GFP_NOWAIT | __GFP_NOWARN);
}

/**
 * blkback_pool_get_emulation - what a part needs that cannot go as it is
 * @pool: the pool, of a disk whose data goes by units
 *
 * Context: the ring's work item.
 * Return: the object, or NULL when there is none before another part has ended.
 */
struct blkback_emulation *blkback_pool_get_emulation(struct blkback_pool *pool)
{
	if (list_empty(&pool->emulations.free) &&
	    pool->emulations.nr >= POOL_MAX_EMULATIONS)
		return NULL;
	return stock_get(&pool->emulations, GFP_NOWAIT | __GFP_NOWARN);
}

/**
 * blkback_pool_put_emulation - such a part has ended
 * @pool: the pool
 * @emulation: the object, without pages
 *
 * Context: the ring's work item.
 */
void blkback_pool_put_emulation(struct blkback_pool *pool,
				struct blkback_emulation *emulation)
{
	stock_put(&pool->emulations, emulation);
}

/**
 * blkback_pool_get_page - a page for a unit of a part
 * @pool: the pool, of a disk whose data goes by units
 *
 * A part that gets fewer than it needs gives them back before it waits: then there
 * are as many as one part needs as soon as no other has any.
 *
 * Context: the ring's work item.
 * Return: the page, or NULL when there is none before another part has ended.
 */
struct page *blkback_pool_get_page(struct blkback_pool *pool)
{
	struct page *page;

	if (pool->nr_pages >= POOL_MAX_PAGES)
		return NULL;
	page = mempool_alloc(&pool->pages, GFP_NOWAIT | __GFP_NOWARN);
	pool->nr_pages += !!page;
	return page;
}

/**
 * blkback_pool_put_page - a page that a part had
 * @pool: the pool
 * @page: the page, which nobody uses any more
 *
 * Context: the ring's work item.
 */
void blkback_pool_put_page(struct blkback_pool *pool, struct page *page)
{
	mempool_free(page, &pool->pages);
	pool->nr_pages--;
}

/**
 * blkback_pool_surplus - is there more than the reserve?
 * @pool: the pool
 *
 * Context: the ring's work item.
 * Return: true when an idle ring has something to give back.
 */
bool blkback_pool_surplus(const struct blkback_pool *pool)
{
	return pool->reqs.nr > 1 || pool->parts.nr > 1 || pool->lists.nr > 1 ||
	       pool->emulations.nr > 1;
}

/**
 * blkback_pool_shrink - give back what is free above the reserve
 * @pool: the pool
 *
 * Context: the ring's work item.
 */
void blkback_pool_shrink(struct blkback_pool *pool)
{
	reqs_shrink(pool, 1);
	stock_shrink(&pool->parts, 1);
	stock_shrink(&pool->lists, 1);
	stock_shrink(&pool->emulations, 1);
}
