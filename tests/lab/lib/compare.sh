# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What the output of tests/initiator says, case by case; for the scenario compare
# and for scripts/compare, which reads what a guest left that died.

# compare_passed OUTPUT: a line END for each case that passed
compare_passed()
{
	tr -d '\r' <"$1" | sed -nE 's/^\[       OK \] ([^ ,]+).*/END\t\1\tok\t/p'
}

# compare_running OUTPUT: the case that had begun and not passed, if any
compare_running()
{
	tr -d '\r' <"$1" | sed -nE 's/^\[ RUN      \] /RUN /p; s/^\[       OK \] .*/OK/p' |
		awk '{ name = $1 == "RUN" ? $2 : "" } END { print name }'
}
