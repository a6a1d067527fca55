# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Jobs for fio in a guest, each in two lengths with a mark before, between and after:
# what a request costs is the slope between them.
#
# check: every job was counted

# name, requests of the shorter length, what fio is told
JOBS='
4k-1 500 --rw=randread --bs=4k --ioengine=psync
4k-32 3000 --rw=randread --bs=4k --ioengine=io_uring --iodepth=32
4k-write-32 3000 --rw=randwrite --bs=4k --ioengine=io_uring --iodepth=32
4k-32-32 3000 --rw=randread --bs=4k --ioengine=io_uring --iodepth=32 --iodepth_batch_submit=32 --iodepth_batch_complete_min=32
128k-8 500 --rw=read --bs=128k --ioengine=io_uring --iodepth=8
128k-write-8 500 --rw=write --bs=128k --ioengine=io_uring --iodepth=8
1m-4 100 --rw=read --bs=1m --ioengine=io_uring --iodepth=4
'

# job DEVICE REQUESTS FIO-ARGUMENT...
job()
{
	local device=$1 n=$2
	shift 2
	echo "fio --name=j --filename=$device --direct=1 --norandommap --randrepeat=1 \
		--gtod_reduce=1 --clocksource=cpu --thread --number_ios=$n $*"
}

# both NAME REQUESTS DEVICE FIO-ARGUMENT...: the job in both lengths.
both()
{
	local name=$1 n=$2 device=$3
	shift 3
	row "$FRONT-$BACK/$name" "$n $((n * 5))"
	cat <<-END
		$(job "$device" "$n" "$@") >/tmp/fio.log 2>&1 || { cat /tmp/fio.log; exit 1; }
		$MARK; $(job "$device" "$n" "$@") >/tmp/fio.log 2>&1 || exit 1
		$MARK; $(job "$device" $((n * 5)) "$@") >/tmp/fio.log 2>&1 || exit 1
		$MARK
	END
}

# symbols: of all that may run.
symbols()
{
	local p to

	for p in /sys/class/virtio-ports/*; do
		[ "$(<"$p/name")" != symbols ] || to=/dev/${p##*/}
	done
	{
		echo "= xen"
		cat /proc/xen/xensyms
		echo "= dom0"
		cat /proc/kallsyms
		echo "= guest"
		guest_run g1 "grep xen_blkfront /proc/kallsyms | grep -i ' t ' | grep -v __pfx_ | cut -f 1"
		echo "="
	} >"$to"
}

in_guest()
{
	local name n args

	need_guest vcpus=1 tsc=native
	xl block-attach g1 phy:/dev/nullb0,xvda,w
	guest_disk g1 xvda
	[ -n "${NO_SYMBOLS:-}" ] || symbols
	while read -r name n args; do
		[ -n "$name" ] || continue
		# shellcheck disable=SC2086 # arguments, one by one
		guest_run g1 -t 600 "$(MARK=/mark both "$name" "$n" /dev/xvda $args)"
	done <<<"$JOBS"
	xl block-detach g1 xvda
	wait_for 60 no_vbds
}

null_disk()
{
	modprobe null_blk queue_mode=2 irqmode=0 gb=1 nr_devices=1 submit_queues=1
}

scenario()
{
	# Time runs on while the host reads a file.
	echo 0 >/proc/sys/kernel/hung_task_timeout_secs
	null_disk
	check "every job was counted" in_guest
	guests_gone
	modprobe -r null_blk
}
