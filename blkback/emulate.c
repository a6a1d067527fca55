// SPDX-License-Identifier: GPL-2.0
/*
 * 512-byte sectors on a disk of larger blocks, and any memory on a disk that does not
 * take any.
 *
 * What begins or ends within a block of the disk cannot go there as it is, nor can a
 * block that lies in two pages of the guest.  Such blocks go through pages of ours.
 * Of a write, the blocks at its two ends are read first, and the guest's data is
 * copied over what was there: once, so that what the guest writes to its pages
 * meanwhile is in this write or not, and nowhere else.
 *
 * Two writes may have a block in common, and each would bring back what the other
 * has changed.  So each write and discard has the range of its blocks to itself among
 * all that are made of that disk in this domain.  It waits for the range holding all
 * else that it needs, and as a part on no list: no worker sleeps.
 *
 * A disk may also want its memory more aligned than 512 bytes, which is where a guest
 * may have its data.  Then the same copying serves, with nothing to read before and
 * nobody to wait for.
 */
#include <linux/highmem.h>

#include "blkback.h"

/* A part's data may begin with the last sector of a block. */
static_assert(BLKBACK_PART_SEGMENTS + 1 == BLKBACK_MAX_UNITS);

static bool changes_disk(const struct blkback_part *part)
{
	return part->req->cmd.op != BLKBACK_READ;
}

static const struct blkback_vbd *part_vbd(const struct blkback_part *part)
{
	return &part->req->queue->dev->vbd;
}

/* Of a disk that is not emulated, the first unit begins where the part does. */
static void find_units(const struct blkback_part *part,
		       struct blkback_units *units)
{
	bool emulate = part_vbd(part)->emulate;
	unsigned int skip = part->sector & (BLKBACK_UNIT_SECTORS - 1);

	blkback_units_find(units, part->seg, part->nr_segments,
			   emulate ? skip << SECTOR_SHIFT : 0, emulate);
}

/* Does it change blocks that another part may change, too? */
static bool needs_lock(const struct blkback_part *part)
{
	return part_vbd(part)->emulate && changes_disk(part);
}

/* A flush without data changes nothing; a discard has no units. */
static bool needs_emulation(const struct blkback_part *part,
			    struct blkback_units *units)
{
	units->nr = 0;
	units->nr_copied = 0;
	if (!part->nr_segments)
		return part_vbd(part)->emulate &&
		       part->req->cmd.op == BLKBACK_DISCARD;
	find_units(part, units);
	return needs_lock(part) || units->nr_copied;
}

/* All of its pages, or none. */
static bool get_pages(struct blkback_pool *pool,
		      struct blkback_emulation *emulation)
{
	const struct blkback_units *units = &emulation->units;
	unsigned int i;

	for (i = 0; i < units->nr; i++) {
		emulation->page[i] = NULL;
		if (units->segment[i] != BLKBACK_UNIT_COPIED)
			continue;
		emulation->page[i] = blkback_pool_get_page(pool);
		if (!emulation->page[i])
			break;
		emulation->nr_pages++;
	}
	return emulation->nr_pages == units->nr_copied;
}

/**
 * blkback_emulate_reserve - get what a part needs so that it can go to the disk
 * @part: the part, of a disk whose data goes by units; its segments are known
 *
 * Context: the ring's work item.
 * Return: false when there is no memory for it now; then blkback_emulate_release()
 * is the caller's to call, as it is at the part's end.
 */
bool blkback_emulate_reserve(struct blkback_part *part)
{
	struct blkback_pool *pool = &part->req->queue->pool;
	struct blkback_emulation *emulation;
	struct blkback_units units;

	if (!needs_emulation(part, &units))
		return true;
	emulation = blkback_pool_get_emulation(pool);
	if (!emulation)
		return false;
	emulation->part = part;
	emulation->step = BLKBACK_EMULATION_MOVES;
	emulation->locked = false;
	emulation->units = units;
	emulation->nr_pages = 0;
	part->emulation = emulation;
	return get_pages(pool, emulation);
}

/**
 * blkback_emulate_release - give back what blkback_emulate_reserve() got
 * @part: the part, of any disk, with nothing under way
 *
 * Context: the ring's owner.
 */
void blkback_emulate_release(struct blkback_part *part)
{
	struct blkback_pool *pool = &part->req->queue->pool;
	struct blkback_emulation *emulation = part->emulation;
	unsigned int i;

	if (likely(!emulation))
		return;
	for (i = 0; emulation->nr_pages; i++) {
		if (!emulation->page[i])
			continue;
		blkback_pool_put_page(pool, emulation->page[i]);
		emulation->nr_pages--;
	}
	blkback_pool_put_emulation(pool, emulation);
	part->emulation = NULL;
}

/**
 * blkback_emulate_lock - have the blocks that a part changes, now or later
 * @part: the part, which has none
 * @sector: where the change begins
 * @nr_sectors: its length
 *
 * Context: the ring's work item.
 * Return: true when they are the part's now; else blkback_queue_complete() is
 * called when they are.
 */
bool blkback_emulate_lock(struct blkback_part *part, u64 sector, u64 nr_sectors)
{
	const struct blkback_vbd *vbd = part_vbd(part);
	struct blkback_emulation *emulation = part->emulation;
	u64 start = get_start_sect(vbd->bdev);

	emulation->range.first =
		start + round_down(sector, BLKBACK_UNIT_SECTORS);
	emulation->range.last =
		start + round_up(sector + nr_sectors, BLKBACK_UNIT_SECTORS) - 1;
	emulation->step = BLKBACK_EMULATION_WAITS;
	emulation->locked = true;
	if (!blkback_range_take(vbd->range_lock, &emulation->range))
		return false;
	emulation->step = BLKBACK_EMULATION_MOVES;
	return true;
}

/**
 * blkback_emulate_has_waited - is this what the part was completed for?
 * @part: a part that is emulated, completed
 *
 * Context: the ring's work item.
 * Return: true, once, when it had to wait for its blocks and has them now.
 */
bool blkback_emulate_has_waited(struct blkback_part *part)
{
	struct blkback_emulation *emulation = part->emulation;

	if (emulation->step != BLKBACK_EMULATION_WAITS)
		return false;
	emulation->step = BLKBACK_EMULATION_MOVES;
	return true;
}

/**
 * blkback_emulate_unlock - let others change the blocks
 * @part: a part that is emulated, with nothing under way
 *
 * Context: the ring's work item.
 */
void blkback_emulate_unlock(struct blkback_part *part)
{
	struct blkback_emulation *emulation = part->emulation;
	struct blkback_range *range, *next;
	LIST_HEAD(granted);

	if (!emulation->locked)
		return;
	emulation->locked = false;
	blkback_range_release(part_vbd(part)->range_lock, &emulation->range,
			      &granted);
	list_for_each_entry_safe(range, next, &granted, list) {
		emulation = container_of(range, struct blkback_emulation, range);
		blkback_queue_complete(emulation->part);
	}
}

/* Between the guest's pages and ours; of a unit that is not copied, nothing. */
static void copy_data(const struct blkback_part *part, bool to_guest)
{
	const struct blkback_emulation *emulation = part->emulation;
	const struct blkback_units *units = &emulation->units;
	struct blkback_unit_piece piece = {};
	unsigned int offset_bytes;
	struct page *guest, *own;

	while (blkback_units_next(units, part->seg, part->nr_segments, &piece)) {
		own = emulation->page[piece.unit];
		if (!own)
			continue;
		guest = part->page[piece.segment];
		offset_bytes = part->seg[piece.segment].offset_bytes +
			       piece.segment_bytes;
		if (to_guest)
			memcpy_page(guest, offset_bytes, own, piece.unit_bytes,
				    piece.len_bytes);
		else
			memcpy_page(own, piece.unit_bytes, guest, offset_bytes,
				    piece.len_bytes);
	}
}

static void set_bvecs(const struct blkback_part *part)
{
	struct blkback_emulation *emulation = part->emulation;
	const struct blkback_units *units = &emulation->units;
	unsigned int i;

	for (i = 0; i < units->nr; i++)
		bvec_set_page(&emulation->bvec[i], emulation->page[i] ?:
			      part->page[units->segment[i]],
			      blkback_units_len(units, i), 0);
}

static u64 unit_sector(const struct blkback_part *part, unsigned int unit)
{
	return part->sector -
	       (part->emulation->units.skip_bytes >> SECTOR_SHIFT) +
	       unit * BLKBACK_UNIT_SECTORS;
}

static void read_put(struct blkback_part *part)
{
	if (atomic_dec_and_test(&part->emulation->nr_reads))
		blkback_queue_complete(part);
}

/* Any context. */
static void read_end(struct bio *bio)
{
	struct blkback_part *part = bio->bi_private;

	if (bio->bi_status)
		WRITE_ONCE(part->error, blk_status_to_errno(bio->bi_status));
	bio_uninit(bio);
	read_put(part);
}

static void read_edge(struct blkback_part *part, unsigned int unit,
		      struct bio *bio)
{
	struct blkback_emulation *emulation = part->emulation;

	blkback_charge_bio_init(part->req->queue->dev, bio,
				&emulation->bvec[unit], 1,
				REQ_OP_READ | REQ_SYNC);
	bio->bi_vcnt = 1;
	bio->bi_iter.bi_size = emulation->bvec[unit].bv_len;
	bio->bi_iter.bi_sector = unit_sector(part, unit);
	bio->bi_private = part;
	bio->bi_end_io = read_end;
	atomic_inc(&emulation->nr_reads);
	submit_bio(bio);
}

/* False when there is nothing to read: every block is the request's as a whole. */
static bool read_edges(struct blkback_part *part)
{
	struct blkback_emulation *emulation = part->emulation;
	const struct blkback_units *units = &emulation->units;
	unsigned int last = units->nr - 1;
	bool head = blkback_units_edge(units, 0);
	bool tail = last && blkback_units_edge(units, last);

	if (!head && !tail)
		return false;
	emulation->step = BLKBACK_EMULATION_READS;
	atomic_set(&emulation->nr_reads, 1);
	if (head)
		read_edge(part, 0, &emulation->read_head);
	if (tail)
		read_edge(part, last, &emulation->read_tail);
	read_put(part);
	return true;
}

static void move_data(struct blkback_part *part)
{
	struct blkback_emulation *emulation = part->emulation;
	const struct blkback_units *units = &emulation->units;

	emulation->step = BLKBACK_EMULATION_MOVES;
	if (!units->nr_copied) {
		blkback_io_submit(part);
		return;
	}
	if (changes_disk(part))
		copy_data(part, false);
	blkback_io_submit_units(part, unit_sector(part, 0), emulation->bvec,
				units->nr);
}

static void start(struct blkback_part *part)
{
	set_bvecs(part);
	if (!changes_disk(part) || !read_edges(part))
		move_data(part);
}

/**
 * blkback_emulate_submit - start a part of a read or write, a flush or a barrier
 * @part: the part, its pages mapped or copied, that got what it needs by
 *	blkback_emulate_reserve()
 *
 * Context: the ring's work item, may sleep.  blkback_queue_complete() is called
 * after each step, maybe before this returns.
 */
void blkback_emulate_submit(struct blkback_part *part)
{
	const struct blkback_units *units = &part->emulation->units;
	u64 nr_sectors = units->nr * BLKBACK_UNIT_SECTORS;

	if (!needs_lock(part) ||
	    blkback_emulate_lock(part, unit_sector(part, 0), nr_sectors))
		start(part);
}

/**
 * blkback_emulate_continue - a step of a part has ended
 * @part: the part
 *
 * Context: the ring's work item, may sleep.
 * Return: false when the part is done; its @error says how.
 */
bool blkback_emulate_continue(struct blkback_part *part)
{
	struct blkback_emulation *emulation = part->emulation;

	if (blkback_emulate_has_waited(part)) {
		start(part);
		return true;
	}
	/* What was there is not known: nothing of it is written. */
	if (emulation->step == BLKBACK_EMULATION_READS && !part->error) {
		move_data(part);
		return true;
	}
	if (!changes_disk(part) && !part->error)
		copy_data(part, true);
	blkback_emulate_unlock(part);
	return false;
}
