// SPDX-License-Identifier: GPL-2.0
/* The virtual switch: forwarding tables and directed routes. */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/utsname.h>
#include "vhca.h"

#define VH_LFT_SIZE		VH_LID_MCAST
#define VH_LFT_BLOCK		64
#define VH_MFT_SIZE		1024
#define VH_MFT_BLOCK		32
#define VH_MFT_PORTS		16
#define VH_NO_PORT		0xff
#define VH_PORT_STATE_CHANGE	0x04
#define VH_LIFE_TIME		0x10

/**
 * struct vh_switch - what a switch has beyond a node's ports
 * @lft:	output port of each unicast LID
 * @mft:	output ports of each multicast LID as a mask
 * @lft_top:	highest LID in use
 * @mcast_top:	highest multicast LID in use
 * @def_port:	port for LIDs without an entry, only stored
 * @life:	life time and port state change bit of SwitchInfo
 */
struct vh_switch {
	u8 *lft;
	u32 *mft;
	u16 lft_top;
	u16 mcast_top;
	u8 def_port;
	u8 life;
};

/* Attribute SwitchInfo. */
struct vh_switch_info {
	__be16 lft_cap;
	__be16 rft_cap;
	__be16 mft_cap;
	__be16 lft_top;
	u8 def_port;
	u8 def_mcast_primary;
	u8 def_mcast_other;
	u8 life_state;
	__be16 lids_per_port;
	__be16 enforce_cap;
	u8 flags;
	u8 resv;
	__be16 mcast_top;
} __packed;

struct vh_node *vh_switch_alloc(u8 nports, u64 guid)
{
	struct vh_switch *sw;
	struct vh_node *node;
	int i;

	node = vh_node_alloc(RDMA_NODE_IB_SWITCH, -1, nports, guid, guid);
	if (!node)
		return NULL;
	sw = kzalloc(sizeof(*sw), GFP_KERNEL);
	if (!sw)
		goto fail;
	node->sw = sw;
	sw->lft = kvmalloc(VH_LFT_SIZE, GFP_KERNEL);
	sw->mft = kcalloc(VH_MFT_SIZE, sizeof(*sw->mft), GFP_KERNEL);
	if (!sw->lft || !sw->mft)
		goto fail;
	memset(sw->lft, VH_NO_PORT, VH_LFT_SIZE);
	sw->life = VH_LIFE_TIME << 3;
	snprintf(node->desc, sizeof(node->desc), "%.32s virtual switch",
		 init_utsname()->nodename);
	/* Port 0 has no cable and is always there. */
	node->port[0].present = true;
	node->port[0].state = IB_PORT_ACTIVE;
	node->port[0].phys = IB_PORT_PHYS_STATE_LINK_UP;
	node->port[0].cap_mask = IB_PORT_TRAP_SUP | IB_PORT_SYS_IMAGE_GUID_SUP;
	for (i = 1; i <= nports; i++)
		node->port[i].cap_mask = 0;
	return node;
fail:
	vh_switch_free(node);
	return NULL;
}

void vh_switch_free(struct vh_node *node)
{
	if (!node)
		return;
	vh_trap_stop(node);
	if (node->sw) {
		kvfree(node->sw->lft);
		kfree(node->sw->mft);
		kfree(node->sw);
	}
	vh_node_free(node);
}

/*
 * vh_switch_changed - a port of the switch went up or down
 *
 * Called with vh_fabric_lock held.
 */
void vh_switch_changed(struct vh_node *node)
{
	node->sw->life |= VH_PORT_STATE_CHANGE;
	vh_trap_link(node);
}

/* The port of the switch a unicast LID leaves by. */
static struct vh_port *vh_switch_lookup(struct vh_node *node, u16 dlid)
{
	u8 out;

	if (dlid >= VH_LFT_SIZE)
		return NULL;
	out = READ_ONCE(node->sw->lft[dlid]);
	return out <= node->nports ? &node->port[out] : NULL;
}

/*
 * vh_switch_unicast - output port for data traffic that came in at @in
 */
struct vh_port *vh_switch_unicast(struct vh_port *in, u16 dlid)
{
	struct vh_port *out = vh_switch_lookup(in->node, dlid);

	if (!out || !out->num || READ_ONCE(in->state) != IB_PORT_ACTIVE ||
	    READ_ONCE(out->state) != IB_PORT_ACTIVE) {
		vh_count(in, xmit_discards, 1);
		return NULL;
	}
	return out;
}

/* Send a packet out of one of the ports. */
static void vh_switch_out(struct vh_node *node, u8 num, struct vh_pkt *pkt)
{
	struct vh_port *out;

	if (!num || num > node->nports)
		return;
	out = &node->port[num];
	if (!out->peer || READ_ONCE(out->state) <
	    (pkt->dst_qpn ? IB_PORT_ARMED : IB_PORT_INIT)) {
		vh_count(out, xmit_discards, 1);
		return;
	}
	vh_count(out, xmit_pkts, 1);
	vh_count(out, xmit_data, pkt->len / 4 + 8);
	vh_pkt_deliver(out->peer, pkt);
}

static void vh_switch_mcast(struct vh_port *in, struct vh_pkt *pkt)
{
	struct vh_node *node = in->node;
	u32 index = pkt->dlid - VH_LID_MCAST;
	unsigned long mask;
	int num;

	if (index >= VH_MFT_SIZE)
		return;
	mask = READ_ONCE(node->sw->mft[index]);
	for_each_set_bit(num, &mask, VH_MAX_HCAS + 1)
		if (num != in->num)
			vh_switch_out(node, num, pkt);
}

static struct vh_pkt *vh_switch_reply(struct vh_node *node,
				      const struct vh_pkt *pkt)
{
	struct vh_pkt *re;

	re = vh_pkt_alloc(&node->port[0], IB_MGMT_MAD_SIZE, GFP_ATOMIC);
	if (!re)
		return NULL;
	memcpy(re->data, pkt->data, IB_MGMT_MAD_SIZE);
	re->slid = node->port[0].lid;
	re->dlid = pkt->slid;
	re->sl = pkt->sl;
	re->pkey = pkt->pkey;
	re->src_qpn = pkt->dst_qpn;
	re->dst_qpn = pkt->src_qpn;
	re->qkey = IB_QP1_QKEY;
	return re;
}

/* Packets routed by LID to the switch itself. */
static void vh_switch_self(struct vh_port *in, struct vh_pkt *pkt)
{
	struct vh_node *node = in->node;
	struct vh_port *out;
	struct vh_pkt *re;
	int ret = 0;

	if (pkt->len != IB_MGMT_MAD_SIZE || pkt->dst_qpn > 1)
		return;
	re = vh_switch_reply(node, pkt);
	if (!re)
		return;
	if (!pkt->dst_qpn)
		ret = vh_sma(in, (struct ib_smp *)re->data);
	else if (((struct ib_mad *)re->data)->mad_hdr.mgmt_class ==
		 IB_MGMT_CLASS_PERF_MGMT)
		ret = vh_pma(in, (struct ib_mad *)re->data);
	if (ret & IB_MAD_RESULT_REPLY) {
		if (re->dlid == VH_LID_PERMISSIVE) {
			vh_switch_out(node, in->num, re);
		} else {
			out = vh_switch_lookup(node, re->dlid);
			if (out)
				vh_switch_out(node, out->num, re);
		}
	}
	kfree(re);
}

/* A directed route ends here: answer and send it all the way back. */
static void vh_switch_directed_self(struct vh_port *in, struct vh_pkt *pkt)
{
	struct vh_pkt *re = vh_switch_reply(in->node, pkt);
	struct ib_smp *smp;

	if (!re)
		return;
	re->slid = VH_LID_PERMISSIVE;
	re->dlid = VH_LID_PERMISSIVE;
	smp = (struct ib_smp *)re->data;
	if (vh_sma(in, smp) & IB_MAD_RESULT_REPLY) {
		smp->hop_ptr--;
		vh_switch_out(in->node, smp->return_path[smp->hop_ptr], re);
	}
	kfree(re);
}

static void vh_switch_directed(struct vh_port *in, struct vh_pkt *pkt)
{
	struct ib_smp *smp = (struct ib_smp *)pkt->data;
	struct vh_node *node = in->node;

	if (pkt->len != sizeof(*smp) ||
	    smp->mgmt_class != IB_MGMT_CLASS_SUBN_DIRECTED_ROUTE ||
	    smp->hop_cnt >= IB_SMP_MAX_PATH_HOPS)
		return;
	if (ib_get_smp_direction(smp)) {
		if (smp->hop_ptr < 2 || smp->hop_ptr > smp->hop_cnt + 1)
			return;
		smp->hop_ptr--;
		vh_switch_out(node, smp->return_path[smp->hop_ptr], pkt);
		return;
	}
	if (!smp->hop_ptr || smp->hop_ptr > smp->hop_cnt)
		return;
	smp->return_path[smp->hop_ptr] = in->num;
	smp->hop_ptr++;
	if (smp->hop_ptr <= smp->hop_cnt)
		vh_switch_out(node, smp->initial_path[smp->hop_ptr], pkt);
	else if (smp->dr_dlid == cpu_to_be16(VH_LID_PERMISSIVE))
		vh_switch_directed_self(in, pkt);
}

/*
 * vh_switch_packet - a datagram arrives at a port of the switch
 *
 * The caller frees it.
 */
void vh_switch_packet(struct vh_port *in, struct vh_pkt *pkt)
{
	struct vh_node *node = in->node;
	struct vh_port *out;

	if (READ_ONCE(in->state) <
	    (pkt->dst_qpn ? IB_PORT_ARMED : IB_PORT_INIT))
		return;
	vh_count(in, rcv_pkts, 1);
	vh_count(in, rcv_data, pkt->len / 4 + 8);
	if (pkt->dlid == VH_LID_PERMISSIVE) {
		if (!pkt->dst_qpn)
			vh_switch_directed(in, pkt);
		return;
	}
	if (pkt->dlid >= VH_LID_MCAST) {
		vh_switch_mcast(in, pkt);
		return;
	}
	if (vh_port_owns(&node->port[0], pkt->dlid)) {
		vh_switch_self(in, pkt);
		return;
	}
	out = vh_switch_lookup(node, pkt->dlid);
	if (out)
		vh_switch_out(node, out->num, pkt);
	else
		vh_count(in, xmit_discards, 1);
}

u16 vh_switch_info(struct vh_node *node, struct ib_smp *smp, bool set)
{
	struct vh_switch_info *si = (struct vh_switch_info *)smp->data;
	struct vh_switch *sw = node->sw;
	unsigned long flags;

	spin_lock_irqsave(&vh_fabric_lock, flags);
	if (set) {
		sw->lft_top = be16_to_cpu(si->lft_top);
		sw->mcast_top = be16_to_cpu(si->mcast_top);
		sw->def_port = si->def_port;
		/* The manager clears the change bit by writing it. */
		if (si->life_state & VH_PORT_STATE_CHANGE)
			sw->life &= ~VH_PORT_STATE_CHANGE;
		sw->life = (si->life_state & 0xf8) |
			   (sw->life & VH_PORT_STATE_CHANGE);
	}
	memset(smp->data, 0, sizeof(smp->data));
	si->lft_cap = cpu_to_be16(VH_LFT_SIZE);
	si->mft_cap = cpu_to_be16(VH_MFT_SIZE);
	si->lft_top = cpu_to_be16(sw->lft_top);
	si->def_port = sw->def_port;
	si->life_state = sw->life;
	si->enforce_cap = cpu_to_be16(VH_PKEYS);
	si->mcast_top = cpu_to_be16(sw->mcast_top);
	spin_unlock_irqrestore(&vh_fabric_lock, flags);
	return 0;
}

u16 vh_switch_lft(struct vh_node *node, struct ib_smp *smp, bool set)
{
	u32 block = be32_to_cpu(smp->attr_mod);
	u8 *lft;

	if (block >= VH_LFT_SIZE / VH_LFT_BLOCK)
		return IB_MGMT_MAD_STATUS_INVALID_ATTRIB_VALUE;
	lft = node->sw->lft + block * VH_LFT_BLOCK;
	if (set)
		memcpy(lft, smp->data, VH_LFT_BLOCK);
	else
		memcpy(smp->data, lft, VH_LFT_BLOCK);
	return 0;
}

u16 vh_switch_mft(struct vh_node *node, struct ib_smp *smp, bool set)
{
	u32 mod = be32_to_cpu(smp->attr_mod);
	u32 block = mod & 0x1ff, pos = mod >> 28;
	__be16 *data = (__be16 *)smp->data;
	int i;

	if (block >= VH_MFT_SIZE / VH_MFT_BLOCK ||
	    pos * VH_MFT_PORTS > node->nports)
		return IB_MGMT_MAD_STATUS_INVALID_ATTRIB_VALUE;
	for (i = 0; i < VH_MFT_BLOCK; i++) {
		u32 *mask = &node->sw->mft[block * VH_MFT_BLOCK + i];
		u32 shift = pos * VH_MFT_PORTS;

		if (set)
			WRITE_ONCE(*mask, (*mask & ~(0xffffU << shift)) |
				   (u32)be16_to_cpu(data[i]) << shift);
		else
			data[i] = cpu_to_be16(*mask >> shift);
	}
	return 0;
}
