// SPDX-License-Identifier: GPL-2.0
/*
 * What is read from XenStore and written to it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/slab.h>
#include <xen/platform_pci.h>
#include <xen/xenbus.h>

#include "blkfront.h"
#include "compat.h"

/* The directory of a ring, when there are several. */
#define XENBUS_QUEUE_DIR	"queue-"

/* --- states ------------------------------------------------------------------- */

/**
 * blkfront_xenbus_backend - the backend's state now
 * @disk: the disk
 */
enum xenbus_state blkfront_xenbus_backend(struct blkfront_disk *disk)
{
	if (!disk->xbdev)
		return XenbusStateUnknown;
	return xenbus_read_driver_state(disk->xbdev, disk->backend);
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
 */
bool blkfront_xenbus_trusted(struct blkfront_disk *disk)
{
	return READ_ONCE(blkfront_trusted) &&
	       xenbus_read_unsigned(disk->xbdev->nodename, BLKIF_KEY_TRUSTED, 1);
}

/**
 * blkfront_xenbus_wanted - does the toolstack want the device?
 * @disk: the disk
 *
 * Only asked when the backend is leaving.
 */
bool blkfront_xenbus_wanted(struct blkfront_disk *disk)
{
	return xenbus_read_unsigned(disk->backend, "online", 0);
}

/**
 * blkfront_xenbus_unwanted - does the toolstack say that it wants the device no more?
 * @disk: the disk
 *
 * Asked when the device goes, and the backend's node may have gone before.
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
 */
bool blkfront_xenbus_anew(struct blkfront_disk *disk)
{
	struct xenbus_device *xbdev = disk->xbdev;
	unsigned int state = xenbus_read_unsigned(xbdev->nodename, "state",
						  XenbusStateUnknown);

	lockdep_assert_held(&disk->lock);
	return state == XenbusStateUnknown ||
	       (state == XenbusStateInitialising && state != disk->said) ||
	       xenbus_read_unsigned(xbdev->nodename, "backend-id",
				    xbdev->otherend_id) != xbdev->otherend_id;
}

/* Write our state, unless the node is gone: then it stays gone. */
static int xenbus_write_state(struct xenbus_device *xbdev,
			      enum xenbus_state state)
{
	struct xenbus_transaction xbt;
	bool abort;
	int err;

	do {
		err = xenbus_transaction_start(&xbt);
		if (err)
			return err;
		abort = !xenbus_exists(xbt, xbdev->nodename, "state") ||
			xenbus_printf(xbt, xbdev->nodename, "state", "%d",
				      state);
		err = xenbus_transaction_end(xbt, abort);
	} while (err == -EAGAIN);
	return err;
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
 */
void blkfront_xenbus_switch(struct blkfront_disk *disk, enum xenbus_state state)
{
	struct xenbus_device *xbdev = disk->xbdev;

	lockdep_assert_held(&disk->lock);
	if (!xbdev || state == disk->said)
		return;
	if (xbdev->state != XenbusStateInitialising)
		xenbus_switch_state(xbdev, state);
	else if (xenbus_write_state(xbdev, state))
		return;
	disk->said = state;
	if (state == XenbusStateClosed)
		complete(&xbdev->down);
}

/**
 * blkfront_xenbus_restart - begin again from Initialising
 * @disk: the disk
 *
 * The copy in the device goes first, for the reason above.
 *
 * Return: 0 or an error.
 */
int blkfront_xenbus_restart(struct blkfront_disk *disk)
{
	lockdep_assert_held(&disk->lock);
	disk->xbdev->state = XenbusStateInitialising;
	disk->said = XenbusStateInitialising;
	return xenbus_write_state(disk->xbdev, XenbusStateInitialising);
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

/* --- keys --------------------------------------------------------------------- */

/* What an earlier driver of this device may have left, or our last connection. */
static const char * const xenbus_stale_keys[] = {
	BLKIF_KEY_RING_REF,
	BLKIF_KEY_EVENT_CHANNEL,
	BLKIF_KEY_RING_PAGE_ORDER,
	BLKIF_KEY_NUM_RING_PAGES,
	BLKIF_KEY_NUM_QUEUES,
	BLKIF_KEY_FEATURE_PERSISTENT,
};

/* More queues, or pages of a ring, no driver had. */
#define XENBUS_MAX_STALE	256

/* Remove those of a row of keys, or of directories, that are there. */
static int xenbus_remove_row(struct xenbus_transaction xbt, const char *node,
			     const char *row)
{
	unsigned int i;
	char key[24];
	int err = 0;

	for (i = 0; !err && i < XENBUS_MAX_STALE; i++) {
		snprintf(key, sizeof(key), "%s%u", row, i);
		if (!xenbus_exists(xbt, node, key))
			break;
		err = xenbus_rm(xbt, node, key);
	}
	return err;
}

static int xenbus_remove_stale(struct xenbus_transaction xbt, const char *node)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(xenbus_stale_keys); i++) {
		err = xenbus_rm(xbt, node, xenbus_stale_keys[i]);
		if (err && err != -ENOENT)
			return err;
	}
	err = xenbus_remove_row(xbt, node, BLKIF_KEY_RING_REF);
	if (!err)
		err = xenbus_remove_row(xbt, node, XENBUS_QUEUE_DIR);
	return err;
}

/* One ring, in the device's directory or in one of its own. */
static int xenbus_write_ring(struct xenbus_transaction xbt, const char *dir,
			     const struct blkfront_queue *queue)
{
	unsigned int i;
	char key[24];
	int err;

	err = xenbus_printf(xbt, dir, BLKIF_KEY_EVENT_CHANNEL, "%u",
			    queue->evtchn);
	if (!err && queue->nr_pages == 1)
		return xenbus_printf(xbt, dir, BLKIF_KEY_RING_REF, "%u",
				     queue->ref[0]);
	for (i = 0; !err && i < queue->nr_pages; i++) {
		snprintf(key, sizeof(key), BLKIF_KEY_RING_REF "%u", i);
		err = xenbus_printf(xbt, dir, key, "%u", queue->ref[i]);
	}
	return err;
}

/* Several rings have a directory each; one has none, as it has always been. */
static int xenbus_write_rings(struct xenbus_transaction xbt,
			      struct blkfront_disk *disk)
{
	const char *node = disk->xbdev->nodename;
	unsigned int rings = disk->layout.rings, i;
	char *dir;
	int err;

	if (rings == 1)
		return xenbus_write_ring(xbt, node, &disk->queues[0]);
	err = xenbus_printf(xbt, node, BLKIF_KEY_NUM_QUEUES, "%u", rings);
	for (i = 0; !err && i < rings; i++) {
		dir = kasprintf(GFP_NOIO, "%s/" XENBUS_QUEUE_DIR "%u", node, i);
		if (!dir)
			return -ENOMEM;
		err = xenbus_write_ring(xbt, dir, &disk->queues[i]);
		kfree(dir);
	}
	return err;
}

/* The number of pages is what older backends read. */
static int xenbus_write_order(struct xenbus_transaction xbt,
			      struct blkfront_disk *disk)
{
	const char *node = disk->xbdev->nodename;
	unsigned int order = disk->layout.ring_order;
	int err;

	if (!order)
		return 0;
	err = xenbus_printf(xbt, node, BLKIF_KEY_RING_PAGE_ORDER, "%u", order);
	if (!err)
		err = xenbus_printf(xbt, node, BLKIF_KEY_NUM_RING_PAGES, "%u",
				    1U << order);
	return err;
}

static int xenbus_write_keys(struct xenbus_transaction xbt,
			     struct blkfront_disk *disk)
{
	const char *node = disk->xbdev->nodename;
	int err;

	err = xenbus_remove_stale(xbt, node);
	if (!err)
		err = xenbus_write_rings(xbt, disk);
	if (!err)
		err = xenbus_write_order(xbt, disk);
	if (!err)
		err = xenbus_printf(xbt, node, BLKIF_KEY_PROTOCOL, "%s",
				    BLKIF_PROTOCOL_NATIVE);
	return err;
}

/**
 * blkfront_xenbus_publish - tell the backend of our rings
 * @disk: the disk
 *
 * Return: 0 or an error.
 */
int blkfront_xenbus_publish(struct blkfront_disk *disk)
{
	struct xenbus_transaction xbt;
	int err;

	do {
		err = xenbus_transaction_start(&xbt);
		if (err)
			return err;
		err = xenbus_write_keys(xbt, disk);
		if (err) {
			xenbus_transaction_end(xbt, 1);
			return err;
		}
		err = xenbus_transaction_end(xbt, 0);
	} while (err == -EAGAIN);
	return err;
}

/* Once there are hardware contexts, more rings than these are of no use. */
static void xenbus_wish(const struct blkfront_disk *disk,
			struct blkfront_wish *wish)
{
	wish->rings = min(READ_ONCE(blkfront_max_queues), num_online_cpus());
	if (disk->nr_ctxs)
		wish->rings = min(wish->rings, disk->nr_ctxs);
	wish->ring_order = READ_ONCE(blkfront_max_ring_page_order);
	wish->segments = READ_ONCE(blkfront_max_indirect_segments);
}

/* What cannot be read is an error: it is not known to be missing. */
static int xenbus_read_offer(struct blkfront_disk *disk,
			     struct blkfront_offer *offer, unsigned int first,
			     unsigned int end)
{
	unsigned int key;
	char *value;
	int err = 0;

	memset(offer, 0, sizeof(*offer));
	for (key = first; key < end; key++) {
		value = xenbus_read(XBT_NIL, disk->backend,
				    blkfront_negotiate_key(key), NULL);
		offer->value[key] = IS_ERR(value) ? NULL : value;
		if (IS_ERR(value) && PTR_ERR(value) != -ENOENT)
			err = PTR_ERR(value);
	}
	return err;
}

static void xenbus_free_offer(struct blkfront_offer *offer)
{
	unsigned int key;

	for (key = 0; key < BLKFRONT_NR_KEYS; key++)
		kfree(offer->value[key]);
}

/* The text is the backend's: not all of it, and nothing that a terminal acts on. */
static void xenbus_refuse(struct blkfront_disk *disk, int err,
			  const struct blkfront_refusal *refusal)
{
	const char *value = refusal->value ?: "";

	xenbus_dev_error(disk->xbdev, err, "%s/%s is \"%*pE\", expected %s",
			 disk->backend, refusal->key, (int)strnlen(value, 64),
			 value, refusal->expected);
	blkfront_xenbus_switch(disk, XenbusStateClosing);
}

/**
 * blkfront_xenbus_layout - read what rings the backend takes
 * @disk: the disk; the backend waits for it
 * @layout: filled in
 *
 * A refusal is reported to the toolstack, and our state is Closing then.
 *
 * Return: 0; -EPROTO when it was refused; -EAGAIN when it could not be read.
 */
int blkfront_xenbus_layout(struct blkfront_disk *disk,
			   struct blkfront_layout *layout)
{
	struct blkfront_refusal refusal;
	struct blkfront_offer offer;
	struct blkfront_wish wish;
	int err;

	xenbus_wish(disk, &wish);
	err = xenbus_read_offer(disk, &offer, 0, BLKFRONT_NR_RING_KEYS);
	if (err) {
		err = -EAGAIN;
		goto out;
	}
	err = blkfront_negotiate_layout(&offer, &wish, layout, &refusal);
	if (err) {
		xenbus_refuse(disk, err, &refusal);
		err = -EPROTO;
	}
out:
	xenbus_free_offer(&offer);
	return err;
}

/**
 * blkfront_xenbus_negotiate - read what the backend says the disk is
 * @disk: the disk; the backend is connected
 * @config: filled in
 *
 * A refusal is reported to the toolstack, and our state is Closing then.
 *
 * Return: 0 or an error.
 */
int blkfront_xenbus_negotiate(struct blkfront_disk *disk,
			      struct blkfront_config *config)
{
	struct blkfront_refusal refusal;
	struct blkfront_offer offer;
	struct blkfront_wish wish;
	int err;

	xenbus_wish(disk, &wish);
	err = xenbus_read_offer(disk, &offer, BLKFRONT_NR_RING_KEYS,
				BLKFRONT_NR_KEYS);
	if (err) {
		blkfront_xenbus_fatal(disk, err, "reading the backend's keys");
		goto out;
	}
	err = blkfront_negotiate(&offer, &wish, config, &refusal);
	if (err)
		xenbus_refuse(disk, err, &refusal);
out:
	xenbus_free_offer(&offer);
	return err;
}

/* --- the same disk? ------------------------------------------------------------- */

/* One that is not there, or not for us to read, is not known. */
static int xenbus_read_text(struct blkfront_disk *disk, const char *key,
			    const char **text)
{
	char *value = xenbus_read(XBT_NIL, disk->backend, key, NULL);

	*text = IS_ERR(value) ? NULL : value;
	if (!IS_ERR(value) || PTR_ERR(value) == -ENOENT ||
	    PTR_ERR(value) == -EACCES)
		return 0;
	return PTR_ERR(value);
}

/* Takes @text.  One that is not known now is as it was, unless @anew. */
static void xenbus_keep_text(const char **kept, const char *text, bool anew)
{
	if (!text && !anew)
		return;
	kfree(*kept);
	*kept = text;
}

static void xenbus_say_other(struct blkfront_disk *disk, const char *key,
			     const char *is, const char *was)
{
	xenbus_dev_error(disk->xbdev, -EINVAL,
			 "%s/%s is \"%*pE\" and was \"%*pE\": another disk than %s",
			 disk->backend, key, (int)strnlen(is, 64), is,
			 (int)strnlen(was, 64), was, disk->vdev.name);
	blkfront_xenbus_switch(disk, XenbusStateClosing);
}

static void xenbus_say_other_number(struct blkfront_disk *disk, const char *key,
				    u64 is, u64 was)
{
	char is_text[24], was_text[24];

	snprintf(is_text, sizeof(is_text), "%llu", is);
	snprintf(was_text, sizeof(was_text), "%llu", was);
	xenbus_say_other(disk, key, is_text, was_text);
}

static int xenbus_compare(struct blkfront_disk *disk,
			  const struct blkfront_identity *is,
			  enum blkfront_return how)
{
	const struct blkfront_identity *was = &disk->identity;

	switch (blkfront_identity_compare(was, is, how)) {
	case BLKFRONT_SAME:
		return 0;
	case BLKFRONT_OTHER_SECTOR_SIZE:
		xenbus_say_other_number(disk, BLKIF_KEY_SECTOR_SIZE,
					is->sector_size, was->sector_size);
		break;
	case BLKFRONT_OTHER_SECTORS:
		xenbus_say_other_number(disk, BLKIF_KEY_SECTORS, is->sectors,
					was->sectors);
		break;
	case BLKFRONT_OTHER_PARAMS:
		xenbus_say_other(disk, BLKIF_KEY_PARAMS, is->params,
				 was->params);
		break;
	case BLKFRONT_OTHER_TYPE:
		xenbus_say_other(disk, BLKIF_KEY_TYPE, is->type, was->type);
		break;
	}
	return -EINVAL;
}

/**
 * blkfront_xenbus_same - is it the disk that our users know?
 * @disk: the disk
 * @config: what it is now
 * @how: what happened since it was looked at the last time
 *
 * If it is, or has no users yet, it is remembered as it is now.  Another disk is
 * reported to the toolstack, and our state is Closing then.
 *
 * Return: 0 or an error.
 */
int blkfront_xenbus_same(struct blkfront_disk *disk,
			 const struct blkfront_config *config,
			 enum blkfront_return how)
{
	bool anew = !disk->gd || how == BLKFRONT_RESUMED;
	struct blkfront_identity is = {
		.sectors = config->sectors,
		.sector_size = config->sector_size,
	};
	int err;

	err = xenbus_read_text(disk, BLKIF_KEY_PARAMS, &is.params);
	if (!err)
		err = xenbus_read_text(disk, BLKIF_KEY_TYPE, &is.type);
	if (err)
		blkfront_xenbus_fatal(disk, err, "reading what the disk is");
	else if (disk->gd)
		err = xenbus_compare(disk, &is, how);
	if (err) {
		kfree(is.params);
		kfree(is.type);
		return err;
	}
	disk->identity.sectors = is.sectors;
	disk->identity.sector_size = is.sector_size;
	xenbus_keep_text(&disk->identity.params, is.params, anew);
	xenbus_keep_text(&disk->identity.type, is.type, anew);
	return 0;
}

/* --- devices -------------------------------------------------------------------------- */

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
