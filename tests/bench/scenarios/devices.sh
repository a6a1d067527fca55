# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # for jobs.sh
#
# Jobs on other devices: some that take their time, memory, and a file.
#
# check: every job was counted on the bare devices
# check: every job was counted

# shellcheck source=tests/bench/scenarios/jobs.sh
. /payload/scenarios/jobs.sh

DISKS=(10us 100us ram file)
JOBS=
for disk in "${DISKS[@]}"; do
	JOBS+="$disk-4k-1 $disk 400 rw=randread bs=4k ioengine=psync
$disk-4k-32 $disk 2000 rw=randread bs=4k ioengine=io_uring iodepth=32
$disk-128k-8 $disk 400 rw=read bs=128k ioengine=io_uring iodepth=8
"
done

scenario()
{
	disks
	check "every job was counted on the bare devices" in_dom0
	check "every job was counted" in_guest
	guests_gone
	no_disks
}
