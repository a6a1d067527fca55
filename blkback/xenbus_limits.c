// SPDX-License-Identifier: GPL-2.0
/*
 * The limits that the toolstack wrote for a disk: a key of the backend's directory, where
 * no guest writes, for each setting.
 */
#include <linux/slab.h>

#include "blkback.h"

#define LIMIT_PREFIX	"limit-"
#define LIMIT_KEY_MAX	40

static void limit_key(char *key, const struct blkback_setting *setting)
{
	snprintf(key, LIMIT_KEY_MAX, LIMIT_PREFIX "%s", setting->name);
	strreplace(key, '_', '-');
}

static int read_limit(struct blkback_dev *dev,
		      const struct blkback_setting *setting)
{
	const char *node = dev->xbdev->nodename;
	char key[LIMIT_KEY_MAX];
	char *text;
	int err;

	limit_key(key, setting);
	err = blkback_xenbus_read_key(dev, node, key, &text);
	if (err || !text)
		return err;
	err = setting->set(dev, setting->which, text);
	if (err)
		blkback_xenbus_fatal(dev, err, "%s/%s is \"%.64s\", expected %s",
				     node, key, text, setting->expected);
	kfree(text);
	return err;
}

/**
 * blkback_xenbus_read_limits - set what the toolstack wrote
 * @dev: the device, between begin and end; told the result
 *
 * What has no key stays as it is.  A guest that was to be limited and is not, for a
 * slip of the pen, might not be noticed: such a disk is not connected.
 *
 * Context: process, may sleep.
 * Return: 0; or -errno, which was told, for what cannot be read or set.
 */
int blkback_xenbus_read_limits(struct blkback_dev *dev)
{
	const struct blkback_setting *setting;
	unsigned int i;
	int err = 0;

	for (i = 0; !err && (setting = blkback_setting_nth(i)); i++)
		err = read_limit(dev, setting);
	return err;
}
