// SPDX-License-Identifier: GPL-2.0
/*
 * What a guest's requests wait for when the administrator has set limits to its disk.
 *
 * Requests that were not let through wait on lists of their ring, reads on one and
 * all others on another, so that neither holds up the other.  Those lists stand in one
 * line for all rings of the disk.  The first in line that can afford its next request
 * starts some, and goes to the end: rings have turns, and so have reads and writes
 * that share a limit.
 *
 * Nobody asks again and again.  Whoever looks at the line lets everybody through who can
 * go on, and kicks the rings; and has the disk's one timer go off when the next one can.
 * A ring that was kicked has no other turn before its pass has come for what it was given:
 * that may sleep in the disk, and nobody waits for it.  A disk without limits costs a pass
 * the look at a flag.
 *
 * A request is one I/O, whatever its size and whatever parts it is moved in.  A flush
 * without data and a discard are one that writes, and no bytes.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>

#include "blkback.h"

/* So many requests of one ring before it is another one's turn. */
#define LIMIT_TURN		32
/* Up to here the kernel's timers are as good as their tick; above, to an eighth. */
#define LIMIT_EXACT_TICKS	63

/* What of an enum blkback_rate the request counts for besides the common one. */
static unsigned int direction(const struct blkback_cmd *cmd)
{
	return cmd->op == BLKBACK_READ ? 1 : 2;
}

static u32 data_bytes(const struct blkback_cmd *cmd)
{
	return cmd->nr_segments ? cmd->nr_sectors << SECTOR_SHIFT : 0;
}

/* Of one kind, for all requests and for those of this direction.  Under the lock. */
static u64 rates_wait_ns(const struct blkback_limiter *limiter,
			 enum blkback_rate kind, unsigned int direction,
			 u64 now_ns)
{
	return max(blkback_bucket_wait_ns(&limiter->rate[kind], now_ns),
		   blkback_bucket_wait_ns(&limiter->rate[kind + direction],
					  now_ns));
}

/* How long the next request has to wait yet.  Under the lock. */
static u64 turn_wait_ns(const struct blkback_limiter *limiter,
			const struct blkback_turn *turn, u64 now_ns)
{
	const struct blkback_req *req =
		list_first_entry(&turn->waiting, struct blkback_req, list);
	unsigned int dir = direction(&req->cmd);
	u64 wait_ns = rates_wait_ns(limiter, BLKBACK_RATE_IOPS, dir, now_ns);

	/* What moves no bytes owes none. */
	if (data_bytes(&req->cmd))
		wait_ns = max(wait_ns, rates_wait_ns(limiter, BLKBACK_RATE_BYTES,
						     dir, now_ns));
	return wait_ns;
}

/*
 * Whose turn is it?  NULL where nobody can go on; then also how long that will be so,
 * U64_MAX where nobody waits but for a pass.  @self: the ring whose work item this is, or
 * NULL.  Under the lock.
 */
static struct blkback_turn *next_turn(const struct blkback_limiter *limiter,
				      const struct blkback_queue *self,
				      u64 now_ns, u64 *wait_ns)
{
	struct blkback_turn *turn;
	u64 ns;

	*wait_ns = U64_MAX;
	list_for_each_entry(turn, &limiter->line, list) {
		if (!list_empty(&turn->ready) && turn->queue != self)
			continue;
		ns = turn_wait_ns(limiter, turn, now_ns);
		if (!ns)
			return turn;
		*wait_ns = min(*wait_ns, ns);
	}
	return NULL;
}

/* Under the lock. */
static void charge(struct blkback_limiter *limiter, const struct blkback_cmd *cmd,
		   u64 now_ns)
{
	const u64 burst_ns = (u64)limiter->burst_ms * NSEC_PER_MSEC;
	struct blkback_bucket *iops = &limiter->rate[BLKBACK_RATE_IOPS];
	struct blkback_bucket *bytes = &limiter->rate[BLKBACK_RATE_BYTES];
	unsigned int dir = direction(cmd);
	u32 len_bytes = data_bytes(cmd);

	blkback_bucket_charge(iops, 1, burst_ns, now_ns);
	blkback_bucket_charge(iops + dir, 1, burst_ns, now_ns);
	blkback_bucket_charge(bytes, len_bytes, burst_ns, now_ns);
	blkback_bucket_charge(bytes + dir, len_bytes, burst_ns, now_ns);
}

/* The next request of a ring, which is to take it.  Under the lock. */
static void let_through(struct blkback_limiter *limiter,
			struct blkback_turn *turn, u64 now_ns)
{
	struct blkback_req *req =
		list_first_entry(&turn->waiting, struct blkback_req, list);

	charge(limiter, &req->cmd, now_ns);
	req->admitted = true;
	if (list_empty(&turn->ready))
		limiter->nr_ready++;
	list_move_tail(&req->list, &turn->ready);
	if (list_empty(&turn->waiting))
		list_del_init(&turn->list);
}

/* Under the lock. */
static void take_turn(struct blkback_limiter *limiter, struct blkback_turn *turn,
		      u64 now_ns)
{
	unsigned int nr = 0;

	do
		let_through(limiter, turn, now_ns);
	while (!list_empty(&turn->waiting) && ++nr < LIMIT_TURN &&
	       !turn_wait_ns(limiter, turn, now_ns));
	if (!list_empty(&turn->waiting))
		list_move_tail(&turn->list, &limiter->line);
}

/* What came since the last pass to the end of its turn.  Under the lock. */
static void line_up(struct blkback_limiter *limiter, struct blkback_queue *queue)
{
	struct list_head came[] = {
		LIST_HEAD_INIT(came[0]), LIST_HEAD_INIT(came[1]),
	};
	struct blkback_req *req, *prev;
	struct blkback_turn *turn;
	unsigned int i;

	/* In front of them is what was let through and waits for pages. */
	list_for_each_entry_safe_reverse(req, prev, &queue->waiting, list) {
		if (req->admitted || req->next_segment)
			break;
		list_move(&req->list, &came[direction(&req->cmd) - 1]);
	}
	for (i = 0; i < ARRAY_SIZE(came); i++) {
		turn = &queue->turn[i];
		list_splice_tail(&came[i], &turn->waiting);
		if (!list_empty(&turn->waiting) && list_empty(&turn->list))
			list_add_tail(&turn->list, &limiter->line);
	}
}

/* The frontend has left, and not paid for it.  Under the lock. */
static void forsake(struct blkback_queue *queue)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(queue->turn); i++) {
		list_splice_tail_init(&queue->turn[i].waiting, &queue->forsaken);
		list_del_init(&queue->turn[i].list);
	}
}

/* We leave: how long the rest takes is not for its limits to say.  Under the lock. */
static void let_all_through(struct blkback_limiter *limiter,
			    struct blkback_queue *queue, u64 now_ns)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(queue->turn); i++)
		while (!list_empty(&queue->turn[i].waiting))
			let_through(limiter, &queue->turn[i], now_ns);
}

/* What the ring was given goes behind what waits for pages.  Under the lock. */
static void take_ready(struct blkback_limiter *limiter,
		       struct blkback_queue *queue)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(queue->turn); i++) {
		if (list_empty(&queue->turn[i].ready))
			continue;
		list_splice_tail_init(&queue->turn[i].ready, &queue->waiting);
		limiter->nr_ready--;
	}
}

/*
 * Not before the time, and soon after it: a long wait is made in two or three steps, as
 * the kernel's timers are late by up to an eighth of it.
 */
static unsigned long wait_ticks(u64 wait_ns)
{
	unsigned long ticks = min_t(u64, nsecs_to_jiffies64(wait_ns) + 1,
				    MAX_JIFFY_OFFSET);

	return ticks > LIMIT_EXACT_TICKS ? ticks - ticks / 8 : ticks;
}

static struct blkback_dev *limiter_dev(struct blkback_limiter *limiter)
{
	return container_of(limiter, struct blkback_dev, limiter);
}

/* Is there anything that a pass has to see to?  Under the lock. */
static void note_on(struct blkback_limiter *limiter)
{
	bool on = limiter->nr_ready || !list_empty(&limiter->line);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(limiter->rate); i++)
		on = on || limiter->rate[i].per_sec;
	WRITE_ONCE(limiter->on, on);
}

/*
 * See to it that the line goes on.  @self: the ring whose work item this is, and which
 * takes what it was given; or NULL.  Others are kicked, and are not about to end: they
 * have requests that were not answered.  Under the lock.
 */
static void pass_on(struct blkback_limiter *limiter, struct blkback_queue *self,
		    u64 now_ns)
{
	struct blkback_turn *turn;
	u64 wait_ns;

	while ((turn = next_turn(limiter, self, now_ns, &wait_ns))) {
		take_turn(limiter, turn, now_ns);
		if (turn->queue != self)
			blkback_queue_kick(turn->queue);
	}
	if (self)
		take_ready(limiter, self);
	note_on(limiter);
	if (wait_ns != U64_MAX)
		mod_delayed_work(limiter_dev(limiter)->io_wq, &limiter->wake,
				 wait_ticks(wait_ns));
	else
		cancel_delayed_work(&limiter->wake);
}

static void limit_wake(struct work_struct *work)
{
	struct blkback_limiter *limiter =
		container_of(work, struct blkback_limiter, wake.work);

	spin_lock(&limiter->lock);
	pass_on(limiter, NULL, ktime_get_ns());
	spin_unlock(&limiter->lock);
}

/**
 * blkback_limit_init - of a disk without limits
 * @limiter: part of the device, zeroed
 */
void blkback_limit_init(struct blkback_limiter *limiter)
{
	spin_lock_init(&limiter->lock);
	limiter->burst_ms = BLKBACK_DEFAULT_BURST_MS;
	INIT_LIST_HEAD(&limiter->line);
	INIT_DELAYED_WORK(&limiter->wake, limit_wake);
}

/**
 * blkback_limit_exit - of a disk that goes
 * @limiter: part of the device, without rings
 *
 * Context: the device's work item, sleeps.
 */
void blkback_limit_exit(struct blkback_limiter *limiter)
{
	cancel_delayed_work_sync(&limiter->wake);
}

/**
 * blkback_limit_join - a ring that has taken nothing yet
 * @queue: the ring
 */
void blkback_limit_join(struct blkback_queue *queue)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(queue->turn); i++) {
		queue->turn[i].queue = queue;
		INIT_LIST_HEAD(&queue->turn[i].list);
		INIT_LIST_HEAD(&queue->turn[i].waiting);
		INIT_LIST_HEAD(&queue->turn[i].ready);
	}
}

/**
 * blkback_limit_apply - leave on @queue->waiting what may start now
 * @queue: the ring, of a disk whose limiter is on
 *
 * What may not is taken off it and comes back, in a later pass, when it may.  A ring
 * that was stopped waits for no limit: what is left goes to @queue->forsaken where the
 * frontend has left, and is started where it has not.
 *
 * Context: the ring's work item.
 */
void blkback_limit_apply(struct blkback_queue *queue)
{
	struct blkback_limiter *limiter = &queue->dev->limiter;
	bool stopped = test_bit_acquire(BLKBACK_QUEUE_STOPPED, &queue->flags);
	u64 now_ns = ktime_get_ns();

	spin_lock(&limiter->lock);
	line_up(limiter, queue);
	if (READ_ONCE(queue->dev->left))
		forsake(queue);
	else if (stopped)
		let_all_through(limiter, queue, now_ns);
	pass_on(limiter, queue, now_ns);
	spin_unlock(&limiter->lock);
}

/**
 * blkback_limit_set_rate - set a limit, or none
 * @dev: the device
 * @rate: which one
 * @per_sec: how much in a second, at most BLKBACK_BUCKET_MAX_RATE; 0: no limit
 *
 * Takes effect with the next request, also of those that wait already.
 *
 * Context: process.
 */
void blkback_limit_set_rate(struct blkback_dev *dev, enum blkback_rate rate,
			    u64 per_sec)
{
	struct blkback_limiter *limiter = &dev->limiter;
	u64 now_ns = ktime_get_ns();

	spin_lock(&limiter->lock);
	blkback_bucket_set(&limiter->rate[rate], per_sec, now_ns);
	pass_on(limiter, NULL, now_ns);
	spin_unlock(&limiter->lock);
}

/**
 * blkback_limit_rate - the limit that is set
 * @dev: the device
 * @rate: which one
 *
 * Context: process.
 * Return: how much in a second; 0: no limit.
 */
u64 blkback_limit_rate(struct blkback_dev *dev, enum blkback_rate rate)
{
	u64 per_sec;

	spin_lock(&dev->limiter.lock);
	per_sec = dev->limiter.rate[rate].per_sec;
	spin_unlock(&dev->limiter.lock);
	return per_sec;
}

/**
 * blkback_limit_set_burst - set how much unused time may be made up for
 * @dev: the device
 * @ms: milliseconds
 *
 * Context: process.
 */
void blkback_limit_set_burst(struct blkback_dev *dev, u32 ms)
{
	spin_lock(&dev->limiter.lock);
	WRITE_ONCE(dev->limiter.burst_ms, ms);
	spin_unlock(&dev->limiter.lock);
}

/**
 * blkback_limit_burst - how much unused time may be made up for
 * @dev: the device
 *
 * Context: process.
 * Return: milliseconds.
 */
u32 blkback_limit_burst(struct blkback_dev *dev)
{
	return READ_ONCE(dev->limiter.burst_ms);
}
