# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Disks come and go five hundred times, through XenStore: memory, grants, event
# channels and threads are where they were.
#
# check: a disk comes, is written to, and goes, 500 times
# check: grants, event channels and threads are as many as before
# check: dom0 has the memory that it had before

CYCLES=500
DEVID=51712

counts()
{
	xl dmesg -c >/dev/null
	xl debug-keys e
	echo "grants $(grants g1) ports $(xl dmesg | grep -c '^(XEN) .*\[.*d=')" \
		"threads $(pgrep -c blkback || true)"
}

gone()
{
	[ ! -e "/sys/bus/xen-backend/devices/vbd-$(domid g1)-$DEVID" ]
}

cycle()
{
	vbd_make g1 $DEVID /dev/vg/disk
	guest_run g1 'until [ -b /dev/xvda ]; do sleep 0.1; done
		dd if=/dev/zero of=/dev/xvda bs=64k count=4 oflag=direct 2>/dev/null'
	vbd_unmake g1 $DEVID
	wait_for 30 gone
	vbd_forget g1 $DEVID
	guest_run g1 'while [ -e /sys/bus/xen/devices/vbd-51712 ]; do sleep 0.1; done'
}

cycles()
{
	local n

	need_guest vcpus=2
	lv disk 16M
	for n in 1 2 3 4 5; do
		cycle
	done
	counts >/run/vm/counts
	memory_kb >/run/vm/memory
	for ((n = 0; n < CYCLES; n++)); do
		cycle
	done
	row "disks attached and detached" "$CYCLES"
}

as_before()
{
	cat /run/vm/counts
	wait_for 30 same_counts
}

same_counts()
{
	[ "$(counts)" = "$(</run/vm/counts)" ]
}

# What the kernel keeps for others (slabs, page tables, the log) is no leak: a
# page for each cycle is.
memory()
{
	local lost

	lost=$(($(</run/vm/memory) - $(memory_kb)))
	row "KiB of dom0 less than before" "$lost"
	[ "$lost" -lt $((CYCLES * 4)) ]
}

scenario()
{
	check "a disk comes, is written to, and goes, 500 times" cycles
	check "grants, event channels and threads are as many as before" as_before
	check "dom0 has the memory that it had before" memory
}
