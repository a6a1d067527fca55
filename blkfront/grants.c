// SPDX-License-Identifier: GPL-2.0
/*
 * Who may use the pages of a request.
 *
 * Arming and disarming are stores to the grant table, under no lock.  Whether
 * the backend still uses a page is decided by the attempt to end its access, and
 * by nothing else: who asks first and acts later is late.
 *
 * The segments come first, then the descriptor pages of an indirect request.
 * Called by whoever has the tag: queue_rq, whoever pumps the backlog, then
 * completion, or the work item once the queue is parked.
 */
#include <linux/mm.h>

#include "blkfront.h"

static u32 *grants_ref(struct blkfront_shadow *shadow, unsigned int i)
{
	if (i < shadow->io.nr_segs)
		return &shadow->io.seg[i].gref;
	return &shadow->io.desc_gref[i - shadow->io.nr_segs];
}

static struct page *grants_page(struct blkfront_shadow *shadow, unsigned int i)
{
	if (i < shadow->io.nr_segs)
		return shadow->page[i];
	return shadow->table->desc[i - shadow->io.nr_segs];
}

/**
 * blkfront_grants_arm - give the backend access to a request's pages
 * @shadow: its shadow, with the segments and their pages
 * @domid: the backend's domain
 */
void blkfront_grants_arm(struct blkfront_shadow *shadow, domid_t domid)
{
	bool write = shadow->io.op == BLKFRONT_WRITE;
	unsigned int nr_segs = shadow->io.nr_segs, i;

	/* These are the pool's to end. */
	if (shadow->ctx->queue->pool.persistent) {
		blkfront_persistent_arm(shadow, domid);
		return;
	}
	for (i = 0; i < nr_segs; i++)
		blkfront_port_grant_arm(shadow->io.seg[i].gref, domid,
					shadow->page[i], write);
	for (i = 0; i < blkfront_encode_descs(nr_segs); i++)
		blkfront_port_grant_arm(shadow->io.desc_gref[i], domid,
					shadow->table->desc[i], true);
	shadow->nr_armed = nr_segs + blkfront_encode_descs(nr_segs);
}

/**
 * blkfront_grants_disarm - end access to the pages, and keep the references
 * @shadow: the shadow
 *
 * Return: false if the backend still has a page mapped.  That page is the last
 * of those that are armed.
 */
bool blkfront_grants_disarm(struct blkfront_shadow *shadow)
{
	u32 *ref;

	while (shadow->nr_armed) {
		ref = grants_ref(shadow, shadow->nr_armed - 1);
		if (!blkfront_port_grant_disarm(*ref))
			return false;
		shadow->nr_armed--;
	}
	return true;
}

/**
 * blkfront_grants_revoke - end access to the pages, quietly
 * @shadow: the shadow
 *
 * Takes the references with it.
 *
 * Return: false if the backend still has a page mapped.  That page is the last
 * of those that are armed.
 */
bool blkfront_grants_revoke(struct blkfront_shadow *shadow)
{
	u32 *ref;

	while (shadow->nr_armed) {
		ref = grants_ref(shadow, shadow->nr_armed - 1);
		if (!blkfront_port_grant_revoke(*ref))
			return false;
		*ref = INVALID_GRANT_REF;
		shadow->nr_armed--;
	}
	return true;
}

/**
 * blkfront_grants_abandon - leave the pages to a backend that keeps them
 * @shadow: the shadow
 *
 * Each page that is still mapped gets a reference that is dropped when the
 * backend lets go of it, so that it is not used for anything else before.
 *
 * Return: false if a page cannot be held in this way, because it is a part of
 * an allocator's memory.  Then nobody may be told that he has it back.
 */
bool blkfront_grants_abandon(struct blkfront_shadow *shadow)
{
	struct folio *folio;
	unsigned int last;

	while (!blkfront_grants_revoke(shadow)) {
		last = shadow->nr_armed - 1;
		folio = page_folio(grants_page(shadow, last));
		if (folio_test_slab(folio) || !folio_try_get(folio))
			return false;
		blkfront_port_grant_defer(*grants_ref(shadow, last),
					  grants_page(shadow, last));
		*grants_ref(shadow, last) = INVALID_GRANT_REF;
		shadow->nr_armed--;
	}
	return true;
}
