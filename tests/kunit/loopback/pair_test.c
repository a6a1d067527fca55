// SPDX-License-Identifier: GPL-2.0
/* Both halves, from a bio to the disk and back; and the frontend alone. */
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/major.h>
#include <linux/prandom.h>

#include "loopback.h"
#include "../../../blkback/port.h"
#include "../../../blkfront/blkfront.h"

#define BACK_STATE	BACK_NODE "/state"
#define FRONT_STATE	FRONT_NODE "/state"
#define PAIR_DEVT	MKDEV(XENVBD_MAJOR, 0)
#define NR_PAGES	64

/* A bio that somebody waits for later. */
struct flight {
	struct bio *bio;
	struct completion done;
	blk_status_t status;
};

struct pair {
	struct xenbus_device *back;
	struct xenbus_device *front;
	struct file *file;
	struct block_device *bdev;
	struct page *page[NR_PAGES];
	struct flight flight[16];
};

/* --- the pair ----------------------------------------------------------------------- */

static void pair_nodes(void)
{
	store_write(BACK_NODE "/frontend", FRONT_NODE);
	store_write(BACK_NODE "/frontend-id", "%d", FRONT_DOMID);
	store_write(BACK_NODE "/online", "1");
	store_write(BACK_NODE "/mode", "w");
	store_write(BACK_NODE "/state", "%d", XenbusStateInitialising);
	store_write(BACK_NODE "/physical-device", "%x:%x", MAJOR(disk.devt),
		    MINOR(disk.devt));
	store_write(FRONT_NODE "/backend", BACK_NODE);
	store_write(FRONT_NODE "/backend-id", "%d", BACK_DOMID);
	store_write(FRONT_NODE "/virtual-device", "51712");
	store_write(FRONT_NODE "/device-type", "disk");
	store_write(FRONT_NODE "/state", "%d", XenbusStateInitialising);
}

static void pair_attach(struct pair *pair)
{
	pair_nodes();
	pair->back = store_add_device(true, BACK_NODE);
	pair->front = store_add_device(false, FRONT_NODE);
}

static void pair_remove(struct xenbus_device **xbdev)
{
	if (!*xbdev)
		return;
	store_remove_device(*xbdev);
	store_put_device(*xbdev);
	*xbdev = NULL;
}

static void pair_open(struct kunit *test, struct pair *pair)
{
	KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE, XenbusStateConnected,
					       PATIENCE_MS));
	pair->file = bdev_file_open_by_dev(PAIR_DEVT,
					   BLK_OPEN_READ | BLK_OPEN_WRITE,
					   NULL, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(pair->file));
	pair->bdev = file_bdev(pair->file);
}

static void pair_close(struct pair *pair)
{
	if (!IS_ERR_OR_NULL(pair->file))
		__fput_sync(pair->file);
	pair->file = NULL;
}

static int pair_init(struct kunit *test)
{
	struct pair *pair = kunit_kzalloc(test, sizeof(*pair), GFP_KERNEL);
	unsigned int i;

	if (!pair)
		return -ENOMEM;
	xen_reset();
	store_reset();
	disk_reset();
	test->priv = pair;
	for (i = 0; i < NR_PAGES; i++)
		pair->page[i] = alloc_page(GFP_KERNEL | __GFP_ZERO |
					   __GFP_NOFAIL);
	return 0;
}

static void pair_exit(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	xen_keep_mapped(false);
	disk_release();
	disk_release_pages();
	pair_close(pair);
	pair_remove(&pair->back);
	loopback_settle();
	pair_remove(&pair->front);
	loopback_settle();
	blkfront_disk_wait_for_all();
	for (i = 0; i < NR_PAGES; i++)
		__free_page(pair->page[i]);
	KUNIT_EXPECT_STREQ(test, xen_verdict() ?: "", "");
	KUNIT_EXPECT_EQ(test, 0, xen.nr_deferred);
}

static void pair_fill(struct pair *pair, unsigned int nr, u8 seed)
{
	unsigned int i, j;
	u8 *at;

	for (i = 0; i < nr; i++) {
		at = page_address(pair->page[i]);
		for (j = 0; j < PAGE_SIZE; j++)
			at[j] = seed + 3 * i + j % 241;
	}
}

static bool pair_check(struct pair *pair, unsigned int nr, u64 sector)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (memcmp(page_address(pair->page[i]),
			   disk.data + (sector << 9) + i * PAGE_SIZE, PAGE_SIZE))
			return false;
	return true;
}

static struct bio *pair_bio(struct pair *pair, blk_opf_t opf, u64 sector,
			    unsigned int first, unsigned int nr)
{
	struct bio *bio = bio_alloc(pair->bdev, nr, opf, GFP_KERNEL);
	unsigned int i;

	bio->bi_iter.bi_sector = sector;
	for (i = 0; i < nr; i++)
		__bio_add_page(bio, pair->page[first + i], PAGE_SIZE, 0);
	return bio;
}

static int pair_io(struct pair *pair, blk_opf_t opf, u64 sector,
		   unsigned int nr)
{
	struct bio *bio = pair_bio(pair, opf, sector, 0, nr);
	int err = submit_bio_wait(bio);

	bio_put(bio);
	return err;
}

static void flight_end(struct bio *bio)
{
	struct flight *flight = bio->bi_private;

	flight->status = bio->bi_status;
	complete(&flight->done);
}

/* Page @i goes to or comes from the @i-th page of the disk. */
static void flight_start(struct pair *pair, unsigned int i, blk_opf_t opf)
{
	struct flight *flight = &pair->flight[i];

	init_completion(&flight->done);
	flight->bio = pair_bio(pair, opf, 8 * i, i, 1);
	flight->bio->bi_private = flight;
	flight->bio->bi_end_io = flight_end;
	submit_bio(flight->bio);
}

/* The status; or that it did not end. */
static int flight_wait(struct pair *pair, unsigned int i)
{
	struct flight *flight = &pair->flight[i];

	if (!wait_for_completion_timeout(&flight->done,
					 msecs_to_jiffies(5 * PATIENCE_MS)))
		return -ETIMEDOUT;
	bio_put(flight->bio);
	return blk_status_to_errno(flight->status);
}

static void start(struct kunit *test, struct pair *pair)
{
	pair_attach(pair);
	pair_open(test, pair);
}

static void works(struct kunit *test, struct pair *pair, u64 sector)
{
	pair_fill(pair, NR_PAGES, sector);
	KUNIT_ASSERT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE, sector, NR_PAGES));
	KUNIT_EXPECT_TRUE(test, pair_check(pair, NR_PAGES, sector));
	pair_fill(pair, NR_PAGES, 0x55);
	KUNIT_ASSERT_EQ(test, 0, pair_io(pair, REQ_OP_READ, sector, NR_PAGES));
	KUNIT_EXPECT_TRUE(test, pair_check(pair, NR_PAGES, sector));
}

/* --- both --------------------------------------------------------------------------- */

static void data_arrives(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	start(test, pair);
	KUNIT_EXPECT_EQ(test, DISK_SECTORS, bdev_nr_sectors(pair->bdev));
	for (i = 0; i < 8; i++)
		works(test, pair, 1024 * i);
}

static void parts_of_pages_arrive(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct bio *bio;
	u8 *page;

	start(test, pair);
	pair_fill(pair, 2, 9);
	bio = bio_alloc(pair->bdev, 2, REQ_OP_WRITE, GFP_KERNEL);
	bio->bi_iter.bi_sector = 100;
	__bio_add_page(bio, pair->page[0], 1024, 512);
	__bio_add_page(bio, pair->page[1], 512, 3584);
	KUNIT_EXPECT_EQ(test, 0, submit_bio_wait(bio));
	bio_put(bio);
	page = page_address(pair->page[0]);
	KUNIT_EXPECT_MEMEQ(test, disk.data + 100 * 512, page + 512, 1024);
	page = page_address(pair->page[1]);
	KUNIT_EXPECT_MEMEQ(test, disk.data + 102 * 512, page + 3584, 512);
	KUNIT_EXPECT_EQ(test, 0, disk.data[103 * 512]);
}

static void fsync_never_lies(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	start(test, pair);
	KUNIT_EXPECT_TRUE(test, bdev_write_cache(pair->bdev));
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE, 0, 4));
		disk.nr_flushes = 0;
		disk.fail_flushes = 1;
		KUNIT_EXPECT_EQ(test, -EIO, blkdev_issue_flush(pair->bdev));
		KUNIT_EXPECT_EQ(test, 1, disk.nr_flushes);
		/* The next one goes to the disk. */
		KUNIT_EXPECT_EQ(test, 0, blkdev_issue_flush(pair->bdev));
		KUNIT_EXPECT_EQ(test, 2, disk.nr_flushes);
		KUNIT_EXPECT_TRUE(test, bdev_write_cache(pair->bdev));
	}
	/* The flush of a FUA write, too. */
	disk.nr_flushes = 0;
	KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE | REQ_FUA, 0, 1));
	KUNIT_EXPECT_GE(test, disk.nr_flushes, 1);
	disk.fail_flushes = 1;
	KUNIT_EXPECT_EQ(test, -EIO,
			pair_io(pair, REQ_OP_WRITE | REQ_FUA, 0, 1));
	disk.nr_flushes = 0;
	KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE | REQ_PREFLUSH |
					 REQ_FUA, 0, 1));
	KUNIT_EXPECT_GE(test, disk.nr_flushes, 2);
}

static void an_error_of_the_disk_is_an_error(struct kunit *test)
{
	struct pair *pair = test->priv;

	start(test, pair);
	disk.fail_all = 1;
	KUNIT_EXPECT_EQ(test, -EIO, pair_io(pair, REQ_OP_READ, 0, 1));
	disk.fail_all = 1;
	KUNIT_EXPECT_EQ(test, -EIO, pair_io(pair, REQ_OP_WRITE, 0, 1));
	works(test, pair, 0);
}

static void discard_arrives(struct kunit *test)
{
	struct pair *pair = test->priv;

	start(test, pair);
	memset(disk.data, 0x77, DISK_SECTORS << 9);
	KUNIT_EXPECT_EQ(test, 0, blkdev_issue_discard(pair->bdev, 64, 1024,
						      GFP_KERNEL));
	KUNIT_EXPECT_EQ(test, 0x77, disk.data[64 * 512 - 1]);
	KUNIT_EXPECT_EQ(test, 0, disk.data[64 * 512]);
	KUNIT_EXPECT_EQ(test, 0, disk.data[1088 * 512 - 1]);
	KUNIT_EXPECT_EQ(test, 0x77, disk.data[1088 * 512]);
}

static void ST8_the_disk_has_another_size(struct kunit *test)
{
	unsigned long until = jiffies + msecs_to_jiffies(PATIENCE_MS);
	struct pair *pair = test->priv;

	start(test, pair);
	disk_resize(4096);
	while (bdev_nr_sectors(pair->bdev) != 4096 && time_before(jiffies, until))
		loopback_tick();
	KUNIT_EXPECT_EQ(test, 4096, bdev_nr_sectors(pair->bdev));
	works(test, pair, 0);
}

static void detach_and_attach(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	for (i = 0; i < 5; i++) {
		start(test, pair);
		works(test, pair, 8 * i);
		pair_close(pair);
		/* As the toolstack does it. */
		store_write(BACK_NODE "/online", "0");
		store_write(BACK_STATE, "%d", XenbusStateClosing);
		KUNIT_ASSERT_TRUE(test, store_wait_int(BACK_STATE,
						       XenbusStateClosed,
						       PATIENCE_MS));
		KUNIT_EXPECT_EQ(test, XenbusStateClosed,
				store_read_int(FRONT_STATE, -1));
		pair_remove(&pair->back);
		pair_remove(&pair->front);
		loopback_settle();
		store_reset();
	}
}

/* ST9: who has it open keeps it until he closes it. */
static void ST9_detach_while_open(struct kunit *test)
{
	struct pair *pair = test->priv;

	start(test, pair);
	store_write(BACK_NODE "/online", "0");
	store_write(BACK_STATE, "%d", XenbusStateClosing);
	msleep(200);
	works(test, pair, 0);
	KUNIT_EXPECT_EQ(test, XenbusStateConnected,
			store_read_int(FRONT_STATE, -1));
	pair_close(pair);
	KUNIT_EXPECT_TRUE(test, store_wait_int(BACK_STATE, XenbusStateClosed,
					       PATIENCE_MS));
}

/* The backend's module is loaded anew under load. */
static void RN8_backend_bound_again_under_load(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i, round;

	start(test, pair);
	for (round = 0; round < 5; round++) {
		pair_fill(pair, 16, round);
		disk.hold = true;
		for (i = 0; i < 8; i++)
			flight_start(pair, i, REQ_OP_WRITE);
		store_remove_device(pair->back);
		store_put_device(pair->back);
		for (; i < 16; i++)
			flight_start(pair, i, REQ_OP_WRITE);
		disk_release();
		pair->back = store_add_device(true, BACK_NODE);
		for (i = 0; i < 16; i++)
			KUNIT_ASSERT_EQ(test, 0, flight_wait(pair, i));
		KUNIT_EXPECT_TRUE(test, pair_check(pair, 16, 0));
	}
	works(test, pair, 0);
}

/* The backend says Closing and Closed, and comes back: no one sees an error. */
static void backend_leaves_and_comes_back(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	start(test, pair);
	pair_fill(pair, 16, 40);
	disk.hold = true;
	for (i = 0; i < 4; i++)
		flight_start(pair, i, REQ_OP_WRITE);
	store_remove_device(pair->back);
	store_put_device(pair->back);
	pair->back = NULL;
	disk_release();
	loopback_settle();
	store_write(BACK_STATE, "%d", XenbusStateClosed);
	for (; i < 16; i++)
		flight_start(pair, i, REQ_OP_WRITE);
	KUNIT_EXPECT_TRUE(test, store_wait_int(FRONT_STATE,
					       XenbusStateInitialising,
					       PATIENCE_MS));
	store_write(BACK_STATE, "%d", XenbusStateInitialising);
	pair->back = store_add_device(true, BACK_NODE);
	for (i = 0; i < 16; i++)
		KUNIT_ASSERT_EQ(test, 0, flight_wait(pair, i));
	KUNIT_EXPECT_TRUE(test, pair_check(pair, 16, 0));
	works(test, pair, 0);
}

/* ST11: the domain goes on elsewhere; what was in flight is sent again. */
static void ST11_suspend_and_resume(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int i;

	start(test, pair);
	works(test, pair, 0);
	/* Nothing in flight: nothing is waited for, and nothing is stopped. */
	store_suspend_device(pair->front);
	works(test, pair, 0);

	/* A backend that does not answer any more. */
	store_remove_device(pair->back);
	store_put_device(pair->back);
	pair->back = NULL;
	loopback_settle();
	pair_fill(pair, 16, 50);
	for (i = 0; i < 16; i++)
		flight_start(pair, i, REQ_OP_WRITE);
	store_suspend_device(pair->front);
	store_reset();
	pair_nodes();
	pair->back = store_add_device(true, BACK_NODE);
	store_resume_device(pair->front);
	for (i = 0; i < 16; i++)
		KUNIT_ASSERT_EQ(test, 0, flight_wait(pair, i));
	KUNIT_EXPECT_TRUE(test, pair_check(pair, 16, 0));
	works(test, pair, 0);
}

/* D16: a backend that is not trusted sees no byte that is not the request's. */
static void D16_not_trusted(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct bio *bio;
	u8 *page;

	blkfront_trusted = false;
	start(test, pair);
	blkfront_trusted = true;
	xen.spy = true;
	pair_fill(pair, 1, 0);
	page = page_address(pair->page[0]);
	/* What is beside the data in its page is the secret of others. */
	memset(page, XEN_SECRET, PAGE_SIZE);
	memset(page + 1024, 1, 512);
	bio = bio_alloc(pair->bdev, 1, REQ_OP_WRITE, GFP_KERNEL);
	bio->bi_iter.bi_sector = 8;
	__bio_add_page(bio, pair->page[0], 512, 1024);
	KUNIT_EXPECT_EQ(test, 0, submit_bio_wait(bio));
	bio_put(bio);
	KUNIT_EXPECT_EQ(test, 1, disk.data[8 * 512]);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_secrets);
	xen.spy = false;
	works(test, pair, 0);
}

/* And one that is trusted may: the spy is awake. */
static void D16_the_spy_sees(struct kunit *test)
{
	struct pair *pair = test->priv;

	start(test, pair);
	xen.spy = true;
	memset(page_address(pair->page[0]), XEN_SECRET, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_WRITE, 0, 1));
	KUNIT_EXPECT_GT(test, xen.nr_secrets, 0);
}

/* Reads and writes of many at once, while the backend comes and goes. */
static int load(void *data)
{
	struct pair *pair = data;
	unsigned int i;

	for (i = 0; !kthread_should_stop(); i++) {
		/* Each page has a place of its own, and a pattern of its own. */
		unsigned int n = 16 + i % 32;
		struct bio *bio;
		int err;

		memset(page_address(pair->page[n]), i, PAGE_SIZE);
		bio = pair_bio(pair, REQ_OP_WRITE, 8 * n, n, 1);
		err = submit_bio_wait(bio);
		bio_put(bio);
		memset(page_address(pair->page[n]), ~i, PAGE_SIZE);
		if (!err) {
			bio = pair_bio(pair, REQ_OP_READ, 8 * n, n, 1);
			err = submit_bio_wait(bio);
			bio_put(bio);
		}
		if (!err && memchr_inv(page_address(pair->page[n]), i & 255,
				       PAGE_SIZE))
			err = -EBADMSG;
		if (err)
			xen_wrong("request %u: %d", i, err);
		cond_resched();
	}
	return 0;
}

static void no_error_under_load_while_the_backend_comes_and_goes(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct task_struct *task;
	unsigned int round;

	start(test, pair);
	task = kthread_run(load, pair, "loopback-load");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	for (round = 0; round < 20; round++) {
		usleep_range(20000, 30000);
		store_remove_device(pair->back);
		store_put_device(pair->back);
		if (round % 2)
			loopback_settle();
		pair->back = store_add_device(true, BACK_NODE);
		disk_resize(round % 2 ? DISK_SECTORS : DISK_SECTORS / 2);
	}
	usleep_range(100000, 200000);
	kthread_stop(task);
	works(test, pair, 0);
}

/* No grant, no event channel: the connection waits or is refused, and works later. */
static void D23_front_connect_fails_at_every_step(struct kunit *test)
{
	struct pair *pair = test->priv;
	unsigned int step;

	for (step = 0; step < 10; step++) {
		switch (step) {
		case 0:
			xen.fail_evtchn = 1;
			break;
		case 1 ... 3:
			xen.fail_grant_alloc = 16 * step - 15;
			break;
		case 4:
			xen.fail_grant_alloc = 33;
			break;
		default:
			store.fail_printf = step - 2;
			break;
		}
		pair_attach(pair);
		store_wait_int(FRONT_STATE, XenbusStateConnected, 300);
		pair_remove(&pair->back);
		loopback_settle();
		pair_remove(&pair->front);
		loopback_settle();
		KUNIT_EXPECT_EQ(test, 0, xen.nr_granted);
		KUNIT_EXPECT_EQ(test, 0, xen.nr_bound);
		xen.fail_evtchn = 0;
		xen.fail_grant_alloc = 0;
		store_reset();
	}
	start(test, pair);
	works(test, pair, 0);
}

/* --- the frontend under a backend that is not a good one ------------------------------ */

enum evil {
	GOOD,
	BAD_ID,
	FREE_ID,
	WRONG_OP,
	TWICE,
	INDEX_AHEAD,
	INDEX_BACK,
	BAD_STATUS,
	KEEP_PAGE,
	NR_EVIL
};

/* Answers with zeroes by itself, until it is told otherwise. */
struct false_back {
	struct blkfront_sring *sring;
	RING_IDX req_cons;
	RING_IDX rsp_prod;
	int irq;
	enum evil evil;		/* for the next request */
	unsigned int nr_evil;
	struct task_struct *task;
	wait_queue_head_t wait;
};

static irqreturn_t false_event(int irq, void *data)
{
	struct false_back *back = data;

	wake_up(&back->wait);
	blkback_port_eoi(irq, false);
	return IRQ_HANDLED;
}

static void false_put(struct false_back *back, u64 id, u8 op, s16 status)
{
	union blkfront_sring_entry *entry =
		&back->sring->ring[back->rsp_prod++ % BLKFRONT_RING_SLOTS];

	entry->rsp = (struct blkif_native_response){
		.id = id, .operation = op, .status = status,
	};
}

static void false_answer(struct false_back *back,
			 const union blkif_native_request *req)
{
	enum evil evil = back->evil;
	unsigned int ahead = 0;
	u64 id = req->rw.id;
	u8 op = req->operation;

	if (evil != GOOD) {
		back->evil = GOOD;
		back->nr_evil++;
	}
	switch (evil) {
	case BAD_ID:
		false_put(back, 0x100000000ULL + id, op, 0);
		break;
	case FREE_ID:
		false_put(back, (id + 1) % BLKFRONT_RING_SLOTS, op, 0);
		break;
	case WRONG_OP:
		false_put(back, id, op ^ 1, 0);
		break;
	case TWICE:
		false_put(back, id, op, 0);
		false_put(back, id, op, 0);
		break;
	case INDEX_AHEAD:
		ahead = 1000;
		break;
	case INDEX_BACK:
		ahead = -5;
		break;
	case BAD_STATUS:
		false_put(back, id, op, 77);
		break;
	case KEEP_PAGE:
		xen_keep_mapped(true);
		false_put(back, id, op, 0);
		break;
	default:
		false_put(back, id, op, 0);
		break;
	}
	virt_wmb();	/* answers before their index */
	WRITE_ONCE(back->sring->rsp_prod, back->rsp_prod + ahead);
	blkback_port_notify(back->irq);
}

static bool false_pending(struct false_back *back)
{
	return READ_ONCE(back->sring->req_prod) != back->req_cons;
}

static int false_thread(void *data)
{
	struct false_back *back = data;
	union blkif_native_request req;

	while (!kthread_should_stop()) {
		wait_event_timeout(back->wait, false_pending(back) ||
				   kthread_should_stop(), HZ / 50);
		while (false_pending(back)) {
			req = back->sring->ring[back->req_cons++ %
						     BLKFRONT_RING_SLOTS].req;
			WRITE_ONCE(back->sring->req_event,
				   back->req_cons + 1);
			false_answer(back, &req);
		}
	}
	return 0;
}

static void false_keys(void)
{
	store_write(BACK_NODE "/sectors", "%llu", DISK_SECTORS);
	store_write(BACK_NODE "/sector-size", "512");
	store_write(BACK_NODE "/info", "0");
	store_write(BACK_NODE "/feature-flush-cache", "1");
}

static void false_begin(struct kunit *test, struct pair *pair,
			struct false_back *back)
{
	u32 ref, port;
	void *shared;

	memset(back, 0, sizeof(*back));
	init_waitqueue_head(&back->wait);
	pair_nodes();
	store_write(BACK_STATE, "%d", XenbusStateInitWait);
	pair->front = store_add_device(false, FRONT_NODE);
	KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
					       XenbusStateInitialised,
					       PATIENCE_MS));
	ref = store_read_int(FRONT_NODE "/ring-ref", 0);
	port = store_read_int(FRONT_NODE "/event-channel", 0);
	KUNIT_ASSERT_EQ(test, 0,
			blkback_port_map_ring(pair->front, ref, &shared));
	back->sring = shared;
	back->irq = blkback_port_bind(pair->front, port, false_event, back);
	KUNIT_ASSERT_GT(test, back->irq, 0);
	back->task = kthread_run(false_thread, back, "loopback-false");
	KUNIT_ASSERT_FALSE(test, IS_ERR(back->task));
	false_keys();
	store_write(BACK_STATE, "%d", XenbusStateConnected);
}

static void false_end(struct pair *pair, struct false_back *back)
{
	kthread_stop(back->task);
	blkback_port_unmap_ring(pair->front, back->sring);
	blkback_port_unbind(back->irq, back);
	store_write(BACK_STATE, "%d", XenbusStateClosed);
}

static void D13_D15_answers_that_cannot_be(struct kunit *test)
{
	struct pair *pair = test->priv;
	struct false_back back;
	enum evil evil;
	int err;

	for (evil = GOOD; evil < NR_EVIL; evil++) {
		false_begin(test, pair, &back);
		pair_open(test, pair);
		KUNIT_EXPECT_EQ(test, 0, pair_io(pair, REQ_OP_READ, 0, 3));

		back.evil = evil;
		flight_start(pair, 0, REQ_OP_WRITE);
		if (evil == GOOD) {
			KUNIT_EXPECT_EQ(test, 0, flight_wait(pair, 0));
		} else if (evil == BAD_STATUS) {
			KUNIT_EXPECT_EQ(test, -EIO, flight_wait(pair, 0));
		} else if (evil == KEEP_PAGE) {
			/* Its page may not be used while the backend has it. */
			KUNIT_EXPECT_EQ(test, 0,
					wait_for_completion_timeout(&pair->flight[0].done,
								    HZ / 2));
			xen_keep_mapped(false);
			false_end(pair, &back);
			flight_wait(pair, 0);
		} else {
			/* The connection ends; all that was asked is ended. */
			KUNIT_EXPECT_TRUE(test, store_wait_int(FRONT_STATE, 6,
							       PATIENCE_MS) ||
					  store_read_int(FRONT_STATE, -1) == 5);
			false_end(pair, &back);
			err = flight_wait(pair, 0);
			KUNIT_EXPECT_TRUE_MSG(test, err == -EIO ||
					      (evil == TWICE && !err),
					      "case %d: %d", evil, err);
			KUNIT_EXPECT_EQ(test, -EIO,
					pair_io(pair, REQ_OP_READ, 0, 1));
		}
		KUNIT_EXPECT_EQ(test, evil != GOOD, back.nr_evil);
		pair_close(pair);
		if (evil == GOOD || evil == BAD_STATUS)
			false_end(pair, &back);
		pair_remove(&pair->front);
		loopback_settle();
		KUNIT_EXPECT_EQ(test, 0, xen.nr_granted);
		store_reset();
	}
	start(test, pair);
	works(test, pair, 0);
}

static void D13_keys_that_cannot_be(struct kunit *test)
{
	static const struct {
		const char *key;
		const char *value;
	} cases[] = {
		{ BACK_NODE "/sector-size", "0" },
		{ BACK_NODE "/sector-size", "513" },
		{ BACK_NODE "/sector-size", "8192" },
		{ BACK_NODE "/sector-size", "-512" },
		{ BACK_NODE "/sectors", "18446744073709551615" },
		{ BACK_NODE "/sectors", "many" },
		{ BACK_NODE "/info", "" },
		{ BACK_NODE "/physical-sector-size", "1000" },
		{ BACK_NODE "/feature-flush-cache", "yes" },
	};
	struct pair *pair = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		pair_nodes();
		store_write(BACK_STATE, "%d", XenbusStateInitWait);
		pair->front = store_add_device(false, FRONT_NODE);
		KUNIT_ASSERT_TRUE(test, store_wait_int(FRONT_STATE,
						       XenbusStateInitialised,
						       PATIENCE_MS));
		false_keys();
		store_write(cases[i].key, "%s", cases[i].value);
		store_write(BACK_STATE, "%d", XenbusStateConnected);
		KUNIT_EXPECT_TRUE_MSG(test, store_wait_int(FRONT_STATE,
							   XenbusStateClosing,
							   PATIENCE_MS),
				      "%s = \"%s\"", cases[i].key,
				      cases[i].value);
		KUNIT_EXPECT_NOT_NULL(test, strstr(store.said, "expected"));
		store_write(BACK_STATE, "%d", XenbusStateClosed);
		loopback_settle();
		pair_remove(&pair->front);
		KUNIT_EXPECT_EQ(test, 0, xen.nr_granted);
		store_reset();
	}
	start(test, pair);
	works(test, pair, 0);
}

/* A backend that says anything at all, and serves nothing. */
static void D9_backend_states_at_random(struct kunit *test)
{
	unsigned long until = jiffies + 8 * HZ;
	struct pair *pair = test->priv;
	struct rnd_state rnd;
	unsigned int step;

	prandom_seed_state(&rnd, 90);
	pair_nodes();
	false_keys();
	pair->front = store_add_device(false, FRONT_NODE);
	for (step = 0; step < 20000 && time_before(jiffies, until); step++) {
		u32 r = prandom_u32_state(&rnd);

		/* Not Connected: nobody would answer the scan for partitions. */
		if (r % 10 != XenbusStateConnected)
			store_write(BACK_STATE, "%u", r % 10);
		store_write(BACK_NODE "/online", "%u", r >> 8 & 15 ? 1 : 0);
		if (r >> 16 & 1)
			usleep_range(50, 300);
		if ((r >> 20) % 256 == 1) {
			store_suspend_device(pair->front);
			store_resume_device(pair->front);
		}
		if ((r >> 20) % 256 == 2) {
			pair_remove(&pair->front);
			store_write(FRONT_STATE, "%d", XenbusStateInitialising);
			pair->front = store_add_device(false, FRONT_NODE);
		}
	}
	kunit_info(test, "%u steps\n", step);
	KUNIT_EXPECT_GT(test, step, 200);
	store_write(BACK_STATE, "%d", XenbusStateClosed);
	pair_remove(&pair->front);
	KUNIT_EXPECT_EQ(test, 0, xen.nr_granted);
	store_reset();
	start(test, pair);
	works(test, pair, 0);
}

static struct kunit_case pair_cases[] = {
	KUNIT_CASE(data_arrives),
	KUNIT_CASE(parts_of_pages_arrive),
	KUNIT_CASE(fsync_never_lies),
	KUNIT_CASE(an_error_of_the_disk_is_an_error),
	KUNIT_CASE(discard_arrives),
	KUNIT_CASE(ST8_the_disk_has_another_size),
	KUNIT_CASE(detach_and_attach),
	KUNIT_CASE(ST9_detach_while_open),
	KUNIT_CASE(RN8_backend_bound_again_under_load),
	KUNIT_CASE(backend_leaves_and_comes_back),
	KUNIT_CASE(D16_not_trusted),
	KUNIT_CASE(D16_the_spy_sees),
	KUNIT_CASE_SLOW(no_error_under_load_while_the_backend_comes_and_goes),
	KUNIT_CASE_SLOW(ST11_suspend_and_resume),
	KUNIT_CASE_SLOW(D23_front_connect_fails_at_every_step),
	KUNIT_CASE_SLOW(D13_D15_answers_that_cannot_be),
	KUNIT_CASE(D13_keys_that_cannot_be),
	KUNIT_CASE_SLOW(D9_backend_states_at_random),
	{}
};

static int pair_suite_init(struct kunit_suite *suite)
{
	return loopback_start();
}

static void pair_suite_exit(struct kunit_suite *suite)
{
	loopback_stop();
}

struct kunit_suite pair_suite = {
	.name = "loopback_pair",
	.suite_init = pair_suite_init,
	.suite_exit = pair_suite_exit,
	.init = pair_init,
	.exit = pair_exit,
	.test_cases = pair_cases,
};
