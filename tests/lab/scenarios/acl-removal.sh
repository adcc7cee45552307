# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The ACL of a logged-in initiator is removed under load: its session ends, it
# is refused, and it is let in when the ACL is back.
# CPUS=2
# TIMEOUT=90

backend_ramdisk vol1 32
target_serve vol1
initiator_load reconnect_delay=1 fast_io_fail_tmo=off dev_loss_tmo=120
initiator_login
io_background "$DISK"
step "ACL removed"
within 15 acl_remove "$(fabric_initiator_id)"
wait_for 20 log_matches 'REJECTED, reason 0x00010006' || fail "the initiator was not refused"
step "ACL added"
acl_add "$(fabric_initiator_id)"
wait_for 20 port_state running
# The load may have ended: between LUN and ACL, LIO answers in the LUN's stead.
io_stop
io_verify "$DISK" 4k randrw 2m
