# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The jobs on the device itself, in dom0.
#
# check: every job was counted on the bare device

# shellcheck source=tests/bench/scenarios/jobs.sh
. /payload/scenarios/jobs.sh

in_dom0()
{
	local name n args

	while read -r name n args; do
		[ -n "$name" ] || continue
		# shellcheck disable=SC2086 # arguments, one by one
		eval "$(MARK=/payload/mark FRONT=bare BACK=dom0 both "$name" "$n" /dev/nullb0 $args)"
	done <<<"$JOBS"
}

scenario()
{
	# Time runs on while the host reads a file.
	echo 0 >/proc/sys/kernel/hung_task_timeout_secs
	null_disk
	check "every job was counted on the bare device" in_dom0
	modprobe -r null_blk
}
