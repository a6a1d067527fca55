// SPDX-License-Identifier: GPL-2.0
/*
 * What the backend offers in XenStore: its rings, and the disk.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/slab.h>
#include <xen/xenbus.h>

#include "blkfront.h"

static int xenbus_say_unread(struct blkfront_disk *disk, const char *key,
			     int err)
{
	blkfront_warn(disk, "%s/%s cannot be read: error %d\n", disk->backend,
		      key, err);
	return -EAGAIN;
}

/* Once there are hardware contexts, more rings than these are of no use. */
static void xenbus_wish(const struct blkfront_disk *disk,
			struct blkfront_wish *wish)
{
	wish->rings = min(READ_ONCE(blkfront_max_queues), num_online_cpus());
	wish->poll_rings = min(READ_ONCE(blkfront_poll_queues),
			       num_online_cpus());
	if (disk->nr_ctxs) {
		wish->rings = min(wish->rings,
				  disk->nr_ctxs - disk->nr_poll_ctxs);
		wish->poll_rings = min(wish->poll_rings, disk->nr_poll_ctxs);
	}
	wish->ring_order = READ_ONCE(blkfront_max_ring_page_order);
	wish->segments = READ_ONCE(blkfront_max_indirect_segments);
	wish->persistent = disk->persistent;
}

/*
 * What cannot be read is not known to be missing: the caller asks again.
 *
 * Return: 0 or -EAGAIN.
 */
static int xenbus_read_offer(struct blkfront_disk *disk,
			     struct blkfront_offer *offer, unsigned int first,
			     unsigned int end)
{
	unsigned int key;
	char *value;
	int err = 0;

	memset(offer, 0, sizeof(*offer));
	for (key = first; key < end; key++) {
		value = xenbus_read(XBT_NIL, disk->backend,
				    blkfront_negotiate_key(key), NULL);
		offer->value[key] = IS_ERR(value) ? NULL : value;
		if (IS_ERR(value) && PTR_ERR(value) != -ENOENT)
			err = xenbus_say_unread(disk, blkfront_negotiate_key(key),
						PTR_ERR(value));
	}
	return err;
}

static void xenbus_free_offer(struct blkfront_offer *offer)
{
	unsigned int key;

	for (key = 0; key < BLKFRONT_NR_KEYS; key++)
		kfree(offer->value[key]);
}

/* The text is the backend's: not all of it, and nothing that a terminal acts on. */
static void xenbus_refuse(struct blkfront_disk *disk, int err,
			  const struct blkfront_refusal *refusal)
{
	const char *value = refusal->value ?: "";

	xenbus_dev_error(disk->xbdev, err, "%s/%s is \"%*pE\", expected %s",
			 disk->backend, refusal->key, (int)strnlen(value, 64),
			 value, refusal->expected);
	blkfront_xenbus_switch(disk, XenbusStateClosing);
}

/**
 * blkfront_xenbus_layout - read what rings the backend takes
 * @disk: the disk; the backend waits for it
 * @layout: filled in
 *
 * A refusal is reported to the toolstack, and our state is Closing then.
 *
 * Return: 0; -EPROTO when it was refused; -EAGAIN when it could not be read.
 */
int blkfront_xenbus_layout(struct blkfront_disk *disk,
			   struct blkfront_layout *layout)
{
	struct blkfront_refusal refusal;
	struct blkfront_offer offer;
	struct blkfront_wish wish;
	int err;

	xenbus_wish(disk, &wish);
	err = xenbus_read_offer(disk, &offer, 0, BLKFRONT_NR_RING_KEYS);
	if (err)
		goto out;
	err = blkfront_negotiate_layout(&offer, &wish, layout, &refusal);
	if (err) {
		xenbus_refuse(disk, err, &refusal);
		err = -EPROTO;
	}
out:
	xenbus_free_offer(&offer);
	return err;
}

/**
 * blkfront_xenbus_negotiate - read what the backend says the disk is
 * @disk: the disk; the backend is connected
 * @config: filled in
 *
 * A refusal is reported to the toolstack, and our state is Closing then.
 *
 * Return: 0; -EPROTO when it was refused; -EAGAIN when it could not be read.
 */
int blkfront_xenbus_negotiate(struct blkfront_disk *disk,
			      struct blkfront_config *config)
{
	struct blkfront_refusal refusal;
	struct blkfront_offer offer;
	struct blkfront_wish wish;
	int err;

	xenbus_wish(disk, &wish);
	err = xenbus_read_offer(disk, &offer, BLKFRONT_NR_RING_KEYS,
				BLKFRONT_NR_KEYS);
	if (err)
		goto out;
	err = blkfront_negotiate(&offer, &wish, config, &refusal);
	if (err) {
		xenbus_refuse(disk, err, &refusal);
		err = -EPROTO;
		goto out;
	}
	/* The next backend on these rings shall not do what this one does not. */
	if (disk->persistent && !config->persistent) {
		err = xenbus_printf(XBT_NIL, disk->xbdev->nodename,
				    BLKIF_KEY_FEATURE_PERSISTENT, "0");
		if (err)
			err = -EAGAIN;
		else
			disk->persistent = false;
	}
out:
	xenbus_free_offer(&offer);
	return err;
}

/* --- the same disk? ------------------------------------------------------------- */

/* One that is not there, or not for us to read, is not known. */
static int xenbus_read_text(struct blkfront_disk *disk, const char *key,
			    const char **text)
{
	char *value = xenbus_read(XBT_NIL, disk->backend, key, NULL);

	*text = IS_ERR(value) ? NULL : value;
	if (!IS_ERR(value) || PTR_ERR(value) == -ENOENT ||
	    PTR_ERR(value) == -EACCES)
		return 0;
	return xenbus_say_unread(disk, key, PTR_ERR(value));
}

/* Takes @text.  One that is not known now is as it was, unless @anew. */
static void xenbus_keep_text(const char **kept, const char *text, bool anew)
{
	if (!text && !anew)
		return;
	kfree(*kept);
	*kept = text;
}

static void xenbus_say_other(struct blkfront_disk *disk, const char *key,
			     const char *is, const char *was)
{
	xenbus_dev_error(disk->xbdev, -EINVAL,
			 "%s/%s is \"%*pE\" and was \"%*pE\": another disk than %s",
			 disk->backend, key, (int)strnlen(is, 64), is,
			 (int)strnlen(was, 64), was, disk->vdev.name);
	blkfront_xenbus_switch(disk, XenbusStateClosing);
}

static void xenbus_say_other_number(struct blkfront_disk *disk, const char *key,
				    u64 is, u64 was)
{
	char is_text[24], was_text[24];

	snprintf(is_text, sizeof(is_text), "%llu", is);
	snprintf(was_text, sizeof(was_text), "%llu", was);
	xenbus_say_other(disk, key, is_text, was_text);
}

static int xenbus_compare(struct blkfront_disk *disk,
			  const struct blkfront_identity *is,
			  enum blkfront_return how)
{
	const struct blkfront_identity *was = &disk->identity;

	switch (blkfront_identity_compare(was, is, how)) {
	case BLKFRONT_SAME:
		return 0;
	case BLKFRONT_OTHER_SECTOR_SIZE:
		xenbus_say_other_number(disk, BLKIF_KEY_SECTOR_SIZE,
					is->sector_size, was->sector_size);
		break;
	case BLKFRONT_OTHER_SECTORS:
		xenbus_say_other_number(disk, BLKIF_KEY_SECTORS, is->sectors,
					was->sectors);
		break;
	case BLKFRONT_OTHER_PARAMS:
		xenbus_say_other(disk, BLKIF_KEY_PARAMS, is->params,
				 was->params);
		break;
	case BLKFRONT_OTHER_TYPE:
		xenbus_say_other(disk, BLKIF_KEY_TYPE, is->type, was->type);
		break;
	}
	return -EPROTO;
}

/**
 * blkfront_xenbus_same - is it the disk that our users know?
 * @disk: the disk
 * @config: what it is now
 * @how: what happened since it was looked at the last time
 *
 * If it is, or has no users yet, it is remembered as it is now.  Another disk is
 * reported to the toolstack, and our state is Closing then.
 *
 * Return: 0; -EPROTO when it is another one; -EAGAIN when that could not be read.
 */
int blkfront_xenbus_same(struct blkfront_disk *disk,
			 const struct blkfront_config *config,
			 enum blkfront_return how)
{
	bool anew = !disk->gd || how == BLKFRONT_RESUMED;
	struct blkfront_identity is = {
		.sectors = config->sectors,
		.sector_size = config->sector_size,
	};
	int err;

	err = xenbus_read_text(disk, BLKIF_KEY_PARAMS, &is.params);
	if (!err)
		err = xenbus_read_text(disk, BLKIF_KEY_TYPE, &is.type);
	if (!err && disk->gd)
		err = xenbus_compare(disk, &is, how);
	if (err) {
		kfree(is.params);
		kfree(is.type);
		return err;
	}
	disk->identity.sectors = is.sectors;
	disk->identity.sector_size = is.sector_size;
	xenbus_keep_text(&disk->identity.params, is.params, anew);
	xenbus_keep_text(&disk->identity.type, is.type, anew);
	return 0;
}
