# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The backend in a domain that is not dom0, and what becomes of a disk in use when
# that domain is destroyed and started again. The driver domain has a volume of
# dom0's as its own disk, with a loop device on it, as it may not pass the pages of
# one domain on to another.
#
# check: a disk that another domain serves appears, and holds what is written
# check: its backend's domain is destroyed and started again, and the writer goes on
# check: no block that fsync had confirmed is lost

# driver_start: the domain that serves.
driver_start()
{
	guest_start driver "phy:/dev/vg/disk,xvda,w" "initrd=$RUN/initrd-driver"
	guest_run driver 'until [ -b /dev/xvda ]; do sleep 0.1; done
		modprobe loop && modprobe xen-blkback && losetup /dev/loop0 /dev/xvda'
}

# attach: what the toolstack and, in the driver domain, its daemon do.
attach()
{
	local backend

	backend=/local/domain/$(domid driver)/backend/vbd/$(domid g1)/51728
	xl block-attach g1 "backend=driver,vdev=xvdb,access=w,target=/dev/loop0" &
	wait_for 30 xenstore-exists "$backend/frontend"
	xenstore-write "$backend/physical-device" 7:0 "$backend/hotplug-status" connected
	wait $!
}

served()
{
	local overlay=$RUN/overlay-driver modules

	lv disk 64M
	modules=$overlay/usr/lib/modules/$RELEASE
	mkdir -p "$modules/updates"
	cp "$(modinfo -n xen-blkback)" "$modules/updates/"
	cp "$(modinfo -n loop)" "$modules/updates/"
	(cd "$overlay" && find . | busybox cpio -o -H newc 2>/dev/null) |
		cat "$RUN/initrd" - >"$RUN/initrd-driver"
	need_guest
	driver_start
	attach
	guest_disk g1 xvdb
	# A busy machine may need longer than a minute for another driver domain.
	guest_run g1 'echo 600 >/sys/module/xen_blkfront/parameters/reconnect_timeout_sec'
	guest_run g1 -t 120 "$(verify_jobs /dev/xvdb)"
}

# The writer writes one block after the other, each with an fsync, and notes those
# that are confirmed; what fails it writes again.
started_again()
{
	# shellcheck disable=SC2016 # expanded in the guest
	guest_run g1 '
		rm -f /tmp/stop /tmp/confirmed /tmp/failed
		(
			n=0
			while [ ! -e /tmp/stop ]; do
				head -c 4096 /dev/urandom >/tmp/block-$n
				until [ -b /dev/xvdb ] && dd if=/tmp/block-$n of=/dev/xvdb bs=4096 seek=$n count=1 conv=notrunc,fsync 2>/dev/null; do
					echo $n >>/tmp/failed
				done
				echo $n >>/tmp/confirmed
				n=$((n + 1))
			done
		) >/dev/null 2>&1 &'
	writer_goes_on
	xl destroy driver
	sleep 2
	rm "$RUN/guest-driver.id"
	xl block-detach --force g1 xvdb || true
	driver_start
	attach
	writer_goes_on
	writer_goes_on
}

writer_goes_on()
{
	# shellcheck disable=SC2016 # expanded in the guest
	guest_run g1 -t 120 '
		confirmed()
		{
			cat /tmp/confirmed 2>/dev/null | wc -l
		}
		enough=$(($(confirmed) + 10))
		until [ "$(confirmed)" -ge "$enough" ]; do sleep 0.1; done'
}

# The driver domain had a cache, and took it along: one fsync may say so.
nothing_lost()
{
	# shellcheck disable=SC2016 # expanded in the guest
	guest_run g1 -t 120 '
		touch /tmp/stop
		wait
		sleep 1
		echo "confirmed: $(wc -l </tmp/confirmed), failed: $(cat /tmp/failed 2>/dev/null | wc -l)"
		[ "$(cat /tmp/failed 2>/dev/null | wc -l)" -le 1 ] || exit 1
		for n in $(cat /tmp/confirmed); do
			dd if=/dev/xvdb bs=4096 skip=$n count=1 iflag=direct 2>/dev/null | cmp - /tmp/block-$n || exit 1
		done'
}

scenario()
{
	guests_gone
	check "a disk that another domain serves appears, and holds what is written" served
	check "its backend's domain is destroyed and started again, and the writer goes on" started_again
	check "no block that fsync had confirmed is lost" nothing_lost
	guests_gone
}
