/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the rooms of xen-blkfront share.
 *
 * Who owns what:
 *
 * struct blkfront_disk	counted by reference: one reference for the xenbus
 *			device from probe to remove, one for every work item
 *			that is queued, one for the gendisk once it was added
 *			(until its free_disk).  The object may outlive the
 *			xenbus device by as long as somebody has it open, and
 *			be adopted by another one, which has that reference then.
 * struct blkfront_queue	part of its disk; the ring in it comes and goes with
 *			the connection.  Their number is settled by the first
 *			connection; a later one may use fewer.
 * struct blkfront_ctx	part of its disk, from the first connection on: a
 *			hardware context of the block layer.  Has a queue to
 *			itself, or shares one when there are fewer.
 * struct blkfront_shadow	part of its context; belongs to the request that has
 *			the tag.  All shadows that are not free are the
 *			journal: what the backend was asked and has not
 *			answered.
 * struct blkfront_pool	part of its queue: what requests borrow.
 *
 * Who locks what:
 *
 * disk->lock (mutex)	state, xbdev, domid, config, the connection of every
 *			queue.  Taken by the disk's work item, and by probe,
 *			remove, suspend and resume.  Whoever holds it may talk
 *			to XenStore, and never waits for I/O of this disk.
 * queue->lock (spin)	the ring's indices, the backlog, and the state of the
 *			shadows whose context uses the queue, from queue_rq,
 *			poll, the interrupt handler, completion (in it or in
 *			softirq) and the work items; interrupts off.  Nothing is
 *			allocated, granted or notified under it.
 * pool->lock (spin)	what is in the pool, from the same contexts; interrupts
 *			off.  Nothing is allocated under it.
 * vdev_lock (mutex)	the list of minors in use, in disk.c.
 *
 * Order: disk->lock, queue->lock.  pool->lock stands alone.
 */
#ifndef _BLKFRONT_H
#define _BLKFRONT_H

#include <linux/blk-mq.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <xen/grant_table.h>
#include <xen/xen.h>
#include <xen/interface/event_channel.h>
#include <xen/interface/io/blkif.h>
#include <xen/interface/io/ring.h>
#include <xen/interface/io/xenbus.h>

#include "encode.h"
#include "identity.h"
#include "latency.h"
#include "negotiate.h"
#include "vdev.h"

struct xenbus_device;
struct xenbus_driver;
struct xenbus_transaction;

DEFINE_RING_TYPES(blkfront, union blkif_native_request,
		  struct blkif_native_response);

#define BLKFRONT_MAX_RING_PAGES	BIT(BLKFRONT_MAX_RING_ORDER)
#define BLKFRONT_RING_SLOTS(order) \
	__CONST_RING_SIZE(blkfront, BLKIF_PAGE_SIZE << (order))
#define BLKFRONT_DIRECT_SEGMENTS	BLKIF_MAX_SEGMENTS_PER_REQUEST
#define BLKFRONT_MAX_DESCS	BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST

/* --- pool.c ------------------------------------------------------------------ */

/* What any request gets on with. */
#define BLKFRONT_POOL_RESERVE	BLKFRONT_DIRECT_SEGMENTS

/* What makes room in a shadow for more segments than a slot has. */
struct blkfront_table {
	struct list_head node;		/* table_list, or mapped_list */
	unsigned int nr_segs;		/* room for so many */
	struct page **page;
	struct blkfront_segment *seg;
	struct page *desc[BLKFRONT_MAX_DESCS];
	u32 desc_gref[BLKFRONT_MAX_DESCS];
	unsigned int nr_granted;	/* descriptor pages that stay granted */
};

/*
 * How many of a thing a pool has in all, how many of these are not lent, and
 * the least that were not since the last look.
 */
struct blkfront_stock {
	unsigned int nr;
	unsigned int nr_free;
	unsigned int nr_low;
};

/*
 * What requests borrow.  While there is a connection, at least as many grant
 * references as one direct request needs, and as many private pages if it is
 * made of such, belong to the pool: so there is always a request that gets on.
 */
struct blkfront_pool {
	spinlock_t lock;		/* see above */
	bool private;			/* requests get private pages */
	bool persistent;		/* and these stay granted */
	bool lingers;			/* a backend has vanished: see linger.c */
	domid_t domid;			/* to that domain */
	unsigned int table_segs;	/* what a new table has room for */
	struct blkfront_stock refs;	/* but for those of granted pages */
	struct blkfront_stock pages;	/* private ones that are not granted */
	struct blkfront_stock granted;	/* and those that are, persistent.c */
	struct blkfront_stock tables;
	grant_ref_t ref_chain;
	struct list_head page_list;
	struct list_head granted_list;
	struct list_head table_list;
	struct list_head mapped_list;	/* tables that the backend does not let go */
	unsigned long period;		/* of the work item, in jiffies */
	struct delayed_work trim;	/* queued while there is more than that */
};

struct blkfront_shadow;

void blkfront_pool_init(struct blkfront_pool *pool);
int blkfront_pool_open(struct blkfront_pool *pool, bool private);
void blkfront_pool_use(struct blkfront_pool *pool, bool private,
		       bool persistent, domid_t domid);
bool blkfront_pool_fence(struct blkfront_pool *pool, bool give_up);
void blkfront_pool_set_table(struct blkfront_pool *pool, unsigned int nr_segs);
void blkfront_pool_close(struct blkfront_pool *pool);
unsigned int blkfront_pool_take(struct blkfront_pool *pool,
				struct blkfront_shadow *shadow,
				unsigned int nr);
void blkfront_pool_give(struct blkfront_pool *pool,
			struct blkfront_shadow *shadow);

/* --- persistent.c ------------------------------------------------------------ */

unsigned int blkfront_persistent_lend(struct blkfront_pool *pool,
				      struct blkfront_shadow *shadow,
				      unsigned int nr);
void blkfront_persistent_arm(struct blkfront_shadow *shadow, domid_t domid);
void blkfront_persistent_stay(struct blkfront_pool *pool,
			      struct blkfront_shadow *shadow);
void blkfront_persistent_keep(struct blkfront_pool *pool, struct page *page,
			      struct list_head *surplus);
void blkfront_persistent_end(struct blkfront_pool *pool,
			     struct list_head *surplus);
bool blkfront_persistent_trim(struct blkfront_pool *pool, unsigned int reserve);
bool blkfront_persistent_fence(struct blkfront_pool *pool, bool give_up);
int blkfront_persistent_grant_table(struct blkfront_pool *pool,
				    struct blkfront_table *table);
bool blkfront_persistent_end_table(struct blkfront_table *table, bool give_up);

/* --- ring.c ------------------------------------------------------------------ */

enum blkfront_shadow_state {
	BLKFRONT_FREE,		/* no request has the tag */
	BLKFRONT_WAITING,	/* in the backlog: waits for its turn on the ring */
	BLKFRONT_FLYING,	/* the backend has it */
	BLKFRONT_ANSWERED,	/* answered, completion is on its way */
	BLKFRONT_HELD,		/* answered, but a page is still mapped */
};

/*
 * A request that has a tag.  It goes out as one piece, or as several one after
 * the other: @io is the one that is on its way.
 */
struct blkfront_shadow {
	struct blkfront_ctx *ctx;
	struct request *rq;
	struct list_head node;		/* the backlog; a plug; answers just taken */
	u64 seq;			/* of its context: its place in the journal */
	unsigned long since;		/* jiffies when the request came */
	struct blkfront_times times;
	RING_IDX index;			/* where on the ring it was put */
	enum blkfront_shadow_state state;
	u32 turn;			/* counts pieces: part of the id */
	u8 wire_op;
	s64 flush;			/* the number of a flush */
	bool made;			/* @io can go out: what it needs is lent */
	bool rest;			/* another piece follows */
	bool waited;			/* the block layer was sent away with it */
	unsigned long waits;		/* and since when, in jiffies */
	blk_status_t status;

	struct blkfront_io io;
	unsigned int nr_lent;		/* references in io.seg */
	unsigned int nr_granted;	/* of them, which came with a granted page */
	unsigned int nr_armed;		/* of them, and then of descriptors' */
	struct page **page;		/* what is granted, for each segment */
	struct blkfront_table *table;	/* NULL: there is room enough below */
	struct blkfront_segment direct_seg[BLKFRONT_DIRECT_SEGMENTS];
	struct page *direct_page[BLKFRONT_DIRECT_SEGMENTS];
};

struct blkfront_ctx {
	struct blkfront_queue *queue;	/* changed while nothing runs but poll() */
	unsigned int index;
	unsigned int depth;
	unsigned int nr_busy;		/* shadows that are not free: queue->lock */
	u64 seq;			/* queue->lock */
	struct blkfront_latency *latency;	/* what is in it: queue->lock */
	struct blkfront_shadow *shadow;
};

struct blkfront_queue {
	struct blkfront_disk *disk;
	const char *name;		/* for messages */
	spinlock_t lock;

	/* Protected by lock. */
	bool broken;			/* its answers are believed no more */
	bool shut;			/* nothing is put any more */
	bool pumping;			/* somebody takes from the backlog */
	bool again;			/* and has to look once more */
	bool starved;			/* the block layer was sent away */
	bool polled;			/* asks for no events: @watch is queued */
	struct list_head backlog;	/* in order; goes before anything new */
	u64 end_ns;			/* what the clock said, */
	unsigned int nr_ends;		/* and for how many ends it was asked once */
	struct blkfront_front_ring ring;
	s64 written;			/* numbers of flushes, see durable.c */
	s64 flushed;

	/*
	 * The connection: set under disk->lock, and only while the block
	 * layer's queue is quiesced (or not there yet) and this one is shut.
	 * Who makes pieces, which nobody does then, reads it without a lock.
	 */
	bool dead;			/* requests fail; the rest is not looked at */
	domid_t domid;
	struct blkfront_config config;
	void *shared;			/* the ring's pages; NULL: there is none */
	unsigned int nr_pages;
	unsigned int nr_granted;	/* of the pages, from the first on */
	grant_ref_t ref[BLKFRONT_MAX_RING_PAGES];
	evtchn_port_t evtchn;
	unsigned int irq;
	cpumask_var_t cpus;		/* whose requests come here */
	RING_IDX event_cons;		/* the handler's: rsp_cons at the last event */

	/* See poll.c; read without a lock. */
	bool poll;			/* it may be polled; set under the lock */
	bool looked;			/* somebody has, since the last @watch */
	struct delayed_work watch;

	struct blkfront_pool pool;
};

void blkfront_ring_attach(struct blkfront_queue *queue, void *shared,
			  unsigned int nr_pages);
void blkfront_ring_detach(struct blkfront_queue *queue);
unsigned int blkfront_ring_room(const struct blkfront_queue *queue);
u64 blkfront_ring_id(const struct blkfront_shadow *shadow);
void blkfront_ring_put(struct blkfront_queue *queue,
		       struct blkfront_shadow *shadow,
		       const union blkif_native_request *slot);
bool blkfront_ring_push(struct blkfront_queue *queue);
bool blkfront_ring_busy(const struct blkfront_queue *queue);
bool blkfront_ring_unseen(const struct blkfront_shadow *shadow);
struct blkfront_shadow *blkfront_ring_take(struct blkfront_queue *queue);
bool blkfront_ring_done(struct blkfront_queue *queue);
void blkfront_ring_quiet(struct blkfront_queue *queue);

/* Where both sides are, for people; what the backend wrote is no more than its word. */
struct blkfront_ring_view {
	unsigned int nr_slots;
	RING_IDX req_prod;
	RING_IDX rsp_prod;
	RING_IDX rsp_cons;
	RING_IDX req_event;
	RING_IDX rsp_event;
};

void blkfront_ring_view(struct blkfront_queue *queue,
			struct blkfront_ring_view *view);

/* --- grants.c ---------------------------------------------------------------- */

void blkfront_grants_arm(struct blkfront_shadow *shadow, domid_t domid);
bool blkfront_grants_disarm(struct blkfront_shadow *shadow);
bool blkfront_grants_revoke(struct blkfront_shadow *shadow);
bool blkfront_grants_abandon(struct blkfront_shadow *shadow);

/* --- bounce.c --------------------------------------------------------------- */

void blkfront_bounce_out(struct blkfront_shadow *shadow);
void blkfront_bounce_home(struct blkfront_shadow *shadow);

/* --- piece.c ----------------------------------------------------------------- */

int blkfront_piece_make(struct blkfront_shadow *shadow);
void blkfront_piece_drop(struct blkfront_shadow *shadow);

/* --- backlog.c --------------------------------------------------------------- */

bool blkfront_backlog_closed(struct blkfront_queue *queue);
void blkfront_backlog_starve(struct blkfront_queue *queue);
void blkfront_backlog_put(struct blkfront_shadow *shadow, bool last);
void blkfront_backlog_put_all(struct blkfront_queue *queue,
			      struct list_head *made);
void blkfront_backlog_add(struct blkfront_shadow *shadow, bool pump);
void blkfront_backlog_remove(struct blkfront_shadow *shadow);
bool blkfront_backlog_kick(struct blkfront_queue *queue);

/* --- queue.c ----------------------------------------------------------------- */

int blkfront_queue_alloc(struct blkfront_disk *disk, unsigned int nr);
int blkfront_queue_alloc_ctxs(struct blkfront_disk *disk);
void blkfront_queue_free_ctxs(struct blkfront_disk *disk);
void blkfront_queue_free(struct blkfront_disk *disk);
int blkfront_queue_connect(struct blkfront_queue *queue, unsigned int order);
void blkfront_queue_shut(struct blkfront_queue *queue);
void blkfront_queue_reopen(struct blkfront_queue *queue);
bool blkfront_queue_fence(struct blkfront_queue *queue, bool give_up);

#define for_each_queue(disk, queue) \
	for ((queue) = (disk)->queues; \
	     (queue) < (disk)->queues + (disk)->nr_queues; (queue)++)

#define for_each_ctx(disk, ctx) \
	for ((ctx) = (disk)->ctxs; \
	     (ctx) < (disk)->ctxs + (disk)->nr_ctxs; (ctx)++)

#define for_each_shadow(ctx, s) \
	for ((s) = (ctx)->shadow; (s) < (ctx)->shadow + (ctx)->depth; (s)++)

/* --- port.c: every hypercall -------------------------------------------------- */

int blkfront_port_grant_alloc(grant_ref_t *chain, unsigned int nr);
grant_ref_t blkfront_port_grant_claim(grant_ref_t *chain);
void blkfront_port_grant_release(grant_ref_t *chain, grant_ref_t ref);
void blkfront_port_grant_free(grant_ref_t ref);
void blkfront_port_grant_arm(grant_ref_t ref, domid_t domid, struct page *page,
			     bool readonly);
bool blkfront_port_grant_disarm(grant_ref_t ref);
bool blkfront_port_grant_revoke(grant_ref_t ref);
void blkfront_port_grant_defer(grant_ref_t ref, struct page *page);
int blkfront_port_event_bind(struct xenbus_device *xbdev, evtchn_port_t *evtchn,
			     irq_handler_t handler, void *data);
void blkfront_port_event_unbind(unsigned int irq, void *data);
void blkfront_port_event_spread(unsigned int irq, const struct cpumask *cpus);
void blkfront_port_event_eoi(unsigned int irq, bool spurious);
void blkfront_port_notify(unsigned int irq);

/* --- disk.c -------------------------------------------------------------------- */

/*
 * INIT		no ring; waits for the backend's InitWait
 * OFFERED	ring published; waits for the backend's Connected
 * LIVE		connected
 * LEAVING	the connection ended; waits until the backend has let go of
 *		the ring and of every page
 * DEAD		there will be no connection any more
 */
enum blkfront_state {
	BLKFRONT_STATE_INIT,
	BLKFRONT_STATE_OFFERED,
	BLKFRONT_STATE_LIVE,
	BLKFRONT_STATE_LEAVING,
	BLKFRONT_STATE_DEAD,
};

/* Bits of disk->flags; set from any context, acted on by the work items. */
enum {
	BLKFRONT_REMOVED,	/* the xenbus device is gone, for good */
	BLKFRONT_ORPHAN,	/* it is gone, and may be made anew */
	BLKFRONT_BROKEN,	/* the backend broke the protocol */
	BLKFRONT_CHANGED,	/* the backend wrote its state */
	BLKFRONT_UNPLUG,	/* to go away when nobody has it open */
	BLKFRONT_ADDED,		/* device_add_disk() has succeeded */
	BLKFRONT_ADD_FAILED,	/* device_add_disk() has failed */
	BLKFRONT_NO_DISCARD,	/* the backend refused a discard */
	BLKFRONT_FLUSH_REFUSED,	/* the backend refused a flush: was reported */
	BLKFRONT_CLOSING,	/* nobody has it open, and nobody can any more */
};

/* What is said of requests that are late, and when: under disk->lock. */
struct blkfront_deadline {
	struct delayed_work look;	/* queued while there are requests */
	unsigned long said;		/* jiffies; the last word */
	unsigned long word;		/* how long it holds; 0: none was said yet */
};

struct blkfront_disk {
	struct kref ref;
	struct mutex lock;		/* see above */
	unsigned long flags;
	struct blkfront_vdev vdev;
	u16 handle;

	/* Protected by lock. */
	enum blkfront_state state;
	struct xenbus_device *xbdev;	/* NULL after remove */
	unsigned long until;		/* jiffies; an orphan waits for another */
	char *backend;			/* its directory in XenStore */
	enum xenbus_state said;		/* our state, as we wrote it last */
	domid_t domid;
	bool untrusted;			/* the backend sees private pages only */
	bool persistent;		/* it was told that grants may stay mapped */
	struct blkfront_config config;
	struct blkfront_identity identity;	/* what it is known by */
	bool resumed;			/* not seen connected since */
	bool closed;			/* so the one that is left said */
	bool vanished;			/* its node was gone before its mappings were */
	bool abrupt;			/* not before the device, or the domain, went */
	bool parked;			/* the queue is quiesced */
	bool ending;			/* LEAVING ends in DEAD */
	bool fresh;			/* XenStore was made anew: resumed */
	bool fenced;			/* while LEAVING: the backend has let go */
	bool refused;			/* the first connection came to nothing */
	bool waiting;			/* for its backend: was reported */
	bool refusing;			/* no longer: requests fail meanwhile */
	unsigned long lost;		/* jiffies when waiting began */
	unsigned long word;		/* jiffies; what is said of it, and when */
	unsigned long next_word;
	struct blkfront_deadline deadline;
	bool late;			/* the backend, in letting go: was reported */
	unsigned long left;		/* jiffies when the backend left */
	unsigned long retry;		/* jiffies between two attempts */

	/*
	 * The two work items, on a queue each.  @work follows the backend and
	 * never waits for I/O of this disk; what may wait for it (adding the
	 * disk scans it, changing limits freezes it, removing it tells a file
	 * system) is done by @block_work.
	 */
	struct delayed_work work;
	struct work_struct block_work;
	struct work_struct wake;
	bool asleep;			/* until then, or resume(), no ring is looked at */

	/* From the first connection on, until the disk is dead. */
	struct gendisk *gd;
	struct blkfront_config applied;	/* block_work: what gd was told */
	struct blk_mq_tag_set tag_set;
	struct list_head minors;	/* vdev_lock */
	struct completion gone;		/* nothing of it is left in sysfs */

	/* Under lock: the first so many queues have a ring. */
	struct blkfront_layout layout;
	atomic64_t flushes;		/* the number of the last one that was sent */
	unsigned int losses;		/* caches that went with their backends */
	unsigned int losses_told;	/* any context: a flush failed for so many */
	unsigned int losses_settled;	/* block_work: no older one is left */
	unsigned int nr_queues;
	struct blkfront_queue *queues;
	unsigned int nr_ctxs;
	unsigned int nr_poll_ctxs;	/* of these, the last so many */
	struct blkfront_ctx *ctxs;
	u64 latency_since_ns;		/* lock: since when they count */
	struct dentry *debugfs;
	wait_queue_head_t wait;		/* for shadows to get somewhere */
};

#define blkfront_say(disk, loglevel, print, fmt, ...)			\
	do {								\
		if ((loglevel) <= READ_ONCE(blkfront_log_level))	\
			print("%s: " fmt, (disk)->vdev.name, ##__VA_ARGS__);	\
	} while (0)
#define blkfront_warn(disk, fmt, ...) \
	blkfront_say(disk, LOGLEVEL_WARNING, pr_warn_ratelimited, fmt, \
		     ##__VA_ARGS__)
#define blkfront_info(disk, fmt, ...) \
	blkfront_say(disk, LOGLEVEL_INFO, pr_info_ratelimited, fmt, \
		     ##__VA_ARGS__)

struct blkfront_disk *blkfront_disk_alloc(const struct blkfront_vdev *vdev);
void blkfront_disk_put(struct blkfront_disk *disk);
void blkfront_disk_queue_work(struct blkfront_disk *disk, unsigned long delay);
void blkfront_disk_queue_block_work(struct blkfront_disk *disk);
void blkfront_disk_sleep(struct blkfront_disk *disk);
int blkfront_disk_create(struct blkfront_disk *disk);
bool blkfront_disk_close(struct blkfront_disk *disk);
int blkfront_disk_move(struct blkfront_disk *disk, struct device *parent);
void blkfront_disk_orphan(struct blkfront_disk *disk);
struct blkfront_disk *blkfront_disk_find_orphan(const struct blkfront_vdev *vdev);
void blkfront_disk_wait_for_all(void);

/* --- submit.c ------------------------------------------------------------------ */

extern const struct blk_mq_ops blkfront_mq_ops;

irqreturn_t blkfront_submit_interrupt(int irq, void *data);
blk_status_t blkfront_submit_status(struct blkfront_shadow *shadow, int err);
void blkfront_submit_reap(struct blkfront_queue *queue);
void blkfront_submit_look(struct blkfront_queue *queue);
unsigned int blkfront_submit_poll(struct blkfront_queue *queue,
				  struct io_comp_batch *iob);
void blkfront_submit_end(struct blkfront_shadow *shadow, blk_status_t status);

/* --- poll.c ---------------------------------------------------------------------- */

void blkfront_poll_note(struct blkfront_queue *queue);
void blkfront_poll_assign(struct blkfront_queue *queue, bool poll);
void blkfront_poll_init(struct blkfront_queue *queue);
void blkfront_poll_settle(struct blkfront_queue *queue);
void blkfront_poll_end(struct blkfront_queue *queue);

/* --- recover.c: under disk->lock ------------------------------------------------ */

void blkfront_recover_park(struct blkfront_disk *disk);
bool blkfront_recover_fence(struct blkfront_disk *disk, bool give_up);
void blkfront_recover_distrust(struct blkfront_disk *disk);
int blkfront_recover_prepare(struct blkfront_disk *disk);
unsigned int blkfront_recover_replay(struct blkfront_disk *disk);
void blkfront_recover_refresh(struct blkfront_disk *disk);
unsigned int blkfront_recover_count(struct blkfront_disk *disk, u64 *oldest_ns);
unsigned int blkfront_recover_refuse(struct blkfront_disk *disk);
void blkfront_recover_fail(struct blkfront_disk *disk);
bool blkfront_recover_drain(struct blkfront_disk *disk, unsigned long timeout);

/* --- state.c --------------------------------------------------------------------- */

void blkfront_state_work(struct work_struct *work);
void blkfront_state_leave(struct blkfront_disk *disk, bool ending);
void blkfront_state_resume(struct blkfront_disk *disk);
void blkfront_state_wake(struct blkfront_disk *disk);

/* --- durable.c ------------------------------------------------------------------- */

int blkfront_durable_send(struct blkfront_shadow *shadow);
void blkfront_durable_note(struct blkfront_queue *queue,
			   const struct blkfront_shadow *shadow);
void blkfront_durable_end(struct blkfront_disk *disk, bool orderly);

/* --- table.c --------------------------------------------------------------------- */

struct blkfront_table *blkfront_table_alloc(unsigned int nr_segs, gfp_t gfp);
void blkfront_table_free(struct blkfront_table *table, bool lingers);

/* --- linger.c -------------------------------------------------------------------- */

void blkfront_linger_free(struct page *page, bool lingers);
void blkfront_linger_wait(void);
void blkfront_linger_exit(void);

/* --- deadline.c ------------------------------------------------------------------ */

void blkfront_deadline_init(struct blkfront_disk *disk);
void blkfront_deadline_end(struct blkfront_disk *disk);
unsigned int blkfront_deadline_jiffies(void);
enum blk_eh_timer_return blkfront_deadline_timeout(struct request *rq);
void blkfront_deadline_watch(struct blkfront_disk *disk);

/* --- debugfs.c: process context, may sleep ------------------------------------------- */

void blkfront_debugfs_init(void);
void blkfront_debugfs_exit(void);
void blkfront_debugfs_add(struct blkfront_disk *disk);
void blkfront_debugfs_remove(struct blkfront_disk *disk);

/* --- lost.c: under disk->lock ------------------------------------------------------ */

void blkfront_lost_begin(struct blkfront_disk *disk);
bool blkfront_lost_end(struct blkfront_disk *disk);
unsigned long blkfront_lost_patience(const struct blkfront_disk *disk);
void blkfront_lost_step(struct blkfront_disk *disk);

/* --- adopt.c --------------------------------------------------------------------- */

bool blkfront_adopt_keep(struct blkfront_disk *disk);
bool blkfront_adopt_late(struct blkfront_disk *disk);
unsigned long blkfront_adopt_patience(struct blkfront_disk *disk);
int blkfront_adopt(struct xenbus_device *xbdev,
		   const struct blkfront_vdev *vdev, u16 handle);

/* --- xenbus.c: under disk->lock, if there is a disk --------------------------------- */

int blkfront_xenbus_backend(struct blkfront_disk *disk,
			    enum xenbus_state *state);
bool blkfront_xenbus_backend_exists(struct blkfront_disk *disk);
domid_t blkfront_xenbus_domid(struct blkfront_disk *disk);
int blkfront_xenbus_trusted(struct blkfront_disk *disk, bool *trusted);
int blkfront_xenbus_wanted(struct blkfront_disk *disk);
bool blkfront_xenbus_unwanted(struct blkfront_disk *disk);
int blkfront_xenbus_anew(struct blkfront_disk *disk);
void blkfront_xenbus_switch(struct blkfront_disk *disk, enum xenbus_state state);
void blkfront_xenbus_connected(struct blkfront_disk *disk);
int blkfront_xenbus_put_state(struct xenbus_transaction xbt,
			      struct xenbus_device *xbdev,
			      enum xenbus_state state);
void blkfront_xenbus_fatal(struct blkfront_disk *disk, int err, const char *what);
void blkfront_xenbus_busy(struct blkfront_disk *disk);
int blkfront_xenbus_identify(struct xenbus_device *xbdev,
			     struct blkfront_vdev *vdev, u16 *handle);
bool blkfront_xenbus_has_backend(struct blkfront_disk *disk);
int blkfront_xenbus_note_backend(struct blkfront_disk *disk);
void blkfront_xenbus_closed(struct blkfront_disk *disk);
int blkfront_xenbus_register(struct xenbus_driver *driver);
void blkfront_xenbus_unregister(struct xenbus_driver *driver);

/* --- xenbus_offer.c: under disk->lock ------------------------------------------------ */

int blkfront_xenbus_layout(struct blkfront_disk *disk,
			   struct blkfront_layout *layout);
int blkfront_xenbus_negotiate(struct blkfront_disk *disk,
			      struct blkfront_config *config);
int blkfront_xenbus_same(struct blkfront_disk *disk,
			 const struct blkfront_config *config,
			 enum blkfront_return how);

/* --- xenbus_publish.c: under disk->lock ---------------------------------------------- */

int blkfront_xenbus_publish(struct blkfront_disk *disk);
int blkfront_xenbus_retract(struct blkfront_disk *disk);

/* --- device.c --------------------------------------------------------------------- */

int blkfront_device_register(void);
void blkfront_device_unregister(void);

/* --- main.c ----------------------------------------------------------------------- */

extern struct workqueue_struct *blkfront_wq;
extern struct workqueue_struct *blkfront_wake_wq;
extern struct workqueue_struct *blkfront_block_wq;
extern int blkfront_log_level;
extern bool blkfront_trusted;
extern bool blkfront_feature_persistent;
extern unsigned int blkfront_max_persistent_grants;
extern unsigned int blkfront_max_queues;
extern unsigned int blkfront_poll_queues;
extern unsigned int blkfront_max_ring_page_order;
extern unsigned int blkfront_max_indirect_segments;
extern unsigned int blkfront_reconnect_timeout_sec;
extern unsigned int blkfront_lost_timeout_sec;
extern unsigned int blkfront_io_deadline_sec;

#endif /* _BLKFRONT_H */
