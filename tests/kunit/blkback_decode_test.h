/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of the decoder agree on. */
#ifndef _BLKBACK_DECODE_TEST_H
#define _BLKBACK_DECODE_TEST_H

#include <linux/prandom.h>

#include "../../blkback/decode.h"

#define CAPACITY	1000000ULL

static const struct blkback_limits all_limits = {
	.capacity_sectors = CAPACITY,
	.block_sectors = 1,
	.barrier = true,
	.discard = true,
	.secure_erase = true,
};

/* Is there anything in @cmd that the rest of the driver must not see? */
static const char *outside(const struct blkback_cmd *cmd,
			   const struct blkback_limits *limits)
{
	u64 mask = limits->block_sectors - 1, nr = 0;
	unsigned int i;

	if (cmd->op > BLKBACK_SECURE_ERASE)
		return "operation";
	if (cmd->op == BLKBACK_BARRIER && !limits->barrier)
		return "barrier";
	if (cmd->op == BLKBACK_DISCARD && !limits->discard)
		return "discard";
	if (cmd->op == BLKBACK_SECURE_ERASE && !limits->secure_erase)
		return "secure erase";
	if (limits->read_only && cmd->op != BLKBACK_READ &&
	    !((cmd->op == BLKBACK_FLUSH || cmd->op == BLKBACK_BARRIER) &&
	      !cmd->nr_segments))
		return "read-only";
	if (cmd->nr_segments > (cmd->nr_descriptor_pages ?
				limits->max_indirect_segments :
				BLKIF_MAX_SEGMENTS_PER_REQUEST))
		return "segments";
	for (i = 0; i < cmd->nr_segments; i++) {
		const struct blkback_segment *seg = &cmd->seg[i];

		if (!seg->len_bytes || seg->len_bytes > 4096 ||
		    seg->offset_bytes + seg->len_bytes > 4096)
			return "segment";
		if (((seg->len_bytes | seg->offset_bytes) >> 9) & mask)
			return "segment's alignment";
		nr += seg->len_bytes >> 9;
	}
	if (cmd->op <= BLKBACK_BARRIER && nr != cmd->nr_sectors)
		return "sum of segments";
	if (cmd->op <= BLKBACK_BARRIER && !nr)
		return cmd->op >= BLKBACK_FLUSH ? NULL : "no data";
	if (cmd->sector > limits->capacity_sectors ||
	    cmd->nr_sectors > limits->capacity_sectors - cmd->sector)
		return "range";
	if ((cmd->sector | cmd->nr_sectors) & mask)
		return "alignment";
	return NULL;
}

static u64 random_sector(struct rnd_state *rnd, u64 capacity)
{
	u32 r = prandom_u32_state(rnd);

	switch (r & 7) {
	case 0:
		return U64_MAX - (r >> 20);
	case 1:
		return (u64)r << 32 | prandom_u32_state(rnd);
	case 2:
		return capacity - (r >> 26);
	case 3:
		return capacity + (r >> 26) - 32;
	default:
		return r % 1024;
	}
}

#endif /* _BLKBACK_DECODE_TEST_H */
