/* SPDX-License-Identifier: GPL-2.0 */
/* The file stat of either half, read as a tool reads it. */
#ifndef _LOOPBACK_STAT_H
#define _LOOPBACK_STAT_H

#include "loopback.h"

struct stat_reader;

/* A line of the table; all 0 where there is none. */
struct stat_row {
	unsigned long long count;
	unsigned long long mean;
	unsigned long long p50;
	unsigned long long p90;
	unsigned long long p99;
	unsigned long long p999;
	unsigned long long max;
};

/* Goes with the test. */
struct stat_reader *stat_reader(struct kunit *test);
/* A file below debugfs, until the next call; "" where there is none. */
const char *stat_text(struct stat_reader *reader, const char *path);
bool stat_reset(struct stat_reader *reader, const char *dir);
struct stat_row stat_row(struct stat_reader *reader, const char *dir,
			 const char *type, const char *stage);
/* All that the buckets of a histogram hold. */
u64 stat_buckets(struct stat_reader *reader, const char *dir, const char *type,
		 const char *stage);

#endif /* _LOOPBACK_STAT_H */
