# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The power goes while the guest writes: what its fsync had confirmed is there. No
# luck is asked for: dm-log-writes below the backend records in which order writes
# became durable, and the disk is put together as it was at a moment.
#
# check: the guest writes files, and notes what fsync confirmed
# check: after a cut when fsync had confirmed, each confirmed file is there
# check: after a cut at any moment, the file system recovers and keeps what was confirmed

ROUNDS=3
SIZE=32M

# One writer on each CPU, and one that never syncs beside them.  Prints what was
# confirmed: checksum, size, name.
# shellcheck disable=SC2016 # expanded in the guest
WRITER='
	set -e
	writer()
	{
		for i in 1 2 3; do
			f=/mnt/$1-$2-$i
			head -c $((i * 20000 + $2)) /dev/urandom >/tmp/data-$2
			taskset -c $2 dd if=/tmp/data-$2 of=$f bs=16k conv=fsync 2>/dev/null
			(cd /mnt && cksum ${f#/mnt/}) >>/tmp/confirmed-$2
		done
	}
	rm -f /tmp/confirmed-*
	dd if=/dev/urandom of=/mnt/noise-ROUND bs=64k count=20 2>/dev/null &
	writer ROUND 0 &
	writer ROUND 1 &
	wait
	cat /tmp/confirmed-0 /tmp/confirmed-1'

writes()
{
	local round sectors

	lv disk $SIZE
	lv log 256M
	lv cut $SIZE
	dd if=/dev/zero of=/dev/vg/disk bs=1M count=${SIZE%M} oflag=direct
	sectors=$(blockdev --getsz /dev/vg/disk)
	modprobe dm-log-writes
	dmsetup create t-log --table "0 $sectors log-writes /dev/vg/disk /dev/vg/log"
	need_guest vcpus=2
	xl block-attach g1 'phy:/dev/mapper/t-log,xvda,w'
	guest_disk g1 xvda
	guest_run g1 'mke2fs -q -t ext4 -E nodiscard,lazy_itable_init=0 /dev/xvda &&
		modprobe ext4 && mkdir -p /mnt && mount -t ext4 /dev/xvda /mnt && sync'
	for ((round = 1; round <= ROUNDS; round++)); do
		guest_run g1 "${WRITER//ROUND/$round}" >"/run/confirmed-$round"
		cat "/run/confirmed-$round"
		test "$(wc -l <"/run/confirmed-$round")" -eq 6
		dmsetup message t-log 0 mark "confirmed-$round"
	done
	guests_gone
	dmsetup remove t-log
	/payload/log-replay /dev/vg/log list >/run/log
	grep -c . /run/log
}

# after_cut COUNT ROUND: the disk after COUNT entries of the log, which recovers; says
# what is not as it was confirmed up to ROUND.
after_cut()
{
	local round

	dd if=/dev/zero of=/dev/vg/cut bs=1M count=${SIZE%M} oflag=direct
	/payload/log-replay /dev/vg/log replay /dev/vg/cut "$1" >&2
	lv try $SIZE >&2
	dd if=/dev/vg/cut of=/dev/vg/try bs=1M conv=fsync
	mkdir -p /run/try
	mount -t ext4 /dev/vg/try /run/try
	for ((round = 1; round <= $2; round++)); do
		while read -r sum size name; do
			same "$name after $1 entries" "$sum $size $name" \
				"$(cd /run/try && cksum "$name")" || true
		done <"/run/confirmed-$round"
	done
	umount /run/try
	e2fsck -fn /dev/vg/try >&2
	lvremove -qfy vg/try >&2
}

holds()
{
	after_cut "$@" >/run/lost
	cat /run/lost
	test ! -s /run/lost
}

# entry ROUND: the number of its mark.
entry()
{
	awk -v mark="confirmed-$1" '$2 == "mark" && $3 == mark { print $1 }' /run/log
}

at_marks()
{
	local round

	for ((round = 1; round <= ROUNDS; round++)); do
		holds "$(entry $round)" "$round"
	done
}

anywhere()
{
	local round from to

	for ((round = 1; round < ROUNDS; round++)); do
		from=$(entry $round)
		to=$(entry $((round + 1)))
		for _ in 1 2; do
			holds $((from + RANDOM % (to - from))) "$round"
		done
	done
}

scenario()
{
	check "the guest writes files, and notes what fsync confirmed" writes
	check "after a cut when fsync had confirmed, each confirmed file is there" at_marks
	check "after a cut at any moment, the file system recovers and keeps what was confirmed" anywhere
}
