/* SPDX-License-Identifier: GPL-2.0 */
/* Bringing the frontend's pages to bios, a batch of requests at a time. */
#ifndef _BLKBACK_MOVER_H
#define _BLKBACK_MOVER_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <xen/grant_table.h>

struct blkback_queue;
struct blkback_req;

/**
 * struct blkback_pages - the pages that a ring may map grants at
 * @lock: protects what follows; process context
 * @page: the free ones
 * @nr_free: how many are free
 * @nr_total: how many there are, free or in use
 * @nr_reserve: never fewer than this: enough for one request, so that the ring
 *	always gets on
 * @nr_max: never more than this
 * @used: some were taken since the last look of @shrink
 * @grow: gets more, away from the I/O path
 * @shrink: gives back what an idle ring does not need; armed only while there
 *	is something to give back
 */
struct blkback_pages {
	spinlock_t lock;	/* all that follows but the work items */
	struct page **page;
	unsigned int nr_free;
	unsigned int nr_total;
	unsigned int nr_reserve;
	unsigned int nr_max;
	bool used;
	struct work_struct grow;
	struct delayed_work shrink;
};

/* Grants in one hypercall: four times what Xen unmaps under one TLB flush. */
#define BLKBACK_MOVER_BATCH	128

/* Scratch of one hypercall; used by one call of the mover at a time. */
struct blkback_mover_batch {
	struct page *page[BLKBACK_MOVER_BATCH];
	union {
		struct gnttab_map_grant_ref map[BLKBACK_MOVER_BATCH];
		struct gnttab_unmap_grant_ref unmap[BLKBACK_MOVER_BATCH];
	};
};

/**
 * struct blkback_mover - pages and grants of one ring
 * @pages: the pool
 * @batch: scratch
 * @domid: the frontend's domain
 */
struct blkback_mover {
	struct blkback_pages pages;
	struct blkback_mover_batch *batch;
	domid_t domid;
};

/* The device's work item; may sleep. */
int blkback_mover_init(struct blkback_mover *mover, domid_t domid,
		       unsigned int nr_slots);
void blkback_mover_exit(struct blkback_mover *mover);

/* The ring's work item; may sleep. */
bool blkback_mover_reserve(struct blkback_mover *mover,
			   struct blkback_req *req);
void blkback_mover_bring(struct blkback_mover *mover, struct list_head *reqs);
void blkback_mover_release(struct blkback_mover *mover, struct list_head *reqs,
			   struct list_head *held);

/* pages.c: the mover only */
int blkback_pages_init(struct blkback_pages *pages, unsigned int nr_reserve,
		       unsigned int nr_max);
void blkback_pages_exit(struct blkback_pages *pages);
bool blkback_pages_get(struct blkback_pages *pages, unsigned int nr,
		       struct page **page);
void blkback_pages_put(struct blkback_pages *pages, unsigned int nr,
		       struct page **page);
void blkback_pages_lost(struct blkback_pages *pages, unsigned int nr);

#endif /* _BLKBACK_MOVER_H */
