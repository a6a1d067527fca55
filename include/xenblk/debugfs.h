/* SPDX-License-Identifier: GPL-2.0 */
/* Where both halves have their directories. */
#ifndef _XENBLK_DEBUGFS_H
#define _XENBLK_DEBUGFS_H

#include <linux/dcache.h>
#include <linux/debugfs.h>
#include <linux/err.h>

/**
 * xenblk_debugfs_dir - make a half's own directory, below xen/
 * @name: the half
 *
 * The kernel may have xen/ already, or the other half: it is nobody's, and stays.
 * Without debugfs there is no directory, and nobody to tell.
 *
 * Context: process, may sleep.
 * Return: what debugfs_remove() takes.
 */
static inline struct dentry *xenblk_debugfs_dir(const char *name)
{
	struct dentry *xen = debugfs_lookup("xen", NULL);

	/* A kernel without debugfs has an error for it. */
	if (IS_ERR_OR_NULL(xen))
		xen = debugfs_create_dir("xen", NULL);
	else
		dput(xen);
	return debugfs_create_dir(name, xen);
}

#endif /* _XENBLK_DEBUGFS_H */
