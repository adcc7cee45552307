# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# RoCE in software: rxe on a dummy interface. Target and initiator are the same
# device, and log in by RDMA CM.

FABRIC_IP=10.77.0.1
FABRIC_IP6=fd77::1
FABRIC_PORT=5555

fabric_up()
{
	# The interface stays from one scenario to the next: only the HCA is new.
	if [ ! -e /sys/class/net/lab0 ]; then
		modprobe -a dummy rdma_rxe rdma_ucm ib_umad
		ip link add lab0 address 02:00:00:00:00:01 up mtu 4200 type dummy
		ip addr add $FABRIC_IP/24 dev lab0
		ip addr add $FABRIC_IP6/64 dev lab0 nodad
	fi
	fabric_add_hca
}

fabric_add_hca()
{
	# Its predecessor lets the interface go a moment after it is gone itself.
	wait_for 10 rdma link add rxe0 type rxe netdev lab0
	wait_for 5 grep -q ACTIVE /sys/class/infiniband/rxe0/ports/1/state
}

# What the target module needs before it can be logged in to.
fabric_target_ready()
{
	echo $FABRIC_PORT >"$SRPT/discovery_auth/rdma_cm_port"
}

# The GID of the port as the module prints it: 0x and 32 digits.
fabric_gid()
{
	local gid
	read -r gid </sys/class/infiniband/rxe0/ports/1/gids/0
	echo "0x${gid//:/}"
}

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
	gid=$(fabric_gid)
	echo "0x0000000000000000${gid: -16}"
}

# Other names of the same initiator that an ACL may have. The path's source GID
# is not GID 0 but the one of the IPv4 address.
fabric_other_names()
{
	echo ::ffff:$FABRIC_IP
	echo $FABRIC_IP
}

fabric_service_guid()	{ cat /sys/module/ib_srpt/parameters/srpt_service_guid; }

fabric_login_string()
{
	local guid
	guid=$(fabric_hex "$(fabric_service_guid)")
	echo "id_ext=$guid,ioc_guid=$guid,dest=${FABRIC_DEST:-$FABRIC_IP:$FABRIC_PORT}"
}

fabric_add_target()	{ echo /sys/class/infiniband_srp/srp-rxe0-1/add_target; }

# Addresses are there with the fabric, and what logs in needs no more.
fabric_ip_up()		{ :; }
fabric_initiator_run()	{ "$@"; }

# Pull the target's HCA out.
fabric_remove_hca()	{ rdma link del rxe0; }

# The target's adapter, its port down and up again, and how a login comes.
fabric_device()		{ echo rxe0; }
fabric_port_down()	{ ip link set lab0 down; }
fabric_port_up()	{ ip link set lab0 up; }
FABRIC_CM=rdma

fabric_down()
{
	if [ -e /sys/class/infiniband/rxe0 ]; then
		at_most 20 rdma link del rxe0 || echo "rxe0 does not go"
	fi
}
