# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What srptctl makes, targetcli shows, saves and takes away as its own; with
# the kernel's own module srptctl does what that one can, and says what it
# cannot.
# CHECK=more
# FABRICS=rxe
# TARGETS=ours stock
# TIMEOUT=150

dbus_up
id=$(fabric_initiator_id)
ib=ib.${TARGET#0x}
truncate -s 32M "$SCRATCH/vol1"
null_device disk1 32

step "three kinds of back end"
srptctl export "$SCRATCH/vol1" --acl "$ib" --acl "$id"
srptctl export "/dev/$NULL_DEVICE" --name disk1 --acl all
srptctl export ramdisk:16M --acl "ib.${id#0x}" --read-only
srptctl
targetcli ls / | tee "$SCRATCH/ls"
for part in "fileio/vol1" "block/disk1" "ramdisk/ram0" "mapped_lun2" "$ib" "${id#0x}"; do
	grep -qF "$part" "$SCRATCH/ls" || fail "targetcli does not show $part"
done

step "saved by targetcli, cleared, restored"
targetcli saveconfig
srptctl status --json >"$SCRATCH/before"
targetcli clearconfig confirm=True
targetcli restoreconfig
fabric_target_ready
srptctl status --json >"$SCRATCH/after"
python3 - "$SCRATCH/before" "$SCRATCH/after" <<'END' || fail "what targetcli restored differs"
import json, sys
trees = []
for name in sys.argv[1:]:
    d = json.load(open(name))
    for store in d["backstores"]:
        del store["path"]
    d["backstores"].sort(key=lambda s: s["name"])
    trees.append((d["backstores"], d["targets"]))
if trees[0] != trees[1]:
    print(json.dumps(trees, indent=1))
    sys.exit(1)
END

step "served"
initiator_login
same ${#DISKS[@]} 3 "disks"
io_verify "${DISKS[0]}" 4k randwrite 1m
io_verify "${DISKS[1]}" 4k randwrite 1m
same "$(cat "/sys/block/${DISKS[2]#/dev/}/ro")" 1 "the third is write protected"
{ srptctl doctor --json || true; } >"$SCRATCH/doctor"
kind=$(srptctl status --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["module"]["kind"])')
if [ "$LAB_target" = ours ]; then
	same "$kind" srpt "whose module status sees"
	! grep -q '"module-stock"' "$SCRATCH/doctor" || fail "the doctor takes our module for the kernel's"
fi
if [ "$LAB_target" = stock ]; then
	same "$kind" stock "whose module status sees"
	grep -q '"module-stock"' "$SCRATCH/doctor" || fail "the doctor does not say that the module is the kernel's own"
	status=0
	srptctl session list || status=$?
	same $status 7 "exit status where the module cannot tell"
	status=0
	srptctl acl allow --last || status=$?
	same $status 7 "exit status where the module cannot tell"
fi
initiator_logout

step "taken away, one by one"
srptctl unexport "/dev/$NULL_DEVICE"
srptctl unexport fileio/vol1
srptctl acl list
srptctl unexport "$ib"
same "$(find "$CORE" -mindepth 1 -maxdepth 1 -name '*_*' | wc -l)" 0 "back ends left"
