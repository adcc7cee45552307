// SPDX-License-Identifier: GPL-2.0
/*
 * RDMA READ through the R/W API of the RDMA core.
 *
 * On iWARP the sink of an RDMA READ is named by an rkey with remote write
 * rights. Handing out one for the whole pool would open it to the initiator,
 * so each read registers exactly the memory it fills. InfiniBand and RoCE
 * never come here; the module parameter exists to test this path on them.
 */
#include "log.h"

#include <linux/module.h>
#include <linux/slab.h>

#include "channel.h"

/* Registrations one channel may hold at once, in units of the R/W API. */
#define SRPT_RW_CTXS	128

static bool rdma_rw_api;
module_param(rdma_rw_api, bool, 0444);
MODULE_PARM_DESC(rdma_rw_api,
		 "Read from initiators through the RDMA R/W API on every fabric, for tests (default N; iWARP always does)");

bool srpt_rw_wanted(struct ib_device *ib, u32 port)
{
	return rdma_rw_api || rdma_protocol_iwarp(ib, port);
}

u32 srpt_rw_max_ctxs(void)
{
	return SRPT_RW_CTXS;
}

void srpt_rw_release(struct srpt_slot *slot)
{
	struct srpt_channel *ch = slot->ch;
	u32 i;

	if (!slot->rw)
		return;
	for (i = 0; i < slot->n_rw; i++)
		rdma_rw_ctx_destroy(&slot->rw[i], ch->qp, ch->port_num,
				    slot->buf.sg, slot->buf.n, DMA_FROM_DEVICE);
	kvfree(slot->rw);
	slot->rw = NULL;
	slot->n_rw = 0;
}

/* Chain the contexts' work requests; one completion, of the last. */
static int rw_chain(struct srpt_slot *slot)
{
	struct srpt_channel *ch = slot->ch;
	struct ib_send_wr *wr;
	u32 i;

	slot->rw_chain = NULL;
	for (i = slot->n_rw; i--;)
		slot->rw_chain = rdma_rw_ctx_wrs(&slot->rw[i], ch->qp,
						 ch->port_num, &slot->rdma_cqe,
						 slot->rw_chain);
	slot->n_rw_wr = 0;
	for (wr = slot->rw_chain; wr; wr = wr->next) {
		/* All but the last get the common completion: of those only
		 * errors are heard.
		 */
		if (wr->next)
			wr->wr_cqe = &ch->unsig_cqe;
		slot->n_rw_wr++;
	}
	/* Half the queue can always be had: want_signal() of sq.c. */
	if (slot->n_rw_wr > ch->sq_size / 2) {
		srpt_rw_release(slot);
		return -ENOSPC;
	}
	return 0;
}

static int rw_add(struct srpt_slot *slot, u32 off, const struct proto_desc *d)
{
	int ret = rdma_rw_ctx_init(&slot->rw[slot->n_rw], slot->ch->qp,
				   slot->ch->port_num, slot->buf.sg,
				   slot->buf.n, off, d->va, d->key,
				   DMA_FROM_DEVICE);

	if (ret < 0) {
		srpt_rw_release(slot);
		return ret;
	}
	slot->n_rw++;
	return 0;
}

static int rw_prepare(struct srpt_slot *slot)
{
	struct proto_desc_iter it = slot->iter;
	struct proto_desc d;
	u32 n = 0, off = 0;
	int ret;

	while (proto_desc_iter_next(&it, &d))
		n++;
	slot->rw = kvcalloc(n, sizeof(*slot->rw), GFP_NOIO);
	if (!slot->rw)
		return -ENOMEM;
	while (proto_desc_iter_next(&slot->iter, &d)) {
		ret = rw_add(slot, off, &d);
		if (ret)
			return ret;
		off += d.len;
	}
	return rw_chain(slot);
}

static int rw_prepare_table(struct srpt_slot *slot)
{
	int ret;

	srpt_buf_borrow(&slot->buf, slot->table.addr, slot->table.dma,
			slot->table.len);
	slot->rw = kvcalloc(1, sizeof(*slot->rw), GFP_NOIO);
	if (!slot->rw)
		return -ENOMEM;
	ret = rw_add(slot, 0, &slot->cmd.table_desc);
	return ret ?: rw_chain(slot);
}

static int rw_with_qp(struct srpt_slot *slot, int (*fn)(struct srpt_slot *slot))
{
	struct srpt_channel *ch = slot->ch;
	int ret = -ENOTCONN;

	mutex_lock(&ch->qp_mutex);
	if (srpt_channel_usable(ch))
		ret = fn(slot);
	mutex_unlock(&ch->qp_mutex);
	return ret;
}

/**
 * srpt_rw_prepare - make the work requests that read a slot's data-out buffer
 * @slot:	slot with buffer and range cursor set up
 *
 * May sleep. Returns 0 or a negative error: nothing is held then.
 */
int srpt_rw_prepare(struct srpt_slot *slot)
{
	return rw_with_qp(slot, rw_prepare);
}

/**
 * srpt_rw_prepare_table - the same for an external descriptor table
 * @slot:	slot with its table memory; the data buffer is not in use yet
 *		and lends its scatterlist
 *
 * May sleep. Returns 0 or a negative error: nothing is held then.
 */
int srpt_rw_prepare_table(struct srpt_slot *slot)
{
	return rw_with_qp(slot, rw_prepare_table);
}
