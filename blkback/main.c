// SPDX-License-Identifier: GPL-2.0
/*
 * xen-blkback: the host's half of the Xen virtual disk.
 *
 * Parameters, registration, exit.
 */
#include <linux/module.h>
#include <linux/workqueue.h>

#include "blkback.h"

unsigned int blkback_max_buffer_pages = 1024;
module_param_named(max_buffer_pages, blkback_max_buffer_pages, uint, 0644);
MODULE_PARM_DESC(max_buffer_pages,
		 "Pages that one ring may have mapped at once (default 1024; at least 11, at most what its slots hold; read at connect)");

bool blkback_exclusive_open = true;
module_param_named(exclusive_open, blkback_exclusive_open, bool, 0644);
MODULE_PARM_DESC(exclusive_open,
		 "Claim the device behind a writable disk, so that this domain cannot mount it meanwhile (default Y; mode 'w!' of one disk does without)");

/*
 * The rings' passes.  Writeback of this domain may depend on them.  Of ordinary
 * priority: how often a pass is made is the guest's to say.
 */
struct workqueue_struct *blkback_queue_wq;

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

	blkback_queue_wq = alloc_workqueue("xen-blkback",
					   WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!blkback_queue_wq)
		return -ENOMEM;
	blkback_dev_wq = alloc_workqueue("xen-blkback-dev",
					 WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!blkback_dev_wq) {
		err = -ENOMEM;
		goto err_destroy_queue_wq;
	}
	err = blkback_xenbus_init();
	if (err)
		goto err_destroy_dev_wq;
	return 0;

err_destroy_dev_wq:
	destroy_workqueue(blkback_dev_wq);
err_destroy_queue_wq:
	destroy_workqueue(blkback_queue_wq);
	return err;
}
module_init(blkback_init);

static void __exit blkback_exit(void)
{
	blkback_xenbus_exit();
	blkback_vbd_exit();
	destroy_workqueue(blkback_dev_wq);
	destroy_workqueue(blkback_queue_wq);
}
module_exit(blkback_exit);

MODULE_DESCRIPTION("Xen virtual disk, host side");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen-backend:vbd");
