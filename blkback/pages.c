// SPDX-License-Identifier: GPL-2.0
/*
 * The pages that a ring may map grants at.
 *
 * A reserve for one part of a request is there from connect to disconnect, so
 * that a ring gets on however short memory is.  Above it the pool grows with what
 * the ring has in flight, up to a bound, and gives back when the ring is idle.
 * Growing may balloon and sleep long: it has a work item of its own on a queue of
 * the system's, and the I/O path never waits for it.
 */
#include <linux/minmax.h>
#include <linux/slab.h>

#include "blkback.h"
#include "port.h"

#define PAGES_GROW_STEP		32U

static struct blkback_queue *pages_queue(struct blkback_pages *pages)
{
	return container_of(pages, struct blkback_queue, mover.pages);
}

/*
 * Have room for so many pages, and for no more.  False without memory, or when there
 * are more by now.
 */
static bool pages_fit(struct blkback_pages *pages, unsigned int nr_places)
{
	struct page **page = kvmalloc_array(nr_places, sizeof(*page),
					    GFP_KERNEL | __GFP_NORETRY |
					    __GFP_NOWARN);
	bool fits;

	if (!page)
		return false;
	spin_lock(&pages->lock);
	fits = pages->nr_total <= nr_places;
	if (fits) {
		memcpy(page, pages->page, pages->nr_free * sizeof(*page));
		swap(page, pages->page);
		pages->nr_places = nr_places;
	}
	spin_unlock(&pages->lock);
	kvfree(page);
	return fits;
}

/* False when there is no room for them. */
static bool pages_add(struct blkback_pages *pages, unsigned int nr,
		      struct page **page)
{
	bool room;

	spin_lock(&pages->lock);
	room = pages->nr_total + nr <= pages->nr_places;
	if (room) {
		memcpy(&pages->page[pages->nr_free], page, nr * sizeof(*page));
		pages->nr_free += nr;
		pages->nr_total += nr;
	}
	spin_unlock(&pages->lock);
	return room;
}

/*
 * To twice the size, so that a ring that was idle has in a few rounds what it
 * can use.  Nobody else grows: the work item does not run beside itself.
 */
static void pages_grow(struct work_struct *work)
{
	struct blkback_pages *pages =
		container_of(work, struct blkback_pages, grow);
	unsigned int have = READ_ONCE(pages->nr_total);
	unsigned int left = min(pages->nr_max - have,
				max(have, PAGES_GROW_STEP));
	struct page *page[PAGES_GROW_STEP];
	unsigned int nr;

	if (left && !pages_fit(pages, have + left))
		return;
	while (left) {
		nr = min(left, PAGES_GROW_STEP);
		if (blkback_port_alloc_pages(nr, page))
			break;
		if (!pages_add(pages, nr, page)) {
			/* The ring was idle just now; who waits asks again. */
			blkback_port_free_pages(nr, page);
			break;
		}
		blkback_queue_kick(pages_queue(pages));
		left -= nr;
	}
}

/* Take up to @max free pages above the reserve out of the pool. */
static unsigned int pages_take_surplus(struct blkback_pages *pages,
				       struct page **page, unsigned int max)
{
	unsigned int nr = 0;

	spin_lock(&pages->lock);
	while (nr < max && pages->nr_free > pages->nr_reserve) {
		page[nr++] = pages->page[--pages->nr_free];
		pages->nr_total--;
	}
	spin_unlock(&pages->lock);
	return nr;
}

/**
 * blkback_pages_surplus - is more free than the reserve?
 * @pages: the pool
 *
 * A page that is in use comes back in a pass, after which this is asked again.
 *
 * Context: any.
 * Return: true when an idle ring has something to give back.
 */
bool blkback_pages_surplus(struct blkback_pages *pages)
{
	return READ_ONCE(pages->nr_free) > pages->nr_reserve;
}

/**
 * blkback_pages_shrink - give back what is free above the reserve
 * @pages: the pool
 *
 * Context: process, may sleep; not in the I/O path.
 */
void blkback_pages_shrink(struct blkback_pages *pages)
{
	struct page *page[PAGES_GROW_STEP];
	unsigned int nr;

	while ((nr = pages_take_surplus(pages, page, PAGES_GROW_STEP)))
		blkback_port_free_pages(nr, page);
	if (READ_ONCE(pages->nr_places) > READ_ONCE(pages->nr_total))
		pages_fit(pages, max(READ_ONCE(pages->nr_total),
				     pages->nr_reserve));
}

/**
 * blkback_pages_init - make a pool and its reserve
 * @pages: the pool; part of a queue's mover
 * @nr_reserve: pages that are always there
 * @nr_max: bound on all pages, at least @nr_reserve
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int blkback_pages_init(struct blkback_pages *pages, unsigned int nr_reserve,
		       unsigned int nr_max)
{
	int err;

	spin_lock_init(&pages->lock);
	INIT_WORK(&pages->grow, pages_grow);
	pages->nr_reserve = nr_reserve;
	pages->nr_max = nr_max;
	pages->nr_free = nr_reserve;
	pages->nr_total = nr_reserve;
	pages->nr_places = nr_reserve;
	pages->page = kvcalloc(nr_reserve, sizeof(*pages->page), GFP_KERNEL);
	if (!pages->page)
		return -ENOMEM;
	err = blkback_port_alloc_pages(nr_reserve, pages->page);
	if (err)
		kvfree(pages->page);
	return err;
}

/**
 * blkback_pages_exit - free all pages
 * @pages: the pool, with no page in use
 *
 * Context: process, may sleep.
 */
void blkback_pages_exit(struct blkback_pages *pages)
{
	cancel_work_sync(&pages->grow);
	blkback_port_free_pages(pages->nr_free, pages->page);
	kvfree(pages->page);
}

/**
 * blkback_pages_get - take pages
 * @pages: the pool
 * @nr: how many, at most the reserve
 * @page: result
 *
 * Context: process.
 * Return: true, or false when there are not enough now; the ring is kicked when
 * there are more, and asks again when there was no memory for them.
 */
bool blkback_pages_get(struct blkback_pages *pages, unsigned int nr,
		       struct page **page)
{
	bool ok;

	spin_lock(&pages->lock);
	ok = pages->nr_free >= nr;
	if (ok) {
		pages->nr_free -= nr;
		memcpy(page, &pages->page[pages->nr_free], nr * sizeof(*page));
	}
	spin_unlock(&pages->lock);

	if (!ok && READ_ONCE(pages->nr_total) < pages->nr_max)
		queue_work(system_dfl_wq, &pages->grow);
	return ok;
}

/**
 * blkback_pages_put - give pages back
 * @pages: the pool
 * @nr: how many
 * @page: the pages, not mapped any more
 *
 * Context: process.
 */
void blkback_pages_put(struct blkback_pages *pages, unsigned int nr,
		       struct page **page)
{
	spin_lock(&pages->lock);
	memcpy(&pages->page[pages->nr_free], page, nr * sizeof(*page));
	pages->nr_free += nr;
	spin_unlock(&pages->lock);
}

/**
 * blkback_pages_lost - pages that Xen would not unmap are never used again
 * @pages: the pool
 * @nr: how many
 *
 * The reserve is made up from the pages that are left, so long as there are
 * enough; the pool grows in their place.
 *
 * Context: process.
 */
void blkback_pages_lost(struct blkback_pages *pages, unsigned int nr)
{
	spin_lock(&pages->lock);
	pages->nr_total -= nr;
	spin_unlock(&pages->lock);
}
