/* SPDX-License-Identifier: GPL-2.0 */
/* The objects that requests are made of. */
#ifndef _BLKBACK_POOL_H
#define _BLKBACK_POOL_H

#include <linux/list.h>
#include <linux/mempool.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct blkback_emulation;
struct blkback_part;
struct blkback_req;
struct kmem_cache;

/* Segments that are moved in one go: what Xen unmaps under one TLB flush. */
#define BLKBACK_PART_SEGMENTS	32U

/**
 * struct blkback_stock - objects of one kind
 * @cache: where they come from; NULL for a kind that nobody needs
 * @free: those that nobody uses
 * @nr: how many there are, free or in use; one at least
 */
struct blkback_stock {
	struct kmem_cache *cache;
	struct list_head free;
	unsigned int nr;
};

/**
 * struct blkback_pool - what a ring makes requests of
 * @reqs: requests
 * @parts: parts of requests
 * @lists: segment lists of indirect requests
 * @emulations: what parts need that cannot go to the disk as they are
 * @pages: pages of our own for those; it has a reserve of what one part needs
 * @nr_pages: how many of them parts have
 *
 * @lock: protects @all; process context
 * @all: all of @reqs, in use or not, for who wants to look at them
 *
 * The ring's owner's, but for @all.
 */
struct blkback_pool {
	struct blkback_stock reqs;
	struct blkback_stock parts;
	struct blkback_stock lists;
	struct blkback_stock emulations;
	mempool_t pages;
	unsigned int nr_pages;
	spinlock_t lock;	/* see above */
	struct list_head all;
};

/* Module init and exit; may sleep. */
int blkback_pool_setup(void);
void blkback_pool_cleanup(void);

/* The device's work item; may sleep. */
int blkback_pool_init(struct blkback_pool *pool, bool by_units);
void blkback_pool_exit(struct blkback_pool *pool);

/* The ring's work item; of requests and parts that are put, its owner. */
struct blkback_req *blkback_pool_get_req(struct blkback_pool *pool);
void blkback_pool_put_req(struct blkback_pool *pool, struct blkback_req *req);
struct blkback_part *blkback_pool_get_part(struct blkback_pool *pool);
void blkback_pool_put_part(struct blkback_pool *pool,
			   struct blkback_part *part);
void *blkback_pool_get_list(struct blkback_pool *pool);
struct blkback_emulation *
blkback_pool_get_emulation(struct blkback_pool *pool);
void blkback_pool_put_emulation(struct blkback_pool *pool,
				struct blkback_emulation *emulation);
struct page *blkback_pool_get_page(struct blkback_pool *pool);
void blkback_pool_put_page(struct blkback_pool *pool, struct page *page);
bool blkback_pool_surplus(const struct blkback_pool *pool);
void blkback_pool_shrink(struct blkback_pool *pool);

#endif /* _BLKBACK_POOL_H */
