# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# A login has to wait for what an earlier one of the same initiator left in LIO,
# and its initiator gives up meanwhile: the log says so, and blames nothing else.
# CHECK=more
# FABRICS=vib
# NEEDS=module:dm_mod module:null_blk
# TIMEOUT=120

slow()		{ dmsetup "$1" --noudevsync ${2:+"$2" "$3"} slow; }
told()		{ log_matches 'Rejected login from initiator .* because the initiator has given up\.'; }
too_late()	{ log_count 'because commands of the previous session have not ended yet'; }
answered()	{ told || [ "$(too_late)" -gt "$before" ]; }
in_flight()	{ [ "$(awk '{ print $9 }' "/sys/block/${DISK#/dev/}/stat")" -gt 0 ]; }

# The request is sent and not answered: ib_srp looked the path up before.
waits()
{
	local stack
	login=$(pgrep -nx echo) || return 1
	stack=$(cat "/proc/$login/stack" 2>/dev/null) || return 1
	[[ $stack == *srp_connect_ch* && $stack != *lookup_path* ]]
}

# One attempt; the target waits four seconds, which a slow guest may need itself.
give_up()
{
	local reader asker before closed
	before=$(too_late)
	closed=$(sessions_closed)
	initiator_login
	slow suspend --noflush --nolockfs
	dd if="$DISK" of=/dev/null bs=4k count=1 iflag=direct >"$SCRATCH/dd" 2>&1 &
	reader=$!
	wait_for 10 in_flight
	# The initiator loses its connection, gives the command up and says goodbye.
	vib_knob $VIB_INITIATOR flush 1
	wait "$reader" || true
	wait_for 60 no_srp_hosts
	wait_for 20 closed_beyond "$closed"
	initiator_try 2>/dev/null &
	asker=$!
	wait_for 20 waits
	kill -KILL "$login"
	slow resume
	wait_for 20 answered
	wait "$asker" || true
}

sessions_closed()	{ log_count 'ib_srpt Closed session'; }
closed_beyond()		{ [ "$(sessions_closed)" -gt "$1" ]; }

null_device vol1 32
modprobe dm_mod
echo "0 $((32 << 11)) linear /dev/$NULL_DEVICE 0" | dmsetup create --noudevsync slow
backend_block vol1 "/dev/$(dmsetup info -c --noheadings -o blkdevname slow)"
target_serve vol1
trap 'slow resume' EXIT
initiator_load reconnect_delay=off fast_io_fail_tmo=1 dev_loss_tmo=2 ch_count=1 "$INITIATOR_UNREGISTERED"

for attempt in 1 2 3; do
	step "a login waits, and is given up: attempt $attempt"
	give_up
	! told || break
done
told || fail "the log does not say that the initiator has given up"
refuses log_matches 'because memory or HCA resources are short'

step "the next one is served"
initiator_login
io_quick "$DISK"
initiator_logout
