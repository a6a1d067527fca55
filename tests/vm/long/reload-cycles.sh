# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The backend's module is exchanged again and again under verified I/O, each second
# time for one that offers less: one ring of one page, no indirect requests, no
# persistent grants.
#
# check: the backend is exchanged 40 times under verified I/O
# check: verified I/O went on without an error

CYCLES=40

exchange()
{
	local n vbd driver=/sys/bus/xen-backend/drivers/vbd lesser

	need_guest vcpus=2
	lv disk 64M
	xl block-attach g1 'phy:/dev/vg/disk,xvda,w'
	guest_disk g1 xvda
	fio_start g1 xvda
	vbd=vbd-$(domid g1)-51712
	for ((n = 1; n <= CYCLES; n++)); do
		lesser=
		[ $((n % 2)) -eq 0 ] || lesser=$LESSER_BACKEND
		echo "$vbd" >$driver/unbind
		modprobe -r xen-blkback
		# shellcheck disable=SC2086 # parameters, one by one
		modprobe xen-blkback $lesser
		[ -e "$driver/$vbd" ] || echo "$vbd" >$driver/bind
		fio_goes_on g1
	done
	row "backends exchanged under verified I/O" $CYCLES
}

went_on()
{
	fio_goes_on g1
	row "bytes written and read back meanwhile" "$(fio_bytes g1)"
	fio_stop g1
	row "errors and lost bytes" 0
}

scenario()
{
	guests_gone
	check "the backend is exchanged 40 times under verified I/O" exchange
	check "verified I/O went on without an error" went_on
}
