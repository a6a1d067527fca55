// SPDX-License-Identifier: GPL-2.0
/*
 * What xenbus calls: a device comes, changes, is suspended, and goes.
 *
 * A watch only says that something changed and queues the disk's work item:
 * nothing long runs on xenwatch, which all devices share.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <xen/xenbus.h>

#include "blkfront.h"

/* What requests get to finish in before the domain is suspended. */
#define DEVICE_DRAIN		(5 * HZ)
/* What a removed disk gets to go in. */
#define DEVICE_GONE		(30 * HZ)

static int device_take(struct xenbus_device *xbdev)
{
	struct blkfront_disk *disk;
	struct blkfront_vdev vdev;
	u16 handle;
	int err;

	err = blkfront_xenbus_identify(xbdev, &vdev, &handle);
	if (err)
		return err;
	err = blkfront_adopt(xbdev, &vdev, handle);
	if (err != -ENOENT)
		return err;

	disk = blkfront_disk_alloc(&vdev);
	if (!disk)
		return -ENOMEM;
	disk->handle = handle;
	disk->xbdev = xbdev;
	if (blkfront_xenbus_note_backend(disk)) {
		blkfront_disk_put(disk);
		return -ENOMEM;
	}
	disk->said = xbdev->state;
	if (xbdev->state != XenbusStateInitialising) {
		/* Another driver had it before us, and the backend knows that. */
		disk->state = BLKFRONT_STATE_LEAVING;
		disk->left = jiffies;
	}
	dev_set_drvdata(&xbdev->dev, disk);
	blkfront_disk_queue_work(disk, 0);
	return 0;
}

/* The I/O that memory is waited for may be that of a disk that is adopted here. */
static int device_probe(struct xenbus_device *xbdev,
			const struct xenbus_device_id *id)
{
	unsigned int noio = memalloc_noio_save();
	int err = device_take(xbdev);

	memalloc_noio_restore(noio);
	return err;
}

static void device_changed(struct xenbus_device *xbdev,
			   enum xenbus_state backend)
{
	struct blkfront_disk *disk = dev_get_drvdata(&xbdev->dev);

	mutex_lock(&disk->lock);
	if (xbdev->state == XenbusStateInitialising)
		xbdev->state = disk->said;
	mutex_unlock(&disk->lock);
	set_bit(BLKFRONT_CHANGED, &disk->flags);
	blkfront_disk_queue_work(disk, 0);
}

/*
 * The device goes, and its directory in sysfs with it: the gendisk in that has
 * to go first.  What keeps it is the fence, and a backend that does not let go
 * is given up soon; longer than that xenwatch shall not wait.  A disk that is
 * kept for another device is moved out of the directory at once.
 */
static void device_remove(struct xenbus_device *xbdev)
{
	struct blkfront_disk *disk = dev_get_drvdata(&xbdev->dev);
	unsigned int noio = memalloc_noio_save();
	bool kept;

	mutex_lock(&disk->lock);
	/* The work item that does it may come too late. */
	blkfront_state_wake(disk);
	kept = blkfront_adopt_keep(disk);
	if (!kept)
		set_bit(BLKFRONT_REMOVED, &disk->flags);
	blkfront_xenbus_closed(disk);
	disk->xbdev = NULL;
	mutex_unlock(&disk->lock);

	blkfront_disk_queue_work(disk, 0);
	if (!kept && !wait_for_completion_timeout(&disk->gone, DEVICE_GONE))
		blkfront_disk_orphan(disk);
	memalloc_noio_restore(noio);
	dev_set_drvdata(&xbdev->dev, NULL);
	blkfront_disk_put(disk);
}

static int device_suspend(struct xenbus_device *xbdev)
{
	struct blkfront_disk *disk = dev_get_drvdata(&xbdev->dev);
	struct blkfront_queue *queue;

	mutex_lock(&disk->lock);
	if (disk->state == BLKFRONT_STATE_LIVE &&
	    !blkfront_recover_drain(disk, DEVICE_DRAIN))
		blkfront_warn(disk, "requests are in flight while the domain is suspended\n");
	blkfront_disk_sleep(disk);
	mutex_unlock(&disk->lock);
	for_each_queue(disk, queue)
		blkfront_poll_settle(queue);
	return 0;
}

static int device_resume(struct xenbus_device *xbdev)
{
	struct blkfront_disk *disk = dev_get_drvdata(&xbdev->dev);
	int err;

	mutex_lock(&disk->lock);
	err = blkfront_xenbus_note_backend(disk);
	blkfront_state_resume(disk);
	blkfront_state_wake(disk);
	mutex_unlock(&disk->lock);
	blkfront_disk_queue_work(disk, 0);
	return err;
}

static int device_ready(struct xenbus_device *xbdev)
{
	struct blkfront_disk *disk = dev_get_drvdata(&xbdev->dev);

	return disk && test_bit(BLKFRONT_ADDED, &disk->flags);
}

static const struct xenbus_device_id device_ids[] = {
	{ "vbd" },
	{ "" }
};

static struct xenbus_driver device_vbd = {
	.name = "vbd",		/* as it has always been called on the bus */
	.ids = device_ids,
	.probe = device_probe,
	.remove = device_remove,
	.suspend = device_suspend,
	.resume = device_resume,
	.otherend_changed = device_changed,
	.is_ready = device_ready,
};

/**
 * blkfront_device_register - begin to take devices
 *
 * Return: 0 or an error.
 */
int blkfront_device_register(void)
{
	return blkfront_xenbus_register(&device_vbd);
}

/**
 * blkfront_device_unregister - give all devices back
 */
void blkfront_device_unregister(void)
{
	blkfront_xenbus_unregister(&device_vbd);
}
