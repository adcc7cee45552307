/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SRPT_DATA_POOL_H
#define SRPT_DATA_POOL_H

#include <linux/scatterlist.h>
#include <linux/types.h>

struct ib_device;
struct srpt_data_pool;

#define SRPT_CHUNK_MAX_ORDER	8	/* 1 MiB with 4 KiB pages */
#define SRPT_BUF_CHUNKS		32

struct srpt_chunk;

/**
 * struct srpt_buf - a data buffer: contiguous chunks, mapped for the device
 * @len:	bytes asked for
 * @n:		chunks (and scatterlist entries) in use
 * @n_paged:	entries of @paged
 * @paged:	the same memory as @sg, no entry across a page; NULL: not asked for
 * @sg:		scatterlist LIO works on; lengths sum to @len
 * @dma:	bus address of each entry
 * @chunk:	where the memory came from; NULL entry: borrowed (immediate data)
 */
struct srpt_buf {
	u32 len;
	u32 n;
	u32 n_paged;
	struct scatterlist *paged;
	struct scatterlist sg[SRPT_BUF_CHUNKS];
	u64 dma[SRPT_BUF_CHUNKS];
	struct srpt_chunk *chunk[SRPT_BUF_CHUNKS];
};

/**
 * struct srpt_contig - one contiguous piece, for fetched descriptor tables
 */
struct srpt_contig {
	void *addr;
	u64 dma;
	u32 len;
	struct srpt_chunk *chunk;
};

struct srpt_data_pool *srpt_data_pool_create(struct ib_device *ib);
/* The device goes: unmap every chunk, also those still in use. */
void srpt_data_pool_detach(struct srpt_data_pool *pool);
struct srpt_data_pool *srpt_data_pool_get(struct srpt_data_pool *pool);
void srpt_data_pool_put(struct srpt_data_pool *pool);
/* Bytes of all chunks, and of those that are free. */
void srpt_data_pool_usage(struct srpt_data_pool *pool, u64 *total, u64 *kept);

/* Get @len bytes. Warm: a list removal a chunk. Cold: allocates and maps,
 * without I/O (this may be the path that writes memory out). 0 or -ENOMEM.
 */
int srpt_buf_get(struct srpt_data_pool *pool, struct srpt_buf *buf, u32 len);
void srpt_buf_put(struct srpt_data_pool *pool, struct srpt_buf *buf);
/* One contiguous piece, up to the largest chunk. 0 or -ENOMEM. */
int srpt_contig_get(struct srpt_data_pool *pool, struct srpt_contig *c, u32 len);
void srpt_contig_put(struct srpt_data_pool *pool, struct srpt_contig *c);
/* Make the buffer of memory that belongs to somebody else. */
void srpt_buf_borrow(struct srpt_buf *buf, void *addr, u64 dma, u32 len);
/* Make @paged. Allocates: for what is not the hot path. 0 or -ENOMEM. */
int srpt_buf_page(struct srpt_buf *buf);
void srpt_buf_zero(struct srpt_buf *buf);
void srpt_buf_sync_cpu(struct srpt_data_pool *pool, struct srpt_buf *buf);
void srpt_buf_sync_device(struct srpt_data_pool *pool, struct srpt_buf *buf,
			  u32 len);

#endif
