// SPDX-License-Identifier: GPL-2.0
/*
 * The send queue of a channel.
 *
 * Everything that goes out is one of three jobs of a slot: fetch its
 * descriptor table, fetch its data-out buffer (both RDMA READ), or deliver its
 * data-in buffer (RDMA WRITE) and the response (SEND), chained into one post.
 * A job that does not fit waits in ch->sq_wait in order; nothing overtakes it,
 * so a large transfer can't be starved by small ones.
 *
 * Responses wait there for each other, too, while other requests of the channel
 * are open: LIO completes commands one work item at a time, and a work item
 * behind those that are queued by then (poll.c) posts all their responses. The
 * HCA and the initiator are woken once for all of them. A response that no other
 * can join leaves at once.
 *
 * ch->sq_lock is taken in process context only. It keeps bottom halves off, for
 * a HCA that works in them: it begins when the lock is released, with all that
 * was posted. On soft-RoCE it keeps interrupts off instead: what is posted then
 * is left to ksoftirqd. Else this thread would take each packet through the whole
 * network stack, both ways, before it goes on, one request at a time, and other
 * processors had nothing to do (measured in Documentation/performance.md). For
 * the same reason no response waits for others there, but on a machine of one
 * processor, which has to do it all anyway. There data that several responses
 * bring is posted with bottom halves off, too.
 *
 * Responses are signaled once in a while only. Work requests of one queue
 * complete in order, so any completion proves all before it: slots wait in
 * ch->sq_retire in posting order and are released up to the completed mark.
 * Data held back by unsignaled sends is bounded in bytes as well.
 */
#include "log.h"

#include <linux/slab.h>

#include "channel.h"
#include "stats.h"
#include "trace.h"

static u32 sq_room(const struct srpt_channel *ch)
{
	return ch->sq_size - (ch->sq_posted - ch->sq_done);
}

/* Move the answered slots whose work requests are complete to @dead. */
static void sq_advance(struct srpt_channel *ch, u32 mark, struct list_head *dead)
{
	struct srpt_slot *slot, *next;

	lockdep_assert_held(&ch->sq_lock);
	if ((s32)(mark - ch->sq_done) > 0)
		ch->sq_done = mark;
	list_for_each_entry_safe(slot, next, &ch->sq_retire, sq_entry) {
		if ((s32)(slot->sq_mark - ch->sq_done) > 0)
			break;
		list_move_tail(&slot->sq_entry, dead);
	}
}

/* Scatter/gather entries for @len bytes of the slot's buffer from its cursor;
 * returns the bytes covered, limited by @max_sge.
 */
static u32 fill_sges(struct srpt_slot *slot, struct ib_sge *sge, u32 max_sge,
		     u32 lkey, u32 len, int *n_sge)
{
	const struct srpt_buf *buf = &slot->buf;
	u32 done = 0;
	int n = 0;

	while (done < len && n < max_sge && slot->sg_idx < buf->n) {
		u32 left = buf->sg[slot->sg_idx].length - slot->sg_off;
		u32 step = min(left, len - done);

		sge[n].addr = buf->dma[slot->sg_idx] + slot->sg_off;
		sge[n].length = step;
		sge[n].lkey = lkey;
		n++;
		done += step;
		slot->sg_off += step;
		if (step == left) {
			slot->sg_idx++;
			slot->sg_off = 0;
		}
	}
	*n_sge = n;
	return done;
}

/* The next remote range with bytes left; false at the end of the transfer. Each
 * response asks twice more when it is there: that much is known without a call.
 */
static bool next_range(struct srpt_slot *slot)
{
	while (!slot->range.len)
		if (!slot->iter.remaining ||
		    !proto_desc_iter_next(&slot->iter, &slot->range))
			return false;
	return true;
}

/* Build RDMA work requests for what is left of the transfer, at most @room. */
static u32 build_rdma(struct srpt_channel *ch, struct srpt_slot *slot,
		      enum ib_wr_opcode opcode, u32 room)
{
	struct srpt_scratch *s = ch->scratch;
	u32 lkey = ch->dev->pd->local_dma_lkey;
	u32 n = 0, sge = 0;

	room = min_t(u32, room, SRPT_SCRATCH_WRS);
	while (n < room && sge < SRPT_SCRATCH_SGES && next_range(slot)) {
		struct ib_rdma_wr *wr = &s->rdma[n];
		int n_sge;
		u32 len = fill_sges(slot, &s->sge[sge],
				    min_t(u32, ch->max_send_sge,
					  SRPT_SCRATCH_SGES - sge),
				    lkey, slot->range.len, &n_sge);

		wr->wr.next = NULL;
		wr->wr.wr_cqe = &ch->unsig_cqe;
		wr->wr.sg_list = &s->sge[sge];
		wr->wr.num_sge = n_sge;
		wr->wr.opcode = opcode;
		wr->wr.send_flags = 0;
		wr->remote_addr = slot->range.va;
		wr->rkey = slot->range.key;
		if (n)
			s->rdma[n - 1].wr.next = &wr->wr;
		slot->range.va += len;
		slot->range.len -= len;
		slot->xfer_off += len;
		sge += n_sge;
		n++;
	}
	return n;
}

static struct ib_send_wr *build_response(struct srpt_channel *ch,
					 struct srpt_slot *slot)
{
	struct srpt_scratch *s = ch->scratch;
	u32 delta;

	proto_credit_finish(&ch->credit, 1);
	slot->responded = true;
	delta = proto_credit_take(&ch->credit);
	proto_put_be32(slot->rsp + 4, delta);

	s->send.next = NULL;
	s->send.wr_cqe = &slot->send_cqe;
	s->send.sg_list = &s->send_sge;
	s->send.num_sge = 1;
	s->send.opcode = IB_WR_SEND;
	s->send.send_flags = slot->rsp[1] & PROTO_SOLNT ? IB_SEND_SOLICITED : 0;
	s->send_sge.length = slot->rsp_len;
	if (slot->rsp_len <= ch->max_inline) {
		s->send.send_flags |= IB_SEND_INLINE;
		s->send_sge.addr = (uintptr_t)slot->rsp;
		s->send_sge.lkey = 0;
	} else {
		s->send_sge.addr = slot->rsp_dma;
		s->send_sge.lkey = ch->dev->pd->local_dma_lkey;
		ib_dma_sync_single_for_device(ch->dev->ib, slot->rsp_dma,
					      slot->rsp_len, DMA_TO_DEVICE);
	}
	return &s->send;
}

/* Must this response ask for a completion? */
static bool want_signal(struct srpt_channel *ch, u32 n_wr, u32 bytes)
{
	ch->sq_unsignaled++;
	ch->sq_unsig_bytes += bytes;
	/* Half the queue at the most without a completion due: whoever finds
	 * no room, and nobody needs more than half, has one coming.
	 */
	return ch->sq_unsignaled >= SRPT_SIGNAL_BATCH ||
	       ch->sq_unsig_bytes >= SRPT_SIGNAL_BYTES ||
	       sq_room(ch) - n_wr < ch->sq_size / 2;
}

static int post(struct srpt_channel *ch, struct ib_send_wr *first, u32 n)
{
	int ret = ib_post_send(ch->qp, first, NULL);

	/* Counted even when the post failed half-way: the channel is closed
	 * then and the drain settles it.
	 */
	ch->sq_posted += n;
	if (ret)
		srpt_channel_close(ch, SRPT_CLOSE_CONNECTION_LOST,
				   "posting to the send queue failed");
	return ret;
}

/* What became of a slot that was pushed: where it waits now. */
enum sq_progress {
	SQ_ANSWERED,	/* its response is posted: ch->sq_retire */
	SQ_READING,	/* all of its RDMA READs are: ch->sq_reads */
	SQ_WAITS,	/* for others, or its first part: ch->sq_wait */
	SQ_NO_ROOM,	/* nothing was posted: ch->sq_wait */
};

static struct list_head *sq_list(struct srpt_channel *ch, enum sq_progress p)
{
	return p == SQ_ANSWERED ? &ch->sq_retire :
	       p == SQ_READING ? &ch->sq_reads : &ch->sq_wait;
}

/* Post one slot's table read. */
static enum sq_progress push_table(struct srpt_channel *ch,
				   struct srpt_slot *slot)
{
	struct ib_rdma_wr *wr = &ch->scratch->rdma[0];
	struct ib_sge *sge = &ch->scratch->sge[0];

	if (!sq_room(ch))
		return SQ_NO_ROOM;
	sge->addr = slot->table.dma;
	sge->length = slot->table.len;
	sge->lkey = ch->dev->pd->local_dma_lkey;
	wr->wr.next = NULL;
	wr->wr.wr_cqe = &slot->rdma_cqe;
	wr->wr.sg_list = sge;
	wr->wr.num_sge = 1;
	wr->wr.opcode = IB_WR_RDMA_READ;
	wr->wr.send_flags = IB_SEND_SIGNALED;
	wr->remote_addr = slot->cmd.table_desc.va;
	wr->rkey = slot->cmd.table_desc.key;
	slot->sq_mark = ch->sq_posted + 1;
	post(ch, &wr->wr, 1);
	return SQ_READING;
}

/* Post as much of a slot's data transfer as fits, and what follows it. */
static enum sq_progress push_data(struct srpt_channel *ch,
				  struct srpt_slot *slot)
{
	bool respond = slot->op == SRPT_SQ_RESPOND;
	u32 room = sq_room(ch), n = 0;
	struct ib_send_wr *first = NULL, *last = NULL;

	if (slot->partial_out || room < 2)
		return SQ_NO_ROOM;
	if (respond && slot->iter.table && !slot->xfer_off)
		srpt_buf_sync_device(ch->pool, &slot->buf,
				     slot->iter.remaining);
	if (slot->iter.table)
		n = build_rdma(ch, slot,
			       respond ? IB_WR_RDMA_WRITE : IB_WR_RDMA_READ,
			       room - 1);
	if (n) {
		trace_srpt_rdma(ch, slot->cmd.tag, respond, n, slot->buf.len);
		first = &ch->scratch->rdma[0].wr;
		last = &ch->scratch->rdma[n - 1].wr;
	}
	if (slot->iter.table && next_range(slot)) {
		/* More to come: a completion of this part brings us back. */
		last->wr_cqe = &slot->part_cqe;
		last->send_flags = IB_SEND_SIGNALED;
		slot->partial_out = true;
		slot->sq_mark = ch->sq_posted + n;
		ch->sq_unsignaled = 0;
		ch->sq_unsig_bytes = 0;
		post(ch, first, n);
		return SQ_WAITS;
	}

	if (respond) {
		struct ib_send_wr *send = build_response(ch, slot);

		if (last)
			last->next = send;
		else
			first = send;
		last = send;
		n++;
		if (want_signal(ch, n, slot->iter.table ? slot->buf.len : 0)) {
			send->send_flags |= IB_SEND_SIGNALED;
			ch->sq_unsignaled = 0;
			ch->sq_unsig_bytes = 0;
		}
	} else {
		last->wr_cqe = &slot->rdma_cqe;
		last->send_flags = IB_SEND_SIGNALED;
		ch->sq_unsignaled = 0;
		ch->sq_unsig_bytes = 0;
	}
	slot->sq_mark = ch->sq_posted + n;
	post(ch, first, n);
	return respond ? SQ_ANSWERED : SQ_READING;
}

/* The R/W API registers memory as iWARP's RDMA READ demands; it is used for
 * nothing else, see data_rw.c.
 */
static enum sq_progress push_rw(struct srpt_channel *ch, struct srpt_slot *slot)
{
	u32 n = slot->n_rw_wr;

	if (sq_room(ch) < n)
		return SQ_NO_ROOM;
	slot->sq_mark = ch->sq_posted + n;
	ch->sq_unsignaled = 0;
	ch->sq_unsig_bytes = 0;
	post(ch, slot->rw_chain, n);
	return SQ_READING;
}

static enum sq_progress push(struct srpt_channel *ch, struct srpt_slot *slot)
{
	lockdep_assert_held(&ch->sq_lock);
	if (slot->rw && slot->op != SRPT_SQ_RESPOND)
		return push_rw(ch, slot);
	if (slot->op == SRPT_SQ_TABLE)
		return push_table(ch, slot);
	return push_data(ch, slot);
}

/* Go on with what waits; caller holds sq_lock. */
static void sq_pump(struct srpt_channel *ch)
{
	struct srpt_slot *slot;
	enum sq_progress p;

	while (srpt_channel_usable(ch) &&
	       (slot = list_first_entry_or_null(&ch->sq_wait, struct srpt_slot,
						sq_entry))) {
		p = push(ch, slot);
		if (p >= SQ_WAITS)
			break;
		list_move_tail(&slot->sq_entry, sq_list(ch, p));
	}
}

/* Is a request besides this one open, whose response may come along? */
static bool others_open(const struct srpt_channel *ch)
{
	return READ_ONCE(ch->credit.consumed) - ch->credit.finished > 1;
}

static void flush_locked(struct srpt_channel *ch)
{
	lockdep_assert_held(&ch->sq_lock);
	WRITE_ONCE(ch->sq_wait_data, false);
	sq_pump(ch);
	if (!list_empty(&ch->sq_wait))
		srpt_stat_inc(ch, sq_waits);
}

/* Post the responses that have waited for each other. */
void srpt_sq_flush(struct srpt_channel *ch)
{
	unsigned long irqs;

	/* Who queued this has set it before. */
	if (READ_ONCE(ch->sq_wait_data)) {
		spin_lock_bh(&ch->sq_lock);
		flush_locked(ch);
		spin_unlock_bh(&ch->sq_lock);
	} else {
		irqs = srpt_sq_lock(ch);
		flush_locked(ch);
		srpt_sq_unlock(ch, irqs);
	}
}

/**
 * srpt_sq_submit - let the send queue do something for a slot
 * @slot:	the slot
 * @op:		what to do; the slot's cursors are set up for it
 *
 * Process context. SRPT_SQ_RESPOND takes a reference to the slot that the
 * completion drops.
 *
 * Returns 0, or -ENOTCONN when the channel posts no more; then nothing was
 * done and nothing will come back.
 */
int srpt_sq_submit(struct srpt_slot *slot, enum srpt_sq_op op)
{
	struct srpt_channel *ch = slot->ch;
	enum sq_progress p = SQ_WAITS;
	int ret = 0;
	unsigned long irqs;

	irqs = srpt_sq_lock(ch);
	if (!srpt_channel_usable(ch)) {
		ret = -ENOTCONN;
		goto out;
	}
	slot->op = op;
	if (op == SRPT_SQ_RESPOND)
		atomic_inc(&slot->refs);
	/* Who is not first leaves with those before it: a completion is due,
	 * or the flush is queued.
	 */
	if (op == SRPT_SQ_RESPOND && ch->gathers && others_open(ch)) {
		if (slot->iter.table)
			WRITE_ONCE(ch->sq_wait_data, true);
		srpt_poll_flush(ch);
	} else if (list_empty(&ch->sq_wait)) {
		p = push(ch, slot);
	}
	if (p == SQ_NO_ROOM)
		srpt_stat_inc(ch, sq_waits);
	list_add_tail(&slot->sq_entry, sq_list(ch, p));
out:
	srpt_sq_unlock(ch, irqs);
	return ret;
}

/* A work request failed: the QP is in error, the channel with it. */
static void sq_failed(struct srpt_channel *ch, struct ib_wc *wc)
{
	if (wc->status != IB_WC_WR_FLUSH_ERR)
		srpt_channel_close(ch, SRPT_CLOSE_CONNECTION_LOST,
				   ib_wc_status_msg(wc->status));
	else
		srpt_channel_close(ch, SRPT_CLOSE_CONNECTION_LOST, NULL);
}

/* Account a completion up to @mark and release what it proves done. */
void srpt_sq_completed(struct srpt_channel *ch, u32 mark, bool ok)
{
	unsigned long irqs;
	LIST_HEAD(dead);

	irqs = srpt_sq_lock(ch);
	sq_advance(ch, mark, &dead);
	if (ok && !list_empty(&ch->sq_wait))
		sq_pump(ch);
	srpt_sq_unlock(ch, irqs);
	if (!list_empty(&dead))
		srpt_slot_put_list(ch, &dead);
}

void srpt_sq_unsig_done(struct ib_cq *cq, struct ib_wc *wc)
{
	/* Only errors come here, and a flushed request has its slot's last
	 * one behind it.
	 */
	if (wc->status != IB_WC_SUCCESS)
		sq_failed(cq->cq_context, wc);
}

void srpt_sq_send_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct srpt_channel *ch = cq->cq_context;
	struct srpt_slot *slot = container_of(wc->wr_cqe, struct srpt_slot,
					      send_cqe);
	bool ok = wc->status == IB_WC_SUCCESS;

	if (!ok)
		sq_failed(ch, wc);
	srpt_sq_completed(ch, slot->sq_mark, ok);
}

void srpt_sq_part_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct srpt_channel *ch = cq->cq_context;
	struct srpt_slot *slot = container_of(wc->wr_cqe, struct srpt_slot,
					      part_cqe);
	bool ok = wc->status == IB_WC_SUCCESS;

	slot->partial_out = false;
	if (!ok)
		sq_failed(ch, wc);
	srpt_sq_completed(ch, slot->sq_mark, ok);
}

void srpt_sq_rdma_done(struct ib_cq *cq, struct ib_wc *wc)
{
	struct srpt_channel *ch = cq->cq_context;
	struct srpt_slot *slot = container_of(wc->wr_cqe, struct srpt_slot,
					      rdma_cqe);
	bool ok = wc->status == IB_WC_SUCCESS;
	unsigned long irqs;
	LIST_HEAD(dead);

	if (!ok)
		sq_failed(ch, wc);
	irqs = srpt_sq_lock(ch);
	list_del_init(&slot->sq_entry);
	sq_advance(ch, slot->sq_mark, &dead);
	if (ok && !list_empty(&ch->sq_wait))
		sq_pump(ch);
	srpt_sq_unlock(ch, irqs);
	if (!list_empty(&dead))
		srpt_slot_put_list(ch, &dead);

	if (slot->op == SRPT_SQ_TABLE)
		srpt_cmd_table_done(slot, ok);
	else
		srpt_cmd_read_done(slot, ok);
}

/**
 * srpt_sq_sweep - end what the send queue will not complete any more
 * @ch:	channel whose QP is gone
 *
 * Answered slots are released, fetches fail. May sleep.
 */
void srpt_sq_sweep(struct srpt_channel *ch)
{
	struct srpt_slot *slot, *next;
	unsigned long irqs;
	LIST_HEAD(answered);
	LIST_HEAD(fetches);

	irqs = srpt_sq_lock(ch);
	list_splice_init(&ch->sq_retire, &answered);
	list_splice_init(&ch->sq_reads, &fetches);
	list_for_each_entry_safe(slot, next, &ch->sq_wait, sq_entry)
		list_move_tail(&slot->sq_entry, slot->op == SRPT_SQ_RESPOND ?
			       &answered : &fetches);
	srpt_sq_unlock(ch, irqs);

	srpt_slot_put_list(ch, &answered);
	list_for_each_entry_safe(slot, next, &fetches, sq_entry) {
		list_del_init(&slot->sq_entry);
		if (slot->op == SRPT_SQ_TABLE)
			srpt_cmd_table_done(slot, false);
		else
			srpt_cmd_read_done(slot, false);
	}
}

/**
 * srpt_sq_post_msg - post an IU of the target's own
 * @ch:		channel
 * @msg:	message with its buffer filled
 * @len:	bytes
 * @solicited:	set the solicited event bit
 *
 * Caller holds ch->sq_lock. Returns 0 or a negative error.
 */
int srpt_sq_post_msg(struct srpt_channel *ch, struct srpt_msg *msg, u32 len,
		     bool solicited)
{
	struct ib_sge sge = {
		.addr = msg->dma,
		.length = len,
		.lkey = ch->dev->pd->local_dma_lkey,
	};
	struct ib_send_wr wr = {
		.wr_cqe = &msg->cqe,
		.sg_list = &sge,
		.num_sge = 1,
		.opcode = IB_WR_SEND,
		.send_flags = IB_SEND_SIGNALED |
			      (solicited ? IB_SEND_SOLICITED : 0),
	};
	int ret;

	lockdep_assert_held(&ch->sq_lock);
	if (!sq_room(ch))
		return -EAGAIN;
	ib_dma_sync_single_for_device(ch->dev->ib, msg->dma, len, DMA_TO_DEVICE);
	ret = ib_post_send(ch->qp, &wr, NULL);
	if (!ret)
		msg->mark = ++ch->sq_posted;
	return ret;
}
