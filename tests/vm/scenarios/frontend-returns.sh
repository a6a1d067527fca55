# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A frontend closes and comes back, as after a kexec or a boot loader (online=1,
# rule ST4): the backend waits for it and connects again.
#
# check: a disk leaves with its driver, and the backend keeps it
# check: it comes back with the driver, 3 times, and holds what was written

leave()
{
	guest_run g1 '
		set -e
		echo vbd-51712 >/sys/bus/xen/drivers/vbd/unbind
		rmmod xen-blkfront
		[ ! -e /dev/xvda ]
		# What a kernel does to devices that the one before it left.
		xenstore write device/vbd/51712/state 1'
	wait_for 20 back_state 2
}

back_state()
{
	[ "$(xenstore-read "$(back_path g1 51712)/state")" = "$1" ]
}

left()
{
	need_guest
	lv disk 16M
	xl block-attach g1 'phy:/dev/vg/disk,xvda,w'
	guest_disk g1 xvda
	guest_run g1 'dd if=/dev/urandom of=/tmp/x bs=65536 count=4 &&
		dd if=/tmp/x of=/dev/xvda bs=65536 count=4 conv=fsync'
	leave
	test -d "/sys/bus/xen-backend/devices/vbd-$(domid g1)-51712"
}

returns()
{
	local n

	for n in 1 2 3; do
		guest_run g1 'modprobe xen-blkfront'
		guest_disk g1 xvda
		guest_run g1 'dd if=/dev/xvda of=/tmp/y bs=65536 count=4 iflag=direct && cmp /tmp/x /tmp/y'
		[ "$n" -eq 3 ] || leave
	done
}

scenario()
{
	check "a disk leaves with its driver, and the backend keeps it" left
	check "it comes back with the driver, 3 times, and holds what was written" returns
}
