# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A volume grows while it is connected: the guest sees the new size and can use
# it (rule ST8).
#
# check: the guest sees the volume's new size
# check: the new end can be written and read

grown()
{
	guest_run g1 'dd if=/dev/xvda of=/dev/null bs=4096 count=1 iflag=direct'
	[ "$(guest_run g1 'cat /sys/block/xvda/size')" = "$(blockdev --getsz /dev/vg/disk)" ]
}

sees()
{
	need_guest
	lv disk 16M
	xl block-attach g1 'phy:/dev/vg/disk,xvda,w'
	guest_disk g1 xvda
	same "size at first" 32768 "$(guest_run g1 'cat /sys/block/xvda/size')"
	lvextend -q -L 48M vg/disk
	wait_for 30 grown
}

uses()
{
	guest_run g1 'dd if=/dev/urandom of=/tmp/x bs=65536 count=1 &&
		dd if=/tmp/x of=/dev/xvda bs=65536 seek=767 count=1 oflag=direct conv=notrunc &&
		dd if=/dev/xvda of=/tmp/y bs=65536 skip=767 count=1 iflag=direct &&
		cmp /tmp/x /tmp/y'
}

scenario()
{
	check "the guest sees the volume's new size" sees
	check "the new end can be written and read" uses
}
