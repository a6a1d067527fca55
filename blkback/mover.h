/* SPDX-License-Identifier: GPL-2.0 */
/* Bringing the frontend's pages to bios, a batch of parts at a time. */
#ifndef _BLKBACK_MOVER_H
#define _BLKBACK_MOVER_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <xen/grant_table.h>

struct blkback_grant;
struct blkback_part;
struct blkback_queue;

/**
 * struct blkback_pages - the pages that a ring may map grants at
 * @lock: protects what follows; process context
 * @page: the free ones
 * @nr_places: what @page has room for: all that there are, free or in use
 * @nr_free: how many are free
 * @nr_total: how many there are, free or in use
 * @nr_reserve: never fewer than this: enough for one part of a request, so
 *	that the ring always gets on
 * @nr_max: never more than this
 * @grow: gets more, away from the I/O path
 */
struct blkback_pages {
	spinlock_t lock;	/* all that follows but the work item */
	struct page **page;
	unsigned int nr_places;
	unsigned int nr_free;
	unsigned int nr_total;
	unsigned int nr_reserve;
	unsigned int nr_max;
	struct work_struct grow;
};

/* Grants in one hypercall: four times what Xen unmaps under one TLB flush. */
#define BLKBACK_MOVER_BATCH	128
/* Copies in one hypercall: what the ops of a batch of grants have room for. */
#define BLKBACK_MOVER_COPIES \
	(BLKBACK_MOVER_BATCH * sizeof(struct gnttab_map_grant_ref) / \
	 sizeof(struct gnttab_copy))

/* Scratch of one hypercall; used for one at a time, by the ring's work item. */
union blkback_mover_ops {
	struct gnttab_map_grant_ref map[BLKBACK_MOVER_BATCH];
	struct gnttab_unmap_grant_ref unmap[BLKBACK_MOVER_BATCH];
	struct gnttab_copy copy[BLKBACK_MOVER_COPIES];
};

/**
 * struct blkback_grant_cache - grants of one ring that stay mapped
 * @bucket: the grants by their reference; NULL where none stays mapped
 * @list: the grants, the oldest first
 * @nr: how many there are, used or idle
 * @nr_taken: how many parts use
 * @seed: of the hash
 * @overflowed: one was not kept for want of room since @purged
 * @purged: when room was made last, in jiffies
 *
 * The ring's owner's.
 */
struct blkback_grant_cache {
	struct hlist_head *bucket;
	struct list_head list;
	unsigned int nr;
	unsigned int nr_taken;
	u32 seed;
	bool overflowed;
	unsigned long purged;
};

/**
 * struct blkback_copy - pages of our own that one ring's data is copied through
 * @free: those that no part has, linked by @lru
 * @nr: how many there are
 * @nr_max: never more than this
 *
 * Owned by the ring's work item.
 */
struct blkback_copy {
	struct list_head free;
	unsigned int nr;
	unsigned int nr_max;
};

/**
 * struct blkback_mover - pages and grants of one ring
 * @copy: pages to copy through
 * @pages: the pool to map at
 * @cache: grants that stay mapped
 * @ops: scratch
 * @page: scratch, the page of each op
 * @domid: the frontend's domain
 * @worked: Xen was called for data since somebody has cleared this
 */
struct blkback_mover {
	struct blkback_copy copy;
	struct blkback_pages pages;
	struct blkback_grant_cache cache;
	union blkback_mover_ops *ops;
	struct page **page;
	domid_t domid;
	bool worked;
};

/* The device's work item; may sleep. */
int blkback_mover_init(struct blkback_mover *mover, domid_t domid,
		       unsigned int max_pages, bool persistent);
void blkback_mover_clear(struct blkback_mover *mover);
void blkback_mover_exit(struct blkback_mover *mover);

/* The ring's work item; may sleep. */
bool blkback_mover_reserve(struct blkback_mover *mover,
			   struct blkback_part *part);
void blkback_mover_bring(struct blkback_mover *mover, struct list_head *parts);
void blkback_mover_tidy(struct blkback_mover *mover);
void blkback_mover_shrink(struct blkback_mover *mover);
void blkback_mover_refused(const struct blkback_mover *mover,
			   struct blkback_part *part, u32 gref, s16 status);
bool blkback_mover_surplus(struct blkback_mover *mover);
/* The ring's owner. */
void blkback_mover_release(struct blkback_mover *mover,
			   struct list_head *parts, struct list_head *held);
bool blkback_mover_keeps(const struct blkback_part *part);

/* copy.c: the mover, in the ring's work item */
void blkback_copy_init(struct blkback_copy *copy, unsigned int nr_max);
void blkback_copy_shrink(struct blkback_copy *copy);
bool blkback_copy_reserve(struct blkback_copy *copy, struct blkback_part *part);
void blkback_copy_release(struct blkback_copy *copy, struct blkback_part *part);
/* may sleep */
void blkback_copy_in(struct blkback_mover *mover, struct list_head *parts);
/* the ring's owner */
void blkback_copy_out(struct blkback_mover *mover, struct list_head *parts);

/* grant_cache.c: the mover, in the ring's work item */
int blkback_grant_cache_init(struct blkback_grant_cache *cache,
			     bool persistent);
void blkback_grant_cache_exit(struct blkback_grant_cache *cache);
struct blkback_grant *blkback_grant_cache_take(struct blkback_grant_cache *cache,
					       u32 gref, struct page **page);
bool blkback_grant_cache_keep(struct blkback_grant_cache *cache, u32 gref,
			      struct page *page, grant_handle_t handle);
bool blkback_grant_cache_drop(struct blkback_grant_cache *cache,
			      struct page **page, grant_handle_t *handle);
unsigned int blkback_grant_cache_overdue(struct blkback_grant_cache *cache);
bool blkback_grant_cache_surplus(const struct blkback_grant_cache *cache);
/* the ring's owner */
void blkback_grant_cache_back(struct blkback_grant_cache *cache,
			      struct blkback_grant *grant);

/* pages.c: the mover and the ring's idle timer */
int blkback_pages_init(struct blkback_pages *pages, unsigned int nr_reserve,
		       unsigned int nr_max);
void blkback_pages_exit(struct blkback_pages *pages);
bool blkback_pages_get(struct blkback_pages *pages, unsigned int nr,
		       struct page **page);
void blkback_pages_put(struct blkback_pages *pages, unsigned int nr,
		       struct page **page);
bool blkback_pages_surplus(struct blkback_pages *pages);
void blkback_pages_shrink(struct blkback_pages *pages);
void blkback_pages_lost(struct blkback_pages *pages, unsigned int nr);

#endif /* _BLKBACK_MOVER_H */
