# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Jobs that are timed, where CPUs run beside each other.  The times mean nothing by
# themselves: only beside those of another pair in the same boot.
#
# check: every job was timed

# shellcheck source=tests/bench/scenarios/jobs.sh
. /payload/scenarios/jobs.sh

# name, what fio is told
DISKS=(null)
TIMED='
4k-1	--ioengine=psync
4k-32	--ioengine=io_uring --iodepth=32
4k-32-x4	--ioengine=io_uring --iodepth=32 --numjobs=4
'

# timed NAME FIO-ARGUMENT...: requests in a second, and three percentiles of what
# one takes, in microseconds.
timed()
{
	local name=$1
	shift
	# shellcheck disable=SC2016 # expanded by awk
	row "$FRONT-$BACK/$name" "$(guest_run g1 -t 120 "fio --name=j --filename=/dev/xvda --direct=1 \
		--rw=randread --bs=4k --norandommap --clocksource=cpu --thread --group_reporting \
		--time_based --ramp_time=1 --runtime=5 --percentile_list=50:99:99.9 --output-format=terse \
		--terse-version=3 $*" | awk -F';' '$1 == 3 { gsub(/[0-9.]*%=/, ""); print $8, $18, $19, $20 }')"
}

timed_in_guest()
{
	local name args

	need_guest vcpus=4 memory=1024 tsc=native
	prepare_front
	attach
	while read -r name args; do
		# shellcheck disable=SC2086 # arguments, one by one
		[ -z "$name" ] || timed "$name" $args
	done <<<"$TIMED"
	guest_detach_all
}

scenario()
{
	disks
	check "every job was timed" timed_in_guest
	guests_gone
	no_disks
}
