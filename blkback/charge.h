/* SPDX-License-Identifier: GPL-2.0 */
/* On whose account, and with what priority, a disk's I/O is done. */
#ifndef _BLKBACK_CHARGE_H
#define _BLKBACK_CHARGE_H

#include <linux/types.h>

struct bio;
struct bio_vec;
struct blkback_dev;
struct cgroup_subsys_state;

/**
 * struct blkback_charge - what all bios of a disk have
 * @css: of the cgroup that they count for, with a reference; NULL: of the root
 * @ioprio: their priority; 0: the one that the kernel gives its own threads
 *
 * Read by whoever makes a bio, @css in an RCU read section.
 */
struct blkback_charge {
	struct cgroup_subsys_state __rcu *css;
	unsigned short ioprio;
};

/* charge.c: process context, may sleep */
int blkback_charge_set_cgroup(struct blkback_dev *dev, const char *path);
int blkback_charge_cgroup(struct blkback_dev *dev, char *path, size_t size);
void blkback_charge_exit(struct blkback_dev *dev);
int blkback_charge_flush(struct blkback_dev *dev);
/* any context */
void blkback_charge_bio_init(struct blkback_dev *dev, struct bio *bio,
			     struct bio_vec *bvec, unsigned short max_vecs,
			     blk_opf_t opf);

#endif /* _BLKBACK_CHARGE_H */
