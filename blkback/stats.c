// SPDX-License-Identifier: GPL-2.0
/* Counting once; sysfs.c shows it. */
#include "blkback.h"

/**
 * blkback_stats_answered - count an answer
 * @stats: of the ring's number
 * @cmd: the request
 * @error: what it is answered with
 *
 * Context: the ring's work item, the only writer.
 */
void blkback_stats_answered(struct blkback_stats *stats,
			    const struct blkback_cmd *cmd, int error)
{
	u64_stats_update_begin(&stats->syncp);
	if (error) {
		u64_stats_inc(&stats->err_req);
		goto out;
	}
	switch (cmd->op) {
	case BLKBACK_READ:
		u64_stats_inc(&stats->rd_req);
		u64_stats_add(&stats->rd_sect, cmd->nr_sectors);
		break;
	case BLKBACK_WRITE:
		u64_stats_inc(&stats->wr_req);
		u64_stats_add(&stats->wr_sect, cmd->nr_sectors);
		break;
	case BLKBACK_FLUSH:
		u64_stats_inc(&stats->f_req);
		u64_stats_add(&stats->wr_sect, cmd->nr_sectors);
		break;
	case BLKBACK_DISCARD:
	case BLKBACK_SECURE_ERASE:
		u64_stats_inc(&stats->ds_req);
		break;
	}
out:
	u64_stats_update_end(&stats->syncp);
}

/**
 * blkback_stats_waited - count a pass that left a request waiting
 * @stats: of the ring's number
 *
 * Context: the ring's work item, the only writer.
 */
void blkback_stats_waited(struct blkback_stats *stats)
{
	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(&stats->oo_req);
	u64_stats_update_end(&stats->syncp);
}
