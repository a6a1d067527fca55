// SPDX-License-Identifier: GPL-2.0
/* block_device_operations.getgeo() is given the disk, not its block device. */
#include <linux/blkdev.h>

extern int probe_getgeo(struct gendisk *disk, struct hd_geometry *geo);
extern const struct block_device_operations probe;
const struct block_device_operations probe = {
	.getgeo = probe_getgeo,
};
