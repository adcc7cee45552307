# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Virtual InfiniBand: vhca with a pair of adapters, the first for the target,
# the second for the initiator, and opensm as subnet manager. Logins go by IB
# CM. A scenario may set VIB_OPTIONS (parameters of vhca) before fabric_up.

VIB_TARGET=qib0
VIB_INITIATOR=qib1
VIB_DEBUG=/sys/kernel/debug/vhca
VIB_STATE=/run/vib

# For logins by RDMA CM, after fabric_ip_up.
FABRIC_IP=10.78.0.1
FABRIC_IP6=fd78::1
FABRIC_PORT=5555
VIB_PEER_IP=10.78.0.2
VIB_PEER_IP6=fd78::2
VIB_PEER_NETNS=peer

fabric_up()
{
	modprobe -a ib_umad ib_uverbs rdma_ucm
	# shellcheck disable=SC2086
	modprobe vhca ${VIB_OPTIONS:-}
	wait_for 10 test -e /sys/class/infiniband_mad/umad0
	opensm_start
	wait_for 20 vib_active $VIB_TARGET
	wait_for 20 vib_active $VIB_INITIATOR
}

# opensm_start [GUID [NAME]]: a subnet manager on the port of that GUID, the
# first adapter's by default. One per subnet, told apart by NAME. Its cache is in
# VIB_STATE/NAME; OPENSM_OPTIONS adds to its options.
opensm_start()
{
	local guid=${1:-$(vib_guid $VIB_TARGET)} name=${2:-opensm}
	mkdir -p $VIB_STATE/"$name"
	# shellcheck disable=SC2086
	OSM_CACHE_DIR=$VIB_STATE/$name OSM_TMP_DIR=$VIB_STATE/$name setsid opensm -g "$guid" ${OPENSM_OPTIONS:-} \
		-f $VIB_STATE/"$name"/log </dev/null >$VIB_STATE/"$name"/out 2>&1 &
	echo $! >$VIB_STATE/"$name"/pid
	echo "$guid" >$VIB_STATE/"$name"/guid
}

# opensm_stop [NAME]: and wait until it is gone.
opensm_stop()
{
	local file=$VIB_STATE/${1:-opensm}/pid pid
	[ -e "$file" ] || return 0
	pid=$(cat "$file")
	rm -f "$file"
	kill "$pid" 2>/dev/null || return 0
	wait_for 10 process_gone "$pid" || kill -KILL "$pid"
}

# vib_vanish INDEX: the adapter of that number is gone as if pulled out of the
# machine. A manager on it does not cope (opensm spins), so it ends, too.
vib_vanish()
{
	local guid state
	guid=$(vib_guid "qib$1")
	echo "$1" >"$VIB_DEBUG/vanish"
	for state in "$VIB_STATE"/*/; do
		[ "$(cat "$state/guid")" = "$guid" ] || continue
		kill -KILL "$(cat "$state/pid")" 2>/dev/null || true
		rm -rf "$state"
	done
}

process_gone()
{
	[ ! -e "/proc/$1" ] || [ "$(awk '{print $3}' "/proc/$1/stat" 2>/dev/null)" = Z ]
}

# vib_active ADAPTER
vib_active()
{
	grep -q ACTIVE "/sys/class/infiniband/$1/ports/1/state" 2>/dev/null
}

# vib_down ADAPTER
vib_down()
{
	grep -q DOWN "/sys/class/infiniband/$1/ports/1/state"
}

# vib_guid ADAPTER: 0x and 16 digits
vib_guid()
{
	echo "0x$(tr -d : <"/sys/class/infiniband/$1/node_guid")"
}

# vib_gid ADAPTER: 32 digits
vib_gid()
{
	tr -d : <"/sys/class/infiniband/$1/ports/1/gids/0"
}

# vib_knob ADAPTER KNOB VALUE
vib_knob()	{ echo "$3" >"$VIB_DEBUG/$1/$2"; }

# vib_stat ADAPTER NAME: one of the counters of what knobs did
vib_stat()	{ sed -n "s/^$2 //p" "$VIB_DEBUG/$1/stats"; }

fabric_add_hca()
{
	echo 0 >$VIB_DEBUG/plug
	wait_for 10 test -e /sys/class/infiniband_mad/umad0
	opensm_start
	wait_for 20 vib_active $VIB_TARGET
	wait_for 20 vib_active $VIB_INITIATOR
}

# What the target module needs before it can be logged in to.
fabric_target_ready()	{ :; }

# The GID of the target's port as the module prints it: 0x and 32 digits.
fabric_gid()		{ echo "0x$(vib_gid $VIB_TARGET)"; }

# The name under which targetcli offers the port.
fabric_target_name()	{ fabric_gid; }

fabric_hex()
{
	printf '%016x' "$1"
}

# The identity that ib_srp shows by default: no extension, its port's GUID.
fabric_initiator_id()
{
	local gid
	gid=$(vib_gid $VIB_INITIATOR)
	echo "0x0000000000000000${gid: -16}"
}

# Other names of the same initiator that an ACL may have.
fabric_other_names()
{
	cat /sys/class/infiniband/$VIB_INITIATOR/ports/1/gids/0
}

fabric_service_guid()	{ cat /sys/module/ib_srpt/parameters/srpt_service_guid; }

# By IB CM; by RDMA CM if FABRIC_DEST says where to.
fabric_login_string()
{
	local guid
	guid=$(fabric_hex "$(fabric_service_guid)")
	if [ -n "${FABRIC_DEST:-}" ]; then
		echo "id_ext=$guid,ioc_guid=$guid,dest=$FABRIC_DEST"
	else
		echo "id_ext=$guid,ioc_guid=$guid,dgid=$(vib_gid $VIB_TARGET),pkey=ffff,service_id=$guid"
	fi
}

# The initiator's way to the addresses: what logs in by RDMA CM is run by it.
fabric_initiator_run()
{
	if [ -n "${FABRIC_DEST:-}" ]; then
		ip netns exec $VIB_PEER_NETNS "$@"
	else
		"$@"
	fi
}

# The IPoIB interface of an adapter.
vib_netdev()
{
	local want dir
	want=$(vib_guid "$1" | sed 's/^0x//; s/../&:/g; s/:$//')
	for dir in /sys/class/net/*; do
		case $(cat "$dir/address") in
		*"$want") basename "$dir" ;;
		esac
	done
}

vib_has_netdev()	{ [ -n "$(vib_netdev "$1")" ]; }
vib_has_carrier()	{ "${@:2}" ip link show "$1" | grep -q LOWER_UP; }

# vib_answers ADDRESS [COMMAND...]: does it answer who is run by the command?
vib_answers()
{
	local family=-4
	case $1 in *:*) family=-6 ;; esac
	"${@:2}" busybox ping $family -c 1 -W 1 "$1" >/dev/null
}

# Addresses, by IPoIB: the initiator's interface is in a network namespace of
# its own, or the packets would take the loopback. Sets VIB_NETDEV and
# VIB_PEER_NETDEV.
fabric_ip_up()
{
	modprobe ib_ipoib
	wait_for 10 vib_has_netdev $VIB_TARGET
	wait_for 10 vib_has_netdev $VIB_INITIATOR
	VIB_NETDEV=$(vib_netdev $VIB_TARGET)
	VIB_PEER_NETDEV=$(vib_netdev $VIB_INITIATOR)
	ip netns add $VIB_PEER_NETNS
	ip link set "$VIB_PEER_NETDEV" netns $VIB_PEER_NETNS
	ip addr add $FABRIC_IP/24 dev "$VIB_NETDEV"
	ip addr add $FABRIC_IP6/64 dev "$VIB_NETDEV" nodad
	ip -n $VIB_PEER_NETNS addr add $VIB_PEER_IP/24 dev "$VIB_PEER_NETDEV"
	ip -n $VIB_PEER_NETNS addr add $VIB_PEER_IP6/64 dev "$VIB_PEER_NETDEV" nodad
	ip link set "$VIB_NETDEV" up
	ip -n $VIB_PEER_NETNS link set lo up
	ip -n $VIB_PEER_NETNS link set "$VIB_PEER_NETDEV" up
	# The broadcast group has to be joined first, by the subnet manager's leave.
	wait_for 20 vib_has_carrier "$VIB_NETDEV"
	wait_for 20 vib_has_carrier "$VIB_PEER_NETDEV" ip netns exec $VIB_PEER_NETNS
	# Then the groups in which neighbours ask for each other: RDMA CM gives an
	# address one second.
	wait_for 10 vib_answers $FABRIC_IP ip netns exec $VIB_PEER_NETNS
	wait_for 10 vib_answers $FABRIC_IP6 ip netns exec $VIB_PEER_NETNS
	[ ! -d "$SRPT/discovery_auth" ] || echo $FABRIC_PORT >"$SRPT/discovery_auth/rdma_cm_port"
}

fabric_add_target()	{ echo /sys/class/infiniband_srp/srp-$VIB_INITIATOR-1/add_target; }

# Pull the target's HCA out.
fabric_remove_hca()	{ vib_vanish 0; }

# The target's adapter, its port down and up again, and how a login comes.
fabric_device()		{ echo $VIB_TARGET; }
fabric_port_down()	{ vib_knob $VIB_TARGET link down; }
fabric_port_up()	{ vib_knob $VIB_TARGET link up; }
FABRIC_CM=ib

fabric_down()
{
	local dir
	for dir in "$VIB_STATE"/*/; do
		[ ! -e "$dir" ] || opensm_stop "$(basename "$dir")"
	done
	rm -rf $VIB_STATE
	module_remove ib_ipoib
	[ ! -e /run/netns/$VIB_PEER_NETNS ] || ip netns del $VIB_PEER_NETNS
	module_remove vhca
}
