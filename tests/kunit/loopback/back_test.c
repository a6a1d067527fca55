// SPDX-License-Identifier: GPL-2.0
/* The backend under a frontend that is not always a good one. */
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kthread.h>
#include <linux/mount.h>
#include <linux/prandom.h>

#include "loopback.h"

#define BACK_STATE	BACK_NODE "/state"

struct bench {
	struct xenbus_device *back;
	struct peer *peer;
};

/* --- the bench ---------------------------------------------------------------------- */

static void back_nodes(void)
{
	store_write(BACK_NODE "/frontend", FRONT_NODE);
	store_write(BACK_NODE "/frontend-id", "%d", FRONT_DOMID);
	store_write(BACK_NODE "/online", "1");
	store_write(BACK_NODE "/mode", "w");
	store_write(BACK_NODE "/state", "%d", XenbusStateInitialising);
	store_write(FRONT_NODE "/backend", BACK_NODE);
	store_write(FRONT_NODE "/backend-id", "%d", BACK_DOMID);
	store_write(FRONT_NODE "/state", "%d", XenbusStateInitialising);
}

static void back_attach_disk(void)
{
	store_write(BACK_NODE "/physical-device", "%x:%x", MAJOR(disk.devt),
		    MINOR(disk.devt));
}

static void back_add(struct bench *bench)
{
	back_nodes();
	bench->back = store_add_device(true, BACK_NODE);
}

/* With no patience: the backend's own teardown goes on behind. */
static void back_remove(struct bench *bench)
{
	store_remove_device(bench->back);
	store_put_device(bench->back);
	bench->back = NULL;
}

static int back_init(struct kunit *test)
{
	struct bench *bench = kunit_kzalloc(test, sizeof(*bench), GFP_KERNEL);

	if (!bench)
		return -ENOMEM;
	xen_reset();
	store_reset();
	disk_reset();
	test->priv = bench;
	bench->peer = peer_create(false);
	back_add(bench);
	return 0;
}

static void back_exit(struct kunit *test)
{
	struct bench *bench = test->priv;

	disk_release();
	disk_release_pages();
	if (bench->back)
		back_remove(bench);
	loopback_settle();
	peer_destroy(bench->peer);
	KUNIT_EXPECT_STREQ(test, xen_verdict() ?: "", "");
}

#define connect(test, bench)						\
	do {								\
		back_attach_disk();					\
		KUNIT_ASSERT_TRUE(test, peer_connect((bench)->peer));	\
	} while (0)

/* A write, a read, and the data of both. */
static void works(struct kunit *test, struct peer *peer, u64 sector)
{
	struct peer_slot slot;

	peer_fill(peer, 0, 3, sector);
	slot = peer_request(peer, BLKIF_OP_WRITE, 1, sector, 3, 0);
	KUNIT_ASSERT_EQ(test, 0, peer_do(peer, &slot));
	KUNIT_EXPECT_EQ(test, peer->op[1], BLKIF_OP_WRITE);
	KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, 3,
					   disk.data + (sector << 9)));
	peer_fill(peer, 3, 3, 0xaa);
	slot = peer_request(peer, BLKIF_OP_READ, 2, sector, 3, 3);
	KUNIT_ASSERT_EQ(test, 0, peer_do(peer, &slot));
	KUNIT_EXPECT_EQ(test, peer->op[2], BLKIF_OP_READ);
	KUNIT_EXPECT_TRUE(test, peer_check(peer, 3, 3,
					   disk.data + (sector << 9)));
}

static void reaches(struct kunit *test, enum xenbus_state state)
{
	KUNIT_ASSERT_TRUE(test, store_wait_int(BACK_STATE, state, PATIENCE_MS));
}

static void wait_until_held(struct kunit *test, unsigned int nr)
{
	unsigned long until = jiffies + msecs_to_jiffies(PATIENCE_MS);

	while (READ_ONCE(disk.nr_held) < nr && time_before(jiffies, until))
		usleep_range(100, 200);
	KUNIT_ASSERT_EQ(test, nr, READ_ONCE(disk.nr_held));
}

/* After a refusal: the frontend closes, begins again, and it works. */
static void recovers(struct kunit *test, struct bench *bench)
{
	peer_state(XenbusStateClosed);
	reaches(test, XenbusStateClosed);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_rings);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_pages);
	if (bench->peer->ring_page)
		KUNIT_ASSERT_TRUE(test, peer_retract(bench->peer));
	peer_state(XenbusStateInitialising);
	reaches(test, XenbusStateInitWait);
	KUNIT_ASSERT_TRUE(test, peer_connect(bench->peer));
	works(test, bench->peer, 64);
}

/* --- states --------------------------------------------------------------------------- */

static void ST3_disk_before_the_ring(struct kunit *test)
{
	struct bench *bench = test->priv;

	back_attach_disk();
	reaches(test, XenbusStateInitWait);
	KUNIT_ASSERT_TRUE(test, peer_connect(bench->peer));
	works(test, bench->peer, 0);
	KUNIT_EXPECT_EQ(test, DISK_SECTORS, store_read_int(BACK_NODE "/sectors", -1));
	KUNIT_EXPECT_EQ(test, 512, store_read_int(BACK_NODE "/sector-size", -1));
	KUNIT_EXPECT_EQ(test, 4096,
			store_read_int(BACK_NODE "/physical-sector-size", -1));
	KUNIT_EXPECT_EQ(test, 1,
			store_read_int(BACK_NODE "/feature-flush-cache", -1));
	KUNIT_EXPECT_EQ(test, 1, store_read_int(BACK_NODE "/feature-discard", -1));
	KUNIT_EXPECT_EQ(test, 0, store_read_int(BACK_NODE "/info", -1));
}

static void ST3_disk_after_the_ring(struct kunit *test)
{
	struct bench *bench = test->priv;

	peer_publish(bench->peer);
	peer_state(XenbusStateInitialised);
	loopback_settle();
	KUNIT_EXPECT_EQ(test, XenbusStateInitWait, store_read_int(BACK_STATE, -1));
	back_attach_disk();
	reaches(test, XenbusStateConnected);
	works(test, bench->peer, 0);
}

/* Straight to Connected, as OVMF does it; 32-bit slots. */
static void ST1_jump_to_connected(struct kunit *test)
{
	struct bench *bench = test->priv;

	bench->peer->abi32 = true;
	back_attach_disk();
	peer_publish(bench->peer);
	peer_state(XenbusStateConnected);
	reaches(test, XenbusStateConnected);
	works(test, bench->peer, 0);
}

static void ST4_close_and_come_back(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	connect(test, bench);
	for (i = 0; i < 5; i++) {
		works(test, bench->peer, 64 * i);
		KUNIT_ASSERT_TRUE(test, peer_close(bench->peer));
		KUNIT_EXPECT_EQ(test, 0, xen.nr_bound);
		peer_state(XenbusStateInitialising);
		reaches(test, XenbusStateInitWait);
		/* The other layout, like another system's driver. */
		bench->peer->abi32 ^= true;
		KUNIT_ASSERT_TRUE(test, peer_connect(bench->peer));
	}
	works(test, bench->peer, 0);
}

/* A kexec: the new kernel begins without a word of the old one. */
static void ST4_begin_again_without_a_close(struct kunit *test)
{
	struct bench *bench = test->priv;

	connect(test, bench);
	works(test, bench->peer, 0);
	peer_state(XenbusStateInitialising);
	reaches(test, XenbusStateInitWait);
	KUNIT_ASSERT_TRUE(test, peer_retract(bench->peer));
	KUNIT_ASSERT_TRUE(test, peer_connect(bench->peer));
	works(test, bench->peer, 0);
}

static void ST4_offline_goes_away(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned long until = jiffies + msecs_to_jiffies(PATIENCE_MS);

	connect(test, bench);
	store_write(BACK_NODE "/online", "0");
	store_write(BACK_NODE "/state", "%d", XenbusStateClosing);
	KUNIT_ASSERT_TRUE(test, peer_close(bench->peer));
	while (device_is_registered(&bench->back->dev) &&
	       time_before(jiffies, until))
		usleep_range(100, 200);
	KUNIT_EXPECT_FALSE(test, device_is_registered(&bench->back->dev));
	KUNIT_EXPECT_EQ(test, XenbusStateClosed, store_read_int(BACK_STATE, -1));
}

static void ST5_frontend_vanishes(struct kunit *test)
{
	struct bench *bench = test->priv;

	connect(test, bench);
	store_remove(FRONT_NODE);
	loopback_settle();
	KUNIT_EXPECT_FALSE(test, device_is_registered(&bench->back->dev));
	KUNIT_EXPECT_EQ(test, 0, xen.nr_rings);
	KUNIT_EXPECT_TRUE(test, peer_retract(bench->peer));
}

static void ST6_states_that_no_frontend_may_be_in(struct kunit *test)
{
	static const int states[] = { 2, 7, 8, 9, -1, 1000 };
	struct bench *bench = test->priv;
	unsigned int i;

	connect(test, bench);
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		peer_state(states[i]);
		reaches(test, XenbusStateClosing);
		recovers(test, bench);
	}
}

static void ST7_closed_waits_for_the_disk(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;
	unsigned int i;

	connect(test, bench);
	disk.hold = true;
	for (i = 0; i < 3; i++) {
		slot = peer_request(peer, BLKIF_OP_READ, i, 8 * i, 1, i);
		peer_put(peer, &slot);
	}
	peer_push(peer);
	wait_until_held(test, 3);
	peer_state(XenbusStateClosing);
	peer_state(XenbusStateClosed);
	msleep(100);
	KUNIT_EXPECT_NE(test, XenbusStateClosed, store_read_int(BACK_STATE, -1));
	KUNIT_EXPECT_EQ(test, 1, xen.nr_rings);
	KUNIT_EXPECT_EQ(test, 3, xen.nr_mapped);
	KUNIT_EXPECT_EQ(test, 0, peer_collect(peer));

	disk_release();
	reaches(test, XenbusStateClosed);
	KUNIT_EXPECT_EQ(test, 3, peer_collect(peer));
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
	recovers(test, bench);
}

/* Another ring in XenStore, seen late: the old one is finished first. */
static void ST7_another_ring_with_requests_in_flight(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *old = bench->peer;
	struct peer_slot slot = peer_request(old, BLKIF_OP_WRITE, 5, 0, 2, 0);

	connect(test, bench);
	disk.hold = true;
	peer_put(old, &slot);
	peer_push(old);
	wait_until_held(test, 1);

	bench->peer = peer_create(true);
	peer_publish(bench->peer);
	peer_state(XenbusStateInitialised);
	msleep(50);
	KUNIT_EXPECT_EQ(test, 1, xen.nr_rings);
	disk_release();
	loopback_settle();
	KUNIT_EXPECT_EQ(test, 1, peer_collect(old));
	KUNIT_EXPECT_EQ(test, 0, old->status[5]);
	KUNIT_EXPECT_TRUE(test, peer_retract(old));
	works(test, bench->peer, 0);
	peer_destroy(old);
}

static void resized(struct kunit *test, u64 sectors)
{
	unsigned long until = jiffies + msecs_to_jiffies(PATIENCE_MS);

	disk_resize(sectors);
	while (store_read_int(BACK_NODE "/sectors", 0) != sectors &&
	       time_before(jiffies, until))
		loopback_tick();
	KUNIT_ASSERT_EQ(test, sectors, store_read_int(BACK_NODE "/sectors", 0));
	loopback_settle();
}

static void ST8_resize(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot = peer_request(bench->peer, BLKIF_OP_READ, 3,
					     5000, 1, 0);
	unsigned int nr_writes;

	connect(test, bench);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &slot));
	nr_writes = store.nr_state_writes;
	resized(test, 4096);
	/* The state is written once more, which makes the frontend look. */
	KUNIT_EXPECT_GT(test, store.nr_state_writes, nr_writes);
	KUNIT_EXPECT_EQ(test, XenbusStateConnected, store_read_int(BACK_STATE, -1));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(bench->peer, &slot));
	resized(test, DISK_SECTORS);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &slot));
}

/* A kernel thread has no /sys of its own. */
static struct vfsmount *mount_sysfs(void)
{
	struct file_system_type *type = get_fs_type("sysfs");
	struct vfsmount *mnt;

	if (!type)
		return ERR_PTR(-ENODEV);
	mnt = kern_mount(type);
	module_put(type->owner);
	return mnt;
}

/* The text of a file below the device's directory; false when there is none. */
static bool read_sysfs(struct vfsmount *mnt, const char *name, char *text,
		       size_t size)
{
	struct path root = { .mnt = mnt, .dentry = mnt->mnt_root };
	struct file *file;
	char path[96];
	loff_t pos = 0;
	ssize_t len;

	snprintf(path, sizeof(path), "devices/xenblk-loopback/vbd-1-51712/%s",
		 name);
	file = file_open_root(&root, path, O_RDONLY, 0);
	if (IS_ERR(file))
		return false;
	len = kernel_read(file, text, size - 1, &pos);
	__fput_sync(file);
	if (len <= 0)
		return false;
	text[len] = '\0';
	return true;
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

static void D22_statistics_are_read_during_reconnects(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct reader reader = { .mnt = mount_sysfs() };
	struct task_struct *task;
	unsigned int i;

	KUNIT_ASSERT_FALSE(test, IS_ERR(reader.mnt));
	task = kthread_run(read_statistics, &reader, "loopback-reader");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	back_attach_disk();
	for (i = 0; i < 60; i++) {
		if (!peer_connect(bench->peer))
			break;
		works(test, bench->peer, 8 * i);
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

static void H4_statistics_count_and_survive_a_reconnect(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct vfsmount *mnt = mount_sysfs();
	unsigned int nr_sectors = 0;
	char text[16] = "";

	KUNIT_ASSERT_FALSE(test, IS_ERR(mnt));

	connect(test, bench);
	works(test, bench->peer, 0);
	KUNIT_ASSERT_TRUE(test, peer_close(bench->peer));
	peer_state(XenbusStateInitialising);
	reaches(test, XenbusStateInitWait);
	KUNIT_ASSERT_TRUE(test, peer_connect(bench->peer));
	works(test, bench->peer, 0);
	KUNIT_EXPECT_TRUE(test, read_sysfs(mnt, "statistics/wr_sect", text,
					   sizeof(text)));
	kern_unmount(mnt);
	KUNIT_EXPECT_EQ(test, 0, kstrtouint(strim(text), 10, &nr_sectors));
	KUNIT_EXPECT_EQ(test, 2 * 24, nr_sectors);
}

/* --- what can go wrong with a connection ------------------------------------------------ */

static void D23_connect_fails_at_every_step(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int n, step;

	back_attach_disk();
	for (n = 0; n < 22; n++) {
		/* The text that is the guest's first: not all are told (H2). */
		step = (n + 9) % 22;
		peer_publish(bench->peer);
		switch (step) {
		case 0:
			xen.fail_map_ring = 1;
			break;
		case 1:
			xen.fail_bind = 1;
			break;
		case 2:
			xen.pages_budget = 10;
			break;
		case 3:
			store_remove(FRONT_NODE "/ring-ref");
			break;
		case 4:
			store_remove(FRONT_NODE "/event-channel");
			break;
		case 5:
			store_write(FRONT_NODE "/ring-ref", "%u", 4000);
			break;
		case 6:
			store_write(FRONT_NODE "/ring-ref", "%u", U32_MAX);
			break;
		case 7:
			store_write(FRONT_NODE "/event-channel", "63");
			break;
		case 8:
			store_write(FRONT_NODE "/event-channel", "%u", U32_MAX);
			break;
		case 9:
			store_write(FRONT_NODE "/protocol", "%s",
				    "\x1b[2J%s%n a protocol of the guest's own");
			break;
		case 10:
			/* RN8: indices that cannot be true. */
			bench->peer->sring->req_prod = 100;
			break;
		case 11:
			bench->peer->sring->rsp_prod = 1;
			break;
		case 12:
			store.fail_transaction = 1;
			break;
		default:
			store.fail_printf = step - 12;
			break;
		}
		peer_state(XenbusStateInitialised);
		if (!store_wait_int(BACK_STATE, XenbusStateClosing,
				    PATIENCE_MS)) {
			KUNIT_FAIL(test, "step %u was not refused", step);
			return;
		}
		KUNIT_EXPECT_GT(test, store.nr_fatal, 0);
		KUNIT_EXPECT_NE(test, '\0', store.said[0]);
		KUNIT_EXPECT_NULL(test, strchr(store.said, '\x1b'));
		xen.pages_budget = -1;
		store_remove(FRONT_NODE "/protocol");

		recovers(test, bench);
		KUNIT_ASSERT_TRUE(test, peer_close(bench->peer));
		KUNIT_EXPECT_EQ(test, 0, xen.nr_bound);
		peer_state(XenbusStateInitialising);
		reaches(test, XenbusStateInitWait);
	}
}

static void transaction_is_tried_again(struct kunit *test)
{
	struct bench *bench = test->priv;

	store.nr_eagain = 5;
	connect(test, bench);
	works(test, bench->peer, 0);
	KUNIT_EXPECT_EQ(test, 0, store.nr_eagain);
}

/* The event of the bind itself comes before the bind returns. */
static void D7_event_during_the_bind(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	connect(test, bench);
	for (i = 0; i < 10; i++) {
		works(test, bench->peer, 0);
		KUNIT_ASSERT_TRUE(test, peer_close(bench->peer));
		peer_state(XenbusStateInitialising);
		reaches(test, XenbusStateInitWait);
		KUNIT_ASSERT_TRUE(test, peer_connect(bench->peer));
	}
}

static void RN1_bogus_index_costs_that_ring(struct kunit *test)
{
	static const RING_IDX ahead[] = { 33, 1000, 1U << 31, U32_MAX };
	struct bench *bench = test->priv;
	unsigned int i;

	connect(test, bench);
	for (i = 0; i < ARRAY_SIZE(ahead); i++) {
		works(test, bench->peer, 0);
		bench->peer->sring->req_prod = bench->peer->req_prod + ahead[i];
		xen_kick_back(bench->peer->port);
		reaches(test, XenbusStateClosing);
		recovers(test, bench);
	}
}

/* RN8: a device bound again finds the ring, and what was not answered. */
static void RN8_unbind_and_bind(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_WRITE, 7, 0, 2, 0);

	connect(test, bench);
	works(test, peer, 0);
	back_remove(bench);
	loopback_settle();
	peer_fill(peer, 0, 2, 77);
	peer_put(peer, &slot);
	WRITE_ONCE(peer->sring->req_prod, peer->req_prod);
	/* The node is as it was, the frontend Connected. */
	bench->back = store_add_device(true, BACK_NODE);
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, peer->nr_answers + 1));
	KUNIT_EXPECT_EQ(test, 1, peer->answers[7]);
	KUNIT_EXPECT_EQ(test, 0, peer->status[7]);
	KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, 2, disk.data));
	works(test, peer, 64);
}

static void D24_remove_at_every_state(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_READ, 1, 0, 11, 0);
	unsigned int stage;

	for (stage = 0; stage < 8; stage++) {
		if (stage >= 1)
			back_attach_disk();
		if (stage >= 2)
			peer_publish(peer);
		if (stage >= 2)
			peer_state(XenbusStateInitialised);
		if (stage >= 3)
			reaches(test, XenbusStateConnected);
		if (stage == 4 || stage == 5) {
			disk.hold = true;
			peer_put(peer, &slot);
			peer_push(peer);
			wait_until_held(test, 1);
		}
		if (stage == 5)
			peer_state(XenbusStateClosed);
		if (stage == 6)
			peer_state(XenbusStateClosing);
		if (stage == 7) {
			peer_state(XenbusStateClosed);
			store_wait_int(BACK_STATE, XenbusStateClosed,
				       PATIENCE_MS);
		}
		/* xenwatch does not wait for the disk; the second does nothing. */
		store_remove_device(bench->back);
		store_remove_device(bench->back);
		disk_release();
		loopback_settle();
		store_put_device(bench->back);
		bench->back = NULL;
		KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
		KUNIT_EXPECT_EQ(test, 0, xen.nr_rings);
		KUNIT_EXPECT_EQ(test, 0, xen.nr_pages);
		if (peer->ring_page)
			KUNIT_ASSERT_TRUE(test, peer_retract(peer));
		store_reset();
		back_add(bench);
	}
	connect(test, bench);
	works(test, peer, 0);
}

static void D9_states_at_random(struct kunit *test)
{
	static const enum xenbus_state states[] = {
		XenbusStateInitialising, XenbusStateInitialised,
		XenbusStateConnected, XenbusStateClosing, XenbusStateClosed,
		XenbusStateInitialised, XenbusStateConnected,
	};
	unsigned long until = jiffies + 20 * HZ;
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int step, nr_rings = 0;
	struct rnd_state rnd;
	struct peer_slot slot;

	prandom_seed_state(&rnd, 9);
	back_attach_disk();
	for (step = 0; step < 50000 && time_before(jiffies, until); step++) {
		u32 r = prandom_u32_state(&rnd);

		if (!peer->ring_page) {
			peer_publish(peer);
			nr_rings++;
		} else if (r % 8 == 0) {
			/* Fails while it is mapped: that is the frontend's. */
			peer_retract(peer);
		}
		if (peer->ring_page &&
		    peer->req_prod - peer->rsp_cons < PEER_SLOTS) {
			slot = peer_request(peer, r & 0x100 ? BLKIF_OP_READ :
							      BLKIF_OP_WRITE,
					    r % 64, r % 1024 & ~7, r % 12, 11);
			peer_put(peer, &slot);
			peer_push(peer);
			peer_collect(peer);
		}
		peer_state(states[r / 64 % ARRAY_SIZE(states)]);
		if (r % 128 == 1)
			disk.hold = true;
		if (r % 128 == 2 || r % 128 == 77)
			disk_release();
		if (r % 16 == 3)
			usleep_range(50, 100);
		if (r % 64 == 5) {
			disk_release();
			loopback_settle();
		}
	}
	disk_release();
	loopback_settle();
	kunit_info(test, "%u steps, %u rings\n", step, nr_rings);
	KUNIT_EXPECT_GT(test, step, 500);
	KUNIT_EXPECT_GT(test, nr_rings, 20);
	peer_state(XenbusStateClosing);
	loopback_settle();
	recovers(test, bench);
}

/* --- requests --------------------------------------------------------------------------- */

static void flush_that_failed_is_an_error(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot flush =
		peer_request(bench->peer, BLKIF_OP_FLUSH_DISKCACHE, 4, 0, 0, 0);
	unsigned int i;

	connect(test, bench);
	works(test, bench->peer, 0);
	for (i = 0; i < 3; i++) {
		disk.fail_flushes = 1;
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR,
				peer_do(bench->peer, &flush));
		KUNIT_EXPECT_EQ(test, 2 * i + 1, disk.nr_flushes);
		/* And the next one goes to the disk again. */
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY,
				peer_do(bench->peer, &flush));
		KUNIT_EXPECT_EQ(test, 2 * i + 2, disk.nr_flushes);
	}
	KUNIT_EXPECT_EQ(test, BLKIF_OP_FLUSH_DISKCACHE, bench->peer->op[4]);
}

/* OP3: first what is before it, then its own data, and that for good. */
static void OP3_flush_with_data(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot flush =
		peer_request(bench->peer, BLKIF_OP_FLUSH_DISKCACHE, 4, 80, 2, 0);

	connect(test, bench);
	disk.nr_ops = 0;
	peer_fill(bench->peer, 0, 2, 3);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &flush));
	KUNIT_EXPECT_EQ(test, 1, disk.nr_ops);
	KUNIT_EXPECT_TRUE(test, disk.log[0].preflush);
	KUNIT_EXPECT_TRUE(test, disk.log[0].fua);
	KUNIT_EXPECT_EQ(test, 16, disk.log[0].nr_sectors);
	KUNIT_EXPECT_TRUE(test, peer_check(bench->peer, 0, 2,
					   disk.data + 80 * 512));
}

static void discard_in_pieces(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot discard = {
		.op = BLKIF_OP_DISCARD, .id = 6, .sector = 12, .nr_sectors = 600,
	};
	sector_t next = 12;
	unsigned int i;

	connect(test, bench);
	memset(disk.data, 0x99, DISK_SECTORS << 9);
	disk.nr_ops = 0;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &discard));
	KUNIT_EXPECT_GE(test, disk.nr_ops, DIV_ROUND_UP(600, DISK_DISCARD_SECTORS));
	for (i = 0; i < disk.nr_ops; i++) {
		KUNIT_EXPECT_EQ(test, REQ_OP_DISCARD, disk.log[i].op);
		KUNIT_EXPECT_EQ(test, next, disk.log[i].sector);
		KUNIT_EXPECT_LE(test, disk.log[i].nr_sectors,
				DISK_DISCARD_SECTORS);
		next += disk.log[i].nr_sectors;
		/* All pieces but the last end where the disk likes it. */
		if (i + 1 < disk.nr_ops)
			KUNIT_EXPECT_EQ(test, 0, next % 8);
	}
	KUNIT_EXPECT_EQ(test, 612, next);
	KUNIT_EXPECT_EQ(test, 0x99, disk.data[12 * 512 - 1]);
	KUNIT_EXPECT_EQ(test, 0, disk.data[12 * 512]);
	KUNIT_EXPECT_EQ(test, 0x99, disk.data[612 * 512]);

	/* The first piece that fails ends it. */
	disk.nr_ops = 0;
	disk.fail_all = 1;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(bench->peer, &discard));
	KUNIT_EXPECT_EQ(test, 1, disk.nr_ops);
}

static void discard_disabled_is_refused(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot discard = {
		.op = BLKIF_OP_DISCARD, .id = 6, .sector = 0, .nr_sectors = 8,
	};

	store_write(BACK_NODE "/discard-enable", "0");
	connect(test, bench);
	KUNIT_EXPECT_EQ(test, 0, store_read_int(BACK_NODE "/feature-discard", 0));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_EOPNOTSUPP,
			peer_do(bench->peer, &discard));
}

static void read_only_by_mode(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;

	store_write(BACK_NODE "/mode", "r");
	connect(test, bench);
	KUNIT_EXPECT_EQ(test, VDISK_READONLY, store_read_int(BACK_NODE "/info", -1));
	slot = peer_request(peer, BLKIF_OP_READ, 1, 0, 2, 0);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
	slot.op = BLKIF_OP_WRITE;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(peer, &slot));
	slot.op = BLKIF_OP_DISCARD;
	KUNIT_EXPECT_NE(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
}

/* What the disk reads from need not be writable for us, and is not written. */
static void write_from_read_only_grants(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_WRITE, 1, 0, 1, 0);
	u32 ref = xen_grant(peer->page[0], true);

	connect(test, bench);
	peer_fill(peer, 0, 1, 5);
	slot.seg[0].gref = ref;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
	KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, 1, disk.data));
	/* But what it writes to has to be. */
	slot.op = BLKIF_OP_READ;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(peer, &slot));
	xen_ungrant(ref);
}

/* A full ring of the largest requests: few hypercalls, each full of work. */
static void one_batch_few_hypercalls(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;
	unsigned int i;

	connect(test, bench);
	/* The pool grows as it is asked for more, to twice its size at a time. */
	for (i = 0; i < 6 * PEER_SLOTS; i++) {
		slot = peer_request(peer, BLKIF_OP_WRITE, i % PEER_SLOTS,
				    i % PEER_SLOTS * 88, 11,
				    i % PEER_SLOTS * 11);
		peer_put(peer, &slot);
		if (i % PEER_SLOTS < PEER_SLOTS - 1)
			continue;
		xen.nr_map_calls = 0;
		xen.nr_map_ops = 0;
		peer_push(peer);
		KUNIT_ASSERT_TRUE(test, peer_wait(peer, i + 1));
		msleep(50);
	}
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	KUNIT_EXPECT_EQ(test, PEER_PAGES, xen.nr_map_ops);
	KUNIT_EXPECT_LE(test, xen.nr_map_calls, 8);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
}

static void D10_a_map_that_fails_costs_its_request(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int at, i, asked = 0;
	struct peer_slot slot;

	connect(test, bench);
	peer_fill(peer, 0, 44, 1);
	for (at = 0; at <= 44; at++) {
		xen.nr_map_ops = 0;
		xen.fail_map_op = at + 1;
		xen.nr_fail_map_op = at < 44 ? 1 : 100;
		xen.map_op_status = at % 2 ? GNTST_bad_gntref : GNTST_eagain;
		if (at == 44)
			xen.fail_map_op = 1;
		for (i = 0; i < 4; i++) {
			slot = peer_request(peer, i % 2 ? BLKIF_OP_READ :
							  BLKIF_OP_WRITE,
					    i, 88 * i, 11, 11 * i);
			peer_put(peer, &slot);
		}
		peer_push(peer);
		asked += 4;
		KUNIT_ASSERT_TRUE(test, peer_wait(peer, asked));
		for (i = 0; i < 4; i++)
			KUNIT_EXPECT_EQ_MSG(test, peer->status[i],
					    at == 44 || at / 11 == i ?
					    BLKIF_RSP_ERROR : BLKIF_RSP_OKAY,
					    "op %u fails, request %u", at, i);
		/* D11: whatever happened, nothing is mapped afterwards. */
		KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
	}
	xen.nr_fail_map_op = 0;
	works(test, peer, 0);
}

static void D10_a_hypercall_that_fails(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot = peer_request(bench->peer, BLKIF_OP_WRITE, 1, 0,
					     11, 0);

	connect(test, bench);
	xen.fail_map_call = 1;
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer_do(bench->peer, &slot));
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
	works(test, bench->peer, 0);
}

/* Xen is out of room for a while: requests wait for it, and do not fail. */
static void no_room_to_map_is_waited_for(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;
	unsigned int i;

	connect(test, bench);
	peer_fill(peer, 0, 88, 4);
	xen.map_op_status = GNTST_no_device_space;
	xen.nr_map_ops = 0;
	xen.fail_map_op = 20;
	xen.nr_fail_map_op = 200;
	for (i = 0; i < 8; i++) {
		slot = peer_request(peer, BLKIF_OP_WRITE, i, 88 * i, 11, 11 * i);
		peer_put(peer, &slot);
	}
	peer_push(peer);
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, 8));
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	KUNIT_EXPECT_GT(test, xen.nr_map_ops, 220);
	KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, 88, disk.data));
}

/* Nothing but the reserve is to be had: all requests get through it. */
static void forward_progress_on_the_reserve(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;
	unsigned int i;

	xen.pages_budget = BLKIF_MAX_SEGMENTS_PER_REQUEST;
	connect(test, bench);
	peer_fill(peer, 0, PEER_PAGES, 4);
	for (i = 0; i < PEER_SLOTS; i++) {
		slot = peer_request(peer, BLKIF_OP_WRITE, i, 88 * i, 11, 11 * i);
		peer_put(peer, &slot);
	}
	peer_push(peer);
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, PEER_SLOTS));
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);
	KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, PEER_PAGES, disk.data));
	KUNIT_EXPECT_EQ(test, BLKIF_MAX_SEGMENTS_PER_REQUEST, xen.nr_pages);
}

static void a_page_in_use_is_not_unmapped(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_WRITE, 1, 0, 4, 0);

	connect(test, bench);
	disk.hold_pages = true;
	peer_put(peer, &slot);
	peer_push(peer);
	msleep(100);
	KUNIT_EXPECT_EQ(test, 0, peer_collect(peer));
	KUNIT_EXPECT_EQ(test, 4, xen.nr_mapped);
	disk.hold_pages = false;
	/* Others are not held up. */
	slot = peer_request(peer, BLKIF_OP_READ, 2, 64, 4, 4);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
	KUNIT_EXPECT_EQ(test, 0, peer->answers[1]);
	/* Nor does a disconnect forget it. */
	peer_state(XenbusStateClosed);
	msleep(50);
	KUNIT_EXPECT_EQ(test, 4, xen.nr_mapped);
	disk_release_pages();
	reaches(test, XenbusStateClosed);
	peer_collect(peer);
	KUNIT_EXPECT_EQ(test, 1, peer->answers[1]);
	KUNIT_EXPECT_EQ(test, 0, peer->status[1]);
}

static unsigned int wait_for_eoi(unsigned int before)
{
	unsigned long until = jiffies + msecs_to_jiffies(PATIENCE_MS);

	while (xen.nr_eoi[0] + xen.nr_eoi[1] == before &&
	       time_before(jiffies, until))
		usleep_range(100, 200);
	return xen.nr_eoi[0] + xen.nr_eoi[1] - before;
}

static void D7_only_an_idle_event_is_spurious(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_WRITE, 1, 0, 4, 0);
	unsigned int i, honest;

	connect(test, bench);
	works(test, peer, 0);
	loopback_settle();

	/* Whatever was consumed before is told with the first event. */
	xen_kick_back(peer->port);
	loopback_settle();
	for (i = 0; i < 5; i++) {
		unsigned int before = xen.nr_eoi[0] + xen.nr_eoi[1];
		unsigned int spurious = xen.nr_eoi[1];

		xen_kick_back(peer->port);
		KUNIT_EXPECT_EQ(test, 1, wait_for_eoi(before));
		KUNIT_EXPECT_EQ(test, spurious + 1, xen.nr_eoi[1]);
	}

	/* A request that was found by a pass made for another's end. */
	disk.hold = true;
	honest = xen.nr_eoi[0];
	i = xen.nr_eoi[1];
	peer_put(peer, &slot);
	peer_push(peer);
	wait_until_held(test, 1);
	loopback_settle();
	/* It was taken: that is work enough, answered or not. */
	KUNIT_EXPECT_EQ(test, honest + 1, xen.nr_eoi[0]);
	KUNIT_EXPECT_EQ(test, i, xen.nr_eoi[1]);
	slot.id = 2;
	peer_put(peer, &slot);
	WRITE_ONCE(peer->sring->req_prod, peer->req_prod);
	disk_release();
	KUNIT_ASSERT_TRUE(test, peer_wait(peer, 4));
	loopback_settle();
	honest = xen.nr_eoi[0];
	i = xen.nr_eoi[0] + xen.nr_eoi[1];
	xen_kick_back(peer->port);
	KUNIT_EXPECT_EQ(test, 1, wait_for_eoi(i));
	KUNIT_EXPECT_EQ(test, honest + 1, xen.nr_eoi[0]);
}

static void D8_watched_nodes_written_very_often(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	connect(test, bench);
	for (i = 0; i < 20000; i++)
		peer_state(XenbusStateConnected);
	works(test, bench->peer, 0);
	KUNIT_EXPECT_EQ(test, XenbusStateConnected, store_read_int(BACK_STATE, -1));
}

/* Slots of any bytes; most of what they name is not theirs. */
static void hostile_slot(struct rnd_state *rnd, struct peer *peer, u64 id,
			 union blkif_x86_64_request *slot)
{
	u32 r = prandom_u32_state(rnd);
	unsigned int i;

	prandom_bytes_state(rnd, slot, sizeof(*slot));
	if (r & 7)
		slot->operation &= 7;
	if (r & 0x30)
		slot->rw.nr_segments %= 12;
	if (peer->abi32)
		((union blkif_x86_32_request *)slot)->rw.id = id;
	else
		slot->rw.id = id;
	if (peer->abi32 || r & 0x100)
		return;
	slot->rw.sector_number %= DISK_SECTORS + 64;
	for (i = 0; i < BLKIF_MAX_SEGMENTS_PER_REQUEST; i++) {
		slot->rw.seg[i].first_sect &= 1;
		slot->rw.seg[i].last_sect &= 7;
		/* Real pages, but for one now and then. */
		if (r & 0x600 && i != r >> 28)
			slot->rw.seg[i].gref = peer->ref[r % 300 + i];
	}
}

static void D13_hostile_slots_get_answers_and_no_more(struct kunit *test)
{
	unsigned long until = jiffies + 25 * HZ;
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	union blkif_x86_64_request slot;
	unsigned int asked = 0, i;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 13);
	connect(test, bench);
	while (asked < 200000 && time_before(jiffies, until)) {
		for (i = 0; i < PEER_SLOTS; i++) {
			hostile_slot(&rnd, peer, i, &slot);
			peer_put_raw(peer, &slot);
		}
		peer_push(peer);
		asked += PEER_SLOTS;
		if (!peer_wait(peer, asked)) {
			KUNIT_FAIL(test, "no answer after %u slots", asked);
			return;
		}
		for (i = 0; i < PEER_SLOTS; i++)
			if (peer->answers[i] != asked / PEER_SLOTS)
				break;
		if (i < PEER_SLOTS) {
			KUNIT_FAIL(test, "id %u has %u answers of %u", i,
				   peer->answers[i], asked / PEER_SLOTS);
			return;
		}
	}
	kunit_info(test, "%u slots, %u errors\n", asked, peer->nr_errors);
	KUNIT_EXPECT_GT(test, asked, 5000);
	KUNIT_EXPECT_GT(test, peer->nr_errors, asked / 2);
	KUNIT_EXPECT_LT(test, peer->nr_errors, asked);
	KUNIT_EXPECT_EQ(test, XenbusStateConnected, store_read_int(BACK_STATE, -1));
	works(test, peer, 0);
}

static void D13_hostile_slots_of_32_bits(struct kunit *test)
{
	struct bench *bench = test->priv;

	bench->peer->abi32 = true;
	D13_hostile_slots_get_answers_and_no_more(test);
}

/* D3: the frontend rewrites its slots all the time. */
static int mutate_slots(void *data)
{
	struct peer *peer = data;
	struct rnd_state rnd;
	u8 *at;
	u32 r;

	prandom_seed_state(&rnd, 3);
	while (!kthread_should_stop()) {
		r = prandom_u32_state(&rnd);
		at = (u8 *)peer->sring + 64;
		/* Everything but the operation and the id, which are counted. */
		r = r % (PEER_SLOTS * 112);
		if (r % 112 == 0 || (r % 112 >= 8 && r % 112 < 16))
			continue;
		WRITE_ONCE(at[r], prandom_u32_state(&rnd));
		if (r % 64 == 0)
			cond_resched();
	}
	return 0;
}

static bool all_answered(struct peer *peer)
{
	WRITE_ONCE(peer->sring->rsp_event, peer->req_prod);
	virt_mb();	/* the wish before the last look */
	return READ_ONCE(peer->sring->rsp_prod) == peer->req_prod;
}

static void D3_slots_that_change_while_they_are_read(struct kunit *test)
{
	unsigned long until = jiffies + 8 * HZ;
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct task_struct *mutator;
	unsigned int asked = 0, i;
	struct peer_slot slot;

	connect(test, bench);
	/* Answers are written to the same memory: they are only counted. */
	mutator = kthread_run(mutate_slots, peer, "loopback-mutator");
	KUNIT_ASSERT_FALSE(test, IS_ERR(mutator));
	while (asked < 20000 && time_before(jiffies, until)) {
		for (i = 0; i < PEER_SLOTS; i++) {
			slot = peer_request(peer, i % 2 ? BLKIF_OP_READ :
							  BLKIF_OP_WRITE,
					    i, 88 * i, 11, 11 * i);
			peer_put(peer, &slot);
		}
		peer_push(peer);
		asked += PEER_SLOTS;
		if (!wait_event_timeout(peer->wait, all_answered(peer),
					msecs_to_jiffies(PATIENCE_MS)))
			break;
		peer->rsp_cons = peer->req_prod;
	}
	kthread_stop(mutator);
	KUNIT_EXPECT_EQ(test, peer->req_prod, READ_ONCE(peer->sring->rsp_prod));
	KUNIT_EXPECT_EQ(test, asked, peer->req_prod);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
}

static struct kunit_case back_cases[] = {
	KUNIT_CASE(ST3_disk_before_the_ring),
	KUNIT_CASE(ST3_disk_after_the_ring),
	KUNIT_CASE(ST1_jump_to_connected),
	KUNIT_CASE(ST4_close_and_come_back),
	KUNIT_CASE(ST4_begin_again_without_a_close),
	KUNIT_CASE(ST4_offline_goes_away),
	KUNIT_CASE(ST5_frontend_vanishes),
	KUNIT_CASE(ST6_states_that_no_frontend_may_be_in),
	KUNIT_CASE(ST7_closed_waits_for_the_disk),
	KUNIT_CASE(ST7_another_ring_with_requests_in_flight),
	KUNIT_CASE(ST8_resize),
	KUNIT_CASE(H4_statistics_count_and_survive_a_reconnect),
	KUNIT_CASE(D22_statistics_are_read_during_reconnects),
	KUNIT_CASE(D23_connect_fails_at_every_step),
	KUNIT_CASE(transaction_is_tried_again),
	KUNIT_CASE(D7_event_during_the_bind),
	KUNIT_CASE(RN1_bogus_index_costs_that_ring),
	KUNIT_CASE(RN8_unbind_and_bind),
	KUNIT_CASE(D24_remove_at_every_state),
	KUNIT_CASE(flush_that_failed_is_an_error),
	KUNIT_CASE(OP3_flush_with_data),
	KUNIT_CASE(discard_in_pieces),
	KUNIT_CASE(discard_disabled_is_refused),
	KUNIT_CASE(read_only_by_mode),
	KUNIT_CASE(write_from_read_only_grants),
	KUNIT_CASE(one_batch_few_hypercalls),
	KUNIT_CASE(D10_a_map_that_fails_costs_its_request),
	KUNIT_CASE(D10_a_hypercall_that_fails),
	KUNIT_CASE(no_room_to_map_is_waited_for),
	KUNIT_CASE(forward_progress_on_the_reserve),
	KUNIT_CASE(a_page_in_use_is_not_unmapped),
	KUNIT_CASE(D7_only_an_idle_event_is_spurious),
	KUNIT_CASE(D8_watched_nodes_written_very_often),
	KUNIT_CASE_SLOW(D9_states_at_random),
	KUNIT_CASE_SLOW(D13_hostile_slots_get_answers_and_no_more),
	KUNIT_CASE_SLOW(D13_hostile_slots_of_32_bits),
	KUNIT_CASE_SLOW(D3_slots_that_change_while_they_are_read),
	{}
};

static int back_suite_init(struct kunit_suite *suite)
{
	return loopback_start();
}

static void back_suite_exit(struct kunit_suite *suite)
{
	loopback_stop();
}

struct kunit_suite back_suite = {
	.name = "loopback_back",
	.suite_init = back_suite_init,
	.suite_exit = back_suite_exit,
	.init = back_init,
	.exit = back_exit,
	.test_cases = back_cases,
};
