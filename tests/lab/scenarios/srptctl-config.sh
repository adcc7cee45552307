# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# One configuration file for two tools: what targetcli saves, srptctl restores
# to the letter, and back; a change is applied without disturbing the sessions
# that it does not concern; what a killed command leaves behind is found and
# mended.
# CHECK=more
# FABRICS=rxe
# TARGETS=ours stock
# TIMEOUT=600

dbus_up
id=$(fabric_initiator_id)
ib=ib.${TARGET#0x}
other=ib.00000000000000000011223344556677
truncate -s 32M "$SCRATCH/vol1"
null_device disk1 32

# configured: the tree as targetcli shows it.
configured()	{ targetcli ls / >"$1"; }
cleared()	{ targetcli clearconfig confirm=True >/dev/null; }
# found: what the doctor finds, by its names.
found()
{
	{ srptctl doctor --json || true; } | python3 -c 'import json, sys
print(*sorted(f["id"] for f in json.load(sys.stdin)["findings"]))'
}

step "made by targetcli"
targetcli <<END
/backstores/fileio create vol1 $SCRATCH/vol1
/backstores/block create disk1 /dev/$NULL_DEVICE
/backstores/ramdisk create ram0 16M
/srpt create $ib
/srpt/$ib/luns create /backstores/fileio/vol1
/srpt/$ib/luns create /backstores/block/disk1 lun=7
/srpt/$ib/luns create /backstores/ramdisk/ram0
/srpt/$ib/acls create ib.${id#0x}
/srpt/$ib/acls create $other add_mapped_luns=false
/srpt/$ib/acls/$other create 3 7 1
/srpt/$ib set attribute srp_sq_size=1024
/backstores/fileio/vol1 set attribute emulate_caw=0
END
targetcli saveconfig "$SCRATCH/by-targetcli.json"
configured "$SCRATCH/ls"
cat "$SCRATCH/ls"
for part in vol1 disk1 ram0 mapped_lun7 "mapped_lun3 .*lun7 block/disk1 (ro)" "$ib"; do
	grep -q "$part" "$SCRATCH/ls" || fail "targetcli does not show $part"
done

step "what runs is what the file says"
srptctl config diff "$SCRATCH/by-targetcli.json" || fail "a difference where there is none"

step "restored by srptctl"
cleared
status=0
srptctl config diff "$SCRATCH/by-targetcli.json" || status=$?
same $status 10 "exit code of a difference"
srptctl config restore "$SCRATCH/by-targetcli.json"
fabric_target_ready
configured "$SCRATCH/ls2"
diff "$SCRATCH/ls" "$SCRATCH/ls2" || fail "what srptctl restored differs"
same "$(cat "$TPG/attrib/srp_sq_size")" 1024 "attribute of the target"
srptctl config restore "$SCRATCH/by-targetcli.json" | grep "nothing to do" || fail "a second time did something"

step "saved by srptctl, restored by targetcli"
srptctl config save "$SCRATCH/by-srptctl.json"
same "$(stat -c %a "$SCRATCH/by-srptctl.json")" 600 "mode of the file"
targetcli saveconfig "$SCRATCH/again.json"
python3 - "$SCRATCH/again.json" "$SCRATCH/by-srptctl.json" <<'END' || fail "the files differ"
import json, sys
def order(x):
    if isinstance(x, dict):
        return {k: order(v) for k, v in x.items()}
    if isinstance(x, list):
        return sorted((order(i) for i in x), key=lambda i: json.dumps(i, sort_keys=True))
    return x
a, b = (order(json.load(open(name))) for name in sys.argv[1:])
# The port of RDMA CM has no place in what targetcli writes.
b["fabric_modules"] = [m for m in b["fabric_modules"] if m["name"] != "srpt"]
if a != b:
    import difflib
    print("\n".join(difflib.unified_diff(json.dumps(a, indent=1, sort_keys=True).splitlines(),
                                         json.dumps(b, indent=1, sort_keys=True).splitlines(), lineterm="")))
    sys.exit(1)
END
cleared
targetcli restoreconfig "$SCRATCH/by-srptctl.json"
fabric_target_ready
configured "$SCRATCH/ls3"
diff "$SCRATCH/ls" "$SCRATCH/ls3" || fail "what targetcli restored differs"

step "a change does not disturb who it does not concern"
initiator_login
same ${#DISKS[@]} 3 "disks"
io_verify_background "${DISKS[0]}"
python3 - "$SCRATCH/by-srptctl.json" "$SCRATCH/changed.json" <<'END'
import json, sys
d = json.load(open(sys.argv[1]))
tpg = d["targets"][0]["tpgs"][0]
tpg["node_acls"] = [a for a in tpg["node_acls"] if not a["node_wwn"].endswith("11223344556677")]
tpg["attributes"]["srp_max_rsp_size"] = 512
d["unknown to both"] = {"kept": True}
json.dump(d, open(sys.argv[2], "w"))
END
srptctl config apply "$SCRATCH/changed.json" --dry-run
status=0
srptctl config apply "$SCRATCH/changed.json" </dev/null || status=$?
same $status 9 "exit code without consent"
srptctl config apply "$SCRATCH/changed.json" --yes
same "$(cat "$TPG/attrib/srp_max_rsp_size")" 512 "the changed attribute"
[ ! -e "$TPG/acls/0x${other#ib.}" ] || fail "the other ACL is there still"
io_verify_end
port_state running || fail "the session was disturbed"
srptctl config save "$SCRATCH/changed.json"
grep -q "unknown to both" "$SCRATCH/changed.json" || fail "an unknown key was lost"
initiator_logout

step "a file that is cut is refused as a whole"
srptctl config show >"$SCRATCH/before"
for size in 0 1 100 1000; do
	head -c $size "$SCRATCH/changed.json" >"$SCRATCH/cut.json"
	status=0
	srptctl config apply "$SCRATCH/cut.json" --yes 2>/dev/null || status=$?
	same $status 2 "exit code"
done
srptctl config show >"$SCRATCH/after"
diff "$SCRATCH/before" "$SCRATCH/after" || fail "a cut file changed something"

step "what a killed command leaves is found and mended"
mkdir -p "$CORE/iblock_77/half" "$CORE/iblock_78" "$TPG/lun/lun_33"
list=$(found)
for word in backstore-half adapter-empty lun-half; do
	[[ " $list " == *" $word "* ]] || fail "the doctor does not find $word: $list"
done
status=0
srptctl doctor || status=$?
same $status 10 "exit code of the doctor"
{ srptctl doctor --json || true; } | python3 -c 'import json, sys
for f in json.load(sys.stdin)["findings"]:
    if f["id"] in ("backstore-half", "adapter-empty", "lun-half"):
        print(f["commands"][0])' >"$SCRATCH/mend"
sh -ex "$SCRATCH/mend"
list=$(found)
for word in backstore-half adapter-empty lun-half; do
	[[ " $list " != *" $word "* ]] || fail "$word was not mended"
done
srptctl config show >"$SCRATCH/after"
diff "$SCRATCH/before" "$SCRATCH/after" || fail "mending changed more than that"
