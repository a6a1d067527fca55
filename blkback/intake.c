// SPDX-License-Identifier: GPL-2.0
/*
 * Slots of the ring -> requests that were checked and may start.
 *
 * The segments of an indirect request are in pages of the frontend.  They are
 * copied once, into private memory, by one hypercall for all such requests of a
 * pass, and only what was copied is looked at (rule D3).
 */
#include <linux/minmax.h>

#include "blkback.h"
#include "guess.h"
#include "port.h"
#include "trace.h"

static void intake_break(struct blkback_queue *queue, const char *fault)
{
	if (test_and_set_bit(BLKBACK_QUEUE_BROKEN, &queue->flags))
		return;
	blkback_warn(queue->dev, "ring %u: %s; the connection is closed\n",
		     queue->number, fault);
	blkback_state_ring_broken(queue->dev, fault);
}

/*
 * The frontend wrote no "protocol".  The first request on its first ring has to
 * tell, or nothing of it is believed.
 */
static bool intake_learn_abi(struct blkback_queue *queue,
			     const struct blkback_limits *limits)
{
	struct blkback_dev *dev = queue->dev;
	enum blkback_abi abi = READ_ONCE(dev->abi);
	union blkback_slot slot;

	if (abi == BLKBACK_ABI_UNKNOWN) {
		if (blkback_ring_first(&queue->ring, &slot))
			abi = blkback_guess(&slot, limits);
		if (abi == BLKBACK_ABI_UNKNOWN) {
			intake_break(queue,
				     "the frontend's key protocol is missing, and its first request does not tell the layout of its slots; expected x86_64-abi, x86_32-abi or arm-abi in the key, or a read");
			return false;
		}
		blkback_info(dev, "the frontend's key protocol is missing: its first request was laid out as for %s\n",
			     abi == BLKBACK_ABI_X86_32 ? BLKIF_PROTOCOL_X86_32 :
							 BLKIF_PROTOCOL_X86_64);
		WRITE_ONCE(dev->abi, abi);
	}
	blkback_ring_set_abi(&queue->ring, abi);
	return true;
}

/* The capacity follows a resize, which another work item takes over. */
static struct blkback_limits intake_limits(const struct blkback_queue *queue)
{
	struct blkback_limits limits = queue->dev->vbd.limits;

	limits.capacity_sectors =
		READ_ONCE(queue->dev->vbd.limits.capacity_sectors);
	return limits;
}

/* A good request waits for its turn, a bad one for its answer. */
static void intake_take_one(struct blkback_queue *queue,
			    struct blkback_req *req,
			    const struct blkback_limits *limits,
			    struct list_head *refused)
{
	union blkback_slot slot;

	blkback_ring_take(&queue->ring, &slot);
	queue->nr_taken++;
	queue->consumed = true;
	req->queue = queue;
	req->told = queue->told;
	req->error = blkback_decode(queue->ring.abi, &slot, limits, &req->cmd);
	req->next_sector = req->cmd.sector;
	req->times.taken_ns = queue->round_ns;
	req->times.since_ns = queue->event_ns ?: queue->round_ns;
	WRITE_ONCE(req->times.busy, true);
	trace_blkback_take(req);
	if (req->error)
		list_add_tail(&req->list, refused);
	else if (unlikely(queue->order.hold || req->cmd.op == BLKBACK_BARRIER))
		blkback_durable_hold(queue, req);
	else
		list_add_tail(&req->list, &queue->taken);
}

/**
 * blkback_intake_take - take the slots that the frontend has filled
 * @queue: the ring
 * @refused: where those go that are to be answered with their error
 *
 * The others go to the end of @queue->taken, or behind a barrier.
 *
 * Context: the ring's work item.
 * Return: true when there is no slot left; false when there are, as the ring is
 * broken or as there is no object for a request now.
 */
bool blkback_intake_take(struct blkback_queue *queue, struct list_head *refused)
{
	struct blkback_limits limits = intake_limits(queue);
	s64 told = blkback_unwritten_told(queue->dev);
	int nr = blkback_ring_pending(&queue->ring);
	struct blkback_req *req;

	if (nr < 0) {
		intake_break(queue,
			     "the frontend claims more requests than its ring has slots");
		return false;
	}
	if (unlikely(queue->ring.abi == BLKBACK_ABI_UNKNOWN) && nr &&
	    !intake_learn_abi(queue, &limits))
		return false;
	blkback_durable_look(queue);
	if (nr)
		queue->round_ns = blkback_latency_clock();
	/* The poll for it does not wake an idle CPU; whoever works may notice. */
	if (unlikely(blkback_vbd_sectors(&queue->dev->vbd) !=
		     limits.capacity_sectors))
		blkback_state_kick(queue->dev);
	while (nr-- > 0) {
		req = blkback_pool_get_req(&queue->pool);
		if (!req)
			return false;
		intake_take_one(queue, req, &limits, refused);
	}
	queue->told = told;
	/* What comes from now on announces itself. */
	WRITE_ONCE(queue->event_ns, 0);
	return true;
}

/* Room for the request's segments, and ops that copy them; or false. */
static bool copy_add(struct blkback_queue *queue, struct blkback_req *req,
		     unsigned int *nr_ops)
{
	struct gnttab_copy *op = &queue->mover.ops->copy[*nr_ops];
	struct blkback_cmd *cmd = &req->cmd;
	unsigned int i, left = cmd->nr_segments * sizeof(*cmd->seg);
	u8 *to;

	if (*nr_ops + cmd->nr_descriptor_pages > BLKBACK_MOVER_COPIES)
		return false;
	to = blkback_pool_get_list(&queue->pool);
	if (!to)
		return false;
	cmd->seg = (struct blkback_segment *)to;
	for (i = 0; i < cmd->nr_descriptor_pages; i++, to += BLKIF_PAGE_SIZE) {
		blkback_port_copy_in_op(op++, to, cmd->descriptor_gref[i], 0,
					min(left, BLKIF_PAGE_SIZE),
					queue->mover.domid);
		left -= min(left, BLKIF_PAGE_SIZE);
	}
	*nr_ops += cmd->nr_descriptor_pages;
	return true;
}

/* Every one of its pages has to be there (rule D10). */
static int copy_done(struct blkback_queue *queue, struct blkback_req *req,
		     const struct gnttab_copy *op,
		     const struct blkback_limits *limits)
{
	struct blkback_cmd *cmd = &req->cmd;
	unsigned int i;

	for (i = 0; i < cmd->nr_descriptor_pages; i++) {
		if (op[i].status == GNTST_okay)
			continue;
		blkback_warn(queue->dev,
			     "request 0x%llx: domain %u granted no access to the descriptors with grant reference %u (Xen says %d)\n",
			     cmd->id, queue->mover.domid,
			     cmd->descriptor_gref[i], op[i].status);
		return -EFAULT;
	}
	return blkback_decode_indirect(cmd->seg, limits, cmd);
}

/* As many requests from the oldest on as one hypercall has room for. */
static unsigned int describe_some(struct blkback_queue *queue,
				  struct list_head *refused)
{
	struct blkback_limits limits = intake_limits(queue);
	const struct gnttab_copy *op = queue->mover.ops->copy;
	unsigned int nr_ops = 0, nr = 0, i;
	struct blkback_req *req;

	list_for_each_entry(req, &queue->taken, list) {
		if (req->cmd.nr_descriptor_pages &&
		    !copy_add(queue, req, &nr_ops))
			break;
		nr++;
	}
	if (nr_ops)
		blkback_port_copy(queue->mover.ops->copy, nr_ops);
	for (i = 0; i < nr; i++) {
		req = list_first_entry(&queue->taken, struct blkback_req, list);
		if (req->cmd.nr_descriptor_pages)
			req->error = copy_done(queue, req, op, &limits);
		op += req->cmd.nr_descriptor_pages;
		list_move_tail(&req->list,
			       req->error ? refused : &queue->waiting);
	}
	return nr;
}

/**
 * blkback_intake_describe - learn what the requests that were taken are about
 * @queue: the ring
 * @refused: where those go that are to be answered with their error
 *
 * The others go from @queue->taken to the end of @queue->waiting, in order.  An
 * indirect request for whose segments there is no memory now stays, and so do
 * those behind it.
 *
 * Context: the ring's work item, may sleep.
 */
void blkback_intake_describe(struct blkback_queue *queue,
			     struct list_head *refused)
{
	while (!list_empty(&queue->taken))
		if (!describe_some(queue, refused))
			break;
}
