# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Export a disk, be refused, be admitted, log in, use it: what an administrator
# types, run by tests/lab/run --demo in a guest.
. "$LAB_dir/lib/system.sh"
. "$LAB_dir/lib/load.sh"
trap 'echo; echo "The demonstration failed at: $BASH_COMMAND"' ERR

demo_disk()
{
	srp_disks "$(srp_hosts)"
	[ ${#DISKS[@]} -ge 1 ] && DISK=${DISKS[0]}
}

demo_unload()
{
	[ ! -d "$SRPT" ] || rmdir "$SRPT"/0x* "$SRPT" 2>/dev/null || true
	rmmod ib_srpt
}

say()
{
	printf '\n\033[1m%s\033[0m\n' "$*"
}

# Show a command as it would be typed, and run it.
enter()
{
	echo "# $*"
	eval "$*"
}

say "An RDMA port with no hardware: RoCE in software, on an interface of this guest ($(uname -r))."
enter modprobe -a dummy rdma_rxe rdma_ucm
enter ip link add lab0 mtu 4200 up type dummy
enter ip addr add 10.77.0.1/24 dev lab0
enter rdma link add rxe0 type rxe netdev lab0
enter rdma link show

say "The target: load the module, export a RAM disk of 128 MiB. Nobody is let in yet."
enter modprobe ib_srpt
if [ "$LAB_target" = ours ]; then
	enter srptctl export ramdisk:128M --name vol1
else
	dbus_up
	mkdir -p "$SRPT"
	enter "echo 5555 >$SRPT/discovery_auth/rdma_cm_port"
	ib=ib.$(fabric_gid | sed s/0x//)
	enter targetcli /backstores/ramdisk create vol1 128M
	enter targetcli /srpt create "$(fabric_gid)"
	enter targetcli "/srpt/$ib/luns" create /backstores/ramdisk/vol1
fi

say "The initiator logs in to it, and is refused."
guid=$(fabric_hex "$(fabric_service_guid)")
login="echo id_ext=$guid,ioc_guid=$guid,dest=10.77.0.1:5555 >/sys/class/infiniband_srp/srp-rxe0-1/add_target"
enter modprobe -a scsi_dh_alua ib_srp
enter "$login" || true
enter "dmesg -t | grep -E 'ib_srpt.*(Received|Rejected)|REJ' | tail -n 4"

say "The target says who was refused, and what to type to let it in."
if [ "$LAB_target" = ours ]; then
	enter srptctl acl pending
	enter srptctl acl allow --last
else
	enter targetcli "/srpt/$ib/acls" create "$(fabric_initiator_id)"
fi

say "It logs in."
enter "$login"
wait_for 20 demo_disk || { echo "no disk"; exit 1; }
wait_for 20 test -b "$DISK"
enter lsscsi
if [ "$LAB_target" = ours ]; then
	enter srptctl session list
fi

say "Write 16 MiB, read them back, compare."
enter fio --name=verify --filename="$DISK" --direct=1 --ioengine=libaio --iodepth=16 --bs=16k --rw=randwrite \
	--size=16m --verify=crc32c --verify_fatal=1 --eta=never --output=/tmp/fio.txt
enter "grep -E 'err=|READ:|WRITE:' /tmp/fio.txt"
grep -q 'err= 0' /tmp/fio.txt

say "Log out, take it all away."
enter "for port in /sys/class/srp_remote_ports/*; do echo 1 >\$port/delete; done"
wait_for 20 no_srp_hosts
if [ "$LAB_target" = ours ]; then
	enter srptctl --yes unexport "ib.$(fabric_gid | sed s/0x//)"
else
	enter targetcli clearconfig confirm=True
fi
wait_for 10 demo_unload
say "Done. 'make shell' gives a prompt in such a guest."
