# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# A SCSI device passed through: the initiator talks to the device itself. Made,
# exported, used, saved, taken away and restored by srptctl.
# CHECK=full
# FABRICS=rxe vib
# NEEDS=module:scsi_debug
# TIMEOUT=150

# The disk of scsi_debug: sets DEBUG_DISK.
debug_disk()
{
	local dir
	for dir in /sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*/block/sd*; do
		[ -e "$dir" ] || continue
		DEBUG_DISK=/dev/${dir##*/}
		[ ! -b "$DEBUG_DISK" ] || return 0
	done
	return 1
}

id=$(fabric_initiator_id)
modprobe sg
modprobe scsi_debug dev_size_mb=16
wait_for 10 debug_disk

step "made and exported"
srptctl backstore create pscsi "$DEBUG_DISK" --name pass
same "$(cat "$CORE"/pscsi_*/pass/udev_path)" "$DEBUG_DISK" "the device"
status=0
srptctl backstore create pscsi "$DEBUG_DISK" --name again || status=$?
same $status 5 "exit code where it is a back end already"
status=0
srptctl backstore create pscsi /dev/null || status=$?
same $status 2 "exit code for what is no SCSI device"
srptctl target create "$TARGET"
srptctl lun add pscsi/pass
srptctl acl create "$id"
srptctl

step "used"
initiator_login
lsscsi
[[ $(<"/sys/block/${DISK#/dev/}/device/vendor") == Linux* ]] || fail "the initiator does not see the device itself"
# Within a page, across pages, and without immediate data.
io_verify "$DISK" 4k randwrite 1m
io_verify "$DISK" 256k write 4m
initiator_logout

step "saved, taken away, restored"
srptctl config save "$SCRATCH/saved.json"
grep -F "$DEBUG_DISK" "$SCRATCH/saved.json" || fail "the file does not name the device"
srptctl target delete "$TARGET" --yes
srptctl backstore delete pass --yes
same "$(find "$CORE" -mindepth 1 -maxdepth 1 -name '*_*' | wc -l)" 0 "back ends left"
srptctl config restore "$SCRATCH/saved.json"
fabric_target_ready
initiator_login
io_quick "$DISK"
initiator_logout
srptctl unexport "$TARGET" --yes
module_remove scsi_debug
