// SPDX-License-Identifier: GPL-2.0
/*
 * A connection: all rings of a disk, made together and ended together.
 *
 * The order of the end is that of every teardown here: stop intake, drain,
 * unmap, unbind, free; each step for all rings before the next.
 */
#include <linux/err.h>
#include <linux/slab.h>

#include "blkback.h"
#include "port.h"

/* Memory, for which nobody has to wait. */
static struct blkback_queue *queue_alloc(struct blkback_dev *dev,
					 const struct blkback_config *config,
					 unsigned int number)
{
	unsigned int max_pages = blkback_ring_slots(config->nr_ring_pages) *
				 max(dev->offer.max_indirect_segments,
				     BLKIF_MAX_SEGMENTS_PER_REQUEST);
	struct blkback_queue *queue;
	int err;

	queue = kzalloc_obj(*queue);
	if (!queue)
		return NULL;
	blkback_queue_init(queue, dev, number);
	queue->stats = blkback_stats_get(dev, number);
	if (!queue->stats)
		goto err_free;
	err = blkback_pool_init(&queue->pool, dev->vbd.by_units);
	if (err)
		goto err_free;
	err = blkback_mover_init(&queue->mover, dev->xbdev->otherend_id,
				 max_pages, config->persistent);
	if (err)
		goto err_exit_pool;
	return queue;

err_exit_pool:
	blkback_pool_exit(&queue->pool);
err_free:
	kfree(queue);
	return NULL;
}

static void queue_free(struct blkback_queue *queue)
{
	blkback_latency_fold(queue);
	blkback_mover_exit(&queue->mover);
	blkback_pool_exit(&queue->pool);
	kfree(queue);
}

static int queue_attach(struct blkback_queue *queue,
			const struct blkback_config *config)
{
	void *page[BLKBACK_MAX_RING_PAGES];
	unsigned int i;

	for (i = 0; i < config->nr_ring_pages; i++)
		page[i] = queue->ring_map.page[i].address;
	return blkback_ring_attach(&queue->ring, config->abi, page,
				   config->nr_ring_pages);
}

/* Map the ring and bind its event. */
static int queue_join(struct blkback_queue *queue,
		      const struct blkback_config *config,
		      struct blkback_ring_fault *fault)
{
	struct blkback_ring_config *ring = &config->ring[queue->number];
	struct blkback_dev *dev = queue->dev;
	domid_t domid = dev->xbdev->otherend_id;
	int err;

	err = blkback_ring_map(&queue->ring_map, domid, ring->ring_ref,
			       config->nr_ring_pages, fault);
	if (err)
		return err;
	err = queue_attach(queue, config);
	if (err)
		goto err_unmap;
	queue->irq = blkback_port_bind(dev->xbdev, ring->event_channel,
				       blkback_queue_event, queue);
	if (queue->irq < 0) {
		err = queue->irq;
		goto err_unmap;
	}
	/*
	 * The rings of one disk on CPUs of their own, and those of another
	 * guest's disk on others first.  An only ring is Xen's to place.
	 */
	if (config->nr_queues > 1)
		blkback_port_spread(queue->irq, queue->number + domid);
	return 0;

err_unmap:
	blkback_ring_unmap(&queue->ring_map, domid);
	return err;
}

static void queue_leave(struct blkback_queue *queue)
{
	blkback_mover_clear(&queue->mover);
	blkback_ring_detach(&queue->ring);
	blkback_ring_unmap(&queue->ring_map, queue->dev->xbdev->otherend_id);
	blkback_port_unbind(queue->irq, queue);
}

static struct blkback_queue *queue_create(struct blkback_dev *dev,
					  const struct blkback_config *config,
					  unsigned int number,
					  struct blkback_ring_fault *fault)
{
	struct blkback_queue *queue = queue_alloc(dev, config, number);
	int err;

	if (!queue)
		return ERR_PTR(-ENOMEM);
	err = queue_join(queue, config, fault);
	if (!err)
		return queue;
	queue_free(queue);
	return ERR_PTR(err);
}

static void connection_refuse(struct blkback_dev *dev, int err,
			      const struct blkback_config *config,
			      unsigned int number,
			      const struct blkback_ring_fault *fault)
{
	const struct blkback_ring_config *ring = &config->ring[number];

	if (!blkback_xenbus_begin(dev))
		return;
	if (fault->status)
		blkback_xenbus_fatal(dev, err,
				     "domain %d granted no access to page %u of %u of ring %u with grant reference %u (Xen says %d)",
				     dev->xbdev->otherend_id, fault->page,
				     config->nr_ring_pages, number, fault->gref,
				     fault->status);
	else
		blkback_xenbus_fatal(dev, err,
				     "connecting to ring %u of %u (%u pages, the first is %u) and event channel %u of domain %d",
				     number, config->nr_queues,
				     config->nr_ring_pages, ring->ring_ref[0],
				     ring->event_channel,
				     dev->xbdev->otherend_id);
	blkback_xenbus_end(dev);
}

/* Who looks at the rings sees those that are whole. */
static void connection_add(struct blkback_dev *dev, struct blkback_queue *queue)
{
	mutex_lock(&dev->view_lock);
	dev->queue[dev->nr_queues++] = queue;
	mutex_unlock(&dev->view_lock);
}

/* Nobody looks at it any more. */
static struct blkback_queue *connection_take(struct blkback_dev *dev)
{
	struct blkback_queue *queue;

	mutex_lock(&dev->view_lock);
	queue = dev->queue[--dev->nr_queues];
	mutex_unlock(&dev->view_lock);
	return queue;
}

/**
 * blkback_connection_start - map all rings and start to serve them
 * @dev: the device, its backing device open, not connected
 * @config: what the frontend wrote
 *
 * None is served before all are there.
 *
 * Context: the device's work item, not between begin and end; may sleep.
 * Return: 0, or -errno with nothing left behind and the frontend told.
 */
int blkback_connection_start(struct blkback_dev *dev,
			     const struct blkback_config *config)
{
	struct blkback_ring_fault fault = {};
	struct blkback_queue *queue;
	unsigned int i;

	dev->abi = config->abi;
	dev->left = false;
	dev->queue = kcalloc(config->nr_queues, sizeof(*dev->queue),
			     GFP_KERNEL);
	if (!dev->queue) {
		connection_refuse(dev, -ENOMEM, config, 0, &fault);
		return -ENOMEM;
	}
	for (i = 0; i < config->nr_queues; i++) {
		queue = queue_create(dev, config, i, &fault);
		if (IS_ERR(queue)) {
			blkback_connection_stop(dev, false);
			connection_refuse(dev, PTR_ERR(queue), config, i,
					  &fault);
			return PTR_ERR(queue);
		}
		connection_add(dev, queue);
	}
	for (i = 0; i < dev->nr_queues; i++)
		blkback_queue_start(dev->queue[i]);
	return 0;
}

/**
 * blkback_connection_stop - stop serving all rings and unmap them
 * @dev: the device, with rings that were started, or not
 * @left: its frontend has left them: it closes, or begins anew
 *
 * Everything that was taken off a ring is answered first, however long that
 * takes: when this returns no bio can touch a page of the frontend any more.
 * What waits for limits or for other disks does not wait any longer.  It is
 * started where the frontend may go on with these rings, and ends unstarted where
 * it has left them: a frontend that closes has no more use for answers, one that
 * begins anew sends again what was not answered, and one that does so all the
 * time would have no limits.
 *
 * Context: the device's work item, sleeps.
 */
void blkback_connection_stop(struct blkback_dev *dev, bool left)
{
	unsigned int i;

	WRITE_ONCE(dev->left, left);
	for (i = 0; i < dev->nr_queues; i++)
		blkback_queue_stop(dev->queue[i]);
	for (i = 0; i < dev->nr_queues; i++)
		blkback_queue_drain(dev->queue[i]);
	/* Completions whose request was answered before they had kicked. */
	synchronize_rcu();
	while (dev->nr_queues) {
		struct blkback_queue *queue = connection_take(dev);

		blkback_queue_end(queue);
		queue_leave(queue);
		queue_free(queue);
	}
	kfree(dev->queue);
	dev->queue = NULL;
}

/**
 * blkback_connection_kick - have a pass made of each ring
 * @dev: the device, connected or not
 *
 * Context: the device's work item.
 */
void blkback_connection_kick(struct blkback_dev *dev)
{
	unsigned int i;

	for (i = 0; i < dev->nr_queues; i++)
		blkback_queue_kick(dev->queue[i]);
}
