/* SPDX-License-Identifier: GPL-2.0 */
/* What the frontend wrote -> what a connection is made of.  Pure. */
#ifndef _BLKBACK_NEGOTIATE_H
#define _BLKBACK_NEGOTIATE_H

#include <linux/types.h>
#include <xen/interface/io/xenbus.h>

#include "decode.h"

/**
 * struct blkback_keys - the frontend's keys as XenStore has them
 *
 * Each is the key's text, or NULL where the key does not exist.
 */
struct blkback_keys {
	const char *protocol;
	const char *ring_ref;
	const char *ring_ref0;
	const char *ring_page_order;
	const char *num_ring_pages;
	const char *event_channel;
	const char *num_queues;
	const char *large_sector_size;
};

/**
 * struct blkback_config - a connection, checked
 * @abi: layout of the ring's slots
 * @ring_ref: grant reference of the ring's page
 * @event_channel: the frontend's port
 */
struct blkback_config {
	enum blkback_abi abi;
	u32 ring_ref;
	u32 event_channel;
};

/**
 * struct blkback_refusal - why a connection is refused, for people
 * @key: which key is wrong
 * @value: its text, or NULL where it is missing
 * @expected: what should have been there
 */
struct blkback_refusal {
	const char *key;
	const char *value;
	const char *expected;
};

int blkback_negotiate(const struct blkback_keys *keys,
		      unsigned int sector_size,
		      struct blkback_config *config,
		      struct blkback_refusal *refusal);

bool blkback_config_equal(const struct blkback_config *a,
			  const struct blkback_config *b);

/* What the device's work does next. */
enum blkback_action {
	BLKBACK_STAY,		/* nothing */
	BLKBACK_OFFER,		/* drop any connection, then say InitWait */
	BLKBACK_CONNECT,	/* map the ring and say Connected */
	BLKBACK_COMPARE,	/* connected: to this very ring still? */
	BLKBACK_CLOSE,		/* say Closing, go on serving the ring */
	BLKBACK_DISCONNECT,	/* drop any connection, then say Closed */
	BLKBACK_REFUSE,		/* a state that no frontend may be in */
};

enum blkback_action blkback_next_action(enum xenbus_state front,
					enum xenbus_state own, bool connected,
					bool open);

#endif /* _BLKBACK_NEGOTIATE_H */
