/* SPDX-License-Identifier: GPL-2.0 */
/* 512-byte sectors on a disk of larger blocks; any memory on one that wants some. */
#ifndef _BLKBACK_EMULATE_H
#define _BLKBACK_EMULATE_H

#include <linux/atomic.h>
#include <linux/bio.h>
#include <linux/list.h>

#include "range_lock.h"
#include "units.h"

struct blkback_part;

/* What a part that is emulated is about. */
enum blkback_emulation_step {
	BLKBACK_EMULATION_WAITS,	/* for its range */
	BLKBACK_EMULATION_READS,	/* edges, of a write */
	BLKBACK_EMULATION_MOVES,	/* its data */
};

/**
 * struct blkback_emulation - what a part needs that cannot go to the disk as it is
 * @list: place among the free ones
 * @part: whose it is
 * @step: what is under way
 * @locked: @range is its own
 * @range: what it changes of the disk
 * @units: how its data lies in blocks of the disk
 * @nr_pages: pages held; one for each unit that is copied
 * @page: the page of each unit that is copied
 * @bvec: all units, as the disk gets them
 * @nr_reads: edges not read yet, and one for who starts to read them
 * @read_head: what reads the block at the beginning
 * @read_tail: what reads the one at the end
 */
struct blkback_emulation {
	struct list_head list;		/* the first: pool.c */
	struct blkback_part *part;
	enum blkback_emulation_step step;
	bool locked;
	struct blkback_range range;
	struct blkback_units units;
	unsigned int nr_pages;
	struct page *page[BLKBACK_MAX_UNITS];
	struct bio_vec bvec[BLKBACK_MAX_UNITS];
	atomic_t nr_reads;
	struct bio read_head;
	struct bio read_tail;
};

/* The ring's work item; of the release, its owner. */
bool blkback_emulate_reserve(struct blkback_part *part);
void blkback_emulate_release(struct blkback_part *part);
bool blkback_emulate_lock(struct blkback_part *part, u64 sector,
			  u64 nr_sectors);
bool blkback_emulate_has_waited(struct blkback_part *part);
void blkback_emulate_unlock(struct blkback_part *part);
/* The same, may sleep. */
void blkback_emulate_submit(struct blkback_part *part);
bool blkback_emulate_continue(struct blkback_part *part);

#endif /* _BLKBACK_EMULATE_H */
