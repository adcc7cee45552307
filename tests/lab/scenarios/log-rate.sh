# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# An initiator that is refused and asks again and again fills neither the log
# nor the place of another one's lines; how often it asked is known all the same.
# CHECK=more
# MORE=vib
# TIMEOUT=120

BURST=5 REFILL=10

first=$(fabric_initiator_id)
other=0x0000000000000009${first: -16}
refusals()	{ log_count "no ACL has been configured yet for initiator $1."; }
told()		{ log_matches "[0-9]+ more rejected logins of initiator $first were not logged\\."; }
again()		{ refuses initiator_try 2>/dev/null; asked=$((asked + 1)); told; }

backend_ramdisk vol1 16
target_create vol1
target_enable
initiator_load ch_count=1

step "one initiator, again and again"
asked=0
begun=$SECONDS
while [ $asked -lt 20 ]; do
	refuses initiator_try 2>/dev/null
	asked=$((asked + 1))
done
lines=$(refusals "$first")
most=$((BURST + 1 + (SECONDS - begun) / REFILL))
echo "$lines lines of $asked refusals, $most allowed"
[ "$lines" -ge $BURST ] || fail "$lines lines, not even $BURST"
[ "$lines" -le $most ] || fail "$lines lines, over $most"
[ "$lines" -lt $asked ] || fail "nothing was withheld"

step "another one is heard at once"
refuses initiator_try initiator_ext=0000000000000009 2>/dev/null
same "$(refusals "$other")" 1 "lines of the other initiator"

step "what was withheld is told with the next line"
wait_for 60 again
count=$(srptctl acl pending | awk -v id="$first" '$1 == id { print $2 }')
same "$count" "$asked" "refusals that srptctl knows of"
