# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # for jobs.sh
#
# Guests with several vCPUs, with as many copies of each job and as many rings.
#
# check: every job was counted on the bare device, 2 copies
# check: every job was counted, 2 vCPUs
# check: every job was counted on the bare device, 4 copies
# check: every job was counted, 4 vCPUs

# shellcheck source=tests/bench/scenarios/jobs.sh
. /payload/scenarios/jobs.sh

DISKS=(null)

several()
{
	VCPUS=$1
	JOBS="
		${1}x-4k-1 null 200 rw=randread bs=4k ioengine=psync
		${1}x-4k-32 null 1000 rw=randread bs=4k ioengine=io_uring iodepth=32
		${1}x-128k-8 null 200 rw=read bs=128k ioengine=io_uring iodepth=8"
	check "every job was counted on the bare device, $1 copies" in_dom0
	echo "$1" >/sys/module/xen_blkback/parameters/max_queues
	check "every job was counted, $1 vCPUs" in_guest
	guests_gone
}

scenario()
{
	disks
	several 2
	several 4
	no_disks
}
