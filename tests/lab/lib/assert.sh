# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# How a scenario says what must hold.

step()	{ echo "lab: step: $*"; echo "lab: step: $*" >/dev/kmsg; }
fail()	{ trap - ERR; echo "lab: fail: $*"; exit 1; }
skip()	{ trap - ERR; echo "lab: skip: $*"; exit 77; }

# A short while, without a process: those are dear in a guest without KVM.
exec {nap_fd}<> <(:)
nap()	{ read -r -t "$1" -u "$nap_fd" || true; }

# Limits are for a machine that nobody else uses and a kernel without checkers;
# elsewhere LAB_scale makes them longer.
# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for()
{
	local end=$((SECONDS + $1 * ${LAB_scale:-1}))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || { echo "lab: gave up waiting for: $*" >&2; return 1; }
		nap 0.1
	done
}

# refuses COMMAND...: it must fail.
refuses()
{
	if "$@"; then
		fail "did not refuse: $*"
	fi
}

same()
{
	[ "$1" = "$2" ] || fail "${3:-values differ}: '$1' is not '$2'"
}

# at_most SECONDS COMMAND...: ended after that time.
at_most()
{
	local limit=$(($1 * ${LAB_scale:-1}))
	shift
	timeout -k 2 "$limit" "$@"
}

# within SECONDS COMMAND...: it must succeed in that time.
within()
{
	local limit=$(($1 * ${LAB_scale:-1})) begun=$SECONDS
	shift
	"$@" || fail "failed: $*"
	[ $((SECONDS - begun)) -le "$limit" ] || fail "took $((SECONDS - begun)) s, over $limit: $*"
}
