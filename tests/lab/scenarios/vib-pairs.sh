# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Two pairs of adapters are two subnets, each with its manager: the same disk
# by two paths, multipath above them, verified I/O while first one cable is
# pulled and then the other.
# CHECK=more
# FABRICS=vib
# NEEDS=module:dm_multipath
# SETUP=none
# TIMEOUT=180

VIB_OPTIONS=hcas=4
fabric_up
opensm_start "$(vib_guid qib2)" opensm2
wait_for 20 vib_active qib2
wait_for 20 vib_active qib3
target_load

# Both ports of the target serve the same back end.
backend_ramdisk vol1 32
target_serve vol1
TPG1=$TPG
TPG=$SRPT/0x$(vib_gid qib2)/tpgt_1
target_create vol1
gid=$(vib_gid qib3)
acl_add "0x0000000000000000${gid: -16}"
target_enable
TPG=$TPG1

initiator_load reconnect_delay=1 fast_io_fail_tmo=2 dev_loss_tmo=120
initiator_login
first=$DISK
hosts=$(srp_hosts)
guid=$(fabric_hex "$(fabric_service_guid)")
echo "id_ext=$guid,ioc_guid=$guid,dgid=$(vib_gid qib2),pkey=ffff,service_id=$guid" \
	>/sys/class/infiniband_srp/srp-qib3-1/add_target
host=$(comm -13 <(echo "$hosts") <(srp_hosts) | head -1)
host_has_disk()	{ srp_disks "$host"; [ ${#DISKS[@]} -gt 0 ]; }
wait_for 20 host_has_disk
second=${DISKS[0]}
# If all that is open has reached the target when the cable goes, nothing is left
# to be sent that could fail, and only this limit tells.
disk_timeout "$first" 5
disk_timeout "$second" 5

step "one disk by two paths"
size=$(blockdev --getsz "$first")
dmsetup create both --table "0 $size multipath 1 queue_if_no_path 0 2 1 service-time 0 1 1 $first 1 service-time 0 1 1 $second 1"
both=/dev/dm-$(dmsetup info -c --noheadings -o minor both)
wait_for 5 test -b "$both"
io_verify_background "$both"

path_failed()	{ dmsetup status both | grep "$1 F" >/dev/null; }
reinstated()
{
	dd if="$1" of=/dev/null bs=4k count=1 iflag=direct status=none 2>/dev/null &&
		dmsetup message both 0 "reinstate_path $(numbers "$1")"
}
numbers()	{ echo "$((0x$(stat -c %t "$1"))):$((0x$(stat -c %T "$1")))"; }

step "the first cable is pulled"
vib_knob qib1 link down
wait_for 30 path_failed "$(numbers "$first")"
io_moves "$both"

step "and put back, the path returns"
vib_knob qib1 link up
wait_for 20 vib_active qib1
wait_for 20 vib_active qib0
wait_for 30 reinstated "$first"

step "the second cable is pulled"
vib_knob qib3 link down
wait_for 30 path_failed "$(numbers "$second")"
io_moves "$both"
io_verify_end
vib_knob qib3 link up
dmsetup remove --retry both
