// SPDX-License-Identifier: GPL-2.0
/*
 * The grant references that a tag owns.
 *
 * They are taken when the disk connects, so that a request takes no lock and
 * waits for nothing to get one: arming and disarming are stores to the grant
 * table.  Whether the backend still uses a page is decided by the attempt to
 * end its access, and by nothing else: who asks first and acts later is late.
 *
 * Owned by whoever has the tag: queue_rq, then completion, or the work item
 * once the queue is parked.
 */
#include <linux/mm.h>

#include "blkfront.h"

/**
 * blkfront_grants_init - begin with no reference
 * @grants: the tag's
 */
void blkfront_grants_init(struct blkfront_grants *grants)
{
	unsigned int i;

	grants->nr_armed = 0;
	for (i = 0; i < ARRAY_SIZE(grants->ref); i++)
		grants->ref[i] = INVALID_GRANT_REF;
}

/**
 * blkfront_grants_fill - replace the references that are missing
 * @grants: the tag's
 *
 * Return: 0, or -ENOSPC, when what was there before is still there.
 */
int blkfront_grants_fill(struct blkfront_grants *grants)
{
	grant_ref_t fresh[BLKFRONT_MAX_SEGMENTS];
	unsigned int i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(grants->ref); i++)
		if (grants->ref[i] == INVALID_GRANT_REF)
			nr++;
	if (!nr)
		return 0;
	if (blkfront_port_grant_alloc(fresh, nr))
		return -ENOSPC;
	for (i = 0; i < ARRAY_SIZE(grants->ref); i++)
		if (grants->ref[i] == INVALID_GRANT_REF)
			grants->ref[i] = fresh[--nr];
	return 0;
}

/**
 * blkfront_grants_drain - give back the references, none of which is armed
 * @grants: the tag's
 */
void blkfront_grants_drain(struct blkfront_grants *grants)
{
	unsigned int i;

	if (WARN_ON_ONCE(grants->nr_armed))
		return;
	for (i = 0; i < ARRAY_SIZE(grants->ref); i++) {
		if (grants->ref[i] == INVALID_GRANT_REF)
			continue;
		blkfront_port_grant_free(grants->ref[i]);
		grants->ref[i] = INVALID_GRANT_REF;
	}
}

/**
 * blkfront_grants_arm - give the backend access to a request's pages
 * @grants: the tag's; @page of the first @nr is set
 * @domid: the backend's domain
 * @seg: told which references these are
 * @nr: how many pages
 * @readonly: the backend may not write to them
 */
void blkfront_grants_arm(struct blkfront_grants *grants, domid_t domid,
			 struct blkfront_segment *seg, unsigned int nr,
			 bool readonly)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		seg[i].gref = grants->ref[i];
		blkfront_port_grant_arm(grants->ref[i], domid, grants->page[i],
					readonly);
	}
	grants->nr_armed = nr;
}

/**
 * blkfront_grants_disarm - end access to the pages, and keep the references
 * @grants: the tag's
 *
 * Return: false if the backend still has a page mapped.  That page is the last
 * of those that are armed.
 */
bool blkfront_grants_disarm(struct blkfront_grants *grants)
{
	while (grants->nr_armed) {
		if (!blkfront_port_grant_disarm(grants->ref[grants->nr_armed - 1]))
			return false;
		grants->nr_armed--;
	}
	return true;
}

/**
 * blkfront_grants_revoke - end access to the pages, quietly
 * @grants: the tag's
 *
 * Takes the references with it: blkfront_grants_fill() replaces them.
 *
 * Return: false if the backend still has a page mapped.  That page is the last
 * of those that are armed.
 */
bool blkfront_grants_revoke(struct blkfront_grants *grants)
{
	unsigned int last;

	while (grants->nr_armed) {
		last = grants->nr_armed - 1;
		if (!blkfront_port_grant_revoke(grants->ref[last]))
			return false;
		grants->ref[last] = INVALID_GRANT_REF;
		grants->nr_armed--;
	}
	return true;
}

/**
 * blkfront_grants_abandon - leave the pages to a backend that keeps them
 * @grants: the tag's
 *
 * Each page that is still mapped gets a reference that is dropped when the
 * backend lets go of it, so that it is not used for anything else before.
 *
 * Return: false if a page cannot be held in this way, because it is a part of
 * an allocator's memory.  Then nobody may be told that he has it back.
 */
bool blkfront_grants_abandon(struct blkfront_grants *grants)
{
	struct folio *folio;
	unsigned int last;

	while (!blkfront_grants_revoke(grants)) {
		last = grants->nr_armed - 1;
		folio = page_folio(grants->page[last]);
		if (folio_test_slab(folio) || !folio_try_get(folio))
			return false;
		blkfront_port_grant_defer(grants->ref[last],
					  grants->page[last]);
		grants->ref[last] = INVALID_GRANT_REF;
		grants->nr_armed--;
	}
	return true;
}
