# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What every test script shares: where things are, how a step is shown to the
# person watching, how a test's result is counted, and the cache.
#
# Sourced, never run.  Scripts start with:
#	. "$(dirname "${BASH_SOURCE[0]}")/../lib/common.sh"

set -euo pipefail

# shellcheck disable=SC2034
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Root filesystems and kernels live here, outside the tree, and are shared by
# all checkouts of one machine.
XENBLK_CACHE=${XENBLK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/xenblk}
# Logs and results of one run; a caller that gathers several scripts exports it.
XENBLK_OUT=${XENBLK_OUT:-$XENBLK_CACHE/out}
RESULTS=${RESULTS:-$XENBLK_OUT/results}
mkdir -p "$XENBLK_CACHE" "$XENBLK_OUT"

say()
{
	printf '%s\n' "$*"
}

die()
{
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# step TEXT LOG COMMAND...: run COMMAND with its output in LOG, tell what is
# going on now and how long it took.  Fails as COMMAND does, after showing the
# end of LOG.
step()
{
	local text=$1 log=$2 start=$SECONDS rc=0
	shift 2
	mkdir -p "$(dirname "$log")"
	printf '==> %s ...\n' "$text"
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	if [ "$rc" -ne 0 ]; then
		printf '    FAILED after %ds: %s\n' $((SECONDS - start)) "$text"
		tail -n 25 "$log" | sed 's/^/    | /'
		printf '    log: %s\n' "$log"
		return "$rc"
	fi
	printf '    done in %ds\n' $((SECONDS - start))
}

# pass NAME SECONDS / fail NAME SECONDS WHY: the only way a test counts.
pass()
{
	printf 'ok %s\n' "$1" >>"$RESULTS"
	printf 'ok   %-62s %4ss\n' "$1" "$2"
}

fail()
{
	printf 'FAIL %s\n' "$1" >>"$RESULTS"
	printf 'FAIL %-62s %4ss\n' "$1" "$2"
	printf '     %s\n' "$3"
}

# unsteady NAME SECONDS WHY: it failed once, and not when it was tried again and again.
# Counts as passed, and is told of at the end.
unsteady()
{
	printf 'ok %s\nunsteady %s\n' "$1" "$1" >>"$RESULTS"
	printf 'unsteady %-58s %4ss\n' "$1" "$2"
	printf '     %s\n' "$3"
}

# skip NAME WHY: it was not tried.  Is told of at the end, too.
skip()
{
	printf 'skip %s: %s\n' "$1" "$2" | tee -a "$RESULTS"
}

# summary: the closing line; fails when anything failed or nothing ran.
summary()
{
	local passed failed skipped

	passed=$(grep -c '^ok ' "$RESULTS" || true)
	failed=$(grep -c '^FAIL ' "$RESULTS" || true)
	skipped=$(grep -c '^skip ' "$RESULTS" || true)
	grep -E '^(unsteady|skip|FAIL) ' "$RESULTS" || true
	printf '%d passed, %d failed%s\n' "$passed" "$failed" \
		"$([ "$skipped" -eq 0 ] || echo ", $skipped skipped")"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

# key FILE-OR-TEXT...: a short hash of the contents of files and of words.
key()
{
	local arg

	for arg in "$@"; do
		if [ -f "$arg" ]; then
			cat "$arg"
		else
			printf '%s\n' "$arg"
		fi
	done | sha256sum | cut -c1-16
}

# died_of_int3 RESULTS CONSOLE: did dom0 die before it said anything in RESULTS, of a
# breakpoint that its kernel sets while it changes its own code?  The emulator's fault
# (see Documentation/testing.md), and nothing of ours has run by then.
died_of_int3()
{
	[ ! -s "$1" ] && grep -asq 'Oops: int3' "$2"
}

# cached NAME KEY LOG BUILDER...: make sure that $XENBLK_CACHE/NAME-KEY exists.
# BUILDER is called with an empty directory as its last argument; what it
# leaves there appears under the final name only when it succeeded.  Older
# entries of the same NAME are removed.  The path is left in $CACHED.
cached()
{
	local name=$1 key=$2 log=$3 old
	shift 3
	CACHED=$XENBLK_CACHE/$name-$key
	[ -e "$CACHED" ] && return 0
	exec {lock}>"$XENBLK_CACHE/.$name.lock"
	flock "$lock"
	if [ ! -e "$CACHED" ]; then
		for old in "$XENBLK_CACHE/$name"-????????????????{,.tmp}; do
			[ ! -e "$old" ] || rm -rf --one-file-system "$old"
		done
		mkdir "$CACHED.tmp"
		step "preparing $name (once, kept in $XENBLK_CACHE)" "$log" \
			"$@" "$CACHED.tmp" || return
		mv "$CACHED.tmp" "$CACHED"
	fi
	exec {lock}>&-
}
