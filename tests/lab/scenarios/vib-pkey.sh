# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Partitions, as the subnet manager makes them: a session in one, the partition
# taken away under it and given back, a limited member at a full one.
# CHECK=more
# FABRICS=vib
# SETUP=none
# TIMEOUT=150

# partitions LINE...: what the manager is to set up from now on
partitions()
{
	printf '%s;\n' "$@" >$VIB_STATE/partitions
	[ ! -e $VIB_STATE/opensm/pid ] || kill -HUP "$(cat $VIB_STATE/opensm/pid)"
}

# has_key ADAPTER KEY
has_key()	{ grep -qx "0x$2" "/sys/class/infiniband/$1/ports/1/pkeys/"*; }
key_gone()	{ ! has_key qib0 "$1" && ! has_key qib1 "$1"; }

mkdir -p $VIB_STATE
OPENSM_OPTIONS="-P $VIB_STATE/partitions"
partitions "Default=0x7fff : ALL=full" "disks=0x0001 : ALL=full"
fabric_up
wait_for 20 has_key qib0 8001
wait_for 20 has_key qib1 8001
target_load
backend_ramdisk vol1 32
target_serve vol1
initiator_load reconnect_delay=1 fast_io_fail_tmo=60 dev_loss_tmo=120 ch_count=1

step "a login in the partition"
initiator_login pkey=8001
io_verify_background "$DISK"
# An initiator all of whose commands have arrived only waits, and does not learn
# that the path is gone; somebody who asks now and then, as multipathd does,
# makes it send.
for _ in 1 2 3; do
	(while dd if="$DISK" of=/dev/null bs=512 count=1 iflag=direct status=none; do nap 0.5; done) &
done

step "the partition goes, and with it the connection"
partitions "Default=0x7fff : ALL=full"
wait_for 30 key_gone 8001
wait_for 60 log_matches 'ib_srp: QP creation failed'

# The target heard no goodbye: it learns of it now, if it had no answer to send
# meanwhile that nobody took.
step "the partition is back, so is the session"
partitions "Default=0x7fff : ALL=full" "disks=0x0001 : ALL=full"
wait_for 20 has_key qib1 8001
wait_for 60 log_matches 'Accepted login .* session 2 '
log_matches 'Closed session 1 channel 0 .*: the (initiator logged in anew|connection was lost)'
io_moves "$DISK"
io_verify_end
initiator_logout

step "a limited member reaches a full one"
partitions "Default=0x7fff : ALL=limited, SELF=full" "disks=0x0001 : ALL=full"
wait_for 20 has_key qib1 7fff
has_key qib0 ffff
initiator_login
io_quick "$DISK"
initiator_logout

step "two limited members do not"
partitions "Default=0x7fff : ALL=full" "disks=0x0001 : ALL=limited"
wait_for 20 has_key qib0 0001
wait_for 20 has_key qib1 0001
refuses initiator_try pkey=0001
