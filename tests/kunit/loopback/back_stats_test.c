// SPDX-License-Identifier: GPL-2.0
/* What the backend shows in sysfs. */
#include <linux/kthread.h>
#include <linux/mount.h>

#include "../../../blkback/blkback.h"
#include "back.h"

/* The text of a file below the device's directory; false when there is none. */
static bool read_sysfs(struct vfsmount *mnt, const char *name, char *text,
		       size_t size)
{
	char path[96];

	snprintf(path, sizeof(path), "devices/xenblk-loopback/vbd-1-51712/%s",
		 name);
	return files_read(mnt, path, text, size);
}

struct reader {
	struct vfsmount *mnt;
	unsigned int nr_read;
};

/* Somebody who reads our statistics while connections come and go. */
static int read_statistics(void *data)
{
	static const char * const names[] = {
		"physical_device", "mode", "statistics/rd_req",
		"statistics/wr_req", "statistics/rd_sect", "statistics/err_req",
		"statistics/f_req",
	};
	struct reader *reader = data;
	unsigned int i;
	char text[64];

	while (!kthread_should_stop()) {
		for (i = 0; i < ARRAY_SIZE(names); i++)
			reader->nr_read += read_sysfs(reader->mnt, names[i],
						      text, sizeof(text));
		cond_resched();
	}
	return 0;
}

static void H4_statistics_count_and_survive_a_reconnect(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct vfsmount *mnt = files_mount("sysfs");
	unsigned int nr_sectors = 0;
	char text[16] = "";

	KUNIT_ASSERT_FALSE(test, IS_ERR(mnt));

	back_connect(test, bench);
	back_works(test, bench->peer, 0);
	KUNIT_ASSERT_TRUE(test, peer_close(bench->peer));
	back_begin_again(test);
	KUNIT_ASSERT_TRUE(test, peer_connect(bench->peer));
	back_works(test, bench->peer, 0);
	KUNIT_EXPECT_TRUE(test, read_sysfs(mnt, "statistics/wr_sect", text,
					   sizeof(text)));
	kern_unmount(mnt);
	KUNIT_EXPECT_EQ(test, 0, kstrtouint(strim(text), 10, &nr_sectors));
	KUNIT_EXPECT_EQ(test, 2 * 24, nr_sectors);
}

static void D22_statistics_are_read_during_reconnects(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct reader reader = { .mnt = files_mount("sysfs") };
	struct task_struct *task;
	unsigned int i;

	KUNIT_ASSERT_FALSE(test, IS_ERR(reader.mnt));
	task = kthread_run(read_statistics, &reader, "loopback-reader");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	back_attach_disk();
	for (i = 0; i < 60; i++) {
		if (!peer_connect(bench->peer))
			break;
		back_works(test, bench->peer, 8 * i);
		if (i % 3 == 2) {
			/* The whole device, and a new one. */
			back_remove(bench);
			loopback_settle();
			if (!peer_retract(bench->peer))
				break;
			store_reset();
			back_add(bench);
			back_attach_disk();
			continue;
		}
		if (!peer_close(bench->peer))
			break;
		peer_state(XenbusStateInitialising);
		store_wait_int(BACK_STATE, XenbusStateInitWait, PATIENCE_MS);
	}
	kthread_stop(task);
	kern_unmount(reader.mnt);
	KUNIT_EXPECT_EQ(test, 60, i);
	KUNIT_EXPECT_GT(test, reader.nr_read, 100);
}

static void H4_counters_in_the_store(struct kunit *test)
{
	struct bench *bench = test->priv;

	back_connect(test, bench);
	back_works(test, bench->peer, 0);
	msleep(50);
	KUNIT_EXPECT_EQ(test, -1, store_read_int(BACK_NODE "/statistics/rd_req",
						 -1));
	KUNIT_ASSERT_TRUE(test, peer_close(bench->peer));
	back_begin_again(test);
	blkback_xenstore_stats_sec = 1;
	KUNIT_EXPECT_TRUE(test, peer_connect(bench->peer));
	KUNIT_EXPECT_TRUE(test, store_wait_int(BACK_NODE "/statistics/rd_req", 1,
					       PATIENCE_MS));
	back_works(test, bench->peer, 0);
	KUNIT_EXPECT_TRUE(test, store_wait_int(BACK_NODE "/statistics/rd_sect",
					       48, PATIENCE_MS));
	blkback_xenstore_stats_sec = 0;
}

static struct kunit_case back_stats_cases[] = {
	KUNIT_CASE(H4_statistics_count_and_survive_a_reconnect),
	KUNIT_CASE_SLOW(H4_counters_in_the_store),
	KUNIT_CASE_SLOW(D22_statistics_are_read_during_reconnects),
	{}
};

struct kunit_suite back_stats_suite = {
	.name = "loopback_back_stats",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = back_init,
	.exit = back_exit,
	.test_cases = back_stats_cases,
};
