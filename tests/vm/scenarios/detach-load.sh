# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A disk is taken away by force while the guest uses it, and a backend goes and
# does not come back: the I/O ends, as an error of input and output and no other,
# and nothing is left of the disk.
#
# check: a disk that is detached by force ends its I/O with EIO
# check: nothing hangs in the guest, and the disk is gone on both sides
# check: I/O waits for a backend that went away, and another disk goes on
# check: once that disk is detached by force, its I/O ends with EIO

load()
{
	# shellcheck disable=SC2016 # expanded in the guest
	guest_run g1 'fio --name=load --filename=/dev/'"$1"' --direct=1 --ioengine=libaio \
			--iodepth=16 --rw=randrw --bs=8k --size=8M --time_based --runtime=600 \
			>/tmp/load.log 2>&1 &
		echo $! >/tmp/load.pid'
	wait_for 20 moves "$1"
}

moves()
{
	guest_run g1 "before=\$(awk '{ print \$1 + \$5 }' /sys/block/$1/stat); sleep 0.3
		[ \$(awk '{ print \$1 + \$5 }' /sys/block/$1/stat) -gt \$((before + 20)) ]"
}

# What fio says of the first error: 5 is EIO, 28 would be ENOSPC.
ended_with_eio()
{
	# shellcheck disable=SC2016 # expanded in the guest
	wait_for 60 guest_run g1 '! kill -0 $(cat /tmp/load.pid) 2>/dev/null'
	guest_run g1 'cat /tmp/load.log; grep -q "err= 5" /tmp/load.log'
}

detach()
{
	need_guest
	lv disk 16M
	xl block-attach g1 'phy:/dev/vg/disk,xvda,w'
	guest_disk g1 xvda
	load xvda
	xl block-detach --force g1 xvda
	ended_with_eio
}

nothing_left()
{
	wait_for 60 no_vbds
	wait_for 20 guest_run g1 '[ ! -e /sys/block/xvda ]'
	# shellcheck disable=SC2016 # expanded in the guest
	same "processes that wait for a disk" "" \
		"$(guest_run g1 'for s in /proc/[0-9]*/stat; do
			sed -n "s/^\([0-9]*\) (\([^)]*\)) D .*/\2/p" $s 2>/dev/null; done | grep fio || true')"
	xl block-attach g1 'phy:/dev/vg/disk,xvda,w'
	guest_disk g1 xvda
	guest_run g1 'dd if=/dev/xvda of=/dev/null bs=64k count=16 iflag=direct'
}

stays_away()
{
	lv other 16M
	xl block-attach g1 'phy:/dev/vg/other,xvdb,w'
	guest_disk g1 xvdb
	load xvda
	echo "vbd-$(domid g1)-51712" >/sys/bus/xen-backend/drivers/vbd/unbind
	sleep 2
	fails moves xvda
	# shellcheck disable=SC2016 # expanded in the guest
	guest_run g1 'kill -0 $(cat /tmp/load.pid)'
	guest_run g1 'dd if=/dev/urandom of=/dev/xvdb bs=64k count=16 oflag=direct'
}

# xl waits in vain for somebody to say Closed, and then complains: nobody is there
# who could.  The guest is rid of its disk nevertheless; what is left of it in dom0
# goes with the backend's return.
gone_for_good()
{
	local vbd

	vbd=vbd-$(domid g1)-51712
	xl block-detach --force g1 xvda || true
	ended_with_eio
	wait_for 20 guest_run g1 '[ ! -e /sys/block/xvda ]'
	guest_run g1 'dd if=/dev/xvdb of=/dev/null bs=64k count=16 iflag=direct'
	[ ! -e "/sys/bus/xen-backend/devices/$vbd" ] ||
		echo "$vbd" >/sys/bus/xen-backend/drivers/vbd/bind || true
	wait_for 20 test ! -e "/sys/bus/xen-backend/devices/$vbd"
}

scenario()
{
	check "a disk that is detached by force ends its I/O with EIO" detach
	check "nothing hangs in the guest, and the disk is gone on both sides" nothing_left
	check "I/O waits for a backend that went away, and another disk goes on" stays_away
	check "once that disk is detached by force, its I/O ends with EIO" gone_for_good
}
