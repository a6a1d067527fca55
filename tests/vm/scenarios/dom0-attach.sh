# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Both halves in one kernel: xl block-attach 0 gives dom0 its own volume back as a
# disk of the frontend.
#
# check: dom0 gets a volume as /dev/xvdj
# check: fio reads back what it wrote through both halves
# check: it goes, and the volume holds what was written

gets()
{
	load_module xen-blkfront "$FRONT"
	lv disk 32M
	xl block-attach 0 'phy:/dev/vg/disk,xvdj,w'
	wait_for 30 test -b /dev/xvdj
}

verifies()
{
	# shellcheck disable=SC2046 # it is a command line
	timeout 120 $(verify_jobs /dev/xvdj)
}

goes()
{
	dd if=/dev/urandom of=/run/x bs=64k count=8
	dd if=/run/x of=/dev/xvdj bs=64k count=8 conv=fsync
	xl block-detach 0 xvdj
	wait_for 20 no_vbds
	test ! -e /dev/xvdj
	cmp -n 524288 /run/x /dev/vg/disk
	modprobe -r xen-blkfront
}

scenario()
{
	check "dom0 gets a volume as /dev/xvdj" gets
	check "fio reads back what it wrote through both halves" verifies
	check "it goes, and the volume holds what was written" goes
}
