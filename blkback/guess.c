// SPDX-License-Identifier: GPL-2.0
/*
 * Which layout has the first slot of a frontend that wrote no "protocol" key?
 *
 * The protocol says that it is the native one, which to a 32-bit frontend is
 * another one than to us: its requests would go to other places of the disk than
 * it means.  Taken for the wrong layout, a slot has parts of a sector for grant
 * references, and grant references for parts of a sector.  A read is the only
 * request to try that on: what comes of it is a wrong answer at worst.
 */
#include "guess.h"

/* Those that Xen keeps for itself, and more than a domain is ever given. */
#define GUESS_GREF_MIN	8
#define GUESS_GREF_MAX	0x100000

static bool is_read(enum blkback_abi abi, const union blkback_slot *slot,
		    const struct blkback_limits *limits)
{
	struct blkback_cmd cmd;
	unsigned int i;

	if (blkback_decode(abi, slot, limits, &cmd) ||
	    cmd.op != BLKBACK_READ || cmd.nr_descriptor_pages)
		return false;
	for (i = 0; i < cmd.nr_segments; i++)
		if (cmd.seg[i].gref < GUESS_GREF_MIN ||
		    cmd.seg[i].gref >= GUESS_GREF_MAX)
			return false;
	return true;
}

/**
 * blkback_guess - the layout of a slot
 * @slot: private copy of the first slot of a ring, which lies at the same place in
 *	either layout
 * @limits: what the disk takes
 *
 * Context: any.
 * Return: the one layout in which the slot is a good read; BLKBACK_ABI_UNKNOWN where
 * it is in both, in none, or is no read.
 */
enum blkback_abi blkback_guess(const union blkback_slot *slot,
			       const struct blkback_limits *limits)
{
	bool x86_64 = is_read(BLKBACK_ABI_X86_64, slot, limits);
	bool x86_32 = is_read(BLKBACK_ABI_X86_32, slot, limits);

	if (x86_64 == x86_32)
		return BLKBACK_ABI_UNKNOWN;
	return x86_64 ? BLKBACK_ABI_X86_64 : BLKBACK_ABI_X86_32;
}
