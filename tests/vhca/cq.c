// SPDX-License-Identifier: GPL-2.0
/* Completion queues. */
#include <linux/mm.h>
#include <linux/slab.h>
#include "vhca.h"

int vh_create_cq(struct ib_cq *ibcq, const struct ib_cq_init_attr *attr)
{
	struct vh_cq *cq = to_vcq(ibcq);

	if (vh_fault_verb(to_vdev(ibcq->device), VH_VERB_CREATE_CQ))
		return -ENOMEM;
	if (attr->flags || !attr->cqe || attr->cqe > VH_MAX_CQE ||
	    attr->comp_vector >= ibcq->device->num_comp_vectors)
		return -EINVAL;
	cq->size = attr->cqe;
	cq->mask = roundup_pow_of_two(attr->cqe) - 1;
	cq->ring = kvcalloc(cq->mask + 1, sizeof(*cq->ring), GFP_KERNEL);
	if (!cq->ring)
		return -ENOMEM;
	spin_lock_init(&cq->lock);
	ibcq->cqe = attr->cqe;
	return 0;
}

int vh_destroy_cq(struct ib_cq *ibcq, struct ib_udata *udata)
{
	/* The engine only comes here on behalf of queue pairs, now gone. */
	kvfree(to_vcq(ibcq)->ring);
	return 0;
}

int vh_poll_cq(struct ib_cq *ibcq, int n, struct ib_wc *wc)
{
	struct vh_cq *cq = to_vcq(ibcq);
	unsigned long flags;
	int got = 0;

	spin_lock_irqsave(&cq->lock, flags);
	while (got < n && cq->cons != cq->prod) {
		struct vh_cqe *cqe = &cq->ring[cq->cons++ & cq->mask];

		wc[got++] = cqe->wc;
		if (cqe->rq_used)
			atomic_dec(cqe->rq_used);
		else	/* pairs with vh_post_send(): the slot was read before */
			smp_store_release(&cqe->qp->sq.freed, cqe->sq_freed);
	}
	spin_unlock_irqrestore(&cq->lock, flags);
	return got;
}

int vh_req_notify_cq(struct ib_cq *ibcq, enum ib_cq_notify_flags nflags)
{
	struct vh_cq *cq = to_vcq(ibcq);
	unsigned long flags;
	int ret = 0;

	spin_lock_irqsave(&cq->lock, flags);
	/* Asking for any completion is not weakened by asking for solicited. */
	if (cq->notify != IB_CQ_NEXT_COMP)
		cq->notify = nflags & IB_CQ_SOLICITED_MASK;
	if ((nflags & IB_CQ_REPORT_MISSED_EVENTS) && cq->prod != cq->cons)
		ret = 1;
	spin_unlock_irqrestore(&cq->lock, flags);
	return ret;
}

/**
 * vh_cq_add - add a completion and notify the consumer
 * @cq:		the queue
 * @cqe:	the completion
 * @solicited:	it counts as solicited
 *
 * The caller holds no lock; the consumer's handler is called from here.
 */
void vh_cq_add(struct vh_cq *cq, const struct vh_cqe *cqe, bool solicited)
{
	bool notify = false, overflow = false;
	unsigned long flags;

	spin_lock_irqsave(&cq->lock, flags);
	if (cq->prod - cq->cons >= cq->size) {
		overflow = !cq->overflow;
		cq->overflow = true;
	} else {
		cq->ring[cq->prod++ & cq->mask] = *cqe;
		if (cq->notify == IB_CQ_NEXT_COMP ||
		    (cq->notify == IB_CQ_SOLICITED &&
		     (solicited || cqe->wc.status != IB_WC_SUCCESS))) {
			cq->notify = 0;
			notify = true;
		}
	}
	spin_unlock_irqrestore(&cq->lock, flags);

	if (notify && cq->ibcq.comp_handler)
		cq->ibcq.comp_handler(&cq->ibcq, cq->ibcq.cq_context);
	if (overflow) {
		struct ib_event ev = {
			.device = cq->ibcq.device,
			.element.cq = &cq->ibcq,
			.event = IB_EVENT_CQ_ERR,
		};

		dev_warn(&cq->ibcq.device->dev,
			 "completion queue of %u overflows, completions are lost\n",
			 cq->size);
		if (cq->ibcq.event_handler)
			cq->ibcq.event_handler(&ev, cq->ibcq.cq_context);
	}
}

/*
 * vh_cq_purge - forget the completions of a queue pair that goes away
 */
void vh_cq_purge(struct vh_cq *cq, struct vh_qp *qp)
{
	unsigned long flags;
	u32 from, to;

	spin_lock_irqsave(&cq->lock, flags);
	for (from = to = cq->cons; from != cq->prod; from++) {
		struct vh_cqe *cqe = &cq->ring[from & cq->mask];

		if (cqe->qp == qp) {
			if (cqe->rq_used)
				atomic_dec(cqe->rq_used);
			continue;
		}
		if (from != to)
			cq->ring[to & cq->mask] = *cqe;
		to++;
	}
	cq->prod = to;
	spin_unlock_irqrestore(&cq->lock, flags);
}
