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
 *                         event's bookkeeping belongs to the ring's work item,
 *                         which needs no lock for it: a work item never runs
 *                         beside itself.
 *   struct blkback_req    One slot taken off the ring and not answered yet.
 *                         Owned by its queue's work item.
 *   struct blkback_part   As many segments of a request as are moved in one go,
 *                         and their bio.  Owned by its queue's work item, except
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
 *   blkback_pages.lock    (spin, process context) a ring's pool of pages, which
 *                         the ring's and the pool's work items share.
 *   blkback_durable.lock  (spin, process context) a disk's barriers, which all its
 *                         rings share; taken while there are any.
 *   blkback_discards.lock (spin, process context) a disk's discards, which all its
 *                         rings share.
 *   blkback_range_lock.lock
 *                         (spin, process context) which blocks of a device are
 *                         being changed, which all disks on it share that are
 *                         emulated.
 *   range_lock.c: range_locks_mutex
 *                         (mutex) the list of those.
 *   vbd.c: vbds_lock      (mutex) the list of open backing devices.
 *   state.c: devs_lock    (spin, process context) the list of devices.
 *
 * None of them is taken while another is held.
 */
#ifndef _BLKBACK_H
#define _BLKBACK_H

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/interrupt.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/u64_stats_sync.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <xen/grant_table.h>
#include <xen/xenbus.h>

#include "deadline.h"
#include "decode.h"
#include "durable.h"
#include "emulate.h"
#include "mover.h"
#include "negotiate.h"
#include "poll.h"
#include "pool.h"
#include "ring.h"
#include "ring_map.h"

struct blkback_dev;
struct blkback_queue;

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
 *
 * Only grows, survives reconnects.  Written by the queue's work item alone.
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
};

/**
 * struct blkback_req - a request between its slot and its answer
 * @list: place on one of the queue's lists; on none once all of it is started
 * @age: place on the queue's list of those that the disk was given a part of
 * @started: when that was, in jiffies; of a discard, when its last piece was
 * @queue: the ring it came from
 * @error: 0 or the negative errno that it will be answered with
 * @epoch: while it is behind a barrier: that one's number; of a barrier, its own
 * @own_flush: of a flush that has ended: flushes of ours that began before that
 * @told: failed flushes of ours that the frontend knew of when it sent the request
 * @covers: of a flush: bytes that were answered before it began
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
	unsigned int own_flush;
	s64 told;
	s64 covers;
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
 * @passing: a pass is being made, which looks at @completions once more
 * @poll: whether it pays to look for more before sleeping
 * @completions: parts whose bio ended; filled in any context
 * @taken: requests that wait for their descriptors, in the ring's order, with
 *	those that came after them
 * @waiting: requests not all of whose parts have started, in the ring's order
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
	bool passing;
	struct blkback_poll poll;
	struct llist_head completions;
	struct list_head taken;
	struct list_head waiting;
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
 * @emulate: the frontend is told of sectors of 512 bytes, and the disk's blocks are
 *	BLKBACK_UNIT_BYTES long
 * @by_units: its data goes to it in pages, each from the page's beginning: it is
 *	emulated, or takes no memory that begins elsewhere
 * @flush: it has a write cache: offer flushes and barriers
 * @cdrom: the toolstack calls it a CD-ROM
 * @gone: the disk told that it died
 * @changed: called when the capacity changed or the disk died; process context
 * @list: place on the list of open devices
 */
struct blkback_vbd {
	struct file *file;
	struct block_device *bdev;
	dev_t devt;
	struct blkback_limits limits;
	struct blkback_range_lock *range_lock;
	bool emulate;
	bool by_units;
	bool flush;
	bool cdrom;
	bool gone;
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
 * @lock: see the top of this file
 * @removed: the xenbus device is going: no xenbus_*() call any more
 * @work: the device's life; the only place where it changes
 * @end: the end of it, queued once, as remove()'s last act
 * @io_wq: the passes of its rings, and all else that this disk may hold up
 * @front_state: the frontend's state as the watch saw it last
 * @ring_fault: what a queue found its ring broken for; NULL while none did
 * @ratelimit: of the messages that its frontend can cause
 * @physical_watch: on "physical-device"
 * @state_watch: on our own "state", which the toolstack writes too
 * @mode: value of "mode", for people
 * @vbd: the backing device
 * @discards: those of all its rings
 * @durable: the barriers of all its rings
 * @unwritten: what is in the disk's write cache; survives a reconnect
 * @offer: what frontends are offered; does not change
 * @config: what the connected frontend wrote; meaningful while @queue is set
 * @abi: layout of its slots, which a ring may have to find out for all
 * @queue: the rings; NULL while not connected
 * @nr_queues: how many there are
 * @stats: those of each number, the newest first; only grows
 * @list: place on the list of devices
 */
struct blkback_dev {
	struct xenbus_device *xbdev;
	struct mutex lock;	/* the link to XenStore */
	bool removed;
	struct work_struct work;
	struct work_struct end;
	struct workqueue_struct *io_wq;
	enum xenbus_state front_state;
	const char *ring_fault;
	struct ratelimit_state ratelimit;
	struct xenbus_watch physical_watch;
	struct xenbus_watch state_watch;
	char mode[8];
	struct blkback_vbd vbd;
	struct blkback_discards discards;
	struct blkback_durable durable;
	struct blkback_unwritten unwritten;
	struct blkback_offer offer;
	struct blkback_config config;
	enum blkback_abi abi;
	struct blkback_queue **queue;
	unsigned int nr_queues;
	struct blkback_stats *stats;
	struct list_head list;
};

/*
 * Messages that a frontend can cause, about its own disk.  A noisy one does not
 * drown those about others (rule H2).
 */
#define blkback_say(which, level, fmt, ...)				\
	do {								\
		if (__ratelimit(&(which)->ratelimit))			\
			dev_##level(&(which)->xbdev->dev, fmt,		\
				    ##__VA_ARGS__);			\
	} while (0)
#define blkback_info(which, fmt, ...) \
	blkback_say(which, info, fmt, ##__VA_ARGS__)
#define blkback_warn(which, fmt, ...) \
	blkback_say(which, warn, fmt, ##__VA_ARGS__)

/* main.c */
extern struct workqueue_struct *blkback_dev_wq;
extern unsigned int blkback_max_buffer_pages;
extern unsigned int blkback_max_copy_pages;
extern unsigned int blkback_max_queues;
extern unsigned int blkback_max_ring_page_order;
extern unsigned int blkback_max_indirect_segments;
extern unsigned long blkback_max_unwritten_bytes;
extern unsigned int blkback_io_deadline_sec;
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
bool blkback_xenbus_online(struct blkback_dev *dev);
int blkback_xenbus_read_config(struct blkback_dev *dev,
			       struct blkback_config *config);
int blkback_xenbus_read_physical(struct blkback_dev *dev);
int blkback_xenbus_write_disk(struct blkback_dev *dev);
int blkback_xenbus_write_size(struct blkback_dev *dev);

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
void blkback_connection_stop(struct blkback_dev *dev);
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
void blkback_queue_complete(struct blkback_part *part);

/* intake.c: the ring's work item, may sleep */
bool blkback_intake_take(struct blkback_queue *queue,
			 struct list_head *refused);
void blkback_intake_describe(struct blkback_queue *queue,
			     struct list_head *refused);

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

/* stats.c: the device's work item, may sleep */
struct blkback_stats *blkback_stats_get(struct blkback_dev *dev,
					unsigned int number);
void blkback_stats_free(struct blkback_dev *dev);
/* any context */
u64 blkback_stats_sum(const struct blkback_dev *dev, size_t at);
/* the ring's work item */
void blkback_stats_done(struct blkback_stats *stats,
			const struct blkback_cmd *cmd, int error);
void blkback_stats_refused(struct blkback_stats *stats);
void blkback_stats_waited(struct blkback_stats *stats);

#endif /* _BLKBACK_H */
