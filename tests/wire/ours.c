// SPDX-License-Identifier: GPL-2.0
/*
 * What our header says.  Both layouts are there whatever the compiler's target
 * is; ABI (x86_64 or x86_32) says which of them is asked for.
 */
#include "value.h"

#define __packed	__attribute__((__packed__))
#define __aligned(n)	__attribute__((__aligned__(n)))
#include <xen/interface/io/blkif.h>

#define PASTE_(a, b, c)	a##b##c
#define PASTE(a, b, c)	PASTE_(a, b, c)
#define REQUEST(kind)	struct PASTE(blkif_, ABI, PASTE(_, kind,))

void values(void);
void values(void)
{
#include "fields.h"
	VALUE("request.size", sizeof(union PASTE(blkif_, ABI, _request)));
	VALUE("rw.size", sizeof(REQUEST(rw)));
	VALUE("discard.size", sizeof(REQUEST(discard)));
	VALUE("indirect.size", sizeof(REQUEST(indirect)));
	VALUE("response.size", sizeof(REQUEST(response)));
	VALUE("segment.size", sizeof(struct blkif_segment));
	OFFSET("segment", struct blkif_segment, gref);
	OFFSET("segment", struct blkif_segment, first_sect);
	OFFSET("segment", struct blkif_segment, last_sect);
#ifdef NATIVE
	/* Only the native layout: it is the one that the target's Xen has. */
	VALUE("native.request", sizeof(union blkif_native_request));
	VALUE("native.response", sizeof(struct blkif_native_response));
#endif
#include "constants.h"
}
