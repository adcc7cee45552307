# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Allocations of the module fail: each one of its load in turn, then LAB_COUNT
# (4) of those of a login, of I/O, of configuration and of teardown. A login is
# refused or made, a load fails and leaves nothing or succeeds, I/O goes on, and
# the next attempt without a failure succeeds.
# CHECK=full
# FABRICS=vib
# NEEDS=path:/sys/kernel/debug/failslab/require-start path:/sys/kernel/debug/fail_page_alloc
# TIMEOUT=900
# EACH=90
# EXPECT=page allocation failure

. "$LAB_dir/lib/allocfail.sh"

# load_with N: insmod with its Nth allocation failing; sets LOADED.
load_with()
{
	LOADED=1
	# The process itself carries the count, so it has to become insmod.
	bash -c 'echo "$0" >/proc/self/fail-nth; exec insmod "$1"' "$1" "$module" 2>/dev/null || LOADED=
}

# alone_with WHAT KIND N COMMAND...: it may fail; what it leaves may not.
with_failure()
{
	local kind=$1 n=$2
	shift 2
	allocfail_arm "$kind" "$n"
	"$@" 2>/dev/null || echo "failed: $*"
	allocfail_off
	allocfail_struck && hits=$((hits + 1))
	return 0
}

configure()
{
	tpg_remove "$TPG" 2>/dev/null
	rmdir "$SRPT/$TARGET" 2>/dev/null
	target_serve vol1
}

chance_begin
count=${LAB_count:-4}
hits=0

step "each allocation of the load"
module=$(modinfo -n ib_srpt)
rmdir "$SRPT"
rmmod ib_srpt
insmod "$module"
allocfail_load
rmmod ib_srpt
failures=0 silent=0
for ((n = 1; n <= 400; n++)); do
	before=$(allocfail_count)
	load_with $n
	if [ -z "$LOADED" ]; then
		failures=$((failures + 1))
	else
		allocfail_load_same
	fi
	[ ! -e /sys/module/ib_srpt ] || rmmod ib_srpt
	# So many are not needed: all have had their turn. Some fail without a word
	# (__GFP_NOWARN), and most of those fail the load.
	if [ -n "$LOADED" ] && [ "$(allocfail_count)" = "$before" ]; then
		silent=$((silent + 1))
		[ $silent -lt 6 ] || break
	else
		silent=0
	fi
done
n=$((n - silent))
echo "load: $n allocations failed in turn, $failures loads failed"
[ $n -gt 10 ] || fail "the load allocated $n times, that can't be"
[ $n -le 400 ] || fail "the load did not come to an end of its allocations"
allocfail_off
target_load
allocfail_ours

step "configuration"
backend_ramdisk vol1 32
target_serve vol1
for ((i = 0; i < count; i++)); do
	chance_below 40
	with_failure failslab $((CHANCE + 1)) configure
	target_clear >/dev/null
	mkdir -p "$SRPT"
	target_serve vol1
done

step "login"
initiator_load reconnect_delay=1 fast_io_fail_tmo=off dev_loss_tmo=600 ch_count=1
for ((i = 0; i < count; i++)); do
	for kind in failslab fail_page_alloc; do
		most=60
		[ $kind = failslab ] || most=16
		chance_below $most
		with_failure $kind $((CHANCE + 1)) initiator_try
		initiator_clear
		wait_for 60 target_idle || fail "something of a failed login is left"
	done
done
initiator_login
io_quick "$DISK"

step "I/O: the pool is cold, then warm"
for ((i = 0; i < count; i++)); do
	for kind in failslab fail_page_alloc; do
		chance_below 8
		allocfail_arm $kind $((CHANCE + 1))
		# TASK SET FULL or BUSY: the initiator does it again.
		io_verify "$DISK" 64k randrw 256k
		allocfail_off
		allocfail_struck && hits=$((hits + 1))
	done
	# An empty pool again.
	initiator_logout
	target_disable
	target_enable
	initiator_login
done

step "teardown and its events"
srptctl monitor >/dev/null &
monitor=$!
for ((i = 0; i < count; i++)); do
	io_background "$DISK"
	chance_below 6
	with_failure failslab $((CHANCE + 1)) within 45 target_disable
	target_enable
	io_stop
	initiator_clear
	initiator_login
done
kill $monitor

step "and without failures all is well"
io_verify "$DISK" 4k randrw 1m
initiator_logout
wait_for 30 target_idle || fail "something is held without a session"
echo "allocations failed outside the load: $hits"
[ $hits -ge $count ] || fail "only $hits allocations failed"
