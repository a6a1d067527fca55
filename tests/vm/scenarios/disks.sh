# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Names and kinds of disks: each kind of virtual-device number gives the name and
# number that the in-tree driver gives; what is read-only, removable, a CD-ROM or
# made of 4096-byte sectors is so in the guest.
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
	local d vdev name number seen disks=()

	lv disk 8M
	dd if=/dev/urandom of=/dev/vg/disk bs=64k count=1
	lv small 8M
	raw large 8M
	losetup -b 4096 -f --show /srv/large >/run/vm/large
	# Not all when the guest starts: the hotplug scripts run one by one, and
	# libxl waits for each no longer than 40 s.
	for d in "${DISKS[@]:0:3}"; do
		disks+=("phy:/dev/vg/disk,${d%%:*},r")
	done
	need_guest "${disks[@]}"
	for d in "${DISKS[@]:3}"; do
		xl block-attach g1 "phy:/dev/vg/disk,${d%%:*},r"
	done
	for d in "${DISKS[@]}"; do
		IFS=: read -r vdev name number <<<"$d"
		guest_disk g1 "$name"
		seen=$(guest_run g1 "cat /sys/class/block/$name/dev")
		same "$vdev" "$number" "$seen"
	done
}

readonly_disk()
{
	same "blockdev --getro" 1 "$(guest_run g1 'blockdev --getro /dev/xvda')"
	fails guest_run g1 'blockdev --setrw /dev/xvda; dd if=/dev/zero of=/dev/xvda bs=4096 count=1 conv=fsync'
	same "the first 64 KiB" "$(head -c 65536 /dev/vg/disk | cksum)" \
		"$(guest_run g1 'head -c 65536 /dev/xvda | cksum')"
	same "sysfs' mode" r "$(cat "/sys/bus/xen-backend/devices/vbd-$(domid g1)-51712/mode")"
}

cdrom()
{
	raw cd 4M
	xl block-attach g1 'format=raw,vdev=xvdf,access=r,devtype=cdrom,target=/srv/cd'
	guest_disk g1 xvdf
	same "blockdev --getro" 1 "$(guest_run g1 'blockdev --getro /dev/xvdf')"
	same "info: CD-ROM, read-only" 5 "$(xenstore-read "$(back_path g1 51792)/info")"
	same "info of a disk: read-only" 4 "$(xenstore-read "$(back_path g1 51712)/info")"
	same "removable, of a disk" 0 "$(guest_run g1 'cat /sys/block/xvda/removable')"
}

large_sectors()
{
	xl block-attach g1 "phy:$(</run/vm/large),xvdg,w"
	guest_disk g1 xvdg
	same "logical" 4096 "$(guest_run g1 'cat /sys/block/xvdg/queue/logical_block_size')"
	same "physical" 4096 "$(guest_run g1 'cat /sys/block/xvdg/queue/physical_block_size')"
	same "size in 512 bytes" 16384 "$(guest_run g1 'cat /sys/block/xvdg/size')"
	fails guest_run g1 'fio --name=small --filename=/dev/xvdg --direct=1 --rw=read --bs=512 --size=4k'
	guest_run g1 -t 120 'fio --name=large --filename=/dev/xvdg --direct=1 --ioengine=libaio \
		--iodepth=8 --rw=randwrite --bs=4k --size=2M --verify=crc32c --verify_fatal=1'
}

small_sectors()
{
	xl block-attach g1 'phy:/dev/vg/small,xvdh,w'
	guest_disk g1 xvdh
	same "logical" 512 "$(guest_run g1 'cat /sys/block/xvdh/queue/logical_block_size')"
	guest_run g1 '
		set -e
		dd if=/dev/urandom of=/tmp/five bs=512 count=5
		dd if=/tmp/five of=/dev/xvdh bs=2560 seek=3 count=1 oflag=direct
		dd if=/dev/xvdh of=/tmp/back bs=512 skip=15 count=5 iflag=direct
		cmp /tmp/five /tmp/back
		dd if=/dev/xvdh of=/tmp/back bs=512 skip=14 count=1 iflag=direct
		dd if=/dev/zero of=/tmp/zero bs=512 count=1
		cmp /tmp/zero /tmp/back'
}

scenario()
{
	check "every virtual-device number gives its name and number" names
	check "a read-only disk refuses writes, and keeps its contents" readonly_disk
	check "a CD-ROM is read-only and announced as one" cdrom
	check "4096-byte sectors are announced, used and insisted upon" large_sectors
	check "512-byte sectors at odd places are read and written" small_sectors
}
