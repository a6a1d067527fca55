// SPDX-License-Identifier: GPL-2.0
/*
 * Devices and states in XenStore: the backend's, ours, and what the toolstack
 * wants.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/slab.h>
#include <xen/platform_pci.h>
#include <xen/xenbus.h>

#include "blkfront.h"
#include "compat.h"

/* --- keys that may be missing --------------------------------------------------- */

/* A key that will not be any other when it is read again. */
static bool xenbus_is_missing(int err)
{
	return err == -ENOENT || err == -EACCES || err == -ERANGE;
}

static int xenbus_say_unread(struct blkfront_disk *disk, const char *dir,
			     const char *key, int err)
{
	blkfront_warn(disk, "%s/%s cannot be read: error %d\n", dir, key, err);
	return err;
}

/*
 * What cannot be read is not known to be missing: it is an error, and the caller
 * asks again.
 */
static int xenbus_read_number(struct blkfront_disk *disk, const char *dir,
			      const char *key, unsigned int missing,
			      unsigned int *number)
{
	int err = xenbus_scanf(XBT_NIL, dir, key, "%u", number);

	if (err == 1)
		return 0;
	*number = missing;
	return xenbus_is_missing(err) ? 0 :
	       xenbus_say_unread(disk, dir, key, err);
}

/* --- states ------------------------------------------------------------------- */

/**
 * blkfront_xenbus_backend - the backend's state now
 * @disk: the disk
 * @state: filled in; Unknown if there is none
 *
 * To the core, a state that could not be read is none.
 *
 * Return: 0, or an error if it could not be read.
 */
int blkfront_xenbus_backend(struct blkfront_disk *disk, enum xenbus_state *state)
{
	unsigned int number;
	int err;

	*state = XenbusStateUnknown;
	if (!disk->xbdev)
		return 0;
	*state = xenbus_read_driver_state(disk->xbdev, disk->backend);
	if (*state != XenbusStateUnknown)
		return 0;
	err = xenbus_read_number(disk, disk->backend, "state",
				 XenbusStateUnknown, &number);
	if (!err && number != XenbusStateUnknown)
		err = -EAGAIN;
	return err;
}

/**
 * blkfront_xenbus_backend_exists - is the backend's node there, whatever it says?
 * @disk: the disk, with a device or without
 */
bool blkfront_xenbus_backend_exists(struct blkfront_disk *disk)
{
	return xenbus_exists(XBT_NIL, disk->backend, "state");
}

/**
 * blkfront_xenbus_domid - the backend's domain
 * @disk: the disk
 */
domid_t blkfront_xenbus_domid(struct blkfront_disk *disk)
{
	return disk->xbdev->otherend_id;
}

/**
 * blkfront_xenbus_trusted - may the backend see what shares a page with data?
 * @disk: the disk
 * @trusted: filled in
 *
 * It may if nobody said anything else; but not because what was said cannot be
 * read, or understood.
 *
 * Return: 0 or an error.
 */
int blkfront_xenbus_trusted(struct blkfront_disk *disk, bool *trusted)
{
	const char *node = disk->xbdev->nodename;
	unsigned int word = 1;
	int err = xenbus_scanf(XBT_NIL, node, BLKIF_KEY_TRUSTED, "%u", &word);

	if (err < 0 && err != -ENOENT)
		return xenbus_say_unread(disk, node, BLKIF_KEY_TRUSTED, err);
	*trusted = READ_ONCE(blkfront_trusted) && word;
	return 0;
}

/**
 * blkfront_xenbus_wanted - does the toolstack want the device?
 * @disk: the disk
 *
 * Only asked when the backend is leaving.  Its node may have gone since: then
 * nobody has asked for the disk back.
 *
 * Return: 1 or 0; an error if it is not known.
 */
int blkfront_xenbus_wanted(struct blkfront_disk *disk)
{
	unsigned int online;
	int err = xenbus_read_number(disk, disk->backend, "online", UINT_MAX,
				     &online);

	if (err)
		return err;
	if (online == UINT_MAX)
		return !blkfront_xenbus_backend_exists(disk);
	return online > 0;
}

/**
 * blkfront_xenbus_unwanted - does the toolstack say that it wants the device no more?
 * @disk: the disk
 *
 * Asked when the device goes, and the backend's node may have gone before.  If
 * it is not known it does not say so, and the disk is kept for a while.
 */
bool blkfront_xenbus_unwanted(struct blkfront_disk *disk)
{
	return !xenbus_read_unsigned(disk->backend, "online", 1);
}

/**
 * blkfront_xenbus_anew - is the device's node another one's by now?
 * @disk: the disk, with a device
 *
 * The node is gone, or says Initialising, or names a backend's domain, though we
 * did not: the toolstack makes the device anew, or this domain is resumed.
 *
 * Return: 1 or 0; an error if it is not known.
 */
int blkfront_xenbus_anew(struct blkfront_disk *disk)
{
	struct xenbus_device *xbdev = disk->xbdev;
	unsigned int state, domid;
	int err;

	lockdep_assert_held(&disk->lock);
	err = xenbus_read_number(disk, xbdev->nodename, "state",
				 XenbusStateUnknown, &state);
	if (!err)
		err = xenbus_read_number(disk, xbdev->nodename, "backend-id",
					 xbdev->otherend_id, &domid);
	if (err)
		return err;
	return state == XenbusStateUnknown ||
	       (state == XenbusStateInitialising &&
		(state != disk->said || state != xbdev->state)) ||
	       domid != xbdev->otherend_id;
}

/**
 * blkfront_xenbus_put_state - write our state, unless the node is another one's
 * @xbt: the transaction
 * @xbdev: the device
 * @state: the state
 *
 * Return: 0; -ENOENT when the node is gone, or was made anew; or another error.
 */
int blkfront_xenbus_put_state(struct xenbus_transaction xbt,
			      struct xenbus_device *xbdev,
			      enum xenbus_state state)
{
	int now, err = xenbus_scanf(xbt, xbdev->nodename, "state", "%d", &now);

	if (err != 1)
		return xenbus_is_missing(err) ? -ENOENT : err;
	if (now == XenbusStateInitialising && xbdev->state != now)
		return -ENOENT;
	return xenbus_printf(xbt, xbdev->nodename, "state", "%d", state);
}

/*
 * If the node is gone it stays gone, and there is nobody to tell.
 *
 * Not by xenbus_switch_state(), which says Closing, or nothing, where it cannot have a
 * transaction: XenStore lets a guest have few at once, 10 unless told otherwise.
 */
static int xenbus_write_state(struct xenbus_device *xbdev,
			      enum xenbus_state state)
{
	struct xenbus_transaction xbt;
	int err;

	do {
		err = xenbus_transaction_start(&xbt);
		if (err)
			return err;
		err = blkfront_xenbus_put_state(xbt, xbdev, state);
		if (err)
			xenbus_transaction_end(xbt, 1);
		else
			err = xenbus_transaction_end(xbt, 0);
	} while (err == -EAGAIN);
	return err == -ENOENT ? 0 : err;
}

/**
 * blkfront_xenbus_switch - say what our state is
 * @disk: the disk
 * @state: the state
 *
 * Newer kernels look on xenwatch whether a device was made anew: they read our
 * state from XenStore, and then compare Initialising with the copy in the
 * device.  The copy must not change between the two, which other threads than
 * xenwatch cannot know.  So a copy that says Initialising is left alone here;
 * device_changed() brings it up to date.
 *
 * What cannot be written now is written in a second.
 */
void blkfront_xenbus_switch(struct blkfront_disk *disk, enum xenbus_state state)
{
	struct xenbus_device *xbdev = disk->xbdev;
	int err;

	lockdep_assert_held(&disk->lock);
	if (!xbdev || state == disk->said)
		return;
	err = xenbus_write_state(xbdev, state);
	if (err) {
		blkfront_warn(disk, "%s/state cannot be written: error %d, tried again in a second\n",
			      xbdev->nodename, err);
		blkfront_disk_queue_work(disk, HZ);
		return;
	}
	if (xbdev->state != XenbusStateInitialising)
		xbdev->state = state;
	disk->said = state;
	if (state == XenbusStateClosed)
		complete(&xbdev->down);
}

/**
 * blkfront_xenbus_connected - say that we are connected, once
 * @disk: the disk
 *
 * When the machine is shut down, the core closes the device behind our back,
 * and that shall not be undone.
 */
void blkfront_xenbus_connected(struct blkfront_disk *disk)
{
	if (disk->said == XenbusStateInitialised)
		blkfront_xenbus_switch(disk, XenbusStateConnected);
}

/**
 * blkfront_xenbus_fatal - report what prevents a connection, and close
 * @disk: the disk
 * @err: the error
 * @what: what went wrong
 */
void blkfront_xenbus_fatal(struct blkfront_disk *disk, int err, const char *what)
{
	xenbus_dev_error(disk->xbdev, err, "%s: %s", disk->vdev.name, what);
	blkfront_xenbus_switch(disk, XenbusStateClosing);
}

/**
 * blkfront_xenbus_busy - tell the toolstack why the disk does not go
 * @disk: the disk
 */
void blkfront_xenbus_busy(struct blkfront_disk *disk)
{
	xenbus_dev_error(disk->xbdev, -EBUSY,
			 "%s is in use, and goes when it is not",
			 disk->vdev.name);
}

/* --- devices -------------------------------------------------------------------------- */

static int xenbus_read_vdev(struct xenbus_device *xbdev,
			    struct blkfront_vdev *vdev)
{
	int number, err;

	err = xenbus_scanf(XBT_NIL, xbdev->nodename, BLKIF_KEY_VIRTUAL_DEVICE,
			   "%i", &number);
	if (err == -ENOENT)
		err = xenbus_scanf(XBT_NIL, xbdev->nodename,
				   BLKIF_KEY_VIRTUAL_DEVICE_EXT, "%i", &number);
	if (err != 1) {
		dev_err(&xbdev->dev, "%s/%s cannot be read as a number: error %d\n",
			xbdev->nodename, BLKIF_KEY_VIRTUAL_DEVICE, err);
		return err;
	}
	err = blkfront_vdev_parse(number, vdev);
	if (err)
		dev_err(&xbdev->dev, "%s/%s is %#x, expected the number of a disk\n",
			xbdev->nodename, BLKIF_KEY_VIRTUAL_DEVICE, number);
	return err;
}

/* An HVM guest may have the same disk emulated, and has no PV CD-ROM. */
static int xenbus_check_hvm(struct xenbus_device *xbdev,
			    const struct blkfront_vdev *vdev)
{
	char *type;
	bool cdrom;

	if (!xen_hvm_domain())
		return 0;
	if (!vdev->xvd && xen_has_pv_and_legacy_disk_devices()) {
		dev_info(&xbdev->dev, "the emulated disk is used instead\n");
		return -ENODEV;
	}
	if (vdev->extended && vdev->offset < 4)
		dev_warn(&xbdev->dev, "%s may be an emulated IDE disk as well: better use xvde and above\n",
			 vdev->name);
	type = xenbus_read(XBT_NIL, xbdev->nodename, BLKIF_KEY_DEVICE_TYPE,
			   NULL);
	if (IS_ERR(type))
		return PTR_ERR(type) == -ENOENT ? -ENODEV : PTR_ERR(type);
	cdrom = strstarts(type, "cdrom");
	kfree(type);
	return cdrom ? -ENODEV : 0;
}

/**
 * blkfront_xenbus_identify - which disk a device stands for
 * @xbdev: the device
 * @vdev: filled in: its name and minors
 * @handle: filled in: what the wire calls it
 *
 * Context: process.
 * Return: 0, or an error for a device that is not for us.
 */
int blkfront_xenbus_identify(struct xenbus_device *xbdev,
			     struct blkfront_vdev *vdev, u16 *handle)
{
	const char *name = strrchr(xbdev->nodename, '/');
	unsigned int number;
	int err;

	err = xenbus_read_vdev(xbdev, vdev);
	if (!err)
		err = xenbus_check_hvm(xbdev, vdev);
	if (err)
		return err;
	if (!name || kstrtouint(name + 1, 10, &number))
		return -EINVAL;
	*handle = number;
	return 0;
}

/**
 * blkfront_xenbus_note_backend - where the backend's keys are
 * @disk: the disk, under its lock or nobody else's yet
 *
 * The core's copy of the path is replaced at resume, under nobody's lock and
 * before we are told: the work item has one of its own.
 *
 * Context: process.
 * Return: 0 or -ENOMEM.
 */
int blkfront_xenbus_note_backend(struct blkfront_disk *disk)
{
	char *path = kstrdup(disk->xbdev->otherend, GFP_NOIO);

	if (!path)
		return -ENOMEM;
	kfree(disk->backend);
	disk->backend = path;
	return 0;
}

/**
 * blkfront_xenbus_has_backend - does the core know who serves the device?
 * @disk: the disk, with a device
 *
 * It does not after it was resumed in vain.
 */
bool blkfront_xenbus_has_backend(struct blkfront_disk *disk)
{
	return disk->xbdev->otherend;
}

/**
 * blkfront_xenbus_closed - say for the last time that we are Closed
 * @disk: the disk, whose device is removed
 *
 * By the core, which knows whether the node is still this device's.
 */
void blkfront_xenbus_closed(struct blkfront_disk *disk)
{
	lockdep_assert_held(&disk->lock);
	xenbus_frontend_closed(disk->xbdev);
}

/**
 * blkfront_xenbus_register - begin to take devices
 * @driver: who takes them
 *
 * Return: 0 or an error.
 */
int blkfront_xenbus_register(struct xenbus_driver *driver)
{
	return xenbus_register_frontend(driver);
}

/**
 * blkfront_xenbus_unregister - give all devices back
 * @driver: who took them
 */
void blkfront_xenbus_unregister(struct xenbus_driver *driver)
{
	xenbus_unregister_driver(driver);
}
