# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The HCA goes away under load and another comes: bounded, nothing left over,
# the configuration still stands and serves again.
# CPUS=2
# FABRICS=vib rxe
# MORE=rxe
# TIMEOUT=120

backend_ramdisk vol1 32
target_serve vol1
initiator_load reconnect_delay=1 fast_io_fail_tmo=1 dev_loss_tmo=5 "$INITIATOR_UNREGISTERED"
for round in 1 2; do
	initiator_login
	disk_timeout "$DISK" 5
	io_background "$DISK"
	step "HCA removed, round $round"
	within 30 fabric_remove_hca
	io_stop
	wait_for 20 no_srp_hosts
	step "HCA back"
	fabric_add_hca
	target_reappeared
done
initiator_login
io_verify "$DISK" 4k randrw 2m
