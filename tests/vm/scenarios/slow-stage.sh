# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A guest's disk is slow: xenblk-top names the stage that is to blame, each time another
# one; and the guest's own files name the backend (R20).
#
# check: a slow disk behind it is named
# check: the guest sees that it is the backend
# check: a limit is named
# check: CPUs of dom0 that are busy are named
# check: a disk that hangs is named while it does

debugfs()
{
	mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
}

# become TARGET...: what is behind the disk from now on.
become()
{
	dmsetup suspend t-late
	echo "0 131072 $*" | dmsetup load t-late
	dmsetup resume t-late
}

# look [COMMAND...]: what xenblk-top says of what happens now.
look()
{
	"$@" python3 -B /payload/tools/xenblk-top --once --interval 4 --json >/run/top.json
	python3 -c '
import json
top = json.load(open("/run/top.json"))
print(top["slowest"], top["problems"])
print([(disk["disk"], disk["time"]) for disk in top["disks"]])'
}

# named STAGE: by xenblk-top.
named()
{
	local stage=$1

	look
	same "the slow stage" "$stage" \
		"$(python3 -c 'import json; print(json.load(open("/run/top.json"))["slowest"]["stage"])')"
}

disk_slow()
{
	debugfs
	need_guest
	lv disk 64M
	echo "0 131072 linear /dev/vg/disk 0" | dmsetup create t-late
	dmsetup mknodes
	xl block-attach g1 'phy:/dev/mapper/t-late,xvda,w'
	guest_disk g1 xvda
	# shellcheck disable=SC2016 # expanded in the guest
	guest_run g1 '
		fio --name=load --filename=/dev/xvda --direct=1 --rw=randread --bs=4k \
			--ioengine=psync --time_based --runtime=1000 >/tmp/load.log 2>&1 &
		echo $! >/tmp/load.pid'
	become delay /dev/vg/disk 0 300
	named device
}

guest_sees()
{
	# shellcheck disable=SC2016 # awk's
	guest_run g1 '
		mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
		echo 1 >/sys/kernel/debug/xen/blkfront/xvda/reset
		sleep 3
		cat /sys/kernel/debug/xen/blkfront/xvda/stat
		awk '\''$1 == "read" { mean[$2] = $4 }
			END { exit !(mean["backend"] > 10 * (mean["queue"] + mean["finish"])) }'\'' \
			/sys/kernel/debug/xen/blkfront/xvda/stat'
}

limit_named()
{
	local limit

	become linear /dev/vg/disk 0
	limit=/sys/bus/xen-backend/devices/vbd-$(domid g1)-51712/limits/iops
	echo 4 >"$limit"
	sleep 1
	named admission
	echo 0 >"$limit"
}

# busy COMMAND...: while all CPUs of dom0 are.
# Whoever has real-time priority comes before the ring's worker, not before interrupts;
# who looks, and who ends it, has to come before them.
# shellcheck disable=SC2317,SC2016 # called by look; expanded by the inner shell
busy()
{
	chrt -f 20 timeout 120 bash -c '
		for ((cpu = 0; cpu < $(nproc); cpu++)); do
			chrt -f 10 taskset -c "$cpu" sh -c "while :; do :; done" &
		done
		"$@"
		kill $(jobs -p)' busy "$@"
}

# The worker is late for what the guest sends, and for what the disk has done.
cpus_busy()
{
	look busy
	python3 -c '
import json
slowest = json.load(open("/run/top.json"))["slowest"]
exit(slowest["stage"] not in ("ring", "pages_out") or "CPU" not in slowest["words"])'
}

# The oldest request is looked at, not those that have ended.
hangs()
{
	dmsetup suspend --noflush t-late
	sleep 3
	cat /sys/kernel/debug/xen/blkback/xvda.*/rings
	named device
	grep -q 'stuck: ' /run/top.json
	dmsetup resume t-late
	# shellcheck disable=SC2016 # expanded in the guest
	guest_run g1 -t 60 '
		pid=$(cat /tmp/load.pid)
		kill $pid
		while kill -0 $pid 2>/dev/null; do sleep 0.1; done'
}

scenario()
{
	check "a slow disk behind it is named" disk_slow
	check "the guest sees that it is the backend" guest_sees
	check "a limit is named" limit_named
	check "CPUs of dom0 that are busy are named" cpus_busy
	check "a disk that hangs is named while it does" hangs
}
