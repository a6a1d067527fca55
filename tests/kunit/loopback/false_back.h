/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A backend that is no driver: it offers what the test says, serves the data of
 * the disk by itself, and keeps a log, until it is told otherwise.
 */
#ifndef _LOOPBACK_FALSE_BACK_H
#define _LOOPBACK_FALSE_BACK_H

#include <linux/kthread.h>

#include "pair.h"
#include "../../../blkfront/blkfront.h"

#define FALSE_RINGS	4
#define FALSE_LOG	2048

enum evil {
	GOOD,
	BAD_ID,
	BAD_TAG,
	FREE_ID,
	OTHER_CONTEXT,
	OLD_TURN,
	WRONG_OP,
	TWICE,
	INDEX_AHEAD,
	INDEX_BACK,
	BAD_STATUS,
	KEEP_PAGE,
	NR_EVIL
};

struct false_ring {
	struct blkfront_sring *sring;
	unsigned int nr_slots;
	RING_IDX req_cons;
	RING_IDX rsp_prod;
	int irq;
};

/* What was asked, in the order in which it was seen. */
struct false_op {
	u8 op;
	bool indirect;
	unsigned int ring;
	unsigned int nr_segs;
	u64 sector;
	u64 nr_sectors;
};

struct false_back {
	/* What it offers, before false_begin() or false_again(); 0 is no key. */
	unsigned int max_queues;
	unsigned int max_order;
	unsigned int max_indirect;
	bool through;		/* it has no cache */
	bool persistent;	/* and then it would map all for writing */

	bool hold;		/* takes nothing */
	unsigned int nr_take;	/* while it holds: so many nevertheless */
	enum evil evil;		/* for the next request */
	unsigned int nr_evil;
	unsigned int nr_fail;	/* how many of the next fail */

	unsigned int nr_rings;
	struct false_ring ring[FALSE_RINGS];
	unsigned int nr_ops;
	struct false_op log[FALSE_LOG];

	struct task_struct *task;
	wait_queue_head_t wait;
};

/* What a good one writes about its disk. */
void false_keys(void);
/* From a frontend that was just added, up to Connected. */
void false_begin(struct kunit *test, struct pair *pair,
		 struct false_back *back);
/* Another one for a frontend whose backend has left. */
void false_again(struct kunit *test, struct pair *pair,
		 struct false_back *back);
/* It is gone, all at once; what it says is up to the test. */
void false_vanish(struct pair *pair, struct false_back *back);
/* It is gone and Closed. */
void false_end(struct pair *pair, struct false_back *back);

#endif /* _LOOPBACK_FALSE_BACK_H */
