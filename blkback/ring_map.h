/* SPDX-License-Identifier: GPL-2.0 */
/* The pages of a ring, mapped one by one. */
#ifndef _BLKBACK_RING_MAP_H
#define _BLKBACK_RING_MAP_H

#include "negotiate.h"
#include "port.h"

/**
 * struct blkback_ring_map - what a ring has mapped
 * @nr: pages that are mapped
 * @page: those pages, in the ring's order
 */
struct blkback_ring_map {
	unsigned int nr;
	struct blkback_ring_page page[BLKBACK_MAX_RING_PAGES];
};

/**
 * struct blkback_ring_fault - which page of a ring could not be mapped
 * @status: GNTST_* of it; GNTST_okay where none is at fault
 * @page: its number
 * @gref: its grant reference
 */
struct blkback_ring_fault {
	s16 status;
	unsigned int page;
	u32 gref;
};

int blkback_ring_map(struct blkback_ring_map *map, domid_t domid,
		     const u32 *gref, unsigned int nr,
		     struct blkback_ring_fault *fault);
void blkback_ring_unmap(struct blkback_ring_map *map, domid_t domid);

#endif /* _BLKBACK_RING_MAP_H */
