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
#include <linux/vmalloc.h>

#include "xen.h"
#include "../../../blkback/port.h"

#define NR_MAPPINGS	1024
#define NR_RINGS	8
#define RING_PAGES	16

struct mapping {
	u32 ref;
	bool readonly;
	struct page *page;
	struct page *before;
};

static struct mapping mappings[NR_MAPPINGS];
/* A ring that is mapped for no driver: its pages one behind the other. */
struct ring {
	void *shared;
	unsigned int nr;
	u32 ref[RING_PAGES];
};

static struct ring rings[NR_RINGS];

static struct ring *ring_of(void *shared)
{
	unsigned int i;

	for (i = 0; i < NR_RINGS; i++)
		if (rings[i].shared == shared)
			return &rings[i];
	return NULL;
}

/* Under xen_lock: what is not for the backend to write to is NULL. */
static struct grant *ring_grant(u32 ref)
{
	struct grant *grant = grant_of(ref);

	return grant && grant->active && !grant->readonly &&
	       grant->domid == BACK_DOMID ? grant : NULL;
}

/* Under xen_lock: all of its grants, or none. */
static int ring_take(const u32 *gref, unsigned int nr, struct page **page)
{
	unsigned int i;

	if (!ring_of(NULL))
		xen_wrong_locked("too many rings are mapped");
	for (i = 0; i < nr; i++) {
		if (!ring_grant(gref[i]))
			return -EINVAL;
		page[i] = grant_of(gref[i])->page;
	}
	for (i = 0; i < nr; i++)
		grant_of(gref[i])->nr_maps++;
	xen.nr_rings++;
	return 0;
}

static void ring_note(void *shared, const u32 *gref, unsigned int nr)
{
	struct ring *ring = ring_of(NULL);

	ring->shared = shared;
	ring->nr = nr;
	memcpy(ring->ref, gref, nr * sizeof(*gref));
}

int xen_map_ring(const u32 *gref, unsigned int nr, void **shared)
{
	struct page *page[RING_PAGES];
	unsigned long flags;
	int err;

	spin_lock_irqsave(&xen_lock, flags);
	err = ring_take(gref, nr, page);
	spin_unlock_irqrestore(&xen_lock, flags);
	if (err)
		return err;
	/* The frontend's pages lie anywhere. */
	do {
		*shared = vmap(page, nr, VM_MAP, PAGE_KERNEL);
	} while (!*shared);
	spin_lock_irqsave(&xen_lock, flags);
	ring_note(*shared, gref, nr);
	spin_unlock_irqrestore(&xen_lock, flags);
	return 0;
}

void xen_unmap_ring(void *shared)
{
	struct page *drop[RING_PAGES];
	unsigned int i, nr = 0;
	unsigned long flags;
	struct ring *ring;

	/* A bad address is told by the kernel. */
	vunmap(shared);
	spin_lock_irqsave(&xen_lock, flags);
	ring = shared ? ring_of(shared) : NULL;
	if (ring) {
		for (; nr < ring->nr; nr++)
			drop[nr] = grant_unmapped(grant_of(ring->ref[nr]),
						  ring->ref[nr]);
		memset(ring, 0, sizeof(*ring));
		xen.nr_rings--;
	} else {
		xen_wrong_locked("a ring was unmapped that is not mapped");
	}
	spin_unlock_irqrestore(&xen_lock, flags);
	for (i = 0; i < nr; i++)
		if (drop[i])
			put_page(drop[i]);
}

/* Of a driver's rings the first page stands for the ring. */
#define RING_FIRST	0x10000

int blkback_port_map_ring(struct blkback_ring_page *pages, unsigned int nr,
			  domid_t domid)
{
	struct grant *grant;
	unsigned long flags;
	unsigned int i;
	bool fail;

	spin_lock_irqsave(&xen_lock, flags);
	fail = xen_due(&xen.fail_map_ring);
	for (i = 0; !fail && i < nr; i++) {
		grant = domid == FRONT_DOMID ? ring_grant(pages[i].gref) : NULL;
		pages[i].status = grant ? GNTST_okay : GNTST_bad_gntref;
		pages[i].handle = i ? pages[i].gref : pages[i].gref | RING_FIRST;
		xen.nr_ring_pages++;
		if (!grant)
			continue;
		grant->nr_maps++;
		xen.nr_rings += !i;
		xen.nr_ring_maps++;
		pages[i].address = page_address(grant->page);
	}
	spin_unlock_irqrestore(&xen_lock, flags);
	if (fail)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		pages[i].page = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
	return 0;
}

static struct page *ring_unmap_one(struct blkback_ring_page *page)
{
	struct grant *grant = grant_of(page->gref);

	lockdep_assert_held(&xen_lock);
	if (!grant || !grant->nr_maps ||
	    page->gref != (page->handle & ~RING_FIRST)) {
		xen_wrong_locked("a page of a ring was unmapped that is not mapped");
		return NULL;
	}
	page->status = xen_due(&xen.fail_unmap_ring) ? GNTST_general_error :
						       GNTST_okay;
	xen.nr_rings -= !!(page->handle & RING_FIRST);
	xen.nr_ring_maps--;
	return grant_unmapped(grant, page->gref);
}

void blkback_port_unmap_ring(struct blkback_ring_page *pages, unsigned int nr)
{
	unsigned long flags;
	struct page *drop;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		spin_lock_irqsave(&xen_lock, flags);
		drop = ring_unmap_one(&pages[i]);
		spin_unlock_irqrestore(&xen_lock, flags);
		if (drop)
			put_page(drop);
	}
}

void blkback_port_free_ring(struct blkback_ring_page *page)
{
	unsigned long flags;

	spin_lock_irqsave(&xen_lock, flags);
	xen.nr_ring_pages--;
	spin_unlock_irqrestore(&xen_lock, flags);
	__free_page(page->page);
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
	/* Xen has no other word for it. */
	if (grant->readonly && !readonly)
		return GNTST_general_error;
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

	if (xen.slow_map_ms)
		msleep(xen.slow_map_ms);
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

void xen_share(struct page *page, bool written)
{
	struct page *grant = NULL, *before = NULL;
	unsigned long flags;
	unsigned int i;

	if (!xen.shared)
		return;
	spin_lock_irqsave(&xen_lock, flags);
	for (i = 0; i < NR_MAPPINGS; i++) {
		if (mappings[i].page != page)
			continue;
		grant = grant_of(mappings[i].ref)->page;
		before = mappings[i].before;
	}
	spin_unlock_irqrestore(&xen_lock, flags);
	/* A page that the disk has stays mapped. */
	if (!grant)
		return;
	if (written)
		copy_back(grant, page, before);
	else
		copy_page(page_address(page), page_address(grant));
	copy_page(page_address(before), page_address(page));
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

void blkback_port_copy_in_op(struct gnttab_copy *op, void *to, u32 gref,
			     unsigned int offset_bytes, unsigned int bytes,
			     domid_t domid)
{
	memset(op, 0, sizeof(*op));
	op->source.u.ref = gref;
	op->source.domid = domid;
	op->source.offset = offset_bytes;
	op->dest.u.gmfn = page_to_pfn(virt_to_page(to));
	op->dest.domid = DOMID_SELF;
	op->dest.offset = offset_in_page(to);
	op->len = bytes;
	op->flags = GNTCOPY_source_gref;
	op->status = GNTST_general_error;
}

void blkback_port_copy_out_op(struct gnttab_copy *op, void *from, u32 gref,
			      unsigned int offset_bytes, unsigned int bytes,
			      domid_t domid)
{
	memset(op, 0, sizeof(*op));
	op->source.u.gmfn = page_to_pfn(virt_to_page(from));
	op->source.domid = DOMID_SELF;
	op->source.offset = offset_in_page(from);
	op->dest.u.ref = gref;
	op->dest.domid = domid;
	op->dest.offset = offset_bytes;
	op->len = bytes;
	op->flags = GNTCOPY_dest_gref;
	op->status = GNTST_general_error;
}

/* Under xen_lock: the page that was granted, if any; and the status. */
static s16 copy_check(const struct gnttab_copy *op, struct page **granted)
{
	bool out = op->flags == GNTCOPY_dest_gref;
	struct grant *grant = grant_of(out ? op->dest.u.ref : op->source.u.ref);
	domid_t domid = out ? op->dest.domid : op->source.domid;

	*granted = NULL;
	xen.nr_copy_ops++;
	if (op->dest.offset + op->len > PAGE_SIZE ||
	    op->source.offset + op->len > PAGE_SIZE) {
		xen_wrong_locked("a copy crosses the end of a page");
		return GNTST_bad_copy_arg;
	}
	if (domid != FRONT_DOMID)
		return GNTST_bad_domain;
	if (!grant || !grant->active || grant->domid != BACK_DOMID)
		return GNTST_bad_gntref;
	if (out && grant->readonly)
		return GNTST_general_error;
	*granted = grant->page;
	get_page(*granted);
	/* What is there after a failure may look as good as any. */
	return xen.nr_copy_ops == xen.fail_copy_op ? xen.map_op_status :
						     GNTST_okay;
}

static void copy_one(const struct gnttab_copy *op, struct page *granted)
{
	struct page *from = granted, *to = granted;

	if (op->flags == GNTCOPY_dest_gref)
		from = pfn_to_page(op->source.u.gmfn);
	else
		to = pfn_to_page(op->dest.u.gmfn);
	memcpy_page(to, op->dest.offset, from, op->source.offset, op->len);
}

void blkback_port_copy(struct gnttab_copy *ops, unsigned int nr)
{
	struct page *granted;
	unsigned long flags;
	unsigned int i;

	xen.nr_copy_calls++;
	for (i = 0; i < nr; i++) {
		spin_lock_irqsave(&xen_lock, flags);
		ops[i].status = copy_check(&ops[i], &granted);
		spin_unlock_irqrestore(&xen_lock, flags);
		if (!granted)
			continue;
		copy_one(&ops[i], granted);
		put_page(granted);
	}
}
