// SPDX-License-Identifier: GPL-2.0
/*
 * The grants of a ring that stay mapped between requests (persistent grants).
 *
 * Which they are, and which are to go, is known here; mover_map.c maps and unmaps.
 * What lies idle goes oldest first.  To know to a tenth of a second which is the oldest is
 * enough: a grant that is used all the time is not moved on the list each time.  When
 * there is no room the newcomer is not kept, and a few of the oldest make room before
 * long: a frontend that goes round more grants than there is room for hits some of them
 * nevertheless.
 *
 * The page of a cached grant comes from the ring's pool, and counts as one in use.
 */
#include <linux/jhash.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "blkback.h"

/* Which of the grants are looked up in one list. */
#define CACHE_BUCKETS		256
/* How much room is made at once, and how often. */
#define CACHE_PURGE_PERCENT	5
#define CACHE_PURGE_MS		100
/* Which of two was used later is known if it was so much later. */
#define CACHE_ORDER_MS		100

/**
 * struct blkback_grant - a grant that stays mapped
 * @hash: place among those of its bucket
 * @list: place among all, the oldest first
 * @gref: the grant reference
 * @handle: grant handle of the mapping
 * @page: where it is mapped
 * @used: when it was put there, in jiffies; it was not used much later
 * @taken: a part uses it
 */
struct blkback_grant {
	struct hlist_node hash;
	struct list_head list;
	u32 gref;
	grant_handle_t handle;
	struct page *page;
	unsigned long used;
	bool taken;
};

/**
 * blkback_grant_cache_init - a cache without grants
 * @cache: part of the ring's mover, zeroed
 * @persistent: the frontend knows that grants may stay mapped
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int blkback_grant_cache_init(struct blkback_grant_cache *cache, bool persistent)
{
	INIT_LIST_HEAD(&cache->list);
	if (!persistent)
		return 0;
	cache->bucket = kcalloc(CACHE_BUCKETS, sizeof(*cache->bucket),
				GFP_KERNEL);
	/* The frontend does not choose which grants share a bucket. */
	cache->seed = get_random_u32();
	cache->purged = jiffies;
	return cache->bucket ? 0 : -ENOMEM;
}

/**
 * blkback_grant_cache_exit - undo blkback_grant_cache_init()
 * @cache: the cache, without grants
 */
void blkback_grant_cache_exit(struct blkback_grant_cache *cache)
{
	kfree(cache->bucket);
}

static struct hlist_head *cache_bucket(struct blkback_grant_cache *cache,
				       u32 gref)
{
	return &cache->bucket[jhash_1word(gref, cache->seed) % CACHE_BUCKETS];
}

static struct blkback_grant *cache_find(struct blkback_grant_cache *cache,
					u32 gref)
{
	struct blkback_grant *grant;

	hlist_for_each_entry(grant, cache_bucket(cache, gref), hash)
		if (grant->gref == gref)
			return grant;
	return NULL;
}

/**
 * blkback_grant_cache_take - use a grant that is mapped already
 * @cache: the cache
 * @gref: the grant reference
 * @page: result: where it is mapped
 *
 * Context: the ring's work item.
 * Return: the grant, which is the caller's until blkback_grant_cache_back(); or
 * NULL when it is not cached, or another uses it (PG8).
 */
struct blkback_grant *blkback_grant_cache_take(struct blkback_grant_cache *cache,
					       u32 gref, struct page **page)
{
	struct blkback_grant *grant;

	if (!cache->nr)
		return NULL;
	grant = cache_find(cache, gref);
	if (!grant || grant->taken)
		return NULL;
	grant->taken = true;
	cache->nr_taken++;
	*page = grant->page;
	return grant;
}

static void cache_use(struct blkback_grant_cache *cache,
		      struct blkback_grant *grant)
{
	grant->used = jiffies;
	list_move_tail(&grant->list, &cache->list);
}

/**
 * blkback_grant_cache_back - a grant is not used any more, and stays mapped
 * @cache: the cache
 * @grant: what blkback_grant_cache_take() gave
 *
 * Context: the ring's owner.
 */
void blkback_grant_cache_back(struct blkback_grant_cache *cache,
			      struct blkback_grant *grant)
{
	grant->taken = false;
	cache->nr_taken--;
	if (jiffies - grant->used >= msecs_to_jiffies(CACHE_ORDER_MS))
		cache_use(cache, grant);
}

/**
 * blkback_grant_cache_keep - let a grant stay mapped
 * @cache: the cache
 * @gref: the grant reference
 * @page: where it is mapped, for reading and writing; nobody uses it
 * @handle: grant handle of the mapping
 *
 * Context: the ring's work item.
 * Return: true when page and handle are the cache's now; false when they are to
 * be unmapped: it is there already, there is no room, or nothing is cached.
 */
bool blkback_grant_cache_keep(struct blkback_grant_cache *cache, u32 gref,
			      struct page *page, grant_handle_t handle)
{
	struct blkback_grant *grant;

	if (!cache->bucket || cache_find(cache, gref))
		return false;
	if (cache->nr >= READ_ONCE(blkback_max_persistent_grants)) {
		cache->overflowed = true;
		return false;
	}
	grant = kmalloc(sizeof(*grant), GFP_NOWAIT | __GFP_NOWARN);
	if (!grant)
		return false;
	grant->gref = gref;
	grant->page = page;
	grant->handle = handle;
	grant->taken = false;
	hlist_add_head(&grant->hash, cache_bucket(cache, gref));
	INIT_LIST_HEAD(&grant->list);
	cache_use(cache, grant);
	cache->nr++;
	return true;
}

/* What a part uses is as young as any, and seen to be when it is in the way. */
static struct blkback_grant *cache_oldest(struct blkback_grant_cache *cache)
{
	struct blkback_grant *grant;

	if (cache->nr == cache->nr_taken)
		return NULL;
	for (;;) {
		grant = list_first_entry(&cache->list, struct blkback_grant,
					 list);
		if (!grant->taken)
			return grant;
		cache_use(cache, grant);
	}
}

/**
 * blkback_grant_cache_drop - forget the grant that was idle longest
 * @cache: the cache
 * @page: result: where it is mapped; the caller's, to be unmapped
 * @handle: result: grant handle of the mapping
 *
 * Context: the ring's work item, or the device's when that is done.
 * Return: false when none is idle.
 */
bool blkback_grant_cache_drop(struct blkback_grant_cache *cache,
			      struct page **page, grant_handle_t *handle)
{
	struct blkback_grant *grant = cache_oldest(cache);

	if (!grant)
		return false;
	*page = grant->page;
	*handle = grant->handle;
	list_del(&grant->list);
	hlist_del(&grant->hash);
	kfree(grant);
	cache->nr--;
	return true;
}

/* Room for newcomers, when there was none; a bound that was lowered is kept. */
static unsigned int cache_overfull(struct blkback_grant_cache *cache)
{
	unsigned int max = READ_ONCE(blkback_max_persistent_grants);

	if (cache->nr > max)
		return cache->nr - max;
	if (!cache->overflowed || !cache->nr ||
	    time_before(jiffies, cache->purged +
				 msecs_to_jiffies(CACHE_PURGE_MS)))
		return 0;
	cache->overflowed = false;
	cache->purged = jiffies;
	return cache->nr * CACHE_PURGE_PERCENT / 100 + 1;
}

/**
 * blkback_grant_cache_overdue - how many grants should go by now
 * @cache: the cache
 *
 * Context: the ring's work item.
 * Return: how often to call blkback_grant_cache_drop().
 */
unsigned int blkback_grant_cache_overdue(struct blkback_grant_cache *cache)
{
	unsigned long unused = READ_ONCE(blkback_persistent_grant_unused_seconds);
	unsigned int nr = cache_overfull(cache), nr_old = 0;
	struct blkback_grant *grant;

	if (!unused)
		return nr;
	unused = min(unused, (unsigned long)LONG_MAX / HZ) * HZ;
	list_for_each_entry(grant, &cache->list, list) {
		if (jiffies - grant->used < unused)
			break;
		nr_old += !grant->taken;
	}
	return max(nr, nr_old);
}

/**
 * blkback_grant_cache_surplus - will there be something to give back?
 * @cache: the cache
 *
 * Context: the ring's work item.
 * Return: true when an idle ring has to be looked at later.
 */
bool blkback_grant_cache_surplus(const struct blkback_grant_cache *cache)
{
	return cache->nr && READ_ONCE(blkback_persistent_grant_unused_seconds);
}
