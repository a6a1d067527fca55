// SPDX-License-Identifier: GPL-2.0
/*
 * The device's life: probe, states, watches, remove.  The only room that talks
 * to XenStore.
 *
 * What a watch sees only sets what is wanted and queues the device's work item;
 * that compares wanted with actual and takes one step after the other.  It runs
 * on a queue of the module's own and may wait there for the disk as long as the
 * disk takes, while xenwatch goes on with the other devices.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "blkback.h"
#include "compat.h"

static LIST_HEAD(devs);
/*
 * Protects devs.  Process context; no other lock is taken under it.  A spinlock,
 * as it is taken while one waits for devs_wait.
 */
static DEFINE_SPINLOCK(devs_lock);
/* Woken when a device left devs. */
static DECLARE_WAIT_QUEUE_HEAD(devs_wait);

static void dev_kick(struct blkback_dev *dev)
{
	queue_work(blkback_dev_wq, &dev->work);
}

/**
 * blkback_xenbus_ring_broken - a ring's indices make no sense
 * @dev: the device
 *
 * Context: any.
 */
void blkback_xenbus_ring_broken(struct blkback_dev *dev)
{
	WRITE_ONCE(dev->ring_broken, true);
	dev_kick(dev);
}

/* Process context: from vbd.c's poll, or from the end of a block device. */
static void vbd_changed(struct blkback_vbd *vbd)
{
	dev_kick(container_of(vbd, struct blkback_dev, vbd));
}

/*
 * The part between begin and end may use XenStore; remove() waits for its end.
 * False when the device is gone.
 */
static bool xenstore_begin(struct blkback_dev *dev)
{
	mutex_lock(&dev->lock);
	if (!dev->removed)
		return true;
	mutex_unlock(&dev->lock);
	return false;
}

static void xenstore_end(struct blkback_dev *dev)
{
	mutex_unlock(&dev->lock);
}

/*
 * Refuse the connection: under xenstore_begin().  A frontend that comes back
 * again and again with the same mistake is told in full a few times only.
 */
#define blkback_fatal(which, err, fmt, ...)				\
	do {								\
		if (__ratelimit(&(which)->ratelimit))			\
			xenbus_dev_fatal((which)->xbdev, err, fmt,	\
					 ##__VA_ARGS__);		\
		else							\
			xenbus_switch_state((which)->xbdev,		\
					    XenbusStateClosing);	\
	} while (0)

/* A key's text, or NULL; to be freed. */
static char *read_key(const char *dir, const char *key)
{
	char *text = xenbus_read(XBT_NIL, dir, key, NULL);

	return IS_ERR(text) ? NULL : text;
}

static void read_front_keys(const char *dir, struct blkback_keys *keys)
{
	keys->protocol = read_key(dir, BLKIF_KEY_PROTOCOL);
	keys->ring_ref = read_key(dir, BLKIF_KEY_RING_REF);
	keys->ring_ref0 = read_key(dir, BLKIF_KEY_RING_REF0);
	keys->ring_page_order = read_key(dir, BLKIF_KEY_RING_PAGE_ORDER);
	keys->num_ring_pages = read_key(dir, BLKIF_KEY_NUM_RING_PAGES);
	keys->event_channel = read_key(dir, BLKIF_KEY_EVENT_CHANNEL);
	keys->num_queues = read_key(dir, BLKIF_KEY_NUM_QUEUES);
	keys->large_sector_size = read_key(dir, BLKIF_KEY_LARGE_SECTOR_SIZE);
}

static void free_front_keys(const struct blkback_keys *keys)
{
	kfree(keys->protocol);
	kfree(keys->ring_ref);
	kfree(keys->ring_ref0);
	kfree(keys->ring_page_order);
	kfree(keys->num_ring_pages);
	kfree(keys->event_channel);
	kfree(keys->num_queues);
	kfree(keys->large_sector_size);
}

/* The text is the frontend's: not all of it, and nothing that a terminal acts on. */
static void report_refusal(struct blkback_dev *dev, int err,
			   const struct blkback_refusal *refusal)
{
	if (refusal->value)
		blkback_fatal(dev, err,
			      "%s/%s is \"%*pE\", expected %s",
			      dev->xbdev->otherend, refusal->key,
			      (int)strnlen(refusal->value, 32),
			      refusal->value, refusal->expected);
	else
		blkback_fatal(dev, err,
			      "%s/%s is missing, expected %s",
			      dev->xbdev->otherend, refusal->key,
			      refusal->expected);
}

/* Under xenstore_begin(). */
static int read_config(struct blkback_dev *dev, struct blkback_config *config)
{
	struct blkback_refusal refusal;
	struct blkback_keys keys;
	int err;

	read_front_keys(dev->xbdev->otherend, &keys);
	err = blkback_negotiate(&keys, dev->vbd.limits.block_sectors <<
				SECTOR_SHIFT, config, &refusal);
	if (err)
		report_refusal(dev, err, &refusal);
	free_front_keys(&keys);
	return err;
}

static unsigned int vbd_info(const struct blkback_vbd *vbd)
{
	unsigned int info = 0;

	if (vbd->cdrom)
		info |= VDISK_CDROM;
	if (vbd->bdev->bd_disk->flags & GENHD_FL_REMOVABLE)
		info |= VDISK_REMOVABLE;
	if (vbd->limits.read_only)
		info |= VDISK_READONLY;
	return info;
}

/* The keys of a connected disk, in the order that a reader may rely on. */
static int write_disk_keys(struct blkback_dev *dev,
			   struct xenbus_transaction xbt)
{
	const struct blkback_vbd *vbd = &dev->vbd;
	const struct {
		const char *key;
		u64 value;
		bool wanted;
	} keys[] = {
		{ BLKIF_KEY_FEATURE_FLUSH, vbd->flush, true },
		{ BLKIF_KEY_FEATURE_PERSISTENT, 0, true },
		{ BLKIF_KEY_DISCARD_GRANULARITY,
		  bdev_discard_granularity(vbd->bdev), vbd->limits.discard },
		{ BLKIF_KEY_DISCARD_ALIGNMENT,
		  max(bdev_discard_alignment(vbd->bdev), 0),
		  vbd->limits.discard },
		{ BLKIF_KEY_DISCARD_SECURE, vbd->limits.secure_erase,
		  vbd->limits.discard },
		{ BLKIF_KEY_FEATURE_DISCARD, vbd->limits.discard, true },
		{ BLKIF_KEY_SECTORS, vbd->limits.capacity_sectors, true },
		{ BLKIF_KEY_INFO, vbd_info(vbd), true },
		{ BLKIF_KEY_SECTOR_SIZE,
		  bdev_logical_block_size(vbd->bdev), true },
		{ BLKIF_KEY_PHYSICAL_SECTOR_SIZE,
		  bdev_physical_block_size(vbd->bdev), true },
	};
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!keys[i].wanted)
			continue;
		err = xenbus_printf(xbt, dev->xbdev->nodename, keys[i].key,
				    "%llu", keys[i].value);
		if (err) {
			blkback_fatal(dev, err, "writing %s/%s",
				      dev->xbdev->nodename, keys[i].key);
			return err;
		}
	}
	return 0;
}

/* A new size, and the state once more, so that the frontend looks (ST8). */
static int write_size(struct blkback_dev *dev, struct xenbus_transaction xbt)
{
	int err;

	err = xenbus_printf(xbt, dev->xbdev->nodename, BLKIF_KEY_SECTORS,
			    "%llu", dev->vbd.limits.capacity_sectors);
	if (err)
		return err;
	return xenbus_printf(xbt, dev->xbdev->nodename, "state", "%d",
			     XenbusStateConnected);
}

/* Under xenstore_begin(): all of @write's keys at once, or none. */
static int write_keys(struct blkback_dev *dev,
		      int (*write)(struct blkback_dev *dev,
				   struct xenbus_transaction xbt))
{
	struct xenbus_transaction xbt;
	int err;

	do {
		err = xenbus_transaction_start(&xbt);
		if (err)
			break;
		err = write(dev, xbt);
		if (err) {
			xenbus_transaction_end(xbt, true);
			return err;
		}
		err = xenbus_transaction_end(xbt, false);
	} while (err == -EAGAIN);
	if (err)
		blkback_fatal(dev, err, "writing the disk's keys");
	return err;
}

static bool dev_has_predecessor(struct blkback_dev *dev)
{
	struct blkback_dev *other;
	bool found = false;

	spin_lock(&devs_lock);
	list_for_each_entry(other, &devs, list) {
		/* Older ones stand in front. */
		if (other == dev)
			break;
		if (!strcmp(other->xbdev->nodename, dev->xbdev->nodename)) {
			found = true;
			break;
		}
	}
	spin_unlock(&devs_lock);
	return found;
}

/*
 * A device that was unbound and bound again finds its ring where the former
 * instance left it, once that has answered what it had taken.
 */
static void dev_wait_predecessor(struct blkback_dev *dev)
{
	while (!wait_event_timeout(devs_wait, !dev_has_predecessor(dev),
				   30 * HZ))
		dev_warn(&dev->xbdev->dev,
			 "connect waits for the requests of the former connection\n");
}

static void dev_disconnect(struct blkback_dev *dev)
{
	int err;

	if (!dev->queue)
		return;
	blkback_queue_destroy(dev->queue);
	dev->queue = NULL;
	/*
	 * What this frontend was told is written outlives us too: another
	 * host's flush does not reach our cache.
	 */
	err = dev->vbd.limits.read_only ? 0 : blkdev_issue_flush(dev->vbd.bdev);
	if (err)
		blkback_warn(dev, "the disk did not flush its cache at disconnect: %pe\n",
			     ERR_PTR(err));
	WRITE_ONCE(dev->ring_broken, false);
	blkback_info(dev, "disconnected\n");
}

/* Publish last: the ring is served before the frontend hears of it. */
static void dev_connect(struct blkback_dev *dev)
{
	struct blkback_queue *queue;
	struct blkback_config config;
	int err;

	dev_wait_predecessor(dev);
	err = blkback_vbd_settle(&dev->vbd);
	if (!xenstore_begin(dev))
		return;
	if (err) {
		blkback_fatal(dev, err,
			      "writing what this domain has cached of the disk");
		goto out;
	}
	if (read_config(dev, &config))
		goto out;
	queue = blkback_queue_create(dev, &config);
	if (IS_ERR(queue)) {
		blkback_fatal(dev, PTR_ERR(queue),
			      "connecting to ring %u and event channel %u of domain %d",
			      config.ring_ref, config.event_channel,
			      dev->xbdev->otherend_id);
		goto out;
	}
	dev->config = config;
	dev->queue = queue;
	blkback_vbd_resized(&dev->vbd);
	if (write_keys(dev, write_disk_keys))
		goto out;
	xenbus_switch_state(dev->xbdev, XenbusStateConnected);
	blkback_info(dev, "connected: %llu sectors of 512 bytes%s, %s\n",
		     dev->vbd.limits.capacity_sectors,
		     dev->vbd.limits.read_only ? ", read-only" : "",
		     config.abi == BLKBACK_ABI_X86_32 ? "x86_32 slots" :
							"x86_64 slots");
out:
	xenstore_end(dev);
}

/*
 * Connected, and the frontend is where it should be: but is it the ring that it
 * published?  It may have been through Closed in between.
 */
static void dev_compare(struct blkback_dev *dev)
{
	struct blkback_config config;
	int err;

	if (!xenstore_begin(dev))
		return;
	err = read_config(dev, &config);
	xenstore_end(dev);
	if (err || blkback_config_equal(&config, &dev->config))
		return;
	blkback_info(dev, "the frontend has a new ring\n");
	dev_disconnect(dev);
	dev_connect(dev);
}

static void dev_switch(struct blkback_dev *dev, enum xenbus_state state)
{
	if (!xenstore_begin(dev))
		return;
	xenbus_switch_state(dev->xbdev, state);
	xenstore_end(dev);
}

static bool dev_online(struct blkback_dev *dev)
{
	bool online = false;

	if (xenstore_begin(dev)) {
		online = xenbus_dev_is_online(dev->xbdev);
		xenstore_end(dev);
	}
	return online;
}

/* The toolstack removes what is behind a disk as soon as it reads Closed. */
static void dev_close(struct blkback_dev *dev)
{
	dev_disconnect(dev);
	if (!dev_online(dev))
		blkback_vbd_close(&dev->vbd);
	dev_switch(dev, XenbusStateClosed);
}

/* Under xenstore_begin(). */
static int read_physical_device(struct blkback_dev *dev)
{
	const char *node = dev->xbdev->nodename;
	unsigned int major, minor;
	char *number, *mode, *type;
	int nr;

	number = read_key(node, BLKIF_KEY_PHYSICAL_DEVICE);
	if (!number)
		return -ENOENT;
	nr = sscanf(number, "%x:%x", &major, &minor);
	if (nr != 2)
		blkback_fatal(dev, -EINVAL,
			      "%s/%s is \"%.32s\", expected major:minor in hexadecimal",
			      node, BLKIF_KEY_PHYSICAL_DEVICE, number);
	kfree(number);
	if (nr != 2)
		return -EINVAL;
	mode = read_key(node, BLKIF_KEY_MODE);
	if (!mode) {
		blkback_fatal(dev, -EINVAL,
			      "%s/%s is missing, expected r, w or w!", node,
			      BLKIF_KEY_MODE);
		return -EINVAL;
	}
	strscpy(dev->mode, mode);
	kfree(mode);
	type = read_key(dev->xbdev->otherend, BLKIF_KEY_DEVICE_TYPE);
	dev->vbd.cdrom = type && !strcmp(type, "cdrom");
	kfree(type);
	dev->vbd.limits.discard =
		xenbus_read_unsigned(node, BLKIF_KEY_DISCARD_ENABLE, 1);
	WRITE_ONCE(dev->vbd.devt, MKDEV(major, minor));
	return 0;
}

/* Open the backing device when the hotplug script has said which it is. */
static int dev_open(struct blkback_dev *dev)
{
	int err;

	if (dev->vbd.file)
		return 0;
	if (!xenstore_begin(dev))
		return -ENODEV;
	err = read_physical_device(dev);
	xenstore_end(dev);
	if (err)
		return err;
	err = blkback_vbd_open(&dev->vbd, &dev->xbdev->dev, dev->mode);
	if (err && xenstore_begin(dev)) {
		blkback_fatal(dev, err, "opening device %x:%x, mode %s",
			      MAJOR(dev->vbd.devt), MINOR(dev->vbd.devt),
			      dev->mode);
		xenstore_end(dev);
	}
	return err;
}

static void dev_check_vbd(struct blkback_dev *dev)
{
	if (!dev->queue)
		return;
	if (READ_ONCE(dev->vbd.gone)) {
		dev_err(&dev->xbdev->dev,
			"the device behind this disk is gone: its requests fail from now on\n");
		WRITE_ONCE(dev->vbd.gone, false);
	}
	if (!blkback_vbd_resized(&dev->vbd))
		return;
	dev_info(&dev->xbdev->dev, "new size: %llu sectors of 512 bytes\n",
		 dev->vbd.limits.capacity_sectors);
	if (!xenstore_begin(dev))
		return;
	if (dev->xbdev->state == XenbusStateConnected)
		write_keys(dev, write_size);
	xenstore_end(dev);
}

/* The queue said in the log what is wrong with it. */
static void dev_check_ring(struct blkback_dev *dev)
{
	if (!READ_ONCE(dev->ring_broken) || !xenstore_begin(dev))
		return;
	WRITE_ONCE(dev->ring_broken, false);
	blkback_fatal(dev, -EPROTO,
		      "the frontend claims more requests than its ring has slots");
	xenstore_end(dev);
}

static void dev_step(struct blkback_dev *dev)
{
	enum xenbus_state front = READ_ONCE(dev->front_state);

	switch (blkback_next_action(front, dev->xbdev->state, dev->queue,
				    dev->vbd.file)) {
	case BLKBACK_STAY:
		break;
	case BLKBACK_OFFER:
		/* Closed for good: the watch on our state unregisters it. */
		if (dev->xbdev->state == XenbusStateClosed && !dev_online(dev))
			break;
		dev_disconnect(dev);
		dev_switch(dev, XenbusStateInitWait);
		break;
	case BLKBACK_CONNECT:
		dev_disconnect(dev);
		dev_connect(dev);
		break;
	case BLKBACK_COMPARE:
		dev_compare(dev);
		break;
	case BLKBACK_CLOSE:
		dev_switch(dev, XenbusStateClosing);
		break;
	case BLKBACK_DISCONNECT:
		dev_close(dev);
		break;
	case BLKBACK_REFUSE:
		if (!xenstore_begin(dev))
			break;
		blkback_fatal(dev, -EINVAL,
			      "%s/state is %d, expected 1, 3, 4, 5 or 6",
			      dev->xbdev->otherend, front);
		xenstore_end(dev);
		break;
	}
}

/* remove() has let go of the device: this is all that is left of it. */
static void dev_end(struct work_struct *work)
{
	struct blkback_dev *dev = container_of(work, struct blkback_dev, end);
	unsigned int noio = memalloc_noio_save();

	/* From here on a kick does nothing: vbd.c may still give one. */
	disable_work_sync(&dev->work);
	dev_disconnect(dev);
	blkback_vbd_close(&dev->vbd);

	spin_lock(&devs_lock);
	list_del(&dev->list);
	spin_unlock(&devs_lock);
	put_device(&dev->xbdev->dev);
	mutex_destroy(&dev->lock);
	kfree(dev);
	wake_up_all(&devs_wait);
	memalloc_noio_restore(noio);
}

/* One step after the other towards what the frontend wants. */
static void dev_follow(struct blkback_dev *dev)
{
	dev_check_ring(dev);
	if (READ_ONCE(dev->front_state) == XenbusStateUnknown)
		return;
	dev_step(dev);
	if (dev->xbdev->state == XenbusStateInitWait && !dev_open(dev))
		dev_step(dev);
	dev_check_vbd(dev);
}

static void dev_work(struct work_struct *work)
{
	struct blkback_dev *dev = container_of(work, struct blkback_dev, work);
	/* Memory that is got by writing to this very disk would never come. */
	unsigned int noio = memalloc_noio_save();

	dev_follow(dev);
	memalloc_noio_restore(noio);
}

/* xenwatch. */
static void physical_device_changed(struct xenbus_watch *watch,
				    const char *path, const char *token)
{
	dev_kick(container_of(watch, struct blkback_dev, physical_watch));
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
	dev_kick(dev);
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

/*
 * Cut the link to XenStore and leave the rest to the work item: it may have to
 * wait for the disk, and xenwatch must not.
 */
static void blkback_remove(struct xenbus_device *xbdev)
{
	struct blkback_dev *dev = dev_get_drvdata(&xbdev->dev);

	unwatch(&dev->physical_watch);
	unwatch(&dev->state_watch);
	mutex_lock(&dev->lock);
	dev->removed = true;
	mutex_unlock(&dev->lock);
	dev_set_drvdata(&xbdev->dev, NULL);
	queue_work(blkback_dev_wq, &dev->end);
}

static struct blkback_dev *dev_alloc(struct xenbus_device *xbdev)
{
	struct blkback_dev *dev = kzalloc_obj(*dev);

	if (!dev)
		return NULL;
	get_device(&xbdev->dev);
	dev->xbdev = xbdev;
	dev->front_state = XenbusStateUnknown;
	dev->vbd.changed = vbd_changed;
	mutex_init(&dev->lock);
	ratelimit_default_init(&dev->ratelimit);
	u64_stats_init(&dev->stats.syncp);
	INIT_WORK(&dev->work, dev_work);
	INIT_WORK(&dev->end, dev_end);
	dev_set_drvdata(&xbdev->dev, dev);

	spin_lock(&devs_lock);
	list_add_tail(&dev->list, &devs);
	spin_unlock(&devs_lock);
	return dev;
}

static int blkback_probe(struct xenbus_device *xbdev,
			 const struct xenbus_device_id *id)
{
	struct blkback_dev *dev = dev_alloc(xbdev);
	int err;

	if (!dev) {
		xenbus_dev_fatal(xbdev, -ENOMEM, "allocating the device");
		return -ENOMEM;
	}
	err = xenbus_switch_state(xbdev, XenbusStateInitWait);
	if (err)
		goto err_remove;
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
	wait_event(devs_wait, list_empty_careful(&devs));
	/* The last work item may still be about to return. */
	flush_workqueue(blkback_dev_wq);
}
