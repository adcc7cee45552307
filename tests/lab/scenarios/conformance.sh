# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The conformance and hostile suite of tests/initiator: an initiator in user
# space does what the kernel's own never would. With a receive queue per
# channel all of it, with a shared one what receiving has to do with.
# CHECK=more
# FABRICS=rxe
# NEEDS=module:dm_mod module:null_blk
# TIMEOUT=600
# HOST=cmake -S tests/initiator -B build/initiator && cmake --build build/initiator -j2

. "$LAB_dir/lib/conformance.sh"
conformance_target
step "a receive queue for each channel"
conformance_run 0
step "a shared receive queue"
target_disable
target_attrib use_srq 1
target_enable
conformance_run 1 'Login.*:Command.*:Credit.*:Closes.*:Hostile.*:*/LoginIuLength.*:*/Indirect.*:*/Immediate.*:*/ClosesOn*'
step "the shortest send queue"
target_disable
target_attrib use_srq 0
target_attrib srp_sq_size 16
target_enable
conformance_run 0 'Credit.*:*/Indirect.*:Command.LargestExternalTable:Command.OrderedAmongSimpleOnes:Tmf.ManyAbortedAndEveryCreditBack:*/LeavesAtAnyMoment.*'
