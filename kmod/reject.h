/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Recently refused logins, as readers see them.
 */
#ifndef SRPT_REJECT_H
#define SRPT_REJECT_H

#include "srpt.h"

#define SRPT_REJECT_TEXT_LEN	96

/**
 * struct srpt_reject - one refused initiator at one port
 * @who:	the initiator
 * @dev_name:	device of the port
 * @port_num:	port number
 * @port_gid:	GID 0 of the port
 * @reason:	reason code of the latest refusal
 * @text:	the latest refusal in words
 * @count:	refusals
 * @not_logged:	of these, how many the rate limit kept out of the log
 * @first_time:	of the first one, seconds since 1970
 * @last_time:	of the latest one
 * @last_ns:	the same on the boot clock
 * @announced:	the latest one was within the rate
 */
struct srpt_reject {
	struct proto_initiator who;
	char dev_name[IB_DEVICE_NAME_MAX];
	u32 port_num;
	u8 port_gid[16];
	u32 reason;
	char text[SRPT_REJECT_TEXT_LEN];
	u64 count;
	u64 not_logged;
	time64_t first_time;
	time64_t last_time;
	u64 last_ns;
	bool announced;
};

/**
 * struct srpt_reject_totals - counts since the module was loaded
 * @refused:	refused logins
 * @not_logged:	those of them that the rate limit kept out of the log
 * @evicted:	initiators dropped from the table to make room
 */
struct srpt_reject_totals {
	u64 refused;
	u64 not_logged;
	u64 evicted;
};

/* Copy up to @cap entries, the latest first; returns how many. */
u32 srpt_reject_copy(struct srpt_reject *out, u32 cap);
/* Entries there can be at most: enough for srpt_reject_copy(). */
u32 srpt_reject_capacity(void);
/* The entry of @who at @port; false: there is none. */
bool srpt_reject_find(struct srpt_port *port, const struct proto_initiator *who,
		      struct srpt_reject *out);
/* Drop the entries of the initiator @i_port_id (NULL: all); returns how many. */
u32 srpt_reject_forget(const u8 *i_port_id);
void srpt_reject_totals(struct srpt_reject_totals *out);

#endif /* SRPT_REJECT_H */
