// SPDX-License-Identifier: GPL-2.0
/*
 * What a frontend is told in XenStore: what it may choose from, and what the disk is;
 * and what an instance of the disk leaves for the next one.
 */
#include <linux/err.h>

#include "blkback.h"

/* Ours alone: a flush of ours failed, and the frontend is yet to be told. */
#define KEY_FLUSH_FAILED	"flush-failed"

/* A key of ours whose value is a number. */
struct number_key {
	const char *key;
	u64 value;
	bool wanted;
};

static int write_numbers(struct blkback_dev *dev, struct xenbus_transaction xbt,
			 const struct number_key *keys, unsigned int nr)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < nr; i++)
		if (keys[i].wanted)
			err = xenbus_printf(xbt, dev->xbdev->nodename,
					    keys[i].key, "%llu", keys[i].value);
	return err;
}

/* What a frontend may choose from; before it is told to. */
static int write_offer(struct blkback_dev *dev, struct xenbus_transaction xbt)
{
	const struct blkback_offer *offer = &dev->offer;
	const struct number_key keys[] = {
		{ BLKIF_KEY_MAX_QUEUES, offer->max_queues, true },
		{ BLKIF_KEY_MAX_RING_PAGE_ORDER, offer->max_ring_page_order,
		  true },
		{ BLKIF_KEY_MAX_RING_PAGES, 1U << offer->max_ring_page_order,
		  true },
		{ BLKIF_KEY_MAX_INDIRECT_SEGMENTS,
		  offer->max_indirect_segments,
		  offer->max_indirect_segments },
	};

	return write_numbers(dev, xbt, keys, ARRAY_SIZE(keys));
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
	const struct number_key keys[] = {
		{ BLKIF_KEY_FEATURE_FLUSH, vbd->flush, true },
		{ BLKIF_KEY_FEATURE_BARRIER, vbd->limits.barrier, true },
		{ BLKIF_KEY_FEATURE_PERSISTENT, dev->offer.persistent, true },
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
		  vbd->limits.block_sectors << SECTOR_SHIFT, true },
		{ BLKIF_KEY_PHYSICAL_SECTOR_SIZE,
		  bdev_physical_block_size(vbd->bdev), true },
	};

	return write_numbers(dev, xbt, keys, ARRAY_SIZE(keys));
}

/*
 * A new size, and the state once more, so that the frontend looks (ST8); but never in
 * place of Closing, by which the toolstack has asked for the disk.
 */
static int write_size(struct blkback_dev *dev, struct xenbus_transaction xbt)
{
	int err, state = XenbusStateUnknown;

	err = xenbus_scanf(xbt, dev->xbdev->nodename, "state", "%d", &state);
	if (err < 0)
		return err;
	err = xenbus_printf(xbt, dev->xbdev->nodename, BLKIF_KEY_SECTORS,
			    "%llu", dev->vbd.limits.capacity_sectors);
	if (err || state != XenbusStateConnected)
		return err;
	return xenbus_printf(xbt, dev->xbdev->nodename, "state", "%d",
			     XenbusStateConnected);
}

static int write_flush_failed(struct blkback_dev *dev,
			      struct xenbus_transaction xbt)
{
	return xenbus_printf(xbt, dev->xbdev->nodename, KEY_FLUSH_FAILED, "1");
}

static int remove_flush_failed(struct blkback_dev *dev,
			       struct xenbus_transaction xbt)
{
	return xenbus_rm(xbt, dev->xbdev->nodename, KEY_FLUSH_FAILED);
}

/* As blkback_xenbus_transact(), and again for as long as others are in the way. */
static int transact(struct blkback_dev *dev,
		    int (*write)(struct blkback_dev *dev,
				 struct xenbus_transaction xbt))
{
	int err;

	do {
		err = blkback_xenbus_transact(dev, write);
	} while (err == -EAGAIN);
	return err;
}

/* All of @write's keys, or the connection is refused. */
static int write_keys(struct blkback_dev *dev,
		      int (*write)(struct blkback_dev *dev,
				   struct xenbus_transaction xbt))
{
	int err = transact(dev, write);

	/* What is not this disk's directory any more is not written to. */
	if (err && err != -ENOENT)
		blkback_xenbus_fatal(dev, err, "writing the disk's keys");
	return err;
}

/**
 * blkback_xenbus_write_offer - tell a frontend what it may choose from
 * @dev: a new device, which has no work item yet
 *
 * Context: process, may sleep.
 * Return: 0 or -errno.
 */
int blkback_xenbus_write_offer(struct blkback_dev *dev)
{
	return write_keys(dev, write_offer);
}

/**
 * blkback_xenbus_write_disk - tell the frontend what the disk is
 * @dev: the device, between begin and end
 *
 * Context: process, may sleep.
 * Return: 0 or -errno.
 */
int blkback_xenbus_write_disk(struct blkback_dev *dev)
{
	return write_keys(dev, write_disk_keys);
}

/**
 * blkback_xenbus_write_size - tell a connected frontend the disk's new size
 * @dev: the device, between begin and end
 *
 * One that is asked to close finds it there, and is not called.
 *
 * Context: process, may sleep.
 * Return: 0 or -errno; then it is to be called again.
 */
int blkback_xenbus_write_size(struct blkback_dev *dev)
{
	return transact(dev, write_size);
}

/**
 * blkback_xenbus_leave_loss - the next instance fails a flush for this one
 * @dev: the device, after its last step
 *
 * An administrator may exchange the module below a frontend that goes on.
 *
 * Context: process, may sleep.
 */
void blkback_xenbus_leave_loss(struct blkback_dev *dev)
{
	int err = transact(dev, write_flush_failed);

	if (err && err != -ENOENT)
		blkback_warn(dev, "no backend after this one will know that a flush failed: writing %s/%s: %pe\n",
			     dev->xbdev->nodename, KEY_FLUSH_FAILED,
			     ERR_PTR(err));
}

/**
 * blkback_xenbus_take_loss - is a flush to fail for an instance before this one?
 * @dev: the device, between begin and end
 *
 * Where that cannot be read, or taken away, a flush too many fails.
 *
 * Context: process, may sleep.
 */
bool blkback_xenbus_take_loss(struct blkback_dev *dev)
{
	int number;

	if (xenbus_scanf(XBT_NIL, dev->xbdev->nodename, KEY_FLUSH_FAILED, "%d",
			 &number) == -ENOENT)
		return false;
	transact(dev, remove_flush_failed);
	return true;
}
