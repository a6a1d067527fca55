# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The machine itself: a guest starts, and a disk that is attached can be read.
#
# check: a guest starts and answers
# check: a logical volume is attached and holds what dom0 wrote

attached()
{
	lv disk 64M
	dd if=/dev/urandom of=/dev/vg/disk bs=1M count=4 conv=fsync
	xl block-attach g1 phy:/dev/vg/disk,xvda,w
	guest_run g1 'for i in 1 2 3 4 5 6 7 8 9; do [ -e /dev/xvda ] && break; sleep 0.5; done; ls -l /dev/xvda'
	same "first 4 MiB" "$(head -c 4M /dev/vg/disk | sha256sum)" \
		"$(guest_run g1 'head -c 4194304 /dev/xvda | sha256sum')"
}

scenario()
{
	check "a guest starts and answers" need_guest
	check "a logical volume is attached and holds what dom0 wrote" attached
}
