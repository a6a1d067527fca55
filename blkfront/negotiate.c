// SPDX-License-Identifier: GPL-2.0
/*
 * What the backend wrote about its rings and the disk, checked.
 *
 * Pure: xenbus_offer.c reads the values and reports a refusal.  A value that is not
 * understood refuses the whole offer: half a disk is of use to nobody.  One that
 * is larger than what we want is as good as what we want.
 */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kstrtox.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <xen/interface/io/blkif.h>

#include "negotiate.h"

#define NEGOTIATE_SECTOR	BIT(BLKIF_SECTOR_SHIFT)

static const char * const negotiate_keys[BLKFRONT_NR_KEYS] = {
	[BLKFRONT_KEY_MAX_QUEUES] = BLKIF_KEY_MAX_QUEUES,
	[BLKFRONT_KEY_MAX_RING_PAGE_ORDER] = BLKIF_KEY_MAX_RING_PAGE_ORDER,
	[BLKFRONT_KEY_MAX_RING_PAGES] = BLKIF_KEY_MAX_RING_PAGES,
	[BLKFRONT_KEY_SECTORS] = BLKIF_KEY_SECTORS,
	[BLKFRONT_KEY_SECTOR_SIZE] = BLKIF_KEY_SECTOR_SIZE,
	[BLKFRONT_KEY_PHYSICAL_SECTOR_SIZE] = BLKIF_KEY_PHYSICAL_SECTOR_SIZE,
	[BLKFRONT_KEY_INFO] = BLKIF_KEY_INFO,
	[BLKFRONT_KEY_FLUSH] = BLKIF_KEY_FEATURE_FLUSH,
	[BLKFRONT_KEY_BARRIER] = BLKIF_KEY_FEATURE_BARRIER,
	[BLKFRONT_KEY_DISCARD] = BLKIF_KEY_FEATURE_DISCARD,
	[BLKFRONT_KEY_DISCARD_GRANULARITY] = BLKIF_KEY_DISCARD_GRANULARITY,
	[BLKFRONT_KEY_DISCARD_ALIGNMENT] = BLKIF_KEY_DISCARD_ALIGNMENT,
	[BLKFRONT_KEY_DISCARD_SECURE] = BLKIF_KEY_DISCARD_SECURE,
	[BLKFRONT_KEY_MAX_INDIRECT_SEGMENTS] = BLKIF_KEY_MAX_INDIRECT_SEGMENTS,
	[BLKFRONT_KEY_PERSISTENT] = BLKIF_KEY_FEATURE_PERSISTENT,
};

/* An offer under examination; the first refusal stands. */
struct negotiation {
	const struct blkfront_offer *offer;
	struct blkfront_refusal *refusal;
	bool refused;
};

static void negotiation_refuse(struct negotiation *n, enum blkfront_key key,
			       const char *expected)
{
	if (n->refused)
		return;
	n->refused = true;
	n->refusal->key = negotiate_keys[key];
	n->refusal->value = n->offer->value[key] ?: "(missing)";
	n->refusal->expected = expected;
}

/* The value of a key that has to be there. */
static u64 negotiation_number(struct negotiation *n, enum blkfront_key key,
			      u64 max, const char *expected)
{
	u64 number;

	if (!n->offer->value[key] ||
	    kstrtou64(n->offer->value[key], 10, &number) || number > max) {
		negotiation_refuse(n, key, expected);
		return 0;
	}
	return number;
}

/* The value of a key that may be missing. */
static u32 negotiation_option(struct negotiation *n, enum blkfront_key key,
			      u32 missing)
{
	if (!n->offer->value[key])
		return missing;
	return negotiation_number(n, key, U32_MAX, "a number of 32 bits");
}

static void negotiate_size(struct negotiation *n,
			   struct blkfront_config *config)
{
	config->sector_size =
		negotiation_number(n, BLKFRONT_KEY_SECTOR_SIZE, U32_MAX,
				   "a number of bytes");
	if (!is_power_of_2(config->sector_size) ||
	    config->sector_size < NEGOTIATE_SECTOR ||
	    config->sector_size > BLKIF_PAGE_SIZE) {
		negotiation_refuse(n, BLKFRONT_KEY_SECTOR_SIZE,
				   "a power of two from 512 to 4096");
		return;
	}

	config->physical_sector_size =
		negotiation_option(n, BLKFRONT_KEY_PHYSICAL_SECTOR_SIZE,
				   config->sector_size);
	if (!is_power_of_2(config->physical_sector_size) ||
	    config->physical_sector_size < config->sector_size)
		negotiation_refuse(n, BLKFRONT_KEY_PHYSICAL_SECTOR_SIZE,
				   "a power of two, at least sector-size");

	/* The end of the last block, in bytes, has to be a file offset. */
	config->sectors =
		negotiation_number(n, BLKFRONT_KEY_SECTORS,
				   LLONG_MAX >> BLKIF_SECTOR_SHIFT,
				   "a number of 512-byte sectors below 2^54");
	config->sectors = round_down(config->sectors,
				     config->sector_size >> BLKIF_SECTOR_SHIFT);
}

static void negotiate_info(struct negotiation *n,
			   struct blkfront_config *config)
{
	u32 info = negotiation_number(n, BLKFRONT_KEY_INFO, U32_MAX,
				      "a number of 32 bits");

	config->cdrom = info & VDISK_CDROM;
	config->removable = info & VDISK_REMOVABLE;
	config->readonly = info & VDISK_READONLY;
}

/* A backend with neither writes through, and has nothing to flush. */
static void negotiate_flush(struct negotiation *n,
			    struct blkfront_config *config)
{
	bool flush = negotiation_option(n, BLKFRONT_KEY_FLUSH, 0);
	bool barrier = negotiation_option(n, BLKFRONT_KEY_BARRIER, 0);

	if (flush)
		config->flush = BLKFRONT_FLUSH_CACHE;
	else if (barrier)
		config->flush = BLKFRONT_FLUSH_BARRIER;
	else
		config->flush = BLKFRONT_FLUSH_NONE;
}

static void negotiate_discard(struct negotiation *n,
			      struct blkfront_config *config)
{
	u32 granularity, alignment;

	config->discard = negotiation_option(n, BLKFRONT_KEY_DISCARD, 0);
	if (!config->discard)
		return;
	config->secure_erase =
		negotiation_option(n, BLKFRONT_KEY_DISCARD_SECURE, 0);

	granularity = negotiation_option(n, BLKFRONT_KEY_DISCARD_GRANULARITY,
					 config->sector_size);
	if (granularity % NEGOTIATE_SECTOR)
		negotiation_refuse(n, BLKFRONT_KEY_DISCARD_GRANULARITY,
				   "bytes, a multiple of 512");
	config->discard_granularity = max(granularity, config->sector_size);

	alignment = negotiation_option(n, BLKFRONT_KEY_DISCARD_ALIGNMENT, 0);
	if (alignment % NEGOTIATE_SECTOR)
		negotiation_refuse(n, BLKFRONT_KEY_DISCARD_ALIGNMENT,
				   "bytes, a multiple of 512");
	config->discard_alignment = alignment % config->discard_granularity;
}

/*
 * What does not fit into a slot's own table goes out by indirect requests,
 * which a backend without the key does not know.
 */
static void negotiate_segments(struct negotiation *n,
			       const struct blkfront_wish *wish,
			       struct blkfront_config *config)
{
	u32 indirect = negotiation_option(n, BLKFRONT_KEY_MAX_INDIRECT_SEGMENTS,
					  0);

	indirect = min3(indirect, (u32)wish->segments,
			(u32)BLKIF_MAX_INDIRECT_SEGMENTS);
	config->max_segments = max_t(u32, indirect,
				     BLKIF_MAX_SEGMENTS_PER_REQUEST);
}

/* Only if both say so. */
static void negotiate_persistent(struct negotiation *n,
				 const struct blkfront_wish *wish,
				 struct blkfront_config *config)
{
	bool offered = negotiation_option(n, BLKFRONT_KEY_PERSISTENT, 0);

	config->persistent = offered && wish->persistent;
}

/* How large a ring may be, from the key for it or from its older form. */
static u32 negotiate_ring_order(struct negotiation *n)
{
	u32 pages;

	if (n->offer->value[BLKFRONT_KEY_MAX_RING_PAGE_ORDER])
		return negotiation_option(n, BLKFRONT_KEY_MAX_RING_PAGE_ORDER,
					  0);
	pages = negotiation_option(n, BLKFRONT_KEY_MAX_RING_PAGES, 1);
	if (!is_power_of_2(pages)) {
		negotiation_refuse(n, BLKFRONT_KEY_MAX_RING_PAGES,
				   "a power of two");
		return 0;
	}
	return ilog2(pages);
}

/**
 * blkfront_negotiate_layout - which rings there shall be
 * @offer: the values of the first BLKFRONT_NR_RING_KEYS keys as they were read
 * @wish: what we want
 * @layout: filled in when the offer is accepted
 * @refusal: filled in when it is not; points into @offer
 *
 * Return: 0, or -EINVAL.
 */
int blkfront_negotiate_layout(const struct blkfront_offer *offer,
			      const struct blkfront_wish *wish,
			      struct blkfront_layout *layout,
			      struct blkfront_refusal *refusal)
{
	struct negotiation n = { .offer = offer, .refusal = refusal };
	u32 queues = negotiation_option(&n, BLKFRONT_KEY_MAX_QUEUES, 1);
	u32 order = negotiate_ring_order(&n);

	/* No queues but one are no queues at all to some who write the key. */
	queues = max(queues, 1U);
	layout->poll_rings = min(wish->poll_rings, queues - 1);
	layout->rings = layout->poll_rings +
			clamp(queues - layout->poll_rings, 1U,
			      max(wish->rings, 1U));
	layout->ring_order = min3(order, (u32)wish->ring_order,
				  (u32)BLKFRONT_MAX_RING_ORDER);
	return n.refused ? -EINVAL : 0;
}

/**
 * blkfront_negotiate_key - a key's name in XenStore
 * @key: the key
 */
const char *blkfront_negotiate_key(enum blkfront_key key)
{
	return negotiate_keys[key];
}

/**
 * blkfront_negotiate - check what the backend wrote about the disk
 * @offer: the values as they were read; those about rings do not count
 * @wish: what we want
 * @config: filled in when the offer is accepted
 * @refusal: filled in when it is not; points into @offer
 *
 * Return: 0, or -EINVAL.
 */
int blkfront_negotiate(const struct blkfront_offer *offer,
		       const struct blkfront_wish *wish,
		       struct blkfront_config *config,
		       struct blkfront_refusal *refusal)
{
	struct negotiation n = { .offer = offer, .refusal = refusal };

	memset(config, 0, sizeof(*config));
	negotiate_size(&n, config);
	if (n.refused)
		return -EINVAL;
	negotiate_info(&n, config);
	negotiate_flush(&n, config);
	negotiate_discard(&n, config);
	negotiate_segments(&n, wish, config);
	negotiate_persistent(&n, wish, config);
	return n.refused ? -EINVAL : 0;
}
