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
	"$program" -d qib0 "$@" >"$SCRATCH/server" 2>&1 &
	server=$!
	wait_for 10 listening 18515
	"$program" -d qib1 "$@" 127.0.0.1 | tee "$SCRATCH/client"
	wait "$server" || { cat "$SCRATCH/server"; fail "$program: the server failed"; }
	grep -q 'bytes in' "$SCRATCH/client"
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
pair ibv_ud_pingpong -n 200 -s 1024
