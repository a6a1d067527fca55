/* SPDX-License-Identifier: GPL-2.0 */
/* What the rooms of the false Xen share. */
#ifndef _LOOPBACK_XEN_H
#define _LOOPBACK_XEN_H

#include <linux/spinlock.h>

#include "loopback.h"

/* xen.c: protects grants, mappings, channels and what is counted.  Any context. */
extern spinlock_t xen_lock;

__printf(1, 2) void xen_wrong_locked(const char *fmt, ...);
/* A knob that counts down: true when its time has come. */
bool xen_due(unsigned int *knob);

/* grants.c, all of it under xen_lock */

struct grant {
	bool taken;
	bool active;
	bool readonly;
	bool deferred;
	bool chained;		/* lent, and on a chain of its driver's */
	u32 next;		/* there */
	domid_t domid;
	unsigned int nr_maps;
	struct page *page;
};

/* NULL for what is no reference. */
struct grant *grant_of(u32 ref);
/*
 * A mapping has gone.  The page to let go of, if it was the last one of a grant
 * that nobody waits for any more.
 */
struct page *grant_unmapped(struct grant *grant, u32 ref);

#endif /* _LOOPBACK_XEN_H */
