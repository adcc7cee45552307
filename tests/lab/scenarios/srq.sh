# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Shared receive queue on, off, and changed while a session lives.
# KERNEL=6.12
# CPUS=2
# MORE=vib
# TIMEOUT=120

backend_ramdisk vol1 32
target_create vol1
acl_add "$(fabric_initiator_id)"
initiator_load ch_count=2 reconnect_delay=1
for srq in 1 0; do
	step "use_srq=$srq"
	target_attrib use_srq $srq
	same "$(cat "$TPG/attrib/use_srq")" $srq "use_srq"
	target_enable
	initiator_login
	io_verify "$DISK" 4k randrw 2m
	io_verify "$DISK" 64k randrw 4m
	initiator_logout
	target_disable
done

step "changed under load"
target_enable
initiator_login
io_verify_background "$DISK"
for srq in 1 0 1; do
	# Refused or put off, but never harmful.
	target_attrib use_srq $srq || true
	io_moves "$DISK"
done
io_verify_end
