// SPDX-License-Identifier: GPL-2.0
/*
 * What the target says: SRP_RSP for commands and task management, and by
 * itself SRP_CRED_REQ and SRP_T_LOGOUT.
 */
#include "log.h"

#include <linux/slab.h>
#include <linux/ktime.h>
#include <scsi/scsi_proto.h>

#include "channel.h"
#include "stats.h"
#include "trace.h"

#define SRPT_LOGOUT_TIMEOUT	(HZ / 2)

static u32 rsp_cap(const struct srpt_slot *slot)
{
	return min(slot->ring->rsp_size, slot->ch->max_ti_iu_len);
}

/* SOLNT of the answer: the initiator chose which outcomes interrupt it. */
static u8 solicited(const struct srpt_slot *slot, bool success)
{
	return slot->sol_not & (success ? PROTO_SCSOLNT : PROTO_UCSOLNT) ?
	       PROTO_SOLNT : 0;
}

static void send_bare(struct srpt_slot *slot)
{
	slot->iter.table = NULL;
	srpt_sq_submit(slot, SRPT_SQ_RESPOND);
}

static void count(struct srpt_slot *slot, const struct se_cmd *se_cmd)
{
	struct srpt_channel *ch = slot->ch;
	u64 lat = ktime_get_ns() - slot->start;

	switch (se_cmd->data_direction) {
	case DMA_FROM_DEVICE:
		srpt_stat_inc(ch, read_cmds);
		srpt_stat_add(ch, read_bytes, se_cmd->data_length);
		srpt_stats_latency(ch, false, lat);
		break;
	case DMA_TO_DEVICE:
		srpt_stat_inc(ch, write_cmds);
		srpt_stat_add(ch, write_bytes, se_cmd->data_length);
		srpt_stats_latency(ch, true, lat);
		break;
	default:
		srpt_stat_inc(ch, other_cmds);
		break;
	}
	if (se_cmd->scsi_status == SAM_STAT_CHECK_CONDITION)
		srpt_stat_inc(ch, failed);
	trace_srpt_cmd_done(ch, slot->cmd.tag, se_cmd->scsi_status,
			    se_cmd->data_length, lat);
}

void srpt_respond_cmd(struct srpt_slot *slot, bool data)
{
	struct srpt_channel *ch = slot->ch;
	struct se_cmd *se_cmd = &slot->io.se_cmd;
	struct proto_rsp rsp = {
		.tag = slot->cmd.tag,
		.status = se_cmd->scsi_status,
		.sol_not = solicited(slot, !se_cmd->scsi_status),
		.resid_out = slot->cmd.dir == PROTO_DIR_OUT,
	};

	if (!srpt_channel_usable(ch))
		return;
	if (se_cmd->se_cmd_flags & (SCF_UNDERFLOW_BIT | SCF_OVERFLOW_BIT)) {
		rsp.resid = se_cmd->residual_count;
		rsp.resid_over = se_cmd->se_cmd_flags & SCF_OVERFLOW_BIT;
	}
	if (se_cmd->scsi_status == SAM_STAT_CHECK_CONDITION) {
		rsp.sense = slot->sense;
		rsp.sense_len = min_t(u32, 8 + slot->sense[7], SRPT_SENSE_LEN);
	}
	slot->rsp_len = proto_rsp_build(slot->rsp, rsp_cap(slot), &rsp);
	count(slot, se_cmd);

	if (data && se_cmd->data_length) {
		slot->range.len = 0;
		slot->xfer_off = 0;
		slot->sg_idx = 0;
		slot->sg_off = 0;
		proto_desc_iter_init(&slot->iter, slot->cmd.table,
				     slot->cmd.n_desc, se_cmd->data_length,
				     U32_MAX);
	} else {
		slot->iter.table = NULL;
	}
	srpt_sq_submit(slot, SRPT_SQ_RESPOND);
}

void srpt_respond_sense(struct srpt_slot *slot, u8 key, u8 asc, u8 ascq)
{
	struct proto_rsp rsp = {
		.tag = slot->cmd.tag,
		.status = SAM_STAT_CHECK_CONDITION,
		.sol_not = solicited(slot, false),
		.sense = slot->sense,
	};

	rsp.sense_len = proto_sense_build(slot->sense, SRPT_SENSE_LEN, key, asc,
					  ascq);
	slot->rsp_len = proto_rsp_build(slot->rsp, rsp_cap(slot), &rsp);
	srpt_stat_inc(slot->ch, failed);
	send_bare(slot);
}

void srpt_respond_status(struct srpt_slot *slot, u8 status)
{
	struct proto_rsp rsp = {
		.tag = slot->cmd.tag,
		.status = status,
		.sol_not = solicited(slot, !status),
	};

	slot->rsp_len = proto_rsp_build(slot->rsp, rsp_cap(slot), &rsp);
	send_bare(slot);
}

void srpt_respond_tmf(struct srpt_slot *slot, u8 code)
{
	struct srpt_channel *ch = slot->ch;

	srpt_stat_inc(ch, tmfs);
	trace_srpt_tmf(ch, slot->tmf.tag, slot->tmf.task_tag, slot->tmf.func,
		       code);
	slot->sol_not = slot->tmf.sol_not;
	slot->rsp_len = proto_rsp_build_tmf(slot->rsp, rsp_cap(slot),
					    slot->tmf.tag, 0,
					    solicited(slot,
						      code == PROTO_RSP_CODE_COMPLETE),
					    code);
	send_bare(slot);
}

static void cred_req_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct srpt_channel *ch = cq->cq_context;
	u32 mark;
	unsigned long irqs;

	if (wc->status != IB_WC_SUCCESS)
		srpt_channel_close(ch, SRPT_CLOSE_CONNECTION_LOST, NULL);
	/* The answer may be here before this completion. The next message must
	 * not be posted before it all the same: its mark would be taken for
	 * this one's, and slots that are still on the wire be released.
	 */
	irqs = srpt_sq_lock(ch);
	ch->cred_req_posted = false;
	mark = ch->msgs->cred_req.mark;
	srpt_sq_unlock(ch, irqs);
	srpt_sq_completed(ch, mark, wc->status == IB_WC_SUCCESS);
}

static void logout_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct srpt_channel *ch = cq->cq_context;

	complete(&ch->logout_sent);
}

/**
 * srpt_cred_req_check - return credits no response will carry (r16a 6.10)
 * @ch:	channel; caller holds sq_lock
 *
 * Responses carry credits as long as requests are open. So this is for the
 * initiator that has none open, or few credits left to open any. A busy
 * Linux initiator may lack a buffer to answer with and then says nothing, so
 * a few requests may be without an answer; the receives that SRPT_FREE_IUS
 * keeps are the limit.
 */
void srpt_cred_req_check(struct srpt_channel *ch)
{
	struct srpt_msg *msg = &ch->msgs->cred_req;
	const struct proto_credit *c = &ch->credit;
	u32 due = proto_credit_due(c), consumed = READ_ONCE(c->consumed);
	size_t len;

	lockdep_assert_held(&ch->sq_lock);
	if (!due || ch->cred_req_posted ||
	    ch->cred_reqs_out >= SRPT_FREE_IUS / 2 || ch->state != PROTO_CH_LIVE)
		return;
	if (consumed != c->finished && c->granted - consumed > c->limit / 8)
		return;
	len = proto_build_cred_req(msg->iu, PROTO_SHORT_IU_LEN, 0,
				   proto_credit_take(&ch->credit),
				   ch->login_flags & PROTO_CRSOLNT ?
				   PROTO_SOLNT : 0);
	if (srpt_sq_post_msg(ch, msg, len, ch->login_flags & PROTO_CRSOLNT)) {
		proto_credit_untake(&ch->credit, due);
		return;
	}
	ch->cred_req_posted = true;
	ch->cred_reqs_out++;
	srpt_stat_inc(ch, cred_reqs);
}

void srpt_cred_rsp(struct srpt_channel *ch)
{
	bool expected;
	unsigned long irqs;

	irqs = srpt_sq_lock(ch);
	expected = ch->cred_reqs_out;
	if (expected)
		ch->cred_reqs_out--;
	srpt_sq_unlock(ch, irqs);
	if (!expected)
		srpt_channel_violation(ch, PROTO_LOGOUT_SPURIOUS_RESPONSE,
				       "SRP_CRED_RSP nobody asked for");
}

/**
 * srpt_t_logout - tell the initiator that the target ends the channel (r16a 6.5)
 * @ch:		channel in DISCONNECTING: nothing else is posted any more
 * @reason:	enum proto_t_logout_reason
 *
 * Waits until the IU has left, or half a second. May sleep.
 */
void srpt_t_logout(struct srpt_channel *ch, u32 reason)
{
	struct srpt_msg *msg = &ch->msgs->t_logout;
	bool solnt = ch->login_flags & PROTO_LOSOLNT;
	size_t len;
	int ret;
	unsigned long irqs;

	len = proto_build_t_logout(msg->iu, PROTO_SHORT_IU_LEN, 0, reason,
				   solnt ? PROTO_SOLNT : 0);
	irqs = srpt_sq_lock(ch);
	ret = srpt_sq_post_msg(ch, msg, len, solnt);
	srpt_sq_unlock(ch, irqs);
	if (!ret)
		wait_for_completion_timeout(&ch->logout_sent,
					    SRPT_LOGOUT_TIMEOUT);
}

int srpt_msgs_create(struct srpt_channel *ch)
{
	struct srpt_msgs *m = kzalloc(sizeof(*m), GFP_KERNEL);
	u64 dma;
	u8 *p;

	if (!m)
		return -ENOMEM;
	m->block = srpt_dma_block_alloc(ch->dev, 2 * SMP_CACHE_BYTES);
	if (!m->block) {
		kfree(m);
		return -ENOMEM;
	}
	p = srpt_dma_block_addr(m->block, &dma);
	m->cred_req.iu = p;
	m->cred_req.dma = dma;
	m->cred_req.cqe.done = cred_req_done;
	m->t_logout.iu = p + SMP_CACHE_BYTES;
	m->t_logout.dma = dma + SMP_CACHE_BYTES;
	m->t_logout.cqe.done = logout_done;
	ch->msgs = m;
	return 0;
}

void srpt_msgs_destroy(struct srpt_channel *ch)
{
	if (!ch->msgs)
		return;
	srpt_dma_block_free(ch->dev, ch->msgs->block);
	kfree(ch->msgs);
	ch->msgs = NULL;
}
