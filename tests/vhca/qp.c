// SPDX-License-Identifier: GPL-2.0
/* Queue pairs: creation, state changes, destruction. */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "vhca.h"

#define VH_QPN_FIRST		0x10
#define VH_QPN_LAST		0xfffffe

static int vh_qp_check(const struct ib_qp_init_attr *init)
{
	switch (init->qp_type) {
	case IB_QPT_RC:
	case IB_QPT_UD:
	case IB_QPT_SMI:
	case IB_QPT_GSI:
		break;
	default:
		return -EOPNOTSUPP;
	}
	if (init->create_flags)
		return -EOPNOTSUPP;
	if (init->cap.max_send_wr > VH_MAX_QP_WR ||
	    init->cap.max_send_sge > VH_MAX_SGE ||
	    init->cap.max_inline_data > VH_MAX_INLINE)
		return -EINVAL;
	if (!init->srq && (init->cap.max_recv_wr > VH_MAX_QP_WR ||
			   init->cap.max_recv_sge > VH_MAX_SGE))
		return -EINVAL;
	if (init->srq && init->qp_type != IB_QPT_RC &&
	    init->qp_type != IB_QPT_UD)
		return -EINVAL;
	if (!init->send_cq || !init->recv_cq)
		return -EINVAL;
	return 0;
}

static int vh_sq_init(struct vh_sq *sq, const struct ib_qp_cap *cap)
{
	struct vh_swqe *wqe;

	sq->size = roundup_pow_of_two(max(cap->max_send_wr, 1U));
	sq->max_sge = max(cap->max_send_sge, 1U);
	sq->max_inline = cap->max_inline_data;
	sq->slot = max(struct_size(wqe, sge, sq->max_sge),
		       ALIGN(sizeof(*wqe) + sq->max_inline, 8));
	sq->ring = kvcalloc(sq->size, sq->slot, GFP_KERNEL);
	return sq->ring ? 0 : -ENOMEM;
}

static int vh_qpn_alloc(struct vh_dev *dev, struct vh_qp *qp, u32 *qpn)
{
	int ret;

	switch (qp->ibqp.qp_type) {
	case IB_QPT_SMI:
	case IB_QPT_GSI:
		*qpn = qp->ibqp.qp_type == IB_QPT_GSI;
		return xa_insert_irq(&dev->qps, *qpn, qp, GFP_KERNEL);
	default:
		/* Numbers are not reused soon, as in a careful adapter. */
		ret = xa_alloc_cyclic_irq(&dev->qps, qpn, qp,
					  XA_LIMIT(VH_QPN_FIRST, VH_QPN_LAST),
					  &dev->qp_next, GFP_KERNEL);
		return ret < 0 ? ret : 0;
	}
}

int vh_create_qp(struct ib_qp *ibqp, struct ib_qp_init_attr *init,
		 struct ib_udata *udata)
{
	struct vh_dev *dev = to_vdev(ibqp->device);
	struct vh_qp *qp = to_vqp(ibqp);
	int ret;

	ret = vh_qp_check(init);
	if (ret)
		return ret;
	if (READ_ONCE(dev->gone))
		return -ENODEV;
	if (init->qp_type == IB_QPT_RC &&
	    vh_fault_verb(dev, VH_VERB_CREATE_QP))
		return -ENOMEM;

	qp->dev = dev;
	qp->user = !!udata;
	qp->state = IB_QPS_RESET;
	qp->attr.qp_state = IB_QPS_RESET;
	qp->attr.port_num = 1;
	qp->sig_all = init->sq_sig_type == IB_SIGNAL_ALL_WR;
	qp->srq = init->srq ? to_vsrq(init->srq) : NULL;
	spin_lock_init(&qp->lock);
	refcount_set(&qp->ref, 1);
	init_completion(&qp->released);
	vh_engine_init(qp);

	/* Inline data of user space could only be read while it posts. */
	if (udata)
		init->cap.max_inline_data = 0;
	ret = vh_sq_init(&qp->sq, &init->cap);
	if (ret)
		return ret;
	init->cap.max_send_wr = qp->sq.size;
	init->cap.max_send_sge = qp->sq.max_sge;
	if (qp->srq) {
		init->cap.max_recv_wr = 0;
		init->cap.max_recv_sge = 0;
		spin_lock_init(&qp->rq.lock);
	} else {
		ret = vh_rq_init(&qp->rq, init->cap.max_recv_wr,
				 init->cap.max_recv_sge);
		if (ret)
			goto free_sq;
		init->cap.max_recv_wr = qp->rq.size;
		init->cap.max_recv_sge = qp->rq.max_sge;
	}
	qp->cap = init->cap;

	ret = vh_qpn_alloc(dev, qp, &ibqp->qp_num);
	if (ret)
		goto free_rq;
	return 0;

free_rq:
	vh_rq_free(&qp->rq);
free_sq:
	kvfree(qp->sq.ring);
	return ret;
}

/*
 * vh_qp_get - look a queue pair up and keep it from going away
 */
struct vh_qp *vh_qp_get(struct vh_dev *dev, u32 qpn)
{
	unsigned long flags;
	struct vh_qp *qp;

	xa_lock_irqsave(&dev->qps, flags);
	qp = xa_load(&dev->qps, qpn);
	if (qp)
		refcount_inc(&qp->ref);
	xa_unlock_irqrestore(&dev->qps, flags);
	return qp;
}

void vh_qp_put(struct vh_qp *qp)
{
	if (refcount_dec_and_test(&qp->ref))
		complete(&qp->released);
}

static void vh_qp_purge(struct vh_qp *qp)
{
	vh_cq_purge(to_vcq(qp->ibqp.send_cq), qp);
	if (qp->ibqp.recv_cq != qp->ibqp.send_cq)
		vh_cq_purge(to_vcq(qp->ibqp.recv_cq), qp);
}

int vh_destroy_qp(struct ib_qp *ibqp, struct ib_udata *udata)
{
	struct vh_qp *qp = to_vqp(ibqp);
	unsigned long flags;

	spin_lock_irqsave(&qp->lock, flags);
	qp->state = IB_QPS_RESET;
	qp->dying = true;
	spin_unlock_irqrestore(&qp->lock, flags);

	vh_mcast_forget(qp);
	xa_erase_irq(&qp->dev->qps, ibqp->qp_num);
	vh_qp_put(qp);
	wait_for_completion(&qp->released);
	vh_engine_stop(qp);
	vh_qp_purge(qp);
	vh_rq_free(&qp->rq);
	kvfree(qp->sq.ring);
	return 0;
}

/* Back to RESET: nothing of the past may show up afterwards. */
static void vh_qp_reset(struct vh_qp *qp)
{
	unsigned long flags;
	bool busy;

	do {
		spin_lock_irqsave(&qp->lock, flags);
		qp->state = IB_QPS_RESET;
		qp->waiting = false;
		busy = qp->running || qp->resp_busy;
		spin_unlock_irqrestore(&qp->lock, flags);
		if (busy)
			usleep_range(10, 20);
	} while (busy);

	vh_qp_purge(qp);
	spin_lock_irqsave(&qp->lock, flags);
	qp->sq.prod = 0;
	qp->sq.cons = 0;
	qp->sq.freed = 0;
	qp->last_wqe = false;
	qp->comm_est = false;
	spin_unlock_irqrestore(&qp->lock, flags);
	if (!qp->srq) {
		spin_lock_irqsave(&qp->rq.lock, flags);
		qp->rq.prod = 0;
		qp->rq.cons = 0;
		atomic_set(&qp->rq.used, 0);
		spin_unlock_irqrestore(&qp->rq.lock, flags);
	}
}

static int vh_attr_check(struct vh_qp *qp, const struct ib_qp_attr *attr,
			 int mask)
{
	if ((mask & IB_QP_PORT) && attr->port_num != 1)
		return -EINVAL;
	if ((mask & IB_QP_PKEY_INDEX) && attr->pkey_index >= VH_PKEYS)
		return -EINVAL;
	if ((mask & IB_QP_MAX_QP_RD_ATOMIC) &&
	    attr->max_rd_atomic > VH_MAX_RD_ATOMIC)
		return -EINVAL;
	if ((mask & IB_QP_MAX_DEST_RD_ATOMIC) &&
	    attr->max_dest_rd_atomic > VH_MAX_RD_ATOMIC)
		return -EINVAL;
	if ((mask & IB_QP_AV) && (attr->ah_attr.port_num != 1 ||
				  attr->ah_attr.type != RDMA_AH_ATTR_TYPE_IB))
		return -EINVAL;
	if ((mask & IB_QP_PATH_MTU) && (attr->path_mtu < IB_MTU_256 ||
					attr->path_mtu > IB_MTU_4096))
		return -EINVAL;
	return 0;
}

static void vh_attr_copy(struct ib_qp_attr *to, const struct ib_qp_attr *from,
			 int mask)
{
	if (mask & IB_QP_ACCESS_FLAGS)
		to->qp_access_flags = from->qp_access_flags;
	if (mask & IB_QP_PKEY_INDEX)
		to->pkey_index = from->pkey_index;
	if (mask & IB_QP_QKEY)
		to->qkey = from->qkey;
	if (mask & IB_QP_AV) {
		to->ah_attr = from->ah_attr;
		to->ah_attr.grh.sgid_attr = NULL;
	}
	if (mask & IB_QP_PATH_MTU)
		to->path_mtu = from->path_mtu;
	if (mask & IB_QP_TIMEOUT)
		to->timeout = from->timeout;
	if (mask & IB_QP_RETRY_CNT)
		to->retry_cnt = from->retry_cnt;
	if (mask & IB_QP_RNR_RETRY)
		to->rnr_retry = from->rnr_retry;
	if (mask & IB_QP_RQ_PSN)
		to->rq_psn = from->rq_psn;
	if (mask & IB_QP_SQ_PSN)
		to->sq_psn = from->sq_psn;
	if (mask & IB_QP_MAX_QP_RD_ATOMIC)
		to->max_rd_atomic = from->max_rd_atomic;
	if (mask & IB_QP_MAX_DEST_RD_ATOMIC)
		to->max_dest_rd_atomic = from->max_dest_rd_atomic;
	if (mask & IB_QP_MIN_RNR_TIMER)
		to->min_rnr_timer = from->min_rnr_timer;
	if (mask & IB_QP_DEST_QPN)
		to->dest_qp_num = from->dest_qp_num;
	if (mask & IB_QP_EN_SQD_ASYNC_NOTIFY)
		to->en_sqd_async_notify = from->en_sqd_async_notify;
}

int vh_modify_qp(struct ib_qp *ibqp, struct ib_qp_attr *attr, int mask,
		 struct ib_udata *udata)
{
	struct vh_qp *qp = to_vqp(ibqp);
	enum ib_qp_state cur, next;
	unsigned long flags;
	int ret;

	if (mask & ~IB_QP_ATTR_STANDARD_BITS)
		return -EOPNOTSUPP;
	if (mask & (IB_QP_ALT_PATH | IB_QP_PATH_MIG_STATE))
		return -EOPNOTSUPP;
	if (ibqp->qp_type == IB_QPT_RC &&
	    vh_fault_verb(qp->dev, VH_VERB_MODIFY_QP))
		return -ENOMEM;

	spin_lock_irqsave(&qp->lock, flags);
	cur = qp->state;
	next = mask & IB_QP_STATE ? attr->qp_state : cur;
	if ((mask & IB_QP_CUR_STATE) && cur == IB_QPS_RTS &&
	    attr->cur_qp_state == IB_QPS_SQD)
		cur = IB_QPS_SQD;
	ret = -EINVAL;
	if (qp->dying || !ib_modify_qp_is_ok(cur, next, ibqp->qp_type, mask))
		goto out;
	ret = vh_attr_check(qp, attr, mask);
	if (ret)
		goto out;
	vh_attr_copy(&qp->attr, attr, mask);
	if (next == IB_QPS_RESET || next == IB_QPS_ERR)
		goto out;
	if (next == IB_QPS_RTS && cur != IB_QPS_RTS) {
		qp->rnr_left = qp->attr.rnr_retry;
		qp->retry_left = qp->attr.retry_cnt;
	}
	if (next == IB_QPS_SQD && cur == IB_QPS_RTS)
		qp->sqd_event = qp->attr.en_sqd_async_notify;
	qp->state = next;
out:
	spin_unlock_irqrestore(&qp->lock, flags);
	if (ret)
		return ret;

	if (next == IB_QPS_RESET)
		vh_qp_reset(qp);
	else if (next == IB_QPS_ERR)
		vh_qp_error(qp);
	else
		vh_engine_kick(qp);
	return 0;
}

int vh_query_qp(struct ib_qp *ibqp, struct ib_qp_attr *attr, int mask,
		struct ib_qp_init_attr *init)
{
	struct vh_qp *qp = to_vqp(ibqp);
	unsigned long flags;

	spin_lock_irqsave(&qp->lock, flags);
	*attr = qp->attr;
	attr->qp_state = qp->state;
	attr->cur_qp_state = qp->state;
	attr->cap = qp->cap;
	attr->sq_draining = qp->state == IB_QPS_SQD && qp->running;
	spin_unlock_irqrestore(&qp->lock, flags);

	memset(init, 0, sizeof(*init));
	init->event_handler = ibqp->event_handler;
	init->qp_context = ibqp->qp_context;
	init->send_cq = ibqp->send_cq;
	init->recv_cq = ibqp->recv_cq;
	init->srq = ibqp->srq;
	init->cap = qp->cap;
	init->sq_sig_type = qp->sig_all ? IB_SIGNAL_ALL_WR : IB_SIGNAL_REQ_WR;
	init->qp_type = ibqp->qp_type;
	init->port_num = 1;
	return 0;
}

/*
 * vh_qp_flush_all - move the connected queue pairs of an adapter to error
 *
 * What a dying adapter does, and what the flush knob asks for.
 */
void vh_qp_flush_all(struct vh_dev *dev)
{
	unsigned long qpn = 1;
	struct vh_qp *qp;

	for (;;) {
		unsigned long flags;

		xa_lock_irqsave(&dev->qps, flags);
		qp = xa_find_after(&dev->qps, &qpn, ULONG_MAX, XA_PRESENT);
		if (qp)
			refcount_inc(&qp->ref);
		xa_unlock_irqrestore(&dev->qps, flags);
		if (!qp)
			break;
		if (qp->ibqp.qp_type == IB_QPT_RC && qp->state > IB_QPS_INIT) {
			vh_qp_event(qp, IB_EVENT_QP_FATAL);
			vh_qp_error(qp);
		}
		vh_qp_put(qp);
	}
}
