// SPDX-License-Identifier: GPL-2.0
/*
 * Every hypercall that the data path makes, and the event channel.
 *
 * Nothing is decided here.  Tests link a false Xen in place of this file.
 */
#include <linux/cpumask.h>
#include <linux/mm.h>
#include <xen/events.h>
#include <xen/page.h>
#include <xen/xenbus.h>

#include "negotiate.h"
#include "port.h"

/**
 * blkback_port_map_ring - map the pages of a ring in one hypercall
 * @pages: those pages, @gref set; @page, @address, @status and @handle are results
 * @nr: how many, at most BLKBACK_MAX_RING_PAGES
 * @domid: whose they are
 *
 * Context: process, may sleep; long where the frontend's domain has to bring its
 * pages back first.
 * Return: 0 when each page has its status, or -ENOMEM with nothing to undo.
 */
int blkback_port_map_ring(struct blkback_ring_page *pages, unsigned int nr,
			  domid_t domid)
{
	struct gnttab_map_grant_ref op[BLKBACK_MAX_RING_PAGES];
	struct page *page[BLKBACK_MAX_RING_PAGES];
	unsigned int i;
	int err;

	err = gnttab_alloc_pages(nr, page);
	if (err)
		return err;
	for (i = 0; i < nr; i++)
		blkback_port_map_op(&op[i], page[i], false, pages[i].gref,
				    domid);
	/* An op not carried out keeps a status that is no success. */
	gnttab_map_refs(op, NULL, page, nr);
	for (i = 0; i < nr; i++) {
		pages[i].page = page[i];
		pages[i].address = page_to_virt(page[i]);
		pages[i].status = op[i].status;
		pages[i].handle = op[i].handle;
	}
	return 0;
}

/**
 * blkback_port_unmap_ring - unmap pages of a ring in one hypercall
 * @pages: pages that are mapped; @status is the result
 * @nr: how many, at most BLKBACK_MAX_RING_PAGES
 *
 * Context: process, may sleep.
 */
void blkback_port_unmap_ring(struct blkback_ring_page *pages, unsigned int nr)
{
	struct gnttab_unmap_grant_ref op[BLKBACK_MAX_RING_PAGES];
	struct page *page[BLKBACK_MAX_RING_PAGES];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		page[i] = pages[i].page;
		blkback_port_unmap_op(&op[i], page[i], pages[i].handle);
	}
	gnttab_unmap_refs(op, NULL, page, nr);
	for (i = 0; i < nr; i++)
		pages[i].status = op[i].status;
}

/**
 * blkback_port_free_ring - give back the page that a page of a ring was mapped at
 * @page: that page, not mapped
 */
void blkback_port_free_ring(struct blkback_ring_page *page)
{
	gnttab_free_pages(1, &page->page);
}

/**
 * blkback_port_bind - bind the frontend's event channel
 * @xbdev: the device
 * @event_channel: the frontend's port
 * @handler: called in hard interrupt context
 * @data: for @handler
 *
 * Each event must be acknowledged by blkback_port_eoi() before the next one
 * comes: a storm of them ends in Xen (rule D7).
 *
 * Return: the interrupt's number, or -errno.
 */
int blkback_port_bind(struct xenbus_device *xbdev, u32 event_channel,
		      irq_handler_t handler, void *data)
{
	return bind_interdomain_evtchn_to_irqhandler_lateeoi(xbdev,
			event_channel, handler, 0, "blkif-backend", data);
}

/**
 * blkback_port_spread - have an event handled on the nth CPU
 * @irq: the interrupt
 * @nth: any number, of which neighbours lie on different CPUs
 *
 * It may fail, which costs speed at most.
 *
 * Context: process, may sleep.
 */
void blkback_port_spread(int irq, unsigned int nth)
{
	unsigned int cpu = cpumask_local_spread(nth, NUMA_NO_NODE);

	irq_set_affinity_and_hint(irq, cpumask_of(cpu));
}

/**
 * blkback_port_unbind - undo blkback_port_bind(); waits for the handler
 * @irq: the interrupt
 * @data: as given to bind
 */
void blkback_port_unbind(int irq, void *data)
{
	irq_update_affinity_hint(irq, NULL);
	unbind_from_irqhandler(irq, data);
}

/**
 * blkback_port_notify - send an event to the frontend
 * @irq: the interrupt
 */
void blkback_port_notify(int irq)
{
	notify_remote_via_irq(irq);
}

/**
 * blkback_port_eoi - acknowledge an event
 * @irq: the interrupt
 * @spurious: nothing at all was consumed since the last one
 */
void blkback_port_eoi(int irq, bool spurious)
{
	xen_irq_lateeoi(irq, spurious ? XEN_EOI_FLAG_SPURIOUS : 0);
}

/**
 * blkback_port_alloc_pages - pages of no memory, to map grants at
 * @nr: how many
 * @pages: result
 *
 * Context: process, sleeps; may balloon on kernels that cannot do without, and
 * is therefore never called in the I/O path.
 * Return: 0 or -errno, with no page allocated.
 */
int blkback_port_alloc_pages(unsigned int nr, struct page **pages)
{
	return gnttab_alloc_pages(nr, pages);
}

/**
 * blkback_port_free_pages - undo blkback_port_alloc_pages()
 * @nr: how many
 * @pages: the pages, none of them mapped
 */
void blkback_port_free_pages(unsigned int nr, struct page **pages)
{
	gnttab_free_pages(nr, pages);
}

/**
 * blkback_port_map_op - say what to map where
 * @op: one of the ops of blkback_port_map()
 * @page: where to map
 * @readonly: this domain only reads the page
 * @gref: the grant reference
 * @domid: whose it is
 */
void blkback_port_map_op(struct gnttab_map_grant_ref *op, struct page *page,
			 bool readonly, u32 gref, domid_t domid)
{
	gnttab_set_map_op(op, (unsigned long)page_to_virt(page),
			  GNTMAP_host_map | (readonly ? GNTMAP_readonly : 0),
			  gref, domid);
}

/**
 * blkback_port_unmap_op - say what to unmap
 * @op: one of the ops of blkback_port_unmap(); its status is none of success
 *	until Xen sets it
 * @page: where it is mapped
 * @handle: what Xen called the mapping
 */
void blkback_port_unmap_op(struct gnttab_unmap_grant_ref *op, struct page *page,
			   grant_handle_t handle)
{
	gnttab_set_unmap_op(op, (unsigned long)page_to_virt(page),
			    GNTMAP_host_map, handle);
	op->status = GNTST_general_error;
}

/**
 * blkback_port_map - map grants in one hypercall
 * @ops: what to map; each one's status is its own result
 * @pages: the page of each
 * @nr: how many
 *
 * Context: process, may sleep.
 * Return: 0 when each op has its status, or -errno when that is not known.
 */
int blkback_port_map(struct gnttab_map_grant_ref *ops, struct page **pages,
		     unsigned int nr)
{
	return gnttab_map_refs(ops, NULL, pages, nr);
}

/**
 * blkback_port_unmap - unmap grants in one hypercall
 * @ops: what to unmap; each one's status is its own result
 * @pages: the page of each
 * @nr: how many
 *
 * Context: process, may sleep.
 * Return: 0 when each op has its status, or -errno when that is not known.
 */
int blkback_port_unmap(struct gnttab_unmap_grant_ref *ops, struct page **pages,
		       unsigned int nr)
{
	return gnttab_unmap_refs(ops, NULL, pages, nr);
}

/**
 * blkback_port_copy_in_op - say what to copy from a granted page
 * @op: one of the ops of blkback_port_copy(); its status is none of success
 *	until Xen sets it
 * @to: where to, within one page of this domain's linear memory
 * @gref: the grant reference
 * @offset_bytes: where in the granted page
 * @bytes: how much, to the end of a page at most
 * @domid: whose grant it is
 */
void blkback_port_copy_in_op(struct gnttab_copy *op, void *to, u32 gref,
			     unsigned int offset_bytes, unsigned int bytes,
			     domid_t domid)
{
	*op = (struct gnttab_copy){
		.source = {
			.u.ref = gref,
			.domid = domid,
			.offset = offset_bytes,
		},
		.dest = {
			.u.gmfn = virt_to_gfn(to),
			.domid = DOMID_SELF,
			.offset = offset_in_page(to),
		},
		.len = bytes,
		.flags = GNTCOPY_source_gref,
		.status = GNTST_general_error,
	};
}

/**
 * blkback_port_copy_out_op - say what to copy to a granted page
 * @op: one of the ops of blkback_port_copy(); its status is none of success
 *	until Xen sets it
 * @from: where from, within one page of this domain's linear memory
 * @gref: the grant reference
 * @offset_bytes: where in the granted page
 * @bytes: how much, to the end of a page at most
 * @domid: whose grant it is
 */
void blkback_port_copy_out_op(struct gnttab_copy *op, void *from, u32 gref,
			      unsigned int offset_bytes, unsigned int bytes,
			      domid_t domid)
{
	*op = (struct gnttab_copy){
		.source = {
			.u.gmfn = virt_to_gfn(from),
			.domid = DOMID_SELF,
			.offset = offset_in_page(from),
		},
		.dest = {
			.u.ref = gref,
			.domid = domid,
			.offset = offset_bytes,
		},
		.len = bytes,
		.flags = GNTCOPY_dest_gref,
		.status = GNTST_general_error,
	};
}

/**
 * blkback_port_copy - copy from or to grants in one hypercall
 * @ops: what to copy; each one's status is its own result
 * @nr: how many
 *
 * A page that the frontend's domain has to bring back first is waited for.
 *
 * Context: process, may sleep.
 */
void blkback_port_copy(struct gnttab_copy *ops, unsigned int nr)
{
	gnttab_batch_copy(ops, nr);
}
