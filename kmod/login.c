// SPDX-License-Identifier: GPL-2.0
/*
 * SRP_LOGIN_REQ (r16a 6.2): validate, authorise, check the limits, and only
 * then take memory, a QP and a CQ. Every reason to refuse, and the line that
 * tells the administrator what to do about it, is in this file.
 */
#include "log.h"

#include <linux/slab.h>

#include "channel.h"
#include "trace.h"

struct workqueue_struct *srpt_wq;
struct workqueue_struct *srpt_login_wq;

/**
 * struct refusal - a login that is refused
 * @reason:	of the standard
 * @why:	for the log, the netlink event and the list of refused logins
 * @acl:	it is the ACL that is missing: the line has a form of its own
 */
struct refusal {
	enum proto_rej_reason reason;
	const char *why;
	bool acl;
};

static u64 half(const u8 id[16], int i)
{
	return proto_get_be64(id + 8 * i);
}

/* The line of the reference documentation; it shows the IDs that matter. */
static void log_received(const struct srpt_conn *conn,
			 const struct proto_login *l)
{
	union ib_gid gid;
	unsigned long flags;

	spin_lock_irqsave(&conn->port->lock, flags);
	gid = conn->port->gid;
	spin_unlock_irqrestore(&conn->port->lock, flags);
	pr_info("Received SRP_LOGIN_REQ with i_port_id 0x%llx:0x%llx, t_port_id 0x%llx:0x%llx and it_iu_len %u on port %u (guid=0x%llx:0x%llx)\n",
		half(l->i_port_id, 0), half(l->i_port_id, 1),
		half(l->t_port_id, 0), half(l->t_port_id, 1), l->it_iu_len,
		conn->port->num, half(gid.raw, 0), half(gid.raw, 1));
}

static void log_refused(const struct srpt_conn *conn, const char *name,
			const struct refusal *r)
{
	if (r->acl)
		pr_info("Rejected login because no ACL has been configured yet for initiator %s.\n",
			name);
	else
		pr_info("Rejected login from initiator %s at %s because %s.\n",
			name, conn->peer, r->why);
}

static void refuse(struct srpt_conn *conn, const struct proto_login *l,
		   const struct refusal *r)
{
	u8 rej[PROTO_LOGIN_REJ_LEN];
	char name[36];
	size_t len;

	proto_id128_format(l->i_port_id, name, sizeof(name));
	if (srpt_reject_note(conn->port, &conn->who, r->reason, r->why)) {
		log_received(conn, l);
		log_refused(conn, name, r);
	}
	trace_srpt_login(dev_name(&conn->port->dev->ib->dev), conn->port->num,
			 name, r->reason);
	srpt_netlink_reject(conn->port, &conn->who, r->reason, r->why);
	len = proto_login_build_rej(rej, sizeof(rej), l->tag, r->reason,
				    PROTO_BUF_DIRECT | PROTO_BUF_INDIRECT);
	conn->ops->reject(conn, rej, len);
}

/* Wire format and target port ID. */
static bool validate(struct srpt_conn *conn, struct proto_login *l,
		     struct refusal *r)
{
	enum proto_login_result res;

	res = proto_login_parse(conn->priv, conn->priv_len, conn->ops->rdma_cm,
				srpt_max_req_size, l);
	memcpy(conn->who.i_port_id, l->i_port_id, sizeof(l->i_port_id));
	if (res) {
		r->reason = proto_login_reject_reason(res);
		r->why = proto_login_result_text(res);
		return false;
	}
	if (half(l->t_port_id, 0) != srpt_service_guid ||
	    half(l->t_port_id, 1) != srpt_service_guid) {
		r->reason = PROTO_REJ_UNABLE_ASSOCIATE_CHANNEL;
		r->why = "its target port ID is not the service GUID of this target";
		return false;
	}
	return true;
}

static bool authorise(struct srpt_conn *conn, struct srpt_admission *adm,
		      struct refusal *r)
{
	switch (srpt_acl_admit(conn->port, &conn->who, adm)) {
	case SRPT_ADMIT_OK:
		return true;
	case SRPT_ADMIT_NO_TARGET:
		r->reason = PROTO_REJ_INSUFFICIENT_RESOURCES;
		r->why = "no target is configured for this port";
		break;
	case SRPT_ADMIT_DISABLED:
		r->reason = PROTO_REJ_INSUFFICIENT_RESOURCES;
		r->why = "the target of this port is not enabled";
		break;
	case SRPT_ADMIT_NO_ACL:
		/* What initiators have always been told in this case. */
		r->reason = PROTO_REJ_CHANNEL_LIMIT_REACHED;
		r->why = "no ACL has been configured yet";
		r->acl = true;
		break;
	}
	return false;
}

static size_t build_rsp(const struct srpt_channel *ch,
			const struct proto_login *l, u8 flags, void *buf,
			size_t cap)
{
	struct proto_login_accept a = {
		.tag = l->tag,
		.req_lim_delta = ch->credit.granted,
		.max_it_iu_len = l->it_iu_len,
		.max_ti_iu_len = ch->max_ti_iu_len,
		.buf_fmt = PROTO_BUF_DIRECT | PROTO_BUF_INDIRECT,
		.flags = flags | PROTO_RSP_SOLNTSUP,
	};

	if (ch->limits.imm_offset)
		a.flags |= PROTO_RSP_IMMED_SUPPORTED;
	return proto_login_build_rsp(buf, cap, &a);
}

/* Did the connection manager report that the initiator does not wait for an
 * answer any more?
 */
static bool given_up(struct srpt_conn *conn)
{
	unsigned long flags;
	bool lost;

	spin_lock_irqsave(&conn->lock, flags);
	lost = conn->lost;
	spin_unlock_irqrestore(&conn->lock, flags);
	return lost;
}

static void refuse_lost(struct refusal *r)
{
	r->reason = PROTO_REJ_UNABLE_ESTABLISH_CHANNEL;
	r->why = "the initiator has given up";
}

/* Connect the connection with its channel, unless it is lost already. */
static bool attach(struct srpt_conn *conn, struct srpt_channel *ch)
{
	unsigned long flags;
	bool ok;

	spin_lock_irqsave(&conn->lock, flags);
	ok = !conn->lost;
	if (ok) {
		atomic_set(&ch->cause, SRPT_CLOSE_NONE);
		conn->ch = ch;
	}
	spin_unlock_irqrestore(&conn->lock, flags);
	return ok;
}

/* Build the channel and send the accept. True: the channel owns the connection
 * and the place in the nexus; false: refuse, nothing is held.
 */
static bool establish(struct srpt_conn *conn, const struct proto_login *l,
		      const struct srpt_tpg *tpg, const struct srpt_join *join,
		      struct refusal *r)
{
	u8 rsp[PROTO_LOGIN_RSP_LEN];
	struct srpt_channel *ch;
	size_t len;

	ch = srpt_channel_create(conn, join->nexus, &tpg->attrib, l);
	if (IS_ERR(ch)) {
		r->reason = PROTO_REJ_INSUFFICIENT_RESOURCES;
		r->why = "memory or HCA resources are short";
		/* Its queue pair can't be made ready any more then, either. */
		if (given_up(conn))
			refuse_lost(r);
		return false;
	}
	if (!attach(conn, ch)) {
		refuse_lost(r);
		srpt_channel_discard(ch);
		return false;
	}
	/* From here on the CM, the nexus and the device may close the channel;
	 * its close waits for us, and takes the connection over.
	 */
	if (!srpt_channel_publish(ch)) {
		r->reason = PROTO_REJ_UNABLE_ESTABLISH_CHANNEL;
		r->why = "its session, its target or the HCA is going away";
		refuse(conn, l, r);
		srpt_channel_close(ch, SRPT_CLOSE_HANDSHAKE, r->why);
		complete(&ch->login_done);
		return true;
	}

	if (srpt_log_permit(conn->who.i_port_id))
		log_received(conn, l);
	trace_srpt_login(ch->dev_name, ch->port_num, ch->name, 0);
	len = build_rsp(ch, l, join->flags, rsp, sizeof(rsp));
	if (conn->ops->accept(conn, ch, rsp, len))
		srpt_channel_close(ch, SRPT_CLOSE_HANDSHAKE,
				   "the accept could not be sent");
	complete(&ch->login_done);
	return true;
}

static bool login(struct srpt_conn *conn, struct proto_login *l,
		  struct refusal *r)
{
	struct srpt_join join = { .who = &conn->who };
	struct srpt_admission adm;
	bool ok = false;

	if (!validate(conn, l, r) || !authorise(conn, &adm, r))
		return false;
	join.multi = (l->flags & PROTO_MULTICHAN_MASK) == PROTO_MULTICHAN_MULTI;
	if (srpt_nexus_join(&adm, &join)) {
		r->reason = join.reason;
		r->why = join.why;
	} else {
		ok = establish(conn, l, adm.tpg, &join, r);
		if (!ok)
			srpt_nexus_unjoin(join.nexus);
	}
	srpt_tpg_put(adm.tpg);
	return ok;
}

/* A login from its request to the accept or the reject. May sleep. */
void srpt_login_work(struct work_struct *work)
{
	struct srpt_conn *conn = container_of(work, struct srpt_conn, work);
	struct refusal r = {};
	struct proto_login l;

	if (!login(conn, &l, &r)) {
		refuse(conn, &l, &r);
		srpt_conn_free(conn);
	}
	srpt_conn_login_ended();
}

int srpt_login_init(void)
{
	srpt_wq = alloc_workqueue("srpt", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!srpt_wq)
		return -ENOMEM;
	srpt_login_wq = alloc_workqueue("srpt_login", WQ_UNBOUND, 0);
	if (!srpt_login_wq) {
		destroy_workqueue(srpt_wq);
		return -ENOMEM;
	}
	return 0;
}

void srpt_login_exit(void)
{
	destroy_workqueue(srpt_login_wq);
	destroy_workqueue(srpt_wq);
}
