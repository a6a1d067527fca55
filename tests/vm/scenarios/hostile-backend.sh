# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A backend that writes nonsense into XenStore: each costs that connection, with a
# message in the guest that names the key, its value and what was expected; no
# warning; and a good disk that comes then works. The backend is this script, on a
# path of its own where no driver looks. One case for each kind of refusal: the
# loopback has the whole table.
#
# check: sizes that cannot be are refused by name
# check: keys that are missing or no numbers are refused by name
# check: a good disk works after that, and the guest's kernel never warned

BACKS=/local/domain/0/false

fronts()
{
	echo "/local/domain/$(domid g1)/device/vbd"
}

# front_is DIRECTORY STATE
front_is()
{
	[ "$(xenstore-read "$1/state")" = "$2" ]
}

# refused NUMBER TEXT KEY=VALUE...: a new disk with these values is refused, and
# TEXT said about it on the guest's console.
refused()
{
	local back=$BACKS/$1 front id text=$2 number=$1 arg keys=()
	shift 2

	id=$(domid g1)
	front=$(fronts)/$number
	xenstore-write "$back/frontend" "$front" "$back/frontend-id" "$id" \
		"$back/online" 1 "$back/max-ring-page-order" 0 "$back/state" 2 \
		"$front/backend-id" 0 "$front/virtual-device" "$number" \
		"$front/device-type" disk "$front/trusted" 1 "$front/backend" "$back"
	xenstore-chmod -r "$back" n0 "r$id"
	xenstore-chmod -r "$front" "n$id" r0
	xenstore-write "$front/state" 1
	wait_for 20 front_is "$front" 3
	for arg in "$@"; do
		keys+=("$back/${arg%%=*}" "${arg#*=}")
	done
	xenstore-write "${keys[@]}"
	xenstore-write "$back/state" 4
	wait_for 20 front_is "$front" 5
	wait_for 20 grep -F "$back/$text, expected " /var/log/xen/console/guest-g1.log
}

# gone NUMBER...: the disks that were refused are none, and go when they are asked.
gone()
{
	local number

	fails guest_run g1 'ls /dev/xvd*'
	for number in "$@"; do
		xenstore-write "$BACKS/$number/state" 5
		wait_for 20 front_is "$(fronts)/$number" 6
		xenstore-rm "$(fronts)/$number" "$BACKS/$number"
	done
	wait_for 20 guest_run g1 '! ls /sys/bus/xen/devices | grep vbd'
}

sizes()
{
	need_guest
	refused 51728 'sector-size is "513"' sectors=2048 sector-size=513 info=0
	refused 51744 'sectors is "18446744073709551615"' \
		sectors=18446744073709551615 sector-size=512 info=0
	refused 51760 'physical-sector-size is "3"' \
		sectors=2048 sector-size=512 physical-sector-size=3 info=0
	gone 51728 51744 51760
}

words()
{
	refused 51776 'sectors is "(missing)"' sector-size=512 info=0
	refused 51792 'sectors is "many"' sectors=many sector-size=512 info=0
	refused 51808 'info is "99999999999"' sectors=2048 sector-size=512 info=99999999999
	gone 51776 51792 51808
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
