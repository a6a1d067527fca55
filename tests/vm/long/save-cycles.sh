# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Checkpoint, and save and restore, twenty times each under verified I/O.  Each second
# restore finds a backend that offers less: one ring of one page, no indirect requests,
# no persistent grants.
#
# check: 20 checkpoints go unnoticed under verified I/O
# check: 20 saves and restores go unnoticed, also with a lesser backend

CYCLES=20

checkpoints()
{
	local n

	need_guest vcpus=2
	lv disk 64M
	xl block-attach g1 'phy:/dev/vg/disk,xvda,w'
	guest_disk g1 xvda
	fio_start g1 xvda
	for ((n = 1; n <= CYCLES; n++)); do
		xl save -c g1 /srv/g1.save
		fio_goes_on g1
	done
	row "checkpoints under verified I/O" $CYCLES
}

restores()
{
	local n lesser

	for ((n = 1; n <= CYCLES; n++)); do
		xl save g1 /srv/g1.save
		wait_for 20 no_vbds
		lesser=
		[ $((n % 2)) -eq 0 ] || lesser=$LESSER_BACKEND
		modprobe -r xen-blkback
		# shellcheck disable=SC2086 # parameters, one by one
		modprobe xen-blkback $lesser
		xl restore /srv/g1.save
		guest_follow g1
		fio_goes_on g1
	done
	row "saves and restores under verified I/O" $CYCLES
	row "bytes written and read back meanwhile" "$(fio_bytes g1)"
	fio_stop g1
	row "errors and lost bytes" 0
}

scenario()
{
	guests_gone
	check "20 checkpoints go unnoticed under verified I/O" checkpoints
	check "20 saves and restores go unnoticed, also with a lesser backend" restores
}
