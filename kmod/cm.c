// SPDX-License-Identifier: GPL-2.0
/*
 * Connections: what the two connection managers have in common. A CM handler
 * only copies what it is told and starts the login work; it never sleeps.
 */
#include "log.h"

#include <linux/slab.h>

#include "channel.h"

/* Logins in progress, all HCAs together: a storm is refused by the CM, which
 * tells the initiator that its request was not taken, not by our memory.
 */
#define SRPT_MAX_LOGINS		256

static atomic_t logins = ATOMIC_INIT(0);

struct srpt_conn *srpt_conn_alloc(struct srpt_port *port,
				  const struct srpt_cm_ops *ops,
				  const void *priv, u8 len)
{
	struct srpt_conn *conn;

	if (atomic_inc_return(&logins) > SRPT_MAX_LOGINS)
		goto busy;
	conn = kzalloc(sizeof(*conn), GFP_KERNEL);
	if (!conn)
		goto busy;
	conn->ops = ops;
	conn->port = port;
	spin_lock_init(&conn->lock);
	INIT_WORK(&conn->work, srpt_login_work);
	/* RDMA CM hands over more room than a request can fill. */
	conn->priv_len = priv ? min_t(u32, len, sizeof(conn->priv)) : 0;
	if (conn->priv_len)
		memcpy(conn->priv, priv, conn->priv_len);
	return conn;

busy:
	atomic_dec(&logins);
	pr_warn_ratelimited("%s port %u: a login was turned away unread: %u in progress, or no memory.\n",
			    dev_name(&port->dev->ib->dev), port->num,
			    atomic_read(&logins));
	return NULL;
}

int srpt_conn_start(struct srpt_conn *conn)
{
	queue_work(srpt_login_wq, &conn->work);
	return 0;
}

void srpt_conn_login_ended(void)
{
	atomic_dec(&logins);
}

void srpt_conn_free(struct srpt_conn *conn)
{
	conn->ops->destroy(conn);
	kfree(conn);
}

static struct srpt_channel *conn_channel(struct srpt_conn *conn, bool lost)
{
	struct srpt_channel *ch;
	unsigned long flags;

	spin_lock_irqsave(&conn->lock, flags);
	if (lost)
		conn->lost = true;
	ch = conn->ch;
	spin_unlock_irqrestore(&conn->lock, flags);
	return ch;
}

/* The initiator has confirmed the accept. */
void srpt_conn_established(struct srpt_conn *conn)
{
	struct srpt_channel *ch = conn_channel(conn, false);

	if (!ch || !srpt_channel_set_state(ch, PROTO_CH_LIVE))
		return;
	if (srpt_log_permit(ch->who.i_port_id))
		pr_info("Accepted login from initiator %s at %s: session %u channel %u credit %u on %s port %u (%s)\n",
			ch->name, ch->peer, ch->session_id, ch->id,
			SRPT_CREDITS, ch->dev_name, ch->port_num,
			ch->rdma_cm_login ? "RDMA CM" : "IB CM");
	srpt_netlink_login(ch);
}

void srpt_conn_lost(struct srpt_conn *conn, enum srpt_close_cause cause)
{
	struct srpt_channel *ch = conn_channel(conn, true);

	if (ch)
		srpt_channel_close(ch, cause, NULL);
}

/* Asynchronous events of a channel's QP. */
void srpt_cm_qp_event(struct ib_event *event, void *ctx)
{
	struct srpt_channel *ch = ctx;

	switch (event->event) {
	case IB_EVENT_COMM_EST:
		/* Data came before the confirmation, which may be lost. */
		if (ch->rdma_cm_login)
			rdma_notify(ch->conn->rdma, event->event);
		else
			ib_cm_notify(ch->conn->ib, event->event);
		break;
	case IB_EVENT_QP_LAST_WQE_REACHED:
		complete(&ch->last_wqe);
		break;
	case IB_EVENT_QP_FATAL:
	case IB_EVENT_QP_REQ_ERR:
	case IB_EVENT_QP_ACCESS_ERR:
		srpt_channel_close(ch, SRPT_CLOSE_CONNECTION_LOST,
				   ib_event_msg(event->event));
		break;
	default:
		break;
	}
}
