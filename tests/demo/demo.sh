# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The pair at work, for somebody who watches; runs in dom0 (see tests/vm).
#
# check: dom0 loads our xen-blkback
# check: dom0 makes an LVM volume with a partition table, and one with some thousand files to unpack
# check: a guest boots with the volumes as its disks, and loads our xen-blkfront
# check: the guest sees /dev/xvda and its partition
# check: the guest makes ext4 on /dev/xvda1
# check: the guest unpacks the files, syncs and unmounts
# check: a raw image arrives in the running guest (xl block-attach)
# check: the guest measures it
# check: the guest writes to the image, and it goes (xl block-detach)
# check: dom0 mounts the volume and compares every checksum

TREE='usr/share usr/lib/python3.13 usr/lib/grub usr/lib/systemd var/lib/dpkg etc'

backend()
{
	modinfo -n xen-blkback
	same "xen-blkback loaded" ours "$(module_kind xen-blkback)"
	note "$(modinfo -n xen-blkback)"
}

volumes()
{
	lv disk 512M
	echo '2048,,L' | sfdisk -q /dev/vg/disk
	# shellcheck disable=SC2086 # a list
	(cd / && find $TREE -type f ! -name '*[[:space:]]*' | sort) >/run/files
	tar -C / -cf /run/tree.tar --no-unquote -T /run/files
	(cd / && xargs -d '\n' cksum </run/files) >/run/sums
	lv tree "$(($(stat -c %s /run/tree.tar) / 1048576 + 4))M"
	dd if=/run/tree.tar of=/dev/vg/tree bs=1M oflag=direct conv=notrunc iflag=fullblock
	sync
	note "$(wc -l </run/files) files, $(($(stat -c %s /run/tree.tar) / 1048576)) MiB, of this Debian's own"
	rm /run/tree.tar
}

guest()
{
	need_guest phy:/dev/vg/disk,xvda,w phy:/dev/vg/tree,xvdb,r
	note "$(guest_run g1 '/usr/sbin/modinfo -n xen-blkfront'), in a $TYPE guest"
}

disk()
{
	guest_disk g1 xvda1
	guest_disk g1 xvdb
	guest_run g1 'cat /proc/partitions' | grep -E 'xvda1?$' >/run/partitions
	test "$(wc -l </run/partitions)" -eq 2
	while read -r _ _ kib name; do
		note "$name: $((kib / 1024)) MiB"
	done </run/partitions
}

mkfs()
{
	guest_run g1 -t 120 'mke2fs -q -t ext4 /dev/xvda1 && mkdir -p /tmp/m && mount -t ext4 /dev/xvda1 /tmp/m'
}

unpack()
{
	local before=$EPOCHREALTIME ms

	guest_run g1 -t 280 'busybox tar -C /tmp/m -xf /dev/xvdb && sync && umount /tmp/m'
	ms=$(((${EPOCHREALTIME/./} - ${before/./}) / 1000))
	row "files unpacked on ext4, and synced" \
		"$(wc -l </run/files) in $((ms / 1000)).$((ms % 1000 / 100)) s"
}

arrives()
{
	raw image 64M
	xl block-attach g1 format=raw,vdev=xvdc,access=rw,target=/srv/image
	guest_disk g1 xvdc
}

# fio's terse output (version 3): fields 7, 8 and 40 are KiB/s, IOPS and mean latency
# in microseconds of what was read; 48, 49 and 81 of what was written.
measured()
{
	local what=$1 bw=$2 iops=$3 lat=$4
	shift 4
	guest_run g1 -t 120 "fio --name=m --filename=/dev/xvdc --direct=1 --ioengine=libaio --size=32m \
		--time_based --runtime=3 --output-format=terse $*" >/run/fio
	cat /run/fio
	row "$what" "$(awk -F';' -v b="$bw" -v i="$iops" -v l="$lat" '$1 == 3 {
		printf "%.1f MiB/s, %d per second, %.2f ms each", $b / 1024, $i, $l / 1000 }' /run/fio)"
	grep -q '^3;' /run/fio
}

measures()
{
	guest_run g1 -t 60 'dd if=/dev/urandom of=/dev/xvdc bs=65536 count=512 oflag=direct'
	measured "reads of 4 KiB, one at a time" 7 8 40 --rw=randread --bs=4k --iodepth=1
	measured "reads of 4 KiB, 32 at a time" 7 8 40 --rw=randread --bs=4k --iodepth=32
	measured "reads of 64 KiB, 8 at a time" 7 8 40 --rw=read --bs=64k --iodepth=8
	measured "writes of 64 KiB, 8 at a time" 48 49 81 --rw=write --bs=64k --iodepth=8
}

goes()
{
	guest_run g1 'dd if=/dev/urandom of=/tmp/x bs=65536 count=64 &&
		dd if=/tmp/x of=/dev/xvdc bs=65536 conv=fsync && cksum </tmp/x' >/run/x
	xl block-detach g1 xvdc
	wait_for 20 guest_run g1 '[ ! -e /dev/xvdc ]'
	same "4 MiB of the image" "$(tail -n 1 /run/x)" "$(head -c 4M /srv/image | cksum)"
	row "raw image attached, written, detached" "4 MiB found in the file"
}

compares()
{
	local loop

	xl block-detach g1 xvda
	loop=$(losetup -f --show -r -o $((2048 * 512)) /dev/vg/disk)
	mkdir -p /run/m
	mount -r -t ext4 -o noload "$loop" /run/m
	(cd /run/m && xargs -d '\n' cksum </run/files) | cmp - /run/sums
	umount /run/m
	losetup -d "$loop"
	row "checksums compared in dom0" "$(wc -l </run/sums), all the same"
}

scenario()
{
	check "dom0 loads our xen-blkback" backend
	check "dom0 makes an LVM volume with a partition table, and one with some thousand files to unpack" volumes
	check "a guest boots with the volumes as its disks, and loads our xen-blkfront" guest
	check "the guest sees /dev/xvda and its partition" disk
	check "the guest makes ext4 on /dev/xvda1" mkfs
	check "the guest unpacks the files, syncs and unmounts" unpack
	check "a raw image arrives in the running guest (xl block-attach)" arrives
	check "the guest measures it" measures
	check "the guest writes to the image, and it goes (xl block-detach)" goes
	check "dom0 mounts the volume and compares every checksum" compares
}
