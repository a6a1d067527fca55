// SPDX-License-Identifier: GPL-2.0
/* The directory limits/ below the xenbus device: a file for each setting. */
#include "blkback.h"

static ssize_t limit_show(struct device *device, struct device_attribute *attr,
			  char *buf)
{
	const struct blkback_setting *setting =
		blkback_setting_find(attr->attr.name);

	return setting->show(dev_get_drvdata(device), setting->which, buf);
}

static ssize_t limit_store(struct device *device, struct device_attribute *attr,
			   const char *text, size_t size)
{
	const struct blkback_setting *setting =
		blkback_setting_find(attr->attr.name);
	int err = setting->set(dev_get_drvdata(device), setting->which, text);

	if (!err)
		return size;
	dev_err_ratelimited(device,
			    "limits/%s stays as it is: \"%*pE\" was written (%pe), expected %s\n",
			    setting->name,
			    (int)min_t(size_t, strcspn(text, "\n"), 64), text,
			    ERR_PTR(err), setting->expected);
	return err;
}

#define LIMIT(name)							\
static struct device_attribute limit_attr_##name =			\
	__ATTR(name, 0644, limit_show, limit_store)

LIMIT(iops);
LIMIT(read_iops);
LIMIT(write_iops);
LIMIT(bytes_per_sec);
LIMIT(read_bytes_per_sec);
LIMIT(write_bytes_per_sec);
LIMIT(burst_ms);
LIMIT(weight);
LIMIT(cgroup);
LIMIT(ioprio);

static struct attribute *limits_attrs[] = {
	&limit_attr_iops.attr,
	&limit_attr_read_iops.attr,
	&limit_attr_write_iops.attr,
	&limit_attr_bytes_per_sec.attr,
	&limit_attr_read_bytes_per_sec.attr,
	&limit_attr_write_bytes_per_sec.attr,
	&limit_attr_burst_ms.attr,
	&limit_attr_weight.attr,
	&limit_attr_cgroup.attr,
	&limit_attr_ioprio.attr,
	NULL
};

const struct attribute_group blkback_limits_group = {
	.name = "limits",
	.attrs = limits_attrs,
};
