// SPDX-License-Identifier: GPL-2.0
/*
 * Our rings in XenStore, as long as they are there to be mapped.
 */
#include <linux/slab.h>
#include <xen/xenbus.h>

#include "blkfront.h"

/* The directory of a ring, when there are several. */
#define XENBUS_QUEUE_DIR	"queue-"

/* What an earlier driver of this device may have left, or our last connection. */
static const char * const xenbus_stale_keys[] = {
	BLKIF_KEY_RING_REF,
	BLKIF_KEY_EVENT_CHANNEL,
	BLKIF_KEY_RING_PAGE_ORDER,
	BLKIF_KEY_NUM_RING_PAGES,
	BLKIF_KEY_NUM_QUEUES,
	BLKIF_KEY_FEATURE_PERSISTENT,
};

/* More queues, or pages of a ring, no driver has. */
#define XENBUS_MAX_STALE	1024

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
	if (!err && disk->persistent)
		err = xenbus_printf(xbt, node, BLKIF_KEY_FEATURE_PERSISTENT,
				    "1");
	return err;
}

/* oxenstored says EQUOTA, of which the kernel, which does not know it, makes EINVAL. */
static bool xenbus_is_quota(int err)
{
	return err == -ENOSPC || err == -E2BIG || err == -EINVAL;
}

/**
 * blkfront_xenbus_publish - tell the backend of our rings
 * @disk: the disk
 *
 * Either all of it is written or nothing.
 *
 * Return: 0; -EDQUOT when XenStore has no room for so many keys of this domain;
 * or another error.
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
		if (err)
			xenbus_transaction_end(xbt, 1);
		else
			err = xenbus_transaction_end(xbt, 0);
	} while (err == -EAGAIN);
	return xenbus_is_quota(err) ? -EDQUOT : err;
}

static int xenbus_remove_keys(struct xenbus_transaction xbt,
			      struct blkfront_disk *disk)
{
	int err = blkfront_xenbus_put_state(xbt, disk->xbdev,
					    XenbusStateInitialising);

	return err ?: xenbus_remove_stale(xbt, disk->xbdev->nodename);
}

/**
 * blkfront_xenbus_retract - take back what we told the backend
 * @disk: the disk
 *
 * We begin again from Initialising, and our rings are nobody's to map.  The copy of
 * our state in the device goes first, for the reason that blkfront_xenbus_switch()
 * has.  If the node is gone it stays gone, and there is nobody to tell.
 *
 * Return: 0 or an error: what we told stands then.
 */
int blkfront_xenbus_retract(struct blkfront_disk *disk)
{
	struct xenbus_transaction xbt;
	int err;

	lockdep_assert_held(&disk->lock);
	disk->xbdev->state = XenbusStateInitialising;
	do {
		err = xenbus_transaction_start(&xbt);
		if (err)
			return err;
		err = xenbus_remove_keys(xbt, disk);
		if (err)
			xenbus_transaction_end(xbt, 1);
		else
			err = xenbus_transaction_end(xbt, 0);
	} while (err == -EAGAIN);
	if (err && err != -ENOENT)
		return err;
	disk->said = XenbusStateInitialising;
	return 0;
}
