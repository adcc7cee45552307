# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# An initiator goes without a word LAB_COUNT times, at a random moment: its
# adapter is gone, its port is deleted, or (RoCE) it is a process that is
# killed. The target notices, keeps nothing, and serves another one meanwhile.
# CHECK=full
# FABRICS=rxe vib
# CPUS=2
# TIMEOUT=180
# EACH=40
# HOST=cmake -S tests/initiator -B build/initiator && cmake --build build/initiator -j2

. "$LAB_dir/lib/conformance.sh"

# No more sessions than that of the one who stays.
alone()	{ [ "$(target_sessions)" = 1 ]; }
none()	{ [ "$(target_sessions)" = 0 ]; }

# Who has nothing to send does not notice that nobody is there, SRP has no other
# sign of life: all commands had been answered, every credit is back. The next login
# of this initiator ends such a session.
silent()
{
	srptctl session show "$id" --json >"$SCRATCH/sessions"
	python3 -c 'import json, sys
channels = [c for s in json.load(open(sys.argv[1]))["sessions"] for c in s["channels"]]
sys.exit(any(c["credit"]["free"] != c["credit"]["limit"] for c in channels))' "$SCRATCH/sessions"
}

# A process that does what hostile initiators do, killed in the middle of it.
killed()
{
	local pid
	(
		export SRP_HOST=$FABRIC_IP SRP_PORT=$FABRIC_PORT SRP_HOOK=/bin/true SRP_SRQ=0
		export SRP_MAX_CHANNELS=$CONFORMANCE_CHANNELS SRP_INITIATOR_GUID=$CONFORMANCE_GUID
		SRP_SERVICE_GUID=$(fabric_service_guid)
		export SRP_SERVICE_GUID
		exec "$LAB_root/build/initiator/conformance" --gtest_filter='Command.*:Credit.*' --gtest_repeat=50 >/dev/null 2>&1
	) &
	pid=$!
	chance_nap 4000
	kill -KILL $pid
	wait $pid 2>/dev/null || true
	wait_for 60 alone || fail "the session of a killed process stays"
}

deleted()
{
	initiator_login
	io_background "$DISK"
	chance_nap 1500
	initiator_clear
	io_stop
	wait_for 60 none || fail "the session of a deleted initiator stays"
}

# Where a new queue pair can't be made, ib_srp takes all its buffers for free, and
# those once more whose completions are still in the old queue.
never_reconnect()
{
	local port
	for port in $(srp_remote_ports); do
		echo off >"/sys/class/srp_remote_ports/$port/reconnect_delay"
	done
}

gone()
{
	initiator_login
	never_reconnect
	io_background "$DISK"
	chance_nap 1500
	vib_vanish 1
	io_stop
	initiator_clear
	# The retries of the transport run out, or the disconnect is not answered.
	wait_for 30 none || silent || fail "the session of an initiator that is gone stays"
	echo 1 >"$VIB_DEBUG/plug"
	wait_for 30 vib_active $VIB_INITIATOR
	wait_for 10 test -e "$(fabric_add_target)"
}

chance_begin
backend_ramdisk vol1 32
target_create vol1
id=$(fabric_initiator_id)
acl_add "$id"
target_attrib max_channels $CONFORMANCE_CHANNELS
acl_add "*:${CONFORMANCE_GUID#0x}"
target_enable
initiator_load reconnect_delay=1 fast_io_fail_tmo=1 dev_loss_tmo=3 "$INITIATOR_UNREGISTERED"
for ((n = 1; n <= ${LAB_count:-3}; n++)); do
	if [ "$LAB_fabric" = rxe ] && [ $((n % 2)) = 1 ]; then
		step "$n: killed"
		initiator_login
		io_verify_background "$DISK"
		killed
		io_verify_end
		initiator_logout
	elif [ "$LAB_fabric" = rxe ] || [ $((n % 2)) = 0 ]; then
		step "$n: deleted"
		deleted
	else
		step "$n: its adapter is gone"
		gone
	fi
done
initiator_login
io_verify "$DISK" 4k randrw 1m
