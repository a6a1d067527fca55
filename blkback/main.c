// SPDX-License-Identifier: GPL-2.0
/*
 * xen-blkback: the host's half of the Xen virtual disk.
 *
 * Parameters, registration, exit.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include "blkback.h"

unsigned int blkback_max_buffer_pages = 1024;
module_param_named(max_buffer_pages, blkback_max_buffer_pages, uint, 0644);
MODULE_PARM_DESC(max_buffer_pages,
		 "Pages that one ring may have mapped at once, and as many to copy through (default 1024; at least 32, at most what its slots hold; read at connect)");

#define MAX_COPY_PAGES_AUTO	UINT_MAX
unsigned int blkback_max_copy_pages = MAX_COPY_PAGES_AUTO;
module_param_named(max_copy_pages, blkback_max_copy_pages, uint, 0644);
MODULE_PARM_DESC(max_copy_pages,
		 "Pages of this domain that data of all disks may be copied through at once; what finds none is mapped (default: one in 64 of the memory at load; 0: nothing is copied)");

unsigned int blkback_max_queues;
module_param_named(max_queues, blkback_max_queues, uint, 0644);
MODULE_PARM_DESC(max_queues,
		 "Rings that a disk is offered (default 0: as many as CPUs are online; at most 256; read when the disk is attached)");

unsigned int blkback_max_ring_page_order = 4;
module_param_named(max_ring_page_order, blkback_max_ring_page_order, uint, 0444);
MODULE_PARM_DESC(max_ring_page_order,
		 "Pages of a ring that a disk is offered, as a power of two (default and at most 4, which is 16 pages)");

unsigned int blkback_max_indirect_segments = 256;
module_param_named(max_indirect_segments, blkback_max_indirect_segments, uint,
		   0444);
MODULE_PARM_DESC(max_indirect_segments,
		 "Pages of one request that a disk is offered (default 256, at most 4096; 0: indirect requests are not offered)");

unsigned long blkback_max_unwritten_bytes;
module_param_named(max_unwritten_bytes, blkback_max_unwritten_bytes, ulong,
		   0644);
MODULE_PARM_DESC(max_unwritten_bytes,
		 "Bytes that a disk with a volatile write cache may have answered and not flushed before it is flushed without being asked (default 0: it is not)");

unsigned int blkback_io_deadline_sec = 30;
module_param_named(io_deadline_sec, blkback_io_deadline_sec, uint, 0644);
MODULE_PARM_DESC(io_deadline_sec,
		 "Seconds after which a frontend that does not look at its answers is notified again, and a request that the disk does not finish is told of (default 30; 0: never)");

unsigned int blkback_xenstore_stats_sec;
module_param_named(xenstore_stats_sec, blkback_xenstore_stats_sec, uint, 0644);
MODULE_PARM_DESC(xenstore_stats_sec,
		 "Seconds after which a disk's counters are written to its directory in XenStore again (default 0: they are not; read when it connects, and each time)");

bool blkback_low_latency;
module_param_named(low_latency, blkback_low_latency, bool, 0644);
MODULE_PARM_DESC(low_latency,
		 "Look for the next request for up to 50 us before waiting for its event, as long as that pays (default N)");

int blkback_log_level = LOGLEVEL_INFO;
module_param_named(log_level, blkback_log_level, int, 0644);
MODULE_PARM_DESC(log_level,
		 "What is said of a disk, at most: 3 errors, 4 warnings too, 6 what happens to it, too (default 6)");

bool blkback_latency_stats = true;
module_param_named(latency_stats, blkback_latency_stats, bool, 0644);
MODULE_PARM_DESC(latency_stats,
		 "Count how long requests take, and where, for debugfs (default Y)");

bool blkback_exclusive_open = true;
module_param_named(exclusive_open, blkback_exclusive_open, bool, 0644);
MODULE_PARM_DESC(exclusive_open,
		 "Claim the device behind a writable disk, so that this domain cannot mount it meanwhile (default Y; mode 'w!' of one disk does without)");

bool blkback_feature_persistent = true;
module_param_named(feature_persistent, blkback_feature_persistent, bool, 0644);
MODULE_PARM_DESC(feature_persistent,
		 "Offer to keep grants mapped between requests (default Y; read when the disk is attached)");

unsigned int blkback_max_persistent_grants = 1024;
module_param_named(max_persistent_grants, blkback_max_persistent_grants, uint,
		   0644);
MODULE_PARM_DESC(max_persistent_grants,
		 "Grants that one ring keeps mapped between requests (default 1024; they count as buffer pages)");

unsigned int blkback_persistent_grant_unused_seconds = 60;
module_param_named(persistent_grant_unused_seconds,
		   blkback_persistent_grant_unused_seconds, uint, 0644);
MODULE_PARM_DESC(persistent_grant_unused_seconds,
		 "Unmap a grant that was not used for so long, on an idle disk up to 20 seconds later (default 60; 0: only when it is in the way)");

/*
 * The devices' lives.  Each device has one work item, which never runs beside
 * itself; one that waits for its disk holds up no other.
 */
struct workqueue_struct *blkback_dev_wq;

/*
 * There is no test for Xen: the bus exists on every kernel with Xen support and
 * has no devices where there is no Xen.  So the tests load on any machine.
 */
static int __init blkback_init(void)
{
	int err;

	if (blkback_max_copy_pages == MAX_COPY_PAGES_AUTO)
		blkback_max_copy_pages = totalram_pages() / 64;
	blkback_dev_wq = alloc_workqueue("xen-blkback",
					 WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!blkback_dev_wq)
		return -ENOMEM;
	err = blkback_pool_setup();
	if (err)
		goto err_destroy_dev_wq;
	err = blkback_latency_setup();
	if (err)
		goto err_cleanup_pool;
	blkback_debugfs_init();
	err = blkback_xenbus_init();
	if (err)
		goto err_remove_debugfs;
	return 0;

err_remove_debugfs:
	blkback_debugfs_exit();
	blkback_latency_cleanup();
err_cleanup_pool:
	blkback_pool_cleanup();
err_destroy_dev_wq:
	destroy_workqueue(blkback_dev_wq);
	return err;
}
module_init(blkback_init);

static void __exit blkback_exit(void)
{
	blkback_xenbus_exit();
	blkback_debugfs_exit();
	blkback_vbd_exit();
	blkback_latency_cleanup();
	blkback_pool_cleanup();
	destroy_workqueue(blkback_dev_wq);
}
module_exit(blkback_exit);

MODULE_DESCRIPTION("Xen virtual disk, host side");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen-backend:vbd");
