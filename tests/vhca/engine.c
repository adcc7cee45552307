// SPDX-License-Identifier: GPL-2.0
/*
 * The engine of a queue pair: a tasklet that executes send work requests in
 * order, as the interrupt of an adapter would report them, and that flushes
 * the queues of a queue pair in error.
 */
#include "engine.h"

#define VH_ENGINE_BUDGET	64
#define VH_NO_ACK_TIMEOUT_MS	1000

/* Delays of the 32 receiver-not-ready timer codes, in 10 us. */
static const u32 vh_rnr_delay[32] = {
	65536, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64,
	96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144,
	8192, 12288, 16384, 24576, 32768, 49152,
};

enum vh_todo {
	VH_TODO_NOTHING,
	VH_TODO_SEND,
	VH_TODO_FLUSH_SEND,
	VH_TODO_FLUSH_RECV,
	VH_TODO_LAST_WQE,
	VH_TODO_SQ_DRAINED,
};

static enum vh_todo vh_engine_todo(struct vh_qp *qp)
{
	lockdep_assert_held(&qp->lock);
	if (qp->dying)
		return VH_TODO_NOTHING;
	switch (qp->state) {
	case IB_QPS_RTS:
		return qp->sq.prod != qp->sq.cons ? VH_TODO_SEND :
			VH_TODO_NOTHING;
	case IB_QPS_SQD:
		return qp->sqd_event ? VH_TODO_SQ_DRAINED : VH_TODO_NOTHING;
	case IB_QPS_SQE:
	case IB_QPS_ERR:
		if (qp->sq.prod != qp->sq.cons)
			return VH_TODO_FLUSH_SEND;
		/* What the peer is placing completes before the flush. */
		if (qp->state == IB_QPS_SQE || qp->resp_busy)
			return VH_TODO_NOTHING;
		if (qp->srq)
			return qp->last_wqe ? VH_TODO_NOTHING :
				VH_TODO_LAST_WQE;
		return vh_rq_empty(&qp->rq) ? VH_TODO_NOTHING :
			VH_TODO_FLUSH_RECV;
	default:
		return VH_TODO_NOTHING;
	}
}

/*
 * vh_engine_claim - decide whether the caller has to start the engine
 *
 * Called with the lock held. After true the caller drops the lock and calls
 * vh_engine_schedule().
 */
bool vh_engine_claim(struct vh_qp *qp)
{
	if (qp->running || qp->waiting || !vh_engine_todo(qp))
		return false;
	qp->running = true;
	return true;
}

/*
 * vh_engine_schedule - have the engine run in softirq context
 *
 * Raising a softirq from a task wakes ksoftirqd, which no interrupt of
 * hardware would do. So let it run when bottom halves are enabled again, or
 * from a self-interrupt if the caller has interrupts off. With PREEMPT_RT a
 * caller that locked with spin_lock_irqsave() has them on: enabling bottom
 * halves would run the engine, and the handlers it calls, under its lock.
 */
void vh_engine_schedule(struct vh_qp *qp)
{
	if (in_interrupt()) {
		tasklet_schedule(&qp->task);
	} else if (IS_ENABLED(CONFIG_PREEMPT_RT) || irqs_disabled()) {
		irq_work_queue(&qp->kick);
	} else {
		local_bh_disable();
		tasklet_schedule(&qp->task);
		local_bh_enable();
	}
}

void vh_engine_kick(struct vh_qp *qp)
{
	unsigned long flags;
	bool run;

	spin_lock_irqsave(&qp->lock, flags);
	run = vh_engine_claim(qp);
	spin_unlock_irqrestore(&qp->lock, flags);
	if (run)
		vh_engine_schedule(qp);
}

void vh_qp_event(struct vh_qp *qp, enum ib_event_type type)
{
	struct ib_event ev = {
		.device = qp->ibqp.device,
		.element.qp = &qp->ibqp,
		.event = type,
	};

	if (qp->ibqp.event_handler)
		qp->ibqp.event_handler(&ev, qp->ibqp.qp_context);
}

/*
 * vh_qp_error - move a queue pair to the error state and start the flush
 */
void vh_qp_error(struct vh_qp *qp)
{
	unsigned long flags;
	bool run;

	spin_lock_irqsave(&qp->lock, flags);
	if (!qp->dying)
		qp->state = IB_QPS_ERR;
	qp->waiting = false;
	run = vh_engine_claim(qp);
	spin_unlock_irqrestore(&qp->lock, flags);
	hrtimer_try_to_cancel(&qp->timer);
	if (run)
		vh_engine_schedule(qp);
}

/*
 * vh_recv_complete - report a completed receive
 */
void vh_recv_complete(struct vh_qp *qp, struct vh_cqe *cqe, bool solicited)
{
	cqe->qp = qp;
	cqe->rq_used = vh_rq_used(qp);
	cqe->wc.qp = &qp->ibqp;
	vh_cq_add(to_vcq(qp->ibqp.recv_cq), cqe, solicited);
}

static enum ib_wc_opcode vh_wc_opcode(u32 op)
{
	switch (op) {
	case IB_WR_RDMA_WRITE:
	case IB_WR_RDMA_WRITE_WITH_IMM:
		return IB_WC_RDMA_WRITE;
	case IB_WR_RDMA_READ:
		return IB_WC_RDMA_READ;
	case IB_WR_ATOMIC_CMP_AND_SWP:
		return IB_WC_COMP_SWAP;
	case IB_WR_ATOMIC_FETCH_AND_ADD:
		return IB_WC_FETCH_ADD;
	case IB_WR_LOCAL_INV:
		return IB_WC_LOCAL_INV;
	case IB_WR_REG_MR:
		return IB_WC_REG_MR;
	default:
		return IB_WC_SEND;
	}
}

/* Retire the oldest send work request. */
static void vh_send_complete(struct vh_qp *qp, const struct vh_swqe *wqe,
			     const struct vh_result *res)
{
	struct vh_cqe cqe = {
		.qp = qp,
		.wc = {
			.wr_id = wqe->wr_id,
			.status = res->status,
			.opcode = vh_wc_opcode(wqe->opcode),
			.byte_len = res->byte_len,
			.qp = &qp->ibqp,
			.port_num = 1,
		},
	};
	bool signaled = qp->sig_all || (wqe->flags & IB_SEND_SIGNALED) ||
			res->status != IB_WC_SUCCESS;
	unsigned long flags;

	spin_lock_irqsave(&qp->lock, flags);
	cqe.sq_freed = ++qp->sq.cons;
	qp->rnr_left = qp->attr.rnr_retry;
	qp->retry_left = qp->attr.retry_cnt;
	if (res->status != IB_WC_SUCCESS && qp->state >= IB_QPS_RTS)
		qp->state = qp->ibqp.qp_type == IB_QPT_RC ? IB_QPS_ERR :
			    qp->state == IB_QPS_ERR ? IB_QPS_ERR : IB_QPS_SQE;
	spin_unlock_irqrestore(&qp->lock, flags);
	if (signaled)
		vh_cq_add(to_vcq(qp->ibqp.send_cq), &cqe, false);
}

static void vh_flush_send(struct vh_qp *qp)
{
	static const struct vh_result flushed = {
		.status = IB_WC_WR_FLUSH_ERR,
	};

	vh_send_complete(qp, vh_swqe_at(&qp->sq, qp->sq.cons), &flushed);
}

static void vh_flush_recv(struct vh_qp *qp)
{
	struct vh_cqe cqe = {
		.wc = {
			.status = IB_WC_WR_FLUSH_ERR,
			.opcode = IB_WC_RECV,
			.port_num = 1,
		},
	};

	if (vh_rq_pop(qp, NULL, &cqe.wc.wr_id) == VH_POP_OK)
		vh_recv_complete(qp, &cqe, false);
}

/* Give the turn back to the timer. False if the state changed meanwhile. */
static bool vh_engine_wait(struct vh_qp *qp, u64 ns)
{
	unsigned long flags;
	bool wait;

	spin_lock_irqsave(&qp->lock, flags);
	wait = qp->state == IB_QPS_RTS && !qp->dying;
	if (wait) {
		qp->waiting = true;
		qp->running = false;
		hrtimer_start(&qp->timer, ns_to_ktime(ns),
			      HRTIMER_MODE_REL_SOFT);
	}
	spin_unlock_irqrestore(&qp->lock, flags);
	return wait;
}

static u64 vh_ack_timeout_ns(const struct vh_qp *qp)
{
	u64 ns = 4096ULL << (qp->attr.timeout & 0x1f);
	u64 max = (u64)READ_ONCE(vh_ack_timeout_max_ms) * NSEC_PER_MSEC;

	return max ? min(ns, max) : ns;
}

/* Returns true when the engine has to stop, the timer continues. */
static bool vh_engine_send(struct vh_qp *qp)
{
	struct vh_swqe *wqe = vh_swqe_at(&qp->sq, qp->sq.cons);
	struct vh_result res = { .status = IB_WC_SUCCESS };
	enum vh_exec ret;

	if (qp->ibqp.qp_type == IB_QPT_RC)
		ret = vh_rc_execute(qp, wqe, &res);
	else
		ret = vh_ud_execute(qp, wqe, &res);

	switch (ret) {
	case VH_EXEC_DONE:
		vh_send_complete(qp, wqe, &res);
		return false;
	case VH_EXEC_RNR:
		if (!qp->rnr_left) {
			res.status = IB_WC_RNR_RETRY_EXC_ERR;
			vh_send_complete(qp, wqe, &res);
			return false;
		}
		/* Seven means for ever. */
		if (qp->rnr_left != 7)
			qp->rnr_left--;
		return vh_engine_wait(qp, vh_rnr_delay[res.rnr_timer & 31] *
				      10000ULL);
	case VH_EXEC_LOST:
		if (!qp->attr.timeout)
			return vh_engine_wait(qp, VH_NO_ACK_TIMEOUT_MS *
					      NSEC_PER_MSEC);
		/* The last retry, too, is given its time to be answered. */
		if (qp->retry_left == 0xff) {
			res.status = IB_WC_RETRY_EXC_ERR;
			vh_send_complete(qp, wqe, &res);
			return false;
		}
		qp->retry_left--;
		return vh_engine_wait(qp, vh_ack_timeout_ns(qp));
	case VH_EXEC_AGAIN:
		break;
	}
	tasklet_schedule(&qp->task);
	return true;
}

static void vh_engine_task(struct tasklet_struct *t)
{
	struct vh_qp *qp = from_tasklet(qp, t, task);
	int budget = VH_ENGINE_BUDGET;
	unsigned long flags;
	enum vh_todo todo;

	while (budget--) {
		spin_lock_irqsave(&qp->lock, flags);
		todo = vh_engine_todo(qp);
		if (todo == VH_TODO_LAST_WQE)
			qp->last_wqe = true;
		else if (todo == VH_TODO_SQ_DRAINED)
			qp->sqd_event = false;
		else if (todo == VH_TODO_NOTHING)
			qp->running = false;
		spin_unlock_irqrestore(&qp->lock, flags);

		switch (todo) {
		case VH_TODO_NOTHING:
			return;
		case VH_TODO_SEND:
			if (vh_engine_send(qp))
				return;
			break;
		case VH_TODO_FLUSH_SEND:
			vh_flush_send(qp);
			break;
		case VH_TODO_FLUSH_RECV:
			vh_flush_recv(qp);
			break;
		case VH_TODO_LAST_WQE:
			vh_qp_event(qp, IB_EVENT_QP_LAST_WQE_REACHED);
			break;
		case VH_TODO_SQ_DRAINED:
			vh_qp_event(qp, IB_EVENT_SQ_DRAINED);
			break;
		}
	}
	tasklet_schedule(&qp->task);
}

static void vh_engine_irq(struct irq_work *work)
{
	struct vh_qp *qp = container_of(work, struct vh_qp, kick);

	tasklet_schedule(&qp->task);
}

static enum hrtimer_restart vh_engine_timer(struct hrtimer *timer)
{
	struct vh_qp *qp = container_of(timer, struct vh_qp, timer);
	unsigned long flags;
	bool run;

	spin_lock_irqsave(&qp->lock, flags);
	qp->waiting = false;
	run = vh_engine_claim(qp);
	spin_unlock_irqrestore(&qp->lock, flags);
	if (run)
		tasklet_schedule(&qp->task);
	return HRTIMER_NORESTART;
}

void vh_engine_init(struct vh_qp *qp)
{
	tasklet_setup(&qp->task, vh_engine_task);
	qp->kick = IRQ_WORK_INIT_HARD(vh_engine_irq);
	hrtimer_init(&qp->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
	qp->timer.function = vh_engine_timer;
}

/*
 * vh_engine_stop - wait for the engine of a queue pair nobody can reach
 */
void vh_engine_stop(struct vh_qp *qp)
{
	hrtimer_cancel(&qp->timer);
	irq_work_sync(&qp->kick);
	tasklet_kill(&qp->task);
}
