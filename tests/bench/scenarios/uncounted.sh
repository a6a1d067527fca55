# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # for jobs.sh
#
# Some jobs again while neither half counts latencies: what counting costs.
#
# check: every job was counted while no latencies were

# shellcheck source=tests/bench/scenarios/jobs.sh
. /payload/scenarios/jobs.sh

DISKS=(null)
JOBS='
4k-1-uncounted		null	400	rw=randread bs=4k ioengine=psync
4k-32-uncounted		null	2000	rw=randread bs=4k ioengine=io_uring iodepth=32
4k-32-32-uncounted	null	2000	rw=randread bs=4k ioengine=io_uring iodepth=32 iodepth_batch_submit=32 iodepth_batch_complete_min=32
128k-8-uncounted	null	400	rw=read bs=128k ioengine=io_uring iodepth=8
'

prepare_front()
{
	guest_run g1 "echo N >/sys/module/xen_blkfront/parameters/latency_stats"
}

uncounted()
{
	echo N >/sys/module/xen_blkback/parameters/latency_stats
	in_guest
	echo Y >/sys/module/xen_blkback/parameters/latency_stats
}

scenario()
{
	disks
	check "every job was counted while no latencies were" uncounted
	guests_gone
	no_disks
}
