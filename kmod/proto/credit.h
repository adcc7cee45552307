/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SRPT_PROTO_CREDIT_H
#define SRPT_PROTO_CREDIT_H

#include "shim.h"

/**
 * struct proto_credit - request-limit account of one channel (r16a 4.6)
 * @limit:	credits the initiator should hold when nothing is under way
 * @granted:	credits given out since login, the initial ones included
 * @consumed:	requests received that cost a credit
 * @finished:	requests whose answer is on its way
 * @released:	receive buffers offered to the HCA since the channel began
 * @reserve:	receive buffers kept for IUs that cost no credit (CRED_RSP,
 *		AER_RSP, I_LOGOUT)
 *
 * All but @limit and @reserve only grow and wrap at 32 bit; what counts are
 * differences between them. A credit may be given when two things hold: a
 * request has finished (limit + finished - granted, so that never more than
 * limit requests are open), and a receive buffer is there for the request that
 * will use it (released - reserve - granted). The caller locks.
 */
struct proto_credit {
	u32 limit;
	u32 granted;
	u32 consumed;
	u32 finished;
	u32 released;
	u32 reserve;
};

/* Begin with nothing granted and no buffer offered. */
void proto_credit_init(struct proto_credit *c, u32 limit, u32 reserve);
/* A CMD or TSK_MGMT came in. False: it had no credit, close the channel. */
bool proto_credit_consume(struct proto_credit *c);
/* @n requests are answered (or ended without an answer). */
void proto_credit_finish(struct proto_credit *c, u32 n);
/* @n receive buffers were posted. */
void proto_credit_release(struct proto_credit *c, u32 n);
/* Credits that can be given now; nothing changes. */
u32 proto_credit_due(const struct proto_credit *c);
/* The same, and they count as granted: put the number into the next IU. */
u32 proto_credit_take(struct proto_credit *c);
/* The IU with @n credits was not sent: they are due again. */
void proto_credit_untake(struct proto_credit *c, u32 n);

#endif
