// SPDX-License-Identifier: GPL-2.0
/*
 * A disk whose device was taken away unasked, and the one that comes instead.
 *
 * When a backend's domain has crashed, the toolstack makes the device anew: its
 * node is removed and made again, or begins again from Initialising.  xenbus
 * removes the device then and probes another one.  The disk, if it is in use,
 * is kept as an orphan meanwhile, with what was not answered, and the new device
 * adopts it.  Whether it is the same disk is seen when it is connected, as with
 * any backend that comes back.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/minmax.h>
#include <xen/xenbus.h>

#include "blkfront.h"

/* Longer than that nobody waits, and jiffies can be compared. */
#define ADOPT_MAX_SEC	(7U * 24 * 60 * 60)

/*
 * Is this a loss, and not what somebody asked for?  A driver that is unbound, or
 * a module that is unloaded, finds its node as it was.  When nobody knows it is
 * a loss, and nothing is given up.
 */
static bool adopt_unasked(struct blkfront_disk *disk)
{
	return !disk->ending && disk->state != BLKFRONT_STATE_DEAD &&
	       !test_bit(BLKFRONT_UNPLUG, &disk->flags) &&
	       !test_bit(BLKFRONT_BROKEN, &disk->flags) &&
	       blkfront_xenbus_anew(disk) != 0 && !blkfront_xenbus_unwanted(disk);
}

/**
 * blkfront_adopt_keep - the device goes: keep the disk for another one?
 * @disk: the disk, under its lock, with the device
 *
 * Only one that is in use is kept.
 *
 * Context: xenwatch, or whoever unbinds the driver; does not wait for I/O.
 * Return: true if it is kept.
 */
bool blkfront_adopt_keep(struct blkfront_disk *disk)
{
	unsigned int patience = min(READ_ONCE(blkfront_reconnect_timeout_sec),
				    ADOPT_MAX_SEC);

	lockdep_assert_held(&disk->lock);
	if (!patience || !test_bit(BLKFRONT_ADDED, &disk->flags) ||
	    !adopt_unasked(disk) || blkfront_disk_close(disk) ||
	    blkfront_disk_move(disk, NULL))
		return false;
	blkfront_warn(disk, "the device was taken away: I/O waits up to %u seconds for another one\n",
		      patience);
	disk->until = jiffies + patience * HZ;
	disk->abrupt |= !disk->closed;
	blkfront_lost_begin(disk);
	set_bit(BLKFRONT_ORPHAN, &disk->flags);
	blkfront_state_leave(disk, false);
	return true;
}

/**
 * blkfront_adopt_late - has an orphan waited for long enough?
 * @disk: the disk, under its lock
 *
 * So it has when nobody uses it any more.
 */
bool blkfront_adopt_late(struct blkfront_disk *disk)
{
	lockdep_assert_held(&disk->lock);
	if (!test_bit(BLKFRONT_ORPHAN, &disk->flags))
		return false;
	if (blkfront_disk_close(disk))
		return true;
	if (time_before(jiffies, disk->until))
		return false;
	blkfront_warn(disk, "no device came instead: I/O fails\n");
	return true;
}

/**
 * blkfront_adopt_patience - how long an orphan still waits
 * @disk: the disk, under its lock
 *
 * Return: jiffies.
 */
unsigned long blkfront_adopt_patience(struct blkfront_disk *disk)
{
	lockdep_assert_held(&disk->lock);
	return time_before(jiffies, disk->until) ? disk->until - jiffies : 0;
}

/* The device is the disk's, and so is the next step. */
static int adopt(struct blkfront_disk *disk, struct xenbus_device *xbdev,
		 u16 handle)
{
	disk->xbdev = xbdev;
	if (blkfront_xenbus_note_backend(disk)) {
		disk->xbdev = NULL;
		return -ENOMEM;
	}
	if (blkfront_disk_move(disk, &xbdev->dev))
		blkfront_warn(disk, "stays where it is in sysfs\n");
	clear_bit(BLKFRONT_ORPHAN, &disk->flags);
	disk->handle = handle;
	disk->said = xbdev->state;
	disk->fresh = xbdev->state == XenbusStateInitialising;
	disk->left = jiffies;
	dev_set_drvdata(&xbdev->dev, disk);
	blkfront_info(disk, "another device came instead\n");
	return 0;
}

/**
 * blkfront_adopt - is there an orphan for a new device?
 * @xbdev: the device; gets a reference to the disk that it adopts
 * @vdev: what its number means
 * @handle: its disk, as the wire has it
 *
 * Context: probe.
 * Return: 0 if there is; -ENOENT if there is none; -ENOMEM.
 */
int blkfront_adopt(struct xenbus_device *xbdev,
		   const struct blkfront_vdev *vdev, u16 handle)
{
	struct blkfront_disk *disk = blkfront_disk_find_orphan(vdev);
	int err = -ENOENT;

	if (!disk)
		return err;
	mutex_lock(&disk->lock);
	if (test_bit(BLKFRONT_ORPHAN, &disk->flags) && !disk->ending)
		err = adopt(disk, xbdev, handle);
	mutex_unlock(&disk->lock);
	if (err)
		blkfront_disk_put(disk);
	else
		blkfront_disk_queue_work(disk, 0);
	return err;
}
