// SPDX-License-Identifier: GPL-2.0
/* The ib_device of a virtual adapter. */
#include <linux/platform_device.h>
#include <linux/sysfs.h>
#include "vhca.h"
#include "vhca_compat.h"

static int vh_query_device(struct ib_device *ibdev, struct ib_device_attr *a,
			   struct ib_udata *udata)
{
	struct vh_dev *dev = to_vdev(ibdev);

	if (udata && (udata->inlen || udata->outlen))
		return -EINVAL;
	memset(a, 0, sizeof(*a));
	a->sys_image_guid = dev->node->sys_guid;
	a->max_mr_size = U64_MAX;
	a->page_size_cap = PAGE_SIZE;
	a->vendor_id = vh_vendor_id;
	a->vendor_part_id = vh_part_id;
	a->hw_ver = vh_hw_rev;
	a->max_qp = 65536;
	a->max_qp_wr = VH_MAX_QP_WR;
	a->device_cap_flags = IB_DEVICE_BAD_PKEY_CNTR |
			      IB_DEVICE_BAD_QKEY_CNTR |
			      IB_DEVICE_PORT_ACTIVE_EVENT |
			      IB_DEVICE_SYS_IMAGE_GUID |
			      IB_DEVICE_RC_RNR_NAK_GEN |
			      IB_DEVICE_MEM_MGT_EXTENSIONS;
	a->kernel_cap_flags = IBK_LOCAL_DMA_LKEY;
	a->max_send_sge = VH_MAX_SGE;
	a->max_recv_sge = VH_MAX_SGE;
	a->max_sge_rd = VH_MAX_SGE;
	a->max_cq = 65536;
	a->max_cqe = VH_MAX_CQE;
	a->max_mr = 0xffffff;
	a->max_pd = 65536;
	a->max_qp_rd_atom = VH_MAX_RD_ATOMIC;
	a->max_res_rd_atom = VH_MAX_RD_ATOMIC * 65536;
	a->max_qp_init_rd_atom = VH_MAX_RD_ATOMIC;
	a->atomic_cap = IB_ATOMIC_GLOB;
	a->max_mcast_grp = 8192;
	a->max_mcast_qp_attach = 32;
	a->max_total_mcast_qp_attach = 8192 * 32;
	a->max_ah = 65536;
	a->max_srq = 1024;
	a->max_srq_wr = VH_MAX_QP_WR;
	a->max_srq_sge = VH_MAX_SGE;
	a->max_fast_reg_page_list_len = VH_MAX_FR_PAGES;
	a->max_pkeys = VH_PKEYS;
	a->local_ca_ack_delay = 10;
	return 0;
}

static int vh_query_port(struct ib_device *ibdev, u32 num,
			 struct ib_port_attr *a)
{
	struct vh_port *port = to_vdev(ibdev)->port;

	a->subnet_prefix = be64_to_cpu(port->prefix);
	a->state = port->state;
	a->phys_state = port->phys;
	a->max_mtu = IB_MTU_4096;
	a->active_mtu = port->neighbor_mtu;
	a->gid_tbl_len = 1;
	a->port_cap_flags = port->cap_mask;
	a->max_msg_sz = VH_MAX_MSG;
	a->bad_pkey_cntr = port->pkey_viol;
	a->qkey_viol_cntr = port->qkey_viol;
	a->pkey_tbl_len = VH_PKEYS;
	a->lid = port->lid;
	a->lmc = port->lmc;
	a->sm_lid = port->sm_lid;
	a->sm_sl = port->sm_sl;
	a->max_vl_num = 1;
	a->subnet_timeout = port->subnet_timeout;
	a->active_width = IB_WIDTH_4X;
	a->active_speed = IB_SPEED_QDR;
	return 0;
}

static int vh_modify_port(struct ib_device *ibdev, u32 num, int mask,
			  struct ib_port_modify *m)
{
	struct vh_port *port = to_vdev(ibdev)->port;
	unsigned long flags;
	u32 old;

	/* The kernel's IB CM leaves a port alone that can't announce it. (The
	 * port can't lack the capability itself: without it there is no GSI.)
	 */
	if ((vh_no_cm & BIT(to_vdev(ibdev)->node->index)) &&
	    m->set_port_cap_mask & IB_PORT_CM_SUP)
		return -EOPNOTSUPP;
	spin_lock_irqsave(&vh_fabric_lock, flags);
	old = port->cap_mask;
	port->cap_mask &= ~(m->clr_port_cap_mask & ~port->cap_refused);
	port->cap_mask |= m->set_port_cap_mask & ~port->cap_refused;
	if (mask & IB_PORT_RESET_QKEY_CNTR)
		port->qkey_viol = 0;
	if (mask & IB_PORT_SHUTDOWN) {
		port->disabled = true;
		vh_link_update(port);
	}
	if (port->cap_mask != old)
		vh_trap_capability(port, 0);
	spin_unlock_irqrestore(&vh_fabric_lock, flags);
	return 0;
}

static int vh_modify_device(struct ib_device *ibdev, int mask,
			    struct ib_device_modify *m)
{
	struct vh_dev *dev = to_vdev(ibdev);
	unsigned long flags;

	if (mask & ~IB_DEVICE_MODIFY_NODE_DESC)
		return -EOPNOTSUPP;
	spin_lock_irqsave(&vh_fabric_lock, flags);
	memcpy(dev->node->desc, m->node_desc, sizeof(dev->node->desc));
	memcpy(ibdev->node_desc, m->node_desc, sizeof(ibdev->node_desc));
	vh_trap_capability(dev->port, IB_NOTICE_TRAP_NODE_DESC_CHG);
	spin_unlock_irqrestore(&vh_fabric_lock, flags);
	return 0;
}

static int vh_port_immutable(struct ib_device *ibdev, u32 num,
			     struct ib_port_immutable *im)
{
	im->core_cap_flags = RDMA_CORE_PORT_IBA_IB;
	im->max_mad_size = IB_MGMT_MAD_SIZE;
	im->gid_tbl_len = 1;
	im->pkey_tbl_len = VH_PKEYS;
	return 0;
}

static enum rdma_link_layer vh_link_layer(struct ib_device *ibdev, u32 num)
{
	return IB_LINK_LAYER_INFINIBAND;
}

static int vh_query_gid(struct ib_device *ibdev, u32 num, int index,
			union ib_gid *gid)
{
	struct vh_port *port = to_vdev(ibdev)->port;

	if (index)
		return -EINVAL;
	gid->global.subnet_prefix = port->prefix;
	gid->global.interface_id = port->node->guid;
	return 0;
}

static int vh_query_pkey(struct ib_device *ibdev, u32 num, u16 index,
			 u16 *pkey)
{
	if (index >= VH_PKEYS)
		return -EINVAL;
	*pkey = to_vdev(ibdev)->port->pkeys[index];
	return 0;
}

static void vh_fw_str(struct ib_device *ibdev, char *str)
{
	strscpy(str, vh_fw_ver, IB_FW_VERSION_NAME_MAX);
}

static ssize_t hw_rev_show(struct device *d, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%x\n", vh_hw_rev);
}
static DEVICE_ATTR_RO(hw_rev);

static ssize_t hca_type_show(struct device *d, struct device_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "%s\n", vh_hca_type);
}
static DEVICE_ATTR_RO(hca_type);

static ssize_t board_id_show(struct device *d, struct device_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "%s\n", vh_board_id);
}
static DEVICE_ATTR_RO(board_id);

static struct attribute *vh_attrs[] = {
	&dev_attr_hw_rev.attr,
	&dev_attr_hca_type.attr,
	&dev_attr_board_id.attr,
	NULL
};

static const struct attribute_group vh_attr_group = {
	.attrs = vh_attrs,
};

static const struct ib_device_ops vh_ops = {
	.owner = THIS_MODULE,
	/*
	 * The user space provider of this identifier gets by with the
	 * kernel's own commands at ABI version 1, so that no provider has to
	 * be written for the virtual adapter.
	 */
	.driver_id = RDMA_DRIVER_QIB,
	.uverbs_abi_ver = 1,
	.device_group = &vh_attr_group,

	.query_device = vh_query_device,
	.modify_device = vh_modify_device,
	.query_port = vh_query_port,
	.modify_port = vh_modify_port,
	.get_port_immutable = vh_port_immutable,
	.get_link_layer = vh_link_layer,
	.query_gid = vh_query_gid,
	.query_pkey = vh_query_pkey,
	.process_mad = vh_process_mad,

	.alloc_ucontext = vh_alloc_ucontext,
	.dealloc_ucontext = vh_dealloc_ucontext,
	.disassociate_ucontext = vh_disassociate_ucontext,
	.alloc_pd = vh_alloc_pd,
	.dealloc_pd = vh_dealloc_pd,
	.create_ah = vh_create_ah,
	.create_user_ah = vh_create_ah,
	.query_ah = vh_query_ah,
	.destroy_ah = vh_destroy_ah,

	.create_cq = vh_create_cq_op,
	.destroy_cq = vh_destroy_cq,
	.poll_cq = vh_poll_cq,
	.req_notify_cq = vh_req_notify_cq,

	.create_srq = vh_create_srq,
	.modify_srq = vh_modify_srq,
	.query_srq = vh_query_srq,
	.destroy_srq = vh_destroy_srq,
	.post_srq_recv = vh_post_srq_recv,

	.create_qp = vh_create_qp,
	.modify_qp = vh_modify_qp,
	.query_qp = vh_query_qp,
	.destroy_qp = vh_destroy_qp,
	.post_send = vh_post_send,
	.post_recv = vh_post_recv,
	.attach_mcast = vh_attach_mcast,
	.detach_mcast = vh_detach_mcast,

	.get_dma_mr = vh_get_dma_mr,
	.reg_user_mr = vh_reg_user_mr,
	.alloc_mr = vh_alloc_mr,
	.map_mr_sg = vh_map_mr_sg,
	.dereg_mr = vh_dereg_mr,

	INIT_RDMA_OBJ_SIZE(ib_ah, vh_ah, ibah),
	INIT_RDMA_OBJ_SIZE(ib_cq, vh_cq, ibcq),
	INIT_RDMA_OBJ_SIZE(ib_pd, vh_pd, ibpd),
	INIT_RDMA_OBJ_SIZE(ib_qp, vh_qp, ibqp),
	INIT_RDMA_OBJ_SIZE(ib_srq, vh_srq, ibsrq),
	INIT_RDMA_OBJ_SIZE(ib_ucontext, vh_ucontext, ibuc),
};

static const struct ib_device_ops vh_fw_ops = {
	.get_dev_fw_str = vh_fw_str,
};

/**
 * vh_dev_register - bring an adapter into being
 * @node:	its place in the fabric
 */
struct vh_dev *vh_dev_register(struct vh_node *node)
{
	struct platform_device *slot;
	struct vh_dev *dev;
	int ret;

	/* IPoIB and others print the name of what an adapter is plugged into. */
	slot = platform_device_register_simple("vhca", node->index, NULL, 0);
	if (IS_ERR(slot))
		return ERR_CAST(slot);
	dev = ib_alloc_device(vh_dev, ibdev);
	if (!dev) {
		platform_device_unregister(slot);
		return ERR_PTR(-ENOMEM);
	}
	dev->slot = slot;
	dev->ibdev.dev.parent = &slot->dev;
	dev->node = node;
	dev->port = &node->port[1];
	vh_port_reset(dev->port);
	xa_init_flags(&dev->qps, XA_FLAGS_ALLOC | XA_FLAGS_LOCK_IRQ);
	xa_init_flags(&dev->mrs, XA_FLAGS_ALLOC | XA_FLAGS_LOCK_IRQ);
	spin_lock_init(&dev->mcast_lock);
	INIT_LIST_HEAD(&dev->mcast);
	spin_lock_init(&dev->faults.lock);

	dev->ibdev.node_type = RDMA_NODE_IB_CA;
	dev->ibdev.node_guid = node->guid;
	dev->ibdev.phys_port_cnt = 1;
	dev->ibdev.num_comp_vectors = num_online_cpus();
	dev->ibdev.local_dma_lkey = 0;
	dev->ibdev.uverbs_cmd_mask |= vh_uverbs_cmd_mask();
	memcpy(dev->ibdev.node_desc, node->desc, sizeof(node->desc));
	ib_set_device_ops(&dev->ibdev, &vh_ops);
	if (*vh_fw_ver)
		ib_set_device_ops(&dev->ibdev, &vh_fw_ops);

	/* Management works from the first client on, see vh_pkt_deliver(). */
	rcu_assign_pointer(node->dev, dev);
	/* Without a DMA device addresses are kernel virtual ones. */
	ret = ib_register_device(&dev->ibdev, vh_name, NULL);
	if (ret) {
		RCU_INIT_POINTER(node->dev, NULL);
		synchronize_rcu();
		ib_dealloc_device(&dev->ibdev);
		platform_device_unregister(slot);
		return ERR_PTR(ret);
	}
	WRITE_ONCE(dev->registered, true);
	vh_knobs_add(dev);
	vh_set_present(dev->port, true);
	return dev;
}

/*
 * vh_dev_unregister - the adapter is unplugged, whatever is using it
 */
void vh_dev_unregister(struct vh_dev *dev)
{
	struct platform_device *slot = dev->slot;
	struct vh_node *node = dev->node;
	struct ib_event ev = {
		.device = &dev->ibdev,
		.element.port_num = 1,
		.event = IB_EVENT_DEVICE_FATAL,
	};

	vh_knobs_del(dev);
	WRITE_ONCE(dev->gone, true);
	ib_dispatch_event(&ev);
	vh_set_present(dev->port, false);
	WRITE_ONCE(dev->registered, false);
	/* No event may be under way when the core flushes them. */
	synchronize_rcu();
	vh_trap_stop(node);
	vh_qp_flush_all(dev);

	ib_unregister_device(&dev->ibdev);
	RCU_INIT_POINTER(node->dev, NULL);
	synchronize_rcu();
	WARN_ON(!xa_empty(&dev->qps));
	WARN_ON(!xa_empty(&dev->mrs));
	xa_destroy(&dev->qps);
	xa_destroy(&dev->mrs);
	ib_dealloc_device(&dev->ibdev);
	platform_device_unregister(slot);
}
