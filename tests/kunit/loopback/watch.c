// SPDX-License-Identifier: GPL-2.0
/*
 * The false XenStore's watches, and the thread that calls them.
 *
 * The functions have the names, prototypes and manners of those in
 * drivers/xen/xenbus, as far as the drivers can tell.
 */
#include <linux/kthread.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "store.h"

struct event {
	struct list_head list;
	struct xenbus_watch *watch;
	char *path;
	/* Or something else to do. */
	void (*fn)(void *data);
	void *data;
	struct completion *done;
};

static DEFINE_SPINLOCK(watches_lock);	/* watches, events */
static LIST_HEAD(watches);
static LIST_HEAD(events);
static DEFINE_MUTEX(xenwatch_mutex);	/* a callback runs */
static DECLARE_WAIT_QUEUE_HEAD(events_wait);
static DECLARE_WAIT_QUEUE_HEAD(change_wait);
static atomic_t nr_changes;
static struct task_struct *xenwatch;

static void event_add(struct xenbus_watch *watch, const char *path)
{
	struct event *event = kzalloc_obj(*event, GFP_ATOMIC | __GFP_NOFAIL);

	event->watch = watch;
	event->path = kstrdup(path, GFP_ATOMIC | __GFP_NOFAIL);
	list_add_tail(&event->list, &events);
	watch->nr_pending++;
	if (strstarts(watch->node, "backend/"))
		store.most_pending = max(store.most_pending, watch->nr_pending);
	wake_up(&events_wait);
}

void watch_fire(const char *path)
{
	struct xenbus_watch *watch;

	spin_lock(&watches_lock);
	list_for_each_entry(watch, &watches, list) {
		size_t len = strlen(watch->node);

		if (strncmp(path, watch->node, len) ||
		    (path[len] && path[len] != '/'))
			continue;
		if (watch->will_handle && !watch->will_handle(watch, path, ""))
			continue;
		event_add(watch, path);
	}
	spin_unlock(&watches_lock);
	atomic_inc(&nr_changes);
	wake_up_all(&change_wait);
}

int register_xenbus_watch(struct xenbus_watch *watch)
{
	watch->nr_pending = 0;
	spin_lock(&watches_lock);
	list_add(&watch->list, &watches);
	/* Every watch fires once when it is set. */
	event_add(watch, watch->node);
	spin_unlock(&watches_lock);
	return 0;
}

static void event_free(struct event *event)
{
	kfree(event->path);
	kfree(event);
}

void unregister_xenbus_watch(struct xenbus_watch *watch)
{
	struct event *event, *next;

	spin_lock(&watches_lock);
	list_del(&watch->list);
	spin_unlock(&watches_lock);

	if (current != xenwatch)
		mutex_lock(&xenwatch_mutex);
	spin_lock(&watches_lock);
	list_for_each_entry_safe(event, next, &events, list) {
		if (event->watch != watch)
			continue;
		list_del(&event->list);
		event_free(event);
	}
	watch->nr_pending = 0;
	spin_unlock(&watches_lock);
	if (current != xenwatch)
		mutex_unlock(&xenwatch_mutex);
}

int xenbus_watch_pathfmt(struct xenbus_device *dev, struct xenbus_watch *watch,
			 bool (*will_handle)(struct xenbus_watch *watch,
					     const char *path,
					     const char *token),
			 void (*callback)(struct xenbus_watch *watch,
					  const char *path, const char *token),
			 const char *pathfmt, ...)
{
	va_list args;
	char *path;
	int err;

	va_start(args, pathfmt);
	path = kvasprintf(GFP_KERNEL, pathfmt, args);
	va_end(args);
	if (!path)
		return -ENOMEM;
	watch->node = path;
	watch->will_handle = will_handle;
	watch->callback = callback;
	err = register_xenbus_watch(watch);
	if (err) {
		watch->node = NULL;
		kfree(path);
	}
	return err;
}

static int xenwatch_thread(void *unused)
{
	struct event *event;

	while (!kthread_should_stop()) {
		wait_event_interruptible(events_wait, !list_empty(&events) ||
					 kthread_should_stop());
		mutex_lock(&xenwatch_mutex);
		spin_lock(&watches_lock);
		event = list_first_entry_or_null(&events, struct event, list);
		if (event) {
			list_del(&event->list);
			if (event->watch)
				event->watch->nr_pending--;
		}
		spin_unlock(&watches_lock);
		if (event && event->fn) {
			event->fn(event->data);
			complete(event->done);
		} else if (event) {
			event->watch->callback(event->watch, event->path, "");
		}
		if (event)
			event_free(event);
		mutex_unlock(&xenwatch_mutex);
	}
	return 0;
}

void watch_run(void (*fn)(void *data), void *data)
{
	struct event *event = kzalloc_obj(*event, GFP_KERNEL | __GFP_NOFAIL);
	DECLARE_COMPLETION_ONSTACK(done);

	event->fn = fn;
	event->data = data;
	event->done = &done;
	spin_lock(&watches_lock);
	list_add_tail(&event->list, &events);
	spin_unlock(&watches_lock);
	wake_up(&events_wait);
	wait_for_completion(&done);
}

static void nothing(void *data)
{
}

void store_drain_events(void)
{
	watch_run(nothing, NULL);
}

bool store_wait_int(const char *path, int value, unsigned int ms)
{
	unsigned long until = jiffies + msecs_to_jiffies(ms);
	int seq;

	do {
		seq = atomic_read(&nr_changes);
		if (store_read_int(path, -1) == value)
			return true;
		wait_event_timeout(change_wait, atomic_read(&nr_changes) != seq,
				   HZ / 10);
	} while (time_before(jiffies, until));
	return false;
}

int watch_start(void)
{
	xenwatch = kthread_run(xenwatch_thread, NULL, "loopback-watch");
	return PTR_ERR_OR_ZERO(xenwatch);
}

void watch_stop(void)
{
	kthread_stop(xenwatch);
}
