// SPDX-License-Identifier: GPL-2.0
/*
 * Every hypercall of xen-blkfront, and every word to the grant table and to an
 * event channel.  Tests put a false Xen in this file's place.
 */
#include <linux/interrupt.h>
#include <xen/events.h>
#include <xen/grant_table.h>
#include <xen/page.h>
#include <xen/xenbus.h>

#include "blkfront.h"

/**
 * blkfront_port_grant_alloc - take grant references, all or none
 * @chain: they are added to it; INVALID_GRANT_REF for one that is new
 * @nr: how many
 *
 * Takes a lock that all drivers share, and may have the grant table grow.
 *
 * Context: any; does not sleep.
 * Return: 0, or -ENOSPC.
 */
int blkfront_port_grant_alloc(grant_ref_t *chain, unsigned int nr)
{
	grant_ref_t fresh;

	if (gnttab_alloc_grant_references(nr, &fresh))
		return -ENOSPC;
	if (*chain == INVALID_GRANT_REF) {
		*chain = fresh;
		return 0;
	}
	while (nr--)
		gnttab_release_grant_reference(chain,
					       gnttab_claim_grant_reference(&fresh));
	return 0;
}

/**
 * blkfront_port_grant_claim - take a reference off a chain
 * @chain: the chain, the caller's alone; it is not empty
 *
 * A load and a store.
 *
 * Context: any.
 * Return: the reference.
 */
grant_ref_t blkfront_port_grant_claim(grant_ref_t *chain)
{
	return gnttab_claim_grant_reference(chain);
}

/**
 * blkfront_port_grant_release - put a reference that is not armed on a chain
 * @chain: the chain, the caller's alone
 * @ref: the reference
 *
 * Context: any.
 */
void blkfront_port_grant_release(grant_ref_t *chain, grant_ref_t ref)
{
	gnttab_release_grant_reference(chain, ref);
}

/**
 * blkfront_port_grant_free - give back a reference that is not armed
 * @ref: the reference, on no chain
 *
 * Context: any.
 */
void blkfront_port_grant_free(grant_ref_t ref)
{
	gnttab_free_grant_reference(ref);
}

/**
 * blkfront_port_grant_arm - let another domain use a page
 * @ref: an idle reference
 * @domid: the domain
 * @page: the page
 * @readonly: it may not write
 */
void blkfront_port_grant_arm(grant_ref_t ref, domid_t domid, struct page *page,
			     bool readonly)
{
	gnttab_grant_foreign_access_ref(ref, domid, xen_page_to_gfn(page),
					readonly);
}

/**
 * blkfront_port_grant_disarm - end access, and keep the reference
 * @ref: an armed reference
 *
 * Return: false if the other domain still has the page mapped; the reference
 * is armed as before then.
 */
bool blkfront_port_grant_disarm(grant_ref_t ref)
{
	return gnttab_end_foreign_access_ref(ref);
}

/**
 * blkfront_port_grant_revoke - end access, and give the reference back
 * @ref: an armed reference
 *
 * For places that ask again and again: says nothing when it fails.
 *
 * Return: false if the other domain still has the page mapped; the reference
 * is ours and armed as before then.
 */
bool blkfront_port_grant_revoke(grant_ref_t ref)
{
	return gnttab_try_end_foreign_access(ref);
}

/**
 * blkfront_port_grant_defer - end access whenever the other domain lets go
 * @ref: an armed reference; the kernel's from here on
 * @page: the page; the caller's reference to it is dropped at that time
 */
void blkfront_port_grant_defer(grant_ref_t ref, struct page *page)
{
	gnttab_end_foreign_access(ref, page);
}

/**
 * blkfront_port_event_bind - open an event channel to a device's backend
 * @xbdev: the device
 * @evtchn: the channel, for the backend to bind to
 * @handler: called in hard interrupt context
 * @data: its argument
 *
 * Return: the interrupt's number, or an error.
 */
int blkfront_port_event_bind(struct xenbus_device *xbdev, evtchn_port_t *evtchn,
			     irq_handler_t handler, void *data)
{
	int irq;

	irq = xenbus_alloc_evtchn(xbdev, evtchn);
	if (irq)
		return irq;
	irq = bind_evtchn_to_irqhandler_lateeoi(*evtchn, handler, 0, "blkif",
						data);
	if (irq < 0)
		xenbus_free_evtchn(xbdev, *evtchn);
	return irq;
}

/**
 * blkfront_port_event_unbind - close the event channel
 * @irq: what blkfront_port_event_bind() returned
 * @data: as for blkfront_port_event_bind()
 *
 * The handler has returned when this does, and is not called any more.
 */
void blkfront_port_event_unbind(unsigned int irq, void *data)
{
	unbind_from_irqhandler(irq, data);
}

/**
 * blkfront_port_event_spread - have events come where they are waited for
 * @irq: the interrupt
 * @cpus: the CPUs; has to stay until this is called again; NULL: anywhere,
 *	and before blkfront_port_event_unbind()
 *
 * May sleep.  A wish: where it cannot be done, events come elsewhere.
 */
void blkfront_port_event_spread(unsigned int irq, const struct cpumask *cpus)
{
	irq_set_affinity_and_hint(irq, cpus);
}

/**
 * blkfront_port_event_eoi - let the next event in
 * @irq: the interrupt
 * @spurious: the event brought no work
 */
void blkfront_port_event_eoi(unsigned int irq, bool spurious)
{
	xen_irq_lateeoi(irq, spurious ? XEN_EOI_FLAG_SPURIOUS : 0);
}

/**
 * blkfront_port_notify - send the other domain an event
 * @irq: the interrupt of the event channel
 */
void blkfront_port_notify(unsigned int irq)
{
	notify_remote_via_irq(irq);
}
