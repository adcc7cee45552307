# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The little of a system that a guest needs.

# An empty directory for the guest, but with the tree if that lies below it.
empty_dir()
{
	case $LAB_root/ in
	"$1"/*)
		mount --rbind "$LAB_root" /mnt
		mount -t tmpfs tmpfs "$1"
		mkdir -p "$LAB_root"
		mount --move /mnt "$LAB_root"
		;;
	*)	mount -t tmpfs tmpfs "$1" ;;
	esac
}

system_up()
{
	local release
	release=$(uname -r)
	export PATH=$LAB_root/build/userspace:$PATH
	empty_dir /run
	empty_dir /tmp
	mkdir -p /dev/pts /dev/shm /run/lock
	mount -t devpts devpts /dev/pts
	mount -t tmpfs tmpfs /dev/shm
	ln -sfn /proc/self/fd /dev/fd
	ln -sf fd/0 /dev/stdin; ln -sf fd/1 /dev/stdout; ln -sf fd/2 /dev/stderr
	mkdir -p "/usr/lib/modules/$release"
	mount --bind "$LAB_modules/lib/modules/$release" "/usr/lib/modules/$release"
	mount -t debugfs debugfs /sys/kernel/debug
	mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
	modprobe -a configfs sd_mod sg
	mount -t configfs configfs /sys/kernel/config
	ip link set lo up
	hostname lab
	# Without KVM and with a neighbour a task may well wait some seconds.
	echo $((30 * ${LAB_scale:-1})) >/proc/sys/kernel/hung_task_timeout_secs
	# Half of a debug kernel's time is lockdep's.
	[ "${LAB_lockdep:-}" != off ] || echo 0 >/sys/module/lockdep/parameters/prove_locking
	echo -1 >/proc/sys/kernel/hung_task_warnings
	# The host's saved configuration is not ours.
	rm -rf /etc/target /etc/rtslib-fb-target
	# LIO keeps reservations in pr/, and refuses them if it is not there.
	mkdir -p /etc/target/pr /etc/rtslib-fb-target
}

# targetcli talks to D-Bus.
dbus_up()
{
	[ ! -e /run/dbus/pid ] || return 0
	mkdir -p /run/dbus
	dbus-daemon --system --fork
}

udev_up()
{
	pidof systemd-udevd >/dev/null || /lib/systemd/systemd-udevd --daemon
}
