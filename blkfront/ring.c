// SPDX-License-Identifier: GPL-2.0
/*
 * The shared page.
 *
 * No other file sees it.  What the backend wrote is copied out once and
 * checked before it is used; the first thing that cannot be true breaks the
 * ring, and from then on nothing on it is believed.
 *
 * Everything here is called under queue->lock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/nospec.h>

#include "blkfront.h"

/**
 * blkfront_ring_attach - begin with an empty ring
 * @queue: the queue
 * @page: a page of zeroes; it may hold nothing else, as the backend reads it
 */
void blkfront_ring_attach(struct blkfront_queue *queue, struct page *page)
{
	struct blkfront_sring *sring = page_address(page);

	lockdep_assert_held(&queue->lock);
	XEN_FRONT_RING_INIT(&queue->ring, sring, BLKIF_PAGE_SIZE);
	queue->broken = false;
	queue->event_cons = 0;
}

/**
 * blkfront_ring_detach - the page is the ring no more
 * @queue: the queue
 */
void blkfront_ring_detach(struct blkfront_queue *queue)
{
	lockdep_assert_held(&queue->lock);
	queue->ring.sring = NULL;
	queue->broken = true;
}

/**
 * blkfront_ring_put - put a request onto the ring
 * @queue: the queue
 * @tag: the request's tag, which is its id
 * @slot: the request
 *
 * There is room: a tag has at most one slot, and there are as many slots as
 * tags.  The backend sees it after blkfront_ring_push().
 */
void blkfront_ring_put(struct blkfront_queue *queue, unsigned int tag,
		       const union blkif_native_request *slot)
{
	struct blkfront_front_ring *ring = &queue->ring;
	struct blkfront_shadow *shadow = &queue->shadow[tag];

	lockdep_assert_held(&queue->lock);
	*RING_GET_REQUEST(ring, ring->req_prod_pvt) = *slot;
	ring->req_prod_pvt++;

	if (shadow->state == BLKFRONT_FREE) {
		shadow->seq = queue->seq++;
		queue->nr_busy++;
	}
	shadow->state = BLKFRONT_FLYING;
	shadow->wire_op = slot->operation;
}

/**
 * blkfront_ring_push - show the backend all that was put
 * @queue: the queue
 *
 * Return: true if the backend asked for an event.
 */
bool blkfront_ring_push(struct blkfront_queue *queue)
{
	bool notify;

	lockdep_assert_held(&queue->lock);
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&queue->ring, notify);
	return notify;
}

static int ring_break(struct blkfront_queue *queue, const char *what,
		      u64 value, u64 bound)
{
	queue->broken = true;
	pr_err_ratelimited("%s: the backend broke the ring: %s is %llu, expected %llu\n",
			   queue->name, what, value, bound);
	return -EPROTO;
}

static blk_status_t ring_status(struct blkfront_queue *queue,
				const struct blkif_native_response *rsp)
{
	switch (rsp->status) {
	case BLKIF_RSP_OKAY:
		return BLK_STS_OK;
	case BLKIF_RSP_EOPNOTSUPP:
		return BLK_STS_NOTSUPP;
	case BLKIF_RSP_ERROR:
		return BLK_STS_IOERR;
	}
	pr_err_ratelimited("%s: the backend answered a request with the unknown status %d\n",
			   queue->name, rsp->status);
	return BLK_STS_IOERR;
}

/**
 * blkfront_ring_take - take the next answer
 * @queue: the queue
 *
 * Marks the request as answered and notes the outcome in its shadow.
 *
 * Return: the request's tag; -ENODATA if there is no answer; -EPROTO if there
 * is one that cannot be, now or before.
 */
int blkfront_ring_take(struct blkfront_queue *queue)
{
	struct blkfront_front_ring *ring = &queue->ring;
	struct blkif_native_response rsp;
	struct blkfront_shadow *shadow;
	RING_IDX prod;

	lockdep_assert_held(&queue->lock);
	if (queue->broken)
		return -EPROTO;

	prod = READ_ONCE(ring->sring->rsp_prod);
	if (prod == ring->rsp_cons)
		return -ENODATA;
	if (prod - ring->rsp_cons > ring->req_prod_pvt - ring->rsp_cons)
		return ring_break(queue, "rsp_prod - rsp_cons",
				  prod - ring->rsp_cons,
				  ring->req_prod_pvt - ring->rsp_cons);
	virt_rmb();	/* the index before the answers it announces */

	RING_COPY_RESPONSE(ring, ring->rsp_cons, &rsp);
	if (rsp.id >= ARRAY_SIZE(queue->shadow))
		return ring_break(queue, "an id", rsp.id,
				  ARRAY_SIZE(queue->shadow) - 1);
	shadow = &queue->shadow[array_index_nospec(rsp.id,
						   ARRAY_SIZE(queue->shadow))];
	if (shadow->state != BLKFRONT_FLYING)
		return ring_break(queue, "the state of an answered id",
				  shadow->state, BLKFRONT_FLYING);
	if (rsp.operation != shadow->wire_op)
		return ring_break(queue, "an operation", rsp.operation,
				  shadow->wire_op);

	ring->rsp_cons++;
	shadow->status = ring_status(queue, &rsp);
	shadow->state = BLKFRONT_ANSWERED;
	return rsp.id;
}

/**
 * blkfront_ring_done - ask for an event with the next answer
 * @queue: the queue
 *
 * Return: false if an answer came meanwhile: it has to be taken first.
 */
bool blkfront_ring_done(struct blkfront_queue *queue)
{
	bool more;

	lockdep_assert_held(&queue->lock);
	if (queue->broken)
		return true;
	RING_FINAL_CHECK_FOR_RESPONSES(&queue->ring, more);
	return !more;
}
