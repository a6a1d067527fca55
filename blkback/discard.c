// SPDX-License-Identifier: GPL-2.0
/*
 * Discards and secure erases: asynchronous, in pieces, and few of these at a time
 * on all rings of a disk together, so that reads and writes get in between however
 * long a disk takes for a piece.
 *
 * A request waits for its turn in the order that its last piece ended, and holds
 * nothing then but its object: it has no pages.
 */
#include <linux/sizes.h>

#include "blkback.h"

/*
 * A disk may do nothing else during a piece.  The next is ready when one ends; more
 * than that only makes what comes between wait for more of them.
 */
#define DISCARD_MAX_PIECES	2

/*
 * How long a disk takes for a piece is what matters, and grows with the size on
 * those where it is long: on cards and on thin volumes some hundreds of MiB to
 * some GiB are discarded in a second.  This is a small part of a second for them,
 * and large enough that the pieces' number costs nothing with the fast ones.
 */
#define DISCARD_PIECE_SECTORS	(SZ_64M >> SECTOR_SHIFT)

/*
 * Of an emulated disk, its own blocks that the request has all of: the rest is
 * somebody else's, and a discard may be less than what was asked for.
 */
static u64 discard_begin(const struct blkback_part *part)
{
	u64 begin = part->req->cmd.sector;

	return part->emulation ? round_up(begin, BLKBACK_UNIT_SECTORS) : begin;
}

static u64 discard_end(const struct blkback_part *part)
{
	const struct blkback_cmd *cmd = &part->req->cmd;
	u64 end = cmd->sector + cmd->nr_sectors;

	return part->emulation ? round_down(end, BLKBACK_UNIT_SECTORS) : end;
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

	/* Less than the granularity may be no discard at all. */
	max = min3(max, max_t(unsigned int, DISCARD_PIECE_SECTORS, granularity),
		   round_down(UINT_MAX >> SECTOR_SHIFT, 8U));
	if (left <= max)
		return left;
	if (granularity > 1 && granularity < max) {
		div_u64_rem(part->sector + max, granularity, &over);
		if (over < max)
			max -= over;
	}
	return max;
}

/* True when a piece may start now; else the part gets its turn later. */
static bool discard_enter(struct blkback_part *part)
{
	struct blkback_discards *discards = &part->req->queue->dev->discards;

	bool now;

	spin_lock(&discards->lock);
	now = discards->nr_pieces < DISCARD_MAX_PIECES;
	if (now)
		discards->nr_pieces++;
	else
		list_add_tail(&part->list, &discards->waiting);
	spin_unlock(&discards->lock);
	return now;
}

/* A piece less: the oldest of those that wait, on whatever ring, has its turn. */
static void discard_leave(struct blkback_dev *dev)
{
	struct blkback_discards *discards = &dev->discards;
	struct blkback_part *next;

	spin_lock(&discards->lock);
	next = list_first_entry_or_null(&discards->waiting,
					struct blkback_part, list);
	if (next)
		list_del(&next->list);
	else
		discards->nr_pieces--;
	spin_unlock(&discards->lock);
	if (!next)
		return;
	next->turn = true;
	blkback_queue_complete(next);
}

/* Is there nothing left to do, or nothing that can be done? */
static bool discard_is_over(struct blkback_part *part)
{
	const struct blkback_queue *queue = part->req->queue;

	if (part->error || part->sector >= discard_end(part))
		return true;
	/* The rings end: how long that takes is not the frontend's to say. */
	if (!test_bit_acquire(BLKBACK_QUEUE_STOPPED, &queue->flags))
		return false;
	/* One that stays has had part of what it asked for, as a disk may do. */
	if (READ_ONCE(queue->dev->left) ||
	    part->req->cmd.op == BLKBACK_SECURE_ERASE)
		part->error = -EIO;
	return true;
}

/* False when the disk does not discard any more. */
static bool discard_piece(struct blkback_part *part)
{
	struct blkback_dev *dev = part->req->queue->dev;
	unsigned int nr_sectors = discard_piece_sectors(part, dev->vbd.bdev);
	struct bio *bio = &part->bio;
	u64 sector = part->sector;

	if (!nr_sectors) {
		part->error = -EOPNOTSUPP;
		return false;
	}
	blkback_charge_bio_init(dev, bio, NULL, 0,
				part->req->cmd.op == BLKBACK_SECURE_ERASE ?
				REQ_OP_SECURE_ERASE : REQ_OP_DISCARD);
	bio->bi_iter.bi_sector = sector;
	bio->bi_iter.bi_size = nr_sectors << SECTOR_SHIFT;
	bio->bi_private = part;
	bio->bi_end_io = blkback_io_end;
	part->sector += nr_sectors;
	blkback_deadline_restart(part->req);
	if (!part->emulation ||
	    blkback_emulate_lock(part, sector, nr_sectors))
		submit_bio(bio);
	return true;
}

/* True when a piece had to wait for its blocks, and is not over but starts. */
static bool discard_had_to_wait(struct blkback_part *part)
{
	if (!part->emulation)
		return false;
	if (blkback_emulate_has_waited(part)) {
		submit_bio(&part->bio);
		return true;
	}
	blkback_emulate_unlock(part);
	return false;
}

/*
 * Have the next piece started, now or later.  False when there is none; then the
 * part has no turn.
 */
static bool discard_next(struct blkback_part *part)
{
	if (discard_is_over(part))
		return false;
	if (!discard_enter(part) || discard_piece(part))
		return true;
	discard_leave(part->req->queue->dev);
	return false;
}

/**
 * blkback_discard_init - of a disk without discards
 * @discards: part of the device
 */
void blkback_discard_init(struct blkback_discards *discards)
{
	spin_lock_init(&discards->lock);
	INIT_LIST_HEAD(&discards->waiting);
}

/**
 * blkback_discard_continue - a piece has ended, or may start
 * @part: the only part of the request
 *
 * Context: the ring's work item, may sleep.
 * Return: false when the request is done; its @error says how.
 */
bool blkback_discard_continue(struct blkback_part *part)
{
	struct blkback_dev *dev = part->req->queue->dev;

	if (part->turn) {
		part->turn = false;
		if (!discard_is_over(part) && discard_piece(part))
			return true;
		discard_leave(dev);
		return false;
	}
	if (discard_had_to_wait(part))
		return true;
	/* Who has waited is before who has just had a piece. */
	discard_leave(dev);
	return discard_next(part);
}

/**
 * blkback_discard_submit - start a discard or secure erase
 * @part: the only part of the request
 *
 * Context: the ring's work item, may sleep.  blkback_queue_complete() is called
 * after each piece, and for a turn that was waited for.
 * Return: false when the request is done; its @error says how.
 */
bool blkback_discard_submit(struct blkback_part *part)
{
	part->turn = false;
	part->sector = discard_begin(part);
	return discard_next(part);
}
