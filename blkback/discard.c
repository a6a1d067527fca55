// SPDX-License-Identifier: GPL-2.0
/*
 * Discards and secure erases: asynchronous, and in pieces of what the device
 * takes at once, one piece of a request at a time, so that reads and writes get
 * in between.
 */
#include "blkback.h"

static u64 discard_end(const struct blkback_req *req)
{
	return req->cmd.sector + req->cmd.nr_sectors;
}

/* The next piece ends on a multiple of the granularity, where it can. */
static unsigned int discard_piece_sectors(const struct blkback_req *req,
					  struct block_device *bdev)
{
	u64 left = discard_end(req) - req->next_sector;
	unsigned int granularity =
		bdev_discard_granularity(bdev) >> SECTOR_SHIFT;
	unsigned int max = req->cmd.op == BLKBACK_SECURE_ERASE ?
			   bdev_max_secure_erase_sectors(bdev) :
			   bdev_max_discard_sectors(bdev);
	u32 over;

	max = min_t(unsigned int, max, round_down(UINT_MAX >> SECTOR_SHIFT, 8));
	if (left <= max)
		return left;
	if (granularity > 1 && granularity < max) {
		div_u64_rem(req->next_sector + max, granularity, &over);
		if (over < max)
			max -= over;
	}
	return max;
}

/**
 * blkback_discard_continue - start the next piece, if there is one
 * @req: the request, with no piece of it under way
 *
 * Context: the ring's work item, may sleep.
 * Return: false when the request is done; its @error says how.
 */
bool blkback_discard_continue(struct blkback_req *req)
{
	struct block_device *bdev = req->queue->dev->vbd.bdev;
	struct bio *bio = &req->bio;
	unsigned int nr_sectors;

	if (req->error || req->next_sector == discard_end(req))
		return false;
	/* The frontend has left: how long that takes is not its to say. */
	if (test_bit(BLKBACK_QUEUE_STOPPED, &req->queue->flags)) {
		req->error = -EIO;
		return false;
	}
	nr_sectors = discard_piece_sectors(req, bdev);
	if (!nr_sectors) {
		req->error = -EOPNOTSUPP;
		return false;
	}

	bio_init(bio, bdev, NULL, 0,
		 req->cmd.op == BLKBACK_SECURE_ERASE ? REQ_OP_SECURE_ERASE :
						       REQ_OP_DISCARD);
	bio->bi_iter.bi_sector = req->next_sector;
	bio->bi_iter.bi_size = nr_sectors << SECTOR_SHIFT;
	bio->bi_private = req;
	bio->bi_end_io = blkback_io_end;
	req->next_sector += nr_sectors;
	submit_bio(bio);
	return true;
}

/**
 * blkback_discard_submit - start a discard or secure erase
 * @req: the request
 *
 * Context: the ring's work item, may sleep.  blkback_queue_complete() is called
 * for each piece, and at least once.
 */
void blkback_discard_submit(struct blkback_req *req)
{
	req->next_sector = req->cmd.sector;
	if (!blkback_discard_continue(req))
		blkback_queue_complete(req);
}
