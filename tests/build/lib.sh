# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The toolchain root: a Debian 13 with its compiler, the headers of the two
# kernels that are supported, the source of the newer one, and the checkers.
# The machine's own compiler is too old for headers of a later Debian, and its
# sparse cannot read them.
#
# Sourced after common.sh and host.sh.  Inside the root:
#	/src	the checkout, read only
#	/out	$XENBLK_OUT
#	/cache	$XENBLK_CACHE
#	/usr/src/linux-source	the newer kernel's source, unpacked
#	/boot/xen		the hypervisor, an ELF file

BUILD_PACKAGES=(
	bc bison busybox-static codespell cpio dwarves flex gcc kmod libc6-dev
	libelf-dev libssl-dev libxen-dev linux-headers-amd64 lz4 make perl python3
	rsync shellcheck xen-hypervisor-4.20-amd64 xz-utils zstd
)

# build_root: make sure that the root exists; its path is left in $BUILD_ROOT.
build_root()
{
	local dir=$TOP/tests/build

	[ "$(id -u)" -eq 0 ] || die "the toolchain root is entered with chroot, which only root may"
	host_packages mmdebstrap debian-archive-keyring xz-utils util-linux mount
	cached build-root "$(key "$dir/make-root" "${BUILD_PACKAGES[*]}")" \
		"$XENBLK_OUT/build-root.log" make_build_root
	# shellcheck disable=SC2034 # for the caller
	BUILD_ROOT=$CACHED
}

make_build_root()
{
	bash "$TOP/tests/build/make-root" "$1" "${BUILD_PACKAGES[@]}"
}

# in_root COMMAND...: run COMMAND in the root, in /src.  The mounts are in a
# namespace of their own and go with it, however COMMAND ends.
in_root()
{
	[ -n "${BUILD_ROOT:-}" ] || build_root
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare --mount --pid --fork --kill-child --propagation private \
		bash -euc '
		root=$1 top=$2 out=$3 cache=$4
		shift 4
		mount --bind "$root" "$root"
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		mount -t tmpfs tmpfs "$root/tmp"
		mkdir -p "$root/src" "$root/out" "$root/cache"
		mount --bind "$top" "$root/src"
		mount -o remount,bind,ro "$root/src"
		mount --bind "$out" "$root/out"
		mount --bind "$cache" "$root/cache"
		exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
			HOME=/root TERM=dumb LC_ALL=C.UTF-8 TMPDIR=/tmp \
			sh -c '\''cd /src && exec "$@"'\'' in-root "$@"
		' in-root "$BUILD_ROOT" "$TOP" "$XENBLK_OUT" "$XENBLK_CACHE" "$@"
}

# root_path PATH: what a path below $XENBLK_OUT or $XENBLK_CACHE is in the root.
root_path()
{
	case $1 in
	"$XENBLK_OUT"/*) echo "/out/${1#"$XENBLK_OUT"/}" ;;
	"$XENBLK_CACHE"/*) echo "/cache/${1#"$XENBLK_CACHE"/}" ;;
	*) die "$1 is neither in $XENBLK_OUT nor in $XENBLK_CACHE" ;;
	esac
}

# root_kernels: the releases whose headers the root has, oldest first.
root_kernels()
{
	local kver

	for kver in "$BUILD_ROOT"/lib/modules/*/build; do
		basename "$(dirname "$kver")"
	done | sort -V
}

# copy_tree NAME [WHAT-FOR]: bring $XENBLK_OUT/build/NAME, which is
# /out/build/NAME in the root, to what git knows or would add of the checkout, as
# it is now.  What was built there stays, for make to judge (only files that
# changed get a new time), unless it was for another root or another WHAT-FOR.
# The path is left in $COPY.
copy_tree()
{
	local f for="$BUILD_ROOT ${2:-}"

	host_packages rsync
	COPY=$XENBLK_OUT/build/$1
	mkdir -p "$COPY"
	(cd "$TOP" && git ls-files -z --cached --others --exclude-standard |
		while IFS= read -r -d '' f; do
			[ ! -f "$f" ] || printf '%s\0' "$f"
		done | sort -zu) >"$COPY/.files.new"
	# With another root, or with a file gone, nothing of the old is left.
	if [ "$(cat "$COPY/.for" 2>/dev/null)" != "$for" ] ||
	   [ -n "$(comm -z -23 "$COPY/.files" "$COPY/.files.new" | tr -d '\0')" ]; then
		find "$COPY" -mindepth 1 -maxdepth 1 ! -name .files.new -exec rm -rf {} +
	fi
	rsync -lpc --from0 --files-from="$COPY/.files.new" "$TOP/" "$COPY/"
	mv "$COPY/.files.new" "$COPY/.files"
	echo "$for" >"$COPY/.for"
}

# make_in COPY-NAME LOG MAKE-ARGUMENT...: make in the root, for that copy of the
# tree, where it starts.  A warning is a failure, and one that stays: what was
# built beside it is thrown away, so that the next run meets it again.
make_in()
{
	local name=$1 log=$2
	shift 2
	mkdir -p "$(dirname "$log")"
	# shellcheck disable=SC2016 # expanded by the inner shell
	if in_root sh -c 'cd "$0" && exec make "$@"' "/out/build/$name" \
		-j"$(nproc)" "$@" >"$log" 2>&1; then
		grep -iE '(^|[^a-z])warning:' "$log" || return 0
		echo "warnings in $name"
	else
		grep -E -A 3 '(error|ERROR|warning|undefined)[: ]' "$log" | head -n 20 ||
			tail -n 20 "$log"
		echo "the build in $name failed"
	fi
	echo "log: $log"
	rm -rf "$XENBLK_OUT/build/$name"
	return 1
}

# build_kernel NAME: make sure that the KUnit kernel tests/kunit/NAME.config is
# built; its directory is left in $KERNEL (see make-kernel for what is in it).
build_kernel()
{
	local dir=$TOP/tests/kunit

	[ -n "${BUILD_ROOT:-}" ] || build_root
	cached "kernel-$1" "$(key "$dir/base.config" "$dir/$1.config" \
		"$TOP/tests/build/make-kernel" "$BUILD_ROOT/usr/src/linux-source/.debian-version" \
		"$(chroot "$BUILD_ROOT" gcc -dumpfullversion)")" \
		"$XENBLK_OUT/kernel-$1.log" make_kernel "$1"
	# shellcheck disable=SC2034 # for the caller
	KERNEL=$CACHED
}

make_kernel()
{
	in_root nice -n 10 bash tests/build/make-kernel "$(root_path "$2")" \
		tests/kunit/base.config "tests/kunit/$1.config"
}

# begin_results NAME / end_results: a script that counts may run on its own, and
# then closes with its own count, or below tests/check, which exports
# XENBLK_CHECK and counts for all.
begin_results()
{
	[ -z "${XENBLK_CHECK:-}" ] || return 0
	RESULTS=$XENBLK_OUT/results-$1
	: >"$RESULTS"
}

end_results()
{
	[ -z "${XENBLK_CHECK:-}" ] || return 0
	summary
}
