// SPDX-License-Identifier: GPL-2.0
/*
 * Events: logins, logouts, refused logins, ports that come and go.
 *
 * An event is an aid to the administrator, never a reason to hold up what it
 * tells of: it is built without sleeping, and one that memory does not suffice
 * for is counted and dropped. Without a listener none is built.
 */
#include "netlink.h"

atomic64_t srpt_nl_logins = ATOMIC64_INIT(0);
atomic64_t srpt_nl_logouts = ATOMIC64_INIT(0);
atomic64_t srpt_nl_events_lost = ATOMIC64_INIT(0);

/* Begin a message; NULL: nobody listens, or no memory. */
static struct sk_buff *event_begin(u8 cmd, void **hdr)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(&srpt_nl_family, &init_net, SRPT_NL_MCGRP_EVENTS))
		return NULL;
	skb = nlmsg_new(NLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (!skb) {
		atomic64_inc(&srpt_nl_events_lost);
		return NULL;
	}
	*hdr = genlmsg_put(skb, 0, 0, &srpt_nl_family, 0, cmd);
	return skb;
}

/* Send it, unless its attributes did not fit. */
static void event_end(struct sk_buff *skb, void *hdr, int err)
{
	if (err || !hdr) {
		nlmsg_free(skb);
		atomic64_inc(&srpt_nl_events_lost);
		return;
	}
	genlmsg_end(skb, hdr);
	/* Fails when the last listener has gone or its buffer is full; the
	 * latter it learns from its socket.
	 */
	genlmsg_multicast(&srpt_nl_family, skb, 0, SRPT_NL_MCGRP_EVENTS,
			  GFP_ATOMIC);
}

/* A channel is LIVE. Any context; @ch stays referenced by the caller. */
void srpt_netlink_login(struct srpt_channel *ch)
{
	struct sk_buff *skb;
	void *hdr;

	atomic64_inc(&srpt_nl_logins);
	skb = event_begin(IB_SRPT_CMD_LOGIN_NTF, &hdr);
	if (skb)
		event_end(skb, hdr, srpt_nl_put_channel(skb, ch));
}

/* A channel has ended; its nexus is still there. Any context. */
void srpt_netlink_logout(struct srpt_channel *ch, enum srpt_close_cause cause)
{
	struct srpt_stats stats = { };
	struct sk_buff *skb;
	void *hdr;
	int err;

	atomic64_inc(&srpt_nl_logouts);
	skb = event_begin(IB_SRPT_CMD_LOGOUT_NTF, &hdr);
	if (!skb)
		return;
	srpt_stats_sum(ch, &stats);
	err = srpt_nl_put_channel(skb, ch);
	if (!err)
		err = srpt_nl_put_stats(skb, IB_SRPT_A_CHANNEL_STATS, &stats);
	if (!err)
		err = srpt_nl_put_cause(skb, ch, cause);
	event_end(skb, hdr, err);
}

/* A login was refused and srpt_reject_note() has accounted it. The event obeys
 * the rate of the log lines.
 */
void srpt_netlink_reject(struct srpt_port *port,
			 const struct proto_initiator *who, u32 reason,
			 const char *text)
{
	struct srpt_reject r;
	struct sk_buff *skb;
	void *hdr;

	if (!srpt_reject_find(port, who, &r) || !r.announced)
		return;
	/* Another refusal of the same initiator may have come in between. */
	r.reason = reason;
	strscpy(r.text, text, sizeof(r.text));
	skb = event_begin(IB_SRPT_CMD_REJECT_NTF, &hdr);
	if (skb)
		event_end(skb, hdr, srpt_nl_put_reject(skb, &r));
}

/* The state or identity of a port has changed. May sleep. */
void srpt_netlink_port(struct srpt_port *port, bool up)
{
	struct sk_buff *skb;
	void *hdr;

	skb = event_begin(IB_SRPT_CMD_PORT_NTF, &hdr);
	if (skb)
		event_end(skb, hdr, srpt_nl_put_port(skb, port));
}
