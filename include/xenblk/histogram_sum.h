/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a reader makes of histograms: their sum, and lines of text.
 *
 * The text is the same in both halves.  Whoever includes this shows it, which one
 * room of each half does.
 */
#ifndef _XENBLK_HISTOGRAM_SUM_H
#define _XENBLK_HISTOGRAM_SUM_H

#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/seq_file.h>

#include <xenblk/histogram.h>

/**
 * struct xenblk_histogram_sum - histograms, added up
 * @count: how often
 * @sum_ns: all of it together
 * @max_ns: the longest
 * @bucket: how often it took as long as the bucket says
 */
struct xenblk_histogram_sum {
	u64 count;
	u64 sum_ns;
	u64 max_ns;
	u64 bucket[XENBLK_HISTOGRAM_BUCKETS];
};

static inline u64 xenblk_histogram_read(const u64_stats_t *counter,
					const struct u64_stats_sync *syncp)
{
	unsigned int start;
	u64 value;

	do {
		start = u64_stats_fetch_begin(syncp);
		value = u64_stats_read(counter);
	} while (u64_stats_fetch_retry(syncp, start));
	return value;
}

/* Add what one writer has counted, who may go on meanwhile. */
static inline void xenblk_histogram_gather(struct xenblk_histogram_sum *sum,
					   const struct xenblk_histogram *from,
					   const struct u64_stats_sync *syncp)
{
	unsigned int i;
	u64 nr;

	sum->sum_ns += xenblk_histogram_read(&from->sum_ns, syncp);
	sum->max_ns = max(sum->max_ns,
			  xenblk_histogram_read(&from->max_ns, syncp));
	for (i = 0; i < XENBLK_HISTOGRAM_BUCKETS; i++) {
		nr = xenblk_histogram_read(&from->bucket[i], syncp);
		sum->bucket[i] += nr;
		sum->count += nr;
	}
}

/* Where in its bucket, if all of it are spread evenly, and none above the longest. */
static inline u64
xenblk_histogram_within(const struct xenblk_histogram_sum *sum,
			unsigned int bucket, u64 rank)
{
	u64 floor = xenblk_histogram_floor_ns(bucket);
	u64 end = bucket == XENBLK_HISTOGRAM_BUCKETS - 1 ?
		  sum->max_ns : xenblk_histogram_floor_ns(bucket + 1);

	end = max(end, floor);
	return min(sum->max_ns,
		   floor + mul_u64_u64_div_u64(end - floor, rank,
					       sum->bucket[bucket]));
}

/* How long the given part of them took at most; in ten thousandths. */
static inline u64
xenblk_histogram_percentile(const struct xenblk_histogram_sum *sum,
			    unsigned int per_myriad)
{
	u64 rank = DIV64_U64_ROUND_UP(sum->count * per_myriad, 10000);
	unsigned int i;

	for (i = 0; i < XENBLK_HISTOGRAM_BUCKETS; i++) {
		if (rank <= sum->bucket[i])
			return rank ? xenblk_histogram_within(sum, i, rank) : 0;
		rank -= sum->bucket[i];
	}
	return sum->max_ns;
}

/* The line of a type of request and a stage. */
static inline void
xenblk_histogram_show(struct seq_file *seq, const char *type, const char *stage,
		      const struct xenblk_histogram_sum *sum)
{
	seq_printf(seq, "%s %s %llu %llu %llu %llu %llu %llu %llu\n",
		   type, stage, sum->count,
		   sum->count ? div64_u64(sum->sum_ns, sum->count) : 0,
		   xenblk_histogram_percentile(sum, 5000),
		   xenblk_histogram_percentile(sum, 9000),
		   xenblk_histogram_percentile(sum, 9900),
		   xenblk_histogram_percentile(sum, 9990), sum->max_ns);
}

/* The line of all its buckets that are not empty. */
static inline void
xenblk_histogram_show_buckets(struct seq_file *seq, const char *type,
			      const char *stage,
			      const struct xenblk_histogram_sum *sum)
{
	unsigned int i;

	seq_printf(seq, "hist %s %s", type, stage);
	for (i = 0; i < XENBLK_HISTOGRAM_BUCKETS; i++) {
		if (!sum->bucket[i])
			continue;
		seq_printf(seq, " %llu-", xenblk_histogram_floor_ns(i));
		if (i < XENBLK_HISTOGRAM_BUCKETS - 1)
			seq_printf(seq, "%llu:%llu",
				   xenblk_histogram_floor_ns(i + 1),
				   sum->bucket[i]);
		else
			seq_printf(seq, "inf:%llu", sum->bucket[i]);
	}
	seq_putc(seq, '\n');
}

#define XENBLK_HISTOGRAM_VERSION	"xenblk-stat 1\n"
#define XENBLK_HISTOGRAM_COLUMNS \
	"# type stage count mean p50 p90 p99 p99.9 max (ns)\n"
#define XENBLK_HISTOGRAM_BUCKET_COLUMNS \
	"# hist type stage lower-upper:count ... (ns)\n"

#endif /* _XENBLK_HISTOGRAM_SUM_H */
