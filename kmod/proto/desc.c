// SPDX-License-Identifier: GPL-2.0
/*
 * Tables of memory descriptors and the walk over them.
 *
 * An initiator describes its buffer as a list of (address, key, length).
 * Each range of it costs a work request, so the walk joins entries that
 * continue each other: an initiator without fast registration sends pages
 * one by one which often follow one another. Entries of length 0 are legal and
 * vanish; the walk never hands out an empty range.
 */
#include "iu.h"

#define DESC_KEY	8
#define DESC_LEN	12

void proto_desc_get(const u8 *table, u32 i, struct proto_desc *d)
{
	const u8 *p = table + (size_t)i * PROTO_DESC_LEN;

	d->va = proto_get_be64(p);
	d->key = proto_get_be32(p + DESC_KEY);
	d->len = proto_get_be32(p + DESC_LEN);
}

enum proto_cmd_result proto_desc_check(const u8 *table, u32 n, u32 total)
{
	struct proto_desc d;
	u64 sum = 0;
	u32 i;

	for (i = 0; i < n; i++) {
		proto_desc_get(table, i, &d);
		/* The last byte may be the last of the address space. */
		if (d.len && d.va + (d.len - 1) < d.va)
			return PROTO_CMD_LENGTH;
		sum += d.len;
	}
	return sum == total ? PROTO_CMD_OK : PROTO_CMD_LENGTH;
}

void proto_desc_iter_init(struct proto_desc_iter *it, const u8 *table, u32 n,
			  u32 xfer_len, u32 max_len)
{
	it->table = table;
	it->n = n;
	it->i = 0;
	it->max_len = max_len ? max_len : ~0U;
	it->remaining = xfer_len;
	it->pending.len = 0;
}

/* True if @next begins where @cur ends; the top of the address space joins nothing. */
static bool continues(const struct proto_desc *cur,
		      const struct proto_desc *next)
{
	u64 end = cur->va + cur->len;

	return end > cur->va && next->va == end && next->key == cur->key;
}

bool proto_desc_iter_next(struct proto_desc_iter *it, struct proto_desc *d)
{
	struct proto_desc cur = it->pending;
	struct proto_desc next;
	u32 room;

	if (!it->remaining)
		return false;
	it->pending.len = 0;
	while (!cur.len) {
		if (it->i >= it->n)
			return false;
		proto_desc_get(it->table, it->i++, &cur);
	}
	while (cur.len < it->max_len && cur.len < it->remaining &&
	       it->i < it->n) {
		proto_desc_get(it->table, it->i, &next);
		if (next.len && !continues(&cur, &next))
			break;
		it->i++;
		room = it->max_len - cur.len;
		if (next.len > room) {
			/* Full: the rest of this entry opens the next range. */
			it->pending.va = next.va + room;
			it->pending.key = next.key;
			it->pending.len = next.len - room;
			next.len = room;
		}
		cur.len += next.len;
	}
	if (cur.len > it->max_len) {
		it->pending.va = cur.va + it->max_len;
		it->pending.key = cur.key;
		it->pending.len = cur.len - it->max_len;
		cur.len = it->max_len;
	}
	if (cur.len > it->remaining)
		cur.len = it->remaining;
	it->remaining -= cur.len;
	*d = cur;
	return true;
}
