// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/xen/blkfront/DISK/: what an administrator of the guest looks at
 * when a disk is slow, or stuck.
 *
 * Everything that is shown is looked at under disk->lock, and the requests of a
 * queue under its own lock.
 */
#include <linux/seq_file.h>
#include <linux/slab.h>

#include <xenblk/debugfs.h>
#include <xenblk/request_view.h>

#include "blkfront.h"

static struct dentry *debugfs_root;

/* --- stat, reset ----------------------------------------------------------------- */

static int stat_show(struct seq_file *seq, void *unused)
{
	return blkfront_latency_show(seq, seq->private);
}
DEFINE_SHOW_ATTRIBUTE(stat);

static ssize_t reset_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *pos)
{
	blkfront_latency_reset(file->private_data);
	return count;
}

static const struct file_operations reset_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = reset_write,
};

/* --- rings ------------------------------------------------------------------------- */

static const char *op_text(enum blkfront_op op)
{
	static const char *const text[] = {
		[BLKFRONT_READ] = "read",
		[BLKFRONT_WRITE] = "write",
		[BLKFRONT_FLUSH] = "flush",
		[BLKFRONT_DISCARD] = "discard",
		[BLKFRONT_SECURE_ERASE] = "secure_erase",
	};

	return text[op];
}

static const char *stage_text(const struct blkfront_shadow *shadow)
{
	switch (shadow->state) {
	case BLKFRONT_WAITING:
		return "queue";
	case BLKFRONT_FLYING:
		return blkfront_ring_unseen(shadow) ? "ring" : "backend";
	case BLKFRONT_HELD:
		return "held";
	default:
		return "finish";
	}
}

static void view_fill(struct xenblk_request_view *view,
		      const struct blkfront_shadow *shadow, u64 now)
{
	u64 begun = shadow->times.begun_ns;

	view->id = shadow->io.id;
	view->sector = shadow->io.sector;
	view->nr_sectors = shadow->io.nr_sectors;
	view->op = op_text(shadow->io.op);
	view->age_ns = begun && now > begun ? now - begun : 0;
	view->stage = stage_text(shadow);
}

static unsigned int view_ctx(struct blkfront_ctx *ctx,
			     struct xenblk_request_view *view)
{
	struct blkfront_shadow *shadow;
	u64 now = ktime_get_ns();
	unsigned int nr = 0;

	spin_lock_irq(&ctx->queue->lock);
	for_each_shadow(ctx, shadow)
		if (shadow->state != BLKFRONT_FREE)
			view_fill(&view[nr++], shadow, now);
	spin_unlock_irq(&ctx->queue->lock);
	return nr;
}

/* Of all contexts that share the ring. */
static unsigned int view_queue(struct blkfront_disk *disk,
			       const struct blkfront_queue *queue,
			       struct xenblk_request_view *view)
{
	struct blkfront_ctx *ctx;
	unsigned int nr = 0;

	for_each_ctx(disk, ctx)
		if (ctx->queue == queue)
			nr += view_ctx(ctx, view + nr);
	return nr;
}

static void queue_show(struct seq_file *seq, struct blkfront_disk *disk,
		       struct blkfront_queue *queue,
		       struct xenblk_request_view *view)
{
	unsigned int nr = view_queue(disk, queue, view);
	struct blkfront_ring_view ring;

	/* Requests stay with their rings until those of the next backend are there. */
	if (queue - disk->queues >= disk->layout.rings && !nr)
		return;
	blkfront_ring_view(queue, &ring);
	seq_printf(seq, "ring %td slots %u req_prod %u rsp_prod %u rsp_cons %u req_event %u rsp_event %u in_flight %u\n",
		   queue - disk->queues, ring.nr_slots, ring.req_prod,
		   ring.rsp_prod, ring.rsp_cons, ring.req_event, ring.rsp_event,
		   nr);
	xenblk_request_views_show(seq, view, nr);
}

static int rings_show(struct seq_file *seq, void *unused)
{
	struct blkfront_disk *disk = seq->private;
	unsigned int max = disk->nr_ctxs * disk->ctxs[0].depth;
	struct xenblk_request_view *view;
	struct blkfront_queue *queue;

	view = kvcalloc(max, sizeof(*view), GFP_KERNEL);
	if (!view)
		return -ENOMEM;
	mutex_lock(&disk->lock);
	for_each_queue(disk, queue)
		queue_show(seq, disk, queue, view);
	mutex_unlock(&disk->lock);
	kvfree(view);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(rings);

/* --- config ------------------------------------------------------------------------ */

static const char *state_text(enum blkfront_state state)
{
	static const char *const text[] = {
		[BLKFRONT_STATE_INIT] = "waiting (for the backend)",
		[BLKFRONT_STATE_OFFERED] = "offered (waiting for the backend's Connected)",
		[BLKFRONT_STATE_LIVE] = "connected",
		[BLKFRONT_STATE_LEAVING] = "leaving (until the backend has let go of all pages)",
		[BLKFRONT_STATE_DEAD] = "dead",
	};

	return text[state];
}

static const char *flush_text(enum blkfront_flush flush)
{
	static const char *const text[] = {
		[BLKFRONT_FLUSH_NONE] = "none (not offered: there is no write cache)",
		[BLKFRONT_FLUSH_CACHE] = "flush (offered by the backend)",
		[BLKFRONT_FLUSH_BARRIER] = "barrier (offered, and flush is not)",
	};

	return text[flush];
}

static const char *persistent_why(const struct blkfront_disk *disk)
{
	if (disk->config.persistent)
		return "both halves want them";
	return disk->persistent ? "the backend does not offer them" :
				  "feature_persistent=N when the disk connected";
}

static void config_show_disk(struct seq_file *seq,
			     const struct blkfront_config *config)
{
	seq_printf(seq, "sectors %llu (of 512 bytes, says the backend)\n",
		   config->sectors);
	seq_printf(seq, "sector_bytes %u (physical %u)\n", config->sector_size,
		   config->physical_sector_size);
	seq_printf(seq, "read_only %u\n", config->readonly);
	seq_printf(seq, "flush %s\n", flush_text(config->flush));
	seq_printf(seq, "discard %u (granularity %u bytes, secure %u)\n",
		   config->discard, config->discard_granularity,
		   config->secure_erase);
}

static int config_show(struct seq_file *seq, void *unused)
{
	struct blkfront_disk *disk = seq->private;
	const struct blkfront_config *config = &disk->config;

	mutex_lock(&disk->lock);
	seq_printf(seq, "state %s\n", state_text(disk->state));
	seq_printf(seq, "backend %s (domain %u)\n", disk->backend ?: "none",
		   disk->domid);
	config_show_disk(seq, config);
	seq_printf(seq, "rings %u (max_queues, CPUs, or the backend's bound; at first %u)\n",
		   disk->layout.rings, disk->nr_ctxs);
	seq_printf(seq, "poll_rings %u (of these: poll_queues, CPUs, or the backend's bound less one; at first %u)\n",
		   disk->layout.poll_rings, disk->nr_poll_ctxs);
	seq_printf(seq, "ring_pages %u (max_ring_page_order, or what the backend takes)\n",
		   1U << disk->layout.ring_order);
	seq_printf(seq, "max_segments %u (max_indirect_segments, or what the backend takes)\n",
		   config->max_segments);
	seq_printf(seq, "persistent_grants %u (%s)\n", config->persistent,
		   persistent_why(disk));
	seq_printf(seq, "private_pages %u (%s)\n", disk->untrusted,
		   disk->untrusted ? "the backend is not trusted" :
				     "the backend is trusted");
	mutex_unlock(&disk->lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(config);

/* --- directories --------------------------------------------------------------------- */

/**
 * blkfront_debugfs_init - make the directory of all disks
 *
 * Context: process, may sleep.
 */
void blkfront_debugfs_init(void)
{
	debugfs_root = xenblk_debugfs_dir("blkfront");
}

/**
 * blkfront_debugfs_exit - there is no disk any more
 *
 * Context: process, may sleep.
 */
void blkfront_debugfs_exit(void)
{
	debugfs_remove(debugfs_root);
}

/**
 * blkfront_debugfs_add - there is a disk
 * @disk: the disk, with its contexts, which it keeps from now on
 *
 * Context: process, may sleep.
 */
void blkfront_debugfs_add(struct blkfront_disk *disk)
{
	struct dentry *dir = debugfs_create_dir(disk->vdev.name, debugfs_root);

	disk->debugfs = dir;
	debugfs_create_file("stat", 0400, dir, disk, &stat_fops);
	debugfs_create_file("rings", 0400, dir, disk, &rings_fops);
	debugfs_create_file("config", 0400, dir, disk, &config_fops);
	debugfs_create_file("reset", 0200, dir, disk, &reset_fops);
}

/**
 * blkfront_debugfs_remove - a disk goes
 * @disk: the disk
 *
 * Waits for who is reading.
 *
 * Context: process, without disk->lock; sleeps.
 */
void blkfront_debugfs_remove(struct blkfront_disk *disk)
{
	debugfs_remove(disk->debugfs);
}
