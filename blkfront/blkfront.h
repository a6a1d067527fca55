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
 *			xenbus device by as long as somebody has it open.
 * struct blkfront_queue	part of its disk, for the whole of its life; the
 *			ring in it comes and goes with the connection.
 * struct blkfront_shadow	part of its queue; belongs to the request that has
 *			the tag.  All shadows that are not free are the
 *			journal: what the backend was asked and has not
 *			answered.
 *
 * Who locks what:
 *
 * disk->lock (mutex)	state, xbdev, domid, config, the connection of every
 *			queue.  Taken by the disk's work item, and by probe,
 *			remove, suspend and resume.  Whoever holds it may talk
 *			to XenStore, and never waits for I/O of this disk.
 * queue->lock (spin)	the ring's indices and the shadows' state, from
 *			queue_rq, the interrupt handler, completion (softirq)
 *			and the work item; interrupts off.  Nothing is
 *			allocated, granted or notified under it.
 * vdev_lock (mutex)	the list of minors in use, in disk.c.
 *
 * Order: disk->lock, queue->lock.
 */
#ifndef _BLKFRONT_H
#define _BLKFRONT_H

#include <linux/blk-mq.h>
#include <linux/completion.h>
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
#include "negotiate.h"
#include "vdev.h"

struct xenbus_device;

DEFINE_RING_TYPES(blkfront, union blkif_native_request,
		  struct blkif_native_response);

#define BLKFRONT_RING_SLOTS	__CONST_RING_SIZE(blkfront, BLKIF_PAGE_SIZE)
#define BLKFRONT_MAX_SEGMENTS	BLKIF_MAX_SEGMENTS_PER_REQUEST

/* --- grants.c ---------------------------------------------------------------- */

/*
 * The grant references of one tag.  The first @nr_armed give the backend access
 * to @page; the others, if they are not INVALID_GRANT_REF, are idle.
 */
struct blkfront_grants {
	unsigned int nr_armed;
	grant_ref_t ref[BLKFRONT_MAX_SEGMENTS];
	struct page *page[BLKFRONT_MAX_SEGMENTS];
};

void blkfront_grants_init(struct blkfront_grants *grants);
int blkfront_grants_fill(struct blkfront_grants *grants);
void blkfront_grants_drain(struct blkfront_grants *grants);
void blkfront_grants_arm(struct blkfront_grants *grants, domid_t domid,
			 struct blkfront_segment *seg, unsigned int nr,
			 bool readonly);
bool blkfront_grants_disarm(struct blkfront_grants *grants);
bool blkfront_grants_revoke(struct blkfront_grants *grants);
bool blkfront_grants_abandon(struct blkfront_grants *grants);

/* --- ring.c ------------------------------------------------------------------ */

enum blkfront_shadow_state {
	BLKFRONT_FREE,		/* no request has the tag */
	BLKFRONT_FLYING,	/* the backend has it */
	BLKFRONT_ANSWERED,	/* answered, completion is on its way */
	BLKFRONT_HELD,		/* answered, but a page is still mapped */
};

struct blkfront_shadow {
	enum blkfront_shadow_state state;
	u8 wire_op;
	blk_status_t status;
	u64 seq;
	struct request *rq;
	struct blkfront_io io;
	struct blkfront_grants grants;

	bool bounced;		/* data has the request's pages, bounce what is granted */
	struct page *data[BLKFRONT_MAX_SEGMENTS];
	struct page *bounce[BLKFRONT_MAX_SEGMENTS];
};

struct blkfront_queue {
	struct blkfront_disk *disk;
	const char *name;		/* for messages */
	spinlock_t lock;

	/* Protected by lock. */
	bool broken;			/* its answers are believed no more */
	unsigned int nr_busy;		/* shadows that are not free */
	u64 seq;
	struct blkfront_front_ring ring;

	/*
	 * The connection: set under disk->lock, and only while the block
	 * layer's queue is quiesced (or not there yet).  queue_rq, which does
	 * not run then, reads it without a lock.
	 */
	bool dead;			/* requests fail */
	bool bounce;			/* the backend gets private pages */
	domid_t domid;
	struct blkfront_config config;
	struct page *page;
	grant_ref_t ref;
	unsigned int irq;
	RING_IDX event_cons;		/* the handler's: rsp_cons at the last event */

	wait_queue_head_t wait;		/* for shadows to get free */
	struct blkfront_shadow shadow[BLKFRONT_RING_SLOTS];
};

void blkfront_ring_attach(struct blkfront_queue *queue, struct page *page);
void blkfront_ring_detach(struct blkfront_queue *queue);
void blkfront_ring_put(struct blkfront_queue *queue, unsigned int tag,
		       const union blkif_native_request *slot);
bool blkfront_ring_push(struct blkfront_queue *queue);
int blkfront_ring_take(struct blkfront_queue *queue);
bool blkfront_ring_done(struct blkfront_queue *queue);

/* --- bounce.c --------------------------------------------------------------- */

int blkfront_bounce_fill(struct blkfront_shadow *shadow);
void blkfront_bounce_drain(struct blkfront_shadow *shadow);
void blkfront_bounce_begin(struct blkfront_shadow *shadow);
void blkfront_bounce_end(struct blkfront_shadow *shadow, blk_status_t status);

/* --- port.c: every hypercall -------------------------------------------------- */

int blkfront_port_grant_alloc(grant_ref_t *ref, unsigned int nr);
void blkfront_port_grant_free(grant_ref_t ref);
void blkfront_port_grant_arm(grant_ref_t ref, domid_t domid, struct page *page,
			     bool readonly);
bool blkfront_port_grant_disarm(grant_ref_t ref);
bool blkfront_port_grant_revoke(grant_ref_t ref);
void blkfront_port_grant_defer(grant_ref_t ref, struct page *page);
int blkfront_port_event_bind(struct xenbus_device *xbdev, evtchn_port_t *evtchn,
			     irq_handler_t handler, void *data);
void blkfront_port_event_unbind(unsigned int irq, void *data);
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
	BLKFRONT_REMOVED,	/* the xenbus device is gone */
	BLKFRONT_BROKEN,	/* the backend broke the protocol */
	BLKFRONT_CHANGED,	/* the backend wrote its state */
	BLKFRONT_UNPLUG,	/* to go away when nobody has it open */
	BLKFRONT_ADDED,		/* device_add_disk() has succeeded */
	BLKFRONT_ADD_FAILED,	/* device_add_disk() has failed */
	BLKFRONT_NO_DISCARD,	/* the backend refused a discard */
	BLKFRONT_FLUSH_REFUSED,	/* the backend refused a flush: was reported */
	BLKFRONT_CLOSING,	/* nobody has it open, and nobody can any more */
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
	char *backend;			/* its directory in XenStore */
	enum xenbus_state said;		/* our state, as we wrote it last */
	domid_t domid;
	bool untrusted;			/* the backend sees private pages only */
	struct blkfront_config config;
	bool parked;			/* the queue is quiesced */
	bool ending;			/* LEAVING ends in DEAD */
	bool fresh;			/* XenStore was made anew: resumed */
	bool refused;			/* the first connection came to nothing */
	bool waiting;			/* for its backend: was reported */
	bool late;			/* the backend, in letting go: was reported */
	unsigned long left;		/* jiffies when LEAVING began */

	/*
	 * The two work items, on a queue each.  @work follows the backend and
	 * never waits for I/O of this disk; what may wait for it (adding the
	 * disk scans it, changing limits freezes it, removing it tells a file
	 * system) is done by @block_work.
	 */
	struct delayed_work work;
	struct work_struct block_work;

	/* From the first connection on, until the disk is dead. */
	struct gendisk *gd;
	struct blkfront_config applied;	/* block_work: what gd was told */
	struct blk_mq_tag_set tag_set;
	struct list_head minors;	/* vdev_lock */
	struct completion gone;		/* nothing of it is left in sysfs */

	unsigned int nr_queues;
	struct blkfront_queue *queues;
};

#define blkfront_warn(disk, fmt, ...) \
	pr_warn_ratelimited("%s: " fmt, (disk)->vdev.name, ##__VA_ARGS__)
#define blkfront_info(disk, fmt, ...) \
	pr_info_ratelimited("%s: " fmt, (disk)->vdev.name, ##__VA_ARGS__)

struct blkfront_disk *blkfront_disk_alloc(const struct blkfront_vdev *vdev);
void blkfront_disk_put(struct blkfront_disk *disk);
void blkfront_disk_queue_work(struct blkfront_disk *disk, unsigned long delay);
void blkfront_disk_queue_block_work(struct blkfront_disk *disk);
int blkfront_disk_create(struct blkfront_disk *disk);
bool blkfront_disk_close(struct blkfront_disk *disk);
void blkfront_disk_orphan(struct blkfront_disk *disk);
void blkfront_disk_wait_for_all(void);

/* --- submit.c ------------------------------------------------------------------ */

extern const struct blk_mq_ops blkfront_mq_ops;

irqreturn_t blkfront_submit_interrupt(int irq, void *data);
blk_status_t blkfront_submit_refuse(struct blkfront_queue *queue,
				    const struct blkfront_io *io);
void blkfront_submit_push(struct blkfront_queue *queue);
void blkfront_submit_reap(struct blkfront_queue *queue);
void blkfront_submit_end(struct blkfront_queue *queue, unsigned int tag,
			 blk_status_t status);

/* --- recover.c: under disk->lock ------------------------------------------------ */

void blkfront_recover_park(struct blkfront_disk *disk);
bool blkfront_recover_fence(struct blkfront_disk *disk, bool give_up);
void blkfront_recover_distrust(struct blkfront_disk *disk);
int blkfront_recover_prepare(struct blkfront_disk *disk);
unsigned int blkfront_recover_replay(struct blkfront_disk *disk);
void blkfront_recover_refresh(struct blkfront_disk *disk);
void blkfront_recover_fail(struct blkfront_disk *disk);
bool blkfront_recover_drain(struct blkfront_disk *disk, unsigned long timeout);

/* --- state.c --------------------------------------------------------------------- */

void blkfront_state_work(struct work_struct *work);
void blkfront_state_leave(struct blkfront_disk *disk, bool ending);

/* --- xenbus.c: under disk->lock, but for the last two ------------------------------ */

enum xenbus_state blkfront_xenbus_backend(struct blkfront_disk *disk);
domid_t blkfront_xenbus_domid(struct blkfront_disk *disk);
bool blkfront_xenbus_trusted(struct blkfront_disk *disk);
bool blkfront_xenbus_wanted(struct blkfront_disk *disk);
void blkfront_xenbus_switch(struct blkfront_disk *disk, enum xenbus_state state);
void blkfront_xenbus_connected(struct blkfront_disk *disk);
int blkfront_xenbus_restart(struct blkfront_disk *disk);
int blkfront_xenbus_publish(struct blkfront_disk *disk, evtchn_port_t evtchn);
int blkfront_xenbus_negotiate(struct blkfront_disk *disk,
			      struct blkfront_config *config);
void blkfront_xenbus_fatal(struct blkfront_disk *disk, int err, const char *what);
void blkfront_xenbus_busy(struct blkfront_disk *disk);
int blkfront_xenbus_register(void);
void blkfront_xenbus_unregister(void);

/* --- main.c ----------------------------------------------------------------------- */

extern struct workqueue_struct *blkfront_wq;
extern struct workqueue_struct *blkfront_block_wq;
extern bool blkfront_trusted;

#endif /* _BLKFRONT_H */
