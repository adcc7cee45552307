# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Configuration by stock targetcli; saved, the module reloaded, restored; the
# tree is the same.
# KERNEL=6.12
# TARGETS=ours stock
# TIMEOUT=180

dbus_up
# The module is there because targetcli wants it, not because we loaded it.
rmdir "$SRPT"
modprobe -r ib_srpt
id=$(fabric_initiator_id)
ib=ib.${TARGET#0x}
truncate -s 32M "$SCRATCH/vol1"
# tree FILE: the tree in what targetcli printed. Each start of it costs seconds.
tree()	{ sed -E 's/^.*> o-/o-/' "$1" | grep -E '^ *(o-|\|)'; }
targetcli <<-END >"$SCRATCH/created"
	cd /
	set global auto_cd_after_create=false
	/backstores/fileio create vol1 $SCRATCH/vol1 32M
	/srpt create $TARGET
	/srpt/$ib/luns create /backstores/fileio/vol1
	/srpt/$ib/acls create $id
	saveconfig
	ls /
END
cat "$SCRATCH/created"
tree "$SCRATCH/created" >"$SCRATCH/before"
grep -qF "$ib" "$SCRATCH/before" || fail "no target $ib"
grep -F "$ib" "$SCRATCH/before" | grep -qF '[no-gen-acls]' || fail "no-gen-acls is not shown"
grep -q "ib.${id#0x}" "$SCRATCH/before" || fail "no ACL"
grep -q mapped_lun0 "$SCRATCH/before" || fail "no mapped LUN"
fabric_target_ready
initiator_login
io_quick "$DISK"
if [ "$LAB_target" = ours ]; then
	step "targetcli lists the session"
	targetcli sessions detail | tee "$SCRATCH/sessions"
	grep -qE 'sid: [0-9]+ type: Normal session-state: LOGGED_IN' "$SCRATCH/sessions" || fail "no session"
	grep -q "name: ib.${id#0x}" "$SCRATCH/sessions" || fail "no name of the initiator"
	grep -q 'mapped-lun: 0 backstore: fileio/vol1 mode: rw' "$SCRATCH/sessions" || fail "no mapped LUN"
	grep -qE 'address: [^ ]+ \((IB|RDMA-CM)\).*cid: 0 connection-state: LOGGED_IN' "$SCRATCH/sessions" ||
		fail "no channel"
fi
initiator_logout

step "cleared, reloaded, restored"
targetcli clearconfig confirm=True
# targetcli leaves the directory of the fabric, which holds the module.
rmdir "$SRPT"
modprobe -r ib_srpt
[ ! -e /sys/module/ib_srpt ] || fail "the module is still there"
printf '%s\n' restoreconfig 'ls /' | targetcli >"$SCRATCH/restored"
tree "$SCRATCH/restored" >"$SCRATCH/after"
diff "$SCRATCH/before" "$SCRATCH/after" || fail "the tree is another one"
fabric_target_ready
initiator_login
io_verify "$DISK" 4k randrw 1m
