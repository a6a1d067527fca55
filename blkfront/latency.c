// SPDX-License-Identifier: GPL-2.0
/*
 * Where the time of requests goes: counted here, shown by debugfs.c.
 *
 * A request is counted when it ends, under the lock that this takes anyhow.  The clock
 * is not read for one that goes to the ring at once: it was in no queue.
 */
#include <linux/slab.h>
#include <xen/xenbus.h>

#include <xenblk/histogram_sum.h>

#include "blkfront.h"

/* So many ends may share one look at the clock. */
#define LATENCY_MAX_ENDS	16

static const char *const type_text[] = {
	[BLKFRONT_TYPE_READ] = "read",
	[BLKFRONT_TYPE_WRITE] = "write",
	[BLKFRONT_TYPE_FLUSH] = "flush",
	[BLKFRONT_TYPE_DISCARD] = "discard",
};

static const char *const stage_text[] = {
	[BLKFRONT_STAGE_QUEUE] = "queue",
	[BLKFRONT_STAGE_BACKEND] = "backend",
	[BLKFRONT_STAGE_FINISH] = "finish",
	[BLKFRONT_STAGE_TOTAL] = "total",
};

static_assert(ARRAY_SIZE(type_text) == BLKFRONT_NR_TYPES);
static_assert(ARRAY_SIZE(stage_text) == BLKFRONT_NR_STAGES);

/* --- counting ---------------------------------------------------------------------- */

/**
 * blkfront_latency_begin - a request came
 * @shadow: its shadow
 * @made_ns: when the block layer made it; 0: it did not note that, as for a queue
 *	without statistics, and now counts
 * @waited: it was kept since, by us or by a scheduler
 *
 * Context: queue_rq.
 */
void blkfront_latency_begin(struct blkfront_shadow *shadow, u64 made_ns,
			    bool waited)
{
	struct blkfront_times *times = &shadow->times;

	times->answered_ns = 0;
	times->begun_ns = 0;
	times->put_ns = 0;
	if (!READ_ONCE(blkfront_latency_stats))
		return;
	times->begun_ns = made_ns ?: ktime_get_ns();
	if (!waited)
		times->put_ns = times->begun_ns;
}

/**
 * blkfront_latency_put - a request is on the ring
 * @shadow: its shadow
 *
 * Context: under the lock of its queue.
 */
void blkfront_latency_put(struct blkfront_shadow *shadow)
{
	if (!shadow->times.put_ns)
		shadow->times.put_ns = blkfront_latency_clock();
}

static enum blkfront_type latency_type(const struct blkfront_io *io)
{
	switch (io->op) {
	case BLKFRONT_READ:
		return BLKFRONT_TYPE_READ;
	case BLKFRONT_WRITE:
		return BLKFRONT_TYPE_WRITE;
	case BLKFRONT_FLUSH:
		return BLKFRONT_TYPE_FLUSH;
	default:
		return BLKFRONT_TYPE_DISCARD;
	}
}

/* The clock, which is read once for what ends together, or about so. */
static u64 latency_now(struct blkfront_queue *queue)
{
	if (!queue->end_ns || ++queue->nr_ends == LATENCY_MAX_ENDS) {
		queue->end_ns = blkfront_latency_clock();
		queue->nr_ends = 0;
	}
	return queue->end_ns;
}

/**
 * blkfront_latency_end - count a request that ends
 * @shadow: its shadow
 *
 * Context: under the lock of its queue.
 */
void blkfront_latency_end(const struct blkfront_shadow *shadow)
{
	const struct blkfront_times *times = &shadow->times;
	u64 at = times->begun_ns;
	struct xenblk_histogram *stage;

	/* Nobody counted when it came, or nobody was asked. */
	if (!at || !times->answered_ns)
		return;
	stage = shadow->ctx->latency->stage[latency_type(&shadow->io)];
	xenblk_histogram_add_lap(&stage[BLKFRONT_STAGE_QUEUE], &at,
				 times->put_ns, 1);
	xenblk_histogram_add_lap(&stage[BLKFRONT_STAGE_BACKEND], &at,
				 times->answered_ns, 1);
	xenblk_histogram_add_lap(&stage[BLKFRONT_STAGE_FINISH], &at,
				 latency_now(shadow->ctx->queue), 1);
	xenblk_histogram_add(&stage[BLKFRONT_STAGE_TOTAL],
			     at - times->begun_ns, 1);
}

/* --- readers, under disk->lock: who uses which queue stays what it is ---------------- */

/**
 * blkfront_latency_reset - begin to count anew
 * @disk: the disk
 *
 * Context: process, may sleep.
 */
void blkfront_latency_reset(struct blkfront_disk *disk)
{
	struct blkfront_ctx *ctx;

	mutex_lock(&disk->lock);
	disk->latency_since_ns = ktime_get_ns();
	for_each_ctx(disk, ctx) {
		spin_lock_irq(&ctx->queue->lock);
		memset(ctx->latency, 0, sizeof(*ctx->latency));
		spin_unlock_irq(&ctx->queue->lock);
	}
	mutex_unlock(&disk->lock);
}

static void latency_sum(struct blkfront_disk *disk, unsigned int type,
			unsigned int stage, struct xenblk_histogram_sum *sum)
{
	struct u64_stats_sync none;
	struct blkfront_ctx *ctx;

	u64_stats_init(&none);
	memset(sum, 0, sizeof(*sum));
	for_each_ctx(disk, ctx) {
		spin_lock_irq(&ctx->queue->lock);
		xenblk_histogram_gather(sum, &ctx->latency->stage[type][stage],
					&none);
		spin_unlock_irq(&ctx->queue->lock);
	}
}

typedef void show_fn(struct seq_file *seq, const char *type, const char *stage,
		     const struct xenblk_histogram_sum *sum);

/* Types of which there was none are left out. */
static void latency_show(struct seq_file *seq, struct blkfront_disk *disk,
			 struct xenblk_histogram_sum *sum, show_fn *show)
{
	unsigned int type, stage;

	for (type = 0; type < BLKFRONT_NR_TYPES; type++) {
		latency_sum(disk, type, BLKFRONT_STAGE_TOTAL, sum);
		if (!sum->count)
			continue;
		for (stage = 0; stage < BLKFRONT_NR_STAGES; stage++) {
			latency_sum(disk, type, stage, sum);
			show(seq, type_text[type], stage_text[stage], sum);
		}
	}
}

/**
 * blkfront_latency_show - show what was counted since the last reset
 * @seq: where to
 * @disk: the disk
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int blkfront_latency_show(struct seq_file *seq, struct blkfront_disk *disk)
{
	struct xenblk_histogram_sum *sum = kmalloc(sizeof(*sum), GFP_KERNEL);

	if (!sum)
		return -ENOMEM;
	mutex_lock(&disk->lock);
	seq_printf(seq, XENBLK_HISTOGRAM_VERSION
		   "disk %s domain %u device %s now_ns %llu since_ns %llu\n",
		   disk->vdev.name, disk->domid,
		   disk->xbdev ? dev_name(&disk->xbdev->dev) : "none",
		   ktime_get_ns(), disk->latency_since_ns);
	seq_puts(seq, XENBLK_HISTOGRAM_COLUMNS);
	latency_show(seq, disk, sum, xenblk_histogram_show);
	seq_puts(seq, XENBLK_HISTOGRAM_BUCKET_COLUMNS);
	latency_show(seq, disk, sum, xenblk_histogram_show_buckets);
	mutex_unlock(&disk->lock);
	kfree(sum);
	return 0;
}
