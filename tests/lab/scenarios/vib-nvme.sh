# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# The virtual adapters under another storage protocol of the kernel: NVMe over
# RDMA uses what SRP does not, SEND with invalidate above all. Its connections
# come by RDMA CM over IPoIB.
# CHECK=full
# FABRICS=vib
# TARGETS=ours stock
# NEEDS=module:ib_ipoib module:null_blk module:nvmet_rdma module:nvme_rdma
# SETUP=fabric

NVMET=/sys/kernel/config/nvmet

nvme_disk()
{
	local dir
	for dir in /sys/class/block/nvme*n1; do
		[ -e "/dev/${dir##*/}" ] && DISK=/dev/${dir##*/} && return
	done
	return 1
}

nvme_down()
{
	local controller
	for controller in /sys/class/nvme/nvme*; do
		[ ! -e "$controller" ] || echo 1 >"$controller/delete_controller"
	done
	rm -f $NVMET/ports/1/subsystems/test
	rmdir $NVMET/ports/1
	echo 0 >$NVMET/subsystems/test/namespaces/1/enable
	rmdir $NVMET/subsystems/test/namespaces/1 $NVMET/subsystems/test
	module_remove nvme_rdma nvme_fabrics nvme_core nvmet_rdma nvmet
}

fabric_ip_up
null_device disk1 32
modprobe -a nvmet_rdma nvme_rdma
trap nvme_down EXIT
mkdir -p $NVMET/subsystems/test/namespaces/1 $NVMET/ports/1
echo 1 >$NVMET/subsystems/test/attr_allow_any_host
echo "/dev/$NULL_DEVICE" >$NVMET/subsystems/test/namespaces/1/device_path
echo 1 >$NVMET/subsystems/test/namespaces/1/enable
echo rdma >$NVMET/ports/1/addr_trtype
echo ipv4 >$NVMET/ports/1/addr_adrfam
echo "$FABRIC_IP" >$NVMET/ports/1/addr_traddr
echo 4420 >$NVMET/ports/1/addr_trsvcid
ln -s $NVMET/subsystems/test $NVMET/ports/1/subsystems/test

step "connected, verified I/O"
/bin/echo "transport=rdma,traddr=$FABRIC_IP,trsvcid=4420,nqn=test,nr_io_queues=1" >/dev/nvme-fabrics
wait_for 20 nvme_disk
io_verify "$DISK" 4k randrw 2m
io_verify "$DISK" 64k randwrite 8m
invalidated=$(vib_stat qib0 remote_invalidations)
echo "$invalidated keys invalidated by the peer"
[ "$invalidated" -gt 100 ] || fail "SEND with invalidate was hardly used"
