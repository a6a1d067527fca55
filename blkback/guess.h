/* SPDX-License-Identifier: GPL-2.0 */
/* The layout of slots of a frontend that does not say.  Pure. */
#ifndef _BLKBACK_GUESS_H
#define _BLKBACK_GUESS_H

#include "decode.h"

enum blkback_abi blkback_guess(const union blkback_slot *slot,
			       const struct blkback_limits *limits);

#endif /* _BLKBACK_GUESS_H */
