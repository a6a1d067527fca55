# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The frontend with a backend that is not Linux': QEMU's, which serves an image
# file from user space in dom0.
#
# check: a disk that QEMU serves appears
# check: fio reads back what it wrote through QEMU
# check: dom0 finds in the image what the guest wrote

appears()
{
	raw image 32M
	need_guest 'format=raw,vdev=xvda,access=rw,backendtype=qdisk,target=/srv/image'
	guest_disk g1 xvda
	fails xenstore-exists "$(back_path g1 51712)/hotplug-status"
	same "size" 65536 "$(guest_run g1 'cat /sys/block/xvda/size')"
}

verifies()
{
	guest_run g1 -t 120 "$(verify_jobs /dev/xvda)"
}

holds()
{
	guest_run g1 'dd if=/dev/urandom of=/dev/xvda bs=65536 seek=64 count=16 conv=fsync'
	same "1 MiB of the image" \
		"$(guest_run g1 'dd if=/dev/xvda bs=65536 skip=64 count=16 iflag=direct 2>/dev/null | cksum')" \
		"$(dd if=/srv/image bs=65536 skip=64 count=16 | cksum)"
}

scenario()
{
	check "a disk that QEMU serves appears" appears
	check "fio reads back what it wrote through QEMU" verifies
	check "dom0 finds in the image what the guest wrote" holds
}
