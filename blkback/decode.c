// SPDX-License-Identifier: GPL-2.0
/*
 * A slot of the ring, of any layout -> struct blkback_cmd, fully checked.
 *
 * Everything here works on a private copy of the slot (security rule D3) and on
 * values: no Xen, no block layer, no allocation.  What is wrong with a slot
 * costs that slot alone.
 */
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/math.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "decode.h"

/*
 * The fields of the kinds of slot, whatever the layout.  The macro is
 * expanded once for each layout; the structures differ in nothing but offsets.
 */
#define DECODE_HEADER(slot, cmd)					\
	do {								\
		(cmd)->wire_op = (slot)->operation;			\
		(cmd)->id = (slot)->rw.id;				\
		if ((slot)->operation == BLKIF_OP_INDIRECT)		\
			(cmd)->wire_op = (slot)->indirect.indirect_op;	\
	} while (0)

#define DECODE_RW(slot, cmd, segs)					\
	do {								\
		(cmd)->sector = (slot)->rw.sector_number;		\
		(cmd)->nr_segments = (slot)->rw.nr_segments;		\
		(segs) = (slot)->rw.seg;				\
	} while (0)

#define DECODE_DISCARD(slot, cmd, secure)				\
	do {								\
		(cmd)->sector = (slot)->discard.sector_number;		\
		(cmd)->nr_sectors = (slot)->discard.nr_sectors;		\
		(secure) = (slot)->discard.flag & BLKIF_DISCARD_SECURE;	\
	} while (0)

#define DECODE_INDIRECT(slot, cmd, grefs)				\
	do {								\
		(cmd)->sector = (slot)->indirect.sector_number;		\
		(cmd)->nr_segments = (slot)->indirect.nr_segments;	\
		(grefs) = (slot)->indirect.indirect_grefs;		\
	} while (0)

/* Inside the disk, and of whole logical blocks. */
static int check_range(const struct blkback_cmd *cmd,
		       const struct blkback_limits *limits)
{
	u64 end;

	if (check_add_overflow(cmd->sector, cmd->nr_sectors, &end))
		return -EINVAL;
	if (end > limits->capacity_sectors)
		return -EINVAL;
	if ((cmd->sector | cmd->nr_sectors) & (limits->block_sectors - 1))
		return -EINVAL;
	return 0;
}

/* The data of a segment, too, must be whole logical blocks at their place. */
static int decode_segment(const struct blkif_segment *wire,
			  const struct blkback_limits *limits,
			  struct blkback_segment *seg)
{
	unsigned int nr_sectors;

	if (wire->first_sect > wire->last_sect ||
	    wire->last_sect >= BLKIF_SECTORS_PER_PAGE)
		return -EINVAL;
	nr_sectors = wire->last_sect - wire->first_sect + 1;
	if ((wire->first_sect | nr_sectors) & (limits->block_sectors - 1))
		return -EINVAL;

	seg->gref = wire->gref;
	seg->offset_bytes = wire->first_sect << BLKIF_SECTOR_SHIFT;
	seg->len_bytes = nr_sectors << BLKIF_SECTOR_SHIFT;
	return 0;
}

/*
 * All segments of a request, and where on the disk they add up to.  The two
 * lists may be the same memory: an entry is as long before as after.
 */
static int decode_segments(const struct blkif_segment *wire,
			   const struct blkback_limits *limits,
			   struct blkback_cmd *cmd)
{
	struct blkif_segment entry;
	unsigned int i;
	int err;

	static_assert(sizeof(struct blkif_segment) ==
		      sizeof(struct blkback_segment));
	cmd->nr_sectors = 0;
	for (i = 0; i < cmd->nr_segments; i++) {
		entry = wire[i];
		err = decode_segment(&entry, limits, &cmd->seg[i]);
		if (err)
			return err;
		cmd->nr_sectors += cmd->seg[i].len_bytes >> BLKIF_SECTOR_SHIFT;
	}
	return check_range(cmd, limits);
}

static int decode_rw(enum blkback_abi abi, const union blkback_slot *slot,
		     const struct blkback_limits *limits,
		     struct blkback_cmd *cmd)
{
	const struct blkif_segment *segs;

	if (abi == BLKBACK_ABI_X86_32)
		DECODE_RW(&slot->x86_32, cmd, segs);
	else
		DECODE_RW(&slot->x86_64, cmd, segs);

	if (cmd->nr_segments > BLKIF_MAX_SEGMENTS_PER_REQUEST)
		return -EINVAL;
	cmd->nr_sectors = 0;
	if (cmd->nr_segments == 0)
		return cmd->op == BLKBACK_FLUSH ||
		       cmd->op == BLKBACK_BARRIER ? 0 : -EINVAL;
	if (cmd->op != BLKBACK_READ && limits->read_only)
		return -EROFS;
	return decode_segments(segs, limits, cmd);
}

/* Its segments are somewhere else: what can be said without them. */
static int decode_indirect(enum blkback_abi abi,
			   const union blkback_slot *slot,
			   const struct blkback_limits *limits,
			   struct blkback_cmd *cmd)
{
	unsigned int nr_pages;
	const __u32 *grefs;

	if (abi == BLKBACK_ABI_X86_32)
		DECODE_INDIRECT(&slot->x86_32, cmd, grefs);
	else
		DECODE_INDIRECT(&slot->x86_64, cmd, grefs);

	if (!limits->max_indirect_segments)
		return -EOPNOTSUPP;
	if (cmd->wire_op == BLKIF_OP_READ)
		cmd->op = BLKBACK_READ;
	else if (cmd->wire_op == BLKIF_OP_WRITE)
		cmd->op = BLKBACK_WRITE;
	else
		return -EOPNOTSUPP;

	if (cmd->nr_segments == 0 ||
	    cmd->nr_segments > limits->max_indirect_segments)
		return -EINVAL;
	if (cmd->op == BLKBACK_WRITE && limits->read_only)
		return -EROFS;
	nr_pages = DIV_ROUND_UP(cmd->nr_segments,
				BLKIF_SEGMENTS_PER_INDIRECT_PAGE);
	memcpy(cmd->descriptor_gref, grefs, nr_pages * sizeof(*grefs));
	cmd->nr_descriptor_pages = nr_pages;
	cmd->seg = NULL;
	return 0;
}

static int decode_discard(enum blkback_abi abi, const union blkback_slot *slot,
			  const struct blkback_limits *limits,
			  struct blkback_cmd *cmd)
{
	bool secure;

	if (abi == BLKBACK_ABI_X86_32)
		DECODE_DISCARD(&slot->x86_32, cmd, secure);
	else
		DECODE_DISCARD(&slot->x86_64, cmd, secure);

	/*
	 * One who asks for data to be unreadable is told when it will not be,
	 * rather than given an ordinary discard.
	 */
	if (secure ? !limits->secure_erase : !limits->discard)
		return -EOPNOTSUPP;
	if (limits->read_only)
		return -EROFS;

	cmd->op = secure ? BLKBACK_SECURE_ERASE : BLKBACK_DISCARD;
	return check_range(cmd, limits);
}

/**
 * blkback_decode - check a slot and say what it asks for
 * @abi: the slot's layout
 * @slot: private copy of the slot
 * @limits: what the disk takes, and what was offered to the frontend
 * @cmd: result; @cmd->id and @cmd->wire_op are valid on errors too, the rest
 *	is not
 *
 * With @cmd->nr_descriptor_pages set it is not known yet which data the request
 * is about, and blkback_decode_indirect() has the last word.
 *
 * Context: any.
 * Return: 0; -EOPNOTSUPP for an operation that was not offered or is unknown;
 * -EROFS for a change to a read-only disk; -EINVAL for values out of range.
 */
int blkback_decode(enum blkback_abi abi, const union blkback_slot *slot,
		   const struct blkback_limits *limits,
		   struct blkback_cmd *cmd)
{
	if (abi == BLKBACK_ABI_X86_32)
		DECODE_HEADER(&slot->x86_32, cmd);
	else
		DECODE_HEADER(&slot->x86_64, cmd);

	/* People are told of them, whatever becomes of the request. */
	cmd->sector = 0;
	cmd->nr_sectors = 0;
	cmd->nr_segments = 0;
	cmd->nr_descriptor_pages = 0;
	cmd->seg = cmd->direct;
	switch (slot->operation) {
	case BLKIF_OP_READ:
		cmd->op = BLKBACK_READ;
		return decode_rw(abi, slot, limits, cmd);
	case BLKIF_OP_WRITE:
		cmd->op = BLKBACK_WRITE;
		return decode_rw(abi, slot, limits, cmd);
	case BLKIF_OP_FLUSH_DISKCACHE:
		/*
		 * Offered or not: one of a disk without a write cache has
		 * nothing to do, and one of a frontend that was connected
		 * before to a disk with one is not for us to doubt.
		 */
		cmd->op = BLKBACK_FLUSH;
		return decode_rw(abi, slot, limits, cmd);
	case BLKIF_OP_WRITE_BARRIER:
		if (!limits->barrier)
			return -EOPNOTSUPP;
		cmd->op = BLKBACK_BARRIER;
		return decode_rw(abi, slot, limits, cmd);
	case BLKIF_OP_DISCARD:
		return decode_discard(abi, slot, limits, cmd);
	case BLKIF_OP_INDIRECT:
		return decode_indirect(abi, slot, limits, cmd);
	default:
		return -EOPNOTSUPP;
	}
}

/**
 * blkback_decode_indirect - check the descriptors of an indirect request
 * @list: private copy of them, @cmd->nr_segments long; the segments are put in
 *	their place, and @cmd->seg refers to them
 * @limits: what the disk takes
 * @cmd: what blkback_decode() made of the slot
 *
 * Context: any.
 * Return: 0, or -EINVAL for values out of range.
 */
int blkback_decode_indirect(void *list, const struct blkback_limits *limits,
			    struct blkback_cmd *cmd)
{
	cmd->seg = list;
	return decode_segments(list, limits, cmd);
}
