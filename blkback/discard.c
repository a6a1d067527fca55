// SPDX-License-Identifier: GPL-2.0
/*
 * Discards and secure erases: asynchronous, and in pieces of what the device
 * takes at once, one piece of a request at a time, so that reads and writes get
 * in between.
 */
#include "blkback.h"

static u64 discard_end(const struct blkback_part *part)
{
	const struct blkback_cmd *cmd = &part->req->cmd;

	return cmd->sector + cmd->nr_sectors;
}

/* The next piece ends on a multiple of the granularity, where it can. */
static unsigned int discard_piece_sectors(const struct blkback_part *part,
					  struct block_device *bdev)
{
	u64 left = discard_end(part) - part->sector;
	unsigned int granularity =
		bdev_discard_granularity(bdev) >> SECTOR_SHIFT;
	unsigned int max = part->req->cmd.op == BLKBACK_SECURE_ERASE ?
			   bdev_max_secure_erase_sectors(bdev) :
			   bdev_max_discard_sectors(bdev);
	u32 over;

	max = min_t(unsigned int, max, round_down(UINT_MAX >> SECTOR_SHIFT, 8));
	if (left <= max)
		return left;
	if (granularity > 1 && granularity < max) {
		div_u64_rem(part->sector + max, granularity, &over);
		if (over < max)
			max -= over;
	}
	return max;
}

/**
 * blkback_discard_continue - start the next piece, if there is one
 * @part: the only part of the request, with no piece of it under way
 *
 * Context: the ring's work item, may sleep.
 * Return: false when the request is done; its @error says how.
 */
bool blkback_discard_continue(struct blkback_part *part)
{
	struct block_device *bdev = part->req->queue->dev->vbd.bdev;
	struct bio *bio = &part->bio;
	unsigned int nr_sectors;

	if (part->error || part->sector == discard_end(part))
		return false;
	/* The frontend has left: how long that takes is not its to say. */
	if (test_bit(BLKBACK_QUEUE_STOPPED, &part->req->queue->flags)) {
		part->error = -EIO;
		return false;
	}
	nr_sectors = discard_piece_sectors(part, bdev);
	if (!nr_sectors) {
		part->error = -EOPNOTSUPP;
		return false;
	}

	bio_init(bio, bdev, NULL, 0,
		 part->req->cmd.op == BLKBACK_SECURE_ERASE ?
		 REQ_OP_SECURE_ERASE : REQ_OP_DISCARD);
	bio->bi_iter.bi_sector = part->sector;
	bio->bi_iter.bi_size = nr_sectors << SECTOR_SHIFT;
	bio->bi_private = part;
	bio->bi_end_io = blkback_io_end;
	part->sector += nr_sectors;
	submit_bio(bio);
	return true;
}

/**
 * blkback_discard_submit - start a discard or secure erase
 * @part: the only part of the request
 *
 * Context: the ring's work item, may sleep.  blkback_queue_complete() is called
 * for each piece, and at least once.
 */
void blkback_discard_submit(struct blkback_part *part)
{
	if (!blkback_discard_continue(part))
		blkback_queue_complete(part);
}
