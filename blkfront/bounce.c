// SPDX-License-Identifier: GPL-2.0
/*
 * Private pages, for a backend that is not trusted with ours.
 *
 * A grant is of a whole page, and the rest of a request's page may hold
 * anything.  So each segment of a tag gets a page of its own, which never held
 * anything but this disk's data: it is granted instead, and the data copied.
 *
 * Called by whoever has the tag, as what is in grants.c.
 */
#include <linux/gfp.h>
#include <linux/highmem.h>

#include "blkfront.h"

/**
 * blkfront_bounce_fill - get the pages of a tag
 * @shadow: the tag's shadow
 *
 * Return: 0, or -ENOMEM, when what was there before is still there.
 */
int blkfront_bounce_fill(struct blkfront_shadow *shadow)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(shadow->bounce); i++) {
		if (shadow->bounce[i])
			continue;
		shadow->bounce[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!shadow->bounce[i])
			return -ENOMEM;
	}
	return 0;
}

/**
 * blkfront_bounce_drain - give the pages of a tag back
 * @shadow: the tag's shadow
 *
 * One that the backend has not let go of is held by a reference of its own.
 */
void blkfront_bounce_drain(struct blkfront_shadow *shadow)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(shadow->bounce); i++) {
		if (shadow->bounce[i])
			__free_page(shadow->bounce[i]);
		shadow->bounce[i] = NULL;
	}
}

static void bounce_copy(struct page *to, struct page *from,
			const struct blkfront_segment *seg)
{
	unsigned int at = seg->first_sect << BLKIF_SECTOR_SHIFT;
	unsigned int end = (seg->last_sect + 1) << BLKIF_SECTOR_SHIFT;

	memcpy_page(to, at, from, at, end - at);
}

/**
 * blkfront_bounce_begin - put private pages in place of a request's
 * @shadow: the tag's shadow, with the request described in it
 *
 * Once for a request, however often it is sent.
 */
void blkfront_bounce_begin(struct blkfront_shadow *shadow)
{
	struct blkfront_io *io = &shadow->io;
	unsigned int i;

	if (shadow->bounced)
		return;
	shadow->bounced = true;
	for (i = 0; i < io->nr_segs; i++) {
		shadow->data[i] = shadow->grants.page[i];
		shadow->grants.page[i] = shadow->bounce[i];
		if (io->op == BLKFRONT_WRITE)
			bounce_copy(shadow->bounce[i], shadow->data[i],
				    &io->seg[i]);
	}
}

/**
 * blkfront_bounce_end - bring a request's data home
 * @shadow: the tag's shadow, whose pages the backend uses no more
 * @status: the request's outcome
 */
void blkfront_bounce_end(struct blkfront_shadow *shadow, blk_status_t status)
{
	struct blkfront_io *io = &shadow->io;
	unsigned int i;

	if (!shadow->bounced)
		return;
	shadow->bounced = false;
	if (io->op != BLKFRONT_READ || status)
		return;
	for (i = 0; i < io->nr_segs; i++)
		bounce_copy(shadow->data[i], shadow->bounce[i], &io->seg[i]);
}
