# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The kernel log: one stretch per scenario, read for complaints.

log_mark()	{ echo "lab: begin $1" >/dev/kmsg; }

log_save()
{
	dmesg | awk -v mark="lab: begin $1" 'index($0, mark) { on = 1 } on' >"$2"
}

# What the kernel said since the current scenario began, without time stamps.
log_text()
{
	dmesg -t | awk -v mark="lab: begin ${name:?}" 'index($0, mark) { on = 1 } on'
}

# Read to the end: a reader that leaves at the first match would make those who
# still write fail, and the pipe with them.
log_has()	{ log_text | grep -F -- "$1" >/dev/null; }
log_matches()	{ log_text | grep -E -- "$1" >/dev/null; }
log_count()	{ log_text | grep -cF -- "$1" || true; }

# Without the reports about three mistakes of the kernel's own. ib_srp takes the
# last completions from its send queue, when a target is removed, after SCSI has
# freed the requests that these belong to. rdma_rxe of 6.1 looks, behind the last
# page of a region of 256, at the entry behind the last of its own table; and what
# runs a queue pair's task notes the result when the queue pair may be gone.
log_without_known()
{
	awk '/BUG: KASAN: .* in (__ib_process_cq|rxe_mr_copy|rxe_do_task)\+/ {
		report = 1; text = ""; known = ours = allocated = 0
		where = $0; sub(/.* in /, "", where); sub(/\+.*/, "", where)
	     }
	     !report { print; next }
	     { text = text $0 "\n" }
	     where == "__ib_process_cq" && / srp_free_ch_ib\+.*\[ib_srp\]/ { known = 1 }
	     where == "__ib_process_cq" && /\[ib_srpt\]/ { ours = 1 }
	     where == "rxe_do_task" && / ib_destroy_qp_user\+/ { known = 1 }
	     where == "rxe_mr_copy" && /Allocated by/ { allocated = 1; next }
	     allocated && !/ (kasan_|__kasan_|__kmalloc)/ { known = / rxe_mr_alloc\+.*\[rdma_rxe\]/; allocated = 0 }
	     /==================/ { if (!known || ours) printf "%s", text; report = 0 }
	     END { if (report) printf "%s", text }' "$1"
}

# log_complaints FILE SCENARIO: lines that no scenario may cause, save those
# that it declares by lines '# EXPECT=extended regular expression'.
log_complaints()
{
	local bad='BUG|WARNING:|Oops|[Gg]eneral protection|Call Trace|refcount_t|hung task'
	bad+='|blocked for more than|[Ll]eak|lockup|self-detected stall|detected stalls'
	bad+='|possible (circular|recursive|irq)|use-after-free|out-of-bounds|KASAN|UBSAN|KCSAN'
	bad+='|unreferenced object|list_(add|del) corruption|Objects remaining|scheduling while atomic'
	bad+='|sleeping function|bad unlock|invalid opcode|page fault|page allocation failure|Kernel panic'
	bad+='|still in use|DEADLOCK|double free|corrupt'
	local expected
	expected=$(sed -n 's/^# EXPECT=//p' "$2")
	# Loading an out-of-tree module is no complaint.
	log_without_known "$1" | grep -E "$bad" | grep -vE 'lab: (begin|step)|sysrq:' |
		if [ -n "$expected" ]; then grep -vEf <(echo "$expected"); else cat; fi
}
