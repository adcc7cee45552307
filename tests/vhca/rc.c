// SPDX-License-Identifier: GPL-2.0
/* Reliable connection, the requester's side. */
#include "vhca.h"

/* Wire overhead of a packet that counts as data, in words. */
#define VH_RC_OVERHEAD		6

static void vh_rc_count(struct vh_port *from, struct vh_port *to, u64 len,
			enum ib_mtu mtu)
{
	u32 shift = mtu + 7;
	u64 pkts = len ? (len + (1ULL << shift) - 1) >> shift : 1;
	u64 words = (len + 3) / 4 + pkts * VH_RC_OVERHEAD;

	vh_count(from, xmit_pkts, pkts);
	vh_count(from, xmit_data, words);
	vh_count(to, rcv_pkts, pkts);
	vh_count(to, rcv_data, words);
}

static bool vh_is_rdma(u32 op)
{
	return op == IB_WR_RDMA_WRITE || op == IB_WR_RDMA_READ ||
	       op == IB_WR_RDMA_WRITE_WITH_IMM;
}

/* The knob that makes RDMA operations fail without any fault of the peer. */
static bool vh_rc_fail(struct vh_qp *qp, struct vh_swqe *wqe)
{
	struct vh_faults *f = &qp->dev->faults;

	if (!vh_is_rdma(wqe->opcode) || !atomic_read(&f->rdma_fail))
		return false;
	if (vh_fault_take(&f->rdma_skip) || !vh_fault_take(&f->rdma_fail))
		return false;
	atomic_inc(&f->rdma_failed);
	return true;
}

static enum vh_exec vh_rc_transmit(struct vh_qp *qp, struct vh_swqe *wqe,
				   struct vh_result *res)
{
	struct vh_port *port = qp->dev->port;
	struct vh_qp *rqp = NULL;
	enum vh_exec ret;
	struct vh_dev *peer;

	rcu_read_lock();
	peer = vh_route(port, qp->attr.ah_attr.ib.dlid);
	if (peer)
		rqp = vh_qp_get(peer, qp->attr.dest_qp_num);
	rcu_read_unlock();
	if (!rqp) {
		vh_count(port, xmit_discards, 1);
		return VH_EXEC_LOST;
	}
	if (!vh_resp_begin(rqp, qp, port->pkeys[qp->attr.pkey_index])) {
		vh_qp_put(rqp);
		return VH_EXEC_LOST;
	}

	if (vh_rc_fail(qp, wqe)) {
		res->status = IB_WC_REM_OP_ERR;
		ret = VH_EXEC_DONE;
	} else if (wqe->opcode == IB_WR_SEND ||
		   wqe->opcode == IB_WR_SEND_WITH_IMM ||
		   wqe->opcode == IB_WR_SEND_WITH_INV) {
		ret = vh_resp_send(rqp, qp, wqe, res);
	} else {
		ret = vh_resp_rdma(rqp, qp, wqe, res);
	}
	if (ret == VH_EXEC_DONE && res->status == IB_WC_SUCCESS) {
		bool read = wqe->opcode == IB_WR_RDMA_READ;

		vh_rc_count(read ? rqp->dev->port : port,
			    read ? port : rqp->dev->port, qp->local.len,
			    qp->attr.path_mtu);
	}
	vh_resp_end(rqp);
	vh_qp_put(rqp);
	return ret;
}

/*
 * vh_rc_execute - execute one send work request of a connected queue pair
 */
enum vh_exec vh_rc_execute(struct vh_qp *qp, struct vh_swqe *wqe,
			   struct vh_result *res)
{
	bool fetch = false;
	enum vh_exec ret;

	switch (wqe->opcode) {
	case IB_WR_REG_MR:
		res->status = vh_mr_reg(qp, wqe->reg.mr, wqe->reg.key,
					wqe->reg.access);
		return VH_EXEC_DONE;
	case IB_WR_LOCAL_INV:
		switch (vh_mr_invalidate(qp->dev, qp->ibqp.pd, wqe->inv_rkey,
					 false)) {
		case -EAGAIN:
			return VH_EXEC_AGAIN;
		case 0:
			break;
		default:
			res->status = IB_WC_MW_BIND_ERR;
		}
		return VH_EXEC_DONE;
	case IB_WR_RDMA_READ:
	case IB_WR_ATOMIC_CMP_AND_SWP:
	case IB_WR_ATOMIC_FETCH_AND_ADD:
		fetch = true;
		if (!qp->attr.max_rd_atomic) {
			res->status = IB_WC_LOC_QP_OP_ERR;
			return VH_EXEC_DONE;
		}
	}

	if (wqe->flags & IB_SEND_INLINE) {
		vh_sgl_direct(&qp->local, wqe->sge, wqe->inline_len);
	} else if (!vh_sgl_get(qp->dev, qp->ibqp.pd, qp->user, wqe->sge,
			       wqe->num_sge, fetch ? IB_ACCESS_LOCAL_WRITE : 0,
			       &qp->local)) {
		res->status = IB_WC_LOC_PROT_ERR;
		return VH_EXEC_DONE;
	}
	if (qp->local.len > VH_MAX_MSG) {
		res->status = IB_WC_LOC_LEN_ERR;
		ret = VH_EXEC_DONE;
	} else {
		ret = vh_rc_transmit(qp, wqe, res);
		if (ret == VH_EXEC_DONE && res->status == IB_WC_SUCCESS)
			res->byte_len = qp->local.len;
	}
	vh_sgl_put(&qp->local);
	return ret;
}
