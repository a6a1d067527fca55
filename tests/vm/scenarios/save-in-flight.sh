# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A guest is saved while requests are in flight, because the disk does not answer
# for longer than suspending waits. What the old backend does after that is not in
# the guest's memory, whatever the ring says: here it reads zeroes and writes
# nowhere.
#
# check: a guest with requests in flight is saved and restored
# check: what was in flight when it was saved is done again

# become TARGET...: let the disk be this; what was held goes there.
become()
{
	echo "0 $(blockdev --getsz /dev/vg/disk) $*" | dmsetup load t-late
	dmsetup resume t-late
}

# The guest's processes are frozen before its disks are suspended: only who does
# not wait in the kernel for his I/O is.
job()
{
	echo fio --filename=/dev/xvda --direct=1 --ioengine=libaio --iodepth=2 \
		--bs=44k --size=88k --verify=crc32c --verify_fatal=1 "$@"
}

# in_flight: read what is at 32 MiB and write at 16 MiB, without an answer.
in_flight()
{
	guest_run g1 "
		later()
		{
			status=0
			\"\$@\" || status=\$?
			echo \$status >>/tmp/later
		}
		later $(job --name=old --offset=32m --rw=read) >/tmp/old.log 2>&1 &
		later $(job --name=new --offset=16m --rw=write --do_verify=0) >/tmp/new.log 2>&1 &
		until [ \"\$(awk '{ print \$9 }' /sys/block/xvda/stat)\" -ge 4 ]; do sleep 0.1; done"
}

suspended()
{
	xl list | awk -v id="$(domid g1)" '$2 == id && $5 ~ /s/ { found = 1 } END { exit !found }'
}

saved()
{
	local saving

	need_guest
	lv disk 64M
	echo "0 131072 linear /dev/vg/disk 0" | dmsetup create t-late
	dmsetup mknodes
	xl block-attach g1 'phy:/dev/mapper/t-late,xvda,w'
	guest_disk g1 xvda
	guest_run g1 "$(job --name=old --offset=32m --rw=write --do_verify=0)"
	dmsetup suspend --noflush t-late
	in_flight
	xl save g1 /srv/g1.save &
	saving=$!
	wait_for 60 suspended
	become zero
	wait "$saving"
	wait_for 20 no_vbds
	dmsetup suspend t-late
	become linear /dev/vg/disk 0
	xl restore /srv/g1.save
	guest_follow g1
}

again()
{
	guest_run g1 "
		until [ \"\$(wc -l </tmp/later)\" -eq 2 ]; do sleep 0.1; done
		cat /tmp/old.log /tmp/new.log
		! grep -v 0 /tmp/later && $(job --name=new --offset=16m --rw=read)"
	grep -a ' 4 requests were sent again' /var/log/xen/console/guest-g1.log
}

scenario()
{
	check "a guest with requests in flight is saved and restored" saved
	check "what was in flight when it was saved is done again" again
}
