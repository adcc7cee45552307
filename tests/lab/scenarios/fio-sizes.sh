# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Verified data at every size that takes another path: below a page, a page,
# several descriptors, many; on several channels.
# KERNEL=6.12
# CPUS=2
# MORE=vib
# TARGETS=ours stock
# TIMEOUT=120

backend_ramdisk vol1 64
target_serve vol1
initiator_load ch_count=4
initiator_login
log_count 'Received SRP_LOGIN_REQ' | { read -r n; [ "$n" -ge 2 ] || fail "$n login(s): no second channel"; }

io_verify "$DISK" 512 randwrite 512k
io_verify "$DISK" 4k randrw 4m
io_verify "$DISK" 64k randwrite 16m
io_verify "$DISK" 1m rw 32m --iodepth=4
io_verify "$DISK" 1m randwrite 32m --iodepth=4
# Sizes that are no power of two, not aligned to pages.
io_verify "$DISK" 4k randwrite 8m --bsrange=512-256k --bs_unaligned=0 --blockalign=512 --iodepth=32
