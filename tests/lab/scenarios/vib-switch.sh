# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Four adapters on the virtual switch: the subnet manager routes through it,
# three initiators log in to one target at once, multicast reaches all.
# CHECK=more
# FABRICS=vib
# TARGETS=ours stock
# SETUP=none
# TIMEOUT=150

# shellcheck disable=SC2153  # srp_disks sets DISKS
host_has_disk()	{ srp_disks "$1"; [ ${#DISKS[@]} -gt 0 ]; }

VIB_OPTIONS="hcas=4 switch=1"
fabric_up
for n in 2 3; do
	wait_for 20 vib_active qib$n
done
target_load

step "the subnet"
ibnetdiscover | tee "$SCRATCH/net"
same "$(grep -c '^Ca' "$SCRATCH/net")" 4 "adapters"
grep -q '^Switch' "$SCRATCH/net"
ibswitches | tee "$SCRATCH/switches"
iblinkinfo | tee "$SCRATCH/links"
lid=$(sed -nE 's|.*virtual switch.* lid ([0-9]+) .*|\1|p' "$SCRATCH/switches")
smpquery switchinfo "$lid"
perfquery "$lid" 1 | grep -E 'PortRcvPkts:\.+[1-9]'
lids=$(cat /sys/class/infiniband/qib*/ports/1/lid | sort -u | wc -l)
same "$lids" 4 "different LIDs"

step "three initiators, one target"
backend_ramdisk vol1 32
target_create vol1
for n in 1 2 3; do
	gid=$(vib_gid qib$n)
	acl_add "0x0000000000000000${gid: -16}"
done
target_enable
initiator_load
for n in 1 2 3; do
	fabric_login_string >/sys/class/infiniband_srp/srp-qib$n-1/add_target
done
disks=()
for host in $(srp_hosts); do
	wait_for 20 host_has_disk "$host"
	disks+=("${DISKS[0]}")
done
same "${#disks[@]}" 3 "disks"
# Each a stretch of the one disk, all at the same time.
writers=()
for n in 0 1 2; do
	mkdir "$SCRATCH/$n"
	(SCRATCH=$SCRATCH/$n; io_verify "${disks[n]}" 4k randwrite 2m --offset=$((n * 8))m) &
	writers+=($!)
done
for writer in "${writers[@]}"; do
	wait "$writer" || fail "verified I/O of one initiator failed"
done

step "a cable pulled and put back at the switch"
vib_knob qib3 link down
wait_for 5 vib_down qib3
io_verify "${disks[0]}" 4k randwrite 1m
vib_knob qib3 link up
# The switch tells the manager with trap 128, no sweep has to come by.
wait_for 10 vib_active qib3
wait_for 30 io_verify "${disks[2]}" 4k randwrite 1m
