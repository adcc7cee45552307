# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Chance that can be had again: LAB_SEED=N repeats the choices of a run that
# printed N. How long things take is not repeated, so a race may need a few runs.
# Only for the scenario's own shell: a subshell has a copy of the sequence.

chance_begin()
{
	LAB_seed=${LAB_seed:-$((SRANDOM % 100000))}
	RANDOM=$LAB_seed
	step "seed $LAB_seed"
}

# chance_below N: sets CHANCE, 0 to N - 1; N up to 2^30.
chance_below()	{ CHANCE=$(((RANDOM << 15 | RANDOM) % $1)); }

# chance_of WORD...: sets CHANCE to one of them.
chance_of()
{
	chance_below $#
	CHANCE=${*:CHANCE + 1:1}
}

# chance_nap MILLISECONDS: a while of up to so much. CHANCE stays what it is.
chance_nap()
{
	local CHANCE ms
	chance_below $(($1 + 1))
	printf -v ms '%d.%03d' $((CHANCE / 1000)) $((CHANCE % 1000))
	nap "$ms"
}
