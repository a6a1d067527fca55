/* SPDX-License-Identifier: GPL-2.0 */
/* A slot of the ring, of any layout -> a request that was checked.  Pure. */
#ifndef _BLKBACK_DECODE_H
#define _BLKBACK_DECODE_H

#include <linux/types.h>
#include <xen/interface/io/blkif.h>

/* The layouts of a slot. */
enum blkback_abi {
	BLKBACK_ABI_X86_64,	/* also arm-abi */
	BLKBACK_ABI_X86_32,
	BLKBACK_ABI_UNKNOWN,	/* the frontend did not say; see guess.c */
};

/* A slot as it was copied off the ring. */
union blkback_slot {
	__u8 operation;
	union blkif_x86_64_request x86_64;
	union blkif_x86_32_request x86_32;
};

/* What is to be done on the disk. */
enum blkback_op {
	BLKBACK_READ,
	BLKBACK_WRITE,
	BLKBACK_FLUSH,		/* of all before it, then its own data, if any */
	BLKBACK_BARRIER,	/* the same, and nothing beside it */
	BLKBACK_DISCARD,
	BLKBACK_SECURE_ERASE,
};

/**
 * struct blkback_limits - what the exported disk takes
 * @capacity_sectors: its size in 512-byte sectors
 * @block_sectors: its logical block in 512-byte sectors, a power of two
 * @max_indirect_segments: feature-max-indirect-segments as it was offered, at
 *	most BLKIF_MAX_INDIRECT_SEGMENTS; 0 where it was not
 * @read_only: writes, flushes and barriers with data, and discards are refused
 * @barrier: feature-barrier was offered
 * @discard: feature-discard was offered
 * @secure_erase: discard-secure was offered
 */
struct blkback_limits {
	u64 capacity_sectors;
	unsigned int block_sectors;
	unsigned int max_indirect_segments;
	bool read_only;
	bool barrier;
	bool discard;
	bool secure_erase;
};

/**
 * struct blkback_segment - a part of one page of the frontend
 * @gref: the page's grant reference
 * @offset_bytes: where the part begins
 * @len_bytes: its length, 512 to 4096
 */
struct blkback_segment {
	u32 gref;
	u16 offset_bytes;
	u16 len_bytes;
};

/**
 * struct blkback_cmd - a decoded request
 * @id: the frontend's name for it, to be echoed
 * @sector: first 512-byte sector
 * @nr_sectors: length in 512-byte sectors
 * @op: what to do
 * @wire_op: the operation to echo
 * @nr_segments: length of @seg
 * @nr_descriptor_pages: pages that the segments of an indirect request are in;
 *	0 where they came with the slot
 * @seg: the data's pages; NULL until blkback_decode_indirect() where there are
 *	pages of descriptors
 * @direct: the segments that came with the slot
 * @descriptor_gref: grant references of the pages of descriptors
 */
struct blkback_cmd {
	u64 id;
	u64 sector;
	u64 nr_sectors;
	enum blkback_op op;
	u8 wire_op;
	u8 nr_descriptor_pages;
	u16 nr_segments;
	struct blkback_segment *seg;
	union {
		struct blkback_segment direct[BLKIF_MAX_SEGMENTS_PER_REQUEST];
		u32 descriptor_gref[BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST];
	};
};

int blkback_decode(enum blkback_abi abi, const union blkback_slot *slot,
		   const struct blkback_limits *limits,
		   struct blkback_cmd *cmd);
int blkback_decode_indirect(void *list, const struct blkback_limits *limits,
			    struct blkback_cmd *cmd);

#endif /* _BLKBACK_DECODE_H */
