# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Descriptor tables longer than the command holds: the target has to fetch the
# table from the initiator's memory.
# MORE=vib
# TIMEOUT=60

backend_ramdisk vol1 32
target_serve vol1
initiator_load allow_ext_sg=1 cmd_sg_entries=2 indirect_sg_entries=64 never_register=Y
initiator_login
echo 0 >"/sys/block/${DISK#/dev/}/queue/nomerges"
step "32 pages that do not touch"
/usr/bin/python3 "$LAB_dir/tools/scatter.py" "$DISK" 32 8
step "as many as there are descriptors"
/usr/bin/python3 "$LAB_dir/tools/scatter.py" "$DISK" 64 4
step "few enough for the command"
/usr/bin/python3 "$LAB_dir/tools/scatter.py" "$DISK" 2 4
io_verify "$DISK" 64k randrw 8m
