/* SPDX-License-Identifier: GPL-2.0 */
/* What the backend wrote about the disk -> a checked configuration.  Pure. */
#ifndef _BLKFRONT_NEGOTIATE_H
#define _BLKFRONT_NEGOTIATE_H

#include <linux/types.h>

/* The keys of the backend that say what the disk is. */
enum blkfront_key {
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
	BLKFRONT_NR_KEYS
};

/* The backend's values as they were read; NULL for a key that is not there. */
struct blkfront_offer {
	const char *value[BLKFRONT_NR_KEYS];
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
 * @max_segments: pages that one request can carry
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
};

/* Why an offer was refused: the key, its value, what was expected instead. */
struct blkfront_refusal {
	const char *key;
	const char *value;
	const char *expected;
};

const char *blkfront_negotiate_key(enum blkfront_key key);
int blkfront_negotiate(const struct blkfront_offer *offer,
		       struct blkfront_config *config,
		       struct blkfront_refusal *refusal);

#endif /* _BLKFRONT_NEGOTIATE_H */
