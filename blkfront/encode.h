/* SPDX-License-Identifier: GPL-2.0 */
/* A request -> a slot of the ring.  Pure. */
#ifndef _BLKFRONT_ENCODE_H
#define _BLKFRONT_ENCODE_H

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

/* A request, before it takes the shape of the wire.  Sectors are of 512 bytes. */
struct blkfront_io {
	enum blkfront_op op;
	u16 handle;
	u16 id;
	u64 sector;
	u64 nr_sectors;
	unsigned int nr_segs;
	struct blkfront_segment seg[BLKIF_MAX_SEGMENTS_PER_REQUEST];
};

int blkfront_encode_op(enum blkfront_op op,
		       const struct blkfront_config *config);
int blkfront_encode(union blkif_native_request *slot,
		    const struct blkfront_io *io,
		    const struct blkfront_config *config);

#endif /* _BLKFRONT_ENCODE_H */
