# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Disks come and go, twenty-five at once, through XenStore: memory, grants, event channels and
# threads are where they were.  What the toolstack and a guest's shell take for one of
# them alone is most of what it takes for ten.
#
# check: disks come, are written to and go, as often as told
# check: there are no more grants, event channels and threads than before
# check: the guest's grant table does not grow with the number of disks
# check: dom0 has the memory that it had before

# Set with --set: how many in all.
DISKS=${DISKS:-500}
AT_ONCE=25

devids()
{
	seq $((1 << 28)) 256 $(((1 << 28) + 256 * (AT_ONCE - 1)))
}

# come: what vbd_make() does, for all of them in one go.
come()
{
	local id devid backends frontends number nodes=() states=()

	id=$(domid g1)
	backends=/local/domain/0/backend/vbd/$id
	frontends=/local/domain/$id/device/vbd
	number=$(stat -L -c '%t:%T' /dev/vg/disk)
	for devid in $(devids); do
		nodes+=("$backends/$devid/frontend" "$frontends/$devid" "$backends/$devid/frontend-id" "$id"
			"$backends/$devid/online" 1 "$backends/$devid/params" /dev/vg/disk
			"$backends/$devid/type" phy "$backends/$devid/mode" w
			"$backends/$devid/device-type" disk
			"$frontends/$devid/backend" "$backends/$devid" "$frontends/$devid/backend-id" 0
			"$frontends/$devid/virtual-device" "$devid"
			"$frontends/$devid/device-type" disk "$frontends/$devid/trusted" 1)
		states+=("$backends/$devid/state" 1 "$frontends/$devid/state" 1
			"$backends/$devid/physical-device" "$number"
			"$backends/$devid/hotplug-status" connected)
	done
	xenstore-write "${nodes[@]}"
	xenstore-chmod -r "$backends" n0 "r$id"
	xenstore-chmod -r "$frontends" "n$id" r0
	xenstore-write "${states[@]}"
}

# go: they are asked for back, and forgotten when they are Closed.
go()
{
	local id devid nodes=() gone=()

	id=$(domid g1)
	for devid in $(devids); do
		nodes+=("/local/domain/0/backend/vbd/$id/$devid/online" 0
			"/local/domain/0/backend/vbd/$id/$devid/state" 5)
		gone+=("/local/domain/0/backend/vbd/$id/$devid" "/local/domain/$id/device/vbd/$devid")
	done
	xenstore-write "${nodes[@]}"
	wait_for 120 no_vbds
	xenstore-rm "${gone[@]}"
}

# Each is written to at a place of its own, as they are one volume.
use()
{
	# shellcheck disable=SC2016 # expanded in the guest
	guest_run g1 -t 200 '
		until [ "$(ls /sys/block | grep -c xvd)" -eq '$AT_ONCE' ]; do sleep 0.2; done
		at=0
		for d in /sys/block/xvd*; do
			d=/dev/${d##*/}
			until [ -b "$d" ]; do sleep 0.1; done
			dd if=/dev/zero of="$d" bs=64k count=4 seek=$at oflag=direct 2>/dev/null || exit 1
			at=$((at + 4))
		done'
}

round()
{
	come
	use
	go
	# shellcheck disable=SC2016 # expanded in the guest
	guest_run g1 -t 120 'while [ "$(ls /sys/bus/xen/devices | grep -c vbd-)" -gt 0 ]; do sleep 0.1; done'
}

# counts: grants that are mapped, event channels, and threads that disks have of their own.
counts()
{
	local mapped

	mapped=$(grants g1 mapped)
	xl dmesg -c >/dev/null
	xl debug-keys e
	echo "$mapped $(xl dmesg | grep -c '^(XEN) .*\[.*d=') $(pgrep -c '^kworker/R-vbd' || true)"
}

cycles()
{
	local n

	need_guest vcpus=2
	lv disk 16M
	for n in 1 2; do
		round
	done
	counts >/run/vm/counts
	grants g1 >/run/vm/grant-table
	memory_kb >/run/vm/memory
	for ((n = 0; n < DISKS; n += AT_ONCE)); do
		round
	done
	row "disks attached and detached" "$n"
}

as_before()
{
	wait_for 60 no_more || true
	row "grants, event channels, threads: before $(</run/vm/counts), after" "$(counts)"
	no_more
}

# How many references 25 disks have at most depends on which rings are busy at once: that
# may be a page of the table, for 512, more than it was.  What a disk has is 30.
table_as_before()
{
	local now

	now=$(grants g1)
	row "pages of the guest's grant table: before $(</run/vm/grant-table), after" "$now"
	[ "$now" -le $(($(</run/vm/grant-table) + 1)) ]
}

no_more()
{
	local before after i

	read -ra before </run/vm/counts
	read -ra after <<<"$(counts)"
	for i in 0 1 2; do
		[ "${after[i]}" -le "${before[i]}" ] || return
	done
}

# What the kernel keeps for others (slabs, page tables, the log) is no leak: a
# page for each disk is.
memory()
{
	local lost

	lost=$(($(</run/vm/memory) - $(memory_kb)))
	row "KiB of dom0 less than before" "$lost"
	[ "$lost" -lt $((DISKS * 4)) ]
}

scenario()
{
	check "disks come, are written to and go, as often as told" cycles
	check "there are no more grants, event channels and threads than before" as_before
	check "the guest's grant table does not grow with the number of disks" table_as_before
	check "dom0 has the memory that it had before" memory
}
