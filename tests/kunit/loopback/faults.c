// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations that fail where a test says, in whatever task that is.
 *
 * The kernel's fault injection can have a task's n-th allocation fail.  Which
 * task connects nobody knows before; but it reads a certain key first.  It is
 * left alone again when it writes its state, or when the test says so.
 */
#include <linux/sched/task.h>

#include "store.h"

#if IS_ENABLED(CONFIG_FAILSLAB)

static DEFINE_SPINLOCK(faults_lock);	/* all that follows */
static const char *faults_key;
static unsigned int faults_nth;
static struct task_struct *victim;

static bool victim_leave(void)
{
	bool failed = victim && !READ_ONCE(victim->fail_nth);

	if (victim) {
		WRITE_ONCE(victim->fail_nth, 0);
		put_task_struct(victim);
	}
	victim = NULL;
	return failed;
}

void faults_read(const char *key)
{
	guard(spinlock)(&faults_lock);
	if (faults_nth && !strcmp(key, faults_key)) {
		victim = get_task_struct(current);
		WRITE_ONCE(current->fail_nth, faults_nth);
		faults_nth = 0;
	}
}

void faults_write(const char *key)
{
	guard(spinlock)(&faults_lock);
	if (victim == current && !strcmp(key, "state"))
		store.alloc_failed |= victim_leave();
}

void faults_arm(struct kunit *test, const char *key, unsigned int nth)
{
	guard(spinlock)(&faults_lock);
	victim_leave();
	store.alloc_failed = false;
	faults_key = key;
	faults_nth = nth;
}

bool faults_disarm(void)
{
	guard(spinlock)(&faults_lock);
	store.alloc_failed |= victim_leave();
	faults_nth = 0;
	return store.alloc_failed;
}

#else

void faults_read(const char *key)
{
}

void faults_write(const char *key)
{
}

void faults_arm(struct kunit *test, const char *key, unsigned int nth)
{
	kunit_skip(test, "a kernel without CONFIG_FAILSLAB");
}

bool faults_disarm(void)
{
	return false;
}

#endif
