// SPDX-License-Identifier: GPL-2.0
/*
 * Is a disk that came back the one that was there before?
 *
 * Pure.  What waits in the journal was meant for one disk and is sent to no
 * other: where there is doubt, it is another one.  That is told by what both
 * sides say; a text that either does not say tells nothing.
 */
#include <linux/string.h>

#include "identity.h"

static bool identity_known(const char *was, const char *is)
{
	return was && is;
}

static bool identity_differs(const char *was, const char *is)
{
	return identity_known(was, is) && strcmp(was, is);
}

/*
 * A disk that grew is the same one if somebody says so: its params, or the
 * toolstack that resumed the domain.  To one that shrank, what waits may not
 * fit any more.
 */
static bool identity_fits(const struct blkfront_identity *was,
			  const struct blkfront_identity *is,
			  enum blkfront_return how)
{
	if (is->sectors <= was->sectors)
		return is->sectors == was->sectors;
	return how == BLKFRONT_RESUMED ||
	       identity_known(was->params, is->params);
}

/**
 * blkfront_identity_compare - is it the same disk?
 * @was: what it was when it was connected the last time
 * @is: what it is now
 * @how: what happened in between
 *
 * Another host may have the same disk under another path: after a resume the
 * texts are not compared.
 *
 * Return: what differs, or BLKFRONT_SAME.
 */
enum blkfront_difference
blkfront_identity_compare(const struct blkfront_identity *was,
			  const struct blkfront_identity *is,
			  enum blkfront_return how)
{
	if (was->sector_size != is->sector_size)
		return BLKFRONT_OTHER_SECTOR_SIZE;
	if (how != BLKFRONT_RESUMED) {
		if (identity_differs(was->params, is->params))
			return BLKFRONT_OTHER_PARAMS;
		if (identity_differs(was->type, is->type))
			return BLKFRONT_OTHER_TYPE;
	}
	if (how != BLKFRONT_STAYED && !identity_fits(was, is, how))
		return BLKFRONT_OTHER_SECTORS;
	return BLKFRONT_SAME;
}
