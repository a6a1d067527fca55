// SPDX-License-Identifier: GPL-2.0
/*
 * A frontend that does what the test says: its keys, its states, its ring.  Of
 * the backend it believes nothing.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "loopback.h"
#include "../../../blkfront/blkfront.h"

#define HEADER_BYTES	64

static unsigned int slot_bytes(const struct peer *peer)
{
	return peer->abi32 ? sizeof(union blkif_x86_32_request) :
			     sizeof(union blkif_x86_64_request);
}

static void *slot_at(struct peer *peer, RING_IDX idx)
{
	return (void *)peer->sring + HEADER_BYTES +
	       idx % peer->nr_slots * slot_bytes(peer);
}

static irqreturn_t peer_event(int irq, void *data)
{
	struct peer *peer = data;

	wake_up(&peer->wait);
	blkfront_port_event_eoi(irq, false);
	return IRQ_HANDLED;
}

struct peer *peer_create(bool abi32)
{
	struct peer *peer = kvzalloc_obj(*peer, GFP_KERNEL | __GFP_NOFAIL);
	unsigned int i;

	peer->abi32 = abi32;
	peer_node(peer, FRONT_NODE, BACK_NODE);
	peer_shape(peer, -1, 1);
	init_waitqueue_head(&peer->wait);
	for (i = 0; i < PEER_PAGES; i++) {
		peer->page[i] = alloc_page(GFP_KERNEL | __GFP_ZERO |
					   __GFP_NOFAIL);
		peer->ref[i] = xen_grant(peer->page[i], false);
	}
	return peer;
}

void peer_node(struct peer *peer, const char *front, const char *back)
{
	peer->front = front;
	peer->back = back;
}

void peer_shape(struct peer *peer, int queue, unsigned int nr_ring_pages)
{
	peer->queue = queue;
	peer->nr_ring_pages = nr_ring_pages;
	peer->nr_slots = PEER_SLOTS * nr_ring_pages;
}

void peer_destroy(struct peer *peer)
{
	unsigned int i;

	if (peer->ring_page && !peer_retract(peer))
		xen_wrong("the ring was mapped at the end");
	for (i = 0; i < PEER_PAGES; i++) {
		if (!xen_ungrant(peer->ref[i]))
			xen_wrong("page %u was mapped at the end", i);
		__free_page(peer->page[i]);
	}
	kvfree(peer);
}

/* Pages that lie anywhere, for us one behind the other. */
static void ring_alloc(struct peer *peer)
{
	unsigned int i;

	for (i = 0; i < peer->nr_ring_pages; i++) {
		peer->ring_pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO |
						 __GFP_NOFAIL);
		peer->ring_ref[i] = xen_grant(peer->ring_pages[i], false);
	}
	peer->ring_page = peer->ring_pages[0];
	do {
		peer->sring = vmap(peer->ring_pages, peer->nr_ring_pages,
				   VM_MAP, PAGE_KERNEL);
	} while (!peer->sring);
}

static void peer_write(const struct peer *peer, const char *key, int value)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/%s", peer->front, key);
	store_write(path, "%d", value);
}

static void ring_tell(struct peer *peer)
{
	char dir[48], path[80];
	unsigned int i;

	if (peer->queue >= 0)
		snprintf(dir, sizeof(dir), "%s/queue-%d", peer->front,
			 peer->queue);
	else
		strscpy(dir, peer->front);
	for (i = 0; i < peer->nr_ring_pages; i++) {
		if (peer->nr_ring_pages > 1)
			snprintf(path, sizeof(path), "%s/ring-ref%u", dir, i);
		else
			snprintf(path, sizeof(path), "%s/ring-ref", dir);
		store_write(path, "%u", peer->ring_ref[i]);
	}
	snprintf(path, sizeof(path), "%s/event-channel", dir);
	store_write(path, "%u", peer->port);
	if (peer->nr_ring_pages > 1)
		peer_write(peer, "ring-page-order", ilog2(peer->nr_ring_pages));
}

void peer_publish(struct peer *peer)
{
	char path[80];

	ring_alloc(peer);
	peer->sring->req_event = 1;
	peer->sring->rsp_event = 1;
	peer->req_prod = 0;
	peer->rsp_cons = 0;
	peer->nr_answers = 0;
	peer->nr_errors = 0;
	memset(peer->answers, 0, sizeof(peer->answers));
	peer->irq = xen_front_bind(&peer->port, peer_event, peer);
	ring_tell(peer);
	snprintf(path, sizeof(path), "%s/protocol", peer->front);
	if (peer->silent)
		store_remove(path);
	else
		store_write(path, peer->abi32 ? "x86_32-abi" : "x86_64-abi");
}

bool peer_retract(struct peer *peer)
{
	unsigned int i;

	for (i = 0; i < peer->nr_ring_pages; i++) {
		if (xen_ungrant(peer->ring_ref[i]))
			continue;
		if (i)
			xen_wrong("half a ring is mapped");
		return false;
	}
	blkfront_port_event_unbind(peer->irq, peer);
	vunmap(peer->sring);
	for (i = 0; i < peer->nr_ring_pages; i++)
		__free_page(peer->ring_pages[i]);
	peer->ring_page = NULL;
	peer->sring = NULL;
	return true;
}

void peer_state(enum xenbus_state state)
{
	store_write(FRONT_NODE "/state", "%d", state);
}

static bool back_reached(const struct peer *peer, enum xenbus_state state)
{
	char path[80];

	snprintf(path, sizeof(path), "%s/state", peer->back);
	return store_wait_int(path, state, PATIENCE_MS);
}

bool peer_connect(struct peer *peer)
{
	peer_publish(peer);
	peer_write(peer, "state", XenbusStateInitialised);
	if (!back_reached(peer, XenbusStateConnected))
		return false;
	peer_write(peer, "state", XenbusStateConnected);
	return true;
}

bool peer_close(struct peer *peer)
{
	peer_write(peer, "state", XenbusStateClosing);
	if (!back_reached(peer, XenbusStateClosing))
		return false;
	peer_write(peer, "state", XenbusStateClosed);
	if (!back_reached(peer, XenbusStateClosed))
		return false;
	return peer_retract(peer);
}

struct peer_slot peer_request(struct peer *peer, u8 op, u64 id, u64 sector,
			      unsigned int nr_segments, unsigned int first)
{
	struct peer_slot slot = {
		.op = op, .id = id, .sector = sector,
		.nr_segments = nr_segments,
	};
	unsigned int i;

	for (i = 0; i < nr_segments; i++) {
		slot.seg[i].gref = peer->ref[first + i];
		slot.seg[i].last_sect = 7;
	}
	return slot;
}

struct blkif_segment *peer_descriptors(struct peer *peer, unsigned int at)
{
	return page_address(peer->page[at]);
}

struct peer_slot peer_indirect(struct peer *peer, u8 op, u64 id, u64 sector,
			       unsigned int nr_segments, unsigned int first,
			       unsigned int at)
{
	struct blkif_segment *seg = peer_descriptors(peer, at);
	struct peer_slot slot = {
		.op = BLKIF_OP_INDIRECT, .inner_op = op, .id = id,
		.sector = sector, .nr_segments = nr_segments,
		.descriptors[0] = peer->ref[at],
	};
	unsigned int i;

	for (i = 0; i < nr_segments; i++)
		seg[i] = (struct blkif_segment){
			.gref = peer->ref[first + i], .last_sect = 7,
			.pad = 0x5a5a,
		};
	return slot;
}

#define PEER_FILL(wire, slot)						\
	do {								\
		(wire)->operation = (slot)->op;				\
		if ((slot)->op == BLKIF_OP_INDIRECT) {			\
			(wire)->indirect.indirect_op = (slot)->inner_op; \
			(wire)->indirect.nr_segments = (slot)->nr_segments; \
			(wire)->indirect.id = (slot)->id;		\
			(wire)->indirect.sector_number = (slot)->sector; \
			memcpy((wire)->indirect.indirect_grefs,		\
			       (slot)->descriptors,			\
			       sizeof((slot)->descriptors));		\
			break;						\
		}							\
		if ((slot)->op == BLKIF_OP_DISCARD) {			\
			(wire)->discard.flag = (slot)->flag;		\
			(wire)->discard.id = (slot)->id;		\
			(wire)->discard.sector_number = (slot)->sector;	\
			(wire)->discard.nr_sectors = (slot)->nr_sectors; \
		} else {						\
			(wire)->rw.nr_segments = (slot)->nr_segments;	\
			(wire)->rw.id = (slot)->id;			\
			(wire)->rw.sector_number = (slot)->sector;	\
			memcpy((wire)->rw.seg, (slot)->seg,		\
			       sizeof((slot)->seg));			\
		}							\
	} while (0)

void peer_put(struct peer *peer, const struct peer_slot *slot)
{
	void *at = slot_at(peer, peer->req_prod++);

	/* A frontend's slot holds what an earlier answer left in it. */
	if (peer->abi32) {
		union blkif_x86_32_request *wire = at;

		PEER_FILL(wire, slot);
	} else {
		union blkif_x86_64_request *wire = at;

		PEER_FILL(wire, slot);
	}
}

void peer_put_raw(struct peer *peer, const void *bytes)
{
	memcpy(slot_at(peer, peer->req_prod++), bytes, slot_bytes(peer));
}

void peer_push(struct peer *peer)
{
	RING_IDX old = peer->sring->req_prod;

	virt_wmb();	/* slots before the index that announces them */
	WRITE_ONCE(peer->sring->req_prod, peer->req_prod);
	virt_mb();	/* the index before the look at the other's */
	if ((RING_IDX)(peer->req_prod - READ_ONCE(peer->sring->req_event)) <
	    (RING_IDX)(peer->req_prod - old))
		blkfront_port_notify(peer->irq);
}

static void peer_answer(struct peer *peer, u64 id, u8 op, s16 status)
{
	peer->nr_answers++;
	peer->nr_errors += status != BLKIF_RSP_OKAY;
	if (id < PEER_IDS) {
		peer->answers[id]++;
		peer->status[id] = status;
		peer->op[id] = op;
	}
}

/* Take what was answered. */
unsigned int peer_collect(struct peer *peer)
{
	RING_IDX prod = READ_ONCE(peer->sring->rsp_prod);
	unsigned int nr = 0;

	virt_rmb();	/* the index before what it announces */
	if (prod - peer->rsp_cons > peer->req_prod - peer->rsp_cons) {
		xen_wrong("the backend answered more than was asked");
		return 0;
	}
	for (; peer->rsp_cons != prod; peer->rsp_cons++, nr++) {
		void *at = slot_at(peer, peer->rsp_cons);

		if (peer->abi32) {
			struct blkif_x86_32_response *rsp = at;

			peer_answer(peer, rsp->id, rsp->operation, rsp->status);
			if (rsp->pad)
				xen_wrong("an answer carries other bytes");
		} else {
			struct blkif_x86_64_response *rsp = at;

			peer_answer(peer, rsp->id, rsp->operation, rsp->status);
			if (rsp->pad || rsp->pad2)
				xen_wrong("an answer carries other bytes");
		}
	}
	WRITE_ONCE(peer->sring->rsp_event, peer->rsp_cons + 1);
	virt_mb();	/* the wish before the last look */
	return nr;
}

static bool peer_has(struct peer *peer, unsigned int nr_answers)
{
	do {
		if (peer->nr_answers >= nr_answers)
			return true;
	} while (peer_collect(peer));
	return peer->nr_answers >= nr_answers;
}

bool peer_wait(struct peer *peer, unsigned int nr_answers)
{
	return wait_event_timeout(peer->wait, peer_has(peer, nr_answers),
				  msecs_to_jiffies(PATIENCE_MS));
}

/* -EIO and such do not come from a ring: 1 is that there was no answer. */
int peer_do(struct peer *peer, const struct peer_slot *slot)
{
	unsigned int before = peer->answers[slot->id];

	peer_put(peer, slot);
	peer_push(peer);
	if (!peer_wait(peer, peer->nr_answers + 1) ||
	    peer->answers[slot->id] != before + 1)
		return 1;
	return peer->status[slot->id];
}

void peer_fill(struct peer *peer, unsigned int first, unsigned int nr, u8 seed)
{
	unsigned int i, j;
	u8 *at;

	for (i = 0; i < nr; i++) {
		at = page_address(peer->page[first + i]);
		for (j = 0; j < PAGE_SIZE; j++)
			at[j] = seed + i * 7 + j % 251;
	}
}

bool peer_check(struct peer *peer, unsigned int first, unsigned int nr,
		const u8 *data)
{
	unsigned int i;

	for (i = 0; i < nr; i++, data += PAGE_SIZE)
		if (memcmp(page_address(peer->page[first + i]), data,
			   PAGE_SIZE))
			return false;
	return true;
}
