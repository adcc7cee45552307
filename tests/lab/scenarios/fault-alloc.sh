# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Allocations of the module fail, each in turn: of its load, of configuration, of a
# login, of I/O with a cold pool and of teardown, slab and pages. A login is
# refused or made, a load fails and leaves nothing or succeeds, I/O goes on, and
# the next attempt without a failure succeeds.
# CHECK=full
# FABRICS=vib
# NEEDS=path:/sys/kernel/debug/failslab/require-start path:/sys/kernel/debug/fail_page_alloc
# TIMEOUT=1500
# EXPECT=page allocation failure

. "$LAB_dir/lib/allocfail.sh"

# load_with N: insmod with its Nth allocation failing; sets LOADED.
load_with()
{
	LOADED=1
	# The process itself carries the count, so it has to become insmod.
	bash -c 'echo "$0" >/proc/self/fail-nth; exec insmod "$1"' "$1" "$module" 2>/dev/null || LOADED=
}

# each WHAT PREPARE COMMAND TIDY
each()
{
	local kind
	step "$1"
	for kind in failslab fail_page_alloc; do
		allocfail_each $kind "${@:2}"
		echo "$1: $ALLOCFAIL_DONE of $kind failed"
		hits=$((hits + ALLOCFAIL_DONE))
	done
}

configure()
{
	tpg_remove "$TPG" 2>/dev/null
	rmdir "$SRPT/$TARGET" 2>/dev/null
	target_serve vol1
}
configured()
{
	target_clear >/dev/null
	mkdir -p "$SRPT"
	target_serve vol1
}

logged_in()
{
	initiator_clear
	wait_for 60 target_idle || fail "something of a login is left"
}

# A session that has done nothing yet, of a target with an empty pool.
cold()
{
	target_disable
	target_enable
	initiator_login
}
# TASK SET FULL or BUSY: the initiator does it again. What was written is there.
write_and_verify()	{ io_verify "$DISK" 64k randrw 256k || fail "I/O fails for want of memory"; }

loaded()
{
	initiator_login
	io_background "$DISK"
}
tear_down()	{ within 45 target_disable; }
torn_down()
{
	target_enable
	io_stop
	initiator_clear
}

step "each allocation of the load"
module=$(modinfo -n ib_srpt)
rmdir "$SRPT"
rmmod ib_srpt
insmod "$module"
allocfail_load
rmmod ib_srpt
failures=0
for ((n = 1; n <= 400; n++)); do
	allocfail_by_process
	load_with $n
	if [ -z "$LOADED" ]; then
		failures=$((failures + 1))
	else
		allocfail_load_same
		rmmod ib_srpt
	fi
	allocfail_hit || break
done
allocfail_off
[ ! -e /sys/module/ib_srpt ] || fail "a load that failed has left the module"
echo "load: $((n - 1)) allocations failed in turn, $failures loads failed"
[ $n -gt 10 ] || fail "the load allocated $((n - 1)) times, that can't be"
[ $n -le 400 ] || fail "the load does not come to an end of its allocations"
target_load
allocfail_ours

hits=0
backend_ramdisk vol1 32
target_serve vol1
each configuration	:	configure		configured
initiator_load reconnect_delay=1 fast_io_fail_tmo=off dev_loss_tmo=600 ch_count=1
each login		:	initiator_try		logged_in
each "I/O, cold pool"	cold	write_and_verify	initiator_logout
srptctl monitor >/dev/null &
monitor=$!
each teardown		loaded	tear_down		torn_down
kill $monitor

step "and without failures all is well"
initiator_login
io_verify "$DISK" 4k randrw 1m
initiator_logout
wait_for 30 target_idle || fail "something is held without a session"
echo "allocations failed outside the load: $hits"
[ $hits -ge 40 ] || fail "only $hits allocations failed"
