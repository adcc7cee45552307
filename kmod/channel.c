// SPDX-License-Identifier: GPL-2.0
/*
 * A channel: made by a login, ended by close. The end has two halves. The
 * hardware half (QP, CQ, CM ID, mappings) is torn down within bounds and does
 * not wait for the back end. The rest goes when the last slot is returned.
 * Documentation/lifetime.md has the argument, step by step.
 */
#include "log.h"

#include <linux/slab.h>
#include <linux/ktime.h>
#include <linux/vmalloc.h>

#include "channel.h"
#include "trace.h"

#define SRPT_DRAIN_TIMEOUT	(10 * HZ)
#define SRPT_LAST_WQE_TIMEOUT	(2 * HZ)
#define SRPT_MAX_INLINE		64
#define SRPT_MAX_SEND_SGE	16
#define SRPT_MIN_SQ_SIZE	16
/* Send-queue entries beyond the account: the drain's, and one to spare */
#define SRPT_SQ_EXTRA		2

static const char * const cause_text[SRPT_CLOSE_CAUSES] = {
	[SRPT_CLOSE_NONE]		= "still open",
	[SRPT_CLOSE_INITIATOR_LOGOUT]	= "the initiator logged out",
	[SRPT_CLOSE_INITIATOR_DREQ]	= "the initiator disconnected",
	[SRPT_CLOSE_CONNECTION_LOST]	= "the connection was lost",
	[SRPT_CLOSE_HANDSHAKE]		= "the connection was never established",
	[SRPT_CLOSE_PROTOCOL]		= "protocol violation",
	[SRPT_CLOSE_MULTICHANNEL]	= "the initiator logged in anew",
	[SRPT_CLOSE_ADMIN]		= "closed by the administrator",
	[SRPT_CLOSE_DISABLED]		= "the target was disabled",
	[SRPT_CLOSE_ACL_REMOVED]	= "its ACL was removed or changed",
	[SRPT_CLOSE_DEVICE_REMOVED]	= "the HCA is being removed",
};

const char *srpt_close_cause_text(enum srpt_close_cause cause)
{
	return cause < SRPT_CLOSE_CAUSES ? cause_text[cause] : "unknown";
}

/* The one place where a channel's state changes. False: not a legal step. */
bool srpt_channel_set_state(struct srpt_channel *ch,
			    enum proto_channel_state new)
{
	enum proto_channel_state old;
	bool ok;
	unsigned long irqs;

	irqs = srpt_sq_lock(ch);
	old = ch->state;
	ok = proto_channel_may_go(old, new);
	if (ok)
		WRITE_ONCE(ch->state, new);
	srpt_sq_unlock(ch, irqs);
	if (ok)
		trace_srpt_channel_state(ch, old, new);
	return ok;
}

void srpt_channel_close(struct srpt_channel *ch, enum srpt_close_cause cause,
			const char *detail)
{
	if (atomic_cmpxchg(&ch->cause, SRPT_CLOSE_NONE, cause) !=
	    SRPT_CLOSE_NONE)
		return;
	WRITE_ONCE(ch->cause_detail, detail);
	queue_work(srpt_wq, &ch->close_work);
}

/**
 * srpt_channel_violation - close a channel whose initiator breaks the protocol
 * @ch:		the channel
 * @reason:	what SRP_T_LOGOUT says of it
 * @what:	what the log says of it; static text
 */
void srpt_channel_violation(struct srpt_channel *ch,
			    enum proto_t_logout_reason reason, const char *what)
{
	srpt_stat_inc(ch, bad_ius);
	/* Read only if this becomes the cause. */
	WRITE_ONCE(ch->logout_reason, reason);
	srpt_channel_close(ch, SRPT_CLOSE_PROTOCOL, what);
}

static void channel_free(struct kref *kref)
{
	struct srpt_channel *ch = container_of(kref, struct srpt_channel, refs);

	percpu_ref_exit(&ch->busy);
	free_percpu(ch->stats);
	kfree(ch->scratch);
	if (ch->ring)
		srpt_ring_put(ch->ring);
	if (ch->pool)
		srpt_data_pool_put(ch->pool);
	kfree(ch);
}

void srpt_channel_put(struct srpt_channel *ch)
{
	kref_put(&ch->refs, channel_free);
}

/* All slots are back: LIO has no command of this channel any more. */
static void channel_release_work(struct work_struct *work)
{
	struct srpt_channel *ch = container_of(work, struct srpt_channel,
					       release_work);
	struct srpt_nexus *nexus = ch->nexus;

	spin_lock(&nexus->lock);
	list_del_init(&ch->nexus_entry);
	spin_unlock(&nexus->lock);
	srpt_nexus_unjoin(nexus);
	srpt_channel_put(ch);
}

static void channel_idle(struct percpu_ref *ref)
{
	struct srpt_channel *ch = container_of(ref, struct srpt_channel, busy);

	queue_work(srpt_wq, &ch->release_work);
}

static void sq_drain_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct srpt_channel *ch = cq->cq_context;

	complete(&ch->sq_drained);
}

static void rq_drain_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct srpt_channel *ch = cq->cq_context;

	complete(&ch->rq_drained);
}

/* Wait until every work request has completed: a marker goes in behind them.
 * All completions arrive at one queue in order of their generation and are
 * handled one by one, so afterwards no handler of this channel runs.
 */
static bool drain(struct srpt_channel *ch)
{
	struct ib_qp_attr attr = { .qp_state = IB_QPS_ERR };
	struct ib_rdma_wr sq_wr = {
		.wr.wr_cqe	= &ch->sq_drain_cqe,
		.wr.opcode	= IB_WR_RDMA_WRITE,
		.wr.send_flags	= IB_SEND_SIGNALED,
	};
	struct ib_recv_wr rq_wr = { .wr_cqe = &ch->rq_drain_cqe };
	bool ok = true;

	if (ib_modify_qp(ch->qp, &attr, IB_QP_STATE))
		return false;
	if (!ch->use_srq) {
		if (ib_post_recv(ch->qp, &rq_wr, NULL) ||
		    !wait_for_completion_timeout(&ch->rq_drained,
						 SRPT_DRAIN_TIMEOUT))
			ok = false;
	} else {
		/* Not every HCA says when the last receive is through. */
		wait_for_completion_timeout(&ch->last_wqe,
					    SRPT_LAST_WQE_TIMEOUT);
	}
	if (ib_post_send(ch->qp, &sq_wr.wr, NULL) ||
	    !wait_for_completion_timeout(&ch->sq_drained, SRPT_DRAIN_TIMEOUT))
		ok = false;
	return ok;
}

static bool wants_logout(enum srpt_close_cause cause)
{
	switch (cause) {
	case SRPT_CLOSE_PROTOCOL:
	case SRPT_CLOSE_MULTICHANNEL:
	case SRPT_CLOSE_ADMIN:
	case SRPT_CLOSE_DISABLED:
	case SRPT_CLOSE_ACL_REMOVED:
	case SRPT_CLOSE_DEVICE_REMOVED:
		return true;
	default:
		return false;
	}
}

static u32 logout_reason(const struct srpt_channel *ch,
			 enum srpt_close_cause cause)
{
	switch (cause) {
	case SRPT_CLOSE_PROTOCOL:
		return READ_ONCE(ch->logout_reason);
	case SRPT_CLOSE_MULTICHANNEL:
		return PROTO_LOGOUT_MULTICHANNEL_ACTION;
	default:
		return PROTO_LOGOUT_NO_REASON;
	}
}

/* Give back R/W API registrations: their pool goes with the QP. */
static void release_registrations(struct srpt_channel *ch)
{
	struct srpt_slot *slot, *next;
	unsigned long irqs;
	LIST_HEAD(all);

	if (!ch->use_rw_api)
		return;
	irqs = srpt_sq_lock(ch);
	list_splice_tail_init(&ch->sq_reads, &all);
	list_for_each_entry_safe(slot, next, &ch->sq_wait, sq_entry)
		if (slot->rw)
			list_move_tail(&slot->sq_entry, &all);
	srpt_sq_unlock(ch, irqs);
	list_for_each_entry(slot, &all, sq_entry)
		srpt_rw_release(slot);
	irqs = srpt_sq_lock(ch);
	list_splice_tail(&all, &ch->sq_reads);
	srpt_sq_unlock(ch, irqs);
}

/* Free the hardware half. Nothing is posted or in flight any more, or the
 * drain has failed and destroying the QP is what stops the HCA.
 */
static void detach(struct srpt_channel *ch)
{
	struct srpt_device *dev = ch->dev;
	struct srpt_conn *conn = ch->conn;
	unsigned long flags;

	conn->ops->destroy_qp(conn, ch);
	srpt_poll_destroy(ch);
	srpt_sq_sweep(ch);
	srpt_msgs_destroy(ch);
	if (!ch->use_srq)
		srpt_ring_detach(ch->ring);
	conn->ops->destroy(conn);
	kfree(conn);
	ch->conn = NULL;

	spin_lock_irqsave(&dev->channels_lock, flags);
	list_del_init(&ch->dev_entry);
	if (list_empty(&dev->channels))
		wake_up_all(&dev->channels_gone);
	spin_unlock_irqrestore(&dev->channels_lock, flags);
}

static void log_closed(struct srpt_channel *ch, enum srpt_close_cause cause)
{
	const char *detail = READ_ONCE(ch->cause_detail);

	if (srpt_log_permit(ch->who.i_port_id))
		pr_info("Closed session %u channel %u of initiator %s on %s port %u: %s%s%s.\n",
			ch->session_id, ch->id, ch->name, ch->dev_name,
			ch->port_num, srpt_close_cause_text(cause),
			detail ? ": " : "", detail ?: "");
	trace_srpt_close(ch, cause);
}

static void channel_close_work(struct work_struct *work)
{
	struct srpt_channel *ch = container_of(work, struct srpt_channel,
					       close_work);
	enum srpt_close_cause cause = atomic_read(&ch->cause);

	/* The login still uses the connection; it ends by itself. */
	wait_for_completion(&ch->login_done);
	mutex_lock(&ch->qp_mutex);
	srpt_channel_set_state(ch, PROTO_CH_DISCONNECTING);
	mutex_unlock(&ch->qp_mutex);

	if (wants_logout(cause))
		srpt_t_logout(ch, logout_reason(ch, cause));
	ch->conn->ops->disconnect(ch->conn);

	srpt_channel_set_state(ch, PROTO_CH_DRAINING);
	if (!drain(ch))
		pr_warn("session %u channel %u: the HCA did not flush its queues in time (%u of %u sends open); destroying the queue pair\n",
			ch->session_id, ch->id, ch->sq_posted - ch->sq_done,
			ch->sq_size);
	release_registrations(ch);
	log_closed(ch, cause);
	srpt_netlink_logout(ch, cause);
	detach(ch);
	srpt_channel_set_state(ch, PROTO_CH_DISCONNECTED);
	percpu_ref_kill(&ch->busy);
}

static int create_cq_qp(struct srpt_channel *ch, u32 sq_size)
{
	struct srpt_device *dev = ch->dev;
	struct ib_device *ib = dev->ib;
	static atomic_t next_vector = ATOMIC_INIT(0);
	struct ib_qp_init_attr attr = {
		.event_handler	= srpt_cm_qp_event,
		.qp_context	= ch,
		.sq_sig_type	= IB_SIGNAL_REQ_WR,
		.qp_type	= IB_QPT_RC,
		.port_num	= ch->port_num,
		.srq		= ch->use_srq ? dev->srq : NULL,
	};
	u32 n_cqe = ch->ring->n + sq_size + SRPT_SQ_EXTRA + 1;
	int ret;

	if (ch->use_rw_api) {
		attr.cap.max_rdma_ctxs = srpt_rw_max_ctxs();
		n_cqe += 3 * attr.cap.max_rdma_ctxs;
	}
	ret = srpt_poll_create(ch, min_t(u32, n_cqe, ib->attrs.max_cqe),
			       (u32)atomic_inc_return(&next_vector) %
			       ib->num_comp_vectors);
	if (ret)
		return ret;
	attr.send_cq = ch->cq;
	attr.recv_cq = ch->cq;
	attr.cap.max_send_wr = sq_size + SRPT_SQ_EXTRA;
	attr.cap.max_recv_wr = ch->use_srq ? 0 : ch->ring->n + 1;
	attr.cap.max_send_sge = min(ib->attrs.max_send_sge, SRPT_MAX_SEND_SGE);
	attr.cap.max_recv_sge = 1;
	attr.cap.max_inline_data = SRPT_MAX_INLINE;
	ret = ch->conn->ops->create_qp(ch->conn, ch, &attr);
	if (ret == -EINVAL) {
		/* An HCA without inline sends */
		attr.cap.max_inline_data = 0;
		ret = ch->conn->ops->create_qp(ch->conn, ch, &attr);
	}
	if (ret) {
		srpt_poll_destroy(ch);
		return ret;
	}
	ch->sq_size = sq_size;
	ch->max_send_sge = attr.cap.max_send_sge;
	ch->max_inline = attr.cap.max_inline_data;
	ch->qp_num = ch->qp->qp_num;
	return 0;
}

static int create_queues(struct srpt_channel *ch, u32 sq_size)
{
	u32 most = ch->dev->ib->attrs.max_qp_wr;
	int ret;

	sq_size = clamp_t(u32, sq_size, SRPT_MIN_SQ_SIZE,
			  most > 2 * SRPT_MIN_SQ_SIZE ? most - SRPT_SQ_EXTRA :
			  SRPT_MIN_SQ_SIZE);
	/* An HCA may promise more than it can give: ask for less then. */
	do {
		ret = create_cq_qp(ch, sq_size);
		sq_size /= 2;
	} while ((ret == -ENOMEM || ret == -EINVAL) &&
		 sq_size >= SRPT_MIN_SQ_SIZE);
	return ret;
}

static int create_ring(struct srpt_channel *ch, u32 iu_size, u32 rsp_size)
{
	if (ch->use_srq) {
		ch->ring = ch->dev->srq_ring;
		kref_get(&ch->ring->refs);
		return 0;
	}
	ch->ring = srpt_ring_create(ch->dev, SRPT_RING_SIZE, iu_size, rsp_size);
	return ch->ring ? 0 : -ENOMEM;
}

static void init_fields(struct srpt_channel *ch, struct srpt_conn *conn,
			struct srpt_nexus *nexus)
{
	kref_init(&ch->refs);
	spin_lock_init(&ch->sq_lock);
	mutex_init(&ch->qp_mutex);
	mutex_init(&ch->poll_mutex);
	INIT_LIST_HEAD(&ch->sq_wait);
	INIT_LIST_HEAD(&ch->sq_reads);
	INIT_LIST_HEAD(&ch->sq_retire);
	INIT_LIST_HEAD(&ch->nexus_entry);
	INIT_LIST_HEAD(&ch->dev_entry);
	INIT_WORK(&ch->close_work, channel_close_work);
	INIT_WORK(&ch->release_work, channel_release_work);
	init_completion(&ch->login_done);
	init_completion(&ch->sq_drained);
	init_completion(&ch->rq_drained);
	init_completion(&ch->last_wqe);
	init_completion(&ch->logout_sent);
	ch->unsig_cqe.done = srpt_sq_unsig_done;
	ch->sq_drain_cqe.done = sq_drain_done;
	ch->rq_drain_cqe.done = rq_drain_done;
	/* Until the login has attached the connection nobody may close: the
	 * close would take over what the login is still making. A queue pair
	 * that fails so early makes the accept fail.
	 */
	atomic_set(&ch->cause, SRPT_CLOSE_HANDSHAKE);
	ch->state = PROTO_CH_CONNECTING;
	ch->dev = conn->port->dev;
	ch->port = conn->port;
	ch->port_num = conn->port->num;
	/* A transport in software, of packets of the network stack. */
	ch->to_ksoftirqd = ib_uses_virt_dma(ch->dev->ib) &&
			   !rdma_protocol_ib(ch->dev->ib, ch->port_num);
	/* Not where other processors have something to do with it meanwhile. */
	ch->gathers = !ch->to_ksoftirqd || num_online_cpus() == 1;
	ch->conn = conn;
	ch->nexus = nexus;
	ch->sess = nexus->sess;
	ch->session_id = nexus->id;
	ch->who = conn->who;
	ch->rdma_cm_login = conn->ops->rdma_cm;
	ch->peer_qp_num = conn->remote_qpn;
	strscpy(ch->peer, conn->peer, sizeof(ch->peer));
	strscpy(ch->name, nexus->name, sizeof(ch->name));
	strscpy(ch->dev_name, dev_name(&ch->dev->ib->dev), sizeof(ch->dev_name));
}

/* Undo what create did, from the last step done backwards. */
static void unmake(struct srpt_channel *ch)
{
	if (ch->qp) {
		ch->conn->ops->destroy_qp(ch->conn, ch);
		srpt_poll_destroy(ch);
	}
	srpt_msgs_destroy(ch);
	if (ch->ring && !ch->use_srq)
		srpt_ring_detach(ch->ring);
	srpt_channel_put(ch);
}

/**
 * srpt_channel_create - everything a channel needs before the accept
 * @conn:	its connection
 * @nexus:	its nexus, one channel reserved
 * @attr:	attributes of the TPG
 * @login:	validated login request
 *
 * May sleep. Returns the channel with its receives posted and initial credits
 * taken (ch->credit.granted), or an error pointer.
 */
struct srpt_channel *srpt_channel_create(struct srpt_conn *conn,
					 struct srpt_nexus *nexus,
					 const struct srpt_tpg_attrib *attr,
					 const struct proto_login *login)
{
	struct srpt_device *dev = conn->port->dev;
	struct srpt_channel *ch;
	int ret;

	ch = kzalloc_node(sizeof(*ch), GFP_KERNEL, ibdev_to_node(dev->ib));
	if (!ch)
		return ERR_PTR(-ENOMEM);
	ret = percpu_ref_init(&ch->busy, channel_idle, 0, GFP_KERNEL);
	if (ret) {
		kfree(ch);
		return ERR_PTR(ret);
	}
	init_fields(ch, conn, nexus);
	ch->pool = srpt_data_pool_get(dev->pool);
	ch->login_flags = login->flags;
	ch->limits.max_data_len = attr->max_io_size;
	ch->limits.max_desc = SRPT_MAX_DESC;
	if (login->flags & PROTO_IMMED_REQUESTED)
		ch->limits.imm_offset = login->imm_offset;
	ch->max_it_iu_len = login->it_iu_len;
	ch->max_ti_iu_len = attr->max_rsp_size;
	ch->use_srq = attr->use_srq && !srpt_device_get_srq(dev);
	ch->use_rw_api = srpt_rw_wanted(dev->ib, ch->port_num);

	ret = -ENOMEM;
	ch->stats = alloc_percpu(struct srpt_stats);
	ch->scratch = kzalloc(sizeof(*ch->scratch), GFP_KERNEL);
	if (!ch->stats || !ch->scratch || srpt_msgs_create(ch))
		goto fail;
	ret = create_ring(ch, login->it_iu_len, attr->max_rsp_size);
	if (ret)
		goto fail;
	ret = create_queues(ch, attr->sq_size);
	if (ret)
		goto fail;
	if (!ch->use_srq) {
		ret = srpt_ring_post_all(ch->ring, ch->qp, NULL);
		if (ret)
			goto fail;
	}
	proto_credit_init(&ch->credit, SRPT_CREDITS, SRPT_FREE_IUS);
	proto_credit_release(&ch->credit, SRPT_RING_SIZE);
	proto_credit_take(&ch->credit);
	return ch;

fail:
	unmake(ch);
	return ERR_PTR(ret);
}

bool srpt_channel_publish(struct srpt_channel *ch)
{
	struct srpt_nexus *nexus = ch->nexus;
	struct srpt_device *dev = ch->dev;
	unsigned long flags;
	bool ok;

	ch->since = ktime_get_ns();
	/* Entered even when the device is on its way out: the removal waits
	 * for this list to become empty.
	 */
	spin_lock_irqsave(&dev->channels_lock, flags);
	list_add_tail(&ch->dev_entry, &dev->channels);
	ok = !dev->removing;
	spin_unlock_irqrestore(&dev->channels_lock, flags);

	spin_lock(&nexus->lock);
	ch->id = nexus->next_channel++;
	if (nexus->closing)
		ok = false;
	else
		list_add_tail(&ch->nexus_entry, &nexus->channels);
	spin_unlock(&nexus->lock);
	return ok;
}

void srpt_channel_discard(struct srpt_channel *ch)
{
	unmake(ch);
}
