# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Suspend, resume and checkpoint while the guest does verified I/O: nobody sees an
# error, and nothing that was written is lost.
#
# check: a checkpoint (xl save -c) goes unnoticed under verified I/O
# check: save and restore go unnoticed under verified I/O
# check: the disk holds what the guest wrote before it was saved

checkpoint()
{
	need_guest
	lv disk 64M
	xl block-attach g1 'phy:/dev/vg/disk,xvda,w'
	guest_disk g1 xvda
	guest_run g1 'dd if=/dev/urandom of=/tmp/mark bs=65536 count=4 &&
		dd if=/tmp/mark of=/dev/xvda bs=65536 seek=512 count=4 oflag=direct'
	fio_start g1 xvda
	xl save -c g1 /srv/g1.save
	fio_goes_on g1
}

restore()
{
	xl save g1 /srv/g1.save
	wait_for 20 no_vbds
	xl restore /srv/g1.save
	guest_follow g1
	fio_goes_on g1
	fio_stop g1
}

holds()
{
	guest_run g1 'dd if=/dev/xvda of=/tmp/back bs=65536 skip=512 count=4 iflag=direct &&
		cmp /tmp/mark /tmp/back'
	guest_run g1 'dd if=/dev/zero of=/dev/xvda bs=65536 count=1 oflag=direct conv=fsync'
}

scenario()
{
	check "a checkpoint (xl save -c) goes unnoticed under verified I/O" checkpoint
	check "save and restore go unnoticed under verified I/O" restore
	check "the disk holds what the guest wrote before it was saved" holds
}
