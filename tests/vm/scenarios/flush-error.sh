# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Promise 1, fsync never lies: while the disk fails flushes each fsync fails, each
# is sent, and none fails any more when the disk is whole again.
#
# check: fsync succeeds on a disk that is whole, and reaches it
# check: a failed flush is a failed fsync
# check: each further fsync is sent, and fails
# check: fsync succeeds again once the disk is repaired

table()
{
	local sectors

	sectors=$(blockdev --getsz /dev/vg/disk)
	case $1 in
	whole) echo "0 $sectors linear /dev/vg/disk 0" ;;
	broken) echo "0 $sectors flakey /dev/vg/disk 0 0 3600 1 error_writes" ;;
	esac
}

become()
{
	dmsetup suspend --noflush t-flush
	table "$1" | dmsetup load t-flush
	dmsetup resume t-flush
}

# fsync of a disk without dirty pages: nothing but a flush.
guest_fsync()
{
	guest_run g1 'dd if=/dev/null of=/dev/xvda bs=4096 count=0 conv=fsync,notrunc'
}

# flushes: how many the backend was asked for and sent to the disk, well or not.
flushes()
{
	cat "/sys/bus/xen-backend/devices/vbd-$(domid g1)-51712/statistics/f_req"
}

whole()
{
	local before

	need_guest
	lv disk 32M
	modprobe dm-flakey
	table whole | dmsetup create t-flush
	dmsetup mknodes
	xl block-attach g1 'phy:/dev/mapper/t-flush,xvda,w'
	guest_disk g1 xvda
	same "write cache" "write back" "$(guest_run g1 'cat /sys/block/xvda/queue/write_cache')"
	guest_run g1 'dd if=/dev/urandom of=/dev/xvda bs=4096 count=8 oflag=direct'
	before=$(flushes)
	guest_fsync
	test "$(flushes)" -gt "$before"
}

broken()
{
	become broken
	fails guest_fsync
}

again()
{
	local _ before

	for _ in 1 2 3; do
		before=$(flushes)
		fails guest_fsync
		test "$(flushes)" -gt "$before"
	done
	fails guest_run g1 'dd if=/dev/zero of=/dev/xvda bs=4096 count=1 oflag=direct,dsync'
}

repaired()
{
	local before

	become whole
	before=$(flushes)
	guest_run g1 'dd if=/dev/urandom of=/tmp/x bs=4096 count=8 &&
		dd if=/tmp/x of=/dev/xvda bs=4096 count=8 oflag=direct'
	guest_fsync
	test "$(flushes)" -gt "$before"
	same "write cache" "write back" "$(guest_run g1 'cat /sys/block/xvda/queue/write_cache')"
	same "32 KiB" "$(guest_run g1 'cksum </tmp/x')" "$(dd if=/dev/vg/disk iflag=direct bs=4096 count=8 | cksum)"
}

scenario()
{
	check "fsync succeeds on a disk that is whole, and reaches it" whole
	check "a failed flush is a failed fsync" broken
	check "each further fsync is sent, and fails" again
	check "fsync succeeds again once the disk is repaired" repaired
}
