# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The subnet manager goes, comes back, and gives the target's port another LID:
# who is logged in goes on or comes back by itself, who is not gets in once there
# is a path.
# CHECK=more
# FABRICS=vib
# TIMEOUT=150

other=0000000000000001
at_target()	{ log_matches "no ACL has been configured yet for initiator 0x$other"; }
asks()		{ initiator_try "initiator_ext=$other" 2>/dev/null || at_target; }
lid()		{ printf '%d\n' "$(cat "/sys/class/infiniband/$1/ports/1/lid")"; }
moved()		{ [ "$(lid qib0)" = 32 ]; }

backend_ramdisk vol1 32
target_serve vol1
initiator_load reconnect_delay=1 fast_io_fail_tmo=60 dev_loss_tmo=120 ch_count=1
initiator_login
io_verify_background "$DISK"

step "no manager: the session goes on, another login has no path"
opensm_stop
io_moves "$DISK"
refuses asks
io_moves "$DISK"

step "a manager again: the target can be asked"
opensm_start
wait_for 30 asks
same "$(lid qib0) $(lid qib1)" "1 2" "LIDs that a new manager leaves as they are"
io_moves "$DISK"

step "a manager that gives the target's port another LID"
opensm_stop
echo "$(vib_guid qib0) 0x20 0x20" >$VIB_STATE/opensm/guid2lid
OPENSM_OPTIONS=-x opensm_start
wait_for 30 moved
step "the session comes back on the new path"
wait_for 60 log_matches 'Closed session 1 channel 0'
wait_for 60 log_matches 'Accepted login .* session 2 '
io_moves "$DISK"
io_verify_end
