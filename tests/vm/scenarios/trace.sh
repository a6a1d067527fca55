# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# One request is followed through both halves, which dom0 has both of here (R22).
#
# check: trace-cmd follows a request through both halves
# check: perf follows a request through both halves
# check: bpftrace has histograms of the stages of the backend
# check: bpftrace has the slow requests of the backend, with the stage that is slow
# check: bpftrace has the slow requests of the frontend, with the stage that is slow

TRACE=/payload/tools/trace

# Each request takes 20 ms of the device.
begins()
{
	mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing
	load_module xen-blkfront "$FRONT"
	lv disk 64M
	echo "0 131072 delay /dev/vg/disk 0 20" | dmsetup create t-trace
	dmsetup mknodes
	xl block-attach 0 'phy:/dev/mapper/t-trace,xvdj,w'
	wait_for 30 test -b /dev/xvdj
	fio --name=load --filename=/dev/xvdj --direct=1 --rw=randread --bs=4k \
		--ioengine=psync --time_based --runtime=1000 >/run/load.log 2>&1 &
	echo $! >/run/load.pid
}

# follows SCRIPT: the life that it prints has every stage of both halves, in order.
follows()
{
	"$TRACE/$1" 2 /run/trace.txt >/run/life.txt
	cat /run/life.txt
	grep -q '^xvdj = .*, ring [0-9]*, id 0x.*: read of 8 sectors at' /run/life.txt
	same "the stages" "queue put take start bring submit complete answer take end" \
		"$(awk '/us +\+/ { printf "%s%s", sep, $NF; sep = " " }' /run/life.txt)"
}

trace_cmd()
{
	begins
	follows with-trace-cmd
}

perf_follows()
{
	follows with-perf
}

# bpf SCRIPT [ARGUMENT...]: its output of some seconds, from when it is ready.
bpf()
{
	local script=$1
	shift
	bpftrace -c '/usr/bin/sleep 3' "$TRACE/$script" "$@" >/run/bpf.txt 2>&1
	cat /run/bpf.txt
}

# histogram_is_slow NAME: most of it took 16 ms or longer.
histogram_is_slow()
{
	awk -v name="@$1:" '
		$1 ~ /^@/ { on = $1 == name }
		on && /^\[/ { all += $3 }
		on && /^\[[0-9]+K,/ && substr($1, 2) + 0 >= 16 { slow += $3 }
		END { exit !(all > 10 && slow > all / 2) }' /run/bpf.txt
}

bpf_stages()
{
	bpf backend-stages.bt
	histogram_is_slow device_us
	! histogram_is_slow admission_us
	! histogram_is_slow pages_in_us
	! histogram_is_slow pages_out_us
}

# is_slow DISK COLUMN: lines of its requests, with that stage the slow one.
is_slow()
{
	awk -v disk="$1" -v column="$2" '
		$1 == disk { all++; slow += $column > 15000 }
		END { exit !(all > 10 && slow > all / 2) }' /run/bpf.txt
}

bpf_backend()
{
	bpf backend-slow.bt 15
	is_slow vbd-0-51856 10
}

bpf_frontend()
{
	bpf frontend-slow.bt 15
	is_slow xvdj 9
	histogram_is_slow backend_us
	kill "$(cat /run/load.pid)"
	wait || true
	xl block-detach 0 xvdj
	wait_for 20 no_vbds
	modprobe -r xen-blkfront
}

scenario()
{
	check "trace-cmd follows a request through both halves" trace_cmd
	check "perf follows a request through both halves" perf_follows
	check "bpftrace has histograms of the stages of the backend" bpf_stages
	check "bpftrace has the slow requests of the backend, with the stage that is slow" \
		bpf_backend
	check "bpftrace has the slow requests of the frontend, with the stage that is slow" \
		bpf_frontend
}
