# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What is short makes I/O slow, and neither fails nor stops it: a guest and dom0 that
# swap to a disk of ours, and a guest whose grant table is small.
#
# check: a guest swaps to its disk, and its memory is what it was
# check: dom0 swaps through both halves, and its memory is what it was
# check: a guest with few grants does large I/O on several disks

# FILES and one more of 16 MB in DIR, a tmpfs that does not fit into memory, are written
# once and read twice.  They are the same bytes, each file's moved on by one, so that no
# page is like another one.  What is slow for a guest without virtualisation is kept out
# of it: random bytes for all, and pipes with little in them.
# shellcheck disable=SC2016 # expanded where it runs
SWAPS='
	set -e
	moved() { head -c $1 /dev/zero; dd if=$DIR/fill-0 bs=64k 2>/dev/null; }
	head -c 16000000 /dev/urandom >$DIR/fill-0
	cksum <$DIR/fill-0 >$DIR/sums
	for n in $(seq $FILES); do
		moved $n >$DIR/fill-$n
		moved $n | cksum
	done >>$DIR/sums
	for round in 1 2; do
		for n in $(seq 0 $FILES); do cksum <$DIR/fill-$n; done | cmp - $DIR/sums
	done
	awk "\$1 == \"pswpout\" && \$2 > 5000 { ok = 1 } END { exit !ok }" /proc/vmstat
	rm $DIR/fill-* $DIR/sums'

guest_swaps()
{
	guests_gone
	guest_start g1
	lv disk 400M
	xl block-attach g1 'phy:/dev/vg/disk,xvda,w'
	guest_disk g1 xvda
	guest_run g1 -t 200 "mkswap /dev/xvda >/dev/null && swapon /dev/xvda &&
		mount -o remount,size=400m /tmp; DIR=/tmp FILES=13; $SWAPS && swapoff /dev/xvda"
	xl block-detach g1 xvda
	wait_for 20 no_vbds
}

# Not all of dom0: a group of processes that is held up beyond 24 MiB.  A hard limit
# would have it killed while all it has is on its way to the disk.
dom0_swaps()
{
	load_module xen-blkfront "$FRONT"
	xl block-attach 0 'phy:/dev/vg/disk,xvdj,w'
	wait_for 30 test -b /dev/xvdj
	mkswap /dev/xvdj
	swapon /dev/xvdj
	mkdir -p /run/cgroup /run/swap
	mount -t cgroup2 none /run/cgroup
	echo +memory >/run/cgroup/cgroup.subtree_control
	mkdir -p /run/cgroup/small
	echo 24M >/run/cgroup/small/memory.high
	mount -t tmpfs -o size=200m none /run/swap
	# shellcheck disable=SC2016 # expanded by the inner shell
	timeout 200 dash -c 'echo $$ >/run/cgroup/small/cgroup.procs; DIR=/run/swap FILES=9; '"$SWAPS"
	umount /run/swap
	swapoff /dev/xvdj
	rmdir /run/cgroup/small
	umount /run/cgroup
	xl block-detach 0 xvdj
	wait_for 20 no_vbds
	modprobe -r xen-blkfront
}

# 1536 references, of which each of four disks in flight could use 8192.
few_grants()
{
	local n

	guests_gone
	guest_start g1 vcpus=2 grant_frames=3
	for n in a b c d; do
		lv "disk-$n" 32M
		xl block-attach g1 "phy:/dev/vg/disk-$n,xvd$n,w"
		guest_disk g1 "xvd$n"
	done
	guest_run g1 -t 200 'fio --direct=1 --ioengine=libaio --rw=randwrite --bs=1m --size=16m --iodepth=16 \
		--verify=crc32c --verify_fatal=1 \
		--name=a --filename=/dev/xvda --name=b --filename=/dev/xvdb \
		--name=c --filename=/dev/xvdc --name=d --filename=/dev/xvdd'
	guests_gone
}

scenario()
{
	check "a guest swaps to its disk, and its memory is what it was" guest_swaps
	check "dom0 swaps through both halves, and its memory is what it was" dom0_swaps
	check "a guest with few grants does large I/O on several disks" few_grants
}
