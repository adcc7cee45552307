# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What the output of tests/initiator says, case by case; for the scenario compare
# and for scripts/compare, which reads what a guest left that died.

# compare_passed OUTPUT: a line END for each case that passed
compare_passed()
{
	tr -d '\r' <"$1" | sed -nE 's/^\[       OK \] ([^ ,]+).*/END\t\1\tok\t/p'
}

# compare_running OUTPUT: the case that failed, or that had begun and not passed;
# behind one that failed all others are skipped
compare_running()
{
	tr -d '\r' <"$1" | sed -nE 's/^\[ RUN      \] ([^ ,]+).*/RUN \1/p; s/^\[  FAILED  \] ([^ ,]+).* ms\)$/FAILED \1/p; s/^\[ (      OK| SKIPPED) \] .*/OK/p' |
		awk '$1 == "RUN" { name = $2 } $1 == "OK" { name = "" } $1 == "FAILED" && !failed { failed = $2 } END { print failed ? failed : name }'
}
