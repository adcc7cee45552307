/* SPDX-License-Identifier: GPL-2.0 */
/* What the harnesses share. */
#ifndef SRPT_FUZZ_H
#define SRPT_FUZZ_H

#include <stdlib.h>

#include "shim.h"

/* An invariant. Unlike assert() it is there in every build. */
#define MUST(cond)							\
	do {								\
		if (!(cond)) {						\
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, \
				__LINE__, #cond);			\
			abort();					\
		}							\
	} while (0)

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#endif
