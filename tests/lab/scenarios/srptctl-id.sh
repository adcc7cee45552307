# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# srptctl id says beforehand by which names an initiator comes: compared with
# what srp_daemon and ibsrpdm print, with who was refused, and with who is
# logged in. And the metrics tell of that session.
# CHECK=more
# FABRICS=vib
# TIMEOUT=150

# json FILTER: one value out of the answer on standard input, by Python.
json()
{
	python3 -c 'import json, sys
data = json.load(sys.stdin)
print(eval(sys.argv[1], {"d": data}))' "$1"
}

# id_by HOW: the ACL name of our initiator if it connects so
id_by()
{
	srptctl id "$guid" --json >"$SCRATCH/id"
	json "next(l['acl_name'] for l in d['identities'][0]['logins'] if l['by'] == '$1')" <"$SCRATCH/id"
}

# admitted_by HOW: the ACL that would admit it then
admitted_by()
{
	srptctl id "$guid" --json |
		json "[m['acl'] for l in d['identities'][0]['logins'] if l['by'] == '$1' for m in l['matches']]"
}

session_of()	{ srptctl session list --json | json '[s["initiator"] for s in d["sessions"]]'; }
session_is()	{ [ "$(session_of)" = "['$1']" ]; }

guid=$(vib_guid $VIB_INITIATOR)
guid=${guid#0x}
srptctl export ramdisk:32M --name vol1 --target "$TARGET"
srptctl id

step "a target's names"
srptctl id $VIB_TARGET --json >"$SCRATCH/target"
same "$(json 'd["identities"][0]["target"]["name"]' <"$SCRATCH/target")" "$TARGET" "the target's name"
same "$(json 'd["identities"][0]["target"]["login_strings"][0]' <"$SCRATCH/target")" "$(fabric_login_string)" \
	"the connection string"

step "what srp_daemon and ibsrpdm print"
initiator_load
wait_for 10 test -e /dev/infiniband/umad1
srp_daemon -a -o -c -n -d /dev/infiniband/umad1 | tee "$SCRATCH/n"
line=$(grep "dgid=$(vib_gid $VIB_TARGET)" "$SCRATCH/n" | head -1)
extension=$(sed -E 's/.*initiator_ext=([0-9a-f]+).*/\1/' <<<"$line")
same "$(id_by "srp_daemon -n")" "0x$extension$guid" "the name by srp_daemon -n"
ibsrpdm -c -d /dev/infiniband/umad1 | tee "$SCRATCH/c"
! grep -q initiator_ext "$SCRATCH/c" || fail "ibsrpdm gives an extension"
same "$(id_by "ibsrpdm -c, srp_daemon")" "$(fabric_initiator_id)" "the name by ibsrpdm"

step "refused by that name, admitted by an ACL for it"
same "$(admitted_by "srp_daemon -n")" "[]"
if /bin/echo "$line" >"$(fabric_add_target)"; then
	fail "logged in without an ACL"
fi
same "$(srptctl acl pending --json | json 'd["pending"][0]["initiator"]')" "$(id_by "srp_daemon -n")" "who was refused"
srptctl acl create "$(id_by "srp_daemon -n")"
same "$(admitted_by "srp_daemon -n")" "['0x$extension$guid']"
same "$(admitted_by "ibsrpdm -c, srp_daemon")" "[]"
srptctl id "$guid"
/bin/echo "$line" >"$(fabric_add_target)"
wait_for 20 session_is "0x$extension$guid"

step "metrics"
srptctl metrics --output "$SCRATCH/srpt.prom"
grep -F 'srpt_up 1' "$SCRATCH/srpt.prom"
grep -F "srpt_target_sessions{target=\"$TARGET\",tpg=\"1\"} 1" "$SCRATCH/srpt.prom"
grep -E "^srpt_session_channels\{.*initiator=\"0x$extension$guid\"" "$SCRATCH/srpt.prom"
same "$(tail -n 1 "$SCRATCH/srpt.prom")" "# EOF"
initiator_logout

step "one ACL for all forms"
srptctl acl delete "0x$extension$guid"
srptctl acl create "*:$guid"
grep -q : <<<"$(admitted_by "ibsrpdm -c, srp_daemon")" || fail "the ACL does not fit without -n"
initiator_login
wait_for 20 session_is "$(fabric_initiator_id)"
initiator_logout
