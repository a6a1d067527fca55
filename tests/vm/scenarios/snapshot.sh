# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A volume of which a snapshot is taken while its guest writes, and the snapshot as
# another disk (requirement R32).  To take one LVM holds up the volume.
#
# check: a snapshot is taken under verified I/O
# check: as a disk it holds what the volume held, and the volume what came after

# written FILE: random bytes for the volume's last MiB, which the guest keeps.
written()
{
	guest_run g1 "dd if=/dev/urandom of=/tmp/$1 bs=64k count=16 &&
		dd if=/tmp/$1 of=/dev/xvda bs=64k seek=1008 oflag=direct conv=notrunc,fsync"
}

# holds DISK FILE
holds()
{
	guest_run g1 "dd if=/dev/$1 of=/tmp/read bs=64k skip=1008 iflag=direct && cmp /tmp/read /tmp/$2"
}

taken()
{
	need_guest
	lv disk 64M
	xl block-attach g1 'phy:/dev/vg/disk,xvda,w'
	guest_disk g1 xvda
	written old
	fio_start g1 xvda
	lvcreate -q -y -s -n before -L 64M vg/disk
	vgmknodes -q vg
	fio_goes_on g1
	written new
	fio_stop g1
}

differ()
{
	xl block-attach g1 'phy:/dev/vg/before,xvdb,r'
	guest_disk g1 xvdb
	holds xvdb old
	holds xvda new
	guest_detach_all
	lvremove -q -y vg/before
}

scenario()
{
	check "a snapshot is taken under verified I/O" taken
	check "as a disk it holds what the volume held, and the volume what came after" differ
}
