/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The blkif wire: what a block frontend and a block backend put into the ring
 * pages they share, and the names of the XenStore keys by which they agree.
 *
 * Only the wire.  Every quantity called "sector" is 512 bytes whatever the
 * disk's logical block size is, and every position in a page is counted from
 * the start of a 4 KiB page, whatever the page size of either kernel is.
 *
 * A slot of the ring has one of two layouts.  They differ in the alignment of
 * 64-bit fields: 8 bytes ("x86_64-abi", "arm-abi"), or 4 bytes ("x86_32-abi").
 * Both are spelled out here on every machine, so that a backend can serve a
 * frontend of the other kind; the native one has a name of its own.
 */
#ifndef __XEN_PUBLIC_IO_BLKIF_H__
#define __XEN_PUBLIC_IO_BLKIF_H__

#include <linux/stddef.h>
#include <linux/types.h>

/* Operations: the first byte of a request. */
#define BLKIF_OP_READ			0
#define BLKIF_OP_WRITE			1
/* Ordered against everything before and after it; needs feature-barrier. */
#define BLKIF_OP_WRITE_BARRIER		2
/* Makes every write answered so far durable; needs feature-flush-cache. */
#define BLKIF_OP_FLUSH_DISKCACHE	3
#define BLKIF_OP_RESERVED_1		4
/* Needs feature-discard. */
#define BLKIF_OP_DISCARD		5
/* Needs feature-max-indirect-segments. */
#define BLKIF_OP_INDIRECT		6

/* Status: the outcome in a response. */
#define BLKIF_RSP_OKAY			0
#define BLKIF_RSP_ERROR			(-1)
#define BLKIF_RSP_EOPNOTSUPP		(-2)

#define BLKIF_MAX_SEGMENTS_PER_REQUEST	11
#define BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST	8
#define BLKIF_SEGMENTS_PER_INDIRECT_PAGE	512
#define BLKIF_MAX_INDIRECT_SEGMENTS \
	(BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST * BLKIF_SEGMENTS_PER_INDIRECT_PAGE)

/* Bits of a discard's flag. */
#define BLKIF_DISCARD_SECURE		0x1

/* Bits of the backend's "info" key. */
#define VDISK_CDROM			0x1
#define VDISK_REMOVABLE			0x2
#define VDISK_READONLY			0x4

#define BLKIF_SECTOR_SHIFT		9
#define BLKIF_PAGE_SIZE			4096
#define BLKIF_SECTORS_PER_PAGE		(BLKIF_PAGE_SIZE >> BLKIF_SECTOR_SHIFT)

/* One page, or the part of it from first_sect to last_sect, both included. */
struct blkif_segment {
	__u32 gref;
	__u8 first_sect;
	__u8 last_sect;
	__u16 pad;
};

/* The layout that aligns 64-bit fields to 8 bytes. */
struct blkif_x86_64_rw {
	__u8 operation;
	__u8 nr_segments;
	__u16 handle;
	__u32 pad1;
	__u64 id;
	__u64 sector_number;
	struct blkif_segment seg[BLKIF_MAX_SEGMENTS_PER_REQUEST];
} __packed __aligned(8);

struct blkif_x86_64_discard {
	__u8 operation;
	__u8 flag;
	__u16 handle;
	__u32 pad1;
	__u64 id;
	__u64 sector_number;
	__u64 nr_sectors;
} __packed __aligned(8);

struct blkif_x86_64_indirect {
	__u8 operation;
	__u8 indirect_op;
	__u16 nr_segments;
	__u32 pad1;
	__u64 id;
	__u64 sector_number;
	__u16 handle;
	__u16 pad2;
	__u32 indirect_grefs[BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST];
	__u32 pad3;
} __packed __aligned(8);

union blkif_x86_64_request {
	__u8 operation;
	struct blkif_x86_64_rw rw;
	struct blkif_x86_64_discard discard;
	struct blkif_x86_64_indirect indirect;
};

struct blkif_x86_64_response {
	__u64 id;
	__u8 operation;
	__u8 pad;
	__s16 status;
	__u32 pad2;
} __packed __aligned(8);

/* The layout that aligns 64-bit fields to 4 bytes. */
struct blkif_x86_32_rw {
	__u8 operation;
	__u8 nr_segments;
	__u16 handle;
	__u64 id;
	__u64 sector_number;
	struct blkif_segment seg[BLKIF_MAX_SEGMENTS_PER_REQUEST];
} __packed __aligned(4);

struct blkif_x86_32_discard {
	__u8 operation;
	__u8 flag;
	__u16 handle;
	__u64 id;
	__u64 sector_number;
	__u64 nr_sectors;
} __packed __aligned(4);

struct blkif_x86_32_indirect {
	__u8 operation;
	__u8 indirect_op;
	__u16 nr_segments;
	__u64 id;
	__u64 sector_number;
	__u16 handle;
	__u16 pad2;
	__u32 indirect_grefs[BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST];
	__u64 pad3;
} __packed __aligned(4);

union blkif_x86_32_request {
	__u8 operation;
	struct blkif_x86_32_rw rw;
	struct blkif_x86_32_discard discard;
	struct blkif_x86_32_indirect indirect;
};

struct blkif_x86_32_response {
	__u64 id;
	__u8 operation;
	__u8 pad;
	__s16 status;
} __packed __aligned(4);

/* Values of the frontend's "protocol" key. */
#define BLKIF_PROTOCOL_X86_32		"x86_32-abi"
#define BLKIF_PROTOCOL_X86_64		"x86_64-abi"
#define BLKIF_PROTOCOL_ARM		"arm-abi"

/* The layout that this kernel speaks when it is the frontend, and its name. */
#ifdef __i386__
#define BLKIF_PROTOCOL_NATIVE		BLKIF_PROTOCOL_X86_32
#define blkif_native_request		blkif_x86_32_request
#define blkif_native_response		blkif_x86_32_response
#elif defined(__x86_64__)
#define BLKIF_PROTOCOL_NATIVE		BLKIF_PROTOCOL_X86_64
#define blkif_native_request		blkif_x86_64_request
#define blkif_native_response		blkif_x86_64_response
#else
#define BLKIF_PROTOCOL_NATIVE		BLKIF_PROTOCOL_ARM
#define blkif_native_request		blkif_x86_64_request
#define blkif_native_response		blkif_x86_64_response
#endif

/* XenStore keys that the frontend writes. */
#define BLKIF_KEY_PROTOCOL		"protocol"
/* Of one page; of several, each has its number appended, from 0 on. */
#define BLKIF_KEY_RING_REF		"ring-ref"
#define BLKIF_KEY_RING_PAGE_ORDER	"ring-page-order"
#define BLKIF_KEY_NUM_RING_PAGES	"num-ring-pages"
#define BLKIF_KEY_EVENT_CHANNEL		"event-channel"
#define BLKIF_KEY_NUM_QUEUES		"multi-queue-num-queues"
/* Only Windows writes it: this frontend's sectors are not of 512 bytes. */
#define BLKIF_KEY_LARGE_SECTOR_SIZE	"feature-large-sector-size"

/* XenStore keys that the backend writes. */
#define BLKIF_KEY_MAX_QUEUES		"multi-queue-max-queues"
#define BLKIF_KEY_MAX_RING_PAGE_ORDER	"max-ring-page-order"
#define BLKIF_KEY_MAX_RING_PAGES	"max-ring-pages"
#define BLKIF_KEY_MAX_INDIRECT_SEGMENTS	"feature-max-indirect-segments"
#define BLKIF_KEY_FEATURE_BARRIER	"feature-barrier"
#define BLKIF_KEY_FEATURE_FLUSH		"feature-flush-cache"
#define BLKIF_KEY_FEATURE_DISCARD	"feature-discard"
#define BLKIF_KEY_DISCARD_GRANULARITY	"discard-granularity"
#define BLKIF_KEY_DISCARD_ALIGNMENT	"discard-alignment"
#define BLKIF_KEY_DISCARD_SECURE	"discard-secure"
#define BLKIF_KEY_SECTORS		"sectors"
#define BLKIF_KEY_SECTOR_SIZE		"sector-size"
#define BLKIF_KEY_PHYSICAL_SECTOR_SIZE	"physical-sector-size"
#define BLKIF_KEY_INFO			"info"

/* XenStore key that both write. */
#define BLKIF_KEY_FEATURE_PERSISTENT	"feature-persistent"

/* XenStore keys that the toolstack and the hotplug script write. */
#define BLKIF_KEY_VIRTUAL_DEVICE	"virtual-device"
#define BLKIF_KEY_VIRTUAL_DEVICE_EXT	"virtual-device-ext"
#define BLKIF_KEY_DEVICE_TYPE		"device-type"
#define BLKIF_KEY_TRUSTED		"trusted"
#define BLKIF_KEY_MODE			"mode"
#define BLKIF_KEY_PARAMS		"params"
#define BLKIF_KEY_TYPE			"type"
#define BLKIF_KEY_PHYSICAL_DEVICE	"physical-device"
#define BLKIF_KEY_DISCARD_ENABLE	"discard-enable"

#define __BLKIF_ASSERT_AT(_type, _field, _at) \
	_Static_assert(offsetof(_type, _field) == (_at), #_type "." #_field)
#define __BLKIF_ASSERT_SIZE(_type, _size) \
	_Static_assert(sizeof(_type) == (_size), #_type)

__BLKIF_ASSERT_SIZE(struct blkif_segment, 8);
__BLKIF_ASSERT_SIZE(struct blkif_segment,
		    BLKIF_PAGE_SIZE / BLKIF_SEGMENTS_PER_INDIRECT_PAGE);
__BLKIF_ASSERT_AT(struct blkif_segment, gref, 0);
__BLKIF_ASSERT_AT(struct blkif_segment, first_sect, 4);
__BLKIF_ASSERT_AT(struct blkif_segment, last_sect, 5);

__BLKIF_ASSERT_SIZE(union blkif_x86_64_request, 112);
__BLKIF_ASSERT_AT(struct blkif_x86_64_rw, nr_segments, 1);
__BLKIF_ASSERT_AT(struct blkif_x86_64_rw, handle, 2);
__BLKIF_ASSERT_AT(struct blkif_x86_64_rw, id, 8);
__BLKIF_ASSERT_AT(struct blkif_x86_64_rw, sector_number, 16);
__BLKIF_ASSERT_AT(struct blkif_x86_64_rw, seg, 24);
__BLKIF_ASSERT_SIZE(struct blkif_x86_64_discard, 32);
__BLKIF_ASSERT_AT(struct blkif_x86_64_discard, flag, 1);
__BLKIF_ASSERT_AT(struct blkif_x86_64_discard, id, 8);
__BLKIF_ASSERT_AT(struct blkif_x86_64_discard, sector_number, 16);
__BLKIF_ASSERT_AT(struct blkif_x86_64_discard, nr_sectors, 24);
__BLKIF_ASSERT_SIZE(struct blkif_x86_64_indirect, 64);
__BLKIF_ASSERT_AT(struct blkif_x86_64_indirect, indirect_op, 1);
__BLKIF_ASSERT_AT(struct blkif_x86_64_indirect, nr_segments, 2);
__BLKIF_ASSERT_AT(struct blkif_x86_64_indirect, id, 8);
__BLKIF_ASSERT_AT(struct blkif_x86_64_indirect, sector_number, 16);
__BLKIF_ASSERT_AT(struct blkif_x86_64_indirect, handle, 24);
__BLKIF_ASSERT_AT(struct blkif_x86_64_indirect, indirect_grefs, 28);
__BLKIF_ASSERT_SIZE(struct blkif_x86_64_response, 16);
__BLKIF_ASSERT_AT(struct blkif_x86_64_response, operation, 8);
__BLKIF_ASSERT_AT(struct blkif_x86_64_response, status, 10);

__BLKIF_ASSERT_SIZE(union blkif_x86_32_request, 108);
__BLKIF_ASSERT_AT(struct blkif_x86_32_rw, nr_segments, 1);
__BLKIF_ASSERT_AT(struct blkif_x86_32_rw, handle, 2);
__BLKIF_ASSERT_AT(struct blkif_x86_32_rw, id, 4);
__BLKIF_ASSERT_AT(struct blkif_x86_32_rw, sector_number, 12);
__BLKIF_ASSERT_AT(struct blkif_x86_32_rw, seg, 20);
__BLKIF_ASSERT_SIZE(struct blkif_x86_32_discard, 28);
__BLKIF_ASSERT_AT(struct blkif_x86_32_discard, flag, 1);
__BLKIF_ASSERT_AT(struct blkif_x86_32_discard, id, 4);
__BLKIF_ASSERT_AT(struct blkif_x86_32_discard, sector_number, 12);
__BLKIF_ASSERT_AT(struct blkif_x86_32_discard, nr_sectors, 20);
__BLKIF_ASSERT_SIZE(struct blkif_x86_32_indirect, 64);
__BLKIF_ASSERT_AT(struct blkif_x86_32_indirect, indirect_op, 1);
__BLKIF_ASSERT_AT(struct blkif_x86_32_indirect, nr_segments, 2);
__BLKIF_ASSERT_AT(struct blkif_x86_32_indirect, id, 4);
__BLKIF_ASSERT_AT(struct blkif_x86_32_indirect, sector_number, 12);
__BLKIF_ASSERT_AT(struct blkif_x86_32_indirect, handle, 20);
__BLKIF_ASSERT_AT(struct blkif_x86_32_indirect, indirect_grefs, 24);
__BLKIF_ASSERT_SIZE(struct blkif_x86_32_response, 12);
__BLKIF_ASSERT_AT(struct blkif_x86_32_response, operation, 8);
__BLKIF_ASSERT_AT(struct blkif_x86_32_response, status, 10);

#undef __BLKIF_ASSERT_AT
#undef __BLKIF_ASSERT_SIZE

#endif /* __XEN_PUBLIC_IO_BLKIF_H__ */
