// SPDX-License-Identifier: GPL-2.0
/* Receive queues and shared receive queues. */
#include <linux/mm.h>
#include <linux/slab.h>
#include "vhca.h"

static struct vh_rwqe *vh_rwqe_at(struct vh_rq *rq, u32 pos)
{
	return rq->ring + (size_t)(pos % rq->size) * rq->slot;
}

int vh_rq_init(struct vh_rq *rq, u32 wr, u32 sge)
{
	struct vh_rwqe *rwqe;

	spin_lock_init(&rq->lock);
	atomic_set(&rq->used, 0);
	rq->prod = 0;
	rq->cons = 0;
	/* A power of two, so that positions may wrap. */
	rq->size = roundup_pow_of_two(max(wr, 1U));
	rq->max_sge = max(sge, 1U);
	rq->slot = struct_size(rwqe, sge, rq->max_sge);
	rq->ring = kvcalloc(rq->size, rq->slot, GFP_KERNEL);
	return rq->ring ? 0 : -ENOMEM;
}

void vh_rq_free(struct vh_rq *rq)
{
	kvfree(rq->ring);
	rq->ring = NULL;
}

int vh_rq_post(struct vh_rq *rq, const struct ib_recv_wr *wr)
{
	struct vh_rwqe *rwqe;
	unsigned long flags;
	int ret = 0;

	if (wr->num_sge < 0 || wr->num_sge > rq->max_sge)
		return -EINVAL;
	spin_lock_irqsave(&rq->lock, flags);
	if (atomic_read(&rq->used) >= rq->size) {
		ret = -ENOMEM;
	} else {
		atomic_inc(&rq->used);
		rwqe = vh_rwqe_at(rq, rq->prod);
		rwqe->wr_id = wr->wr_id;
		rwqe->num_sge = wr->num_sge;
		memcpy(rwqe->sge, wr->sg_list, wr->num_sge * sizeof(*wr->sg_list));
		WRITE_ONCE(rq->prod, rq->prod + 1);
	}
	spin_unlock_irqrestore(&rq->lock, flags);
	return ret;
}

bool vh_rq_empty(struct vh_rq *rq)
{
	return READ_ONCE(rq->prod) == READ_ONCE(rq->cons);
}

atomic_t *vh_rq_used(struct vh_qp *qp)
{
	return qp->srq ? &qp->srq->rq.used : &qp->rq.used;
}

/**
 * vh_rq_pop - take the next receive of a queue pair
 * @qp:		the receiver
 * @sgl:	gets the resolved buffers, NULL when only flushing
 * @wr_id:	gets the identifier of the work request
 */
enum vh_pop vh_rq_pop(struct vh_qp *qp, struct vh_sgl *sgl, u64 *wr_id)
{
	struct vh_rq *rq = qp->srq ? &qp->srq->rq : &qp->rq;
	struct ib_pd *pd = qp->srq ? qp->srq->ibsrq.pd : qp->ibqp.pd;
	bool user = qp->srq ? qp->srq->user : qp->user;
	enum vh_pop ret = VH_POP_EMPTY;
	struct vh_rwqe *rwqe;
	unsigned long flags;
	bool limit = false;

	if (vh_rq_empty(rq))
		return ret;
	spin_lock_irqsave(&rq->lock, flags);
	if (rq->prod != rq->cons) {
		rwqe = vh_rwqe_at(rq, rq->cons);
		*wr_id = rwqe->wr_id;
		ret = VH_POP_OK;
		if (sgl && !vh_sgl_get(qp->dev, pd, user, rwqe->sge,
				       rwqe->num_sge, IB_ACCESS_LOCAL_WRITE,
				       sgl))
			ret = VH_POP_PROT;
		WRITE_ONCE(rq->cons, rq->cons + 1);
		if (qp->srq && qp->srq->limit &&
		    rq->prod - rq->cons < qp->srq->limit) {
			qp->srq->limit = 0;
			limit = true;
		}
	}
	spin_unlock_irqrestore(&rq->lock, flags);

	if (limit && qp->srq->ibsrq.event_handler) {
		struct ib_event ev = {
			.device = qp->srq->ibsrq.device,
			.element.srq = &qp->srq->ibsrq,
			.event = IB_EVENT_SRQ_LIMIT_REACHED,
		};

		qp->srq->ibsrq.event_handler(&ev, qp->srq->ibsrq.srq_context);
	}
	return ret;
}

int vh_create_srq(struct ib_srq *ibsrq, struct ib_srq_init_attr *init,
		  struct ib_udata *udata)
{
	struct vh_srq *srq = to_vsrq(ibsrq);
	int ret;

	if (vh_fault_verb(to_vdev(ibsrq->device), VH_VERB_CREATE_SRQ))
		return -ENOMEM;
	if (init->srq_type != IB_SRQT_BASIC)
		return -EOPNOTSUPP;
	if (!init->attr.max_wr || init->attr.max_wr > VH_MAX_QP_WR ||
	    init->attr.max_sge > VH_MAX_SGE)
		return -EINVAL;
	ret = vh_rq_init(&srq->rq, init->attr.max_wr, init->attr.max_sge);
	if (ret)
		return ret;
	srq->user = !!udata;
	init->attr.max_wr = srq->rq.size;
	init->attr.max_sge = srq->rq.max_sge;
	return 0;
}

int vh_modify_srq(struct ib_srq *ibsrq, struct ib_srq_attr *attr,
		  enum ib_srq_attr_mask mask, struct ib_udata *udata)
{
	struct vh_srq *srq = to_vsrq(ibsrq);
	unsigned long flags;

	if (mask & IB_SRQ_MAX_WR)
		return -EOPNOTSUPP;
	if (mask & IB_SRQ_LIMIT) {
		if (attr->srq_limit > srq->rq.size)
			return -EINVAL;
		spin_lock_irqsave(&srq->rq.lock, flags);
		srq->limit = attr->srq_limit;
		spin_unlock_irqrestore(&srq->rq.lock, flags);
	}
	return 0;
}

int vh_query_srq(struct ib_srq *ibsrq, struct ib_srq_attr *attr)
{
	struct vh_srq *srq = to_vsrq(ibsrq);

	attr->max_wr = srq->rq.size;
	attr->max_sge = srq->rq.max_sge;
	attr->srq_limit = srq->limit;
	return 0;
}

int vh_destroy_srq(struct ib_srq *ibsrq, struct ib_udata *udata)
{
	vh_rq_free(&to_vsrq(ibsrq)->rq);
	return 0;
}

int vh_post_srq_recv(struct ib_srq *ibsrq, const struct ib_recv_wr *wr,
		     const struct ib_recv_wr **bad)
{
	int ret = 0;

	for (; wr; wr = wr->next) {
		ret = vh_fault_verb(to_vdev(ibsrq->device),
				    VH_VERB_POST_SRQ_RECV) ? -ENOMEM :
		      vh_rq_post(&to_vsrq(ibsrq)->rq, wr);
		if (ret) {
			*bad = wr;
			break;
		}
	}
	return ret;
}
