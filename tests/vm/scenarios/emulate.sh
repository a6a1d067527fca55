# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# 512-byte sectors on a disk that has blocks of 4096 bytes (emulate-512): an image
# that was made for the former, with its partition at an odd sector, is used as it is.
#
# check: an image of 512-byte sectors has its partition and files on a disk of 4096
# check: fio reads back what it wrote at odd sectors
# check: dom0 finds in the image what the guest wrote

# What the toolstack does for such a disk: one key more, before the device is named.
emulating_script()
{
	cat >/etc/xen/scripts/block-emulate <<-'END'
		#!/bin/sh
		[ "$1" != add ] || xenstore-write "$XENBUS_PATH/emulate-512" 1
		exec /etc/xen/scripts/block "$@"
	END
	chmod 755 /etc/xen/scripts/block-emulate
}

used_as_it_is()
{
	local small

	emulating_script
	raw image 48M
	echo 63,32768,L | sfdisk -q /srv/image
	small=$(losetup -f --show -o $((63 * 512)) --sizelimit $((32768 * 512)) /srv/image)
	mke2fs -q -t ext4 "$small"
	mkdir -p /run/image
	mount "$small" /run/image
	head -c 3000000 /dev/urandom >/run/image/before
	cksum </run/image/before >/run/before
	umount /run/image
	losetup -d "$small"
	need_guest
	xl block-attach g1 "script=block-emulate,vdev=xvda,access=w,target=$(losetup -b 4096 -f --show /srv/image)"
	guest_disk g1 xvda1
	# shellcheck disable=SC2016 # expanded in the guest
	same "sectors of" "512 4096" \
		"$(guest_run g1 'cd /sys/block/xvda/queue && echo $(cat logical_block_size physical_block_size)')"
	guest_run g1 'modprobe ext4 && mkdir -p /mnt && mount -t ext4 /dev/xvda1 /mnt'
	same "a file of before" "$(</run/before)" "$(guest_run g1 'cksum </mnt/before')"
	guest_run g1 'head -c 2000000 /dev/urandom >/mnt/after && cksum </mnt/after && umount /mnt' >/run/after
}

odd_sectors()
{
	guest_run g1 -t 120 'fio --filename=/dev/xvda --direct=1 --ioengine=libaio --rw=randwrite \
		--verify=crc32c --verify_fatal=1 --iodepth=32 --offset=20m \
		--name=sector --bs=512 --size=128k \
		--name=odd --bs=3584 --offset=25m --size=896k \
		--name=large --bs=64k --offset=30m --size=2m'
}

holds()
{
	local small

	xl block-detach g1 xvda
	wait_for 20 no_vbds
	small=$(losetup -f --show -o $((63 * 512)) --sizelimit $((32768 * 512)) /srv/image)
	mount "$small" /run/image
	same "the file of before" "$(</run/before)" "$(cksum </run/image/before)"
	same "the guest's file" "$(</run/after)" "$(cksum </run/image/after)"
	umount /run/image
	e2fsck -fn "$small"
}

scenario()
{
	check "an image of 512-byte sectors has its partition and files on a disk of 4096" used_as_it_is
	check "fio reads back what it wrote at odd sectors" odd_sectors
	check "dom0 finds in the image what the guest wrote" holds
}
