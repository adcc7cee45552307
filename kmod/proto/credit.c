// SPDX-License-Identifier: GPL-2.0
/*
 * Credit arithmetic. The counters wrap, so they are only ever subtracted from
 * one another, and a difference is read as a signed number: it is negative
 * for a moment when the limit has been lowered or buffers are short.
 */
#include "credit.h"

void proto_credit_init(struct proto_credit *c, u32 limit, u32 reserve)
{
	memset(c, 0, sizeof(*c));
	c->limit = limit;
	c->reserve = reserve;
}

bool proto_credit_consume(struct proto_credit *c)
{
	if ((s32)(c->consumed + 1 - c->granted) > 0)
		return false;
	c->consumed++;
	return true;
}

void proto_credit_finish(struct proto_credit *c, u32 n)
{
	c->finished += n;
}

void proto_credit_release(struct proto_credit *c, u32 n)
{
	c->released += n;
}

u32 proto_credit_due(const struct proto_credit *c)
{
	s32 want = (s32)(c->limit + c->finished - c->granted);
	s32 spare = (s32)(c->released - c->reserve - c->granted);
	s32 delta = want < spare ? want : spare;

	return delta > 0 ? (u32)delta : 0;
}

u32 proto_credit_take(struct proto_credit *c)
{
	u32 delta = proto_credit_due(c);

	c->granted += delta;
	return delta;
}

void proto_credit_untake(struct proto_credit *c, u32 n)
{
	c->granted -= n;
}
