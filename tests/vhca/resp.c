// SPDX-License-Identifier: GPL-2.0
/*
 * Reliable connection, the responder's side. It runs in the requester's
 * engine, but all checks are those of the queue pair that is addressed.
 */
#include "vhca.h"

/**
 * vh_resp_begin - a message arrives; decide whether it is for this queue pair
 * @rqp:	the queue pair addressed
 * @qp:		the sender
 * @pkey:	partition key of the packet
 *
 * Return: false to drop it silently, as a responder does for packets of
 * strangers. After true the caller has to call vh_resp_end().
 */
bool vh_resp_begin(struct vh_qp *rqp, struct vh_qp *qp, u16 pkey)
{
	struct vh_port *port = rqp->dev->port;
	bool ok, est = false, bad_pkey = false;
	unsigned long flags;

	spin_lock_irqsave(&rqp->lock, flags);
	ok = rqp->ibqp.qp_type == IB_QPT_RC && !rqp->dying &&
	     rqp->state >= IB_QPS_RTR && rqp->state <= IB_QPS_SQE &&
	     rqp->attr.dest_qp_num == qp->ibqp.qp_num && !rqp->resp_busy &&
	     vh_port_owns(qp->dev->port, rqp->attr.ah_attr.ib.dlid);
	if (ok && !vh_pkey_match(pkey, port->pkeys[rqp->attr.pkey_index])) {
		bad_pkey = true;
		ok = false;
	}
	if (ok) {
		rqp->resp_busy++;
		est = rqp->state == IB_QPS_RTR && !rqp->comm_est;
		rqp->comm_est |= est;
	}
	spin_unlock_irqrestore(&rqp->lock, flags);

	if (bad_pkey) {
		port->pkey_viol++;
		vh_count(port, rcv_constraint, 1);
		vh_trap_key(port, 257, qp->dev->port->lid, port->lid, pkey,
			    qp->attr.ah_attr.sl, qp->ibqp.qp_num,
			    rqp->ibqp.qp_num);
	}
	if (est)
		vh_qp_event(rqp, IB_EVENT_COMM_EST);
	return ok;
}

/*
 * vh_resp_end - the message is placed, a pending flush may go on
 */
void vh_resp_end(struct vh_qp *rqp)
{
	unsigned long flags;

	spin_lock_irqsave(&rqp->lock, flags);
	rqp->resp_busy--;
	spin_unlock_irqrestore(&rqp->lock, flags);
	if (READ_ONCE(rqp->state) == IB_QPS_ERR)
		vh_engine_kick(rqp);
}

/* Refuse a request: both ends learn of it and the connection is over. */
static enum vh_exec vh_resp_nak(struct vh_qp *rqp, struct vh_result *res,
				enum ib_wc_status status)
{
	vh_qp_event(rqp, status == IB_WC_REM_ACCESS_ERR ?
		    IB_EVENT_QP_ACCESS_ERR : IB_EVENT_QP_REQ_ERR);
	vh_qp_error(rqp);
	res->status = status;
	return VH_EXEC_DONE;
}

static enum vh_exec vh_resp_rnr(struct vh_qp *rqp, struct vh_result *res)
{
	res->rnr_timer = rqp->attr.min_rnr_timer;
	return VH_EXEC_RNR;
}

static bool vh_resp_forced_rnr(struct vh_qp *rqp)
{
	struct vh_faults *f = &rqp->dev->faults;

	if (!vh_fault_take(&f->rnr))
		return false;
	atomic_inc(&f->rnr_sent);
	return true;
}

static void vh_resp_wc(struct vh_qp *rqp, struct vh_qp *qp,
		       struct vh_swqe *wqe, struct ib_wc *wc)
{
	wc->byte_len = qp->local.len;
	wc->src_qp = qp->ibqp.qp_num;
	wc->slid = qp->dev->port->lid;
	wc->sl = qp->attr.ah_attr.sl;
	wc->pkey_index = rqp->attr.pkey_index;
	wc->port_num = 1;
	switch (wqe->opcode) {
	case IB_WR_SEND_WITH_IMM:
	case IB_WR_RDMA_WRITE_WITH_IMM:
		wc->wc_flags = IB_WC_WITH_IMM;
		wc->ex.imm_data = wqe->imm;
		break;
	case IB_WR_SEND_WITH_INV:
		wc->wc_flags = IB_WC_WITH_INVALIDATE;
		wc->ex.invalidate_rkey = wqe->inv_rkey;
		break;
	}
}

/*
 * vh_resp_send - place a SEND into the next receive
 */
enum vh_exec vh_resp_send(struct vh_qp *rqp, struct vh_qp *qp,
			  struct vh_swqe *wqe, struct vh_result *res)
{
	struct vh_cqe cqe = { .wc.opcode = IB_WC_RECV };
	struct vh_sgl *dst = &qp->remote;

	if (vh_resp_forced_rnr(rqp))
		return vh_resp_rnr(rqp, res);
	/*
	 * Before a receive is taken, because another CPU may be copying by
	 * that key and then all of this has to be tried again.
	 */
	if (wqe->opcode == IB_WR_SEND_WITH_INV && !wqe->invalidated) {
		switch (vh_mr_invalidate(rqp->dev, rqp->ibqp.pd,
					 wqe->inv_rkey, true)) {
		case 0:
			wqe->invalidated = true;
			vh_count(rqp->dev->port, remote_inv, 1);
			break;
		case -EAGAIN:
			return VH_EXEC_AGAIN;
		default:
			return vh_resp_nak(rqp, res, IB_WC_REM_ACCESS_ERR);
		}
	}

	switch (vh_rq_pop(rqp, dst, &cqe.wc.wr_id)) {
	case VH_POP_EMPTY:
		return vh_resp_rnr(rqp, res);
	case VH_POP_PROT:
		cqe.wc.status = IB_WC_LOC_PROT_ERR;
		res->status = IB_WC_REM_OP_ERR;
		break;
	case VH_POP_OK:
		if (qp->local.len > dst->len) {
			cqe.wc.status = IB_WC_LOC_LEN_ERR;
			res->status = IB_WC_REM_INV_REQ_ERR;
		} else {
			vh_sgl_copy(dst, &qp->local, qp->local.len);
		}
		vh_sgl_put(dst);
		break;
	}
	vh_resp_wc(rqp, qp, wqe, &cqe.wc);
	if (res->status != IB_WC_SUCCESS)
		vh_qp_error(rqp);
	vh_recv_complete(rqp, &cqe, wqe->flags & IB_SEND_SOLICITED);
	return VH_EXEC_DONE;
}

static void vh_resp_atomic(struct vh_qp *qp, struct vh_swqe *wqe)
{
	atomic64_t *p = vh_sgl_ptr(&qp->remote);
	u64 val;

	if (wqe->opcode == IB_WR_ATOMIC_CMP_AND_SWP)
		val = atomic64_cmpxchg(p, wqe->rdma.compare_add,
				       wqe->rdma.swap);
	else
		val = atomic64_fetch_add(wqe->rdma.compare_add, p);
	vh_sgl_store(&qp->local, 0, &val, sizeof(val));
}

/* The knob that falsifies data once it has arrived. */
static void vh_resp_corrupt(struct vh_qp *qp, struct vh_sgl *dst)
{
	struct vh_faults *f = &qp->dev->faults;

	if (!dst->len || !vh_fault_take(&f->rdma_corrupt))
		return;
	*(u8 *)vh_sgl_ptr(dst) ^= 0xff;
	atomic_inc(&f->rdma_corrupted);
}

static enum vh_exec vh_resp_imm(struct vh_qp *rqp, struct vh_qp *qp,
				struct vh_swqe *wqe, struct vh_result *res)
{
	struct vh_cqe cqe = { .wc.opcode = IB_WC_RECV_RDMA_WITH_IMM };

	if (vh_resp_forced_rnr(rqp) ||
	    vh_rq_pop(rqp, NULL, &cqe.wc.wr_id) == VH_POP_EMPTY)
		return vh_resp_rnr(rqp, res);
	vh_resp_wc(rqp, qp, wqe, &cqe.wc);
	vh_recv_complete(rqp, &cqe, wqe->flags & IB_SEND_SOLICITED);
	return VH_EXEC_DONE;
}

/*
 * vh_resp_rdma - serve RDMA WRITE, RDMA READ and atomic operations
 */
enum vh_exec vh_resp_rdma(struct vh_qp *rqp, struct vh_qp *qp,
			  struct vh_swqe *wqe, struct vh_result *res)
{
	u64 len = qp->local.len;
	bool fetch = true;
	int access;

	switch (wqe->opcode) {
	case IB_WR_RDMA_READ:
		access = IB_ACCESS_REMOTE_READ;
		break;
	case IB_WR_RDMA_WRITE:
	case IB_WR_RDMA_WRITE_WITH_IMM:
		access = IB_ACCESS_REMOTE_WRITE;
		fetch = false;
		break;
	default:
		access = IB_ACCESS_REMOTE_ATOMIC;
		if (len != sizeof(u64) ||
		    !IS_ALIGNED(wqe->rdma.addr, sizeof(u64)))
			return vh_resp_nak(rqp, res, IB_WC_REM_INV_REQ_ERR);
		break;
	}
	if (!(rqp->attr.qp_access_flags & access) ||
	    (fetch && !rqp->attr.max_dest_rd_atomic))
		return vh_resp_nak(rqp, res, IB_WC_REM_INV_REQ_ERR);
	if (!vh_sgl_get_remote(rqp, wqe->rdma.rkey, access, wqe->rdma.addr,
			       len, &qp->remote))
		return vh_resp_nak(rqp, res, IB_WC_REM_ACCESS_ERR);

	switch (wqe->opcode) {
	case IB_WR_RDMA_READ:
		vh_sgl_copy(&qp->local, &qp->remote, len);
		vh_resp_corrupt(qp, &qp->local);
		break;
	case IB_WR_RDMA_WRITE:
	case IB_WR_RDMA_WRITE_WITH_IMM:
		vh_sgl_copy(&qp->remote, &qp->local, len);
		vh_resp_corrupt(qp, &qp->remote);
		break;
	default:
		vh_resp_atomic(qp, wqe);
		break;
	}
	vh_sgl_put(&qp->remote);

	if (wqe->opcode == IB_WR_RDMA_WRITE_WITH_IMM)
		return vh_resp_imm(rqp, qp, wqe, res);
	return VH_EXEC_DONE;
}
