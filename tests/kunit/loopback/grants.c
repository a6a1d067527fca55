// SPDX-License-Identifier: GPL-2.0
/* The false Xen's grant table, as the frontend uses it. */
#include <linux/mm.h>

#include "xen.h"
#include "../../../blkfront/blkfront.h"

#define NR_GRANTS	4096
#define FIRST_GRANT	8

static struct grant grants[NR_GRANTS];

struct grant *grant_of(u32 ref)
{
	return ref >= FIRST_GRANT && ref < NR_GRANTS ? &grants[ref] : NULL;
}

static int grant_take(u32 *ref)
{
	static u32 next = FIRST_GRANT;
	unsigned int n;

	/* Not the one that was given back last: a late user is found out. */
	for (n = 0; n < NR_GRANTS - FIRST_GRANT; n++) {
		if (++next == NR_GRANTS)
			next = FIRST_GRANT;
		if (!grants[next].taken) {
			memset(&grants[next], 0, sizeof(grants[next]));
			grants[next].taken = true;
			xen.nr_granted++;
			*ref = next;
			return 0;
		}
	}
	return -ENOSPC;
}

static void grant_give(u32 ref)
{
	struct grant *grant = grant_of(ref);

	if (!grant || !grant->taken || grant->active) {
		xen_wrong_locked("grant %u given back while not its own or active",
				 ref);
		return;
	}
	grant->taken = false;
	xen.nr_granted--;
}

static void grant_arm(u32 ref, domid_t domid, struct page *page, bool readonly)
{
	struct grant *grant = grant_of(ref);

	if (!grant || !grant->taken || grant->active) {
		xen_wrong_locked("grant %u armed while not idle", ref);
		return;
	}
	grant->active = true;
	grant->domid = domid;
	grant->page = page;
	grant->readonly = readonly;
}

static bool grant_disarm(u32 ref)
{
	struct grant *grant = grant_of(ref);

	if (!grant || !grant->taken || !grant->active || grant->deferred) {
		xen_wrong_locked("access of grant %u ended while not active",
				 ref);
		return true;
	}
	if (grant->nr_maps || xen.keep_mapped)
		return false;
	grant->active = false;
	return true;
}

int blkfront_port_grant_alloc(grant_ref_t *ref, unsigned int nr)
{
	unsigned long flags;
	unsigned int i;
	int err = 0;

	spin_lock_irqsave(&xen_lock, flags);
	if (xen_due(&xen.fail_grant_alloc))
		err = -ENOSPC;
	for (i = 0; !err && i < nr; i++)
		err = grant_take(&ref[i]);
	spin_unlock_irqrestore(&xen_lock, flags);
	return err;
}

void blkfront_port_grant_free(grant_ref_t ref)
{
	unsigned long flags;

	spin_lock_irqsave(&xen_lock, flags);
	grant_give(ref);
	spin_unlock_irqrestore(&xen_lock, flags);
}

void blkfront_port_grant_arm(grant_ref_t ref, domid_t domid, struct page *page,
			     bool readonly)
{
	unsigned long flags;

	spin_lock_irqsave(&xen_lock, flags);
	grant_arm(ref, domid, page, readonly);
	spin_unlock_irqrestore(&xen_lock, flags);
}

bool blkfront_port_grant_disarm(grant_ref_t ref)
{
	unsigned long flags;
	bool ok;

	spin_lock_irqsave(&xen_lock, flags);
	ok = grant_disarm(ref);
	spin_unlock_irqrestore(&xen_lock, flags);
	return ok;
}

bool blkfront_port_grant_revoke(grant_ref_t ref)
{
	unsigned long flags;
	bool ok;

	spin_lock_irqsave(&xen_lock, flags);
	ok = grant_disarm(ref);
	if (ok)
		grant_give(ref);
	spin_unlock_irqrestore(&xen_lock, flags);
	return ok;
}

void blkfront_port_grant_defer(grant_ref_t ref, struct page *page)
{
	unsigned long flags;
	bool ok;

	spin_lock_irqsave(&xen_lock, flags);
	ok = grant_disarm(ref);
	if (ok) {
		grant_give(ref);
	} else {
		grants[ref].deferred = true;
		xen.nr_deferred++;
	}
	spin_unlock_irqrestore(&xen_lock, flags);
	if (ok)
		put_page(page);
}

struct page *grant_unmapped(struct grant *grant, u32 ref)
{
	if (--grant->nr_maps || !grant->deferred || xen.keep_mapped)
		return NULL;
	grant->deferred = false;
	grant->active = false;
	grant_give(ref);
	xen.nr_deferred--;
	return grant->page;
}

void xen_keep_mapped(bool keep)
{
	struct page *page;
	unsigned long flags;
	u32 ref;

	spin_lock_irqsave(&xen_lock, flags);
	xen.keep_mapped = keep;
	for (ref = FIRST_GRANT; !keep && ref < NR_GRANTS; ref++) {
		if (!grants[ref].deferred || grants[ref].nr_maps)
			continue;
		grants[ref].deferred = false;
		grants[ref].active = false;
		page = grants[ref].page;
		grant_give(ref);
		xen.nr_deferred--;
		put_page(page);
	}
	spin_unlock_irqrestore(&xen_lock, flags);
}

u32 xen_grant(struct page *page, bool readonly)
{
	unsigned long flags;
	u32 ref = 0;

	spin_lock_irqsave(&xen_lock, flags);
	if (!grant_take(&ref))
		grant_arm(ref, BACK_DOMID, page, readonly);
	spin_unlock_irqrestore(&xen_lock, flags);
	return ref;
}

bool xen_ungrant(u32 ref)
{
	return blkfront_port_grant_revoke(ref);
}
