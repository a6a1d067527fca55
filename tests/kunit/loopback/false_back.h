/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A backend that is no driver: it answers with zeroes by itself, until it is
 * told otherwise.
 */
#ifndef _LOOPBACK_FALSE_BACK_H
#define _LOOPBACK_FALSE_BACK_H

#include <linux/kthread.h>

#include "pair.h"
#include "../../../blkfront/blkfront.h"

enum evil {
	GOOD,
	BAD_ID,
	FREE_ID,
	WRONG_OP,
	TWICE,
	INDEX_AHEAD,
	INDEX_BACK,
	BAD_STATUS,
	KEEP_PAGE,
	NR_EVIL
};

struct false_back {
	struct blkfront_sring *sring;
	RING_IDX req_cons;
	RING_IDX rsp_prod;
	int irq;
	enum evil evil;		/* for the next request */
	unsigned int nr_evil;
	struct task_struct *task;
	wait_queue_head_t wait;
};

/* What a good one writes about its disk. */
void false_keys(void);
/* From a frontend that was just added, up to Connected. */
void false_begin(struct kunit *test, struct pair *pair,
		 struct false_back *back);
void false_end(struct pair *pair, struct false_back *back);

#endif /* _LOOPBACK_FALSE_BACK_H */
