/* SPDX-License-Identifier: GPL-2.0 */
/* What the frontend wrote -> what a connection is made of.  Pure. */
#ifndef _BLKBACK_NEGOTIATE_H
#define _BLKBACK_NEGOTIATE_H

#include <linux/types.h>
#include <xen/interface/io/xenbus.h>

#include "decode.h"

/* Pages of one ring, and rings of one disk, that can be had at most. */
#define BLKBACK_MAX_RING_PAGES	16
#define BLKBACK_MAX_QUEUES	256

/**
 * struct blkback_offer - what the frontend is told before it chooses
 * @max_queues: rings, 1 to BLKBACK_MAX_QUEUES
 * @max_ring_page_order: pages of a ring, their logarithm to the base of 2
 * @max_indirect_segments: segments of an indirect request; 0: none are taken
 * @persistent: grants may stay mapped between requests
 */
struct blkback_offer {
	unsigned int max_queues;
	unsigned int max_ring_page_order;
	unsigned int max_indirect_segments;
	bool persistent;
};

/**
 * struct blkback_keys - how to look at the frontend's keys
 * @read: gives a copy of the text of a key, which is a path below the
 *	frontend's directory, to be freed with kfree(); NULL where there is no
 *	such key, ERR_PTR() where it cannot be read
 */
struct blkback_keys {
	char *(*read)(const struct blkback_keys *keys, const char *key);
};

/**
 * struct blkback_ring_config - one ring, checked
 * @ring_ref: grant references of its pages; those behind the last one are 0
 * @event_channel: the frontend's port
 */
struct blkback_ring_config {
	u32 ring_ref[BLKBACK_MAX_RING_PAGES];
	u32 event_channel;
};

/**
 * struct blkback_config - a connection, checked
 * @abi: layout of the rings' slots; BLKBACK_ABI_UNKNOWN where the frontend did not
 *	say
 * @nr_queues: how many rings
 * @nr_ring_pages: pages of each, a power of two
 * @counted: the frontend wrote how many pages
 * @persistent: grants may stay mapped between requests: both halves said so
 * @ring: the rings; whose it is, is the caller's to say
 */
struct blkback_config {
	enum blkback_abi abi;
	unsigned int nr_queues;
	unsigned int nr_ring_pages;
	bool counted;
	bool persistent;
	struct blkback_ring_config *ring;
};

/**
 * struct blkback_refusal - why a connection is refused, for people
 * @key: which key is wrong
 * @value: how its text begins; the frontend's, any bytes
 * @missing: it has none
 * @expected: what should have been there
 *
 * Of a key that cannot be read there is @key alone.
 */
struct blkback_refusal {
	char key[40];
	char value[36];
	bool missing;
	char expected[56];
};

int blkback_negotiate(const struct blkback_keys *keys,
		      const struct blkback_offer *offer,
		      unsigned int sector_size,
		      struct blkback_config *config,
		      struct blkback_refusal *refusal);
int blkback_negotiate_ring(const struct blkback_keys *keys,
			   const struct blkback_config *config,
			   unsigned int number,
			   struct blkback_ring_config *ring,
			   struct blkback_refusal *refusal);

bool blkback_config_equal(const struct blkback_config *a,
			  const struct blkback_config *b);

/* What the device's work does next. */
enum blkback_action {
	BLKBACK_STAY,		/* nothing */
	BLKBACK_OFFER,		/* drop any connection, then say InitWait */
	BLKBACK_CONNECT,	/* map the rings and say Connected */
	BLKBACK_COMPARE,	/* connected: to these very rings still? */
	BLKBACK_CLOSE,		/* say Closing, go on serving the rings */
	BLKBACK_DISCONNECT,	/* drop any connection, then say Closed */
	BLKBACK_REFUSE,		/* a state that no frontend may be in */
};

enum blkback_action blkback_next_action(enum xenbus_state front,
					enum xenbus_state own, bool connected,
					bool open);

#endif /* _BLKBACK_NEGOTIATE_H */
