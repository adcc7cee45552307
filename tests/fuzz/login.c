// SPDX-License-Identifier: GPL-2.0
/*
 * Login requests of both layouts, and the answers to them.
 * Input: 1 byte options, 4 bytes largest IU length, private data.
 */
#include "fuzz.h"
#include "login.h"

static void check_ok(const struct proto_login *l, u32 max)
{
	MUST(l->it_iu_len >= PROTO_MIN_IT_IU_LEN && l->it_iu_len <= max);
	MUST(l->buf_fmt && !(l->buf_fmt & ~6));
	MUST((l->flags & PROTO_MULTICHAN_MASK) <= PROTO_MULTICHAN_MULTI);
	if (l->flags & PROTO_IMMED_REQUESTED)
		MUST(l->imm_offset > PROTO_CMD_LEN &&
		     l->imm_offset < l->it_iu_len);
}

static void check_answers(const struct proto_login *l, u32 reason, size_t cap)
{
	struct proto_login_accept a = {
		.tag = l->tag,
		.req_lim_delta = (s32)l->it_iu_len,
		.max_it_iu_len = l->it_iu_len,
		.max_ti_iu_len = reason,
		.buf_fmt = l->buf_fmt,
		.flags = l->flags,
	};
	u8 *one = malloc(cap), *two = malloc(cap);
	size_t n;

	/* Whatever was in the buffer before: the same bytes go out. */
	memset(one, 0x00, cap);
	memset(two, 0xff, cap);
	n = proto_login_build_rsp(one, cap, &a);
	MUST(n == (cap < PROTO_LOGIN_RSP_LEN ? 0 : PROTO_LOGIN_RSP_LEN));
	MUST(proto_login_build_rsp(two, cap, &a) == n && !memcmp(one, two, n));
	MUST(!n || proto_get_be64(one + 8) == l->tag);

	memset(one, 0x00, cap);
	memset(two, 0xff, cap);
	n = proto_login_build_rej(one, cap, l->tag, reason, l->buf_fmt);
	MUST(n == (cap < PROTO_LOGIN_REJ_LEN ? 0 : PROTO_LOGIN_REJ_LEN));
	MUST(proto_login_build_rej(two, cap, l->tag, reason, l->buf_fmt) == n);
	MUST(!memcmp(one, two, n));
	MUST(!n || proto_get_be32(one + 4) == reason);
	free(one);
	free(two);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const struct proto_login zero;
	enum proto_login_result res;
	struct proto_login l;
	bool rdma;
	u32 max, reason;

	if (size < 5)
		return 0;
	rdma = data[0] & 1;
	max = proto_get_be32(data + 1);
	memset(&l, 0xee, sizeof(l));
	res = proto_login_parse(data + 5, size - 5, rdma, max, &l);
	MUST((res == PROTO_LOGIN_SHORT) == (size - 5 < (rdma ? 56 : 64)));
	if (res == PROTO_LOGIN_SHORT)
		MUST(!memcmp(&l, &zero, sizeof(l)));
	if (res == PROTO_LOGIN_OK)
		check_ok(&l, max);
	reason = proto_login_reject_reason(res);
	MUST(reason >> 3 == 0x10000 >> 3);
	MUST(strcmp(proto_rej_reason_text(reason), "unknown reason"));
	MUST(strcmp(proto_login_result_text(res), "unknown result"));
	check_answers(&l, reason, data[0] >> 1);
	return 0;
}
