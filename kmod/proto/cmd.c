// SPDX-License-Identifier: GPL-2.0
/*
 * SRP_CMD (r16a 6.8), decoded into pointers that lead into the received IU.
 *
 * Every length in the IU is the initiator's word. Each is compared with what
 * was received before a byte behind it is read, and with what login settled
 * before it is believed; sums are formed in 64 bit, so none can wrap.
 */
#include "iu.h"

#define CMD_SOL_NOT		1
#define CMD_BUF_FMT		5
#define CMD_OUT_COUNT		6
#define CMD_IN_COUNT		7
#define CMD_TAG			8
#define CMD_LUN			20
#define CMD_TASK_ATTR		29
#define CMD_ADD_CDB_LEN		31
#define CMD_CDB			32
#define CMD_CDB_LEN		16

#define CMD_TASK_ATTR_MASK	0x07
/* Bits 7:2 count dwords, which makes the byte itself, low bits cleared, a size. */
#define CMD_ADD_CDB_MASK	0xfc

/* Offsets behind the start of an indirect descriptor */
#define IND_TOTAL		16
#define IND_LIST		PROTO_INDIRECT_LEN

#define SENSE_LEN		18
#define SENSE_ILLEGAL_REQUEST	0x05
#define SENSE_ASC_IU		0x0e	/* information unit ... */
#define SENSE_ASCQ_TOO_SHORT	0x01	/* ... too short */
#define SENSE_ASCQ_FIELD	0x03	/* ... has an invalid field */

static enum proto_cmd_result parse_direct(const u8 *p, size_t len, size_t off,
					  u8 count,
					  const struct proto_limits *lim,
					  struct proto_cmd *cmd)
{
	struct proto_desc d;

	/* Initiators differ: 0 (Linux) and 1 both mean the one descriptor. */
	if (count > 1)
		return PROTO_CMD_COUNT;
	if (len < off + PROTO_DESC_LEN)
		return PROTO_CMD_TRUNCATED;
	proto_desc_get(p + off, 0, &d);
	if (d.len > lim->max_data_len)
		return PROTO_CMD_TOO_LARGE;
	cmd->table = p + off;
	cmd->n_desc = 1;
	cmd->n_table = 1;
	cmd->data_len = d.len;
	return proto_desc_check(cmd->table, 1, d.len);
}

/* A partial list may not cover more than the whole transfer. */
static enum proto_cmd_result check_partial(const u8 *list, u32 n, u32 total)
{
	struct proto_desc d;
	u64 sum = 0;
	u32 i;

	for (i = 0; i < n; i++) {
		proto_desc_get(list, i, &d);
		sum += d.len;
	}
	return sum <= total ? PROTO_CMD_OK : PROTO_CMD_LENGTH;
}

static enum proto_cmd_result parse_indirect(const u8 *p, size_t len, size_t off,
					    u8 count,
					    const struct proto_limits *lim,
					    struct proto_cmd *cmd)
{
	struct proto_desc table;
	u32 total, n;

	if (len < off + PROTO_INDIRECT_LEN)
		return PROTO_CMD_TRUNCATED;
	proto_desc_get(p + off, 0, &table);
	total = proto_get_be32(p + off + IND_TOTAL);

	if (table.len % PROTO_DESC_LEN)
		return PROTO_CMD_TABLE;
	n = table.len / PROTO_DESC_LEN;
	if (n > lim->max_desc)
		return PROTO_CMD_TABLE;
	if (count > n)
		return PROTO_CMD_COUNT;
	if (len - off - PROTO_INDIRECT_LEN < (size_t)count * PROTO_DESC_LEN)
		return PROTO_CMD_TRUNCATED;
	if (total > lim->max_data_len)
		return PROTO_CMD_TOO_LARGE;

	cmd->table = p + off + IND_LIST;
	cmd->n_desc = count;
	cmd->n_table = n;
	cmd->table_desc = table;
	cmd->data_len = total;
	if (count == n)
		return proto_desc_check(cmd->table, n, total);

	/* The rest is checked by proto_desc_check() once it has been fetched. */
	cmd->external = true;
	if (table.va + (table.len - 1) < table.va)
		return PROTO_CMD_TABLE;
	return check_partial(cmd->table, count, total);
}

static enum proto_cmd_result parse_imm(const u8 *p, size_t len, size_t off,
				       const struct proto_limits *lim,
				       struct proto_cmd *cmd)
{
	u32 n;

	if (cmd->dir != PROTO_DIR_OUT)
		return PROTO_CMD_IMM;
	if (len < off + PROTO_IMM_LEN)
		return PROTO_CMD_TRUNCATED;
	n = proto_get_be32(p + off);
	/* Data may neither overlap the command nor leave the IU. */
	if (off + PROTO_IMM_LEN > lim->imm_offset || len < lim->imm_offset ||
	    n > len - lim->imm_offset || n > PROTO_IMM_DATA_MAX)
		return PROTO_CMD_IMM;
	if (n > lim->max_data_len)
		return PROTO_CMD_TOO_LARGE;
	cmd->imm_data = p + lim->imm_offset;
	cmd->data_len = n;
	return PROTO_CMD_OK;
}

enum proto_cmd_result proto_cmd_parse(const void *iu, size_t len,
				      const struct proto_limits *lim,
				      struct proto_cmd *cmd)
{
	const u8 *p = (const u8 *)iu;
	size_t off;
	u8 in, out, count;

	memset(cmd, 0, sizeof(*cmd));
	if (len < PROTO_CMD_LEN)
		return PROTO_CMD_SHORT;

	cmd->sol_not = p[CMD_SOL_NOT];
	cmd->tag = proto_get_be64(p + CMD_TAG);
	memcpy(cmd->lun, p + CMD_LUN, sizeof(cmd->lun));
	cmd->task_attr = p[CMD_TASK_ATTR] & CMD_TASK_ATTR_MASK;
	cmd->cdb = p + CMD_CDB;
	cmd->cdb_len = CMD_CDB_LEN;

	off = PROTO_CMD_LEN + (p[CMD_ADD_CDB_LEN] & CMD_ADD_CDB_MASK);
	if (off > len)
		return PROTO_CMD_TRUNCATED;
	cmd->cdb_len = (u32)(off - CMD_CDB);

	if (cmd->task_attr > PROTO_ATTR_ORDERED &&
	    cmd->task_attr != PROTO_ATTR_ACA)
		return PROTO_CMD_ATTR;

	in = p[CMD_BUF_FMT] & 0x0f;
	out = p[CMD_BUF_FMT] >> 4;
	if (in > PROTO_FMT_IMM || out > PROTO_FMT_IMM)
		return PROTO_CMD_FORMAT;
	if (in && out) {
		cmd->dir = PROTO_DIR_BOTH;
		return PROTO_CMD_BIDI;
	}
	if (!in && !out)
		return PROTO_CMD_OK;

	cmd->dir = in ? PROTO_DIR_IN : PROTO_DIR_OUT;
	cmd->fmt = (enum proto_fmt)(in ? in : out);
	count = p[in ? CMD_IN_COUNT : CMD_OUT_COUNT];
	if (cmd->fmt == PROTO_FMT_DIRECT)
		return parse_direct(p, len, off, count, lim, cmd);
	if (cmd->fmt == PROTO_FMT_INDIRECT)
		return parse_indirect(p, len, off, count, lim, cmd);
	if (!lim->imm_offset)
		return PROTO_CMD_FORMAT;
	return parse_imm(p, len, off, lim, cmd);
}

const char *proto_cmd_result_text(enum proto_cmd_result res)
{
	switch (res) {
	case PROTO_CMD_OK:
		return "valid";
	case PROTO_CMD_SHORT:
		return "shorter than an SRP_CMD";
	case PROTO_CMD_TRUNCATED:
		return "CDB or descriptors run past the end of the IU";
	case PROTO_CMD_FORMAT:
		return "buffer format unknown or not negotiated";
	case PROTO_CMD_BIDI:
		return "bidirectional transfer";
	case PROTO_CMD_COUNT:
		return "descriptor count contradicts the table";
	case PROTO_CMD_TABLE:
		return "bad length of the descriptor table";
	case PROTO_CMD_LENGTH:
		return "total length disagrees with the descriptors";
	case PROTO_CMD_TOO_LARGE:
		return "transfer larger than the limit";
	case PROTO_CMD_IMM:
		return "bad immediate data";
	case PROTO_CMD_ATTR:
		return "reserved task attribute";
	}
	return "unknown result";
}

void proto_cmd_result_sense(enum proto_cmd_result res, u8 *key, u8 *asc,
			    u8 *ascq)
{
	*key = 0;
	*asc = 0;
	*ascq = 0;
	if (res == PROTO_CMD_OK)
		return;
	*key = SENSE_ILLEGAL_REQUEST;
	*asc = SENSE_ASC_IU;
	*ascq = res == PROTO_CMD_SHORT || res == PROTO_CMD_TRUNCATED ?
			SENSE_ASCQ_TOO_SHORT : SENSE_ASCQ_FIELD;
}

size_t proto_sense_build(void *buf, size_t cap, u8 key, u8 asc, u8 ascq)
{
	u8 *p = (u8 *)buf;

	if (cap < SENSE_LEN)
		return 0;
	memset(p, 0, SENSE_LEN);
	p[0] = 0x70;			/* current error, fixed format */
	p[2] = key;
	p[7] = SENSE_LEN - 8;		/* bytes that follow this one */
	p[12] = asc;
	p[13] = ascq;
	return SENSE_LEN;
}
