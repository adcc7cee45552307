// SPDX-License-Identifier: GPL-2.0
/*
 * The walk over a descriptor table, against a cursor that goes through the
 * same table entry by entry.
 * Input: 4 bytes transfer length, 4 bytes largest range, the table.
 */
#include "fuzz.h"
#include "iu.h"

#define MAX_RANGES	4096u	/* keeps one input fast */

struct cursor {
	const u8 *table;
	u32 n, i, off;
};

/* The range @d must be the next bytes of the table, in order. */
static void consume(struct cursor *c, const struct proto_desc *d)
{
	struct proto_desc e;
	u32 done = 0, part;

	while (done < d->len) {
		MUST(c->i < c->n);
		proto_desc_get(c->table, c->i, &e);
		part = e.len - c->off;
		if (part > d->len - done)
			part = d->len - done;
		MUST(!part || (e.key == d->key &&
			       e.va + c->off == d->va + done));
		done += part;
		c->off += part;
		if (c->off == e.len) {
			c->i++;
			c->off = 0;
		}
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct proto_desc d, last = { .len = 0 };
	struct proto_desc_iter it;
	struct cursor c = { 0 };
	u32 xfer, max, i;
	u64 total = 0, sum = 0;
	bool wraps = false;

	if (size < 8)
		return 0;
	xfer = proto_get_be32(data);
	max = proto_get_be32(data + 4);
	if (max && xfer / max > MAX_RANGES)
		max = xfer / MAX_RANGES;
	c.table = data + 8;
	c.n = (u32)((size - 8) / PROTO_DESC_LEN);
	for (i = 0; i < c.n; i++) {
		proto_desc_get(c.table, i, &d);
		total += d.len;
		wraps |= d.len && d.va + d.len - 1 < d.va;
	}
	MUST((proto_desc_check(c.table, c.n, xfer) == PROTO_CMD_OK) ==
	     (!wraps && total == xfer));

	proto_desc_iter_init(&it, c.table, c.n, xfer, max);
	while (proto_desc_iter_next(&it, &d)) {
		MUST(d.len && (!max || d.len <= max));
		/* Two ranges that could be one, unless the first was full */
		MUST(last.len == 0 || last.len == (max ? max : ~0u) ||
		     d.key != last.key || d.va != last.va + last.len ||
		     last.va + last.len <= last.va);
		consume(&c, &d);
		sum += d.len;
		last = d;
	}
	MUST(sum == (total < xfer ? total : xfer));
	return 0;
}
