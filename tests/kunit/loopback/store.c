// SPDX-License-Identifier: GPL-2.0
/* The false XenStore: a tree of nodes, and transactions on it. */
#include <linux/mutex.h>
#include <linux/slab.h>

#include "store.h"

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

struct fake_store store;
DEFINE_MUTEX(store_lock);	/* nodes, transactions; the counters */

static LIST_HEAD(nodes);
static struct list_head changes[8];	/* of each transaction, from 1 on */
static bool transaction_open[8];

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
	watch_fire(path);
}

static void node_remove(const char *path)
{
	struct node *node, *next;
	LIST_HEAD(gone);

	list_for_each_entry_safe(node, next, &nodes, list)
		if (is_below(node->path, path))
			list_move_tail(&node->list, &gone);
	list_for_each_entry_safe(node, next, &gone, list) {
		watch_fire(node->path);
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

/* The domain of the frontend has one. */
static bool over_quota(struct xenbus_transaction t, const char *dir)
{
	struct change *change;
	unsigned int nr = 0;

	if (!t.id || !store.quota || !is_below(dir, FRONT_NODE))
		return false;
	list_for_each_entry(change, &changes[t.id], list)
		nr += !!change->value;
	return nr >= store.quota;
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

static int transaction_end(struct xenbus_transaction t, bool abort)
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

int xenbus_transaction_end(struct xenbus_transaction t, bool abort)
{
	int err = transaction_end(t, abort);

	/* A watch may be looked at before the writer comes to anything else. */
	usleep_range(200, 400);
	return err;
}

void *xenbus_read(struct xenbus_transaction t, const char *dir,
		  const char *name, unsigned int *len)
{
	char *path = path_join(dir, name);
	struct node *node;
	char *value;

	faults_read(name);
	guard(mutex)(&store_lock);
	if (store.unreadable && (!strcmp(store.unreadable, path) ||
				 !strcmp(store.unreadable, name))) {
		store.nr_unread++;
		kfree(path);
		return ERR_PTR(-EIO);
	}
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
	int err = 0;

	va_start(args, fmt);
	value = kvasprintf(GFP_NOIO | __GFP_NOFAIL, fmt, args);
	va_end(args);

	faults_write(name);
	mutex_lock(&store_lock);
	if (store.fail_printf && !--store.fail_printf)
		err = -ENOSPC;
	else if (over_quota(t, dir))
		err = store.quota_err;
	if (err) {
		mutex_unlock(&store_lock);
		kfree(value);
		return err;
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

void store_forbid(const char *path)
{
	mutex_lock(&store_lock);
	store.unreadable = path;
	store.nr_unread = 0;
	mutex_unlock(&store_lock);
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
