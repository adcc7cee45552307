// SPDX-License-Identifier: GPL-2.0
/* Subnet management agent of adapters and of the switch. */
#include "vhca.h"

#define VH_STATUS(x) ((u16)IB_MGMT_MAD_STATUS_##x)
#define VH_BAD_ATTR	VH_STATUS(UNSUPPORTED_METHOD_ATTRIB)
#define VH_BAD_VALUE	VH_STATUS(INVALID_ATTRIB_VALUE)
#define VH_PKEY_BLOCK	32
#define VH_RESP_TIME	16

static u16 vh_node_desc(struct vh_node *node, struct ib_smp *smp, bool set)
{
	if (set)
		return VH_BAD_ATTR;
	memcpy(smp->data, node->desc, sizeof(node->desc));
	return 0;
}

static u16 vh_node_info(struct vh_node *node, struct vh_port *port,
			struct ib_smp *smp, bool set)
{
	struct ib_node_info *ni = (struct ib_node_info *)smp->data;

	if (set)
		return VH_BAD_ATTR;
	memset(ni, 0, sizeof(*ni));
	ni->base_version = IB_MGMT_BASE_VERSION;
	ni->class_version = 1;
	ni->node_type = node->type;
	ni->num_ports = node->nports;
	ni->sys_guid = node->sys_guid;
	ni->node_guid = node->guid;
	ni->port_guid = node->guid;
	ni->partition_cap = cpu_to_be16(VH_PKEYS);
	ni->device_id = cpu_to_be16(vh_part_id);
	ni->revision = cpu_to_be32(vh_hw_rev);
	ni->local_port_num = port->num;
	ni->vendor_id[0] = vh_vendor_id >> 16;
	ni->vendor_id[1] = vh_vendor_id >> 8;
	ni->vendor_id[2] = vh_vendor_id;
	return 0;
}

static u16 vh_guid_info(struct vh_node *node, struct ib_smp *smp, bool set)
{
	if (smp->attr_mod)
		return VH_BAD_VALUE;
	/* The first entry is fixed and there is no other. */
	memset(smp->data, 0, sizeof(smp->data));
	memcpy(smp->data, &node->guid, sizeof(node->guid));
	return 0;
}

static void vh_port_info_get(struct vh_port *port, struct ib_smp *smp)
{
	struct ib_port_info *pi = (struct ib_port_info *)smp->data;
	bool external = port->node->sw && port->num;
	u8 in_port = smp->data[offsetof(struct ib_port_info, local_port_num)];

	memset(smp->data, 0, sizeof(smp->data));
	if (!external) {
		if (!port->mkey || smp->mkey == port->mkey ||
		    !port->mkey_prot)
			pi->mkey = port->mkey;
		pi->gid_prefix = port->prefix;
		pi->lid = cpu_to_be16(port->lid);
		pi->sm_lid = cpu_to_be16(port->sm_lid);
		pi->cap_mask = cpu_to_be32(port->cap_mask);
		pi->mkey_lease_period = port->mkey_lease;
		pi->mkeyprot_resv_lmc = port->mkey_prot << 6 | port->lmc;
		pi->mkey_violations = cpu_to_be16(port->mkey_viol);
		pi->pkey_violations = cpu_to_be16(port->pkey_viol);
		pi->qkey_violations = cpu_to_be16(port->qkey_viol);
		pi->guid_cap = 1;
		pi->clientrereg_resv_subnetto = port->subnet_timeout;
		pi->resv_resptimevalue = VH_RESP_TIME;
	}
	pi->local_port_num = in_port;
	pi->link_width_enabled = port->width_enabled;
	pi->link_width_supported = IB_WIDTH_1X | IB_WIDTH_4X;
	pi->link_width_active = IB_WIDTH_4X;
	pi->linkspeed_portstate =
		(IB_SPEED_SDR | IB_SPEED_DDR | IB_SPEED_QDR) << 4 | port->state;
	pi->portphysstate_linkdown =
		port->phys << 4 | IB_PORT_PHYS_STATE_POLLING;
	pi->linkspeedactive_enabled = IB_SPEED_QDR << 4 | port->speed_enabled;
	pi->neighbormtu_mastersmsl = port->neighbor_mtu << 4 | port->sm_sl;
	pi->vlcap_inittype = 1 << 4;
	pi->vl_high_limit = port->vl_high_limit;
	pi->inittypereply_mtucap = IB_MTU_4096;
	pi->vlstallcnt_hoqlife = port->hoq_life;
	pi->operationalvl_pei_peo_fpi_fpo = 1 << 4;
}

/* State changes a manager may ask for. Called with vh_fabric_lock held. */
static u16 vh_port_state_set(struct vh_port *port, u8 state, u8 phys)
{
	switch (phys) {
	case 0:
		break;
	case IB_PORT_PHYS_STATE_SLEEP:
	case IB_PORT_PHYS_STATE_POLLING:
		if (state != IB_PORT_DOWN && state != IB_PORT_NOP)
			return VH_BAD_VALUE;
		if (port->disabled) {
			port->disabled = false;
			vh_link_update(port);
		} else {
			vh_link_bounce(port);
		}
		return 0;
	case IB_PORT_PHYS_STATE_DISABLED:
		port->disabled = true;
		vh_link_update(port);
		return 0;
	default:
		return VH_BAD_VALUE;
	}

	switch (state) {
	case IB_PORT_NOP:
		return 0;
	case IB_PORT_DOWN:
		vh_link_bounce(port);
		return 0;
	case IB_PORT_ARMED:
		if (port->state != IB_PORT_INIT && port->state != IB_PORT_ARMED)
			return VH_BAD_VALUE;
		port->state = IB_PORT_ARMED;
		return 0;
	case IB_PORT_ACTIVE:
		if (port->state != IB_PORT_ARMED &&
		    port->state != IB_PORT_ACTIVE)
			return VH_BAD_VALUE;
		if (port->state != IB_PORT_ACTIVE) {
			port->state = IB_PORT_ACTIVE;
			vh_port_event(port, IB_EVENT_PORT_ACTIVE);
		}
		return 0;
	default:
		return VH_BAD_VALUE;
	}
}

static void vh_port_addr_set(struct vh_port *port,
			     const struct ib_port_info *pi)
{
	u16 lid = be16_to_cpu(pi->lid), sm_lid = be16_to_cpu(pi->sm_lid);
	u8 sm_sl = pi->neighbormtu_mastersmsl & 0xf;
	u8 lmc = pi->mkeyprot_resv_lmc & 7;
	bool lid_change, sm_change, gid_change;

	lid_change = lid && lid < VH_LID_MCAST &&
		     (lid != port->lid || lmc != port->lmc);
	sm_change = sm_lid && sm_lid < VH_LID_MCAST &&
		    (sm_lid != port->sm_lid || sm_sl != port->sm_sl);
	gid_change = pi->gid_prefix && pi->gid_prefix != port->prefix;

	port->mkey = pi->mkey;
	port->mkey_prot = pi->mkeyprot_resv_lmc >> 6;
	port->mkey_lease = pi->mkey_lease_period;
	port->subnet_timeout = pi->clientrereg_resv_subnetto & 0x1f;
	if (!pi->mkey_violations)
		port->mkey_viol = 0;
	if (!pi->pkey_violations)
		port->pkey_viol = 0;
	if (!pi->qkey_violations)
		port->qkey_viol = 0;
	if (gid_change)
		port->prefix = pi->gid_prefix;
	if (lid_change) {
		port->lid = lid;
		port->lmc = lmc;
	}
	if (sm_change) {
		port->sm_lid = sm_lid;
		port->sm_sl = sm_sl;
	}
	if (gid_change)
		vh_port_event(port, IB_EVENT_GID_CHANGE);
	if (lid_change)
		vh_port_event(port, IB_EVENT_LID_CHANGE);
	if (sm_change)
		vh_port_event(port, IB_EVENT_SM_CHANGE);
}

static u16 vh_port_info_set(struct vh_port *port, struct ib_smp *smp)
{
	struct ib_port_info *pi = (struct ib_port_info *)smp->data;
	bool external = port->node->sw && port->num;
	bool reregister = pi->clientrereg_resv_subnetto & 0x80;
	u8 mtu = pi->neighbormtu_mastersmsl >> 4;
	unsigned long flags;
	u16 status;

	spin_lock_irqsave(&vh_fabric_lock, flags);
	if (!external)
		vh_port_addr_set(port, pi);
	if (pi->link_width_enabled && pi->link_width_enabled != 0xff)
		port->width_enabled = pi->link_width_enabled;
	if ((pi->linkspeedactive_enabled & 0xf) &&
	    (pi->linkspeedactive_enabled & 0xf) != 0xf)
		port->speed_enabled = pi->linkspeedactive_enabled & 0xf;
	if (mtu >= IB_MTU_256 && mtu <= IB_MTU_4096)
		port->neighbor_mtu = mtu;
	port->vl_high_limit = pi->vl_high_limit;
	port->hoq_life = pi->vlstallcnt_hoqlife;
	/* Port 0 of the switch has no link that could change. */
	status = port->node->sw && !port->num ? 0 :
		 vh_port_state_set(port, pi->linkspeed_portstate & 0xf,
				   pi->portphysstate_linkdown >> 4);
	if (!external && reregister)
		vh_port_event(port, IB_EVENT_CLIENT_REREGISTER);
	spin_unlock_irqrestore(&vh_fabric_lock, flags);
	vh_port_info_get(port, smp);
	return status;
}

static u16 vh_pkey_table(struct vh_port *port, struct ib_smp *smp, bool set)
{
	u32 block = be32_to_cpu(smp->attr_mod) & 0xffff;
	__be16 *p = (__be16 *)smp->data;
	bool change = false;
	int i;

	if (block)
		return VH_BAD_VALUE;
	if (set) {
		for (i = 0; i < VH_PKEYS; i++) {
			u16 pkey = be16_to_cpu(p[i]);

			change |= pkey != port->pkeys[i];
			WRITE_ONCE(port->pkeys[i], pkey);
		}
		if (change)
			vh_port_event(port, IB_EVENT_PKEY_CHANGE);
	}
	for (i = 0; i < VH_PKEY_BLOCK; i++)
		p[i] = cpu_to_be16(i < VH_PKEYS ? port->pkeys[i] : 0);
	return 0;
}

static u16 vh_sl2vl(struct vh_port *port, struct ib_smp *smp, bool set)
{
	if (set)
		memcpy(port->sl2vl, smp->data, sizeof(port->sl2vl));
	memset(smp->data, 0, sizeof(smp->data));
	memcpy(smp->data, port->sl2vl, sizeof(port->sl2vl));
	return 0;
}

static u16 vh_vl_arb(struct vh_port *port, struct ib_smp *smp, bool set)
{
	u32 part = be32_to_cpu(smp->attr_mod) >> 16;

	if (part < 1 || part > 4)
		return VH_BAD_VALUE;
	if (set)
		memcpy(port->vl_arb[part - 1], smp->data, sizeof(smp->data));
	else
		memcpy(smp->data, port->vl_arb[part - 1], sizeof(smp->data));
	return 0;
}

/* The port an attribute modifier names; adapters answer for their own. */
static struct vh_port *vh_sma_port(struct vh_port *in, u32 num)
{
	if (!in->node->sw)
		return num <= 1 ? in : NULL;
	return num <= in->node->nports ? &in->node->port[num] : NULL;
}

static u16 vh_sma_attr(struct vh_port *in, struct ib_smp *smp, bool set)
{
	struct vh_node *node = in->node;
	u32 mod = be32_to_cpu(smp->attr_mod);
	struct vh_port *port = in;

	switch (smp->attr_id) {
	case IB_SMP_ATTR_NODE_DESC:
		return vh_node_desc(node, smp, set);
	case IB_SMP_ATTR_NODE_INFO:
		return vh_node_info(node, in, smp, set);
	case IB_SMP_ATTR_GUID_INFO:
		return vh_guid_info(node, smp, set);
	case IB_SMP_ATTR_PORT_INFO:
		port = vh_sma_port(in, mod & 0xff);
		if (!port)
			return VH_BAD_VALUE;
		smp->data[offsetof(struct ib_port_info, local_port_num)] =
			in->num;
		if (set)
			return vh_port_info_set(port, smp);
		vh_port_info_get(port, smp);
		return 0;
	case IB_SMP_ATTR_PKEY_TABLE:
		if (node->sw)
			port = vh_sma_port(in, mod >> 16);
		return port ? vh_pkey_table(port, smp, set) : VH_BAD_VALUE;
	case IB_SMP_ATTR_SL_TO_VL_TABLE:
		if (node->sw)
			port = vh_sma_port(in, mod & 0xff);
		return port ? vh_sl2vl(port, smp, set) : VH_BAD_VALUE;
	case IB_SMP_ATTR_VL_ARB_TABLE:
		if (node->sw)
			port = vh_sma_port(in, mod & 0xff);
		return port ? vh_vl_arb(port, smp, set) : VH_BAD_VALUE;
	case IB_SMP_ATTR_SWITCH_INFO:
		return node->sw ? vh_switch_info(node, smp, set) : VH_BAD_ATTR;
	case IB_SMP_ATTR_LINEAR_FORWARD_TABLE:
		return node->sw ? vh_switch_lft(node, smp, set) : VH_BAD_ATTR;
	case IB_SMP_ATTR_MCAST_FORWARD_TABLE:
		return node->sw ? vh_switch_mft(node, smp, set) : VH_BAD_ATTR;
	default:
		return VH_BAD_ATTR;
	}
}

/* A wrong key is noticed and the request left unanswered. */
static bool vh_mkey_ok(struct vh_port *port, const struct ib_smp *smp)
{
	if (!port->mkey || smp->mkey == port->mkey)
		return true;
	if (smp->method == IB_MGMT_METHOD_GET && port->mkey_prot < 2)
		return true;
	port->mkey_viol++;
	vh_trap_mkey(port, smp);
	return false;
}

/**
 * vh_sma - answer a subnet management packet in place
 * @port:	where it arrived
 * @smp:	the packet, becomes the response
 *
 * Return: what ib_mad expects of process_mad.
 */
int vh_sma(struct vh_port *port, struct ib_smp *smp)
{
	struct vh_port *base = port->node->sw ? &port->node->port[0] : port;
	bool set = smp->method == IB_MGMT_METHOD_SET;
	u16 status;

	switch (smp->method) {
	case IB_MGMT_METHOD_GET:
	case IB_MGMT_METHOD_SET:
		break;
	case IB_MGMT_METHOD_TRAP_REPRESS:
		vh_trap_repress(port, smp->tid);
		return IB_MAD_RESULT_SUCCESS | IB_MAD_RESULT_CONSUMED;
	case IB_MGMT_METHOD_GET_RESP:
	case IB_MGMT_METHOD_TRAP:
	case IB_MGMT_METHOD_REPORT:
	case IB_MGMT_METHOD_REPORT_RESP:
		return IB_MAD_RESULT_SUCCESS;
	default:
		status = VH_STATUS(UNSUPPORTED_METHOD);
		goto reply;
	}
	/* The manager itself answers for its state. */
	if (smp->attr_id == IB_SMP_ATTR_SM_INFO && !port->node->sw &&
	    (port->cap_mask & IB_PORT_SM))
		return IB_MAD_RESULT_SUCCESS;
	if (smp->base_version != IB_MGMT_BASE_VERSION ||
	    smp->class_version != 1) {
		status = VH_STATUS(BAD_VERSION);
		goto reply;
	}
	if (!vh_mkey_ok(base, smp))
		return IB_MAD_RESULT_SUCCESS | IB_MAD_RESULT_CONSUMED;
	status = vh_sma_attr(port, smp, set);
reply:
	smp->method = IB_MGMT_METHOD_GET_RESP;
	smp->status = cpu_to_be16(status);
	if (smp->mgmt_class == IB_MGMT_CLASS_SUBN_DIRECTED_ROUTE)
		smp->status |= IB_SMP_DIRECTION;
	return IB_MAD_RESULT_SUCCESS | IB_MAD_RESULT_REPLY;
}
