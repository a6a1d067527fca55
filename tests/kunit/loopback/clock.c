// SPDX-License-Identifier: GPL-2.0
/*
 * Sleeps that are over at once, as if their time had gone by, and a time that goes by
 * when a test says so.
 *
 * The functions have the names of the kernel's, and precedence over them.
 */
#include <linux/sched.h>
#include <linux/timekeeping.h>

#include "loopback.h"

/* How long such a sleep takes nevertheless. */
#define CLOCK_SKIPPED_MS	50

signed long schedule_timeout(signed long timeout)
{
	unsigned long skipped = READ_ONCE(xen.skip_sleep);

	/* The kernel's own, by another name. */
	if (!skipped || timeout != skipped)
		return io_schedule_timeout(timeout);
	/* Who is woken before has its time before it still. */
	return io_schedule_timeout(msecs_to_jiffies(CLOCK_SKIPPED_MS)) ?
	       timeout : 0;
}

ktime_t ktime_get(void)
{
	u64 ns = READ_ONCE(xen.clock_ns);

	xen.nr_clock++;
	/* The kernel's own, by another name. */
	return ns_to_ktime(ns ?: ktime_get_mono_fast_ns());
}
