# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The packages' root: a Debian 13 with both kernels that are supported, their
# headers and their initramfs, as a guest has them; with dkms, and with what makes
# packages and looks at them.
#
# Sourced after tests/build/lib.sh.

PACKAGE_PACKAGES=(
	build-essential debhelper dh-dkms dh-python dkms initramfs-tools kmod lintian
	linux-headers-amd64 linux-image-amd64 python3 xz-utils zstd
)

# package_root: make sure that the root exists; its path is left in $BUILD_ROOT,
# for copy_tree.
package_root()
{
	local dir=$TOP/tests/package

	[ "$(id -u)" -eq 0 ] || die "the packages' root is entered with chroot, which only root may"
	host_packages mmdebstrap debian-archive-keyring xz-utils util-linux mount
	cached package-root "$(key "$dir/make-root" "${PACKAGE_PACKAGES[*]}")" \
		"$XENBLK_OUT/package-root.log" bash "$dir/make-root" "${PACKAGE_PACKAGES[@]}"
	# shellcheck disable=SC2034 # of tests/build/lib.sh
	BUILD_ROOT=$CACHED
}

# in_package_root COMMAND...: as in_root, in the packages' root.  Whatever is written
# there, but for /out, is in memory and gone when COMMAND ends.
in_package_root()
{
	unshare --mount --propagation private \
		"$TOP/tests/package/in-layer" "$BUILD_ROOT" "$@"
}
