// SPDX-License-Identifier: GPL-2.0
/*
 * Sleeps that are over at once, as if their time had gone by.
 *
 * The function has the name of the kernel's, and precedence over it.
 */
#include <linux/sched.h>

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
