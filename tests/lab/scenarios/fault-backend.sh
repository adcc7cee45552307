# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The back end fails, and stands still: errors reach the initiator as errors and
# cost no session, a stall ends in aborts and the command is done again, what
# was acknowledged before is there after. Through dm-error, dm-flakey, dm-delay
# and a SCSI disk with medium errors.
# CHECK=full
# FABRICS=rxe vib
# NEEDS=module:dm_mod module:null_blk module:dm_flakey module:dm_delay module:scsi_debug
# TIMEOUT=300

mib=32
sectors=$((mib << 11))
# table TARGET [OPTION...]: what is between the LUN and the disk, from now on.
table()
{
	local target=$1 line
	shift
	case $target in
	error)	line="0 $sectors error" ;;
	*)	line="0 $sectors $target /dev/$NULL_DEVICE 0 $*" ;;
	esac
	echo "$line" | dmsetup reload --noudevsync frail
	# Without a flush: what is on its way waits for the new table.
	dmsetup suspend --noflush --nolockfs --noudevsync frail
	dmsetup resume --noudevsync frail
}

# The one session that there was from the start, and no other.
session()	{ srptctl metrics | sed -nE 's/^srpt_session_channels\{session="([0-9]+)".*/\1/p'; }
stays()		{ same "$(session)" "$first" "the session"; }

intact()
{
	dd if="$DISK" of="$SCRATCH/back" bs=64k count=16 iflag=direct status=none
	cmp "$SCRATCH/data" "$SCRATCH/back" || fail "acknowledged data is lost"
}

null_device vol1 $mib
modprobe -a dm_mod dm_flakey dm_delay
echo "0 $sectors linear /dev/$NULL_DEVICE 0" | dmsetup create --noudevsync frail
backend_block vol1 "/dev/$(dmsetup info -c --noheadings -o blkdevname frail)"
target_serve vol1
initiator_load reconnect_delay=1 fast_io_fail_tmo=off dev_loss_tmo=600 ch_count=1
initiator_login
first=$(session)
head -c 1M /dev/urandom >"$SCRATCH/data"
dd if="$SCRATCH/data" of="$DISK" bs=64k oflag=direct status=none

step "every request fails"
table error
refuses dd if="$DISK" of=/dev/null bs=4k count=1 iflag=direct status=none
refuses dd if=/dev/zero of="$DISK" bs=4k count=1 oflag=direct status=none
refuses dd if=/dev/zero of="$DISK" bs=1M count=1 oflag=direct status=none
table linear
intact
stays

step "writes fail, reads do not"
table flakey 0 60 1 error_writes
refuses dd if=/dev/zero of="$DISK" bs=4k count=1 oflag=direct status=none
intact
table linear
stays

step "now it works and now it does not: what fio is told is written can be read"
table flakey 1 1 1 error_writes
# Each write that failed is not acknowledged; fio verifies the others.
fio --name=frail --filename="$DISK" --offset=8m --size=4m --bs=4k --rw=randwrite --direct=1 --ioengine=libaio \
	--iodepth=8 --continue_on_error=write --time_based --runtime=6 --norandommap \
	>"$SCRATCH/fio.frail" 2>&1 || true
table linear
io_verify "$DISK" 4k randwrite 1m --offset=8m
intact
stays

step "every request is late"
table delay 50
io_verify "$DISK" 4k randwrite 256k --offset=8m
table linear
stays

step "it stands still under verified I/O until commands are aborted"
echo 2 >"/sys/block/${DISK#/dev/}/device/timeout"
io_verify_background "$DISK"
before=$(log_count 'SRP abort called')
dmsetup suspend --noflush --nolockfs --noudevsync frail
wait_for 60 aborts_beyond "$before"
dmsetup resume --noudevsync frail
io_moves "$DISK"
io_verify_end

step "it stands still, and the target is disabled meanwhile: bounded"
io_background "$DISK"
dmsetup suspend --noflush --nolockfs --noudevsync frail
# 30 s is the bound; the disk answers after that, and all ends.
within 45 target_disable
log_matches 'sessions have not ended' || echo "all commands were aborted before"
dmsetup resume --noudevsync frail
wait_for 60 target_idle || fail "the session does not end when the disk answers"
target_enable
io_stop
initiator_logout

step "a disk with medium errors"
modprobe scsi_debug dev_size_mb=$mib
scsi_disk()
{
	local dir
	for dir in /sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*/block/sd*; do
		[ -e "$dir" ] && { SCSI_DISK=/dev/${dir##*/}; return; }
	done
	return 1
}
wait_for 20 scsi_disk
backend_block vol2 "$SCSI_DISK"
target_lun 1 vol2
id=$(fabric_initiator_id)
mkdir "$TPG/acls/$id/lun_1"
ln -s "$TPG/lun/lun_1" "$TPG/acls/$id/lun_1/lun"
initiator_login
# Sectors 0x1234 and up have an unrecovered read error.
echo 2 >/sys/bus/pseudo/drivers/scsi_debug/opts
echo 1 >/sys/bus/pseudo/drivers/scsi_debug/every_nth
refuses dd if="${DISKS[1]}" of=/dev/null bs=4k skip=$((0x1234 / 8)) count=1 iflag=direct status=none
echo 0 >/sys/bus/pseudo/drivers/scsi_debug/opts
echo 0 >/sys/bus/pseudo/drivers/scsi_debug/every_nth
io_verify "${DISKS[1]}" 4k randrw 1m
initiator_logout
wait_for 30 target_idle || fail "something is held without a session"
target_clear
backend_clear
module_remove scsi_debug
