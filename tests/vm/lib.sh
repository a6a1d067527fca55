# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The Xen machine: dom0's root with Xen, its tools and three stock kernels, and
# what is booted with it.  Sourced after common.sh and host.sh.

VM_PACKAGES=(
	bpftrace busybox-static dmsetup e2fsprogs fdisk fio grub-common grub-xen-bin kmod
	linux-perf lvm2 psmisc qemu-system-xen trace-cmd util-linux xen-hypervisor-4.20-amd64
	xen-utils-4.20 xenstore-utils xz-utils zstd
)

# vm_machine: make sure that the machine's parts exist; the directory with them
# is left in $VM_MACHINE:
#	xen			the hypervisor, an ELF file
#	root.img		dom0's root, ext4
#	vmlinux-KVER		the kernels (6.1, 6.12, 7.3), ELF files
#	dom0-initrd-KVER	mounts root.img and runs what the payload has
#	release-KVER		what uname -r says of each
#	packages		the versions of everything in the root
vm_machine()
{
	local dir=$TOP/tests/vm root

	[ "$(id -u)" -eq 0 ] || die "the Xen machine's root is made with chroot, which only root may"
	host_packages mmdebstrap debian-archive-keyring qemu-system-x86 e2fsprogs cpio kmod util-linux
	cached vm-root "$(key "$dir/make-root" "${VM_PACKAGES[*]}")" \
		"$XENBLK_OUT/vm-root.log" bash "$dir/make-root" "${VM_PACKAGES[@]}"
	root=$CACHED
	cached vm-machine "$(key "$root/packages" "$dir/make-machine" "$dir/dom0-initrd" "$dir/guest-init")" \
		"$XENBLK_OUT/vm-machine.log" bash "$dir/make-machine" "$root"
	# shellcheck disable=SC2034 # for the caller
	VM_MACHINE=$CACHED
}
