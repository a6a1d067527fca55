/* SPDX-License-Identifier: GPL-2.0 */
/* A request -> a slot of the ring.  Pure. */
#ifndef _BLKFRONT_ENCODE_H
#define _BLKFRONT_ENCODE_H

#include <linux/math.h>
#include <linux/types.h>
#include <xen/interface/io/blkif.h>

#include "negotiate.h"

enum blkfront_op {
	BLKFRONT_READ,
	BLKFRONT_WRITE,
	BLKFRONT_FLUSH,
	BLKFRONT_DISCARD,
	BLKFRONT_SECURE_ERASE,
};

/* A page, or the part of it from first_sect to last_sect, both included. */
struct blkfront_segment {
	u32 gref;
	u8 first_sect;
	u8 last_sect;
};

/**
 * struct blkfront_io - a request, before it takes the shape of the wire
 * @op: what it does
 * @handle: the disk, as the wire has it
 * @id: what the backend is to name in its answer
 * @sector: where, in units of 512 bytes
 * @nr_sectors: how much, in units of 512 bytes
 * @nr_segs: pages
 * @seg: the pages
 * @desc_gref: with more pages than a slot has room for, the references of the
 *	descriptor pages that list them
 */
struct blkfront_io {
	enum blkfront_op op;
	u16 handle;
	u64 id;
	u64 sector;
	u64 nr_sectors;
	unsigned int nr_segs;
	struct blkfront_segment *seg;
	u32 *desc_gref;
};

/**
 * blkfront_encode_descs - how many descriptor pages a request needs
 * @nr_segs: its pages
 */
static inline unsigned int blkfront_encode_descs(unsigned int nr_segs)
{
	if (nr_segs <= BLKIF_MAX_SEGMENTS_PER_REQUEST)
		return 0;
	return DIV_ROUND_UP(nr_segs, BLKIF_SEGMENTS_PER_INDIRECT_PAGE);
}

int blkfront_encode_op(enum blkfront_op op,
		       const struct blkfront_config *config);
void blkfront_encode(union blkif_native_request *slot,
		     const struct blkfront_io *io, u8 op);
void blkfront_encode_desc(struct blkif_segment *desc,
			  const struct blkfront_io *io, unsigned int index);

#endif /* _BLKFRONT_ENCODE_H */
