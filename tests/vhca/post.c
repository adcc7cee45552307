// SPDX-License-Identifier: GPL-2.0
/* Work requests enter the rings. */
#include "engine.h"

static bool vh_opcode_ok(const struct vh_qp *qp, enum ib_wr_opcode op)
{
	switch (op) {
	case IB_WR_SEND:
	case IB_WR_SEND_WITH_IMM:
		return true;
	case IB_WR_SEND_WITH_INV:
	case IB_WR_RDMA_WRITE:
	case IB_WR_RDMA_WRITE_WITH_IMM:
	case IB_WR_RDMA_READ:
	case IB_WR_ATOMIC_CMP_AND_SWP:
	case IB_WR_ATOMIC_FETCH_AND_ADD:
		return qp->ibqp.qp_type == IB_QPT_RC;
	case IB_WR_LOCAL_INV:
	case IB_WR_REG_MR:
		return qp->ibqp.qp_type == IB_QPT_RC && !qp->user;
	default:
		return false;
	}
}

/* Inline data is taken now, the buffer belongs to the caller afterwards. */
static int vh_inline_copy(struct vh_qp *qp, struct vh_swqe *wqe,
			  const struct ib_send_wr *wr)
{
	u8 *to = (u8 *)wqe->sge;
	u32 len = 0;
	int i;

	if (qp->user)
		return -EINVAL;
	for (i = 0; i < wr->num_sge; i++) {
		const struct ib_sge *sge = &wr->sg_list[i];

		if (sge->length > qp->sq.max_inline - len)
			return -EINVAL;
		memcpy(to + len, (void *)(uintptr_t)sge->addr, sge->length);
		len += sge->length;
	}
	wqe->inline_len = len;
	wqe->num_sge = 0;
	return 0;
}

static int vh_swqe_fill(struct vh_qp *qp, struct vh_swqe *wqe,
			const struct ib_send_wr *wr)
{
	if (!vh_opcode_ok(qp, wr->opcode))
		return -EINVAL;
	if (wr->num_sge < 0 || wr->num_sge > qp->sq.max_sge)
		return -EINVAL;
	wqe->wr_id = wr->wr_id;
	wqe->opcode = wr->opcode;
	wqe->flags = wr->send_flags;
	wqe->invalidated = false;
	wqe->inline_len = 0;
	wqe->inv_rkey = wr->ex.invalidate_rkey;

	switch (wr->opcode) {
	case IB_WR_RDMA_WRITE:
	case IB_WR_RDMA_WRITE_WITH_IMM:
	case IB_WR_RDMA_READ:
		wqe->rdma.addr = rdma_wr(wr)->remote_addr;
		wqe->rdma.rkey = rdma_wr(wr)->rkey;
		break;
	case IB_WR_ATOMIC_CMP_AND_SWP:
	case IB_WR_ATOMIC_FETCH_AND_ADD:
		wqe->rdma.addr = atomic_wr(wr)->remote_addr;
		wqe->rdma.rkey = atomic_wr(wr)->rkey;
		wqe->rdma.compare_add = atomic_wr(wr)->compare_add;
		wqe->rdma.swap = atomic_wr(wr)->swap;
		break;
	case IB_WR_REG_MR:
		wqe->reg.mr = to_vmr(reg_wr(wr)->mr);
		wqe->reg.key = reg_wr(wr)->key;
		wqe->reg.access = reg_wr(wr)->access;
		break;
	default:
		break;
	}
	if (qp->ibqp.qp_type != IB_QPT_RC) {
		const struct ib_ud_wr *ud = ud_wr(wr);

		/* The index is a GSI's to choose; of others it is not even set. */
		if (!ud->ah || (qp->ibqp.qp_type == IB_QPT_GSI &&
				ud->pkey_index >= VH_PKEYS))
			return -EINVAL;
		wqe->ud.av = to_vah(ud->ah)->av;
		wqe->ud.qpn = ud->remote_qpn;
		wqe->ud.qkey = ud->remote_qkey;
		wqe->ud.pkey_index = ud->pkey_index;
	}

	wqe->num_sge = wr->num_sge;
	if (wr->send_flags & IB_SEND_INLINE) {
		if (wr->opcode == IB_WR_RDMA_READ)
			return -EINVAL;
		return vh_inline_copy(qp, wqe, wr);
	}
	memcpy(wqe->sge, wr->sg_list, wr->num_sge * sizeof(*wr->sg_list));
	return 0;
}

int vh_post_send(struct ib_qp *ibqp, const struct ib_send_wr *wr,
		 const struct ib_send_wr **bad)
{
	struct vh_qp *qp = to_vqp(ibqp);
	unsigned long flags;
	bool run = false;
	int ret = 0;

	spin_lock_irqsave(&qp->lock, flags);
	if (qp->state < IB_QPS_RTS || qp->dying) {
		ret = -EINVAL;
		*bad = wr;
		goto out;
	}
	for (; wr; wr = wr->next) {
		struct vh_sq *sq = &qp->sq;
		/* Pairs with vh_poll_cq(). */
		u32 freed = smp_load_acquire(&sq->freed);

		if (sq->prod - freed >= sq->size ||
		    (ibqp->qp_type == IB_QPT_RC &&
		     vh_fault_verb(qp->dev, VH_VERB_POST_SEND)))
			ret = -ENOMEM;
		else
			ret = vh_swqe_fill(qp, vh_swqe_at(sq, sq->prod), wr);
		if (ret) {
			*bad = wr;
			break;
		}
		sq->prod++;
	}
	run = vh_engine_claim(qp);
out:
	spin_unlock_irqrestore(&qp->lock, flags);
	if (run)
		vh_engine_schedule(qp);
	return ret;
}

int vh_post_recv(struct ib_qp *ibqp, const struct ib_recv_wr *wr,
		 const struct ib_recv_wr **bad)
{
	struct vh_qp *qp = to_vqp(ibqp);
	int ret = 0;

	if (qp->srq || READ_ONCE(qp->state) == IB_QPS_RESET) {
		*bad = wr;
		return -EINVAL;
	}
	for (; wr; wr = wr->next) {
		ret = ibqp->qp_type == IB_QPT_RC &&
		      vh_fault_verb(qp->dev, VH_VERB_POST_RECV) ? -ENOMEM :
		      vh_rq_post(&qp->rq, wr);
		if (ret) {
			*bad = wr;
			break;
		}
	}
	/* Only a queue pair in error has something to do for a receive. */
	smp_mb();
	if (READ_ONCE(qp->state) == IB_QPS_ERR)
		vh_engine_kick(qp);
	return ret;
}
