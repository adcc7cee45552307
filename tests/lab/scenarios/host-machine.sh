# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What srptctl host does for the machine besides modules and names: limits for
# locked memory, as a login by the system's PAM gets them, and port types, on a
# machine whose adapters have none and on the files of one that has.
# CHECK=full
# FABRICS=vib
# TARGETS=ours stock
# SETUP=fabric
# TIMEOUT=120

LIMITS=/etc/security/limits.d/rdma.conf

# A user's limit after a login; root is no user in the sense of limits.conf.
limit()		{ su -s /bin/sh nobody -c 'ulimit -l'; }

# exits CODE COMMAND...
exits()
{
	local want=$1 status=0
	shift
	"$@" </dev/null || status=$?
	same $status "$want" "exit code of $*"
}

step "memlock"
rm -f $LIMITS
[ "$(limit)" != unlimited ] || fail "there is no limit to begin with"
exits 10 srptctl host memlock check
srptctl host memlock install --dry-run | grep -F "memlock         unlimited"
[ ! -e $LIMITS ] || fail "--dry-run wrote the file"
srptctl host memlock install
exits 0 srptctl host memlock check
srptctl host memlock show
same "$(limit)" unlimited "the limit of a login from now on"
printf '* - memlock 128\n' >/etc/security/limits.d/zz.conf
exits 10 srptctl host memlock check
same "$(limit)" 128 "a later file overrules"
rm /etc/security/limits.d/zz.conf
srptctl host memlock install | grep "nothing to change"

step "port types, where no adapter has any"
srptctl host port-type show | grep "no adapter here is driven by"
exits 4 srptctl host port-type set "$VIB_TARGET" 1 eth
exits 2 srptctl host port-type set "$VIB_TARGET" 3 eth
exits 2 srptctl host port-type set "$VIB_TARGET" 1 token-ring
exits 0 srptctl host port-type apply
[ ! -e /etc/rdma/mlx4.conf ] || ! grep -q eth /etc/rdma/mlx4.conf || fail "a type was remembered all the same"

step "an image of a system"
mkdir -p "$SCRATCH/image/etc/rdma/modules"
srptctl host memlock install --root "$SCRATCH/image"
srptctl host modules enable SRPT --root "$SCRATCH/image"
grep -q unlimited "$SCRATCH/image$LIMITS"
grep -qx ib_srpt "$SCRATCH/image/etc/rdma/modules/rdma.conf"

# Scenarios after this one begin without it.
rm "$LIMITS"
