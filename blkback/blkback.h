/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xen-blkback: types and prototypes that its rooms share.
 *
 * Who owns what, and in which context it runs:
 *
 *   struct blkback_dev    One per xenbus device.  Owned by the device from
 *                         probe to remove; remove() hands it to its own work
 *                         item, which tears it down and frees it.
 *   struct blkback_vbd    Part of blkback_dev: the backing device.  Opened and
 *                         closed by the device's work item only.
 *   struct blkback_queue  One ring.  Created and destroyed by the device's work
 *                         item.  Between start and stop everything in it but
 *                         the list of completions, @passing, the pages and the
 *                         event's bookkeeping belongs to the ring's owner.  That
 *                         is its work item while it makes a pass, which needs no
 *                         lock for it: a work item never runs beside itself.
 *                         While none is made it is who ends the bio of a lone
 *                         request and answers it, in any context, holding
 *                         @end_lock.  What is said to be the work item's is not
 *                         done by the latter.
 *   struct blkback_req    One slot taken off the ring and not answered yet.
 *                         The ring's owner's.
 *   struct blkback_part   As many segments of a request as are moved in one go,
 *                         and their bio.  The ring's owner's, except
 *                         between submit_bio() and the end of the bio, and
 *                         while it is a discard that waits for its turn.
 *   struct blkback_emulation
 *                         What such a part needs on a disk of larger blocks than
 *                         its guest is told.  The part's, and owned like it; also
 *                         while it waits for blocks that another part changes,
 *                         maybe one of another disk on the same device.
 *   struct blkback_stats  The counters of a ring's number.  Made when the first
 *                         ring of that number connects, freed with the device.
 *
 * Locks:
 *
 *   blkback_dev.lock      (mutex) the link to XenStore: held around every
 *                         xenbus_*() call of the device's work item and by
 *                         remove() when it cuts that link.  xenwatch may wait
 *                         for it: held for that call alone, never across a
 *                         wait for I/O, and nothing of ours is allocated
 *                         under it.
 *   blkback_dev.view_lock (mutex) what a reader of debugfs sees: held by it, and by
 *                         the device's work item where it writes that, and where
 *                         rings come and go.
 *   blkback_latencies.lock
 *                         (mutex) the histograms of a disk: held by who reads, and
 *                         where they are moved.
 *   blkback_queue.end_lock
 *                         (spin, any context) held by who answers a request at the
 *                         end of its bio, and by a pass for its first moment: so
 *                         it waits for that one answer, and no other is given so
 *                         while it is made.
 *   blkback_pool.lock     (spin, process context) the list of a ring's requests.
 *   blkback_pages.lock    (spin, process context) a ring's pool of pages, which
 *                         the ring's and the pool's work items share.
 *   blkback_durable.lock  (spin, process context) a disk's barriers, which all its
 *                         rings share; taken while there are any.
 *   blkback_discards.lock (spin, process context) a disk's discards, which all its
 *                         rings share.
 *   blkback_limiter.lock  (spin, process context) a disk's limits, which all its
 *                         rings share; taken while there are any, and to set them.
 *   blkback_range_lock.lock
 *                         (spin, process context) which blocks of a device are
 *                         being changed, which all disks on it share that are
 *                         emulated.
 *   blkback_share.lock    (spin, process context) which disk's request is next on a
 *                         device that all of them share; taken while they have
 *                         weights, and to set them.
 *   share.c: shares_mutex (mutex) the list of those, and who is in which.
 *   range_lock.c: range_locks_mutex
 *                         (mutex) the list of those.
 *   vbd.c: vbds_lock      (mutex) the list of open backing devices.
 *   state.c: devs_lock    (spin, process context) the list of devices.
 *
 * None of them is taken while another is held, but blkback_pool.lock under
 * view_lock, that one and those of settings under the device's, which keys are read
 * under, and a share's under shares_mutex.
 */
#ifndef _BLKBACK_H
#define _BLKBACK_H

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/interrupt.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/ratelimit.h>
#include <linux/u64_stats_sync.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <xen/grant_table.h>
#include <xen/xenbus.h>

#include "charge.h"
#include "deadline.h"
#include "decode.h"
#include "durable.h"
#include "emulate.h"
#include "latency.h"
#include "limit.h"
#include "mover.h"
#include "negotiate.h"
#include "poll.h"
#include "pool.h"
#include "ring.h"
#include "ring_map.h"
#include "share.h"

struct blkback_dev;
struct blkback_queue;

#define BLKBACK_NAME_LEN	32

/**
 * struct blkback_stats - what the rings of one number did since the probe
 * @next: those of another number; does not change once it is published
 * @number: of the rings
 * @syncp: makes 64-bit counters readable at once on 32-bit kernels
 * @rd_req: reads answered, whatever came of them; the same for the others
 * @wr_req: writes answered
 * @f_req: flushes answered, alone or with data
 * @ds_req: discards and secure erases answered
 * @oo_req: passes that had to leave a request waiting for pages or grants
 * @err_req: requests answered with an error
 * @rd_sect: 512-byte sectors read
 * @wr_sect: 512-byte sectors written
 * @latency: how long they took, and where
 *
 * Only grows, survives reconnects.  Written by the ring's owner alone, who may be in
 * an interrupt.
 */
struct blkback_stats {
	struct blkback_stats *next;
	unsigned int number;
	struct u64_stats_sync syncp;
	u64_stats_t rd_req;
	u64_stats_t wr_req;
	u64_stats_t f_req;
	u64_stats_t ds_req;
	u64_stats_t oo_req;
	u64_stats_t err_req;
	u64_stats_t rd_sect;
	u64_stats_t wr_sect;
	struct blkback_latency latency;
};

/**
 * struct blkback_req - a request between its slot and its answer
 * @list: place on one of the queue's lists; on none once all of it is started
 * @age: place on the queue's list of those that the disk was given a part of
 * @started: when that was, in jiffies; of a discard, when its last piece was
 * @queue: the ring it came from
 * @error: 0 or the negative errno that it will be answered with
 * @epoch: while it is behind a barrier: that one's number; of a barrier, its own
 * @admitted: no limit holds it up any more
 * @shares: it is one of those that the device's disks have under way
 * @own_flush: of a flush that has ended: flushes of ours that began before that
 * @told: failed flushes of ours that the frontend knew of when it sent the request
 * @covers: of a flush: bytes that were answered before it began
 * @times: when it got where
 * @all: place on the list of the pool's requests, in use or not
 * @nr_parts: parts of it that are not settled
 * @next_segment: the first one that is in no part yet
 * @next_sector: where on the disk that one lies
 * @cmd: the slot, decoded and checked
 */
struct blkback_req {
	struct list_head list;		/* the first: pool.c */
	struct list_head age;
	unsigned long started;
	struct blkback_queue *queue;
	int error;
	unsigned int epoch;
	bool admitted;
	bool shares;
	unsigned int own_flush;
	s64 told;
	s64 covers;
	struct blkback_times times;
	struct list_head all;
	unsigned int nr_parts;
	unsigned int next_segment;
	u64 next_sector;
	struct blkback_cmd cmd;
};

/**
 * struct blkback_part - what of a request is moved in one go
 * @list: place on one of the queue's lists, or among the disk's discards that wait
 * @done: place on the queue's list of completions
 * @req: the request
 * @error: 0 or the negative errno of what it came to
 * @ended_ns: when the disk was done with it
 * @starved: Xen had no room to map its pages; it is to be tried again
 * @turn: of a discard: it has waited and may start its next piece
 * @sector: where on the disk it begins; of a discard, where it goes on
 * @seg: its segments, which are the request's
 * @nr_segments: how many; 0 where there is no data
 * @nr_pages: pages held, one for each segment, mapped or not; 0 before they are
 *	reserved and after they were released
 * @copied: its data is copied through pages of ours; nothing is mapped for it
 * @mapping: some of its pages are to be mapped in the batch at hand
 * @readonly: what is mapped for it is mapped for reading
 * @handle: grant handle of what is mapped for this part alone, else
 *	INVALID_GRANT_HANDLE
 * @grant: of each segment whose grant was mapped already: it, else NULL
 * @page: page that each segment is, or will be, mapped at or copied through
 * @emulation: what it needs as it cannot go to the disk as it is; NULL where it can
 * @bio: the I/O; embedded, so that no part ever waits for memory
 * @bvec: the bio's pages
 */
struct blkback_part {
	struct list_head list;		/* the first: pool.c */
	struct llist_node done;
	struct blkback_req *req;
	int error;
	u64 ended_ns;
	bool starved;
	bool turn;
	u64 sector;
	const struct blkback_segment *seg;
	unsigned int nr_segments;
	unsigned int nr_pages;
	bool copied;
	bool mapping;
	bool readonly;
	grant_handle_t handle[BLKBACK_PART_SEGMENTS];
	struct blkback_grant *grant[BLKBACK_PART_SEGMENTS];
	struct page *page[BLKBACK_PART_SEGMENTS];
	struct blkback_emulation *emulation;
	struct bio bio;
	struct bio_vec bvec[BLKBACK_PART_SEGMENTS];
};

static inline bool blkback_is_discard(const struct blkback_req *req)
{
	return req->cmd.op == BLKBACK_DISCARD ||
	       req->cmd.op == BLKBACK_SECURE_ERASE;
}

static inline bool blkback_is_flush(const struct blkback_req *req)
{
	return req->cmd.op == BLKBACK_FLUSH || req->cmd.op == BLKBACK_BARRIER;
}

/* Bits of blkback_queue.flags. */
enum {
	/* No slot is to be taken off the ring any more; set once, by the stop. */
	BLKBACK_QUEUE_STOPPED,
	/* A pass may take slots; from the start until one has seen the stop. */
	BLKBACK_QUEUE_SERVED,
	/* The frontend broke the ring; nothing of it is believed any more. */
	BLKBACK_QUEUE_BROKEN,
	/* An event came and was not acknowledged yet. */
	BLKBACK_QUEUE_EVENT,
	/* Nothing was done for a while: what is kept beyond need may go. */
	BLKBACK_QUEUE_IDLE,
	/* Nobody has looked for a while whether something is late. */
	BLKBACK_QUEUE_LOOK,
};

/**
 * struct blkback_queue - one ring and what works for it
 * @dev: the device it belongs to
 * @number: which of the device's rings it is
 * @ring: the shared pages, as they are used
 * @ring_map: the shared pages, as they are mapped
 * @irq: the ring's event channel
 * @flags: BLKBACK_QUEUE_*, atomic bits
 * @work: the pass over the ring
 * @retry: makes a pass after a while, for what no event will announce
 * @idle: gives back what an idle ring does not need; armed only while there is
 *	something to give back
 * @busy: something was done since the last look of @idle
 * @deadline: what is late
 * @end_lock: see the top of this file
 * @passing: a pass is being made, which looks at @completions once more; set under
 *	@end_lock
 * @pass_since: when it began, in jiffies, and never 0 then; for readers of debugfs
 * @event_ns: when the slots were announced that lie on the ring; 0: not known
 * @round_ns: when the slots of this round were taken; 0: none were yet, or this is
 *	none
 * @worker: who makes the pass; NULL: nobody does
 * @collected_ns: when those were collected of which their end did not say when it
 *	was; 0: there was none yet
 * @nr_settles: how often pages were settled in this round
 * @run: requests that were answered and not counted
 * @answers: what was answered after each of these
 * @poll: whether it pays to look for more before sleeping
 * @completions: parts whose bio ended; filled in any context
 * @taken: requests that wait for their descriptors, in the ring's order, with
 *	those that came after them
 * @waiting: requests not all of whose parts have started, in the ring's order
 * @turn: reads that wait for a limit, and all others that do
 * @portion: what waits for other disks' requests
 * @forsaken: what is not to be started any more, and was not answered
 * @order: what was taken and is behind a barrier
 * @starved: parts that Xen had no room for, oldest first; they come before all
 *	that waits
 * @held: finished parts whose pages somebody still looks at, or which are flushes
 *	and have to wait for one of ours
 * @drained: woken when the last request was answered
 * @nr_taken: requests taken and not answered
 * @consumed: something was consumed since the last event was acknowledged
 * @unwritten_bytes: of writes that were answered with success, not added to those
 *	of the disk yet; while they are not counted, since the connect
 * @told: failed flushes of ours that the frontend knew of when it sent the slots
 *	that were not taken yet
 * @tells: so many of them it knows of once it sees the answers at hand; or 0
 * @mover: pages and grants
 * @pool: requests and parts
 * @stats: of this queue's number; outlives the queue
 */
struct blkback_queue {
	struct blkback_dev *dev;
	unsigned int number;
	struct blkback_ring ring;
	struct blkback_ring_map ring_map;
	int irq;
	unsigned long flags;
	struct work_struct work;
	struct delayed_work retry;
	struct delayed_work idle;
	bool busy;
	struct blkback_deadline deadline;
	spinlock_t end_lock;	/* see the top of this file */
	bool passing;
	unsigned long pass_since;
	u64 event_ns;
	u64 round_ns;
	struct task_struct *worker;
	u64 collected_ns;
	unsigned int nr_settles;
	struct blkback_run run;
	struct blkback_answers answers[BLKBACK_ROUND_SETTLES];
	struct blkback_poll poll;
	struct llist_head completions;
	struct list_head taken;
	struct list_head waiting;
	struct blkback_turn turn[2];
	struct blkback_portion portion;
	struct list_head forsaken;
	struct blkback_order order;
	struct list_head starved;
	struct list_head held;
	wait_queue_head_t drained;
	unsigned int nr_taken;
	bool consumed;
	u64 unwritten_bytes;
	s64 told;
	s64 tells;
	struct blkback_mover mover;
	struct blkback_pool pool;
	struct blkback_stats *stats;
};

/**
 * struct blkback_vbd - the backing device
 * @file: open file of the block device; NULL while none is open
 * @bdev: the block device
 * @devt: its number, as the hotplug script gave it
 * @limits: what requests are checked against; the capacity follows a resize
 * @range_lock: which of its blocks are being changed; NULL unless it is emulated and
 *	writable
 * @sharer: its part of the device, which other disks may be on
 * @emulate: the frontend is told of sectors of 512 bytes, and the disk's blocks are
 *	BLKBACK_UNIT_BYTES long
 * @by_units: its data goes to it in pages, each from the page's beginning: it is
 *	emulated, or takes no memory that begins elsewhere
 * @flush: it has a write cache: offer flushes and barriers
 * @cdrom: the toolstack calls it a CD-ROM
 * @gone: the disk told that it died
 * @untold: the frontend is yet to be told of a new size
 * @changed: called when the capacity changed or the disk died; process context
 * @list: place on the list of open devices
 */
struct blkback_vbd {
	struct file *file;
	struct block_device *bdev;
	dev_t devt;
	struct blkback_limits limits;
	struct blkback_range_lock *range_lock;
	struct blkback_sharer sharer;
	bool emulate;
	bool by_units;
	bool flush;
	bool cdrom;
	bool gone;
	bool untold;
	void (*changed)(struct blkback_vbd *vbd);
	struct list_head list;
};

/**
 * struct blkback_discards - the discards of a disk
 * @lock: protects what follows
 * @nr_pieces: under way, or about to start
 * @waiting: parts, of any ring, that wait until there are fewer; the next one first
 */
struct blkback_discards {
	spinlock_t lock;	/* all that follows */
	unsigned int nr_pieces;
	struct list_head waiting;
};

/**
 * struct blkback_dev - one exported disk
 * @xbdev: its xenbus device; its memory is held until the teardown is over
 * @name: what the toolstack calls it in the guest, such as xvda; for people
 * @lock: see the top of this file
 * @removed: the xenbus device is going: @work makes no xenbus_*() call any more
 * @work: the device's life; the only place where it changes
 * @end: the end of it, queued once, as remove()'s last act
 * @io_wq: the passes of its rings, and all else that this disk may hold up
 * @front_state: the frontend's state as the watch, or remove(), saw it last; Unknown
 *	when the device goes and its frontend is gone
 * @ring_fault: what a queue found its ring broken for; NULL while none did
 * @ratelimit: of the messages that its frontend can cause
 * @late_ratelimit: of what is told of a ring on which something is late, beyond that
 * @physical_watch: on "physical-device"
 * @state_watch: on our own "state", which the toolstack writes too
 * @mode: value of "mode", for people
 * @vbd: the backing device
 * @discards: those of all its rings
 * @durable: the barriers of all its rings
 * @unwritten: what is in the disk's write cache; survives a reconnect
 * @limiter: what the administrator lets its guest do; survives a reconnect
 * @charge: on whose account its I/O is; survives a reconnect
 * @offer: what frontends are offered; does not change
 * @config: what the connected frontend wrote; meaningful while @queue is set
 * @abi: layout of its slots, which a ring may have to find out for all
 * @queue: the rings; NULL while not connected
 * @nr_queues: how many there are
 * @left: the frontend has left them: what waits for limits or other disks never starts;
 *	set before they are stopped
 * @sectors_flushed: how many had been written when the last flush at a disconnect succeeded
 * @view_lock: keeps @config, @queue and what it points to for who looks at them
 * @latencies: how long requests took, as far as the rings' counters do not say
 * @publish: writes its counters to XenStore; queued while it is connected and that
 *	is wanted
 * @debugfs: its directory; NULL until it connects first
 * @stats: those of each number, the newest first; only grows
 * @list: place on the list of devices
 */
struct blkback_dev {
	struct xenbus_device *xbdev;
	char name[BLKBACK_NAME_LEN];
	struct mutex lock;	/* the link to XenStore */
	bool removed;
	struct work_struct work;
	struct work_struct end;
	struct workqueue_struct *io_wq;
	enum xenbus_state front_state;
	const char *ring_fault;
	struct ratelimit_state ratelimit;
	struct ratelimit_state late_ratelimit;
	struct xenbus_watch physical_watch;
	struct xenbus_watch state_watch;
	char mode[8];
	struct blkback_vbd vbd;
	struct blkback_discards discards;
	struct blkback_durable durable;
	struct blkback_unwritten unwritten;
	struct blkback_limiter limiter;
	struct blkback_charge charge;
	struct blkback_offer offer;
	struct blkback_config config;
	enum blkback_abi abi;
	struct blkback_queue **queue;
	unsigned int nr_queues;
	bool left;
	u64 sectors_flushed;
	struct mutex view_lock;	/* see above */
	struct blkback_latencies latencies;
	struct delayed_work publish;
	struct dentry *debugfs;
	struct blkback_stats *stats;
	struct list_head list;
};

/*
 * Messages that a frontend can cause, about its own disk.  A noisy one does not
 * drown those about others (rule H2).  Those that the administrator does not want do
 * not count.
 */
#define blkback_say(which, loglevel, print, fmt, ...)			\
	do {								\
		if ((loglevel) <= READ_ONCE(blkback_log_level) &&	\
		    __ratelimit(&(which)->ratelimit))			\
			print(&(which)->xbdev->dev, fmt, ##__VA_ARGS__);	\
	} while (0)
#define blkback_info(which, fmt, ...) \
	blkback_say(which, LOGLEVEL_INFO, dev_info, fmt, ##__VA_ARGS__)
#define blkback_warn(which, fmt, ...) \
	blkback_say(which, LOGLEVEL_WARNING, dev_warn, fmt, ##__VA_ARGS__)

/* main.c */
extern struct workqueue_struct *blkback_dev_wq;
extern unsigned int blkback_max_buffer_pages;
extern unsigned int blkback_max_copy_pages;
extern unsigned int blkback_max_queues;
extern unsigned int blkback_max_ring_page_order;
extern unsigned int blkback_max_indirect_segments;
extern unsigned long blkback_max_unwritten_bytes;
extern unsigned int blkback_io_deadline_sec;
extern unsigned int blkback_xenstore_stats_sec;
extern int blkback_log_level;
extern bool blkback_exclusive_open;
extern bool blkback_low_latency;
extern bool blkback_feature_persistent;
extern unsigned int blkback_max_persistent_grants;
extern unsigned int blkback_persistent_grant_unused_seconds;

/* xenbus.c: process context, may sleep */
int blkback_xenbus_init(void);
void blkback_xenbus_exit(void);
bool blkback_xenbus_begin(struct blkback_dev *dev);
void blkback_xenbus_end(struct blkback_dev *dev);
__printf(3, 4)
void blkback_xenbus_fatal(struct blkback_dev *dev, int err, const char *fmt,
			  ...);
void blkback_xenbus_switch(struct blkback_dev *dev, enum xenbus_state state);
int blkback_xenbus_transact(struct blkback_dev *dev,
			    int (*write)(struct blkback_dev *dev,
					 struct xenbus_transaction xbt));
bool blkback_xenbus_online(struct blkback_dev *dev);
int blkback_xenbus_read_config(struct blkback_dev *dev,
			       struct blkback_config *config);
int blkback_xenbus_read_key(struct blkback_dev *dev, const char *dir,
			    const char *key, char **text);
int blkback_xenbus_read_physical(struct blkback_dev *dev);

/* xenbus_write.c: between begin and end, but for the first; process context, may sleep */
int blkback_xenbus_write_offer(struct blkback_dev *dev);
int blkback_xenbus_write_disk(struct blkback_dev *dev);
int blkback_xenbus_write_size(struct blkback_dev *dev);
void blkback_xenbus_leave_loss(struct blkback_dev *dev);
bool blkback_xenbus_take_loss(struct blkback_dev *dev);

/* xenbus_stats.c: the device's work item, may sleep */
void blkback_xenbus_stats_init(struct blkback_dev *dev);
void blkback_xenbus_stats_start(struct blkback_dev *dev);
void blkback_xenbus_stats_stop(struct blkback_dev *dev);

/* xenbus_limits.c: process context, may sleep */
int blkback_xenbus_read_limits(struct blkback_dev *dev);

/* state.c: process context */
struct blkback_dev *blkback_state_alloc(struct xenbus_device *xbdev);
void blkback_state_end(struct blkback_dev *dev);
void blkback_state_wait_for_all(void);
/* any context */
void blkback_state_kick(struct blkback_dev *dev);
void blkback_state_ring_broken(struct blkback_dev *dev, const char *fault);

/* connection.c: the device's work item, may sleep */
int blkback_connection_start(struct blkback_dev *dev,
			     const struct blkback_config *config);
void blkback_connection_stop(struct blkback_dev *dev, bool left);
void blkback_connection_kick(struct blkback_dev *dev);

/* queue.c: the device's work item, may sleep */
void blkback_queue_init(struct blkback_queue *queue, struct blkback_dev *dev,
			unsigned int number);
void blkback_queue_start(struct blkback_queue *queue);
void blkback_queue_stop(struct blkback_queue *queue);
void blkback_queue_drain(struct blkback_queue *queue);
void blkback_queue_end(struct blkback_queue *queue);
/* any context */
irqreturn_t blkback_queue_event(int irq, void *data);
void blkback_queue_kick(struct blkback_queue *queue);
void blkback_queue_retry(struct blkback_queue *queue);
void blkback_queue_complete(struct blkback_part *part);

/*
 * Leave on @queue->waiting what may start now, as far as that is the administrator's
 * to say.
 */
static inline void blkback_admit(struct blkback_queue *queue)
{
	if (unlikely(READ_ONCE(queue->dev->limiter.on)))
		blkback_limit_apply(queue);
	if (unlikely(READ_ONCE(queue->dev->vbd.sharer.share->on)))
		blkback_share_apply(queue);
}

/* intake.c: the ring's work item, may sleep */
bool blkback_intake_take(struct blkback_queue *queue,
			 struct list_head *refused);
void blkback_intake_describe(struct blkback_queue *queue,
			     struct list_head *refused);

/* start.c: the ring's work item, may sleep */
void blkback_start(struct blkback_queue *queue, struct list_head *finished);
/* the ring's owner */
void blkback_start_put_part(struct blkback_queue *queue,
			    struct blkback_part *part);

/* settle.c: the ring's work item, may sleep */
void blkback_settle_collect(struct blkback_queue *queue,
			    struct list_head *finished);
void blkback_settle_refused(struct blkback_queue *queue,
			    struct list_head *refused);
void blkback_settle_forsaken(struct blkback_queue *queue);
/* the ring's owner */
void blkback_settle_note_end(struct blkback_queue *queue,
			     struct blkback_part *part);
void blkback_settle(struct blkback_queue *queue, struct list_head *finished);

/* io.c: the ring's work item, may sleep */
void blkback_io_submit(struct blkback_part *part);
void blkback_io_submit_units(struct blkback_part *part, u64 sector,
			     struct bio_vec *bvec, unsigned int nr);
/* any context */
void blkback_io_end(struct bio *bio);

/* discard.c: the device's work item */
void blkback_discard_init(struct blkback_discards *discards);
/* the ring's work item, may sleep */
bool blkback_discard_submit(struct blkback_part *part);
bool blkback_discard_continue(struct blkback_part *part);

/* vbd.c: the device's work item, may sleep */
u64 blkback_vbd_sectors(const struct blkback_vbd *vbd);
int blkback_vbd_open(struct blkback_vbd *vbd, struct device *owner,
		     const char *mode);
void blkback_vbd_close(struct blkback_vbd *vbd);
int blkback_vbd_settle(struct blkback_vbd *vbd);
bool blkback_vbd_resized(struct blkback_vbd *vbd);
void blkback_vbd_exit(void);

/* sysfs.c: process context */
extern const struct attribute_group *blkback_sysfs_groups[];

/* debugfs.c: module init and exit, may sleep */
void blkback_debugfs_init(void);
void blkback_debugfs_exit(void);
/* the device's work item, may sleep */
void blkback_debugfs_add(struct blkback_dev *dev);
void blkback_debugfs_remove(struct blkback_dev *dev);

/* stats.c: the device's work item, may sleep */
struct blkback_stats *blkback_stats_get(struct blkback_dev *dev,
					unsigned int number);
void blkback_stats_free(struct blkback_dev *dev);
/* any context */
u64 blkback_stats_sum(const struct blkback_dev *dev, size_t at);
/* the ring's owner */
void blkback_stats_done(struct blkback_stats *stats,
			const struct blkback_cmd *cmd, int error);
/* the ring's work item */
void blkback_stats_refused(struct blkback_stats *stats);
void blkback_stats_waited(struct blkback_stats *stats);

#endif /* _BLKBACK_H */
