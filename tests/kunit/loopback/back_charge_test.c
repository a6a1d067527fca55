// SPDX-License-Identifier: GPL-2.0
/* On whose account a disk's I/O is done, whatever it is done for. */
#include <linux/cgroup.h>
#include <linux/ioprio.h>

#include "back.h"
#include "../../../blkback/blkback.h"

/* The first process of the boot has made them. */
#define COUNTED		"/xenblk"
#define NOT_COUNTED	"/xenblk/below"

#define REFUSED		"/limit-cgroup is \"/nowhere\", expected the path of a cgroup"

/* An emulated disk: one that is also read where it is written to. */
static int charge_init(struct kunit *test)
{
	int err = back_init(test);

	disk_blocks(4096, SECTOR_SIZE - 1);
	store_write(BACK_NODE "/emulate-512", "1");
	blkback_max_unwritten_bytes = SECTOR_SIZE;
	return err;
}

static void charge_exit(struct kunit *test)
{
	blkback_max_unwritten_bytes = 0;
	back_exit(test);
}

static int set(struct bench *bench, const char *name, const char *text)
{
	const struct blkback_setting *setting = blkback_setting_find(name);

	return setting->set(dev_get_drvdata(&bench->back->dev), setting->which,
			    text);
}

static bool shows(struct bench *bench, const char *name, const char *text)
{
	const struct blkback_setting *setting = blkback_setting_find(name);
	char *page = (char *)get_zeroed_page(GFP_KERNEL | __GFP_NOFAIL);
	bool same;

	setting->show(dev_get_drvdata(&bench->back->dev), setting->which, page);
	same = !strcmp(page, text);
	free_page((unsigned long)page);
	return same;
}

static void put_css(void *css)
{
	css_put(css);
}

/* Whom I/O counts for in that cgroup; skips the case where there is none. */
static const void *css_of(struct kunit *test, const char *path)
{
	struct cgroup *cgroup = cgroup_get_from_path(path);
	struct cgroup_subsys_state *css;

	if (IS_ERR(cgroup))
		kunit_skip(test, "no cgroup %s", path);
	css = cgroup_get_e_css(cgroup, &io_cgrp_subsys);
	cgroup_put(cgroup);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, put_css, css));
	return css;
}

static void do_one(struct kunit *test, struct peer *peer, u8 op,
		   unsigned int nr_segments)
{
	struct peer_slot slot = peer_request(peer, op, 1, 1, nr_segments, 0);

	if (nr_segments)
		slot.seg[0].last_sect = 0;
	slot.nr_sectors = op == BLKIF_OP_DISCARD ? 64 : 0;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
	loopback_settle();
}

/* Each kind of I/O that there is; how many bios. */
static unsigned int do_all(struct kunit *test, struct bench *bench)
{
	struct peer *peer = bench->peer;

	disk.nr_ops = 0;
	/* A block that is read first, and a flush that nobody asked for. */
	do_one(test, peer, BLKIF_OP_WRITE, 1);
	do_one(test, peer, BLKIF_OP_READ, 1);
	do_one(test, peer, BLKIF_OP_FLUSH_DISKCACHE, 0);
	do_one(test, peer, BLKIF_OP_DISCARD, 0);
	KUNIT_EXPECT_EQ(test, 6, disk.nr_ops);
	return disk.nr_ops;
}

static void a_cgroup_is_charged_with_all_of_it(struct kunit *test)
{
	struct bench *bench = test->priv;
	const void *css = css_of(test, COUNTED);
	const void *root = css_of(test, "/");
	unsigned int i, nr;

	KUNIT_ASSERT_PTR_NE(test, css, root);
	back_connect(test, bench);
	KUNIT_EXPECT_TRUE(test, shows(bench, "cgroup", "\n"));
	KUNIT_EXPECT_EQ(test, 0, set(bench, "cgroup", COUNTED "\n"));
	KUNIT_EXPECT_TRUE(test, shows(bench, "cgroup", COUNTED "\n"));
	nr = do_all(test, bench);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_PTR_EQ(test, css, disk.log[i].css);
	/* So is what a disconnect does, and the next connection. */
	KUNIT_ASSERT_TRUE(test, peer_close(bench->peer));
	KUNIT_EXPECT_EQ(test, nr + 1, disk.nr_ops);
	KUNIT_EXPECT_PTR_EQ(test, css, disk.log[nr].css);
	back_begin_again(test);
	KUNIT_ASSERT_TRUE(test, peer_connect(bench->peer));
	do_one(test, bench->peer, BLKIF_OP_READ, 1);
	KUNIT_EXPECT_PTR_EQ(test, css, disk.log[nr + 1].css);
	KUNIT_EXPECT_EQ(test, 0, set(bench, "cgroup", "\n"));
	KUNIT_EXPECT_TRUE(test, shows(bench, "cgroup", "\n"));
	nr = do_all(test, bench);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_PTR_EQ(test, root, disk.log[i].css);
	/* What is set when the disk goes is given back. */
	KUNIT_EXPECT_EQ(test, 0, set(bench, "cgroup", COUNTED));
}

static void a_cgroup_that_does_not_count_is_refused(struct kunit *test)
{
	struct bench *bench = test->priv;

	css_of(test, COUNTED);
	back_connect(test, bench);
	KUNIT_EXPECT_EQ(test, 0, set(bench, "cgroup", COUNTED));
	KUNIT_EXPECT_EQ(test, -EINVAL, set(bench, "cgroup", NOT_COUNTED));
	KUNIT_EXPECT_EQ(test, -EINVAL, set(bench, "cgroup", "/nowhere"));
	KUNIT_EXPECT_TRUE(test, shows(bench, "cgroup", COUNTED "\n"));
}

static void a_priority_is_that_of_all_of_it(struct kunit *test)
{
	static const struct {
		const char *text;
		unsigned short ioprio;
	} all[] = {
		{ "rt/0\n", IOPRIO_CLASS_RT << IOPRIO_CLASS_SHIFT },
		{ "be/7\n", IOPRIO_CLASS_BE << IOPRIO_CLASS_SHIFT | 7 },
		{ "idle\n", IOPRIO_CLASS_IDLE << IOPRIO_CLASS_SHIFT },
	};
	struct bench *bench = test->priv;
	unsigned int i, j, nr;

	back_connect(test, bench);
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		KUNIT_EXPECT_EQ(test, 0, set(bench, "ioprio", all[i].text));
		KUNIT_EXPECT_TRUE(test, shows(bench, "ioprio", all[i].text));
		nr = do_all(test, bench);
		for (j = 0; j < nr; j++)
			KUNIT_EXPECT_EQ(test, all[i].ioprio,
					disk.log[j].ioprio);
	}
	KUNIT_EXPECT_EQ(test, 0, set(bench, "ioprio", "none"));
	KUNIT_EXPECT_TRUE(test, shows(bench, "ioprio", "none\n"));
	nr = do_all(test, bench);
	for (j = 0; j < nr; j++)
		KUNIT_EXPECT_NE(test, IOPRIO_CLASS_IDLE,
				IOPRIO_PRIO_CLASS(disk.log[j].ioprio));
}

static void a_priority_that_is_none(struct kunit *test)
{
	static const char * const bad[] = {
		"", "be", "be/8", "be/-1", "rt/", "idle/0", "4", "xbe/4", "be/4x",
	};
	struct bench *bench = test->priv;
	unsigned int i;

	back_connect(test, bench);
	KUNIT_EXPECT_EQ(test, 0, set(bench, "ioprio", "be/3"));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, -EINVAL, set(bench, "ioprio", bad[i]),
				    "%s", bad[i]);
	KUNIT_EXPECT_TRUE(test, shows(bench, "ioprio", "be/3\n"));
}

static void keys_set_the_account_at_attach(struct kunit *test)
{
	struct bench *bench = test->priv;

	css_of(test, COUNTED);
	store_write(BACK_NODE "/limit-cgroup", COUNTED);
	store_write(BACK_NODE "/limit-ioprio", "idle");
	back_connect(test, bench);
	KUNIT_EXPECT_TRUE(test, shows(bench, "cgroup", COUNTED "\n"));
	KUNIT_EXPECT_TRUE(test, shows(bench, "ioprio", "idle\n"));
}

static void a_cgroup_that_is_none_refuses_the_disk(struct kunit *test)
{
	struct bench *bench = test->priv;

	store_write(BACK_NODE "/limit-cgroup", "/nowhere");
	back_attach_disk();
	peer_publish(bench->peer);
	peer_state(XenbusStateInitialised);
	back_reaches(test, XenbusStateClosing);
	KUNIT_EXPECT_NOT_NULL(test, strstr(store.said, REFUSED));
	store_remove(BACK_NODE "/limit-cgroup");
	back_recovers(test, bench);
}

static struct kunit_case back_charge_cases[] = {
	KUNIT_CASE(a_cgroup_is_charged_with_all_of_it),
	KUNIT_CASE(a_cgroup_that_does_not_count_is_refused),
	KUNIT_CASE(a_priority_is_that_of_all_of_it),
	KUNIT_CASE(a_priority_that_is_none),
	KUNIT_CASE(keys_set_the_account_at_attach),
	KUNIT_CASE(a_cgroup_that_is_none_refuses_the_disk),
	{}
};

struct kunit_suite back_charge_suite = {
	.name = "loopback_back_charge",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = charge_init,
	.exit = charge_exit,
	.test_cases = back_charge_cases,
};
