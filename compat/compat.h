/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The code is written against the newest kernel; what an older one lacks is
 * made up for here and nowhere else.  Each entry says with which kernel it can
 * go.
 */
#ifndef _XENBLK_COMPAT_H
#define _XENBLK_COMPAT_H

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <xen/xenbus.h>

#include "compat_config.h"

#ifndef COMPAT_HAVE_SHOULD_MERGE	/* the reverse: 6.14 merges unasked */
#define BLK_MQ_F_SHOULD_MERGE		0
#endif

#ifdef COMPAT_HAVE_QUEUE_RQS_LIST	/* 6.13, and 6.12.y of late */
typedef struct rq_list compat_rq_list_t;
#else
typedef struct request *compat_rq_list_t;
#endif

#ifndef kzalloc_obj			/* 7.0, and 6.12.y of late */
#define kzalloc_obj(obj)		kzalloc(sizeof(obj), GFP_KERNEL)
#endif

#ifdef COMPAT_HAVE_GETGEO_DISK		/* 6.17 */
typedef struct gendisk compat_getgeo_t;
#define compat_getgeo_disk(of)		(of)
#else
typedef struct block_device compat_getgeo_t;
#define compat_getgeo_disk(of)		((of)->bd_disk)
#endif

#ifndef COMPAT_HAVE_FREEZE_MEMFLAGS	/* 6.14 */
#define blk_mq_freeze_queue(q)						\
({									\
	unsigned int _memflags = memalloc_noio_save();			\
									\
	blk_mq_freeze_queue(q);						\
	_memflags;							\
})
#define blk_mq_unfreeze_queue(q, memflags)				\
do {									\
	blk_mq_unfreeze_queue(q);					\
	memalloc_noio_restore(memflags);				\
} while (0)
#endif

#ifndef COMPAT_HAVE_DRIVER_STATE_DEV	/* 7.1 */
#define xenbus_read_driver_state(dev, path)	xenbus_read_driver_state(path)
#endif

#endif /* _XENBLK_COMPAT_H */
