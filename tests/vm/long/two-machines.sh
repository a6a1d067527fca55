# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# A guest migrates live to another machine and back, again and again, under verified I/O
# and beside a writer that notes what its fsync confirmed.  Both machines have its disk.
# One time in three it finds a backend that offers less.
#
# For a PVH guest: Debian's Xen has no shadow paging, so that it cannot tell which pages
# a running PV guest writes to.  QEMU, which emulates nested virtualisation, now and then
# fails such a guest: that one is lost, what it had confirmed is looked for, and another
# one goes on in its place.
#
# check: a guest goes to another machine and back, again and again
# check: nothing is lost of what fsync had confirmed

# Set with --set: how often there and back.
CYCLES=${CYCLES:-20}
# Where, in blocks of 4 KiB, the writer begins: fio has the first MiB.
WRITER_AT=4096

here()
{
	"$@"
}

# --- what either machine does -------------------------------------------------

# ready PARAMETER...: load the backend anew, that way.
ready()
{
	wait_for 30 no_vbds
	modprobe -r xen-blkback
	modprobe xen-blkback "$@"
}

migrate()
{
	xl migrate -s /payload/peer g1 twin
	wait_for 30 no_vbds
}

arrived()
{
	guest_follow g1
	fio_goes_on g1
}

# confirmed: what the writer has noted since the last time, number and checksum of each
# block, after the bytes that the disk has moved.
confirmed()
{
	fio_bytes g1
	# shellcheck disable=SC2016 # expanded in the guest
	guest_run g1 '
		test ! -e /tmp/failed
		mv /tmp/confirmed /tmp/noted
		tail -n 300 /tmp/noted'
}

# --- the disk -----------------------------------------------------------------

# look: how many of the noted blocks there are, and how many of them are lost.
look()
{
	blockdev --flushbufs "$1"
	python3 - "$1" "$WRITER_AT" <<-'END'
		import hashlib, sys
		noted = lost = 0
		with open(sys.argv[1], "rb") as disk:
		    for line in open("/run/vm/noted"):
		        number, checksum = line.split()[:2]
		        disk.seek((int(sys.argv[2]) + int(number)) * 4096)
		        noted += 1
		        lost += hashlib.md5(disk.read(4096)).hexdigest() != checksum
		print(noted, lost)
	END
}

# --- the guest ----------------------------------------------------------------

# add FILE NUMBER: to the number in $RUN/FILE.
add()
{
	echo $(($(cat "$RUN/$1" 2>/dev/null) + $2)) >"$RUN/$1"
}

write_and_note()
{
	# shellcheck disable=SC2016 # expanded in the guest
	guest_run g1 '
		n=0
		while head -c 4096 /dev/urandom >/tmp/block; do
			dd if=/tmp/block of=/dev/xvda bs=4096 seek=$(('$WRITER_AT' + n)) count=1 \
				conv=notrunc,fsync || touch /tmp/failed
			echo "$n $(md5sum </tmp/block)" >>/tmp/confirmed
			n=$((n + 1))
			sleep 0.2
		done >/dev/null 2>&1 &'
}

begin_life()
{
	: >"$RUN/noted"
	rm -f "$RUN/bytes"
	guest_start g1
	xl block-attach g1 "phy:$(disk_of shared),xvda,w"
	guest_disk g1 xvda
	fio_start g1 xvda
	write_and_note
	echo here >"$RUN/at"
}

# end_life: wherever it is; what it had confirmed is on the disk.
end_life()
{
	local seen

	rm -f "$RUN/at"
	guests_gone
	twin guests_gone
	seen=$(look "$(disk_of shared)")
	add looked-for "${seen% *}"
	add lost "${seen#* }"
	add moved-bytes "$(cat "$RUN/bytes" 2>/dev/null || echo 0)"
	: >"$RUN/noted"
	rm -f "$RUN/bytes"
}

# take_note: which comes from where the guest is.
take_note()
{
	local bytes

	"$(<"$RUN/at")" confirmed >"$RUN/heard"
	{
		read -r bytes
		cat >>"$RUN/noted"
	} <"$RUN/heard"
	echo "$bytes" >"$RUN/bytes"
}

# move NUMBER: to the other machine.
move()
{
	local from to=here lesser=

	[ -e "$RUN/at" ] || begin_life
	from=$(<"$RUN/at")
	[ "$from" = twin ] || to=twin
	[ $(($1 % 3)) -ne 1 ] || lesser=$LESSER_BACKEND
	# shellcheck disable=SC2086 # parameters, one by one
	"$to" ready $lesser
	"$from" migrate
	echo "$to" >"$RUN/at"
	"$to" arrived
	take_note
}

# --- checks -------------------------------------------------------------------

meet()
{
	rm -f "$RUN"/{at,noted,bytes,heard,looked-for,lost,moved-bytes}
	twin machine_modules "$BACK" "$FRONT" "$GUEST_KVER"
	twin guests_gone
	# The same guest is told commands by both: no number may come twice.
	/payload/peer twin "echo 1000000 >$RUN/seq" </dev/null
	same "the disk in common" "$(disk_of shared)" "$(twin disk_of shared)"
	xl dmesg -c >/dev/null
	twin xl dmesg -c >/dev/null
}

moves()
{
	local n=0 status faults=0 in_a_row=0

	meet
	while [ "$n" -lt $((2 * CYCLES)) ]; do
		set +e
		(set -e; move $((n + 1)))
		status=$?
		set -e
		if [ "$status" -eq 0 ]; then
			n=$((n + 1))
			in_a_row=0
			continue
		fi
		emulator_fault || twin emulator_fault
		faults=$((faults + 1))
		in_a_row=$((in_a_row + 1))
		test "$in_a_row" -lt 3
		emulator_pardon
		twin emulator_pardon
		end_life
	done
	"$(<"$RUN/at")" fio_stop g1
	end_life
	row "migrations to another machine under verified I/O" "$n"
	row "bytes written and read back meanwhile" "$(<"$RUN/moved-bytes")"
	row "guests lost to emulated nested virtualisation" "$faults"
}

nothing_lost()
{
	row "blocks confirmed by fsync, looked for after migrations" "$(<"$RUN/looked-for")"
	row "confirmed blocks lost in migrations" "$(<"$RUN/lost")"
	test "$(<"$RUN/looked-for")" -gt 0
	same "confirmed blocks lost" 0 "$(<"$RUN/lost")"
}

scenario()
{
	guests_gone
	check "a guest goes to another machine and back, again and again" moves
	check "nothing is lost of what fsync had confirmed" nothing_lost
	guests_gone
}
