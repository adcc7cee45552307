# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Everything is loaded, used, and taken away from under the load, again and
# again: once the target's adapter vanishes, once the initiator's. LAB_COUNT=50
# makes fifty cycles.
# CHECK=more
# FABRICS=vib
# SETUP=none
# TIMEOUT=120
# EACH=30

slab_kib()	{ awk '/^SUnreclaim/ { print $2 }' /proc/meminfo; }

cycles=${LAB_count:-2}
for ((n = 1; n <= cycles; n++)); do
	step "cycle $n of $cycles"
	fabric_up
	target_load
	backend_ramdisk vol1 16
	target_serve vol1
	initiator_load fast_io_fail_tmo=1 dev_loss_tmo=2 reconnect_delay=off "$INITIATOR_UNREGISTERED"
	initiator_login
	io_verify "$DISK" 4k randwrite 256k
	# Where every command has arrived and none is answered yet, the initiator
	# has nothing that could fail: only this timeout tells it.
	disk_timeout "$DISK" 5
	io_background "$DISK"
	vib_vanish $((n % 2))
	[ ! -e "/sys/class/infiniband/qib$((n % 2))" ] || fail "the adapter did not vanish"
	io_stop
	initiator_clear
	target_clear
	target_unload
	initiator_unload
	fabric_down
	backend_clear
	[ "$n" -gt 1 ] || before=$(slab_kib)
done
after=$(slab_kib)
echo "unreclaimable slab after the first cycle: $before KiB, after the last: $after KiB"
[ $((after - before)) -lt 4096 ] || fail "kernel memory grew by $((after - before)) KiB"
