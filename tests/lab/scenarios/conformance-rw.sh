# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The part of tests/initiator that transfers data, with every RDMA READ by the
# kernel's R/W API on registered memory, as on iWARP. The RDMA core takes that
# only when it is loaded.
# CHECK=more
# FABRICS=rxe
# SETUP=none
# NEEDS=module:dm_mod module:null_blk
# TIMEOUT=240
# HOST=cmake -S tests/initiator -B build/initiator && cmake --build build/initiator -j2

. "$LAB_dir/lib/conformance.sh"

# An earlier scenario of this guest may have loaded it.
ip link del lab0 2>/dev/null || true
module_remove rdma_rxe ib_umad rdma_ucm ib_uverbs rdma_cm iw_cm ib_cm ib_core
[ ! -e /sys/module/ib_core ] || fail "the RDMA core does not unload"
modprobe ib_core force_mr=1
fabric_up
target_load rdma_rw_api=1
same "$(cat /sys/module/ib_srpt/parameters/rdma_rw_api)" Y "rdma_rw_api"
conformance_target
conformance_run 0 'Command.*:Leaves.*:Hostile.*:*/CommandSize.*:*/Indirect.*:*/HostileMemory.*'
