/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The backend's bench: a device of the backend, a disk, and a peer that is told
 * what to do.
 */
#ifndef _LOOPBACK_BACK_H
#define _LOOPBACK_BACK_H

#include "loopback.h"

#define BACK_STATE	BACK_NODE "/state"

#define MAX_RINGS	4

/* Of another guest that has the same disk. */
#define SECOND_BACK_NODE	"backend/vbd/1/51728"
#define SECOND_FRONT_NODE	"device/vbd/51728"

struct bench {
	struct xenbus_device *back;
	struct peer *peer;		/* the only ring, or the first */
	struct peer *wide[MAX_RINGS];	/* all of several */
	unsigned int nr_wide;
	struct xenbus_device *second_back;
	struct peer *second;		/* of the other guest, if there is one */
};

int back_init(struct kunit *test);
void back_exit(struct kunit *test);

void back_attach_disk(void);
void back_add(struct bench *bench);
/* With no patience: the backend's own teardown goes on behind. */
void back_remove(struct bench *bench);
/* Another guest, with a disk of its own on the same device, and an only ring. */
void back_add_second(struct bench *bench);
void back_connect_second(struct kunit *test, struct bench *bench);
/* Disk, ring and all. */
void back_connect(struct kunit *test, struct bench *bench);
/* The same, and the frontend's grants may stay mapped. */
void back_connect_persistent(struct kunit *test, struct bench *bench);
void back_reaches(struct kunit *test, enum xenbus_state state);
/* The frontend says that it begins again, and the backend waits for it. */
void back_begin_again(struct kunit *test);

/* From now on the frontend has several rings, of several pages. */
void back_widen(struct bench *bench, unsigned int nr, unsigned int nr_pages);
void back_publish_wide(struct bench *bench);
bool back_retract_wide(struct bench *bench);
void back_connect_wide(struct kunit *test, struct bench *bench);
/* Closed, begun again, and nothing left behind. */
void back_close_wide(struct kunit *test, struct bench *bench);

/* Of the rings' pools: histograms, which outlive them, do not count. */
unsigned int back_nr_objects(struct bench *bench);

/* A write, a read, and the data of both. */
void back_works(struct kunit *test, struct peer *peer, u64 sector);
/* After a refusal: the frontend closes, begins again, and it works. */
void back_recovers(struct kunit *test, struct bench *bench);
/* As if each ring had looked, as it does every ten seconds, whether it is idle. */
void back_idle_period(struct kunit *test, struct bench *bench);
/* Put and show so many requests, of the pages and sectors from 11 * i on for each i. */
void back_put_many(struct peer *peer, u8 op, unsigned int nr,
		   unsigned int nr_segments);
/* The same, and what follows from it is done. */
void back_put_many_settled(struct peer *peer, u8 op, unsigned int nr,
			   unsigned int nr_segments);
/* How many were by now, in all. */
unsigned int back_answered(struct peer *peer);
/* So many bios are held by the disk. */
void back_wait_held(struct kunit *test, unsigned int nr);
/* The disk keeps this request until disk_release(). */
void back_hold(struct kunit *test, struct peer *peer,
	       const struct peer_slot *slot);

extern struct kunit_suite back_states_suite;
extern struct kunit_suite back_stats_suite;
extern struct kunit_suite back_latency_suite;
extern struct kunit_suite back_connect_suite;
extern struct kunit_suite back_ring_suite;
extern struct kunit_suite back_io_suite;
extern struct kunit_suite back_map_suite;
extern struct kunit_suite back_copy_suite;
extern struct kunit_suite back_poll_suite;
extern struct kunit_suite back_lone_suite;
extern struct kunit_suite back_wide_suite;
extern struct kunit_suite back_discard_suite;
extern struct kunit_suite back_emulate_suite;
extern struct kunit_suite back_emulate_turns_suite;
extern struct kunit_suite back_barrier_suite;
extern struct kunit_suite back_unwritten_suite;
extern struct kunit_suite back_deadline_suite;
extern struct kunit_suite back_leave_suite;
extern struct kunit_suite back_limit_suite;
extern struct kunit_suite back_charge_suite;
extern struct kunit_suite back_share_suite;
extern struct kunit_suite back_indirect_suite;
extern struct kunit_suite back_persistent_suite;
extern struct kunit_suite back_silent_suite;
extern struct kunit_suite back_stall_suite;
extern struct kunit_suite back_hostile_suite;

/*
 * A ring full was put, each id once, which makes @asked slots in all: show it, and
 * see each answered once.
 */
bool back_answers_each_once(struct kunit *test, struct peer *peer,
			    unsigned int asked);

#endif /* _LOOPBACK_BACK_H */
