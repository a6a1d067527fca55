# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A hundred disks of one guest, whose grant table has Xen's default size: all work
# at once, cost dom0 little while they are idle, and go.  XenStore has to be told
# before: what the toolstack alone writes for so many is more than the thousand
# nodes that it lets a guest have.
#
# check: 100 disks of one guest connect
# check: each of them writes and reads back what is its own
# check: an idle disk costs dom0 less than 128 KiB
# check: they go, and leave nothing

NR=100

devid()
{
	echo $(((1 << 28) | ($1 << 8)))
}

# each FUNCTION: call FUNCTION with the number of each disk.
each()
{
	local n

	for ((n = 0; n < NR; n++)); do
		"$1" "$n"
	done
}

make()
{
	vbd_make g1 "$(devid "$1")" /dev/vg/disk
}

unmake()
{
	vbd_unmake g1 "$(devid "$1")"
}

forget()
{
	vbd_forget g1 "$(devid "$1")"
}

disks_in_guest()
{
	[ "$(guest_run g1 'ls /sys/block | grep -c xvd || true')" = "$1" ]
}

all_connected()
{
	disks_in_guest $NR &&
		[ "$(cat /sys/bus/xen-backend/devices/vbd-*/state | grep -c '^Connected')" = $NR ]
}

connect()
{
	need_guest vcpus=2
	lv disk 32M
	guest_run g1 true
	sleep 2
	grants g1 mapped >/run/vm/grants
	memory_kb >/run/vm/before
	xenstore-control quota set nodes 4000
	each make
	wait_for 120 all_connected
}

# Block N is disk N's.
works()
{
	# shellcheck disable=SC2016 # expanded in the guest
	guest_run g1 -t 200 '
		n=0
		for d in /sys/block/xvd*; do
			d=/dev/${d##*/}
			head -c 4096 /dev/urandom >/tmp/x
			dd if=/tmp/x of=$d bs=4096 seek=$n count=1 oflag=direct 2>/dev/null &&
				dd if=$d of=/tmp/y bs=4096 skip=$n count=1 iflag=direct 2>/dev/null &&
				cmp /tmp/x /tmp/y || { echo $d; exit 1; }
			n=$((n + 1))
		done
		[ $n -eq '$NR' ]'
}

# What the disks had from their pools while they worked is back within seconds.
cheap()
{
	local before after

	before=$(</run/vm/before)
	wait_for 60 cheap_now
	after=$(memory_kb)
	row "KiB of dom0 for an idle disk of $NR, xenbus and sysfs included" $(((before - after) / NR))
}

cheap_now()
{
	[ $((($(</run/vm/before) - $(memory_kb)) / NR)) -lt 128 ]
}

go()
{
	each unmake
	wait_for 120 no_vbds
	each forget
	wait_for 30 disks_in_guest 0
	wait_for 30 grants_as_before
	xenstore-control quota set nodes 1000
}

grants_as_before()
{
	[ "$(grants g1 mapped)" -le "$(</run/vm/grants)" ]
}

scenario()
{
	check "100 disks of one guest connect" connect
	check "each of them writes and reads back what is its own" works
	check "an idle disk costs dom0 less than 128 KiB" cheap
	check "they go, and leave nothing" go
}
