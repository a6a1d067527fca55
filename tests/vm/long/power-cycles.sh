# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The scenario power-cut, with more written and the power gone at more moments, any of
# which may be in the middle of anything.
#
# check: the guest writes files, and notes what fsync confirmed
# check: after cuts at random moments, nothing that was confirmed is lost

# shellcheck source=tests/vm/scenarios/power-cut.sh
. /payload/scenarios/power-cut.sh

# Set with --set: how often.
CUTS=${CUTS:-20}
ROUNDS=10

# round_of MOMENT: the last one that had been confirmed by then.
round_of()
{
	local round=1

	while [ "$round" -lt $ROUNDS ] && [ "$(entry $((round + 1)))" -le "$1" ]; do
		round=$((round + 1))
	done
	echo "$round"
}

cuts()
{
	local n round moment from to files=0

	from=$(entry 1)
	to=$(entry $ROUNDS)
	: >/run/lost-in-all
	for ((n = 0; n < CUTS; n++)); do
		moment=$((from + RANDOM % (to - from + 1)))
		round=$(round_of "$moment")
		after_cut "$moment" "$round" >>/run/lost-in-all
		for ((; round > 0; round--)); do
			files=$((files + $(wc -l <"/run/confirmed-$round")))
		done
	done
	row "power cuts at random moments" "$n"
	row "files confirmed by fsync, looked for after them" "$files"
	row "confirmed files lost in power cuts" "$(wc -l </run/lost-in-all)"
	cat /run/lost-in-all
	test ! -s /run/lost-in-all
}

scenario()
{
	check "the guest writes files, and notes what fsync confirmed" writes
	check "after cuts at random moments, nothing that was confirmed is lost" cuts
}
