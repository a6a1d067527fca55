/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A request's way through the frontend.
 *
 * What goes over the ring is a piece of it, the only one as a rule.  The id is what
 * the backend has, and the same in its own tracepoints.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM xen_blkfront

#if !defined(_BLKFRONT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _BLKFRONT_TRACE_H

#include <linux/tracepoint.h>

#include "blkfront.h"

DECLARE_EVENT_CLASS(blkfront_piece,
	TP_PROTO(const struct blkfront_shadow *shadow),
	TP_ARGS(shadow),
	TP_STRUCT__entry(
		__array(char, disk, DISK_NAME_LEN)
		__field(u32, ring)
		__field(u64, id)
		__field(u8, op)
		__field(u64, sector)
		__field(u64, nr_sectors)
	),
	TP_fast_assign(
		strscpy_pad(__entry->disk, shadow->ctx->queue->name,
			DISK_NAME_LEN);
		__entry->ring = shadow->ctx->queue - shadow->ctx->queue->disk->queues;
		__entry->id = shadow->io.id;
		__entry->op = shadow->wire_op;
		__entry->sector = shadow->io.sector;
		__entry->nr_sectors = shadow->io.nr_sectors;
	),
	TP_printk("%s ring %u id 0x%llx op %u sector %llu + %llu",
		  __entry->disk, __entry->ring, __entry->id, __entry->op,
		  __entry->sector, __entry->nr_sectors)
);

#define BLKFRONT_PIECE_EVENT(name)					\
	DEFINE_EVENT(blkfront_piece, name,				\
		     TP_PROTO(const struct blkfront_shadow *shadow),	\
		     TP_ARGS(shadow))

/* A piece is made, with the grants and pages that it needs. */
BLKFRONT_PIECE_EVENT(blkfront_queue);
/* It is on the ring, and will be shown with the others of this plug. */
BLKFRONT_PIECE_EVENT(blkfront_put);

DECLARE_EVENT_CLASS(blkfront_result,
	TP_PROTO(const struct blkfront_shadow *shadow, blk_status_t status),
	TP_ARGS(shadow, status),
	TP_STRUCT__entry(
		__array(char, disk, DISK_NAME_LEN)
		__field(u32, ring)
		__field(u64, id)
		__field(u8, op)
		__field(u64, sector)
		__field(u64, nr_sectors)
		__field(int, error)
	),
	TP_fast_assign(
		strscpy_pad(__entry->disk, shadow->ctx->queue->name,
			DISK_NAME_LEN);
		__entry->ring = shadow->ctx->queue - shadow->ctx->queue->disk->queues;
		__entry->id = shadow->io.id;
		__entry->op = shadow->wire_op;
		__entry->sector = shadow->io.sector;
		__entry->nr_sectors = shadow->io.nr_sectors;
		__entry->error = blk_status_to_errno(status);
	),
	TP_printk("%s ring %u id 0x%llx op %u sector %llu + %llu error %d",
		  __entry->disk, __entry->ring, __entry->id, __entry->op,
		  __entry->sector, __entry->nr_sectors, __entry->error)
);

#define BLKFRONT_RESULT_EVENT(name)					\
	DEFINE_EVENT(blkfront_result, name,				\
		     TP_PROTO(const struct blkfront_shadow *shadow,	\
			      blk_status_t status),				\
		     TP_ARGS(shadow, status))

/* Its answer was taken off the ring. */
BLKFRONT_RESULT_EVENT(blkfront_take);
/* The request ends. */
BLKFRONT_RESULT_EVENT(blkfront_end);

#endif /* _BLKFRONT_TRACE_H */

#undef TRACE_INCLUDE_PATH
/* From include/ of the project, which is on the path. */
#define TRACE_INCLUDE_PATH ../blkfront
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
