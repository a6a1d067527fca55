// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that a backend had mapped when its domain died.
 *
 * Xen ends a dying domain's mappings of grants first, and it is then that our grant
 * table says that nobody uses a page any more.  It takes the domain's page tables
 * apart later.  Until it has, those of a PV domain hold the page as one that may be
 * written to.  Nothing is written, but Xen refuses to make it a page table, for which
 * this kernel may just have chosen it, and there is no going on from that.  Nobody
 * tells when it is over.  So such pages wait for a while before they are free.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "blkfront.h"

/* A page is free after one to two of these. */
#define LINGER_PERIOD	(30 * HZ)

static DEFINE_SPINLOCK(linger_lock);
static LIST_HEAD(linger_new);
static LIST_HEAD(linger_old);

static void linger_free(struct list_head *pages)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, pages, lru)
		__free_page(page);
}

static void linger_work(struct work_struct *work)
{
	LIST_HEAD(pages);
	bool more;

	spin_lock_irq(&linger_lock);
	list_splice_init(&linger_old, &pages);
	list_splice_init(&linger_new, &linger_old);
	more = !list_empty(&linger_old);
	spin_unlock_irq(&linger_lock);
	linger_free(&pages);
	if (more)
		queue_delayed_work(blkfront_wq, to_delayed_work(work),
				   LINGER_PERIOD);
}

static DECLARE_DELAYED_WORK(linger, linger_work);

static void linger_page(struct page *page)
{
	unsigned long flags;

	spin_lock_irqsave(&linger_lock, flags);
	list_add(&page->lru, &linger_new);
	spin_unlock_irqrestore(&linger_lock, flags);
	queue_delayed_work(blkfront_wq, &linger, LINGER_PERIOD);
}

/**
 * blkfront_linger_free - free a page
 * @page: the page, of order 0, on no list
 * @lingers: a backend that may have died had it mapped: some time later
 *
 * Context: any.
 */
void blkfront_linger_free(struct page *page, bool lingers)
{
	if (lingers)
		linger_page(page);
	else
		__free_page(page);
}

static bool linger_any(void)
{
	bool any;

	spin_lock_irq(&linger_lock);
	any = !list_empty(&linger_new) || !list_empty(&linger_old);
	spin_unlock_irq(&linger_lock);
	return any;
}

/**
 * blkfront_linger_wait - wait until all of them are free
 *
 * Context: module exit, when there is no disk any more; sleeps up to a minute.
 */
void blkfront_linger_wait(void)
{
	while (linger_any())
		ssleep(1);
}

/**
 * blkfront_linger_exit - end the work, and free what is left at once
 *
 * Context: process, when there is no disk any more.
 */
void blkfront_linger_exit(void)
{
	cancel_delayed_work_sync(&linger);
	linger_free(&linger_new);
	linger_free(&linger_old);
	INIT_LIST_HEAD(&linger_new);
	INIT_LIST_HEAD(&linger_old);
}
