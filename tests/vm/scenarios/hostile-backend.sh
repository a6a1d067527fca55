# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A backend that writes nonsense into XenStore: each costs that connection, with a
# message in the guest that names the key, its value and what was expected; no
# warning; and a good disk that comes then works. The backend is this script, on a
# path of its own where no driver looks.
#
# check: sizes that cannot be are refused by name
# check: keys that are missing or no numbers are refused by name
# check: a good disk works after that, and the guest's kernel never warned

BACK_PATH=/local/domain/0/false/51728

# offer KEY=VALUE...: a new disk, /dev/xvdb, with these values.
offer()
{
	local id front arg

	id=$(domid g1)
	front=/local/domain/$id/device/vbd/51728
	xenstore-write $BACK_PATH/frontend "$front" $BACK_PATH/frontend-id "$id" \
		$BACK_PATH/online 1 $BACK_PATH/max-ring-page-order 0 \
		$BACK_PATH/state 2 "$front/backend-id" 0 \
		"$front/virtual-device" 51728 "$front/device-type" disk "$front/trusted" 1
	xenstore-chmod -r $BACK_PATH n0 "r$id"
	xenstore-write "$front/backend" $BACK_PATH "$front/state" 1
	xenstore-chmod -r "$front" "n$id" r0
	wait_for 20 front_is 3
	for arg in "$@"; do
		xenstore-write "$BACK_PATH/${arg%%=*}" "${arg#*=}"
	done
	xenstore-write $BACK_PATH/state 4
}

front_is()
{
	[ "$(xenstore-read "/local/domain/$(domid g1)/device/vbd/51728/state")" = "$1" ]
}

# refused TEXT KEY=VALUE...: the offer is refused with a message that has TEXT.
refused()
{
	local text=$1
	shift

	guest_run g1 'dmesg -c >/dev/null'
	offer "$@"
	wait_for 20 guest_run g1 "dmesg | grep -F '$text'"
	guest_run g1 'dmesg'
	fails guest_run g1 '[ -e /dev/xvdb ]'
	xenstore-write $BACK_PATH/state 5
	wait_for 20 front_is 6
	xenstore-write $BACK_PATH/state 6
	xenstore-rm "/local/domain/$(domid g1)/device/vbd/51728"
	xenstore-rm $BACK_PATH
	wait_for 20 guest_run g1 '[ ! -e /sys/bus/xen/devices/vbd-51728 ]'
}

sizes()
{
	need_guest
	refused 'sector-size' sectors=2048 sector-size=513 info=0
	refused 'sector-size' sectors=2048 sector-size=65536 info=0
	refused 'sectors' sectors=18446744073709551615 sector-size=512 info=0
	refused 'physical-sector-size' sectors=2048 sector-size=512 physical-sector-size=3 info=0
}

words()
{
	refused 'sectors' sector-size=512 info=0
	refused 'sectors' sectors=many sector-size=512 info=0
	refused 'info' sectors=2048 sector-size=512 info=99999999999
}

good()
{
	lv disk 16M
	xl block-attach g1 'phy:/dev/vg/disk,xvda,w'
	guest_disk g1 xvda
	guest_run g1 "$(verify_jobs /dev/xvda)"
	same "the kernel's mark of a warning" 0 \
		$(($(guest_run g1 'cat /proc/sys/kernel/tainted') & 512))
}

scenario()
{
	check "sizes that cannot be are refused by name" sizes
	check "keys that are missing or no numbers are refused by name" words
	check "a good disk works after that, and the guest's kernel never warned" good
}
