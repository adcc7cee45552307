# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The whole target is removed under load, then the module. Everything in
# bounded time, and it comes back.
# KERNEL=6.12
# CPUS=2
# MORE=vib
# TIMEOUT=120

backend_ramdisk vol1 32
target_serve vol1
initiator_load reconnect_delay=1 fast_io_fail_tmo=1 dev_loss_tmo=20 "$INITIATOR_UNREGISTERED"
initiator_login
io_background "$DISK"
step "LUN, ACL and target portal group removed"
within 20 tpg_remove "$TPG"
io_stop

step "it comes back"
initiator_clear
target_serve vol1
initiator_login
io_background "$DISK"
step "target removed and module unloaded under load"
target_disable
within 20 tpg_remove "$TPG"
rmdir "$SRPT/$TARGET"
rmdir "$SRPT"
within 20 rmmod ib_srpt
io_stop
initiator_clear

step "and loaded again"
target_load
target_serve vol1
initiator_login
io_verify "$DISK" 4k randrw 2m
