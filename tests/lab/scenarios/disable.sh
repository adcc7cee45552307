# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The target port is disabled under load and enabled again: sessions end in
# bounded time, logins are refused meanwhile, the initiator comes back by
# itself and its verified I/O goes on.
# CPUS=2
# TIMEOUT=120

backend_ramdisk vol1 32
target_serve vol1
initiator_load reconnect_delay=1 fast_io_fail_tmo=off dev_loss_tmo=120
initiator_login
io_verify_background "$DISK"
for round in 1 2; do
	step "disable, round $round"
	within 15 target_disable
	same "$(cat "$TPG/enable")" 0 "enable"
	wait_for 10 port_state_not running
	step "enable, round $round"
	target_enable
	wait_for 20 port_state running
	io_moves "$DISK"
done
io_verify_end
