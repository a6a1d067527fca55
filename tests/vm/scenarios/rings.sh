# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A guest with two CPUs has two rings, and what one of its CPUs asks for is answered on
# that CPU; in dom0, too, the two rings are not one CPU's.
#
# check: the interrupts of two rings come to two CPUs, in the guest where they are asked for

# grown BEFORE AFTER: the interrupts that came, a line each: number, CPU.  Both are of
# interrupts with their counts on CPU 0 and CPU 1.
grown()
{
	echo "$1" | awk -v after="$2" '
		{ zero[$1] = $2; one[$1] = $3 }
		END {
			for (n = split(after, word); i < n; i += 3) {
				irq = word[i + 1]
				if (word[i + 2] > zero[irq]) print irq, 0
				if (word[i + 3] > one[irq]) print irq, 1
			}
		}'
}

# What COUNTS prints of dom0 and of the guest.
# shellcheck disable=SC2016 # for awk, here and in the guest
COUNTS='awk "/blkif/ { print \$1, \$2, \$3 }" /proc/interrupts'

# asks CPU: that one reads; which interrupts came in the guest, and in dom0, is left in
# $guest and $dom0.
asks()
{
	local a b c d

	a=$(guest_run g1 "$COUNTS")
	b=$(eval "$COUNTS")
	guest_run g1 "taskset -c $1 dd if=/dev/xvda of=/dev/null bs=4096 count=20 iflag=direct 2>/dev/null"
	c=$(guest_run g1 "$COUNTS")
	d=$(eval "$COUNTS")
	guest=$(grown "$a" "$c")
	dom0=$(grown "$b" "$d")
}

spread()
{
	local guest dom0 first

	need_guest vcpus=2
	lv disk 16M
	vbd_make g1 51712 /dev/vg/disk
	guest_disk g1 xvda
	# Who opens the disk has waited for its partition scan.
	guest_run g1 'dd if=/dev/xvda of=/dev/null count=1 2>/dev/null'
	asks 0
	first=$dom0
	same "CPUs that are interrupted for CPU 0" 0 "${guest#* }"
	asks 1
	same "CPUs that are interrupted for CPU 1" 1 "${guest#* }"
	same "interrupts of dom0 for one ring" "1 1" \
		"$(wc -l <<<"$first") $(wc -l <<<"$dom0")"
	test "${first% *}" != "${dom0% *}"
	test "${first#* }" != "${dom0#* }"
	goes
}

goes()
{
	vbd_unmake g1 51712
	wait_for 20 no_vbds
	vbd_forget g1 51712
	# Others have one CPU.
	guests_gone
}

scenario()
{
	check "the interrupts of two rings come to two CPUs, in the guest where they are asked for" spread
}
