// SPDX-License-Identifier: GPL-2.0
/* Storage that takes no more requests: who submits one sleeps. */
#include "back.h"

#define NR_RINGS	4
#define OTHER_FRONT	"device/vbd/51728"
#define OTHER_BACK	"backend/vbd/1/51728"
#define SECOND_WORD \
	"disconnect waits for 1 requests of ring 0 that the disk has not finished for 60 seconds"

static void stall_exit(struct kunit *test)
{
	log_watch(NULL);
	back_exit(test);
}

/* A pass of each ring sleeps. */
static void stall_all(struct kunit *test, struct bench *bench)
{
	struct peer_slot slot;
	unsigned int i;

	disk.stall = bench->nr_wide;
	for (i = 0; i < bench->nr_wide; i++) {
		slot = peer_request(bench->wide[i], BLKIF_OP_WRITE, 9, 8 * i, 1,
				    0);
		peer_put(bench->wide[i], &slot);
		peer_push(bench->wide[i]);
	}
	loopback_wait(READ_ONCE(disk.nr_stalled) == bench->nr_wide);
	KUNIT_EXPECT_EQ(test, bench->nr_wide, disk.nr_stalled);
}

static struct xenbus_device *other_add(void)
{
	store_write(OTHER_BACK "/frontend", OTHER_FRONT);
	store_write(OTHER_BACK "/frontend-id", "%d", FRONT_DOMID);
	store_write(OTHER_BACK "/online", "1");
	store_write(OTHER_BACK "/mode", "w");
	store_write(OTHER_BACK "/state", "%d", XenbusStateInitialising);
	store_write(OTHER_BACK "/physical-device", "%x:%x", MAJOR(disk.devt),
		    MINOR(disk.devt));
	store_write(OTHER_FRONT "/state", "%d", XenbusStateInitialising);
	return store_add_device(true, OTHER_BACK);
}

/* Whatever of the one disk sleeps: another one is attached, used and detached. */
static void a_disk_that_hangs_holds_up_no_other(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct xenbus_device *back;
	struct peer_slot slot;
	struct peer *other;
	unsigned int i;

	back_widen(bench, NR_RINGS, 1);
	back_connect_wide(test, bench);
	stall_all(test, bench);

	other = peer_create(false);
	peer_node(other, OTHER_FRONT, OTHER_BACK);
	back = other_add();
	KUNIT_EXPECT_TRUE(test, peer_connect(other));
	for (i = 0; i < 3; i++) {
		slot = peer_request(other, BLKIF_OP_READ, i, 8, 1, 0);
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(other, &slot));
	}
	KUNIT_EXPECT_TRUE(test, peer_close(other));
	KUNIT_EXPECT_EQ(test, NR_RINGS, disk.nr_stalled);

	disk_release();
	for (i = 0; i < NR_RINGS; i++) {
		KUNIT_EXPECT_TRUE(test, peer_wait(bench->wide[i], 1));
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, bench->wide[i]->status[9]);
	}
	store_remove_device(back);
	store_put_device(back);
	loopback_settle();
	peer_destroy(other);
}

/* It takes half a minute to say the first word, and as long for each other. */
static void disconnect_tells_of_a_pass_that_sleeps(struct kunit *test)
{
	struct bench *bench = test->priv;

	back_widen(bench, 1, 1);
	back_connect_wide(test, bench);
	stall_all(test, bench);
	log_watch(SECOND_WORD);
	xen.skip_sleep = 30 * HZ;
	peer_state(XenbusStateClosed);
	loopback_wait(log_count());
	xen.skip_sleep = 0;
	KUNIT_EXPECT_EQ(test, 1, log_count());
	KUNIT_EXPECT_NE(test, XenbusStateClosed, store_read_int(BACK_STATE, -1));
	disk_release();
	back_close_wide(test, bench);
}

static struct kunit_case back_stall_cases[] = {
	KUNIT_CASE(a_disk_that_hangs_holds_up_no_other),
	KUNIT_CASE(disconnect_tells_of_a_pass_that_sleeps),
	{}
};

struct kunit_suite back_stall_suite = {
	.name = "loopback_back_stall",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = back_init,
	.exit = stall_exit,
	.test_cases = back_stall_cases,
};
