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

# by_guid GUID: the interface whose address ends with it
by_guid()
{
	local want dir
	want=$(echo "${1#0x}" | sed 's/../&:/g; s/:$//')
	for dir in /sys/class/net/*; do
		case $(cat "$dir/address") in
		*"$want") basename "$dir" ;;
		esac
	done
}

rping_listens()	{ rdma resource show cm_id | grep "LISTEN.*comm rping" >/dev/null; }
# shellcheck disable=SC2153  # srp_disks sets DISKS
srp_disk()	{ srp_disks "$(srp_hosts)"; [ ${#DISKS[@]} -gt 0 ]; }
has_carrier()	{ "${@:2}" ip link show "$1" | grep -q LOWER_UP; }
pings()		{ busybox ping -c 1 -W 1 "$@" >/dev/null; }

guid_t=$(vib_guid qib0)
guid_i=$(vib_guid qib1)
modprobe ib_ipoib
wait_for 10 test -n "$(by_guid "$guid_t")"
wait_for 10 test -n "$(by_guid "$guid_i")"
dev_t=$(by_guid "$guid_t")
dev_i=$(by_guid "$guid_i")

ip netns add peer
trap 'ip netns del peer' EXIT
ip link set "$dev_i" netns peer
ip addr add 10.78.0.1/24 dev "$dev_t"
ip netns exec peer ip addr add 10.78.0.2/24 dev "$dev_i"
ip link set lo up
ip link set "$dev_t" up
ip netns exec peer ip link set lo up
ip netns exec peer ip link set "$dev_i" up
# The broadcast group has to be joined first, by the subnet manager's leave.
wait_for 20 has_carrier "$dev_t"
wait_for 20 has_carrier "$dev_i" ip netns exec peer

step "ping, datagram mode"
wait_for 10 pings 10.78.0.2
busybox ping -c 10 -i 0.1 10.78.0.2
busybox ping -c 3 -i 0.1 -s 20000 10.78.0.2
saquery MCMR >"$SCRATCH/mcmr"
grep -q ff12:401b:ffff::ffff:ffff "$SCRATCH/mcmr"

if [ -w "/sys/class/net/$dev_t/mode" ]; then
	step "ping, connected mode"
	echo connected >"/sys/class/net/$dev_t/mode"
	ip netns exec peer sh -c "echo connected >/sys/class/net/$dev_i/mode"
	wait_for 10 pings 10.78.0.2
	busybox ping -c 5 -i 0.1 -s 30000 10.78.0.2
fi

step "RDMA CM: rping with RDMA READ and WRITE"
rping -s -a 10.78.0.1 -C 50 -V >"$SCRATCH/rping" 2>&1 &
server=$!
wait_for 10 rping_listens
ip netns exec peer rping -c -a 10.78.0.1 -C 50 -V || { cat "$SCRATCH/rping"; fail "rping"; }
wait "$server" || true

step "RDMA CM: a login of ib_srp"
backend_ramdisk vol1 32
target_serve vol1
echo 5555 >"$SRPT/discovery_auth/rdma_cm_port"
initiator_load
guid=$(fabric_hex "$(fabric_service_guid)")
ip netns exec peer sh -c "echo id_ext=$guid,ioc_guid=$guid,dest=10.78.0.1:5555 >$(fabric_add_target)"
wait_for 20 srp_disk
io_verify "${DISKS[0]}" 4k randwrite 4m
initiator_logout
