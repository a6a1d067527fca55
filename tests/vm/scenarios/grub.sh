# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The backend with frontends that are not Linux': GRUB's disk drivers, 64-bit in a
# PV guest and 32-bit (x86_32-abi) in a PVH guest. Both stay in Initialised.
#
# check: GRUB as a PV guest reads the disk
# check: GRUB as a 32-bit PVH guest reads the disk
# check: GRUB boots Linux from the disk, and Linux goes on with it (ST4)

grub()
{
	local type=$1 format=$2 name=grub-$1 log

	log=/var/log/xen/console/guest-$name.log
	[ ! -e "$log" ] || : >"$log"
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

# sectors FILE
sectors()
{
	echo $((($(stat -L -c %s "$1") + 511) / 512))
}

# GRUB closes the disk before it starts Linux in the same guest, with the same
# backend.
boots_linux()
{
	local kernel=/guest/vmlinux-$GUEST_KVER initrd=/run/vm/initrd

	lvremove -qfy vg/disk
	lv disk 256M
	dd if="$kernel" of=/dev/vg/disk bs=1M seek=1 conv=notrunc
	dd if="$initrd" of=/dev/vg/disk bs=1M seek=101 conv=notrunc,fsync
	cat >/run/grub.cfg <<-END
		linux (xen/xvda)2048+$(sectors "$kernel") console=hvc0 loglevel=7 rdinit=/init mitigations=off
		initrd (xen/xvda)$((101 * 2048))+$(sectors "$initrd")
		boot
	END
	grub-mkimage -O x86_64-xen -p / -c /run/grub.cfg -o /run/loader.bin linux echo
	cat >/run/loader.cfg <<-END
		name = "loader"
		type = "pv"
		kernel = "/run/loader.bin"
		memory = 512
		disk = [ 'phy:/dev/vg/disk,xvda,w' ]
	END
	xl create -q /run/loader.cfg
	guest_follow loader
	wait_for 150 guest_ready loader
	guest_disk loader xvda
	same "the kernel on the disk" "$(dd if=/dev/vg/disk bs=1M skip=1 count=2 iflag=direct | cksum)" \
		"$(guest_run loader 'dd if=/dev/xvda bs=1M skip=1 count=2 iflag=direct 2>/dev/null | cksum')"
	guest_run loader 'dd if=/dev/urandom of=/dev/xvda bs=64k count=4 conv=fsync'
}

scenario()
{
	guests_gone
	check "GRUB as a PV guest reads the disk" grub pv x86_64-xen
	check "GRUB as a 32-bit PVH guest reads the disk" grub pvh i386-xen_pvh
	check "GRUB boots Linux from the disk, and Linux goes on with it (ST4)" boots_linux
}
