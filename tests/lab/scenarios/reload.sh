# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The module comes and goes, idle and configured.
# CPUS=2
# TARGETS=ours stock
# TIMEOUT=60

for round in 1 2 3; do
	step "round $round"
	rmdir "$SRPT"
	within 10 rmmod ib_srpt
	target_load
done
backend_ramdisk vol1 8
target_serve vol1
target_disable
tpg_remove "$TPG"
rmdir "$SRPT/$TARGET"
rmdir "$SRPT"
within 10 rmmod ib_srpt
