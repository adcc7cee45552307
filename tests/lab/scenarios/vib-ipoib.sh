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
datagram_only()	{ ! rdma resource show qp | grep "type RC.*comm \[*ib_ipoib" >/dev/null; }

# ipoib_mode MODE: of both interfaces
ipoib_mode()
{
	echo "$1" >"/sys/class/net/$VIB_NETDEV/mode"
	ip netns exec $VIB_PEER_NETNS sh -c "echo $1 >/sys/class/net/$VIB_PEER_NETDEV/mode"
}

fabric_ip_up

step "ping, datagram mode"
wait_for 10 vib_answers $VIB_PEER_IP
busybox ping -c 10 -i 0.1 $VIB_PEER_IP
busybox ping -c 3 -i 0.1 -s 20000 $VIB_PEER_IP
wait_for 10 vib_answers $VIB_PEER_IP6
saquery MCMR >"$SCRATCH/mcmr"
grep -q ff12:401b:ffff::ffff:ffff "$SCRATCH/mcmr"

if [ -w "/sys/class/net/$VIB_NETDEV/mode" ]; then
	step "ping, connected mode"
	ipoib_mode connected
	wait_for 10 vib_answers $VIB_PEER_IP
	busybox ping -c 5 -i 0.1 -s 30000 $VIB_PEER_IP
	rdma resource show qp | grep ib_ipoib
	! datagram_only || fail "no connection was made"
	# ib_ipoib of 6.1 does not wait for its last connections when it is
	# removed: now and then it destroys a completion queue that one still uses.
	ipoib_mode datagram
	wait_for 10 datagram_only
	wait_for 10 vib_answers $VIB_PEER_IP
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
