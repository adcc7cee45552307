// SPDX-License-Identifier: GPL-2.0
/* Memory regions, scatter/gather lists and the copies between them. */
#include <linux/mm.h>
#include <linux/delay.h>
#include <linux/slab.h>
#include <rdma/ib_umem.h>
#include <rdma/iter.h>
#include "vhca.h"

#define VH_MR_INDEX_MAX		0xffffff

static void vh_mr_free(struct vh_mr *mr)
{
	kvfree(mr->staged);
	kvfree(mr->pages);
	kfree(mr);
}

static struct vh_mr *vh_mr_new(struct ib_pd *pd, enum vh_mr_kind kind,
			       u32 max_pages)
{
	struct vh_dev *dev = to_vdev(pd->device);
	struct vh_mr *mr;
	u32 index;
	int ret;

	mr = kzalloc(sizeof(*mr), GFP_KERNEL);
	if (!mr)
		return ERR_PTR(-ENOMEM);
	if (max_pages) {
		mr->pages = kvcalloc(max_pages, sizeof(*mr->pages), GFP_KERNEL);
		if (kind == VH_MR_FAST)
			mr->staged = kvcalloc(max_pages, sizeof(*mr->staged),
					      GFP_KERNEL);
		if (!mr->pages || (kind == VH_MR_FAST && !mr->staged)) {
			vh_mr_free(mr);
			return ERR_PTR(-ENOMEM);
		}
	}
	mr->kind = kind;
	mr->max_pages = max_pages;
	mr->shift = PAGE_SHIFT;
	mr->ibmr.device = pd->device;
	mr->ibmr.pd = pd;
	atomic_set(&mr->busy, 0);

	ret = xa_alloc_cyclic_irq(&dev->mrs, &index, mr,
				  XA_LIMIT(1, VH_MR_INDEX_MAX), &dev->mr_next,
				  GFP_KERNEL);
	if (ret < 0) {
		vh_mr_free(mr);
		return ERR_PTR(ret);
	}
	/* A key byte that differs each time makes stale keys visible. */
	mr->key = index << 8 | ++dev->mr_key;
	mr->ibmr.lkey = mr->key;
	mr->ibmr.rkey = mr->key;
	return mr;
}

static void vh_mr_delete(struct vh_mr *mr)
{
	struct vh_dev *dev = to_vdev(mr->ibmr.device);

	xa_erase_irq(&dev->mrs, mr->key >> 8);
	/* A copy takes microseconds and no new one can begin. */
	while (atomic_read_acquire(&mr->busy))
		usleep_range(10, 20);
	if (mr->umem)
		ib_umem_release(mr->umem);
	vh_mr_free(mr);
}

struct ib_mr *vh_get_dma_mr(struct ib_pd *pd, int access)
{
	struct vh_mr *mr = vh_mr_new(pd, VH_MR_DMA, 0);

	if (IS_ERR(mr))
		return ERR_CAST(mr);
	mr->access = access;
	mr->len = U64_MAX;
	mr->valid = true;
	return &mr->ibmr;
}

struct ib_mr *vh_reg_user_mr(struct ib_pd *pd, u64 start, u64 length, u64 iova,
			     int access, struct ib_udata *udata)
{
	struct ib_block_iter it;
	struct ib_umem *umem;
	struct vh_mr *mr;
	u32 n = 0;

	umem = ib_umem_get(pd->device, start, length, access);
	if (IS_ERR(umem))
		return ERR_CAST(umem);
	mr = vh_mr_new(pd, VH_MR_USER, ib_umem_num_dma_blocks(umem, PAGE_SIZE));
	if (IS_ERR(mr)) {
		ib_umem_release(umem);
		return ERR_CAST(mr);
	}
	rdma_umem_for_each_dma_block(umem, &it, PAGE_SIZE) {
		if (WARN_ON_ONCE(n >= mr->max_pages))
			break;
		mr->pages[n++] = rdma_block_iter_dma_address(&it);
	}
	mr->umem = umem;
	mr->access = access;
	mr->iova = iova;
	mr->len = length;
	mr->off = start & ~PAGE_MASK;
	mr->ibmr.iova = iova;
	mr->ibmr.length = length;
	/* Pairs with vh_seg_get(): the pages are there before access is. */
	smp_store_release(&mr->valid, true);
	return &mr->ibmr;
}

struct ib_mr *vh_alloc_mr(struct ib_pd *pd, enum ib_mr_type type, u32 max_sg)
{
	struct vh_mr *mr;

	if (vh_fault_verb(to_vdev(pd->device), VH_VERB_ALLOC_MR))
		return ERR_PTR(-ENOMEM);
	if (type != IB_MR_TYPE_MEM_REG)
		return ERR_PTR(-EOPNOTSUPP);
	if (!max_sg || max_sg > VH_MAX_FR_PAGES)
		return ERR_PTR(-EINVAL);
	mr = vh_mr_new(pd, VH_MR_FAST, max_sg);
	return IS_ERR(mr) ? ERR_CAST(mr) : &mr->ibmr;
}

static int vh_set_page(struct ib_mr *ibmr, u64 addr)
{
	struct vh_mr *mr = to_vmr(ibmr);

	if (mr->nstaged == mr->max_pages)
		return -ENOMEM;
	mr->staged[mr->nstaged++] = addr;
	return 0;
}

int vh_map_mr_sg(struct ib_mr *ibmr, struct scatterlist *sg, int nents,
		 unsigned int *offset)
{
	struct vh_mr *mr = to_vmr(ibmr);

	if (mr->kind != VH_MR_FAST)
		return -EINVAL;
	mr->nstaged = 0;
	return ib_sg_to_pages(ibmr, sg, nents, offset, vh_set_page);
}

int vh_dereg_mr(struct ib_mr *ibmr, struct ib_udata *udata)
{
	vh_mr_delete(to_vmr(ibmr));
	return 0;
}

/*
 * vh_mr_reg - execute IB_WR_REG_MR
 */
enum ib_wc_status vh_mr_reg(struct vh_qp *qp, struct vh_mr *mr, u32 key,
			    int access)
{
	struct xarray *mrs = &qp->dev->mrs;
	enum ib_wc_status status = IB_WC_MW_BIND_ERR;
	unsigned long flags;

	xa_lock_irqsave(mrs, flags);
	if (xa_load(mrs, key >> 8) == mr && mr->kind == VH_MR_FAST &&
	    !mr->valid && mr->ibmr.pd == qp->ibqp.pd && mr->nstaged &&
	    !atomic_read_acquire(&mr->busy)) {
		swap(mr->pages, mr->staged);
		mr->key = key;
		mr->access = access;
		mr->iova = mr->ibmr.iova;
		mr->len = mr->ibmr.length;
		mr->shift = ilog2(mr->ibmr.page_size);
		mr->off = mr->iova & (mr->ibmr.page_size - 1);
		mr->valid = true;
		status = IB_WC_SUCCESS;
	}
	xa_unlock_irqrestore(mrs, flags);
	return status;
}

/**
 * vh_mr_invalidate - take the access to a fast registered region away
 * @dev:	device that owns the region
 * @pd:		protection domain of the queue pair that asks
 * @key:	its key
 * @remote:	the peer asks; then the region must be valid
 *
 * Return: 0, -EAGAIN while another CPU copies, -EACCES for a wrong key.
 */
int vh_mr_invalidate(struct vh_dev *dev, struct ib_pd *pd, u32 key, bool remote)
{
	unsigned long flags;
	struct vh_mr *mr;
	int ret = -EACCES;

	xa_lock_irqsave(&dev->mrs, flags);
	mr = xa_load(&dev->mrs, key >> 8);
	if (mr && mr->kind == VH_MR_FAST && mr->key == key &&
	    mr->ibmr.pd == pd && (mr->valid || !remote))
		ret = atomic_read_acquire(&mr->busy) ? -EAGAIN : 0;
	if (!ret)
		mr->valid = false;
	xa_unlock_irqrestore(&dev->mrs, flags);
	return ret;
}

/*
 * vh_seg_get - check an access and pin the region for it
 */
bool vh_seg_get(struct vh_dev *dev, struct ib_pd *pd, u32 key, int access,
		u64 addr, u32 len, struct vh_seg *seg)
{
	unsigned long flags;
	struct vh_mr *mr;
	bool ok = false;

	xa_lock_irqsave(&dev->mrs, flags);
	mr = xa_load(&dev->mrs, key >> 8);
	/* Pairs with vh_reg_user_mr(). */
	if (mr && smp_load_acquire(&mr->valid) && mr->key == key &&
	    mr->ibmr.pd == pd && (mr->access & access) == access &&
	    (mr->kind == VH_MR_DMA ||
	     (addr >= mr->iova && len <= mr->len &&
	      addr - mr->iova <= mr->len - len))) {
		atomic_inc(&mr->busy);
		seg->mr = mr;
		seg->addr = addr;
		seg->len = len;
		ok = true;
	}
	xa_unlock_irqrestore(&dev->mrs, flags);
	return ok;
}

/**
 * vh_sgl_get - resolve a local scatter/gather list
 * @dev:	adapter it was posted to
 * @pd:		protection domain of the queue
 * @user:	posted by user space, which has no use of the local DMA key
 * @sge:	the list
 * @n:		entries in it
 * @access:	IB_ACCESS_LOCAL_WRITE or 0
 * @sgl:	result, to be released with vh_sgl_put()
 */
bool vh_sgl_get(struct vh_dev *dev, struct ib_pd *pd, bool user,
		const struct ib_sge *sge, u32 n, int access,
		struct vh_sgl *sgl)
{
	u32 i;

	sgl->n = 0;
	sgl->len = 0;
	for (i = 0; i < n; i++, sge++) {
		struct vh_seg *seg = &sgl->seg[sgl->n];

		if (!sge->length)
			continue;
		if (sge->lkey == dev->ibdev.local_dma_lkey && !user) {
			seg->mr = NULL;
			seg->addr = sge->addr;
			seg->len = sge->length;
		} else if (!vh_seg_get(dev, pd, sge->lkey, access, sge->addr,
				       sge->length, seg)) {
			vh_sgl_put(sgl);
			return false;
		}
		sgl->n++;
		sgl->len += sge->length;
	}
	return true;
}

/*
 * vh_sgl_get_remote - resolve what a peer addressed by key
 * @qp:		the responder
 */
bool vh_sgl_get_remote(struct vh_qp *qp, u32 rkey, int access, u64 addr,
		       u32 len, struct vh_sgl *sgl)
{
	sgl->n = 0;
	sgl->len = len;
	/* The key of an access without length is not looked at. */
	if (!len)
		return true;
	if (!vh_seg_get(qp->dev, qp->ibqp.pd, rkey, access, addr, len,
			&sgl->seg[0]))
		return false;
	sgl->n = 1;
	return true;
}

/*
 * vh_sgl_direct - a list of one piece of kernel memory
 */
void vh_sgl_direct(struct vh_sgl *sgl, void *buf, u32 len)
{
	sgl->seg[0].mr = NULL;
	sgl->seg[0].addr = (uintptr_t)buf;
	sgl->seg[0].len = len;
	sgl->n = len ? 1 : 0;
	sgl->len = len;
}

/*
 * vh_sgl_put - release what a list pins
 */
void vh_sgl_put(struct vh_sgl *sgl)
{
	u32 i;

	for (i = 0; i < sgl->n; i++)
		if (sgl->seg[i].mr)
			atomic_dec_return_release(&sgl->seg[i].mr->busy);
	sgl->n = 0;
	sgl->len = 0;
}

/* Where in memory byte @off of a segment is, and how far that goes on. */
static void *vh_seg_ptr(const struct vh_seg *seg, u64 off, u64 *len)
{
	const struct vh_mr *mr = seg->mr;
	u64 pos, in_page;

	*len = seg->len - off;
	if (!mr || mr->kind == VH_MR_DMA)
		return (void *)(uintptr_t)(seg->addr + off);
	pos = seg->addr + off - mr->iova + mr->off;
	in_page = pos & ((1ULL << mr->shift) - 1);
	*len = min(*len, (1ULL << mr->shift) - in_page);
	return (void *)(uintptr_t)(mr->pages[pos >> mr->shift] + in_page);
}

/*
 * With byte-wise string moves an emulator counts one instruction per byte,
 * which drowns what is to be measured, hence quad words where possible. The
 * sanitizer only sees memcpy().
 */
static void vh_memcpy(void *dst, const void *src, size_t len)
{
#if defined(CONFIG_X86_64) && !defined(CONFIG_KASAN)
	unsigned long quads = len >> 3;

	asm volatile("rep movsq"
		     : "+c" (quads), "+D" (dst), "+S" (src) : : "memory");
	len &= 7;
#endif
	if (len)
		memcpy(dst, src, len);
}

static void vh_seg_copy(const struct vh_seg *d, u64 d_off,
			const struct vh_seg *s, u64 len)
{
	u64 s_off = 0, dn, sn, n;
	void *to, *from;

	while (len) {
		while (d_off >= d->len)
			d_off -= d++->len;
		while (s_off >= s->len)
			s_off -= s++->len;
		to = vh_seg_ptr(d, d_off, &dn);
		from = vh_seg_ptr(s, s_off, &sn);
		n = min3(dn, sn, len);
		vh_memcpy(to, from, n);
		d_off += n;
		s_off += n;
		len -= n;
	}
}

/*
 * vh_sgl_copy - copy @len bytes between lists that are long enough
 */
void vh_sgl_copy(struct vh_sgl *dst, struct vh_sgl *src, u64 len)
{
	vh_seg_copy(dst->seg, 0, src->seg, len);
}

/*
 * vh_sgl_store - copy a buffer into a list, from byte @off of the list on
 */
void vh_sgl_store(struct vh_sgl *dst, u64 off, void *buf, u32 len)
{
	struct vh_seg seg = { .addr = (uintptr_t)buf, .len = len };

	vh_seg_copy(dst->seg, off, &seg, len);
}

/*
 * vh_sgl_load - copy the beginning of a list into a buffer
 */
void vh_sgl_load(void *buf, struct vh_sgl *src, u32 len)
{
	struct vh_seg seg = { .addr = (uintptr_t)buf, .len = len };

	vh_seg_copy(&seg, 0, src->seg, len);
}

/*
 * vh_sgl_ptr - address of the first byte
 */
void *vh_sgl_ptr(struct vh_sgl *sgl)
{
	u64 len;

	return vh_seg_ptr(&sgl->seg[0], 0, &len);
}
