# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# A login that is refused for want of an ACL; the ACL added; the login.
# TARGETS=ours stock
# TIMEOUT=60

backend_ramdisk vol1 32
target_create vol1
target_enable

step "no ACL"
refuses initiator_try
log_matches 'REJ received|REJECTED' || fail "the initiator saw no reject"

step "ACL added"
acl_add "$(fabric_initiator_id)"
initiator_login
lsscsi | grep -E 'LIO-ORG +vol1 +4\.0' || fail "lsscsi does not show vol1"
io_verify "$DISK" 4k randwrite 4m

step "logout"
initiator_logout
