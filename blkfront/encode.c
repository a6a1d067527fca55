// SPDX-License-Identifier: GPL-2.0
/*
 * A request takes the shape of the wire.
 *
 * Pure.  A slot is cleared before it is filled: it goes to the other domain
 * whole, and what it does not say shall not say anything else.
 */
#include <linux/errno.h>
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

static void encode_rw(union blkif_native_request *slot,
		      const struct blkfront_io *io)
{
	unsigned int i;

	slot->rw.nr_segments = io->nr_segs;
	slot->rw.handle = io->handle;
	slot->rw.id = io->id;
	slot->rw.sector_number = io->sector;
	for (i = 0; i < io->nr_segs; i++) {
		slot->rw.seg[i].gref = io->seg[i].gref;
		slot->rw.seg[i].first_sect = io->seg[i].first_sect;
		slot->rw.seg[i].last_sect = io->seg[i].last_sect;
	}
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
 * @io: the request
 * @config: what was agreed with the backend
 *
 * Return: the operation that the backend will echo, or -EOPNOTSUPP when this
 * backend has none for the request, or -EINVAL for more segments than fit.
 */
int blkfront_encode(union blkif_native_request *slot,
		    const struct blkfront_io *io,
		    const struct blkfront_config *config)
{
	int op = blkfront_encode_op(io->op, config);

	if (op < 0)
		return op;
	if (io->nr_segs > BLKIF_MAX_SEGMENTS_PER_REQUEST)
		return -EINVAL;

	memset(slot, 0, sizeof(*slot));
	slot->operation = op;
	if (op == BLKIF_OP_DISCARD)
		encode_discard(slot, io);
	else
		encode_rw(slot, io);
	return op;
}
