// SPDX-License-Identifier: GPL-2.0
/*
 * The false Xen's mappings of grants, as the backend uses them.
 *
 * A mapping is a copy.  It is made when a page is mapped; when it is unmapped,
 * the bytes that the backend has changed are taken back to the frontend's page,
 * and the backend's page is spoilt.  So data arrives only if it is waited for,
 * and a page that is used too long or answered too early shows in the data.
 */
#include <linux/mm.h>

#include "xen.h"
#include "../../../blkback/port.h"

#define NR_MAPPINGS	1024

struct mapping {
	u32 ref;
	bool readonly;
	struct page *page;
	struct page *before;
};

static struct mapping mappings[NR_MAPPINGS];
static u32 ring_refs[8];

int blkback_port_map_ring(struct xenbus_device *xbdev, u32 gref, void **shared)
{
	struct grant *grant = grant_of(gref);
	unsigned long flags;
	unsigned int i;
	int err = -EINVAL;

	spin_lock_irqsave(&xen_lock, flags);
	for (i = 0; i < ARRAY_SIZE(ring_refs) && ring_refs[i]; i++)
		;
	if (i == ARRAY_SIZE(ring_refs)) {
		xen_wrong_locked("too many rings are mapped");
	} else if (!xen_due(&xen.fail_map_ring) && grant && grant->active &&
		   !grant->readonly && grant->domid == BACK_DOMID) {
		grant->nr_maps++;
		xen.nr_rings++;
		ring_refs[i] = gref;
		*shared = page_address(grant->page);
		err = 0;
	}
	spin_unlock_irqrestore(&xen_lock, flags);
	if (err)
		xenbus_dev_fatal(xbdev, err, "mapping in shared page %u", gref);
	return err;
}

void blkback_port_unmap_ring(struct xenbus_device *xbdev, void *shared)
{
	struct page *drop = NULL;
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&xen_lock, flags);
	for (i = 0; i < ARRAY_SIZE(ring_refs); i++) {
		struct grant *grant = grant_of(ring_refs[i]);

		if (!ring_refs[i] || page_address(grant->page) != shared)
			continue;
		drop = grant_unmapped(grant, ring_refs[i]);
		ring_refs[i] = 0;
		xen.nr_rings--;
		break;
	}
	if (i == ARRAY_SIZE(ring_refs))
		xen_wrong_locked("a ring was unmapped that is not mapped");
	spin_unlock_irqrestore(&xen_lock, flags);
	if (drop)
		put_page(drop);
}

int blkback_port_alloc_pages(unsigned int nr, struct page **pages)
{
	unsigned long flags;
	unsigned int i;
	bool ok;

	spin_lock_irqsave(&xen_lock, flags);
	ok = xen.pages_budget < 0 || xen.nr_pages + nr <= xen.pages_budget;
	if (ok)
		xen.nr_pages += nr;
	spin_unlock_irqrestore(&xen_lock, flags);
	if (!ok)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		pages[i] = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
	return 0;
}

static bool page_is_mapped(const struct page *page)
{
	unsigned int i;

	for (i = 0; i < NR_MAPPINGS; i++)
		if (mappings[i].page == page)
			return true;
	return false;
}

void blkback_port_free_pages(unsigned int nr, struct page **pages)
{
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&xen_lock, flags);
	for (i = 0; i < nr; i++) {
		if (page_is_mapped(pages[i]))
			xen_wrong_locked("a page was freed while mapped");
		if (page_count(pages[i]) != 1)
			xen_wrong_locked("a page was freed while in use");
	}
	xen.nr_pages -= nr;
	spin_unlock_irqrestore(&xen_lock, flags);
	for (i = 0; i < nr; i++)
		__free_page(pages[i]);
}

void blkback_port_map_op(struct gnttab_map_grant_ref *op, struct page *page,
			 bool readonly, u32 gref, domid_t domid)
{
	memset(op, 0, sizeof(*op));
	op->host_addr = (unsigned long)page_address(page);
	op->flags = GNTMAP_host_map | (readonly ? GNTMAP_readonly : 0);
	op->ref = gref;
	op->dom = domid;
	op->status = 1;
}

void blkback_port_unmap_op(struct gnttab_unmap_grant_ref *op, struct page *page,
			   grant_handle_t handle)
{
	memset(op, 0, sizeof(*op));
	op->host_addr = (unsigned long)page_address(page);
	op->handle = handle;
	op->status = GNTST_general_error;
}

/* The hypervisor's part of it: the status, and a handle on success. */
static s16 map_check(struct gnttab_map_grant_ref *op, struct page *page,
		     struct page *before)
{
	struct grant *grant = grant_of(op->ref);
	bool readonly = op->flags & GNTMAP_readonly;
	unsigned int handle;

	if (op->host_addr != (unsigned long)page_address(page))
		xen_wrong_locked("an op maps elsewhere than its page says");
	if (page_is_mapped(page))
		xen_wrong_locked("a page was mapped twice");
	xen.nr_map_ops++;
	if (xen.nr_map_ops >= xen.fail_map_op &&
	    xen.nr_map_ops < xen.fail_map_op + xen.nr_fail_map_op)
		return xen.map_op_status;
	if (op->dom != FRONT_DOMID)
		return GNTST_bad_domain;
	if (!grant || !grant->active || grant->domid != BACK_DOMID)
		return GNTST_bad_gntref;
	if (grant->readonly && !readonly)
		return GNTST_permission_denied;
	for (handle = 0; handle < NR_MAPPINGS && mappings[handle].page; handle++)
		;
	if (handle == NR_MAPPINGS)
		return GNTST_no_device_space;

	grant->nr_maps++;
	xen.nr_mapped++;
	mappings[handle] = (struct mapping){
		.ref = op->ref, .readonly = readonly, .page = page,
		.before = before,
	};
	op->handle = handle;
	return GNTST_okay;
}

int blkback_port_map(struct gnttab_map_grant_ref *ops, struct page **pages,
		     unsigned int nr)
{
	struct page *before;
	unsigned long flags;
	unsigned int i;
	bool fail;

	spin_lock_irqsave(&xen_lock, flags);
	xen.nr_map_calls++;
	fail = xen_due(&xen.fail_map_call);
	spin_unlock_irqrestore(&xen_lock, flags);
	if (fail)
		return -EFAULT;

	for (i = 0; i < nr; i++) {
		if (page_count(pages[i]) != 1)
			xen_wrong("a page was mapped at while in use");
		before = alloc_page(GFP_NOIO | __GFP_NOFAIL);
		spin_lock_irqsave(&xen_lock, flags);
		ops[i].status = map_check(&ops[i], pages[i], before);
		spin_unlock_irqrestore(&xen_lock, flags);
		if (ops[i].status != GNTST_okay) {
			__free_page(before);
			continue;
		}
		/* The grant's count of mappings keeps its page where it is. */
		copy_page(page_address(pages[i]),
			  page_address(grant_of(ops[i].ref)->page));
		copy_page(page_address(before), page_address(pages[i]));
		if (xen.spy && memchr(page_address(before), XEN_SECRET,
				      PAGE_SIZE))
			xen.nr_secrets++;
	}
	return 0;
}

/* Only what changed: the frontend may use the rest of its page meanwhile. */
static void copy_back(struct page *to, struct page *from, struct page *before)
{
	const u8 *now = page_address(from), *was = page_address(before);
	u8 *dest = page_address(to);
	unsigned int i;

	for (i = 0; i < PAGE_SIZE; i++)
		if (now[i] != was[i])
			WRITE_ONCE(dest[i], now[i]);
}

static s16 unmap_one(const struct gnttab_unmap_grant_ref *op, struct page *page)
{
	struct mapping map = {};
	struct page *drop;
	unsigned long flags;
	bool changed;

	spin_lock_irqsave(&xen_lock, flags);
	if (op->handle < NR_MAPPINGS)
		map = mappings[op->handle];
	if (!map.page || map.page != page ||
	    op->host_addr != (unsigned long)page_address(page)) {
		xen_wrong_locked("handle %u is of another page or of none",
				 op->handle);
		spin_unlock_irqrestore(&xen_lock, flags);
		return GNTST_bad_handle;
	}
	if (page_count(page) != 1)
		xen_wrong_locked("a page was unmapped while in use");
	spin_unlock_irqrestore(&xen_lock, flags);

	changed = memcmp(page_address(page), page_address(map.before),
			 PAGE_SIZE);
	if (changed && map.readonly)
		xen_wrong("a page that is only read was written to");
	if (changed && !map.readonly)
		copy_back(grant_of(map.ref)->page, page, map.before);
	memset(page_address(page), 0xdb, PAGE_SIZE);
	__free_page(map.before);

	spin_lock_irqsave(&xen_lock, flags);
	memset(&mappings[op->handle], 0, sizeof(mappings[0]));
	xen.nr_mapped--;
	drop = grant_unmapped(grant_of(map.ref), map.ref);
	spin_unlock_irqrestore(&xen_lock, flags);
	if (drop)
		put_page(drop);
	return GNTST_okay;
}

int blkback_port_unmap(struct gnttab_unmap_grant_ref *ops, struct page **pages,
		       unsigned int nr)
{
	unsigned int i;

	xen.nr_unmap_calls++;
	xen.nr_unmap_ops += nr;
	for (i = 0; i < nr; i++)
		ops[i].status = unmap_one(&ops[i], pages[i]);
	return 0;
}
