// SPDX-License-Identifier: GPL-2.0
/*
 * How disks that are on one device share it: each in proportion to its weight.
 *
 * Start-time fair queueing.  Each request has a beginning in a virtual time, which is
 * where its disk's last one ended, or now; and it ends so much later as it moves bytes,
 * divided by the disk's weight.  The one with the earliest beginning is next, and a few
 * are under way at a time: so in any time in which two disks have something to do,
 * what each gets for its weight differs by no more than those few.
 *
 * A disk is bounded by others that have something to do, and by nothing else: one that
 * is alone is not.  And one that has little under way may have more whatever others have:
 * theirs may not end for long, when they wait for pages, or are throttled by their cgroup.
 * What is little is said in what it costs, since requests are of any size.
 * Discards take no part in this.
 *
 * Nothing of this is done while all disks of a device have the default weight.
 */
#include <linux/cleanup.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "blkback.h"

/*
 * So many requests are given to the device while disks compete for it, and up to half as
 * many again to those that have little.  Fewer than guests have under way who want much,
 * or there is nobody to choose from; and enough for a device to be busy.
 */
#define SHARE_DEPTH		16
/* No request is cheaper. */
#define SHARE_MIN_SECTORS	(SZ_4K >> SECTOR_SHIFT)
/* No disk owes more, whatever it was let through before its time. */
#define SHARE_MAX_OWED_SECTORS	(SZ_64M >> SECTOR_SHIFT)

/* Larger ratios of weights are worth that: nobody is to wait for ever. */
#define SHARE_MAX_RATIO		16
/* So long after its last request a disk is thought to be about to send another one. */
#define SHARE_GRACE_NS		(20 * NSEC_PER_MSEC)

/* Of all disks on a device that have something to do. */
struct share_load {
	unsigned int nr;
	u64 weight;
	u64 cost;		/* of what they have under way, in virtual time */
};

static LIST_HEAD(shares);
/* Protects shares, and who is in which.  A share's lock is taken under it. */
static DEFINE_MUTEX(shares_mutex);

static struct blkback_sharer *queue_sharer(const struct blkback_queue *queue)
{
	return &queue->dev->vbd.sharer;
}

static bool is_before(u64 a, u64 b)
{
	return (s64)(a - b) < 0;
}

/* What a disk has for its weight: not nothing beside others.  Under the lock. */
static u32 worth(const struct blkback_sharer *sharer)
{
	return max(sharer->weight, sharer->share->least_weight);
}

static u64 virtual_time(u64 nr_sectors, u32 weight)
{
	return div_u64(nr_sectors * BLKBACK_MAX_WEIGHT, weight);
}

/* What a disk pays for so much, in virtual time.  Under the lock. */
static u64 cost(const struct blkback_sharer *sharer, u64 nr_sectors)
{
	return virtual_time(nr_sectors, worth(sharer));
}

/*
 * In virtual time: when its next request begins.  One that slept for however long has
 * @paid before now, or, as time wraps, far behind it.  What others have for their weight
 * ends no debt.  Under the lock.
 */
static u64 next_begin(const struct blkback_sharer *sharer)
{
	u64 now = sharer->share->now;

	return sharer->paid - now >
	       virtual_time(SHARE_MAX_OWED_SECTORS, sharer->weight) ?
	       now : sharer->paid;
}

/*
 * A guest that waits for each answer has nothing on its ring between that and its next
 * request: what others start then, it will wait for.  Under the lock.
 */
static bool has_something_to_do(const struct blkback_sharer *sharer)
{
	return sharer->nr_under_way || !list_empty(&sharer->line) ||
	       sharer->share->looked_ns - sharer->ended_ns < SHARE_GRACE_NS;
}

/* Has no other disk anything to do?  Under the lock. */
static bool is_alone(const struct blkback_sharer *sharer)
{
	const struct blkback_sharer *other;

	list_for_each_entry(other, &sharer->share->sharers, list)
		if (other != sharer && has_something_to_do(other))
			return false;
	return true;
}

/* Does the one wait, and the other not or for a later beginning?  Under the lock. */
static bool comes_before(const struct blkback_sharer *sharer,
			 const struct blkback_sharer *other)
{
	return !list_empty(&sharer->line) &&
	       (!other || is_before(next_begin(sharer), next_begin(other)));
}

/* Whose next request begins first?  NULL where nobody waits.  Under the lock. */
static struct blkback_sharer *first_sharer(const struct blkback_share *share)
{
	struct blkback_sharer *sharer, *first = NULL;

	list_for_each_entry(sharer, &share->sharers, list)
		if (comes_before(sharer, first))
			first = sharer;
	return first;
}

/* Under the lock. */
static u64 cost_under_way(const struct blkback_sharer *sharer)
{
	return cost(sharer, sharer->nr_sectors_under_way);
}

/* Under the lock. */
static struct share_load load_of(const struct blkback_share *share)
{
	const struct blkback_sharer *sharer;
	struct share_load load = {};

	list_for_each_entry(sharer, &share->sharers, list) {
		if (!has_something_to_do(sharer))
			continue;
		load.nr++;
		load.weight += worth(sharer);
		load.cost += cost_under_way(sharer);
	}
	return load;
}

/*
 * Whose turn is it of a disk's rings that wait?  One that has not taken what it was
 * given yet, as its pass may sleep in the disk, is the last.  Under the lock.
 */
static struct blkback_portion *first_portion(const struct blkback_sharer *sharer)
{
	struct blkback_portion *portion;

	list_for_each_entry(portion, &sharer->line, list)
		if (list_empty(&portion->ready))
			return portion;
	return list_first_entry(&sharer->line, struct blkback_portion, list);
}

/* What a request counts for. */
static u64 data_sectors(const struct blkback_req *req)
{
	u64 nr_sectors = req->cmd.nr_segments ? req->cmd.nr_sectors : 0;

	return max_t(u64, nr_sectors, SHARE_MIN_SECTORS);
}

/* The next one of a disk that has some that wait.  Under the lock. */
static const struct blkback_req *first_req(const struct blkback_sharer *sharer)
{
	return list_first_entry(&first_portion(sharer)->waiting,
				struct blkback_req, list);
}

/*
 * Has a disk less than half of its part under way, and would not have more than all of it
 * with its next request?  By number alone it may be that its requests are large, and by
 * what they cost that there are enough of them.  Not all of its part to begin with: more
 * have those whose requests take longer.  Under the lock.
 */
static bool is_short(const struct blkback_sharer *sharer,
		     const struct share_load *load)
{
	u64 next = cost(sharer, data_sectors(first_req(sharer)));
	u64 under_way = cost_under_way(sharer);

	return 2 * sharer->nr_under_way * load->weight <
	       SHARE_DEPTH * worth(sharer) &&
	       2 * under_way * load->nr < load->cost &&
	       (under_way + next) * load->nr <= load->cost + next;
}

/*
 * A request that is as large as many of the others' is its disk's part for a while: has
 * that been without one for as long as leaves it its part of the time?  What was paid for
 * is not asked, as others may hold their places without having much.  Under the lock.
 */
static bool has_waited(const struct blkback_sharer *sharer,
		       const struct share_load *load)
{
	u64 took_ns = sharer->ended_ns - sharer->began_ns;
	u64 idle_ns = sharer->share->looked_ns - sharer->ended_ns;

	return idle_ns * worth(sharer) >= took_ns * (load->weight - worth(sharer));
}

/* May it have more than there are places for?  Under the lock. */
static bool is_starved(const struct blkback_sharer *sharer,
		       const struct share_load *load)
{
	if (is_short(sharer, load))
		return true;
	return !sharer->nr_under_way &&
	       (next_begin(sharer) == sharer->share->now ||
		has_waited(sharer, load));
}

/* Of those that have too little under way, or NULL.  Under the lock. */
static struct blkback_sharer *starved_sharer(const struct blkback_share *share)
{
	struct blkback_sharer *sharer, *first = NULL;
	struct share_load load = load_of(share);

	list_for_each_entry(sharer, &share->sharers, list)
		if (comes_before(sharer, first) && is_starved(sharer, &load))
			first = sharer;
	return first;
}

/*
 * Of a disk that is alone any number of requests may start: a ring has all of its own,
 * and another is given one, and takes the others by itself.  Under the lock.
 */
static struct blkback_portion *portion_alone(const struct blkback_sharer *sharer,
					     struct blkback_queue *self)
{
	struct blkback_portion *portion;

	if (self && queue_sharer(self) == sharer &&
	    !list_empty(&self->portion.list))
		return &self->portion;
	portion = first_portion(sharer);
	return list_empty(&portion->ready) ? portion : NULL;
}

/*
 * Whose request may start now?  NULL: nobody's.  @self: the ring whose work item this
 * is, or NULL.  Under the lock.
 */
static struct blkback_portion *next_portion(const struct blkback_share *share,
					    struct blkback_queue *self)
{
	struct blkback_sharer *sharer = first_sharer(share);

	if (!sharer)
		return NULL;
	if (share->nr_under_way >= SHARE_DEPTH) {
		if (is_alone(sharer))
			return portion_alone(sharer, self);
		sharer = starved_sharer(share);
	}
	return sharer ? first_portion(sharer) : NULL;
}

/* It owes what it gets before its time, up to a bound.  Under the lock. */
static void pay(struct blkback_sharer *sharer, u64 nr_sectors)
{
	struct blkback_share *share = sharer->share;
	u64 begin = next_begin(first_sharer(share));

	sharer->paid = min(next_begin(sharer) + cost(sharer, nr_sectors),
			   begin + cost(sharer, SHARE_MAX_OWED_SECTORS));
	/* What others owe is owed yet. */
	share->now = begin;
}

/* The next request of a ring, which is to take it.  Under the lock. */
static void let_through(struct blkback_portion *portion)
{
	struct blkback_sharer *sharer = queue_sharer(portion->queue);
	struct blkback_share *share = sharer->share;
	struct blkback_req *req =
		list_first_entry(&portion->waiting, struct blkback_req, list);

	pay(sharer, data_sectors(req));
	sharer->began_ns = share->looked_ns;
	sharer->nr_under_way++;
	sharer->nr_sectors_under_way += data_sectors(req);
	share->nr_under_way++;
	req->shares = true;
	/* Limits were asked before. */
	req->admitted = true;
	if (list_empty(&portion->ready))
		share->nr_ready++;
	list_move_tail(&req->list, &portion->ready);
	if (list_empty(&portion->waiting))
		list_del_init(&portion->list);
	else
		list_move_tail(&portion->list, &sharer->line);
}

/* The frontend has left, and it was not its turn.  Under the lock. */
static void forsake(struct blkback_portion *portion)
{
	list_splice_tail_init(&portion->waiting, &portion->queue->forsaken);
	list_del_init(&portion->list);
}

/* We leave: the rest is not to wait for other disks.  Under the lock. */
static void let_all_through(struct blkback_portion *portion)
{
	while (!list_empty(&portion->waiting))
		let_through(portion);
}

/* What came since the last pass.  Under the lock. */
static void line_up(struct blkback_queue *queue)
{
	struct blkback_portion *portion = &queue->portion;
	struct blkback_req *req, *prev;
	LIST_HEAD(came);

	/*
	 * In front of them is what was let through and waits for pages.  Few pieces of
	 * discards are under way anyway, and those that wait for that take no place.
	 */
	list_for_each_entry_safe_reverse(req, prev, &queue->waiting, list) {
		if (req->shares || req->next_segment)
			break;
		if (!blkback_is_discard(req))
			list_move(&req->list, &came);
	}
	list_splice_tail(&came, &portion->waiting);
	if (!list_empty(&portion->waiting) && list_empty(&portion->list))
		list_add_tail(&portion->list, &queue_sharer(queue)->line);
}

/* Does it matter which disk a request is of?  Under the lock. */
static bool has_weights(const struct blkback_share *share)
{
	const struct blkback_sharer *sharer;

	if (list_empty(&share->sharers) || list_is_singular(&share->sharers))
		return false;
	list_for_each_entry(sharer, &share->sharers, list)
		if (sharer->weight != BLKBACK_DEFAULT_WEIGHT)
			return true;
	return false;
}

/* What the ring was given goes behind what waits for pages.  Under the lock. */
static void take_ready(struct blkback_queue *queue)
{
	struct list_head *ready = &queue->portion.ready;

	if (list_empty(ready))
		return;
	list_splice_tail_init(ready, &queue->waiting);
	queue_sharer(queue)->share->nr_ready--;
}

/*
 * A disk with nothing under way, and requests that wait, may have one after some time, and
 * nothing of its ends by then.  Under the lock.
 */
static void note_silence(struct blkback_queue *queue)
{
	const struct blkback_sharer *sharer = queue_sharer(queue);

	queue->portion.silent = !list_empty(&sharer->line) &&
				!sharer->nr_under_way;
}

/* What there is now to choose by.  Under the lock. */
static void look(struct blkback_share *share, u64 now_ns)
{
	const struct blkback_sharer *sharer;
	u32 largest = 0;

	share->looked_ns = now_ns;
	list_for_each_entry(sharer, &share->sharers, list)
		if (has_something_to_do(sharer))
			largest = max(largest, sharer->weight);
	share->least_weight = DIV_ROUND_UP(largest, SHARE_MAX_RATIO);
}

/*
 * Let through whatever may start, of whatever ring: that one's pass may sleep in the
 * disk, and only its own requests are to wait for that.  @self: the ring whose work item
 * this is, and which takes what it was given; or NULL.  Others are told, and are not about
 * to end: they have requests that were not answered.  Under the lock.
 */
static void pass_on(struct blkback_share *share, struct blkback_queue *self,
		    u64 now_ns)
{
	struct blkback_portion *portion;

	look(share, now_ns);
	while ((portion = next_portion(share, self))) {
		bool told = !list_empty(&portion->ready);

		let_through(portion);
		if (portion->queue != self && !told)
			blkback_queue_kick(portion->queue);
	}
	if (self) {
		take_ready(self);
		note_silence(self);
	}
	WRITE_ONCE(share->on,
		   share->nr_ready || first_sharer(share) || has_weights(share));
}

/**
 * blkback_share_init - of a disk that is not open
 * @sharer: part of the disk, zeroed
 */
void blkback_share_init(struct blkback_sharer *sharer)
{
	sharer->weight = BLKBACK_DEFAULT_WEIGHT;
	INIT_LIST_HEAD(&sharer->line);
}

/* Under shares_mutex. */
static struct blkback_share *share_of(const struct gendisk *disk)
{
	struct blkback_share *share;

	list_for_each_entry(share, &shares, list)
		if (share->disk == disk)
			return share;
	share = kzalloc_obj(*share);
	if (!share)
		return NULL;
	share->disk = disk;
	spin_lock_init(&share->lock);
	INIT_LIST_HEAD(&share->sharers);
	list_add(&share->list, &shares);
	return share;
}

/**
 * blkback_share_join - a disk is open
 * @sharer: part of the disk
 * @disk: what it is on, open until blkback_share_leave()
 *
 * Context: the device's work item, may sleep.
 * Return: 0 or -ENOMEM.
 */
int blkback_share_join(struct blkback_sharer *sharer,
		       const struct gendisk *disk)
{
	struct blkback_share *share;

	guard(mutex)(&shares_mutex);
	share = share_of(disk);
	if (!share)
		return -ENOMEM;
	spin_lock(&share->lock);
	sharer->share = share;
	sharer->paid = share->now;
	list_add_tail(&sharer->list, &share->sharers);
	pass_on(share, NULL, ktime_get_ns());
	spin_unlock(&share->lock);
	return 0;
}

/**
 * blkback_share_leave - a disk is about to be closed
 * @sharer: part of the disk, of which no request waits or is under way
 *
 * Context: the device's work item, may sleep.
 */
void blkback_share_leave(struct blkback_sharer *sharer)
{
	struct blkback_share *share = sharer->share;

	guard(mutex)(&shares_mutex);
	spin_lock(&share->lock);
	list_del(&sharer->list);
	sharer->share = NULL;
	pass_on(share, NULL, ktime_get_ns());
	spin_unlock(&share->lock);
	if (!list_empty(&share->sharers))
		return;
	list_del(&share->list);
	kfree(share);
}

/**
 * blkback_share_join_ring - a ring that has taken nothing yet
 * @queue: the ring
 */
void blkback_share_join_ring(struct blkback_queue *queue)
{
	queue->portion.queue = queue;
	INIT_LIST_HEAD(&queue->portion.list);
	INIT_LIST_HEAD(&queue->portion.waiting);
	INIT_LIST_HEAD(&queue->portion.ready);
}

/**
 * blkback_share_set_weight - what a disk may have in proportion to others
 * @sharer: part of the disk, open or not
 * @weight: 1 to BLKBACK_MAX_WEIGHT
 *
 * Takes effect with the next request, with nothing owed for former ones.
 *
 * Context: process, may sleep.
 */
void blkback_share_set_weight(struct blkback_sharer *sharer, u32 weight)
{
	struct blkback_share *share;

	guard(mutex)(&shares_mutex);
	share = sharer->share;
	if (!share) {
		WRITE_ONCE(sharer->weight, weight);
		return;
	}
	spin_lock(&share->lock);
	WRITE_ONCE(sharer->weight, weight);
	sharer->paid = share->now;
	pass_on(share, NULL, ktime_get_ns());
	spin_unlock(&share->lock);
}

/**
 * blkback_share_apply - leave on @queue->waiting what may start now
 * @queue: the ring, of a disk whose share is on
 *
 * What may not is taken off it and comes back, in a later pass, when it may.  A ring
 * that was stopped waits for nobody: what is left goes to @queue->forsaken where the
 * frontend has left, and is started where it has not.
 *
 * Context: the ring's work item.
 */
void blkback_share_apply(struct blkback_queue *queue)
{
	bool stopped = test_bit_acquire(BLKBACK_QUEUE_STOPPED, &queue->flags);
	struct blkback_share *share = queue_sharer(queue)->share;

	spin_lock(&share->lock);
	line_up(queue);
	if (READ_ONCE(queue->dev->left))
		forsake(&queue->portion);
	else if (stopped)
		let_all_through(&queue->portion);
	pass_on(share, queue, ktime_get_ns());
	spin_unlock(&share->lock);
}

/**
 * blkback_share_ended - a request that was let through is about to be answered
 * @req: the request
 *
 * Context: the ring's work item.
 */
void blkback_share_ended(struct blkback_req *req)
{
	struct blkback_sharer *sharer = queue_sharer(req->queue);
	struct blkback_share *share = sharer->share;
	u64 now_ns;

	spin_lock(&share->lock);
	/* Who has the lock later looks later. */
	now_ns = ktime_get_ns();
	sharer->nr_under_way--;
	sharer->nr_sectors_under_way -= data_sectors(req);
	share->nr_under_way--;
	sharer->ended_ns = now_ns;
	pass_on(share, NULL, now_ns);
	/* The disk's last one under way may be over within the pass that began it. */
	note_silence(req->queue);
	spin_unlock(&share->lock);
}
