# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Jobs for fio in a guest, on a disk that answers at once.  Each is run in three
# lengths, to warm up, short, and long, with a mark before each and after the last:
# what a request costs is the slope between the short and the long one.  A mark is set
# by a job of its own, as fio starts it.
#
# check: every job was counted

# name, disk, requests of the short length, what fio is told
JOBS='
4k-1		null	400	rw=randread bs=4k ioengine=psync
4k-8		null	1500	rw=randread bs=4k ioengine=io_uring iodepth=8
4k-32		null	2000	rw=randread bs=4k ioengine=io_uring iodepth=32
4k-128		null	2000	rw=randread bs=4k ioengine=io_uring iodepth=128
4k-write-1	null	400	rw=randwrite bs=4k ioengine=psync
4k-write-32	null	2000	rw=randwrite bs=4k ioengine=io_uring iodepth=32
4k-32-32	null	2000	rw=randread bs=4k ioengine=io_uring iodepth=32 iodepth_batch_submit=32 iodepth_batch_complete_min=32
4k-mix-32	null	2000	rw=randrw rwmixread=70 bs=4k ioengine=io_uring iodepth=32
4k-fsync-1	cached	300	rw=randwrite bs=4k ioengine=psync fsync=1
128k-8		null	400	rw=read bs=128k ioengine=io_uring iodepth=8
128k-write-8	null	400	rw=write bs=128k ioengine=io_uring iodepth=8
1m-4		null	80	rw=read bs=1m ioengine=io_uring iodepth=4
1m-write-4	null	80	rw=write bs=1m ioengine=io_uring iodepth=4
'
# The disks that these name, of those below.
DISKS=(null cached)
# Of the guest, and as many copies of each job.
VCPUS=1

# How the in-tree frontend is loaded: where it costs least.
INTREE_FRONT='max_ring_page_order=2 max_indirect_segments=256'

# --- disks, which are set up in dom0 -------------------------------------------

# Where each is, once it is set up.
declare -A DEVICE

# disk_null: answers at once, stores nothing, has no cache.
disk_null()
{
	null_disk null 0 0
}

# disk_10us, disk_100us: the same, after some time.
disk_10us()
{
	null_disk 10us 2 10000
}

disk_100us()
{
	null_disk 100us 2 100000
}

# null_disk NAME IRQMODE NANOSECONDS
null_disk()
{
	local dir=/sys/kernel/config/nullb/nullb-$1

	modprobe null_blk nr_devices=0
	mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
	mkdir "$dir"
	echo 1024 >"$dir/size"
	echo "$2" >"$dir/irqmode"
	echo "$3" >"$dir/completion_nsec"
	echo 1 >"$dir/power"
	DEVICE[$1]=/dev/nullb-$1
}

# disk_cached: stores nothing, has a cache, so that a flush reaches it.
disk_cached()
{
	modprobe sd_mod
	modprobe scsi_debug fake_rw=1 delay=0 dev_size_mb=64
	wait_for 30 scsi_disk
	DEVICE[cached]=/dev/$(basename "$(scsi_disk)")
}

scsi_disk()
{
	compgen -G '/sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*/block/*'
}

# disk_ram: memory.
disk_ram()
{
	modprobe brd rd_nr=1 rd_size=65536
	dd if=/dev/zero of=/dev/ram0 bs=1M count=64 oflag=direct
	DEVICE[ram]=/dev/ram0
}

# disk_file: a file on dom0's disk, by a loop device.
disk_file()
{
	dd if=/dev/zero of=/srv/file bs=1M count=64
	sync
	DEVICE[file]=$(losetup -f --show /srv/file)
}

disks()
{
	local disk

	for disk in "${DISKS[@]}"; do
		"disk_$disk"
	done
}

no_disks()
{
	local dir module

	losetup -D
	for dir in /sys/kernel/config/nullb/nullb-*; do
		[ ! -e "$dir" ] || rmdir "$dir"
	done
	for module in null_blk scsi_debug brd; do
		[ ! -e "/sys/module/$module" ] || modprobe -r "$module"
	done
}

# --- jobs ------------------------------------------------------------------------

# job_file MARK: what fio is told, the devices being $DEVICE's.  It starts again at
# the end of a device.
job_file()
{
	local mark=$1 name disk n args part

	printf '%s\n' '[global]' thread direct=1 norandommap randrepeat=1 gtod_reduce=1 \
		clocksource=cpu disk_util=0 io_size=4g
	while read -r name disk n args; do
		[ -n "$name" ] || continue
		for part in "warm $n" "short $n" "long $((n * 5))" end; do
			printf '%s\n' '[mark]' stonewall "exec_prerun=$mark" \
				"filename=${DEVICE[$disk]}" bs=4k number_ios=1
			[ "$part" = end ] ||
				printf '%s\n' "[$name-${part% *}]" stonewall numjobs="$VCPUS" \
					"filename=${DEVICE[$disk]}" "number_ios=${part#* }" \
					"${args// /$'\n'}"
		done
	done <<<"$JOBS"
}

# rows PAIR: the table of what will be counted, in the order of the marks.
rows()
{
	local name disk n args

	while read -r name disk n args; do
		[ -z "$name" ] || row "$1/$name" "$((n * VCPUS)) $((n * VCPUS * 5))"
	done <<<"$JOBS"
}

# symbols PAIR [GUEST-SYMBOLS]: of all that may run in this scenario: of Xen and of
# the kernel once, as they are the same in all; of modules each time.
symbols()
{
	local p to

	for p in /sys/class/virtio-ports/*; do
		[ "$(<"$p/name")" != symbols ] || to=/dev/${p##*/}
	done
	{
		if [ ! -e "$RUN/symbols" ]; then
			touch "$RUN/symbols"
			echo "= xen"
			cat /proc/xen/xensyms
			echo "= kernel"
			grep -vF '[' /proc/kallsyms
		fi
		echo "= scenario $1"
		echo "= dom0"
		grep -F '[' /proc/kallsyms
		echo "= guest"
		printf '%s\n' "${2:-}"
		echo "="
	} >"$to"
}

# in_dom0: on the devices themselves.
in_dom0()
{
	symbols bare-dom0
	job_file /payload/mark >/tmp/jobs
	rows bare-dom0
	(cd /tmp && fio jobs)
}

# guest_quietly COMMANDS: run them in the guest.  Dom0 waits to be told that they
# are done: it would be counted if it asked again and again, as guest_run does.  So
# would the guest's first process, which looks for work every two seconds: it is
# stopped meanwhile.
guest_quietly()
{
	local status

	status=/local/domain/$(domid g1)/data/bench
	xenstore-rm "$status" 2>/dev/null || true
	guest_run g1 "init=\$(cut -d ' ' -f 4 /proc/\$PPID/stat)
		(sleep 1; kill -STOP \$init
		$1
		status=\$?; kill -CONT \$init
		xenstore write data/bench \$status) >/tmp/bench.log 2>&1 </dev/null &"
	# The first that it tells of is its own beginning.
	timeout 1500 xenstore-watch -n 2 "$status" >/dev/null
	same "status of the jobs" 0 "$(xenstore-read "$status")" && return
	guest_run g1 "tail -c 3000 /tmp/bench.log"
	return 1
}

# prepare_front: the guest's driver as it is to be measured: the in-tree one is loaded
# again, with its parameters.
prepare_front()
{
	[ "$FRONT" = ours ] ||
		guest_run g1 "rmmod xen_blkfront && modprobe xen-blkfront $INTREE_FRONT"
}

# attach: the disks to the guest, where they are xvda, xvdb and so on, which is
# where $DEVICE says they are from now on.
attach()
{
	local disk letters=abcdefgh name

	for disk in "${DISKS[@]}"; do
		name=xvd${letters:0:1}
		letters=${letters:1}
		xl block-attach g1 "phy:${DEVICE[$disk]},$name,w"
		guest_disk g1 "$name"
		DEVICE[$disk]=/dev/$name
	done
}

in_guest()
{
	local jobs

	# The in-tree frontend wants 128 MiB for each disk.
	need_guest vcpus="$VCPUS" memory=1024 tsc=native
	prepare_front
	attach
	symbols "$FRONT-$BACK" \
		"$(guest_run g1 "grep -F '[xen_blkfront]' /proc/kallsyms | grep -i ' t ' | gzip" | gunzip)"
	jobs=$(job_file /mark | gzip | base64 -w0)
	rows "$FRONT-$BACK"
	guest_quietly "cd /tmp && echo $jobs | base64 -d | gunzip >jobs && fio jobs"
	guest_detach_all
}

scenario()
{
	disks
	check "every job was counted" in_guest
	guests_gone
	no_disks
}
