// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping the pages of a ring, all or none.
 *
 * Each is mapped at a page of its own, as the data is.  The kernel has a function
 * that maps them one behind the other; but where the frontend names a bad reference
 * among good ones that forgets what it had mapped behind the bad one.
 */
#include <linux/errno.h>
#include <linux/printk.h>

#include "ring_map.h"

/*
 * A page that Xen would not unmap is the frontend's still: it is not used for
 * anything else, ever.
 */
static void pages_give_back(struct blkback_ring_page *pages, unsigned int nr,
			    domid_t domid)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (pages[i].status == GNTST_okay)
			blkback_port_free_ring(&pages[i]);
		else
			pr_err_ratelimited("xen-blkback: Xen did not unmap a page of a ring of domain %u (it says %d); the page is lost until the next boot\n",
					   domid, pages[i].status);
	}
}

/**
 * blkback_ring_unmap - undo blkback_ring_map()
 * @map: what is mapped; nobody uses the ring any more
 * @domid: whose it is
 *
 * Context: process, may sleep.
 */
void blkback_ring_unmap(struct blkback_ring_map *map, domid_t domid)
{
	if (!map->nr)
		return;
	blkback_port_unmap_ring(map->page, map->nr);
	pages_give_back(map->page, map->nr, domid);
	map->nr = 0;
}

/* What is not mapped goes at once, so that what is left is all mapped. */
static void map_sort(struct blkback_ring_map *map, unsigned int nr,
		     struct blkback_ring_fault *fault)
{
	unsigned int i;

	map->nr = 0;
	for (i = 0; i < nr; i++) {
		struct blkback_ring_page *page = &map->page[i];

		if (page->status == GNTST_okay) {
			map->page[map->nr++] = *page;
			continue;
		}
		if (fault->status == GNTST_okay)
			*fault = (struct blkback_ring_fault){
				.status = page->status, .page = i,
				.gref = page->gref,
			};
		blkback_port_free_ring(page);
	}
}

/**
 * blkback_ring_map - map the pages of a ring
 * @map: result, valid on success
 * @domid: whose they are
 * @gref: their grant references
 * @nr: how many
 * @fault: result, where a page of the frontend is the reason for a failure: which
 *
 * A domain whose pages were paged out may take half a minute for each: no lock is
 * to be held that others wait for.
 *
 * Context: process, may sleep.
 * Return: 0; -ENOMEM; -EFAULT when a page could not be mapped.  On failure nothing
 * is mapped.
 */
int blkback_ring_map(struct blkback_ring_map *map, domid_t domid,
		     const u32 *gref, unsigned int nr,
		     struct blkback_ring_fault *fault)
{
	unsigned int i;
	int err;

	*fault = (struct blkback_ring_fault){};
	for (i = 0; i < nr; i++)
		map->page[i].gref = gref[i];
	err = blkback_port_map_ring(map->page, nr, domid);
	if (err)
		return err;
	map_sort(map, nr, fault);
	if (map->nr == nr)
		return 0;
	blkback_ring_unmap(map, domid);
	return -EFAULT;
}
