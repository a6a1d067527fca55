// SPDX-License-Identifier: GPL-2.0
/* A lone request is answered at the end of its bio, and what needs a pass has one made. */
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/smp.h>

#include "back.h"
#include "stat.h"
#include "../../../blkback/blkback.h"

#define DIR		"xen/blkback/51712.1"
#define ID		7
#define NR_PAGES	3

#define NR_RINGS	4
#define ROUNDS		RANDOM_ROUNDS(1000)
/* So many, and the frontend leaves with the last one's requests under way. */
#define STAY_ROUNDS	50
/* Of a ring in one round. */
#define MAX_DEPTH	3

static const char *const stages[] = {
	"ring", "admission", "pages_in", "device", "pages_out", "answer",
	"total",
};

static struct blkback_queue *ring(const struct bench *bench, unsigned int nr)
{
	struct blkback_dev *dev = dev_get_drvdata(&bench->back->dev);

	return dev->queue[nr];
}

/* No pass is made from now on, whoever wants one, nor was one due; and then again. */
static void stop_passes(const struct bench *bench)
{
	struct blkback_queue *queue = ring(bench, 0);

	loopback_wait(!delayed_work_pending(&queue->retry));
	loopback_settle();
	disable_work_sync(&queue->work);
}

static void make_passes(const struct bench *bench)
{
	enable_work(&ring(bench, 0)->work);
	blkback_queue_kick(ring(bench, 0));
}

/* The disk has it, and its pass is over. */
static void hold(struct kunit *test, const struct peer_slot *slot)
{
	struct bench *bench = test->priv;

	back_hold(test, bench->peer, slot);
	stop_passes(bench);
}

static struct peer_slot lone(struct bench *bench, u8 op)
{
	return peer_request(bench->peer, op, ID, 8, NR_PAGES, 0);
}

/* One whose pages are mapped already. */
static void hold_mapped(struct kunit *test, u8 op)
{
	struct bench *bench = test->priv;
	struct peer_slot slot = lone(bench, BLKIF_OP_WRITE);

	KUNIT_ASSERT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &slot));
	slot = lone(bench, op);
	hold(test, &slot);
}

static void release(bool in_interrupt)
{
	if (in_interrupt)
		disk_release_in_interrupt();
	else
		disk_release();
}

/* So many answers are new. */
static void answers(struct kunit *test, unsigned int nr)
{
	struct bench *bench = test->priv;

	KUNIT_EXPECT_EQ(test, nr, peer_collect(bench->peer));
	KUNIT_EXPECT_EQ(test, 0, bench->peer->nr_errors);
}

/* What is held is answered by a pass, and by nothing else. */
static void takes_a_pass(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int nr = ring(bench, 0)->nr_taken;

	release(true);
	KUNIT_EXPECT_EQ(test, 0, peer_collect(peer));
	KUNIT_EXPECT_EQ(test, nr, ring(bench, 0)->nr_taken);
	make_passes(bench);
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, peer->nr_answers + nr));
	loopback_settle();
	KUNIT_EXPECT_EQ(test, 0, ring(bench, 0)->nr_taken);
}

static void it_is_answered_without_a_pass(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int i, nr_notified;

	back_connect_persistent(test, bench);
	for (i = 0; i < 4; i++) {
		peer_fill(peer, 0, NR_PAGES, i);
		hold_mapped(test, i & 1 ? BLKIF_OP_READ : BLKIF_OP_WRITE);
		peer_fill(peer, 0, i & 1 ? NR_PAGES : 0, 0xcc);
		nr_notified = xen.nr_notified;
		release(i & 2);
		answers(test, 1);
		KUNIT_EXPECT_EQ(test, 2 * (i + 1), peer->answers[ID]);
		KUNIT_EXPECT_EQ(test, nr_notified + 1, xen.nr_notified);
		KUNIT_EXPECT_EQ(test, 0, ring(bench, 0)->nr_taken);
		KUNIT_EXPECT_TRUE(test, peer_check(peer, 0, NR_PAGES,
						   disk.data + 4096));
		make_passes(bench);
		back_works(test, peer, 64);
	}
	KUNIT_EXPECT_TRUE(test, peer_close(peer));
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
	KUNIT_EXPECT_EQ(test, 0, back_nr_objects(bench));
}

static void a_flush_is_answered_without_a_pass(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot = peer_request(bench->peer, BLKIF_OP_FLUSH_DISKCACHE, ID, 0, 0, 0);
	unsigned int i;

	back_connect(test, bench);
	for (i = 0; i < 2; i++) {
		hold(test, &slot);
		release(i);
		answers(test, 1);
		KUNIT_EXPECT_EQ(test, 0, ring(bench, 0)->nr_taken);
		make_passes(bench);
	}
}

/* Which may fail, and then this one does. */
static void a_flush_beside_one_of_ours_takes_a_pass(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_FLUSH_DISKCACHE, ID, 8, 1, 0);
	struct peer_slot write = lone(bench, BLKIF_OP_WRITE);

	back_connect_persistent(test, bench);
	disk.hold_flushes = 2;
	blkback_max_unwritten_bytes = 1;
	KUNIT_ASSERT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &write));
	back_wait_held(test, 1);
	blkback_max_unwritten_bytes = 0;
	peer_put(peer, &slot);
	peer_push(peer);
	back_wait_held(test, 2);
	/* Ours waits for the disk: not all work is waited for. */
	disable_work_sync(&ring(bench, 0)->work);
	disk_release_at(8);
	answers(test, 0);
	make_passes(bench);
	msleep(50);
	answers(test, 0);
	disk_release();
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, peer->nr_answers + 1));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer->status[ID]);
}

/* What it says of one of ours is told to all rings before another is taken. */
static void a_flush_that_tells_of_a_loss_takes_a_pass(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot = peer_request(peer, BLKIF_OP_FLUSH_DISKCACHE, ID, 0, 0, 0);

	back_connect(test, bench);
	blkback_unwritten_lost(dev_get_drvdata(&bench->back->dev));
	hold(test, &slot);
	release(true);
	answers(test, 0);
	make_passes(bench);
	KUNIT_EXPECT_TRUE(test, peer_wait(peer, 1));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer->status[ID]);
	loopback_settle();
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
}

static void several_are_answered_together(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;
	unsigned int nr_notified;

	back_connect_persistent(test, bench);
	back_works(test, peer, 64);
	disk.hold = true;
	slot = peer_request(peer, BLKIF_OP_WRITE, 8, 0, 1, 0);
	peer_put(peer, &slot);
	slot = peer_request(peer, BLKIF_OP_READ, 9, 64, 1, 1);
	peer_put(peer, &slot);
	peer_push(peer);
	back_wait_held(test, 2);
	stop_passes(bench);
	nr_notified = xen.nr_notified;
	takes_a_pass(test);
	KUNIT_EXPECT_EQ(test, nr_notified + 1, xen.nr_notified);
}

/* A request that came meanwhile is there for a pass, which answers this one, too. */
static void it_goes_with_what_has_come(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot = peer_request(bench->peer, BLKIF_OP_READ, 9, 64,
					     1, 4);

	back_connect_persistent(test, bench);
	hold_mapped(test, BLKIF_OP_WRITE);
	peer_put(bench->peer, &slot);
	peer_push(bench->peer);
	KUNIT_ASSERT_TRUE(test, loopback_wait(test_bit(BLKBACK_QUEUE_EVENT,
						       &ring(bench, 0)->flags)));
	takes_a_pass(test);
	KUNIT_EXPECT_TRUE(test, loopback_wait(peer_collect(bench->peer) ||
					      bench->peer->answers[9]));
}

/* As if one were being made. */
static void a_pass_that_is_made_answers(struct kunit *test)
{
	struct bench *bench = test->priv;

	back_connect_persistent(test, bench);
	hold_mapped(test, BLKIF_OP_WRITE);
	WRITE_ONCE(ring(bench, 0)->passing, true);
	takes_a_pass(test);
}

/*
 * Does one that has begun wait for who answers a request, here us?  As long as it is
 * another CPU's, which it is not each time: this one is busy.
 */
static bool pass_waits(struct blkback_queue *queue, bool *waits)
{
	unsigned int us;
	bool begun;

	loopback_settle();
	spin_lock_irq(&queue->end_lock);
	blkback_queue_kick(queue);
	for (us = 0; us < 5000 && !READ_ONCE(queue->pass_since); us++)
		udelay(1);
	begun = READ_ONCE(queue->pass_since);
	mdelay(1);
	*waits = READ_ONCE(queue->pass_since) && !READ_ONCE(queue->passing);
	spin_unlock_irq(&queue->end_lock);
	return begun;
}

static void a_pass_waits_for_an_answer(struct kunit *test)
{
	struct bench *bench = test->priv;
	bool waits = false;
	unsigned int i;

	back_connect_persistent(test, bench);
	for (i = 0; i < 200 && !pass_waits(ring(bench, 0), &waits); i++)
		;
	KUNIT_EXPECT_LT(test, i, 200);
	KUNIT_EXPECT_TRUE(test, waits);
	back_works(test, bench->peer, 0);
}

/* What a pass is wanted for, or will be. */
static void a_pass_that_is_due_answers(struct kunit *test)
{
	const unsigned int flags[] = {
		BLKBACK_QUEUE_IDLE, BLKBACK_QUEUE_LOOK,
	};
	struct bench *bench = test->priv;
	struct blkback_queue *queue;
	unsigned int i;

	back_connect_persistent(test, bench);
	queue = ring(bench, 0);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		hold_mapped(test, BLKIF_OP_WRITE);
		set_bit(flags[i], &queue->flags);
		takes_a_pass(test);
	}
	/* A slot that found no object has no event: its retry is all there is. */
	hold_mapped(test, BLKIF_OP_WRITE);
	mod_delayed_work(queue->dev->io_wq, &queue->retry, 60 * HZ);
	takes_a_pass(test);
	mod_delayed_work(queue->dev->io_wq, &queue->retry, 0);
}

static void pages_that_do_not_stay_take_a_pass(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	unsigned int max = blkback_max_copy_pages, i;
	struct peer_slot slot;

	/* Copied, and mapped; then mapped for the first time of many. */
	for (i = 0; i < 2; i++) {
		back_connect(test, bench);
		slot = lone(bench, BLKIF_OP_READ);
		hold(test, &slot);
		takes_a_pass(test);
		KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer->status[ID]);
		KUNIT_ASSERT_TRUE(test, peer_close(peer));
		back_begin_again(test);
		blkback_max_copy_pages = 0;
	}
	blkback_max_copy_pages = max;
	back_connect_persistent(test, bench);
	slot = lone(bench, BLKIF_OP_WRITE);
	hold(test, &slot);
	takes_a_pass(test);
	/* Of these one page was not. */
	slot = peer_request(peer, BLKIF_OP_WRITE, ID, 8, NR_PAGES, 1);
	hold(test, &slot);
	takes_a_pass(test);
}

/* A page that somebody still looks at: nothing is answered before he does not. */
static void a_page_in_use_holds_it_back(struct kunit *test)
{
	struct bench *bench = test->priv;

	back_connect_persistent(test, bench);
	hold_mapped(test, BLKIF_OP_READ);
	disk.hold_pages = true;
	release(true);
	answers(test, 0);
	make_passes(bench);
	msleep(50);
	answers(test, 0);
	disk_release_pages();
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->peer, 2));
	KUNIT_EXPECT_EQ(test, 0, bench->peer->nr_errors);
}

static void other_requests_take_a_pass(struct kunit *test)
{
	const struct peer_slot discard = {
		.op = BLKIF_OP_DISCARD, .id = ID, .nr_sectors = 8,
	};
	struct bench *bench = test->priv;
	struct peer *peer = bench->peer;
	struct peer_slot slot;

	back_connect_persistent(test, bench);
	hold(test, &discard);
	takes_a_pass(test);
	/* Of two parts, one after the other. */
	slot = peer_indirect(peer, BLKIF_OP_WRITE, ID, 0, 40, 0, 50);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, peer_do(peer, &slot));
	disk.hold = true;
	peer_put(peer, &slot);
	peer_push(peer);
	back_wait_held(test, 2);
	stop_passes(bench);
	disk_release_one();
	takes_a_pass(test);
	KUNIT_EXPECT_EQ(test, 0, peer->nr_errors);

	hold_mapped(test, BLKIF_OP_WRITE);
	disk.fail_all = 1;
	takes_a_pass(test);
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_ERROR, peer->status[ID]);
}

/* Reads the block around it first; what it does then may sleep. */
static void an_emulated_one_takes_a_pass(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot = peer_request(bench->peer, BLKIF_OP_WRITE, ID,
					     9, 1, 0);

	disk_blocks(4096, 4095);
	store_write(BACK_NODE "/emulate-512", "1");
	back_connect_persistent(test, bench);
	slot.seg[0].last_sect = 0;
	KUNIT_ASSERT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &slot));
	hold(test, &slot);
	takes_a_pass(test);
}

/* Whose end lets requests of other disks start. */
static void one_that_has_a_share_takes_a_pass(struct kunit *test)
{
	struct bench *bench = test->priv;

	back_add_second(bench);
	store_write(SECOND_BACK_NODE "/limit-weight", "200");
	back_connect_persistent(test, bench);
	back_connect_second(test, bench);
	KUNIT_ASSERT_TRUE(test, ring(bench, 0)->dev->vbd.sharer.share->on);
	hold_mapped(test, BLKIF_OP_WRITE);
	takes_a_pass(test);
}

/* OP2: a ring says for each barrier that it has nothing left that comes before it. */
static void OP2_a_barrier_waits_for_it(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot = lone(bench, BLKIF_OP_WRITE);
	struct peer *other;

	xen.shared = true;
	store_write(FRONT_NODE "/feature-persistent", "1");
	back_widen(bench, 2, 1);
	back_connect_wide(test, bench);
	other = bench->wide[1];
	KUNIT_ASSERT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &slot));
	back_hold(test, bench->peer, &slot);
	slot = peer_request(other, BLKIF_OP_WRITE_BARRIER, ID, 64, 1, 0);
	peer_put(other, &slot);
	peer_push(other);
	loopback_settle();
	KUNIT_EXPECT_EQ(test, 1, disk.nr_held);
	release(true);
	KUNIT_EXPECT_TRUE(test, peer_wait(bench->peer, 2));
	KUNIT_EXPECT_TRUE(test, peer_wait(other, 1));
	KUNIT_EXPECT_EQ(test, BLKIF_RSP_OKAY, other->status[ID]);
}

/* ST7: it is waited for, and who waits is told. */
static void ST7_a_disconnect_waits_for_it(struct kunit *test)
{
	struct bench *bench = test->priv;
	struct peer_slot slot = lone(bench, BLKIF_OP_WRITE);

	back_connect_persistent(test, bench);
	KUNIT_ASSERT_EQ(test, BLKIF_RSP_OKAY, peer_do(bench->peer, &slot));
	back_hold(test, bench->peer, &slot);
	peer_state(XenbusStateClosed);
	KUNIT_ASSERT_TRUE(test, loopback_wait(!test_bit(BLKBACK_QUEUE_SERVED,
							&ring(bench, 0)->flags)));
	msleep(20);
	release(true);
	back_reaches(test, XenbusStateClosed);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_mapped);
}

static void what_it_wrote_is_to_be_flushed(struct kunit *test)
{
	struct bench *bench = test->priv;

	back_connect_persistent(test, bench);
	hold_mapped(test, BLKIF_OP_WRITE);
	blkback_max_unwritten_bytes = 1;
	release(true);
	answers(test, 1);
	KUNIT_EXPECT_TRUE(test, loopback_wait(disk.nr_flushes));
	blkback_max_unwritten_bytes = 0;
	make_passes(bench);
}

static void R20_every_one_is_counted_once(struct kunit *test)
{
	struct stat_reader *reader = stat_reader(test);
	struct bench *bench = test->priv;
	struct blkback_dev *dev = dev_get_drvdata(&bench->back->dev);
	struct stat_row row;
	unsigned int i, nr = 0;

	back_connect_persistent(test, bench);
	for (i = 0; i < 6; i++, nr += 2) {
		hold_mapped(test, BLKIF_OP_WRITE);
		msleep(100);
		release(i & 1);
		answers(test, 1);
		make_passes(bench);
	}
	/* The first that is counted at all. */
	hold_mapped(test, BLKIF_OP_READ);
	KUNIT_EXPECT_NULL(test, dev->stats->latency.set[BLKBACK_TYPE_READ]);
	release(true);
	answers(test, 1);
	KUNIT_EXPECT_EQ(test, 1, stat_row(reader, DIR, "read", "total").count);
	KUNIT_EXPECT_NULL(test, strstr(stat_text(reader, DIR "/rings"),
				       "request"));
	make_passes(bench);
	nr++;
	loopback_settle();
	for (i = 0; i < ARRAY_SIZE(stages); i++) {
		row = stat_row(reader, DIR, "write", stages[i]);
		KUNIT_EXPECT_EQ(test, nr, row.count);
		KUNIT_EXPECT_EQ(test, nr, stat_buckets(reader, DIR, "write",
						       stages[i]));
	}
	/* Every other one was with the disk for long. */
	row = stat_row(reader, DIR, "write", "device");
	KUNIT_EXPECT_GE(test, row.p99, 50 * NSEC_PER_MSEC);
	KUNIT_EXPECT_EQ(test, nr, blkback_stats_sum(dev, offsetof(struct blkback_stats,
								  wr_req)));
	KUNIT_EXPECT_EQ(test, nr * NR_PAGES * 8,
			blkback_stats_sum(dev, offsetof(struct blkback_stats,
							wr_sect)));
	KUNIT_EXPECT_EQ(test, 1, blkback_stats_sum(dev, offsetof(struct blkback_stats,
								 rd_req)));
}

/* --- ends on all CPUs beside passes ------------------------------------------------ */

static void end_one(struct irq_work *work)
{
	disk_release_one();
}

static DEFINE_PER_CPU(struct irq_work, ends) = IRQ_WORK_INIT(end_one);

/* A call of another CPU may not do what an interrupt may. */
static void interrupt(void *unused)
{
	irq_work_queue(this_cpu_ptr(&ends));
}

/* The disk: it ends the oldest, now in an interrupt of one CPU, now of another. */
static int end_bios(void *unused)
{
	struct rnd_state rnd;
	unsigned int cpu;

	prandom_seed_state(&rnd, 1);
	while (!kthread_should_stop()) {
		for_each_online_cpu(cpu)
			if (prandom_u32_state(&rnd) % 4)
				smp_call_function_single(cpu, interrupt, NULL,
							 1);
			else
				disk_release_one();
		udelay(prandom_u32_state(&rnd) % 50);
		cond_resched();
	}
	for_each_online_cpu(cpu)
		irq_work_sync(per_cpu_ptr(&ends, cpu));
	return 0;
}

static void stop_ends(void *task)
{
	kthread_stop(task);
}

/* Most rings have one request, some have more. */
static void put_some(struct peer *peer, struct rnd_state *rnd)
{
	static const u8 ops[] = { BLKIF_OP_READ, BLKIF_OP_WRITE, BLKIF_OP_FLUSH_DISKCACHE };
	unsigned int nr = prandom_u32_state(rnd) % 4 ? 1 : MAX_DEPTH, i;
	struct peer_slot slot;
	u8 op;

	for (i = 0; i < nr; i++) {
		op = ops[prandom_u32_state(rnd) % ARRAY_SIZE(ops)];
		slot = peer_request(peer, op, i, 8 * i,
				    op != BLKIF_OP_FLUSH_DISKCACHE, i);
		peer_put(peer, &slot);
		if (prandom_u32_state(rnd) & 1)
			peer_push(peer);
	}
	peer_push(peer);
}

static void put_everywhere(struct bench *bench, struct rnd_state *rnd)
{
	unsigned int i;

	for (i = 0; i < NR_RINGS; i++)
		put_some(bench->wide[i], rnd);
	/* Some passes are made for nothing. */
	for (i = prandom_u32_state(rnd) % 8; i; i--) {
		udelay(prandom_u32_state(rnd) % 20);
		blkback_queue_kick(ring(bench, i % NR_RINGS));
	}
}

/* How many were answered on this connection, each once. */
static u64 collect(struct kunit *test, struct bench *bench)
{
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < NR_RINGS; i++) {
		peer_collect(bench->wide[i]);
		KUNIT_EXPECT_EQ(test, 0, bench->wide[i]->nr_errors);
		sum += bench->wide[i]->nr_answers;
	}
	return sum;
}

/* The frontend leaves with requests under way, and comes back. */
static u64 reconnect(struct kunit *test, struct bench *bench)
{
	u64 answered;

	peer_state(XenbusStateClosed);
	back_reaches(test, XenbusStateClosed);
	answered = collect(test, bench);
	back_close_wide(test, bench);
	back_connect_wide(test, bench);
	return answered;
}

static void ends_beside_passes_and_disconnects(struct kunit *test)
{
	struct stat_reader *reader = stat_reader(test);
	struct bench *bench = test->priv;
	struct blkback_dev *dev = dev_get_drvdata(&bench->back->dev);
	struct task_struct *task;
	struct rnd_state rnd;
	unsigned int i, j;
	u64 answered = 0;

	xen.shared = true;
	store_write(FRONT_NODE "/feature-persistent", "1");
	back_widen(bench, NR_RINGS, 1);
	back_connect_wide(test, bench);
	prandom_seed_state(&rnd, 2);
	disk.hold = true;
	task = kthread_run(end_bios, NULL, "ends");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, stop_ends,
							   task));
	for (i = 1; i <= ROUNDS; i++) {
		put_everywhere(bench, &rnd);
		if (i % STAY_ROUNDS == 0) {
			answered += reconnect(test, bench);
			continue;
		}
		for (j = 0; j < NR_RINGS; j++)
			KUNIT_ASSERT_TRUE(test, peer_wait(bench->wide[j],
							  bench->wide[j]->req_prod));
	}
	loopback_settle();
	answered += collect(test, bench);
	KUNIT_EXPECT_EQ(test, answered,
			stat_row(reader, DIR, "read", "total").count +
			stat_row(reader, DIR, "write", "total").count +
			stat_row(reader, DIR, "flush", "total").count);
	KUNIT_EXPECT_EQ(test, answered,
			blkback_stats_sum(dev, offsetof(struct blkback_stats,
							rd_req)) +
			blkback_stats_sum(dev, offsetof(struct blkback_stats,
							wr_req)) +
			blkback_stats_sum(dev, offsetof(struct blkback_stats,
							f_req)));
	/* And the device is taken away under them. */
	put_everywhere(bench, &rnd);
	back_remove(bench);
}

static struct kunit_case back_lone_cases[] = {
	KUNIT_CASE(it_is_answered_without_a_pass),
	KUNIT_CASE(a_flush_is_answered_without_a_pass),
	KUNIT_CASE(a_flush_beside_one_of_ours_takes_a_pass),
	KUNIT_CASE(a_flush_that_tells_of_a_loss_takes_a_pass),
	KUNIT_CASE(several_are_answered_together),
	KUNIT_CASE(it_goes_with_what_has_come),
	KUNIT_CASE(a_pass_that_is_made_answers),
	KUNIT_CASE(a_pass_waits_for_an_answer),
	KUNIT_CASE(a_pass_that_is_due_answers),
	KUNIT_CASE(pages_that_do_not_stay_take_a_pass),
	KUNIT_CASE(a_page_in_use_holds_it_back),
	KUNIT_CASE(other_requests_take_a_pass),
	KUNIT_CASE(an_emulated_one_takes_a_pass),
	KUNIT_CASE(one_that_has_a_share_takes_a_pass),
	KUNIT_CASE(OP2_a_barrier_waits_for_it),
	KUNIT_CASE(ST7_a_disconnect_waits_for_it),
	KUNIT_CASE(what_it_wrote_is_to_be_flushed),
	KUNIT_CASE(R20_every_one_is_counted_once),
	KUNIT_CASE_SLOW(ends_beside_passes_and_disconnects),
	{}
};

struct kunit_suite back_lone_suite = {
	.name = "loopback_back_lone",
	.suite_init = loopback_start,
	.suite_exit = loopback_stop,
	.init = back_init,
	.exit = back_exit,
	.test_cases = back_lone_cases,
};
