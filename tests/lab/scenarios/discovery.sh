# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Device management: the IO unit of a port as srp_daemon prints it, and as
# raw MADs show it, while the target is enabled, disabled and enabled again.
# CHECK=more
# FABRICS=vib
# TIMEOUT=120

lid=$(($(cat /sys/class/infiniband/qib0/ports/1/lid)))
guid=$(fabric_hex "$(fabric_service_guid)")
coproc DM { /usr/bin/python3 "$LAB_dir/tools/dm_query.py" qib1 "$lid"; }
# Bash closes a coprocess's own descriptors in subshells.
exec {to_dm}>&"${DM[1]}" {from_dm}<&"${DM[0]}"
query()
{
	local answer
	echo "$*" >&$to_dm
	read -r -t 30 -u $from_dm answer
	echo "$answer"
}
status()	{ query "$@" | cut -d ' ' -f 1; }
announced()	{ (($(cat /sys/class/infiniband/qib0/ports/1/cap_mask) & 0x80000)); }
not_announced()	{ ! announced; }
# change ID, slots, reserved, first eight slots
unit()		{ query get 0x10 | cut -d ' ' -f 2 | cut -c 1-16; }

step "no target has been enabled yet: no IO unit, and nobody is sent there"
backend_ramdisk vol1 32
target_create vol1
not_announced || fail "announced before it is enabled"
same "$(status get 1)" 0000 "ClassPortInfo before enable"
same "$(status get 0x10)" 000c "IO unit before enable"
same "$(status get 0x11 1)" 000c "profile of a controller of no IO unit"

step "enabled: announced, change ID 1, one controller"
target_enable
wait_for 10 announced
same "$(unit)" 0001100010000000 "IO unit when enabled"
wait_for 10 test -e /dev/infiniband/umad1
srp_daemon -a -o -d /dev/infiniband/umad1 | tee "$SCRATCH/srp"
has()	{ grep -Eq "^ *$1\$" "$SCRATCH/srp" || fail "srp_daemon does not print: $1"; }
same "$(grep -c 'IO Unit Info' "$SCRATCH/srp")" 1 "IO units"
has 'port LID: +0001'
has "port GID: +$(vib_gid qib0)"
has 'change ID: +0001'
has 'max controllers: 0x10'
has 'controller\[  1\]'
has "GUID: +$guid"
has 'vendor ID: 000011'
has 'device ID: 007322'
has 'IO class : 0100'
has 'ID: +Linux SRP target'
has 'service entries: 1'
has "service\[  0\]: $guid / SRP.T10:$guid"

step "every attribute, and what has none"
same "$(query get 1 | cut -c 1-21)" '0000 0101000000000012' ClassPortInfo
trap_fields=$(printf '%064d' 0 | tr 0 a)
same "$(query set 1 0 "$(printf '%080d' 0)$trap_fields" | cut -c 86-149)" "$trap_fields" "Set(ClassPortInfo)"
same "$(query get 1 | cut -c 86-149)" "$trap_fields" "what was set"
same "$(status set 0x10)" 000c "Set(IOUnitInfo)"
same "$(status get 0x20)" 000c "an attribute of diagnostics"
same "$(status get 0xffff)" 000c "an attribute of nothing"
same "$(status 0x12 0x10)" 0008 "GetTable, a method the class does not have"
same "$(status 3 0x10)" 0008 "Send, likewise"
same "$(query 5 0x10)" none "a trap, which is no request"
same "$(status get 0x11 1)" 0000 "profile 1"
same "$(status get 0x11 2)" 0100 "profile of an empty slot"
same "$(status get 0x11 0)" 001c "profile of slot 0"
same "$(status get 0x11 17)" 001c "profile of a slot the unit does not have"
same "$(status get 0x12 0x10000)" 0000 "service entries"
same "$(status get 0x12 0x10001)" 001c "service entries in the wrong order"
same "$(status get 0x12 0x10400)" 001c "five service entries"
same "$(status get 0x12 0x10101)" 0200 "service entries behind the last"

step "a flood is survived"
answers=$(query flood 500)
echo "$answers of 500 answered"
[ "$answers" -gt 0 ] || fail "no answer at all"
same "$(unit)" 0001100010000000 "IO unit after the flood"

step "disabled and enabled again: the change ID counts"
target_disable
wait_for 10 not_announced
same "$(unit)" 0002100000000000 "IO unit when disabled"
target_enable
wait_for 10 announced
same "$(unit)" 0003100010000000 "IO unit when enabled again"

step "a daemon that waits is told by a trap"
# It would look again by itself after an hour. Once it has subscribed and looked
# around, nothing comes any more.
subscribed()	{ saquery IIR 2>/dev/null | grep 'trap_num[^0-9]*144' >/dev/null; }
quiet()
{
	local before
	before=$(vib_stat qib1 rcv_packets)
	nap 1
	same_count "$before"
}
same_count()	{ [ "$1" = "$(vib_stat qib1 rcv_packets)" ]; }
asked()		{ log_matches 'no ACL has been configured yet for initiator'; }
target_disable
wait_for 10 not_announced
initiator_load
srp_daemon -e -n -i qib1 -p 1 -R 3600 >"$SCRATCH/daemon" 2>&1 &
daemon=$!
wait_for 30 subscribed
wait_for 30 quiet
refuses asked
target_enable
wait_for 30 asked
kill "$daemon"

step "unloaded: not announced"
target_clear
target_unload
wait_for 10 not_announced
# The kernel's own answer to a class that nobody serves
same "$(status get 0x10)" 000c "status without the module"
