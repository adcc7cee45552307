// SPDX-License-Identifier: GPL-2.0
/*
 * Refused logins: who was refused of late and why, and how many log lines
 * may tell of it.
 *
 * An initiator retries for ever and a hostile one invents identities, so
 * everything here has a bound. The table has a fixed number of entries; when
 * it is full, the oldest entry goes, but a source that fills more than its
 * share of the table pushes out only its own. Log lines are paid for from two
 * token buckets: one per entry, so that one initiator cannot hide the others,
 * and one for the module, so that many together cannot flood the log. What is
 * withheld is counted, and told with the next line of that initiator.
 */
#include "log.h"

#include <linux/ktime.h>
#include <linux/string.h>
#include <linux/ktime.h>

#include "reject.h"

#define REJECT_ENTRIES		256
#define REJECT_SOURCE_SHARE	(REJECT_ENTRIES / 4)

/* Lines at once, and nanoseconds per line after that: of one initiator ... */
#define REJECT_BURST		5
#define REJECT_REFILL_NS	(10 * NSEC_PER_SEC)
/* ... and of all of them. */
#define REJECT_ALL_BURST	50
#define REJECT_ALL_REFILL_NS	(NSEC_PER_SEC / 2)

/**
 * struct token_bucket - a rate with a burst
 * @tokens:	lines that may be written now
 * @stamp:	boot-clock time up to which @tokens are accounted, ns
 */
struct token_bucket {
	u32 tokens;
	u64 stamp;
};

/**
 * struct reject_entry - an entry of the table
 * @lru:	in reject_used (latest first) or reject_unused
 * @bucket:	log lines of this entry
 * @held_back:	lines withheld since the last one that was written
 * @r:		what readers see
 */
struct reject_entry {
	struct list_head lru;
	struct token_bucket bucket;
	u64 held_back;
	struct srpt_reject r;
};

/* Protects everything below. Taken in process context only. */
static DEFINE_SPINLOCK(reject_lock);
static struct reject_entry reject_table[REJECT_ENTRIES];
static LIST_HEAD(reject_used);
static LIST_HEAD(reject_unused);
static u32 reject_touched;	/* entries of the table ever used */
static struct token_bucket reject_all = { .tokens = REJECT_ALL_BURST };
static struct srpt_reject_totals reject_totals;

static void bucket_refill(struct token_bucket *b, u32 burst, u64 per_ns, u64 now)
{
	u64 due = div64_u64(now - b->stamp, per_ns);

	if (due >= burst - b->tokens) {
		b->tokens = burst;
		b->stamp = now;
	} else {
		b->tokens += due;
		b->stamp += due * per_ns;
	}
}

/* Where the login came from; all zeros if the CM did not tell. */
static const u8 *reject_source(const struct proto_initiator *who)
{
	static const u8 nowhere[16];

	if (who->has_ip)
		return who->ip;
	return who->has_sgid ? who->sgid : nowhere;
}

static bool reject_same_source(const struct srpt_reject *r,
			       const struct proto_initiator *who)
{
	return !memcmp(reject_source(&r->who), reject_source(who), 16);
}

static struct reject_entry *reject_lookup(struct srpt_port *port,
					  const struct proto_initiator *who)
{
	struct reject_entry *e;

	lockdep_assert_held(&reject_lock);
	list_for_each_entry(e, &reject_used, lru)
		if (!memcmp(e->r.who.i_port_id, who->i_port_id, 16) &&
		    e->r.port_num == port->num &&
		    reject_same_source(&e->r, who) &&
		    !strcmp(e->r.dev_name, dev_name(&port->dev->ib->dev)))
			return e;
	return NULL;
}

/* The entry to give up when all are in use. */
static struct reject_entry *reject_victim(const struct proto_initiator *who)
{
	struct reject_entry *e, *own = NULL;
	u32 n = 0;

	lockdep_assert_held(&reject_lock);
	list_for_each_entry(e, &reject_used, lru) {
		if (!reject_same_source(&e->r, who))
			continue;
		own = e;
		n++;
	}
	if (n >= REJECT_SOURCE_SHARE)
		return own;
	return list_last_entry(&reject_used, struct reject_entry, lru);
}

static struct reject_entry *reject_new(struct srpt_port *port,
				       const struct proto_initiator *who,
				       u64 now)
{
	struct reject_entry *e;

	lockdep_assert_held(&reject_lock);
	if (!list_empty(&reject_unused)) {
		e = list_first_entry(&reject_unused, struct reject_entry, lru);
		list_del(&e->lru);
	} else if (reject_touched < REJECT_ENTRIES) {
		e = &reject_table[reject_touched++];
	} else {
		e = reject_victim(who);
		list_del(&e->lru);
		reject_totals.evicted++;
	}
	memset(e, 0, sizeof(*e));
	list_add(&e->lru, &reject_used);
	e->bucket.tokens = REJECT_BURST;
	e->bucket.stamp = now;
	e->r.who = *who;
	e->r.port_num = port->num;
	strscpy(e->r.dev_name, dev_name(&port->dev->ib->dev),
		sizeof(e->r.dev_name));
	e->r.first_time = ktime_get_real_seconds();
	return e;
}

/* Take a token of the initiator's and one of the module's, or neither. */
static bool reject_may_log(struct reject_entry *e, u64 now)
{
	lockdep_assert_held(&reject_lock);
	bucket_refill(&e->bucket, REJECT_BURST, REJECT_REFILL_NS, now);
	bucket_refill(&reject_all, REJECT_ALL_BURST, REJECT_ALL_REFILL_NS, now);
	if (!e->bucket.tokens || !reject_all.tokens)
		return false;
	e->bucket.tokens--;
	reject_all.tokens--;
	return true;
}

/**
 * srpt_reject_note() - account a refused login
 * @port:	where it came in
 * @who:	the initiator
 * @reason:	SRP reason code
 * @text:	why, in a few words
 *
 * May sleep.
 * Return: true when the caller may write its log lines. How many were
 * withheld before has then been logged already.
 */
bool srpt_reject_note(struct srpt_port *port, const struct proto_initiator *who,
		      u32 reason, const char *text)
{
	u64 now = ktime_get_boottime_ns(), held_back = 0;
	struct reject_entry *e;
	unsigned long flags;
	union ib_gid gid;
	char name[36];
	bool log;

	spin_lock_irqsave(&port->lock, flags);
	gid = port->gid;
	spin_unlock_irqrestore(&port->lock, flags);

	spin_lock(&reject_lock);
	e = reject_lookup(port, who);
	if (e)
		list_move(&e->lru, &reject_used);
	else
		e = reject_new(port, who, now);
	memcpy(e->r.port_gid, gid.raw, sizeof(e->r.port_gid));
	e->r.reason = reason;
	strscpy(e->r.text, text, sizeof(e->r.text));
	e->r.last_time = ktime_get_real_seconds();
	e->r.last_ns = now;
	e->r.count++;
	reject_totals.refused++;
	log = reject_may_log(e, now);
	e->r.announced = log;
	if (log) {
		swap(held_back, e->held_back);
	} else {
		e->held_back++;
		e->r.not_logged++;
		reject_totals.not_logged++;
	}
	spin_unlock(&reject_lock);

	if (held_back) {
		proto_id128_format(who->i_port_id, name, sizeof(name));
		pr_info("%llu more rejected logins of initiator %s were not logged.\n",
			held_back, name);
	}
	return log;
}

u32 srpt_reject_capacity(void)
{
	return REJECT_ENTRIES;
}

u32 srpt_reject_copy(struct srpt_reject *out, u32 cap)
{
	struct reject_entry *e;
	u32 n = 0;

	spin_lock(&reject_lock);
	list_for_each_entry(e, &reject_used, lru) {
		if (n == cap)
			break;
		out[n++] = e->r;
	}
	spin_unlock(&reject_lock);
	return n;
}

bool srpt_reject_find(struct srpt_port *port, const struct proto_initiator *who,
		      struct srpt_reject *out)
{
	struct reject_entry *e;

	spin_lock(&reject_lock);
	e = reject_lookup(port, who);
	if (e)
		*out = e->r;
	spin_unlock(&reject_lock);
	return e;
}

u32 srpt_reject_forget(const u8 *i_port_id)
{
	struct reject_entry *e, *next;
	u32 n = 0;

	spin_lock(&reject_lock);
	list_for_each_entry_safe(e, next, &reject_used, lru) {
		if (i_port_id && memcmp(e->r.who.i_port_id, i_port_id, 16))
			continue;
		list_move(&e->lru, &reject_unused);
		n++;
	}
	spin_unlock(&reject_lock);
	return n;
}

void srpt_reject_totals(struct srpt_reject_totals *out)
{
	spin_lock(&reject_lock);
	*out = reject_totals;
	spin_unlock(&reject_lock);
}
