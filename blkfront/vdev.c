// SPDX-License-Identifier: GPL-2.0
/*
 * A virtual-device number: which disk it names, and with which minors.
 *
 * Pure.  The names are those that xen-blkfront has always given, so that the
 * fstab of a guest goes on to mean what it meant.
 */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kdev_t.h>
#include <linux/kernel.h>
#include <linux/major.h>
#include <linux/string.h>

#include "vdev.h"

#define VDEV_EXTENDED		BIT(28)
#define VDEV_PARTS		16U
#define VDEV_EXTENDED_PARTS	256U
#define VDEV_IDE_MINORS		64U
#define VDEV_DISKS_PER_MAJOR	16U

/* The first letter of a SCSI disk's major, in steps of 16 disks; -1: not SCSI. */
static int vdev_scsi_block(unsigned int major)
{
	if (major == SCSI_DISK0_MAJOR)
		return 0;
	if (major >= SCSI_DISK1_MAJOR && major <= SCSI_DISK7_MAJOR)
		return major - SCSI_DISK1_MAJOR + 1;
	if (major >= SCSI_DISK8_MAJOR && major <= SCSI_DISK15_MAJOR)
		return major - SCSI_DISK8_MAJOR + 8;
	return -1;
}

/* An IDE disk's 64 minors become 16, as its partition never had a name here. */
static void vdev_ide(struct blkfront_vdev *vdev, unsigned int first,
		     unsigned int minor)
{
	vdev->offset = minor / VDEV_IDE_MINORS + first;
	vdev->minor = vdev->offset * VDEV_PARTS;
}

static int vdev_plain(struct blkfront_vdev *vdev, unsigned int number)
{
	unsigned int major = number >> 8;
	unsigned int minor = number & 0xff;
	int block = vdev_scsi_block(major);

	if (major == XENVBD_MAJOR) {
		vdev->xvd = true;
		vdev->minor = minor;
		vdev->offset = minor / VDEV_PARTS;
	} else if (major == IDE0_MAJOR) {
		vdev_ide(vdev, 0, minor);
	} else if (major == IDE1_MAJOR) {
		vdev_ide(vdev, 2, minor);
	} else if (block >= 0) {
		vdev->minor = block * VDEV_DISKS_PER_MAJOR * VDEV_PARTS + minor;
		vdev->offset = vdev->minor / VDEV_PARTS;
	} else {
		return -ENODEV;
	}
	return 0;
}

/* a to z, aa to zz, aaa and so on. */
static char *vdev_letters(char *at, unsigned int n)
{
	char letters[8];
	unsigned int i = 0;

	do {
		letters[i++] = 'a' + n % 26;
		n /= 26;
	} while (n--);
	while (i)
		*at++ = letters[--i];
	return at;
}

/**
 * blkfront_vdev_parse - find the disk that a virtual-device number names
 * @number: the number as the toolstack wrote it
 * @vdev: filled in
 *
 * Return: 0, or -ENODEV for a number that names no disk.
 */
int blkfront_vdev_parse(int number, struct blkfront_vdev *vdev)
{
	unsigned int nr_parts = VDEV_PARTS;
	char *end;
	int err;

	memset(vdev, 0, sizeof(*vdev));
	if (number < 0 || number >= (int)(2 * VDEV_EXTENDED))
		return -ENODEV;

	if (number & VDEV_EXTENDED) {
		nr_parts = VDEV_EXTENDED_PARTS;
		vdev->xvd = true;
		vdev->extended = true;
		vdev->minor = number & ~VDEV_EXTENDED;
		vdev->offset = vdev->minor / nr_parts;
	} else {
		err = vdev_plain(vdev, number);
		if (err)
			return err;
	}
	if (vdev->minor >> MINORBITS)
		return -ENODEV;

	strscpy(vdev->name, "xvd", sizeof(vdev->name));
	end = vdev_letters(vdev->name + 3, vdev->offset);
	if (vdev->minor % nr_parts) {
		vdev->nr_minors = 1;
		snprintf(end, vdev->name + sizeof(vdev->name) - end, "%u",
			 vdev->minor % nr_parts);
	} else {
		vdev->nr_minors = nr_parts;
	}
	return 0;
}
