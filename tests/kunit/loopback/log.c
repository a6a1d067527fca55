// SPDX-License-Identifier: GPL-2.0
/*
 * What the drivers say, counted on its way to the console.
 *
 * The functions have the names of the kernel's, and precedence over them.
 */
#include <linux/dev_printk.h>
#include <linux/device.h>
#include <linux/kern_levels.h>
#include <linux/printk.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "loopback.h"

static DEFINE_SPINLOCK(log_lock);
static const char *watched;
static unsigned int nr_seen;

static void log_look(struct va_format *vaf)
{
	static char line[512];
	unsigned long flags;

	spin_lock_irqsave(&log_lock, flags);
	snprintf(line, sizeof(line), "%pV", vaf);
	if (watched && strstr(line, watched))
		nr_seen++;
	spin_unlock_irqrestore(&log_lock, flags);
}

void _dev_warn(const struct device *dev, const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;

	va_start(args, fmt);
	vaf.va = &args;
	log_look(&vaf);
	dev_printk_emit(LOGLEVEL_WARNING, dev, "%s: %pV", dev_name(dev), &vaf);
	va_end(args);
}

asmlinkage int _printk(const char *fmt, ...)
{
	struct va_format vaf = { .fmt = fmt };
	va_list args;
	int nr;

	va_start(args, fmt);
	vaf.va = &args;
	log_look(&vaf);
	nr = vprintk(fmt, args);
	va_end(args);
	return nr;
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
