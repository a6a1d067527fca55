# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Names and kinds of disks: each kind of virtual-device number gives the name and
# number that the in-tree driver gives; what is read-only, a CD-ROM or made of
# 4096-byte sectors is so in the guest.
#
# check: every virtual-device number gives its name and number
# check: a read-only disk refuses writes, and keeps its contents
# check: a CD-ROM is read-only and announced as one
# check: 4096-byte sectors are announced, used and insisted upon
# check: 512-byte sectors at odd places are read and written

DISKS=(
	xvda:xvda:202:0
	xvdb3:xvdb3:202:19
	hdd:xvdd:202:48
	sde:xvde:202:64
	xvdq:xvdq:202:4096
)

names()
{
	local d vdev name number seen

	lv disk 8M
	dd if=/dev/urandom of=/dev/vg/disk bs=64k count=1
	lv small 8M
	raw cd 4M
	raw large 8M
	# Not when the guest starts: the hotplug scripts run one by one, and libxl
	# waits for each no longer than 40 s.
	need_guest
	xl block-attach g1 phy:/dev/vg/disk,xvda,r
	xl block-attach g1 phy:/dev/vg/disk,xvdb3,r
	xl block-attach g1 format=raw,vdev=hdd,access=r,devtype=cdrom,target=/srv/cd
	xl block-attach g1 "phy:$(losetup -b 4096 -f --show /srv/large),sde,w"
	xl block-attach g1 phy:/dev/vg/small,xvdq,w
	guest_disk g1 xvdq
	seen=$(guest_run g1 'cd /sys/class/block && grep . xvd*/dev')
	for d in "${DISKS[@]}"; do
		IFS=: read -r vdev name number <<<"$d"
		same "$vdev" "$name/dev:$number" "$(grep "^$name/" <<<"$seen")"
	done
}

readonly_disk()
{
	fails guest_run g1 'blockdev --setrw /dev/xvda; dd if=/dev/zero of=/dev/xvda bs=4096 count=1 conv=fsync'
	same "blockdev --getro, the first 64 KiB" 1$'\n'"$(head -c 65536 /dev/vg/disk | cksum)" \
		"$(guest_run g1 'blockdev --getro /dev/xvda && head -c 65536 /dev/xvda | cksum')"
	same "sysfs' mode" r "$(cat "/sys/bus/xen-backend/devices/vbd-$(domid g1)-51712/mode")"
}

cdrom()
{
	same "info: CD-ROM, read-only" 5 "$(xenstore-read "$(back_path g1 5696)/info")"
	same "info of a disk: read-only" 4 "$(xenstore-read "$(back_path g1 51712)/info")"
	same "blockdev --getro, and removable of a disk" 1$'\n'0 \
		"$(guest_run g1 'blockdev --getro /dev/xvdd && cat /sys/block/xvda/removable')"
}

large_sectors()
{
	same "logical, physical, size in 512 bytes" 4096$'\n'4096$'\n'16384 "$(guest_run g1 '
		cd /sys/block/xvde && cat queue/logical_block_size queue/physical_block_size size')"
	fails guest_run g1 'fio --name=small --filename=/dev/xvde --direct=1 --rw=read --bs=512 --size=4k'
	guest_run g1 -t 120 'fio --name=large --filename=/dev/xvde --direct=1 --ioengine=libaio \
		--iodepth=8 --rw=randwrite --bs=4k --size=1M --verify=crc32c --verify_fatal=1'
}

small_sectors()
{
	guest_run g1 '
		set -e
		grep -x 512 /sys/block/xvdq/queue/logical_block_size
		dd if=/dev/xvdq of=/tmp/before bs=512 skip=14 count=1 iflag=direct
		dd if=/dev/urandom of=/tmp/five bs=512 count=5
		dd if=/tmp/five of=/dev/xvdq bs=2560 seek=3 count=1 oflag=direct
		dd if=/dev/xvdq of=/tmp/back bs=512 skip=15 count=5 iflag=direct
		cmp /tmp/five /tmp/back
		dd if=/dev/xvdq of=/tmp/back bs=512 skip=14 count=1 iflag=direct
		cmp /tmp/before /tmp/back
		fio --name=odd --filename=/dev/xvdq --direct=1 --ioengine=libaio --iodepth=8 \
			--rw=randwrite --bs=2560 --offset=7680 --size=100k --verify=crc32c --verify_fatal=1'
}

scenario()
{
	check "every virtual-device number gives its name and number" names
	check "a read-only disk refuses writes, and keeps its contents" readonly_disk
	check "a CD-ROM is read-only and announced as one" cdrom
	check "4096-byte sectors are announced, used and insisted upon" large_sectors
	check "512-byte sectors at odd places are read and written" small_sectors
}
