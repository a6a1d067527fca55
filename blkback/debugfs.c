// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/debug/xen/blkback/DISK.DOMAIN/: what an administrator looks at when
 * a disk is slow, or stuck.
 *
 * Histograms and requests are read beside those who write them; who adds or takes
 * away one of these waits for a reader for a moment.  A disk that is stuck can be
 * looked at as any other.
 */
#include <linux/jiffies.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include <xenblk/debugfs.h>
#include <xenblk/request_view.h>

#include "blkback.h"

static struct dentry *debugfs_root;

/* --- stat, reset ----------------------------------------------------------------- */

static int stat_show(struct seq_file *seq, void *unused)
{
	return blkback_latency_show(seq, seq->private);
}
DEFINE_SHOW_ATTRIBUTE(stat);

static ssize_t reset_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *pos)
{
	blkback_latency_reset(file->private_data);
	return count;
}

static const struct file_operations reset_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = reset_write,
};

/* --- rings ------------------------------------------------------------------------- */

static const char *op_text(u8 wire_op)
{
	static const char *const text[] = {
		[BLKIF_OP_READ] = "read",
		[BLKIF_OP_WRITE] = "write",
		[BLKIF_OP_WRITE_BARRIER] = "barrier",
		[BLKIF_OP_FLUSH_DISKCACHE] = "flush",
		[BLKIF_OP_DISCARD] = "discard",
	};

	if (wire_op < ARRAY_SIZE(text) && text[wire_op])
		return text[wire_op];
	return "other";
}

static void view_fill(struct xenblk_request_view *view,
		      const struct blkback_req *req, u64 now)
{
	u64 since = READ_ONCE(req->times.since_ns);

	view->id = READ_ONCE(req->cmd.id);
	view->sector = READ_ONCE(req->cmd.sector);
	view->nr_sectors = READ_ONCE(req->cmd.nr_sectors);
	view->op = op_text(READ_ONCE(req->cmd.wire_op));
	view->age_ns = since && now > since ? now - since : 0;
	view->stage = blkback_latency_stage_text(blkback_latency_stage(&req->times));
}

/* The requests that are under way now, or were a moment ago. */
static unsigned int view_ring(struct blkback_queue *queue,
			      struct xenblk_request_view *view,
			      unsigned int max)
{
	struct blkback_pool *pool = &queue->pool;
	const struct blkback_req *req;
	u64 now = local_clock();
	unsigned int nr = 0;

	spin_lock(&pool->lock);
	list_for_each_entry(req, &pool->all, all) {
		if (nr == max)
			break;
		if (READ_ONCE(req->times.busy))
			view_fill(&view[nr++], req, now);
	}
	spin_unlock(&pool->lock);
	return nr;
}

static u64 pass_ns(const struct blkback_queue *queue)
{
	unsigned long since = READ_ONCE(queue->pass_since);

	return since ? jiffies64_to_nsecs(jiffies - since) : 0;
}

static void ring_show(struct seq_file *seq, struct blkback_queue *queue,
		      struct xenblk_request_view *view, unsigned int max)
{
	unsigned int nr = view_ring(queue, view, max);
	struct blkback_ring_view ring;

	blkback_ring_view(&queue->ring, &ring);
	seq_printf(seq, "ring %u slots %u req_prod %u req_cons %u rsp_prod %u req_event %u rsp_event %u in_flight %u pass_ns %llu\n",
		   queue->number, ring.nr_slots, ring.req_prod, ring.req_cons,
		   ring.rsp_prod, ring.req_event, ring.rsp_event,
		   READ_ONCE(queue->nr_taken), pass_ns(queue));
	xenblk_request_views_show(seq, view, nr);
}

static int rings_show(struct seq_file *seq, void *unused)
{
	unsigned int max = blkback_ring_slots(BLKBACK_MAX_RING_PAGES), i;
	struct blkback_dev *dev = seq->private;
	struct xenblk_request_view *view;

	view = kvcalloc(max, sizeof(*view), GFP_KERNEL);
	if (!view)
		return -ENOMEM;
	mutex_lock(&dev->view_lock);
	for (i = 0; i < dev->nr_queues; i++)
		ring_show(seq, dev->queue[i], view, max);
	mutex_unlock(&dev->view_lock);
	kvfree(view);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(rings);

/* --- config ------------------------------------------------------------------------ */

static const char *abi_text(enum blkback_abi abi)
{
	switch (abi) {
	case BLKBACK_ABI_X86_64:
		return "x86_64";
	case BLKBACK_ABI_X86_32:
		return "x86_32";
	default:
		return "unknown";
	}
}

static const char *persistent_why(const struct blkback_dev *dev)
{
	if (dev->config.persistent)
		return "both halves want them";
	if (!dev->offer.persistent)
		return "not offered: feature_persistent=N when the disk was attached";
	return "the frontend does not want them";
}

static void config_show_rings(struct seq_file *seq, const struct blkback_dev *dev)
{
	const struct blkback_config *config = &dev->config;
	const struct blkback_offer *offer = &dev->offer;

	seq_printf(seq, "rings %u (the frontend's choice, of %u offered: max_queues, or the CPUs online)\n",
		   config->nr_queues, offer->max_queues);
	seq_printf(seq, "ring_pages %u (the frontend's choice, of %u offered: max_ring_page_order)\n",
		   config->nr_ring_pages, 1U << offer->max_ring_page_order);
	seq_printf(seq, "ring_slots %u (what so many pages hold)\n",
		   blkback_ring_slots(config->nr_ring_pages));
	seq_printf(seq, "abi %s (%s)\n", abi_text(READ_ONCE(dev->abi)),
		   config->abi == BLKBACK_ABI_UNKNOWN ?
		   "the frontend has no key protocol: its first request tells" :
		   "the frontend's key protocol");
	seq_printf(seq, "persistent_grants %u (%s)\n", config->persistent,
		   persistent_why(dev));
}

static void config_show_disk(struct seq_file *seq, const struct blkback_dev *dev)
{
	const struct blkback_vbd *vbd = &dev->vbd;
	const struct blkback_limits *limits = &vbd->limits;

	seq_printf(seq, "physical_device %x:%x (the hotplug script's)\n",
		   MAJOR(vbd->devt), MINOR(vbd->devt));
	seq_printf(seq, "mode %s (the toolstack's)\n", dev->mode);
	seq_printf(seq, "sectors %llu (of 512 bytes; the device's size)\n",
		   READ_ONCE(limits->capacity_sectors));
	seq_printf(seq, "block_bytes %u (%s)\n", limits->block_sectors * 512,
		   vbd->emulate ? "emulate-512 is 1, the device's are longer" :
				  "the device's");
	seq_printf(seq, "max_indirect_segments %u (offered: the parameter, at load)\n",
		   limits->max_indirect_segments);
	seq_printf(seq, "flush %u (%s)\n", vbd->flush, vbd->flush ?
		   "the device has a write cache" :
		   "the device has no write cache, or is not written to");
	seq_printf(seq, "discard %u (what the device can, unless discard-enable is 0)\n",
		   limits->discard);
	seq_printf(seq, "secure_erase %u (what the device can)\n",
		   limits->secure_erase);
}

static int config_show(struct seq_file *seq, void *unused)
{
	struct blkback_dev *dev = seq->private;

	mutex_lock(&dev->view_lock);
	seq_printf(seq, "connected %u (frontend in state %u)\n",
		   !!dev->nr_queues, READ_ONCE(dev->front_state));
	config_show_disk(seq, dev);
	if (dev->nr_queues)
		config_show_rings(seq, dev);
	mutex_unlock(&dev->view_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(config);

/* --- directories --------------------------------------------------------------------- */

/**
 * blkback_debugfs_init - make the directory of all disks
 *
 * Context: process, may sleep.
 */
void blkback_debugfs_init(void)
{
	debugfs_root = xenblk_debugfs_dir("blkback");
}

/**
 * blkback_debugfs_exit - there is no disk any more
 *
 * Context: process, may sleep.
 */
void blkback_debugfs_exit(void)
{
	debugfs_remove(debugfs_root);
}

/**
 * blkback_debugfs_add - a disk connects, maybe not for the first time
 * @dev: the device; its predecessor is gone
 *
 * Context: the device's work item, may sleep.
 */
void blkback_debugfs_add(struct blkback_dev *dev)
{
	char name[BLKBACK_NAME_LEN + 8];
	struct dentry *dir;

	if (!IS_ERR_OR_NULL(dev->debugfs))
		return;
	snprintf(name, sizeof(name), "%s.%u", dev->name,
		 dev->xbdev->otherend_id);
	dir = debugfs_create_dir(name, debugfs_root);
	/* The toolstack may have given two disks one name. */
	if (dir == ERR_PTR(-EEXIST))
		dir = debugfs_create_dir(dev_name(&dev->xbdev->dev),
					 debugfs_root);
	dev->debugfs = dir;
	debugfs_create_file("stat", 0400, dir, dev, &stat_fops);
	debugfs_create_file("rings", 0400, dir, dev, &rings_fops);
	debugfs_create_file("config", 0400, dir, dev, &config_fops);
	debugfs_create_file("reset", 0200, dir, dev, &reset_fops);
}

/**
 * blkback_debugfs_remove - a disk ends
 * @dev: the device
 *
 * Waits for who is reading.
 *
 * Context: the device's work item, may sleep.
 */
void blkback_debugfs_remove(struct blkback_dev *dev)
{
	debugfs_remove(dev->debugfs);
}
