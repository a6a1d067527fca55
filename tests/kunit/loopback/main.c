// SPDX-License-Identifier: GPL-2.0
/* What is one's own of each half's main.c, and the suites. */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include "back.h"
#include "pair.h"
#include "../../../blkback/blkback.h"
#include "../../../blkfront/blkfront.h"

#define MAX_COPY_PAGES	1024

struct workqueue_struct *blkback_dev_wq;
unsigned int blkback_max_buffer_pages = 1024;
unsigned int blkback_max_copy_pages = MAX_COPY_PAGES;
unsigned int blkback_max_queues = 4;
unsigned int blkback_max_ring_page_order = 4;
unsigned int blkback_max_indirect_segments = 256;
unsigned long blkback_max_unwritten_bytes;
unsigned int blkback_io_deadline_sec = 30;
unsigned int blkback_xenstore_stats_sec;
int blkback_log_level = LOGLEVEL_INFO;
bool blkback_low_latency;
bool blkback_latency_stats = true;
bool blkback_exclusive_open = true;
bool blkback_feature_persistent = true;
unsigned int blkback_max_persistent_grants = 512;
unsigned int blkback_persistent_grant_unused_seconds = 60;
struct workqueue_struct *blkfront_wq;
struct workqueue_struct *blkfront_wake_wq;
struct workqueue_struct *blkfront_block_wq;
int blkfront_log_level = LOGLEVEL_INFO;
bool blkfront_trusted = true;
bool blkfront_latency_stats = true;
bool blkfront_feature_persistent;
unsigned int blkfront_max_persistent_grants = 512;
unsigned int blkfront_max_queues = 4;
unsigned int blkfront_poll_queues;
unsigned int blkfront_max_ring_page_order = 2;
unsigned int blkfront_max_indirect_segments = 256;
unsigned int blkfront_reconnect_timeout_sec = 60;
unsigned int blkfront_lost_timeout_sec;
unsigned int blkfront_io_deadline_sec = 30;

static void flush_io(struct xenbus_device *xbdev)
{
	struct blkback_dev *dev = dev_get_drvdata(&xbdev->dev);

	if (dev)
		flush_workqueue(dev->io_wq);
}

/* An answer is seen before the pass that gave it has ended; those passes have. */
void loopback_rest(void)
{
	store_each_back(flush_io);
}

/* All that was written to XenStore was seen, and the backend has acted. */
void loopback_settle(void)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		store_drain_events();
		flush_workqueue(blkback_dev_wq);
		loopback_rest();
	}
}

static void tick(struct work_struct *work)
{
	mdelay(2 * MSEC_PER_SEC / HZ);
}

/* Wake all CPUs: a timer that is deferrable runs on none that is idle. */
void loopback_tick(void)
{
	struct work_struct work;
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		INIT_WORK_ONSTACK(&work, tick);
		schedule_work_on(cpu, &work);
		flush_work(&work);
		destroy_work_on_stack(&work);
	}
}

static int back_start(void)
{
	int err = -ENOMEM;

	blkback_dev_wq = alloc_workqueue("loopback-dev",
					 WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!blkback_dev_wq)
		return err;
	err = blkback_pool_setup();
	if (err)
		goto err_queue;
	err = blkback_latency_setup();
	if (err)
		goto err_pool;
	blkback_debugfs_init();
	err = blkback_xenbus_init();
	if (!err)
		return 0;
	blkback_debugfs_exit();
	blkback_latency_cleanup();
err_pool:
	blkback_pool_cleanup();
err_queue:
	destroy_workqueue(blkback_dev_wq);
	return err;
}

static void back_stop(void)
{
	blkback_xenbus_exit();
	blkback_debugfs_exit();
	blkback_vbd_exit();
	blkback_latency_cleanup();
	blkback_pool_cleanup();
	destroy_workqueue(blkback_dev_wq);
}

/* All work of that queue waits behind this as long as the domain is suspended. */
static DECLARE_COMPLETION(thawed);

static void frozen_work(struct work_struct *work)
{
	wait_for_completion(&thawed);
}

static DECLARE_WORK(frozen, frozen_work);

void loopback_freeze(void)
{
	reinit_completion(&thawed);
	queue_work(blkfront_wake_wq, &frozen);
}

void loopback_thaw(void)
{
	complete_all(&thawed);
	flush_workqueue(blkfront_wake_wq);
}

static int front_start(void)
{
	int err = -ENOMEM;

	blkfront_wq = alloc_workqueue("loopback-front",
				      WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	blkfront_block_wq = alloc_workqueue("loopback-front-disk",
					    WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	blkfront_wake_wq = alloc_ordered_workqueue("loopback-front-wake", 0);
	blkfront_debugfs_init();
	if (blkfront_wq && blkfront_block_wq && blkfront_wake_wq)
		err = blkfront_device_register();
	if (!err)
		return 0;
	blkfront_debugfs_exit();
	if (blkfront_wake_wq)
		destroy_workqueue(blkfront_wake_wq);
	if (blkfront_block_wq)
		destroy_workqueue(blkfront_block_wq);
	if (blkfront_wq)
		destroy_workqueue(blkfront_wq);
	return err;
}

static void front_stop(void)
{
	blkfront_device_unregister();
	blkfront_disk_wait_for_all();
	blkfront_linger_exit();
	blkfront_debugfs_exit();
	destroy_workqueue(blkfront_wake_wq);
	destroy_workqueue(blkfront_block_wq);
	destroy_workqueue(blkfront_wq);
}

static bool started;

int loopback_start_mapping(struct kunit_suite *suite)
{
	blkback_max_copy_pages = 0;
	return loopback_start(suite);
}

int loopback_start(struct kunit_suite *suite)
{
	int err;

	xen_reset();
	err = store_init();
	if (err)
		return err;
	err = disk_create();
	if (err)
		goto err_store;
	err = back_start();
	if (err)
		goto err_disk;
	err = front_start();
	if (err)
		goto err_back;
	started = true;
	return 0;

err_back:
	back_stop();
err_disk:
	disk_destroy();
err_store:
	store_exit();
	return err;
}

void loopback_stop(struct kunit_suite *suite)
{
	if (!started)
		return;
	started = false;
	blkback_max_copy_pages = MAX_COPY_PAGES;
	front_stop();
	back_stop();
	disk_destroy();
	store_exit();
}

kunit_test_suites(&back_states_suite, &back_stats_suite, &back_latency_suite,
		  &back_connect_suite,
		  &back_ring_suite, &back_io_suite, &back_map_suite, &back_copy_suite,
		  &back_poll_suite, &back_lone_suite,
		  &back_wide_suite, &back_indirect_suite, &back_discard_suite,
		  &back_emulate_suite, &back_emulate_turns_suite,
		  &back_barrier_suite, &back_unwritten_suite,
		  &back_deadline_suite, &back_limit_suite, &back_leave_suite,
		  &back_charge_suite,
		  &back_share_suite,
		  &back_persistent_suite,
		  &back_stall_suite, &back_silent_suite, &back_hostile_suite,
		  &pair_data_suite, &pair_batch_suite, &pair_poll_suite,
		  &pair_life_suite, &pair_return_suite,
		  &pair_adopt_suite, &pair_durable_suite, &pair_hostile_suite,
		  &pair_pieces_suite, &pair_rings_suite, &pair_store_suite,
		  &pair_deadline_suite, &pair_persistent_suite, &pair_latency_suite);

MODULE_DESCRIPTION("XenBlk: both halves joined by a false Xen");
MODULE_LICENSE("GPL");
