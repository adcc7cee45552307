# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# RoCE over a network that loses, repeats and reorders packets. Initiator and
# target are two devices on the ends of a veth pair, so that packets really
# travel; routes by rule keep the kernel from delivering them at once. Verified
# I/O goes on, or the session is lost and comes back.
# CHECK=full
# FABRICS=rxe
# NEEDS=module:sch_netem module:veth
# SETUP=none
# CPUS=2
# TIMEOUT=600

here=10.78.0.1 there=10.78.0.2

# What the fabric of this scenario adds to that of soft-RoCE.
wire_up()
{
	local n end
	modprobe -a veth rdma_rxe rdma_ucm ib_umad sch_netem
	ip link add wire0 type veth peer name wire1
	for n in 0 1; do
		end=wire$n
		ip link set $end mtu 4200 up
		sysctl -qw net.ipv4.conf.$end.accept_local=1 net.ipv4.conf.$end.rp_filter=0
	done
	sysctl -qw net.ipv4.conf.all.rp_filter=0
	ip addr add $here/32 dev wire0
	ip addr add $there/32 dev wire1
	ip route add $there dev wire0 src $here table 100
	ip route add $here dev wire1 src $there table 101
	# Before the table of local addresses, but for what goes out only.
	ip rule add pref 200 lookup local
	ip rule del pref 0
	ip rule add pref 10 iif lo from $here to $there lookup 100
	ip rule add pref 11 iif lo from $there to $here lookup 101
	ip rule add pref 12 oif wire0 to $there lookup 100
	ip rule add pref 13 oif wire1 to $here lookup 101
	rdma link add rxe0 type rxe netdev wire0
	rdma link add rxe1 type rxe netdev wire1
}

wire_down()
{
	rdma link del rxe0 || true
	rdma link del rxe1 || true
	ip link del wire0
	ip rule add pref 0 lookup local
	for pref in 10 11 12 13 200; do
		ip rule del pref $pref
	done
}

fabric_login_string()
{
	local guid
	guid=$(fabric_hex "$(fabric_service_guid)")
	echo "id_ext=$guid,ioc_guid=$guid,dest=$here:$FABRIC_PORT,src=$there:0"
}
fabric_add_target()	{ echo /sys/class/infiniband_srp/srp-rxe1-1/add_target; }
sent()			{ cat /sys/class/net/wire1/statistics/tx_packets; }

# network WHAT: what both directions do to packets from now on
network()
{
	local end
	for end in wire0 wire1; do
		# shellcheck disable=SC2086
		tc qdisc replace dev $end root netem $1
	done
}

wire_up
target_load
backend_ramdisk vol1 32
target_create vol1
acl_add "$there"
target_enable
# Soft-RoCE of 6.1 registers the initiator's memory once more when it has to send
# again, fails at that ("rxe_reg_fast_mr: ... not free") and stands still for good.
memory=
case $(uname -r) in 6.1.*) memory=$INITIATOR_UNREGISTERED ;; esac
initiator_load reconnect_delay=1 fast_io_fail_tmo=off dev_loss_tmo=600 ch_count=1 $memory
before=$(sent)
initiator_login
io_verify "$DISK" 4k randrw 256k
[ $(($(sent) - before)) -gt 100 ] || fail "nothing went over the wire"

# disturbed WHAT [SECONDS]: verified I/O goes on while the network is so; or, if
# it may be too bad for that, behind so much time of it.
disturbed()
{
	step "$1"
	io_verify_background "$DISK"
	network "$1"
	if [ $# -eq 1 ]; then
		io_moves "$DISK" 240
	else
		nap "$2"
	fi
	network "loss 0%"
	io_moves "$DISK" 240
	io_verify_end
}

# A lost packet costs the transport's timeout, which RDMA CM sets to 4 s.
disturbed "loss 0.2%"
disturbed "delay 1ms reorder 95% 50%"
disturbed "duplicate 2%"
# Newer soft-RoCE counts packets out of order as retries: queue pairs give up
# again and again, and after five times SCSI does.
disturbed "delay 1ms 1ms loss 0.1% duplicate 0.5%" 3
disturbed "loss 100%" 3
step "a login over a lossy network"
initiator_logout
network "loss 0.5%"
initiator_login
network "loss 0%"
initiator_logout
wait_for 60 target_idle || fail "something is held without a session"
target_clear
target_unload
initiator_unload
wire_down
