// SPDX-License-Identifier: GPL-2.0
/* The file stat of either half, read as a tool reads it. */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "stat.h"

#define STAT_BYTES	SZ_64K

struct stat_reader {
	struct vfsmount *mnt;
	char text[STAT_BYTES];
};

static void reader_free(void *data)
{
	struct stat_reader *reader = data;

	kern_unmount(reader->mnt);
	kvfree(reader);
}

struct stat_reader *stat_reader(struct kunit *test)
{
	struct stat_reader *reader = kvzalloc(sizeof(*reader), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, reader);
	reader->mnt = files_mount("debugfs");
	KUNIT_ASSERT_FALSE(test, IS_ERR(reader->mnt));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, reader_free,
							   reader));
	return reader;
}

/*
 * The files of debugfs have no way to be read to the kernel's memory: what shows
 * them is asked directly, and to write to them there has to be nothing to copy.
 */
const char *stat_text(struct stat_reader *reader, const char *path)
{
	struct file *file = files_open(reader->mnt, path, O_RDONLY);
	struct seq_file *seq;

	reader->text[0] = '\0';
	if (IS_ERR(file))
		return "";
	seq = file->private_data;
	seq->buf = kvmalloc(STAT_BYTES, GFP_KERNEL);
	seq->size = STAT_BYTES;
	if (seq->buf && !seq->op->show(seq, NULL) && !seq_has_overflowed(seq)) {
		memcpy(reader->text, seq->buf, seq->count);
		reader->text[seq->count] = '\0';
	}
	__fput_sync(file);
	return reader->text;
}

bool stat_reset(struct stat_reader *reader, const char *dir)
{
	struct file *file;
	char path[96];
	loff_t pos = 0;
	ssize_t nr;

	snprintf(path, sizeof(path), "%s/reset", dir);
	file = files_open(reader->mnt, path, O_WRONLY);
	if (IS_ERR(file))
		return false;
	nr = file->f_op->write(file, NULL, 1, &pos);
	__fput_sync(file);
	return nr == 1;
}

struct stat_row stat_row(struct stat_reader *reader, const char *dir,
			 const char *type, const char *stage)
{
	struct stat_row row = {};
	char path[96], key[32];
	const char *line;

	snprintf(path, sizeof(path), "%s/stat", dir);
	snprintf(key, sizeof(key), "\n%s %s ", type, stage);
	line = strstr(stat_text(reader, path), key);
	if (line)
		sscanf(line + strlen(key), "%llu %llu %llu %llu %llu %llu %llu",
		       &row.count, &row.mean, &row.p50, &row.p90, &row.p99,
		       &row.p999, &row.max);
	return row;
}

u64 stat_buckets(struct stat_reader *reader, const char *dir, const char *type,
		 const char *stage)
{
	unsigned long long from, count;
	char path[96], key[32];
	const char *at, *end;
	u64 sum = 0;
	char to[24];

	snprintf(path, sizeof(path), "%s/stat", dir);
	snprintf(key, sizeof(key), "\nhist %s %s", type, stage);
	at = strstr(stat_text(reader, path), key);
	if (!at)
		return 0;
	at += strlen(key);
	end = strchrnul(at, '\n');
	while (at < end && sscanf(at, " %llu-%23[^:]:%llu", &from, to, &count) == 3) {
		sum += count;
		at++;
		while (at < end && *at != ' ')
			at++;
	}
	return sum;
}
