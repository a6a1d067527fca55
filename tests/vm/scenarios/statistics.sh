# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What administrators and xentop read: the backend's sysfs files exist, have the
# in-tree format, and count what the guest did.
#
# check: physical_device and mode say what is exported
# check: the counters grow by what the guest did
# check: under load they equal what the block layer counts
# check: xentop shows the disk

described()
{
	need_guest
	lv disk 16M
	xl block-attach g1 'phy:/dev/vg/disk,xvda,w'
	guest_disk g1 xvda
	dir=/sys/bus/xen-backend/devices/vbd-$(domid g1)-51712
	same physical_device "$(stat -L -c '%t:%T' /dev/vg/disk)" "$(cat "$dir/physical_device")"
	same mode w "$(cat "$dir/mode")"
}

counters()
{
	local f

	for f in rd_req wr_req f_req ds_req rd_sect wr_sect oo_req; do
		printf '%s ' "$(stat_of g1 51712 $f)"
	done
	echo
}

counts()
{
	local a b

	read -r -a a < <(counters)
	guest_run g1 '
		set -e
		dd if=/dev/xvda of=/dev/null bs=4096 count=10 iflag=direct
		dd if=/dev/zero of=/dev/xvda bs=8192 count=5 oflag=direct
		dd if=/dev/null of=/dev/xvda count=0 conv=fsync,notrunc
		blkdiscard -o 1048576 -l 1048576 /dev/xvda'
	read -r -a b < <(counters)
	echo "before: ${a[*]}, after: ${b[*]}"
	test $((b[0] - a[0])) -ge 10
	test $((b[1] - a[1])) -ge 5
	test $((b[2] - a[2])) -ge 1
	test $((b[3] - a[3])) -ge 1
	test $((b[4] - a[4])) -ge 80
	test $((b[5] - a[5])) -ge 80
	test $((b[4] - a[4])) -lt 4000
}

# layer: sectors read and written, as the block layer of dom0 counts them.
layer()
{
	awk '{ print $3, $7 }' "/sys/block/dm-$(stat -L -c '%Lr' /dev/vg/disk)/stat"
}

equal()
{
	local a b c d

	read -r -a a < <(counters)
	read -r -a c < <(layer)
	guest_run g1 -t 120 'fio --name=load --filename=/dev/xvda --direct=1 --ioengine=libaio \
		--rw=randrw --bsrange=4k-256k --iodepth=16 --fsync=8 --io_size=24m --size=16m'
	read -r -a b < <(counters)
	read -r -a d < <(layer)
	echo "ours: ${a[*]} -> ${b[*]}; the block layer's: ${c[*]} -> ${d[*]}"
	same "sectors read" $((d[0] - c[0])) $((b[4] - a[4]))
	same "sectors written" $((d[1] - c[1])) $((b[5] - a[5]))
	test $((b[4] - a[4])) -gt 1000
}

shown()
{
	xentop -b -i 1 >/run/xentop
	cat /run/xentop
	awk '$1 == "g1" { ok = $15 >= 10 && $16 >= 5 } END { exit !ok }' /run/xentop
}

scenario()
{
	check "physical_device and mode say what is exported" described
	check "the counters grow by what the guest did" counts
	check "under load they equal what the block layer counts" equal
	check "xentop shows the disk" shown
}
