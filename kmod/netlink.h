/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the netlink family share: the family, and one function
 * per kind of object that writes its attributes. Those return 0, or -EMSGSIZE
 * when the message has no room for all of them.
 */
#ifndef SRPT_NETLINK_H
#define SRPT_NETLINK_H

#include "netlink_gen.h"
#include "reject.h"
#include "srpt.h"

extern struct genl_family srpt_nl_family;

/* Counts of events since the module was loaded */
extern atomic64_t srpt_nl_logins;
extern atomic64_t srpt_nl_logouts;
extern atomic64_t srpt_nl_events_lost;

int srpt_nl_put_port(struct sk_buff *skb, struct srpt_port *port);
int srpt_nl_put_tpg(struct sk_buff *skb, struct srpt_tpg *tpg);
int srpt_nl_put_nexus(struct sk_buff *skb, struct srpt_nexus *nexus);
int srpt_nl_put_stats(struct sk_buff *skb, int attr,
		      const struct srpt_stats *stats);
int srpt_nl_put_channel(struct sk_buff *skb, struct srpt_channel *ch);
int srpt_nl_put_cause(struct sk_buff *skb, const struct srpt_channel *ch,
		      enum srpt_close_cause cause);
int srpt_nl_put_reject(struct sk_buff *skb, const struct srpt_reject *r);

#endif /* SRPT_NETLINK_H */
