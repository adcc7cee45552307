// SPDX-License-Identifier: GPL-2.0
/*
 * Keeps the first processor busy and, every few microseconds, gives its turn away.
 *
 * With the clock that counts instructions a processor keeps its turn until it
 * waits or a timer is due. The kernel does neither while it waits for a processor
 * that it starts: it calls the scheduler, again and again. With this to run
 * there, the one that is started gets somewhere.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>

#define ROUNDS	20000	/* in each of which the guest's time goes on */

int main(void)
{
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	if (sched_setaffinity(0, sizeof(first), &first)) {
		perror("turns");
		return 1;
	}
	for (;;) {
		for (int i = 0; i < ROUNDS; i++)
			__asm__ volatile("");
		__builtin_ia32_pause();
	}
}
