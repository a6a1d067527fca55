# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What a request costs, for each size of ring, number of rings and size of request
# that could be the frontend's default. Run with --counting, where one instruction
# of the whole machine takes one nanosecond. The disk answers at once.
#
# check: the cost of a request is measured for each setting

# cost NAME IOS COMMAND: instructions for each I/O, by the slope between two lengths.
cost()
{
	# shellcheck disable=SC2016 # expanded in the guest
	guest_run g1 -t 600 "
		run()
		{
			start=\$(cut -d' ' -f1 /proc/uptime | tr -d .)
			fio --name=j --filename=/dev/xvda --direct=1 --ioengine=io_uring --norandommap \
				--gtod_reduce=1 --randrepeat=1 --number_ios=\$1 $2 >/tmp/fio.log 2>&1 || exit 1
			echo \$((\$(cut -d' ' -f1 /proc/uptime | tr -d .) - start))
		}
		a=\$(run $1) && b=\$(run $(($1 * 5))) && echo \$(((b - a) * 10000000 / ($1 * 4)))"
}

# setting WHAT: attach with the parameters that were set, and go through the jobs.
setting()
{
	local job ios args result=''

	guest_run g1 "cd /sys/module/xen_blkfront/parameters
		echo $2 >max_ring_page_order; echo $3 >max_queues; echo $4 >max_indirect_segments"
	xl block-attach g1 phy:/dev/ram0,xvda,w
	guest_disk g1 xvda
	while read -r job ios args; do
		result+=" $job $(cost "$ios" "$args")"
	done <<-END
		4k-32 3000 --rw=randread --bs=4k --iodepth=32
		4k-128 3000 --rw=randread --bs=4k --iodepth=128
		4k-2x64 2000 --rw=randread --bs=4k --iodepth=64 --numjobs=2 --group_reporting
		128k-8 1000 --rw=read --bs=128k --iodepth=8
		1m-4 200 --rw=read --bs=1m --iodepth=4
	END
	xl block-detach g1 xvda
	wait_for 60 no_vbds
	row "$1" "$result"
}

costs()
{
	local order

	modprobe brd rd_nr=1 rd_size=1048576
	need_guest vcpus=2 tsc=native
	for order in 0 1 2 3 4; do
		setting "rings of $((1 << order)) pages, 4 rings at most, 256 segments" $order 4 256
	done
	setting "one ring of 4 pages, 256 segments" 2 1 256
	setting "rings of 4 pages, 32 segments" 2 4 32
	setting "rings of 4 pages, 128 segments" 2 4 128
	setting "rings of 4 pages, no indirect requests" 2 4 0
}

scenario()
{
	guests_gone
	check "the cost of a request is measured for each setting" costs
	guests_gone
}
