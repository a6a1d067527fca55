// SPDX-License-Identifier: GPL-2.0
/* xen-blkfront: module parameters, registration, exit. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/major.h>
#include <linux/module.h>
#include <xen/platform_pci.h>
#include <xen/xen.h>

#include "blkfront.h"

struct workqueue_struct *blkfront_wq;
struct workqueue_struct *blkfront_wake_wq;
struct workqueue_struct *blkfront_block_wq;

bool blkfront_trusted = true;
module_param_named(trusted, blkfront_trusted, bool, 0644);
MODULE_PARM_DESC(trusted, "Trust backends with the pages of requests; read when a disk connects (default Y)");

bool blkfront_feature_persistent = true;
module_param_named(feature_persistent, blkfront_feature_persistent, bool, 0644);
MODULE_PARM_DESC(feature_persistent, "Use persistent grants where the backend does, and copy all data; read when a disk connects (default Y)");

unsigned int blkfront_max_persistent_grants = 1024;
module_param_named(max_persistent_grants, blkfront_max_persistent_grants, uint, 0644);
MODULE_PARM_DESC(max_persistent_grants, "Pages of a ring that stay granted between requests, at most, unless the backend keeps more of them mapped (default 1024)");

unsigned int blkfront_max_queues = 4;
module_param_named(max_queues, blkfront_max_queues, uint, 0644);
MODULE_PARM_DESC(max_queues, "Rings for each disk, at most, and at most one for each online CPU; read when a disk connects (default 4)");

unsigned int blkfront_poll_queues;
module_param_named(poll_queues, blkfront_poll_queues, uint, 0644);
MODULE_PARM_DESC(poll_queues, "Rings besides these for requests that are polled for, at most, of those that the backend offers beyond one; read when a disk connects (default 0)");

unsigned int blkfront_max_ring_page_order = 2;
module_param_named(max_ring_page_order, blkfront_max_ring_page_order, uint, 0644);
MODULE_PARM_DESC(max_ring_page_order, "A ring has 2^this pages, at most, for 32 requests each; 0 to 4; read when a disk connects (default 2)");

unsigned int blkfront_max_indirect_segments = 256;
module_param_named(max_indirect_segments, blkfront_max_indirect_segments, uint, 0644);
MODULE_PARM_DESC(max_indirect_segments, "Pages that one request carries, at most; up to 4096; read when a disk connects (default 256)");

unsigned int blkfront_reconnect_timeout_sec = 60;
module_param_named(reconnect_timeout_sec, blkfront_reconnect_timeout_sec, uint, 0644);
MODULE_PARM_DESC(reconnect_timeout_sec, "Seconds for which a disk in use whose device was taken away unasked waits for another one; 0: its I/O fails at once (default 60)");

unsigned int blkfront_lost_timeout_sec;
module_param_named(lost_timeout_sec, blkfront_lost_timeout_sec, uint, 0644);
MODULE_PARM_DESC(lost_timeout_sec, "Seconds after which the I/O of a disk that lost its backend fails until it is back; 0: it waits as long as the toolstack wants the disk (default 0)");

unsigned int blkfront_io_deadline_sec = 30;
module_param_named(io_deadline_sec, blkfront_io_deadline_sec, uint, 0644);
MODULE_PARM_DESC(io_deadline_sec, "Seconds after which the ring of a request that is not finished is looked at again, its backend notified again, and the request reported; 0: never (default 30)");

int blkfront_log_level = LOGLEVEL_INFO;
module_param_named(log_level, blkfront_log_level, int, 0644);
MODULE_PARM_DESC(log_level, "What is said of a disk, at most: 3 errors, 4 warnings too, 6 what happens to it, too (default 6)");

bool blkfront_latency_stats = true;
module_param_named(latency_stats, blkfront_latency_stats, bool, 0644);
MODULE_PARM_DESC(latency_stats, "Count how long requests take, and where, for debugfs (default Y)");

static int __init blkfront_init(void)
{
	int err;

	/*
	 * Without Xen there is no bus with devices, and the module does no
	 * harm: tests load it in a kernel that runs on no hypervisor.
	 */
	if (xen_domain() && !xen_has_pv_disk_devices())
		return -ENODEV;

	/*
	 * Memory may only get free when a disk is connected again, and so the
	 * work that does it has a thread in reserve, which no work that waits
	 * for I/O may occupy.
	 */
	blkfront_wq = alloc_workqueue("xen-blkfront",
				      WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!blkfront_wq)
		return -ENOMEM;
	blkfront_block_wq = alloc_workqueue("xen-blkfront-disk",
					    WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!blkfront_block_wq) {
		err = -ENOMEM;
		goto err_destroy_wq;
	}
	/* What is on it runs when a domain goes on that was to be suspended. */
	blkfront_wake_wq = alloc_workqueue("xen-blkfront-wake",
					   WQ_UNBOUND | WQ_MEM_RECLAIM |
					   WQ_FREEZABLE, 0);
	if (!blkfront_wake_wq) {
		err = -ENOMEM;
		goto err_destroy_block_wq;
	}

	err = register_blkdev(XENVBD_MAJOR, "xvd");
	if (err) {
		pr_err("block major %d is taken: is another xen-blkfront loaded?\n",
		       XENVBD_MAJOR);
		goto err_destroy_wake_wq;
	}

	blkfront_debugfs_init();
	err = blkfront_device_register();
	if (err)
		goto err_remove_debugfs;
	return 0;

err_remove_debugfs:
	blkfront_debugfs_exit();
	unregister_blkdev(XENVBD_MAJOR, "xvd");
err_destroy_wake_wq:
	destroy_workqueue(blkfront_wake_wq);
err_destroy_block_wq:
	destroy_workqueue(blkfront_block_wq);
err_destroy_wq:
	destroy_workqueue(blkfront_wq);
	return err;
}
module_init(blkfront_init);

static void __exit blkfront_exit(void)
{
	blkfront_device_unregister();
	blkfront_disk_wait_for_all();
	blkfront_linger_wait();
	blkfront_linger_exit();
	blkfront_debugfs_exit();
	unregister_blkdev(XENVBD_MAJOR, "xvd");
	destroy_workqueue(blkfront_wake_wq);
	destroy_workqueue(blkfront_block_wq);
	destroy_workqueue(blkfront_wq);
}
module_exit(blkfront_exit);

MODULE_DESCRIPTION("Xen virtual disk, guest side");
MODULE_LICENSE("GPL");
MODULE_ALIAS_BLOCKDEV_MAJOR(XENVBD_MAJOR);
MODULE_ALIAS("xen:vbd");
MODULE_ALIAS("xenblk");
