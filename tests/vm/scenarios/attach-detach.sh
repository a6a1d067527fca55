# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Disks come to a running guest and go, again and again, and leave nothing.
#
# check: a volume and an image file come and go 2 times each
# check: nothing is left in XenStore, in sysfs, of loop devices and of threads
# check: the guest has no more grants than before

come_and_go()
{
	local round spec

	need_guest
	lv disk 16M
	raw image 16M
	for round in 1 2; do
		for spec in phy:/dev/vg/disk,xvda,w file:/srv/image,xvda,w; do
			xl block-attach g1 "$spec"
			guest_run g1 'until [ -b /dev/xvda ]; do sleep 0.1; done
				dd if=/dev/urandom of=/tmp/x bs=65536 count=2 &&
				dd if=/tmp/x of=/dev/xvda bs=65536 count=2 oflag=direct &&
				dd if=/dev/xvda of=/tmp/y bs=65536 count=2 iflag=direct &&
				cmp /tmp/x /tmp/y'
			xl block-detach g1 xvda
			wait_for 20 no_vbds
		done
		[ "$round" -eq 2 ] || grants g1 >/run/vm/grants
	done
}

nothing_left()
{
	same "in the backend's XenStore" "" "$(xenstore-ls "/local/domain/0/backend/vbd/$(domid g1)" 2>/dev/null)"
	same "in the frontend's XenStore" "" "$(xenstore-ls "/local/domain/$(domid g1)/device/vbd" 2>/dev/null)"
	same "loop devices" "" "$(losetup -a)"
	same "threads" "" "$(pgrep -l 'blkback\.')"
	same "disks in the guest" 0 "$(guest_run g1 'ls /sys/block | grep -c xvd || true')"
}

grants_back()
{
	wait_for 20 grants_as_before
}

grants_as_before()
{
	[ "$(grants g1)" -le "$(</run/vm/grants)" ]
}

scenario()
{
	check "a volume and an image file come and go 2 times each" come_and_go
	check "nothing is left in XenStore, in sysfs, of loop devices and of threads" nothing_left
	check "the guest has no more grants than before" grants_back
}
