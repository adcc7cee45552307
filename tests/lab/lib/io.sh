# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# I/O with verified data.

# io_size 64m|64k: in KiB; a part of it on a slow kernel (LAB_load), 64 at least.
io_size()
{
	local kib
	case $1 in
	*m)	kib=$((${1%m} << 10)) ;;
	*k)	kib=${1%k} ;;
	esac
	kib=$((kib / ${LAB_load:-1}))
	echo "$((kib < 64 ? 64 : kib))k"
}

# The same in bytes.
io_bytes()
{
	local kib
	kib=$(io_size "$1")
	echo $((${kib%k} << 10))
}

# io_verify DISK BLOCKSIZE PATTERN SIZE [FIO OPTION...]: write, read back, compare.
io_verify()
{
	local disk=$1 bs=$2 rw=$3 size=$4
	shift 4
	if ! fio --name=verify --filename="$disk" --direct=1 --ioengine=libaio --iodepth=16 \
		--bs="$bs" --rw="$rw" --size="$(io_size "$size")" --verify=crc32c --verify_fatal=1 --do_verify=1 \
		--randrepeat=0 --group_reporting "$@" >"$SCRATCH/fio" 2>&1 </dev/null; then
		cat "$SCRATCH/fio"
		fail "fio $rw $bs failed"
	fi
	grep -E '^ +(READ|WRITE):' "$SCRATCH/fio"
}

# io_quick DISK: does it keep 256 KiB? Starting fio alone takes longer.
io_quick()
{
	dd if=/dev/urandom of="$SCRATCH/written" bs=256k count=1 status=none
	dd if="$SCRATCH/written" of="$1" bs=64k oflag=direct status=none || fail "write failed"
	dd if="$1" of="$SCRATCH/read" bs=64k count=4 iflag=direct status=none || fail "read failed"
	cmp "$SCRATCH/written" "$SCRATCH/read" || fail "read back other data than written"
}

# io_background DISK [FIO OPTION...]: load until io_stop; errors are allowed.
io_background()
{
	local disk=$1
	shift
	fio --name=load --filename="$disk" --direct=1 --ioengine=libaio --iodepth=32 --bs=4k \
		--rw=randrw --size=16m --time_based --runtime=300 --continue_on_error=all \
		"$@" >"$SCRATCH/fio.load" 2>&1 &
	IO_PID=$!
	io_moves "$disk"
}

io_stop()
{
	kill -TERM "$IO_PID" 2>/dev/null || true
	wait_for 10 io_gone || io_kill
	wait "$IO_PID" || true
}

# fio may miss its end when the disk is gone, or after many errors and an hour:
# nothing of ours, unless it waits for the kernel. Then it cannot be killed either.
io_kill()
{
	local pid pids
	mapfile -t pids < <(pgrep -P "$IO_PID")
	for pid in "$IO_PID" "${pids[@]}"; do
		echo "fio $pid: $(grep -s ^State "/proc/$pid/status") $(cat "/proc/$pid/wchan" 2>/dev/null)"
		cat "/proc/$pid/stack" 2>/dev/null || true
	done
	kill -KILL "$IO_PID" "${pids[@]}" 2>/dev/null || true
	wait_for 30 io_all_gone "${pids[@]}" || fail "fio does not end: I/O hangs"
}

io_all_gone()
{
	local pid
	for pid in "$@"; do
		! kill -0 "$pid" 2>/dev/null || return 1
	done
	io_gone
}

io_gone()	{ ! kill -0 "$IO_PID" 2>/dev/null; }

# Verified writing and reading in the background, without end; io_verify_end
# stops it and fails if fio saw an error.
io_verify_background()
{
	fio --name=verify --filename="$1" --direct=1 --ioengine=libaio --iodepth=8 --bs=4k --rw=randwrite \
		--size=8m --verify=crc32c --verify_backlog=64 --verify_fatal=1 --time_based --runtime=600 \
		--randrepeat=0 >"$SCRATCH/fio.verify" 2>&1 &
	IO_PID=$!
	io_moves "$1"
}

io_verify_end()
{
	kill -INT "$IO_PID" 2>/dev/null || { cat "$SCRATCH/fio.verify"; fail "fio ended by itself"; }
	# What does not fit together has ended it before: verify_fatal.
	wait_for 30 io_gone || io_kill
	wait "$IO_PID" || true
	if grep -E 'verify: bad|err= *[1-9]|error=' "$SCRATCH/fio.verify"; then
		fail "verified I/O failed"
	fi
}

# io_moves DISK [SECONDS]: it does some more I/O from now on.
io_moves()
{
	io_count "$1"
	wait_for "${2:-30}" io_beyond "$1" $((IO_COUNT + 100)) && return
	io_gone && cat "$SCRATCH"/fio.*
	fail "I/O stands still"
}

# IO_COUNT: how many reads and writes a disk has completed.
io_count()
{
	local -a stat
	read -r -a stat <"/sys/block/${1#/dev/}/stat"
	IO_COUNT=$((stat[0] + stat[4]))
}

io_beyond()
{
	io_count "$1"
	[ $IO_COUNT -ge "$2" ]
}
