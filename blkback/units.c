// SPDX-License-Identifier: GPL-2.0
/*
 * The data of a request -> blocks of the disk, each in one page of memory.
 *
 * A disk's block may be more than the guest asks for, or lie in two pages of the
 * guest.  A unit is a block's worth of what goes to the disk.  One that is all of a
 * page of the guest goes there as it is; any other goes through a page of ours.
 *
 * Pure: emulate.c has the pages and does the copying.
 */
#include <linux/math.h>
#include <linux/minmax.h>

#include "units.h"

/**
 * blkback_units_next - go on to the next piece of the data
 * @units: how it lies
 * @seg: its segments
 * @nr_segments: how many
 * @piece: the piece; all zero before the first
 *
 * Context: any.
 * Return: false when there is none left.
 */
bool blkback_units_next(const struct blkback_units *units,
			const struct blkback_segment *seg,
			unsigned int nr_segments,
			struct blkback_unit_piece *piece)
{
	if (!piece->len_bytes)
		piece->unit_bytes = units->skip_bytes;
	piece->segment_bytes += piece->len_bytes;
	piece->unit_bytes += piece->len_bytes;
	if (piece->segment < nr_segments &&
	    piece->segment_bytes == seg[piece->segment].len_bytes) {
		piece->segment++;
		piece->segment_bytes = 0;
	}
	if (piece->segment == nr_segments)
		return false;
	if (piece->unit_bytes == BLKBACK_UNIT_BYTES) {
		piece->unit++;
		piece->unit_bytes = 0;
	}
	piece->len_bytes = min(seg[piece->segment].len_bytes -
			       piece->segment_bytes,
			       BLKBACK_UNIT_BYTES - piece->unit_bytes);
	return true;
}

/* Is this piece all of its unit, and does its page begin with it? */
static bool piece_is_unit(const struct blkback_units *units,
			  const struct blkback_segment *seg,
			  const struct blkback_unit_piece *piece)
{
	if (piece->unit_bytes || piece->segment_bytes ||
	    seg[piece->segment].offset_bytes)
		return false;
	return piece->len_bytes == blkback_units_len(units, piece->unit);
}

/**
 * blkback_units_find - see how data lies in units
 * @units: result
 * @seg: its segments
 * @nr_segments: how many, 1 to 32
 * @skip_bytes: how far into the first unit it begins
 * @whole: the disk takes whole units only; else the last one ends with the data
 *
 * Context: any.
 */
void blkback_units_find(struct blkback_units *units,
			const struct blkback_segment *seg,
			unsigned int nr_segments, unsigned int skip_bytes,
			bool whole)
{
	struct blkback_unit_piece piece = {};
	unsigned int i, end_bytes = skip_bytes;

	for (i = 0; i < nr_segments; i++)
		end_bytes += seg[i].len_bytes;
	units->nr = DIV_ROUND_UP(end_bytes, BLKBACK_UNIT_BYTES);
	units->end_bytes = end_bytes - (units->nr - 1) * BLKBACK_UNIT_BYTES;
	units->skip_bytes = skip_bytes;
	units->whole = whole;
	units->nr_copied = units->nr;
	for (i = 0; i < units->nr; i++)
		units->segment[i] = BLKBACK_UNIT_COPIED;

	while (blkback_units_next(units, seg, nr_segments, &piece)) {
		if (!piece_is_unit(units, seg, &piece))
			continue;
		units->segment[piece.unit] = piece.segment;
		units->nr_copied--;
	}
}

/**
 * blkback_units_edge - does a unit have bytes that are not the request's?
 * @units: how the data lies
 * @unit: which one
 *
 * Context: any.
 * Return: true for one that has to be read before it is written.
 */
bool blkback_units_edge(const struct blkback_units *units, unsigned int unit)
{
	if (!units->whole)
		return false;
	return (unit == 0 && units->skip_bytes) ||
	       (unit == units->nr - 1 &&
		units->end_bytes != BLKBACK_UNIT_BYTES);
}

/**
 * blkback_units_len - how much of a unit goes to the disk, or comes from it
 * @units: how the data lies
 * @unit: which one
 *
 * Context: any.
 * Return: the length in bytes.
 */
unsigned int blkback_units_len(const struct blkback_units *units,
			       unsigned int unit)
{
	return unit == units->nr - 1 && !units->whole ? units->end_bytes :
							BLKBACK_UNIT_BYTES;
}
