/* SPDX-License-Identifier: GPL-2.0 */
/* Where the time of requests goes. */
#ifndef _BLKBACK_LATENCY_H
#define _BLKBACK_LATENCY_H

#include <linux/mutex.h>
#include <linux/sched/clock.h>

#include <xenblk/histogram.h>

struct blkback_dev;
struct blkback_queue;
struct blkback_req;
struct blkback_stats;
struct seq_file;

/* Requests that are counted together. */
enum blkback_type {
	BLKBACK_TYPE_READ,
	BLKBACK_TYPE_WRITE,
	BLKBACK_TYPE_FLUSH,
	BLKBACK_TYPE_DISCARD,
	BLKBACK_NR_TYPES
};

/* Where a request is; what it spends its time in. */
enum blkback_stage {
	BLKBACK_STAGE_RING,		/* told of by an event, and not taken */
	BLKBACK_STAGE_ADMISSION,	/* waits for leave to start, or memory */
	BLKBACK_STAGE_PAGES_IN,		/* mapped, or what is written copied */
	BLKBACK_STAGE_DEVICE,		/* the disk has it */
	BLKBACK_STAGE_PAGES_OUT,	/* what was read copied, or unmapped */
	BLKBACK_STAGE_ANSWER,		/* the answer is shown to the frontend */
	BLKBACK_STAGE_TOTAL,		/* from the first to the answer's writing */
	BLKBACK_NR_STAGES
};

/**
 * struct blkback_times - when a request got where; 0: not yet, or nobody counts
 * @busy: there is a request in the object
 * @nr_on_disk: parts of it that the disk has
 * @started: its first part could start
 * @ended: the disk was done with some of its parts, whether anybody counts or not
 * @since_ns: its event came
 * @taken_ns: it was taken off the ring
 * @admitted_ns: its first part could start
 * @brought_ns: its first part went to the disk
 * @ended_ns: the disk was done with the last of its parts that have ended
 *
 * Written by the ring's owner; a reader of debugfs may look meanwhile, and sees
 * what was true a moment ago.
 */
struct blkback_times {
	bool busy;
	bool started;
	bool ended;
	unsigned int nr_on_disk;
	u64 since_ns;
	u64 taken_ns;
	u64 admitted_ns;
	u64 brought_ns;
	u64 ended_ns;
};

/**
 * struct blkback_run - requests that were everywhere at the same times
 * @nr: how many
 * @type: of all of them
 * @times: when they got where
 * @settled_ns: when their pages were settled
 *
 * A pass does everything to many requests, and what it did to all of them is counted
 * once.  The ring's owner's.
 */
struct blkback_run {
	unsigned int nr;
	enum blkback_type type;
	struct blkback_times times;
	u64 settled_ns;
};

/**
 * struct blkback_answers - requests whose answers are shown in one go
 * @settled_ns: when their pages were settled
 * @any: there are some
 * @nr: how many, of each type
 */
struct blkback_answers {
	u64 settled_ns;
	bool any;
	unsigned int nr[BLKBACK_NR_TYPES];
};

/* A round settles twice before it shows what it has answered: see queue.c. */
#define BLKBACK_ROUND_SETTLES	2

/* The histograms of a type. */
struct blkback_latency_set {
	struct xenblk_histogram stage[BLKBACK_NR_STAGES];
};

/**
 * struct blkback_latency - the histograms of the rings of one number
 * @set: of each type; NULL while there was none since the ring was idle last.  Set
 *	by the ring's owner; taken away by its work item, under @lock of the disk's
 * @epoch: the disk's when they were begun: with an older one they count nothing
 * @missed: requests that were not counted for want of memory
 */
struct blkback_latency {
	struct blkback_latency_set *set[BLKBACK_NR_TYPES];
	unsigned int epoch;
	u64_stats_t missed;
};

/**
 * struct blkback_latencies - the histograms of a disk
 * @lock: (mutex) @idle and @since_ns, and keeps all sets where they are
 * @idle: what rings have counted that are idle now, or gone; added up
 * @epoch: counts the resets
 * @since_ns: of the last one, or of the probe
 */
struct blkback_latencies {
	struct mutex lock;	/* see above */
	struct blkback_latency_set *idle[BLKBACK_NR_TYPES];
	unsigned int epoch;
	u64 since_ns;
};

extern bool blkback_latency_stats;

/*
 * Nanoseconds; 0 when nobody counts.  Between CPUs the clock may go back by a little,
 * which counts as no time.
 */
static inline u64 blkback_latency_clock(void)
{
	return READ_ONCE(blkback_latency_stats) ? local_clock() : 0;
}

/* Module init and exit; may sleep. */
int blkback_latency_setup(void);
void blkback_latency_cleanup(void);
/* The device's work item, may sleep. */
void blkback_latency_init(struct blkback_latencies *latencies);
void blkback_latency_exit(struct blkback_latencies *latencies);
/* The ring's work item; after its end the device's.  May sleep. */
void blkback_latency_fold(struct blkback_queue *queue);
/* The ring's work item. */
bool blkback_latency_surplus(const struct blkback_stats *stats);
/* The ring's owner, in any context. */
void blkback_latency_done(struct blkback_queue *queue,
			  const struct blkback_req *req);
void blkback_latency_shown(struct blkback_queue *queue);
/* Process context, may sleep. */
void blkback_latency_reset(struct blkback_dev *dev);
int blkback_latency_show(struct seq_file *seq, struct blkback_dev *dev);
enum blkback_stage blkback_latency_stage(const struct blkback_times *times);
const char *blkback_latency_stage_text(enum blkback_stage stage);

#endif /* _BLKBACK_LATENCY_H */
