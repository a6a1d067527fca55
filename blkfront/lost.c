// SPDX-License-Identifier: GPL-2.0
/*
 * A disk without a backend: how long it waits, and what is said of that.
 *
 * It waits as long as the toolstack wants the device, for a driver domain may
 * take its time and a file system does not forget an error.  Who would rather
 * have an error sets lost_timeout_sec.  Such an error is for what waits and what
 * comes; the disk itself stays, and works again when the backend is back.
 *
 * A request whose pages the old backend still has does not end here: nobody may
 * use them before it lets go.
 *
 * Everything here is called under disk->lock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "blkfront.h"

/* The first word is said after that, the others after ever longer times. */
#define LOST_WORD	(30 * HZ)
#define LOST_MAX_WORD	(60UL * 60 * HZ)
/* Parameters may change meanwhile. */
#define LOST_LOOK	(30UL * HZ)
/* Nobody waits longer, and jiffies can be compared. */
#define LOST_MAX_SEC	(7U * 24 * 60 * 60)

/**
 * blkfront_lost_begin - the backend is away, as far as the disk's users know
 * @disk: the disk
 */
void blkfront_lost_begin(struct blkfront_disk *disk)
{
	lockdep_assert_held(&disk->lock);
	if (!disk->gd || disk->waiting)
		return;
	disk->waiting = true;
	disk->lost = jiffies;
	disk->word = LOST_WORD;
	disk->next_word = jiffies + LOST_WORD;
}

/**
 * blkfront_lost_end - the backend is back
 * @disk: the disk
 *
 * Requests that were refused meanwhile wait again until the connection is
 * ready, which is at once.
 *
 * Return: true if it was away.
 */
bool blkfront_lost_end(struct blkfront_disk *disk)
{
	bool waiting = disk->waiting;

	lockdep_assert_held(&disk->lock);
	disk->waiting = false;
	if (disk->refusing) {
		disk->refusing = false;
		blkfront_recover_park(disk);
	}
	return waiting;
}

static void lost_say(struct blkfront_disk *disk)
{
	u64 now = ktime_get_ns(), oldest;
	unsigned int nr;

	if (disk->refusing || time_before(jiffies, disk->next_word))
		return;
	oldest = now - jiffies64_to_nsecs(jiffies - disk->lost);
	nr = blkfront_recover_count(disk, &oldest);
	blkfront_warn(disk, "the backend is away for %lu seconds: %u requests that it had wait, the oldest for %llu seconds, and all that came since\n",
		      (jiffies - disk->lost) / HZ, nr,
		      div_u64(now - oldest, NSEC_PER_SEC));
	disk->word = min(2 * disk->word, LOST_MAX_WORD);
	disk->next_word = jiffies + disk->word;
}

/**
 * blkfront_lost_patience - how long will requests wait?
 * @disk: the disk
 *
 * Return: jiffies until they are refused; 0 if they are to be; LONG_MAX for never.
 */
unsigned long blkfront_lost_patience(const struct blkfront_disk *disk)
{
	unsigned long max = min(READ_ONCE(blkfront_lost_timeout_sec),
				LOST_MAX_SEC) * HZ;

	if (!max || !disk->waiting || disk->refusing)
		return LONG_MAX;
	return jiffies - disk->lost < max ? disk->lost + max - jiffies : 0;
}

/* Time is up.  What is with a backend has to be taken back first. */
static void lost_refuse(struct blkfront_disk *disk)
{
	unsigned int nr;

	if (disk->state == BLKFRONT_STATE_LIVE) {
		blkfront_state_leave(disk, false);
		return;
	}
	if (disk->state == BLKFRONT_STATE_LEAVING && !disk->fenced)
		return;
	disk->refusing = true;
	nr = blkfront_recover_refuse(disk);
	blkfront_warn(disk, "the backend is away for %lu seconds: %u requests that it had fail, and all others until it is back\n",
		      (jiffies - disk->lost) / HZ, nr);
}

/**
 * blkfront_lost_step - see how long the disk has been waiting
 * @disk: the disk, after each step
 *
 * Has the disk's work item come again in time.
 */
void blkfront_lost_step(struct blkfront_disk *disk)
{
	unsigned long next;

	lockdep_assert_held(&disk->lock);
	if (!disk->waiting || disk->ending)
		return;
	next = blkfront_lost_patience(disk);
	if (!next) {
		lost_refuse(disk);
		next = LOST_LOOK;
	}
	lost_say(disk);
	if (test_bit(BLKFRONT_ORPHAN, &disk->flags))
		next = min(next, blkfront_adopt_patience(disk));
	if (time_before(jiffies, disk->next_word))
		next = min(next, disk->next_word - jiffies);
	blkfront_disk_queue_work(disk, min(next, LOST_LOOK));
}
