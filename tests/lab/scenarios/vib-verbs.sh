# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Programs in user space on the virtual adapters: connected queue pairs, shared
# receive queues, datagrams, by system calls.
# CHECK=more
# FABRICS=vib
# TARGETS=ours stock
# SETUP=fabric
# TIMEOUT=150

# pair PROGRAM [OPTION...]: the server on the target's adapter, the client on the initiator's
pair()
{
	local program=$1 server
	shift
	timeout $((20 * ${LAB_scale:-1})) "$program" -d qib0 "$@" >"$SCRATCH/server" 2>&1 &
	server=$!
	wait_for 10 listening 18515
	timeout $((20 * ${LAB_scale:-1})) "$program" -d qib1 "$@" 127.0.0.1 >"$SCRATCH/client" 2>&1 || true
	wait "$server" || true
	cat "$SCRATCH/client"
	grep -q 'bytes in' "$SCRATCH/client" || fail "$program: the client failed"
	grep -q 'bytes in' "$SCRATCH/server" || { cat "$SCRATCH/server"; fail "$program: the server failed"; }
}

listening()	{ ss -Hltn "sport = :$1" | grep -q .; }

ip link set lo up
ibv_devinfo -d qib0 | grep 'link_layer:.*InfiniBand'
step "reliable connection"
pair ibv_rc_pingpong -n 200 -s 16384 -c
step "completion events"
pair ibv_rc_pingpong -n 100 -e
step "shared receive queue"
pair ibv_srq_pingpong -n 100 -q 4
step "datagrams"
for _ in 1 2 3 4 5; do
	pair ibv_ud_pingpong -n 200 -s 1024
done
