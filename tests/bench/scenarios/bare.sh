# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The same jobs on the devices themselves, in dom0.
#
# check: every job was counted on the bare device

# shellcheck source=tests/bench/scenarios/jobs.sh
. /payload/scenarios/jobs.sh

scenario()
{
	disks
	check "every job was counted on the bare device" in_dom0
	no_disks
}
