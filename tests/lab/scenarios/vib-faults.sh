# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The fault knobs of the virtual fabric, each with what it must lead to: lost
# and late MADs, receivers that are not ready, falsified and failing RDMA,
# queue pairs that fall over, a cable that is out for a moment.
# CHECK=more
# FABRICS=vib
# TIMEOUT=150

# read_back: the first MiB as the disk gives it, in SCRATCH/back
read_back()	{ dd if="$DISK" of="$SCRATCH/back" bs=64k count=16 iflag=direct status=none; }
intact()	{ cmp -s "$SCRATCH/data" "$SCRATCH/back"; }
hit()		{ [ "$(vib_stat "$1" "$2")" -ge "$3" ]; }

backend_ramdisk vol1 32
target_serve vol1
initiator_load reconnect_delay=1 fast_io_fail_tmo=60 dev_loss_tmo=120 ch_count=1

step "the first request for a connection is lost, the reply to the next is late"
vib_knob qib1 mad "drop 0x07 0x0010 1 1"
vib_knob qib0 mad "delay 0x07 0x0013 1 1 300"
initiator_login
hit qib1 mad_dropped 1 || fail "no MAD was dropped"
hit qib0 mad_delayed 1 || fail "no MAD was delayed"

head -c 1M /dev/urandom >"$SCRATCH/data"
dd if="$SCRATCH/data" of="$DISK" bs=64k oflag=direct status=none

step "a receiver that is not ready is tried again"
vib_knob qib0 rnr 8
vib_knob qib1 rnr 8
io_verify "$DISK" 4k randwrite 1m --offset=8m
hit qib0 rnr_sent 8 || fail "the target's side never was not ready"
hit qib1 rnr_sent 8 || fail "the initiator's side never was not ready"

step "falsified data is seen, once"
vib_knob qib0 rdma_corrupt 1
read_back
refuses intact
hit qib0 rdma_corrupted 1 || fail "nothing was falsified"
read_back
intact || fail "the data did not come back after the fault"

step "a failing RDMA operation costs the channel, not the data"
vib_knob qib0 rdma_fail 1
within 60 read_back
intact || fail "wrong data after a failed RDMA operation"
hit qib0 rdma_failed 1 || fail "no RDMA operation failed"

step "queue pairs fall over, on either side"
for side in qib1 qib0; do
	vib_knob $side flush 1
	within 60 read_back
	intact || fail "wrong data after $side fell over"
done

step "the cable is out for a moment"
io_verify_background "$DISK"
vib_knob qib1 link down
vib_down qib0 || fail "the other end did not notice"
vib_knob qib1 link up
wait_for 30 vib_active qib1
wait_for 30 vib_active qib0
within 60 read_back
io_verify_end
