# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# RDMA operations of the target fail, one after another: the first of a session,
# the second, ... (LAB_COUNT of them), then some far into it. Each costs the
# channel; the initiator comes back and no acknowledged data is lost.
# CHECK=full
# FABRICS=vib
# TIMEOUT=150
# EACH=15

struck()	{ [ "$(vib_stat qib0 rdma_failed)" -gt "$before" ]; }

# strike SKIPPED
strike()
{
	before=$(vib_stat qib0 rdma_failed)
	vib_knob qib0 rdma_skip "$1"
	vib_knob qib0 rdma_fail 1
	wait_for 60 struck || fail "no RDMA operation failed"
	io_moves "$DISK"
}

chance_begin
backend_ramdisk vol1 32
target_serve vol1
for srq in 0 1; do
	step "use_srq=$srq"
	target_disable
	target_attrib use_srq $srq
	target_enable
	[ $srq = 1 ] || initiator_load reconnect_delay=1 fast_io_fail_tmo=off dev_loss_tmo=600 ch_count=2 use_imm_data=0
	initiator_login
	io_verify_background "$DISK"
	for ((n = 0; n < ${LAB_count:-3}; n++)); do
		strike $n
		chance_below 1000
		strike "$CHANCE"
	done
	io_verify_end
	initiator_logout
done
wait_for 30 target_idle || fail "something is held without a session"
