# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The kernel's own netlink client drives the module from our spec: a refused
# login, its event and its ACL, a login, counters, limits, close-session, and
# what the tracepoints tell of it.
# CPUS=2
# CHECK=more
# FABRICS=rxe vib
# TIMEOUT=180
# HOST=scripts/kernels ynl

export YNL=$LAB_root/build/kernels/source-6.12/tools/net/ynl
TRACING=/sys/kernel/tracing

# nl request|dump OPERATION JSON EXPRESSION, nl event NAME TEXT: see console.py
nl()
{
	local IFS=$'\t' answer
	echo "$*" >&"$nl_in"
	read -r -t 60 answer <&"$nl_out" || fail "no answer to $*"
	echo "$answer"
}

heard()	{ same "$(nl event "$1" "$2")" heard "event $1"; }

# By which address a login is told of, and the port that RDMA CM is taken on.
if [ "$FABRIC_CM" = rdma ]; then
	source_key=source-ip source=$FABRIC_IP cm_port=$FABRIC_PORT
else
	source_key=source-gid cm_port=0
	source=$(cat /sys/class/infiniband/$VIB_INITIATOR/ports/1/gids/0)
fi
device=$(fabric_device)

traced() { grep -qE -- "$1" "$TRACING/trace"; }

coproc CONSOLE { exec "$LAB_root/tests/netlink/console.py"; }
# Copies, which subshells inherit.
exec {nl_in}>&"${CONSOLE[1]}" {nl_out}<&"${CONSOLE[0]}"
[ -e $TRACING/events ] || mount -t tracefs tracefs $TRACING
echo 1 >$TRACING/events/ib_srpt/enable

backend_ramdisk vol1 32
target_create vol1
target_enable

step "module, port, target"
# The command line of the reference page.
"$YNL/cli.py" --spec "$LAB_root/Documentation/netlink/specs/ib_srpt.yaml" \
	--schema "$YNL/../../../Documentation/netlink/genetlink.yaml" --dump port-get >"$SCRATCH/ports"
grep -F "'device': '$device'" "$SCRATCH/ports" || { cat "$SCRATCH/ports"; fail "ynl does not show the port"; }
read -r -t 120 ready <&"$nl_out" || fail "the client does not start"
same "$ready" ready
same "$(nl request module-get '{}' 'd["rdma-cm-port"], d["sessions"]')" "($cm_port, 0)"
same "$(nl request module-get '{}' 'd["service-guid"]')" "$(printf 0x%x "$(fabric_service_guid)")"
same "$(nl dump port-get '{}' '[(p["device"], p["num"], p["state"], p["gid"], p["target"]) for p in d if "target" in p]')" \
	"[('$device', 1, 'active', '$(fabric_gid)', ['$TARGET'])]"
same "$(nl dump target-get '{}' '[(t["wwn"], t["enabled"], t["sessions"], t["ports"]) for t in d]')" \
	"[('$TARGET', 1, 0, [{'device': '$device', 'num': 1}])]"

step "a login that is refused"
initiator_load ch_count=2
refuses initiator_try
id=$(nl dump reject-get '{}' 'd[0]["initiator"]')
same "$id" "$(fabric_initiator_id)" "the ACL to make"
same "$(nl dump reject-get '{}' "[(r['reason'], r['$source_key'], r['device'], r['port-gid']) for r in d]")" \
	"[('0x10006', '$source', '$device', '$(fabric_gid)')]"
heard reject-ntf "$id"
traced "srpt_login: $device/1 initiator=$id rejected reason=0x00010006" || fail "the refused login is not traced"

step "a login that is not"
acl_add "$id"
initiator_login
heard login-ntf "$id"
same "$(nl dump session-get '{}' "[(s['initiator'], s['wwn'], s['tpg-tag'], s['acl'], s['channels'], s['$source_key']) for s in d]")" \
	"[('$id', '$TARGET', 1, '$id', 2, '$source')]"
session=$(nl dump session-get '{}' 'd[0]["id"]')
age=$(($(date +%s) - $(nl dump session-get '{}' 'd[0]["login-time"]')))
if [ $age -lt 0 ] || [ $age -gt 60 ]; then
	fail "login time is $age s ago"
fi
same "$(nl dump channel-get "{\"session-id\": $session}" \
	'[(c["session-id"], c["id"], c["state"], c["cm-kind"], c["device"]) for c in d]')" \
	"[($session, 0, 'live', '$FABRIC_CM', '$device'), ($session, 1, 'live', '$FABRIC_CM', '$device')]"
nl dump channel-get '{}'
same "$(nl dump channel-get '{}' \
	'all(0 < c["credit-free"] <= c["credit-limit"] and c["max-it-iu-len"] >= 64 for c in d)')" \
	True "credits and IU sizes make sense"

step "counters"
same "$(nl request stats-reset '{}')" None
io_verify "$DISK" 4k randwrite 2m
size=$(io_bytes 2m)
nl request session-get "{\"id\": $session}"
same "$(nl request session-get "{\"id\": $session}" '[d["stats"][k] for k in ("write-cmds", "write-bytes", "bad-ius")]')" \
	"[$((size / 4096)), $size, 0]" "all writes of 4k"
same "$(nl request session-get "{\"id\": $session}" '[d["stats"]["read-bytes"] >= '"$size"'] + [sum(d["stats"][k + "-latency"]) == d["stats"][k + "-cmds"] for k in ("read", "write")]')" \
	"[True, True, True]" "what was read back, and the histograms"
traced "srpt_cmd_recv: $session/[01] tag=0x[0-9a-f]+ lun=0 opcode=0x2a dir=out len=4096 fmt=" ||
	fail "a write is not traced"
traced "srpt_cmd_done: $session/[01] tag=0x[0-9a-f]+ status=0x00 len=4096" || fail "its end is not traced"
traced "srpt_rdma: $session/[01] .*WRITE wrs=[0-9]+ bytes=4096" || fail "an RDMA WRITE is not traced"
same "$(nl request stats-reset "{\"id\": $session}")" None
same "$(nl request session-get "{\"id\": $session}" 'd["stats"]["write-cmds"]')" 0 "writes after the reset"

step "close-session"
same "$(nl request session-close "{\"id\": $session}")" None
heard logout-ntf "'cause': 'admin'"
traced "srpt_close: $session/[01] initiator=$id cause=admin" || fail "the close is not traced"
traced "srpt_channel_state: $session/0 CONNECTING -> LIVE" || fail "states are not traced"
same "$(nl request session-close '{"id": 4294967295}')" "error: ENOENT no session has this id"
initiator_logout

step "limits at run time"
same "$(nl request target-set "{\"wwn\": \"$TARGET\", \"tpg-tag\": 1, \"max-channels\": 1}")" None
same "$(cat "$TPG/attrib/max_channels")" 1 "the limit in configfs"
initiator_login
same "$(nl dump session-get '{}' '[s["channels"] for s in d]')" "[1]" "channels over the limit"
same "$(nl request reject-forget '{}')" None
same "$(nl dump reject-get '{}' 'len(d)')" 0 "refused logins forgotten"
initiator_logout
heard logout-ntf "'cause': 'initiator-"

step "port down and up"
fabric_port_down
heard port-ntf "'state': 'down'"
fabric_port_up
heard port-ntf "'state': 'active'"

echo 0 >$TRACING/events/ib_srpt/enable
