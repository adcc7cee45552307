// SPDX-License-Identifier: GPL-2.0
/*
 * Does __assign_str() of a tracepoint name the source again?
 *
 * PROBE-ANSWER: ASSIGN_STR_1
 * PROBE-ANSWER: ASSIGN_STR_2
 */
#include <linux/stringify.h>
#include <trace/stages/stage6_event_callback.h>

#if defined(PROBE_ASSIGN_STR_1)
const char probe[] = __stringify(__assign_str(a));
#else
const char probe[] = __stringify(__assign_str(a, b));
#endif
#ifndef __assign_str
#error "no __assign_str"
#endif
