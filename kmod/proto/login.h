/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SRPT_PROTO_LOGIN_H
#define SRPT_PROTO_LOGIN_H

#include "wire.h"

/**
 * struct proto_login - a login request, decoded
 * @tag:		echoed in the answer
 * @it_iu_len:		REQUESTED INITIATOR TO TARGET IU LENGTH, bytes
 * @buf_fmt:		required buffer formats, PROTO_BUF_*
 * @flags:		flag byte (multichannel action, SOLNT bits, immediate data)
 * @imm_offset:		where the initiator puts immediate data, bytes
 * @i_port_id:		initiator port identifier: extension, then GUID
 * @t_port_id:		target port identifier: IOC identifier extension and GUID
 */
struct proto_login {
	u64 tag;
	u32 it_iu_len;
	u16 buf_fmt;
	u8 flags;
	u16 imm_offset;
	u8 i_port_id[16];
	u8 t_port_id[16];
};

enum proto_login_result {
	PROTO_LOGIN_OK,
	PROTO_LOGIN_SHORT,	/* private data shorter than a login request */
	PROTO_LOGIN_OPCODE,	/* not an SRP_LOGIN_REQ */
	PROTO_LOGIN_IU_SMALL,	/* requested IU length under the standard's minimum */
	PROTO_LOGIN_IU_LARGE,	/* requested IU length over what we allow */
	PROTO_LOGIN_FORMAT,	/* a required descriptor format we do not know, or none */
	PROTO_LOGIN_MULTICHAN,	/* reserved multichannel action */
	PROTO_LOGIN_IMM_OFFSET,	/* immediate-data offset inside the command or past the IU */
};

/* Decode and validate; @out is filled as far as the length allows, so that
 * a refused login can still be named in the log and answered with its tag.
 * With PROTO_LOGIN_SHORT, @out is all zeros.
 */
enum proto_login_result proto_login_parse(const void *buf, size_t len,
					  bool rdma_cm, u32 max_it_iu_len,
					  struct proto_login *out);

/* The standard's reject reason for each result but OK. */
enum proto_rej_reason proto_login_reject_reason(enum proto_login_result res);
const char *proto_login_result_text(enum proto_login_result res);
/* "no ACL", "channel limit reached", ... : short name of a reject reason */
const char *proto_rej_reason_text(u32 reason);

struct proto_login_accept {
	u64 tag;
	s32 req_lim_delta;
	u32 max_it_iu_len;
	u32 max_ti_iu_len;
	u16 buf_fmt;
	u8 flags;		/* PROTO_RSP_MULTICHAN_* | PROTO_RSP_IMMED_SUPPORTED */
};

/* Build LOGIN_RSP (52 bytes) and LOGIN_REJ (32 bytes); return the length. */
size_t proto_login_build_rsp(void *buf, size_t cap,
			     const struct proto_login_accept *a);
size_t proto_login_build_rej(void *buf, size_t cap, u64 tag, u32 reason,
			     u16 buf_fmt);

#endif
