/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of channels: how the hot path records, and how readers sum.
 */
#ifndef SRPT_STATS_H
#define SRPT_STATS_H

#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>

#include "srpt.h"

/* Histogram bucket of a duration, see SRPT_LAT_BUCKETS. */
static inline unsigned int srpt_stats_bucket(u64 ns)
{
	u64 us = div_u64(ns, NSEC_PER_USEC);

	return us ? min_t(unsigned int, ilog2(us), SRPT_LAT_BUCKETS - 1) : 0;
}

/**
 * srpt_stats_latency() - record how long a command with data took
 * @ch:		its channel
 * @write:	data-out (the initiator wrote), else data-in
 * @ns:		from the reception of the command to its response
 */
static inline void srpt_stats_latency(struct srpt_channel *ch, bool write,
				      u64 ns)
{
	unsigned int i = srpt_stats_bucket(ns);

	if (write)
		this_cpu_inc(ch->stats->write_lat[i]);
	else
		this_cpu_inc(ch->stats->read_lat[i]);
}

#endif /* SRPT_STATS_H */
