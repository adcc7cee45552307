// SPDX-License-Identifier: GPL-2.0
/*
 * Data buffers: contiguous chunks of 2^n pages, mapped for the device once
 * and kept. A command that finds the pool warm allocates, zeroes and maps
 * nothing. A chunk is never cleared on reuse: the caller sends only bytes that
 * the back end wrote, or clears what it can't vouch for (srpt_buf_zero).
 *
 * A pool outlives its device while commands still hold chunks: the detach
 * unmaps them all, what comes back later is only freed.
 */
#include "log.h"

#include <linux/dma-mapping.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <rdma/ib_verbs.h>

#include "data_pool.h"

static unsigned int data_pool_mb = 256;
module_param(data_pool_mb, uint, 0644);
MODULE_PARM_DESC(data_pool_mb,
		 "Data buffers each HCA keeps mapped for reuse, MiB (default 256)");

/**
 * struct srpt_chunk - one contiguous piece
 * @free_entry:	in the free list of its order, while free
 * @all_entry:	in pool->all
 * @page:	its pages
 * @dma:	bus address
 * @order:	log2 of their number
 * @mapped:	for the device; no more once the pool is detached
 */
struct srpt_chunk {
	struct list_head free_entry;
	struct list_head all_entry;
	struct page *page;
	u64 dma;
	u8 order;
	bool mapped;
};

/**
 * struct srpt_data_pool - chunks of one device
 * @refs:	the device, and every channel: those hold buffers
 * @lock:	protects all that follows
 * @ib:		NULL once detached
 * @total:	bytes of all chunks
 * @kept:	bytes in the free lists
 * @free:	free chunks by order, last used first: its lines may be in cache
 * @all:	every chunk
 */
struct srpt_data_pool {
	struct kref refs;
	spinlock_t lock;
	struct ib_device *ib;
	u64 total;
	u64 kept;
	struct list_head free[SRPT_CHUNK_MAX_ORDER + 1];
	struct list_head all;
};

static size_t chunk_size(const struct srpt_chunk *c)
{
	return PAGE_SIZE << c->order;
}

struct srpt_data_pool *srpt_data_pool_create(struct ib_device *ib)
{
	struct srpt_data_pool *pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	int i;

	if (!pool)
		return NULL;
	kref_init(&pool->refs);
	spin_lock_init(&pool->lock);
	pool->ib = ib;
	for (i = 0; i <= SRPT_CHUNK_MAX_ORDER; i++)
		INIT_LIST_HEAD(&pool->free[i]);
	INIT_LIST_HEAD(&pool->all);
	return pool;
}

static void chunk_free(struct srpt_chunk *c)
{
	__free_pages(c->page, c->order);
	kfree(c);
}

static void pool_release(struct kref *kref)
{
	struct srpt_data_pool *pool = container_of(kref, struct srpt_data_pool,
						   refs);

	WARN_ON_ONCE(!list_empty(&pool->all));
	kfree(pool);
}

struct srpt_data_pool *srpt_data_pool_get(struct srpt_data_pool *pool)
{
	kref_get(&pool->refs);
	return pool;
}

void srpt_data_pool_put(struct srpt_data_pool *pool)
{
	kref_put(&pool->refs, pool_release);
}

void srpt_data_pool_usage(struct srpt_data_pool *pool, u64 *total, u64 *kept)
{
	spin_lock(&pool->lock);
	*total = pool->total;
	*kept = pool->kept;
	spin_unlock(&pool->lock);
}

void srpt_data_pool_detach(struct srpt_data_pool *pool)
{
	struct srpt_chunk *c, *next;
	struct ib_device *ib;
	LIST_HEAD(dead);
	int i;

	spin_lock(&pool->lock);
	ib = pool->ib;
	pool->ib = NULL;
	pool->kept = 0;
	list_for_each_entry(c, &pool->all, all_entry) {
		if (c->mapped)
			ib_dma_unmap_page(ib, c->dma, chunk_size(c),
					  DMA_BIDIRECTIONAL);
		c->mapped = false;
	}
	for (i = 0; i <= SRPT_CHUNK_MAX_ORDER; i++)
		list_splice_init(&pool->free[i], &dead);
	list_for_each_entry(c, &dead, free_entry) {
		list_del(&c->all_entry);
		pool->total -= chunk_size(c);
	}
	spin_unlock(&pool->lock);

	list_for_each_entry_safe(c, next, &dead, free_entry)
		chunk_free(c);
}

static struct srpt_chunk *chunk_alloc(struct srpt_data_pool *pool, u8 order)
{
	/* No I/O: the initiator may be waiting for us to free its memory.
	 * No hard tries for big orders: smaller ones do as well.
	 */
	gfp_t gfp = GFP_NOIO | __GFP_NOWARN | __GFP_COMP |
		    (order ? __GFP_NORETRY : 0);
	struct srpt_chunk *c = kzalloc(sizeof(*c), GFP_NOIO | __GFP_NOWARN);
	struct ib_device *ib = READ_ONCE(pool->ib);

	if (!c)
		return NULL;
	c->order = order;
	c->page = ib ? alloc_pages_node(ibdev_to_node(ib),
					gfp, order) : NULL;
	if (!c->page) {
		kfree(c);
		return NULL;
	}
	c->dma = ib_dma_map_page(ib, c->page, 0, chunk_size(c),
				 DMA_BIDIRECTIONAL);
	if (ib_dma_mapping_error(ib, c->dma)) {
		chunk_free(c);
		return NULL;
	}
	c->mapped = true;
	spin_lock(&pool->lock);
	list_add(&c->all_entry, &pool->all);
	pool->total += chunk_size(c);
	spin_unlock(&pool->lock);
	return c;
}

static struct srpt_chunk *chunk_get(struct srpt_data_pool *pool, u8 order)
{
	struct srpt_chunk *c;

	spin_lock(&pool->lock);
	c = list_first_entry_or_null(&pool->free[order], struct srpt_chunk,
				     free_entry);
	if (c) {
		list_del(&c->free_entry);
		pool->kept -= chunk_size(c);
	}
	spin_unlock(&pool->lock);
	return c ?: chunk_alloc(pool, order);
}

static void chunk_put(struct srpt_data_pool *pool, struct srpt_chunk *c)
{
	u64 limit = (u64)READ_ONCE(data_pool_mb) << 20;
	struct ib_device *ib;

	spin_lock(&pool->lock);
	ib = pool->ib;
	if (ib && pool->kept + chunk_size(c) <= limit) {
		list_add(&c->free_entry, &pool->free[c->order]);
		pool->kept += chunk_size(c);
		c = NULL;
	} else {
		list_del(&c->all_entry);
		pool->total -= chunk_size(c);
		if (c->mapped)
			ib_dma_unmap_page(ib, c->dma, chunk_size(c),
					  DMA_BIDIRECTIONAL);
	}
	spin_unlock(&pool->lock);
	if (c)
		chunk_free(c);
}

int srpt_buf_get(struct srpt_data_pool *pool, struct srpt_buf *buf, u32 len)
{
	u32 left = len;
	u8 cap = SRPT_CHUNK_MAX_ORDER;

	buf->len = len;
	buf->n = 0;
	if (!len)
		return 0;
	while (left) {
		struct srpt_chunk *c = NULL;
		u8 order = min_t(u8, get_order(left), cap);
		u32 n;

		if (buf->n == SRPT_BUF_CHUNKS)
			goto fail;
		for (;;) {
			c = chunk_get(pool, order);
			if (c || !order)
				break;
			cap = --order;
		}
		if (!c)
			goto fail;
		n = min_t(u64, left, chunk_size(c));
		buf->chunk[buf->n] = c;
		buf->dma[buf->n] = c->dma;
		buf->n++;
		left -= n;
	}

	sg_init_table(buf->sg, buf->n);
	left = len;
	for (u32 i = 0; i < buf->n; i++) {
		u32 n = min_t(u64, left, chunk_size(buf->chunk[i]));

		sg_set_page(&buf->sg[i], buf->chunk[i]->page, n, 0);
		left -= n;
	}
	return 0;

fail:
	srpt_buf_put(pool, buf);
	return -ENOMEM;
}

void srpt_buf_put(struct srpt_data_pool *pool, struct srpt_buf *buf)
{
	u32 i, n = buf->n;

	if (unlikely(buf->paged)) {
		kfree(buf->paged);
		buf->paged = NULL;
	}
	buf->n = 0;
	if (!buf->len)
		return;
	buf->len = 0;
	if (n && !buf->chunk[0])
		return;			/* borrowed */
	for (i = 0; i < n; i++)
		chunk_put(pool, buf->chunk[i]);
}

int srpt_contig_get(struct srpt_data_pool *pool, struct srpt_contig *c, u32 len)
{
	int order = get_order(len);

	c->chunk = order <= SRPT_CHUNK_MAX_ORDER ? chunk_get(pool, order) : NULL;
	if (!c->chunk)
		return -ENOMEM;
	c->addr = page_address(c->chunk->page);
	c->dma = c->chunk->dma;
	c->len = len;
	return 0;
}

void srpt_contig_put(struct srpt_data_pool *pool, struct srpt_contig *c)
{
	if (!c->chunk)
		return;
	chunk_put(pool, c->chunk);
	c->chunk = NULL;
}

void srpt_buf_borrow(struct srpt_buf *buf, void *addr, u64 dma, u32 len)
{
	buf->len = len;
	buf->n = 1;
	buf->chunk[0] = NULL;
	buf->dma[0] = dma;
	sg_init_one(buf->sg, addr, len);
}

int srpt_buf_page(struct srpt_buf *buf)
{
	u32 i, n = 0;

	for (i = 0; i < buf->n; i++)
		n += DIV_ROUND_UP(buf->sg[i].offset + buf->sg[i].length,
				  PAGE_SIZE);
	buf->paged = kmalloc_array(n, sizeof(*buf->paged),
				   GFP_NOIO | __GFP_NOWARN);
	if (!buf->paged)
		return -ENOMEM;
	sg_init_table(buf->paged, n);
	buf->n_paged = 0;
	for (i = 0; i < buf->n; i++) {
		struct page *page = sg_page(&buf->sg[i]);
		u32 off = buf->sg[i].offset, left = buf->sg[i].length;

		for (; left; page++, off = 0) {
			u32 step = min_t(u32, left, PAGE_SIZE - off);

			sg_set_page(&buf->paged[buf->n_paged++], page, step,
				    off);
			left -= step;
		}
	}
	return 0;
}

void srpt_buf_zero(struct srpt_buf *buf)
{
	u32 i;

	for (i = 0; i < buf->n; i++)
		memset(sg_virt(&buf->sg[i]), 0, buf->sg[i].length);
}

void srpt_buf_sync_cpu(struct srpt_data_pool *pool, struct srpt_buf *buf)
{
	struct ib_device *ib = READ_ONCE(pool->ib);
	u32 i;

	for (i = 0; ib && i < buf->n; i++)
		ib_dma_sync_single_for_cpu(ib, buf->dma[i], buf->sg[i].length,
					   DMA_FROM_DEVICE);
}

void srpt_buf_sync_device(struct srpt_data_pool *pool, struct srpt_buf *buf,
			  u32 len)
{
	struct ib_device *ib = READ_ONCE(pool->ib);
	u32 i;

	for (i = 0; ib && len && i < buf->n; i++) {
		u32 n = min(len, buf->sg[i].length);

		ib_dma_sync_single_for_device(ib, buf->dma[i], n, DMA_TO_DEVICE);
		len -= n;
	}
}
