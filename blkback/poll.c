// SPDX-License-Identifier: GPL-2.0
/*
 * Looking for the next request, or the end of one, for a while before sleeping.
 *
 * An event, an interrupt and two context switches are most of what a lone request
 * costs, and of the time it takes.  A guest that sends its next request when it has
 * the answer to the last finds the ring looked at, and need not say so.
 *
 * It costs the CPU that looks.  So it is short, gives way to whoever wants to run (on
 * kernels that preempt lazily at the next tick), and ends by itself: after a few times
 * in vain only one pass in many tries again.
 */
#include <linux/sched.h>
#include <linux/sched/clock.h>

#include "blkback.h"

/* Longer than a guest takes from an answer to its next request. */
#define POLL_NS			(50 * NSEC_PER_USEC)
/* So many times in vain, and it is tried seldom. */
#define POLL_PATIENCE		4
#define POLL_SELDOM		64

static bool poll_pays(struct blkback_poll *poll)
{
	return poll->nr_vain < POLL_PATIENCE ||
	       ++poll->nr_skipped % POLL_SELDOM == 0;
}

static bool poll_has_work(struct blkback_queue *queue)
{
	return !llist_empty(&queue->completions) ||
	       blkback_ring_pending(&queue->ring);
}

/* What a pass has to see to its end for. */
static bool poll_must_end(const struct blkback_queue *queue)
{
	const unsigned long flags = BIT(BLKBACK_QUEUE_STOPPED) |
				    BIT(BLKBACK_QUEUE_BROKEN) |
				    BIT(BLKBACK_QUEUE_IDLE) |
				    BIT(BLKBACK_QUEUE_LOOK);

	return need_resched() || READ_ONCE(queue->flags) & flags;
}

/**
 * blkback_poll - wait a little for more to do
 * @queue: the ring, whose pass is at its end
 *
 * Context: the ring's work item.
 * Return: true when there is something: go round once more.
 */
bool blkback_poll(struct blkback_queue *queue)
{
	struct blkback_poll *poll = &queue->poll;
	u64 end;

	if (!poll_pays(poll))
		return false;
	end = local_clock() + POLL_NS;
	while (!poll_must_end(queue)) {
		if (poll_has_work(queue)) {
			poll->nr_vain = 0;
			return true;
		}
		if (local_clock() >= end) {
			poll->nr_vain = min(poll->nr_vain + 1, POLL_PATIENCE);
			return false;
		}
		cpu_relax();
	}
	return false;
}
