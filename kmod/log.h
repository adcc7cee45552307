/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Log lines. Every line begins with "ib_srpt ", the form administrators know
 * from the module this one replaces; a file that logs includes this header
 * first, before anything that pulls in linux/printk.h.
 */
#ifndef SRPT_LOG_H
#define SRPT_LOG_H

#undef pr_fmt
#define pr_fmt(fmt) "ib_srpt " fmt

#include <linux/printk.h>
#include <linux/types.h>

bool srpt_log_permit(const u8 i_port_id[16]);

#endif /* SRPT_LOG_H */
