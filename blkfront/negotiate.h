/* SPDX-License-Identifier: GPL-2.0 */
/* What the backend wrote -> a checked configuration.  Pure. */
#ifndef _BLKFRONT_NEGOTIATE_H
#define _BLKFRONT_NEGOTIATE_H

#include <linux/types.h>

/*
 * The keys of the backend.  Those before BLKFRONT_KEY_SECTORS say what rings it
 * takes, and are there when it waits for ours; the others say what the disk is,
 * and what a request may be, and are there when it is connected.
 */
enum blkfront_key {
	BLKFRONT_KEY_MAX_QUEUES,
	BLKFRONT_KEY_MAX_RING_PAGE_ORDER,
	BLKFRONT_KEY_MAX_RING_PAGES,
	BLKFRONT_KEY_SECTORS,
	BLKFRONT_KEY_SECTOR_SIZE,
	BLKFRONT_KEY_PHYSICAL_SECTOR_SIZE,
	BLKFRONT_KEY_INFO,
	BLKFRONT_KEY_FLUSH,
	BLKFRONT_KEY_BARRIER,
	BLKFRONT_KEY_DISCARD,
	BLKFRONT_KEY_DISCARD_GRANULARITY,
	BLKFRONT_KEY_DISCARD_ALIGNMENT,
	BLKFRONT_KEY_DISCARD_SECURE,
	BLKFRONT_KEY_MAX_INDIRECT_SEGMENTS,
	BLKFRONT_KEY_PERSISTENT,
	BLKFRONT_NR_KEYS
};

#define BLKFRONT_NR_RING_KEYS	BLKFRONT_KEY_SECTORS

/* The largest ring is of 16 pages: Linux maps no larger one. */
#define BLKFRONT_MAX_RING_ORDER	4

/* The backend's values as they were read; NULL for a key that is not there. */
struct blkfront_offer {
	const char *value[BLKFRONT_NR_KEYS];
};

/**
 * struct blkfront_wish - what we would like to have, at most
 * @rings: how many rings
 * @poll_rings: and how many that are polled
 * @ring_order: 2^this pages for each
 * @segments: pages that one request can carry
 * @persistent: grants may stay mapped between requests
 */
struct blkfront_wish {
	unsigned int rings;
	unsigned int poll_rings;
	unsigned int ring_order;
	unsigned int segments;
	bool persistent;
};

/**
 * struct blkfront_layout - the rings that a backend takes and we want
 * @rings: how many in all, from 1
 * @poll_rings: of them, the last so many are polled; fewer than all
 * @ring_order: 2^this pages for each
 */
struct blkfront_layout {
	unsigned int rings;
	unsigned int poll_rings;
	unsigned int ring_order;
};

/* How the backend makes writes durable. */
enum blkfront_flush {
	BLKFRONT_FLUSH_NONE,
	BLKFRONT_FLUSH_CACHE,
	BLKFRONT_FLUSH_BARRIER,
};

/**
 * struct blkfront_config - what was agreed with the backend, checked
 * @sectors: capacity in units of 512 bytes, whole logical blocks
 * @sector_size: logical block size in bytes
 * @physical_sector_size: physical block size in bytes
 * @flush: the operation that flushes, if there is one
 * @discard: discards are taken
 * @secure_erase: secure discards are taken
 * @discard_granularity: in bytes
 * @discard_alignment: in bytes
 * @cdrom: the disk is a CD-ROM
 * @removable: the medium can be removed
 * @readonly: the disk cannot be written
 * @max_segments: pages that one request can carry; more than 11 are indirect
 * @persistent: grants may stay mapped between requests
 */
struct blkfront_config {
	u64 sectors;
	u32 sector_size;
	u32 physical_sector_size;
	enum blkfront_flush flush;
	bool discard;
	bool secure_erase;
	u32 discard_granularity;
	u32 discard_alignment;
	bool cdrom;
	bool removable;
	bool readonly;
	unsigned int max_segments;
	bool persistent;
};

/* Why an offer was refused: the key, its value, what was expected instead. */
struct blkfront_refusal {
	const char *key;
	const char *value;
	const char *expected;
};

const char *blkfront_negotiate_key(enum blkfront_key key);
int blkfront_negotiate_layout(const struct blkfront_offer *offer,
			      const struct blkfront_wish *wish,
			      struct blkfront_layout *layout,
			      struct blkfront_refusal *refusal);
int blkfront_negotiate(const struct blkfront_offer *offer,
		       const struct blkfront_wish *wish,
		       struct blkfront_config *config,
		       struct blkfront_refusal *refusal);

#endif /* _BLKFRONT_NEGOTIATE_H */
