// SPDX-License-Identifier: GPL-2.0
/* blk_mq_ops.queue_rqs() is given a list, not a pointer to its first request. */
#include <linux/blk-mq.h>

extern void probe_queue_rqs(struct rq_list *plug);
extern const struct blk_mq_ops probe;
const struct blk_mq_ops probe = {
	.queue_rqs = probe_queue_rqs,
};
