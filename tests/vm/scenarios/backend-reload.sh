# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The backend's module is exchanged under verified I/O (unbind, rmmod, modprobe,
# bind), and the guest does not notice (allow_rebind).  For our frontend one that comes
# back maps or copies what the former one kept mapped, and the other way round.
#
# check: the backend is unbound, unloaded, loaded and bound, twice
# check: verified I/O went on without an error

exchange()
{
	local persistent vbd driver=/sys/bus/xen-backend/drivers/vbd

	need_guest
	lv disk 64M
	xl block-attach g1 'phy:/dev/vg/disk,xvda,w'
	guest_disk g1 xvda
	fio_start g1 xvda
	vbd=vbd-$(domid g1)-51712
	for persistent in N Y; do
		[ "$FRONT" = ours ] || persistent=Y
		echo "$vbd" >$driver/unbind
		modprobe -r xen-blkback
		load_module xen-blkback "$BACK" feature_persistent=$persistent
		[ -e "$driver/$vbd" ] || echo "$vbd" >$driver/bind
		fio_goes_on g1
	done
}

went_on()
{
	fio_goes_on g1
	fio_stop g1
}

scenario()
{
	check "the backend is unbound, unloaded, loaded and bound, twice" exchange
	check "verified I/O went on without an error" went_on
}
