// SPDX-License-Identifier: GPL-2.0
/*
 * A false XenStore, with a xenwatch and a bus of its own.
 *
 * The functions have the names, prototypes and manners of those in
 * drivers/xen/xenbus, as far as the drivers can tell.
 */
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/kthread.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "loopback.h"

struct node {
	struct list_head list;
	char *path;
	char *value;
};

/* A write, or the end of a node when there is no value. */
struct change {
	struct list_head list;
	char *path;
	char *value;
};

struct event {
	struct list_head list;
	struct xenbus_watch *watch;
	char *path;
	/* Or something else to do. */
	void (*fn)(void *data);
	void *data;
	struct completion *done;
};

struct fake_store store;

static DEFINE_MUTEX(store_lock);	/* nodes, transactions; the counters */
static LIST_HEAD(nodes);
static struct list_head changes[8];	/* of each transaction, from 1 on */
static bool transaction_open[8];

static DEFINE_SPINLOCK(watches_lock);	/* watches, events */
static LIST_HEAD(watches);
static LIST_HEAD(events);
static DEFINE_MUTEX(xenwatch_mutex);	/* a callback runs */
static DECLARE_WAIT_QUEUE_HEAD(events_wait);
static DECLARE_WAIT_QUEUE_HEAD(change_wait);
static atomic_t nr_changes;
static struct task_struct *xenwatch;
static struct device *root;

/* --- watches ------------------------------------------------------------------------ */

static void event_add(struct xenbus_watch *watch, const char *path)
{
	struct event *event = kzalloc_obj(*event, GFP_ATOMIC | __GFP_NOFAIL);

	event->watch = watch;
	event->path = kstrdup(path, GFP_ATOMIC | __GFP_NOFAIL);
	list_add_tail(&event->list, &events);
	watch->nr_pending++;
	wake_up(&events_wait);
}

static void watches_fire(const char *path)
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

static void on_xenwatch(void (*fn)(void *data), void *data)
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

/* --- nodes -------------------------------------------------------------------------- */

static char *path_join(const char *dir, const char *name)
{
	return kasprintf(GFP_NOIO | __GFP_NOFAIL, "%s%s%s", dir,
			 *name ? "/" : "", name);
}

static struct node *node_find(const char *path)
{
	struct node *node;

	list_for_each_entry(node, &nodes, list)
		if (!strcmp(node->path, path))
			return node;
	return NULL;
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return !strncmp(path, dir, len) && (!path[len] || path[len] == '/');
}

static bool node_or_below(const char *path)
{
	struct node *node;

	list_for_each_entry(node, &nodes, list)
		if (is_below(node->path, path))
			return true;
	return false;
}

static void node_put_value(const char *path, const char *value)
{
	struct node *node = node_find(path);

	if (!node) {
		node = kzalloc_obj(*node, GFP_NOIO | __GFP_NOFAIL);
		node->path = kstrdup(path, GFP_NOIO | __GFP_NOFAIL);
		list_add_tail(&node->list, &nodes);
	}
	kfree(node->value);
	node->value = kstrdup(value, GFP_NOIO | __GFP_NOFAIL);
	if (strends(path, "/state"))
		store.nr_state_writes++;
	watches_fire(path);
}

static void node_remove(const char *path)
{
	struct node *node, *next;
	LIST_HEAD(gone);

	list_for_each_entry_safe(node, next, &nodes, list)
		if (is_below(node->path, path))
			list_move_tail(&node->list, &gone);
	list_for_each_entry_safe(node, next, &gone, list) {
		watches_fire(node->path);
		kfree(node->path);
		kfree(node->value);
		kfree(node);
	}
}

static void change_apply(const char *path, const char *value)
{
	if (value)
		node_put_value(path, value);
	else
		node_remove(path);
}

/* Takes @path. */
static void change_make(struct xenbus_transaction t, char *path,
			const char *value)
{
	struct change *change;

	if (!t.id) {
		change_apply(path, value);
		kfree(path);
		return;
	}
	change = kzalloc_obj(*change, GFP_NOIO | __GFP_NOFAIL);
	change->path = path;
	if (value)
		change->value = kstrdup(value, GFP_NOIO | __GFP_NOFAIL);
	list_add_tail(&change->list, &changes[t.id]);
}

int xenbus_transaction_start(struct xenbus_transaction *t)
{
	guard(mutex)(&store_lock);
	if (store.fail_transaction && !--store.fail_transaction)
		return -ENOMEM;
	for (t->id = 1; t->id < ARRAY_SIZE(changes); t->id++) {
		if (transaction_open[t->id])
			continue;
		transaction_open[t->id] = true;
		INIT_LIST_HEAD(&changes[t->id]);
		return 0;
	}
	return -ENOSPC;
}

int xenbus_transaction_end(struct xenbus_transaction t, bool abort)
{
	struct change *change, *next;
	int err = 0;

	guard(mutex)(&store_lock);
	if (!transaction_open[t.id])
		xen_wrong("a transaction was ended that is not open");
	if (!abort && store.nr_eagain) {
		store.nr_eagain--;
		abort = true;
		err = -EAGAIN;
	}
	list_for_each_entry_safe(change, next, &changes[t.id], list) {
		if (!abort)
			change_apply(change->path, change->value);
		kfree(change->path);
		kfree(change->value);
		kfree(change);
	}
	transaction_open[t.id] = false;
	return err;
}

void *xenbus_read(struct xenbus_transaction t, const char *dir,
		  const char *name, unsigned int *len)
{
	char *path = path_join(dir, name);
	struct node *node;
	char *value;

	guard(mutex)(&store_lock);
	node = node_find(path);
	value = node ? kstrdup(node->value, GFP_NOIO) : NULL;
	kfree(path);
	if (node && !value)
		return ERR_PTR(-ENOMEM);
	if (!node)
		return ERR_PTR(-ENOENT);
	if (len)
		*len = strlen(value);
	return value;
}

int xenbus_scanf(struct xenbus_transaction t, const char *dir, const char *name,
		 const char *fmt, ...)
{
	char *value = xenbus_read(t, dir, name, NULL);
	va_list args;
	int n;

	if (IS_ERR(value))
		return PTR_ERR(value);
	va_start(args, fmt);
	n = vsscanf(value, fmt, args);
	va_end(args);
	kfree(value);
	return n ?: -ERANGE;
}

unsigned int xenbus_read_unsigned(const char *dir, const char *name,
				  unsigned int default_val)
{
	unsigned int value;

	return xenbus_scanf(XBT_NIL, dir, name, "%u", &value) == 1 ? value :
								     default_val;
}

int xenbus_printf(struct xenbus_transaction t, const char *dir,
		  const char *name, const char *fmt, ...)
{
	va_list args;
	char *value;

	va_start(args, fmt);
	value = kvasprintf(GFP_NOIO | __GFP_NOFAIL, fmt, args);
	va_end(args);

	mutex_lock(&store_lock);
	if (store.fail_printf && !--store.fail_printf) {
		mutex_unlock(&store_lock);
		kfree(value);
		return -ENOSPC;
	}
	change_make(t, path_join(dir, name), value);
	mutex_unlock(&store_lock);
	kfree(value);
	return 0;
}

int xenbus_rm(struct xenbus_transaction t, const char *dir, const char *name)
{
	char *path = path_join(dir, name);

	guard(mutex)(&store_lock);
	if (!node_or_below(path)) {
		kfree(path);
		return -ENOENT;
	}
	change_make(t, path, NULL);
	return 0;
}

int xenbus_exists(struct xenbus_transaction t, const char *dir,
		  const char *name)
{
	char *path = path_join(dir, name);
	bool found;

	guard(mutex)(&store_lock);
	found = node_or_below(path);
	kfree(path);
	return found;
}

/* --- the client's helpers ------------------------------------------------------------- */

enum xenbus_state xenbus_read_driver_state(const struct xenbus_device *dev,
					   const char *path)
{
	int state;

	if (dev && dev->vanished)
		return XenbusStateUnknown;
	return xenbus_scanf(XBT_NIL, path, "state", "%d", &state) == 1 ?
	       state : XenbusStateUnknown;
}

int xenbus_switch_state(struct xenbus_device *dev, enum xenbus_state state)
{
	struct xenbus_transaction xbt;
	bool abort, vanished;
	int err, current_state;

	if (state == dev->state || dev->vanished)
		return 0;
	do {
		abort = true;
		vanished = false;
		err = xenbus_transaction_start(&xbt);
		if (err)
			return 0;
		err = xenbus_scanf(xbt, dev->nodename, "state", "%d",
				   &current_state);
		if (err == 1) {
			vanished = current_state != dev->state &&
				   current_state == XenbusStateInitialising;
			if (!vanished)
				abort = xenbus_printf(xbt, dev->nodename,
						      "state", "%d", state);
		}
		err = xenbus_transaction_end(xbt, abort);
	} while (err == -EAGAIN && !abort);
	/* A watch on it may be looked at before it is noted. */
	usleep_range(200, 400);
	if (!err && !vanished)
		dev->state = state;
	return 0;
}

int xenbus_frontend_closed(struct xenbus_device *dev)
{
	xenbus_switch_state(dev, XenbusStateClosed);
	complete(&dev->down);
	return 0;
}

static __printf(3, 0) void dev_error(struct xenbus_device *dev, int err, const char *fmt,
		      va_list args)
{
	mutex_lock(&store_lock);
	vscnprintf(store.said, sizeof(store.said), fmt, args);
	mutex_unlock(&store_lock);
	if (err >= 0)
		xen_wrong("an error without a number: %s", store.said);
}

void xenbus_dev_error(struct xenbus_device *dev, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	dev_error(dev, err, fmt, args);
	va_end(args);
}

void xenbus_dev_fatal(struct xenbus_device *dev, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	dev_error(dev, err, fmt, args);
	va_end(args);
	store.nr_fatal++;
	xenbus_switch_state(dev, XenbusStateClosing);
}

int xenbus_dev_is_online(struct xenbus_device *dev)
{
	return xenbus_read_unsigned(dev->nodename, "online", 0);
}

/* --- the bus --------------------------------------------------------------------------- */

static int bus_match(struct device *device, const struct device_driver *driver);
static int bus_probe(struct device *device);
static void bus_remove(struct device *device);

static const struct bus_type front_bus = {
	.name = "loopback-front",
	.match = bus_match,
	.probe = bus_probe,
	.remove = bus_remove,
};

static const struct bus_type back_bus = {
	.name = "loopback-back",
	.match = bus_match,
	.probe = bus_probe,
	.remove = bus_remove,
};

static int bus_match(struct device *device, const struct device_driver *driver)
{
	return 1;
}

static bool otherend_will_handle(struct xenbus_watch *watch, const char *path,
				 const char *token)
{
	return watch->nr_pending == 0;
}

static void otherend_changed(struct xenbus_watch *watch, const char *path,
			     const char *token)
{
	struct xenbus_device *dev =
		container_of(watch, struct xenbus_device, otherend_watch);
	struct xenbus_driver *drv = to_xenbus_driver(dev->dev.driver);

	drv->otherend_changed(dev, xenbus_read_driver_state(dev, dev->otherend));
}

static int read_otherend(struct xenbus_device *dev)
{
	bool back = dev->dev.bus == &back_bus;

	dev->otherend_id = xenbus_read_unsigned(dev->nodename,
						back ? "frontend-id" :
						       "backend-id", 99);
	dev->otherend = xenbus_read(XBT_NIL, dev->nodename,
				    back ? "frontend" : "backend", NULL);
	return IS_ERR(dev->otherend) ? PTR_ERR(dev->otherend) : 0;
}

static int watch_otherend(struct xenbus_device *dev)
{
	return xenbus_watch_pathfmt(dev, &dev->otherend_watch,
				    dev->dev.bus == &back_bus ?
				    otherend_will_handle : NULL,
				    otherend_changed, "%s/state",
				    dev->otherend);
}

static void unwatch_otherend(struct xenbus_device *dev)
{
	if (!dev->otherend_watch.node)
		return;
	unregister_xenbus_watch(&dev->otherend_watch);
	kfree(dev->otherend_watch.node);
	dev->otherend_watch.node = NULL;
}

static int bus_probe(struct device *device)
{
	struct xenbus_device *dev = to_xenbus_device(device);
	struct xenbus_driver *drv = to_xenbus_driver(device->driver);
	int err;

	err = read_otherend(dev);
	if (err)
		return err;
	down(&dev->reclaim_sem);
	err = drv->probe(dev, drv->ids);
	up(&dev->reclaim_sem);
	if (!err)
		err = watch_otherend(dev);
	if (err) {
		kfree(dev->otherend);
		dev->otherend = NULL;
	}
	return err;
}

static void bus_remove(struct device *device)
{
	struct xenbus_device *dev = to_xenbus_device(device);
	struct xenbus_driver *drv = to_xenbus_driver(device->driver);

	unwatch_otherend(dev);
	down(&dev->reclaim_sem);
	drv->remove(dev);
	up(&dev->reclaim_sem);
	kfree(dev->otherend);
	dev->otherend = NULL;
	if (!drv->allow_rebind ||
	    xenbus_read_driver_state(dev, dev->nodename) == XenbusStateClosing)
		xenbus_switch_state(dev, XenbusStateClosed);
}

static int driver_add(struct xenbus_driver *drv, const struct bus_type *bus,
		      struct module *owner, const char *mod_name)
{
	drv->driver.name = drv->name ?: drv->ids[0].devicetype;
	drv->driver.bus = bus;
	drv->driver.owner = owner;
	drv->driver.mod_name = mod_name;
	return driver_register(&drv->driver);
}

int __xenbus_register_frontend(struct xenbus_driver *drv, struct module *owner,
			       const char *mod_name)
{
	return driver_add(drv, &front_bus, owner, mod_name);
}

int __xenbus_register_backend(struct xenbus_driver *drv, struct module *owner,
			      const char *mod_name)
{
	return driver_add(drv, &back_bus, owner, mod_name);
}

void xenbus_unregister_driver(struct xenbus_driver *drv)
{
	driver_unregister(&drv->driver);
}

static void device_free(struct device *device)
{
	struct xenbus_device *dev = to_xenbus_device(device);

	kfree(dev->nodename);
	kfree(dev);
}

static void add_device(void *data)
{
	struct xenbus_device *dev = data;

	if (device_add(&dev->dev))
		xen_wrong("the device was not registered");
}

struct xenbus_device *store_add_device(bool backend, const char *name)
{
	struct xenbus_device *dev = kzalloc_obj(*dev, GFP_KERNEL | __GFP_NOFAIL);

	dev->nodename = kstrdup(name, GFP_KERNEL | __GFP_NOFAIL);
	dev->devicetype = "vbd";
	dev->state = xenbus_read_driver_state(NULL, name);
	init_completion(&dev->down);
	sema_init(&dev->reclaim_sem, 1);
	dev->dev.bus = backend ? &back_bus : &front_bus;
	dev->dev.parent = root;
	dev->dev.release = device_free;
	dev_set_name(&dev->dev, "%s", backend ? "vbd-1-51712" : "vbd-51712");
	device_initialize(&dev->dev);
	get_device(&dev->dev);	/* the test's */
	on_xenwatch(add_device, dev);
	return dev;
}

static void remove_device(void *data)
{
	struct xenbus_device *dev = data;

	if (device_is_registered(&dev->dev))
		device_unregister(&dev->dev);
}

void store_remove_device(struct xenbus_device *dev)
{
	on_xenwatch(remove_device, dev);
}

void store_put_device(struct xenbus_device *dev)
{
	put_device(&dev->dev);
}

static void suspend_device(void *data)
{
	struct xenbus_device *dev = data;
	struct xenbus_driver *drv = to_xenbus_driver(dev->dev.driver);

	device_lock(&dev->dev);
	if (drv->suspend)
		drv->suspend(dev);
	device_unlock(&dev->dev);
}

void store_suspend_device(struct xenbus_device *dev)
{
	on_xenwatch(suspend_device, dev);
}

/* As xenbus_dev_resume(): the other end is found anew, the state is our own. */
static void resume_device(void *data)
{
	struct xenbus_device *dev = data;
	struct xenbus_driver *drv = to_xenbus_driver(dev->dev.driver);

	device_lock(&dev->dev);
	unwatch_otherend(dev);
	kfree(dev->otherend);
	dev->otherend = NULL;
	read_otherend(dev);
	dev->state = XenbusStateInitialising;
	if (drv->resume)
		drv->resume(dev);
	watch_otherend(dev);
	device_unlock(&dev->dev);
}

void store_resume_device(struct xenbus_device *dev)
{
	on_xenwatch(resume_device, dev);
}

/* --- for the test ----------------------------------------------------------------------- */

void store_write(const char *path, const char *fmt, ...)
{
	va_list args;
	char *value;

	va_start(args, fmt);
	value = kvasprintf(GFP_KERNEL | __GFP_NOFAIL, fmt, args);
	va_end(args);
	mutex_lock(&store_lock);
	node_put_value(path, value);
	mutex_unlock(&store_lock);
	kfree(value);
}

void store_remove(const char *path)
{
	mutex_lock(&store_lock);
	node_remove(path);
	mutex_unlock(&store_lock);
}

int store_read_int(const char *path, int missing)
{
	int value;

	return xenbus_scanf(XBT_NIL, path, "", "%d", &value) == 1 ? value :
								   missing;
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

static void nothing(void *data)
{
}

void store_drain_events(void)
{
	on_xenwatch(nothing, NULL);
}

void store_reset(void)
{
	struct node *node, *next;

	mutex_lock(&store_lock);
	list_for_each_entry_safe(node, next, &nodes, list) {
		list_del(&node->list);
		kfree(node->path);
		kfree(node->value);
		kfree(node);
	}
	store = (struct fake_store){};
	mutex_unlock(&store_lock);
}

int store_init(void)
{
	int err;

	root = root_device_register("xenblk-loopback");
	if (IS_ERR(root))
		return PTR_ERR(root);
	err = bus_register(&front_bus);
	if (err)
		goto err_root;
	err = bus_register(&back_bus);
	if (err)
		goto err_front;
	xenwatch = kthread_run(xenwatch_thread, NULL, "loopback-watch");
	if (!IS_ERR(xenwatch))
		return 0;
	err = PTR_ERR(xenwatch);
	bus_unregister(&back_bus);
err_front:
	bus_unregister(&front_bus);
err_root:
	root_device_unregister(root);
	return err;
}

void store_exit(void)
{
	kthread_stop(xenwatch);
	store_reset();
	bus_unregister(&back_bus);
	bus_unregister(&front_bus);
	root_device_unregister(root);
}
