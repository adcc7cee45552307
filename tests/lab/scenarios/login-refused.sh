# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# A login that is refused for want of an ACL, the two lines of the target's log
# that say so, the ACL pasted from there, and the login.
# MORE=vib
# TARGETS=ours stock
# TIMEOUT=60

backend_ramdisk vol1 32
target_create vol1
target_enable
# What today's initiator asks for with these is 260, as in the chapter.
initiator_load use_imm_data=0 cmd_sg_entries=11

step "no ACL: refused"
refuses initiator_try
log_has 'ib_srp: REJ received' || fail "the initiator does not log the REJ"
log_matches 'SRP LOGIN .*REJECTED, reason 0x00010006' || fail "the initiator does not log the reason"

id=$(fabric_initiator_id)
if [ "$LAB_target" = ours ]; then
	gid=$(fabric_gid)
	guid=$(fabric_hex "$(fabric_service_guid)")
	# As the chapter has them: hexadecimal halves without leading zeros.
	printf -v t 0x%x "0x$guid"
	printf -v hi 0x%x "0x${gid:2:16}"
	printf -v lo 0x%x "0x${gid:18}"
	printf -v i 0x%x "0x${id: -16}"
	log_has "ib_srpt Received SRP_LOGIN_REQ with i_port_id 0x0:$i, t_port_id $t:$t and it_iu_len 260 on port 1 (guid=$hi:$lo)" ||
		fail "the line on the received login is not to the letter"
	log_has "ib_srpt Rejected login because no ACL has been configured yet for initiator $id." ||
		fail "the line on the rejected login is not to the letter"
	# What an administrator would paste.
	id=$(log_text | sed -nE 's/.*no ACL has been configured yet for initiator (0x[0-9a-f]{32})\.$/\1/p' | tail -1)
	same "$id" "$(fabric_initiator_id)" "the string to paste"
fi

step "ACL added: login"
acl_add "$id"
initiator_login
lsscsi | grep -E 'LIO-ORG +vol1 +4\.0' || fail "lsscsi does not show vol1"
wait_for 10 alua_attached || fail "ALUA did not attach"
io_verify "$DISK" 4k randwrite 4m

step "logout"
initiator_logout
