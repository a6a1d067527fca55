// SPDX-License-Identifier: GPL-2.0
/* The false xenbus: what a driver says of its state, and the bus it hangs on. */
#include <linux/device.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "store.h"

static struct device *root;

/* xenwatch: the frontend's device, and whether the domain is suspended. */
static struct xenbus_device *front;
static bool suspended;

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
	/* The core's own shortage would leave it with a state that nobody wrote. */
	faults_write("state");
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

	/* As xenbus_gather(): where there is nothing it stays as it was. */
	dev->otherend_id = xenbus_read_unsigned(dev->nodename,
						back ? "frontend-id" :
						       "backend-id",
						dev->otherend_id);
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

static void remove_device(void *data)
{
	struct xenbus_device *dev = data;

	if (front == dev) {
		front = NULL;
		suspended = false;
	}
	if (device_is_registered(&dev->dev))
		device_unregister(&dev->dev);
}

/*
 * As xenbus_dev_changed(): a node that says Initialising while its device does
 * not is another one's, which the toolstack has made in its place.
 */
static void front_changed(struct xenbus_watch *watch, const char *path,
			  const char *token)
{
	struct xenbus_device *dev = front;
	enum xenbus_state state;

	if (!dev || suspended || store.blind || !strends(path, "/state"))
		return;
	state = xenbus_read_driver_state(dev, dev->nodename);
	/* The two are looked at one after the other. */
	usleep_range(100, 200);
	if (state != XenbusStateInitialising || state == READ_ONCE(dev->state))
		return;
	if (!store.expect_anew) {
		xen_wrong("a device was taken for one that was made anew");
		return;
	}
	dev->vanished = true;
	remove_device(dev);
	WRITE_ONCE(store.nr_anew, store.nr_anew + 1);
}

static struct xenbus_watch front_watch = {
	.node = "device",
	.callback = front_changed,
};

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

	if (dev->dev.bus == &front_bus)
		front = dev;
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
	dev_set_name(&dev->dev, "%s-%s", backend ? "vbd-1" : "vbd",
		     kbasename(name));
	device_initialize(&dev->dev);
	get_device(&dev->dev);	/* the test's */
	watch_run(add_device, dev);
	return dev;
}

void store_remove_device(struct xenbus_device *dev)
{
	watch_run(remove_device, dev);
}

void store_put_device(struct xenbus_device *dev)
{
	put_device(&dev->dev);
}

static int each_back(struct device *device, void *data)
{
	void (*fn)(struct xenbus_device *dev) = data;

	/* Against its removal. */
	device_lock(device);
	fn(to_xenbus_device(device));
	device_unlock(device);
	return 0;
}

void store_each_back(void (*fn)(struct xenbus_device *dev))
{
	bus_for_each_dev(&back_bus, NULL, fn, each_back);
}

static void suspend_device(void *data)
{
	struct xenbus_device *dev = data;
	struct xenbus_driver *drv = to_xenbus_driver(dev->dev.driver);

	suspended = true;
	device_lock(&dev->dev);
	if (drv->suspend)
		drv->suspend(dev);
	device_unlock(&dev->dev);
}

void store_suspend_device(struct xenbus_device *dev)
{
	loopback_freeze();
	watch_run(suspend_device, dev);
}

/*
 * As xenbus_dev_restore(): the other end is found anew, the state is our own.  Where it is
 * not found the driver is not called.
 */
static void resume_device(void *data)
{
	struct xenbus_device *dev = data;
	struct xenbus_driver *drv = to_xenbus_driver(dev->dev.driver);

	device_lock(&dev->dev);
	unwatch_otherend(dev);
	kfree(dev->otherend);
	dev->otherend = NULL;
	if (read_otherend(dev)) {
		dev->otherend = NULL;
		xenbus_switch_state(dev, XenbusStateClosing);
	} else {
		dev->state = XenbusStateInitialising;
		if (drv->resume)
			drv->resume(dev);
		watch_otherend(dev);
	}
	device_unlock(&dev->dev);
	suspended = false;
}

void store_resume_device(struct xenbus_device *dev)
{
	watch_run(resume_device, dev);
	loopback_thaw();
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
	err = watch_start();
	if (!err)
		return register_xenbus_watch(&front_watch);
	bus_unregister(&back_bus);
err_front:
	bus_unregister(&front_bus);
err_root:
	root_device_unregister(root);
	return err;
}

void store_exit(void)
{
	unregister_xenbus_watch(&front_watch);
	watch_stop();
	store_reset();
	bus_unregister(&back_bus);
	bus_unregister(&front_bus);
	root_device_unregister(root);
}
