// SPDX-License-Identifier: GPL-2.0
/* Performance management agent. */
#include <rdma/ib_pma.h>
#include "vhca.h"

#define VH_PMA_RESP_TIME	16
#define VH_PMA_ALL_PORTS	0xff

static u32 vh_sat32(u64 v)
{
	return min_t(u64, v, U32_MAX);
}

static __be16 vh_be16_sat(u64 v)
{
	return cpu_to_be16(min_t(u64, v, U16_MAX));
}

static void vh_since_clear(const struct vh_port *port, struct vh_counters *now)
{
	u64 *n = (u64 *)now;
	const u64 *c = (const u64 *)&port->cleared;
	unsigned int i;

	vh_sum_counters(port, now);
	for (i = 0; i < sizeof(*now) / sizeof(u64); i++)
		n[i] -= c[i];
}

static u16 vh_pma_class_info(struct ib_pma_mad *mad, bool set)
{
	struct ib_class_port_info *cpi = (void *)mad->data;

	if (set || mad->mad_hdr.attr_mod)
		return IB_MGMT_MAD_STATUS_UNSUPPORTED_METHOD_ATTRIB;
	memset(mad->data, 0, sizeof(mad->data));
	cpi->base_version = IB_MGMT_BASE_VERSION;
	cpi->class_version = 1;
	cpi->capability_mask = IB_PMA_CLASS_CAP_ALLPORTSELECT |
			       IB_PMA_CLASS_CAP_EXT_WIDTH;
	ib_set_cpi_resp_time(cpi, VH_PMA_RESP_TIME);
	return 0;
}

static void vh_pma_clear(struct vh_port *port, u16 select)
{
	struct vh_counters sum;

	vh_sum_counters(port, &sum);
	if (select & be16_to_cpu(IB_PMA_SEL_LINK_DOWNED))
		port->link_downed_cleared = port->link_downed;
	if (select & be16_to_cpu(IB_PMA_SEL_PORT_RCV_ERRORS))
		port->cleared.rcv_errors = sum.rcv_errors;
	if (select & be16_to_cpu(IB_PMA_SEL_PORT_XMIT_DISCARDS)) {
		port->cleared.xmit_discards = sum.xmit_discards;
		port->cleared.xmit_constraint = sum.xmit_constraint;
		port->cleared.rcv_constraint = sum.rcv_constraint;
	}
	if (select & be16_to_cpu(IB_PMA_SEL_PORT_XMIT_DATA))
		port->cleared.xmit_data = sum.xmit_data;
	if (select & be16_to_cpu(IB_PMA_SEL_PORT_RCV_DATA))
		port->cleared.rcv_data = sum.rcv_data;
	if (select & be16_to_cpu(IB_PMA_SEL_PORT_XMIT_PACKETS))
		port->cleared.xmit_pkts = sum.xmit_pkts;
	if (select & be16_to_cpu(IB_PMA_SEL_PORT_RCV_PACKETS))
		port->cleared.rcv_pkts = sum.rcv_pkts;
}

static u16 vh_pma_counters(struct vh_port *port, struct ib_pma_mad *mad,
			   bool set)
{
	struct ib_pma_portcounters *p = (void *)mad->data;
	u8 select = p->port_select;
	struct vh_counters c;

	if (set)
		vh_pma_clear(port, be16_to_cpu(p->counter_select));
	memset(mad->data, 0, sizeof(mad->data));
	vh_since_clear(port, &c);
	p->port_select = select;
	p->link_downed_counter = min_t(u32, U8_MAX, port->link_downed -
				       port->link_downed_cleared);
	p->port_rcv_errors = vh_be16_sat(c.rcv_errors);
	p->port_xmit_discards = vh_be16_sat(c.xmit_discards);
	p->port_xmit_constraint_errors = min_t(u64, c.xmit_constraint, U8_MAX);
	p->port_rcv_constraint_errors = min_t(u64, c.rcv_constraint, U8_MAX);
	p->port_xmit_data = cpu_to_be32(vh_sat32(c.xmit_data));
	p->port_rcv_data = cpu_to_be32(vh_sat32(c.rcv_data));
	p->port_xmit_packets = cpu_to_be32(vh_sat32(c.xmit_pkts));
	p->port_rcv_packets = cpu_to_be32(vh_sat32(c.rcv_pkts));
	return 0;
}

static void vh_pma_clear_ext(struct vh_port *port, __be16 select)
{
	struct vh_counters sum;

	vh_sum_counters(port, &sum);
	if (select & IB_PMA_SELX_PORT_XMIT_DATA)
		port->cleared.xmit_data = sum.xmit_data;
	if (select & IB_PMA_SELX_PORT_RCV_DATA)
		port->cleared.rcv_data = sum.rcv_data;
	if (select & IB_PMA_SELX_PORT_XMIT_PACKETS)
		port->cleared.xmit_pkts = sum.xmit_pkts;
	if (select & IB_PMA_SELX_PORT_RCV_PACKETS)
		port->cleared.rcv_pkts = sum.rcv_pkts;
	if (select & IB_PMA_SELX_PORT_MULTI_XMIT_PACKETS)
		port->cleared.mcast_xmit_pkts = sum.mcast_xmit_pkts;
	if (select & IB_PMA_SELX_PORT_MULTI_RCV_PACKETS)
		port->cleared.mcast_rcv_pkts = sum.mcast_rcv_pkts;
}

static u16 vh_pma_counters_ext(struct vh_port *port, struct ib_pma_mad *mad,
			       bool set)
{
	struct ib_pma_portcounters_ext *p = (void *)mad->data;
	u8 select = p->port_select;
	struct vh_counters c;

	if (set)
		vh_pma_clear_ext(port, p->counter_select);
	memset(mad->data, 0, sizeof(mad->data));
	vh_since_clear(port, &c);
	p->port_select = select;
	p->port_xmit_data = cpu_to_be64(c.xmit_data);
	p->port_rcv_data = cpu_to_be64(c.rcv_data);
	p->port_xmit_packets = cpu_to_be64(c.xmit_pkts);
	p->port_rcv_packets = cpu_to_be64(c.rcv_pkts);
	p->port_unicast_xmit_packets =
		cpu_to_be64(c.xmit_pkts - c.mcast_xmit_pkts);
	p->port_unicast_rcv_packets =
		cpu_to_be64(c.rcv_pkts - c.mcast_rcv_pkts);
	p->port_multicast_xmit_packets = cpu_to_be64(c.mcast_xmit_pkts);
	p->port_multicast_rcv_packets = cpu_to_be64(c.mcast_rcv_pkts);
	return 0;
}

/* Both counter attributes name the port in the same place. */
static struct vh_port *vh_pma_port(struct vh_port *in,
				   const struct ib_pma_mad *mad)
{
	u8 num = ((const struct ib_pma_portcounters *)mad->data)->port_select;

	if (num == VH_PMA_ALL_PORTS)
		return in;
	if (!in->node->sw)
		return num == 1 ? in : NULL;
	return num <= in->node->nports ? &in->node->port[num] : NULL;
}

/*
 * vh_pma - answer a performance management packet in place
 */
int vh_pma(struct vh_port *in, struct ib_mad *m)
{
	struct ib_pma_mad *mad = (struct ib_pma_mad *)m;
	bool set = mad->mad_hdr.method == IB_MGMT_METHOD_SET;
	struct vh_port *port;
	u16 status;

	switch (mad->mad_hdr.method) {
	case IB_MGMT_METHOD_GET:
	case IB_MGMT_METHOD_SET:
		break;
	case IB_MGMT_METHOD_GET_RESP:
		return IB_MAD_RESULT_SUCCESS;
	default:
		status = IB_MGMT_MAD_STATUS_UNSUPPORTED_METHOD;
		goto reply;
	}
	if (mad->mad_hdr.base_version != IB_MGMT_BASE_VERSION ||
	    mad->mad_hdr.class_version != 1) {
		status = IB_MGMT_MAD_STATUS_BAD_VERSION;
		goto reply;
	}
	switch (mad->mad_hdr.attr_id) {
	case IB_PMA_CLASS_PORT_INFO:
		status = vh_pma_class_info(mad, set);
		break;
	case IB_PMA_PORT_COUNTERS:
		port = vh_pma_port(in, mad);
		status = port ? vh_pma_counters(port, mad, set) :
				IB_MGMT_MAD_STATUS_INVALID_ATTRIB_VALUE;
		break;
	case IB_PMA_PORT_COUNTERS_EXT:
		port = vh_pma_port(in, mad);
		status = port ? vh_pma_counters_ext(port, mad, set) :
				IB_MGMT_MAD_STATUS_INVALID_ATTRIB_VALUE;
		break;
	default:
		status = IB_MGMT_MAD_STATUS_UNSUPPORTED_METHOD_ATTRIB;
	}
reply:
	mad->mad_hdr.method = IB_MGMT_METHOD_GET_RESP;
	mad->mad_hdr.status = cpu_to_be16(status);
	return IB_MAD_RESULT_SUCCESS | IB_MAD_RESULT_REPLY;
}
