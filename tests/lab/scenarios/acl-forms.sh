# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Each form in which an ACL names an initiator admits it, and shows its session
# to rtslib; generated ACLs, and what becomes of them.
# KERNEL=6.1
# TIMEOUT=200

# The fields that rtslib looks for in the info of an ACL.
session_shown()
{
	local info=$TPG/acls/$1/info
	grep -qx "InitiatorName: $id" "$info" &&
		grep -qE '^LIO Session ID: [0-9]+ .*SessionType: Normal' "$info" &&
		grep -q TARG_SESS_STATE_LOGGED_IN "$info" &&
		grep -qE '^CID: [0-9]+ .*TARG_CONN_STATE_LOGGED_IN' "$info" &&
		grep -qE '^ +Address [^ ]+ (IB|RDMA-CM)$' "$info"
}

backend_ramdisk vol1 16
target_create vol1
target_enable
initiator_load ch_count=1
id=$(fabric_initiator_id)
hex=${id#0x}
guid=${hex:16}
groups=$(sed 's/..../&:/g; s/:$//' <<<"$guid")
mapfile -t others < <(fabric_other_names)
for form in "0x${hex^^}" "$(sed 's/..../&:/g; s/:$//' <<<"$hex")" "0x${hex:0:16}:0x$guid" \
		"0x${guid^^}" "$groups" "*:$groups" "${others[@]}"; do
	step "$form"
	refuses initiator_try 2>/dev/null
	acl_add "$form"
	initiator_login
	session_shown "$form" || fail "info: $(cat "$TPG/acls/$form/info")"
	io_quick "$DISK"
	initiator_logout
	wait_for 10 grep -q '^No active' "$TPG/acls/$form/info"
	acl_remove "$form"
done

step "an ACL of another extension does not fit"
acl_add "0xffffffffffffffff$guid"
refuses initiator_try 2>/dev/null
acl_remove "0xffffffffffffffff$guid"

step "the more specific ACL is taken"
id=0x0000000000000007$guid
acl_add "$guid"
initiator_login initiator_ext=0000000000000007
session_shown "$guid" || fail "the GUID's ACL was not taken"
initiator_logout
acl_add "$id"
initiator_login initiator_ext=0000000000000007
session_shown "$id" || fail "the port ID's ACL was not taken"
grep -q '^No active' "$TPG/acls/$guid/info" || fail "the GUID's ACL has a session"
initiator_logout
acl_remove "$guid"
acl_remove "$id"

step "generated ACL: read-only"
id=0x$hex
target_attrib generate_node_acls 1
initiator_login
same "$(blockdev --getro "$DISK")" 1 "write protection"
initiator_logout

step "generated ACL: writable, taken over by the same text"
target_attrib demo_mode_write_protect 0
initiator_login
io_quick "$DISK"
mkdir "$TPG/acls/$id"
session_shown "$id" || fail "the session did not come along"
io_quick "$DISK"
initiator_logout
rmdir "$TPG/acls/$id"

step "generated ACL: another form is for the next login"
initiator_login
form=$(sed 's/..../&:/g; s/:$//' <<<"$hex")
acl_add "$form"
log_has "ACL $form takes effect with the next login of initiator $id" || fail "not said"
grep -q '^No active' "$TPG/acls/$form/info" || fail "the session moved"
io_quick "$DISK"
initiator_logout
initiator_login
session_shown "$form" || fail "the ACL was not taken"
initiator_logout
acl_remove "$form"

step "generated ACLs: off"
target_attrib generate_node_acls 0
refuses initiator_try 2>/dev/null
