// SPDX-License-Identifier: GPL-2.0
/*
 * What takes longer than io_deadline_sec.
 *
 * An event may be lost, and then both sides sleep.  A frontend that sleeps says in
 * the ring which answer it wants to be notified of: when that one was given and the
 * wish stands, it has missed it, and is notified again.  That a request's event was
 * missed nobody can see but by a look at the ring, which is what the pass does that
 * looks at the answers.
 *
 * A request that the disk does not finish is told of, and waited for: as long as it
 * may come to its end, its pages are the disk's.
 *
 * A ring has one timer.  A pass that did something arms it, unless it is armed: on a
 * busy ring it goes off once in io_deadline_sec, and on one that has nothing more to
 * wait for it goes off twice and is not armed again.
 */
#include <linux/jiffies.h>
#include <linux/minmax.h>

#include "blkback.h"
#include "port.h"

#define DEADLINE_MAX_SEC	86400U
/* A spell is acted upon after twice the time each time, and at least so often. */
#define DEADLINE_AGAIN_MAX	(3600UL * HZ)
#define DEADLINE_NEVER		ULONG_MAX
/* Requests that are told of one by one. */
#define DEADLINE_MAX_TOLD	4
/* Of one ring in such a time: a disk has ten lines in five seconds, for all there is. */
#define DEADLINE_TELL_INTERVAL	HZ

/* 0: nothing is ever late. */
static unsigned long deadline_jiffies(void)
{
	return min(READ_ONCE(blkback_io_deadline_sec), DEADLINE_MAX_SEC) *
	       (unsigned long)HZ;
}

static unsigned int seconds_since(unsigned long when)
{
	return (jiffies - when) / HZ;
}

static void spell_begin(struct blkback_spell *spell, unsigned long since,
			unsigned long wait)
{
	spell->since = since;
	spell->last = since;
	spell->wait = wait;
}

static unsigned long spell_left(const struct blkback_spell *spell)
{
	unsigned long gone = jiffies - spell->last;

	return gone < spell->wait ? spell->wait - gone : 0;
}

static void spell_again(struct blkback_spell *spell)
{
	spell->last = jiffies;
	spell->wait = min(2 * spell->wait, max(spell->wait, DEADLINE_AGAIN_MAX));
}

static void deadline_look(struct work_struct *work)
{
	struct blkback_queue *queue =
		container_of(work, struct blkback_queue, deadline.look.work);

	set_bit(BLKBACK_QUEUE_LOOK, &queue->flags);
	blkback_queue_kick(queue);
}

/**
 * blkback_deadline_init_dev - of a disk of which nothing is late
 * @dev: the device, zeroed
 */
void blkback_deadline_init_dev(struct blkback_dev *dev)
{
	ratelimit_state_init(&dev->late_ratelimit, DEADLINE_TELL_INTERVAL, 1);
	/* That it was kept to is not worth a line. */
	ratelimit_set_flags(&dev->late_ratelimit, RATELIMIT_MSG_ON_RELEASE);
}

/**
 * blkback_deadline_init - of a ring that was not started
 * @deadline: part of the ring's queue, zeroed
 */
void blkback_deadline_init(struct blkback_deadline *deadline)
{
	INIT_DELAYED_WORK(&deadline->look, deadline_look);
	INIT_LIST_HEAD(&deadline->started);
	deadline->notified = jiffies;
	/* A former backend may have left answers that nobody was told of. */
	deadline->active = true;
}

/**
 * blkback_deadline_end - there is nothing to look at any more
 * @deadline: of a ring of which no pass is made any more
 *
 * Context: the device's work item, sleeps.
 */
void blkback_deadline_end(struct blkback_deadline *deadline)
{
	cancel_delayed_work_sync(&deadline->look);
}

/**
 * blkback_deadline_arm - have a look made after a while
 * @queue: the ring, something done on it; no look is due yet
 *
 * Context: the ring's work item.
 */
void blkback_deadline_arm(struct blkback_queue *queue)
{
	unsigned long wait = deadline_jiffies();

	if (wait)
		queue_delayed_work(queue->dev->io_wq, &queue->deadline.look,
				   wait);
}

static void tell_of_answers(struct blkback_queue *queue)
{
	blkback_warn(queue->dev,
		     "the frontend has not looked at the answers on ring %u for %u seconds, as if it had missed an event; it is notified again\n",
		     queue->number,
		     seconds_since(queue->deadline.answers.since));
}

/* How long until answers may have to be told of again. */
static unsigned long look_at_answers(struct blkback_queue *queue,
				     unsigned long wait)
{
	struct blkback_deadline *deadline = &queue->deadline;
	struct blkback_spell *spell = &deadline->answers;
	unsigned long left;
	RING_IDX event;

	/* One that has left need not look. */
	if (test_bit(BLKBACK_QUEUE_STOPPED, &queue->flags) ||
	    test_bit(BLKBACK_QUEUE_BROKEN, &queue->flags))
		return DEADLINE_NEVER;
	if (!blkback_ring_unconsumed(&queue->ring, &event)) {
		spell->wait = 0;
		return DEADLINE_NEVER;
	}
	if (!spell->wait || event != deadline->event)
		spell_begin(spell, deadline->notified, wait);
	deadline->event = event;
	left = spell_left(spell);
	if (left)
		return left;
	if (spell->last == spell->since)
		tell_of_answers(queue);
	blkback_port_notify(queue->irq);
	spell_again(spell);
	return spell->wait;
}

/* Where both sides are: what a maintainer asks for next. */
static void tell_of_ring(struct blkback_queue *queue)
{
	struct blkback_ring_view ring;

	blkback_ring_view(&queue->ring, &ring);
	blkback_warn(queue->dev,
		     "ring %u: %u slots, %u requests put, %u taken, %u answered; asked to be told of request %u and answer %u; its last event is %s\n",
		     queue->number, ring.nr_slots, ring.req_prod, ring.req_cons,
		     ring.rsp_prod, ring.req_event, ring.rsp_event,
		     test_bit(BLKBACK_QUEUE_EVENT, &queue->flags) ?
		     "not acknowledged yet" : "acknowledged");
}

/* The first of the list are the oldest. */
static void tell_of_oldest(struct blkback_queue *queue, unsigned long wait)
{
	struct blkback_req *req;
	unsigned int nr = 0;

	list_for_each_entry(req, &queue->deadline.started, age) {
		if (nr++ == DEADLINE_MAX_TOLD || jiffies - req->started < wait)
			break;
		blkback_warn(queue->dev,
			     "ring %u: request 0x%llx, operation %u at sector %llu, %llu sectors: for %u seconds, now in stage %s\n",
			     queue->number, req->cmd.id, req->cmd.wire_op,
			     req->cmd.sector, req->cmd.nr_sectors,
			     seconds_since(req->started),
			     blkback_latency_stage_text(blkback_latency_stage(&req->times)));
	}
}

static void tell_of_requests(struct blkback_queue *queue, unsigned long wait)
{
	struct list_head *started = &queue->deadline.started;
	struct blkback_req *oldest, *req;
	unsigned int nr = 0;

	oldest = list_first_entry(started, struct blkback_req, age);
	list_for_each_entry(req, started, age) {
		if (jiffies - req->started < wait)
			break;
		nr++;
	}
	blkback_warn(queue->dev,
		     "the disk has not finished %u request(s) of ring %u for more than %lu seconds; the oldest, operation %u at sector %llu, for %u\n",
		     nr, queue->number, wait / HZ, oldest->cmd.wire_op,
		     oldest->cmd.sector, seconds_since(oldest->started));
	/* Of each ring this line, and of the first of them all that there is to tell. */
	if (!__ratelimit(&queue->dev->late_ratelimit))
		return;
	tell_of_ring(queue);
	tell_of_oldest(queue, wait);
}

/* How long until requests may have to be told of again. */
static unsigned long look_at_requests(struct blkback_queue *queue,
				      unsigned long wait)
{
	struct blkback_spell *spell = &queue->deadline.requests;
	struct blkback_req *oldest;
	unsigned long left, gone;

	oldest = list_first_entry_or_null(&queue->deadline.started,
					  struct blkback_req, age);
	if (!oldest) {
		spell->wait = 0;
		return DEADLINE_NEVER;
	}
	gone = jiffies - oldest->started;
	if (gone < wait) {
		spell->wait = 0;
		return wait - gone;
	}
	if (!spell->wait)
		spell_begin(spell, oldest->started, wait);
	left = spell_left(spell);
	if (left)
		return left;
	tell_of_requests(queue, wait);
	spell_again(spell);
	return spell->wait;
}

/**
 * blkback_deadline_look - see to what is late
 * @queue: the ring, all its answers shown to the frontend
 *
 * Context: the ring's work item.
 */
void blkback_deadline_look(struct blkback_queue *queue)
{
	struct blkback_deadline *deadline = &queue->deadline;
	unsigned long wait = deadline_jiffies(), next;

	if (!wait)
		return;
	next = min(look_at_answers(queue, wait), look_at_requests(queue, wait));
	/*
	 * The last request's event may be the one that was lost.  And while one
	 * spell is acted upon ever more seldom the next may begin.
	 */
	if (deadline->active || next != DEADLINE_NEVER)
		mod_delayed_work(queue->dev->io_wq, &deadline->look,
				 min(next, wait));
	deadline->active = false;
}

/**
 * blkback_deadline_start - a request goes to the disk
 * @req: the request, about to have its first part started
 *
 * Context: the ring's work item.
 */
void blkback_deadline_start(struct blkback_req *req)
{
	req->started = jiffies;
	list_add_tail(&req->age, &req->queue->deadline.started);
}

/**
 * blkback_deadline_restart - the disk gets on with a request of many steps
 * @req: the request, of which another piece is about to start
 *
 * Context: the ring's work item.
 */
void blkback_deadline_restart(struct blkback_req *req)
{
	req->started = jiffies;
	list_move_tail(&req->age, &req->queue->deadline.started);
}
