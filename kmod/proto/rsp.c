// SPDX-License-Identifier: GPL-2.0
/*
 * What the target sends on an established channel: SRP_RSP, SRP_CRED_REQ,
 * SRP_T_LOGOUT and SRP_AER_REQ (r16a 6.5 to 6.13).
 *
 * The buffers are reused from one IU to the next, so each builder writes
 * every byte of what it returns: nothing of an earlier answer leaks out.
 */
#include "rsp.h"

/* Field offsets shared by all four */
#define OFF_SOL_NOT		1
#define OFF_DELTA		4
#define OFF_TAG			8

#define RSP_FLAGS		18
#define RSP_STATUS		19
#define RSP_OUT_RESID		20
#define RSP_IN_RESID		24
#define RSP_SENSE_LEN		28
#define RSP_RESP_LEN		32
#define RSP_RESP_DATA_LEN	4	/* response data of a TMF answer */

#define AER_LUN			20
#define AER_SENSE_LEN		28

/* Of a constant @len, so that clearing is a few stores where it is inlined. */
static inline u8 *put_head(void *buf, size_t len, u8 opcode, u8 sol_not,
			   u32 word, u64 tag)
{
	u8 *p = (u8 *)buf;

	memset(p, 0, len);
	p[0] = opcode;
	p[OFF_SOL_NOT] = sol_not;
	proto_put_be32(p + OFF_DELTA, word);
	proto_put_be64(p + OFF_TAG, tag);
	return p;
}

/* Copy sense data behind the fixed part; whole dwords when it has to be cut. */
static u32 put_sense(u8 *dst, size_t room, const void *sense, u32 len)
{
	if (!sense)
		return 0;
	if (len > room)
		len = (u32)room & ~3U;
	memcpy(dst, sense, len);
	return len;
}

size_t proto_rsp_build(void *buf, size_t cap, const struct proto_rsp *r)
{
	u8 flags = 0;
	u32 n;
	u8 *p;

	if (cap < PROTO_RSP_LEN)
		return 0;
	p = put_head(buf, PROTO_RSP_LEN, PROTO_RSP, r->sol_not,
		     (u32)r->req_lim_delta, r->tag);
	p[RSP_STATUS] = r->status;
	if (r->resid && r->resid_out) {
		flags |= r->resid_over ? PROTO_RSP_DOOVER : PROTO_RSP_DOUNDER;
		proto_put_be32(p + RSP_OUT_RESID, r->resid);
	} else if (r->resid) {
		flags |= r->resid_over ? PROTO_RSP_DIOVER : PROTO_RSP_DIUNDER;
		proto_put_be32(p + RSP_IN_RESID, r->resid);
	}
	n = put_sense(p + PROTO_RSP_LEN, cap - PROTO_RSP_LEN, r->sense,
		      r->sense_len);
	if (n) {
		flags |= PROTO_RSP_SNSVALID;
		proto_put_be32(p + RSP_SENSE_LEN, n);
	}
	p[RSP_FLAGS] = flags;
	return PROTO_RSP_LEN + n;
}

size_t proto_rsp_build_tmf(void *buf, size_t cap, u64 tag, s32 req_lim_delta,
			   u8 sol_not, u8 rsp_code)
{
	const size_t len = PROTO_RSP_LEN + RSP_RESP_DATA_LEN;
	u8 *p;

	if (cap < len)
		return 0;
	p = put_head(buf, len, PROTO_RSP, sol_not, (u32)req_lim_delta, tag);
	p[RSP_FLAGS] = PROTO_RSP_RSPVALID;
	proto_put_be32(p + RSP_RESP_LEN, RSP_RESP_DATA_LEN);
	p[PROTO_RSP_LEN + RSP_RESP_DATA_LEN - 1] = rsp_code;
	return len;
}

size_t proto_build_cred_req(void *buf, size_t cap, u64 tag, s32 req_lim_delta,
			    u8 sol_not)
{
	if (cap < PROTO_SHORT_IU_LEN)
		return 0;
	put_head(buf, PROTO_SHORT_IU_LEN, PROTO_CRED_REQ, sol_not,
		 (u32)req_lim_delta, tag);
	return PROTO_SHORT_IU_LEN;
}

size_t proto_build_t_logout(void *buf, size_t cap, u64 tag, u32 reason,
			    u8 sol_not)
{
	if (cap < PROTO_SHORT_IU_LEN)
		return 0;
	/* The reason lies where the other IUs keep the request limit delta. */
	put_head(buf, PROTO_SHORT_IU_LEN, PROTO_T_LOGOUT, sol_not, reason, tag);
	return PROTO_SHORT_IU_LEN;
}

size_t proto_build_aer_req(void *buf, size_t cap, u64 tag, s32 req_lim_delta,
			   u8 sol_not, const u8 lun[8], const void *sense,
			   u32 sense_len)
{
	u32 n;
	u8 *p;

	if (cap < PROTO_AER_REQ_LEN)
		return 0;
	p = put_head(buf, PROTO_AER_REQ_LEN, PROTO_AER_REQ, sol_not,
		     (u32)req_lim_delta, tag);
	memcpy(p + AER_LUN, lun, 8);
	n = put_sense(p + PROTO_AER_REQ_LEN, cap - PROTO_AER_REQ_LEN, sense,
		      sense_len);
	proto_put_be32(p + AER_SENSE_LEN, n);
	return PROTO_AER_REQ_LEN + n;
}
