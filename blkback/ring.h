/* SPDX-License-Identifier: GPL-2.0 */
/* The shared pages of one ring.  No other room sees it. */
#ifndef _BLKBACK_RING_H
#define _BLKBACK_RING_H

#include <linux/types.h>
#include <xen/interface/io/ring.h>

#include "decode.h"
#include "negotiate.h"

/*
 * The indices of a ring do not depend on the layout of its slots; the size of a
 * slot is kept beside them.
 */
struct blkback_wire_dummy {
	char unused;
};

DEFINE_RING_TYPES(blkback_wire, struct blkback_wire_dummy,
		  struct blkback_wire_dummy);

/**
 * struct blkback_ring - our end of the shared pages
 * @back: indices; @back.sring is NULL while no page is mapped
 * @abi: layout of the slots
 * @slot_bytes: distance from one slot to the next; 0 while that is not known
 * @page: where each page is; they lie anywhere
 */
struct blkback_ring {
	struct blkback_wire_back_ring back;
	enum blkback_abi abi;
	unsigned int slot_bytes;
	void *page[BLKBACK_MAX_RING_PAGES];
};

/**
 * struct blkback_ring_view - where both sides are, for people
 * @nr_slots: of the ring
 * @req_prod: requests that the frontend says it has put
 * @req_cons: requests that were taken
 * @rsp_prod: answers that were given
 * @req_event: the request that we asked to be told of
 * @rsp_event: the answer that the frontend asked to be told of
 */
struct blkback_ring_view {
	unsigned int nr_slots;
	RING_IDX req_prod;
	RING_IDX req_cons;
	RING_IDX rsp_prod;
	RING_IDX req_event;
	RING_IDX rsp_event;
};

unsigned int blkback_ring_slots(unsigned int nr_pages);
int blkback_ring_attach(struct blkback_ring *ring, enum blkback_abi abi,
			void *const *page, unsigned int nr_pages);
void blkback_ring_set_abi(struct blkback_ring *ring, enum blkback_abi abi);
bool blkback_ring_first(const struct blkback_ring *ring,
			union blkback_slot *slot);
void blkback_ring_detach(struct blkback_ring *ring);
int blkback_ring_pending(struct blkback_ring *ring);
void blkback_ring_take(struct blkback_ring *ring, union blkback_slot *slot);
void blkback_ring_answer(struct blkback_ring *ring, u64 id, u8 wire_op,
			 s16 status);
bool blkback_ring_push(struct blkback_ring *ring);
bool blkback_ring_final_check(struct blkback_ring *ring);
bool blkback_ring_unconsumed(const struct blkback_ring *ring, RING_IDX *event);
void blkback_ring_view(const struct blkback_ring *ring,
		       struct blkback_ring_view *view);

#endif /* _BLKBACK_RING_H */
