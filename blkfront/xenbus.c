// SPDX-License-Identifier: GPL-2.0
/*
 * The disk's life as XenStore tells it.
 *
 * A watch only says that something changed and queues the disk's work item,
 * which reads what the backend's state is now, compares it with how far we are,
 * and takes one step.  So states that the backend passed through unseen do no
 * harm, and nothing long runs on xenwatch, which all devices share.
 *
 *	INIT -> OFFERED -> LIVE -> LEAVING -> INIT	and so on
 *				   LEAVING -> DEAD	when it is to end
 *
 * Removal is what the toolstack asks for: the backend Closing with online=0.
 * If the disk is in use then, it stays until the last user closed it, which the
 * protocol allows and a file system deserves; the toolstack is told, and may
 * still take the device away by force (remove).  Closing or Closed with
 * online=1, or no backend at all, is a loss: the disk stays, its I/O waits.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <xen/platform_pci.h>
#include <xen/xenbus.h>

#include "blkfront.h"
#include "compat.h"

/* Between two attempts to get a lost backend back, and after a shortage. */
#define XENBUS_RETRY		HZ
/* Between two looks at whether the backend has let go of everything. */
#define XENBUS_POLL		(HZ / 10)
/* What a backend that is to be left gets for letting go. */
#define XENBUS_GIVE_UP		(5 * HZ)
/* What requests get to finish in before the domain is suspended. */
#define XENBUS_DRAIN		(5 * HZ)

/* The connection ended: nothing is sent any more until the next one. */
static void xenbus_leave(struct blkfront_disk *disk, bool ending)
{
	blkfront_recover_park(disk);
	if (ending && !disk->ending)
		disk->left = jiffies;
	disk->ending |= ending;
	if (disk->state != BLKFRONT_STATE_LEAVING) {
		disk->state = BLKFRONT_STATE_LEAVING;
		disk->left = jiffies;
	}
	blkfront_disk_queue_work(disk, 0);
}

static void xenbus_lose(struct blkfront_disk *disk, const char *how)
{
	if (disk->gd)
		blkfront_warn(disk, "the backend %s: I/O waits until it is back\n",
			      how);
	disk->waiting = true;
	xenbus_leave(disk, false);
}

/* --- offering a ring ----------------------------------------------------------- */

static int xenbus_setup_queue(struct blkfront_disk *disk,
			      struct blkfront_queue *queue,
			      evtchn_port_t *evtchn)
{
	unsigned long flags;
	int err;

	queue->page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!queue->page)
		return -ENOMEM;
	err = blkfront_port_grant_alloc(&queue->ref, 1);
	if (err) {
		__free_page(queue->page);
		queue->page = NULL;
		return err;
	}
	spin_lock_irqsave(&queue->lock, flags);
	blkfront_ring_attach(queue, queue->page);
	spin_unlock_irqrestore(&queue->lock, flags);
	blkfront_port_grant_arm(queue->ref, disk->domid, queue->page, false);

	err = xenbus_alloc_evtchn(disk->xbdev, evtchn);
	if (err)
		return err;
	err = blkfront_port_event_bind(*evtchn, blkfront_submit_interrupt,
				       queue);
	if (err <= 0) {
		xenbus_free_evtchn(disk->xbdev, *evtchn);
		return err ?: -ENODEV;
	}
	queue->irq = err;
	return 0;
}

/* What an earlier driver of this device may have left; we have one small ring. */
static const char * const xenbus_stale_keys[] = {
	BLKIF_KEY_RING_PAGE_ORDER,
	BLKIF_KEY_NUM_RING_PAGES,
	BLKIF_KEY_NUM_QUEUES,
	BLKIF_KEY_FEATURE_PERSISTENT,
};

static int xenbus_write_keys(struct xenbus_transaction xbt,
			     struct blkfront_disk *disk, evtchn_port_t evtchn)
{
	const char *node = disk->xbdev->nodename;
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(xenbus_stale_keys); i++) {
		err = xenbus_rm(xbt, node, xenbus_stale_keys[i]);
		if (err && err != -ENOENT)
			return err;
	}
	err = xenbus_printf(xbt, node, BLKIF_KEY_RING_REF, "%u",
			    disk->queues[0].ref);
	if (err)
		return err;
	err = xenbus_printf(xbt, node, BLKIF_KEY_EVENT_CHANNEL, "%u", evtchn);
	if (err)
		return err;
	return xenbus_printf(xbt, node, BLKIF_KEY_PROTOCOL, "%s",
			     BLKIF_PROTOCOL_NATIVE);
}

static int xenbus_publish(struct blkfront_disk *disk, evtchn_port_t evtchn)
{
	struct xenbus_transaction xbt;
	int err;

	do {
		err = xenbus_transaction_start(&xbt);
		if (err)
			return err;
		err = xenbus_write_keys(xbt, disk, evtchn);
		if (err) {
			xenbus_transaction_end(xbt, 1);
			return err;
		}
		err = xenbus_transaction_end(xbt, 0);
	} while (err == -EAGAIN);
	return err;
}

/* A step that fails leaves what was there before the first. */
static void xenbus_offer(struct blkfront_disk *disk)
{
	evtchn_port_t evtchn;
	int err;

	disk->domid = disk->xbdev->otherend_id;
	err = blkfront_recover_prepare(disk);
	if (!err)
		err = xenbus_setup_queue(disk, &disk->queues[0], &evtchn);
	if (!err)
		err = xenbus_publish(disk, evtchn);
	if (!err) {
		disk->state = BLKFRONT_STATE_OFFERED;
		xenbus_switch_state(disk->xbdev, XenbusStateInitialised);
		return;
	}

	/* Nobody was told of the ring: it can be taken back at once. */
	blkfront_recover_fence(disk, true);
	if (disk->gd) {
		blkfront_warn(disk, "no connection yet: error %d\n", err);
		blkfront_disk_queue_work(disk, XENBUS_RETRY);
		return;
	}
	disk->refused = true;
	xenbus_dev_fatal(disk->xbdev, err, "offering a ring to the backend");
}

/* --- connecting ------------------------------------------------------------------ */

static void xenbus_read_offer(struct blkfront_disk *disk,
			      struct blkfront_offer *offer)
{
	unsigned int key;
	char *value;

	for (key = 0; key < BLKFRONT_NR_KEYS; key++) {
		value = xenbus_read(XBT_NIL, disk->xbdev->otherend,
				    blkfront_negotiate_key(key), NULL);
		offer->value[key] = IS_ERR(value) ? NULL : value;
	}
}

static void xenbus_free_offer(struct blkfront_offer *offer)
{
	unsigned int key;

	for (key = 0; key < BLKFRONT_NR_KEYS; key++)
		kfree(offer->value[key]);
}

/* A disk that has users keeps the block size that they know. */
static int xenbus_check_same(struct blkfront_disk *disk,
			     const struct blkfront_offer *offer,
			     const struct blkfront_config *config,
			     struct blkfront_refusal *refusal)
{
	if (!disk->gd || config->sector_size == disk->config.sector_size)
		return 0;
	refusal->key = BLKIF_KEY_SECTOR_SIZE;
	refusal->value = offer->value[BLKFRONT_KEY_SECTOR_SIZE];
	refusal->expected = "the sector size that the disk had before";
	return -EINVAL;
}

static int xenbus_negotiate(struct blkfront_disk *disk,
			    struct blkfront_config *config)
{
	struct blkfront_refusal refusal;
	struct blkfront_offer offer;
	int err;

	xenbus_read_offer(disk, &offer);
	err = blkfront_negotiate(&offer, config, &refusal);
	if (!err)
		err = xenbus_check_same(disk, &offer, config, &refusal);
	if (err)
		xenbus_dev_fatal(disk->xbdev, err,
				 "%s/%s is \"%.64s\", expected %s",
				 disk->xbdev->otherend, refusal.key,
				 refusal.value, refusal.expected);
	xenbus_free_offer(&offer);
	return err;
}

/* The backend is Connected, and we have offered it a ring. */
static void xenbus_connect(struct blkfront_disk *disk)
{
	struct blkfront_config config;
	unsigned int nr;
	int err;

	err = xenbus_negotiate(disk, &config);
	if (err)
		goto err_leave;
	disk->config = config;
	clear_bit(BLKFRONT_NO_DISCARD, &disk->flags);
	clear_bit(BLKFRONT_FLUSH_REFUSED, &disk->flags);
	clear_bit(BLKFRONT_CHANGED, &disk->flags);
	if (!disk->gd) {
		err = blkfront_disk_create(disk);
		if (err) {
			xenbus_dev_fatal(disk->xbdev, err, "making the disk %s",
					 disk->vdev.name);
			goto err_leave;
		}
	}

	disk->state = BLKFRONT_STATE_LIVE;
	nr = blkfront_recover_replay(disk);
	if (disk->waiting)
		blkfront_info(disk, "the backend is back: %u requests were sent again\n",
			      nr);
	disk->waiting = false;
	blkfront_disk_queue_block_work(disk);
	blkfront_disk_queue_work(disk, 0);
	return;

err_leave:
	disk->refused = true;
	xenbus_leave(disk, disk->gd);
}

/*
 * The backend wrote Connected once more: the disk has another size, or the
 * backend was bound again and has mapped our ring again.
 */
static void xenbus_refresh(struct blkfront_disk *disk)
{
	struct blkfront_config config;

	if (xenbus_negotiate(disk, &config)) {
		xenbus_leave(disk, true);
		return;
	}
	disk->config = config;
	blkfront_recover_refresh(disk);
	blkfront_disk_queue_block_work(disk);
	if (disk->waiting)
		blkfront_info(disk, "the backend is back\n");
	disk->waiting = false;
}

/* --- the steps --------------------------------------------------------------------- */

/* Does the toolstack want the device?  Only asked when the backend is leaving. */
static bool xenbus_wanted(struct blkfront_disk *disk)
{
	return xenbus_read_unsigned(disk->xbdev->otherend, "online", 0);
}

static void xenbus_unplug(struct blkfront_disk *disk)
{
	bool again = test_and_set_bit(BLKFRONT_UNPLUG, &disk->flags);

	/* Either we see that it is open, or its closing sees the bit. */
	smp_mb__after_atomic();
	if (blkfront_disk_close(disk)) {
		xenbus_leave(disk, true);
	} else if (!again) {
		blkfront_info(disk, "in use: goes away when the last user has closed it\n");
		xenbus_dev_error(disk->xbdev, -EBUSY,
				 "%s is in use, and goes when it is not",
				 disk->vdev.name);
	}
}

static void xenbus_step_init(struct blkfront_disk *disk,
			     enum xenbus_state backend)
{
	switch (backend) {
	case XenbusStateInitWait:
		if (!disk->refused)
			xenbus_offer(disk);
		break;
	case XenbusStateInitialised:
	case XenbusStateConnected:
		/* It believes in a connection that is none. */
		if (!disk->refused) {
			disk->reset = true;
			xenbus_leave(disk, false);
		}
		break;
	case XenbusStateClosing:
	case XenbusStateClosed:
		if (!xenbus_wanted(disk))
			xenbus_leave(disk, true);
		else if (disk->refused)
			xenbus_frontend_closed(disk->xbdev);
		break;
	default:
		break;
	}
}

static void xenbus_step_offered(struct blkfront_disk *disk,
				enum xenbus_state backend)
{
	switch (backend) {
	case XenbusStateConnected:
		xenbus_connect(disk);
		break;
	case XenbusStateClosing:
	case XenbusStateClosed:
	case XenbusStateUnknown:
		disk->refused = !disk->gd;
		xenbus_leave(disk, backend != XenbusStateUnknown && !xenbus_wanted(disk));
		break;
	default:
		break;
	}
}

static void xenbus_step_live(struct blkfront_disk *disk,
			     enum xenbus_state backend)
{
	if (test_bit(BLKFRONT_ADD_FAILED, &disk->flags)) {
		xenbus_dev_fatal(disk->xbdev, -EIO, "adding the disk %s",
				 disk->vdev.name);
		xenbus_leave(disk, true);
		return;
	}
	if (test_bit(BLKFRONT_ADDED, &disk->flags))
		xenbus_switch_state(disk->xbdev, XenbusStateConnected);

	switch (backend) {
	case XenbusStateConnected:
		clear_bit(BLKFRONT_UNPLUG, &disk->flags);
		if (test_and_clear_bit(BLKFRONT_CHANGED, &disk->flags))
			xenbus_refresh(disk);
		break;
	case XenbusStateClosing:
	case XenbusStateClosed:
		if (xenbus_wanted(disk))
			xenbus_lose(disk, "left");
		else
			xenbus_unplug(disk);
		break;
	case XenbusStateUnknown:
		xenbus_lose(disk, "has vanished");
		break;
	default:
		/* Bound again: it finds our ring in XenStore, as it was. */
		if (!disk->waiting)
			blkfront_info(disk, "the backend begins anew: I/O waits for it\n");
		disk->waiting = true;
		break;
	}
}

/* Our own state on the way out: Closing, then Closed when the backend follows. */
static void xenbus_say_leaving(struct blkfront_disk *disk,
			       enum xenbus_state backend)
{
	if (!disk->xbdev || disk->fresh)
		return;
	switch (backend) {
	case XenbusStateInitialised:
	case XenbusStateConnected:
		if (!disk->ending) {
			xenbus_switch_state(disk->xbdev, XenbusStateClosing);
			return;
		}
		break;
	case XenbusStateInitialising:
	case XenbusStateInitWait:
		if (!disk->ending)
			return;
		break;
	default:
		break;
	}
	xenbus_frontend_closed(disk->xbdev);
}

/*
 * Begin again from Initialising.  The core takes a node that says Initialising
 * for a device that was made anew, unless it knows the device to be in that
 * state: so that is noted first, and xenbus_switch_state() cannot be used.
 */
static int xenbus_restart(struct blkfront_disk *disk)
{
	struct xenbus_device *xbdev = disk->xbdev;
	struct xenbus_transaction xbt;
	bool abort;
	int err;

	xbdev->state = XenbusStateInitialising;
	do {
		err = xenbus_transaction_start(&xbt);
		if (err)
			return err;
		/* A node that is gone stays gone. */
		abort = !xenbus_exists(xbt, xbdev->nodename, "state") ||
			xenbus_printf(xbt, xbdev->nodename, "state", "%d",
				      XenbusStateInitialising);
		err = xenbus_transaction_end(xbt, abort);
	} while (err == -EAGAIN);
	return err;
}

static void xenbus_begin_again(struct blkfront_disk *disk,
			       enum xenbus_state backend)
{
	unsigned long next = disk->left + XENBUS_RETRY;

	if (!disk->fresh) {
		switch (backend) {
		case XenbusStateUnknown:
		case XenbusStateInitialising:
		case XenbusStateInitWait:
		case XenbusStateClosed:
			break;
		default:
			return;		/* the watch will tell */
		}
		if (disk->gd && time_before(jiffies, next)) {
			blkfront_disk_queue_work(disk, next - jiffies);
			return;
		}
		if (!disk->refused && xenbus_restart(disk)) {
			blkfront_disk_queue_work(disk, XENBUS_RETRY);
			return;
		}
	}
	disk->fresh = false;
	disk->reset = false;
	disk->state = BLKFRONT_STATE_INIT;
	blkfront_disk_queue_work(disk, 0);
}

static void xenbus_step_leaving(struct blkfront_disk *disk,
				enum xenbus_state backend)
{
	bool late = time_after(jiffies, disk->left + XENBUS_GIVE_UP);

	if (disk->xbdev && !disk->ending && !disk->fresh &&
	    (backend == XenbusStateClosing || backend == XenbusStateClosed) &&
	    !xenbus_wanted(disk))
		xenbus_leave(disk, true);

	xenbus_say_leaving(disk, backend);
	if (!blkfront_recover_fence(disk, disk->ending && late)) {
		if (late)
			blkfront_warn(disk, "the backend still has pages mapped: their requests wait\n");
		blkfront_disk_queue_work(disk, late ? XENBUS_RETRY : XENBUS_POLL);
		return;
	}
	if (!disk->ending) {
		xenbus_begin_again(disk, backend);
		return;
	}
	disk->state = BLKFRONT_STATE_DEAD;
	blkfront_recover_fail(disk);
}

static void xenbus_step(struct blkfront_disk *disk)
{
	enum xenbus_state backend = XenbusStateUnknown;

	if (disk->state != BLKFRONT_STATE_DEAD && !disk->ending &&
	    (test_bit(BLKFRONT_REMOVED, &disk->flags) ||
	     test_bit(BLKFRONT_BROKEN, &disk->flags)))
		xenbus_leave(disk, true);
	if (disk->xbdev)
		backend = xenbus_read_driver_state(disk->xbdev,
						   disk->xbdev->otherend);

	switch (disk->state) {
	case BLKFRONT_STATE_INIT:
		xenbus_step_init(disk, backend);
		break;
	case BLKFRONT_STATE_OFFERED:
		xenbus_step_offered(disk, backend);
		break;
	case BLKFRONT_STATE_LIVE:
		xenbus_step_live(disk, backend);
		break;
	case BLKFRONT_STATE_LEAVING:
		xenbus_step_leaving(disk, backend);
		break;
	case BLKFRONT_STATE_DEAD:
		break;
	}
}

/**
 * blkfront_xenbus_work - compare what is wanted with what is
 * @work: of a disk
 *
 * Allocates without I/O: what it would wait for may be waiting for it.
 */
void blkfront_xenbus_work(struct work_struct *work)
{
	struct blkfront_disk *disk =
		container_of(work, struct blkfront_disk, work.work);
	unsigned int noio = memalloc_noio_save();
	bool delete;

	mutex_lock(&disk->lock);
	xenbus_step(disk);
	delete = disk->state == BLKFRONT_STATE_DEAD &&
		 (test_bit(BLKFRONT_REMOVED, &disk->flags) ||
		  blkfront_disk_close(disk));
	mutex_unlock(&disk->lock);
	memalloc_noio_restore(noio);

	if (delete && !completion_done(&disk->gone))
		blkfront_disk_delete(disk);
	blkfront_disk_put(disk);
}

/* --- the driver's callbacks, on xenwatch ------------------------------------------- */

static int xenbus_read_vdev(struct xenbus_device *xbdev,
			    struct blkfront_vdev *vdev)
{
	int number, err;

	err = xenbus_scanf(XBT_NIL, xbdev->nodename, BLKIF_KEY_VIRTUAL_DEVICE,
			   "%i", &number);
	if (err != 1)
		err = xenbus_scanf(XBT_NIL, xbdev->nodename,
				   BLKIF_KEY_VIRTUAL_DEVICE_EXT, "%i", &number);
	if (err != 1) {
		dev_err(&xbdev->dev, "%s/%s is not a number\n",
			xbdev->nodename, BLKIF_KEY_VIRTUAL_DEVICE);
		return err < 0 ? err : -EINVAL;
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
		return -ENODEV;
	cdrom = strstarts(type, "cdrom");
	kfree(type);
	return cdrom ? -ENODEV : 0;
}

static int xenbus_probe(struct xenbus_device *xbdev,
			const struct xenbus_device_id *id)
{
	const char *handle = strrchr(xbdev->nodename, '/');
	struct blkfront_disk *disk;
	struct blkfront_vdev vdev;
	unsigned int number;
	int err;

	err = xenbus_read_vdev(xbdev, &vdev);
	if (!err)
		err = xenbus_check_hvm(xbdev, &vdev);
	if (err)
		return err;
	if (!handle || kstrtouint(handle + 1, 10, &number))
		return -EINVAL;

	disk = blkfront_disk_alloc(&vdev);
	if (!disk)
		return -ENOMEM;
	disk->handle = number;
	disk->xbdev = xbdev;
	if (xbdev->state != XenbusStateInitialising) {
		/* Another driver had it before us, and the backend knows that. */
		disk->reset = true;
		disk->state = BLKFRONT_STATE_LEAVING;
		disk->left = jiffies;
	}
	dev_set_drvdata(&xbdev->dev, disk);
	blkfront_disk_queue_work(disk, 0);
	return 0;
}

static void xenbus_changed(struct xenbus_device *xbdev,
			   enum xenbus_state backend)
{
	struct blkfront_disk *disk = dev_get_drvdata(&xbdev->dev);

	set_bit(BLKFRONT_CHANGED, &disk->flags);
	blkfront_disk_queue_work(disk, 0);
}

/*
 * The device goes, and its directory in sysfs with it: the gendisk in that has
 * to go first.  What keeps it is the fence, and a backend that does not let go
 * is given up soon.
 */
static void xenbus_remove(struct xenbus_device *xbdev)
{
	struct blkfront_disk *disk = dev_get_drvdata(&xbdev->dev);

	mutex_lock(&disk->lock);
	xenbus_frontend_closed(xbdev);
	disk->xbdev = NULL;
	mutex_unlock(&disk->lock);

	set_bit(BLKFRONT_REMOVED, &disk->flags);
	blkfront_disk_queue_work(disk, 0);
	wait_for_completion(&disk->gone);
	dev_set_drvdata(&xbdev->dev, NULL);
	blkfront_disk_put(disk);
}

static int xenbus_suspend(struct xenbus_device *xbdev)
{
	struct blkfront_disk *disk = dev_get_drvdata(&xbdev->dev);

	mutex_lock(&disk->lock);
	if (disk->state == BLKFRONT_STATE_LIVE &&
	    !blkfront_recover_drain(disk, XENBUS_DRAIN))
		blkfront_warn(disk, "requests are in flight while the domain is suspended\n");
	mutex_unlock(&disk->lock);
	return 0;
}

/* The domain is another one now: no ring, no event channel, no backend known. */
static int xenbus_resume(struct xenbus_device *xbdev)
{
	struct blkfront_disk *disk = dev_get_drvdata(&xbdev->dev);

	mutex_lock(&disk->lock);
	disk->refused = false;
	clear_bit(BLKFRONT_UNPLUG, &disk->flags);
	if (!disk->ending && disk->state != BLKFRONT_STATE_DEAD &&
	    disk->state != BLKFRONT_STATE_INIT) {
		disk->fresh = true;
		xenbus_leave(disk, false);
	}
	mutex_unlock(&disk->lock);
	blkfront_disk_queue_work(disk, 0);
	return 0;
}

static int xenbus_is_ready(struct xenbus_device *xbdev)
{
	struct blkfront_disk *disk = dev_get_drvdata(&xbdev->dev);

	return disk && test_bit(BLKFRONT_ADDED, &disk->flags);
}

static const struct xenbus_device_id xenbus_ids[] = {
	{ "vbd" },
	{ "" }
};

static struct xenbus_driver xenbus_driver = {
	.name = "vbd",		/* as it has always been called on the bus */
	.ids = xenbus_ids,
	.probe = xenbus_probe,
	.remove = xenbus_remove,
	.suspend = xenbus_suspend,
	.resume = xenbus_resume,
	.otherend_changed = xenbus_changed,
	.is_ready = xenbus_is_ready,
};

/**
 * blkfront_xenbus_register - begin to take devices
 *
 * Return: 0 or an error.
 */
int blkfront_xenbus_register(void)
{
	return xenbus_register_frontend(&xenbus_driver);
}

/**
 * blkfront_xenbus_unregister - give all devices back
 */
void blkfront_xenbus_unregister(void)
{
	xenbus_unregister_driver(&xenbus_driver);
}
