// SPDX-License-Identifier: GPL-2.0
/*
 * The drivers' own slabs: counted, and empty when a test wants it; so are pages.
 *
 * The functions have the names of the kernel's, and precedence over them.
 */
#include <linux/gfp.h>
#include <linux/mempool.h>
#include <linux/slab.h>

#include "loopback.h"

void *kmem_cache_alloc_noprof(struct kmem_cache *cache, gfp_t gfp)
{
	void *object;

	if (READ_ONCE(xen.no_memory) && !gfpflags_allow_blocking(gfp))
		return NULL;
	object = kmem_cache_alloc_lru_noprof(cache, NULL, gfp);
	if (object)
		atomic_inc(&xen.nr_objects);
	return object;
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	atomic_dec(&xen.nr_objects);
	kmem_cache_free_bulk(cache, 1, &object);
}

/* Of pools that have a reserve. */
void *mempool_alloc_pages(gfp_t gfp, void *pool_data)
{
	if (READ_ONCE(xen.no_memory) && !gfpflags_allow_blocking(gfp))
		return NULL;
	return alloc_pages(gfp, (unsigned long)pool_data);
}
