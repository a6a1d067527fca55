// SPDX-License-Identifier: GPL-2.0
/* A part of a request -> a bio on the backing device, and back. */
#include "blkback.h"

static blk_opf_t io_opf(const struct blkback_cmd *cmd)
{
	switch (cmd->op) {
	case BLKBACK_READ:
		return REQ_OP_READ;
	case BLKBACK_FLUSH:
	case BLKBACK_BARRIER:
		/*
		 * Data that comes with a flush is as durable when it is
		 * answered as what the flush covers.
		 */
		return REQ_OP_WRITE | REQ_SYNC | REQ_PREFLUSH |
		       (cmd->nr_segments ? REQ_FUA : 0);
	default:
		/* The frontend's block layer has gathered them already. */
		return REQ_OP_WRITE | REQ_SYNC | REQ_IDLE;
	}
}

/**
 * blkback_io_end - the end of any bio of a part
 * @bio: the part's bio
 *
 * Context: any.
 */
void blkback_io_end(struct bio *bio)
{
	struct blkback_part *part = bio->bi_private;

	part->error = blk_status_to_errno(bio->bi_status);
	bio_uninit(bio);
	blkback_queue_complete(part);
}

/**
 * blkback_io_submit - start a part of a read or write, a flush or a barrier
 * @part: the part, its pages mapped or what is written copied to them
 *
 * The pages of a part fit its bio, and the block layer splits a bio that the
 * device finds too long: there is one bio for each part.  A flush or barrier, with
 * data or without, is one part: it has no more segments than a slot holds.
 *
 * Context: the ring's work item, may sleep.  blkback_queue_complete() is called
 * at the end, maybe before this returns.
 */
void blkback_io_submit(struct blkback_part *part)
{
	struct blkback_req *req = part->req;
	struct bio *bio = &part->bio;
	unsigned int i;

	blkback_charge_bio_init(req->queue->dev, bio, part->bvec,
				ARRAY_SIZE(part->bvec), io_opf(&req->cmd));
	bio->bi_iter.bi_sector = part->nr_segments ? part->sector : 0;
	bio->bi_private = part;
	bio->bi_end_io = blkback_io_end;

	for (i = 0; i < part->nr_segments; i++) {
		const struct blkback_segment *seg = &part->seg[i];

		if (bio_add_page(bio, part->page[i], seg->len_bytes,
				 seg->offset_bytes) != seg->len_bytes) {
			bio_io_error(bio);
			return;
		}
	}
	submit_bio(bio);
}

/**
 * blkback_io_submit_units - start a part that does not go to the disk as it is
 * @part: the part, with data
 * @sector: where it begins on the disk
 * @bvec: what goes there, or comes from there; stays until the end
 * @nr: how many
 *
 * Context: as blkback_io_submit().
 */
void blkback_io_submit_units(struct blkback_part *part, u64 sector,
			     struct bio_vec *bvec, unsigned int nr)
{
	struct blkback_req *req = part->req;
	struct bio *bio = &part->bio;
	unsigned int i;

	blkback_charge_bio_init(req->queue->dev, bio, bvec, nr,
				io_opf(&req->cmd));
	bio->bi_vcnt = nr;
	for (i = 0; i < nr; i++)
		bio->bi_iter.bi_size += bvec[i].bv_len;
	bio->bi_iter.bi_sector = sector;
	bio->bi_private = part;
	bio->bi_end_io = blkback_io_end;
	submit_bio(bio);
}
