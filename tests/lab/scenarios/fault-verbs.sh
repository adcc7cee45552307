# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The target's adapter is out of resources: each verb fails in its turn, at each
# call of a login, then at posts far into a session, then as a channel is taken
# down. Logins are refused with a reason, sessions end and come back, what was
# acknowledged is there.
# CHECK=full
# FABRICS=vib
# TIMEOUT=400
# EACH=30

failed()	{ vib_stat qib0 verbs_failed; }
struck()	{ [ "$(failed)" -gt "$before" ]; }

# login_without VERB NTH COUNT: a login that may fail, then one that may not.
login_without()
{
	before=$(failed)
	step "$1 fails, call $2 and $(($3 - 1)) more"
	vib_knob qib0 verb "$1 $2 $3"
	initiator_try 2>/dev/null || true
	struck || fail "$1 did not fail"
	vib_knob qib0 verb clear
	initiator_clear
	wait_for 60 target_idle || fail "something of a failed login is left"
	initiator_login
	io_quick "$DISK"
	initiator_logout
	wait_for 30 target_idle || fail "a session is left over"
}

# strike VERB SKIPPED: under verified I/O that has to go on.
strike()
{
	before=$(failed)
	vib_knob qib0 verb "$1 $(($2 + 1)) 1"
	wait_for 60 struck || fail "$1 did not fail"
	io_moves "$DISK"
}

chance_begin
backend_ramdisk vol1 32
target_serve vol1
initiator_load reconnect_delay=1 fast_io_fail_tmo=off dev_loss_tmo=600 ch_count=1

step "no shared receive queue"
target_disable
target_attrib use_srq 1
target_enable
# Without a shared queue the channel gets receives of its own.
login_without create_srq 1 1
log_matches 'no shared receive queue' || fail "nothing was said of it"

for srq in 0 1; do
	step "posts fail in a session, use_srq=$srq"
	target_disable
	target_attrib use_srq $srq
	target_enable
	initiator_login
	io_verify_background "$DISK"
	for ((n = 0; n < ${LAB_count:-2}; n++)); do
		strike post_send $n
		chance_below 2000
		strike post_send "$CHANCE"
		chance_below 200
		if [ $srq = 0 ]; then
			strike post_recv "$CHANCE"
		else
			strike post_srq_recv "$CHANCE"
		fi
	done
	step "the queue pair can't be moved to error, its drain can't be posted"
	for verb in "modify_qp 1 1" "post_recv 1 1" "post_send 1 1" "post_send 2 1"; do
		vib_knob qib0 verb "$verb"
		within 60 target_disable
		vib_knob qib0 verb clear
		target_enable
		io_moves "$DISK"
	done
	io_verify_end
	initiator_logout
	wait_for 30 target_idle || fail "something is held without a session"
done

step "the receives of a shared queue come back, however often a post of them failed"
initiator_login
vib_knob qib0 verb "post_srq_recv 1 100000"
io_verify "$DISK" 4k randwrite 1m
vib_knob qib0 verb clear
io_verify "$DISK" 4k randwrite 8m
initiator_logout

step "each call of a login, with receives of its own"
target_disable
target_attrib use_srq 0
target_enable
login_without create_cq 1 1
login_without create_cq 1 100
login_without create_qp 1 1
login_without create_qp 1 100
# To INIT, to ready to receive, to ready to send.
for n in 1 2 3; do
	login_without modify_qp $n 1
done
for n in 1 2 33 160; do
	login_without post_recv $n 1
done
