# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What a disk is for: a guest that starts with an LVM volume finds the partition
# table that dom0 made, makes a file system, fills it, and dom0 then reads back
# every file as it was written.
#
# check: a guest starts with a volume as /dev/xvda, with its partition
# check: fio reads back what it wrote, in sizes from 512 bytes to 64 KiB
# check: ext4 on /dev/xvda1 takes a tree of files
# check: dom0 finds every file as it was written

starts()
{
	lv disk 192M
	echo '2048,,L' | sfdisk -q /dev/vg/disk
	need_guest 'phy:/dev/vg/disk,xvda,w'
	guest_disk g1 xvda1
	same "size in sectors" "$(blockdev --getsz /dev/vg/disk)" \
		"$(guest_run g1 'cat /sys/block/xvda/size')"
	same "partition's start" 2048 "$(guest_run g1 'cat /sys/block/xvda/xvda1/start')"
}

verifies()
{
	guest_run g1 -t 120 "$(verify_jobs /dev/xvda1)"
}

fills()
{
	guest_run g1 -t 120 '
		set -e
		mke2fs -q -t ext4 /dev/xvda1
		mkdir -p /tmp/m
		mount -t ext4 /dev/xvda1 /tmp/m
		cp -r /usr/bin /usr/sbin /lib/modules /tmp/m/
		cd /tmp/m
		find . -type f -exec cksum {} + >/tmp/sums
		cp /tmp/sums sums
		cd /
		sync
		umount /tmp/m
		wc -l /tmp/sums'
}

compares()
{
	local loop

	xl block-detach g1 xvda
	loop=$(losetup -f --show -r -o $((2048 * 512)) /dev/vg/disk)
	mkdir -p /run/m
	mount -r -t ext4 -o noload "$loop" /run/m
	(cd /run/m && find . -type f ! -name sums -exec cksum {} + | sort) >/run/dom0-sums
	sort /run/m/sums >/run/guest-sums
	umount /run/m
	losetup -d "$loop"
	e2fsck -fn "/dev/vg/disk?offset=$((2048 * 512))"
	test "$(wc -l </run/guest-sums)" -gt 20
	cmp /run/guest-sums /run/dom0-sums
}

scenario()
{
	check "a guest starts with a volume as /dev/xvda, with its partition" starts
	check "fio reads back what it wrote, in sizes from 512 bytes to 64 KiB" verifies
	check "ext4 on /dev/xvda1 takes a tree of files" fills
	check "dom0 finds every file as it was written" compares
}
