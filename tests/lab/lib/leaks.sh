# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Memory that nobody points to any more, where the kernel can tell (kmemleak, a
# debug kernel). What the kernel's own drivers lose is theirs.

KMEMLEAK=/sys/kernel/debug/kmemleak

leaks_watched()	{ [ "${LAB_kmemleak:-}" != off ] && [ -w $KMEMLEAK ]; }

leaks_forget()	{ ! leaks_watched || echo clear >$KMEMLEAK; }

# leaks_look: reports what our modules lost since leaks_forget to the kernel log,
# and keeps in a file of the scenario ($name) what anybody did. Called with them
# loaded, for their names are then known, and once without.
leaks_look()
{
	leaks_watched || return 0
	# An object has to be 5 s old, and unreferenced in two scans.
	nap 5
	echo scan >$KMEMLEAK
	echo scan >$KMEMLEAK
	cat $KMEMLEAK >>"$LAB_out/$name.kmemleak"
	# Functions of a module that is gone are mere addresses.
	awk -v RS='unreferenced object ' '/\[ib_srpt\]|\[vhca\]|\] 0xffffffff[a-f]/ { print "unreferenced object " $0 }' $KMEMLEAK |
		head -n 60 | while read -r line; do echo "lab: $line" >/dev/kmsg; done
	echo clear >$KMEMLEAK
}
