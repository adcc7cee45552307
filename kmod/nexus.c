// SPDX-License-Identifier: GPL-2.0
/*
 * I_T nexuses and the multichannel policy (r16a 6.2).
 *
 * The channels of a nexus share one LIO session. A login with the action
 * SINGLE ends the nexus and begins a new one, and waits until the commands of
 * the old one have ended: a write that is still with the back end must not
 * land after those the initiator sends once it is back.
 */
#include "log.h"

#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/ktime.h>

#include "channel.h"

/* How long a login waits for its predecessor. Initiators give up a login
 * after some ten seconds, and come back later.
 */
#define SRPT_REINSTATE_TIMEOUT	(4 * HZ)
#define SRPT_CLOSE_TIMEOUT	(30 * HZ)

static DEFINE_SPINLOCK(nexus_list_lock);
static LIST_HEAD(nexus_list);
static atomic_t nexus_ids = ATOMIC_INIT(0);

static bool same_nexus(const struct srpt_nexus *nexus,
		       const struct proto_initiator *who)
{
	return !memcmp(nexus->who.i_port_id, who->i_port_id,
		       sizeof(who->i_port_id));
}

/* Last reference: no channel, no command, no abort. */
static void nexus_release_work(struct work_struct *work)
{
	struct srpt_nexus *nexus = container_of(work, struct srpt_nexus,
						release_work);
	struct srpt_tpg *tpg = nexus->tpg;
	unsigned long flags;

	spin_lock_irqsave(&nexus_list_lock, flags);
	list_del_init(&nexus->all_entry);
	spin_unlock_irqrestore(&nexus_list_lock, flags);

	target_stop_session(nexus->sess);
	target_wait_for_sess_cmds(nexus->sess);
	target_remove_session(nexus->sess);

	spin_lock(&tpg->lock);
	if (!list_empty(&nexus->entry)) {
		list_del(&nexus->entry);
		tpg->n_nexuses--;
	}
	spin_unlock(&tpg->lock);
	kfree(nexus);
	srpt_tpg_put(tpg);
}

static void nexus_release(struct kref *kref)
{
	struct srpt_nexus *nexus = container_of(kref, struct srpt_nexus, refs);

	queue_work(srpt_wq, &nexus->release_work);
}

void srpt_nexus_put(struct srpt_nexus *nexus)
{
	kref_put(&nexus->refs, nexus_release);
}

static struct srpt_nexus *nexus_create(const struct srpt_admission *adm,
				       const struct proto_initiator *who)
{
	struct srpt_nexus *nexus = kzalloc(sizeof(*nexus), GFP_KERNEL);

	if (!nexus)
		return ERR_PTR(-ENOMEM);
	kref_init(&nexus->refs);
	spin_lock_init(&nexus->lock);
	INIT_LIST_HEAD(&nexus->entry);
	INIT_LIST_HEAD(&nexus->all_entry);
	INIT_LIST_HEAD(&nexus->channels);
	INIT_WORK(&nexus->release_work, nexus_release_work);
	nexus->who = *who;
	nexus->login_time = ktime_get_real_seconds();
	nexus->id = atomic_inc_return(&nexus_ids);
	proto_id128_format(who->i_port_id, nexus->name, sizeof(nexus->name));
	nexus->tpg = adm->tpg;
	nexus->sess = target_setup_session(&adm->tpg->se_tpg, 0, 0,
					   TARGET_PROT_NORMAL, adm->acl_name,
					   nexus, NULL);
	if (IS_ERR(nexus->sess)) {
		int ret = PTR_ERR(nexus->sess);

		kfree(nexus);
		return ERR_PTR(ret);
	}
	atomic_inc(&adm->tpg->users);
	return nexus;
}

/* Is a nexus of this initiator still on its way out? */
static bool nexus_leaving(struct srpt_tpg *tpg, const struct proto_initiator *who)
{
	struct srpt_nexus *nexus;
	bool found = false;

	spin_lock(&tpg->lock);
	list_for_each_entry(nexus, &tpg->nexuses, entry)
		if (same_nexus(nexus, who) && READ_ONCE(nexus->closing))
			found = true;
	spin_unlock(&tpg->lock);
	return found;
}

enum found { FOUND_NONE, FOUND_OPEN, FOUND_LEAVING };

static enum found find_locked(struct srpt_tpg *tpg,
			      const struct proto_initiator *who,
			      struct srpt_nexus **out)
{
	struct srpt_nexus *nexus;
	enum found found = FOUND_NONE;

	lockdep_assert_held(&tpg->lock);
	list_for_each_entry(nexus, &tpg->nexuses, entry) {
		if (!same_nexus(nexus, who))
			continue;
		if (READ_ONCE(nexus->closing)) {
			found = FOUND_LEAVING;
		} else {
			*out = nexus;
			return FOUND_OPEN;
		}
	}
	return found;
}

static int refuse(struct srpt_join *join, enum proto_rej_reason reason,
		  const char *why)
{
	join->reason = reason;
	join->why = why;
	return -EBUSY;
}

/* Reserve a channel in an open nexus; caller holds tpg->lock. */
static int reserve(struct srpt_nexus *nexus, struct srpt_join *join)
{
	u32 limit = READ_ONCE(nexus->tpg->attrib.max_channels);
	int ret = 0;

	spin_lock(&nexus->lock);
	if (nexus->closing)
		ret = -EAGAIN;
	else if (nexus->n_channels >= limit)
		ret = refuse(join, PROTO_REJ_CHANNEL_LIMIT_REACHED,
			     "the session has its limit of channels (attrib/max_channels)");
	else
		nexus->n_channels++;
	spin_unlock(&nexus->lock);
	if (!ret) {
		kref_get(&nexus->refs);
		join->nexus = nexus;
	}
	return ret;
}

/* Enter a nexus of one channel into the TPG; caller holds tpg->lock. */
static int enter(struct srpt_tpg *tpg, struct srpt_nexus *nexus,
		 struct srpt_join *join)
{
	lockdep_assert_held(&tpg->lock);
	/* Disabling clears this before it closes what is in the list. */
	if (!READ_ONCE(tpg->enabled))
		return refuse(join, PROTO_REJ_INSUFFICIENT_RESOURCES,
			      "the target was disabled meanwhile");
	if (tpg->n_nexuses >= READ_ONCE(tpg->attrib.max_sessions))
		return refuse(join, PROTO_REJ_INSUFFICIENT_RESOURCES,
			      "the target has its limit of sessions (attrib/max_sessions)");
	nexus->n_channels = 1;
	list_add_tail(&nexus->entry, &tpg->nexuses);
	tpg->n_nexuses++;
	spin_lock(&nexus_list_lock);
	list_add_tail(&nexus->all_entry, &nexus_list);
	spin_unlock(&nexus_list_lock);
	join->nexus = nexus;
	return 0;
}

/* Look for the nexus and act on what is found. -EAGAIN: look again, with
 * @fresh made if that was missing, or after the wait for the leaving one.
 */
static int try_join(struct srpt_tpg *tpg, struct srpt_join *join,
		    struct srpt_nexus *fresh, enum found *found)
{
	struct srpt_nexus *nexus = NULL;
	int ret = -EAGAIN;

	spin_lock(&tpg->lock);
	*found = find_locked(tpg, join->who, &nexus);
	switch (*found) {
	case FOUND_OPEN:
		if (join->multi) {
			ret = reserve(nexus, join);
			if (!ret)
				join->flags = PROTO_RSP_MULTICHAN_KEPT;
		} else {
			join->flags = PROTO_RSP_MULTICHAN_TERMINATED;
			srpt_nexus_close(nexus, SRPT_CLOSE_MULTICHANNEL);
		}
		break;
	case FOUND_NONE:
		if (fresh)
			ret = enter(tpg, fresh, join);
		break;
	case FOUND_LEAVING:
		break;
	}
	spin_unlock(&tpg->lock);
	return ret;
}

/**
 * srpt_nexus_join - find or make the nexus of a login and reserve a channel
 * @adm:	admission of the initiator
 * @join:	see there
 *
 * May sleep, bounded by the reinstatement timeout. Returns 0, or a negative
 * error with @join->reason and @join->why set.
 */
int srpt_nexus_join(const struct srpt_admission *adm, struct srpt_join *join)
{
	unsigned long deadline = jiffies + SRPT_REINSTATE_TIMEOUT;
	struct srpt_tpg *tpg = adm->tpg;
	struct srpt_nexus *fresh = NULL;
	enum found found;
	int ret;

	join->nexus = NULL;
	join->flags = PROTO_RSP_MULTICHAN_NONE;
	for (;;) {
		ret = try_join(tpg, join, fresh, &found);
		if (ret != -EAGAIN)
			break;
		if (found != FOUND_NONE) {
			long left = deadline - jiffies;

			if (left <= 0 ||
			    !wait_event_timeout(tpg->idle,
						!nexus_leaving(tpg, join->who),
						left)) {
				ret = refuse(join,
					     PROTO_REJ_INSUFFICIENT_RESOURCES,
					     "commands of the previous session have not ended yet");
				break;
			}
		} else if (!fresh) {
			fresh = nexus_create(adm, join->who);
			if (IS_ERR(fresh)) {
				ret = PTR_ERR(fresh);
				fresh = NULL;
				refuse(join, PROTO_REJ_INSUFFICIENT_RESOURCES,
				       ret == -EACCES ?
				       "its ACL was removed meanwhile" :
				       "out of memory");
				break;
			}
		}
	}
	if (fresh && join->nexus != fresh) {
		srpt_nexus_put(fresh);
	} else if (fresh && srpt_acl_gone(fresh->sess)) {
		/* Nobody else will close it, and the removal waits for it. */
		srpt_nexus_close(fresh, SRPT_CLOSE_ACL_REMOVED);
		srpt_nexus_unjoin(fresh);
		join->nexus = NULL;
		ret = refuse(join, PROTO_REJ_INSUFFICIENT_RESOURCES,
			     "its ACL was removed meanwhile");
	}
	return ret;
}

void srpt_nexus_unjoin(struct srpt_nexus *nexus)
{
	spin_lock(&nexus->lock);
	if (!--nexus->n_channels)
		nexus->closing = true;
	spin_unlock(&nexus->lock);
	srpt_nexus_put(nexus);
}

/**
 * srpt_nexus_close - close all channels of a nexus
 * @nexus:	the nexus; tpg->lock or a reference keeps it
 * @cause:	why
 *
 * Any context; does not wait.
 */
void srpt_nexus_close(struct srpt_nexus *nexus, enum srpt_close_cause cause)
{
	struct srpt_channel *ch;

	spin_lock(&nexus->lock);
	WRITE_ONCE(nexus->closing, true);
	list_for_each_entry(ch, &nexus->channels, nexus_entry)
		srpt_channel_close(ch, cause, NULL);
	spin_unlock(&nexus->lock);
}

/* LIO calls this for a session it took off the ACL's list; the session may end
 * by itself at the same time, so it is only compared, never looked into.
 */
void srpt_close_session(struct se_session *sess)
{
	struct srpt_nexus *nexus, *found = NULL;

	spin_lock(&nexus_list_lock);
	list_for_each_entry(nexus, &nexus_list, all_entry)
		if (nexus->sess == sess && kref_get_unless_zero(&nexus->refs)) {
			found = nexus;
			break;
		}
	spin_unlock(&nexus_list_lock);
	if (found) {
		srpt_nexus_close(found, SRPT_CLOSE_ACL_REMOVED);
		srpt_nexus_put(found);
	}
}

bool srpt_tpg_close_sessions(struct srpt_tpg *tpg, enum srpt_close_cause cause)
{
	struct srpt_nexus *nexus;

	spin_lock(&tpg->lock);
	list_for_each_entry(nexus, &tpg->nexuses, entry)
		srpt_nexus_close(nexus, cause);
	spin_unlock(&tpg->lock);

	/* Long, but with a bound: not what the hung-task watchdog, which some
	 * set as low, is there to tell.
	 */
	if (wait_event_idle_timeout(tpg->idle, atomic_read(&tpg->users) <= 1,
				    SRPT_CLOSE_TIMEOUT))
		return true;
	pr_err("target %s: %u sessions have not ended after %u s; their commands are still with the back end\n",
	       tpg->target->name, READ_ONCE(tpg->n_nexuses),
	       SRPT_CLOSE_TIMEOUT / HZ);
	return false;
}

struct srpt_nexus *srpt_nexus_find(u32 id)
{
	struct srpt_nexus *nexus, *found = NULL;

	spin_lock(&nexus_list_lock);
	list_for_each_entry(nexus, &nexus_list, all_entry)
		if (nexus->id == id && kref_get_unless_zero(&nexus->refs)) {
			found = nexus;
			break;
		}
	spin_unlock(&nexus_list_lock);
	return found;
}

/* The nexus with the lowest number above @id, held. Numbers grow along the
 * list, so a walk by number is complete whatever comes and goes meanwhile.
 */
static struct srpt_nexus *nexus_after(u32 id)
{
	struct srpt_nexus *nexus, *best;

	spin_lock(&nexus_list_lock);
	do {
		best = NULL;
		list_for_each_entry(nexus, &nexus_list, all_entry)
			if (nexus->id > id && (!best || nexus->id < best->id) &&
			    kref_read(&nexus->refs))
				best = nexus;
	} while (best && !kref_get_unless_zero(&best->refs));
	spin_unlock(&nexus_list_lock);
	return best;
}

int srpt_nexus_iterate(srpt_nexus_fn_t fn, void *arg)
{
	struct srpt_nexus *nexus;
	u32 id = 0;
	int ret = 0;

	while (!ret && (nexus = nexus_after(id))) {
		id = nexus->id;
		ret = fn(nexus, arg);
		srpt_nexus_put(nexus);
	}
	return ret;
}

static struct srpt_channel *channel_after(struct srpt_nexus *nexus, s64 id)
{
	struct srpt_channel *ch, *best = NULL;

	spin_lock(&nexus->lock);
	list_for_each_entry(ch, &nexus->channels, nexus_entry)
		if ((s64)ch->id > id && (!best || ch->id < best->id))
			best = ch;
	if (best && !kref_get_unless_zero(&best->refs))
		best = NULL;
	spin_unlock(&nexus->lock);
	return best;
}

int srpt_nexus_iterate_channels(struct srpt_nexus *nexus,
				srpt_channel_fn_t fn, void *arg)
{
	struct srpt_channel *ch;
	s64 id = -1;
	int ret = 0;

	while (!ret && (ch = channel_after(nexus, id))) {
		id = ch->id;
		ret = fn(ch, arg);
		srpt_channel_put(ch);
	}
	return ret;
}
