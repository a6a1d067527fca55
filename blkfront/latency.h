/* SPDX-License-Identifier: GPL-2.0 */
/* Where the time of requests goes. */
#ifndef _BLKFRONT_LATENCY_H
#define _BLKFRONT_LATENCY_H

#include <linux/ktime.h>

#include <xenblk/histogram.h>

struct blkfront_disk;
struct blkfront_shadow;
struct seq_file;

/* Requests that are counted together. */
enum blkfront_type {
	BLKFRONT_TYPE_READ,
	BLKFRONT_TYPE_WRITE,
	BLKFRONT_TYPE_FLUSH,
	BLKFRONT_TYPE_DISCARD,
	BLKFRONT_NR_TYPES
};

/* What a request spends its time in. */
enum blkfront_stage {
	BLKFRONT_STAGE_QUEUE,	/* from its making until it is on the ring */
	BLKFRONT_STAGE_BACKEND,	/* until its answer is taken, of the last piece */
	BLKFRONT_STAGE_FINISH,	/* until it ends */
	BLKFRONT_STAGE_TOTAL,
	BLKFRONT_NR_STAGES
};

/**
 * struct blkfront_times - when a request got where; 0: not yet, or nobody counts
 * @begun_ns: the block layer made it
 * @put_ns: its first piece was put onto the ring; if at once, when it was made
 * @answered_ns: the answer to its last piece was taken
 *
 * The request's; written under the lock of its queue, or by who has the request.
 */
struct blkfront_times {
	u64 begun_ns;
	u64 put_ns;
	u64 answered_ns;
};

/**
 * struct blkfront_latency - the histograms of a hardware context
 * @stage: of each type and stage
 *
 * Under the lock of the context's queue.
 */
struct blkfront_latency {
	struct xenblk_histogram stage[BLKFRONT_NR_TYPES][BLKFRONT_NR_STAGES];
};

extern bool blkfront_latency_stats;

/* Nanoseconds of a clock that only goes forward; 0 when nobody counts. */
static inline u64 blkfront_latency_clock(void)
{
	return READ_ONCE(blkfront_latency_stats) ? ktime_get_ns() : 0;
}

/* Who has the request. */
void blkfront_latency_begin(struct blkfront_shadow *shadow, u64 made_ns,
			    bool waited);
/* Under the lock of the queue. */
void blkfront_latency_put(struct blkfront_shadow *shadow);
void blkfront_latency_end(const struct blkfront_shadow *shadow);
/* Process context, may sleep. */
void blkfront_latency_reset(struct blkfront_disk *disk);
int blkfront_latency_show(struct seq_file *seq, struct blkfront_disk *disk);

#endif /* _BLKFRONT_LATENCY_H */
