# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What tests/check and tests/check-fast share.  Sourced.

. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
# shellcheck source=tests/lib/host.sh
. "$TOP/tests/lib/host.sh"
# shellcheck source=tests/build/lib.sh
. "$TOP/tests/build/lib.sh"

export XENBLK_CACHE XENBLK_OUT XENBLK_CHECK=1
export RESULTS=$XENBLK_OUT/results-check

# begin_check: one check at a time per $XENBLK_OUT.
begin_check()
{
	exec {check_lock}>"$XENBLK_OUT/.check.lock"
	if ! flock -n "$check_lock"; then
		say "==> waiting for another check in $XENBLK_OUT ..."
		flock "$check_lock"
	fi
	: >"$RESULTS"
	SECONDS=0
}

# lane NAME COMMAND...: run what counts tests of its own; that it ended badly
# without counting a failure is a failure too, and that it counted nothing.
lane()
{
	local name=$1 start=$SECONDS before failed status=0 after
	shift
	before=$(grep -cE '^(ok|FAIL|skip) ' "$RESULTS" || true)
	failed=$(grep -c '^FAIL ' "$RESULTS" || true)
	say
	say "--- $name"
	"$@" || status=$?
	after=$(grep -cE '^(ok|FAIL|skip) ' "$RESULTS" || true)
	if [ "$status" -ne 0 ] && [ "$(grep -c '^FAIL ' "$RESULTS" || true)" -eq "$failed" ]; then
		fail "$name" $((SECONDS - start)) "ended with status $status"
	elif [ "$after" -eq "$before" ]; then
		fail "$name" $((SECONDS - start)) "ran no test"
	fi
	say "--- $name: $((after - before)) tests in $((SECONDS - start))s"
}

# end_check: the closing line, and the script's status.
end_check()
{
	say
	say "all of it took $((SECONDS / 60))m$((SECONDS % 60))s; logs are in $XENBLK_OUT"
	summary
}
