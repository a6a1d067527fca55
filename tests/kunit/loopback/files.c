// SPDX-License-Identifier: GPL-2.0
/* What the drivers show in sysfs and debugfs, as a program sees it. */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>

#include "loopback.h"

/* A kernel thread has no /sys of its own. */
struct vfsmount *files_mount(const char *fs)
{
	struct file_system_type *type = get_fs_type(fs);
	struct vfsmount *mnt;

	if (!type)
		return ERR_PTR(-ENODEV);
	mnt = kern_mount(type);
	module_put(type->owner);
	return mnt;
}

struct file *files_open(struct vfsmount *mnt, const char *path, int flags)
{
	struct path root = { .mnt = mnt, .dentry = mnt->mnt_root };

	return file_open_root(&root, path, flags, 0);
}

bool files_read(struct vfsmount *mnt, const char *path, char *text, size_t size)
{
	struct file *file = files_open(mnt, path, O_RDONLY);
	loff_t pos = 0;
	ssize_t len;

	if (IS_ERR(file))
		return false;
	len = kernel_read(file, text, size - 1, &pos);
	__fput_sync(file);
	if (len <= 0)
		return false;
	text[len] = '\0';
	return true;
}
