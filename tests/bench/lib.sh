# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What quick, matrix and scales have in common. $bench is this directory, $kver the kernel.

# bench_one OUT FABRIC TARGET ARGUMENT...: one run, what it says in OUT.log
bench_one()
{
	local out=$1 fabric=$2 target=$3
	shift 3
	rm -rf "${out:?}"
	"$bench/run" --kver "$kver" --fabric "$fabric" --target "$target" --out "$out" "$@" >"$out.log" 2>&1 </dev/null ||
		{ echo "bench: ${out##*/} failed" >&2; tail -n 20 "$out.log" >&2; return 1; }
}

# bench_wait PID...: fails if one of them has
bench_wait()
{
	local pid failed=
	for pid in "$@"; do
		wait "$pid" || failed=1
	done
	[ -z "$failed" ]
}
