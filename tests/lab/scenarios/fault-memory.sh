# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Memory is short: large transfers and logins while little is free, and while
# what is free is in single pages. Refused with a reason or served, nothing
# that was acknowledged is lost, and all of it works again afterwards.
# CHECK=full
# FABRICS=vib rxe
# CPUS=2
# TIMEOUT=240

available()	{ sed -nE 's/^MemAvailable: +([0-9]+) kB/\1/p' /proc/meminfo; }

# hog MIB: take memory until no more than that is available.
hog()
{
	local take=$(($(available) - ($1 << 10)))
	[ $take -le 0 ] || head -c "${take}K" /dev/zero >/dev/shm/hog.img
	echo "available: $(available) KiB"
}

mount -o remount,size=100% /dev/shm
backend_ramdisk vol1 64
target_serve vol1
# The target may take all there is; what the kernel needs to free memory stays.
target_attrib max_initiator_bytes $((1 << 30))
initiator_load reconnect_delay=1 fast_io_fail_tmo=off dev_loss_tmo=600 ch_count=2
initiator_login
io_verify_background "$DISK"
for free in 96 64; do
	step "$free MiB free: large transfers"
	hog $free
	for bs in 1M 4M; do
		dd if=/dev/zero of="$DISK" bs=$bs seek=8 count=4 oflag=direct status=none || echo "refused"
		dd if="$DISK" of=/dev/null bs=$bs skip=8 count=4 iflag=direct status=none || echo "refused"
	done
	io_moves "$DISK"
	step "$free MiB free: sessions end and come back"
	target_disable
	target_enable
	io_moves "$DISK"
	rm -f /dev/shm/hog.img
done
io_verify_end
io_verify "$DISK" 1m randwrite 16m
initiator_logout
wait_for 30 target_idle || fail "something is held without a session"
