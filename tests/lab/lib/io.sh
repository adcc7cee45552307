# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# I/O with verified data.

# io_verify DISK BLOCKSIZE PATTERN SIZE [FIO OPTION...]: write, read back, compare.
io_verify()
{
	local disk=$1 bs=$2 rw=$3 size=$4
	shift 4
	fio --name=verify --filename="$disk" --direct=1 --ioengine=libaio --iodepth=16 \
		--bs="$bs" --rw="$rw" --size="$size" --verify=crc32c --verify_fatal=1 \
		--do_verify=1 --randrepeat=0 --group_reporting --output-format=terse --terse-version=3 "$@" |
		awk -F';' '{ printf "lab: fio %s error %s, read %d KiB, written %d KiB\n", $3, $5, $6, $47; exit $5 != 0 }' ||
		fail "fio $rw $bs failed"
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
	wait_for 20 io_flows "$disk"
}

# Some I/O completed.
io_flows()
{
	local reads rest
	read -r reads rest <"/sys/block/${1#/dev/}/stat"
	[ "$reads" -gt 50 ] && [ -n "$rest" ]
}

io_stop()
{
	kill -TERM "$IO_PID" 2>/dev/null || true
	wait_for 30 io_gone || fail "fio does not end: I/O hangs"
	wait "$IO_PID" || true
}

io_gone()	{ ! kill -0 "$IO_PID" 2>/dev/null; }
