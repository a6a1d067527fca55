// SPDX-License-Identifier: GPL-2.0
/*
 * What the frontend wrote -> what a connection is made of; the two states ->
 * what to do next.
 *
 * Pure: xenbus.c reads the keys and does what is decided here.
 */
#include <linux/errno.h>
#include <linux/kstrtox.h>
#include <linux/string.h>

#include "negotiate.h"

static int refuse(struct blkback_refusal *refusal, const char *key,
		  const char *value, const char *expected)
{
	refusal->key = key;
	refusal->value = value;
	refusal->expected = expected;
	return value ? -EINVAL : -ENOENT;
}

static int negotiate_protocol(const struct blkback_keys *keys,
			      struct blkback_config *config,
			      struct blkback_refusal *refusal)
{
	/* Without the key it is the native layout, as the protocol has it. */
	const char *protocol = keys->protocol ?: BLKIF_PROTOCOL_NATIVE;

	if (!strcmp(protocol, BLKIF_PROTOCOL_X86_64) ||
	    !strcmp(protocol, BLKIF_PROTOCOL_ARM))
		config->abi = BLKBACK_ABI_X86_64;
	else if (!strcmp(protocol, BLKIF_PROTOCOL_X86_32))
		config->abi = BLKBACK_ABI_X86_32;
	else
		return refuse(refusal, BLKIF_KEY_PROTOCOL, protocol,
			      "x86_64-abi, x86_32-abi or arm-abi");
	return 0;
}

/* More than one ring, or a ring of more than one page, was not offered. */
static int negotiate_counts(const struct blkback_keys *keys,
			    struct blkback_refusal *refusal)
{
	unsigned int n;

	if (keys->ring_page_order &&
	    (kstrtouint(keys->ring_page_order, 10, &n) || n != 0))
		return refuse(refusal, BLKIF_KEY_RING_PAGE_ORDER,
			      keys->ring_page_order, "0");
	if (keys->num_ring_pages &&
	    (kstrtouint(keys->num_ring_pages, 10, &n) || n != 1))
		return refuse(refusal, BLKIF_KEY_NUM_RING_PAGES,
			      keys->num_ring_pages, "1");
	if (keys->num_queues &&
	    (kstrtouint(keys->num_queues, 10, &n) || n != 1))
		return refuse(refusal, BLKIF_KEY_NUM_QUEUES,
			      keys->num_queues, "1");
	return 0;
}

/*
 * With ring-page-order=0 some frontends write ring-ref and some ring-ref0:
 * both readings of the protocol are out there.
 */
static int negotiate_ring(const struct blkback_keys *keys,
			  struct blkback_config *config,
			  struct blkback_refusal *refusal)
{
	const char *key = BLKIF_KEY_RING_REF;
	const char *value = keys->ring_ref;

	if (!value && keys->ring_page_order) {
		key = BLKIF_KEY_RING_REF0;
		value = keys->ring_ref0;
	}
	if (!value || kstrtou32(value, 10, &config->ring_ref))
		return refuse(refusal, key, value, "a grant reference");

	value = keys->event_channel;
	if (!value || kstrtou32(value, 10, &config->event_channel) ||
	    config->event_channel == 0)
		return refuse(refusal, BLKIF_KEY_EVENT_CHANNEL, value,
			      "an event channel port");
	return 0;
}

/**
 * blkback_negotiate - check what the frontend wrote
 * @keys: its keys
 * @sector_size: the disk's logical block size in bytes
 * @config: result, valid on success
 * @refusal: on failure, which key is wrong and how
 *
 * Context: any.
 * Return: 0; -ENOENT for a missing key, -EINVAL for a wrong one.
 */
int blkback_negotiate(const struct blkback_keys *keys,
		      unsigned int sector_size,
		      struct blkback_config *config,
		      struct blkback_refusal *refusal)
{
	int err;

	/*
	 * This frontend counts in the disk's own blocks where the protocol
	 * counts in 512 bytes: it would write to other places than it means.
	 */
	if (sector_size != 1 << BLKIF_SECTOR_SHIFT && keys->large_sector_size &&
	    strcmp(keys->large_sector_size, "0"))
		return refuse(refusal, BLKIF_KEY_LARGE_SECTOR_SIZE,
			      keys->large_sector_size,
			      "0 or a disk of 512-byte blocks");

	memset(config, 0, sizeof(*config));
	err = negotiate_protocol(keys, config, refusal);
	if (err)
		return err;
	err = negotiate_counts(keys, refusal);
	if (err)
		return err;
	return negotiate_ring(keys, config, refusal);
}

/**
 * blkback_config_equal - is it the same connection?
 * @a: one
 * @b: the other
 *
 * Return: true when both name the same ring and port.
 */
bool blkback_config_equal(const struct blkback_config *a,
			  const struct blkback_config *b)
{
	return a->abi == b->abi && a->ring_ref == b->ring_ref &&
	       a->event_channel == b->event_channel;
}

/* The frontend starts, maybe anew after a crash or a kexec (ST4). */
static enum blkback_action front_starts(enum xenbus_state own, bool connected)
{
	if (connected)
		return BLKBACK_OFFER;
	/* Refused already: the frontend has to close first. */
	if (own == XenbusStateInitWait || own == XenbusStateClosing)
		return BLKBACK_STAY;
	return BLKBACK_OFFER;
}

/* The frontend has published its ring, or jumped to Connected (ST1, ST2). */
static enum blkback_action front_ready(enum xenbus_state own, bool connected,
				       bool open)
{
	if (own == XenbusStateConnected && connected)
		return BLKBACK_COMPARE;
	/* Refused already: the frontend has to close first. */
	if (own == XenbusStateClosing)
		return BLKBACK_STAY;
	return open ? BLKBACK_CONNECT : BLKBACK_STAY;
}

/**
 * blkback_next_action - one step towards what the frontend wants
 * @front: the frontend's state
 * @own: our own
 * @connected: a ring is mapped
 * @open: the backing device is open
 *
 * The frontend may have been in other states in between: watches coalesce.
 *
 * Context: any.
 * Return: what to do.  Unknown is not for this function: a frontend whose node
 * is gone is removed by who sees it.
 */
enum blkback_action blkback_next_action(enum xenbus_state front,
					enum xenbus_state own, bool connected,
					bool open)
{
	switch (front) {
	case XenbusStateInitialising:
		return front_starts(own, connected);
	case XenbusStateInitialised:
	case XenbusStateConnected:
		return front_ready(own, connected, open);
	case XenbusStateClosing:
		if (own == XenbusStateClosing || own == XenbusStateClosed)
			return BLKBACK_STAY;
		return BLKBACK_CLOSE;
	case XenbusStateClosed:
		if (own == XenbusStateClosed && !connected)
			return BLKBACK_STAY;
		return BLKBACK_DISCONNECT;
	default:
		/* Once is enough: it may say so as often as it likes. */
		return own == XenbusStateClosing ? BLKBACK_STAY :
						   BLKBACK_REFUSE;
	}
}
