# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# LAB_COUNT minutes (2) of verified I/O by one initiator while everything that
# an administrator or a fabric may do to it is done, in random order, and
# another initiator comes and goes. Memory and counters are sampled once in a
# while; soak.md has the table. What was acknowledged must be there, and in the
# second half of the time nothing may grow.
# CHECK=full
# FABRICS=vib
# NEEDS=module:null_blk
# TIMEOUT=150
# EACH=60

minutes=${LAB_count:-2}
other=0000000000000001
table=$LAB_out/soak.md
declare -A done_so_often=()
declare -A METRIC=()

other_id()	{ echo "0x$other${1: -16}"; }
meminfo()	{ sed -nE "s/^$1: +([0-9]+) kB/\1/p" /proc/meminfo; }

# metrics: what srptctl tells of the module, into METRIC, summed over labels but
# the state of a pool.
metrics()
{
	local name value
	METRIC=()
	srptctl metrics >"$SCRATCH/metrics"
	while read -r name value; do
		case $name in
		'#'*)		continue ;;
		srpt_pool*)	case $name in
				*kept*) name=pool_kept ;;
				*)	name=pool_used ;;
				esac ;;
		*)		name=${name%%\{*} ;;
		esac
		METRIC[$name]=$((${METRIC[$name]:-0} + ${value%.*}))
	done < <(grep -E '^srpt_(pool_bytes|session_(channels|held_bytes|commands_total|bad_ius_total|busy_total)|logins_total|logouts_total|rejects_total|events_lost_total)' "$SCRATCH/metrics")
	METRIC[sessions]=$(grep -c '^srpt_session_channels{' "$SCRATCH/metrics" || true)
}

# A row of the table: how long, what was done, and what is held now.
sample()
{
	local at=$((SECONDS - begun)) qps tasks unreclaimable available module
	local -a dirs=(/proc/[0-9]*)
	metrics
	io_count "$DISK"
	tasks=${#dirs[@]}
	qps=$(rdma resource show qp | grep -c 'type RC' || true)
	unreclaimable=$(meminfo SUnreclaim)
	available=$(meminfo MemAvailable)
	module=$(cat /sys/module/ib_srpt/refcnt)
	echo "| $at | $rounds | $IO_COUNT | ${METRIC[srpt_logins_total]:-0} | ${METRIC[srpt_rejects_total]:-0} | ${METRIC[sessions]} | ${METRIC[srpt_session_channels]:-0} | $qps | $((${METRIC[pool_used]:-0} >> 10)) | $((${METRIC[pool_kept]:-0} >> 10)) | $unreclaimable | $(meminfo Percpu) | $available | $tasks | $module |" >>"$LAB_out/soak.rows"
	sampled=$SECONDS
}

# The mean of column $1 in rows $2 to $3 of the samples.
mean()
{
	awk -F'|' -v c=$(($1 + 1)) -v a="$2" -v b="$3" 'NR >= a && NR <= b { s += $c; n++ } END { printf "%d\n", n ? s / n : 0 }' "$LAB_out/soak.rows"
}

session_of()	{ sed -nE "s/^srpt_session_channels\{session=\"([0-9]+)\",initiator=\"$1\".*/\1/p" "$SCRATCH/metrics"; }

# The things that are done. Each leaves all as it found it.
do_reset_lun()	{ sg_reset --no-escalate --device "$sg" || true; }
do_reset_host()	{ sg_reset --no-escalate --host "$sg" || true; }
do_qp_error()
{
	chance_of qib0 qib1
	vib_knob "$CHANCE" flush 1
}
do_rdma_error()	{ vib_knob qib0 rdma_fail 1; }
do_rnr()
{
	chance_below 20
	vib_knob qib0 rnr "$CHANCE"
	vib_knob qib1 rnr "$CHANCE"
}
# SCSI takes a disk offline that does not come back when the host is reset. A
# command that nobody will answer any more, on one channel of two, may be about to
# end so: first its timeout and its abort.
calm()
{
	nap 17
	wait_for 60 host_running
}
host_running()	{ [ "$(cat "/sys/class/scsi_host/$SRP_HOST/state")" = running ]; }

do_cable()
{
	calm
	chance_of qib0 qib1
	vib_knob "$CHANCE" link down
	chance_nap 1000
	vib_knob "$CHANCE" link up
	wait_for 60 vib_active qib1
	wait_for 60 vib_active qib0
}
do_disable()
{
	calm
	target_disable
	target_enable
}
do_close_session()
{
	local session
	metrics
	session=$(session_of "$id")
	[ -z "$session" ] || srptctl session close "$session" --yes >/dev/null
}
do_attributes()
{
	chance_of 0 1
	target_attrib use_srq "$CHANCE"
	chance_of 64 256 4096
	target_attrib srp_sq_size "$CHANCE"
	chance_of 64 256 512
	target_attrib srp_max_rsp_size "$CHANCE"
}
do_lun()
{
	target_lun 7 vol2
	mkdir "$TPG/acls/$id/lun_7"
	ln -s "$TPG/lun/lun_7" "$TPG/acls/$id/lun_7/lun"
	chance_nap 500
	rm "$TPG/acls/$id/lun_7/lun"
	rmdir "$TPG/acls/$id/lun_7"
	rm "$TPG/lun/lun_7/vol2"
	rmdir "$TPG/lun/lun_7"
}
do_refused()	{ refuses initiator_try "initiator_ext=00000000000000ff" 2>/dev/null; }

# Another initiator: it logs in, its data is right, and then it logs out, or its
# ACL goes while it works.
do_other()
{
	local mine=$DISK host=$SRP_HOST pid
	local -A ports=()
	local port
	for port in $(srp_remote_ports); do
		ports[$port]=1
	done
	acl_add "$(other_id "$id")"
	initiator_login "initiator_ext=$other"
	io_quick "${DISKS[1]}"
	chance_of logout acl
	if [ "$CHANCE" = acl ]; then
		dd if=/dev/zero of="${DISKS[1]}" bs=64k oflag=direct status=none 2>/dev/null &
		pid=$!
		chance_nap 500
		acl_remove "$(other_id "$id")"
	fi
	for port in $(srp_remote_ports); do
		[ -n "${ports[$port]:-}" ] || echo 1 >"/sys/class/srp_remote_ports/$port/delete" || true
	done
	[ "$CHANCE" = logout ] || wait $pid || true
	[ "$CHANCE" = acl ] || acl_remove "$(other_id "$id")"
	wait_for 60 only_one_host
	DISK=$mine SRP_HOST=$host
}
only_one_host()	{ [ "$(srp_hosts | wc -w)" = 1 ]; }

chance_begin
id=$(fabric_initiator_id)
backend_ramdisk vol1 64
backend_ramdisk vol2 16
target_serve vol1 vol2
initiator_load reconnect_delay=1 fast_io_fail_tmo=off dev_loss_tmo=600 ch_count=2
initiator_login
sg=$(sg_of "$DISK")
disk_timeout "$DISK" 10

# Small ones at depth, and transfers that need many descriptors beside them.
cat >"$SCRATCH/jobs" <<-END
	[global]
	filename=$DISK
	direct=1
	ioengine=libaio
	rw=randwrite
	verify=crc32c
	verify_fatal=1
	verify_backlog=64
	time_based=1
	runtime=$((minutes * 60 * 10 + 3600))
	randrepeat=0
	[small]
	bs=4k
	iodepth=8
	size=16m
	[large]
	bs=256k
	iodepth=2
	offset=24m
	size=32m
END
fio --eta=never "$SCRATCH/jobs" >"$SCRATCH/fio.verify" 2>&1 &
IO_PID=$!
io_moves "$DISK"

: >"$LAB_out/soak.rows"
begun=$SECONDS rounds=0 sampled=0 slowest=0 slowest_what=
every=$((minutes * 60 / 40))
[ $every -ge 15 ] || every=15
sample
while [ $((SECONDS - begun)) -lt $((minutes * 60)) ]; do
	chance_of reset_lun reset_host qp_error rdma_error rnr cable disable close_session attributes lun refused other
	what=$CHANCE
	at=$SECONDS
	"do_$what"
	io_moves "$DISK" 180
	[ $((SECONDS - at)) -le $slowest ] || { slowest=$((SECONDS - at)); slowest_what=$what; }
	done_so_often[$what]=$((${done_so_often[$what]:-0} + 1))
	rounds=$((rounds + 1))
	[ $((SECONDS - sampled)) -lt $every ] || sample
done
lasted=$((SECONDS - begun))
calm
io_verify_end
sample

step "nothing is held when everybody has left"
initiator_logout
wait_for 30 target_idle || { cat /tmp/metrics; fail "something is held without a session"; }
metrics
same "${METRIC[srpt_events_lost_total]:-0}" 0 "events lost"

rows=$(wc -l <"$LAB_out/soak.rows")
# The first half warms the caches up; of the second its halves are compared.
a=$((rows / 2)) b=$((rows * 3 / 4))
slab_before=$(mean 11 "$a" "$b") slab_after=$(mean 11 $((b + 1)) "$rows")
free_before=$(mean 13 "$a" "$b") free_after=$(mean 13 $((b + 1)) "$rows")
{
	echo "Linux $(uname -r), seed $LAB_seed: $lasted s, $rounds actions, each followed by more verified I/O;"
	echo "the slowest took $slowest s ($slowest_what), with the I/O after it."
	echo
	echo "| action | times |"
	echo "|---|---|"
	for what in "${!done_so_often[@]}"; do
		echo "| ${what//_/ } | ${done_so_often[$what]} |"
	done | sort
	echo
	echo "| s | actions | I/Os | logins | refused | sessions | channels | queue pairs | pool used KiB | pool kept KiB | slab KiB | per-CPU KiB | available KiB | tasks | module refs |"
	echo "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
	cat "$LAB_out/soak.rows"
	echo
	echo "Third quarter to fourth: unreclaimable slab $slab_before to $slab_after KiB, available $free_before to $free_after KiB."
} >"$table"
cat "$table"
if [ "$rows" -ge 12 ]; then
	[ $((slab_after - slab_before)) -lt 2048 ] || fail "kernel memory grew by $((slab_after - slab_before)) KiB"
	[ $((free_before - free_after)) -lt 16384 ] || fail "available memory fell by $((free_before - free_after)) KiB"
fi
