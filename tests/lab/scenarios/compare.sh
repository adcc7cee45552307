# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The suite of tests/initiator case by case, for scripts/compare: it names the
# cases in compare.cases and reads the verdicts in compare.results. The output of
# the cases that are being run is compare.out, of which a guest that dies leaves
# all but the last.
# BYNAME=make compare
# TARGETS=ours stock
# FABRICS=rxe vib
# SETUP=none
# NEEDS=module:dm_mod module:null_blk
# TIMEOUT=3600
# HOST=cmake -S tests/initiator -B build/initiator && cmake --build build/initiator -j2

. "$LAB_dir/lib/conformance.sh"
. "$LAB_dir/lib/compare.sh"
results=$LAB_out/compare.results
out=$LAB_out/compare.out
limit=$((30 * LAB_scale))
if [ "$LAB_fabric" = vib ]; then
	. "$LAB_dir/lib/conformance_vib.sh"
	conformance_fabric
	target_load
	guid_groups() { cut -d: -f5- "/sys/class/infiniband/$1/ports/1/gids/0"; }
	CONFORMANCE_ADDRESS="$(guid_groups qib1) $(guid_groups qib2)"
	conformance_target
	conformance_ib_env 0
	# A login, and a session whose data is verified. (LoginAndLeave would also want
	# the answer that ours gives.)
	health=IbCm.AnswerToNoDisconnection
else
	fabric_up
	target_load
	conformance_target
	conformance_env 0
	health=Command.Inquiry
fi
export SRP_PATIENCE=$((5000 * LAB_scale))

# suite FILTER: all of them until one fails, in the background, for a case may
# never end. False when the process can't even be killed.
suite()
{
	local pid begun=$SECONDS size=0 now
	: >"$out"
	"$LAB_root/build/initiator/conformance" --gtest_color=no --gtest_fail_fast --gtest_filter="$1" >>"$out" 2>&1 &
	pid=$!
	timed_out=
	while kill -0 $pid 2>/dev/null; do
		now=$(stat -c %s "$out")
		[ "$now" = "$size" ] || begun=$SECONDS
		size=$now
		if [ $((SECONDS - begun)) -ge "$limit" ]; then
			timed_out=1
			break
		fi
		nap 0.2
	done
	if [ -n "$timed_out" ]; then
		"$SCRATCH/hook" resume || true
		kill -KILL $pid
		begun=$SECONDS
		while kill -0 $pid 2>/dev/null; do
			[ $((SECONDS - begun)) -lt 10 ] || return 1
			nap 0.2
		done
	fi
	wait $pid || true
}

# What the case that failed saw, in a few words
seen()
{
	if [ -n "$timed_out" ]; then
		echo "no end after $limit s"
	elif grep -q ': Failure$' "$out"; then
		awk '/: Failure$/ && !n { n = 1; next } n && !/./ { n = 9 } n && n++ < 5' "$out" | tr -s ' \t\n' ' '
	else
		tail -1 "$out" | tr -s ' \t' ' '
	fi
}

# verdict CASE WORD TEXT, and with a target that is of no use any more the end
verdict()	{ printf 'END\t%s\t%s\t%s\n' "$1" "$2" "${3:0:160}" >>"$results"; }
finish()
{
	verdict "$@"
	: >"$out"
	echo b >/proc/sysrq-trigger
	nap 60
}

# By their address all initiators have an ACL; for these cases only the second
# session must have one. The last address is that of the initiator under test.
narrow()
{
	[ "$LAB_target" = stock ] || return
	case $1 in
	*LoginRefused*/NoAcl|*IbCmRefused*/InitiatorWithoutAcl|*IbCmRefused*/NoInitiator|*StormOfRefusedNames|*RefusedOnesDoNotKeepOthersOut) ;;
	*)	return 1 ;;
	esac
}
narrow_begin()
{
	acl_add "0x0000000000000b0b${CONFORMANCE_GUID#0x}"
	acl_remove "${CONFORMANCE_ADDRESS##* }"
}
narrow_end()
{
	acl_add "${CONFORMANCE_ADDRESS##* }"
	acl_remove "0x0000000000000b0b${CONFORMANCE_GUID#0x}"
}

# A warning of the kernel is a verdict, too: of the case before whose end it is.
warned()
{
	dmesg -t | awk '/WARNING: CPU|BUG:|general protection|INFO: task .* blocked/ && !line { line = $0 }
		line && !done && /^initiator: end of / { print $4 "\t" line; done = 1 }'
}

# run CASE...: until one fails or all have a verdict
run()
{
	local failed text warning oks
	dmesg -C
	suite "$(IFS=:; echo "$*")" || { failed=$(compare_running "$out"); compare_passed "$out" >>"$results"; finish "$failed" hang "its process cannot be ended"; }
	failed=$(compare_running "$out")
	oks=$(compare_passed "$out")
	warning=$(warned)
	if [ -n "$warning" ]; then
		oks=$(grep -vF "$(printf '\t%s\t' "${warning%%$'\t'*}")" <<<"$oks" || true)
	fi
	[ -z "$oks" ] || echo "$oks" >>"$results"
	if [ -n "$warning" ] && [ "${warning%%$'\t'*}" != "$failed" ]; then
		[ -z "$failed" ] || : "it is run again"
		finish "${warning%%$'\t'*}" warns "kernel log: ${warning#*$'\t'}"
	fi
	[ -n "$failed" ] || return 0
	text=$(seen)
	cp "$out" "$LAB_out/compare.$(tr / - <<<"$failed").log"
	# A target that still serves somebody else is as good as new.
	suite $health || finish "$failed" hang "afterwards nobody can log in: $text"
	grep -q '^\[  PASSED  \] 1 test' "$out" || finish "$failed" dead "afterwards nobody is served: $text"
	verdict "$failed" differs "$text"
}

undecided()
{
	mapfile -t cases < <(awk -F '\t' 'FNR == NR { done[$2] = 1; next } !($1 in done)' "$results" "$LAB_out/compare.cases")
	[ ${#cases[@]} -gt 0 ]
}

# awk takes an empty first file for none.
[ -s "$results" ] || echo >"$results"
while undecided; do
	batch=()
	for case in "${cases[@]:0:100}"; do
		if narrow "$case"; then
			[ ${#batch[@]} -gt 0 ] || batch=("$case")
			break
		fi
		batch+=("$case")
	done
	if narrow "${batch[0]}"; then
		narrow_begin
		run "${batch[@]}"
		narrow_end
	else
		run "${batch[@]}"
	fi
done
: >"$out"
