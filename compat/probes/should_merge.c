// SPDX-License-Identifier: GPL-2.0
/* A tag set has to ask for merging. */
#include <linux/blk-mq.h>

unsigned int probe(void);
unsigned int probe(void)
{
	return BLK_MQ_F_SHOULD_MERGE;
}
