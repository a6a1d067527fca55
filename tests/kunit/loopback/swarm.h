/* SPDX-License-Identifier: GPL-2.0 */
/* Many bios at once, and large ones, on a frontend under the false backend. */
#ifndef _LOOPBACK_SWARM_H
#define _LOOPBACK_SWARM_H

#include "pair.h"
#include "false_back.h"

#define SWARM_PAGES	512
#define SWARM_SPACE	16		/* sectors: bios are not neighbours */

/* Bios of whom it is only known how many have landed. */
struct swarm {
	struct pair *pair;
	struct false_back back;
	struct page *page[SWARM_PAGES];	/* each has its own pattern */
	unsigned int nr_started;
	atomic_t nr_landed;
	atomic_t nr_crashed;

	/* For swarm_fly_on(). */
	unsigned int first, nr;
};

struct swarm *swarm_create(struct kunit *test);
/* A false backend that offers so much, and a frontend that is open. */
void swarm_offer(struct swarm *swarm, unsigned int queues, unsigned int order,
		 unsigned int indirect);
void swarm_begin(struct kunit *test, struct swarm *swarm);
/*
 * One write of 256 pages, made for a backend that takes it whole: the one that came
 * after it takes 11 pages at once, holds, and has had the first @nr pieces.
 */
void swarm_begin_in_pieces(struct kunit *test, struct swarm *swarm,
			   unsigned int nr);
/* The frontend goes, and has given everything back. */
void swarm_end(struct kunit *test, struct swarm *swarm);
struct blkfront_disk *swarm_front(struct swarm *swarm);

/* Of whole pages from @first on. */
struct bio *swarm_bio(struct swarm *swarm, blk_opf_t opf, u64 sector,
		      unsigned int first, unsigned int nr);
int swarm_io(struct swarm *swarm, blk_opf_t opf, u64 sector,
	     unsigned int first, unsigned int nr);
/* A write and a read of so many pages, the read to other pages. */
void swarm_works(struct kunit *test, struct swarm *swarm, unsigned int nr);

/* Nobody waits for it but swarm_lands(). */
void swarm_start(struct swarm *swarm, struct bio *bio);
/* Pages from @first on are written, each to its place, from that CPU. */
void swarm_fly_on(struct swarm *swarm, unsigned int cpu, unsigned int first,
		  unsigned int nr);
void swarm_lands(struct kunit *test, struct swarm *swarm);
bool swarm_arrived(struct swarm *swarm, unsigned int first, unsigned int nr);

#endif /* _LOOPBACK_SWARM_H */
