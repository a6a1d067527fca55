// SPDX-License-Identifier: GPL-2.0
/*
 * Private pages, for a backend that is not trusted with ours.
 *
 * A grant is of a whole page, and the rest of a request's page may hold
 * anything.  So each segment gets a page of the queue's pool, which never held
 * anything but this disk's data: it is granted instead, and the data copied, to
 * the same place in it.
 *
 * Called by whoever has the tag, as what is in grants.c.
 */
#include <linux/blk-mq.h>
#include <linux/highmem.h>

#include "blkfront.h"

/* A segment is of one page, and may be of several neighbours in it. */
static void bounce_copy(struct blkfront_shadow *shadow, bool out)
{
	struct blkfront_io *io = &shadow->io;
	struct req_iterator iter;
	struct bio_vec bv;
	unsigned int i = 0;

	rq_for_each_segment(bv, shadow->rq, iter) {
		if (i == io->nr_segs)
			break;
		if (out)
			memcpy_page(shadow->page[i], bv.bv_offset, bv.bv_page,
				    bv.bv_offset, bv.bv_len);
		else
			memcpy_page(bv.bv_page, bv.bv_offset, shadow->page[i],
				    bv.bv_offset, bv.bv_len);
		if (bv.bv_offset + bv.bv_len ==
		    (io->seg[i].last_sect + 1) << BLKIF_SECTOR_SHIFT)
			i++;
	}
}

/**
 * blkfront_bounce_out - copy a request's data to its private pages
 * @shadow: the tag's shadow, with a piece of the request described in it
 */
void blkfront_bounce_out(struct blkfront_shadow *shadow)
{
	if (shadow->io.op == BLKFRONT_WRITE)
		bounce_copy(shadow, true);
}

/**
 * blkfront_bounce_home - copy a request's data from its private pages
 * @shadow: the tag's shadow, whose pages the backend uses no more
 */
void blkfront_bounce_home(struct blkfront_shadow *shadow)
{
	if (shadow->io.op == BLKFRONT_READ)
		bounce_copy(shadow, false);
}
