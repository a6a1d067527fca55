// SPDX-License-Identifier: GPL-2.0
/*
 * What is read from XenStore and written to it, and what xenbus calls.  The only
 * room that talks to XenStore.
 *
 * What a watch sees only sets what is wanted and queues the device's work item,
 * which is in state.c.
 */
#include <linux/err.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "blkback.h"
#include "compat.h"

/* The toolstack's, and ours alone: Xen's header does not know it. */
#define KEY_EMULATE_512		"emulate-512"
#define KEY_DEV			"dev"

/**
 * blkback_xenbus_begin - use XenStore on behalf of a device
 * @dev: the device
 *
 * remove() waits for blkback_xenbus_end().
 *
 * Context: process, may sleep.
 * Return: false when the device is gone; then there is nothing to end.
 */
bool blkback_xenbus_begin(struct blkback_dev *dev)
{
	mutex_lock(&dev->lock);
	if (!dev->removed)
		return true;
	mutex_unlock(&dev->lock);
	return false;
}

/**
 * blkback_xenbus_end - what blkback_xenbus_begin() began
 * @dev: the device
 */
void blkback_xenbus_end(struct blkback_dev *dev)
{
	mutex_unlock(&dev->lock);
}

/*
 * XenStore lets a driver domain have few transactions at once, 10 unless told otherwise,
 * and xenbus gives up the device for which it cannot have one.  So the devices take turns.
 */
static DEFINE_MUTEX(transaction_mutex);

/* @state: what our directory says; the toolstack has made it anew, for another disk? */
static bool made_anew(const struct xenbus_device *xbdev, int state)
{
	return state == XenbusStateInitialising && state != xbdev->state;
}

/**
 * blkback_xenbus_transact - write keys of a device, all of them or none
 * @dev: the device, between begin and end, before its first step or after its last
 * @write: what writes them; returns 0 or an errno
 *
 * A directory that the toolstack has taken away is not made again, and one that it has
 * made anew is another disk's.
 *
 * Context: process, may sleep.
 * Return: 0; -EAGAIN when somebody else was in the way; -ENOENT when the directory is
 * gone; or another errno.
 */
int blkback_xenbus_transact(struct blkback_dev *dev,
			    int (*write)(struct blkback_dev *dev,
					 struct xenbus_transaction xbt))
{
	struct xenbus_transaction xbt;
	int err, state;

	guard(mutex)(&transaction_mutex);
	err = xenbus_transaction_start(&xbt);
	if (err)
		return err;
	err = xenbus_scanf(xbt, dev->xbdev->nodename, "state", "%d", &state);
	if (err > 0 && made_anew(dev->xbdev, state))
		err = -ENOENT;
	if (err > 0)
		err = write(dev, xbt);
	if (!err)
		return xenbus_transaction_end(xbt, false);
	xenbus_transaction_end(xbt, true);
	return err;
}

/**
 * blkback_xenbus_fatal - refuse the connection, and go to Closing
 * @dev: the device, between begin and end
 * @err: negative errno
 * @fmt: what is wrong, and what was expected
 *
 * A frontend that comes back again and again with the same mistake is told in
 * full a few times only.
 *
 * Context: process, may sleep.
 */
void blkback_xenbus_fatal(struct blkback_dev *dev, int err, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	guard(mutex)(&transaction_mutex);
	if (!__ratelimit(&dev->ratelimit)) {
		xenbus_switch_state(dev->xbdev, XenbusStateClosing);
		return;
	}
	va_start(args, fmt);
	vaf.va = &args;
	xenbus_dev_fatal(dev->xbdev, err, "%pV", &vaf);
	va_end(args);
}

/**
 * blkback_xenbus_switch - say what our state is
 * @dev: the device, between begin and end, or before its first step
 * @state: the state
 *
 * Context: process, may sleep.
 */
void blkback_xenbus_switch(struct blkback_dev *dev, enum xenbus_state state)
{
	guard(mutex)(&transaction_mutex);
	xenbus_switch_state(dev->xbdev, state);
}

/**
 * blkback_xenbus_online - does the toolstack want the device?
 * @dev: the device, between begin and end
 *
 * Context: process, may sleep.
 * Return: true when it is to be kept after its frontend has closed.
 */
bool blkback_xenbus_online(struct blkback_dev *dev)
{
	return xenbus_dev_is_online(dev->xbdev);
}

/**
 * blkback_xenbus_read_key - read a key
 * @dev: the device, between begin and end; told the result
 * @dir: the key's directory
 * @key: the key
 * @text: result, to be freed; NULL where there is no such key
 *
 * One that cannot be read says nothing of what is in it: that is told.
 *
 * Context: process, may sleep.
 * Return: 0 or -errno.
 */
int blkback_xenbus_read_key(struct blkback_dev *dev, const char *dir,
			    const char *key, char **text)
{
	int err;

	*text = xenbus_read(XBT_NIL, dir, key, NULL);
	err = PTR_ERR_OR_ZERO(*text);
	if (err)
		*text = NULL;
	if (err == -ENOENT)
		return 0;
	if (err)
		blkback_xenbus_fatal(dev, err, "reading %s/%s", dir, key);
	return err;
}

struct front_keys {
	struct blkback_keys keys;
	const char *dir;
};

static char *read_front_key(const struct blkback_keys *keys, const char *key)
{
	const struct front_keys *front =
		container_of(keys, struct front_keys, keys);
	char *text = xenbus_read(XBT_NIL, front->dir, key, NULL);

	return text == ERR_PTR(-ENOENT) ? NULL : text;
}

/* The text is the frontend's: not all of it, and nothing that a terminal acts on. */
static void report_refusal(struct blkback_dev *dev, int err,
			   const struct blkback_refusal *refusal)
{
	if (err != -ENOENT && err != -EINVAL)
		blkback_xenbus_fatal(dev, err, "reading %s/%s",
				     dev->xbdev->otherend, refusal->key);
	else if (refusal->missing)
		blkback_xenbus_fatal(dev, err,
				     "%s/%s is missing, expected %s",
				     dev->xbdev->otherend, refusal->key,
				     refusal->expected);
	else
		blkback_xenbus_fatal(dev, err,
				     "%s/%s is \"%*pE\", expected %s",
				     dev->xbdev->otherend, refusal->key,
				     (int)strlen(refusal->value),
				     refusal->value, refusal->expected);
}

/* What is said of all rings together. */
static int read_config(struct blkback_dev *dev, struct blkback_config *config)
{
	struct front_keys front = { .keys.read = read_front_key };
	struct blkback_refusal refusal = {};
	int err;

	if (!blkback_xenbus_begin(dev))
		return -ENODEV;
	front.dir = dev->xbdev->otherend;
	err = blkback_negotiate(&front.keys, &dev->offer,
				dev->vbd.limits.block_sectors << SECTOR_SHIFT,
				config, &refusal);
	if (err)
		report_refusal(dev, err, &refusal);
	blkback_xenbus_end(dev);
	return err;
}

static int read_ring_config(struct blkback_dev *dev,
			    const struct blkback_config *config,
			    unsigned int number)
{
	struct front_keys front = { .keys.read = read_front_key };
	struct blkback_refusal refusal = {};
	int err;

	if (!blkback_xenbus_begin(dev))
		return -ENODEV;
	front.dir = dev->xbdev->otherend;
	err = blkback_negotiate_ring(&front.keys, config, number,
				     &config->ring[number], &refusal);
	if (err)
		report_refusal(dev, err, &refusal);
	blkback_xenbus_end(dev);
	return err;
}

static int alloc_ring_configs(struct blkback_dev *dev,
			      struct blkback_config *config)
{
	config->ring = kcalloc(config->nr_queues, sizeof(*config->ring),
			       GFP_KERNEL);
	if (config->ring)
		return 0;
	if (blkback_xenbus_begin(dev)) {
		blkback_xenbus_fatal(dev, -ENOMEM, "reading the keys of %u rings",
				     config->nr_queues);
		blkback_xenbus_end(dev);
	}
	return -ENOMEM;
}

/**
 * blkback_xenbus_read_config - read and check what the frontend wrote
 * @dev: the device, not between begin and end, its backing device open
 * @config: result; @config->ring is the caller's to free
 *
 * remove() has to wait for one ring at most.
 *
 * Context: process, may sleep.
 * Return: 0 or -errno, when the connection was refused or the device is gone.
 */
int blkback_xenbus_read_config(struct blkback_dev *dev,
			       struct blkback_config *config)
{
	unsigned int i;
	int err;

	err = read_config(dev, config);
	if (err)
		return err;
	err = alloc_ring_configs(dev, config);
	if (err)
		return err;
	for (i = 0; !err && i < config->nr_queues; i++)
		err = read_ring_config(dev, config, i);
	if (err)
		kfree(config->ring);
	return err;
}

/* Whose number it is; -ENOENT before the hotplug script has said it. */
static int read_devt(struct blkback_dev *dev, dev_t *devt)
{
	const char *node = dev->xbdev->nodename;
	unsigned int major, minor;
	char *number;
	int err;

	err = blkback_xenbus_read_key(dev, node, BLKIF_KEY_PHYSICAL_DEVICE,
				      &number);
	if (err)
		return err;
	if (!number)
		return -ENOENT;
	if (sscanf(number, "%x:%x", &major, &minor) != 2) {
		blkback_xenbus_fatal(dev, -EINVAL,
				     "%s/%s is \"%.32s\", expected major:minor in hexadecimal",
				     node, BLKIF_KEY_PHYSICAL_DEVICE, number);
		err = -EINVAL;
	} else {
		*devt = MKDEV(major, minor);
	}
	kfree(number);
	return err;
}

static int read_mode(struct blkback_dev *dev)
{
	const char *node = dev->xbdev->nodename;
	char *mode;
	int err;

	err = blkback_xenbus_read_key(dev, node, BLKIF_KEY_MODE, &mode);
	if (err)
		return err;
	if (!mode) {
		blkback_xenbus_fatal(dev, -EINVAL,
				     "%s/%s is missing, expected r, w or w!", node,
				     BLKIF_KEY_MODE);
		return -EINVAL;
	}
	mutex_lock(&dev->view_lock);
	strscpy(dev->mode, mode);
	mutex_unlock(&dev->view_lock);
	kfree(mode);
	return 0;
}

/* For people: without it the disk is called by its number. */
static void read_name(struct blkback_dev *dev)
{
	const char *node = dev->xbdev->nodename;
	char *name = xenbus_read(XBT_NIL, node, KEY_DEV, NULL);
	size_t len;

	if (IS_ERR(name))
		name = NULL;
	len = name ? strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789") : 0;
	mutex_lock(&dev->view_lock);
	if (len && !name[len])
		strscpy(dev->name, name);
	else
		strscpy(dev->name, kbasename(node));
	mutex_unlock(&dev->view_lock);
	kfree(name);
}

static int read_device_type(struct blkback_dev *dev)
{
	char *type;
	int err;

	err = blkback_xenbus_read_key(dev, dev->xbdev->otherend,
				      BLKIF_KEY_DEVICE_TYPE, &type);
	if (err)
		return err;
	dev->vbd.cdrom = type && !strcmp(type, "cdrom");
	kfree(type);
	return 0;
}

/* A key of the toolstack's that is 0 or 1, and @value already if it is missing. */
static int read_switch(struct blkback_dev *dev, const char *key, bool *value)
{
	const char *node = dev->xbdev->nodename;
	unsigned int number = *value;
	char *text;
	int err;

	err = blkback_xenbus_read_key(dev, node, key, &text);
	if (err)
		return err;
	if (text && kstrtouint(text, 10, &number)) {
		blkback_xenbus_fatal(dev, -EINVAL,
				     "%s/%s is \"%.32s\", expected 0 or 1", node,
				     key, text);
		err = -EINVAL;
	}
	kfree(text);
	*value = number;
	return err;
}

static int read_switches(struct blkback_dev *dev)
{
	struct blkback_vbd *vbd = &dev->vbd;
	int err;

	vbd->limits.discard = true;
	err = read_switch(dev, BLKIF_KEY_DISCARD_ENABLE, &vbd->limits.discard);
	if (err)
		return err;
	vbd->emulate = false;
	return read_switch(dev, KEY_EMULATE_512, &vbd->emulate);
}

/**
 * blkback_xenbus_read_physical - read which device is to be exported, and how
 * @dev: the device, between begin and end; told the result
 *
 * Context: process, may sleep.
 * Return: 0; -ENOENT before the hotplug script has said it; another -errno, which
 * was told, for nonsense and for what cannot be read.
 */
int blkback_xenbus_read_physical(struct blkback_dev *dev)
{
	dev_t devt;
	int err;

	err = read_devt(dev, &devt);
	if (err)
		return err;
	err = read_mode(dev);
	if (err)
		return err;
	read_name(dev);
	err = read_device_type(dev);
	if (err)
		return err;
	err = read_switches(dev);
	if (err)
		return err;
	err = blkback_xenbus_read_limits(dev);
	if (err)
		return err;
	WRITE_ONCE(dev->vbd.devt, devt);
	return 0;
}

/* xenwatch. */
static void physical_device_changed(struct xenbus_watch *watch,
				    const char *path, const char *token)
{
	blkback_state_kick(container_of(watch, struct blkback_dev, physical_watch));
}

/* xenwatch.  Once a closed disk is not wanted any more it goes. */
static void own_state_changed(struct xenbus_watch *watch, const char *path,
			      const char *token)
{
	struct blkback_dev *dev =
		container_of(watch, struct blkback_dev, state_watch);
	struct xenbus_device *xbdev = dev->xbdev;
	bool closed;

	/* The event may be here before the one who wrote it has noted it. */
	mutex_lock(&dev->lock);
	closed = xbdev->state == XenbusStateClosed;
	mutex_unlock(&dev->lock);
	if (!closed || xenbus_dev_is_online(xbdev))
		return;
	/* The toolstack may have asked a closed disk to close. */
	if (xenbus_read_driver_state(xbdev, xbdev->nodename) ==
	    XenbusStateClosing)
		xenbus_printf(XBT_NIL, xbdev->nodename, "state", "%d",
			      XenbusStateClosed);
	device_unregister(&xbdev->dev);
}

/* xenwatch.  Others may have been seen and missed in between. */
static void frontend_changed(struct xenbus_device *xbdev,
			     enum xenbus_state front_state)
{
	struct blkback_dev *dev = dev_get_drvdata(&xbdev->dev);

	if (front_state == XenbusStateUnknown) {
		device_unregister(&xbdev->dev);
		return;
	}
	WRITE_ONCE(dev->front_state, front_state);
	blkback_state_kick(dev);
}

/* One event of a watch at a time: the guest can make many (rule D8). */
static bool watch_will_handle(struct xenbus_watch *watch, const char *path,
			      const char *token)
{
	return watch->nr_pending == 0;
}

static void unwatch(struct xenbus_watch *watch)
{
	if (!watch->node)
		return;
	unregister_xenbus_watch(watch);
	kfree(watch->node);
	watch->node = NULL;
}

/* @otherwise: where it cannot be read though it is there. */
static int state_at(const char *node, int otherwise)
{
	int state, err = xenbus_scanf(XBT_NIL, node, "state", "%d", &state);

	if (err > 0)
		return state;
	return err == -ENOENT || err == -EACCES ? XenbusStateUnknown : otherwise;
}

/*
 * What is known of the frontend when the device goes.  One that is there may go on, also
 * one that has no rings just now; but after a detach by force there may be another disk
 * in this one's place, and only our own state tells that.
 */
static enum xenbus_state last_front_state(struct blkback_dev *dev)
{
	struct xenbus_device *xbdev = dev->xbdev;
	int own = state_at(xbdev->nodename, xbdev->state);

	if (own == XenbusStateUnknown || made_anew(xbdev, own))
		return XenbusStateUnknown;
	return state_at(xbdev->otherend, READ_ONCE(dev->front_state));
}

/*
 * Cut the link to XenStore and leave the rest to the work item: it may have to
 * wait for the disk, and xenwatch must not.
 */
static void blkback_remove(struct xenbus_device *xbdev)
{
	struct blkback_dev *dev = dev_get_drvdata(&xbdev->dev);
	enum xenbus_state front = last_front_state(dev);

	unwatch(&dev->physical_watch);
	unwatch(&dev->state_watch);
	mutex_lock(&dev->lock);
	/* Who sees that it is gone cannot say anything any more. */
	WRITE_ONCE(dev->front_state, front);
	dev->removed = true;
	mutex_unlock(&dev->lock);
	dev_set_drvdata(&xbdev->dev, NULL);
	blkback_state_end(dev);
}

static int blkback_probe(struct xenbus_device *xbdev,
			 const struct xenbus_device_id *id)
{
	struct blkback_dev *dev = blkback_state_alloc(xbdev);
	int err;

	if (!dev) {
		xenbus_dev_fatal(xbdev, -ENOMEM, "allocating the device");
		return -ENOMEM;
	}
	err = blkback_xenbus_write_offer(dev);
	if (err)
		goto err_remove;
	blkback_xenbus_switch(dev, XenbusStateInitWait);
	err = xenbus_watch_pathfmt(xbdev, &dev->state_watch, watch_will_handle,
				   own_state_changed, "%s/state",
				   xbdev->nodename);
	if (err)
		goto err_remove;
	err = xenbus_watch_pathfmt(xbdev, &dev->physical_watch,
				   watch_will_handle, physical_device_changed,
				   "%s/%s", xbdev->nodename,
				   BLKIF_KEY_PHYSICAL_DEVICE);
	if (err)
		goto err_remove;
	return 0;

err_remove:
	blkback_remove(xbdev);
	return err;
}

static const struct xenbus_device_id blkback_ids[] = {
	{ "vbd" },
	{ "" }
};

static struct xenbus_driver blkback_driver = {
	.ids = blkback_ids,
	.probe = blkback_probe,
	.remove = blkback_remove,
	.otherend_changed = frontend_changed,
	.allow_rebind = true,
	.driver.dev_groups = blkback_sysfs_groups,
};

/**
 * blkback_xenbus_init - start to serve devices
 *
 * Return: 0 or -errno.
 */
int blkback_xenbus_init(void)
{
	return xenbus_register_backend(&blkback_driver);
}

/**
 * blkback_xenbus_exit - let go of all devices and wait until they are gone
 *
 * Context: process, sleeps as long as a disk holds requests.
 */
void blkback_xenbus_exit(void)
{
	xenbus_unregister_driver(&blkback_driver);
	blkback_state_wait_for_all();
}
