// SPDX-License-Identifier: GPL-2.0
/* Two guests on one device: what each gets of it. */
#include "back.h"
#include "../../../blkback/blkback.h"

/* So many under way while they compete. */
#define DEPTH	16

#define REFUSED	"/limit-weight is \"1001\", expected a number, 1 to 1000"

/* Some more guests on the device, which want little. */
#define NR_OTHERS	7

static struct other {
	struct xenbus_device *back;
	struct peer *peer;
	char back_node[32];
	char front_node[32];
} others[NR_OTHERS];

static int share_init(struct kunit *test)
{
	int err = back_init(test);

	if (err)
		return err;
	back_add_second(test->priv);
	return 0;
}

static void share_exit(struct kunit *test)
{
	unsigned int i;

	disk_release();
	for (i = 0; i < NR_OTHERS && others[i].back; i++) {
		store_remove_device(others[i].back);
		store_put_device(others[i].back);
	}
	loopback_settle();
	while (i--)
		peer_destroy(others[i].peer);
	memset(others, 0, sizeof(others));
	back_exit(test);
}

static void write_key(const char *node, const char *key, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", node, key);
	store_write(path, "%s", text);
}

static void other_connect(struct kunit *test, unsigned int nr)
{
	struct other *other = &others[nr];
	char text[16];

	snprintf(other->back_node, sizeof(other->back_node), "backend/vbd/1/%u",
		 51744 + 16 * nr);
	snprintf(other->front_node, sizeof(other->front_node), "device/vbd/%u",
		 51744 + 16 * nr);
	write_key(other->back_node, "frontend", other->front_node);
	snprintf(text, sizeof(text), "%d", FRONT_DOMID);
	write_key(other->back_node, "frontend-id", text);
	write_key(other->back_node, "online", "1");
	write_key(other->back_node, "mode", "w");
	write_key(other->back_node, "state", "1");
	write_key(other->front_node, "backend", other->back_node);
	write_key(other->front_node, "backend-id", "0");
	write_key(other->front_node, "state", "1");
	other->back = store_add_device(true, other->back_node);
	other->peer = peer_create(false);
	peer_node(other->peer, other->front_node, other->back_node);
	snprintf(text, sizeof(text), "%x:%x", MAJOR(disk.devt),
		 MINOR(disk.devt));
	write_key(other->back_node, "physical-device", text);
	KUNIT_ASSERT_TRUE(test, peer_connect(other->peer));
}

static int set(struct xenbus_device *back, const char *text)
{
	const struct blkback_setting *setting = blkback_setting_find("weight");
	int err = setting->set(dev_get_drvdata(&back->dev), 0, text);

	loopback_settle();
	return err;
}

static bool shows(struct xenbus_device *back, const char *text)
{
	const struct blkback_setting *setting = blkback_setting_find("weight");
	char *page = (char *)get_zeroed_page(GFP_KERNEL | __GFP_NOFAIL);
	bool same;

	setting->show(dev_get_drvdata(&back->dev), 0, page);
	same = !strcmp(page, text);
	free_page((unsigned long)page);
	return same;
}

static void share_connect(struct kunit *test, struct bench *bench,
			  const char *weight, const char *second)
{
	back_connect(test, bench);
	back_connect_second(test, bench);
	KUNIT_ASSERT_EQ(test, 0, set(bench->back, weight));
	KUNIT_ASSERT_EQ(test, 0, set(bench->second_back, second));
	disk.hold = true;
}

static void put_at(struct peer *peer, unsigned int nr, unsigned int nr_segments,
		   u64 sector)
{
	struct peer_slot slot;

	while (nr--) {
		slot = peer_request(peer, BLKIF_OP_WRITE, 1, sector,
				    nr_segments, 0);
		peer_put(peer, &slot);
	}
	peer_push(peer);
}

/* For while a pass sleeps, which nobody is to wait for. */
static void put_unsettled(struct peer *peer, unsigned int nr,
			  unsigned int nr_segments)
{
	put_at(peer, nr, nr_segments, 0);
}

static void put_nr(struct peer *peer, unsigned int nr, unsigned int nr_segments)
{
	put_unsettled(peer, nr, nr_segments);
	loopback_settle();
}

/* Both have their rings full while the disk does so many requests, one by one. */
static void compete(struct bench *bench, unsigned int nr,
		    const unsigned int *nr_segments)
{
	struct peer *peer[] = { bench->peer, bench->second };
	unsigned int before[2], i;

	while (nr--) {
		for (i = 0; i < 2; i++)
			before[i] = back_answered(peer[i]);
		disk_release_first(1);
		loopback_settle();
		for (i = 0; i < 2; i++)
			put_nr(peer[i], back_answered(peer[i]) - before[i],
			       nr_segments[i]);
	}
}

/* Of so many requests, how many were the first one's? */
static unsigned int first_gets(struct bench *bench, unsigned int nr,
			       const unsigned int *nr_segments)
{
	unsigned int before;

	put_nr(bench->peer, PEER_SLOTS, nr_segments[0]);
	put_nr(bench->second, PEER_SLOTS, nr_segments[1]);
	/* What it had before there was another one. */
	compete(bench, 2 * PEER_SLOTS, nr_segments);
	before = back_answered(bench->peer);
	compete(bench, nr, nr_segments);
	return back_answered(bench->peer) - before;
}

static void end_all(struct kunit *test, struct bench *bench)
{
	disk_release();
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->peer, bench->peer->req_prod));
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->second,
					  bench->second->req_prod));
	loopback_settle();
}

static struct blkback_sharer *sharer_of(struct xenbus_device *back)
{
	struct blkback_dev *dev = dev_get_drvdata(&back->dev);

	return &dev->vbd.sharer;
}

static void each_gets_its_weight(struct kunit *test)
{
	static const struct {
		const char *weight[2];
		unsigned int nr_segments[2];
		unsigned int nr;	/* of 240, the first one's */
	} all[] = {
		{ { "300", "100" }, { 1, 1 }, 180 },
		{ { "100", "500" }, { 1, 1 }, 40 },
		{ { "7", "7" }, { 1, 1 }, 120 },
		/* Never less than one at a time. */
		{ { "1", "1000" }, { 1, 1 }, 14 },
		{ { "200", "200" }, { 9, 1 }, 24 },
	};
	struct bench *bench = test->priv;
	unsigned int i, nr;

	share_connect(test, bench, "100", "100");
	for (i = 0; i < ARRAY_SIZE(all); i++) {
		KUNIT_EXPECT_EQ(test, 0, set(bench->back, all[i].weight[0]));
		KUNIT_EXPECT_EQ(test, 0, set(bench->second_back,
					     all[i].weight[1]));
		nr = first_gets(bench, 240, all[i].nr_segments);
		KUNIT_EXPECT_GE(test, disk.nr_held, DEPTH);
		KUNIT_EXPECT_LE(test, disk.nr_held, DEPTH + 1);
		KUNIT_EXPECT_GE_MSG(test, nr + 6, all[i].nr, "%u", i);
		KUNIT_EXPECT_LE_MSG(test, nr, all[i].nr + 6, "%u", i);
		end_all(test, bench);
		disk.hold = true;
	}
}

/* Who has nothing under way has no request for nothing: they may be large. */
static void weights_hold_whatever_the_size(struct kunit *test)
{
	static const unsigned int nr_segments[] = { 11, 1 };
	struct bench *bench = test->priv;
	struct blkback_sharer *first;

	share_connect(test, bench, "1", "1000");
	first = sharer_of(bench->back);
	/* By their weights it has 1 of 16 bytes, which is 1 of 175 requests. */
	KUNIT_EXPECT_LE(test, first_gets(bench, 150, nr_segments), 4);
	/* And some time after its last one, one more, whatever the others do. */
	while (first->nr_under_way)
		compete(bench, 1, nr_segments);
	/* As if that had been done at once. */
	first->began_ns = first->ended_ns;
	KUNIT_EXPECT_TRUE(test, loopback_wait(READ_ONCE(first->nr_under_way)));
	end_all(test, bench);
}

static void who_is_alone_has_all_of_it(struct kunit *test)
{
	struct bench *bench = test->priv;

	share_connect(test, bench, "1", "1000");
	put_nr(bench->peer, PEER_SLOTS, 1);
	KUNIT_EXPECT_EQ(test, PEER_SLOTS, disk.nr_held);
	/* And another one, however late, has half of its part. */
	put_nr(bench->second, 12, 1);
	KUNIT_EXPECT_EQ(test, PEER_SLOTS + DEPTH / 2, disk.nr_held);
	/* Its next one when there are few. */
	disk_release_first(PEER_SLOTS + DEPTH / 2 - DEPTH);
	loopback_settle();
	KUNIT_EXPECT_EQ(test, DEPTH, disk.nr_held);
	disk_release_first(1);
	loopback_settle();
	KUNIT_EXPECT_EQ(test, DEPTH, disk.nr_held);
	end_all(test, bench);
}

/* It has something to do yet when it has its answer, and is about to ask again. */
static void who_waits_for_answers_keeps_its_part(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	share_connect(test, bench, "1", "1000");
	put_at(bench->second, 1, 1, 8);
	loopback_settle();
	put_nr(bench->peer, PEER_SLOTS, 1);
	for (i = 1; i <= 8; i++) {
		disk_release_at(8);
		loopback_settle();
		KUNIT_EXPECT_EQ(test, i, back_answered(bench->second));
		KUNIT_EXPECT_LE(test, disk.nr_held, DEPTH);
		put_at(bench->second, 1, 1, 8);
		loopback_settle();
		KUNIT_EXPECT_LE(test, disk.nr_held, DEPTH + 1);
	}
	/* And has not when it does not. */
	disk_release_at(8);
	loopback_settle();
	msleep(100);
	disk_release_one();
	loopback_settle();
	KUNIT_EXPECT_EQ(test, PEER_SLOTS - 1, disk.nr_held);
	end_all(test, bench);
}

/* Who may begin before its time takes nothing from what others are owed. */
static void those_of_little_weight_change_nothing(struct kunit *test)
{
	static const unsigned int nr_segments[] = { 1, 1 };
	struct bench *bench = test->priv;
	unsigned int i, nr, all, before;

	share_connect(test, bench, "100", "400");
	disk.hold = false;
	for (i = 0; i < NR_OTHERS; i++) {
		other_connect(test, i);
		KUNIT_ASSERT_EQ(test, 0, set(others[i].back, "1"));
	}
	disk.hold = true;
	put_nr(bench->peer, PEER_SLOTS, 1);
	put_nr(bench->second, PEER_SLOTS, 1);
	/* What one had before there was another one. */
	compete(bench, 2 * PEER_SLOTS, nr_segments);
	/* The disk does some of those two's between each of the others'. */
	for (i = 0; i < NR_OTHERS; i++) {
		put_nr(others[i].peer, PEER_SLOTS, 1);
		compete(bench, 2, nr_segments);
	}
	compete(bench, 2 * DEPTH, nr_segments);
	before = back_answered(bench->peer);
	all = before + back_answered(bench->second);
	compete(bench, 150, nr_segments);
	nr = back_answered(bench->peer) - before;
	all = back_answered(bench->peer) + back_answered(bench->second) - all;
	KUNIT_EXPECT_GE(test, all, 60);
	KUNIT_EXPECT_GE(test, 5 * nr + 20, all);
	KUNIT_EXPECT_LE(test, 5 * nr, all + 20);
	disk_release();
	for (i = 0; i < NR_OTHERS; i++)
		KUNIT_EXPECT_TRUE(test, peer_wait(others[i].peer,
						  others[i].peer->req_prod));
	end_all(test, bench);
}

/* Time in which one had nothing to do is no credit of its own. */
static void nothing_is_saved(struct kunit *test)
{
	static const unsigned int nr_segments[] = { 1, 1 };
	struct bench *bench = test->priv;
	unsigned int nr;

	share_connect(test, bench, "200", "200");
	disk.hold = false;
	for (nr = 0; nr < 20; nr++) {
		put_nr(bench->second, PEER_SLOTS, 1);
		KUNIT_EXPECT_TRUE(test, peer_wait(bench->second,
						  bench->second->req_prod));
	}
	loopback_settle();
	disk.hold = true;
	nr = first_gets(bench, 100, nr_segments);
	KUNIT_EXPECT_GE(test, nr, 44);
	KUNIT_EXPECT_LE(test, nr, 56);
}

/* Few are under way at a time, and the others are no reason to wait. */
static void discards_take_no_part(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot;
	unsigned int i;

	share_connect(test, bench, "200", "200");
	for (i = 0; i < PEER_SLOTS; i++) {
		slot = peer_request(bench->peer, BLKIF_OP_DISCARD, i, 0, 0, 0);
		slot.nr_sectors = 8;
		peer_put(bench->peer, &slot);
	}
	peer_push(bench->peer);
	loopback_settle();
	KUNIT_EXPECT_EQ(test, 2, disk.nr_held);
	put_nr(bench->second, PEER_SLOTS, 1);
	KUNIT_EXPECT_EQ(test, 2 + PEER_SLOTS, disk.nr_held);
	end_all(test, bench);
}

/* Virtual time goes round once: who slept meanwhile owes nothing. */
static void who_slept_for_years_owes_nothing(struct kunit *test)
{
	static const unsigned int nr_segments[] = { 1, 1 };
	struct bench *bench = test->priv;
	struct blkback_dev *dev = dev_get_drvdata(&bench->back->dev);
	struct blkback_sharer *second;
	unsigned int nr;
	u64 paid;

	share_connect(test, bench, "200", "200");
	second = &((struct blkback_dev *)
		   dev_get_drvdata(&bench->second_back->dev))->vbd.sharer;
	paid = second->paid;
	put_nr(bench->second, 1, 11);
	/* In sectors, so that it takes that long. */
	KUNIT_EXPECT_EQ(test, 11 * 8 * 5, second->paid - paid);
	end_all(test, bench);
	disk.hold = true;
	first_gets(bench, 0, nr_segments);
	dev->vbd.sharer.share->now += (1ULL << 63) + SZ_1G;
	second->paid += (1ULL << 63) + SZ_1G;
	nr = back_answered(bench->peer);
	compete(bench, 100, nr_segments);
	nr = back_answered(bench->peer) - nr;
	KUNIT_EXPECT_GE(test, nr, 44);
	KUNIT_EXPECT_LE(test, nr, 56);
	end_all(test, bench);
}

static void without_weights_nobody_waits(struct kunit *test)
{
	struct bench *bench = test->priv;

	share_connect(test, bench, "100", "100");
	put_nr(bench->peer, PEER_SLOTS, 1);
	put_nr(bench->second, PEER_SLOTS, 1);
	KUNIT_EXPECT_EQ(test, 2 * PEER_SLOTS, disk.nr_held);
	end_all(test, bench);
}

/* What waits goes on in turn, until there is nothing that has to. */
static void weights_that_go(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	share_connect(test, bench, "100", "500");
	put_nr(bench->second, PEER_SLOTS, 1);
	put_nr(bench->peer, PEER_SLOTS, 1);
	KUNIT_EXPECT_EQ(test, 0, set(bench->second_back, "100"));
	for (i = 0; i < 2 * PEER_SLOTS; i++) {
		disk_release_first(1);
		loopback_settle();
	}
	KUNIT_EXPECT_EQ(test, PEER_SLOTS, back_answered(bench->peer));
	KUNIT_EXPECT_EQ(test, PEER_SLOTS, back_answered(bench->second));
	put_nr(bench->peer, PEER_SLOTS, 1);
	put_nr(bench->second, PEER_SLOTS, 1);
	KUNIT_EXPECT_EQ(test, 2 * PEER_SLOTS, disk.nr_held);
}

/* All that waits gets through the one place that there is. */
static void each_end_is_anothers_beginning(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int nr = 2 * PEER_SLOTS - (DEPTH - 1);

	share_connect(test, bench, "100", "500");
	put_nr(bench->peer, PEER_SLOTS, 1);
	put_nr(bench->second, PEER_SLOTS, 1);
	while (disk.nr_held > DEPTH) {
		disk_release_first(1);
		loopback_settle();
	}
	disk.hold = false;
	disk_release_first(1);
	KUNIT_EXPECT_TRUE(test, loopback_wait(back_answered(bench->peer) +
					      back_answered(bench->second) == nr));
	end_all(test, bench);
}

/* As a disk's do that is throttled: another one gets on with half of its part. */
static void requests_that_do_not_end_take_no_others_places(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct blkback_sharer *first, *second;
	unsigned int i, before, least = UINT_MAX;

	share_connect(test, bench, "200", "200");
	first = sharer_of(bench->back);
	second = sharer_of(bench->second_back);
	put_at(bench->second, PEER_SLOTS, 1, 8);
	/* The other one is not alone before it. */
	loopback_settle();
	put_nr(bench->peer, PEER_SLOTS, 1);
	for (i = 0; i < 100; i++) {
		before = back_answered(bench->second);
		disk_release_at(8);
		loopback_settle();
		least = min(least, second->nr_under_way);
		put_at(bench->second, back_answered(bench->second) - before, 1, 8);
		loopback_settle();
	}
	KUNIT_EXPECT_EQ(test, 100, back_answered(bench->second));
	KUNIT_EXPECT_GE(test, least, DEPTH / 4);
	/* Who is due had its turns until then. */
	KUNIT_EXPECT_GE(test, first->nr_under_way, DEPTH / 2);
	KUNIT_EXPECT_LE(test, first->nr_under_way, DEPTH - DEPTH / 4 + 1);
	end_all(test, bench);
}

/* Its own end before its passes have, and the other one's do not end at all. */
static void who_ends_at_once_goes_on_beside_one_that_does_not(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot;
	unsigned int i;

	share_connect(test, bench, "200", "200");
	put_nr(bench->second, DEPTH, 1);
	KUNIT_EXPECT_EQ(test, DEPTH, disk.nr_held);
	disk.hold = false;
	/* Each as large as many of the other's. */
	for (i = 0; i < 4; i++) {
		slot = peer_indirect(bench->peer, BLKIF_OP_WRITE, i, 0, 200, 0,
				     300 + i);
		peer_put(bench->peer, &slot);
	}
	peer_push(bench->peer);
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->peer, 4));
	KUNIT_EXPECT_EQ(test, 0, back_answered(bench->second));
	end_all(test, bench);
}

/* The second one has many under way, and the other one's pass sleeps at its turn. */
static unsigned int sleep_at_its_turn(struct kunit *test, struct bench *bench)
{
	unsigned int nr = 0;

	put_nr(bench->second, 20, 1);
	put_nr(bench->peer, 10, 1);
	KUNIT_EXPECT_GE(test, disk.nr_held, 20 + 1);
	disk.stall = 1;
	while (!READ_ONCE(disk.nr_stalled) && nr < 19) {
		disk_release_one();
		KUNIT_EXPECT_TRUE(test, peer_wait(bench->second, ++nr));
		msleep(20);
	}
	KUNIT_EXPECT_EQ(test, 1, disk.nr_stalled);
	return nr;
}

/* Nobody waits for it but its own requests. */
static void a_pass_that_sleeps_holds_up_no_other_disk(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int nr;

	share_connect(test, bench, "200", "200");
	nr = sleep_at_its_turn(test, bench);
	put_unsettled(bench->second, PEER_SLOTS - 20, 1);
	disk.hold = false;
	disk_release_first(20 - nr);
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->second, PEER_SLOTS));
	KUNIT_EXPECT_EQ(test, 1, disk.nr_stalled);
	KUNIT_EXPECT_EQ(test, 0, back_answered(bench->peer));
	disk_release();
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->peer, 10));
	end_all(test, bench);
}

/* It is given one request, and what others take at once is theirs. */
static void a_pass_that_sleeps_holds_up_no_other_ring(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct blkback_dev *dev = dev_get_drvdata(&bench->back->dev);
	unsigned int nr, before;

	back_widen(bench, 2, 1);
	back_connect_wide(test, bench);
	back_connect_second(test, bench);
	KUNIT_ASSERT_EQ(test, 0, set(bench->back, "200"));
	disk.hold = true;
	nr = sleep_at_its_turn(test, bench);
	before = disk.nr_held - (20 - nr);
	put_unsettled(bench->wide[1], 6, 1);
	KUNIT_EXPECT_TRUE(test, loopback_wait(!list_empty(&dev->queue[1]->portion.list)));
	/* As long as the other disk has something to do places are bounded. */
	while (nr < 19) {
		disk_release_one();
		KUNIT_EXPECT_TRUE(test, peer_wait(bench->second, ++nr));
		KUNIT_EXPECT_TRUE(test, loopback_wait(list_empty(&dev->queue[1]->portion.ready)));
	}
	KUNIT_EXPECT_TRUE(test, loopback_wait(READ_ONCE(disk.nr_held) ==
					      1 + before + 6));
	KUNIT_EXPECT_EQ(test, 1, disk.nr_stalled);
	disk_release();
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->wide[0], 10));
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->wide[1], 6));
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->second, 20));
}

/* Who leaves waits for nobody, and nobody waits for who has left. */
static void a_disconnect_waits_for_no_other_disk(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int nr;

	share_connect(test, bench, "300", "100");
	put_nr(bench->second, PEER_SLOTS, 1);
	put_nr(bench->peer, PEER_SLOTS, 1);
	nr = disk.nr_held - PEER_SLOTS;
	KUNIT_EXPECT_GE(test, nr, 1);
	KUNIT_EXPECT_LE(test, nr, DEPTH / 2);
	/* All but what the disk has already. */
	disk.hold = false;
	peer_state(XenbusStateClosed);
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->peer, PEER_SLOTS - nr));
	KUNIT_EXPECT_EQ(test, 0, back_answered(bench->second));
	end_all(test, bench);
	back_reaches(test, XenbusStateClosed);
	KUNIT_ASSERT_TRUE(test, peer_retract(bench->peer));
	back_begin_again(test);
	KUNIT_ASSERT_TRUE(test, peer_connect(bench->peer));
	/* And the reverse, with nobody about to send another one. */
	msleep(100);
	disk.hold = true;
	put_nr(bench->peer, PEER_SLOTS, 1);
	put_nr(bench->second, PEER_SLOTS, 1);
	nr = disk.nr_held - PEER_SLOTS;
	disk.hold = false;
	disk_release_first(PEER_SLOTS);
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->second, 2 * PEER_SLOTS - nr));
	end_all(test, bench);
}

static void keys_set_weights_at_attach(struct kunit *test)
{
	static const char * const bad[] = { "0", "1001", "-1", "a lot", "" };
	struct bench *bench = test->priv;
	unsigned int i;

	store_write(SECOND_BACK_NODE "/limit-weight", "250");
	store_write(BACK_NODE "/limit-weight", "1001");
	back_attach_disk();
	peer_publish(bench->peer);
	peer_state(XenbusStateInitialised);
	back_reaches(test, XenbusStateClosing);
	KUNIT_EXPECT_NOT_NULL(test, strstr(store.said, REFUSED));
	store_remove(BACK_NODE "/limit-weight");
	back_recovers(test, bench);
	back_connect_second(test, bench);
	KUNIT_EXPECT_TRUE(test, shows(bench->back, "100\n"));
	KUNIT_EXPECT_TRUE(test, shows(bench->second_back, "250\n"));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ(test, -EINVAL, set(bench->second_back, bad[i]));
	KUNIT_EXPECT_TRUE(test, shows(bench->second_back, "250\n"));
	KUNIT_EXPECT_EQ(test, 0, set(bench->second_back, "1000\n"));
}

static struct kunit_case back_share_cases[] = {
	KUNIT_CASE_SLOW(each_gets_its_weight),
	KUNIT_CASE_SLOW(weights_hold_whatever_the_size),
	KUNIT_CASE(who_is_alone_has_all_of_it),
	KUNIT_CASE(who_waits_for_answers_keeps_its_part),
	KUNIT_CASE_SLOW(those_of_little_weight_change_nothing),
	KUNIT_CASE(nothing_is_saved),
	KUNIT_CASE(discards_take_no_part),
	KUNIT_CASE_SLOW(who_slept_for_years_owes_nothing),
	KUNIT_CASE(without_weights_nobody_waits),
	KUNIT_CASE(weights_that_go),
	KUNIT_CASE(each_end_is_anothers_beginning),
	KUNIT_CASE_SLOW(requests_that_do_not_end_take_no_others_places),
	KUNIT_CASE(who_ends_at_once_goes_on_beside_one_that_does_not),
	KUNIT_CASE(a_pass_that_sleeps_holds_up_no_other_disk),
	KUNIT_CASE(a_pass_that_sleeps_holds_up_no_other_ring),
	KUNIT_CASE(a_disconnect_waits_for_no_other_disk),
	KUNIT_CASE(keys_set_weights_at_attach),
	{}
};

struct kunit_suite back_share_suite = {
	.name = "loopback_back_share",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = share_init,
	.exit = share_exit,
	.test_cases = back_share_cases,
};
