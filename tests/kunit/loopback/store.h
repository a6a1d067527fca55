/* SPDX-License-Identifier: GPL-2.0 */
/* What the rooms of the false XenStore share. */
#ifndef _LOOPBACK_STORE_H
#define _LOOPBACK_STORE_H

#include "loopback.h"

/* store.c: protects the tree, the transactions, and what is counted. */
extern struct mutex store_lock;

/* faults.c: a driver does so, which may be what is waited for. */
void faults_read(const char *key);
void faults_write(const char *key);

/* watch.c */
int watch_start(void);
void watch_stop(void);
/* Something at @path is new.  Under store_lock. */
void watch_fire(const char *path);
/* Run @fn on xenwatch, after all that it has to do, and wait for it. */
void watch_run(void (*fn)(void *data), void *data);

#endif /* _LOOPBACK_STORE_H */
