/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A request's way through the backend.
 *
 * The id is the frontend's, and the same in its own tracepoints: with the disk and
 * the ring it names a request until that is answered.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM xen_blkback

#if !defined(_BLKBACK_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _BLKBACK_TRACE_H

#include <linux/tracepoint.h>

#include "blkback.h"

/*
 * The longest is vbd-65535-4294967295.  No string of variable length: bpftrace 0.23,
 * which is Debian 13's, reads these as empty.
 */
#define BLKBACK_TRACE_NAME	24

DECLARE_EVENT_CLASS(blkback_request,
	TP_PROTO(const struct blkback_req *req),
	TP_ARGS(req),
	TP_STRUCT__entry(
		__array(char, disk, BLKBACK_TRACE_NAME)
		__field(u32, ring)
		__field(u64, id)
		__field(u8, op)
		__field(u64, sector)
		__field(u64, nr_sectors)
	),
	TP_fast_assign(
		strscpy_pad(__entry->disk, dev_name(&req->queue->dev->xbdev->dev),
			BLKBACK_TRACE_NAME);
		__entry->ring = req->queue->number;
		__entry->id = req->cmd.id;
		__entry->op = req->cmd.wire_op;
		__entry->sector = req->cmd.sector;
		__entry->nr_sectors = req->cmd.nr_sectors;
	),
	TP_printk("%s ring %u id 0x%llx op %u sector %llu + %llu",
		  __entry->disk, __entry->ring, __entry->id, __entry->op,
		  __entry->sector, __entry->nr_sectors)
);

#define BLKBACK_REQUEST_EVENT(name)			\
	DEFINE_EVENT(blkback_request, name,		\
		     TP_PROTO(const struct blkback_req *req), TP_ARGS(req))

/* It was taken off the ring; of an indirect one the length is not known yet. */
BLKBACK_REQUEST_EVENT(blkback_take);
/* It may start, and has pages for its first part. */
BLKBACK_REQUEST_EVENT(blkback_start);
/* A part of it has its pages mapped, or what is written copied. */
BLKBACK_REQUEST_EVENT(blkback_bring);
/* A part of it goes to the disk. */
BLKBACK_REQUEST_EVENT(blkback_submit);

DECLARE_EVENT_CLASS(blkback_result,
	TP_PROTO(const struct blkback_req *req, int error),
	TP_ARGS(req, error),
	TP_STRUCT__entry(
		__array(char, disk, BLKBACK_TRACE_NAME)
		__field(u32, ring)
		__field(u64, id)
		__field(u8, op)
		__field(u64, sector)
		__field(u64, nr_sectors)
		__field(int, error)
	),
	TP_fast_assign(
		strscpy_pad(__entry->disk, dev_name(&req->queue->dev->xbdev->dev),
			BLKBACK_TRACE_NAME);
		__entry->ring = req->queue->number;
		__entry->id = req->cmd.id;
		__entry->op = req->cmd.wire_op;
		__entry->sector = req->cmd.sector;
		__entry->nr_sectors = req->cmd.nr_sectors;
		__entry->error = error;
	),
	TP_printk("%s ring %u id 0x%llx op %u sector %llu + %llu error %d",
		  __entry->disk, __entry->ring, __entry->id, __entry->op,
		  __entry->sector, __entry->nr_sectors, __entry->error)
);

#define BLKBACK_RESULT_EVENT(name)					\
	DEFINE_EVENT(blkback_result, name,				\
		     TP_PROTO(const struct blkback_req *req, int error),	\
		     TP_ARGS(req, error))

/* The disk is done with a part of it. */
BLKBACK_RESULT_EVENT(blkback_complete);
/* Its answer is written, and will be shown with the others of this round. */
BLKBACK_RESULT_EVENT(blkback_answer);

#endif /* _BLKBACK_TRACE_H */

#undef TRACE_INCLUDE_PATH
/* From include/ of the project, which is on the path. */
#define TRACE_INCLUDE_PATH ../blkback
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
