# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What an administrator lets a guest do to its disk is what it does, and a disk that
# waits costs nobody anything.
#
# check: a limit that a hotplug script wrote is held within 5 % over 10 seconds
# check: limits set by files are held, in each direction by itself
# check: limits stay when the guest's driver leaves and comes back
# check: a disk that waits for its limit costs dom0 no CPU
# check: the neighbour's p99 is told, without a limit and with one
# check: the cgroup that was named has what the disk did
# check: a key that is wrong refuses the disk, and says so

LIMITS=/run/limits

# What the toolstack does for such a disk: a few keys more, before the device is named.
limiting_script()
{
	cat >/etc/xen/scripts/block-limited <<-END
		#!/bin/sh
		[ "\$1" != add ] || while read -r key value; do
			xenstore-write "\$XENBUS_PATH/\$key" "\$value"
		done <$LIMITS
		exec /etc/xen/scripts/block "\$@"
	END
	chmod 755 /etc/xen/scripts/block-limited
}

# limit FILE VALUE: of the first disk.
limit()
{
	echo "$2" >"/sys/bus/xen-backend/devices/vbd-$(domid g1)-51712/limits/$1"
}

# load GUEST NAME FIO-OPTION...: I/O on the guest's first disk, without an end.
load()
{
	guest_run "$1" "fio --name=$2 --filename=/dev/xvda --direct=1 --ioengine=libaio --size=16m \
		--time_based --runtime=1000 ${*:3} >/tmp/load-$2.log 2>&1 &
		echo \$! >>/tmp/load.pid"
}

# unload: the end of all of g1's, which have no limit any more.
unload()
{
	local name

	for name in iops read_iops write_iops bytes_per_sec read_bytes_per_sec write_bytes_per_sec; do
		limit $name 0
	done
	# shellcheck disable=SC2016 # expanded in the guest
	guest_run g1 -t 120 '
		for pid in $(cat /tmp/load.pid); do
			kill $pid
			while kill -0 $pid 2>/dev/null; do sleep 0.1; done
		done
		rm /tmp/load.pid'
}

# count COUNTER: of the first disk, one of its statistics, or bytes read or written.
count()
{
	case $1 in
	rd_bytes) echo $((512 * $(stat_of g1 51712 rd_sect))) ;;
	wr_bytes) echo $((512 * $(stat_of g1 51712 wr_sect))) ;;
	*) stat_of g1 51712 "$1" ;;
	esac
}

# rate COUNTER: how much of it in a second, over ten seconds.
rate()
{
	local begin end a b

	begin=$EPOCHREALTIME
	a=$(count "$1")
	sleep 10
	end=$EPOCHREALTIME
	b=$(count "$1")
	echo $(((b - a) * 1000000 / (${end/./} - ${begin/./})))
}

# held WHAT EXPECTED ACTUAL: within 5 %.
held()
{
	row "$1, limit $2" "$3"
	[ $((100 * $3)) -ge $((95 * $2)) ] && [ $((100 * $3)) -le $((105 * $2)) ] && return 0
	echo "$1: expected $2 within 5 %, got $3"
	return 1
}

by_key()
{
	limiting_script
	need_guest
	lv disk 32M
	printf 'limit-iops 150\nlimit-burst-ms 200\n' >$LIMITS
	xl block-attach g1 'script=block-limited,vdev=xvda,access=w,target=/dev/vg/disk'
	guest_disk g1 xvda
	cd "/sys/bus/xen-backend/devices/vbd-$(domid g1)-51712/limits" || return
	same "iops, burst_ms, write_iops" "150 200 0" "$(paste -d ' ' iops burst_ms write_iops)"
	load g1 reads --rw=randread --bs=4k --iodepth=32
	sleep 2
	held "reads in a second" 150 "$(rate rd_req)"
	unload
}

by_file()
{
	local bytes=2097152

	# Reads have no limit: they are as many as this machine can do.
	load g1 writes --rw=randwrite --bs=4k --iodepth=16
	load g1 reads --rw=randread --bs=4k --iodepth=4
	limit write_iops 40
	sleep 2
	held "writes in a second, beside reads" 40 "$(rate wr_req)"
	test "$(rate rd_req)" -gt 40
	limit write_iops 60
	sleep 1
	held "writes in a second, when that was raised" 60 "$(rate wr_req)"
	unload
	load g1 large --rw=write --bs=64k --iodepth=8
	limit bytes_per_sec $bytes
	sleep 2
	held "bytes written in a second" $bytes "$(rate wr_bytes)"
	unload
	fails limit iops 5k
	dmesg | grep 'limits/iops stays as it is: "5k"'
}

# What the guest has not sent yet is the next driver's.
after_return()
{
	limit iops 90
	guest_run g1 '
		set -e
		echo vbd-51712 >/sys/bus/xen/drivers/vbd/unbind
		rmmod xen-blkfront
		[ ! -e /dev/xvda ]
		xenstore write device/vbd/51712/state 1
		modprobe xen-blkfront'
	guest_disk g1 xvda
	load g1 reads --rw=randread --bs=4k --iodepth=32
	sleep 2
	held "reads in a second, after a reconnect" 90 "$(rate rd_req)"
	unload
}

# busy: hundredths of a second that dom0's CPUs were not idle.
busy()
{
	awk '$1 == "cpu" { print $2 + $3 + $4 + $7 + $8 }' /proc/stat
}

# busy_for_10s: in ten seconds.
busy_for_10s()
{
	local a

	a=$(busy)
	sleep 10
	echo $(($(busy) - a))
}

# Against ten seconds in which there is nothing to do, with half a second to spare.
costs_nothing()
{
	local idle waiting

	sleep 2
	idle=$(busy_for_10s)
	limit iops 1
	load g1 writes --rw=randwrite --bs=4k --iodepth=32
	sleep 2
	waiting=$(busy_for_10s)
	row "dom0's CPU in 10 s, idle and with 31 requests that wait" "$((10 * idle)) ms, $((10 * waiting)) ms"
	test "$waiting" -le $((idle + 50))
	unload
}

# p99: of the neighbour's reads, in microseconds.
p99()
{
	guest_run g2 -t 60 'fio --name=neighbour --filename=/dev/xvda --direct=1 --ioengine=psync --rw=randread \
		--bs=4k --size=16m --time_based --runtime=10 --minimal' |
		grep -o '99\.000000%=[0-9]*' | head -n 1 | cut -d = -f 2
}

neighbour()
{
	local alone beside limited

	lv other 32M
	guest_start g2 'phy:/dev/vg/other,xvda,w'
	guest_disk g2 xvda
	alone=$(p99)
	load g1 flood --rw=randwrite --bs=128k --iodepth=32
	sleep 2
	beside=$(p99)
	limit write_bytes_per_sec 1048576
	sleep 2
	limited=$(p99)
	unload
	row "neighbour's p99: alone, beside a flood, beside a limited one" "$alone us, $beside us, $limited us"
	test "$alone" -gt 0
	test "$beside" -gt 0
	test "$limited" -gt 0
	xl destroy g2
	rm -f "$RUN/guest-g2.id"
}

cgroup()
{
	local major minor

	mkdir -p /run/cgroup
	mount -t cgroup2 none /run/cgroup
	echo +io >/run/cgroup/cgroup.subtree_control
	mkdir -p /run/cgroup/guests/below
	limit cgroup /guests
	limit ioprio be/6
	same "cgroup" /guests "$(cat "/sys/bus/xen-backend/devices/vbd-$(domid g1)-51712/limits/cgroup")"
	fails limit cgroup /guests/below
	guest_run g1 'dd if=/dev/zero of=/dev/xvda bs=65536 count=64 oflag=direct &&
		dd if=/dev/xvda of=/dev/null bs=65536 count=32 iflag=direct'
	read -r major minor < <(stat -L -c '%t %T' /dev/vg/disk)
	cat /run/cgroup/guests/io.stat
	grep "^$((16#$major)):$((16#$minor)) " /run/cgroup/guests/io.stat | tr ' ' '\n' >/run/io.stat
	test "$(sed -n 's/^wbytes=//p' /run/io.stat)" -ge $((64 * 65536))
	test "$(sed -n 's/^rbytes=//p' /run/io.stat)" -ge $((32 * 65536))
	limit cgroup ''
	rmdir /run/cgroup/guests/below /run/cgroup/guests
	umount /run/cgroup
}

closes()
{
	[ "$(xenstore-read "$(back_path g1 51728)/state")" -ge 5 ]
}

wrong_key()
{
	lv wrong 16M
	echo 'limit-bytes-per-sec 10M' >$LIMITS
	# The toolstack may be done before the backend has seen the key.
	xl block-attach g1 'script=block-limited,vdev=xvdb,access=w,target=/dev/vg/wrong' || true
	wait_for 30 closes
	dmesg | grep 'limit-bytes-per-sec is "10M", expected a number of bytes in a second'
	fails guest_run g1 'test -b /dev/xvdb'
	xl block-detach g1 51728 || xl block-detach --force g1 51728
}

scenario()
{
	check "a limit that a hotplug script wrote is held within 5 % over 10 seconds" by_key
	check "limits set by files are held, in each direction by itself" by_file
	check "limits stay when the guest's driver leaves and comes back" after_return
	check "a disk that waits for its limit costs dom0 no CPU" costs_nothing
	check "the neighbour's p99 is told, without a limit and with one" neighbour
	check "the cgroup that was named has what the disk did" cgroup
	check "a key that is wrong refuses the disk, and says so" wrong_key
}
