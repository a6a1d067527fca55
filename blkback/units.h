/* SPDX-License-Identifier: GPL-2.0 */
/* The data of a request -> blocks of the disk, each in one page of memory.  Pure. */
#ifndef _BLKBACK_UNITS_H
#define _BLKBACK_UNITS_H

#include <linux/limits.h>
#include <linux/types.h>

#include "decode.h"

/* A block of the disk, which is a page of the wire, too. */
#define BLKBACK_UNIT_BYTES	BLKIF_PAGE_SIZE
#define BLKBACK_UNIT_SECTORS	(BLKBACK_UNIT_BYTES >> BLKIF_SECTOR_SHIFT)
/* What 32 segments touch that begin somewhere in a block. */
#define BLKBACK_MAX_UNITS	33U
/* The data of this unit has to go through a page of ours. */
#define BLKBACK_UNIT_COPIED	U8_MAX

/**
 * struct blkback_units - how data lies in units
 * @nr: how many it touches
 * @nr_copied: how many of them have to go through a page of ours
 * @skip_bytes: of the first one, what is before the data
 * @end_bytes: where in the last one the data ends
 * @whole: the disk takes whole units only
 * @segment: of each, the segment whose page it is; or BLKBACK_UNIT_COPIED
 */
struct blkback_units {
	unsigned int nr;
	unsigned int nr_copied;
	unsigned int skip_bytes;
	unsigned int end_bytes;
	bool whole;
	u8 segment[BLKBACK_MAX_UNITS];
};

/**
 * struct blkback_unit_piece - data that is in one segment and in one unit
 * @segment: which segment
 * @segment_bytes: where in the segment, not in its page, it begins
 * @unit: which unit
 * @unit_bytes: where in the unit it begins
 * @len_bytes: its length; 0 of the piece that stands before the first
 */
struct blkback_unit_piece {
	unsigned int segment;
	unsigned int segment_bytes;
	unsigned int unit;
	unsigned int unit_bytes;
	unsigned int len_bytes;
};

void blkback_units_find(struct blkback_units *units,
			const struct blkback_segment *seg,
			unsigned int nr_segments, unsigned int skip_bytes,
			bool whole);
bool blkback_units_edge(const struct blkback_units *units, unsigned int unit);
unsigned int blkback_units_len(const struct blkback_units *units,
			       unsigned int unit);
bool blkback_units_next(const struct blkback_units *units,
			const struct blkback_segment *seg,
			unsigned int nr_segments,
			struct blkback_unit_piece *piece);

#endif /* _BLKBACK_UNITS_H */
