# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A frontend that writes nonsense into XenStore: each costs that connection, with
# a message that names the key, its value and what was expected; no warning; and
# the next good connection works. One case for each kind of refusal: the units have the
# whole table. (The in-tree backend answers the first with a WARN.)
#
# check: a ring without an event channel is refused by name
# check: numbers that are none, too large or too many are refused by name
# check: an unknown protocol is refused by name
# check: a ring and a port that do not exist are refused
# check: a state that no frontend may be in is refused
# check: the next good connection works, and the kernel never warned

front()
{
	echo "/local/domain/$(domid hostile)/device/vbd/51712"
}

state_is()
{
	[ "$(xenstore-read "$(back_path hostile 51712)/state")" = "$1" ]
}

# refused TEXT KEY=VALUE...: a connection with these keys is refused with a message
# that has TEXT.
refused()
{
	local text=$1 front arg keys=() lines
	shift

	front=$(front)
	lines=$(dmesg | wc -l)
	for arg in "$@"; do
		keys+=("$front/${arg%%=*}" "${arg#*=}")
	done
	xenstore-write -- "${keys[@]}"
	xenstore-write "$front/state" "${STATE:-3}"
	wait_for 20 state_is 5
	dmesg | tail -n +$((lines + 1)) >/run/said
	cat /run/said
	grep -qF "$text" /run/said
	xenstore-write "$front/state" 6
	wait_for 20 state_is 6
	for arg in "$@"; do
		xenstore-rm "$front/${arg%%=*}"
	done
	xenstore-write "$front/state" 1
	wait_for 20 state_is 2
}

no_port()
{
	guests_gone
	guest_start hostile front=none
	lv disk 16M
	xl block-attach hostile phy:/dev/vg/disk,xvda,w
	refused 'event-channel is missing' protocol=x86_64-abi ring-ref=8
}

numbers()
{
	refused 'ring-ref is "-1"' protocol=x86_64-abi ring-ref=-1 event-channel=9
	refused 'ring-page-order is "99"' protocol=x86_64-abi ring-ref=8 event-channel=9 ring-page-order=99
	refused 'multi-queue-num-queues is "4294967297"' protocol=x86_64-abi ring-ref=8 event-channel=9 \
		multi-queue-num-queues=4294967297
}

protocol()
{
	refused 'protocol is "vax-abi"' protocol=vax-abi ring-ref=8 event-channel=9
}

nowhere()
{
	refused 51712 protocol=x86_64-abi ring-ref=4000000000 event-channel=4000000000
}

state()
{
	STATE=42 refused state protocol=x86_64-abi ring-ref=8 event-channel=9
}

good()
{
	guest_run hostile '/usr/sbin/modprobe xen-blkfront'
	guest_disk hostile xvda
	guest_run hostile "$(verify_jobs /dev/xvda)"
	same "the kernel's mark of a warning" 0 $(($(</proc/sys/kernel/tainted) & 512))
}

scenario()
{
	check "a ring without an event channel is refused by name" no_port
	check "numbers that are none, too large or too many are refused by name" numbers
	check "an unknown protocol is refused by name" protocol
	check "a ring and a port that do not exist are refused" nowhere
	check "a state that no frontend may be in is refused" state
	check "the next good connection works, and the kernel never warned" good
}
