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

# allocfail_ours: those of ib_srpt, which has to be loaded.
allocfail_ours()
{
	local start size
	start=$(cat /sys/module/ib_srpt/sections/.text)
	size=$(awk '$1 == "ib_srpt" { print $2 }' /proc/modules)
	allocfail_range "$start" "$(printf '0x%x' $((start + size)))"
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

# allocfail_arm KIND NTH: the NTH allocation from now on fails, and that alone.
# (The kernel goes on counting where it was: NTH is the most it takes.)
allocfail_arm()
{
	ALLOCFAIL_BEFORE=$(allocfail_count)
	echo "$2" >"/sys/kernel/debug/$1/interval"
	echo 1 >"/sys/kernel/debug/$1/times"
}

allocfail_off()
{
	local dir
	for dir in $ALLOCFAIL; do
		echo 0 >"$dir/times"
	done
}

allocfail_count()	{ log_count 'FAULT_INJECTION: forcing a failure'; }
allocfail_struck()	{ [ "$(allocfail_count)" -gt "$ALLOCFAIL_BEFORE" ]; }
