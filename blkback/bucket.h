/* SPDX-License-Identifier: GPL-2.0 */
/* A rate that is held.  Pure. */
#ifndef _BLKBACK_BUCKET_H
#define _BLKBACK_BUCKET_H

#include <linux/types.h>

/* Above what any disk does, and low enough that nothing here overflows. */
#define BLKBACK_BUCKET_MAX_RATE	1000000000000000ULL

/**
 * struct blkback_bucket - how much of something has passed, as time
 * @per_sec: how much of it may pass in a second; 0: any amount
 * @paid_ns: when what has passed is paid for; later than now there is a debt, earlier
 *	there is something saved
 * @rest: what @paid_ns lacks, in parts of a nanosecond: so many of @per_sec
 *
 * All zeroes is one that lets all pass.
 */
struct blkback_bucket {
	u64 per_sec;
	u64 paid_ns;
	u64 rest;
};

void blkback_bucket_set(struct blkback_bucket *bucket, u64 per_sec, u64 now_ns);
u64 blkback_bucket_wait_ns(const struct blkback_bucket *bucket, u64 now_ns);
void blkback_bucket_charge(struct blkback_bucket *bucket, u32 amount,
			   u64 burst_ns, u64 now_ns);

#endif /* _BLKBACK_BUCKET_H */
