// SPDX-License-Identifier: GPL-2.0
/*
 * Received IUs: commands, task management, and the response to what is bad.
 * Input: 1 byte options, 4 bytes largest transfer, the IU.
 */
#include "fuzz.h"
#include "iu.h"
#include "rsp.h"

static void check_inside(const struct proto_cmd *c, const u8 *iu, size_t len)
{
	MUST(c->cdb == iu + 32 && c->cdb_len >= 16 && 32 + c->cdb_len <= len);
	MUST(!c->table || (c->table >= c->cdb + c->cdb_len &&
			   c->table + c->n_desc * 16 <= iu + len));
	MUST(!c->imm_data || (c->imm_data >= c->cdb + c->cdb_len + 4 &&
			      c->imm_data + c->data_len <= iu + len));
}

static void check_ok(const struct proto_cmd *c, const struct proto_limits *lim)
{
	struct proto_desc_iter it;
	struct proto_desc d;
	u64 sum = 0;

	MUST(c->data_len <= lim->max_data_len && c->dir != PROTO_DIR_BOTH);
	MUST((c->dir == PROTO_DIR_NONE) == (c->fmt == PROTO_FMT_NONE));
	MUST(c->dir != PROTO_DIR_NONE || (!c->data_len && !c->table));
	MUST((c->fmt == PROTO_FMT_IMM) == !!c->imm_data);
	MUST(c->n_desc <= c->n_table && c->n_table <= lim->max_desc);
	MUST(c->external == (c->n_desc != c->n_table));
	proto_desc_iter_init(&it, c->table, c->n_desc, c->data_len, 0);
	while (proto_desc_iter_next(&it, &d))
		sum += d.len;
	MUST(!c->table || c->external || sum == c->data_len);
}

static void check_refusal(enum proto_cmd_result res, u64 tag, size_t cap)
{
	struct proto_rsp r = { .tag = tag, .status = 2, .req_lim_delta = 1 };
	u8 key, asc, ascq, sense[18], *buf = malloc(cap);
	size_t n = proto_sense_build(sense, sizeof(sense), 5, 0x0e, 3);

	proto_cmd_result_sense(res, &key, &asc, &ascq);
	MUST(key == 5 && asc == 0x0e && *proto_cmd_result_text(res) != 'u');
	r.sense = sense;
	r.sense_len = (u32)n;
	n = proto_rsp_build(buf, cap, &r);
	MUST(n <= cap && (n >= PROTO_RSP_LEN || cap < PROTO_RSP_LEN));
	MUST(!n || n == PROTO_RSP_LEN + proto_get_be32(buf + 28));
	free(buf);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct proto_limits lim = { .max_desc = 128 };
	struct proto_tmf_req tmf;
	enum proto_cmd_result res;
	struct proto_cmd cmd;

	if (size < 5)
		return 0;
	lim.imm_offset = data[0] & 1 ? 52 + data[0] / 2 : 0;
	lim.max_data_len = proto_get_be32(data + 1);
	memset(&cmd, 0xee, sizeof(cmd));
	res = proto_cmd_parse(data + 5, size - 5, &lim, &cmd);
	MUST((res != PROTO_CMD_SHORT) == (size - 5 >= PROTO_CMD_LEN));
	MUST((res != PROTO_CMD_SHORT) == proto_tmf_parse(data + 5, size - 5, &tmf));
	if (res != PROTO_CMD_OK)
		check_refusal(res, cmd.tag, data[0]);
	if (res == PROTO_CMD_SHORT)
		return 0;
	MUST(cmd.tag == tmf.tag && !memcmp(cmd.lun, tmf.lun, 8));
	MUST(proto_lun_decode(cmd.lun) + 1 <= 0x4000);
	check_inside(&cmd, data + 5, size - 5);
	if (res == PROTO_CMD_OK)
		check_ok(&cmd, &lim);
	return 0;
}
