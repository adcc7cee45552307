// SPDX-License-Identifier: GPL-2.0
/*
 * A library for fio to load before libaio: it counts the I/Os submitted, and
 * between two of them tells the counter to count. Thus start and end of fio,
 * and the time until queues and caches are full, are in no measurement.
 *
 * MARK_SKIP: I/Os before it begins; MARK_COUNT: I/Os that are measured.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>

#include "../plugin/marker.h"

struct iocb;
typedef struct io_context *io_context_t;
typedef int submit_fn(io_context_t ctx, long n, struct iocb **iocbs);

static submit_fn *real_submit;
static long submitted, begin_at, end_at;

__attribute__((constructor)) static void init(void)
{
	const char *skip = getenv("MARK_SKIP"), *count = getenv("MARK_COUNT");

	real_submit = (submit_fn *)dlsym(RTLD_NEXT, "io_submit");
	begin_at = skip ? atol(skip) : 0;
	end_at = begin_at + (count ? atol(count) : 0);
}

int io_submit(io_context_t ctx, long n, struct iocb **iocbs);
int io_submit(io_context_t ctx, long n, struct iocb **iocbs)
{
	int ret;

	if (submitted >= begin_at && begin_at >= 0) {
		begin_at = -1;
		MARK(MARK_BEGIN);
	}
	if (submitted >= end_at && end_at >= 0) {
		end_at = -1;
		MARK(MARK_END);
	}
	ret = real_submit(ctx, n, iocbs);
	if (ret > 0)
		submitted += ret;
	return ret;
}
