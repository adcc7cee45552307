# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Writes with their data in the command, and without; with a receive queue per
# channel and with a shared one.
# KERNEL=6.12
# TIMEOUT=120

backend_ramdisk vol1 32
target_serve vol1
for srq in 0 1; do
	target_disable
	target_attrib use_srq $srq
	target_enable
	for imm in 1 0; do
		step "use_srq=$srq use_imm_data=$imm"
		before=$(log_count 'using immediate data')
		initiator_load use_imm_data=$imm
		initiator_login
		after=$(log_count 'using immediate data')
		if [ $imm = 1 ]; then
			[ "$after" -gt "$before" ] || fail "immediate data was not negotiated"
		else
			same "$after" "$before" "immediate data negotiated"
		fi
		# Below, at and above what a command can carry.
		io_verify "$DISK" 4k randwrite 2m --bsrange=512-12k --blockalign=512
		initiator_logout
		initiator_unload
	done
done
