// SPDX-License-Identifier: GPL-2.0
/*
 * The attributes of each kind of object, as dumps and events carry them.
 */
#include <linux/ktime.h>
#include <linux/ktime.h>

#include "netlink.h"

/* User space reads numbers where the module has enumerators of its own. */
#define SAME(uapi, ours)	static_assert((int)(uapi) == (int)(ours))

SAME(IB_SRPT_LATENCY_BUCKETS, SRPT_LAT_BUCKETS);
SAME(IB_SRPT_LINK_LAYER_INFINIBAND, IB_LINK_LAYER_INFINIBAND);
SAME(IB_SRPT_LINK_LAYER_ETHERNET, IB_LINK_LAYER_ETHERNET);
SAME(IB_SRPT_PORT_STATE_DOWN, IB_PORT_DOWN);
SAME(IB_SRPT_PORT_STATE_ACTIVE, IB_PORT_ACTIVE);
SAME(IB_SRPT_PORT_STATE_ACTIVE_DEFER, IB_PORT_ACTIVE_DEFER);
SAME(IB_SRPT_CHANNEL_STATE_CONNECTING, PROTO_CH_CONNECTING);
SAME(IB_SRPT_CHANNEL_STATE_LIVE, PROTO_CH_LIVE);
SAME(IB_SRPT_CHANNEL_STATE_DISCONNECTING, PROTO_CH_DISCONNECTING);
SAME(IB_SRPT_CHANNEL_STATE_DRAINING, PROTO_CH_DRAINING);
SAME(IB_SRPT_CHANNEL_STATE_DISCONNECTED, PROTO_CH_DISCONNECTED);
SAME(IB_SRPT_CLOSE_CAUSE_NONE, SRPT_CLOSE_NONE);
SAME(IB_SRPT_CLOSE_CAUSE_INITIATOR_LOGOUT, SRPT_CLOSE_INITIATOR_LOGOUT);
SAME(IB_SRPT_CLOSE_CAUSE_INITIATOR_DISCONNECT, SRPT_CLOSE_INITIATOR_DREQ);
SAME(IB_SRPT_CLOSE_CAUSE_CONNECTION_LOST, SRPT_CLOSE_CONNECTION_LOST);
SAME(IB_SRPT_CLOSE_CAUSE_HANDSHAKE, SRPT_CLOSE_HANDSHAKE);
SAME(IB_SRPT_CLOSE_CAUSE_PROTOCOL, SRPT_CLOSE_PROTOCOL);
SAME(IB_SRPT_CLOSE_CAUSE_MULTICHANNEL, SRPT_CLOSE_MULTICHANNEL);
SAME(IB_SRPT_CLOSE_CAUSE_ADMIN, SRPT_CLOSE_ADMIN);
SAME(IB_SRPT_CLOSE_CAUSE_DISABLED, SRPT_CLOSE_DISABLED);
SAME(IB_SRPT_CLOSE_CAUSE_ACL_REMOVED, SRPT_CLOSE_ACL_REMOVED);
SAME(IB_SRPT_CLOSE_CAUSE_DEVICE_REMOVED, SRPT_CLOSE_DEVICE_REMOVED);

/* Attributes of the source and of the initiator, for the sets that have them */
struct who_attrs {
	int initiator;
	int gid;
	int ip;
};

static int put_id128(struct sk_buff *skb, int attr, const u8 id[16])
{
	char text[36];

	proto_id128_format(id, text, sizeof(text));
	return nla_put_string(skb, attr, text);
}

static int put_who(struct sk_buff *skb, const struct who_attrs *attrs,
		   const struct proto_initiator *who)
{
	static const u8 v4_mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[48];

	if (put_id128(skb, attrs->initiator, who->i_port_id))
		return -EMSGSIZE;
	if (who->has_sgid) {
		scnprintf(text, sizeof(text), "%pI6", who->sgid);
		if (nla_put_string(skb, attrs->gid, text))
			return -EMSGSIZE;
	}
	if (who->has_ip) {
		if (!memcmp(who->ip, v4_mapped, sizeof(v4_mapped)))
			scnprintf(text, sizeof(text), "%pI4", who->ip + 12);
		else
			scnprintf(text, sizeof(text), "%pI6c", who->ip);
		if (nla_put_string(skb, attrs->ip, text))
			return -EMSGSIZE;
	}
	return 0;
}

int srpt_nl_put_port(struct sk_buff *skb, struct srpt_port *port)
{
	struct ib_device *ib = port->dev->ib;
	struct ib_port_attr attr;
	unsigned long flags;
	union ib_gid gid;
	u16 lid, sm_lid;

	spin_lock_irqsave(&port->lock, flags);
	gid = port->gid;
	lid = port->lid;
	sm_lid = port->sm_lid;
	spin_unlock_irqrestore(&port->lock, flags);
	if (ib_query_port(ib, port->num, &attr))
		attr.state = READ_ONCE(port->active) ? IB_PORT_ACTIVE :
						       IB_PORT_DOWN;

	if (nla_put_string(skb, IB_SRPT_A_PORT_DEVICE, dev_name(&ib->dev)) ||
	    nla_put_u32(skb, IB_SRPT_A_PORT_NUM, port->num) ||
	    put_id128(skb, IB_SRPT_A_PORT_GID, gid.raw) ||
	    nla_put_u64_64bit(skb, IB_SRPT_A_PORT_GUID,
			      be64_to_cpu(gid.global.interface_id),
			      IB_SRPT_A_PORT_PAD) ||
	    nla_put_u32(skb, IB_SRPT_A_PORT_LID, lid) ||
	    nla_put_u32(skb, IB_SRPT_A_PORT_SM_LID, sm_lid) ||
	    nla_put_u32(skb, IB_SRPT_A_PORT_LINK_LAYER,
			rdma_port_get_link_layer(ib, port->num)) ||
	    nla_put_u32(skb, IB_SRPT_A_PORT_STATE, attr.state))
		return -EMSGSIZE;
	return 0;
}

int srpt_nl_put_tpg(struct sk_buff *skb, struct srpt_tpg *tpg)
{
	const struct srpt_tpg_attrib *a = &tpg->attrib;

	if (nla_put_string(skb, IB_SRPT_A_TARGET_WWN, tpg->target->name) ||
	    nla_put_u32(skb, IB_SRPT_A_TARGET_TPG_TAG, tpg->tag) ||
	    nla_put_u8(skb, IB_SRPT_A_TARGET_ENABLED, tpg->enabled) ||
	    nla_put_u32(skb, IB_SRPT_A_TARGET_SESSIONS,
			READ_ONCE(tpg->n_nexuses)) ||
	    nla_put_u32(skb, IB_SRPT_A_TARGET_MAX_CHANNELS,
			READ_ONCE(a->max_channels)) ||
	    nla_put_u32(skb, IB_SRPT_A_TARGET_MAX_SESSIONS,
			READ_ONCE(a->max_sessions)) ||
	    nla_put_u64_64bit(skb, IB_SRPT_A_TARGET_MAX_INITIATOR_BYTES,
			      READ_ONCE(a->max_initiator_bytes),
			      IB_SRPT_A_TARGET_PAD) ||
	    nla_put_u32(skb, IB_SRPT_A_TARGET_MAX_IO_SIZE,
			READ_ONCE(a->max_io_size)) ||
	    nla_put_u32(skb, IB_SRPT_A_TARGET_MAX_RDMA_SIZE,
			READ_ONCE(a->max_rdma_size)) ||
	    nla_put_u32(skb, IB_SRPT_A_TARGET_MAX_RSP_SIZE,
			READ_ONCE(a->max_rsp_size)) ||
	    nla_put_u32(skb, IB_SRPT_A_TARGET_SQ_SIZE,
			READ_ONCE(a->sq_size)) ||
	    nla_put_u8(skb, IB_SRPT_A_TARGET_USE_SRQ, READ_ONCE(a->use_srq)) ||
	    nla_put_u8(skb, IB_SRPT_A_TARGET_GENERATE_NODE_ACLS,
		       READ_ONCE(a->generate_node_acls)))
		return -EMSGSIZE;
	return 0;
}

int srpt_nl_put_stats(struct sk_buff *skb, int attr,
		      const struct srpt_stats *stats)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

#define PUT(name, field)						\
	nla_put_u64_64bit(skb, IB_SRPT_A_STATS_##name, stats->field,	\
			  IB_SRPT_A_STATS_PAD)
	if (!nest ||
	    PUT(READ_CMDS, read_cmds) ||
	    PUT(WRITE_CMDS, write_cmds) ||
	    PUT(OTHER_CMDS, other_cmds) ||
	    PUT(READ_BYTES, read_bytes) ||
	    PUT(WRITE_BYTES, write_bytes) ||
	    PUT(TMFS, tmfs) ||
	    PUT(ABORTED, aborted) ||
	    PUT(FAILED, failed) ||
	    PUT(BUSY, busy) ||
	    PUT(BAD_IUS, bad_ius) ||
	    PUT(IMM_CMDS, imm_cmds) ||
	    PUT(EXT_TABLES, ext_tables) ||
	    PUT(CRED_REQS, cred_reqs) ||
	    PUT(SQ_WAITS, sq_waits) ||
	    nla_put(skb, IB_SRPT_A_STATS_READ_LATENCY,
		    sizeof(stats->read_lat), stats->read_lat) ||
	    nla_put(skb, IB_SRPT_A_STATS_WRITE_LATENCY,
		    sizeof(stats->write_lat), stats->write_lat))
		return -EMSGSIZE;
#undef PUT
	nla_nest_end(skb, nest);
	return 0;
}

static int add_channel_stats(struct srpt_channel *ch, void *arg)
{
	srpt_stats_sum(ch, arg);
	return 0;
}

/* The name the administrator gave the ACL; dynamic ones only have LIO's. */
static int put_acl(struct sk_buff *skb, const struct se_session *sess)
{
	const struct se_node_acl *nacl = sess ? sess->se_node_acl : NULL;
	const struct srpt_node_acl *acl;

	if (!nacl)
		return 0;
	acl = container_of(nacl, struct srpt_node_acl, nacl);
	if (nla_put_string(skb, IB_SRPT_A_SESSION_ACL,
			   acl->name[0] ? acl->name : nacl->initiatorname))
		return -EMSGSIZE;
	if (nacl->dynamic_node_acl &&
	    nla_put_flag(skb, IB_SRPT_A_SESSION_DYNAMIC_ACL))
		return -EMSGSIZE;
	return 0;
}

int srpt_nl_put_nexus(struct sk_buff *skb, struct srpt_nexus *nexus)
{
	static const struct who_attrs attrs = {
		.initiator	= IB_SRPT_A_SESSION_INITIATOR,
		.gid		= IB_SRPT_A_SESSION_SOURCE_GID,
		.ip		= IB_SRPT_A_SESSION_SOURCE_IP,
	};
	struct srpt_stats sum = { };

	if (nla_put_u32(skb, IB_SRPT_A_SESSION_ID, nexus->id) ||
	    put_who(skb, &attrs, &nexus->who) ||
	    nla_put_string(skb, IB_SRPT_A_SESSION_WWN,
			   nexus->tpg->target->name) ||
	    nla_put_u32(skb, IB_SRPT_A_SESSION_TPG_TAG, nexus->tpg->tag) ||
	    put_acl(skb, nexus->sess) ||
	    nla_put_u32(skb, IB_SRPT_A_SESSION_CHANNELS,
			READ_ONCE(nexus->n_channels)) ||
	    nla_put_u64_64bit(skb, IB_SRPT_A_SESSION_BYTES_HELD,
			      atomic64_read(&nexus->bytes),
			      IB_SRPT_A_SESSION_PAD) ||
	    nla_put_u64_64bit(skb, IB_SRPT_A_SESSION_LOGIN_TIME,
			      nexus->login_time, IB_SRPT_A_SESSION_PAD) ||
	    (READ_ONCE(nexus->closing) &&
	     nla_put_flag(skb, IB_SRPT_A_SESSION_CLOSING)))
		return -EMSGSIZE;
	srpt_nexus_iterate_channels(nexus, add_channel_stats, &sum);
	return srpt_nl_put_stats(skb, IB_SRPT_A_SESSION_STATS, &sum);
}

/* The account as it looks at a glance: its owner's lock is not worth taking. */
static int put_credit(struct sk_buff *skb, const struct srpt_channel *ch)
{
	struct proto_credit c = {
		.limit		= READ_ONCE(ch->credit.limit),
		.granted	= READ_ONCE(ch->credit.granted),
		.consumed	= READ_ONCE(ch->credit.consumed),
		.finished	= READ_ONCE(ch->credit.finished),
		.released	= READ_ONCE(ch->credit.released),
		.reserve	= READ_ONCE(ch->credit.reserve),
	};

	if (nla_put_u32(skb, IB_SRPT_A_CHANNEL_CREDIT_LIMIT, c.limit) ||
	    nla_put_u32(skb, IB_SRPT_A_CHANNEL_CREDIT_GRANTED, c.granted) ||
	    nla_put_u32(skb, IB_SRPT_A_CHANNEL_CREDIT_CONSUMED, c.consumed) ||
	    nla_put_u32(skb, IB_SRPT_A_CHANNEL_CREDIT_FREE,
			c.granted - c.consumed) ||
	    nla_put_u32(skb, IB_SRPT_A_CHANNEL_CREDIT_DUE,
			proto_credit_due(&c)))
		return -EMSGSIZE;
	return 0;
}

/* All about a channel but its counters and its end. Any context. */
int srpt_nl_put_channel(struct sk_buff *skb, struct srpt_channel *ch)
{
	static const struct who_attrs attrs = {
		.initiator	= IB_SRPT_A_CHANNEL_INITIATOR,
		.gid		= IB_SRPT_A_CHANNEL_SOURCE_GID,
		.ip		= IB_SRPT_A_CHANNEL_SOURCE_IP,
	};
	const struct srpt_tpg *tpg = ch->nexus->tpg;

	if (nla_put_u32(skb, IB_SRPT_A_CHANNEL_SESSION_ID, ch->session_id) ||
	    nla_put_u32(skb, IB_SRPT_A_CHANNEL_ID, ch->id) ||
	    put_who(skb, &attrs, &ch->who) ||
	    nla_put_string(skb, IB_SRPT_A_CHANNEL_WWN, tpg->target->name) ||
	    nla_put_u32(skb, IB_SRPT_A_CHANNEL_TPG_TAG, tpg->tag) ||
	    nla_put_string(skb, IB_SRPT_A_CHANNEL_DEVICE, ch->dev_name) ||
	    nla_put_u32(skb, IB_SRPT_A_CHANNEL_PORT, ch->port_num) ||
	    nla_put_u32(skb, IB_SRPT_A_CHANNEL_CM_KIND,
			ch->rdma_cm_login ? IB_SRPT_CM_KIND_RDMA :
					    IB_SRPT_CM_KIND_IB) ||
	    nla_put_u32(skb, IB_SRPT_A_CHANNEL_STATE, READ_ONCE(ch->state)) ||
	    nla_put_u32(skb, IB_SRPT_A_CHANNEL_QP_NUM, ch->qp_num) ||
	    nla_put_u32(skb, IB_SRPT_A_CHANNEL_PEER_QP_NUM, ch->peer_qp_num) ||
	    (ch->use_srq && nla_put_flag(skb, IB_SRPT_A_CHANNEL_USE_SRQ)) ||
	    nla_put_u32(skb, IB_SRPT_A_CHANNEL_MAX_IT_IU_LEN,
			ch->max_it_iu_len) ||
	    nla_put_u32(skb, IB_SRPT_A_CHANNEL_MAX_TI_IU_LEN,
			ch->max_ti_iu_len) ||
	    nla_put_u32(skb, IB_SRPT_A_CHANNEL_SQ_SIZE, ch->sq_size) ||
	    nla_put_u32(skb, IB_SRPT_A_CHANNEL_SQ_USED,
			READ_ONCE(ch->sq_posted) - READ_ONCE(ch->sq_done)) ||
	    put_credit(skb, ch) ||
	    nla_put_u64_64bit(skb, IB_SRPT_A_CHANNEL_AGE_MS,
			      div_u64(ktime_get_ns() - ch->since, NSEC_PER_MSEC),
			      IB_SRPT_A_CHANNEL_PAD))
		return -EMSGSIZE;
	if (ch->limits.imm_offset &&
	    (nla_put_flag(skb, IB_SRPT_A_CHANNEL_IMM_DATA) ||
	     nla_put_u32(skb, IB_SRPT_A_CHANNEL_IMM_OFFSET,
			 ch->limits.imm_offset)))
		return -EMSGSIZE;
	return 0;
}

int srpt_nl_put_cause(struct sk_buff *skb, const struct srpt_channel *ch,
		      enum srpt_close_cause cause)
{
	const char *detail = READ_ONCE(ch->cause_detail);
	char text[128];

	scnprintf(text, sizeof(text), "%s%s%s", srpt_close_cause_text(cause),
		  detail ? ": " : "", detail ?: "");
	if (nla_put_u32(skb, IB_SRPT_A_CHANNEL_CAUSE, cause) ||
	    nla_put_string(skb, IB_SRPT_A_CHANNEL_CAUSE_TEXT, text))
		return -EMSGSIZE;
	return 0;
}

int srpt_nl_put_reject(struct sk_buff *skb, const struct srpt_reject *r)
{
	static const struct who_attrs attrs = {
		.initiator	= IB_SRPT_A_REJECT_INITIATOR,
		.gid		= IB_SRPT_A_REJECT_SOURCE_GID,
		.ip		= IB_SRPT_A_REJECT_SOURCE_IP,
	};

	if (put_who(skb, &attrs, &r->who) ||
	    nla_put_string(skb, IB_SRPT_A_REJECT_DEVICE, r->dev_name) ||
	    nla_put_u32(skb, IB_SRPT_A_REJECT_PORT, r->port_num) ||
	    put_id128(skb, IB_SRPT_A_REJECT_PORT_GID, r->port_gid) ||
	    nla_put_u32(skb, IB_SRPT_A_REJECT_REASON, r->reason) ||
	    nla_put_string(skb, IB_SRPT_A_REJECT_REASON_NAME,
			   proto_rej_reason_text(r->reason)) ||
	    nla_put_string(skb, IB_SRPT_A_REJECT_TEXT, r->text) ||
	    nla_put_u64_64bit(skb, IB_SRPT_A_REJECT_COUNT, r->count,
			      IB_SRPT_A_REJECT_PAD) ||
	    nla_put_u64_64bit(skb, IB_SRPT_A_REJECT_NOT_LOGGED, r->not_logged,
			      IB_SRPT_A_REJECT_PAD) ||
	    nla_put_u64_64bit(skb, IB_SRPT_A_REJECT_FIRST_TIME, r->first_time,
			      IB_SRPT_A_REJECT_PAD) ||
	    nla_put_u64_64bit(skb, IB_SRPT_A_REJECT_LAST_TIME, r->last_time,
			      IB_SRPT_A_REJECT_PAD) ||
	    nla_put_u64_64bit(skb, IB_SRPT_A_REJECT_AGE_MS,
			      div_u64(ktime_get_boottime_ns() - r->last_ns,
				      NSEC_PER_MSEC),
			      IB_SRPT_A_REJECT_PAD))
		return -EMSGSIZE;
	return 0;
}
