// SPDX-License-Identifier: GPL-2.0
/*
 * What the frontend wrote -> what a connection is made of; the two states ->
 * what to do next.
 *
 * Pure: xenbus.c looks the keys up and does what is decided here.
 */
#include <linux/err.h>
#include <linux/kstrtox.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/sprintf.h>
#include <linux/stdarg.h>
#include <linux/string.h>

#include "negotiate.h"

/* Where the keys of one of several rings are. */
#define QUEUE_DIR	"queue-%u/"

__printf(4, 5)
static int refuse(struct blkback_refusal *refusal, const char *key,
		  const char *value, const char *expected, ...)
{
	va_list args;

	strscpy(refusal->key, key);
	strscpy(refusal->value, value ?: "");
	refusal->missing = !value;
	va_start(args, expected);
	vscnprintf(refusal->expected, sizeof(refusal->expected), expected, args);
	va_end(args);
	return value ? -EINVAL : -ENOENT;
}

/* @text is NULL where there is no such key; what cannot be read is no such. */
static int look_up(const struct blkback_keys *keys, const char *key,
		   char **text, struct blkback_refusal *refusal)
{
	*text = keys->read(keys, key);
	if (!IS_ERR(*text))
		return 0;
	strscpy(refusal->key, key);
	return PTR_ERR(*text);
}

static int negotiate_protocol(const struct blkback_keys *keys,
			      struct blkback_config *config,
			      struct blkback_refusal *refusal)
{
	char *text;
	int err;

	err = look_up(keys, BLKIF_KEY_PROTOCOL, &text, refusal);
	if (err)
		return err;
	/*
	 * Without the key it is the frontend's native layout, as the protocol
	 * has it: whichever that is.
	 */
	if (!text)
		config->abi = BLKBACK_ABI_UNKNOWN;
	else if (!strcmp(text, BLKIF_PROTOCOL_X86_64) ||
		 !strcmp(text, BLKIF_PROTOCOL_ARM))
		config->abi = BLKBACK_ABI_X86_64;
	else if (!strcmp(text, BLKIF_PROTOCOL_X86_32))
		config->abi = BLKBACK_ABI_X86_32;
	else
		err = refuse(refusal, BLKIF_KEY_PROTOCOL, text,
			     "x86_64-abi, x86_32-abi or arm-abi");
	kfree(text);
	return err;
}

/*
 * A number that may be left out, from @min to @max.  *@value is untouched where
 * there is no such key, which is told by -ENOENT.
 */
static int negotiate_number(const struct blkback_keys *keys, const char *key,
			    unsigned int min, unsigned int max,
			    unsigned int *value,
			    struct blkback_refusal *refusal)
{
	unsigned int n;
	char *text;
	int err;

	err = look_up(keys, key, &text, refusal);
	if (err)
		return err;
	if (!text)
		return -ENOENT;
	if (!kstrtouint(text, 10, &n) && n >= min && n <= max)
		*value = n;
	else if (min == max)
		err = refuse(refusal, key, text, "%u", min);
	else
		err = refuse(refusal, key, text, "%u to %u", min, max);
	kfree(text);
	return err;
}

/* The frontend may write the order, the number, or both. */
static int negotiate_pages(const struct blkback_keys *keys,
			   const struct blkback_offer *offer,
			   struct blkback_config *config,
			   struct blkback_refusal *refusal)
{
	unsigned int max = 1U << offer->max_ring_page_order, order = 0, nr = 1;
	int no_order, no_number;
	char text[12];

	no_order = negotiate_number(keys, BLKIF_KEY_RING_PAGE_ORDER, 0,
				    offer->max_ring_page_order, &order,
				    refusal);
	if (no_order && no_order != -ENOENT)
		return no_order;
	no_number = negotiate_number(keys, BLKIF_KEY_NUM_RING_PAGES, 1, max,
				     &nr, refusal);
	if (no_number && no_number != -ENOENT)
		return no_number;

	scnprintf(text, sizeof(text), "%u", nr);
	if (!is_power_of_2(nr))
		return refuse(refusal, BLKIF_KEY_NUM_RING_PAGES, text,
			      "a power of two, 1 to %u", max);
	if (!no_order && !no_number && nr != 1U << order)
		return refuse(refusal, BLKIF_KEY_NUM_RING_PAGES, text,
			      "%u, as " BLKIF_KEY_RING_PAGE_ORDER " is %u",
			      1U << order, order);
	config->nr_ring_pages = no_order ? nr : 1U << order;
	config->counted = !no_order || !no_number;
	return 0;
}

/*
 * This frontend counts in the disk's own blocks where the protocol counts in
 * 512 bytes: it would write to other places than it means.
 */
static int negotiate_sectors(const struct blkback_keys *keys,
			     unsigned int sector_size,
			     struct blkback_refusal *refusal)
{
	char *text;
	int err;

	if (sector_size == 1 << BLKIF_SECTOR_SHIFT)
		return 0;
	err = look_up(keys, BLKIF_KEY_LARGE_SECTOR_SIZE, &text, refusal);
	if (err)
		return err;
	if (text && strcmp(text, "0"))
		err = refuse(refusal, BLKIF_KEY_LARGE_SECTOR_SIZE, text,
			     "0 or a disk of 512-byte blocks");
	kfree(text);
	return err;
}

/* What was not offered is not used, whatever the frontend wrote (PG1). */
static int negotiate_persistent(const struct blkback_keys *keys,
				const struct blkback_offer *offer,
				struct blkback_config *config,
				struct blkback_refusal *refusal)
{
	unsigned int wanted = 0;
	int err;

	err = negotiate_number(keys, BLKIF_KEY_FEATURE_PERSISTENT, 0, 1,
			       &wanted, refusal);
	if (err && err != -ENOENT)
		return err;
	config->persistent = wanted && offer->persistent;
	return 0;
}

/**
 * blkback_negotiate - check what the frontend wrote of all its rings together
 * @keys: its keys
 * @offer: what it was told that it can have
 * @sector_size: the disk's logical block size in bytes
 * @config: result, valid on success; @config->ring is left alone
 * @refusal: on failure, which key is wrong and how
 *
 * Context: as @keys.
 * Return: 0; -ENOENT for a missing key, -EINVAL for a wrong one, another -errno
 * for one that cannot be read.
 */
int blkback_negotiate(const struct blkback_keys *keys,
		      const struct blkback_offer *offer,
		      unsigned int sector_size,
		      struct blkback_config *config,
		      struct blkback_refusal *refusal)
{
	int err;

	err = negotiate_sectors(keys, sector_size, refusal);
	if (err)
		return err;
	err = negotiate_protocol(keys, config, refusal);
	if (err)
		return err;
	err = negotiate_persistent(keys, offer, config, refusal);
	if (err)
		return err;
	config->nr_queues = 1;
	err = negotiate_number(keys, BLKIF_KEY_NUM_QUEUES, 1,
			       offer->max_queues, &config->nr_queues, refusal);
	if (err && err != -ENOENT)
		return err;
	return negotiate_pages(keys, offer, config, refusal);
}

/*
 * The keys of a ring that is not the only one are in a directory of its own, and
 * those of its pages have a number.
 */
static void ring_key(const struct blkback_config *config, unsigned int number,
		     const char *name, int page, char *key, size_t size)
{
	int len = 0;

	if (config->nr_queues > 1)
		len = scnprintf(key, size, QUEUE_DIR, number);
	len += scnprintf(key + len, size - len, "%s", name);
	if (page >= 0)
		scnprintf(key + len, size - len, "%d", page);
}

/* A number that has to be there; @key of no value is told as missing. */
static int negotiate_needed(const struct blkback_keys *keys, const char *key,
			    u32 min, const char *expected, u32 *value,
			    struct blkback_refusal *refusal)
{
	char *text;
	int err;

	err = look_up(keys, key, &text, refusal);
	if (err)
		return err;
	if (!text || kstrtou32(text, 10, value) || *value < min)
		err = refuse(refusal, key, text, "%s", expected);
	kfree(text);
	return err;
}

/*
 * With one page that was counted some frontends write ring-ref and some
 * ring-ref0: both readings of the protocol are out there.
 */
static int negotiate_refs(const struct blkback_keys *keys,
			  const struct blkback_config *config,
			  unsigned int number, u32 *ring_ref,
			  struct blkback_refusal *refusal)
{
	char key[sizeof(refusal->key)];
	unsigned int i;
	int err;

	if (config->nr_ring_pages == 1) {
		ring_key(config, number, BLKIF_KEY_RING_REF, -1, key,
			 sizeof(key));
		err = negotiate_needed(keys, key, 0, "a grant reference",
				       ring_ref, refusal);
		if (err != -ENOENT || !config->counted)
			return err;
	}
	for (i = 0; i < config->nr_ring_pages; i++) {
		ring_key(config, number, BLKIF_KEY_RING_REF, i, key,
			 sizeof(key));
		err = negotiate_needed(keys, key, 0, "a grant reference",
				       &ring_ref[i], refusal);
		if (err)
			return err;
	}
	return 0;
}

/**
 * blkback_negotiate_ring - check what the frontend wrote of one ring
 * @keys: its keys
 * @config: what blkback_negotiate() found
 * @number: the ring's, from 0 to before @config->nr_queues
 * @ring: result, valid on success
 * @refusal: on failure, which key is wrong and how
 *
 * Context: as @keys.
 * Return: 0; -ENOENT for a missing key, -EINVAL for a wrong one, another -errno
 * for one that cannot be read.
 */
int blkback_negotiate_ring(const struct blkback_keys *keys,
			   const struct blkback_config *config,
			   unsigned int number,
			   struct blkback_ring_config *ring,
			   struct blkback_refusal *refusal)
{
	char key[sizeof(refusal->key)];
	int err;

	memset(ring, 0, sizeof(*ring));
	err = negotiate_refs(keys, config, number, ring->ring_ref, refusal);
	if (err)
		return err;
	ring_key(config, number, BLKIF_KEY_EVENT_CHANNEL, -1, key, sizeof(key));
	return negotiate_needed(keys, key, 1, "an event channel port",
				&ring->event_channel, refusal);
}

/**
 * blkback_config_equal - is it the same connection?
 * @a: one
 * @b: the other
 *
 * Return: true when both name the same rings and ports, to be used alike.
 */
bool blkback_config_equal(const struct blkback_config *a,
			  const struct blkback_config *b)
{
	return a->abi == b->abi && a->nr_queues == b->nr_queues &&
	       a->nr_ring_pages == b->nr_ring_pages &&
	       a->persistent == b->persistent &&
	       !memcmp(a->ring, b->ring, a->nr_queues * sizeof(*a->ring));
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
