// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a slot: when both LIO and the wire are through with it, its
 * buffer goes back to the pool, its receive to the queue and its credit to
 * the account. Done for many slots at a time, as completions are.
 */
#include "log.h"

#include "channel.h"

/* Release what the command held; true: the slot is to be recycled. */
static bool slot_drop(struct srpt_slot *slot)
{
	struct srpt_channel *ch = slot->ch;
	struct srpt_data_pool *pool = ch->pool;

	if (!atomic_dec_and_test(&slot->refs))
		return false;
	srpt_buf_put(pool, &slot->buf);
	srpt_contig_put(pool, &slot->table);
	if (slot->charged) {
		atomic64_sub(slot->charged, &ch->nexus->bytes);
		slot->charged = 0;
	}
	return true;
}

static void repost_add(struct srpt_channel *ch, struct srpt_slot *slot)
{
	slot->recv_wr.next = NULL;
	if (ch->repost)
		ch->repost_last->next = &slot->recv_wr;
	else
		ch->repost = &slot->recv_wr;
	ch->repost_last = &slot->recv_wr;
	ch->n_repost++;
}

/* Post the collected receives. Held back they'd only lack spare ones, never
 * one a credit stands for: the account counts what is posted.
 */
static void repost_flush(struct srpt_channel *ch)
{
	struct ib_recv_wr *chain = ch->repost;

	lockdep_assert_held(&ch->sq_lock);
	ch->repost = NULL;
	ch->n_repost = 0;
	if (srpt_channel_usable(ch) && ib_post_recv(ch->qp, chain, NULL))
		srpt_channel_close(ch, SRPT_CLOSE_CONNECTION_LOST,
				   "posting receives failed");
}

/* Slots on @dead are on no other list and belong to nobody. */
static void slots_recycle(struct srpt_channel *ch, struct list_head *dead)
{
	struct srpt_slot *slot, *next;
	u32 n = 0, n_cost = 0, n_dropped = 0;
	unsigned long irqs;

	list_for_each_entry(slot, dead, sq_entry) {
		n++;
		n_cost += slot->costs;
		n_dropped += slot->costs && !slot->responded;
	}

	irqs = srpt_sq_lock(ch);
	proto_credit_finish(&ch->credit, n_dropped);
	/* A free IU's receive comes back into the reserve, not to a credit. */
	proto_credit_release(&ch->credit, n_cost);
	if (!ch->use_srq) {
		list_for_each_entry_safe(slot, next, dead, sq_entry) {
			list_del_init(&slot->sq_entry);
			repost_add(ch, slot);
		}
		if (ch->n_repost >= SRPT_REPOST_BATCH)
			repost_flush(ch);
	}
	srpt_cred_req_check(ch);
	srpt_sq_unlock(ch, irqs);

	if (ch->use_srq)
		list_for_each_entry_safe(slot, next, dead, sq_entry) {
			list_del_init(&slot->sq_entry);
			srpt_ring_srq_repost(slot->ring, slot);
		}
	percpu_ref_put_many(&ch->busy, n);
}

/**
 * srpt_slot_put_list - drop one reference of each slot of a list
 * @ch:		their channel
 * @slots:	the slots, linked by sq_entry; empty afterwards
 *
 * The channel may be gone afterwards. No lock of it may be held.
 */
void srpt_slot_put_list(struct srpt_channel *ch, struct list_head *slots)
{
	struct srpt_slot *slot, *next;
	LIST_HEAD(dead);

	list_for_each_entry_safe(slot, next, slots, sq_entry) {
		/* Off the list first: whoever drops the last reference links
		 * the slot into a list of its own.
		 */
		list_del_init(&slot->sq_entry);
		if (slot_drop(slot))
			list_add_tail(&slot->sq_entry, &dead);
	}
	if (!list_empty(&dead))
		slots_recycle(ch, &dead);
}

void srpt_slot_put(struct srpt_slot *slot)
{
	struct srpt_channel *ch = slot->ch;
	LIST_HEAD(dead);

	if (!slot_drop(slot))
		return;
	list_add_tail(&slot->sq_entry, &dead);
	slots_recycle(ch, &dead);
}
