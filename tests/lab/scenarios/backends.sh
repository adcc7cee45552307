# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# A block device, a file and a RAM disk, exported together.
# KERNEL=6.12
# MORE=vib
# TARGETS=ours stock
# NEEDS=module:null_blk
# TIMEOUT=80

backend_null block1 64
backend_file file1 64
backend_ramdisk ram1 64
target_serve block1 file1 ram1
initiator_login
same "${#DISKS[@]}" 3 "number of disks"
lsscsi
for disk in "${DISKS[@]}"; do
	step "$disk"
	same "$(blockdev --getsize64 "$disk")" $((64 << 20)) "size of $disk"
	io_verify "$disk" 16k randrw 8m
done

step "what was written is what the block device and the file hold"
dd if=/dev/urandom of="$SCRATCH/data" bs=1M count=2 status=none
for disk in "${DISKS[0]}" "${DISKS[1]}"; do
	dd if="$SCRATCH/data" of="$disk" bs=1M oflag=direct status=none
	sync "$disk"
done
# Read past the page cache of the device, which iblock does not know of.
dd if="/dev/$NULL_DEVICE" bs=1M count=2 iflag=direct status=none | cmp - "$SCRATCH/data"
cmp -n 2097152 "$SCRATCH/data" /dev/shm/file1.img
