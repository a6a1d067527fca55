# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Migration to the same host, twenty times under verified I/O.  For a PVH guest:
# Debian's Xen has no shadow paging, so that it cannot tell which pages a running
# PV guest writes to.
#
# check: 20 migrations to the same host go unnoticed

CYCLES=20

migrations()
{
	local n

	need_guest
	lv disk 64M
	xl block-attach g1 'phy:/dev/vg/disk,xvda,w'
	guest_disk g1 xvda
	fio_start g1 xvda
	for ((n = 1; n <= CYCLES; n++)); do
		xl migrate -s '' g1 'xl migrate-receive'
		guest_follow g1
		fio_goes_on g1
	done
	row "migrations to the same host under verified I/O" $CYCLES
	row "bytes written and read back meanwhile" "$(fio_bytes g1)"
	fio_stop g1
	row "errors and lost bytes in migrations" 0
}

scenario()
{
	guests_gone
	check "20 migrations to the same host go unnoticed" migrations
	guests_gone
}
