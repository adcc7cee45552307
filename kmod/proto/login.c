// SPDX-License-Identifier: GPL-2.0
/*
 * SRP_LOGIN_REQ, SRP_LOGIN_RSP and SRP_LOGIN_REJ (r16a 6.2 to 6.4).
 *
 * A login request arrives as private data of a connection request. Over the
 * IB CM it has the standard's 64 bytes; the RDMA CM leaves room for only 56,
 * so Linux initiators send the same fields without the reserved ones, in
 * another order. Both layouts are tables of offsets here and share the code.
 */
#include "login.h"

/**
 * struct login_layout - where a login request keeps its fields
 * @len:	bytes of the request
 * @opcode:	offset of the opcode
 * @tag:	offset of the tag
 * @it_iu_len:	offset of REQUESTED INITIATOR TO TARGET IU LENGTH
 * @buf_fmt:	offset of REQUIRED BUFFER FORMATS
 * @flags:	offset of the flag byte
 * @imm_offset:	offset of the immediate-data offset
 * @i_port_id:	offset of the initiator port identifier
 * @t_port_id:	offset of the target port identifier
 */
struct login_layout {
	u8 len;
	u8 opcode;
	u8 tag;
	u8 it_iu_len;
	u8 buf_fmt;
	u8 flags;
	u8 imm_offset;
	u8 i_port_id;
	u8 t_port_id;
};

static const struct login_layout layout_ib = {
	.len = PROTO_LOGIN_REQ_LEN,
	.opcode = 0,
	.tag = 8,
	.it_iu_len = 16,
	.buf_fmt = 24,
	.flags = 26,
	.imm_offset = 28,
	.i_port_id = 32,
	.t_port_id = 48,
};

static const struct login_layout layout_rdma = {
	.len = PROTO_LOGIN_REQ_RDMA_LEN,
	.opcode = 11,
	.tag = 0,
	.it_iu_len = 12,
	.buf_fmt = 8,
	.flags = 10,
	.imm_offset = 48,
	.i_port_id = 16,
	.t_port_id = 32,
};

/* Immediate data must not start before the end of the smallest command. */
#define LOGIN_IMM_OFFSET_MIN	(PROTO_CMD_LEN + PROTO_IMM_LEN)

/* Field offsets of the answers */
#define LOGIN_ANS_TAG		8
#define LOGIN_RSP_DELTA		4
#define LOGIN_RSP_IT_IU		16
#define LOGIN_RSP_TI_IU		20
#define LOGIN_RSP_BUF_FMT	24
#define LOGIN_RSP_FLAGS		26
#define LOGIN_REJ_REASON	4
#define LOGIN_REJ_BUF_FMT	24

enum proto_login_result proto_login_parse(const void *buf, size_t len,
					  bool rdma_cm, u32 max_it_iu_len,
					  struct proto_login *out)
{
	const struct login_layout *l = rdma_cm ? &layout_rdma : &layout_ib;
	const u8 *p = (const u8 *)buf;

	memset(out, 0, sizeof(*out));
	if (len < l->len)
		return PROTO_LOGIN_SHORT;

	out->tag = proto_get_be64(p + l->tag);
	out->it_iu_len = proto_get_be32(p + l->it_iu_len);
	out->buf_fmt = proto_get_be16(p + l->buf_fmt);
	out->flags = p[l->flags];
	out->imm_offset = proto_get_be16(p + l->imm_offset);
	memcpy(out->i_port_id, p + l->i_port_id, sizeof(out->i_port_id));
	memcpy(out->t_port_id, p + l->t_port_id, sizeof(out->t_port_id));

	if (p[l->opcode] != PROTO_LOGIN_REQ)
		return PROTO_LOGIN_OPCODE;
	if (out->it_iu_len < PROTO_MIN_IT_IU_LEN)
		return PROTO_LOGIN_IU_SMALL;
	if (out->it_iu_len > max_it_iu_len)
		return PROTO_LOGIN_IU_LARGE;
	if (!out->buf_fmt ||
	    (out->buf_fmt & ~(PROTO_BUF_DIRECT | PROTO_BUF_INDIRECT)))
		return PROTO_LOGIN_FORMAT;
	if ((out->flags & PROTO_MULTICHAN_MASK) > PROTO_MULTICHAN_MULTI)
		return PROTO_LOGIN_MULTICHAN;
	/* Without the flag the field is reserved: old initiators leave it 0. */
	if ((out->flags & PROTO_IMMED_REQUESTED) &&
	    (out->imm_offset < LOGIN_IMM_OFFSET_MIN ||
	     out->imm_offset >= out->it_iu_len))
		return PROTO_LOGIN_IMM_OFFSET;
	return PROTO_LOGIN_OK;
}

enum proto_rej_reason proto_login_reject_reason(enum proto_login_result res)
{
	switch (res) {
	case PROTO_LOGIN_IU_LARGE:
		return PROTO_REJ_REQ_IT_IU_LENGTH_TOO_LARGE;
	case PROTO_LOGIN_FORMAT:
	case PROTO_LOGIN_IMM_OFFSET:
		return PROTO_REJ_UNSUPPORTED_DESCRIPTOR_FMT;
	case PROTO_LOGIN_MULTICHAN:
		return PROTO_REJ_MULTI_CHANNEL_UNSUPPORTED;
	case PROTO_LOGIN_OK:
	case PROTO_LOGIN_SHORT:
	case PROTO_LOGIN_OPCODE:
	case PROTO_LOGIN_IU_SMALL:
		break;
	}
	return PROTO_REJ_UNABLE_ESTABLISH_CHANNEL;
}

const char *proto_login_result_text(enum proto_login_result res)
{
	switch (res) {
	case PROTO_LOGIN_OK:
		return "login request is valid";
	case PROTO_LOGIN_SHORT:
		return "private data is shorter than a login request";
	case PROTO_LOGIN_OPCODE:
		return "private data is not a login request";
	case PROTO_LOGIN_IU_SMALL:
		return "requested IU length is below the standard's minimum of 64";
	case PROTO_LOGIN_IU_LARGE:
		return "requested IU length is too large";
	case PROTO_LOGIN_FORMAT:
		return "required buffer formats are unknown or missing";
	case PROTO_LOGIN_MULTICHAN:
		return "multichannel action is reserved";
	case PROTO_LOGIN_IMM_OFFSET:
		return "immediate-data offset is outside of the IU's data area";
	}
	return "unknown result";
}

const char *proto_rej_reason_text(u32 reason)
{
	switch (reason) {
	case PROTO_REJ_UNABLE_ESTABLISH_CHANNEL:
		return "unable to establish channel";
	case PROTO_REJ_INSUFFICIENT_RESOURCES:
		return "insufficient resources";
	case PROTO_REJ_REQ_IT_IU_LENGTH_TOO_LARGE:
		return "requested IU length too large";
	case PROTO_REJ_UNABLE_ASSOCIATE_CHANNEL:
		return "no such target port";
	case PROTO_REJ_UNSUPPORTED_DESCRIPTOR_FMT:
		return "unsupported descriptor format";
	case PROTO_REJ_MULTI_CHANNEL_UNSUPPORTED:
		return "multichannel action unsupported";
	case PROTO_REJ_CHANNEL_LIMIT_REACHED:
		/* The Linux target's code for a missing ACL, too. */
		return "no ACL or channel limit reached";
	}
	return "unknown reason";
}

size_t proto_login_build_rsp(void *buf, size_t cap,
			     const struct proto_login_accept *a)
{
	u8 *p = (u8 *)buf;

	if (cap < PROTO_LOGIN_RSP_LEN)
		return 0;
	memset(p, 0, PROTO_LOGIN_RSP_LEN);
	p[0] = PROTO_LOGIN_RSP;
	proto_put_be32(p + LOGIN_RSP_DELTA, (u32)a->req_lim_delta);
	proto_put_be64(p + LOGIN_ANS_TAG, a->tag);
	proto_put_be32(p + LOGIN_RSP_IT_IU, a->max_it_iu_len);
	proto_put_be32(p + LOGIN_RSP_TI_IU, a->max_ti_iu_len);
	proto_put_be16(p + LOGIN_RSP_BUF_FMT, a->buf_fmt);
	p[LOGIN_RSP_FLAGS] = a->flags;
	return PROTO_LOGIN_RSP_LEN;
}

size_t proto_login_build_rej(void *buf, size_t cap, u64 tag, u32 reason,
			     u16 buf_fmt)
{
	u8 *p = (u8 *)buf;

	if (cap < PROTO_LOGIN_REJ_LEN)
		return 0;
	memset(p, 0, PROTO_LOGIN_REJ_LEN);
	p[0] = PROTO_LOGIN_REJ;
	proto_put_be32(p + LOGIN_REJ_REASON, reason);
	proto_put_be64(p + LOGIN_ANS_TAG, tag);
	proto_put_be16(p + LOGIN_REJ_BUF_FMT, buf_fmt);
	return PROTO_LOGIN_REJ_LEN;
}
