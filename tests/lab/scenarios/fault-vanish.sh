# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The target's HCA vanishes LAB_COUNT times, at a random moment of a login, of
# I/O, of a logout, or while somebody changes the configuration. Bounded, and
# what comes back serves.
# CHECK=full
# FABRICS=vib
# CPUS=2
# TIMEOUT=150
# EACH=160

# What was acknowledged before a disk went must be on the next one.
acknowledged()
{
	dd if="$DISK" of="$SCRATCH/back" bs=64k count=4 iflag=direct status=none
	cmp "$SCRATCH/written" "$SCRATCH/back" || fail "acknowledged data is lost"
}

chance_begin
backend_ramdisk vol1 32
target_serve vol1
initiator_load reconnect_delay=1 fast_io_fail_tmo=1 dev_loss_tmo=2 "$INITIATOR_UNREGISTERED"
for ((n = 1; n <= ${LAB_count:-4}; n++)); do
	chance_of login io io logout disable attributes
	what=$CHANCE
	step "$n: HCA vanishes during $what"
	job=''
	if [ "$what" != login ]; then
		initiator_login
		disk_timeout "$DISK" 5
		[ "$n" -eq 1 ] || [ ! -e "$SCRATCH/written" ] || acknowledged
		io_quick "$DISK"
		io_background "$DISK" --offset=8m
	fi
	case $what in
	login)		initiator_try 2>/dev/null & job=$! ;;
	logout)		chance_nap 500; initiator_clear & job=$! ;;
	disable)	chance_nap 500; target_disable & job=$! ;;
	attributes)	(for srq in 1 0 1 0; do target_attrib use_srq $srq; done) & job=$! ;;
	esac
	chance_nap 700
	within 40 fabric_remove_hca
	# A login whose answer is lost with the HCA is repeated by the initiator's CM:
	# 62 s and 102 s have been seen.
	[ -z "$job" ] || { wait_for 150 process_gone "$job" || fail "$what hangs"; wait "$job" || true; }
	[ "$what" = login ] || io_stop
	initiator_clear
	fabric_add_hca
	[ "$(cat "$TPG/enable")" = 1 ] || target_enable
	target_reappeared
done
initiator_login
[ ! -e "$SCRATCH/written" ] || acknowledged
io_verify "$DISK" 4k randrw 1m
initiator_logout
wait_for 30 target_idle || fail "something is held without a session"
