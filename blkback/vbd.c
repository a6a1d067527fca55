// SPDX-License-Identifier: GPL-2.0
/*
 * The backing device: open with a holder, what it can do, resize, going away.
 */
#include <linux/blkdev.h>
#include <linux/file.h>
#include <linux/pagemap.h>

#include "blkback.h"

/*
 * How soon a new size is noticed.  The timer is deferrable, one for all disks,
 * and runs only while a disk is open: it never wakes an idle CPU.
 */
#define VBD_RESIZE_POLL_MS	500

static LIST_HEAD(vbds);
/* Protects vbds.  Process context; no other lock is taken under it. */
static DEFINE_MUTEX(vbds_lock);

static void vbd_poll(struct work_struct *work);
static DECLARE_DEFERRABLE_WORK(vbd_poll_work, vbd_poll);

static void vbd_poll_again(void)
{
	queue_delayed_work(system_dfl_wq, &vbd_poll_work,
			   msecs_to_jiffies(VBD_RESIZE_POLL_MS));
}

/**
 * blkback_vbd_sectors - how large the backing device is now
 * @vbd: the open disk
 *
 * A loop device may end within a block; nothing can be done to that one.
 *
 * Context: any.
 * Return: sectors of 512 bytes, whole blocks of the device.
 */
u64 blkback_vbd_sectors(const struct blkback_vbd *vbd)
{
	return round_down(bdev_nr_sectors(vbd->bdev),
			  bdev_logical_block_size(vbd->bdev) >> SECTOR_SHIFT);
}

/* The block layer tells nobody in the kernel when a device changes its size. */
static void vbd_poll(struct work_struct *work)
{
	struct blkback_vbd *vbd;

	guard(mutex)(&vbds_lock);
	list_for_each_entry(vbd, &vbds, list)
		if (READ_ONCE(vbd->untold) ||
		    blkback_vbd_sectors(vbd) !=
		    READ_ONCE(vbd->limits.capacity_sectors))
			vbd->changed(vbd);
	if (!list_empty(&vbds))
		vbd_poll_again();
}

/*
 * The disk died under us.  Its requests fail by themselves; that is told once,
 * and the frontend sees errors, not silence.
 */
static void vbd_mark_dead(struct block_device *bdev, bool surprise)
{
	struct blkback_vbd *vbd;

	/* Whoever is told of it lets go of the lock that the caller took. */
	mutex_unlock(&bdev->bd_holder_lock);

	guard(mutex)(&vbds_lock);
	list_for_each_entry(vbd, &vbds, list)
		if (vbd->bdev == bdev) {
			WRITE_ONCE(vbd->gone, true);
			vbd->changed(vbd);
		}
}

static const struct blk_holder_ops vbd_holder_ops = {
	.mark_dead = vbd_mark_dead,
};

static struct file *vbd_open_file(struct blkback_vbd *vbd, struct device *owner,
				  const char *mode, bool claim)
{
	blk_mode_t blk_mode = BLK_OPEN_READ;
	struct file *file;

	if (!vbd->limits.read_only)
		blk_mode |= BLK_OPEN_WRITE;
	/* All disks of ours have one holder: they may share a device. */
	file = bdev_file_open_by_dev(vbd->devt, blk_mode,
				     claim ? &vbds : NULL,
				     claim ? &vbd_holder_ops : NULL);
	if (!IS_ERR(file))
		return file;

	if (PTR_ERR(file) == -EBUSY && claim)
		dev_err_ratelimited(owner,
				    "device %u:%u is in use in this domain (mounted, or part of another device); attach it with mode 'w!' to export it nevertheless, or load xen-blkback with exclusive_open=0\n",
				    MAJOR(vbd->devt), MINOR(vbd->devt));
	else
		dev_err_ratelimited(owner,
				    "device %u:%u (mode %s) cannot be opened: %pe\n",
				    MAJOR(vbd->devt), MINOR(vbd->devt), mode, file);
	return file;
}

static int vbd_read_limits(struct blkback_vbd *vbd, struct device *owner)
{
	unsigned int block_bytes = bdev_logical_block_size(vbd->bdev);
	struct blkback_limits *limits = &vbd->limits;

	/* A segment is at most one page of 4 KiB: it must hold a block. */
	if (block_bytes > BLKIF_PAGE_SIZE) {
		dev_err_ratelimited(owner,
				    "device %u:%u has logical blocks of %u bytes; the protocol takes 512 to 4096\n",
				    MAJOR(vbd->devt), MINOR(vbd->devt), block_bytes);
		return -EINVAL;
	}
	if (vbd->emulate && block_bytes != BLKBACK_UNIT_BYTES &&
	    block_bytes != SECTOR_SIZE)
		dev_warn_ratelimited(owner,
				     "device %u:%u has logical blocks of %u bytes; sectors of 512 bytes are emulated on blocks of 4096, and the frontend is told of those that there are\n",
				     MAJOR(vbd->devt), MINOR(vbd->devt), block_bytes);
	vbd->emulate = vbd->emulate && block_bytes == BLKBACK_UNIT_BYTES;
	limits->block_sectors =
		vbd->emulate ? 1 : block_bytes >> SECTOR_SHIFT;
	/* A segment may begin with any block of its page. */
	vbd->by_units = vbd->emulate ||
			bdev_dma_alignment(vbd->bdev) >= block_bytes;
	limits->capacity_sectors = blkback_vbd_sectors(vbd);
	if (bdev_read_only(vbd->bdev))
		limits->read_only = true;
	vbd->flush = bdev_write_cache(vbd->bdev);
	limits->barrier = vbd->flush;
	limits->discard = limits->discard && !limits->read_only &&
			  bdev_max_discard_sectors(vbd->bdev);
	/* Emulated, it could not erase what is not a whole block of the disk. */
	limits->secure_erase = limits->discard && !vbd->emulate &&
			       bdev_max_secure_erase_sectors(vbd->bdev);
	return 0;
}

/* Of a disk whose blocks are written in part, all writers have to be known. */
static int vbd_lock_ranges(struct blkback_vbd *vbd, struct device *owner,
			   bool claim)
{
	if (!vbd->emulate || vbd->limits.read_only)
		return 0;
	if (!claim) {
		dev_err_ratelimited(owner,
				    "device %u:%u has logical blocks of %u bytes and may be written to by others (mode 'w!', or exclusive_open=0): sectors of 512 bytes cannot be emulated; attach it claimed with mode 'w', or without emulate-512\n",
				    MAJOR(vbd->devt), MINOR(vbd->devt),
				    bdev_logical_block_size(vbd->bdev));
		return -EINVAL;
	}
	vbd->range_lock = blkback_range_lock_get(vbd->bdev->bd_disk);
	return vbd->range_lock ? 0 : -ENOMEM;
}

/*
 * Two disks of one device, one of them emulated: the other one's writes would not
 * keep off the blocks that the former has read to write them back.
 */
static bool vbds_clash(const struct blkback_vbd *a, const struct blkback_vbd *b)
{
	return a->bdev->bd_disk == b->bdev->bd_disk && a->emulate != b->emulate &&
	       !a->limits.read_only && !b->limits.read_only;
}

/* Known to those that come later, from when it is known to agree with the others. */
static int vbd_join(struct blkback_vbd *vbd, struct device *owner)
{
	struct blkback_vbd *other;

	guard(mutex)(&vbds_lock);
	list_for_each_entry(other, &vbds, list) {
		if (!vbds_clash(vbd, other))
			continue;
		dev_err_ratelimited(owner,
				    "device %u:%u is exported for writing already, %s emulate-512, which has to be the same for all\n",
				    MAJOR(vbd->devt), MINOR(vbd->devt),
				    other->emulate ? "with" : "without");
		return -EBUSY;
	}
	if (list_empty(&vbds))
		vbd_poll_again();
	list_add(&vbd->list, &vbds);
	return 0;
}

/**
 * blkback_vbd_open - open the backing device
 * @vbd: the disk; @vbd->devt, @vbd->cdrom, @vbd->changed and the wishes for
 *	@vbd->limits.discard and @vbd->emulate are set
 * @owner: whom messages are about
 * @mode: the toolstack's mode: with a 'w' the disk is written to, and claimed
 *	unless there is a '!' too
 *
 * Context: the device's work item, sleeps.
 * Return: 0 or -errno, which was told to @owner's log.
 */
int blkback_vbd_open(struct blkback_vbd *vbd, struct device *owner,
		     const char *mode)
{
	struct file *file;
	bool claim;
	int err;

	vbd->limits.read_only = !strchr(mode, 'w');
	claim = READ_ONCE(blkback_exclusive_open) && !vbd->limits.read_only &&
		!strchr(mode, '!');
	file = vbd_open_file(vbd, owner, mode, claim);
	if (IS_ERR(file))
		return PTR_ERR(file);

	vbd->bdev = file_bdev(file);
	err = vbd_read_limits(vbd, owner);
	if (err)
		goto err_close;
	err = vbd_lock_ranges(vbd, owner, claim);
	if (err)
		goto err_close;
	err = blkback_share_join(&vbd->sharer, vbd->bdev->bd_disk);
	if (err)
		goto err_unlock;
	vbd->file = file;
	vbd->gone = false;
	err = vbd_join(vbd, owner);
	if (err)
		goto err_leave;
	return 0;

err_leave:
	vbd->file = NULL;
	blkback_share_leave(&vbd->sharer);
err_unlock:
	blkback_range_lock_put(vbd->range_lock);
	vbd->range_lock = NULL;
err_close:
	__fput_sync(file);
	return err;
}

/**
 * blkback_vbd_close - close the backing device
 * @vbd: the disk, with no request in flight; may not be open
 *
 * When this returns the device is free: the hotplug script may remove it next.
 *
 * Context: the device's work item, sleeps.
 */
void blkback_vbd_close(struct blkback_vbd *vbd)
{
	if (!vbd->file)
		return;
	mutex_lock(&vbds_lock);
	list_del(&vbd->list);
	mutex_unlock(&vbds_lock);
	blkback_share_leave(&vbd->sharer);
	blkback_range_lock_put(vbd->range_lock);
	vbd->range_lock = NULL;
	/* A plain fput() of a kernel thread takes effect some time later. */
	__fput_sync(vbd->file);
	vbd->file = NULL;
}

/**
 * blkback_vbd_settle - let a frontend see what this domain wrote
 * @vbd: the open disk
 *
 * The frontend's I/O goes past this domain's page cache: what is in it is
 * written and dropped.
 *
 * Context: the device's work item, sleeps.
 * Return: 0 or -errno.
 */
int blkback_vbd_settle(struct blkback_vbd *vbd)
{
	int err = sync_blockdev(vbd->bdev);

	if (err)
		return err;
	/* What somebody here uses right now stays; that is theirs to know. */
	invalidate_inode_pages2(vbd->file->f_mapping);
	return 0;
}

/**
 * blkback_vbd_resized - take over a new size
 * @vbd: the open disk
 *
 * Context: the device's work item.  Requests are checked against the new size
 * from here on.
 * Return: true when the size had changed.
 */
bool blkback_vbd_resized(struct blkback_vbd *vbd)
{
	u64 sectors = blkback_vbd_sectors(vbd);

	if (sectors == vbd->limits.capacity_sectors)
		return false;
	WRITE_ONCE(vbd->limits.capacity_sectors, sectors);
	return true;
}

/**
 * blkback_vbd_exit - end the watch for new sizes; no disk is open any more
 */
void blkback_vbd_exit(void)
{
	cancel_delayed_work_sync(&vbd_poll_work);
}
