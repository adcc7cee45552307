# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# ib_srpt, ours or the kernel's, and ib_srp.

peer_serve()
{
	target_load
	target_create bench
	[ -z "$BENCH_srq" ] || target_attrib use_srq "$BENCH_srq"
	acl_add "$(fabric_initiator_id)"
	target_enable
}

peer_login()
{
	initiator_load ch_count="$BENCH_channels" ${BENCH_imm:+use_imm_data=$BENCH_imm}
	initiator_login
}
