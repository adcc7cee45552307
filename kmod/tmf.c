// SPDX-License-Identifier: GPL-2.0
/*
 * SRP_TSK_MGMT (r16a 6.7). LIO executes ABORT TASK and LOGICAL UNIT RESET.
 * The task-set functions are made of aborts of each task they name, because
 * LIO answers them "not supported". Channels of a nexus share one LIO session,
 * so an abort finds its task on whichever channel it came.
 *
 * CLEAR ACA is refused: LIO's logical units report NORMACA = 0, so there is
 * never an ACA condition to clear.
 */
#include "log.h"

#include <linux/slab.h>
#include <target/target_core_backend.h>

#include "channel.h"

/**
 * struct srpt_tmf_set - a task-set function under way
 * @slot:	the request
 * @open:	aborts not yet done, plus one while they are being issued
 * @failed:	tasks were left out for want of memory
 */
struct srpt_tmf_set {
	struct srpt_slot *slot;
	atomic_t open;
	bool failed;
};

/**
 * struct srpt_abort - one abort of such a function
 * @io:		LIO's half
 * @set:	function it belongs to
 * @entry:	while collected
 * @nexus:	nexus whose task it aborts, held by reference
 * @lun:	LUN of the task
 * @tag:	tag of the task
 * @sense:	for LIO
 */
struct srpt_abort {
	struct srpt_io io;
	struct srpt_tmf_set *set;
	struct list_head entry;
	struct srpt_nexus *nexus;
	u64 lun;
	u64 tag;
	u8 sense[SRPT_SENSE_LEN];
};

static void set_put(struct srpt_tmf_set *set)
{
	struct srpt_slot *slot = set->slot;
	bool failed;

	if (!atomic_dec_and_test(&set->open))
		return;
	failed = set->failed;
	kfree(set);
	/* A task that is still at work must not be taken for ended. */
	srpt_respond_tmf(slot, failed ? PROTO_RSP_CODE_FAILED :
					PROTO_RSP_CODE_COMPLETE);
	srpt_slot_put(slot);
}

/* LIO is through with one of the aborts. */
void srpt_tmf_abort_released(struct srpt_io *io)
{
	struct srpt_abort *abort = container_of(io, struct srpt_abort, io);
	struct srpt_tmf_set *set = abort->set;

	srpt_nexus_put(abort->nexus);
	kfree(abort);
	set_put(set);
}

/* What the collection of tasks looks for. */
struct collect {
	struct list_head aborts;
	struct srpt_channel *self;
	u64 lun;
	const struct se_device *se_dev;	/* NULL: by @lun, of @self's nexus */
	struct srpt_nexus *nexus;
	bool failed;
};

static bool collect_matches(struct collect *c, struct srpt_channel *ch,
			    struct srpt_slot *slot)
{
	if (READ_ONCE(slot->ch) != ch || !READ_ONCE(slot->busy) ||
	    slot->io.kind != SRPT_IO_CMD)
		return false;
	if (c->se_dev)
		return READ_ONCE(slot->io.se_cmd.se_dev) == c->se_dev;
	return slot->lun == c->lun;
}

/* Looking at a slot in flight is a guess that its abort will check: a tag that
 * has ended meanwhile is "no such task".
 */
static int collect_channel(struct srpt_channel *ch, void *arg)
{
	struct collect *c = arg;
	u32 i;

	for (i = 0; i < ch->ring->n; i++) {
		struct srpt_slot *slot = &ch->ring->slots[i];
		struct srpt_abort *abort;

		if (!collect_matches(c, ch, slot))
			continue;
		abort = kzalloc(sizeof(*abort), GFP_NOIO);
		if (!abort) {
			c->failed = true;
			return 1;
		}
		abort->io.kind = SRPT_IO_ABORT;
		abort->nexus = c->nexus;
		abort->lun = slot->lun;
		abort->tag = slot->cmd.tag;
		kref_get(&c->nexus->refs);
		list_add_tail(&abort->entry, &c->aborts);
		/* An initiator that asked for nothing has to learn of it. */
		if (c->nexus != c->self->nexus)
			WRITE_ONCE(slot->cleared, true);
	}
	return 0;
}

static int collect_nexus(struct srpt_nexus *nexus, void *arg)
{
	struct collect *c = arg;

	c->nexus = nexus;
	return srpt_nexus_iterate_channels(nexus, collect_channel, c);
}

/* The device behind a LUN of the nexus, for comparison only. */
static const struct se_device *lun_device(struct srpt_channel *ch, u64 lun)
{
	const struct se_device *se_dev = NULL;
	struct se_dev_entry *deve;

	rcu_read_lock();
	hlist_for_each_entry_rcu(deve, &ch->sess->se_node_acl->lun_entry_hlist,
				 link)
		if (deve->mapped_lun == lun)
			se_dev = rcu_dereference(deve->se_lun->lun_se_dev);
	rcu_read_unlock();
	return se_dev;
}

static void issue(struct srpt_abort *abort)
{
	int ret;

	ret = target_submit_tmr(&abort->io.se_cmd, abort->nexus->sess,
				abort->sense, abort->lun, abort,
				TMR_ABORT_TASK, GFP_NOIO, abort->tag, 0);
	/* Not taken: the session is stopping, its tasks end by themselves. */
	if (ret)
		srpt_tmf_abort_released(&abort->io);
}

static void task_set(struct srpt_slot *slot, bool all_initiators)
{
	struct srpt_channel *ch = slot->ch;
	struct srpt_abort *abort, *next;
	struct srpt_tmf_set *set;
	struct collect c = {
		.self = ch,
		.lun = slot->lun,
	};
	const struct se_device *se_dev = lun_device(ch, slot->lun);

	INIT_LIST_HEAD(&c.aborts);
	if (!se_dev) {
		srpt_respond_tmf(slot, PROTO_RSP_CODE_FIELDS_INVALID);
		srpt_slot_put(slot);
		return;
	}
	set = kzalloc(sizeof(*set), GFP_NOIO);
	if (!set) {
		srpt_respond_tmf(slot, PROTO_RSP_CODE_FAILED);
		srpt_slot_put(slot);
		return;
	}
	if (all_initiators) {
		c.se_dev = se_dev;
		srpt_nexus_iterate(collect_nexus, &c);
	} else {
		collect_nexus(ch->nexus, &c);
	}

	set->slot = slot;
	set->failed = c.failed;
	atomic_set(&set->open, 1);
	list_for_each_entry_safe(abort, next, &c.aborts, entry) {
		list_del(&abort->entry);
		abort->set = set;
		atomic_inc(&set->open);
		issue(abort);
	}
	if (c.failed)
		pr_warn("session %u: out of memory while aborting a task set\n",
			ch->session_id);
	set_put(set);
}

/* Drop the tasks that still fetch their descriptor table: LIO does not know
 * them yet.
 */
struct drop {
	u64 lun;
	u64 tag;
	bool by_tag;
	bool found;
};

static void drop_list(struct list_head *head, struct drop *d)
{
	struct srpt_slot *slot;

	list_for_each_entry(slot, head, sq_entry) {
		if (slot->op != SRPT_SQ_TABLE || slot->lun != d->lun)
			continue;
		if (d->by_tag && slot->cmd.tag != d->tag)
			continue;
		WRITE_ONCE(slot->aborted, true);
		d->found = true;
	}
}

static int drop_channel(struct srpt_channel *ch, void *arg)
{
	unsigned long irqs;

	irqs = srpt_sq_lock(ch);
	drop_list(&ch->sq_reads, arg);
	drop_list(&ch->sq_wait, arg);
	srpt_sq_unlock(ch, irqs);
	return 0;
}

static void submit(struct srpt_slot *slot, u8 func)
{
	struct srpt_channel *ch = slot->ch;
	int ret;

	memset(&slot->io, 0, sizeof(slot->io));
	memset(slot->sense, 0, sizeof(slot->sense));
	slot->io.kind = SRPT_IO_TMF;
	ret = target_submit_tmr(&slot->io.se_cmd, ch->sess, slot->sense,
				slot->lun, slot, func, GFP_NOIO,
				slot->tmf.task_tag, 0);
	if (ret) {
		srpt_respond_tmf(slot, PROTO_RSP_CODE_FAILED);
		srpt_slot_put(slot);
	}
}

/**
 * srpt_tmf_handle - take an SRP_TSK_MGMT (r16a 6.7)
 * @slot:	slot of the IU
 * @len:	bytes received
 */
void srpt_tmf_handle(struct srpt_slot *slot, u32 len)
{
	struct srpt_channel *ch = slot->ch;
	struct drop d = {};

	if (!proto_tmf_parse(slot->iu, len, &slot->tmf)) {
		srpt_channel_violation(ch, PROTO_LOGOUT_NO_REASON,
				       "short SRP_TSK_MGMT");
		srpt_slot_put(slot);
		return;
	}
	slot->lun = proto_lun_decode(slot->tmf.lun);
	d.lun = slot->lun;
	d.tag = slot->tmf.task_tag;
	d.by_tag = slot->tmf.func == PROTO_TMF_ABORT_TASK;

	switch (slot->tmf.func) {
	case PROTO_TMF_ABORT_TASK:
		srpt_nexus_iterate_channels(ch->nexus, drop_channel, &d);
		submit(slot, TMR_ABORT_TASK);
		break;
	case PROTO_TMF_LUN_RESET:
		srpt_nexus_iterate_channels(ch->nexus, drop_channel, &d);
		submit(slot, TMR_LUN_RESET);
		break;
	case PROTO_TMF_ABORT_TASK_SET:
		srpt_nexus_iterate_channels(ch->nexus, drop_channel, &d);
		task_set(slot, false);
		break;
	case PROTO_TMF_CLEAR_TASK_SET:
		srpt_nexus_iterate_channels(ch->nexus, drop_channel, &d);
		task_set(slot, true);
		break;
	case PROTO_TMF_CLEAR_ACA:
		srpt_respond_tmf(slot, PROTO_RSP_CODE_NOT_SUPPORTED);
		srpt_slot_put(slot);
		break;
	default:
		srpt_respond_tmf(slot, PROTO_RSP_CODE_FIELDS_INVALID);
		srpt_slot_put(slot);
		break;
	}
}

/* LIO's answer to an abort or reset becomes the standard's. */
static u8 rsp_code(u8 tmr_response)
{
	switch (tmr_response) {
	case TMR_FUNCTION_COMPLETE:
	/* SAM: a task that is not there counts as aborted. Saying FAILED makes
	 * initiators escalate to a reset.
	 */
	case TMR_TASK_DOES_NOT_EXIST:
		return PROTO_RSP_CODE_COMPLETE;
	case TMR_LUN_DOES_NOT_EXIST:
		return PROTO_RSP_CODE_FIELDS_INVALID;
	case TMR_TASK_MGMT_FUNCTION_NOT_SUPPORTED:
		return PROTO_RSP_CODE_NOT_SUPPORTED;
	default:
		return PROTO_RSP_CODE_FAILED;
	}
}

void srpt_queue_tm_rsp(struct se_cmd *se_cmd)
{
	struct srpt_io *io = container_of(se_cmd, struct srpt_io, se_cmd);

	if (io->kind == SRPT_IO_TMF)
		srpt_respond_tmf(srpt_slot_of(se_cmd),
				 rsp_code(se_cmd->se_tmr_req->response));
}

/**
 * srpt_tmf_unanswered - LIO has ended a function and says nothing of it
 * @slot:	the request
 *
 * A LOGICAL UNIT RESET, maybe another initiator's, ends the functions of its
 * LUN along with the tasks. The initiator of this one would wait for its
 * timeout. The task may still be on its way out, so it is not complete.
 */
void srpt_tmf_unanswered(struct srpt_slot *slot)
{
	srpt_respond_tmf(slot, PROTO_RSP_CODE_FAILED);
}
