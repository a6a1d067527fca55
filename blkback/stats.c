// SPDX-License-Identifier: GPL-2.0
/* Counting once; sysfs.c shows it. */
#include <linux/preempt.h>

#include "blkback.h"

/* Where a 64-bit counter takes two stores, no reader may wait for its writer. */
static void stats_begin(struct blkback_stats *stats)
{
	preempt_disable();
	u64_stats_update_begin(&stats->syncp);
}

static void stats_end(struct blkback_stats *stats)
{
	u64_stats_update_end(&stats->syncp);
	preempt_enable();
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
 * Context: the ring's work item, the only writer.
 */
void blkback_stats_done(struct blkback_stats *stats,
			const struct blkback_cmd *cmd, int error)
{
	u64 nr_sectors = error ? 0 : cmd->nr_sectors;

	stats_begin(stats);
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
		u64_stats_inc(&stats->f_req);
		u64_stats_add(&stats->wr_sect, nr_sectors);
		break;
	case BLKBACK_DISCARD:
	case BLKBACK_SECURE_ERASE:
		u64_stats_inc(&stats->ds_req);
		break;
	}
	stats_end(stats);
}

/**
 * blkback_stats_refused - count a request that was not carried out at all
 * @stats: of the ring's number
 *
 * Context: the ring's work item, the only writer.
 */
void blkback_stats_refused(struct blkback_stats *stats)
{
	stats_begin(stats);
	u64_stats_inc(&stats->err_req);
	stats_end(stats);
}

/**
 * blkback_stats_waited - count a pass that left a request waiting
 * @stats: of the ring's number
 *
 * Context: the ring's work item, the only writer.
 */
void blkback_stats_waited(struct blkback_stats *stats)
{
	stats_begin(stats);
	u64_stats_inc(&stats->oo_req);
	stats_end(stats);
}
