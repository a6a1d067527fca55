// SPDX-License-Identifier: GPL-2.0
/*
 * The grants of a ring that stay mapped between requests (persistent grants).
 *
 * Which they are, and which are to go, is known here; mover_map.c maps and unmaps.
 * What lies idle goes oldest first.  When there is no room the newcomer is not
 * kept, and a few of the oldest make room before long: a frontend that goes round
 * more grants than there is room for hits some of them nevertheless.
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

/**
 * struct blkback_grant - a grant that stays mapped
 * @hash: place among those of its bucket
 * @idle: place among those that no part uses, the oldest first; on none while
 *	one does
 * @gref: the grant reference
 * @handle: grant handle of the mapping
 * @page: where it is mapped
 * @used: when a part used it last, in jiffies
 */
struct blkback_grant {
	struct hlist_node hash;
	struct list_head idle;
	u32 gref;
	grant_handle_t handle;
	struct page *page;
	unsigned long used;
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
	INIT_LIST_HEAD(&cache->idle);
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
	if (!grant || list_empty(&grant->idle))
		return NULL;
	list_del_init(&grant->idle);
	*page = grant->page;
	return grant;
}

static void cache_idle(struct blkback_grant_cache *cache,
		       struct blkback_grant *grant)
{
	grant->used = jiffies;
	list_add_tail(&grant->idle, &cache->idle);
}

/**
 * blkback_grant_cache_back - a grant is not used any more, and stays mapped
 * @cache: the cache
 * @grant: what blkback_grant_cache_take() gave
 *
 * Context: the ring's work item.
 */
void blkback_grant_cache_back(struct blkback_grant_cache *cache,
			      struct blkback_grant *grant)
{
	cache_idle(cache, grant);
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
	hlist_add_head(&grant->hash, cache_bucket(cache, gref));
	cache->nr++;
	cache_idle(cache, grant);
	return true;
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
	struct blkback_grant *grant =
		list_first_entry_or_null(&cache->idle, struct blkback_grant,
					 idle);

	if (!grant)
		return false;
	*page = grant->page;
	*handle = grant->handle;
	list_del(&grant->idle);
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
	list_for_each_entry(grant, &cache->idle, idle) {
		if (jiffies - grant->used < unused)
			break;
		nr_old++;
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
