// SPDX-License-Identifier: GPL-2.0
/* The backing device: a disk in memory that keeps a log and has knobs. */
#include <linux/blk-cgroup.h>
#include <linux/blkdev.h>
#include <linux/irq_work.h>
#include <linux/vmalloc.h>

#include "loopback.h"

struct fake_disk disk;

/* Protects the knobs, the log, and what is held.  Any context. */
static DEFINE_SPINLOCK(disk_lock);
static struct gendisk *gd;
static DECLARE_WAIT_QUEUE_HEAD(disk_goes_on);
static struct bio_list held = BIO_EMPTY_LIST;
static struct page *held_pages[512];
static unsigned int nr_held_pages;

/*
 * Whole blocks of the disk, each in one page of memory, and memory where the disk
 * can have it: more than this not every disk is good for.
 */
static bool disk_takes(struct bio *bio)
{
	unsigned int block = bdev_logical_block_size(bio->bi_bdev);
	unsigned int dma = bdev_dma_alignment(bio->bi_bdev);
	struct bvec_iter iter;
	struct bio_vec bv;

	if ((bio->bi_iter.bi_sector << SECTOR_SHIFT | bio->bi_iter.bi_size) &
	    (block - 1))
		return false;
	if (!bio_has_data(bio) || op_is_discard(bio->bi_opf))
		return true;
	bio_for_each_segment(bv, bio, iter)
		if (bv.bv_offset & dma || (bv.bv_offset | bv.bv_len) & (block - 1))
			return false;
	return true;
}

/* What the disk makes of a bio: its status. */
static blk_status_t disk_do(struct bio *bio)
{
	const size_t disk_bytes = DISK_SECTORS << SECTOR_SHIFT;
	size_t at = bio->bi_iter.bi_sector << SECTOR_SHIFT;
	struct bvec_iter iter;
	struct bio_vec bv;

	if (!disk_takes(bio)) {
		xen_wrong("the disk was given what it does not take");
		return BLK_STS_INVAL;
	}
	switch (bio_op(bio)) {
	case REQ_OP_DISCARD:
	case REQ_OP_SECURE_ERASE:
		/* It may have been made larger than there is data. */
		if (at < disk_bytes)
			memset(disk.data + at, 0, min(bio->bi_iter.bi_size,
						      disk_bytes - at));
		return BLK_STS_OK;
	case REQ_OP_READ:
		bio_for_each_segment(bv, bio, iter) {
			xen_share(bv.bv_page, false);
			memcpy_to_bvec(&bv, disk.data + at);
			xen_share(bv.bv_page, true);
			at += bv.bv_len;
		}
		return BLK_STS_OK;
	case REQ_OP_WRITE:
		bio_for_each_segment(bv, bio, iter) {
			xen_share(bv.bv_page, false);
			memcpy_from_bvec(disk.data + at, &bv);
			at += bv.bv_len;
		}
		return BLK_STS_OK;
	default:
		return BLK_STS_NOTSUPP;
	}
}

/* Under disk_lock. */
static blk_status_t disk_note(struct bio *bio)
{
	struct disk_op *op = &disk.log[disk.nr_ops++ % ARRAY_SIZE(disk.log)];
	blk_status_t status = BLK_STS_OK;

	*op = (struct disk_op){
		.op = bio_op(bio),
		.sector = bio->bi_iter.bi_sector,
		.nr_sectors = bio_sectors(bio),
		.preflush = bio->bi_opf & REQ_PREFLUSH,
		.fua = bio->bi_opf & REQ_FUA,
		.ioprio = bio->bi_ioprio,
		.css = bio_blkcg_css(bio),
	};
	if (op->preflush) {
		disk.nr_flushes++;
		if (disk.fail_flushes) {
			disk.fail_flushes--;
			status = BLK_STS_IOERR;
		}
	}
	if (disk.refuse) {
		disk.refuse--;
		status = BLK_STS_NOTSUPP;
	}
	if (disk.fail_all) {
		disk.fail_all--;
		status = BLK_STS_IOERR;
	}
	return status;
}

static void disk_hold_pages(struct bio *bio)
{
	struct bvec_iter iter;
	struct bio_vec bv;

	bio_for_each_segment(bv, bio, iter) {
		if (nr_held_pages == ARRAY_SIZE(held_pages))
			return;
		get_page(bv.bv_page);
		held_pages[nr_held_pages++] = bv.bv_page;
	}
}

static void disk_finish(struct bio *bio)
{
	blk_status_t status;
	unsigned long flags;

	spin_lock_irqsave(&disk_lock, flags);
	status = disk_note(bio);
	if (disk.hold_pages)
		disk_hold_pages(bio);
	spin_unlock_irqrestore(&disk_lock, flags);
	bio->bi_status = status ?: disk_do(bio);
	bio_endio(bio);
}

/* Among requests of tests that flush by no other means. */
static bool is_barrier(const struct bio *bio)
{
	return bio->bi_opf & REQ_PREFLUSH;
}

/* As storage does that takes no more requests. */
static void disk_stall(void)
{
	unsigned long flags;
	bool stall;

	spin_lock_irqsave(&disk_lock, flags);
	stall = disk.stall;
	disk.stall -= stall;
	disk.nr_stalled += stall;
	spin_unlock_irqrestore(&disk_lock, flags);
	if (stall)
		wait_event(disk_goes_on, !READ_ONCE(disk.nr_stalled));
}

static void disk_submit_bio(struct bio *bio)
{
	unsigned long flags;
	bool hold;

	disk_stall();
	spin_lock_irqsave(&disk_lock, flags);
	hold = disk.hold || (is_barrier(bio) && disk.hold_flushes) ||
	       (op_is_discard(bio->bi_opf) && disk.hold_discards);
	if (hold) {
		disk.hold_flushes -= disk.hold_flushes && is_barrier(bio);
		if (is_barrier(bio) ? disk.nr_held :
		    !bio_list_empty(&held) && is_barrier(bio_list_peek(&held)))
			disk.nr_beside++;
		bio_list_add(&held, bio);
		disk.nr_held++;
	}
	spin_unlock_irqrestore(&disk_lock, flags);
	if (!hold)
		disk_finish(bio);
}

static const struct block_device_operations disk_fops = {
	.owner = THIS_MODULE,
	.submit_bio = disk_submit_bio,
};

/* Let go of all that is held, and hold no more. */
void disk_release(void)
{
	struct bio_list bios;
	unsigned long flags;
	struct bio *bio;

	spin_lock_irqsave(&disk_lock, flags);
	disk.hold = false;
	disk.hold_flushes = 0;
	disk.hold_discards = false;
	disk.stall = 0;
	WRITE_ONCE(disk.nr_stalled, 0);
	bios = held;
	bio_list_init(&held);
	disk.nr_held = 0;
	spin_unlock_irqrestore(&disk_lock, flags);
	wake_up_all(&disk_goes_on);
	while ((bio = bio_list_pop(&bios)))
		disk_finish(bio);
}

static void release_event(struct irq_work *work)
{
	disk_release();
}

void disk_release_in_interrupt(void)
{
	struct irq_work work = IRQ_WORK_INIT(release_event);

	irq_work_queue(&work);
	irq_work_sync(&work);
}

/* The oldest that is held ends; the others stay. */
void disk_release_one(void)
{
	unsigned long flags;
	struct bio *bio;

	spin_lock_irqsave(&disk_lock, flags);
	bio = bio_list_pop(&held);
	if (bio)
		disk.nr_held--;
	spin_unlock_irqrestore(&disk_lock, flags);
	if (bio)
		disk_finish(bio);
}

void disk_release_at(sector_t sector)
{
	struct bio_list others = BIO_EMPTY_LIST;
	struct bio *bio, *found = NULL;
	unsigned long flags;

	spin_lock_irqsave(&disk_lock, flags);
	while ((bio = bio_list_pop(&held))) {
		if (!found && bio->bi_iter.bi_sector == sector)
			found = bio;
		else
			bio_list_add(&others, bio);
	}
	held = others;
	disk.nr_held -= !!found;
	spin_unlock_irqrestore(&disk_lock, flags);
	if (found)
		disk_finish(found);
}

void disk_release_first(unsigned int nr)
{
	while (nr--)
		disk_release_one();
}

void disk_release_pages(void)
{
	unsigned long flags;
	unsigned int nr;

	spin_lock_irqsave(&disk_lock, flags);
	disk.hold_pages = false;
	nr = nr_held_pages;
	nr_held_pages = 0;
	spin_unlock_irqrestore(&disk_lock, flags);
	while (nr)
		put_page(held_pages[--nr]);
}

bool disk_held_pages_are(const u8 *data)
{
	unsigned int i;

	for (i = 0; i < nr_held_pages; i++)
		if (memcmp(page_address(held_pages[i]), data + i * PAGE_SIZE,
			   PAGE_SIZE))
			return false;
	return nr_held_pages;
}

void disk_resize(u64 sectors)
{
	set_capacity(gd, sectors);
}

static void disk_set_limits(struct queue_limits *lim)
{
	if (queue_limits_commit_update(gd->queue, lim))
		xen_wrong("the disk did not take its new limits");
}

void disk_write_cache(bool on)
{
	struct queue_limits lim = queue_limits_start_update(gd->queue);

	lim.features &= ~(BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA);
	if (on)
		lim.features |= BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA;
	disk_set_limits(&lim);
}

void disk_blocks(unsigned int block_bytes, unsigned int dma_alignment)
{
	struct queue_limits lim = queue_limits_start_update(gd->queue);

	lim.logical_block_size = block_bytes;
	lim.dma_alignment = dma_alignment;
	disk_set_limits(&lim);
}

void disk_discard_max(unsigned int sectors)
{
	struct queue_limits lim = queue_limits_start_update(gd->queue);

	lim.max_hw_discard_sectors = sectors;
	disk_set_limits(&lim);
}

void disk_reset(void)
{
	disk_release();
	disk_release_pages();
	disk.fail_flushes = 0;
	disk.fail_all = 0;
	disk.refuse = 0;
	disk.nr_beside = 0;
	disk.nr_flushes = 0;
	disk.nr_ops = 0;
	memset(disk.data, 0, DISK_SECTORS << SECTOR_SHIFT);
	set_capacity(gd, DISK_SECTORS);
	disk_blocks(SECTOR_SIZE, SECTOR_SIZE - 1);
}

int disk_create(void)
{
	struct queue_limits lim = {
		.logical_block_size = SECTOR_SIZE,
		.physical_block_size = PAGE_SIZE,
		.max_hw_discard_sectors = DISK_DISCARD_SECTORS,
		.discard_granularity = PAGE_SIZE,
		.features = BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA,
	};
	int err;

	disk.data = vzalloc(DISK_SECTORS << SECTOR_SHIFT);
	if (!disk.data)
		return -ENOMEM;
	gd = blk_alloc_disk(&lim, NUMA_NO_NODE);
	if (IS_ERR(gd)) {
		err = PTR_ERR(gd);
		goto err_free;
	}
	strscpy(gd->disk_name, "xbtest", sizeof(gd->disk_name));
	gd->fops = &disk_fops;
	gd->flags |= GENHD_FL_NO_PART;
	set_capacity(gd, DISK_SECTORS);
	err = add_disk(gd);
	if (err)
		goto err_put;
	disk.devt = disk_devt(gd);
	return 0;

err_put:
	put_disk(gd);
err_free:
	vfree(disk.data);
	return err;
}

void disk_destroy(void)
{
	del_gendisk(gd);
	put_disk(gd);
	vfree(disk.data);
}
