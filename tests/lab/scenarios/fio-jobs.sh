# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Several writers at once, each with its own channel and stretch of the disk.
# KERNEL=6.12
# CPUS=2
# TARGETS=ours stock
# TIMEOUT=90

backend_ramdisk vol1 64
target_serve vol1
initiator_load ch_count=2
initiator_login
io_verify "$DISK" 4k randrw 4m --numjobs=4 --offset_increment=8m --iodepth=32
io_verify "$DISK" 128k randwrite 8m --numjobs=4 --offset_increment=16m --iodepth=8
