// SPDX-License-Identifier: GPL-2.0
/* ST10: a disk in use whose device is taken away, and what comes instead. */
#include "pair.h"
#include "false_back.h"

#define PARAMS	BACK_NODE "/params"

/* How the toolstack takes it. */
enum taken {
	MADE_ANEW,		/* the node begins again: newer kernels see that */
	NODE_GONE,
	BY_HAND,		/* the node is as it was */
	BY_FORCE,		/* having asked, in vain */
	NR_TAKEN
};

static void adopt_take(struct kunit *test, struct pair *pair, enum taken how)
{
	unsigned int nr = store.nr_anew;

	switch (how) {
	case MADE_ANEW:
		store.expect_anew = true;
		pair_nodes();
		KUNIT_ASSERT_TRUE(test, loopback_wait(READ_ONCE(store.nr_anew) ==
						      nr + 1));
		store.expect_anew = false;
		break;
	case BY_FORCE:
		store_write(BACK_NODE "/online", "0");
		store_write(BACK_STATE, "%d", XenbusStateClosing);
		msleep(200);
		fallthrough;
	case NODE_GONE:
		store_remove(BACK_NODE);
		store_remove(FRONT_NODE);
		break;
	default:
		break;
	}
	pair_remove(&pair->front);
}

/*
 * Connected and open, with requests that its backend has not taken; and then the
 * backend is not there any more, and nor is the device.
 */
static void adopt_lose(struct kunit *test, struct pair *pair, enum taken how)
{
	struct false_back *back = kunit_kzalloc(test, sizeof(*back), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, back);
	store_write(PARAMS, "/dev/vg/one");
	false_begin(test, pair, back);
	pair_open(test, pair);
	pair_fill(pair, PAIR_FLIGHTS, 60);
	back->hold = true;
	flights_start(pair, 0, PAIR_FLIGHTS);
	false_vanish(pair, back);
	adopt_take(test, pair, how);
}

/* The device that comes instead; the toolstack has made its nodes. */
static void adopt_again(struct pair *pair, const char *params)
{
	pair_nodes();
	store_write(PARAMS, "%s", params);
	pair->back = store_add_device(true, BACK_NODE);
	pair->front = store_add_device(false, FRONT_NODE);
}

static bool adopt_waits(struct pair *pair)
{
	unsigned int i;

	for (i = 0; i < PAIR_FLIGHTS; i++)
		if (completion_done(&pair->flight[i].done))
			return false;
	return true;
}

static void adopt_fails(struct kunit *test, struct pair *pair)
{
	unsigned int i;

	for (i = 0; i < PAIR_FLIGHTS; i++)
		KUNIT_EXPECT_EQ(test, -EIO, flight_wait(pair, i));
	KUNIT_EXPECT_EQ(test, -EIO, pair_io(pair, REQ_OP_WRITE, 0, 1));
	KUNIT_EXPECT_PTR_EQ(test, NULL,
			    memchr_inv(disk.data, 0, DISK_SECTORS << SECTOR_SHIFT));
}

static void adopt_end(struct pair *pair)
{
	pair_close(pair);
	pair_remove(&pair->back);
	loopback_settle();
	pair_remove(&pair->front);
	loopback_settle();
	blkfront_disk_wait_for_all();
	store_reset();
}

static void ST10_adopted_with_what_waits(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned long start;
	enum taken how;

	for (how = MADE_ANEW; how <= NODE_GONE; how++) {
		start = jiffies;
		adopt_lose(test, pair, how);
		/* xenwatch has other things to do than to wait for it. */
		KUNIT_EXPECT_TRUE(test, time_before(jiffies, start + 5 * HZ));
		msleep(500);
		KUNIT_EXPECT_TRUE(test, adopt_waits(pair));
		KUNIT_EXPECT_PTR_EQ(test, NULL,
				    disk_to_dev(pair->bdev->bd_disk)->parent);
		adopt_again(pair, "/dev/vg/one");
		flights_land(test, pair);
		pair_works(test, pair, 0);
		KUNIT_EXPECT_PTR_EQ(test, &pair->front->dev,
				    disk_to_dev(pair->bdev->bd_disk)->parent);
		/* And is taken away as any other. */
		pair_close(pair);
		pair_detach();
		KUNIT_EXPECT_TRUE(test, store_wait_int(BACK_STATE,
						       XenbusStateClosed,
						       PATIENCE_MS));
		adopt_end(pair);
		disk_reset();
	}
}

/* Adopted, lost and adopted again, while it is used. */
static void ST10_adopted_again_and_again(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	pair_start(test, pair);
	for (i = 0; i < 5; i++) {
		pair_fill(pair, PAIR_FLIGHTS, i);
		flights_start(pair, 0, PAIR_FLIGHTS);
		/* The core cannot tell before it has seen us anything else. */
		KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
						       XenbusStateConnected,
						       PATIENCE_MS));
		store_drain_events();
		pair_remove(&pair->back);
		adopt_take(test, pair, i % 2 ? MADE_ANEW : NODE_GONE);
		adopt_again(pair, "/dev/vg/one");
		flights_land(test, pair);
	}
	pair_works(test, pair, 0);
}

static void ST10_another_disk_adopts_nothing(struct kunit *test)
{
	struct pair *pair = test->priv;

	adopt_lose(test, pair, NODE_GONE);
	adopt_again(pair, "/dev/vg/two");
	adopt_fails(test, pair);
	KUNIT_EXPECT_NOT_NULL(test, strstr(store.said, "another disk"));
	adopt_end(pair);
	pair_start(test, pair);
	pair_works(test, pair, 0);
}

/* Nothing of it is left but what is open. */
static bool adopt_gone(struct pair *pair)
{
	struct blkfront_disk *dead = pair->bdev->bd_disk->private_data;

	return wait_for_completion_timeout(&dead->gone,
					   msecs_to_jiffies(PATIENCE_MS));
}

static void ST10_nobody_comes(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned long start = jiffies;
	struct block_device *late;
	struct file *dead;

	blkfront_reconnect_timeout_sec = 2;
	adopt_lose(test, pair, NODE_GONE);
	adopt_fails(test, pair);
	KUNIT_EXPECT_TRUE(test, time_after(jiffies, start + 2 * HZ));
	blkfront_reconnect_timeout_sec = 60;
	/* Who comes late is another disk, though the dead one is open still. */
	KUNIT_ASSERT_TRUE(test, adopt_gone(pair));
	dead = pair->file;
	adopt_again(pair, "/dev/vg/one");
	pair_open(test, pair);
	pair_works(test, pair, 0);
	late = pair->bdev;
	pair->bdev = file_bdev(dead);
	KUNIT_EXPECT_EQ(test, -EIO, pair_io(pair, REQ_OP_READ, 0, 1));
	__fput_sync(dead);
	pair->bdev = late;
	pair_works(test, pair, 0);
}

/* Somebody asked for it, or does not want to wait. */
static void ST10_not_kept(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned long start = jiffies;
	enum taken how;

	for (how = MADE_ANEW; how < NR_TAKEN; how++) {
		if (how <= NODE_GONE)
			blkfront_reconnect_timeout_sec = 0;
		adopt_lose(test, pair, how);
		adopt_fails(test, pair);
		blkfront_reconnect_timeout_sec = 60;
		adopt_end(pair);
	}
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, start + 40 * HZ));
}

/* Nobody has it open: there is nothing to keep, nor to wait for. */
static void ST10_nobody_uses_it(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned long start = jiffies;

	pair_start(test, pair);
	pair_close(pair);
	pair_remove(&pair->back);
	adopt_take(test, pair, NODE_GONE);
	blkfront_disk_wait_for_all();
	/* And when that is so later. */
	pair_start(test, pair);
	pair_remove(&pair->back);
	adopt_take(test, pair, NODE_GONE);
	pair_close(pair);
	blkfront_disk_wait_for_all();
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, start + 10 * HZ));
}

/* Older kernels do not look whether a device was made anew. */
static void ST10_made_anew_unseen(struct kunit *test)
{
	struct pair *pair = test->priv;

	store.blind = true;
	pair_start(test, pair);
	pair_fill(pair, PAIR_FLIGHTS, 70);
	pair_remove(&pair->back);
	loopback_settle();
	flights_start(pair, 0, PAIR_FLIGHTS);
	store_remove(FRONT_NODE);
	pair_nodes();
	pair->back = store_add_device(true, BACK_NODE);
	flights_land(test, pair);
	pair_works(test, pair, 0);
}

static int adopt_init(struct kunit *test)
{
	blkfront_reconnect_timeout_sec = 60;
	return pair_init(test);
}

static struct kunit_case pair_adopt_cases[] = {
	KUNIT_CASE_SLOW(ST10_adopted_with_what_waits),
	KUNIT_CASE_SLOW(ST10_adopted_again_and_again),
	KUNIT_CASE(ST10_another_disk_adopts_nothing),
	KUNIT_CASE_SLOW(ST10_nobody_comes),
	KUNIT_CASE_SLOW(ST10_not_kept),
	KUNIT_CASE(ST10_nobody_uses_it),
	KUNIT_CASE_SLOW(ST10_made_anew_unseen),
	{}
};

struct kunit_suite pair_adopt_suite = {
	.name = "loopback_pair_adopt",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = adopt_init,
	.exit = pair_exit,
	.test_cases = pair_adopt_cases,
};
