// SPDX-License-Identifier: GPL-2.0
/*
 * The shared pages of one ring: copy a slot out once, put an answer in, indices,
 * event thresholds.
 *
 * Nothing here trusts the pages: the frontend may write any of them at any time.
 * What is read is read once; what the frontend could change back (rsp_prod) is
 * kept privately and only written.
 */
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "ring.h"

#define RING_HEADER_BYTES	offsetof(struct blkback_wire_sring, ring)

static_assert(RING_HEADER_BYTES == 64);

/* Where a slot is, were the pages one behind the other. */
static unsigned int slot_at(const struct blkback_ring *ring, RING_IDX idx)
{
	return RING_HEADER_BYTES +
	       (idx & (ring->back.nr_ents - 1)) * ring->slot_bytes;
}

/* Where that is, and how much from there on is in one page, of @bytes at most. */
static void *ring_at(const struct blkback_ring *ring, unsigned int at,
		     unsigned int *bytes)
{
	unsigned int offset = at % BLKIF_PAGE_SIZE;

	*bytes = min(*bytes, BLKIF_PAGE_SIZE - offset);
	return ring->page[at / BLKIF_PAGE_SIZE] + offset;
}

/**
 * blkback_ring_slots - how many slots a ring has
 * @nr_pages: its pages, a power of two, 1 to 16
 *
 * Both layouts give the same number (protocol A.2).
 *
 * Return: the number of slots, a power of two.
 */
unsigned int blkback_ring_slots(unsigned int nr_pages)
{
	return rounddown_pow_of_two((nr_pages * BLKIF_PAGE_SIZE -
				     RING_HEADER_BYTES) /
				    sizeof(union blkif_x86_64_request));
}

/**
 * blkback_ring_set_abi - say how the slots are laid out
 * @ring: the ring
 * @abi: their layout
 *
 * Context: any; nobody else may use the ring.
 */
void blkback_ring_set_abi(struct blkback_ring *ring, enum blkback_abi abi)
{
	ring->abi = abi;
	switch (abi) {
	case BLKBACK_ABI_X86_64:
		ring->slot_bytes = sizeof(union blkif_x86_64_request);
		break;
	case BLKBACK_ABI_X86_32:
		ring->slot_bytes = sizeof(union blkif_x86_32_request);
		break;
	case BLKBACK_ABI_UNKNOWN:
		ring->slot_bytes = 0;
		break;
	}
}

/**
 * blkback_ring_attach - start to use a mapped ring
 * @ring: the ring
 * @abi: layout of its slots; if BLKBACK_ABI_UNKNOWN no slot is to be taken before
 *	blkback_ring_set_abi()
 * @page: where its pages are mapped
 * @nr_pages: how many, a power of two
 *
 * The frontend may have been connected before, to a backend that answered some
 * of its requests: what was not answered is taken again (rule RN8).
 *
 * Context: any; nobody else may use the ring.
 * Return: 0, or -EINVAL when the indices in the page cannot be true.
 */
int blkback_ring_attach(struct blkback_ring *ring, enum blkback_abi abi,
			void *const *page, unsigned int nr_pages)
{
	struct blkback_wire_sring *sring = page[0];
	RING_IDX rsp_prod = READ_ONCE(sring->rsp_prod);
	RING_IDX req_prod = READ_ONCE(sring->req_prod);
	unsigned int nr_slots = blkback_ring_slots(nr_pages);

	if (req_prod - rsp_prod > nr_slots)
		return -EINVAL;

	blkback_ring_set_abi(ring, abi);
	memcpy(ring->page, page, nr_pages * sizeof(*page));
	ring->back.sring = sring;
	ring->back.nr_ents = nr_slots;
	ring->back.rsp_prod_pvt = rsp_prod;
	ring->back.req_cons = rsp_prod;
	return 0;
}

/**
 * blkback_ring_detach - forget the pages, before they are unmapped
 * @ring: the ring; nobody else may use it any more
 */
void blkback_ring_detach(struct blkback_ring *ring)
{
	ring->back.sring = NULL;
}

/**
 * blkback_ring_pending - how many slots wait to be taken
 * @ring: the ring
 *
 * Context: the ring's work item.
 * Return: their number, or -EPROTO when the frontend's index claims more
 * requests than the ring has slots (rules RN1, D1).
 */
int blkback_ring_pending(struct blkback_ring *ring)
{
	RING_IDX prod = READ_ONCE(ring->back.sring->req_prod);

	if (RING_REQUEST_PROD_OVERFLOW(&ring->back, prod))
		return -EPROTO;
	/* Slots are read after the index that announces them. */
	virt_rmb();
	return prod - ring->back.req_cons;
}

/*
 * Out of memory that the frontend may write at the same time.  The compiler may not
 * go back to it after this for what it has the copy of.
 */
static void copy_shared(void *to, const void *from, unsigned int bytes)
{
	memcpy(to, from, bytes);
	barrier();
}

/**
 * blkback_ring_first - look at the first slot there ever was
 * @ring: the ring; blkback_ring_pending() said that there is a slot
 * @slot: private copy, as long as the longer layout
 *
 * It lies at the same place whatever the layout.
 *
 * Context: the ring's work item.
 * Return: false when it was taken, maybe by another backend.
 */
bool blkback_ring_first(const struct blkback_ring *ring,
			union blkback_slot *slot)
{
	if (ring->back.req_cons)
		return false;
	copy_shared(slot, ring->page[0] + RING_HEADER_BYTES, sizeof(*slot));
	return true;
}

/**
 * blkback_ring_take - copy the next slot out of the ring
 * @ring: the ring; blkback_ring_pending() said that there is a slot
 * @slot: private copy; nothing is read again (rules RN2, D3)
 *
 * Context: the ring's work item.
 */
void blkback_ring_take(struct blkback_ring *ring, union blkback_slot *slot)
{
	unsigned int at = slot_at(ring, ring->back.req_cons++);
	unsigned int done, bytes;
	const void *from;

	/* It may begin in one page and end in the next. */
	for (done = 0; done < ring->slot_bytes; done += bytes) {
		bytes = ring->slot_bytes - done;
		from = ring_at(ring, at + done, &bytes);
		copy_shared((void *)slot + done, from, bytes);
	}
}

static void put_bytes(struct blkback_ring *ring, unsigned int at,
		      const void *from, unsigned int nr)
{
	unsigned int done, bytes;
	void *to;

	for (done = 0; done < nr; done += bytes) {
		bytes = nr - done;
		to = ring_at(ring, at + done, &bytes);
		memcpy(to, from + done, bytes);
	}
}

/**
 * blkback_ring_answer - put an answer into the ring
 * @ring: the ring
 * @id: the request's id
 * @wire_op: its operation
 * @status: BLKIF_RSP_*
 *
 * Every byte of the answer is written, so that nothing of ours travels in the
 * gaps (rule D4).  The frontend sees it after blkback_ring_push().
 *
 * Context: the ring's owner; a request was taken for each answer.
 */
void blkback_ring_answer(struct blkback_ring *ring, u64 id, u8 wire_op,
			 s16 status)
{
	unsigned int at = slot_at(ring, ring->back.rsp_prod_pvt++);

	if (ring->abi == BLKBACK_ABI_X86_32) {
		struct blkif_x86_32_response rsp = {
			.id = id, .operation = wire_op, .status = status,
		};

		put_bytes(ring, at, &rsp, sizeof(rsp));
	} else {
		struct blkif_x86_64_response rsp = {
			.id = id, .operation = wire_op, .status = status,
		};

		put_bytes(ring, at, &rsp, sizeof(rsp));
	}
}

/**
 * blkback_ring_push - show all answers to the frontend
 * @ring: the ring
 *
 * Context: the ring's owner.
 * Return: true when the frontend asked to be notified of one of them (RN3).
 */
bool blkback_ring_push(struct blkback_ring *ring)
{
	bool notify;

	RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&ring->back, notify);
	return notify;
}

/**
 * blkback_ring_final_check - ask for an event, then look once more (RN4)
 * @ring: the ring
 *
 * Context: the ring's work item.
 * Return: true when there is a request that no event may announce any more.
 */
bool blkback_ring_final_check(struct blkback_ring *ring)
{
	int work;

	RING_FINAL_CHECK_FOR_REQUESTS(&ring->back, work);
	return work;
}

/**
 * blkback_ring_unconsumed - is there an answer that the frontend sleeps for?
 * @ring: the ring, all answers shown
 * @event: result: which one it asked to be notified of
 *
 * It sets its event index behind what it has seen, before it sleeps.  An index
 * that no frontend of this ring sets asks for nothing.
 *
 * Context: the ring's work item.
 * Return: true when that answer is there.
 */
bool blkback_ring_unconsumed(const struct blkback_ring *ring, RING_IDX *event)
{
	*event = READ_ONCE(ring->back.sring->rsp_event);
	return ring->back.rsp_prod_pvt - *event < ring->back.nr_ents;
}

/**
 * blkback_ring_view - look where both sides are
 * @ring: the ring, attached
 * @view: result; what of it the frontend has written is no more than its word
 *
 * Context: any; beside who works on the ring.
 */
void blkback_ring_view(const struct blkback_ring *ring,
		       struct blkback_ring_view *view)
{
	const struct blkback_wire_sring *sring = ring->back.sring;

	view->nr_slots = ring->back.nr_ents;
	view->req_prod = READ_ONCE(sring->req_prod);
	view->req_cons = READ_ONCE(ring->back.req_cons);
	view->rsp_prod = READ_ONCE(ring->back.rsp_prod_pvt);
	view->req_event = READ_ONCE(sring->req_event);
	view->rsp_event = READ_ONCE(sring->rsp_event);
}
