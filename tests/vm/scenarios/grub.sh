# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The backend with frontends that are not Linux': GRUB's disk drivers, 64-bit in a
# PV guest and 32-bit (x86_32-abi) in a PVH guest. Both stay in Initialised.
#
# check: GRUB as a PV guest reads the disk
# check: GRUB as a 32-bit PVH guest reads the disk

grub()
{
	local type=$1 format=$2 name=grub-$1 log

	log=/var/log/xen/console/guest-$name.log
	[ -e /dev/vg/disk ] || lv disk 16M
	dd if=/dev/urandom of=/dev/vg/disk bs=64k count=16 oflag=direct
	cat >/run/grub.cfg <<-'END'
		echo "hash of the first MiB:"
		hashsum --hash md5 (xen/xvda)0+2048
		echo "hash of sectors 3 to 9:"
		hashsum --hash md5 (xen/xvda)3+7
		echo "that is all"
		sleep 1
		halt
	END
	grub-mkimage -O "$format" -p / -c /run/grub.cfg -o "/run/$name.bin" \
		hashsum gcry_md5 echo sleep halt blocklist test
	cat >"/run/$name.cfg" <<-END
		name = "$name"
		type = "$type"
		kernel = "/run/$name.bin"
		memory = 96
		disk = [ 'phy:/dev/vg/disk,xvda,w' ]
	END
	xl create -q "/run/$name.cfg"
	guest_follow "$name"
	wait_for 60 grep -q 'that is all' "$log"
	tr -d '\r' <"$log" | grep -a "$(dd if=/dev/vg/disk bs=64k count=16 iflag=direct | md5sum | cut -d' ' -f1)"
	tr -d '\r' <"$log" | grep -a "$(dd if=/dev/vg/disk bs=512 skip=3 count=7 iflag=direct | md5sum | cut -d' ' -f1)"
	xl destroy "$name" || true
	wait_for 20 no_vbds
}

scenario()
{
	guests_gone
	check "GRUB as a PV guest reads the disk" grub pv x86_64-xen
	check "GRUB as a 32-bit PVH guest reads the disk" grub pvh i386-xen_pvh
}
