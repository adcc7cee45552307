# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Each object and verb of srptctl that another scenario does not use, on the
# module: ports, targets with limits, back ends, LUNs, mapped LUNs, sessions,
# counters, top, doctor.
# CHECK=more
# FABRICS=rxe vib
# TIMEOUT=600

json()
{
	python3 -c 'import json, sys
data = json.load(sys.stdin)
print(eval(sys.argv[1], {"d": data}))' "$1"
}

# exits CODE COMMAND...
exits()
{
	local want=$1 status=0
	shift
	"$@" </dev/null || status=$?
	same $status "$want" "exit code of $*"
}

id=$(fabric_initiator_id)
other=0x00000000000000000011223344556677
truncate -s 32M "$SCRATCH/vol1"
null_device disk1 32

step "ports"
srptctl port list
port=$(srptctl port list --json | json "[f\"{p['device']}/{p['port']}\" for p in d['ports'] if p['target_name'] == '$TARGET'][0]")
srptctl port show "$port" | grep -F "ib.${TARGET#0x}" || fail "the port does not show its target's name"
exits 4 srptctl port show nothing
exits 2 srptctl port listen 70000
was=$(cat "$SRPT/discovery_auth/rdma_cm_port")
srptctl port listen 5999
same "$(cat "$SRPT/discovery_auth/rdma_cm_port")" 5999 "the port of RDMA CM"
srptctl port listen "$was"

step "a target"
srptctl target create "$TARGET" --disabled
same "$(cat "$TPG/enable")" 0 "enable"
exits 10 srptctl doctor
srptctl doctor --json >"$SCRATCH/doctor" || true
json '" ".join(f["id"] for f in d["findings"])' <"$SCRATCH/doctor" | grep -w target-disabled
srptctl target enable
exits 5 srptctl target create "$TARGET"
srptctl target set srp_sq_size=512 use_srq=1
same "$(cat "$TPG/attrib/srp_sq_size")" 512 "attribute"
exits 1 srptctl target set use_srq=0 srp_sq_size=1
same "$(cat "$TPG/attrib/use_srq")" 1 "attribute, taken back"
srptctl target set use_srq=0 srp_sq_size=4096
srptctl target list

step "back ends"
srptctl backstore create fileio "$SCRATCH/vol1" --write-back
srptctl backstore create block "/dev/$NULL_DEVICE" --name disk1 --serial 12345678
srptctl backstore create ramdisk 8M --name r --nullio
exits 5 srptctl backstore create ramdisk 8M --name r
exits 4 srptctl backstore create block /dev/absent
srptctl backstore list
same "$(srptctl backstore list --json | json 'len(d["backstores"])')" 3 "back ends"
exits 9 srptctl backstore delete r
srptctl backstore delete r --yes

step "LUNs, mapped by hand"
srptctl acl create "$id" --no-luns
srptctl acl create $other --no-luns
srptctl lun add vol1 --acl "$id"
srptctl lun add block/disk1 --lun 9
srptctl acl map "$id" 9=2 --read-only
srptctl acl map $other 9
exits 5 srptctl acl map $other 9
srptctl lun list
same "$(srptctl lun list --json | json '[len(l["acls"]) for l in d["luns"]]')" "[1, 2]" "who sees the LUNs"
srptctl acl unmap $other 9
srptctl acl delete $other

step "limits, at run time"
srptctl target limit
srptctl target limit --max-sessions 1 --max-channels 2 --max-initiator-bytes 128M
same "$(cat "$TPG/attrib/max_sessions")" 1 "max_sessions"
same "$(cat "$TPG/attrib/max_initiator_bytes")" $((128 << 20)) "max_initiator_bytes"
exits 1 srptctl target limit --max-channels 100000

step "a session"
srptctl event --count 1 --timeout 60 --json >"$SCRATCH/event" &
events=$!
wait_for 10 grep -q "^[0-9a-f]* *16 *[0-9]* *[0-9a-f]*[1-9a-f]" /proc/net/netlink
initiator_login
wait $events
same "$(json 'd["event"]' <"$SCRATCH/event")" login "the event"
same ${#DISKS[@]} 2 "disks"
io_verify "${DISKS[0]}" 4k randwrite 1m
number=$(srptctl session list --json | json 'd["sessions"][0]["id"]')
srptctl session show "$number"
srptctl session show "$id" --json | json 'd["sessions"][0]["channels"][0]["state"]' | grep -x live
same "$(srptctl target list --json | json 'd["targets"][0]["tpgs"][0]["sessions"]')" 1 "sessions of the target"
exits 4 srptctl session show 4000000000

step "counters"
srptctl stats show --channels
[ "$(srptctl stats show --json | json 'd["sessions"][0]["stats"]["write_cmds"]')" -ge $(($(io_bytes 1m) / 4096)) ] ||
	fail "the writes were not counted"
srptctl stats show --json | json 'd["sessions"][0]["stats"]["write_latency_us"]["p99"] > 0' | grep -x True
srptctl stats reset "$number"
same "$(srptctl stats show --json | json 'd["sessions"][0]["stats"]["write_cmds"]')" 0 "after the reset"
exits 4 srptctl stats reset 4000000000

step "top"
io_background "${DISKS[0]}"
srptctl top --once | tee "$SCRATCH/top"
[ "$(wc -L <"$SCRATCH/top")" -le 80 ] || fail "wider than a terminal"
srptctl top --once --json | json 'd["sessions"][0]["iops"] > 0 and d["sessions"][0]["p50_us"] > 0' | grep -x True
same "$(srptctl top --count 2 --interval 0.5 --json | grep -c '"command": "top"')" 2 "looks"
io_stop

step "taken away, asking where somebody is logged in"
exits 9 srptctl lun remove 9
exits 9 srptctl target disable
srptctl lun remove 9 --yes
srptctl acl unmap "$id" 0 --yes
srptctl acl map "$id" 0
initiator_logout
srptctl target disable
same "$(srptctl session list --json | json 'len(d["sessions"])')" 0 "sessions"
srptctl target delete "$TARGET" --yes
srptctl backstore delete vol1
srptctl backstore delete disk1
[ ! -e "$TPG" ] || fail "the target is there still"

step "completion"
srptctl completion bash >"$SCRATCH/completion"
. "$SCRATCH/completion"
# completed WORD...: what is offered for the last one
completed()
{
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_srptctl
	echo "${COMPREPLY[*]}"
}
same "$(completed srptctl acl pen)" pending "a verb"
srptctl target create "$TARGET"
same "$(completed srptctl target delete 0x)" "$TARGET" "a target of this machine"
same "$(completed srptctl export --port "${port%/*}")" "$port" "a port of this machine"
srptctl target delete "$TARGET" --yes
for shell in zsh fish; do
	srptctl completion $shell | grep pending >/dev/null
done
