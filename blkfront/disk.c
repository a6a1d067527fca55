// SPDX-License-Identifier: GPL-2.0
/*
 * The disk as the block layer and its users see it.
 *
 * It is counted by reference and lives longer than the xenbus device, as long
 * as somebody has it open.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/cdrom.h>
#include <linux/hdreg.h>
#include <linux/major.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <xen/xenbus.h>

#include "blkfront.h"
#include "compat.h"

/* One request may discard this much: the whole disk in one would hold up others. */
#define DISK_MAX_DISCARD_SECTORS	((u32)SZ_1G >> SECTOR_SHIFT)

static DEFINE_MUTEX(vdev_lock);
static LIST_HEAD(vdev_list);		/* disks with minors, under vdev_lock */

static atomic_t disk_count = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(disk_wait);

/* --- references ------------------------------------------------------------ */

static void disk_release(struct kref *ref)
{
	struct blkfront_disk *disk =
		container_of(ref, struct blkfront_disk, ref);

	blkfront_queue_free(disk);
	kfree(disk->identity.params);
	kfree(disk->identity.type);
	kfree(disk->backend);
	kfree(disk);
	if (atomic_dec_and_test(&disk_count))
		wake_up_all(&disk_wait);
}

/**
 * blkfront_disk_put - drop a reference
 * @disk: the disk
 */
void blkfront_disk_put(struct blkfront_disk *disk)
{
	kref_put(&disk->ref, disk_release);
}

/**
 * blkfront_disk_wait_for_all - wait until there is no disk any more
 *
 * For the exit of the module, when no new one can appear.
 */
void blkfront_disk_wait_for_all(void)
{
	wait_event(disk_wait, !atomic_read(&disk_count));
}

/**
 * blkfront_disk_queue_work - have the disk's work item look at things
 * @disk: the disk
 * @delay: in jiffies
 *
 * From any context.  A work item that is queued holds a reference.
 */
void blkfront_disk_queue_work(struct blkfront_disk *disk, unsigned long delay)
{
	bool pending;

	kref_get(&disk->ref);
	if (delay)
		pending = !queue_delayed_work(blkfront_wq, &disk->work, delay);
	else
		pending = mod_delayed_work(blkfront_wq, &disk->work, 0);
	if (pending)
		blkfront_disk_put(disk);
}

/**
 * blkfront_disk_queue_block_work - bring the block layer up to date
 * @disk: the disk
 *
 * From any context.
 */
void blkfront_disk_queue_block_work(struct blkfront_disk *disk)
{
	kref_get(&disk->ref);
	if (!queue_work(blkfront_block_wq, &disk->block_work))
		blkfront_disk_put(disk);
}

/**
 * blkfront_disk_sleep - do nothing until the domain goes on
 * @disk: the disk, in suspend()
 *
 * In another domain resume() has to see it before anybody looks at a ring.  A suspend
 * that is cancelled calls no driver, but frozen work items run again.
 *
 * Context: process, under disk->lock.
 */
void blkfront_disk_sleep(struct blkfront_disk *disk)
{
	lockdep_assert_held(&disk->lock);
	WRITE_ONCE(disk->asleep, true);
	kref_get(&disk->ref);
	if (!queue_work(blkfront_wake_wq, &disk->wake))
		blkfront_disk_put(disk);
}

static void disk_wake_work(struct work_struct *work)
{
	struct blkfront_disk *disk =
		container_of(work, struct blkfront_disk, wake);

	mutex_lock(&disk->lock);
	blkfront_state_wake(disk);
	mutex_unlock(&disk->lock);
	blkfront_disk_queue_work(disk, 0);
	blkfront_disk_put(disk);
}

/* --- minors ------------------------------------------------------------------ */

static int disk_take_minors(struct blkfront_disk *disk)
{
	const struct blkfront_vdev *vdev = &disk->vdev;
	struct blkfront_disk *other;
	int err = 0;

	mutex_lock(&vdev_lock);
	list_for_each_entry(other, &vdev_list, minors) {
		if (vdev->minor < other->vdev.minor + other->vdev.nr_minors &&
		    other->vdev.minor < vdev->minor + vdev->nr_minors) {
			pr_err("%s: minors %u to %u: some are in use by %s\n",
			       vdev->name, vdev->minor,
			       vdev->minor + vdev->nr_minors - 1,
			       other->vdev.name);
			err = -EBUSY;
			break;
		}
	}
	if (!err)
		list_add(&disk->minors, &vdev_list);
	mutex_unlock(&vdev_lock);
	return err;
}

static void disk_drop_minors(struct blkfront_disk *disk)
{
	mutex_lock(&vdev_lock);
	list_del_init(&disk->minors);
	mutex_unlock(&vdev_lock);
}

/**
 * blkfront_disk_find_orphan - find the disk that a new device may adopt
 * @vdev: the device's name and minors
 *
 * Context: process.
 * Return: the disk, with a reference, or NULL.
 */
struct blkfront_disk *blkfront_disk_find_orphan(const struct blkfront_vdev *vdev)
{
	struct blkfront_disk *disk, *found = NULL;

	mutex_lock(&vdev_lock);
	list_for_each_entry(disk, &vdev_list, minors) {
		if (disk->vdev.minor != vdev->minor ||
		    disk->vdev.nr_minors != vdev->nr_minors ||
		    !test_bit(BLKFRONT_ORPHAN, &disk->flags))
			continue;
		found = disk;
		kref_get(&disk->ref);	/* it has minors, and so a gendisk's */
		break;
	}
	mutex_unlock(&vdev_lock);
	return found;
}

/* --- what users do ------------------------------------------------------------ */

/* Under open_mutex, as is blkfront_disk_close(). */
static int disk_open(struct gendisk *gd, blk_mode_t mode)
{
	struct blkfront_disk *disk = gd->private_data;

	return test_bit(BLKFRONT_CLOSING, &disk->flags) ? -ENXIO : 0;
}

static void disk_close(struct gendisk *gd)
{
	struct blkfront_disk *disk = gd->private_data;

	if ((test_bit(BLKFRONT_UNPLUG, &disk->flags) ||
	     test_bit(BLKFRONT_ORPHAN, &disk->flags)) && !disk_openers(gd))
		blkfront_disk_queue_work(disk, 0);
}

static int disk_getgeo(compat_getgeo_t *of, struct hd_geometry *geo)
{
	sector_t sectors = get_capacity(compat_getgeo_disk(of));
	sector_t cylinders = sectors;

	/* There is no geometry; these numbers at least fit the size. */
	geo->heads = 255;
	geo->sectors = 63;
	sector_div(cylinders, geo->heads * geo->sectors);
	geo->cylinders = min_t(sector_t, cylinders, 0xffff);
	return 0;
}

static int disk_ioctl(struct block_device *bdev, blk_mode_t mode,
		      unsigned int command, unsigned long argument)
{
	struct blkfront_disk *disk = bdev->bd_disk->private_data;

	switch (command) {
	case CDROMMULTISESSION:
		if (clear_user((void __user *)argument,
			       sizeof(struct cdrom_multisession)))
			return -EFAULT;
		return 0;
	case CDROM_GET_CAPABILITY:
		return READ_ONCE(disk->config.cdrom) ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

static void disk_free(struct gendisk *gd)
{
	blkfront_disk_put(gd->private_data);
}

static const struct block_device_operations disk_fops = {
	.owner = THIS_MODULE,
	.open = disk_open,
	.release = disk_close,
	.getgeo = disk_getgeo,
	.ioctl = disk_ioctl,
	.compat_ioctl = blkdev_compat_ptr_ioctl,
	.free_disk = disk_free,
};

/* --- what the block layer is told ------------------------------------------------ */

static void disk_limits(const struct blkfront_config *config,
			struct queue_limits *lim)
{
	unsigned int discard = 0;

	if (config->discard)
		discard = max(rounddown(DISK_MAX_DISCARD_SECTORS,
					config->discard_granularity >> SECTOR_SHIFT),
			      config->discard_granularity >> SECTOR_SHIFT);

	lim->logical_block_size = config->sector_size;
	lim->physical_block_size = config->physical_sector_size;
	lim->max_hw_sectors = config->max_segments * BLKIF_SECTORS_PER_PAGE;
	lim->max_segments = config->max_segments;
	lim->max_segment_size = BLKIF_PAGE_SIZE;
	lim->seg_boundary_mask = BLKIF_PAGE_SIZE - 1;
	/* A segment begins and ends at a logical block of its page. */
	lim->dma_alignment = config->sector_size - 1;

	lim->max_hw_discard_sectors = discard;
	lim->max_secure_erase_sectors = config->secure_erase ? discard : 0;
	lim->discard_granularity = config->discard ? config->discard_granularity : 0;
	lim->discard_alignment = config->discard_alignment;

	/*
	 * Whatever this backend has: the next one may have a cache, and who does
	 * not send us his flushes looks at this only once.  The block layer makes
	 * FUA of a write and a flush.
	 */
	lim->features |= BLK_FEAT_WRITE_CACHE;
}

/**
 * blkfront_disk_create - make the gendisk
 * @disk: the disk, under its lock, with its configuration
 *
 * It is added by the block work, which scans it for partitions and so waits for
 * I/O.
 *
 * Return: 0 or an error.
 */
int blkfront_disk_create(struct blkfront_disk *disk)
{
	struct blk_mq_tag_set *set = &disk->tag_set;
	struct queue_limits lim = {};
	struct gendisk *gd;
	int err;

	err = disk_take_minors(disk);
	if (err)
		return err;
	err = blkfront_queue_alloc_ctxs(disk);
	if (err)
		goto err_drop_minors;

	set->ops = &blkfront_mq_ops;
	set->nr_hw_queues = disk->nr_ctxs;
	set->nr_maps = disk->nr_poll_ctxs ? HCTX_MAX_TYPES : 1;
	set->queue_depth = disk->ctxs[0].depth;
	set->numa_node = NUMA_NO_NODE;
	/* The backend's disk has a scheduler of its own, and sees all guests. */
	set->flags = BLK_MQ_F_SHOULD_MERGE | BLK_MQ_F_NO_SCHED_BY_DEFAULT;
	set->driver_data = disk;
	err = blk_mq_alloc_tag_set(set);
	if (err)
		goto err_free_ctxs;

	disk_limits(&disk->config, &lim);
	gd = blk_mq_alloc_disk(set, &lim, disk);
	if (IS_ERR(gd)) {
		err = PTR_ERR(gd);
		goto err_free_tag_set;
	}
	strscpy(gd->disk_name, disk->vdev.name, sizeof(gd->disk_name));
	gd->major = XENVBD_MAJOR;
	gd->first_minor = disk->vdev.minor;
	gd->minors = disk->vdev.nr_minors;
	gd->fops = &disk_fops;
	gd->private_data = disk;
	if (disk->config.removable)
		gd->flags |= GENHD_FL_REMOVABLE;
	set_disk_ro(gd, disk->config.readonly);
	set_capacity(gd, disk->config.sectors);
	disk->applied = disk->config;
	disk->gd = gd;
	disk->latency_since_ns = ktime_get_ns();
	blkfront_debugfs_add(disk);
	return 0;

err_free_tag_set:
	blk_mq_free_tag_set(set);
err_free_ctxs:
	blkfront_queue_free_ctxs(disk);
err_drop_minors:
	disk_drop_minors(disk);
	return err;
}

static void disk_add(struct blkfront_disk *disk)
{
	struct device *parent = NULL;
	int err;

	mutex_lock(&disk->lock);
	if (disk->xbdev)
		parent = get_device(&disk->xbdev->dev);
	mutex_unlock(&disk->lock);
	if (!parent)
		return;

	kref_get(&disk->ref);	/* the gendisk's, given back by disk_free() */
	err = device_add_disk(parent, disk->gd, NULL);
	put_device(parent);
	if (err) {
		pr_err("%s: the disk cannot be added: error %d\n",
		       disk->vdev.name, err);
		blkfront_disk_put(disk);
		set_bit(BLKFRONT_ADD_FAILED, &disk->flags);
	} else {
		set_bit(BLKFRONT_ADDED, &disk->flags);
	}
	blkfront_disk_queue_work(disk, 0);
}

/* Freezing the queue is dear, and a resize needs no other limits. */
static bool disk_same_limits(const struct blkfront_config *a,
			     const struct blkfront_config *b)
{
	return a->physical_sector_size == b->physical_sector_size &&
	       a->max_segments == b->max_segments &&
	       a->discard == b->discard &&
	       a->secure_erase == b->secure_erase &&
	       a->discard_granularity == b->discard_granularity &&
	       a->discard_alignment == b->discard_alignment;
}

/* What the backend said may have changed: it is another one, or it grew. */
static void disk_update(struct blkfront_disk *disk,
			struct blkfront_config *config)
{
	struct request_queue *q = disk->gd->queue;
	struct queue_limits lim;
	int err;

	if (test_bit(BLKFRONT_NO_DISCARD, &disk->flags)) {
		config->discard = false;
		config->secure_erase = false;
	}
	if (!disk_same_limits(config, &disk->applied)) {
		lim = queue_limits_start_update(q);
		disk_limits(config, &lim);
		err = queue_limits_commit_update_frozen(q, &lim);
		if (err)
			pr_err("%s: the block layer refuses the new limits: error %d\n",
			       disk->vdev.name, err);
	}
	disk->applied = *config;

	if (get_disk_ro(disk->gd) != config->readonly)
		set_disk_ro(disk->gd, config->readonly);
	if (get_capacity(disk->gd) != config->sectors)
		set_capacity_and_notify(disk->gd, config->sectors);
}

/*
 * Flushes succeed again once all have ended that had to fail: see durable.c.  What
 * was lost since the last failure waits for the next one.
 */
static void disk_settle(struct blkfront_disk *disk)
{
	unsigned int told = READ_ONCE(disk->losses_told);
	unsigned int memflags;

	if (told == disk->losses_settled)
		return;
	memflags = blk_mq_freeze_queue(disk->gd->queue);
	WRITE_ONCE(disk->losses_settled, told);
	blk_mq_unfreeze_queue(disk->gd->queue, memflags);
}

/* The disk is dead: its requests fail, and none is left. */
static void disk_delete(struct blkfront_disk *disk)
{
	if (completion_done(&disk->gone))
		return;
	if (disk->gd) {
		if (test_bit(BLKFRONT_ADDED, &disk->flags)) {
			if (!test_bit(BLKFRONT_CLOSING, &disk->flags))
				blk_mark_disk_dead(disk->gd);
			del_gendisk(disk->gd);
		}
		blkfront_deadline_end(disk);
		blkfront_debugfs_remove(disk);
		put_disk(disk->gd);
		disk->gd = NULL;
		blk_mq_free_tag_set(&disk->tag_set);
		disk_drop_minors(disk);
	}
	complete_all(&disk->gone);
}

/*
 * Everything that may wait for this disk's own I/O, or for a file system that
 * learns of its end.
 */
static void disk_block_work(struct work_struct *work)
{
	struct blkfront_disk *disk =
		container_of(work, struct blkfront_disk, block_work);
	struct blkfront_config config;
	bool dead;

	mutex_lock(&disk->lock);
	config = disk->config;
	dead = disk->state == BLKFRONT_STATE_DEAD;
	mutex_unlock(&disk->lock);

	if (dead) {
		disk_delete(disk);
	} else if (test_bit(BLKFRONT_ADDED, &disk->flags)) {
		disk_settle(disk);
		disk_update(disk, &config);
	} else if (!test_bit(BLKFRONT_ADD_FAILED, &disk->flags)) {
		disk_add(disk);
	}
	blkfront_disk_put(disk);
}

/**
 * blkfront_disk_close - let nobody in, if nobody is in
 * @disk: the disk
 *
 * Return: false if it is open, or may be.
 */
bool blkfront_disk_close(struct blkfront_disk *disk)
{
	bool closed = true;

	if (!disk->gd || test_bit(BLKFRONT_ADD_FAILED, &disk->flags))
		return true;
	if (!test_bit(BLKFRONT_ADDED, &disk->flags))
		return false;	/* the scan for partitions has it open */
	/* Who holds it may be waiting for I/O that only our caller can end. */
	if (!mutex_trylock(&disk->gd->open_mutex)) {
		blkfront_disk_queue_work(disk, HZ / 10);
		return false;
	}
	if (disk_openers(disk->gd))
		closed = false;
	else
		set_bit(BLKFRONT_CLOSING, &disk->flags);
	mutex_unlock(&disk->gd->open_mutex);
	return closed;
}

/**
 * blkfront_disk_move - move the disk's directory in sysfs
 * @disk: the disk, under its lock, added and not dead
 * @parent: the device into whose directory; NULL for none
 *
 * The kernel keeps a reference to the former directory, and so the former parent
 * for ever.
 *
 * Return: 0 or an error.
 */
int blkfront_disk_move(struct blkfront_disk *disk, struct device *parent)
{
	lockdep_assert_held(&disk->lock);
	return device_move(disk_to_dev(disk->gd), parent,
			   parent ? DPM_ORDER_DEV_AFTER_PARENT :
				    DPM_ORDER_NONE);
}

/**
 * blkfront_disk_orphan - the xenbus device goes, and the disk cannot yet
 * @disk: a disk with a request that cannot be ended
 *
 * The disk's directory in sysfs is in the device's; it moves out of it.
 */
void blkfront_disk_orphan(struct blkfront_disk *disk)
{
	bool dead;

	mutex_lock(&disk->lock);
	dead = disk->state == BLKFRONT_STATE_DEAD;
	if (!dead && disk->gd && device_is_registered(disk_to_dev(disk->gd)))
		blkfront_disk_move(disk, NULL);
	mutex_unlock(&disk->lock);
	if (dead)
		wait_for_completion(&disk->gone);
}

/**
 * blkfront_disk_alloc - make the object that stands for a disk
 * @vdev: its name and minors
 *
 * Return: the disk, with one reference, or NULL.
 */
struct blkfront_disk *blkfront_disk_alloc(const struct blkfront_vdev *vdev)
{
	struct blkfront_disk *disk = kzalloc_obj(*disk);

	if (!disk)
		return NULL;
	kref_init(&disk->ref);
	mutex_init(&disk->lock);
	disk->vdev = *vdev;
	INIT_DELAYED_WORK(&disk->work, blkfront_state_work);
	INIT_WORK(&disk->block_work, disk_block_work);
	INIT_WORK(&disk->wake, disk_wake_work);
	blkfront_deadline_init(disk);
	atomic64_set(&disk->flushes, 1);
	INIT_LIST_HEAD(&disk->minors);
	init_completion(&disk->gone);
	init_waitqueue_head(&disk->wait);
	atomic_inc(&disk_count);
	return disk;
}
