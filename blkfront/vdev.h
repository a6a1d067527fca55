/* SPDX-License-Identifier: GPL-2.0 */
/* A virtual-device number -> the disk that it names.  Pure. */
#ifndef _BLKFRONT_VDEV_H
#define _BLKFRONT_VDEV_H

#include <linux/types.h>

#define BLKFRONT_NAME_LEN	32	/* as the block layer has it */

/**
 * struct blkfront_vdev - what a virtual-device number means
 * @name: the disk's name
 * @minor: its first minor
 * @nr_minors: how many it has: one when the number is that of a partition
 * @offset: the disk's place in the alphabet, from 0
 * @xvd: the number is one of a Xen disk, not of an emulated IDE or SCSI one
 * @extended: the number is one of the extended range
 */
struct blkfront_vdev {
	char name[BLKFRONT_NAME_LEN];
	unsigned int minor;
	unsigned int nr_minors;
	unsigned int offset;
	bool xvd;
	bool extended;
};

int blkfront_vdev_parse(int number, struct blkfront_vdev *vdev);

#endif /* _BLKFRONT_VDEV_H */
