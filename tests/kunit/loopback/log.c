// SPDX-License-Identifier: GPL-2.0
/*
 * Warnings about devices, counted on their way to the console.
 *
 * The function has the name of the kernel's, and precedence over it.
 */
#include <linux/dev_printk.h>
#include <linux/device.h>
#include <linux/kern_levels.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "loopback.h"

static DEFINE_SPINLOCK(log_lock);
static const char *watched;
static unsigned int nr_seen;

void _dev_warn(const struct device *dev, const char *fmt, ...)
{
	static char line[256];
	struct va_format vaf = { .fmt = fmt };
	unsigned long flags;
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	spin_lock_irqsave(&log_lock, flags);
	snprintf(line, sizeof(line), "%pV", &vaf);
	if (watched && strstr(line, watched))
		nr_seen++;
	dev_printk_emit(LOGLEVEL_WARNING, dev, "%s: %s", dev_name(dev), line);
	spin_unlock_irqrestore(&log_lock, flags);
	va_end(args);
}

void log_watch(const char *text)
{
	unsigned long flags;

	spin_lock_irqsave(&log_lock, flags);
	watched = text;
	nr_seen = 0;
	spin_unlock_irqrestore(&log_lock, flags);
}

unsigned int log_count(void)
{
	return READ_ONCE(nr_seen);
}
