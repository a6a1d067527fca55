/* SPDX-License-Identifier: GPL-2.0 */
/* Is a disk that came back the one that was there before?  Pure. */
#ifndef _BLKFRONT_IDENTITY_H
#define _BLKFRONT_IDENTITY_H

#include <linux/types.h>

/**
 * struct blkfront_identity - what tells one disk from another
 * @sectors: its capacity in units of 512 bytes
 * @sector_size: its logical block size in bytes
 * @params: what the toolstack made it of; NULL when that is not known
 * @type: what kind of thing that is; NULL when that is not known
 */
struct blkfront_identity {
	u64 sectors;
	u32 sector_size;
	const char *params;
	const char *type;
};

/*
 * STAYED	on the connection that there was: it may have been resized
 * RETURNED	on a new connection, to which the journal is to be replayed
 * RESUMED	so, but perhaps on another host, for which the toolstack vouches
 */
enum blkfront_return {
	BLKFRONT_STAYED,
	BLKFRONT_RETURNED,
	BLKFRONT_RESUMED,
};

enum blkfront_difference {
	BLKFRONT_SAME,
	BLKFRONT_OTHER_SECTOR_SIZE,
	BLKFRONT_OTHER_PARAMS,
	BLKFRONT_OTHER_TYPE,
	BLKFRONT_OTHER_SECTORS,
};

enum blkfront_difference
blkfront_identity_compare(const struct blkfront_identity *was,
			  const struct blkfront_identity *is,
			  enum blkfront_return how);

#endif /* _BLKFRONT_IDENTITY_H */
