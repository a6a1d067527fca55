// SPDX-License-Identifier: GPL-2.0
/*
 * On whose account a disk's I/O is done: the cgroup that its bios count for, and
 * their priority.
 *
 * Without, all that guests do is that of kernel threads, which are in the root's cgroup.
 */
#include <linux/cgroup.h>
#include <linux/rcupdate.h>

#include "blkback.h"

#ifdef CONFIG_BLK_CGROUP
/* With a reference; an error where there is none that counts I/O. */
static struct cgroup_subsys_state *find_css(const char *path)
{
	struct cgroup *cgroup = cgroup_get_from_path(path);
	struct cgroup_subsys_state *css;

	if (IS_ERR(cgroup))
		return ERR_PTR(-EINVAL);
	css = cgroup_get_e_css(cgroup, &io_cgrp_subsys);
	/* Where I/O is not counted it would be for one above, in silence. */
	if (css->cgroup != cgroup) {
		css_put(css);
		css = ERR_PTR(-EINVAL);
	}
	cgroup_put(cgroup);
	return css;
}

static int css_path(const struct cgroup_subsys_state *css, char *path,
		    size_t size)
{
	return cgroup_path(css->cgroup, path, size);
}
#else
static struct cgroup_subsys_state *find_css(const char *path)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static int css_path(const struct cgroup_subsys_state *css, char *path,
		    size_t size)
{
	return 0;
}
#endif

static void replace_css(struct blkback_dev *dev,
			struct cgroup_subsys_state *css)
{
	css = unrcu_pointer(xchg(&dev->charge.css, RCU_INITIALIZER(css)));
	if (!css)
		return;
	/* Somebody may be about to take it for a bio. */
	synchronize_rcu();
	css_put(css);
}

/**
 * blkback_charge_set_cgroup - have I/O counted for a cgroup
 * @dev: the device
 * @path: of the cgroup, in the unified hierarchy; empty: for the root
 *
 * Bios that are made from now on are.  A cgroup that is removed leaves them to the
 * one above it.
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL: there is no such cgroup, or I/O is not counted in it;
 * -EOPNOTSUPP: this kernel counts no I/O.
 */
int blkback_charge_set_cgroup(struct blkback_dev *dev, const char *path)
{
	struct cgroup_subsys_state *css = NULL;

	if (*path)
		css = find_css(path);
	if (IS_ERR(css))
		return PTR_ERR(css);
	replace_css(dev, css);
	return 0;
}

/**
 * blkback_charge_cgroup - for which cgroup is I/O counted?
 * @dev: the device
 * @path: result; empty: for the root
 * @size: of it
 *
 * Context: process.
 * Return: the path's length, or -errno.
 */
int blkback_charge_cgroup(struct blkback_dev *dev, char *path, size_t size)
{
	struct cgroup_subsys_state *css;
	int len = 0;

	path[0] = '\0';
	rcu_read_lock();
	css = rcu_dereference(dev->charge.css);
	if (css)
		len = css_path(css, path, size);
	rcu_read_unlock();
	return len;
}

/**
 * blkback_charge_exit - of a disk that goes
 * @dev: the device, that makes no bio any more
 *
 * Context: the device's work item, sleeps.
 */
void blkback_charge_exit(struct blkback_dev *dev)
{
	replace_css(dev, NULL);
}

/**
 * blkback_charge_bio_init - begin a bio on the backing device
 * @dev: the device, its backing device open
 * @bio: the bio
 * @bvec: its pages, or room for them
 * @max_vecs: how many
 * @opf: what it does
 *
 * As bio_init(), on the account that the administrator named.
 *
 * Context: any.
 */
void blkback_charge_bio_init(struct blkback_dev *dev, struct bio *bio,
			     struct bio_vec *bvec, unsigned short max_vecs,
			     blk_opf_t opf)
{
	struct cgroup_subsys_state *css;

	bio_init(bio, dev->vbd.bdev, bvec, max_vecs, opf);
	bio->bi_ioprio = READ_ONCE(dev->charge.ioprio);
	if (likely(!rcu_access_pointer(dev->charge.css)))
		return;
	rcu_read_lock();
	css = rcu_dereference(dev->charge.css);
	if (css)
		bio_associate_blkg_from_css(bio, css);
	rcu_read_unlock();
}

/**
 * blkback_charge_flush - flush the disk's cache, unasked
 * @dev: the device, its backing device open
 *
 * As blkdev_issue_flush(), on the account that the administrator named.
 *
 * Context: process, sleeps.
 * Return: 0 or -errno.
 */
int blkback_charge_flush(struct blkback_dev *dev)
{
	struct bio bio;
	int err;

	blkback_charge_bio_init(dev, &bio, NULL, 0,
				REQ_OP_WRITE | REQ_PREFLUSH);
	err = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return err;
}
