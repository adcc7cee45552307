# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Indirect descriptors with the table in the command: scattered pages, each
# with a descriptor of its own.
# KERNEL=6.12
# TARGETS=ours stock
# TIMEOUT=60

backend_ramdisk vol1 32
target_serve vol1
initiator_load cmd_sg_entries=64 never_register=Y
initiator_login
for pages in 1 2 3 31 64; do
	step "$pages pages"
	/usr/bin/python3 "$LAB_dir/tools/scatter.py" "$DISK" $pages 4
done
