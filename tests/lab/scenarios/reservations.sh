# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Persistent reservations by initiators whose ACL is written in each form; the
# transport ID that LIO keeps is the 128 bits that the ACL names.
# KERNEL=6.1
# TIMEOUT=200

backend_ramdisk vol1 16
target_create vol1
target_enable
initiator_load ch_count=1

# named FORM: the 32 digits of an ACL's name
named()
{
	local quad
	case $1 in
	*.*)	IFS=. read -ra quad <<<"${1##*:}"
		printf '00000000000000000000ffff%02x%02x%02x%02x' "${quad[@]}" ;;
	*)	sed 's/^0x//; s/://g' <<<"${1,,}" ;;
	esac
}

id=$(fabric_initiator_id)
hex=${id#0x}
colons=$(sed 's/..../&:/g; s/:$//' <<<"$hex")
mapfile -t others < <(fabric_other_names)
for form in "0x${hex^^}" "$colons" "${others[@]}"; do
	step "ACL $form"
	acl_add "$form"
	initiator_login
	sg=$(sg_of "$DISK")
	sg_persist --out --register --param-sark=0x1234 "$sg"
	sg_persist --out --reserve --param-rk=0x1234 --prout-type=1 "$sg"
	sg_persist --in --read-keys "$sg" | grep 0x1234 >/dev/null || fail "key not shown"
	sg_persist --in --read-reservation "$sg" | grep 'Write Exclusive' >/dev/null || fail "reservation not shown"
	sg_persist --in --read-full-status "$sg" | tee "$SCRATCH/status"
	grep -q 'RDMA initiator port' "$SCRATCH/status" || fail "full status names no SRP initiator"
	tr -d ' \n' <"$SCRATCH/status" | grep -qi "$(named "$form")" || fail "full status has not $(named "$form")"
	# The holder may write.
	dd if=/dev/zero of="$DISK" bs=4k count=1 oflag=direct status=none
	sg_persist --out --release --param-rk=0x1234 --prout-type=1 "$sg"
	sg_persist --out --register --param-rk=0x1234 "$sg"
	initiator_logout
	acl_remove "$form"
done
