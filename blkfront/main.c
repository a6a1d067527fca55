// SPDX-License-Identifier: GPL-2.0
/* xen-blkfront: module parameters, registration, exit. */
#include <linux/module.h>

MODULE_DESCRIPTION("Xen virtual disk, guest side");
MODULE_LICENSE("GPL");
