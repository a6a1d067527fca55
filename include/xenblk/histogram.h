/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Histograms of latencies: what both halves count with.
 *
 * The buckets are log-linear: four for each power of two, so that no percentile
 * is wrong by more than a quarter, from 256 ns to 17 s, and one for all that is
 * less and one for all that is more.
 *
 * A histogram has one writer, who brackets what he adds with a u64_stats_sync; a
 * reader adds it to a sum of his own.
 */
#ifndef _XENBLK_HISTOGRAM_H
#define _XENBLK_HISTOGRAM_H

#include <linux/bits.h>
#include <linux/log2.h>
#include <linux/types.h>
#include <linux/u64_stats_sync.h>

#define XENBLK_HISTOGRAM_FIRST_ORDER	8
#define XENBLK_HISTOGRAM_LAST_ORDER	34
#define XENBLK_HISTOGRAM_SUB_ORDER	2
#define XENBLK_HISTOGRAM_BUCKETS \
	(((XENBLK_HISTOGRAM_LAST_ORDER - XENBLK_HISTOGRAM_FIRST_ORDER) << \
	  XENBLK_HISTOGRAM_SUB_ORDER) + 2)

/**
 * struct xenblk_histogram - how often what took how long
 * @sum_ns: all of it together
 * @max_ns: the longest
 * @bucket: how often it took as long as the bucket says
 */
struct xenblk_histogram {
	u64_stats_t sum_ns;
	u64_stats_t max_ns;
	u64_stats_t bucket[XENBLK_HISTOGRAM_BUCKETS];
};

/* The bucket of a duration. */
static inline unsigned int xenblk_histogram_bucket(u64 ns)
{
	unsigned int order;

	if (ns < BIT_ULL(XENBLK_HISTOGRAM_FIRST_ORDER))
		return 0;
	order = ilog2(ns);
	if (order >= XENBLK_HISTOGRAM_LAST_ORDER)
		return XENBLK_HISTOGRAM_BUCKETS - 1;
	/* The sub-bucket, with the power of two's own bit in front of it. */
	return (ns >> (order - XENBLK_HISTOGRAM_SUB_ORDER)) + 1 -
	       BIT(XENBLK_HISTOGRAM_SUB_ORDER) +
	       ((order - XENBLK_HISTOGRAM_FIRST_ORDER) <<
		XENBLK_HISTOGRAM_SUB_ORDER);
}

/* The shortest duration of a bucket, which is the end of the one before. */
static inline u64 xenblk_histogram_floor_ns(unsigned int bucket)
{
	unsigned int sub = BIT(XENBLK_HISTOGRAM_SUB_ORDER);

	if (!bucket)
		return 0;
	bucket--;
	return (u64)(sub + bucket % sub) <<
	       (XENBLK_HISTOGRAM_FIRST_ORDER - XENBLK_HISTOGRAM_SUB_ORDER +
		bucket / sub);
}

/* How long from *@from to @to, from where the next stage is counted. */
static inline u64 xenblk_histogram_lap(u64 *from, u64 to)
{
	u64 ns = to > *from ? to - *from : 0;

	*from += ns;
	return ns;
}

/* Something took that long, @nr times; the writer, between begin and end. */
static inline void xenblk_histogram_add(struct xenblk_histogram *histogram,
					u64 ns, unsigned int nr)
{
	/* What was passed by, and not waited in. */
	if (!ns) {
		u64_stats_add(&histogram->bucket[0], nr);
		return;
	}
	u64_stats_add(&histogram->bucket[xenblk_histogram_bucket(ns)], nr);
	/* Of more than a long: u64_stats_add() adds that. */
	u64_stats_set(&histogram->sum_ns,
		      u64_stats_read(&histogram->sum_ns) + ns * nr);
	if (ns > u64_stats_read(&histogram->max_ns))
		u64_stats_set(&histogram->max_ns, ns);
}

/* A stage took from *@from to @to, @nr times, and the next one begins. */
static inline void xenblk_histogram_add_lap(struct xenblk_histogram *histogram,
					    u64 *from, u64 to, unsigned int nr)
{
	xenblk_histogram_add(histogram, xenblk_histogram_lap(from, to), nr);
}

#endif /* _XENBLK_HISTOGRAM_H */
