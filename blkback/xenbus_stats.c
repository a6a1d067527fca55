// SPDX-License-Identifier: GPL-2.0
/*
 * The counters of a disk in XenStore, for who watches many hosts from elsewhere: off
 * unless xenstore_stats_sec says how often.
 *
 * The guest may read its backend's directory.  What is written there is what it did
 * itself, and nothing of the disk behind it.
 */
#include <linux/minmax.h>

#include "blkback.h"

#define STATS_MAX_SEC	86400U

static const struct {
	const char *key;
	size_t at;
} counters[] = {
	{ "statistics/rd_req", offsetof(struct blkback_stats, rd_req) },
	{ "statistics/wr_req", offsetof(struct blkback_stats, wr_req) },
	{ "statistics/f_req", offsetof(struct blkback_stats, f_req) },
	{ "statistics/ds_req", offsetof(struct blkback_stats, ds_req) },
	{ "statistics/err_req", offsetof(struct blkback_stats, err_req) },
	{ "statistics/rd_sect", offsetof(struct blkback_stats, rd_sect) },
	{ "statistics/wr_sect", offsetof(struct blkback_stats, wr_sect) },
};

static int write_counters(struct blkback_dev *dev, struct xenbus_transaction xbt)
{
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < ARRAY_SIZE(counters); i++)
		err = xenbus_printf(xbt, dev->xbdev->nodename, counters[i].key,
				    "%llu",
				    blkback_stats_sum(dev, counters[i].at));
	return err;
}

/* Who is in the way of a transaction, or has filled the store, may not be next time. */
static void stats_write(struct blkback_dev *dev)
{
	int err;

	if (!blkback_xenbus_begin(dev))
		return;
	err = blkback_xenbus_transact(dev, write_counters);
	if (err && err != -EAGAIN && err != -ENOENT)
		blkback_warn(dev, "its counters cannot be written to XenStore: %pe\n",
			     ERR_PTR(err));
	blkback_xenbus_end(dev);
}

static void stats_later(struct blkback_dev *dev)
{
	unsigned int sec = min(READ_ONCE(blkback_xenstore_stats_sec),
			       STATS_MAX_SEC);

	if (sec)
		queue_delayed_work(blkback_dev_wq, &dev->publish,
				   sec * (unsigned long)HZ);
}

static void stats_work(struct work_struct *work)
{
	struct blkback_dev *dev = container_of(work, struct blkback_dev,
					       publish.work);

	stats_write(dev);
	stats_later(dev);
}

/**
 * blkback_xenbus_stats_init - of a device that is not connected
 * @dev: the device
 */
void blkback_xenbus_stats_init(struct blkback_dev *dev)
{
	INIT_DELAYED_WORK(&dev->publish, stats_work);
}

/**
 * blkback_xenbus_stats_start - from now on, write them now and then, if that is wanted
 * @dev: the device, which has connected
 *
 * Context: the device's work item.
 */
void blkback_xenbus_stats_start(struct blkback_dev *dev)
{
	stats_later(dev);
}

/**
 * blkback_xenbus_stats_stop - write them no more
 * @dev: the device
 *
 * Context: the device's work item, not between begin and end; sleeps.
 */
void blkback_xenbus_stats_stop(struct blkback_dev *dev)
{
	cancel_delayed_work_sync(&dev->publish);
}
