// SPDX-License-Identifier: GPL-2.0
/*
 * Reception: look at the opcode, check the credit, dispatch. Runs in the
 * channel's polling work (poll.c) on the CPU of its completion vector; one
 * channel's receives are never handled concurrently.
 */
#include "log.h"

#include "channel.h"

/* Take a slot into use for a received IU. */
static void slot_begin(struct srpt_channel *ch, struct srpt_slot *slot)
{
	percpu_ref_get(&ch->busy);
	slot->ch = ch;
	atomic_set(&slot->refs, 1);
	slot->responded = false;
	slot->costs = false;
	slot->aborted = false;
	slot->partial_out = false;
	slot->cleared = false;
	slot->op = SRPT_SQ_NONE;
	slot->buf.len = 0;
	slot->charged = 0;
}

static void dispatch(struct srpt_channel *ch, struct srpt_slot *slot, u32 len)
{
	u8 opcode;
	u64 tag;

	if (!proto_iu_header(slot->iu, len, &opcode, &tag)) {
		srpt_channel_violation(ch, PROTO_LOGOUT_NO_REASON,
				       "IU shorter than its header");
		srpt_slot_put(slot);
		return;
	}
	/* The buffers of a shared receive queue hold more than some logins
	 * allow; the HCA has stopped the rest.
	 */
	if (len > ch->max_it_iu_len) {
		srpt_channel_violation(ch, PROTO_LOGOUT_NO_REASON,
				       "IU longer than its login allows");
		srpt_slot_put(slot);
		return;
	}

	switch (opcode) {
	case PROTO_CMD:
	case PROTO_TSK_MGMT:
		slot->costs = true;
		if (!proto_credit_consume(&ch->credit)) {
			srpt_channel_violation(ch, PROTO_LOGOUT_NO_REASON,
					       "request limit exceeded");
			break;
		}
		if (opcode == PROTO_CMD)
			srpt_cmd_handle(slot, len);
		else
			srpt_tmf_handle(slot, len);
		return;
	case PROTO_I_LOGOUT:
		srpt_channel_close(ch, SRPT_CLOSE_INITIATOR_LOGOUT, NULL);
		break;
	case PROTO_CRED_RSP:
		srpt_cred_rsp(ch);
		break;
	case PROTO_AER_RSP:
		/* Answers an SRP_AER_REQ; costs nothing, says nothing. */
		break;
	case PROTO_LOGIN_REQ:
		srpt_channel_violation(ch, PROTO_LOGOUT_INVALID_OPCODE,
				       "SRP_LOGIN_REQ on an established channel");
		break;
	default:
		srpt_channel_violation(ch, PROTO_LOGOUT_INVALID_OPCODE,
				       "unknown opcode");
		break;
	}
	srpt_slot_put(slot);
}

void srpt_recv_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct srpt_channel *ch = cq->cq_context;
	struct srpt_slot *slot = container_of(wc->wr_cqe, struct srpt_slot,
					      recv_cqe);

	if (likely(wc->status == IB_WC_SUCCESS && srpt_channel_usable(ch))) {
		ib_dma_sync_single_for_cpu(ch->dev->ib, slot->iu_dma,
					   wc->byte_len, DMA_FROM_DEVICE);
		slot_begin(ch, slot);
		dispatch(ch, slot, wc->byte_len);
		return;
	}

	if (wc->status != IB_WC_SUCCESS)
		srpt_channel_close(ch, SRPT_CLOSE_CONNECTION_LOST,
				   wc->status == IB_WC_WR_FLUSH_ERR ? NULL :
				   ib_wc_status_msg(wc->status));
	if (ch->use_srq)
		srpt_ring_srq_repost(slot->ring, slot);
}
