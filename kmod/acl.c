// SPDX-License-Identifier: GPL-2.0
/*
 * Node ACLs: what their names mean, which one admits an initiator, and the
 * files of an ACL's directory.
 *
 * LIO knows an initiator by a text and compares texts. Here names are
 * canonicalised when the ACL is made and compared as values; towards LIO every
 * ACL then carries one canonical text, "0x" and 32 hex digits, whatever form
 * the administrator chose, because LIO's persistent reservations make the SRP
 * TransportID out of it and find the ACL again by it.
 */
#include "log.h"

#include <linux/module.h>

#include "config.h"

/* The text LIO gets: all 128 bits, for those forms too that name fewer. */
static void srpt_ident_lio_name(const struct proto_ident *ident, char *buf,
				size_t cap)
{
	proto_id128_format(ident->id, buf, cap);
}

void srpt_init_default_acl(struct se_node_acl *nacl)
{
	/* Not to be matched until srpt_init_acl() has said what it means;
	 * an ACL generated at login stays like that.
	 */
	srpt_to_node_acl(nacl)->ident.kind = PROTO_IDENT_NONE;
}

/* An ACL made by the administrator and complete: LIO lists it before
 * srpt_init_acl() has run, and again while one is being deleted.
 */
static bool srpt_acl_ready(const struct srpt_node_acl *acl)
{
	return !acl->nacl.dynamic_node_acl &&
	       acl->ident.kind != PROTO_IDENT_NONE;
}

/* May @new have @ident? One pass, for there may be thousands of ACLs. */
static int srpt_acl_take(struct se_portal_group *se_tpg,
			 struct srpt_node_acl *new,
			 const struct proto_ident *ident,
			 const char *lio_name, const char *name)
{
	struct se_node_acl *nacl, *generated = NULL;

	lockdep_assert_held(&se_tpg->acl_node_mutex);

	list_for_each_entry(nacl, &se_tpg->acl_node_list, acl_list) {
		struct srpt_node_acl *acl = srpt_to_node_acl(nacl);

		if (acl == new)
			continue;
		if (!srpt_acl_ready(acl)) {
			if (!generated && !strcmp(nacl->initiatorname, lio_name))
				generated = nacl;
			continue;
		}
		/* Texts for LIO are of the 128 bits, and the same if these are. */
		if (memcmp(acl->ident.id, ident->id, sizeof(ident->id)))
			continue;
		if (proto_ident_equal(&acl->ident, ident))
			pr_err("cannot create ACL %s: it is there already as %s.\n",
			       name, acl->name);
		else
			pr_err("cannot create ACL %s: to persistent reservations it would be the same initiator (%s) as ACL %s; delete that one first.\n",
			       name, lio_name, acl->name);
		return -EEXIST;
	}
	/* An ACL that was generated for a login under the same canonical text
	 * (LIO itself takes it over only if the administrator wrote exactly
	 * that text): logins from now on have to find the new ACL, the first in
	 * the list.
	 */
	if (generated) {
		pr_info("ACL %s takes effect with the next login of initiator %s; its present session keeps the LUNs it was given without an ACL.\n",
			name, lio_name);
		list_move(&new->nacl.acl_list, &se_tpg->acl_node_list);
	}
	return 0;
}

/* As srpt_init_acl(). */
static int srpt_acl_define(struct se_node_acl *nacl, const char *name)
{
	struct srpt_node_acl *acl = srpt_to_node_acl(nacl);
	struct se_portal_group *se_tpg = nacl->se_tpg;
	char lio_name[PROTO_IDENT_STRLEN];
	struct proto_ident ident;
	size_t len = strlen(name);
	int ret;

	if (len >= sizeof(acl->name) || proto_ident_parse(name, len, &ident)) {
		pr_err("cannot create ACL %s: an initiator is named by its port ID or source GID (0x and 32 hex digits, as the line of a refused login shows), a GUID (16 hex digits), an IPv4 or IPv6 address, or * and a GUID.\n",
		       name);
		return -EINVAL;
	}
	srpt_ident_lio_name(&ident, lio_name, sizeof(lio_name));

	mutex_lock(&se_tpg->acl_node_mutex);
	ret = srpt_acl_take(se_tpg, acl, &ident, lio_name, name);
	if (!ret) {
		strscpy(nacl->initiatorname, lio_name,
			sizeof(nacl->initiatorname));
		strscpy(acl->name, name, sizeof(acl->name));
		acl->ident = ident;
	}
	mutex_unlock(&se_tpg->acl_node_mutex);
	return ret;
}

/**
 * srpt_init_acl - mkdir acls/NAME, or LIO took a generated ACL over
 * @nacl:	LIO's half of the ACL, in the TPG's list already
 * @name:	as the administrator wrote it
 *
 * Context: process, may sleep.
 * Return: 0, -EINVAL for a name that means nothing, -EEXIST for one that means
 * what another ACL means; each after a line that says so.
 */
int srpt_init_acl(struct se_node_acl *nacl, const char *name)
{
	int ret = srpt_acl_define(nacl, name);

	/* LIO frees the ACL of a refused name as if configfs had not named it
	 * yet. A name of more than 20 characters is memory of its own, which a
	 * shorter one lets go.
	 */
	if (ret)
		config_item_set_name(&nacl->acl_group.cg_item, "refused");
	return ret;
}

/* Authorisation */

/* The best explicit ACL of a TPG; its rank, 0: none. */
static int srpt_tpg_match(struct srpt_tpg *tpg,
			  const struct proto_initiator *who, int min_rank,
			  char *name, size_t cap)
{
	struct se_portal_group *se_tpg = &tpg->se_tpg;
	struct se_node_acl *nacl;
	int best = min_rank;

	mutex_lock(&se_tpg->acl_node_mutex);
	list_for_each_entry(nacl, &se_tpg->acl_node_list, acl_list) {
		struct srpt_node_acl *acl = srpt_to_node_acl(nacl);
		int rank;

		if (!srpt_acl_ready(acl))
			continue;
		rank = proto_ident_match(&acl->ident, who);
		if (rank <= best)
			continue;
		best = rank;
		strscpy(name, nacl->initiatorname, cap);
	}
	mutex_unlock(&se_tpg->acl_node_mutex);
	return best;
}

/* Does a TPG take an initiator that no ACL names? */
static bool srpt_tpg_generates(struct srpt_tpg *tpg, const char *name)
{
	struct se_portal_group *se_tpg = &tpg->se_tpg;
	bool ok = READ_ONCE(tpg->attrib.generate_node_acls);
	struct se_node_acl *nacl;

	mutex_lock(&se_tpg->acl_node_mutex);
	list_for_each_entry(nacl, &se_tpg->acl_node_list, acl_list) {
		if (strcmp(nacl->initiatorname, name))
			continue;
		/* The port ID is what the initiator says it is. If it says
		 * the text of an ACL that was made for an address it does not
		 * have, LIO would hand it that ACL's LUNs.
		 */
		ok = !srpt_acl_ready(srpt_to_node_acl(nacl));
		break;
	}
	mutex_unlock(&se_tpg->acl_node_mutex);
	return ok;
}

enum srpt_admission_result srpt_acl_admit(struct srpt_port *port,
					  const struct proto_initiator *who,
					  struct srpt_admission *out)
{
	enum srpt_admission_result result = SRPT_ADMIT_NO_TARGET;
	char name[PROTO_IDENT_STRLEN];
	struct srpt_tpg *fallback = NULL;
	struct srpt_target *target;
	struct srpt_tpg *tpg;
	int best = 0;

	out->tpg = NULL;
	proto_id128_format(who->i_port_id, name, sizeof(name));

	mutex_lock(&srpt_target_mutex);
	list_for_each_entry(target, &srpt_targets, entry) {
		if (!srpt_port_is_named(port, &target->ident))
			continue;
		if (result == SRPT_ADMIT_NO_TARGET)
			result = SRPT_ADMIT_DISABLED;
		list_for_each_entry(tpg, &target->tpgs, entry) {
			int rank;

			if (!tpg->enabled)
				continue;
			result = SRPT_ADMIT_NO_ACL;
			rank = srpt_tpg_match(tpg, who, best, out->acl_name,
					      sizeof(out->acl_name));
			if (rank > best) {
				best = rank;
				out->tpg = tpg;
			}
			if (!best && !fallback && srpt_tpg_generates(tpg, name))
				fallback = tpg;
		}
	}
	if (!out->tpg && fallback) {
		out->tpg = fallback;
		strscpy(out->acl_name, name, sizeof(out->acl_name));
	}
	if (out->tpg) {
		atomic_inc(&out->tpg->users);
		result = SRPT_ADMIT_OK;
	}
	mutex_unlock(&srpt_target_mutex);
	return result;
}

/**
 * srpt_acl_gone - was the ACL of a new session removed behind its back?
 * @sess:	the session, known to LIO and to srpt_close_session()
 *
 * Removal takes the ACL off the list, then has the sessions it finds closed,
 * then waits for all of them without a bound. A login that had found the ACL
 * before and registers its session after that would be waited for until the
 * initiator leaves: it has to ask here, after it can be found, and give up.
 */
bool srpt_acl_gone(struct se_session *sess)
{
	struct se_portal_group *se_tpg = sess->se_tpg;
	bool gone;

	mutex_lock(&se_tpg->acl_node_mutex);
	gone = list_empty(&sess->se_node_acl->acl_list);
	mutex_unlock(&se_tpg->acl_node_mutex);
	return gone;
}

/* acls/NAME/info: the sessions of the ACL, in the form in which rtslib reads
 * those of the iSCSI target, so that "targetcli sessions detail" shows them.
 * It takes the last session it finds; the others are there for people.
 */

/* Room for a session's head, a few channels and the line on missing ones; at
 * least that is kept for the last session.
 */
#define SRPT_INFO_MIN		512
#define SRPT_INFO_MORE		32	/* the line that channels are missing */

/* Append a session to @page, up to @cap bytes in all; returns the new length. */
static size_t srpt_info_nexus(struct srpt_nexus *nexus, char *page, size_t at,
			      size_t cap)
{
	const size_t full = cap - SRPT_INFO_MORE;
	struct srpt_channel *ch;
	u32 hidden = 0;
	char line[160];
	size_t len;

	spin_lock(&nexus->lock);
	at += scnprintf(page + at, full - at,
			"InitiatorName: %s\nInitiatorAlias:\n"
			"LIO Session ID: %u   SessionType: Normal\n"
			"Session State: %s\n",
			nexus->name, nexus->id,
			nexus->closing ? "TARG_SESS_STATE_FAILED" :
					 "TARG_SESS_STATE_LOGGED_IN");
	list_for_each_entry(ch, &nexus->channels, nexus_entry) {
		len = scnprintf(line, sizeof(line),
				"CID: %u  Connection State: %s\n   Address %s %s\n",
				ch->id,
				srpt_channel_live(ch) ?
					"TARG_CONN_STATE_LOGGED_IN" :
					"TARG_CONN_STATE_IN_LOGOUT",
				ch->peer[0] ? ch->peer : "-",
				ch->rdma_cm_login ? "RDMA-CM" : "IB");
		if (hidden || at + len >= full) {
			hidden++;
			continue;
		}
		memcpy(page + at, line, len + 1);
		at += len;
	}
	spin_unlock(&nexus->lock);

	if (hidden)
		at += scnprintf(page + at, cap - at, "(%u more channels)\n",
				hidden);
	return at;
}

static ssize_t srpt_nacl_base_info_show(struct config_item *item, char *page)
{
	struct se_node_acl *nacl = acl_to_nacl(item);
	struct se_session *sess;
	unsigned long flags;
	size_t at = 0;

	/* A session is in this list until LIO is told that it ends, and until
	 * then its nexus is there.
	 */
	spin_lock_irqsave(&nacl->nacl_sess_lock, flags);
	list_for_each_entry(sess, &nacl->acl_sess_list, sess_acl_list) {
		size_t room = PAGE_SIZE - at;

		/* Half of what is left for each but the last. */
		if (!list_is_last(&sess->sess_acl_list, &nacl->acl_sess_list))
			room /= 2;
		if (room < SRPT_INFO_MIN)
			continue;
		at = srpt_info_nexus(sess->fabric_sess_ptr, page, at, at + room);
	}
	spin_unlock_irqrestore(&nacl->nacl_sess_lock, flags);

	if (!at)
		at = sysfs_emit(page, "No active SRP session for node ACL %s\n",
				srpt_to_node_acl(nacl)->name);
	return at;
}

CONFIGFS_ATTR_RO(srpt_nacl_base_, info);

struct configfs_attribute *srpt_nacl_base_attrs[] = {
	&srpt_nacl_base_attr_info,
	NULL,
};

/* SRP authenticates nobody, but targetcli asks before it lists a session. */
static ssize_t
srpt_nacl_auth_authenticate_target_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "0\n");
}

CONFIGFS_ATTR_RO(srpt_nacl_auth_, authenticate_target);

struct configfs_attribute *srpt_nacl_auth_attrs[] = {
	&srpt_nacl_auth_attr_authenticate_target,
	NULL,
};
