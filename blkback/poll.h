/* SPDX-License-Identifier: GPL-2.0 */
/* Looking for more to do before sleeping. */
#ifndef _BLKBACK_POLL_H
#define _BLKBACK_POLL_H

#include <linux/types.h>

struct blkback_queue;

/**
 * struct blkback_poll - whether it pays
 * @nr_vain: times in vain since it last paid, as far as it matters
 * @nr_skipped: times that it was not tried
 *
 * Owned by the ring's work item.
 */
struct blkback_poll {
	int nr_vain;
	unsigned int nr_skipped;
};

/* The ring's work item. */
bool blkback_poll(struct blkback_queue *queue);

#endif /* _BLKBACK_POLL_H */
