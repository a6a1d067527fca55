// SPDX-License-Identifier: GPL-2.0
/* The backend that does what the test says, however wrong. */
#include <linux/highmem.h>

#include "false_back.h"
#include "../../../blkback/port.h"

static irqreturn_t false_event(int irq, void *data)
{
	struct false_back *back = data;

	wake_up(&back->wait);
	blkback_port_eoi(irq, false);
	return IRQ_HANDLED;
}

/* --- answers ---------------------------------------------------------------------- */

static void false_put(struct false_ring *ring, u64 id, u8 op, s16 status)
{
	union blkfront_sring_entry *entry =
		&ring->sring->ring[ring->rsp_prod++ % ring->nr_slots];

	entry->rsp = (struct blkif_native_response){
		.id = id, .operation = op, .status = status,
	};
}

/* What it says instead of the truth; how far ahead of it its index is. */
static unsigned int false_lie(struct false_ring *ring, enum evil evil, u64 id,
			      u8 op)
{
	switch (evil) {
	case BAD_ID:
		false_put(ring, 0x8000000000000000ULL ^ id, op, 0);
		return 0;
	case BAD_TAG:
		false_put(ring, id | 0xffff, op, 0);
		return 0;
	case FREE_ID:
		false_put(ring, id ^ 1, op, 0);
		return 0;
	case OTHER_CONTEXT:
		false_put(ring, id ^ 1 << 16, op, 0);
		return 0;
	case OLD_TURN:
		false_put(ring, id - (1ULL << 32), op, 0);
		return 0;
	case WRONG_OP:
		false_put(ring, id, op ^ 1, 0);
		return 0;
	case TWICE:
		false_put(ring, id, op, 0);
		false_put(ring, id, op, 0);
		return 0;
	case INDEX_AHEAD:
		return 1000;
	case INDEX_BACK:
		return -5;
	case BAD_STATUS:
		false_put(ring, id, op, 77);
		return 0;
	case KEEP_PAGE:
		xen_keep_mapped(true);
		false_put(ring, id, op, 0);
		return 0;
	default:
		return 0;
	}
}

static void false_answer(struct false_back *back, struct false_ring *ring,
			 u64 id, u8 op, s16 status)
{
	enum evil evil = back->evil;
	unsigned int ahead = 0;

	if (evil == GOOD) {
		false_put(ring, id, op, status);
	} else {
		back->evil = GOOD;
		back->nr_evil++;
		ahead = false_lie(ring, evil, id, op);
	}
	virt_wmb();	/* answers before their index */
	WRITE_ONCE(ring->sring->rsp_prod, ring->rsp_prod + ahead);
	blkback_port_notify(ring->irq);
}

/* --- data ----------------------------------------------------------------------------- */

/* One segment's data; how many bytes it has. */
static unsigned int false_copy(const struct false_back *back,
			       const struct blkif_segment *seg, u8 op, u64 at)
{
	unsigned int from = seg->first_sect << SECTOR_SHIFT;
	unsigned int bytes = (seg->last_sect - seg->first_sect + 1) <<
			     SECTOR_SHIFT;
	struct page *page = xen_granted(seg->gref, op == BLKIF_OP_READ ||
							back->persistent);

	if (seg->pad || seg->last_sect > 7 || seg->first_sect > seg->last_sect ||
	    at + bytes > DISK_SECTORS << SECTOR_SHIFT) {
		xen_wrong("a segment cannot be: gref %u, sectors %u to %u",
			  seg->gref, seg->first_sect, seg->last_sect);
		return 0;
	}
	if (page && xen.spy && memchr(page_address(page), XEN_SECRET, PAGE_SIZE))
		xen.nr_secrets++;
	if (page && op == BLKIF_OP_READ)
		memcpy_to_page(page, from, disk.data + at, bytes);
	else if (page)
		memcpy_from_page(disk.data + at, page, from, bytes);
	return bytes;
}

static unsigned int false_direct(const struct false_back *back,
				 const union blkif_native_request *req)
{
	u64 at = req->rw.sector_number << SECTOR_SHIFT;
	unsigned int i, bytes = 0;

	for (i = 0; i < req->rw.nr_segments; i++)
		bytes += false_copy(back, &req->rw.seg[i], req->operation,
				    at + bytes);
	return bytes;
}

static unsigned int false_indirect(struct false_back *back,
				   const union blkif_native_request *req)
{
	u64 at = req->indirect.sector_number << SECTOR_SHIFT;
	unsigned int i, bytes = 0, nr = req->indirect.nr_segments;
	struct blkif_segment *desc = NULL;
	struct page *page;

	if (nr <= BLKIF_MAX_SEGMENTS_PER_REQUEST || nr > back->max_indirect)
		xen_wrong("an indirect request of %u segments", nr);
	if (memchr_inv((u8 *)req + sizeof(req->indirect), 0,
		       sizeof(*req) - sizeof(req->indirect)))
		xen_wrong("an indirect slot says more than it should");
	for (i = 0; i < nr; i++) {
		if (i % 512 == 0) {
			page = xen_granted(req->indirect.indirect_grefs[i / 512],
					   back->persistent);
			if (!page)
				return bytes;
			desc = page_address(page);
		}
		bytes += false_copy(back, &desc[i % 512], req->indirect.indirect_op,
				    at + bytes);
	}
	return bytes;
}

/* --- requests --------------------------------------------------------------------------- */

static void false_serve(struct false_back *back, unsigned int index,
			const union blkif_native_request *req)
{
	struct false_ring *ring = &back->ring[index];
	struct false_op *op = &back->log[back->nr_ops % FALSE_LOG];
	s16 status = BLKIF_RSP_OKAY;

	*op = (struct false_op){
		.op = req->operation,
		.ring = index,
		.nr_segs = req->rw.nr_segments,
		.sector = req->rw.sector_number,
	};
	if (req->operation == BLKIF_OP_INDIRECT) {
		op->indirect = true;
		op->op = req->indirect.indirect_op;
		op->nr_segs = req->indirect.nr_segments;
		op->nr_sectors = false_indirect(back, req) >> SECTOR_SHIFT;
	} else if (op->op == BLKIF_OP_READ || op->op == BLKIF_OP_WRITE) {
		op->nr_sectors = false_direct(back, req) >> SECTOR_SHIFT;
	}
	if (back->nr_fail) {
		back->nr_fail--;
		status = BLKIF_RSP_ERROR;
	}
	WRITE_ONCE(back->nr_ops, back->nr_ops + 1);
	false_answer(back, ring, req->rw.id, op->op, status);
}

static bool false_pending(struct false_back *back)
{
	unsigned int i;

	if (READ_ONCE(back->hold) && !READ_ONCE(back->nr_take))
		return false;
	for (i = 0; i < back->nr_rings; i++)
		if (READ_ONCE(back->ring[i].sring->req_prod) !=
		    back->ring[i].req_cons)
			return true;
	return false;
}

static void false_take(struct false_back *back, unsigned int index)
{
	struct false_ring *ring = &back->ring[index];
	union blkif_native_request req;

	while (READ_ONCE(ring->sring->req_prod) != ring->req_cons) {
		if (READ_ONCE(back->hold)) {
			if (!back->nr_take)
				return;
			back->nr_take--;
		}
		virt_rmb();	/* the index before what it announces */
		req = ring->sring->ring[ring->req_cons++ % ring->nr_slots].req;
		WRITE_ONCE(ring->sring->req_event, ring->req_cons + 1);
		virt_mb();	/* the wish before the next look */
		false_serve(back, index, &req);
	}
}

static int false_thread(void *data)
{
	struct false_back *back = data;
	unsigned int i;

	while (!kthread_should_stop()) {
		wait_event_timeout(back->wait, false_pending(back) ||
				   kthread_should_stop(), HZ / 50);
		for (i = 0; i < back->nr_rings; i++)
			false_take(back, i);
	}
	return 0;
}

/* --- connections --------------------------------------------------------------------------- */

void false_keys(void)
{
	store_write(BACK_NODE "/sectors", "%llu", DISK_SECTORS);
	store_write(BACK_NODE "/sector-size", "512");
	store_write(BACK_NODE "/info", "0");
	store_write(BACK_NODE "/feature-flush-cache", "1");
}

static void false_offer_one(const char *key, unsigned int value)
{
	if (value)
		store_write(key, "%u", value);
	else
		store_remove(key);
}

static void false_offer(const struct false_back *back)
{
	false_offer_one(BACK_NODE "/multi-queue-max-queues", back->max_queues);
	false_offer_one(BACK_NODE "/max-ring-page-order", back->max_order);
	false_offer_one(BACK_NODE "/feature-persistent", back->persistent);
	false_offer_one(BACK_NODE "/feature-max-indirect-segments",
			back->max_indirect);
}

static int false_key(const char *dir, const char *key)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/%s", dir, key);
	return store_read_int(path, -1);
}

static void false_map(struct kunit *test, struct pair *pair,
		      struct false_back *back, struct false_ring *ring,
		      const char *dir)
{
	int order = max(store_read_int(FRONT_NODE "/ring-page-order", 0), 0);
	u32 ref[BLKFRONT_MAX_RING_PAGES];
	unsigned int i;
	void *shared;
	char key[16];

	memset(ring, 0, sizeof(*ring));
	/* One of the two ways to name a page, and not the other. */
	KUNIT_EXPECT_EQ(test, order > 0, false_key(dir, "ring-ref") == -1);
	KUNIT_EXPECT_EQ(test, order > 0, false_key(dir, "ring-ref0") != -1);
	for (i = 0; i < 1U << order; i++) {
		snprintf(key, sizeof(key), order ? "ring-ref%u" : "ring-ref", i);
		ref[i] = false_key(dir, key);
	}
	KUNIT_ASSERT_EQ(test, 0,
			xen_map_ring(ref, 1U << order, &shared));
	ring->sring = shared;
	ring->nr_slots = BLKFRONT_RING_SLOTS(order);
	ring->irq = blkback_port_bind(pair->front,
				      false_key(dir, "event-channel"),
				      false_event, back);
	KUNIT_ASSERT_GT(test, ring->irq, 0);
}

static void false_connect(struct kunit *test, struct pair *pair,
			  struct false_back *back)
{
	unsigned int nr = store_read_int(FRONT_NODE "/multi-queue-num-queues", 1);
	char dir[64];

	KUNIT_ASSERT_LE(test, nr, FALSE_RINGS);
	KUNIT_EXPECT_EQ(test, nr > 1, false_key(FRONT_NODE, "ring-ref") == -1 &&
			false_key(FRONT_NODE, "ring-ref0") == -1);
	KUNIT_EXPECT_EQ(test, nr > 1,
			false_key(FRONT_NODE, "event-channel") == -1);
	back->nr_rings = 0;
	for (; back->nr_rings < nr; back->nr_rings++) {
		snprintf(dir, sizeof(dir), nr > 1 ? FRONT_NODE "/queue-%u" :
			 FRONT_NODE, back->nr_rings);
		false_map(test, pair, back, &back->ring[back->nr_rings], dir);
	}
	back->task = kthread_run(false_thread, back, "loopback-false");
	KUNIT_ASSERT_FALSE(test, IS_ERR(back->task));
	false_keys();
	if (back->through)
		store_remove(BACK_NODE "/feature-flush-cache");
	store_write(BACK_STATE, "%d", XenbusStateConnected);
}

static void false_wait_and_connect(struct kunit *test, struct pair *pair,
				   struct false_back *back)
{
	KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
					       XenbusStateInitialised,
					       PATIENCE_MS));
	false_connect(test, pair, back);
}

void false_begin(struct kunit *test, struct pair *pair,
		 struct false_back *back)
{
	init_waitqueue_head(&back->wait);
	pair_nodes();
	false_offer(back);
	store_write(BACK_STATE, "%d", XenbusStateInitWait);
	pair->front = store_add_device(false, FRONT_NODE);
	false_wait_and_connect(test, pair, back);
}

void false_again(struct kunit *test, struct pair *pair,
		 struct false_back *back)
{
	init_waitqueue_head(&back->wait);
	KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
					       XenbusStateInitialising,
					       PATIENCE_MS));
	false_offer(back);
	store_write(BACK_STATE, "%d", XenbusStateInitWait);
	false_wait_and_connect(test, pair, back);
}

void false_vanish(struct pair *pair, struct false_back *back)
{
	kthread_stop(back->task);
	back->task = NULL;
	while (back->nr_rings) {
		struct false_ring *ring = &back->ring[--back->nr_rings];

		xen_unmap_ring(ring->sring);
		blkback_port_unbind(ring->irq, back);
	}
}

void false_end(struct pair *pair, struct false_back *back)
{
	false_vanish(pair, back);
	store_write(BACK_STATE, "%d", XenbusStateClosed);
}
