// SPDX-License-Identifier: GPL-2.0
/*
 * The disk's life: how far we are, and the next step.
 *
 * A watch only says that something changed and queues the disk's work item,
 * which reads what the backend's state is now, compares it with how far we are,
 * and takes one step.  So states that the backend passed through unseen do no
 * harm, and nothing long runs on xenwatch, which all devices share.
 *
 *	INIT -> OFFERED -> LIVE -> LEAVING -> INIT	and so on
 *				   LEAVING -> DEAD	when it is to end
 *
 * Removal is what the toolstack asks for: the backend Closing with online=0.
 * If the disk is in use then, it stays until the last user closed it, which the
 * protocol allows and a file system deserves; the toolstack is told, and may
 * still take the device away by force (remove).  Closing or Closed with
 * online=1, or no backend at all, is a loss: the disk stays, its I/O waits.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/sched/mm.h>

#include "blkfront.h"

/* Between two attempts to get a lost backend back. */
#define STATE_RETRY		HZ
/* The longest time between two attempts to do what came to nothing. */
#define STATE_MAX_RETRY		(30 * HZ)
/* What a lost backend gets to answer an attempt in. */
#define STATE_AGAIN		(5 * HZ)
/* Between two looks at whether the backend has let go of everything. */
#define STATE_POLL		(HZ / 10)
/* What a backend that is to be left gets for letting go. */
#define STATE_GIVE_UP		(5 * HZ)

/**
 * blkfront_state_leave - the connection has ended
 * @disk: the disk, under its lock
 * @ending: there shall be no other
 */
void blkfront_state_leave(struct blkfront_disk *disk, bool ending)
{
	blkfront_recover_park(disk);
	if (ending && !disk->ending)
		disk->left = jiffies;
	disk->ending |= ending;
	if (disk->state != BLKFRONT_STATE_LEAVING) {
		disk->state = BLKFRONT_STATE_LEAVING;
		disk->left = jiffies;
		disk->late = false;
		disk->fenced = false;
	}
	blkfront_disk_queue_work(disk, 0);
}

/**
 * blkfront_state_resume - the domain is another one now
 * @disk: the disk, under its lock
 *
 * No ring, no event channel, no backend known.  Who saved it closed its disks; but not
 * one whose backend was gone without a word by then.
 */
void blkfront_state_resume(struct blkfront_disk *disk)
{
	if (disk->waiting && !disk->closed && !disk->resumed)
		disk->abrupt = true;
	disk->resumed = true;
	disk->said = XenbusStateInitialising;
	disk->refused = false;
	clear_bit(BLKFRONT_UNPLUG, &disk->flags);
	/* Also of one that is about to go. */
	blkfront_recover_distrust(disk);
	if (disk->ending || disk->state == BLKFRONT_STATE_DEAD ||
	    disk->state == BLKFRONT_STATE_INIT)
		return;
	if (disk->gd)
		blkfront_info(disk, "resumed: I/O waits for the backend\n");
	blkfront_lost_begin(disk);
	disk->fresh = true;
	blkfront_state_leave(disk, false);
}

/**
 * blkfront_state_wake - the domain goes on: look at things again
 * @disk: the disk, under its lock
 *
 * It was resumed, or is the same as before.  Where xenbus did not find the backend there
 * was no resume(), and it left no name of one.
 */
void blkfront_state_wake(struct blkfront_disk *disk)
{
	if (disk->asleep && disk->xbdev && !blkfront_xenbus_has_backend(disk))
		blkfront_state_resume(disk);
	/* Pairs with the acquire in poll.c: what is distrusted before what is seen. */
	smp_store_release(&disk->asleep, false);
}

static void state_lose(struct blkfront_disk *disk, const char *how)
{
	if (disk->gd)
		blkfront_warn(disk, "the backend %s: I/O waits until it is back\n",
			      how);
	blkfront_lost_begin(disk);
	blkfront_state_leave(disk, false);
}

/*
 * What is short now (memory, grants, event channels, room in XenStore) or cannot
 * be read may be there later.  The step is made again, after ever longer times,
 * and before that when the backend says anything, or nobody is to wait any more.
 */
static void state_put_off(struct blkfront_disk *disk, int err)
{
	unsigned long next;

	disk->retry = clamp(2 * disk->retry, STATE_RETRY, STATE_MAX_RETRY);
	next = clamp(blkfront_lost_patience(disk), STATE_RETRY, disk->retry);
	blkfront_warn(disk, "no connection yet: error %d, next attempt in %lu seconds\n",
		      err, next / HZ);
	blkfront_disk_queue_work(disk, next);
}

/* Get all that a connection needs, and tell the backend. */
static int state_setup(struct blkfront_disk *disk)
{
	unsigned int i;
	int err;

	err = blkfront_queue_alloc(disk, disk->layout.rings);
	if (!err)
		err = blkfront_recover_prepare(disk);
	for (i = 0; !err && i < disk->layout.rings; i++)
		err = blkfront_queue_connect(&disk->queues[i],
					     disk->layout.ring_order);
	if (!err)
		err = blkfront_xenbus_publish(disk);
	/* Nobody was told of the rings: they can be taken back at once. */
	if (err)
		blkfront_recover_fence(disk, true);
	return err;
}

static bool state_is_least(const struct blkfront_layout *layout)
{
	return layout->rings == 1 && !layout->ring_order;
}

/* What is too much for this domain or for XenStore is tried again with less. */
static int state_offer_rings(struct blkfront_disk *disk)
{
	int err = blkfront_xenbus_layout(disk, &disk->layout);

	if (!err)
		err = state_setup(disk);
	if (err == -ENOMEM && disk->layout.ring_order) {
		/* Pages that are neighbours may be short, others not. */
		disk->layout.ring_order = 0;
		err = state_setup(disk);
	}
	if (err == -EDQUOT && !state_is_least(&disk->layout)) {
		blkfront_warn(disk, "XenStore has no room for the keys of %u rings of %u pages, so there is one of one page: raise its quota of nodes for each domain (xenstored --entry-nb, oxenstored quota-maxentity)\n",
			      disk->layout.rings, 1U << disk->layout.ring_order);
		disk->layout = (struct blkfront_layout){ .rings = 1 };
		err = state_setup(disk);
	}
	return err;
}

/* A step that fails leaves what was there before the first. */
static void state_offer(struct blkfront_disk *disk)
{
	bool trusted;
	int err;

	disk->refused = false;
	disk->domid = blkfront_xenbus_domid(disk);
	err = blkfront_xenbus_trusted(disk, &trusted);
	if (!err) {
		disk->untrusted = !trusted;
		err = state_offer_rings(disk);
	}
	if (!err) {
		disk->state = BLKFRONT_STATE_OFFERED;
		blkfront_xenbus_switch(disk, XenbusStateInitialised);
	} else if (err == -EPROTO) {
		disk->refused = true;
		if (disk->gd)
			blkfront_state_leave(disk, true);
	} else {
		state_put_off(disk, err);
	}
}

static void state_announce(struct blkfront_disk *disk)
{
	static const char * const flush[] = {
		[BLKFRONT_FLUSH_NONE] = "nothing to flush",
		[BLKFRONT_FLUSH_CACHE] = "flush",
		[BLKFRONT_FLUSH_BARRIER] = "flush by barrier",
	};
	const struct blkfront_config *config = &disk->config;

	blkfront_info(disk, "%llu sectors, blocks of %u/%u bytes, %u rings of %u pages, requests of %u pages, %s%s%s%s%s%s\n",
		      config->sectors, config->sector_size,
		      config->physical_sector_size, disk->layout.rings,
		      1U << disk->layout.ring_order, config->max_segments,
		      flush[config->flush],
		      config->discard ? ", discard" : "",
		      config->secure_erase ? ", secure erase" : "",
		      config->readonly ? ", read-only" : "",
		      config->persistent ? ", persistent grants" : "",
		      disk->untrusted ? ", backend not trusted" : "");
}

/* The first connection. */
static int state_create(struct blkfront_disk *disk)
{
	int err = blkfront_disk_create(disk);

	if (err == -EBUSY)
		blkfront_xenbus_fatal(disk, err,
				      "an earlier disk of this number is about to go");
	else if (err && err != -ENOMEM)
		blkfront_xenbus_fatal(disk, err, "making the disk");
	if (!err)
		state_announce(disk);
	return err;
}

/* What the backend says that the disk is, and that it is the same one. */
static int state_agree(struct blkfront_disk *disk,
		       struct blkfront_config *config, enum blkfront_return how)
{
	int err = blkfront_xenbus_negotiate(disk, config);

	return err ?: blkfront_xenbus_same(disk, config, how);
}

/*
 * The backend is Connected, and we have offered it a ring.  What it writes from
 * here on is another change.
 */
static void state_connect(struct blkfront_disk *disk)
{
	struct blkfront_config config;
	unsigned int nr;
	bool lost;
	int err;

	clear_bit(BLKFRONT_CHANGED, &disk->flags);
	err = state_agree(disk, &config, disk->resumed ? BLKFRONT_RESUMED :
							 BLKFRONT_RETURNED);
	if (err)
		goto err_leave;
	disk->config = config;
	if (!disk->gd)
		err = state_create(disk);
	if (err)
		goto err_leave;
	disk->resumed = false;
	disk->abrupt = false;
	disk->retry = 0;
	clear_bit(BLKFRONT_NO_DISCARD, &disk->flags);
	clear_bit(BLKFRONT_FLUSH_REFUSED, &disk->flags);

	disk->state = BLKFRONT_STATE_LIVE;
	lost = blkfront_lost_end(disk);
	nr = blkfront_recover_replay(disk);
	if (lost)
		blkfront_info(disk, "the backend is back: %u requests were sent again\n",
			      nr);
	blkfront_disk_queue_block_work(disk);
	blkfront_disk_queue_work(disk, 0);
	return;

err_leave:
	if (err == -EAGAIN || err == -ENOMEM) {
		state_put_off(disk, err);
		return;
	}
	disk->refused = true;
	blkfront_state_leave(disk, disk->gd);
}

/*
 * The backend wrote Connected once more: the disk has another size, or the
 * backend was bound again and has mapped our ring again.
 */
static void state_refresh(struct blkfront_disk *disk)
{
	struct blkfront_config config;
	int err;

	err = state_agree(disk, &config, BLKFRONT_STAYED);
	if (err == -EAGAIN) {
		set_bit(BLKFRONT_CHANGED, &disk->flags);
		state_put_off(disk, err);
		return;
	}
	if (err) {
		blkfront_state_leave(disk, true);
		return;
	}
	disk->retry = 0;
	disk->config = config;
	blkfront_recover_refresh(disk);
	blkfront_disk_queue_block_work(disk);
	if (blkfront_lost_end(disk))
		blkfront_info(disk, "the backend is back\n");
}

static void state_unplug(struct blkfront_disk *disk, enum xenbus_state backend)
{
	bool again = test_and_set_bit(BLKFRONT_UNPLUG, &disk->flags);

	/* Either we see that it is open, or its closing sees the bit. */
	smp_mb__after_atomic();
	if (blkfront_disk_close(disk) || backend == XenbusStateClosed) {
		blkfront_state_leave(disk, true);
	} else if (!again) {
		blkfront_info(disk, "in use: goes away when the last user has closed it\n");
		blkfront_xenbus_busy(disk);
	}
}

static void state_left(struct blkfront_disk *disk, enum xenbus_state backend)
{
	int wanted = blkfront_xenbus_wanted(disk);

	if (wanted < 0)
		blkfront_disk_queue_work(disk, STATE_RETRY);
	else if (wanted)
		state_lose(disk, "left");
	else
		state_unplug(disk, backend);
}

/*
 * The backend is not there yet, or failed.  A disk that has users tries again;
 * another one waits: what was Closed goes on to InitWait when it sees that we
 * are Initialising.
 */
static void state_init_closed(struct blkfront_disk *disk,
			      enum xenbus_state backend)
{
	int wanted = blkfront_xenbus_wanted(disk);

	if (wanted < 0) {
		blkfront_disk_queue_work(disk, STATE_RETRY);
	} else if (!wanted) {
		blkfront_state_leave(disk, true);
	} else if (!disk->gd) {
		if (disk->refused || backend == XenbusStateClosing) {
			disk->refused = true;
			blkfront_xenbus_switch(disk, XenbusStateClosed);
		}
	} else if (time_before(jiffies, disk->left + STATE_AGAIN)) {
		blkfront_disk_queue_work(disk, STATE_RETRY);
	} else {
		blkfront_state_leave(disk, false);
	}
}

static void state_step_init(struct blkfront_disk *disk,
			    enum xenbus_state backend)
{
	switch (backend) {
	case XenbusStateInitWait:
		/* What was refused is looked at again when the backend says so. */
		if (!disk->refused ||
		    test_and_clear_bit(BLKFRONT_CHANGED, &disk->flags))
			state_offer(disk);
		else if (disk->said == XenbusStateInitialising)
			blkfront_xenbus_switch(disk, XenbusStateClosing);
		break;
	case XenbusStateInitialised:
	case XenbusStateConnected:
		/* It believes in a connection that is none. */
		if (!disk->refused)
			blkfront_state_leave(disk, false);
		break;
	case XenbusStateClosing:
	case XenbusStateClosed:
		state_init_closed(disk, backend);
		break;
	default:
		break;
	}
}

static void state_step_offered(struct blkfront_disk *disk,
			       enum xenbus_state backend)
{
	switch (backend) {
	case XenbusStateConnected:
		state_connect(disk);
		break;
	case XenbusStateClosing:
	case XenbusStateClosed:
	case XenbusStateUnknown:
		disk->refused = !disk->gd;
		blkfront_state_leave(disk, false);
		break;
	default:
		blkfront_xenbus_switch(disk, XenbusStateInitialised);
		break;
	}
}

/*
 * The backend is bound again: it will find our ring in XenStore, as it was.  What
 * is on the ring shall not go to another disk.  What comes now waits: whether this
 * one has a cache to flush, for one, is not known yet.
 *
 * If it will not find it, the device was made anew, or the domain is resumed.
 * xenbus is about to tell us, but for a device made anew on older kernels: there
 * it is a loss like any other.
 */
static void state_wait_bound(struct blkfront_disk *disk)
{
	int anew, err;

	if (!disk->waiting) {
		blkfront_info(disk, "the backend begins anew: I/O waits for it\n");
		disk->left = jiffies;
	}
	blkfront_lost_begin(disk);
	blkfront_recover_park(disk);
	anew = blkfront_xenbus_anew(disk);
	if (anew < 0) {
		blkfront_disk_queue_work(disk, STATE_RETRY);
	} else if (!anew) {
		err = blkfront_xenbus_same(disk, &disk->config, BLKFRONT_STAYED);
		if (err == -EAGAIN)
			blkfront_disk_queue_work(disk, STATE_RETRY);
		else if (err)
			blkfront_state_leave(disk, true);
	} else if (time_before(jiffies, disk->left + STATE_AGAIN)) {
		blkfront_disk_queue_work(disk, STATE_RETRY);
	} else {
		state_lose(disk, "was made anew");
	}
}

static void state_step_live(struct blkfront_disk *disk,
			    enum xenbus_state backend)
{
	if (test_bit(BLKFRONT_ADD_FAILED, &disk->flags)) {
		blkfront_xenbus_fatal(disk, -EIO, "adding the disk");
		blkfront_state_leave(disk, true);
		return;
	}
	if (test_bit(BLKFRONT_ADDED, &disk->flags))
		blkfront_xenbus_connected(disk);

	switch (backend) {
	case XenbusStateConnected:
		clear_bit(BLKFRONT_UNPLUG, &disk->flags);
		if (test_and_clear_bit(BLKFRONT_CHANGED, &disk->flags))
			state_refresh(disk);
		break;
	case XenbusStateClosing:
	case XenbusStateClosed:
		state_left(disk, backend);
		break;
	case XenbusStateUnknown:
		state_lose(disk, "has vanished");
		break;
	default:
		state_wait_bound(disk);
		break;
	}
}

/* Does XenStore say that there are rings to be mapped? */
static bool state_tells_of_rings(const struct blkfront_disk *disk)
{
	return disk->xbdev && (disk->said == XenbusStateInitialised ||
			       disk->said == XenbusStateConnected);
}

/*
 * A backend that is about to connect maps the rings that we told of, and would map
 * whatever their references are used for by then.  One that has read them just now
 * gets the time to do that before the fence, which sees it.
 *
 * Return: true if there is nothing left to take back.
 */
static bool state_retract(struct blkfront_disk *disk)
{
	int err;

	if (!state_tells_of_rings(disk))
		return true;
	err = blkfront_xenbus_retract(disk);
	if (err)
		blkfront_warn(disk, "XenStore still tells of the rings: error %d\n",
			      err);
	blkfront_disk_queue_work(disk, err ? STATE_RETRY : STATE_POLL);
	return false;
}

/*
 * Our own state on the way out: Closing, then Closed when the backend follows.
 *
 * Return: true if no backend maps a ring of ours any more.
 */
static bool state_say_leaving(struct blkfront_disk *disk,
			      enum xenbus_state backend)
{
	if (disk->fresh)
		return true;
	switch (backend) {
	case XenbusStateInitialised:
	case XenbusStateConnected:
		if (!disk->ending) {
			blkfront_xenbus_switch(disk, XenbusStateClosing);
			return !state_tells_of_rings(disk);
		}
		break;
	case XenbusStateInitialising:
	case XenbusStateInitWait:
		if (!disk->ending)
			return state_retract(disk);
		break;
	default:
		break;
	}
	blkfront_xenbus_switch(disk, XenbusStateClosed);
	return disk->ending || !state_tells_of_rings(disk);
}

/*
 * Did the backend close its disk?  One that leaves flushes before it says Closed.
 * Who suspends a domain sees to it that its disks are closed.
 */
static bool state_orderly(struct blkfront_disk *disk)
{
	return !disk->abrupt && (disk->closed || disk->resumed);
}

static void state_begin_again(struct blkfront_disk *disk,
			      enum xenbus_state backend)
{
	unsigned long next = disk->left + STATE_RETRY;

	if (test_bit(BLKFRONT_ORPHAN, &disk->flags))
		return;		/* the next device will tell */
	if (!disk->fresh) {
		switch (backend) {
		case XenbusStateUnknown:
		case XenbusStateInitialising:
		case XenbusStateInitWait:
		case XenbusStateClosed:
			break;
		default:
			return;		/* the watch will tell */
		}
		if ((disk->gd || disk->refused) && time_before(jiffies, next)) {
			blkfront_disk_queue_work(disk, next - jiffies);
			return;
		}
		if (!disk->refused && blkfront_xenbus_retract(disk)) {
			blkfront_disk_queue_work(disk, STATE_RETRY);
			return;
		}
	}
	blkfront_durable_end(disk, state_orderly(disk));
	disk->closed = false;
	disk->vanished = false;
	disk->fresh = false;
	disk->state = BLKFRONT_STATE_INIT;
	blkfront_disk_queue_work(disk, 0);
}

/*
 * Closed may not have been possible before.  A new XenStore that never had a word of us
 * needs none, unless the backend waits for it.
 */
static bool state_owes_closed(const struct blkfront_disk *disk,
			      enum xenbus_state backend)
{
	if (backend == XenbusStateClosing || backend == XenbusStateClosed)
		return true;
	return !disk->fresh &&
	       (!disk->resumed || disk->said != XenbusStateInitialising);
}

/* A disk that only lost its connection for good stays, and fails its I/O. */
static void state_step_dead(struct blkfront_disk *disk,
			    enum xenbus_state backend)
{
	if (state_owes_closed(disk, backend))
		blkfront_xenbus_switch(disk, XenbusStateClosed);
	if (test_bit(BLKFRONT_REMOVED, &disk->flags) ||
	    test_bit(BLKFRONT_ORPHAN, &disk->flags) ||
	    test_bit(BLKFRONT_CLOSING, &disk->flags))
		blkfront_disk_queue_block_work(disk);
}

static void state_step_leaving(struct blkfront_disk *disk,
			       enum xenbus_state backend)
{
	bool late = time_after(jiffies, disk->left + STATE_GIVE_UP);

	/* In a XenStore that was made anew it is the next one's word. */
	if (backend == XenbusStateClosed && !disk->fresh)
		disk->closed = true;
	/* Nodes go before the domain does, and before what it has mapped. */
	if (disk->fresh || !blkfront_xenbus_backend_exists(disk))
		disk->vanished = true;
	if (!disk->ending && !disk->fresh &&
	    (backend == XenbusStateClosing || backend == XenbusStateClosed) &&
	    !blkfront_xenbus_wanted(disk))
		blkfront_state_leave(disk, true);

	if (!state_say_leaving(disk, backend))
		return;
	disk->fenced = blkfront_recover_fence(disk, disk->ending && late);
	if (!disk->fenced) {
		if (late && !disk->late)
			blkfront_warn(disk, "the backend still has pages mapped: their requests wait\n");
		disk->late = late;
		blkfront_disk_queue_work(disk, late ? STATE_RETRY : STATE_POLL);
		return;
	}
	if (!disk->ending) {
		state_begin_again(disk, backend);
		return;
	}
	disk->state = BLKFRONT_STATE_DEAD;
	blkfront_recover_fail(disk);
	state_step_dead(disk, backend);
}

static void state_step(struct blkfront_disk *disk)
{
	enum xenbus_state backend;

	if (!disk->ending && (test_bit(BLKFRONT_REMOVED, &disk->flags) ||
			      test_bit(BLKFRONT_BROKEN, &disk->flags) ||
			      blkfront_adopt_late(disk)))
		blkfront_state_leave(disk, true);
	/* Not to know where it is does not mean that it is gone. */
	if (blkfront_xenbus_backend(disk, &backend)) {
		blkfront_disk_queue_work(disk, STATE_RETRY);
		return;
	}
	switch (disk->state) {
	case BLKFRONT_STATE_INIT:
		state_step_init(disk, backend);
		break;
	case BLKFRONT_STATE_OFFERED:
		state_step_offered(disk, backend);
		break;
	case BLKFRONT_STATE_LIVE:
		state_step_live(disk, backend);
		break;
	case BLKFRONT_STATE_LEAVING:
		state_step_leaving(disk, backend);
		break;
	case BLKFRONT_STATE_DEAD:
		state_step_dead(disk, backend);
		break;
	}
}

/**
 * blkfront_state_work - compare what is wanted with what is
 * @work: of a disk
 *
 * Allocates without I/O: what it would wait for may be waiting for it.
 */
void blkfront_state_work(struct work_struct *work)
{
	struct blkfront_disk *disk =
		container_of(work, struct blkfront_disk, work.work);
	unsigned int noio = memalloc_noio_save();

	mutex_lock(&disk->lock);
	/* Who wakes it up sends us again. */
	if (!disk->asleep) {
		state_step(disk);
		blkfront_lost_step(disk);
	}
	pr_debug("%s: in state %d, its word is %d\n", disk->vdev.name,
		 disk->state, disk->said);
	mutex_unlock(&disk->lock);
	memalloc_noio_restore(noio);
	blkfront_disk_put(disk);
}

