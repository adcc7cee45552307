# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The cable is pulled and put back LAB_COUNT times, at either end, for a moment
# or for longer than retries last; and queue pairs fall over in between. The
# verified I/O goes on.
# CHECK=full
# FABRICS=vib
# TIMEOUT=120
# EACH=15

chance_begin
backend_ramdisk vol1 32
target_serve vol1
initiator_load reconnect_delay=1 fast_io_fail_tmo=off dev_loss_tmo=600 ch_count=2
initiator_login
disk_timeout "$DISK" 5
io_verify_background "$DISK"
for ((n = 1; n <= ${LAB_count:-4}; n++)); do
	chance_of qib0 qib1
	side=$CHANCE
	chance_of bounce down down flush
	step "$n: $side $CHANCE"
	case $CHANCE in
	bounce)	vib_knob "$side" link bounce ;;
	flush)	vib_knob "$side" flush 1 ;;
	down)	vib_knob "$side" link down
		chance_nap 3000
		vib_knob "$side" link up ;;
	esac
	wait_for 30 vib_active qib1
	wait_for 30 vib_active qib0
	io_moves "$DISK" 120
done
io_verify_end
initiator_logout
wait_for 30 target_idle || fail "something is held without a session"
