# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# A lasting name for an IPoIB interface: srptctl host ipoib-name writes the
# rule, the system's udev renames a real interface of the virtual fabric, by a
# trigger and when the interface appears anew.
# CHECK=more
# FABRICS=vib
# TARGETS=ours stock
# NEEDS=module:ib_ipoib
# SETUP=fabric
# TIMEOUT=120

RULES=/etc/udev/rules.d/70-persistent-ipoib.rules

# by_guid GUID: the interface whose address ends with it
by_guid()
{
	local want dir
	want=$(echo "${1#0x}" | sed 's/../&:/g; s/:$//')
	for dir in /sys/class/net/*; do
		case $(cat "$dir/address" 2>/dev/null) in
		*"$want") basename "$dir" ;;
		esac
	done
}

named()		{ [ "$(by_guid "$1")" = "$2" ]; }
appeared()	{ [ -n "$(by_guid "$1")" ]; }

# refused CODE WORDS...: srptctl says no with that exit code, and no file changes
refused()
{
	local want=$1 status=0 before
	shift
	before=$(cat $RULES 2>/dev/null || true)
	srptctl "$@" || status=$?
	same $status "$want" "exit code of srptctl $*"
	same "$(cat $RULES 2>/dev/null || true)" "$before" "the rules after a refusal"
}

guid_t=$(vib_guid qib0)
guid_i=$(vib_guid qib1)
udev_up
modprobe ib_ipoib
wait_for 10 appeared "$guid_t"
wait_for 10 appeared "$guid_i"
udevadm settle
old=$(by_guid "$guid_t")

step "names that are refused"
refused 2 host ipoib-name add "$old" ib7
refused 2 host ipoib-name add "$old" a_name_of_16_char
refused 2 host ipoib-name add "$old" a/b
refused 2 host ipoib-name add "$old" "a b"
refused 4 host ipoib-name add no_such_if storage_a

step "a rule, and udev renames what is there"
srptctl host ipoib-name add "$old" storage_a --apply
cat $RULES
wait_for 10 named "$guid_t" storage_a
ip link show storage_a
srptctl host ipoib-name list | grep "storage_a *storage_a"

step "duplicates are refused"
refused 5 host ipoib-name add "$(by_guid "$guid_i")" storage_a
refused 5 host ipoib-name add storage_a storage_c

step "by address, before the interface is there"
modprobe -r ib_ipoib
srptctl host ipoib-name add "$guid_i" storage_b
modprobe ib_ipoib
wait_for 10 named "$guid_t" storage_a
wait_for 10 named "$guid_i" storage_b
ip -br link

step "forgotten"
srptctl host ipoib-name remove storage_a
srptctl host ipoib-name remove "$guid_i"
! grep -q storage_ $RULES || fail "a rule is left"
udevadm control --reload
modprobe -r ib_ipoib
modprobe ib_ipoib
wait_for 10 appeared "$guid_t"
udevadm settle
! named "$guid_t" storage_a || fail "the name is still given"
modprobe -r ib_ipoib
