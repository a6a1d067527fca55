/* SPDX-License-Identifier: GPL-2.0 */
/* What debugfs says of a request that is under way: the same in both halves. */
#ifndef _XENBLK_REQUEST_VIEW_H
#define _XENBLK_REQUEST_VIEW_H

#include <linux/seq_file.h>
#include <linux/sort.h>
#include <linux/types.h>

/**
 * struct xenblk_request_view - a request, as it was a moment ago
 * @id: its name on the ring
 * @sector: where, in units of 512 bytes
 * @nr_sectors: how much, in units of 512 bytes
 * @age_ns: for how long it is there; 0: nobody counts
 * @op: what it does
 * @stage: where it is
 */
struct xenblk_request_view {
	u64 id;
	u64 sector;
	u64 nr_sectors;
	u64 age_ns;
	const char *op;
	const char *stage;
};

static inline int xenblk_request_view_compare(const void *a, const void *b)
{
	const struct xenblk_request_view *one = a, *other = b;

	if (one->age_ns == other->age_ns)
		return 0;
	return one->age_ns > other->age_ns ? -1 : 1;
}

/* A line for each, the oldest first. */
static inline void xenblk_request_views_show(struct seq_file *seq,
					     struct xenblk_request_view *view,
					     unsigned int nr)
{
	unsigned int i;

	sort(view, nr, sizeof(*view), xenblk_request_view_compare, NULL);
	for (i = 0; i < nr; i++)
		seq_printf(seq, "request 0x%llx %s sector %llu sectors %llu age_ns %llu stage %s\n",
			   view[i].id, view[i].op, view[i].sector,
			   view[i].nr_sectors, view[i].age_ns, view[i].stage);
}

#endif /* _XENBLK_REQUEST_VIEW_H */
