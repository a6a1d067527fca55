/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The loopback: both halves of the pair in one kernel, without Xen.
 *
 *	xen.c		the grant table and event channels, in place of both
 *	grants.c	halves' port.c: the knobs, grants, mappings of them, and
 *	maps.c		events
 *	events.c
 *	store.c		XenStore, xenwatch and the bus, in place of the kernel's:
 *	watch.c		a module's own function takes precedence over one that
 *	xenbus.c	the kernel exports
 *	faults.c	allocations that fail
 *	memory.c	slabs that are empty
 *	clock.c		sleeps that are over at once, and what time it is
 *	log.c		messages that are counted
 *	files.c		what the drivers show in sysfs and debugfs
 *	stat.c		one of these files, read as a tool reads it
 *	disk.c		the backing device, with knobs
 *	peer.c		a frontend that does what the test says, however wrong
 *	false_back.c	a backend of that kind
 *	back.c		the bench for the backend, and back_*_test.c on it
 *	pair.c		the bench for both halves, and pair_*_test.c on it; of
 *	swarm.c		these, some with many bios under the false backend
 *
 * What the drivers do wrong towards any of these is remembered, and fails the
 * test at its end.  There is one of everything.
 */
#ifndef _LOOPBACK_H
#define _LOOPBACK_H

#include <kunit/test.h>
#include <linux/bio.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <xen/xenbus.h>
#include <xen/interface/io/blkif.h>
#include <xen/interface/io/ring.h>

#define FRONT_DOMID	1
#define BACK_DOMID	0
#define BACK_NODE	"backend/vbd/1/51712"
#define FRONT_NODE	"device/vbd/51712"
/* For what is sure to come; a kernel that checks itself may take long. */
#define PATIENCE_MS	(IS_ENABLED(CONFIG_KASAN) ? 20000 : 6000)

/* How often to try at random: on a kernel that checks itself each takes ten times as long. */
#define RANDOM_ROUNDS(nr)	(IS_ENABLED(CONFIG_KASAN) ? (nr) / 10 : (nr))

/* Wait for what nothing announces; whether it came. */
#define loopback_wait(cond)						\
({									\
	unsigned long __until = jiffies + msecs_to_jiffies(PATIENCE_MS); \
									\
	while (!(cond) && time_before(jiffies, __until))		\
		usleep_range(100, 200);					\
	(cond);								\
})

/* --- xen.c ------------------------------------------------------------------ */

/* A byte that no backend is to see. */
#define XEN_SECRET	0x5e

struct fake_xen {
	/* Knobs; a number counts down to the failure, 0 is never. */
	unsigned int fail_map_ring;	/* no pages for it */
	unsigned int fail_unmap_ring;	/* one page */
	unsigned int fail_bind;
	unsigned int fail_grant_alloc;
	unsigned int fail_evtchn;
	unsigned int fail_map_call;	/* the hypercall itself */
	unsigned int fail_map_op;	/* the first one, counted from 1 */
	unsigned int nr_fail_map_op;	/* so many from there on */
	s16 map_op_status;
	unsigned int slow_map_ms;	/* each such hypercall takes as long */
	unsigned int fail_copy_op;	/* this one, counted from 1 */
	int pages_budget;		/* pages that can be had; -1: any */
	unsigned int lose_notified;	/* so many of the backend's events */
	unsigned int lose_every;	/* and of others, each so-and-so-manieth */
	unsigned int lose_kicks;	/* so many of the frontend's */
	bool no_memory;			/* for those who do not wait for it */
	unsigned long skip_sleep;	/* jiffies: one of just this is over at once */
	u64 clock_ns;			/* it is that time; 0: as late as it is */
	int grants_budget;		/* so can references */
	bool shared;			/* see xen_share() */
	bool spy;			/* look for secrets in what is mapped */
	bool keep_mapped;		/* see xen_keep_mapped() */

	/* What was counted. */
	unsigned int nr_map_calls;
	unsigned int nr_map_ops;
	unsigned int nr_unmap_calls;
	unsigned int nr_unmap_ops;
	unsigned int nr_copy_calls;
	unsigned int nr_copy_ops;
	unsigned long spread;		/* CPUs, as they were asked for */
	unsigned int nr_pages;
	atomic_t nr_objects;		/* of the drivers' own slabs */
	unsigned int nr_mapped;
	unsigned int nr_rings;
	unsigned int nr_ring_pages;	/* the backend has for its rings */
	unsigned int nr_ring_maps;	/* of them mapped */
	unsigned int nr_granted;
	unsigned int nr_bound;
	unsigned int nr_eoi[2];		/* by the backend: honest, spurious */
	unsigned int nr_front_eoi[2];
	unsigned int nr_notified;	/* by the backend */
	unsigned int nr_deferred;
	unsigned int nr_clock;		/* asked what time it is */
	unsigned int nr_secrets;
};

extern struct fake_xen xen;

void xen_reset(void);
/* What is held by somebody, or was done wrong; NULL for nothing. */
const char *xen_verdict(void);
/* Remember a thing that was done wrong. */
__printf(1, 2) void xen_wrong(const char *fmt, ...);

/* --- grants.c and events.c: the frontend's end, for peers that are no driver ---------- */

u32 xen_grant(struct page *page, bool readonly);
bool xen_ungrant(u32 ref);
/* The backend's, for one that is no driver; NULL if it is not for that use. */
struct page *xen_granted(u32 ref, bool write);
int xen_map_ring(const u32 *gref, unsigned int nr, void **shared);
void xen_unmap_ring(void *shared);
/*
 * A mapping is a copy.  With the knob "shared" set it is as good as shared memory
 * where the disk meets it: the frontend's bytes are there before the disk looks,
 * and the disk's bytes are the frontend's once they are @written.
 */
void xen_share(struct page *page, bool written);
/* Let a frontend see all its grants in use, whatever the backend does. */
void xen_keep_mapped(bool keep);
int xen_front_bind(u32 *port, irq_handler_t handler, void *data);
/* What an event is for the backend, whatever its ring says. */
void xen_kick_back(u32 port);

/* --- store.c ---------------------------------------------------------------- */

struct fake_store {
	unsigned int fail_printf;	/* count down */
	unsigned int fail_transaction;
	unsigned int nr_eagain;		/* transactions to be tried again */
	unsigned int quota;		/* of the frontend's keys at once; 0: any */
	int quota_err;			/* what is said beyond that */
	const char *unreadable;		/* see store_forbid() */
	unsigned int nr_unread;		/* how often it was tried since */
	unsigned int nr_fatal;
	unsigned int nr_state_writes;
	unsigned int most_pending;	/* events of one watch of the backend */
	bool expect_anew;		/* the toolstack makes a disk anew */
	bool blind;			/* a core that does not look for that */
	unsigned int nr_anew;		/* which the core saw */
	bool alloc_failed;
	char said[256];			/* the last error */
};

extern struct fake_store store;

void store_reset(void);
__printf(2, 3) void store_write(const char *path, const char *fmt, ...);
void store_remove(const char *path);
/* Nobody can read this path, or any key of this name; NULL: it has passed. */
void store_forbid(const char *path);
int store_read_int(const char *path, int missing);

/* --- watch.c ---------------------------------------------------------------- */

bool store_wait_int(const char *path, int value, unsigned int ms);
/* All watches that have fired were seen. */
void store_drain_events(void);

/* --- faults.c --------------------------------------------------------------- */

/*
 * The task that reads @key next will not get its @nth allocation from there on.
 * Skips the case where the kernel cannot do that.
 */
void faults_arm(struct kunit *test, const char *key, unsigned int nth);
/* Whether there was one that failed. */
bool faults_disarm(void);

/* --- files.c ---------------------------------------------------------------- */

struct vfsmount;

/* To be undone by kern_unmount(). */
struct vfsmount *files_mount(const char *fs);
struct file *files_open(struct vfsmount *mnt, const char *path, int flags);
/* The beginning of a file of sysfs; false when there is nothing. */
bool files_read(struct vfsmount *mnt, const char *path, char *text, size_t size);

/* --- log.c ------------------------------------------------------------------ */

/* How many messages of the drivers have had this in them. */
void log_watch(const char *text);
unsigned int log_count(void);

/* --- xenbus.c --------------------------------------------------------------- */

int store_init(void);
void store_exit(void);

struct xenbus_device *store_add_device(bool backend, const char *node);
/* On xenwatch, as the kernel does it. */
void store_remove_device(struct xenbus_device *xbdev);
void store_put_device(struct xenbus_device *xbdev);
/* Of the backend; none is removed meanwhile. */
void store_each_back(void (*fn)(struct xenbus_device *xbdev));
/* Until it is resumed, or loopback_thaw(), as when the suspend is cancelled. */
void store_suspend_device(struct xenbus_device *xbdev);
void store_resume_device(struct xenbus_device *xbdev);
void loopback_freeze(void);
void loopback_thaw(void);

/* --- disk.c ----------------------------------------------------------------- */

#define DISK_SECTORS		8192ULL
#define DISK_DISCARD_SECTORS	64

struct disk_op {
	enum req_op op;
	sector_t sector;
	unsigned int nr_sectors;
	bool preflush;
	bool fua;
	unsigned short ioprio;
	const void *css;		/* whom it counts for */
};

struct fake_disk {
	dev_t devt;
	u8 *data;

	/* Knobs. */
	bool hold;			/* bios wait for disk_release() */
	bool hold_discards;		/* a disk that is slow at it */
	unsigned int hold_flushes;	/* how many from now on wait, too */
	bool hold_pages;		/* so do the pages of those that end */
	unsigned int fail_flushes;	/* how many from now on */
	unsigned int fail_all;
	unsigned int refuse;		/* as what it cannot do */
	unsigned int stall;		/* whose submitters sleep, from now on */

	unsigned int nr_stalled;
	unsigned int nr_held;
	/* What came while a barrier was held; barriers while anything was. */
	unsigned int nr_beside;
	unsigned int nr_flushes;
	unsigned int nr_ops;
	struct disk_op log[64];
};

extern struct fake_disk disk;

int disk_create(void);
void disk_destroy(void);
void disk_reset(void);
void disk_release(void);
/* In hard interrupt context, and done when this returns. */
void disk_release_in_interrupt(void);
void disk_release_one(void);
/* The oldest that are held, the others stay. */
void disk_release_first(unsigned int nr);
/* The oldest that is held and begins there. */
void disk_release_at(sector_t sector);
void disk_release_pages(void);
/* What is in those that are held is this, one page after the other. */
bool disk_held_pages_are(const u8 *data);
void disk_resize(u64 sectors);
/* With a write cache or without: for those who open it from now on. */
void disk_write_cache(bool on);
/* Its logical blocks, and memory that begins where none of these bits is set. */
void disk_blocks(unsigned int block_bytes, unsigned int dma_alignment);
/* What it discards at once. */
void disk_discard_max(unsigned int sectors);

/* --- peer.c ----------------------------------------------------------------- */

DEFINE_RING_TYPES(peer64, union blkif_x86_64_request,
		  struct blkif_x86_64_response);

#define PEER_SLOTS	32
#define PEER_PAGES	(PEER_SLOTS * BLKIF_MAX_SEGMENTS_PER_REQUEST)
#define PEER_IDS	64
#define PEER_RING_PAGES	16

/* A frontend of one ring, or one ring of several. */
struct peer {
	const char *front;		/* where its keys are */
	const char *back;		/* and the backend's */
	bool abi32;
	bool silent;			/* does not say which it is */
	int queue;			/* which of several; -1: the only one */
	unsigned int nr_ring_pages;
	unsigned int nr_slots;
	struct page *ring_page;		/* the first; NULL while there is none */
	struct page *ring_pages[PEER_RING_PAGES];
	struct peer64_sring *sring;	/* its header only */
	u32 ring_ref[PEER_RING_PAGES];
	u32 port;
	int irq;
	RING_IDX req_prod;
	RING_IDX rsp_cons;
	struct page *page[PEER_PAGES];
	u32 ref[PEER_PAGES];
	wait_queue_head_t wait;

	/* What was answered, by id. */
	unsigned int nr_answers;
	unsigned int nr_errors;
	unsigned int answers[PEER_IDS];
	s16 status[PEER_IDS];
	u8 op[PEER_IDS];
};

struct peer_slot {
	u8 op;
	u8 inner_op;			/* of an indirect one */
	u16 nr_segments;
	u8 flag;
	u64 id;
	u64 sector;
	u64 nr_sectors;
	struct blkif_segment seg[BLKIF_MAX_SEGMENTS_PER_REQUEST];
	u32 descriptors[BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST];
};

struct peer *peer_create(bool abi32);
/* Before it is published: of another disk than the bench's. */
void peer_node(struct peer *peer, const char *front, const char *back);
/* Before it is published: which ring of several, or -1, and of how many pages. */
void peer_shape(struct peer *peer, int queue, unsigned int nr_ring_pages);
void peer_destroy(struct peer *peer);
/* A new ring and event channel in XenStore, without any word about a state. */
void peer_publish(struct peer *peer);
/* The old ring and event channel are given up. */
bool peer_retract(struct peer *peer);
void peer_state(enum xenbus_state state);
bool peer_connect(struct peer *peer);
bool peer_close(struct peer *peer);

/* A request over whole pages, from page @first on. */
struct peer_slot peer_request(struct peer *peer, u8 op, u64 id, u64 sector,
			      unsigned int nr_segments, unsigned int first);
/* The same, indirect, with its descriptors in page @at. */
struct peer_slot peer_indirect(struct peer *peer, u8 op, u64 id, u64 sector,
			       unsigned int nr_segments, unsigned int first,
			       unsigned int at);
/* The segments that are in page @at. */
struct blkif_segment *peer_descriptors(struct peer *peer, unsigned int at);
void peer_put(struct peer *peer, const struct peer_slot *slot);
void peer_put_raw(struct peer *peer, const void *bytes);
void peer_push(struct peer *peer);
unsigned int peer_collect(struct peer *peer);
bool peer_wait(struct peer *peer, unsigned int nr_answers);
/* Put, push, wait: the status. */
int peer_do(struct peer *peer, const struct peer_slot *slot);
void peer_fill(struct peer *peer, unsigned int first, unsigned int nr, u8 seed);
bool peer_check(struct peer *peer, unsigned int first, unsigned int nr,
		const u8 *data);

/* --- main.c ----------------------------------------------------------------- */

/* Of each suite. */
int loopback_start(struct kunit_suite *suite);
/* Of one that looks at what is mapped: nothing is copied. */
int loopback_start_mapping(struct kunit_suite *suite);
void loopback_stop(struct kunit_suite *suite);
/* All that was written was seen, and the drivers have done what follows. */
void loopback_rest(void);
void loopback_settle(void);
/* Deferrable timers had their time. */
void loopback_tick(void);

#endif /* _LOOPBACK_H */
