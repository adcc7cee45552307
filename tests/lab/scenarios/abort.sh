# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Commands that time out are aborted and repeated: the back end stands still
# for a moment under verified I/O.
# KERNEL=6.1
# MORE=vib
# TARGETS=ours stock
# NEEDS=module:dm_mod module:null_blk
# TIMEOUT=120

modprobe null_blk nr_devices=0
null_device vol1 32
modprobe dm_mod
echo "0 $((32 << 11)) linear /dev/$NULL_DEVICE 0" | dmsetup create --noudevsync slow
dm=/dev/$(dmsetup info -c --noheadings -o blkdevname slow)
backend_block vol1 "$dm"
target_serve vol1
initiator_login
echo 2 >"/sys/block/${DISK#/dev/}/device/timeout"
io_verify_background "$DISK"
for round in 1 2; do
	step "back end stands still, round $round"
	before=$(log_count 'SRP abort called')
	dmsetup suspend --noflush --nolockfs --noudevsync slow
	wait_for 20 aborts_beyond "$before"
	dmsetup resume --noudevsync slow
	io_moves "$DISK"
done
io_verify_end
