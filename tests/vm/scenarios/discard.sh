# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Discard: offered for a disk that can, and then done; not offered when the
# toolstack says so.
#
# check: a discarded range reads as zeroes and is freed, its neighbours stay
# check: no discard is offered when it is switched off

discards()
{
	need_guest
	lv disk 32M
	dd if=/dev/urandom of=/dev/vg/disk bs=1M count=4 oflag=direct
	dd if=/dev/vg/disk of=/run/before bs=1M count=4
	xl block-attach g1 'phy:/dev/vg/disk,xvda,w'
	guest_disk g1 xvda
	test "$(guest_run g1 'cat /sys/block/xvda/queue/discard_max_bytes')" -gt 0
	guest_run g1 'blkdiscard -o 1048576 -l 2097152 /dev/xvda'
	dd if=/dev/zero of=/run/before bs=1M seek=1 count=2 conv=notrunc
	same "4 MiB in the guest" "$(cksum </run/before)" \
		"$(guest_run g1 'head -c 4194304 /dev/xvda | cksum')"
	same "requests" 1 "$(( $(stat_of g1 51712 ds_req) > 0 ))"
	xl block-detach g1 xvda
	cmp -n 4194304 /run/before /dev/vg/disk
}

switched_off()
{
	xl block-attach g1 'format=raw,vdev=xvdb,access=rw,discard=off,target=/dev/vg/disk' ||
		xl block-attach g1 'format=raw,vdev=xvdb,access=rw,no-discard,target=/dev/vg/disk'
	guest_disk g1 xvdb
	same "discard_max_bytes" 0 "$(guest_run g1 'cat /sys/block/xvdb/queue/discard_max_bytes')"
	fails guest_run g1 'blkdiscard /dev/xvdb'
	fails grep -x 1 <<<"$(xenstore-read "$(back_path g1 51728)/feature-discard")"
}

scenario()
{
	check "a discarded range reads as zeroes and is freed, its neighbours stay" discards
	check "no discard is offered when it is switched off" switched_off
}
