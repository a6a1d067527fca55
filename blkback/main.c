// SPDX-License-Identifier: GPL-2.0
/* xen-blkback: module parameters, registration, exit. */
#include <linux/module.h>

MODULE_DESCRIPTION("Xen virtual disk, host side");
MODULE_LICENSE("GPL");
