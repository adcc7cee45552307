// SPDX-License-Identifier: GPL-2.0
/*
 * Rings of command slots. A slot is the receive, the command and the response
 * in one: its IU buffer and response buffer are mapped when the ring is made
 * and stay so.
 *
 * IU buffers are placed so that immediate data at the offset Linux initiators
 * ask for begins on a 512 byte boundary: the back end can then use it where it
 * lies.
 */
#include "log.h"

#include <linux/mm.h>
#include <linux/slab.h>

#include "channel.h"

#define IU_ALIGN	512
#define IU_PAD		(IU_ALIGN - PROTO_IMM_DATA_OFFSET)
#define BLOCK_MAX_ORDER	6

/**
 * struct srpt_dma_block - contiguous memory mapped both ways
 * @addr:	address
 * @dma:	bus address
 * @len:	bytes
 */
struct srpt_dma_block {
	void *addr;
	u64 dma;
	size_t len;
};

static int block_init(struct srpt_device *dev, struct srpt_dma_block *b,
		      size_t len)
{
	b->addr = (void *)__get_free_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_ZERO,
					   get_order(len));
	if (!b->addr)
		return -ENOMEM;
	b->len = len;
	b->dma = ib_dma_map_single(dev->ib, b->addr, len, DMA_BIDIRECTIONAL);
	if (ib_dma_mapping_error(dev->ib, b->dma)) {
		free_pages((unsigned long)b->addr, get_order(len));
		b->addr = NULL;
		return -ENOMEM;
	}
	return 0;
}

static void block_unmap(struct srpt_device *dev, struct srpt_dma_block *b)
{
	ib_dma_unmap_single(dev->ib, b->dma, b->len, DMA_BIDIRECTIONAL);
}

struct srpt_dma_block *srpt_dma_block_alloc(struct srpt_device *dev, size_t len)
{
	struct srpt_dma_block *b = kzalloc(sizeof(*b), GFP_KERNEL);

	if (b && block_init(dev, b, len)) {
		kfree(b);
		b = NULL;
	}
	return b;
}

void *srpt_dma_block_addr(struct srpt_dma_block *b, u64 *dma)
{
	*dma = b->dma;
	return b->addr;
}

void srpt_dma_block_free(struct srpt_device *dev, struct srpt_dma_block *b)
{
	if (!b)
		return;
	block_unmap(dev, b);
	free_pages((unsigned long)b->addr, get_order(b->len));
	kfree(b);
}

static void ring_free(struct kref *kref)
{
	struct srpt_ring *ring = container_of(kref, struct srpt_ring, refs);
	u32 i;

	WARN_ON_ONCE(ring->dev);
	for (i = 0; i < ring->n_blocks; i++)
		free_pages((unsigned long)ring->blocks[i].addr,
			   get_order(ring->blocks[i].len));
	kfree(ring->blocks);
	kvfree(ring->slots);
	kfree(ring);
}

void srpt_ring_put(struct srpt_ring *ring)
{
	kref_put(&ring->refs, ring_free);
}

/* The device goes: nothing may be posted from the ring any more. The memory
 * stays for the commands that are still with LIO.
 */
void srpt_ring_detach(struct srpt_ring *ring)
{
	u32 i;

	if (!ring->dev)
		return;
	for (i = 0; i < ring->n_blocks; i++)
		block_unmap(ring->dev, &ring->blocks[i]);
	ring->dev = NULL;
}

static void slot_init(struct srpt_ring *ring, struct srpt_slot *slot)
{
	slot->ring = ring;
	INIT_LIST_HEAD(&slot->sq_entry);
	slot->recv_cqe.done = srpt_recv_done;
	slot->rdma_cqe.done = srpt_sq_rdma_done;
	slot->part_cqe.done = srpt_sq_part_done;
	slot->send_cqe.done = srpt_sq_send_done;
	slot->recv_sge.addr = slot->iu_dma;
	slot->recv_sge.length = ring->iu_size;
	slot->recv_sge.lkey = ring->dev->pd->local_dma_lkey;
	slot->recv_wr.wr_cqe = &slot->recv_cqe;
	slot->recv_wr.sg_list = &slot->recv_sge;
	slot->recv_wr.num_sge = 1;
}

/* Cut IU and response buffers out of blocks; one block holds whole pairs. */
static int ring_alloc_buffers(struct srpt_ring *ring)
{
	size_t iu_stride = ALIGN(IU_PAD + ring->iu_size, IU_ALIGN);
	size_t rsp_stride = ALIGN(ring->rsp_size, SMP_CACHE_BYTES);
	size_t pair = ALIGN(iu_stride + rsp_stride, IU_ALIGN);
	u32 per_block = max_t(size_t, (PAGE_SIZE << BLOCK_MAX_ORDER) / pair, 1);
	u32 i;

	per_block = min(per_block, ring->n);
	ring->blocks = kcalloc(DIV_ROUND_UP(ring->n, per_block),
			       sizeof(*ring->blocks), GFP_KERNEL);
	if (!ring->blocks)
		return -ENOMEM;
	for (i = 0; i < ring->n; i++) {
		struct srpt_slot *slot = &ring->slots[i];
		struct srpt_dma_block *b;
		size_t off = (i % per_block) * pair;

		if (!(i % per_block)) {
			u32 n = min(per_block, ring->n - i);

			if (block_init(ring->dev, &ring->blocks[ring->n_blocks],
				       n * pair))
				return -ENOMEM;
			ring->n_blocks++;
		}
		b = &ring->blocks[ring->n_blocks - 1];
		slot->iu = b->addr + off + IU_PAD;
		slot->iu_dma = b->dma + off + IU_PAD;
		slot->rsp = b->addr + off + iu_stride;
		slot->rsp_dma = b->dma + off + iu_stride;
		slot_init(ring, slot);
	}
	return 0;
}

/**
 * srpt_ring_create - allocate and map a ring
 * @dev:	device
 * @n:		slots
 * @iu_size:	bytes of a receive
 * @rsp_size:	bytes of a response buffer
 *
 * May sleep. Returns NULL when memory is short.
 */
struct srpt_ring *srpt_ring_create(struct srpt_device *dev, u32 n, u32 iu_size,
				   u32 rsp_size)
{
	struct srpt_ring *ring = kzalloc(sizeof(*ring), GFP_KERNEL);

	if (!ring)
		return NULL;
	kref_init(&ring->refs);
	spin_lock_init(&ring->lock);
	ring->dev = dev;
	ring->n = n;
	ring->iu_size = iu_size;
	ring->rsp_size = rsp_size;
	ring->slots = kvcalloc(n, sizeof(*ring->slots), GFP_KERNEL);
	if (!ring->slots || ring_alloc_buffers(ring)) {
		srpt_ring_detach(ring);
		srpt_ring_put(ring);
		return NULL;
	}
	return ring;
}

/* Post every receive, in chains: to @srq, or to @qp without one. */
int srpt_ring_post_all(struct srpt_ring *ring, struct ib_qp *qp,
		       struct ib_srq *srq)
{
	u32 i;
	int ret;

	for (i = 0; i + 1 < ring->n; i++)
		ring->slots[i].recv_wr.next =
			(i + 1) % 32 ? &ring->slots[i + 1].recv_wr : NULL;
	ring->slots[ring->n - 1].recv_wr.next = NULL;
	for (i = 0; i < ring->n; i += 32) {
		struct ib_recv_wr *wr = &ring->slots[i].recv_wr;

		ret = srq ? ib_post_srq_recv(srq, wr, NULL) :
			    ib_post_recv(qp, wr, NULL);
		if (ret)
			return ret;
	}
	return 0;
}

/* Post what has been collected. What the HCA does not take stays and is tried
 * again with the next slot: dropped, the SRQ would shrink for good.
 */
static void srq_repost_flush(struct srpt_ring *ring)
{
	const struct ib_recv_wr *bad = NULL;
	const struct ib_recv_wr *wr;

	lockdep_assert_held(&ring->lock);
	if (ib_post_srq_recv(ring->dev->srq, ring->repost, &bad))
		pr_err_ratelimited("posting receives to the SRQ of %s failed\n",
				   dev_name(&ring->dev->ib->dev));
	/* The last of the list is the last of the rest, if there is one. */
	ring->repost = (struct ib_recv_wr *)bad;
	ring->n_repost = 0;
	for (wr = bad; wr; wr = wr->next)
		ring->n_repost++;
}

/* Give a slot back to the SRQ; receives go out in batches. */
void srpt_ring_srq_repost(struct srpt_ring *ring, struct srpt_slot *slot)
{
	unsigned long flags;

	spin_lock_irqsave(&ring->lock, flags);
	slot->recv_wr.next = NULL;
	if (ring->repost)
		ring->repost_last->next = &slot->recv_wr;
	else
		ring->repost = &slot->recv_wr;
	ring->repost_last = &slot->recv_wr;
	/* Posted under the lock: closing takes it before the SRQ goes. */
	if (++ring->n_repost >= SRPT_REPOST_BATCH && !ring->closed)
		srq_repost_flush(ring);
	spin_unlock_irqrestore(&ring->lock, flags);
}
