# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# nvmet-rdma and nvme-rdma on the same null_blk, as the kernel has them: no LIO.

NVMET=/sys/kernel/config/nvmet
NQN=bench

peer_serve()
{
	modprobe -a nvmet_rdma
	mkdir $NVMET/subsystems/$NQN
	echo 1 >$NVMET/subsystems/$NQN/attr_allow_any_host
	mkdir $NVMET/subsystems/$NQN/namespaces/1
	echo /dev/nullb0 >$NVMET/subsystems/$NQN/namespaces/1/device_path
	echo 1 >$NVMET/subsystems/$NQN/namespaces/1/enable
	mkdir $NVMET/ports/1
	echo rdma >$NVMET/ports/1/addr_trtype
	echo ipv4 >$NVMET/ports/1/addr_adrfam
	echo "$FABRIC_IP" >$NVMET/ports/1/addr_traddr
	echo 4420 >$NVMET/ports/1/addr_trsvcid
	ln -s $NVMET/subsystems/$NQN $NVMET/ports/1/subsystems/$NQN
}

peer_login()
{
	modprobe -a nvme_rdma
	wait_for 5 test -e /dev/nvme-fabrics
	echo "transport=rdma,traddr=$FABRIC_IP,trsvcid=4420,nqn=$NQN,nr_io_queues=$BENCH_channels" >/dev/nvme-fabrics
	wait_for 20 nvme_disk
}

nvme_disk()
{
	local disk
	for disk in /dev/nvme*n1; do
		[ -b "$disk" ] || continue
		DISK=$disk
		return 0
	done
	return 1
}
