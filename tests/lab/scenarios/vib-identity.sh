# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Virtual adapters that show themselves as another vendor's, under another name:
# the tools, the subnet and the target's own profile tell what was set.
# CHECK=more
# FABRICS=vib
# SETUP=none
# TIMEOUT=120

VIB_TARGET=mlx5_0
VIB_INITIATOR=mlx5_1
VIB_OPTIONS="name=mlx5_%d hca_type=MT4115 board_id=MT_2180110032 fw_ver=12.28.2006 hw_rev=0 vendor_id=0x2c9 part_id=4115"
VIB_OPTIONS+=" guid=0x0002c90300a0b0c0,0x0002c90300a0b0d0 sys_guid=0x0002c90300a0b0c3,0x0002c90300a0b0d3"
VIB_OPTIONS+=" cap_mask=0x2640e848,0x2640e848"
fabric_up

# port ADAPTER LINE...: ibstat prints these of it.
port()
{
	local adapter=$1 line
	shift
	ibstat "$adapter" | tee "$SCRATCH/ibstat"
	for line in "$@"; do
		grep -qE "^[[:space:]]*$line\$" "$SCRATCH/ibstat" || fail "ibstat $adapter does not print: $line"
	done
}

step "the tools"
port mlx5_0 "CA 'mlx5_0'" 'CA type: MT4115' 'Firmware version: 12.28.2006' 'Hardware version: 0' \
	'Node GUID: 0x0002c90300a0b0c0' 'System image GUID: 0x0002c90300a0b0c3' 'Port GUID: 0x0002c90300a0b0c0' \
	'Capability mask: 0x2641e84a' 'State: Active'
port mlx5_1 'Node GUID: 0x0002c90300a0b0d0' 'Capability mask: 0x2641e848' 'State: Active'
same "$(cat /sys/class/infiniband/mlx5_0/board_id)" MT_2180110032 "board"

step "the subnet"
smpquery nodeinfo "$(($(cat /sys/class/infiniband/mlx5_1/ports/1/lid)))" | tee "$SCRATCH/node"
grep -qE '^DevId:\.+0x1013$' "$SCRATCH/node"
grep -qE '^VendorId:\.+0x0002c9$' "$SCRATCH/node"
grep -qE '^SystemGuid:\.+0x0002c90300a0b0d3$' "$SCRATCH/node"

step "the target's profile, and a login"
target_load
same "$(fabric_hex "$(fabric_service_guid)")" 0002c90300a0b0c0 "service GUID"
backend_ramdisk vol1 16
target_serve vol1
wait_for 10 test -e /dev/infiniband/umad1
srp_daemon -a -o -d /dev/infiniband/umad1 | tee "$SCRATCH/srp"
for line in 'vendor ID: 000002' 'device ID: 001013' 'GUID: +0002c90300a0b0c0'; do
	grep -qE "^ *$line\$" "$SCRATCH/srp" || fail "srp_daemon does not print: $line"
done
initiator_load
initiator_login
io_quick "$DISK"
