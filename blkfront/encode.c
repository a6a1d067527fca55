// SPDX-License-Identifier: GPL-2.0
/*
 * A request takes the shape of the wire.
 *
 * Pure.  A slot is cleared before it is filled: it goes to the other domain
 * whole, and what it does not say shall not say anything else.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "encode.h"

/**
 * blkfront_encode_op - which operation of the wire a request is
 * @op: the request's
 * @config: what was agreed with the backend
 *
 * Return: the operation, or -EOPNOTSUPP when this backend has none for it.
 */
int blkfront_encode_op(enum blkfront_op op,
		       const struct blkfront_config *config)
{
	switch (op) {
	case BLKFRONT_READ:
		return BLKIF_OP_READ;
	case BLKFRONT_WRITE:
		return BLKIF_OP_WRITE;
	case BLKFRONT_FLUSH:
		if (config->flush == BLKFRONT_FLUSH_CACHE)
			return BLKIF_OP_FLUSH_DISKCACHE;
		if (config->flush == BLKFRONT_FLUSH_BARRIER)
			return BLKIF_OP_WRITE_BARRIER;
		return -EOPNOTSUPP;
	case BLKFRONT_DISCARD:
		return config->discard ? BLKIF_OP_DISCARD : -EOPNOTSUPP;
	case BLKFRONT_SECURE_ERASE:
		return config->secure_erase ? BLKIF_OP_DISCARD : -EOPNOTSUPP;
	}
	return -EOPNOTSUPP;
}

static void encode_segments(struct blkif_segment *to,
			    const struct blkfront_segment *from,
			    unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		to[i] = (struct blkif_segment){
			.gref = from[i].gref,
			.first_sect = from[i].first_sect,
			.last_sect = from[i].last_sect,
		};
	}
}

static void encode_rw(union blkif_native_request *slot,
		      const struct blkfront_io *io)
{
	slot->rw.nr_segments = io->nr_segs;
	slot->rw.handle = io->handle;
	slot->rw.id = io->id;
	slot->rw.sector_number = io->sector;
	encode_segments(slot->rw.seg, io->seg, io->nr_segs);
}

static void encode_indirect(union blkif_native_request *slot,
			    const struct blkfront_io *io, u8 op)
{
	unsigned int i;

	slot->indirect.operation = BLKIF_OP_INDIRECT;
	slot->indirect.indirect_op = op;
	slot->indirect.nr_segments = io->nr_segs;
	slot->indirect.handle = io->handle;
	slot->indirect.id = io->id;
	slot->indirect.sector_number = io->sector;
	for (i = 0; i < blkfront_encode_descs(io->nr_segs); i++)
		slot->indirect.indirect_grefs[i] = io->desc_gref[i];
}

static void encode_discard(union blkif_native_request *slot,
			   const struct blkfront_io *io)
{
	if (io->op == BLKFRONT_SECURE_ERASE)
		slot->discard.flag = BLKIF_DISCARD_SECURE;
	slot->discard.handle = io->handle;
	slot->discard.id = io->id;
	slot->discard.sector_number = io->sector;
	slot->discard.nr_sectors = io->nr_sectors;
}

/**
 * blkfront_encode - fill a slot of the ring from a request
 * @slot: a slot in private memory
 * @io: the request, with no more pages than were agreed with the backend
 * @op: which operation of the wire it is, and the backend will echo
 */
void blkfront_encode(union blkif_native_request *slot,
		     const struct blkfront_io *io, u8 op)
{
	memset(slot, 0, sizeof(*slot));
	slot->operation = op;
	if (op == BLKIF_OP_DISCARD)
		encode_discard(slot, io);
	else if (io->nr_segs > BLKIF_MAX_SEGMENTS_PER_REQUEST)
		encode_indirect(slot, io, op);
	else
		encode_rw(slot, io);
}

/**
 * blkfront_encode_desc - fill a descriptor page from an indirect request
 * @desc: the page, all of which the other domain sees
 * @io: the request
 * @index: which of its descriptor pages
 */
void blkfront_encode_desc(struct blkif_segment *desc,
			  const struct blkfront_io *io, unsigned int index)
{
	unsigned int first = index * BLKIF_SEGMENTS_PER_INDIRECT_PAGE;
	unsigned int nr = min_t(unsigned int, io->nr_segs - first,
				BLKIF_SEGMENTS_PER_INDIRECT_PAGE);

	encode_segments(desc, io->seg + first, nr);
	memset(desc + nr, 0,
	       (BLKIF_SEGMENTS_PER_INDIRECT_PAGE - nr) * sizeof(*desc));
}
