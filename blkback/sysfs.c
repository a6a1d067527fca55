// SPDX-License-Identifier: GPL-2.0
/*
 * What xentop and the toolstack read below the xenbus device: the names are
 * those of the in-tree backend.
 */

#include "blkback.h"

/*
 * The driver core adds the groups after probe() and removes them, waiting for
 * readers, before remove(): a reader always finds the device whole.
 */
static struct blkback_dev *sysfs_dev(struct device *device)
{
	return dev_get_drvdata(device);
}

static ssize_t physical_device_show(struct device *device,
				    struct device_attribute *attr, char *buf)
{
	dev_t devt = READ_ONCE(sysfs_dev(device)->vbd.devt);

	return sysfs_emit(buf, "%x:%x\n", MAJOR(devt), MINOR(devt));
}
static DEVICE_ATTR_RO(physical_device);

static ssize_t mode_show(struct device *device, struct device_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%s\n", sysfs_dev(device)->mode);
}
static DEVICE_ATTR_RO(mode);

static struct attribute *blkback_attrs[] = {
	&dev_attr_physical_device.attr,
	&dev_attr_mode.attr,
	NULL
};

static const struct attribute_group blkback_group = {
	.attrs = blkback_attrs,
};

#define STATISTIC(name)							\
static ssize_t name##_show(struct device *device,			\
			   struct device_attribute *attr, char *buf)	\
{									\
	return sysfs_emit(buf, "%llu\n",				\
			  blkback_stats_sum(sysfs_dev(device),		\
				offsetof(struct blkback_stats, name)));	\
}									\
static DEVICE_ATTR_RO(name)

STATISTIC(oo_req);
STATISTIC(rd_req);
STATISTIC(wr_req);
STATISTIC(f_req);
STATISTIC(ds_req);
STATISTIC(err_req);
STATISTIC(rd_sect);
STATISTIC(wr_sect);

static struct attribute *blkback_stats_attrs[] = {
	&dev_attr_oo_req.attr,
	&dev_attr_rd_req.attr,
	&dev_attr_wr_req.attr,
	&dev_attr_f_req.attr,
	&dev_attr_ds_req.attr,
	&dev_attr_err_req.attr,
	&dev_attr_rd_sect.attr,
	&dev_attr_wr_sect.attr,
	NULL
};

static const struct attribute_group blkback_stats_group = {
	.name = "statistics",
	.attrs = blkback_stats_attrs,
};

const struct attribute_group *blkback_sysfs_groups[] = {
	&blkback_group,
	&blkback_stats_group,
	&blkback_limits_group,
	NULL
};
