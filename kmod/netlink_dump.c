// SPDX-License-Identifier: GPL-2.0
/*
 * Dumps: ports, targets, sessions, channels, refused logins.
 *
 * A dump goes to user space message by message, at the reader's pace, and the
 * reader may stop in the middle. No lock and no reference is kept from one
 * call to the next, or a slow reader could hold up a logout. Sessions are
 * therefore listed by number when the dump begins and looked up one by one;
 * one that has gone meanwhile is passed over, and none is shown twice.
 */
#include <linux/slab.h>
#include <linux/sort.h>

#include "data_pool.h"
#include "netlink.h"

/**
 * struct dump_state - where a dump of sessions, channels or rejects stands
 * @n:		entries of @ids or @rejects
 * @pos:	entry to show next
 * @next_channel: first channel of that session to show
 * @ids:	session numbers
 * @rejects:	copy of the refused logins
 */
struct dump_state {
	u32 n;
	u32 pos;
	u32 next_channel;
	union {
		u32 *ids;
		struct srpt_reject *rejects;
	};
};

static struct dump_state *dump_state(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct dump_state) > sizeof(cb->ctx));
	return (struct dump_state *)cb->ctx;
}

static void *dump_begin(struct sk_buff *skb, struct netlink_callback *cb,
			u8 cmd)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &srpt_nl_family, NLM_F_MULTI, cmd);
}

/* Keep the message if its attributes fitted. */
static int dump_end(struct sk_buff *skb, void *hdr, int err)
{
	if (err)
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
	return err;
}

/* What a dumpit function returns: an object too large for an empty buffer is
 * an error, everything else waits for the next buffer.
 */
static int dump_return(struct sk_buff *skb, int err)
{
	return err && !skb->len ? err : skb->len;
}

/* ports */

static u32 port_channels(struct srpt_port *port)
{
	struct srpt_device *dev = port->dev;
	struct srpt_channel *ch;
	unsigned long flags;
	u32 n = 0;

	spin_lock_irqsave(&dev->channels_lock, flags);
	list_for_each_entry(ch, &dev->channels, dev_entry)
		n += ch->port_num == port->num;
	spin_unlock_irqrestore(&dev->channels_lock, flags);
	return n;
}

static bool target_enabled(const struct srpt_target *target)
{
	const struct srpt_tpg *tpg;

	lockdep_assert_held(&srpt_target_mutex);
	list_for_each_entry(tpg, &target->tpgs, entry)
		if (tpg->enabled)
			return true;
	return false;
}

/* Names of the enabled targets on a port; what does not fit into a buffer that
 * is otherwise empty is left out, as it would not fit into the next one either.
 */
static int put_port_targets(struct sk_buff *skb, struct srpt_port *port,
			    bool first)
{
	struct srpt_target *target;
	int err = 0;

	mutex_lock(&srpt_target_mutex);
	list_for_each_entry(target, &srpt_targets, entry) {
		if (!target_enabled(target) ||
		    !srpt_port_is_named(port, &target->ident))
			continue;
		err = nla_put_string(skb, IB_SRPT_A_PORT_TARGET, target->name);
		if (err)
			break;
	}
	mutex_unlock(&srpt_target_mutex);
	return first ? 0 : err;
}

static int put_port_pool(struct sk_buff *skb, struct srpt_port *port)
{
	u64 total, kept;

	srpt_data_pool_usage(port->dev->pool, &total, &kept);
	if (nla_put_u64_64bit(skb, IB_SRPT_A_PORT_POOL_BYTES, total,
			      IB_SRPT_A_PORT_PAD) ||
	    nla_put_u64_64bit(skb, IB_SRPT_A_PORT_POOL_KEPT_BYTES, kept,
			      IB_SRPT_A_PORT_PAD))
		return -EMSGSIZE;
	return 0;
}

static int dump_port(struct sk_buff *skb, struct netlink_callback *cb,
		     struct srpt_port *port)
{
	bool first = !skb->len;
	void *hdr = dump_begin(skb, cb, IB_SRPT_CMD_PORT_GET);
	int err;

	if (!hdr)
		return -EMSGSIZE;
	err = srpt_nl_put_port(skb, port);
	if (!err &&
	    ((port->dev->cm_id && nla_put_flag(skb, IB_SRPT_A_PORT_IB_CM)) ||
	     (port->dm && nla_put_flag(skb, IB_SRPT_A_PORT_DM_AGENT)) ||
	     nla_put_u32(skb, IB_SRPT_A_PORT_CHANNELS, port_channels(port))))
		err = -EMSGSIZE;
	if (!err)
		err = put_port_pool(skb, port);
	if (!err)
		err = put_port_targets(skb, port, first);
	return dump_end(skb, hdr, err);
}

int srpt_nl_port_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	unsigned long skip = cb->args[0], n = 0;
	struct srpt_device *dev;
	int err = 0;
	u32 i;

	mutex_lock(&srpt_device_mutex);
	list_for_each_entry(dev, &srpt_devices, entry) {
		for (i = 0; i < dev->port_count; i++, n++) {
			if (n < skip)
				continue;
			err = dump_port(skb, cb, &dev->port[i]);
			if (err)
				goto out;
		}
	}
out:
	mutex_unlock(&srpt_device_mutex);
	cb->args[0] = n;
	return dump_return(skb, err);
}

/* targets */

/* Which ports carry the target; see put_port_targets() about @first. */
static int put_target_ports(struct sk_buff *skb, struct srpt_target *target,
			    bool first)
{
	struct srpt_device *dev;
	struct nlattr *nest;
	u32 i;

	lockdep_assert_held(&srpt_device_mutex);
	list_for_each_entry(dev, &srpt_devices, entry) {
		for (i = 0; i < dev->port_count; i++) {
			struct srpt_port *port = &dev->port[i];

			if (!srpt_port_is_named(port, &target->ident))
				continue;
			nest = nla_nest_start(skb, IB_SRPT_A_TARGET_PORTS);
			if (!nest)
				return first ? 0 : -EMSGSIZE;
			if (nla_put_string(skb, IB_SRPT_A_PORT_DEVICE,
					   dev_name(&dev->ib->dev)) ||
			    nla_put_u32(skb, IB_SRPT_A_PORT_NUM, port->num)) {
				nla_nest_cancel(skb, nest);
				return first ? 0 : -EMSGSIZE;
			}
			nla_nest_end(skb, nest);
		}
	}
	return 0;
}

static int dump_tpg(struct sk_buff *skb, struct netlink_callback *cb,
		    struct srpt_tpg *tpg)
{
	bool first = !skb->len;
	void *hdr = dump_begin(skb, cb, IB_SRPT_CMD_TARGET_GET);
	int err;

	if (!hdr)
		return -EMSGSIZE;
	err = srpt_nl_put_tpg(skb, tpg);
	if (!err)
		err = put_target_ports(skb, tpg->target, first);
	return dump_end(skb, hdr, err);
}

int srpt_nl_target_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	unsigned long skip = cb->args[0], n = 0;
	struct srpt_target *target;
	struct srpt_tpg *tpg;
	int err = 0;

	mutex_lock(&srpt_device_mutex);
	mutex_lock(&srpt_target_mutex);
	list_for_each_entry(target, &srpt_targets, entry) {
		list_for_each_entry(tpg, &target->tpgs, entry) {
			if (n++ < skip)
				continue;
			err = dump_tpg(skb, cb, tpg);
			if (err) {
				n--;
				goto out;
			}
		}
	}
out:
	mutex_unlock(&srpt_target_mutex);
	mutex_unlock(&srpt_device_mutex);
	cb->args[0] = n;
	return dump_return(skb, err);
}

/* sessions and channels */

/**
 * struct id_list - session numbers being collected
 * @ids:	the numbers
 * @n:		how many
 * @cap:	for how many there is room
 */
struct id_list {
	u32 *ids;
	u32 n;
	u32 cap;
};

static int collect_id(struct srpt_nexus *nexus, void *arg)
{
	struct id_list *list = arg;

	if (list->n == list->cap) {
		u32 cap = list->cap ? 2 * list->cap : 64;
		u32 *ids = kvmalloc_array(cap, sizeof(*ids), GFP_KERNEL);

		if (!ids)
			return -ENOMEM;
		if (list->n)
			memcpy(ids, list->ids, list->n * sizeof(*ids));
		kvfree(list->ids);
		list->ids = ids;
		list->cap = cap;
	}
	list->ids[list->n++] = nexus->id;
	return 0;
}

static int cmp_id(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

static int sessions_start(struct netlink_callback *cb)
{
	struct dump_state *st = dump_state(cb);
	struct id_list list = { };
	int err;

	err = srpt_nexus_iterate(collect_id, &list);
	if (err) {
		kvfree(list.ids);
		return err;
	}
	sort(list.ids, list.n, sizeof(*list.ids), cmp_id, NULL);
	memset(st, 0, sizeof(*st));
	st->ids = list.ids;
	st->n = list.n;
	return 0;
}

static int sessions_done(struct netlink_callback *cb)
{
	kvfree(dump_state(cb)->ids);
	return 0;
}

int srpt_nl_session_get_start(struct netlink_callback *cb)
{
	struct nlattr *tb[IB_SRPT_A_SESSION_ID + 1];
	int err;

	err = genlmsg_parse(cb->nlh, &srpt_nl_family, tb, IB_SRPT_A_SESSION_ID,
			    srpt_nl_session_get_policy, cb->extack);
	if (err)
		return err;
	if (tb[IB_SRPT_A_SESSION_ID]) {
		NL_SET_ERR_MSG_ATTR(cb->extack, tb[IB_SRPT_A_SESSION_ID],
				    "a dump shows all sessions; to see one, ask without the dump flag");
		return -EINVAL;
	}
	return sessions_start(cb);
}

int srpt_nl_session_get_done(struct netlink_callback *cb)
{
	return sessions_done(cb);
}

int srpt_nl_session_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump_state *st = dump_state(cb);
	int err = 0;

	for (; st->pos < st->n; st->pos++) {
		struct srpt_nexus *nexus = srpt_nexus_find(st->ids[st->pos]);
		void *hdr;

		if (!nexus)
			continue;
		hdr = dump_begin(skb, cb, IB_SRPT_CMD_SESSION_GET);
		err = hdr ? dump_end(skb, hdr, srpt_nl_put_nexus(skb, nexus)) :
			    -EMSGSIZE;
		srpt_nexus_put(nexus);
		if (err)
			break;
	}
	return dump_return(skb, err);
}

int srpt_nl_channel_get_start(struct netlink_callback *cb)
{
	struct nlattr *tb[IB_SRPT_A_CHANNEL_SESSION_ID + 1];
	struct dump_state *st = dump_state(cb);
	struct srpt_nexus *nexus;
	int err;

	err = genlmsg_parse(cb->nlh, &srpt_nl_family, tb,
			    IB_SRPT_A_CHANNEL_SESSION_ID,
			    srpt_nl_channel_get_policy, cb->extack);
	if (err)
		return err;
	if (!tb[IB_SRPT_A_CHANNEL_SESSION_ID])
		return sessions_start(cb);

	nexus = srpt_nexus_find(nla_get_u32(tb[IB_SRPT_A_CHANNEL_SESSION_ID]));
	if (!nexus) {
		NL_SET_ERR_MSG_ATTR(cb->extack,
				    tb[IB_SRPT_A_CHANNEL_SESSION_ID],
				    "no session has this id");
		return -ENOENT;
	}
	memset(st, 0, sizeof(*st));
	st->ids = kvmalloc(sizeof(*st->ids), GFP_KERNEL);
	if (st->ids) {
		st->ids[0] = nexus->id;
		st->n = 1;
	}
	srpt_nexus_put(nexus);
	return st->ids ? 0 : -ENOMEM;
}

int srpt_nl_channel_get_done(struct netlink_callback *cb)
{
	return sessions_done(cb);
}

/* What the walk over the channels of a session carries along */
struct channel_walk {
	struct sk_buff *skb;
	struct netlink_callback *cb;
};

static int dump_channel(struct srpt_channel *ch, void *arg)
{
	const struct channel_walk *walk = arg;
	struct dump_state *st = dump_state(walk->cb);
	enum srpt_close_cause cause = atomic_read(&ch->cause);
	struct srpt_stats stats = { };
	void *hdr;
	int err;

	/* Channels are numbered in the order of the list. */
	if (ch->id < st->next_channel)
		return 0;
	hdr = dump_begin(walk->skb, walk->cb, IB_SRPT_CMD_CHANNEL_GET);
	if (!hdr)
		return -EMSGSIZE;
	srpt_stats_sum(ch, &stats);
	err = srpt_nl_put_channel(walk->skb, ch);
	if (!err)
		err = srpt_nl_put_stats(walk->skb, IB_SRPT_A_CHANNEL_STATS,
					&stats);
	if (!err && cause != SRPT_CLOSE_NONE)
		err = srpt_nl_put_cause(walk->skb, ch, cause);
	err = dump_end(walk->skb, hdr, err);
	if (!err)
		st->next_channel = ch->id + 1;
	return err;
}

int srpt_nl_channel_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct channel_walk walk = { .skb = skb, .cb = cb };
	struct dump_state *st = dump_state(cb);
	int err = 0;

	for (; st->pos < st->n; st->pos++, st->next_channel = 0) {
		struct srpt_nexus *nexus = srpt_nexus_find(st->ids[st->pos]);

		if (!nexus)
			continue;
		err = srpt_nexus_iterate_channels(nexus, dump_channel, &walk);
		srpt_nexus_put(nexus);
		if (err)
			break;
	}
	return dump_return(skb, err);
}

/* refused logins */

int srpt_nl_reject_get_start(struct netlink_callback *cb)
{
	struct dump_state *st = dump_state(cb);
	u32 cap = srpt_reject_capacity();

	memset(st, 0, sizeof(*st));
	st->rejects = kvmalloc_array(cap, sizeof(*st->rejects), GFP_KERNEL);
	if (!st->rejects)
		return -ENOMEM;
	st->n = srpt_reject_copy(st->rejects, cap);
	return 0;
}

int srpt_nl_reject_get_done(struct netlink_callback *cb)
{
	kvfree(dump_state(cb)->rejects);
	return 0;
}

int srpt_nl_reject_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump_state *st = dump_state(cb);
	int err = 0;

	for (; st->pos < st->n; st->pos++) {
		void *hdr = dump_begin(skb, cb, IB_SRPT_CMD_REJECT_GET);

		err = hdr ? dump_end(skb, hdr,
				     srpt_nl_put_reject(skb, &st->rejects[st->pos])) :
			    -EMSGSIZE;
		if (err)
			break;
	}
	return dump_return(skb, err);
}
