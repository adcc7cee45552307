// SPDX-License-Identifier: GPL-2.0
/*
 * How many lines an admitted initiator may cause: enough for every channel of
 * a few sessions at once, then one in a while. (Refused ones are accounted in
 * reject.c.) Initiators share a bucket where their IDs hash alike, so the
 * memory is bounded whatever identities appear.
 */
#include "log.h"

#include <linux/jhash.h>
#include <linux/jiffies.h>
#include <linux/spinlock.h>

#define LOG_BUCKETS	64
#define LOG_BURST	256
#define LOG_REFILL	(2 * HZ)	/* a line more after so long */

/**
 * struct log_bucket - lines left to the initiators of one hash value
 * @spent:	lines written and not yet made up for
 * @stamp:	jiffies up to which @spent is accounted
 * @withheld:	lines not written since the last that was
 */
struct log_bucket {
	u32 spent;
	unsigned long stamp;
	u32 withheld;
};

static DEFINE_SPINLOCK(log_lock);	/* protects log_table */
static struct log_bucket log_table[LOG_BUCKETS];

/**
 * srpt_log_permit - may a line about this initiator be written?
 * @i_port_id:	its port ID
 *
 * Any context. The caller writes the line if true; lines withheld before are
 * told by a line of their own.
 */
bool srpt_log_permit(const u8 i_port_id[16])
{
	struct log_bucket *b = &log_table[jhash(i_port_id, 16, 0) % LOG_BUCKETS];
	unsigned long flags, made_up;
	u32 withheld = 0;
	bool permit;

	spin_lock_irqsave(&log_lock, flags);
	made_up = (jiffies - b->stamp) / LOG_REFILL;
	if (made_up) {
		b->spent -= min_t(unsigned long, made_up, b->spent);
		b->stamp += made_up * LOG_REFILL;
	}
	permit = b->spent < LOG_BURST;
	if (permit) {
		b->spent++;
		swap(withheld, b->withheld);
	} else {
		b->withheld++;
	}
	spin_unlock_irqrestore(&log_lock, flags);
	if (withheld)
		pr_info("%u lines about initiator 0x%*phN were not logged.\n",
			withheld, 16, i_port_id);
	return permit;
}
