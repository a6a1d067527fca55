/* SPDX-License-Identifier: GPL-2.0 */
/* Every hypercall that the data path makes: the tests' seam. */
#ifndef _BLKBACK_PORT_H
#define _BLKBACK_PORT_H

#include <linux/interrupt.h>
#include <xen/grant_table.h>

struct xenbus_device;

/**
 * struct blkback_ring_page - a page of a ring
 * @gref: the frontend's grant reference
 * @status: GNTST_* of what was done last with it
 * @handle: what Xen calls the mapping
 * @page: where it is mapped
 * @address: where this domain sees it
 */
struct blkback_ring_page {
	u32 gref;
	s16 status;
	grant_handle_t handle;
	struct page *page;
	void *address;
};

int blkback_port_map_ring(struct blkback_ring_page *pages, unsigned int nr,
			  domid_t domid);
void blkback_port_unmap_ring(struct blkback_ring_page *pages, unsigned int nr);
void blkback_port_free_ring(struct blkback_ring_page *page);
int blkback_port_bind(struct xenbus_device *xbdev, u32 event_channel,
		      irq_handler_t handler, void *data);
void blkback_port_spread(int irq, unsigned int nth);
void blkback_port_unbind(int irq, void *data);
void blkback_port_notify(int irq);
void blkback_port_eoi(int irq, bool spurious);

int blkback_port_alloc_pages(unsigned int nr, struct page **pages);
void blkback_port_free_pages(unsigned int nr, struct page **pages);
void blkback_port_map_op(struct gnttab_map_grant_ref *op, struct page *page,
			 bool readonly, u32 gref, domid_t domid);
void blkback_port_unmap_op(struct gnttab_unmap_grant_ref *op, struct page *page,
			   grant_handle_t handle);
int blkback_port_map(struct gnttab_map_grant_ref *ops, struct page **pages,
		     unsigned int nr);
int blkback_port_unmap(struct gnttab_unmap_grant_ref *ops, struct page **pages,
		       unsigned int nr);
void blkback_port_copy_in_op(struct gnttab_copy *op, void *to, u32 gref,
			     unsigned int offset_bytes, unsigned int bytes,
			     domid_t domid);
void blkback_port_copy_out_op(struct gnttab_copy *op, void *from, u32 gref,
			      unsigned int offset_bytes, unsigned int bytes,
			      domid_t domid);
void blkback_port_copy(struct gnttab_copy *ops, unsigned int nr);

#endif /* _BLKBACK_PORT_H */
