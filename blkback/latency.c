// SPDX-License-Identifier: GPL-2.0
/*
 * Where the time of requests goes: counted here, shown by debugfs.c.
 *
 * A pass reads the clock once for all that it does to many requests, and not for what
 * it has nothing to do for; the end of a bio that ends elsewhere reads it for each.
 * Requests are counted when they are answered, those together that were everywhere at
 * the same times.
 *
 * The histograms are those of the ring's number, which has one writer and so needs
 * no lock.  They are made when there is something to count, and when the ring has
 * been idle for a while they are added to the disk's, so that a disk at rest costs
 * one set for each type of request that it has seen, however many rings it has.
 */
#include <linux/math64.h>
#include <linux/slab.h>

#include <xenblk/histogram_sum.h>

#include "blkback.h"

static const char *const type_text[] = {
	[BLKBACK_TYPE_READ] = "read",
	[BLKBACK_TYPE_WRITE] = "write",
	[BLKBACK_TYPE_FLUSH] = "flush",
	[BLKBACK_TYPE_DISCARD] = "discard",
};

static const char *const stage_text[] = {
	[BLKBACK_STAGE_RING] = "ring",
	[BLKBACK_STAGE_ADMISSION] = "admission",
	[BLKBACK_STAGE_PAGES_IN] = "pages_in",
	[BLKBACK_STAGE_DEVICE] = "device",
	[BLKBACK_STAGE_PAGES_OUT] = "pages_out",
	[BLKBACK_STAGE_ANSWER] = "answer",
	[BLKBACK_STAGE_TOTAL] = "total",
};

static_assert(ARRAY_SIZE(type_text) == BLKBACK_NR_TYPES);
static_assert(ARRAY_SIZE(stage_text) == BLKBACK_NR_STAGES);

static struct kmem_cache *set_cache;

/**
 * blkback_latency_setup - make what all histograms come from
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int blkback_latency_setup(void)
{
	set_cache = KMEM_CACHE(blkback_latency_set, 0);
	return set_cache ? 0 : -ENOMEM;
}

/**
 * blkback_latency_cleanup - undo blkback_latency_setup(); there is no device any more
 */
void blkback_latency_cleanup(void)
{
	kmem_cache_destroy(set_cache);
}

static enum blkback_type latency_type(const struct blkback_cmd *cmd)
{
	switch (cmd->op) {
	case BLKBACK_READ:
		return BLKBACK_TYPE_READ;
	case BLKBACK_WRITE:
		return BLKBACK_TYPE_WRITE;
	case BLKBACK_FLUSH:
	case BLKBACK_BARRIER:
		return BLKBACK_TYPE_FLUSH;
	default:
		return BLKBACK_TYPE_DISCARD;
	}
}

/**
 * blkback_latency_stage_text - a stage, for people and tools
 * @stage: it
 */
const char *blkback_latency_stage_text(enum blkback_stage stage)
{
	return stage_text[stage];
}

/**
 * blkback_latency_stage - where a request is now
 * @times: of the request, taken and not answered
 *
 * One of which the disk has a part is the disk's.  Not told by times, which there are
 * none of while nobody counts.
 *
 * Context: any; the answer may be old.
 */
enum blkback_stage blkback_latency_stage(const struct blkback_times *times)
{
	if (READ_ONCE(times->nr_on_disk))
		return BLKBACK_STAGE_DEVICE;
	if (READ_ONCE(times->ended))
		return BLKBACK_STAGE_PAGES_OUT;
	if (READ_ONCE(times->started))
		return BLKBACK_STAGE_PAGES_IN;
	return BLKBACK_STAGE_ADMISSION;
}

/* --- the ring's owner ------------------------------------------------------------ */

static struct blkback_latency_set *set_alloc(struct blkback_latency *latency,
					     enum blkback_type type)
{
	struct blkback_latency_set *set;

	set = kmem_cache_alloc(set_cache, GFP_NOWAIT | __GFP_NOWARN);
	if (!set)
		return NULL;
	memset(set, 0, sizeof(*set));
	/* A reader who sees it sees that it is empty. */
	smp_store_release(&latency->set[type], set);
	return set;
}

/* Somebody has reset them: what was counted before counts no more. */
static void latency_begin_anew(struct blkback_latency *latency,
			       unsigned int epoch)
{
	unsigned int type;

	for (type = 0; type < BLKBACK_NR_TYPES; type++)
		if (latency->set[type])
			memset(latency->set[type], 0,
			       sizeof(*latency->set[type]));
	/* A reader who sees it sees them empty. */
	smp_store_release(&latency->epoch, epoch);
}

/* The histograms to add to; NULL: no memory.  Not between begin and end. */
static struct xenblk_histogram *latency_stages(struct blkback_queue *queue,
					       enum blkback_type type)
{
	struct blkback_latency *latency = &queue->stats->latency;
	unsigned int epoch = READ_ONCE(queue->dev->latencies.epoch);
	struct blkback_latency_set *set = latency->set[type];

	if (unlikely(latency->epoch != epoch))
		latency_begin_anew(latency, epoch);
	if (unlikely(!set))
		set = set_alloc(latency, type);
	return set ? set->stage : NULL;
}

static void latency_add(struct xenblk_histogram *stage,
			const struct blkback_run *run)
{
	const struct blkback_times *times = &run->times;
	u64 at = times->since_ns;

	xenblk_histogram_add_lap(&stage[BLKBACK_STAGE_RING], &at,
				 times->taken_ns, run->nr);
	xenblk_histogram_add_lap(&stage[BLKBACK_STAGE_ADMISSION], &at,
				 times->admitted_ns, run->nr);
	xenblk_histogram_add_lap(&stage[BLKBACK_STAGE_PAGES_IN], &at,
				 times->brought_ns, run->nr);
	xenblk_histogram_add_lap(&stage[BLKBACK_STAGE_DEVICE], &at,
				 times->ended_ns, run->nr);
	xenblk_histogram_add_lap(&stage[BLKBACK_STAGE_PAGES_OUT], &at,
				 run->settled_ns, run->nr);
	xenblk_histogram_add(&stage[BLKBACK_STAGE_TOTAL],
			     at - times->since_ns, run->nr);
}

static void latency_add_run(struct blkback_queue *queue)
{
	struct blkback_run *run = &queue->run;
	struct xenblk_histogram *stage;
	unsigned long flags;

	if (!run->nr)
		return;
	stage = latency_stages(queue, run->type);
	flags = u64_stats_update_begin_irqsave(&queue->stats->syncp);
	if (stage)
		latency_add(stage, run);
	else
		u64_stats_add(&queue->stats->latency.missed, run->nr);
	u64_stats_update_end_irqrestore(&queue->stats->syncp, flags);
	run->nr = 0;
}

static bool run_has(const struct blkback_run *run, enum blkback_type type,
		    const struct blkback_times *times, u64 settled_ns)
{
	return run->nr && run->type == type &&
	       run->settled_ns == settled_ns &&
	       run->times.ended_ns == times->ended_ns &&
	       run->times.brought_ns == times->brought_ns &&
	       run->times.admitted_ns == times->admitted_ns &&
	       run->times.taken_ns == times->taken_ns &&
	       run->times.since_ns == times->since_ns;
}

/**
 * blkback_latency_done - note a request that is being answered
 * @queue: its ring, which has settled its pages a moment ago
 * @req: the request
 *
 * It is counted by blkback_latency_shown() at the latest.
 *
 * Context: the ring's owner, the only writer.
 */
void blkback_latency_done(struct blkback_queue *queue,
			  const struct blkback_req *req)
{
	struct blkback_answers *answers = &queue->answers[queue->nr_settles];
	enum blkback_type type = latency_type(&req->cmd);
	struct blkback_run *run = &queue->run;

	/* Nobody counted when it was taken, or does now. */
	if (!req->times.taken_ns || !answers->settled_ns)
		return;
	if (!run_has(run, type, &req->times, answers->settled_ns)) {
		latency_add_run(queue);
		run->type = type;
		run->times = req->times;
		run->settled_ns = answers->settled_ns;
	}
	run->nr++;
	answers->nr[type]++;
	answers->any = true;
}

/* Those that were settled in one go have waited equally long. */
static void latency_add_shown(struct blkback_queue *queue,
			      struct blkback_answers *answers, u64 now)
{
	u64 ns = xenblk_histogram_lap(&answers->settled_ns, now);
	struct xenblk_histogram *stage;
	unsigned long flags;
	unsigned int type;

	for (type = 0; type < BLKBACK_NR_TYPES; type++) {
		if (!answers->nr[type])
			continue;
		stage = latency_stages(queue, type);
		flags = u64_stats_update_begin_irqsave(&queue->stats->syncp);
		if (stage)
			xenblk_histogram_add(&stage[BLKBACK_STAGE_ANSWER], ns,
					     answers->nr[type]);
		u64_stats_update_end_irqrestore(&queue->stats->syncp, flags);
		answers->nr[type] = 0;
	}
	answers->any = false;
}

/**
 * blkback_latency_shown - the answers of a round are shown to the frontend
 * @queue: the ring
 *
 * Those that were settled last were shown at once; before the others' turn what was
 * new was started.
 *
 * Context: the ring's owner, the only writer.
 */
void blkback_latency_shown(struct blkback_queue *queue)
{
	struct blkback_answers *first = &queue->answers[0];
	struct blkback_answers *last = &queue->answers[1];

	if (!first->any && !last->any)
		return;
	latency_add_run(queue);
	if (first->any)
		latency_add_shown(queue, first, queue->round_ns ?
				  blkback_latency_clock() : 0);
	if (last->any)
		latency_add_shown(queue, last, 0);
}

/* --- what a disk at rest has ------------------------------------------------------- */

static void counter_move(u64_stats_t *to, const u64_stats_t *from)
{
	/* u64_stats_add() adds a long. */
	u64_stats_set(to, u64_stats_read(to) + u64_stats_read(from));
}

/* Nobody writes to either, and who reads has to wait. */
static void set_move(struct blkback_latency_set *to,
		     const struct blkback_latency_set *from)
{
	unsigned int i, j;

	for (i = 0; i < BLKBACK_NR_STAGES; i++) {
		struct xenblk_histogram *sum = &to->stage[i];
		const struct xenblk_histogram *more = &from->stage[i];

		counter_move(&sum->sum_ns, &more->sum_ns);
		u64_stats_set(&sum->max_ns, max(u64_stats_read(&sum->max_ns),
						u64_stats_read(&more->max_ns)));
		for (j = 0; j < XENBLK_HISTOGRAM_BUCKETS; j++)
			counter_move(&sum->bucket[j], &more->bucket[j]);
	}
}

/**
 * blkback_latency_surplus - is there what an idle ring does not need?
 * @stats: of the ring's number
 *
 * Context: the ring's work item.
 */
bool blkback_latency_surplus(const struct blkback_stats *stats)
{
	const struct blkback_latency *latency = &stats->latency;
	unsigned int type;

	for (type = 0; type < BLKBACK_NR_TYPES; type++)
		if (latency->set[type])
			return true;
	return false;
}

/**
 * blkback_latency_fold - the ring is idle, or has ended
 * @queue: the ring
 *
 * Context: the ring's work item, or the device's when there is none of these any
 * more; may sleep.
 */
void blkback_latency_fold(struct blkback_queue *queue)
{
	struct blkback_latencies *latencies = &queue->dev->latencies;
	struct blkback_latency *latency = &queue->stats->latency;
	struct blkback_latency_set *set;
	unsigned int type;

	mutex_lock(&latencies->lock);
	for (type = 0; type < BLKBACK_NR_TYPES; type++) {
		set = latency->set[type];
		if (!set)
			continue;
		latency->set[type] = NULL;
		if (latency->epoch == latencies->epoch &&
		    !latencies->idle[type]) {
			latencies->idle[type] = set;
			continue;
		}
		if (latency->epoch == latencies->epoch)
			set_move(latencies->idle[type], set);
		kmem_cache_free(set_cache, set);
	}
	mutex_unlock(&latencies->lock);
}

/* --- readers ------------------------------------------------------------------------- */

/**
 * blkback_latency_init - of a disk that nothing was counted of
 * @latencies: part of the device
 */
void blkback_latency_init(struct blkback_latencies *latencies)
{
	mutex_init(&latencies->lock);
	latencies->since_ns = local_clock();
}

static void latencies_forget(struct blkback_latencies *latencies)
{
	unsigned int type;

	for (type = 0; type < BLKBACK_NR_TYPES; type++) {
		if (latencies->idle[type])
			kmem_cache_free(set_cache, latencies->idle[type]);
		latencies->idle[type] = NULL;
	}
}

/**
 * blkback_latency_exit - nobody counts or reads any more
 * @latencies: part of the device, which has no ring
 */
void blkback_latency_exit(struct blkback_latencies *latencies)
{
	latencies_forget(latencies);
	mutex_destroy(&latencies->lock);
}

/**
 * blkback_latency_reset - begin to count anew
 * @dev: the device
 *
 * What rings have counted they forget before they count the next request; until
 * then it is not looked at.
 *
 * Context: process, may sleep.
 */
void blkback_latency_reset(struct blkback_dev *dev)
{
	struct blkback_latencies *latencies = &dev->latencies;

	mutex_lock(&latencies->lock);
	WRITE_ONCE(latencies->epoch, latencies->epoch + 1);
	latencies->since_ns = local_clock();
	latencies_forget(latencies);
	mutex_unlock(&latencies->lock);
}

/* Of one type and stage, all rings; under the lock. */
static void latencies_sum(const struct blkback_dev *dev, unsigned int type,
			  unsigned int stage, struct xenblk_histogram_sum *sum)
{
	const struct blkback_latencies *latencies = &dev->latencies;
	const struct blkback_latency_set *set = latencies->idle[type];
	const struct blkback_stats *stats;
	struct u64_stats_sync none;

	u64_stats_init(&none);
	memset(sum, 0, sizeof(*sum));
	if (set)
		xenblk_histogram_gather(sum, &set->stage[stage], &none);
	/* Pairs with the release in blkback_stats_get(). */
	for (stats = smp_load_acquire(&dev->stats); stats;
	     stats = stats->next) {
		/* Pairs with the release in set_alloc(). */
		set = smp_load_acquire(&stats->latency.set[type]);
		if (!set)
			continue;
		/* Pairs with the release in latency_begin_anew(). */
		if (smp_load_acquire(&stats->latency.epoch) == latencies->epoch)
			xenblk_histogram_gather(sum, &set->stage[stage],
						&stats->syncp);
	}
}

typedef void show_fn(struct seq_file *seq, const char *type, const char *stage,
		     const struct xenblk_histogram_sum *sum);

/* Types of which there was none are left out. */
static void latencies_show(struct seq_file *seq, const struct blkback_dev *dev,
			   struct xenblk_histogram_sum *sum, show_fn *show)
{
	unsigned int type, stage;

	for (type = 0; type < BLKBACK_NR_TYPES; type++) {
		latencies_sum(dev, type, BLKBACK_STAGE_TOTAL, sum);
		if (!sum->count)
			continue;
		for (stage = 0; stage < BLKBACK_NR_STAGES; stage++) {
			latencies_sum(dev, type, stage, sum);
			show(seq, type_text[type], stage_text[stage], sum);
		}
	}
}

static u64 latencies_missed(const struct blkback_dev *dev)
{
	return blkback_stats_sum(dev, offsetof(struct blkback_stats,
					       latency.missed));
}

/**
 * blkback_latency_show - show what was counted since the last reset
 * @seq: where to
 * @dev: the device
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int blkback_latency_show(struct seq_file *seq, struct blkback_dev *dev)
{
	struct blkback_latencies *latencies = &dev->latencies;
	struct xenblk_histogram_sum *sum = kmalloc(sizeof(*sum), GFP_KERNEL);
	u64 missed = latencies_missed(dev);

	if (!sum)
		return -ENOMEM;
	mutex_lock(&latencies->lock);
	seq_printf(seq, XENBLK_HISTOGRAM_VERSION
		   "disk %s domain %u device %s now_ns %llu since_ns %llu\n",
		   dev->name, dev->xbdev->otherend_id, dev_name(&dev->xbdev->dev),
		   local_clock(), latencies->since_ns);
	if (missed)
		seq_printf(seq, "# since the probe, %llu requests were not counted for want of memory\n",
			   missed);
	seq_puts(seq, XENBLK_HISTOGRAM_COLUMNS);
	latencies_show(seq, dev, sum, xenblk_histogram_show);
	seq_puts(seq, XENBLK_HISTOGRAM_BUCKET_COLUMNS);
	latencies_show(seq, dev, sum, xenblk_histogram_show_buckets);
	mutex_unlock(&latencies->lock);
	kfree(sum);
	return 0;
}
