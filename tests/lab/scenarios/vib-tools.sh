# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The distribution's own InfiniBand tools on the virtual fabric.
# CHECK=more
# FABRICS=vib
# TARGETS=ours stock
# TIMEOUT=150

lsscsi_has()	{ lsscsi | grep "$1"; }

step "states and identities"
ibstat | tee "$SCRATCH/ibstat"
grep -q "CA 'qib0'" "$SCRATCH/ibstat"
grep -q 'CA type: InfiniPath_QLE7342' "$SCRATCH/ibstat"
grep -q 'Node GUID: 0x001175000077dd7e' "$SCRATCH/ibstat"
same "$(grep -c 'State: Active' "$SCRATCH/ibstat")" 2 "active ports in ibstat"
same "$(grep -c 'Rate: 40' "$SCRATCH/ibstat")" 2 "rate in ibstat"
ibstatus | tee "$SCRATCH/ibstatus"
same "$(grep -c '4: ACTIVE' "$SCRATCH/ibstatus")" 2 "active ports in ibstatus"

step "the subnet as the tools see it"
ibnetdiscover | tee "$SCRATCH/net"
grep -q 'caguid=0x1175000077dd7e' "$SCRATCH/net"
grep -q 'caguid=0x1175000077d708' "$SCRATCH/net"
sminfo | tee "$SCRATCH/sminfo"
grep -q 'SMINFO_MASTER' "$SCRATCH/sminfo"
iblinkinfo
lid=$(cat /sys/class/infiniband/qib1/ports/1/lid)
smpquery nodeinfo "$((lid))" | grep -i 'Guid.*0x001175000077d708'
smpquery portinfo "$((lid))" 1
saquery PR >"$SCRATCH/pr"
grep -q PathRecord "$SCRATCH/pr"

step "counters"
perfquery "$((lid))" 1 | tee "$SCRATCH/perf"
grep -Eq 'PortXmitPkts:\.+[1-9]' "$SCRATCH/perf"
perfquery -x "$((lid))" 1 | grep -E 'PortUnicastRcvPkts:\.+[1-9]'

step "the target found"
backend_ramdisk vol1 32
target_serve vol1
wait_for 10 test -e /dev/infiniband/umad1
srp_daemon -a -o -d /dev/infiniband/umad1 | tee "$SCRATCH/srp"
grep -q 'IO Unit Info' "$SCRATCH/srp"
grep -q 'service entries: 1' "$SCRATCH/srp"
ibsrpdm -c -d /dev/infiniband/umad1 | tee "$SCRATCH/ibsrpdm"
line=$(grep "dgid=$(vib_gid qib0)" "$SCRATCH/ibsrpdm" | head -1)
[ -n "$line" ] || fail "ibsrpdm does not list the target"

step "and logged in to by what srp_daemon printed"
initiator_load
echo "$line" >"$(fabric_add_target)"


wait_for 20 lsscsi_has LIO-ORG
