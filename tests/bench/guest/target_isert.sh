# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# ib_isert and ib_iser, as the kernel has them: iSCSI over the same LIO and the
# same disk. open-iscsi logs in.

ISCSI=/sys/kernel/config/target/iscsi
IQN=iqn.2001-04.com.example:bench
INITIATOR_IQN=iqn.2001-04.com.example:initiator

peer_serve()
{
	local tpg=$ISCSI/$IQN/tpgt_1 store
	modprobe -a iscsi_target_mod ib_isert
	mkdir -p "$tpg/np/$FABRIC_IP:3260" "$tpg/lun/lun_0" "$tpg/acls/$INITIATOR_IQN"
	echo 1 >"$tpg/np/$FABRIC_IP:3260/iser"
	echo 0 >"$tpg/attrib/authentication"
	store=$(backend_path bench)
	ln -s "$store" "$tpg/lun/lun_0/bench"
	mkdir "$tpg/acls/$INITIATOR_IQN/lun_0"
	ln -s "$tpg/lun/lun_0" "$tpg/acls/$INITIATOR_IQN/lun_0/lun"
	echo 1 >"$tpg/enable"
}

peer_login()
{
	modprobe -a ib_iser sd_mod
	mkdir -p /etc/iscsi /run/lock
	mount -t tmpfs tmpfs /etc/iscsi
	echo "InitiatorName=$INITIATOR_IQN" >/etc/iscsi/initiatorname.iscsi
	# As Debian has it, where it differs from the program's own defaults.
	cat >/etc/iscsi/iscsid.conf <<-END
		node.startup = manual
		node.session.cmds_max = 128
		node.session.queue_depth = 128
		node.session.iscsi.InitialR2T = No
		node.session.iscsi.ImmediateData = Yes
		node.session.iscsi.FirstBurstLength = 262144
		node.session.iscsi.MaxBurstLength = 16776192
		node.conn[0].iscsi.MaxRecvDataSegmentLength = 262144
		node.conn[0].timeo.noop_out_interval = 0
		node.conn[0].timeo.noop_out_timeout = 0
	END
	iscsid
	wait_for 10 iscsiadm -m iface -I iser
	iscsiadm -m node -o new -T $IQN -p "$FABRIC_IP:3260,1" -I iser
	iscsiadm -m node -T $IQN -p "$FABRIC_IP:3260" -I iser --login
	wait_for 20 iscsi_disk
}

iscsi_disk()
{
	local dir
	for dir in /sys/class/iscsi_session/session*/device/target*/*:0/block/sd*; do
		[ -e "/dev/${dir##*/}" ] || continue
		DISK=/dev/${dir##*/}
		return 0
	done
	return 1
}
