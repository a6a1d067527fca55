// SPDX-License-Identifier: GPL-2.0
/*
 * A false Xen: the grant table and event channels, as both ports use them.
 *
 * A mapping is a copy.  It is made when a page is mapped; when it is unmapped,
 * the bytes that the backend has changed are taken back to the frontend's page,
 * and the backend's page is spoilt.  So data arrives only if it is waited for,
 * and a page that is used too long or answered too early shows in the data.
 *
 * An event calls its handler in hard interrupt context, and the next one waits
 * for the end of interrupt, however late that comes.
 */
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../../../blkback/port.h"
#include "../../../blkfront/blkfront.h"
#include "loopback.h"

#define NR_GRANTS	4096
#define NR_MAPPINGS	1024
#define NR_CHANNELS	64
#define FIRST_GRANT	8
#define FIRST_IRQ	1000

struct grant {
	bool taken;
	bool active;
	bool readonly;
	bool deferred;
	domid_t domid;
	unsigned int nr_maps;
	struct page *page;
};

struct mapping {
	u32 ref;
	bool readonly;
	struct page *page;
	struct page *before;
};

struct end {
	bool bound;
	bool pending;
	bool in_service;
	irq_handler_t handler;
	void *data;
	int irq;
	struct irq_work work;
};

struct channel {
	bool taken;
	struct end end[2];	/* the frontend's, the backend's */
};

struct fake_xen xen;

/* Protects all that follows and the counters.  Any context. */
static DEFINE_SPINLOCK(xen_lock);
static struct grant grants[NR_GRANTS];
static struct mapping mappings[NR_MAPPINGS];
static struct channel channels[NR_CHANNELS];
static u32 ring_refs[8];
static char wrong[160];
static bool keep_mapped;

static void xen_wrong_locked(const char *fmt, ...) __printf(1, 2);

static void xen_wrong_locked(const char *fmt, ...)
{
	va_list args;

	if (wrong[0])
		return;
	va_start(args, fmt);
	vsnprintf(wrong, sizeof(wrong), fmt, args);
	va_end(args);
}

void xen_wrong(const char *fmt, ...)
{
	unsigned long flags;
	va_list args;

	spin_lock_irqsave(&xen_lock, flags);
	if (!wrong[0]) {
		va_start(args, fmt);
		vsnprintf(wrong, sizeof(wrong), fmt, args);
		va_end(args);
	}
	spin_unlock_irqrestore(&xen_lock, flags);
}

/* A knob that counts down: true when its time has come. */
static bool due(unsigned int *knob)
{
	return *knob && --*knob == 0;
}

/* --- the grant table ----------------------------------------------------------- */

static struct grant *grant_of(u32 ref)
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
	if (grant->nr_maps || keep_mapped)
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
	if (due(&xen.fail_grant_alloc))
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

/* The last mapping of a grant that nobody waits for any more has gone. */
static struct page *grant_unmapped(struct grant *grant, u32 ref)
{
	if (--grant->nr_maps || !grant->deferred || keep_mapped)
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
	keep_mapped = keep;
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

/* --- the backend's pages --------------------------------------------------------- */

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
	} else if (!due(&xen.fail_map_ring) && grant && grant->active &&
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
		struct grant *grant = &grants[ring_refs[i]];

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
	fail = due(&xen.fail_map_call);
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
			  page_address(grants[ops[i].ref].page));
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
		copy_back(grants[map.ref].page, page, map.before);
	memset(page_address(page), 0xdb, PAGE_SIZE);
	__free_page(map.before);

	spin_lock_irqsave(&xen_lock, flags);
	memset(&mappings[op->handle], 0, sizeof(mappings[0]));
	xen.nr_mapped--;
	drop = grant_unmapped(&grants[map.ref], map.ref);
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

/* --- event channels ---------------------------------------------------------------- */

static struct end *end_of(int irq)
{
	unsigned int n = irq - FIRST_IRQ;

	return n < 2 * NR_CHANNELS ? &channels[n / 2].end[n % 2] : NULL;
}

static struct end *other_end(const struct end *end)
{
	return end_of(((end->irq - FIRST_IRQ) ^ 1) + FIRST_IRQ);
}

static bool end_is_back(const struct end *end)
{
	return (end->irq - FIRST_IRQ) & 1;
}

static void end_event(struct irq_work *work)
{
	struct end *end = container_of(work, struct end, work);

	end->handler(end->irq, end->data);
}

/* Under xen_lock. */
static void end_deliver(struct end *end)
{
	if (!end->bound || !end->pending || end->in_service)
		return;
	end->pending = false;
	end->in_service = true;
	irq_work_queue(&end->work);
}

static void end_send(struct end *end)
{
	end->pending = true;
	end_deliver(end);
}

static int end_bind(unsigned int port, unsigned int which,
		    irq_handler_t handler, void *data)
{
	struct end *end;

	if (!port || port >= NR_CHANNELS || !channels[port].taken ||
	    (which && !channels[port].end[0].bound))
		return -EINVAL;
	end = &channels[port].end[which];
	if (end->bound)
		return -EEXIST;
	memset(end, 0, sizeof(*end));
	end->irq = FIRST_IRQ + 2 * port + which;
	end->handler = handler;
	end->data = data;
	end->bound = true;
	end->work = IRQ_WORK_INIT(end_event);
	xen.nr_bound++;
	return end->irq;
}

static void end_unbind(int irq, void *data)
{
	struct end *end = end_of(irq);
	unsigned long flags;

	spin_lock_irqsave(&xen_lock, flags);
	if (!end || !end->bound || end->data != data) {
		xen_wrong_locked("interrupt %d was unbound while not bound",
				 irq);
		spin_unlock_irqrestore(&xen_lock, flags);
		return;
	}
	end->bound = false;
	xen.nr_bound--;
	spin_unlock_irqrestore(&xen_lock, flags);
	irq_work_sync(&end->work);
}

static void end_notify(int irq)
{
	struct end *end = end_of(irq);
	unsigned long flags;

	spin_lock_irqsave(&xen_lock, flags);
	if (!end || !end->bound) {
		xen_wrong_locked("an event was sent by interrupt %d, which is not bound",
				 irq);
	} else {
		if (end_is_back(end))
			xen.nr_notified++;
		end_send(other_end(end));
	}
	spin_unlock_irqrestore(&xen_lock, flags);
}

static void end_eoi(int irq, bool spurious)
{
	struct end *end = end_of(irq);
	unsigned long flags;

	spin_lock_irqsave(&xen_lock, flags);
	if (!end || !end->bound || !end->in_service) {
		xen_wrong_locked("end of interrupt %d, which had none", irq);
	} else {
		if (end_is_back(end))
			xen.nr_eoi[spurious]++;
		else
			xen.nr_front_eoi[spurious]++;
		end->in_service = false;
		end_deliver(end);
	}
	spin_unlock_irqrestore(&xen_lock, flags);
}

/* Open a channel and bind the frontend's end of it. */
int xen_front_bind(u32 *port, irq_handler_t handler, void *data)
{
	unsigned long flags;
	int irq = -ENOSPC;

	spin_lock_irqsave(&xen_lock, flags);
	for (*port = 1; *port < NR_CHANNELS && channels[*port].taken; ++*port)
		;
	if (*port < NR_CHANNELS && !due(&xen.fail_evtchn)) {
		channels[*port].taken = true;
		irq = end_bind(*port, 0, handler, data);
	}
	spin_unlock_irqrestore(&xen_lock, flags);
	return irq;
}

/* A channel is free again when both have let go of it. */
static void end_close(int irq, void *data)
{
	struct channel *channel;
	unsigned long flags;

	end_unbind(irq, data);
	spin_lock_irqsave(&xen_lock, flags);
	channel = &channels[(irq - FIRST_IRQ) / 2];
	channel->taken = channel->end[0].bound || channel->end[1].bound;
	spin_unlock_irqrestore(&xen_lock, flags);
}

void xen_kick_back(u32 port)
{
	unsigned long flags;

	spin_lock_irqsave(&xen_lock, flags);
	end_send(&channels[port].end[1]);
	spin_unlock_irqrestore(&xen_lock, flags);
}

int blkback_port_bind(struct xenbus_device *xbdev, u32 event_channel,
		      irq_handler_t handler, void *data)
{
	unsigned long flags;
	int irq = -EINVAL;

	spin_lock_irqsave(&xen_lock, flags);
	if (!due(&xen.fail_bind))
		irq = end_bind(event_channel, 1, handler, data);
	/* Xen makes an event pending when it binds to another domain's port. */
	if (irq > 0)
		end_send(end_of(irq));
	spin_unlock_irqrestore(&xen_lock, flags);
	/* Which may be seen to before the binding one knows the number. */
	usleep_range(1000, 2000);
	return irq;
}

void blkback_port_unbind(int irq, void *data)
{
	end_close(irq, data);
}

void blkback_port_notify(int irq)
{
	end_notify(irq);
}

void blkback_port_eoi(int irq, bool spurious)
{
	end_eoi(irq, spurious);
}

int blkfront_port_event_bind(struct xenbus_device *xbdev, evtchn_port_t *evtchn,
			     irq_handler_t handler, void *data)
{
	return xen_front_bind(evtchn, handler, data);
}

void blkfront_port_event_unbind(unsigned int irq, void *data)
{
	end_close(irq, data);
}

void blkfront_port_event_eoi(unsigned int irq, bool spurious)
{
	end_eoi(irq, spurious);
}

void blkfront_port_notify(unsigned int irq)
{
	end_notify(irq);
}

/* --- for the test -------------------------------------------------------------------- */

void xen_reset(void)
{
	xen = (struct fake_xen){
		.pages_budget = -1,
		.map_op_status = GNTST_general_error,
	};
	wrong[0] = '\0';
	keep_mapped = false;
}

const char *xen_verdict(void)
{
	if (wrong[0])
		return wrong;
	if (xen.nr_mapped)
		return "pages are mapped still";
	if (xen.nr_rings)
		return "a ring is mapped still";
	if (xen.nr_pages)
		return "pages of the backend were not given back";
	if (xen.nr_granted)
		return "grants were not given back";
	if (xen.nr_bound)
		return "an event channel is bound still";
	return NULL;
}
