// SPDX-License-Identifier: GPL-2.0
/*
 * The generic-netlink family ib_srpt: registration and the requests that are
 * no dumps. The spec is Documentation/netlink/specs/ib_srpt.yaml; operations
 * and policies in netlink_gen.c follow from it.
 */
#include <linux/err.h>
#include <linux/module.h>

#include "netlink.h"

struct genl_family srpt_nl_family __ro_after_init = {
	.name		= IB_SRPT_FAMILY_NAME,
	.version	= IB_SRPT_FAMILY_VERSION,
	.module		= THIS_MODULE,
	.parallel_ops	= true,		/* no handler relies on genl_mutex */
	.ops		= srpt_nl_ops,
	.n_ops		= ARRAY_SIZE(srpt_nl_ops),
	.mcgrps		= srpt_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(srpt_nl_mcgrps),
};

/* Begin the reply to a request. */
static struct sk_buff *reply_begin(struct genl_info *info, u8 cmd, void **hdr)
{
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (!skb)
		return NULL;
	*hdr = genlmsg_put_reply(skb, info, &srpt_nl_family, 0, cmd);
	if (!*hdr) {
		nlmsg_free(skb);
		return NULL;
	}
	return skb;
}

static int reply_end(struct genl_info *info, struct sk_buff *skb, void *hdr,
		     int err)
{
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

/* module-get */

/* Sessions and channels there are */
struct census {
	u32 sessions;
	u32 channels;
};

static int count_nexus(struct srpt_nexus *nexus, void *arg)
{
	struct census *c = arg;

	c->sessions++;
	c->channels += READ_ONCE(nexus->n_channels);
	return 0;
}

static int put_module(struct sk_buff *skb)
{
	struct srpt_reject_totals rejects;
	struct census c = { };

	srpt_reject_totals(&rejects);
	srpt_nexus_iterate(count_nexus, &c);

#define PUT64(name, value)						\
	nla_put_u64_64bit(skb, IB_SRPT_A_MODULE_##name, value,		\
			  IB_SRPT_A_MODULE_PAD)
	if (nla_put_string(skb, IB_SRPT_A_MODULE_VERSION,
			   THIS_MODULE->version ?: "") ||
	    PUT64(SERVICE_GUID, srpt_service_guid) ||
	    nla_put_u16(skb, IB_SRPT_A_MODULE_RDMA_CM_PORT,
			srpt_rdma_cm_get_port()) ||
	    nla_put_u32(skb, IB_SRPT_A_MODULE_SESSIONS, c.sessions) ||
	    nla_put_u32(skb, IB_SRPT_A_MODULE_CHANNELS, c.channels) ||
	    PUT64(LOGINS, atomic64_read(&srpt_nl_logins)) ||
	    PUT64(LOGOUTS, atomic64_read(&srpt_nl_logouts)) ||
	    PUT64(REJECTS, rejects.refused) ||
	    PUT64(REJECTS_NOT_LOGGED, rejects.not_logged) ||
	    PUT64(REJECTS_EVICTED, rejects.evicted) ||
	    PUT64(EVENTS_LOST, atomic64_read(&srpt_nl_events_lost)))
		return -EMSGSIZE;
#undef PUT64
	return 0;
}

int srpt_nl_module_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply;
	void *hdr;

	reply = reply_begin(info, IB_SRPT_CMD_MODULE_GET, &hdr);
	if (!reply)
		return -ENOMEM;
	return reply_end(info, reply, hdr, put_module(reply));
}

/* target-set */

/* Does @name name the target? As written, or in another notation. */
static bool target_is_named(const struct srpt_target *target, const char *name)
{
	struct proto_ident ident;

	if (!strcmp(target->name, name))
		return true;
	return !proto_ident_parse(name, strlen(name), &ident) &&
	       proto_ident_equal(&target->ident, &ident);
}

static struct srpt_tpg *find_tpg(struct genl_info *info)
{
	struct nlattr *wwn = info->attrs[IB_SRPT_A_TARGET_WWN];
	struct nlattr *tag = info->attrs[IB_SRPT_A_TARGET_TPG_TAG];
	struct srpt_target *target;
	struct srpt_tpg *tpg;
	bool named = false;

	lockdep_assert_held(&srpt_target_mutex);
	list_for_each_entry(target, &srpt_targets, entry) {
		if (!target_is_named(target, nla_data(wwn)))
			continue;
		named = true;
		list_for_each_entry(tpg, &target->tpgs, entry)
			if (tpg->tag == nla_get_u32(tag))
				return tpg;
	}
	if (named)
		NL_SET_ERR_MSG_ATTR(info->extack, tag,
				    "the target has no portal group with this tag");
	else
		NL_SET_ERR_MSG_ATTR(info->extack, wwn,
				    "no target has this name");
	return NULL;
}

int srpt_nl_target_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	struct srpt_tpg *tpg;

	if (!a[IB_SRPT_A_TARGET_WWN] || !a[IB_SRPT_A_TARGET_TPG_TAG]) {
		GENL_SET_ERR_MSG(info, "wwn and tpg-tag must say which portal group");
		return -EINVAL;
	}
	if (!a[IB_SRPT_A_TARGET_MAX_CHANNELS] &&
	    !a[IB_SRPT_A_TARGET_MAX_SESSIONS] &&
	    !a[IB_SRPT_A_TARGET_MAX_INITIATOR_BYTES] &&
	    !a[IB_SRPT_A_TARGET_MAX_IO_SIZE]) {
		GENL_SET_ERR_MSG(info, "no limit was given");
		return -EINVAL;
	}

	/* The policy has checked the ranges, so nothing below can fail half
	 * way. Logins read single words without a lock.
	 */
	mutex_lock(&srpt_target_mutex);
	tpg = find_tpg(info);
	if (tpg) {
		if (a[IB_SRPT_A_TARGET_MAX_CHANNELS])
			WRITE_ONCE(tpg->attrib.max_channels,
				   nla_get_u32(a[IB_SRPT_A_TARGET_MAX_CHANNELS]));
		if (a[IB_SRPT_A_TARGET_MAX_SESSIONS])
			WRITE_ONCE(tpg->attrib.max_sessions,
				   nla_get_u32(a[IB_SRPT_A_TARGET_MAX_SESSIONS]));
		if (a[IB_SRPT_A_TARGET_MAX_INITIATOR_BYTES])
			WRITE_ONCE(tpg->attrib.max_initiator_bytes,
				   nla_get_u64(a[IB_SRPT_A_TARGET_MAX_INITIATOR_BYTES]));
		if (a[IB_SRPT_A_TARGET_MAX_IO_SIZE])
			WRITE_ONCE(tpg->attrib.max_io_size,
				   nla_get_u32(a[IB_SRPT_A_TARGET_MAX_IO_SIZE]));
	}
	mutex_unlock(&srpt_target_mutex);
	return tpg ? 0 : -ENOENT;
}

/* sessions */

/* The session a request names, or an error pointer and a message. */
static struct srpt_nexus *find_session(struct genl_info *info)
{
	struct nlattr *id = info->attrs[IB_SRPT_A_SESSION_ID];
	struct srpt_nexus *nexus;

	if (!id) {
		GENL_SET_ERR_MSG(info, "id must say which session");
		return ERR_PTR(-EINVAL);
	}
	nexus = srpt_nexus_find(nla_get_u32(id));
	if (!nexus) {
		NL_SET_ERR_MSG_ATTR(info->extack, id, "no session has this id");
		return ERR_PTR(-ENOENT);
	}
	return nexus;
}

int srpt_nl_session_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct srpt_nexus *nexus;
	struct sk_buff *reply;
	void *hdr;
	int err;

	nexus = find_session(info);
	if (IS_ERR(nexus))
		return PTR_ERR(nexus);
	reply = reply_begin(info, IB_SRPT_CMD_SESSION_GET, &hdr);
	err = reply ? reply_end(info, reply, hdr,
				srpt_nl_put_nexus(reply, nexus)) : -ENOMEM;
	srpt_nexus_put(nexus);
	return err;
}

int srpt_nl_session_close_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct srpt_nexus *nexus;

	nexus = find_session(info);
	if (IS_ERR(nexus))
		return PTR_ERR(nexus);
	srpt_nexus_close(nexus, SRPT_CLOSE_ADMIN);
	srpt_nexus_put(nexus);
	return 0;
}

static int reset_channel(struct srpt_channel *ch, void *arg)
{
	srpt_stats_reset(ch);
	return 0;
}

static int reset_nexus(struct srpt_nexus *nexus, void *arg)
{
	return srpt_nexus_iterate_channels(nexus, reset_channel, NULL);
}

int srpt_nl_stats_reset_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct srpt_nexus *nexus;

	if (!info->attrs[IB_SRPT_A_SESSION_ID])
		return srpt_nexus_iterate(reset_nexus, NULL);
	nexus = find_session(info);
	if (IS_ERR(nexus))
		return PTR_ERR(nexus);
	reset_nexus(nexus, NULL);
	srpt_nexus_put(nexus);
	return 0;
}

/* reject-forget */

int srpt_nl_reject_forget_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[IB_SRPT_A_REJECT_INITIATOR];
	struct proto_ident ident;
	const char *name;

	if (!attr) {
		srpt_reject_forget(NULL);
		return 0;
	}
	name = nla_data(attr);
	if (proto_ident_parse(name, strlen(name), &ident) ||
	    ident.kind != PROTO_IDENT_ID128) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "an initiator is named by 32 hexadecimal digits");
		return -EINVAL;
	}
	if (!srpt_reject_forget(ident.id)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "no login of this initiator was refused of late");
		return -ENOENT;
	}
	return 0;
}

int __init srpt_netlink_init(void)
{
	return genl_register_family(&srpt_nl_family);
}

void srpt_netlink_exit(void)
{
	genl_unregister_family(&srpt_nl_family);
}
