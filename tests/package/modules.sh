# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Which pair of modules a kernel has.  Sourced by what runs in the packages' root.

# pair_is WHOSE KVER: what modprobe would load is our pair (ours) or the kernel's own
# (in-tree), by where it lies and by what it says of itself: only our backend has
# max_copy_pages, only our frontend lost_timeout_sec.
pair_is()
{
	local whose=$1 kver=$2 name file parameter

	for name in xen-blkfront:lost_timeout_sec xen-blkback:max_copy_pages; do
		parameter=${name#*:} name=${name%:*}
		file=$(modinfo -k "$kver" -n "$name")
		echo "$kver: $name is $file"
		case $whose:$file in
		ours:/lib/modules/"$kver"/updates/*) ;;
		in-tree:/lib/modules/"$kver"/kernel/drivers/block/*) ;;
		*) return 1 ;;
		esac
		modinfo -F parm "$file" >/tmp/parm
		case $whose in
		ours) grep -q "^$parameter:" /tmp/parm || return 1 ;;
		in-tree) ! grep -q "^$parameter:" /tmp/parm || return 1 ;;
		esac
	done
}

# initramfs_is WHOSE KVER: what modprobe would load from the kernel's initramfs, and that
# it is the very file that lies in /lib/modules.
initramfs_is()
{
	local whose=$1 kver=$2 dir=/tmp/unpacked file

	rm -rf $dir
	unmkinitramfs "/boot/initrd.img-$kver" $dir
	# Beside an archive of microcode it is in a directory of its own.
	[ ! -d $dir/main ] || dir=$dir/main
	file=$(modinfo -b $dir -k "$kver" -n xen-blkfront)
	echo "the initramfs has ${file#"$dir"}"
	case $whose:${file#"$dir"} in
	ours:/lib/modules/"$kver"/updates/*) ;;
	in-tree:/lib/modules/"$kver"/kernel/drivers/block/*) ;;
	*) return 1 ;;
	esac
	cmp "$file" "${file#"$dir"}"
}
