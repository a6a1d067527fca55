// SPDX-License-Identifier: GPL-2.0
/*
 * The device's life: what is wanted against what is, one step after the other.
 *
 * It runs on the device's work item, on a queue of the module's own, and may
 * wait there for the disk as long as the disk takes, while xenwatch goes on with
 * the other devices.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "blkback.h"

static LIST_HEAD(devs);
/*
 * Protects devs.  Process context; no other lock is taken under it.  A spinlock,
 * as it is taken while one waits for devs_wait.
 */
static DEFINE_SPINLOCK(devs_lock);
/* Woken when a device left devs. */
static DECLARE_WAIT_QUEUE_HEAD(devs_wait);

/**
 * blkback_state_kick - have the device's work item look at things
 * @dev: the device
 *
 * Context: any.
 */
void blkback_state_kick(struct blkback_dev *dev)
{
	queue_work(blkback_dev_wq, &dev->work);
}

/**
 * blkback_state_ring_broken - a ring makes no sense
 * @dev: the device
 * @fault: why not, for people; stays where it is
 *
 * Context: any.
 */
void blkback_state_ring_broken(struct blkback_dev *dev, const char *fault)
{
	WRITE_ONCE(dev->ring_fault, fault);
	blkback_state_kick(dev);
}

/* Process context: from vbd.c's poll, or from the end of a block device. */
static void vbd_changed(struct blkback_vbd *vbd)
{
	blkback_state_kick(container_of(vbd, struct blkback_dev, vbd));
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
		blkback_warn(dev, "connect waits for the requests of the former connection\n");
}

/* For a reason that needs no more words than these. */
static void dev_refuse(struct blkback_dev *dev, int err, const char *why)
{
	if (!blkback_xenbus_begin(dev))
		return;
	blkback_xenbus_fatal(dev, err, "%s", why);
	blkback_xenbus_end(dev);
}

/*
 * What the frontend was told is written outlives us, and another host's flush does not
 * reach our cache.  Who wrote nothing costs the disk no flush, however often he comes and
 * goes; a flush that failed is owed.
 */
static int dev_flush(struct blkback_dev *dev)
{
	u64 written = blkback_stats_sum(dev, offsetof(struct blkback_stats,
						      wr_sect));
	int err;

	if (dev->vbd.limits.read_only || written == dev->sectors_flushed)
		return 0;
	err = blkback_charge_flush(dev);
	if (!err)
		dev->sectors_flushed = written;
	return err;
}

/* The frontend may be the one to which a former instance could not tell it. */
static void dev_inherit_loss(struct blkback_dev *dev)
{
	if (!blkback_xenbus_begin(dev))
		return;
	if (blkback_xenbus_take_loss(dev))
		blkback_unwritten_lost(dev);
	blkback_xenbus_end(dev);
}

/* @left: the frontend has left its rings, and will not go on with them. */
static void dev_disconnect(struct blkback_dev *dev, bool left)
{
	int err;

	if (!dev->queue)
		return;
	blkback_xenbus_stats_stop(dev);
	blkback_connection_stop(dev, left);
	blkback_unwritten_stop(&dev->unwritten);
	kfree(dev->config.ring);
	dev->config.ring = NULL;
	err = dev_flush(dev);
	if (err) {
		/* It may be the same frontend that comes back. */
		blkback_unwritten_lost(dev);
		blkback_warn(dev, "the disk did not flush its cache at disconnect: %pe\n",
			     ERR_PTR(err));
	}
	WRITE_ONCE(dev->ring_fault, NULL);
	WRITE_ONCE(dev->vbd.untold, false);
	blkback_info(dev, "disconnected\n");
}

static const char *abi_text(enum blkback_abi abi)
{
	switch (abi) {
	case BLKBACK_ABI_X86_64:
		return "x86_64 slots";
	case BLKBACK_ABI_X86_32:
		return "x86_32 slots";
	default:
		return "slots of a layout that it does not tell";
	}
}

static void dev_tell_connected(struct blkback_dev *dev)
{
	const struct blkback_config *config = &dev->config;

	blkback_info(dev, "connected: %llu sectors of 512 bytes%s%s, %u ring(s) of %u page(s), %s\n",
		     dev->vbd.limits.capacity_sectors,
		     dev->vbd.emulate ? " (emulated)" : "",
		     dev->vbd.limits.read_only ? ", read-only" : "",
		     config->nr_queues, config->nr_ring_pages,
		     abi_text(config->abi));
}

/* Who looks at the rings sees what was agreed for them. */
static void dev_set_config(struct blkback_dev *dev,
			   const struct blkback_config *config)
{
	mutex_lock(&dev->view_lock);
	dev->config = *config;
	mutex_unlock(&dev->view_lock);
}

/* Publish last: the rings are served before the frontend hears of it. */
static void dev_connect(struct blkback_dev *dev)
{
	struct blkback_config config;
	int err;

	dev_wait_predecessor(dev);
	dev_inherit_loss(dev);
	err = blkback_vbd_settle(&dev->vbd);
	if (err) {
		dev_refuse(dev, err,
			   "writing what this domain has cached of the disk");
		return;
	}
	if (blkback_xenbus_read_config(dev, &config))
		return;
	dev_set_config(dev, &config);
	if (blkback_connection_start(dev, &config)) {
		kfree(config.ring);
		dev->config.ring = NULL;
		return;
	}
	blkback_debugfs_add(dev);
	blkback_xenbus_stats_start(dev);
	blkback_vbd_resized(&dev->vbd);
	WRITE_ONCE(dev->vbd.untold, false);
	if (!blkback_xenbus_begin(dev))
		return;
	if (!blkback_xenbus_write_disk(dev)) {
		blkback_xenbus_switch(dev, XenbusStateConnected);
		dev_tell_connected(dev);
	}
	blkback_xenbus_end(dev);
}

/*
 * Connected, and the frontend is where it should be: but are they the rings that
 * it published?  It may have been through Closed in between.
 */
static void dev_compare(struct blkback_dev *dev)
{
	struct blkback_config config;
	bool same;

	if (blkback_xenbus_read_config(dev, &config))
		return;
	same = blkback_config_equal(&config, &dev->config);
	kfree(config.ring);
	if (same)
		return;
	blkback_info(dev, "the frontend has new rings\n");
	dev_disconnect(dev, true);
	dev_connect(dev);
}

static void dev_switch(struct blkback_dev *dev, enum xenbus_state state)
{
	if (!blkback_xenbus_begin(dev))
		return;
	blkback_xenbus_switch(dev, state);
	blkback_xenbus_end(dev);
}

static bool dev_online(struct blkback_dev *dev)
{
	bool online = false;

	if (blkback_xenbus_begin(dev)) {
		online = blkback_xenbus_online(dev);
		blkback_xenbus_end(dev);
	}
	return online;
}

/* The toolstack removes what is behind a disk as soon as it reads Closed. */
static void dev_close(struct blkback_dev *dev)
{
	dev_disconnect(dev, true);
	if (!dev_online(dev))
		blkback_vbd_close(&dev->vbd);
	dev_switch(dev, XenbusStateClosed);
}

/* Open the backing device when the hotplug script has said which it is. */
static int dev_open(struct blkback_dev *dev)
{
	int err;

	if (dev->vbd.file)
		return 0;
	if (!blkback_xenbus_begin(dev))
		return -ENODEV;
	err = blkback_xenbus_read_physical(dev);
	blkback_xenbus_end(dev);
	if (err)
		return err;
	err = blkback_vbd_open(&dev->vbd, &dev->xbdev->dev, dev->mode);
	if (err && blkback_xenbus_begin(dev)) {
		blkback_xenbus_fatal(dev, err, "opening device %x:%x, mode %s",
				     MAJOR(dev->vbd.devt), MINOR(dev->vbd.devt),
				     dev->mode);
		blkback_xenbus_end(dev);
	}
	return err;
}

/* What cannot be told now is for vbd.c's poll to ask for again. */
static void dev_tell_size(struct blkback_dev *dev)
{
	int err = 0;

	if (!blkback_xenbus_begin(dev))
		return;
	if (dev->xbdev->state == XenbusStateConnected)
		err = blkback_xenbus_write_size(dev);
	blkback_xenbus_end(dev);
	if (err == -ENOENT)
		err = 0;
	if (err && !dev->vbd.untold)
		blkback_warn(dev, "its new size cannot be written to XenStore yet: %pe\n",
			     ERR_PTR(err));
	WRITE_ONCE(dev->vbd.untold, err);
}

static void dev_check_vbd(struct blkback_dev *dev)
{
	bool resized;

	if (!dev->queue)
		return;
	if (READ_ONCE(dev->vbd.gone)) {
		dev_err(&dev->xbdev->dev,
			"the device behind this disk is gone: its requests fail from now on\n");
		WRITE_ONCE(dev->vbd.gone, false);
	}
	resized = blkback_vbd_resized(&dev->vbd);
	if (resized)
		blkback_info(dev, "new size: %llu sectors of 512 bytes\n",
			     dev->vbd.limits.capacity_sectors);
	if (resized || dev->vbd.untold)
		dev_tell_size(dev);
}

/* The queue said in the log what is wrong with it. */
static void dev_check_ring(struct blkback_dev *dev)
{
	const char *fault = READ_ONCE(dev->ring_fault);

	if (!fault)
		return;
	WRITE_ONCE(dev->ring_fault, NULL);
	dev_refuse(dev, -EPROTO, fault);
}

/* One ring has told the frontend of a lost cache: the others look once more. */
static void dev_check_told(struct blkback_dev *dev)
{
	if (!READ_ONCE(dev->unwritten.told_anew))
		return;
	WRITE_ONCE(dev->unwritten.told_anew, false);
	blkback_connection_kick(dev);
}

static void dev_step(struct blkback_dev *dev)
{
	enum xenbus_state front = READ_ONCE(dev->front_state);

	dev_dbg(&dev->xbdev->dev, "the frontend is in state %d, this in %d, %s\n",
		front, dev->xbdev->state,
		dev->queue ? "connected" : "not connected");
	switch (blkback_next_action(front, dev->xbdev->state, dev->queue,
				    dev->vbd.file)) {
	case BLKBACK_STAY:
		break;
	case BLKBACK_OFFER:
		/* Closed for good: the watch on our state unregisters it. */
		if (dev->xbdev->state == XenbusStateClosed && !dev_online(dev))
			break;
		dev_disconnect(dev, true);
		dev_switch(dev, XenbusStateInitWait);
		break;
	case BLKBACK_CONNECT:
		/* What we failed to tell it is no doing of the frontend's. */
		dev_disconnect(dev, false);
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
		if (!blkback_xenbus_begin(dev))
			break;
		blkback_xenbus_fatal(dev, -EINVAL,
				     "%s/state is %d, expected 1, 3, 4, 5 or 6",
				     dev->xbdev->otherend, front);
		blkback_xenbus_end(dev);
		break;
	}
}

/* remove() has let go of the device: this is all that is left of it. */
static void dev_end(struct work_struct *work)
{
	struct blkback_dev *dev = container_of(work, struct blkback_dev, end);
	unsigned int noio = memalloc_noio_save();
	enum xenbus_state front;
	bool left;

	/* From here on a kick does nothing: vbd.c may still give one. */
	disable_work_sync(&dev->work);
	front = READ_ONCE(dev->front_state);
	/* One that is there finds its rings served again by the next who is bound. */
	left = front == XenbusStateUnknown || front == XenbusStateInitialising;
	dev_disconnect(dev, left);
	blkback_vbd_close(&dev->vbd);
	/* Who is gone is not told; there may be another disk in this one's place. */
	if (front != XenbusStateUnknown && blkback_unwritten_untold(dev))
		blkback_xenbus_leave_loss(dev);
	blkback_debugfs_remove(dev);

	spin_lock(&devs_lock);
	list_del(&dev->list);
	spin_unlock(&devs_lock);
	put_device(&dev->xbdev->dev);
	mutex_destroy(&dev->lock);
	mutex_destroy(&dev->view_lock);
	blkback_latency_exit(&dev->latencies);
	blkback_stats_free(dev);
	blkback_limit_exit(&dev->limiter);
	blkback_charge_exit(dev);
	destroy_workqueue(dev->io_wq);
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
	dev_check_told(dev);
}

static void dev_work(struct work_struct *work)
{
	struct blkback_dev *dev = container_of(work, struct blkback_dev, work);
	/* Memory that is got by writing to this very disk would never come. */
	unsigned int noio = memalloc_noio_save();

	dev_follow(dev);
	memalloc_noio_restore(noio);
}

/* What was asked for by parameters, within what can be had. */
static void dev_set_offer(struct blkback_dev *dev)
{
	struct blkback_offer *offer = &dev->offer;

	offer->max_queues = clamp(READ_ONCE(blkback_max_queues) ?:
				  num_online_cpus(), 1U,
				  (unsigned int)BLKBACK_MAX_QUEUES);
	offer->max_ring_page_order =
		min_t(unsigned int, blkback_max_ring_page_order,
		      ilog2(BLKBACK_MAX_RING_PAGES));
	offer->max_indirect_segments =
		min_t(unsigned int, blkback_max_indirect_segments,
		      BLKIF_MAX_INDIRECT_SEGMENTS);
	offer->persistent = READ_ONCE(blkback_feature_persistent);
	dev->vbd.limits.max_indirect_segments = offer->max_indirect_segments;
}

/**
 * blkback_state_alloc - make the object that stands for a device
 * @xbdev: the xenbus device, whose memory it holds from now on
 *
 * Context: process, may sleep.
 * Return: the object, or NULL.  blkback_state_end() is its end.
 */
struct blkback_dev *blkback_state_alloc(struct xenbus_device *xbdev)
{
	struct blkback_dev *dev = kzalloc_obj(*dev);

	if (!dev)
		return NULL;
	/*
	 * Writeback of this domain may depend on it.  Of ordinary priority: how
	 * often a pass is made is the guest's to say.
	 */
	dev->io_wq = alloc_workqueue("%s", WQ_UNBOUND | WQ_MEM_RECLAIM, 0,
				     dev_name(&xbdev->dev));
	if (!dev->io_wq) {
		kfree(dev);
		return NULL;
	}
	get_device(&xbdev->dev);
	dev->xbdev = xbdev;
	dev->front_state = XenbusStateUnknown;
	dev->vbd.changed = vbd_changed;
	dev_set_offer(dev);
	mutex_init(&dev->lock);
	mutex_init(&dev->view_lock);
	blkback_latency_init(&dev->latencies);
	blkback_xenbus_stats_init(dev);
	blkback_discard_init(&dev->discards);
	blkback_durable_init(&dev->durable);
	blkback_unwritten_init(&dev->unwritten);
	blkback_limit_init(&dev->limiter);
	blkback_share_init(&dev->vbd.sharer);
	ratelimit_default_init(&dev->ratelimit);
	blkback_deadline_init_dev(dev);
	INIT_WORK(&dev->work, dev_work);
	INIT_WORK(&dev->end, dev_end);
	dev_set_drvdata(&xbdev->dev, dev);

	spin_lock(&devs_lock);
	list_add_tail(&dev->list, &devs);
	spin_unlock(&devs_lock);
	return dev;
}

/**
 * blkback_state_end - the xenbus device has gone
 * @dev: the device, with its link to XenStore cut; not to be touched any more
 *
 * Context: process.
 */
void blkback_state_end(struct blkback_dev *dev)
{
	queue_work(blkback_dev_wq, &dev->end);
}

/**
 * blkback_state_wait_for_all - wait until no device is left
 *
 * For the exit of the module, when none can appear any more.
 *
 * Context: process, sleeps as long as a disk holds requests.
 */
void blkback_state_wait_for_all(void)
{
	wait_event(devs_wait, list_empty_careful(&devs));
	/* The last work item may still be about to return. */
	flush_workqueue(blkback_dev_wq);
}
