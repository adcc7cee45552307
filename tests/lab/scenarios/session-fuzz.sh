# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Whole sessions bent at random, from seeds that are the same each time;
# LAB_APPEND="lab.fuzz_seed=N lab.fuzz_sessions=M" chooses
# others. The log has the seed of each session, so the last one is known after a
# crash, too.
# CHECK=more
# FABRICS=rxe
# NEEDS=module:dm_mod module:null_blk
# TIMEOUT=400
# HOST=cmake -S tests/initiator -B build/initiator && cmake --build build/initiator -j2

. "$LAB_dir/lib/conformance.sh"
conformance_target
conformance_env 0
"$LAB_root/build/initiator/session_fuzzer" --seed "${LAB_fuzz_seed:-1}" \
	--sessions "${LAB_fuzz_sessions:-150}" 2>&1 | tee "$SCRATCH/fuzz" || true
grep -q 'none of them noticed' "$SCRATCH/fuzz" ||
	fail "$(grep FAILED "$SCRATCH/fuzz" || tail -1 "$SCRATCH/fuzz")"
