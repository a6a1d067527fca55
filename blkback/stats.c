// SPDX-License-Identifier: GPL-2.0
/* Counting once; sysfs.c shows it. */
#include <linux/slab.h>

#include "blkback.h"

/**
 * blkback_stats_get - the counters of a ring's number
 * @dev: the device
 * @number: the ring's
 *
 * There are as many as the device had rings at once, and they go with it.
 *
 * Context: the device's work item, may sleep.
 * Return: the counters, or NULL when there is no memory for them.
 */
struct blkback_stats *blkback_stats_get(struct blkback_dev *dev,
					unsigned int number)
{
	struct blkback_stats *stats;

	for (stats = dev->stats; stats; stats = stats->next)
		if (stats->number == number)
			return stats;
	stats = kzalloc_obj(*stats);
	if (!stats)
		return NULL;
	u64_stats_init(&stats->syncp);
	stats->number = number;
	stats->next = dev->stats;
	/* A reader who sees it sees all of it. */
	smp_store_release(&dev->stats, stats);
	return stats;
}

/**
 * blkback_stats_free - the device ends, and nobody reads its counters any more
 * @dev: the device
 */
void blkback_stats_free(struct blkback_dev *dev)
{
	struct blkback_stats *stats;

	while (dev->stats) {
		stats = dev->stats;
		dev->stats = stats->next;
		kfree(stats);
	}
}

/**
 * blkback_stats_sum - a counter of all rings together
 * @dev: the device
 * @at: the counter's offset in struct blkback_stats
 *
 * Context: any.
 * Return: the sum.
 */
u64 blkback_stats_sum(const struct blkback_dev *dev, size_t at)
{
	const struct blkback_stats *stats;
	const u64_stats_t *counter;
	unsigned int start;
	u64 value, sum = 0;

	/* Pairs with the release in blkback_stats_get(). */
	for (stats = smp_load_acquire(&dev->stats); stats;
	     stats = stats->next) {
		counter = (const void *)stats + at;
		do {
			start = u64_stats_fetch_begin(&stats->syncp);
			value = u64_stats_read(counter);
		} while (u64_stats_fetch_retry(&stats->syncp, start));
		sum += value;
	}
	return sum;
}

/**
 * blkback_stats_done - count a request that was carried out, or failed
 * @stats: of the ring's number
 * @cmd: the request
 * @error: 0 or the negative errno that it is answered with
 *
 * A request counts as one whatever came of it; sectors count when they were
 * read or written.
 *
 * Context: the ring's owner, the only writer.
 */
void blkback_stats_done(struct blkback_stats *stats,
			const struct blkback_cmd *cmd, int error)
{
	u64 nr_sectors = error ? 0 : cmd->nr_sectors;
	unsigned long flags;

	flags = u64_stats_update_begin_irqsave(&stats->syncp);
	if (error)
		u64_stats_inc(&stats->err_req);
	switch (cmd->op) {
	case BLKBACK_READ:
		u64_stats_inc(&stats->rd_req);
		u64_stats_add(&stats->rd_sect, nr_sectors);
		break;
	case BLKBACK_WRITE:
		u64_stats_inc(&stats->wr_req);
		u64_stats_add(&stats->wr_sect, nr_sectors);
		break;
	case BLKBACK_FLUSH:
	case BLKBACK_BARRIER:
		u64_stats_inc(&stats->f_req);
		u64_stats_add(&stats->wr_sect, nr_sectors);
		break;
	case BLKBACK_DISCARD:
	case BLKBACK_SECURE_ERASE:
		u64_stats_inc(&stats->ds_req);
		break;
	}
	u64_stats_update_end_irqrestore(&stats->syncp, flags);
}

/**
 * blkback_stats_refused - count a request that was not carried out at all
 * @stats: of the ring's number
 *
 * Context: the ring's work item, the only writer.
 */
void blkback_stats_refused(struct blkback_stats *stats)
{
	unsigned long flags;

	flags = u64_stats_update_begin_irqsave(&stats->syncp);
	u64_stats_inc(&stats->err_req);
	u64_stats_update_end_irqrestore(&stats->syncp, flags);
}

/**
 * blkback_stats_waited - count a pass that left a request waiting
 * @stats: of the ring's number
 *
 * Context: the ring's work item, the only writer.
 */
void blkback_stats_waited(struct blkback_stats *stats)
{
	unsigned long flags;

	flags = u64_stats_update_begin_irqsave(&stats->syncp);
	u64_stats_inc(&stats->oo_req);
	u64_stats_update_end_irqrestore(&stats->syncp, flags);
}
