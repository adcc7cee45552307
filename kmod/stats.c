// SPDX-License-Identifier: GPL-2.0
/*
 * Counters of channels: sums and reset.
 *
 * A copy of the counters is written by the CPU it belongs to and by nobody
 * else, so counting costs no lock and no shared cache line. Readers add the
 * copies up; a sum taken while commands run may miss the latest of them.
 */
#include <linux/cpu.h>
#include <linux/smp.h>

#include "stats.h"

#define STATS_WORDS	(sizeof(struct srpt_stats) / sizeof(u64))

/* All members are u64, which is what lets sums run over words. */
static_assert(sizeof(struct srpt_stats) % sizeof(u64) == 0);
static_assert(offsetof(struct srpt_stats, write_lat) +
	      SRPT_LAT_BUCKETS * sizeof(u64) == sizeof(struct srpt_stats));

/**
 * srpt_stats_sum() - add the counters of a channel to @sum
 * @ch:		the channel
 * @sum:	added to, not overwritten: the counters of a session are those
 *		of its channels summed into one
 */
void srpt_stats_sum(const struct srpt_channel *ch, struct srpt_stats *sum)
{
	u64 *to = (u64 *)sum;
	unsigned int cpu, i;

	if (!ch->stats)
		return;
	for_each_possible_cpu(cpu) {
		const u64 *from = (const u64 *)per_cpu_ptr(ch->stats, cpu);

		for (i = 0; i < STATS_WORDS; i++)
			to[i] += READ_ONCE(from[i]);
	}
}

static void stats_zero_here(void *arg)
{
	struct srpt_stats __percpu *stats = (struct srpt_stats __percpu *)arg;

	memset(this_cpu_ptr(stats), 0, sizeof(*stats));
}

/**
 * srpt_stats_reset() - set the counters of a channel to zero
 * @ch:		the channel
 *
 * Each CPU zeroes its own copy: written from elsewhere, a zero could fall
 * between the load and the store of an increment and be undone. CPUs that are
 * offline count nothing meanwhile. May sleep.
 */
void srpt_stats_reset(struct srpt_channel *ch)
{
	unsigned int cpu;

	if (!ch->stats)
		return;
	cpus_read_lock();
	on_each_cpu(stats_zero_here, (void __force *)ch->stats, 1);
	for_each_possible_cpu(cpu)
		if (!cpu_online(cpu))
			memset(per_cpu_ptr(ch->stats, cpu), 0,
			       sizeof(struct srpt_stats));
	cpus_read_unlock();
}
