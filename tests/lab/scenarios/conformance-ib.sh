# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The suite of tests/initiator on virtual InfiniBand: every login by the IB CM,
# and its messages one by one, also those that no connection manager sends.
# CHECK=more
# FABRICS=vib
# SETUP=none
# NEEDS=module:dm_mod module:null_blk
# TIMEOUT=400
# HOST=cmake -S tests/initiator -B build/initiator && cmake --build build/initiator -j2

. "$LAB_dir/lib/conformance.sh"
. "$LAB_dir/lib/conformance_vib.sh"
conformance_fabric
target_load
conformance_target
conformance_ib_env 0
step "the messages of the connection manager"
conformance_suite 'IbCm*:*/IbCm*'
step "logins by the IB CM"
# The kernel writes a zero over the first byte of what a login by an address of
# AF_IB carries: other opcodes are in the messages above.
conformance_suite 'Login.*:*/Login*:Leaves.*:Command.*:*/Indirect.*:*/Immediate.*:HalfOpen.*:Fight.*:Tmf.*:Closes.*-*/LoginRefused.*/Opcode*'
