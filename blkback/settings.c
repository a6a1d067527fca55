// SPDX-License-Identifier: GPL-2.0
/*
 * What the administrator sets for a disk: from text, wherever that was written, and
 * to text.
 */
#include <linux/ioprio.h>
#include <linux/kstrtox.h>
#include <linux/string.h>
#include <linux/stringify.h>

#include "blkback.h"

/* Less is not made up for when a timer or a work item is late, and the rate not held. */
#define BURST_MIN_MS	20
#define BURST_MAX_MS	3600000

#define CGROUP_PATH_MAX	512

static int set_rate(struct blkback_dev *dev, unsigned int which, const char *text)
{
	u64 per_sec;

	if (kstrtou64(text, 10, &per_sec) || per_sec > BLKBACK_BUCKET_MAX_RATE)
		return -EINVAL;
	blkback_limit_set_rate(dev, which, per_sec);
	return 0;
}

static int show_rate(struct blkback_dev *dev, unsigned int which, char *buf)
{
	return sysfs_emit(buf, "%llu\n", blkback_limit_rate(dev, which));
}

static int set_burst(struct blkback_dev *dev, unsigned int which,
		     const char *text)
{
	u32 ms;

	if (kstrtou32(text, 10, &ms) || ms < BURST_MIN_MS || ms > BURST_MAX_MS)
		return -EINVAL;
	blkback_limit_set_burst(dev, ms);
	return 0;
}

static int show_burst(struct blkback_dev *dev, unsigned int which, char *buf)
{
	return sysfs_emit(buf, "%u\n", blkback_limit_burst(dev));
}

static int set_weight(struct blkback_dev *dev, unsigned int which,
		      const char *text)
{
	u32 weight;

	if (kstrtou32(text, 10, &weight) || !weight ||
	    weight > BLKBACK_MAX_WEIGHT)
		return -EINVAL;
	blkback_share_set_weight(&dev->vbd.sharer, weight);
	return 0;
}

static int show_weight(struct blkback_dev *dev, unsigned int which, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(dev->vbd.sharer.weight));
}

static int set_cgroup(struct blkback_dev *dev, unsigned int which,
		      const char *text)
{
	char path[CGROUP_PATH_MAX];

	if (strscpy(path, text) < 0)
		return -EINVAL;
	return blkback_charge_set_cgroup(dev, strim(path));
}

static int show_cgroup(struct blkback_dev *dev, unsigned int which, char *buf)
{
	int len = blkback_charge_cgroup(dev, buf, PAGE_SIZE - 1);

	return len < 0 ? len : len + sysfs_emit_at(buf, len, "\n");
}

static const struct {
	const char *name;
	unsigned int class;
} io_classes[] = {
	{ "rt/", IOPRIO_CLASS_RT },
	{ "be/", IOPRIO_CLASS_BE },
};

static int parse_ioprio(const char *text)
{
	unsigned int i, level;

	if (sysfs_streq(text, "none"))
		return IOPRIO_DEFAULT;
	if (sysfs_streq(text, "idle"))
		return IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0);
	for (i = 0; i < ARRAY_SIZE(io_classes); i++)
		if (strstarts(text, io_classes[i].name) &&
		    !kstrtouint(text + strlen(io_classes[i].name), 10, &level) &&
		    level < IOPRIO_NR_LEVELS)
			return IOPRIO_PRIO_VALUE(io_classes[i].class, level);
	return -EINVAL;
}

static int set_ioprio(struct blkback_dev *dev, unsigned int which,
		      const char *text)
{
	int ioprio = parse_ioprio(text);

	if (ioprio < 0)
		return ioprio;
	WRITE_ONCE(dev->charge.ioprio, ioprio);
	return 0;
}

static int show_ioprio(struct blkback_dev *dev, unsigned int which, char *buf)
{
	unsigned int ioprio = READ_ONCE(dev->charge.ioprio), i;

	for (i = 0; i < ARRAY_SIZE(io_classes); i++)
		if (IOPRIO_PRIO_CLASS(ioprio) == io_classes[i].class)
			return sysfs_emit(buf, "%s%u\n", io_classes[i].name,
					  IOPRIO_PRIO_LEVEL(ioprio));
	return sysfs_emit(buf, "%s\n", ioprio == IOPRIO_DEFAULT ? "none" : "idle");
}

#define RATE(_name, _unit, _which) {					\
	.name = _name,							\
	.expected = "a number of " _unit				\
		    " in a second, up to 10^15; 0 is no limit",		\
	.which = _which,						\
	.set = set_rate,						\
	.show = show_rate,						\
}

static const struct blkback_setting settings[] = {
	RATE("iops", "requests", BLKBACK_RATE_IOPS),
	RATE("read_iops", "requests", BLKBACK_RATE_READ_IOPS),
	RATE("write_iops", "requests", BLKBACK_RATE_WRITE_IOPS),
	RATE("bytes_per_sec", "bytes", BLKBACK_RATE_BYTES),
	RATE("read_bytes_per_sec", "bytes", BLKBACK_RATE_READ_BYTES),
	RATE("write_bytes_per_sec", "bytes", BLKBACK_RATE_WRITE_BYTES),
	{
		.name = "burst_ms",
		.expected = "a number of milliseconds, " __stringify(BURST_MIN_MS)
			    " to " __stringify(BURST_MAX_MS),
		.set = set_burst,
		.show = show_burst,
	},
	{
		.name = "weight",
		.expected = "a number, 1 to " __stringify(BLKBACK_MAX_WEIGHT),
		.set = set_weight,
		.show = show_weight,
	},
	{
		.name = "cgroup",
		.expected = "the path of a cgroup (version 2) where io is enabled, or nothing",
		.set = set_cgroup,
		.show = show_cgroup,
	},
	{
		.name = "ioprio",
		.expected = "none, idle, be/0 to be/7, or rt/0 to rt/7",
		.set = set_ioprio,
		.show = show_ioprio,
	},
};

/**
 * blkback_setting_nth - one setting after the other
 * @n: which, from 0 on
 *
 * Context: any.
 * Return: the setting; NULL: there are no more.
 */
const struct blkback_setting *blkback_setting_nth(unsigned int n)
{
	return n < ARRAY_SIZE(settings) ? &settings[n] : NULL;
}

/**
 * blkback_setting_find - the setting of that name
 * @name: of its file
 *
 * Context: any.
 * Return: the setting; NULL: there is none.
 */
const struct blkback_setting *blkback_setting_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (!strcmp(settings[i].name, name))
			return &settings[i];
	return NULL;
}
