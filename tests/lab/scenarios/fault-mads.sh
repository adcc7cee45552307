# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Each management datagram of a login, a logout and a discovery is lost once,
# on either side; then all of a kind are. Logins are repeated or given up, and
# what was begun for one that was given up is taken back.
# CHECK=full
# FABRICS=vib
# TIMEOUT=400

CM=0x07 SA=0x03 DM=0x06

# lost ADAPTER CLASS ATTRIBUTE [COUNT]: the next of them that leave the adapter.
lost()	{ vib_knob "$1" mad "drop $2 $3 1 ${4:-1}"; }
dropped()	{ echo $(($(vib_stat qib0 mad_dropped) + $(vib_stat qib1 mad_dropped))); }

# survives WHAT: it is lost in a login or logout. A path that is asked for in vain
# ends the login (ib_srp asks once), all else is repeated by the CM; either way
# the next login goes through.
survives()
{
	local before
	before=$(dropped)
	step "lost: $1"
	shift
	lost "$@"
	initiator_probe || [ "$2" = $SA ] || fail "the login was not repeated"
	initiator_clear
	initiator_login
	io_quick "$DISK"
	initiator_logout
	wait_for 60 target_idle || fail "a session is left over"
	[ "$(dropped)" -gt "$before" ] || fail "nothing was lost"
	vib_knob qib0 mad clear
	vib_knob qib1 mad clear
}

backend_ramdisk vol1 16
target_serve vol1
initiator_load reconnect_delay=1 fast_io_fail_tmo=off dev_loss_tmo=600 ch_count=1
survives "path query" qib1 $SA 0x0035
survives "path answer" qib0 $SA 0x0035
survives "REQ" qib1 $CM 0x0010
survives "REP" qib0 $CM 0x0013
survives "RTU" qib1 $CM 0x0014
survives "DREQ of the initiator" qib1 $CM 0x0015
survives "DREP of the target" qib0 $CM 0x0016

step "the target's DREQ is lost, and the answer to it"
for lost in "qib0 $CM 0x0015" "qib1 $CM 0x0016"; do
	initiator_login
	# shellcheck disable=SC2086
	lost $lost
	within 30 target_disable
	wait_for 60 target_idle || fail "the session does not end"
	target_enable
	initiator_clear
	vib_knob qib0 mad clear
	vib_knob qib1 mad clear
done

step "every REP is lost: the initiator gives up, and nothing stays"
lost qib0 $CM 0x0013 100
# The path and the retries decide how long: two minutes at the most.
timeout 150 bash -c 'echo "$0" >"$1"' "$(fabric_login_string)" "$(fabric_add_target)" 2>/dev/null &&
	fail "a login without an answer succeeded"
vib_knob qib0 mad clear
wait_for 120 target_idle || fail "a session is left over"

step "the reject is lost: the initiator asks again and is refused"
before=$(dropped)
lost qib0 $CM 0x0012
refuses initiator_try initiator_ext=00000000000000ff 2>/dev/null
[ "$(dropped)" -gt "$before" ] || fail "nothing was lost"
vib_knob qib0 mad clear

step "device management: question and answer are lost"
for lost in "qib1 $DM 0" "qib0 $DM 0"; do
	# shellcheck disable=SC2086
	lost $lost
	timeout 60 ibsrpdm -c -d /dev/infiniband/umad1 >"$SCRATCH/first" 2>&1 || true
	timeout 60 ibsrpdm -c -d /dev/infiniband/umad1 >"$SCRATCH/targets"
	grep -q "dgid=$(vib_gid qib0)" "$SCRATCH/targets" || { cat "$SCRATCH/targets"; fail "the target is not found"; }
done

step "and all is well"
initiator_login
io_verify "$DISK" 4k randrw 1m
