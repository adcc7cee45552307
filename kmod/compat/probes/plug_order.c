// SPDX-License-Identifier: GPL-2.0
/*
 * Does a block plug keep requests in order, or is it a stack? The list with a
 * tail came together with the order.
 *
 * PROBE-ANSWER: PLUG_STACK
 * PROBE-ANSWER: PLUG_IN_ORDER
 */
#include <linux/blkdev.h>

struct request *probe(struct blk_plug *plug);
struct request *probe(struct blk_plug *plug)
{
#if defined(PROBE_PLUG_STACK)
	return plug->mq_list;
#else
	return plug->mq_list.tail;
#endif
}
