# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What an administrator does with srptctl alone: export, see who was refused,
# admit it, watch it log in, look at its session, log it out, take all away.
# KERNEL=6.1
# TIMEOUT=150

# json FILTER: one value out of the answer on standard input, by Python.
json()
{
	python3 -c 'import json, sys
data = json.load(sys.stdin)
print(eval(sys.argv[1], {"d": data}))' "$1"
}

event_seen()	{ grep -q "\"event\":\"$1\"" "$SCRATCH/events"; }
sessions()	{ srptctl session list --json | json 'len(d["sessions"])'; }
sessions_are()	{ [ "$(sessions)" = "$1" ]; }

# Each back end has an adapter of its own.
adapters()	{ find "$CORE" -mindepth 1 -maxdepth 1 -name '*_*' | wc -l; }

id=$(fabric_initiator_id)

step "export"
srptctl export ramdisk:32M --name vol1 --target "$TARGET" --dry-run
[ ! -e "$TPG" ] || fail "--dry-run made the target"
srptctl export ramdisk:32M --name vol1 --target "$TARGET"
same "$(cat "$TPG/enable")" 1 "enabled"
srptctl
srptctl status --json | json 'd["targets"][0]["tpgs"][0]["luns"][0]["backstore"]' | grep -qx ramdisk/vol1 ||
	fail "status does not show the LUN"
srptctl acl pending

step "events are listened to"
srptctl monitor --json >"$SCRATCH/events" &
monitor=$!
# It has joined the group when its socket is bound to it.
wait_for 10 grep -q "^[0-9a-f]* *16 *[0-9]* *[0-9a-f]*[1-9a-f]" /proc/net/netlink

step "refused"
initiator_load use_imm_data=0
refuses initiator_try
wait_for 10 event_seen reject || fail "no reject event"
srptctl acl pending
srptctl acl pending --json >"$SCRATCH/pending"
same "$(json 'd["pending"][0]["initiator"]' <"$SCRATCH/pending")" "$id" "who was refused"
same "$(json 'd["pending"][0]["next"]' <"$SCRATCH/pending")" "srptctl acl allow $id" "the ready command"
same "$(json 'd["pending"][0]["reason"]' <"$SCRATCH/pending")" $((0x00010006)) "the reason"
same "$(json 'd["pending"][0]["count"]' <"$SCRATCH/pending")" 1 "how often"

step "admitted, and waited for"
srptctl acl allow --last --wait 40 --json >"$SCRATCH/allow" &
allow=$!
wait_for 20 test -e "$TPG/acls/$id/lun_0"
initiator_login
wait $allow || fail "acl allow did not see the login"
same "$(json 'd["session"]["initiator"]' <"$SCRATCH/allow")" "$id" "who logged in"
wait_for 10 event_seen login || fail "no login event"
same "$(srptctl acl pending --json | json 'len(d["pending"])')" 0 "still pending"
lsscsi | grep -E 'LIO-ORG +vol1 +4\.0' || fail "lsscsi does not show vol1"
io_verify "$DISK" 4k randwrite 1m

step "its session"
srptctl acl list
srptctl session list --channels
srptctl session list --channels --json >"$SCRATCH/sessions"
same "$(json 'd["sessions"][0]["initiator"]' <"$SCRATCH/sessions")" "$id"
same "$(json 'd["sessions"][0]["target"]' <"$SCRATCH/sessions")" "$TARGET"
same "$(json 'd["sessions"][0]["channels"][0]["state"]' <"$SCRATCH/sessions")" live
[ "$(json 'd["sessions"][0]["stats"]["write_bytes"]' <"$SCRATCH/sessions")" -ge "$(io_bytes 1m)" ] ||
	fail "the bytes written are not counted"
session=$(json 'd["sessions"][0]["id"]' <"$SCRATCH/sessions")

step "what needs a confirmation is not done without"
status=0
srptctl unexport 0 || status=$?
same $status 9 "exit status without --yes"
[ -e "$TPG/lun/lun_0" ] || fail "unexported all the same"

step "closed"
srptctl session close "$session" --yes
wait_for 10 event_seen logout || fail "no logout event"
grep '"event":"logout"' "$SCRATCH/events" | head -1 | json 'd["channel"]["cause"]' | grep -qx admin ||
	fail "the cause of the logout is not the administrator"
initiator_logout
wait_for 20 sessions_are 0

step "errors say the path, the errno and what the kernel said"
status=0
srptctl export ramdisk:1M --target 0xfe800000000000000000000000000bad 2>"$SCRATCH/error" || status=$?
cat "$SCRATCH/error"
same $status 1 "exit status of a target that no port carries"
grep -q EINVAL "$SCRATCH/error" || fail "no errno"
grep -q "path: .*/target/srpt/0xfe800000000000000000000000000bad" "$SCRATCH/error" || fail "no path"
grep -q "kernel: ib_srpt cannot create target" "$SCRATCH/error" || fail "nothing of what the kernel logged"
same "$(adapters)" 1 "back ends after the rollback"
status=0
srptctl session close 4711 --yes || status=$?
same $status 4 "exit status of a session that is not there"

step "unexported"
srptctl acl delete "$id"
srptctl unexport "$TARGET" --yes
[ ! -e "${TPG%/*}" ] || fail "the target is still there"
same "$(adapters)" 0 "back ends left"

kill $monitor
