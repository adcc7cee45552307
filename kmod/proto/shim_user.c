// SPDX-License-Identifier: GPL-2.0
/*
 * The one kernel helper that proto/ needs and the C library lacks. Linked
 * into the unit tests and the fuzzers only; the module has the kernel's own.
 */
#include "shim.h"

#ifndef __KERNEL__

#include <stdarg.h>

/* Like snprintf(), but returns what was stored, not what would have been. */
int proto_scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	if (!size)
		return 0;
	va_start(args, fmt);
	n = vsnprintf(buf, size, fmt, args);
	va_end(args);
	if (n < 0)
		return 0;
	return (size_t)n < size ? n : (int)(size - 1);
}

#endif
