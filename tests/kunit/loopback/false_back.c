// SPDX-License-Identifier: GPL-2.0
/* The backend that does what the test says, however wrong. */
#include "false_back.h"
#include "../../../blkback/port.h"

static irqreturn_t false_event(int irq, void *data)
{
	struct false_back *back = data;

	wake_up(&back->wait);
	blkback_port_eoi(irq, false);
	return IRQ_HANDLED;
}

static void false_put(struct false_back *back, u64 id, u8 op, s16 status)
{
	union blkfront_sring_entry *entry =
		&back->sring->ring[back->rsp_prod++ % BLKFRONT_RING_SLOTS];

	entry->rsp = (struct blkif_native_response){
		.id = id, .operation = op, .status = status,
	};
}

static void false_answer(struct false_back *back,
			 const union blkif_native_request *req)
{
	enum evil evil = back->evil;
	unsigned int ahead = 0;
	u64 id = req->rw.id;
	u8 op = req->operation;

	if (evil != GOOD) {
		back->evil = GOOD;
		back->nr_evil++;
	}
	switch (evil) {
	case BAD_ID:
		false_put(back, 0x100000000ULL + id, op, 0);
		break;
	case FREE_ID:
		false_put(back, (id + 1) % BLKFRONT_RING_SLOTS, op, 0);
		break;
	case WRONG_OP:
		false_put(back, id, op ^ 1, 0);
		break;
	case TWICE:
		false_put(back, id, op, 0);
		false_put(back, id, op, 0);
		break;
	case INDEX_AHEAD:
		ahead = 1000;
		break;
	case INDEX_BACK:
		ahead = -5;
		break;
	case BAD_STATUS:
		false_put(back, id, op, 77);
		break;
	case KEEP_PAGE:
		xen_keep_mapped(true);
		false_put(back, id, op, 0);
		break;
	default:
		false_put(back, id, op, 0);
		break;
	}
	virt_wmb();	/* answers before their index */
	WRITE_ONCE(back->sring->rsp_prod, back->rsp_prod + ahead);
	blkback_port_notify(back->irq);
}

static bool false_pending(struct false_back *back)
{
	return READ_ONCE(back->sring->req_prod) != back->req_cons;
}

static int false_thread(void *data)
{
	struct false_back *back = data;
	union blkif_native_request req;

	while (!kthread_should_stop()) {
		wait_event_timeout(back->wait, false_pending(back) ||
				   kthread_should_stop(), HZ / 50);
		while (false_pending(back)) {
			req = back->sring->ring[back->req_cons++ %
						     BLKFRONT_RING_SLOTS].req;
			WRITE_ONCE(back->sring->req_event,
				   back->req_cons + 1);
			false_answer(back, &req);
		}
	}
	return 0;
}

void false_keys(void)
{
	store_write(BACK_NODE "/sectors", "%llu", DISK_SECTORS);
	store_write(BACK_NODE "/sector-size", "512");
	store_write(BACK_NODE "/info", "0");
	store_write(BACK_NODE "/feature-flush-cache", "1");
}

void false_begin(struct kunit *test, struct pair *pair,
		 struct false_back *back)
{
	u32 ref, port;
	void *shared;

	memset(back, 0, sizeof(*back));
	init_waitqueue_head(&back->wait);
	pair_nodes();
	store_write(BACK_STATE, "%d", XenbusStateInitWait);
	pair->front = store_add_device(false, FRONT_NODE);
	KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
					       XenbusStateInitialised,
					       PATIENCE_MS));
	ref = store_read_int(FRONT_NODE "/ring-ref", 0);
	port = store_read_int(FRONT_NODE "/event-channel", 0);
	KUNIT_ASSERT_EQ(test, 0,
			blkback_port_map_ring(pair->front, &ref, 1, &shared));
	back->sring = shared;
	back->irq = blkback_port_bind(pair->front, port, false_event, back);
	KUNIT_ASSERT_GT(test, back->irq, 0);
	back->task = kthread_run(false_thread, back, "loopback-false");
	KUNIT_ASSERT_FALSE(test, IS_ERR(back->task));
	false_keys();
	store_write(BACK_STATE, "%d", XenbusStateConnected);
}

void false_end(struct pair *pair, struct false_back *back)
{
	kthread_stop(back->task);
	blkback_port_unmap_ring(pair->front, back->sring);
	blkback_port_unbind(back->irq, back);
	store_write(BACK_STATE, "%d", XenbusStateClosed);
}
