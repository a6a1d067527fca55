// SPDX-License-Identifier: GPL-2.0
/* The false Xen's grant table, as the frontend uses it. */
#include <linux/mm.h>

#include "xen.h"
#include "../../../blkfront/blkfront.h"

#define NR_GRANTS	8192
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

	if (!grant || !grant->taken || grant->active || grant->chained) {
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

	if (!grant || !grant->taken || grant->active || grant->chained) {
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

/* Under xen_lock: a chain of references, as the kernel lends it to a driver. */
static grant_ref_t chain_pop(grant_ref_t *chain)
{
	grant_ref_t ref = *chain;
	struct grant *grant = grant_of(ref);

	if (!grant || !grant->chained) {
		xen_wrong_locked("grant %u claimed, which is on no chain", ref);
		return ref;
	}
	*chain = grant->next;
	grant->chained = false;
	return ref;
}

static void chain_push(grant_ref_t *chain, grant_ref_t ref)
{
	struct grant *grant = grant_of(ref);

	if (!grant || !grant->taken || grant->active || grant->chained) {
		xen_wrong_locked("grant %u released while not idle", ref);
		return;
	}
	grant->next = *chain;
	grant->chained = true;
	*chain = ref;
}

static int chain_fill(grant_ref_t *chain, unsigned int nr)
{
	grant_ref_t ref;

	if (xen_due(&xen.fail_grant_alloc))
		return -ENOSPC;
	if (xen.grants_budget >= 0 && xen.nr_granted + nr > xen.grants_budget)
		return -ENOSPC;
	if (xen.nr_granted + nr > NR_GRANTS - FIRST_GRANT)
		return -ENOSPC;
	while (nr--) {
		grant_take(&ref);
		chain_push(chain, ref);
	}
	return 0;
}

int blkfront_port_grant_alloc(grant_ref_t *chain, unsigned int nr)
{
	unsigned long flags;
	int err;

	spin_lock_irqsave(&xen_lock, flags);
	err = chain_fill(chain, nr);
	spin_unlock_irqrestore(&xen_lock, flags);
	return err;
}

grant_ref_t blkfront_port_grant_claim(grant_ref_t *chain)
{
	unsigned long flags;
	grant_ref_t ref;

	spin_lock_irqsave(&xen_lock, flags);
	ref = chain_pop(chain);
	spin_unlock_irqrestore(&xen_lock, flags);
	return ref;
}

void blkfront_port_grant_release(grant_ref_t *chain, grant_ref_t ref)
{
	unsigned long flags;

	spin_lock_irqsave(&xen_lock, flags);
	chain_push(chain, ref);
	spin_unlock_irqrestore(&xen_lock, flags);
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

/* What a backend that is no driver does with a grant: see or change its page. */
struct page *xen_granted(u32 ref, bool write)
{
	struct page *page = NULL;
	struct grant *grant;
	unsigned long flags;

	spin_lock_irqsave(&xen_lock, flags);
	grant = grant_of(ref);
	if (!grant || !grant->active || (write && grant->readonly))
		xen_wrong_locked("grant %u is not for this use", ref);
	else
		page = grant->page;
	spin_unlock_irqrestore(&xen_lock, flags);
	return page;
}
