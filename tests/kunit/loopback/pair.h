/* SPDX-License-Identifier: GPL-2.0 */
/* Both halves joined, from a bio to the disk and back. */
#ifndef _LOOPBACK_PAIR_H
#define _LOOPBACK_PAIR_H

#include <linux/blkdev.h>
#include <linux/completion.h>

#include "loopback.h"

#define BACK_STATE	BACK_NODE "/state"
#define FRONT_STATE	FRONT_NODE "/state"
#define PAIR_PAGES	64
#define PAIR_FLIGHTS	16

struct blkfront_disk;

/* A bio that somebody waits for later. */
struct flight {
	struct bio *bio;
	struct completion done;
	blk_status_t status;
	bool hard;		/* ended in a hard interrupt */
};

struct pair {
	struct xenbus_device *back;
	struct xenbus_device *front;
	struct file *file;
	struct block_device *bdev;
	struct page *page[PAIR_PAGES];
	struct flight flight[PAIR_FLIGHTS];
};

int pair_init(struct kunit *test);
void pair_exit(struct kunit *test);

/* XenStore as the toolstack fills it, without a device. */
void pair_nodes(void);
void pair_attach(struct pair *pair);
/* While requests are in flight: they get five seconds, which pass at once. */
void pair_suspend_in_vain(struct pair *pair);
/* The toolstack asks for the disk back. */
void pair_detach(void);
void pair_remove(struct xenbus_device **xbdev);
void pair_open(struct kunit *test, struct pair *pair);
void pair_close(struct pair *pair);
/* The frontend's disk; only while it is open. */
struct blkfront_disk *pair_front(struct pair *pair);
/* Attached, connected and open. */
void pair_start(struct kunit *test, struct pair *pair);

void pair_fill(struct pair *pair, unsigned int nr, u8 seed);
bool pair_check(struct pair *pair, unsigned int nr, u64 sector);
struct bio *pair_bio(struct pair *pair, blk_opf_t opf, u64 sector,
		     unsigned int first, unsigned int nr);
int pair_io(struct pair *pair, blk_opf_t opf, u64 sector, unsigned int nr);
/* A write, a read, and the data of both. */
void pair_works(struct kunit *test, struct pair *pair, u64 sector);

void flight_submit(struct pair *pair, unsigned int i, struct bio *bio);
/* Page @i goes to or comes from the @i-th page of the disk. */
void flight_start(struct pair *pair, unsigned int i, blk_opf_t opf);
/* The status; or that it did not end. */
int flight_wait(struct pair *pair, unsigned int i);
/* Write the pages from @first up to, not including, @end. */
void flights_start(struct pair *pair, unsigned int first, unsigned int end);
/* All of them arrived, and their data. */
void flights_land(struct kunit *test, struct pair *pair);

extern struct kunit_suite pair_data_suite;
extern struct kunit_suite pair_batch_suite;
extern struct kunit_suite pair_poll_suite;
extern struct kunit_suite pair_life_suite;
extern struct kunit_suite pair_return_suite;
extern struct kunit_suite pair_adopt_suite;
extern struct kunit_suite pair_durable_suite;
extern struct kunit_suite pair_hostile_suite;
extern struct kunit_suite pair_pieces_suite;
extern struct kunit_suite pair_rings_suite;
extern struct kunit_suite pair_store_suite;
extern struct kunit_suite pair_deadline_suite;
extern struct kunit_suite pair_persistent_suite;
extern struct kunit_suite pair_latency_suite;

#endif /* _LOOPBACK_PAIR_H */
