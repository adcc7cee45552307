# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What srptctl shows on a terminal of 80 columns: somebody logged in and busy,
# somebody refused. 'make pictures' draws what this leaves in LAB_out.
# CPUS=2
# CHECK=full
# FABRICS=vib
# TIMEOUT=120

# shot NAME COMMAND...: on a terminal, prompt and all
shot()
{
	local name=$1
	shift
	printf '\033[32m[root@target]#\033[0m %s\n' "$*" >"$LAB_out/$name.ansi"
	TERM=xterm-256color COLUMNS=80 script -qec "stty cols 80; $*" /dev/null </dev/null >>"$LAB_out/$name.ansi"
	cat "$LAB_out/$name.ansi"
	grep -q $'\033' "$LAB_out/$name.ansi" || fail "$name: no colour on a terminal"
	[ -s "$LAB_out/$name.ansi" ] || fail "$name: nothing was shown"
}

backend_ramdisk vol1 32
target_serve vol1
initiator_load ch_count=2
initiator_login
io_background "$DISK"
refuses initiator_try initiator_ext=7edd770000751100
shot status srptctl status
shot top srptctl top --once
shot acl-pending srptctl acl pending
io_stop
