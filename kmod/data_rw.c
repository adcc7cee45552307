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
/* Remote ranges of one command read at once; the next ones follow when these
 * are done, so no number of ranges is too large for the channel.
 */
#define SRPT_RW_ROUND	16

/**
 * struct srpt_rw_range - a remote range under way
 * @ctx:	of the R/W API
 * @sg:		where it goes, within &struct srpt_rw
 * @n_sg:	entries of that
 */
struct srpt_rw_range {
	struct rdma_rw_ctx ctx;
	struct scatterlist *sg;
	u32 n_sg;
};

/**
 * struct srpt_rw - a round of remote ranges
 * @range:	the ranges
 * @sg:		their scatterlists, one behind the other
 */
struct srpt_rw {
	struct srpt_rw_range range[SRPT_RW_ROUND];
	struct scatterlist sg[];
};

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
	for (i = 0; i < slot->n_rw; i++) {
		struct srpt_rw_range *r = &slot->rw->range[i];

		rdma_rw_ctx_destroy(&r->ctx, ch->qp, ch->port_num, r->sg,
				    r->n_sg, DMA_FROM_DEVICE);
	}
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
		slot->rw_chain = rdma_rw_ctx_wrs(&slot->rw->range[i].ctx, ch->qp,
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
	if (!slot->n_rw_wr || slot->n_rw_wr > ch->sq_size / 2) {
		srpt_rw_release(slot);
		return -ENOSPC;
	}
	return 0;
}

/* The next @len bytes of the slot's buffer as a scatterlist of their own: the
 * API transfers all of what it is given.
 */
static u32 cut(struct srpt_slot *slot, struct scatterlist *sg, u32 len)
{
	struct srpt_buf *buf = &slot->buf;
	u32 n = 0;

	while (len && slot->sg_idx < buf->n) {
		struct scatterlist *from = &buf->sg[slot->sg_idx];
		u32 step = min(from->length - slot->sg_off, len);

		sg_set_page(&sg[n++], sg_page(from), step,
			    from->offset + slot->sg_off);
		len -= step;
		slot->sg_off += step;
		if (slot->sg_off == from->length) {
			slot->sg_idx++;
			slot->sg_off = 0;
		}
	}
	if (n)
		sg_mark_end(&sg[n - 1]);
	return n;
}

static int rw_add(struct srpt_slot *slot, const struct proto_desc *d, u32 *used)
{
	struct srpt_rw_range *r = &slot->rw->range[slot->n_rw];
	int ret;

	r->sg = &slot->rw->sg[*used];
	r->n_sg = cut(slot, r->sg, d->len);
	*used += r->n_sg;
	ret = rdma_rw_ctx_init(&r->ctx, slot->ch->qp, slot->ch->port_num, r->sg,
			       r->n_sg, 0, d->va, d->key, DMA_FROM_DEVICE);
	if (ret < 0) {
		srpt_rw_release(slot);
		return ret;
	}
	slot->n_rw++;
	return 0;
}

static int rw_alloc(struct srpt_slot *slot)
{
	/* Each range begins and ends within an entry of the buffer's list. */
	slot->rw = kvzalloc(struct_size(slot->rw, sg,
					slot->buf.n + SRPT_RW_ROUND), GFP_NOIO);
	slot->n_rw = 0;
	return slot->rw ? 0 : -ENOMEM;
}

static int rw_prepare(struct srpt_slot *slot)
{
	/* A registration, the read and an invalidation each */
	u32 most = clamp_t(u32, slot->ch->sq_size / 6, 1, SRPT_RW_ROUND);
	struct proto_desc d;
	u32 used = 0;
	int ret;

	ret = rw_alloc(slot);
	while (!ret && slot->n_rw < most &&
	       proto_desc_iter_next(&slot->iter, &d))
		ret = rw_add(slot, &d, &used);
	return ret ?: rw_chain(slot);
}

static int rw_prepare_table(struct srpt_slot *slot)
{
	u32 used = 0;
	int ret;

	srpt_buf_borrow(&slot->buf, slot->table.addr, slot->table.dma,
			slot->table.len);
	slot->sg_idx = 0;
	slot->sg_off = 0;
	ret = rw_alloc(slot);
	if (!ret)
		ret = rw_add(slot, &slot->cmd.table_desc, &used);
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
 * srpt_rw_prepare - make the work requests that read a slot's next ranges
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
