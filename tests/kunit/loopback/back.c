// SPDX-License-Identifier: GPL-2.0
/* The bench that the backend is tried on. */
#include "back.h"
#include "../../../blkback/blkback.h"

#define NODE_WRITE(node, key, ...)					\
	do {								\
		char __path[80];					\
									\
		snprintf(__path, sizeof(__path), "%s/" key, node);	\
		store_write(__path, __VA_ARGS__);			\
	} while (0)

static void back_nodes(const char *back, const char *front)
{
	NODE_WRITE(back, "frontend", "%s", front);
	NODE_WRITE(back, "frontend-id", "%d", FRONT_DOMID);
	NODE_WRITE(back, "online", "1");
	NODE_WRITE(back, "mode", "w");
	NODE_WRITE(back, "state", "%d", XenbusStateInitialising);
	NODE_WRITE(front, "backend", "%s", back);
	NODE_WRITE(front, "backend-id", "%d", BACK_DOMID);
	NODE_WRITE(front, "state", "%d", XenbusStateInitialising);
}

static void attach_disk(const char *back)
{
	NODE_WRITE(back, "physical-device", "%x:%x", MAJOR(disk.devt),
		   MINOR(disk.devt));
}

void back_attach_disk(void)
{
	attach_disk(BACK_NODE);
}

void back_add(struct bench *bench)
{
	back_nodes(BACK_NODE, FRONT_NODE);
	bench->back = store_add_device(true, BACK_NODE);
}

void back_add_second(struct bench *bench)
{
	back_nodes(SECOND_BACK_NODE, SECOND_FRONT_NODE);
	bench->second_back = store_add_device(true, SECOND_BACK_NODE);
	bench->second = peer_create(false);
	peer_node(bench->second, SECOND_FRONT_NODE, SECOND_BACK_NODE);
}

void back_connect_second(struct kunit *test, struct bench *bench)
{
	attach_disk(SECOND_BACK_NODE);
	KUNIT_ASSERT_TRUE(test, peer_connect(bench->second));
}

void back_remove(struct bench *bench)
{
	store_remove_device(bench->back);
	store_put_device(bench->back);
	bench->back = NULL;
}

int back_init(struct kunit *test)
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

void back_exit(struct kunit *test)
{
	struct bench *bench = test->priv;
	unsigned int i;

	disk_release();
	disk_release_pages();
	if (bench->back)
		back_remove(bench);
	if (bench->second_back) {
		store_remove_device(bench->second_back);
		store_put_device(bench->second_back);
	}
	loopback_settle();
	if (bench->second)
		peer_destroy(bench->second);
	for (i = 1; i < bench->nr_wide; i++)
		peer_destroy(bench->wide[i]);
	peer_destroy(bench->peer);
	KUNIT_EXPECT_STREQ(test, xen_verdict() ?: "", "");
}

void back_connect(struct kunit *test, struct bench *bench)
{
	back_attach_disk();
	KUNIT_ASSERT_TRUE(test, peer_connect(bench->peer));
}

void back_connect_persistent(struct kunit *test, struct bench *bench)
{
	xen.shared = true;
	store_write(FRONT_NODE "/feature-persistent", "1");
	back_connect(test, bench);
}

void back_works(struct kunit *test, struct peer *peer, u64 sector)
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
	loopback_rest();
}

void back_reaches(struct kunit *test, enum xenbus_state state)
{
	KUNIT_ASSERT_TRUE(test, store_wait_int(BACK_STATE, state, PATIENCE_MS));
}

void back_idle_period(struct kunit *test, struct bench *bench)
{
	struct blkback_dev *dev = dev_get_drvdata(&bench->back->dev);
	struct blkback_queue *queue;
	unsigned int i;

	loopback_rest();
	for (i = 0; i < dev->nr_queues; i++) {
		queue = dev->queue[i];
		/* What it grew for is there. */
		flush_work(&queue->mover.pages.grow);
		if (delayed_work_pending(&queue->idle))
			KUNIT_EXPECT_LE(test, (long)(queue->idle.timer.expires -
						     jiffies), 10 * HZ);
		flush_delayed_work(&queue->idle);
	}
	loopback_settle();
}

void back_put_many(struct peer *peer, u8 op, unsigned int nr,
		   unsigned int nr_segments)
{
	struct peer_slot slot;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		slot = peer_request(peer, op, i, 88 * i, nr_segments, 11 * i);
		peer_put(peer, &slot);
	}
	peer_push(peer);
}

void back_put_many_settled(struct peer *peer, u8 op, unsigned int nr,
			   unsigned int nr_segments)
{
	back_put_many(peer, op, nr, nr_segments);
	loopback_settle();
}

unsigned int back_answered(struct peer *peer)
{
	peer_collect(peer);
	return peer->nr_answers;
}

void back_wait_held(struct kunit *test, unsigned int nr)
{
	loopback_wait(READ_ONCE(disk.nr_held) >= nr);
	KUNIT_ASSERT_EQ(test, nr, READ_ONCE(disk.nr_held));
}

void back_hold(struct kunit *test, struct peer *peer,
	       const struct peer_slot *slot)
{
	disk.hold = true;
	peer_put(peer, slot);
	peer_push(peer);
	back_wait_held(test, 1);
}

void back_begin_again(struct kunit *test)
{
	peer_state(XenbusStateInitialising);
	back_reaches(test, XenbusStateInitWait);
}

void back_recovers(struct kunit *test, struct bench *bench)
{
	peer_state(XenbusStateClosed);
	back_reaches(test, XenbusStateClosed);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_rings);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_pages);
	if (bench->peer->ring_page)
		KUNIT_ASSERT_TRUE(test, peer_retract(bench->peer));
	peer_state(XenbusStateInitialising);
	back_reaches(test, XenbusStateInitWait);
	KUNIT_ASSERT_TRUE(test, peer_connect(bench->peer));
	back_works(test, bench->peer, 64);
}

void back_widen(struct bench *bench, unsigned int nr, unsigned int nr_pages)
{
	unsigned int i;

	bench->wide[0] = bench->peer;
	for (i = 0; i < nr; i++) {
		if (i >= 1 && !bench->wide[i])
			bench->wide[i] = peer_create(bench->peer->abi32);
		bench->wide[i]->abi32 = bench->peer->abi32;
		peer_shape(bench->wide[i], nr > 1 ? i : -1, nr_pages);
	}
	for (i = nr; i < bench->nr_wide; i++) {
		peer_destroy(bench->wide[i]);
		bench->wide[i] = NULL;
	}
	bench->nr_wide = nr;
}

void back_publish_wide(struct bench *bench)
{
	unsigned int i;

	store_write(FRONT_NODE "/multi-queue-num-queues", "%u", bench->nr_wide);
	for (i = 0; i < bench->nr_wide; i++)
		peer_publish(bench->wide[i]);
}

bool back_retract_wide(struct bench *bench)
{
	bool all = true;
	unsigned int i;

	for (i = 0; i < bench->nr_wide; i++)
		if (bench->wide[i]->ring_page)
			all = peer_retract(bench->wide[i]) && all;
	return all;
}

void back_connect_wide(struct kunit *test, struct bench *bench)
{
	back_attach_disk();
	back_publish_wide(bench);
	peer_state(XenbusStateInitialised);
	back_reaches(test, XenbusStateConnected);
	peer_state(XenbusStateConnected);
	KUNIT_EXPECT_EQ(test, bench->nr_wide, xen.nr_rings);
}

unsigned int back_nr_objects(struct bench *bench)
{
	struct blkback_dev *dev = dev_get_drvdata(&bench->back->dev);
	unsigned int nr = atomic_read(&xen.nr_objects), type;
	struct blkback_stats *stats;

	for (type = 0; type < BLKBACK_NR_TYPES; type++) {
		nr -= !!dev->latencies.idle[type];
		for (stats = dev->stats; stats; stats = stats->next)
			nr -= !!READ_ONCE(stats->latency.set[type]);
	}
	return nr;
}

void back_close_wide(struct kunit *test, struct bench *bench)
{
	peer_state(XenbusStateClosed);
	back_reaches(test, XenbusStateClosed);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_rings);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_pages);
	KUNIT_EXPECT_EQ(test, 0, back_nr_objects(bench));
	KUNIT_ASSERT_TRUE(test, back_retract_wide(bench));
	KUNIT_EXPECT_EQ(test, 0, xen.nr_bound);
	back_begin_again(test);
}

bool back_answers_each_once(struct kunit *test, struct peer *peer,
			    unsigned int asked)
{
	unsigned int i;

	peer_push(peer);
	if (!peer_wait(peer, asked)) {
		KUNIT_FAIL(test, "no answer after %u slots", asked);
		return false;
	}
	for (i = 0; i < PEER_SLOTS; i++) {
		if (peer->answers[i] == asked / PEER_SLOTS)
			continue;
		KUNIT_FAIL(test, "id %u has %u answers of %u", i,
			   peer->answers[i], asked / PEER_SLOTS);
		return false;
	}
	return true;
}
