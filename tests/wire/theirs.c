// SPDX-License-Identifier: GPL-2.0
/* What Xen's public headers say, in the layout of the compiler's target. */
#include <stdint.h>
#include <xen/io/blkif.h>
#include "value.h"

#define STRUCT_rw	blkif_request
#define STRUCT_discard	blkif_request_discard
#define STRUCT_indirect	blkif_request_indirect
#define STRUCT_response	blkif_response
#define REQUEST(kind)	struct STRUCT_##kind

void values(void);
void values(void)
{
#include "fields.h"
	VALUE("request.size", sizeof(union blkif_sring_entry));
	VALUE("rw.size", sizeof(struct blkif_request));
	VALUE("discard.size", sizeof(struct blkif_request_discard));
	VALUE("indirect.size", sizeof(struct blkif_request_indirect));
	VALUE("response.size", sizeof(struct blkif_response));
	VALUE("segment.size", sizeof(struct blkif_request_segment));
	OFFSET("segment", struct blkif_request_segment, gref);
	OFFSET("segment", struct blkif_request_segment, first_sect);
	OFFSET("segment", struct blkif_request_segment, last_sect);
	VALUE("native.request", sizeof(struct blkif_request));
	VALUE("native.response", sizeof(struct blkif_response));
#include "constants.h"
}
