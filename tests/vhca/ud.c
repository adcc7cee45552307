// SPDX-License-Identifier: GPL-2.0
/* Unreliable datagrams, including those of the management queue pairs. */
#include "vhca.h"

#define VH_GRH_NEXT_IBA		0x1b

static void vh_ud_grh(struct vh_port *port, const struct vh_av *av,
		      struct vh_pkt *pkt)
{
	struct ib_grh *grh = &pkt->grh;

	pkt->has_grh = av->grh;
	if (!av->grh)
		return;
	grh->version_tclass_flow = cpu_to_be32(6U << 28 |
					       av->traffic_class << 20 |
					       (av->flow_label & 0xfffff));
	grh->paylen = cpu_to_be16(pkt->len + 24);
	grh->next_hdr = VH_GRH_NEXT_IBA;
	grh->hop_limit = av->hop_limit;
	grh->sgid.global.subnet_prefix = port->prefix;
	grh->sgid.global.interface_id = port->node->guid;
	grh->dgid = av->dgid;
}

/*
 * vh_ud_execute - send one datagram
 *
 * It completes as soon as it has left, whatever becomes of it.
 */
enum vh_exec vh_ud_execute(struct vh_qp *qp, struct vh_swqe *wqe,
			   struct vh_result *res)
{
	struct vh_port *port = qp->dev->port;
	struct vh_av *av = &wqe->ud.av;
	struct vh_pkt *pkt;
	u32 delay_ms = 0;
	u16 pkey_index;

	if (wqe->flags & IB_SEND_INLINE) {
		vh_sgl_direct(&qp->local, wqe->sge, wqe->inline_len);
	} else if (!vh_sgl_get(qp->dev, qp->ibqp.pd, qp->user, wqe->sge,
			       wqe->num_sge, 0, &qp->local)) {
		res->status = IB_WC_LOC_PROT_ERR;
		return VH_EXEC_DONE;
	}
	if (qp->local.len > VH_UD_MAX) {
		res->status = IB_WC_LOC_LEN_ERR;
		goto put;
	}
	res->byte_len = qp->local.len;
	pkt = vh_pkt_alloc(port, qp->local.len, GFP_ATOMIC);
	if (!pkt)
		goto put;	/* Lost, as datagrams may be. */

	pkey_index = qp->ibqp.qp_type == IB_QPT_GSI ? wqe->ud.pkey_index :
						      qp->attr.pkey_index;
	pkt->slid = port->lid | av->path_bits;
	pkt->dlid = av->dlid;
	if (pkt->dlid == VH_LID_PERMISSIVE || !port->lid)
		pkt->slid = VH_LID_PERMISSIVE;
	pkt->sl = av->sl;
	pkt->pkey = port->pkeys[pkey_index];
	pkt->src_qpn = qp->ibqp.qp_num;
	pkt->dst_qpn = wqe->ud.qpn;
	/* The high bit asks for the key of the queue pair itself. */
	pkt->qkey = wqe->ud.qkey & IB_QP_SET_QKEY ? qp->attr.qkey :
						    wqe->ud.qkey;
	pkt->has_imm = wqe->opcode == IB_WR_SEND_WITH_IMM;
	pkt->imm = wqe->imm;
	pkt->solicited = wqe->flags & IB_SEND_SOLICITED;
	vh_ud_grh(port, av, pkt);
	vh_sgl_load(pkt->data, &qp->local, pkt->len);

	if (qp->ibqp.qp_num <= 1 && vh_fault_mad(qp->dev, pkt, &delay_ms)) {
		if (delay_ms)
			vh_pkt_delay(pkt, delay_ms);
		else
			kfree(pkt);
	} else {
		vh_pkt_send(pkt);
	}
put:
	vh_sgl_put(&qp->local);
	return VH_EXEC_DONE;
}

static bool vh_ud_accepts(struct vh_qp *qp, const struct vh_pkt *pkt,
			  struct ib_wc *wc)
{
	struct vh_port *port = qp->dev->port;
	int index;

	switch (qp->ibqp.qp_type) {
	case IB_QPT_SMI:
		return true;
	case IB_QPT_GSI:
		index = vh_pkey_find(port, pkt->pkey);
		if (index < 0)
			goto bad_pkey;
		wc->pkey_index = index;
		break;
	case IB_QPT_UD:
		if (!vh_pkey_match(pkt->pkey, port->pkeys[qp->attr.pkey_index]))
			goto bad_pkey;
		wc->pkey_index = qp->attr.pkey_index;
		break;
	default:
		return false;
	}
	if (pkt->qkey == qp->attr.qkey)
		return true;
	port->qkey_viol++;
	vh_trap_key(port, 258, pkt->slid, pkt->dlid, pkt->qkey, pkt->sl,
		    pkt->src_qpn, qp->ibqp.qp_num);
	return false;

bad_pkey:
	port->pkey_viol++;
	vh_count(port, rcv_constraint, 1);
	vh_trap_key(port, 257, pkt->slid, pkt->dlid, pkt->pkey, pkt->sl,
		    pkt->src_qpn, qp->ibqp.qp_num);
	return false;
}

/*
 * vh_ud_receive - put a datagram into the next receive of a queue pair
 *
 * The caller keeps the queue pair from going away.
 */
void vh_ud_receive(struct vh_qp *qp, struct vh_pkt *pkt)
{
	struct vh_cqe cqe = { .wc.opcode = IB_WC_RECV };
	struct ib_wc *wc = &cqe.wc;
	struct vh_sgl dst;
	unsigned long flags;
	bool error = false;

	if (!vh_ud_accepts(qp, pkt, wc))
		return;
	spin_lock_irqsave(&qp->lock, flags);
	if (qp->dying || qp->state < IB_QPS_RTR || qp->state > IB_QPS_SQE) {
		spin_unlock_irqrestore(&qp->lock, flags);
		return;
	}
	qp->resp_busy++;
	spin_unlock_irqrestore(&qp->lock, flags);

	switch (vh_rq_pop(qp, &dst, &wc->wr_id)) {
	case VH_POP_EMPTY:
		vh_count(qp->dev->port, rcv_errors, 1);
		vh_resp_end(qp);
		return;
	case VH_POP_PROT:
		wc->status = IB_WC_LOC_PROT_ERR;
		error = true;
		break;
	case VH_POP_OK:
		if (dst.len < pkt->len + VH_GRH_LEN) {
			wc->status = IB_WC_LOC_LEN_ERR;
			error = true;
		} else {
			if (pkt->has_grh) {
				vh_sgl_store(&dst, 0, &pkt->grh, VH_GRH_LEN);
				wc->wc_flags |= IB_WC_GRH;
			}
			vh_sgl_store(&dst, VH_GRH_LEN, pkt->data, pkt->len);
		}
		vh_sgl_put(&dst);
		break;
	}
	wc->byte_len = pkt->len + VH_GRH_LEN;
	wc->src_qp = pkt->src_qpn;
	wc->slid = pkt->slid;
	wc->sl = pkt->sl;
	wc->dlid_path_bits = pkt->dlid < VH_LID_MCAST ?
			     pkt->dlid & ((1 << qp->dev->port->lmc) - 1) : 0;
	wc->port_num = 1;
	if (pkt->has_imm) {
		wc->wc_flags |= IB_WC_WITH_IMM;
		wc->ex.imm_data = pkt->imm;
	}
	if (error)
		vh_qp_error(qp);
	vh_recv_complete(qp, &cqe, pkt->solicited);
	vh_resp_end(qp);
}
