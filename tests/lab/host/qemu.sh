# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Starting guests: slots, acceleration, the QEMU command line.

# At most as many guests as processors on the machine, whoever starts them.
# LAB_SLOT_HELD: the caller has taken one for all of its guests.
slot_take()
{
	[ -z "${LAB_SLOT_HELD:-}" ] || return 0
	local n slots=${LAB_SLOTS:-$(nproc)} said=
	while :; do
		for ((n = 0; n < slots; n++)); do
			exec {slot_fd}>>"${TMPDIR:-/tmp}/guest-slot.$n"
			if flock -n "$slot_fd"; then
				return
			fi
			exec {slot_fd}>&-
		done
		[ -n "$said" ] || echo "lab: waiting for a guest slot (${TMPDIR:-/tmp}/guest-slot.*)" >&2
		said=1
		sleep 1
	done
}

slot_release()
{
	[ -n "${LAB_SLOT_HELD:-}" ] || exec {slot_fd}>&-
}

# /dev/kvm may be there and hang: believe it only after a guest came up. Once
# per boot of the host.
accel_options()
{
	local kernel=$1 initramfs=$2 cache
	if [ -n "${LAB_ACCEL:-}" ]; then
		cache=$LAB_ACCEL
	elif [ ! -w /dev/kvm ]; then
		cache=tcg
	else
		local file
		file=$root/build/lab/accel.$(cat /proc/sys/kernel/random/boot_id)
		if [ ! -s "$file" ]; then
			local probe
			probe=$(mktemp "$root/build/lab/probe.XXXXXX")
			timeout -k 1 8 qemu-system-x86_64 -machine pc -accel kvm -cpu host -m 512 \
				-nodefaults -no-user-config -display none -no-reboot -serial "file:$probe" \
				-kernel "$kernel" -initrd "$initramfs" -append "console=ttyS0 panic=-1 lab.probe=1" \
				</dev/null >/dev/null 2>&1 || true
			if grep -q 'lab: probe' "$probe"; then echo kvm; else echo tcg; fi >"$probe.answer"
			mv "$probe.answer" "$file"
			rm -f "$probe"
		fi
		cache=$(cat "$file")
	fi
	case $cache in
	kvm)	echo "-accel kvm -cpu host" ;;
	# All processors in one thread, by turns: what is counted stays in order.
	# One instruction is one nanosecond, and idle time is none: the same
	# whatever else the host does.
	icount)	echo "-accel tcg,thread=single -icount shift=0,sleep=off -cpu ${LAB_CPU:-max}" ;;
	*)	echo "-accel tcg,thread=multi -cpu ${LAB_CPU:-max}" ;;
	esac
}

# One to a socket: the table by which a kernel without ACPI finds them lists no
# second one of a socket.
processors()	{ echo "cpus=$1,sockets=$1"; }

# guest_start KERNEL INITRAMFS OUT SHARE COMMANDLINE LIMIT: in the background,
# sets guest_pid. The image of tools is $tools, the size $memory (MiB). Console
# and verdicts go to files in OUT; SHARE is what the guest may write to. The
# monitor reads the file descriptor monitor_fd. What the array guest_options
# holds is added. With guest_alone set, SHARE is all that there is of the host.
guest_options=() guest_alone=''
guest_start()
{
	local kernel=$1 initramfs=$2 out=$3 share=$4 append=$5 limit=$6
	local -a accel files=()
	[ -n "$guest_alone" ] || files=(-drive "file=$tools,format=raw,if=virtio,readonly=on"
		-virtfs "local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap")
	read -r -a accel <<<"$(accel_options "$kernel" "$initramfs")"
	rm -f "$out"/monitor
	mkfifo "$out/monitor"
	exec {monitor_fd}<>"$out/monitor"
	timeout -k 5 "$limit" qemu-system-x86_64 -machine pc "${accel[@]}" -smp "$(processors "${LAB_SMP:-2}")" -m "${memory:-1536}" \
		-nodefaults -no-user-config -display none -no-reboot -monitor stdio "${guest_options[@]}" \
		-serial "file:$out/console" -serial "file:$out/verdicts" \
		"${files[@]}" \
		-virtfs "local,path=$share,mount_tag=out,security_model=none" \
		-kernel "$kernel" -initrd "$initramfs" -append "$append" \
		<"$out/monitor" >"$out/qemu.log" 2>&1 &
	guest_pid=$!
}

# In the foreground, with the guest's console here; not for long if nobody types.
guest_console()
{
	local kernel=$1 initramfs=$2 share=$3 append=$4 verdict=$5
	local -a accel limit=(timeout -k 5 600) console=(-serial stdio)
	if [ -t 0 ]; then
		limit=()
		console=(-chardev "stdio,id=tty,mux=on,signal=off" -serial chardev:tty -mon chardev=tty)
	fi
	read -r -a accel <<<"$(accel_options "$kernel" "$initramfs")"
	"${limit[@]}" qemu-system-x86_64 -machine pc "${accel[@]}" -smp "$(processors 2)" -m "$memory" \
		-nodefaults -no-user-config -display none -no-reboot \
		"${console[@]}" -serial "file:$verdict" \
		-drive "file=$tools,format=raw,if=virtio,readonly=on" \
		-virtfs "local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap" \
		-virtfs "local,path=$share,mount_tag=out,security_model=none" \
		-kernel "$kernel" -initrd "$initramfs" -append "$append"
}

# A guest that makes no progress: its stacks to the console, by a panic.
guest_autopsy()
{
	echo nmi >&"$monitor_fd"
	local n
	for ((n = 0; n < 50; n++)); do
		kill -0 "$guest_pid" 2>/dev/null || return 0
		sleep 0.1
	done
	echo quit >&"$monitor_fd"
}
