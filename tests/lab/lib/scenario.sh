# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What a scenario declares in comments at its top:
#   # FABRICS=rxe vib      fabrics it is for (default: both)
#                          make check runs it on the first, or on rxe
#   # CHECK=more           ... no, make check-more does; full: make check-full
#   # KERNEL=6.1           make check runs it on this kernel only, make check-more on
#                          the others
#   # MORE=vib             make check-more runs it on this fabric besides
#   # BYNAME=reason       run only by those who name it
#   # DEBUG=full           make check-debug leaves it to make check-full
#   # TARGETS=ours stock   modules it is for (default: ours)
#   # CPUS=2               needs two processors: several channels, races
#   # NEEDS=module:null_blk tool:fio path:/x   what the guest must have
#   # TIMEOUT=60           seconds, without the clean-up (default 90)
#   # EACH=10              ... and for each round of LAB_COUNT, if that is set
#   # SETUP=none|fabric    what is not to be prepared (default: all)
#   # HOST=command         run on the host first, in the tree's root, with KVER
#                          set to the guest's kernel; may repeat
#   # EXPECT=regex         a kernel log line that is all right; may repeat

scenario_field()
{
	local line
	while read -r line; do
		case $line in
		"# $1="*)	echo "${line#"# $1="}"; return ;;
		'#'*)		;;
		*)		return 0 ;;
		esac
	done <"$2"
}

# scenario_limit FILE: the seconds it may take, without the clean-up. The
# runner knows the variables by the names they are given in (and has chosen the
# scale), the guest by those of its command line.
scenario_limit()
{
	local limit each
	limit=$(scenario_field TIMEOUT "$1")
	each=$(scenario_field EACH "$1")
	echo $(((${limit:-90} + ${each:-0} * ${LAB_COUNT:-${LAB_count:-0}}) * ${scale:-${LAB_scale:-1}}))
}

# Why this guest cannot run it; nothing if it can. Tools come with the host
# and are installed by scripts/setup, so a missing one is no excuse.
scenario_lacks()
{
	local need
	for need in $(scenario_field NEEDS "$1"); do
		case $need in
		module:*)
			modinfo "${need#module:}" >/dev/null 2>&1 ||
				echo "kernel $(uname -r) has no module ${need#module:}"
			;;
		path:*)
			[ -e "${need#path:}" ] || echo "kernel $(uname -r) has no ${need#path:}"
			;;
		esac
	done | head -1
}

# Processes of a scenario that outlived it.
pkill_scenario()
{
	local pid comm name
	for pid in $(pgrep -f "guest/scenario $1\$"); do
		pkill -KILL -s "$(ps -o sid= -p "$pid" | tr -d ' ')"
	done
	for comm in /proc/[0-9]*/comm; do
		read -r name 2>/dev/null <"$comm" || continue
		case $name in
		fio|srp_daemon|opensm|targetcli|ibsrpdm|dbus-daemon)
			pid=${comm#/proc/}
			kill -KILL "${pid%/comm}" 2>/dev/null
			;;
		esac
	done
	rm -rf /run/dbus
}
