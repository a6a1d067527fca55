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
#include <xen/interface/io/blkif.h>
#include <xen/interface/io/ring.h>

struct xenbus_device;

DEFINE_RING_TYPES(blkfront, union blkif_native_request,
		  struct blkif_native_response);

#define BLKFRONT_RING_SLOTS	__CONST_RING_SIZE(blkfront, BLKIF_PAGE_SIZE)
#define BLKFRONT_MAX_SEGMENTS	BLKIF_MAX_SEGMENTS_PER_REQUEST

/* One request may discard this much; the whole disk in one would block others. */
#define BLKFRONT_MAX_DISCARD_SECTORS	(1U << 21)

/* --- negotiate.c: pure ----------------------------------------------------- */

/* The keys of the backend that say what the disk is. */
enum blkfront_key {
	BLKFRONT_KEY_SECTORS,
	BLKFRONT_KEY_SECTOR_SIZE,
	BLKFRONT_KEY_PHYSICAL_SECTOR_SIZE,
	BLKFRONT_KEY_INFO,
	BLKFRONT_KEY_FLUSH,
	BLKFRONT_KEY_BARRIER,
	BLKFRONT_KEY_DISCARD,
	BLKFRONT_KEY_DISCARD_GRANULARITY,
	BLKFRONT_KEY_DISCARD_ALIGNMENT,
	BLKFRONT_KEY_DISCARD_SECURE,
	BLKFRONT_NR_KEYS
};

/* The backend's values as they were read; NULL for a key that is not there. */
struct blkfront_offer {
	const char *value[BLKFRONT_NR_KEYS];
};

/* How the backend makes writes durable. */
enum blkfront_flush {
	BLKFRONT_FLUSH_NONE,
	BLKFRONT_FLUSH_CACHE,
	BLKFRONT_FLUSH_BARRIER,
};

/**
 * struct blkfront_config - what was agreed with the backend, checked
 * @sectors: capacity in units of 512 bytes, whole logical blocks
 * @sector_size: logical block size in bytes
 * @physical_sector_size: physical block size in bytes
 * @flush: the operation that flushes, if there is one
 * @discard: discards are taken
 * @secure_erase: secure discards are taken
 * @discard_granularity: in bytes
 * @discard_alignment: in bytes
 * @cdrom: the disk is a CD-ROM
 * @removable: the medium can be removed
 * @readonly: the disk cannot be written
 * @nr_slots: requests that can be in flight on one ring
 * @max_segments: pages that one request can carry
 */
struct blkfront_config {
	u64 sectors;
	u32 sector_size;
	u32 physical_sector_size;
	enum blkfront_flush flush;
	bool discard;
	bool secure_erase;
	u32 discard_granularity;
	u32 discard_alignment;
	bool cdrom;
	bool removable;
	bool readonly;
	unsigned int nr_slots;
	unsigned int max_segments;
};

/* Why an offer was refused: the key, its value, what was expected instead. */
struct blkfront_refusal {
	const char *key;
	const char *value;
	const char *expected;
};

const char *blkfront_negotiate_key(enum blkfront_key key);
int blkfront_negotiate(const struct blkfront_offer *offer,
		       struct blkfront_config *config,
		       struct blkfront_refusal *refusal);

/* --- vdev.c: pure ----------------------------------------------------------- */

/**
 * struct blkfront_vdev - what a virtual-device number means
 * @name: the disk's name
 * @minor: its first minor
 * @nr_minors: how many it has: one when the number is that of a partition
 * @offset: the disk's place in the alphabet, from 0
 * @xvd: the number is one of a Xen disk, not of an emulated IDE or SCSI one
 * @extended: the number is one of the extended range
 */
struct blkfront_vdev {
	char name[DISK_NAME_LEN];
	unsigned int minor;
	unsigned int nr_minors;
	unsigned int offset;
	bool xvd;
	bool extended;
};

int blkfront_vdev_parse(int number, struct blkfront_vdev *vdev);

/* --- encode.c: pure --------------------------------------------------------- */

enum blkfront_op {
	BLKFRONT_READ,
	BLKFRONT_WRITE,
	BLKFRONT_FLUSH,
	BLKFRONT_DISCARD,
	BLKFRONT_SECURE_ERASE,
};

/* A page, or the part of it from first_sect to last_sect, both included. */
struct blkfront_segment {
	u32 gref;
	u8 first_sect;
	u8 last_sect;
};

/* A request, before it takes the shape of the wire.  Sectors are of 512 bytes. */
struct blkfront_io {
	enum blkfront_op op;
	u16 handle;
	u16 id;
	u64 sector;
	u64 nr_sectors;
	unsigned int nr_segs;
	struct blkfront_segment seg[BLKFRONT_MAX_SEGMENTS];
};

int blkfront_encode_op(enum blkfront_op op,
		       const struct blkfront_config *config);
int blkfront_encode(union blkif_native_request *slot,
		    const struct blkfront_io *io,
		    const struct blkfront_config *config);

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
	domid_t domid;
	struct blkfront_config config;
	struct page *page;
	grant_ref_t ref;
	unsigned int irq;

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

/* --- port.c: every hypercall -------------------------------------------------- */

int blkfront_port_grant_alloc(grant_ref_t *ref, unsigned int nr);
void blkfront_port_grant_free(grant_ref_t ref);
void blkfront_port_grant_arm(grant_ref_t ref, domid_t domid, struct page *page,
			     bool readonly);
bool blkfront_port_grant_disarm(grant_ref_t ref);
bool blkfront_port_grant_revoke(grant_ref_t ref);
void blkfront_port_grant_defer(grant_ref_t ref, struct page *page);
int blkfront_port_event_bind(unsigned int evtchn, irq_handler_t handler,
			     void *data);
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
	domid_t domid;
	struct blkfront_config config;
	bool parked;			/* the queue is quiesced */
	bool ending;			/* LEAVING ends in DEAD */
	bool fresh;			/* XenStore was made anew: resumed */
	bool reset;			/* the backend has to begin again */
	bool refused;			/* the first connection came to nothing */
	bool waiting;			/* was reported to wait */
	unsigned long left;		/* jiffies when LEAVING began */

	/*
	 * The two work items.  @work follows the backend and never waits for
	 * I/O of this disk; what may wait for it (adding the disk scans it,
	 * changing limits freezes it) is done by @block_work.
	 */
	struct delayed_work work;
	struct work_struct block_work;

	/* From the first connection on, until the disk is dead. */
	struct gendisk *gd;
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
void blkfront_disk_delete(struct blkfront_disk *disk);
void blkfront_disk_wait_for_all(void);

/* --- submit.c ------------------------------------------------------------------ */

extern const struct blk_mq_ops blkfront_mq_ops;

irqreturn_t blkfront_submit_interrupt(int irq, void *data);
blk_status_t blkfront_submit_refuse(struct blkfront_queue *queue,
				    const struct blkfront_io *io);
bool blkfront_submit_reap(struct blkfront_queue *queue);
void blkfront_submit_end(struct blkfront_queue *queue, unsigned int tag,
			 blk_status_t status);

/* --- recover.c: under disk->lock ------------------------------------------------ */

void blkfront_recover_park(struct blkfront_disk *disk);
bool blkfront_recover_fence(struct blkfront_disk *disk, bool give_up);
int blkfront_recover_prepare(struct blkfront_disk *disk);
unsigned int blkfront_recover_replay(struct blkfront_disk *disk);
void blkfront_recover_refresh(struct blkfront_disk *disk);
bool blkfront_recover_fail(struct blkfront_disk *disk);
bool blkfront_recover_drain(struct blkfront_disk *disk, unsigned long timeout);

/* --- xenbus.c -------------------------------------------------------------------- */

void blkfront_xenbus_work(struct work_struct *work);
int blkfront_xenbus_register(void);
void blkfront_xenbus_unregister(void);

/* --- main.c ----------------------------------------------------------------------- */

extern struct workqueue_struct *blkfront_wq;

#endif /* _BLKFRONT_H */
