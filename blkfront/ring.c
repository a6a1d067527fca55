// SPDX-License-Identifier: GPL-2.0
/*
 * The shared pages.
 *
 * No other file sees them.  What the backend wrote is copied out once and
 * checked before it is used; the first thing that cannot be true breaks the
 * ring, and from then on nothing on it is believed.
 *
 * What changes them is called under queue->lock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/nospec.h>

#include "blkfront.h"

/*
 * An id names the request on its ring: its context and tag, and which of the
 * pieces that went out with this tag it is, so that an answer that comes twice
 * is not taken for that of the next.
 */
#define RING_ID_CTX_SHIFT	16
#define RING_ID_TURN_SHIFT	32

/**
 * blkfront_ring_attach - begin with an empty ring
 * @queue: the queue
 * @shared: pages of zeroes; they may hold nothing else, as the backend reads them
 * @nr_pages: how many
 */
void blkfront_ring_attach(struct blkfront_queue *queue, void *shared,
			  unsigned int nr_pages)
{
	struct blkfront_sring *sring = shared;

	lockdep_assert_held(&queue->lock);
	XEN_FRONT_RING_INIT(&queue->ring, sring,
			    nr_pages * (size_t)BLKIF_PAGE_SIZE);
	queue->broken = false;
	/* It asks for events until somebody looks again. */
	WRITE_ONCE(queue->polled, false);
	queue->shut = false;
	queue->event_cons = 0;
}

/**
 * blkfront_ring_detach - the pages are the ring no more
 * @queue: the queue
 */
void blkfront_ring_detach(struct blkfront_queue *queue)
{
	lockdep_assert_held(&queue->lock);
	queue->ring.sring = NULL;
	queue->broken = true;
}

/**
 * blkfront_ring_room - how many slots are free?
 * @queue: the queue
 *
 * Context: under queue->lock, or anywhere for an answer that may be old.
 */
unsigned int blkfront_ring_room(const struct blkfront_queue *queue)
{
	const struct blkfront_front_ring *ring = &queue->ring;
	RING_IDX used = READ_ONCE(ring->req_prod_pvt) -
			READ_ONCE(ring->rsp_cons);

	return used < ring->nr_ents ? ring->nr_ents - used : 0;
}

/**
 * blkfront_ring_id - the id of a piece
 * @shadow: its shadow
 */
u64 blkfront_ring_id(const struct blkfront_shadow *shadow)
{
	const struct blkfront_ctx *ctx = shadow->ctx;

	return (u64)shadow->turn << RING_ID_TURN_SHIFT |
	       ctx->index << RING_ID_CTX_SHIFT | (shadow - ctx->shadow);
}

/**
 * blkfront_ring_put - put a request onto the ring
 * @queue: the queue; there is room
 * @shadow: the request's shadow
 * @slot: the request
 *
 * The backend sees it after blkfront_ring_push().
 */
void blkfront_ring_put(struct blkfront_queue *queue,
		       struct blkfront_shadow *shadow,
		       const union blkif_native_request *slot)
{
	struct blkfront_front_ring *ring = &queue->ring;

	lockdep_assert_held(&queue->lock);
	*RING_GET_REQUEST(ring, ring->req_prod_pvt) = *slot;
	shadow->index = ring->req_prod_pvt;
	WRITE_ONCE(ring->req_prod_pvt, ring->req_prod_pvt + 1);
	shadow->state = BLKFRONT_FLYING;
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

/**
 * blkfront_ring_busy - is there a request that was not answered?
 * @queue: the queue
 *
 * Context: any; the answer may be old.
 */
bool blkfront_ring_busy(const struct blkfront_queue *queue)
{
	const struct blkfront_front_ring *ring = &queue->ring;

	return READ_ONCE(ring->req_prod_pvt) != READ_ONCE(ring->rsp_cons);
}

/**
 * blkfront_ring_unseen - has the backend not taken a request yet?
 * @shadow: its shadow; it was put, and not answered
 *
 * For messages: what the backend says here is what it had taken when it went to
 * sleep, and no more than its word.
 */
bool blkfront_ring_unseen(const struct blkfront_shadow *shadow)
{
	const struct blkfront_queue *queue = shadow->ctx->queue;
	RING_IDX next;

	lockdep_assert_held(&queue->lock);
	if (!queue->ring.sring)
		return false;
	next = READ_ONCE(queue->ring.sring->req_event) - 1;
	return (s32)(next - shadow->index) <= 0;
}

static void *ring_break(struct blkfront_queue *queue, const char *what,
			u64 value, u64 bound)
{
	queue->broken = true;
	pr_err_ratelimited("%s: the backend broke the ring: %s is %#llx, expected %#llx\n",
			   queue->name, what, value, bound);
	return ERR_PTR(-EPROTO);
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

/* Whose request an id of the backend's is; NULL for nobody's. */
static struct blkfront_shadow *ring_find(struct blkfront_queue *queue, u64 id)
{
	struct blkfront_disk *disk = queue->disk;
	unsigned int index = (u16)(id >> RING_ID_CTX_SHIFT);
	unsigned int tag = (u16)id;
	struct blkfront_ctx *ctx;

	if (index >= disk->nr_ctxs)
		return NULL;
	ctx = &disk->ctxs[array_index_nospec(index, disk->nr_ctxs)];
	if (ctx->queue != queue || tag >= ctx->depth)
		return NULL;
	return &ctx->shadow[array_index_nospec(tag, ctx->depth)];
}

/**
 * blkfront_ring_take - take the next answer
 * @queue: the queue
 *
 * Marks the request as answered and notes the outcome in its shadow.
 *
 * Return: the request's shadow; -ENODATA if there is no answer; -EPROTO if there
 * is one that cannot be, now or before.
 */
struct blkfront_shadow *blkfront_ring_take(struct blkfront_queue *queue)
{
	struct blkfront_front_ring *ring = &queue->ring;
	struct blkif_native_response rsp;
	struct blkfront_shadow *shadow;
	RING_IDX prod;

	lockdep_assert_held(&queue->lock);
	if (queue->broken)
		return ERR_PTR(-EPROTO);

	prod = READ_ONCE(ring->sring->rsp_prod);
	if (prod == ring->rsp_cons)
		return ERR_PTR(-ENODATA);
	if (prod - ring->rsp_cons > ring->req_prod_pvt - ring->rsp_cons)
		return ring_break(queue, "rsp_prod - rsp_cons",
				  prod - ring->rsp_cons,
				  ring->req_prod_pvt - ring->rsp_cons);
	virt_rmb();	/* the index before the answers it announces */

	RING_COPY_RESPONSE(ring, ring->rsp_cons, &rsp);
	shadow = ring_find(queue, rsp.id);
	if (!shadow)
		return ring_break(queue, "an id", rsp.id, 0);
	if (shadow->state != BLKFRONT_FLYING)
		return ring_break(queue, "the state of an answered id",
				  shadow->state, BLKFRONT_FLYING);
	if (rsp.id != shadow->io.id)
		return ring_break(queue, "an id", rsp.id, shadow->io.id);
	if (rsp.operation != shadow->wire_op)
		return ring_break(queue, "an operation", rsp.operation,
				  shadow->wire_op);

	WRITE_ONCE(ring->rsp_cons, ring->rsp_cons + 1);
	shadow->status = ring_status(queue, &rsp);
	shadow->state = BLKFRONT_ANSWERED;
	return shadow;
}

/**
 * blkfront_ring_done - ask for an event with the next answer
 * @queue: the queue
 *
 * Not while somebody polls: see poll.c.
 *
 * Return: false if an answer came meanwhile: it has to be taken first.
 */
bool blkfront_ring_done(struct blkfront_queue *queue)
{
	bool more;

	lockdep_assert_held(&queue->lock);
	if (queue->broken || queue->polled)
		return true;
	RING_FINAL_CHECK_FOR_RESPONSES(&queue->ring, more);
	return !more;
}

/**
 * blkfront_ring_quiet - ask for no event, whatever was asked for before
 * @queue: the queue, which may have no ring
 *
 * An event that was passed looks to the backend like one that was lost.
 */
void blkfront_ring_quiet(struct blkfront_queue *queue)
{
	const struct blkfront_front_ring *ring = &queue->ring;

	lockdep_assert_held(&queue->lock);
	if (!queue->broken)
		WRITE_ONCE(ring->sring->rsp_event,
			   ring->rsp_cons - ring->nr_ents);
}

/**
 * blkfront_ring_view - look where both sides are
 * @queue: the queue; without a ring all of it is 0
 * @view: result
 *
 * Context: process, under disk->lock.
 */
void blkfront_ring_view(struct blkfront_queue *queue,
			struct blkfront_ring_view *view)
{
	const struct blkfront_front_ring *ring = &queue->ring;

	memset(view, 0, sizeof(*view));
	spin_lock_irq(&queue->lock);
	if (ring->sring) {
		view->nr_slots = ring->nr_ents;
		view->req_prod = ring->req_prod_pvt;
		view->rsp_prod = READ_ONCE(ring->sring->rsp_prod);
		view->rsp_cons = ring->rsp_cons;
		view->req_event = READ_ONCE(ring->sring->req_event);
		view->rsp_event = READ_ONCE(ring->sring->rsp_event);
	}
	spin_unlock_irq(&queue->lock);
}
