// SPDX-License-Identifier: GPL-2.0
/*
 * A request, or as much of it as can go out at once.
 *
 * Mostly that is all of it.  It is less when the backend takes less than the one
 * that the block layer was told about, or when references, private pages or
 * tables are short: what comes then is a piece.  When it is answered, that part
 * of the request is completed, and what is left of the request is what is to be
 * sent: there is nothing to remember but the request itself.  So a request always
 * begins where the next piece of it does, and to send it again after a loss is
 * to make a piece of it again.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-mq.h>
#include <linux/mm.h>

#include "blkfront.h"
#include "trace.h"

static_assert(PAGE_SIZE == BLKIF_PAGE_SIZE,
	      "a segment of the block layer is a segment of the wire");

static int piece_op(const struct request *rq)
{
	switch (req_op(rq)) {
	case REQ_OP_READ:
		return BLKFRONT_READ;
	case REQ_OP_WRITE:
		return BLKFRONT_WRITE;
	case REQ_OP_FLUSH:
		return BLKFRONT_FLUSH;
	case REQ_OP_DISCARD:
		return BLKFRONT_DISCARD;
	case REQ_OP_SECURE_ERASE:
		return BLKFRONT_SECURE_ERASE;
	default:
		return -EINVAL;
	}
}

/*
 * Describe as much of the request as there was lent for.  Neighbours within one
 * page make one segment, as they do where the block layer counts.
 */
static int piece_segments(struct blkfront_shadow *shadow, bool private)
{
	struct blkfront_segment *seg = shadow->io.seg;
	unsigned int bytes = 0, end = 0, nr = 0;
	struct page *page = NULL;
	struct req_iterator iter;
	struct bio_vec bv;

	rq_for_each_segment(bv, shadow->rq, iter) {
		if ((bv.bv_offset | bv.bv_len) & (SECTOR_SIZE - 1))
			return -EINVAL;
		if (page != bv.bv_page || end != bv.bv_offset) {
			if (nr == shadow->nr_lent)
				break;
			page = bv.bv_page;
			seg[nr].first_sect = bv.bv_offset >> SECTOR_SHIFT;
			if (!private)
				shadow->page[nr] = page;
			nr++;
		}
		end = bv.bv_offset + bv.bv_len;
		seg[nr - 1].last_sect = (end >> SECTOR_SHIFT) - 1;
		bytes += bv.bv_len;
	}
	shadow->io.nr_segs = nr;
	shadow->io.nr_sectors = bytes >> SECTOR_SHIFT;
	shadow->rest = bytes < blk_rq_bytes(shadow->rq);
	return 0;
}

static int piece_make_rw(struct blkfront_shadow *shadow,
			 struct blkfront_queue *queue)
{
	struct blkfront_pool *pool = &queue->pool;
	struct blkfront_io *io = &shadow->io;
	unsigned int i;
	int err;

	if (!blkfront_pool_take(pool, shadow,
				blk_rq_nr_phys_segments(shadow->rq)))
		return -EBUSY;
	err = piece_segments(shadow, pool->private);
	if (unlikely(err)) {
		blkfront_pool_give(pool, shadow);
		return err;
	}
	if (pool->private)
		blkfront_bounce_out(shadow);
	for (i = 0; i < blkfront_encode_descs(io->nr_segs); i++)
		blkfront_encode_desc(page_address(shadow->table->desc[i]), io,
				     i);
	blkfront_grants_arm(shadow, queue->domid);
	return 0;
}

/**
 * blkfront_piece_make - make the next piece of a request, ready to be put
 * @shadow: its tag's shadow, with the request in it
 *
 * Context: any; the caller has the tag.
 * Return: 0; -EBUSY when something is short that others will give back;
 * -EOPNOTSUPP when the backend has no operation for it; -EINVAL when the wire
 * has not; -EIO for a flush that comes too late; -EALREADY for one that has
 * nothing to do.
 */
int blkfront_piece_make(struct blkfront_shadow *shadow)
{
	struct blkfront_queue *queue = shadow->ctx->queue;
	struct blkfront_io *io = &shadow->io;
	struct request *rq = shadow->rq;
	int op = piece_op(rq), err = 0;

	if (unlikely(op < 0))
		return op;
	io->op = op;
	if (io->op == BLKFRONT_FLUSH)
		err = blkfront_durable_send(shadow);
	if (unlikely(err))
		return err;
	op = blkfront_encode_op(io->op, &queue->config);
	if (unlikely(op < 0))
		return op;
	shadow->wire_op = op;
	shadow->turn++;
	shadow->rest = false;
	io->id = blkfront_ring_id(shadow);
	io->handle = queue->disk->handle;
	io->sector = io->op == BLKFRONT_FLUSH ? 0 : blk_rq_pos(rq);
	io->nr_sectors = blk_rq_sectors(rq);
	io->nr_segs = 0;
	if (io->op == BLKFRONT_READ || io->op == BLKFRONT_WRITE)
		err = piece_make_rw(shadow, queue);
	shadow->made = !err;
	if (!err)
		trace_blkfront_queue(shadow);
	return err;
}

/**
 * blkfront_piece_drop - give back what a piece had
 * @shadow: the shadow, with no grant that is armed
 *
 * Context: any; the caller has the tag.
 */
void blkfront_piece_drop(struct blkfront_shadow *shadow)
{
	blkfront_pool_give(&shadow->ctx->queue->pool, shadow);
	shadow->made = false;
}
