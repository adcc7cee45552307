# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Allocations that fail on demand (failslab, fail_page_alloc), told apart by who
# asks: only calls with an address of a given range on their stack count. Needs
# a kernel with fault injection and its filter by stack trace.

# kmemleak allocates at every allocation of another's; it is not to count.
allocfail_caches()
{
	local cache
	for cache in /sys/kernel/slab/*/failslab; do
		case $cache in
		*/kmemleak*)	;;
		*)		echo 1 >"$cache" 2>/dev/null || true ;;
		esac
	done
	echo Y >/sys/kernel/debug/failslab/cache-filter
}

ALLOCFAIL="/sys/kernel/debug/failslab /sys/kernel/debug/fail_page_alloc"

# allocfail_range START END: whose allocations
allocfail_range()
{
	local dir
	allocfail_caches
	for dir in $ALLOCFAIL; do
		echo "$1" >"$dir/require-start"
		echo "$2" >"$dir/require-end"
		echo 32 >"$dir/stacktrace-depth"
		# Those that may sleep fail like the others, without a stack in
		# the log, whatever their order.
		echo N >"$dir/ignore-gfp-wait"
		[ ! -e "$dir/ignore-gfp-highmem" ] || echo N >"$dir/ignore-gfp-highmem"
		[ ! -e "$dir/min-order" ] || echo 0 >"$dir/min-order"
		echo 1 >"$dir/verbose"
		echo 0 >"$dir/times"
		echo 0 >"$dir/space"
		echo 100 >"$dir/probability"
	done
}

# allocfail_ours: those of ib_srpt, which has to be loaded: up to the page of its
# last function, for behind that is somebody else.
allocfail_ours()
{
	local last
	last=$(awk '$4 == "[ib_srpt]" && $2 ~ /[tT]/ { print $1 }' /proc/kallsyms | sort | tail -n 1)
	allocfail_range "$(cat /sys/module/ib_srpt/sections/.text)" "$(printf '0x%x' $(((0x$last | 4095) + 1)))"
}

# allocfail_load: those of loading ib_srpt, which is loaded, once more. What it
# does then comes from its init function, in a page of its own; that page is given
# back, and got again by the next load if nobody else has been loaded meanwhile.
allocfail_load()
{
	ALLOCFAIL_INIT=$(cat /sys/module/ib_srpt/sections/.init.text)
	allocfail_range "$ALLOCFAIL_INIT" "$(printf '0x%x' $((ALLOCFAIL_INIT + 4096)))"
}

allocfail_load_same()
{
	same "$(cat /sys/module/ib_srpt/sections/.init.text)" "$ALLOCFAIL_INIT" "where the module begins"
}

# The kernel counts what passes the filters while one is to fail, and fails that
# whose number the interval divides; it cannot be told to begin again. So the number
# that has been reached is kept here.
declare -A ALLOCFAIL_REACHED=() ALLOCFAIL_NEXT=()

# allocfail_arm KIND NTH: the NTH allocation from now on fails, and that alone.
# If the last one has not come up yet, it is that one instead.
allocfail_arm()
{
	local dir=/sys/kernel/debug/$1
	if [ -z "${ALLOCFAIL_NEXT[$1]:-}" ]; then
		ALLOCFAIL_NEXT[$1]=$((${ALLOCFAIL_REACHED[$1]:-0} + $2))
		echo "${ALLOCFAIL_NEXT[$1]}" >"$dir/interval"
	fi
	echo 100 >"$dir/probability"
	echo 1 >"$dir/times"
}

# allocfail_disarm KIND: true if one has failed
allocfail_disarm()
{
	local dir=/sys/kernel/debug/$1 left
	left=$(cat "$dir/times")
	echo 0 >"$dir/times"
	[ "$left" = 0 ] || return 1
	# With an interval of 1 nothing is counted.
	[ "${ALLOCFAIL_NEXT[$1]}" = 1 ] || ALLOCFAIL_REACHED[$1]=${ALLOCFAIL_NEXT[$1]}
	ALLOCFAIL_NEXT[$1]=''
}

# allocfail_each KIND PREPARE COMMAND TIDY: again and again, each time with the next
# of the command's allocations failing, until there are no more. COMMAND may fail.
# ALLOCFAIL_DONE is how many failed.
allocfail_each()
{
	local kind=$1 prepare=$2 command=$3 tidy=$4 n=1 late=0 pending
	ALLOCFAIL_DONE=0
	while :; do
		$prepare
		pending=${ALLOCFAIL_NEXT[$kind]:-}
		allocfail_arm "$kind" $n
		$command 2>/dev/null || echo "$kind $n: $command failed"
		if allocfail_disarm "$kind"; then
			ALLOCFAIL_DONE=$((ALLOCFAIL_DONE + 1))
			[ -n "$pending" ] || n=$((n + 1))
			[ $n -lt 400 ] || fail "$command does not come to an end of its allocations"
		elif [ -n "$pending" ]; then
			late=$((late + 1))
			[ $late -lt 20 ] || fail "$command allocates nothing"
		else
			$tidy
			return 0
		fi
		$tidy
	done
}

# By the number of the process's allocations (/proc/self/fail-nth) instead:
# allocfail_by_process, and whether one has failed since.
allocfail_by_process()
{
	local dir
	for dir in $ALLOCFAIL; do
		echo 0 >"$dir/probability"
		echo 1 >"$dir/times"
	done
}

allocfail_hit()
{
	local dir
	for dir in $ALLOCFAIL; do
		[ "$(cat "$dir/times")" != 0 ] || return 0
	done
	return 1
}

allocfail_off()
{
	local dir
	for dir in $ALLOCFAIL; do
		echo 0 >"$dir/times"
	done
}
