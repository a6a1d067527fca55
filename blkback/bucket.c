// SPDX-License-Identifier: GPL-2.0
/*
 * A rate that is held: a token bucket that counts time, not tokens.
 *
 * What passes takes its share of a second, and the next may pass when that is over.
 * So nothing has to be refilled, no time is too short to count, and nothing drifts:
 * the part of a nanosecond that a division leaves is kept for the next one.
 *
 * Whatever passes is charged in full, however large it is: it passes when nothing is
 * owed, and then more may be.  Time in which nothing passed is saved, up to a bound.
 */
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>

#include "bucket.h"

/* Many years: beyond it a debt does not grow. */
#define BUCKET_MAX_DEBT_NS	(U64_MAX / 8)

/**
 * blkback_bucket_set - hold another rate
 * @bucket: the bucket
 * @per_sec: how much may pass in a second, up to BLKBACK_BUCKET_MAX_RATE; 0: any
 *	amount
 * @now_ns: the time, from the clock that all calls use
 *
 * What was owed by the former rate is forgiven, and what was saved is gone.
 */
void blkback_bucket_set(struct blkback_bucket *bucket, u64 per_sec, u64 now_ns)
{
	if (bucket->per_sec == per_sec)
		return;
	bucket->per_sec = per_sec;
	bucket->paid_ns = now_ns;
	bucket->rest = 0;
}

/**
 * blkback_bucket_wait_ns - how long until something may pass?
 * @bucket: the bucket
 * @now_ns: the time
 *
 * Return: nanoseconds; 0: it may pass now.
 */
u64 blkback_bucket_wait_ns(const struct blkback_bucket *bucket, u64 now_ns)
{
	if (!bucket->per_sec || bucket->paid_ns <= now_ns)
		return 0;
	return bucket->paid_ns - now_ns;
}

/**
 * blkback_bucket_charge - something passes
 * @bucket: the bucket
 * @amount: how much
 * @burst_ns: time that may have been saved at most
 * @now_ns: the time
 */
void blkback_bucket_charge(struct blkback_bucket *bucket, u32 amount,
			   u64 burst_ns, u64 now_ns)
{
	u64 oldest_ns = now_ns > burst_ns ? now_ns - burst_ns : 0;
	u64 ns;

	if (!bucket->per_sec)
		return;
	if (bucket->paid_ns < oldest_ns) {
		bucket->paid_ns = oldest_ns;
		bucket->rest = 0;
	}
	/* 32 bits by 30, and a rest below 50 bits: they fit. */
	ns = div64_u64_rem((u64)amount * NSEC_PER_SEC + bucket->rest,
			   bucket->per_sec, &bucket->rest);
	bucket->paid_ns = min(bucket->paid_ns + ns,
			      now_ns + BUCKET_MAX_DEBT_NS);
}
