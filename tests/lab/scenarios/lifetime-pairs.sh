# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Unload, disable, removal of the ACL, of the portal group, of the LUN and of
# the HCA: every pair at once, under load, LAB_COUNT times (1) each, the second
# a random while after the first. Both end within their bounds, both have
# happened, and what is set up again serves verified data.
# LAB_PAIRS="hca+lun ..." chooses.
# CHECK=full
# FABRICS=vib
# CPUS=2
# TIMEOUT=420
# EACH=400

bound=45
things=(rmmod disable acl tpg lun hca)

# Everything below may find that the other has been there first.
do_disable()	{ echo 0 >"$TPG/enable"; }
do_acl()	{ acl_remove "$id"; }
do_tpg()	{ tpg_remove "$TPG"; }
do_lun()
{
	# An ACL's link to the LUN has to go first.
	rm "$TPG/acls/$id/lun_0/lun"
	rmdir "$TPG/acls/$id/lun_0"
	rm "$TPG/lun/lun_0/vol1"
	rmdir "$TPG/lun/lun_0"
}
do_hca()	{ vib_vanish 0; }
do_rmmod()
{
	tpg_remove "$TPG"
	rmdir "$SRPT/$TARGET"
	rmdir "$SRPT"
	rmmod ib_srpt
}

was_disable()	{ [ ! -e "$TPG" ] || [ "$(cat "$TPG/enable")" = 0 ]; }
was_acl()	{ [ ! -e "$TPG/acls/$id" ]; }
was_tpg()	{ [ ! -e "$TPG" ]; }
was_lun()	{ [ ! -e "$TPG/lun/lun_0" ]; }
was_hca()	{ [ ! -e /sys/class/infiniband/qib0 ]; }
was_rmmod()	{ [ ! -e /sys/module/ib_srpt ]; }

# ended PID NAME: within the bound.
ended()
{
	wait_for $bound process_gone "$1" || fail "$2 does not end in $bound s"
	wait "$1" || true
}

load_on()
{
	local n
	loads=()
	for n in 0 1 2 3; do
		(
			# It ends by an error, as it should.
			trap - ERR
			while dd if=/dev/zero of="$DISK" bs=16k seek=$((n * 128)) count=128 oflag=direct status=none; do
				dd if="$DISK" of=/dev/null bs=64k skip=$((n * 32)) count=32 iflag=direct status=none
			done
		) 2>/dev/null &
		loads+=($!)
	done
}

load_off()
{
	local pid
	initiator_clear
	for pid in "${loads[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait_for 30 process_gone "$pid" || fail "I/O hangs"
		wait "$pid" || true
	done
}

# All as at the start, whatever is missing.
restore()
{
	local left
	[ -e /sys/class/infiniband/qib0 ] || fabric_add_hca
	[ ! -e /sys/module/ib_srpt ] || left=$(target_clear)
	[ -z "${left:-}" ] || fail "left behind: $left"
	target_load
	target_serve vol1
}

# together FIRST SECOND
together()
{
	local first second at
	echo "$pair, round $round" >/dev/kmsg
	initiator_login
	disk_timeout "$DISK" 5
	io_quick "$DISK"
	load_on
	io_moves "$DISK"
	at=$SECONDS
	"do_$1" 2>/dev/null &
	first=$!
	chance_below 3
	[ "$CHANCE" = 0 ] || chance_nap 150
	"do_$2" 2>/dev/null &
	second=$!
	ended $first "$1"
	ended $second "$2"
	[ $((SECONDS - at)) -le $longest ] || longest=$((SECONDS - at))
	# A loser in configfs leaves the rest to the winner; what neither did
	# is done now, alone.
	"was_$1" || "do_$1" 2>/dev/null || true
	"was_$2" || "do_$2" 2>/dev/null || true
	load_off
	"was_$1" || fail "$1 has not happened"
	"was_$2" || fail "$2 has not happened"
	restore
}

chance_begin
id=$(fabric_initiator_id)
backend_ramdisk vol1 32
target_serve vol1
initiator_load reconnect_delay=1 fast_io_fail_tmo=1 dev_loss_tmo=3 ch_count=2 "$INITIATOR_UNREGISTERED"
pairs=${LAB_pairs:-}
if [ -z "$pairs" ]; then
	for ((a = 0; a < ${#things[@]}; a++)); do
		for ((b = a + 1; b < ${#things[@]}; b++)); do
			pairs+=" ${things[a]}+${things[b]}"
		done
	done
fi
: >"$LAB_out/lifetime-pairs.md"
for pair in ${pairs//,/ }; do
	longest=0
	step "$pair"
	for ((round = 1; round <= ${LAB_count:-1}; round++)); do
		if [ $((round % 2)) = 1 ]; then
			together "${pair%+*}" "${pair#*+}"
		else
			together "${pair#*+}" "${pair%+*}"
		fi
	done
	echo "| $pair | $((round - 1)) | $longest |" | tee -a "$LAB_out/lifetime-pairs.md"
done
initiator_login
io_verify "$DISK" 4k randrw 2m
