# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# IP over virtual InfiniBand between the two ports, in datagram and connected
# mode, and connections by RDMA CM over it. One interface is in a network
# namespace of its own, or the packets would take the loopback.
# CHECK=more
# FABRICS=vib
# TARGETS=ours stock
# NEEDS=module:ib_ipoib
# TIMEOUT=180

rping_listens()	{ rdma resource show cm_id | grep "LISTEN.*comm rping" >/dev/null; }
pings()		{ busybox ping -c 1 -W 1 "$@" >/dev/null; }

fabric_ip_up

step "ping, datagram mode"
wait_for 10 pings $VIB_PEER_IP
busybox ping -c 10 -i 0.1 $VIB_PEER_IP
busybox ping -c 3 -i 0.1 -s 20000 $VIB_PEER_IP
wait_for 10 pings -6 $VIB_PEER_IP6
saquery MCMR >"$SCRATCH/mcmr"
grep -q ff12:401b:ffff::ffff:ffff "$SCRATCH/mcmr"

if [ -w "/sys/class/net/$VIB_NETDEV/mode" ]; then
	step "ping, connected mode"
	echo connected >"/sys/class/net/$VIB_NETDEV/mode"
	ip netns exec $VIB_PEER_NETNS sh -c "echo connected >/sys/class/net/$VIB_PEER_NETDEV/mode"
	wait_for 10 pings $VIB_PEER_IP
	busybox ping -c 5 -i 0.1 -s 30000 $VIB_PEER_IP
fi

step "RDMA CM: rping with RDMA READ and WRITE"
rping -s -a $FABRIC_IP -C 50 -V >"$SCRATCH/rping" 2>&1 &
server=$!
wait_for 10 rping_listens
ip netns exec $VIB_PEER_NETNS rping -c -a $FABRIC_IP -C 50 -V || { cat "$SCRATCH/rping"; fail "rping"; }
wait "$server" || true

step "RDMA CM: a login of ib_srp"
backend_ramdisk vol1 32
target_serve vol1
FABRIC_DEST=$FABRIC_IP:$FABRIC_PORT
initiator_login
io_verify "$DISK" 4k randwrite 4m
initiator_logout
