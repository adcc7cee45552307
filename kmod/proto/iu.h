/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SRPT_PROTO_IU_H
#define SRPT_PROTO_IU_H

#include "wire.h"

enum proto_dir {
	PROTO_DIR_NONE,
	PROTO_DIR_IN,		/* target to initiator (SCSI read) */
	PROTO_DIR_OUT,		/* initiator to target (SCSI write) */
	PROTO_DIR_BOTH,
};

/**
 * struct proto_desc - one remote memory range
 * @va:		remote address
 * @key:	remote key
 * @len:	bytes
 */
struct proto_desc {
	u64 va;
	u32 key;
	u32 len;
};

/**
 * struct proto_limits - what a channel's login settled; parsers never trust more
 * @max_data_len:	largest transfer of a command, bytes
 * @max_desc:		largest number of descriptors of an indirect table
 * @imm_offset:		negotiated immediate-data offset; 0: immediate data refused
 */
struct proto_limits {
	u32 max_data_len;
	u32 max_desc;
	u16 imm_offset;
};

/**
 * struct proto_cmd - an SRP_CMD, decoded; pointers lead into the received IU
 * @tag:	command tag
 * @lun:	8 byte LUN field as received
 * @task_attr:	PROTO_ATTR_*
 * @sol_not:	SOLNT bits of the request
 * @cdb:	the CDB, @cdb_len bytes, contiguous in the IU
 * @cdb_len:	16 plus the additional CDB length
 * @dir:	direction of the transfer
 * @fmt:	format of its descriptors
 * @data_len:	bytes the descriptors cover (indirect: the total length field)
 * @table:	descriptors present in the IU (PROTO_DESC_LEN each)
 * @n_desc:	how many of them
 * @external:	the table is longer than what the IU holds: fetch @table_desc
 * @table_desc:	where the whole table lies in the initiator's memory
 * @n_table:	entries of the whole table
 * @imm_data:	immediate data in the IU, @data_len bytes
 */
struct proto_cmd {
	u64 tag;
	u8 lun[8];
	u8 task_attr;
	u8 sol_not;
	const u8 *cdb;
	u32 cdb_len;
	enum proto_dir dir;
	enum proto_fmt fmt;
	u32 data_len;
	const u8 *table;
	u32 n_desc;
	bool external;
	struct proto_desc table_desc;
	u32 n_table;
	const u8 *imm_data;
};

/*
 * SHORT means that not even tag and header are there: the channel is closed.
 * All others leave tag, LUN and sol_not valid, and are answered with CHECK
 * CONDITION (sense of proto_cmd_result_sense), the channel stays up.
 */
enum proto_cmd_result {
	PROTO_CMD_OK,
	PROTO_CMD_SHORT,	/* shorter than an SRP_CMD */
	PROTO_CMD_TRUNCATED,	/* CDB extension or descriptors run past the IU */
	PROTO_CMD_FORMAT,	/* unknown buffer format, or one not negotiated */
	PROTO_CMD_BIDI,		/* both directions at once: not supported */
	PROTO_CMD_COUNT,	/* descriptor counts that contradict format or table length */
	PROTO_CMD_TABLE,	/* table length no multiple of 16, or over the limit */
	PROTO_CMD_LENGTH,	/* total length disagrees with the sum of the entries */
	PROTO_CMD_TOO_LARGE,	/* transfer over the limit */
	PROTO_CMD_IMM,		/* immediate data for a read, or past the IU or limit */
	PROTO_CMD_ATTR,		/* reserved task attribute */
};

enum proto_cmd_result proto_cmd_parse(const void *iu, size_t len,
				      const struct proto_limits *lim,
				      struct proto_cmd *cmd);
const char *proto_cmd_result_text(enum proto_cmd_result res);
/* Sense key, ASC, ASCQ for a refused command (SPC: 0Eh/xx for bad IUs). */
void proto_cmd_result_sense(enum proto_cmd_result res, u8 *key, u8 *asc,
			    u8 *ascq);
/* Fixed-format sense data, 18 bytes; returns its length. */
size_t proto_sense_build(void *buf, size_t cap, u8 key, u8 asc, u8 ascq);

/* Entry @i of a descriptor table; the caller has checked i < entries. */
void proto_desc_get(const u8 *table, u32 i, struct proto_desc *d);
/* Check a whole table (fetched or in the IU): the sum of the entries must be
 * @total, no entry may wrap the address space. Zero-length entries are legal.
 */
enum proto_cmd_result proto_desc_check(const u8 *table, u32 n, u32 total);

/**
 * struct proto_desc_iter - walk a table as merged remote ranges
 * Entries of length 0 are passed over; an entry that continues the one before
 * (same key, next address) is joined to it, up to @max_len bytes a range.
 */
struct proto_desc_iter {
	const u8 *table;
	u32 n;
	u32 i;
	u32 max_len;
	u32 remaining;		/* bytes of the transfer still to cover */
	struct proto_desc pending;
};

void proto_desc_iter_init(struct proto_desc_iter *it, const u8 *table, u32 n,
			  u32 xfer_len, u32 max_len);
/* Next range; false at the end. The ranges never exceed xfer_len in sum. */
bool proto_desc_iter_next(struct proto_desc_iter *it, struct proto_desc *d);

struct proto_tmf_req {
	u64 tag;
	u8 lun[8];
	u8 func;		/* as received; unknown ones are answered, not dropped */
	u64 task_tag;
	u8 sol_not;
};

/* False: shorter than an SRP_TSK_MGMT. */
bool proto_tmf_parse(const void *iu, size_t len, struct proto_tmf_req *req);

/* Opcode and tag of any IU; false when shorter than PROTO_SHORT_IU_LEN. */
bool proto_iu_header(const void *iu, size_t len, u8 *opcode, u64 *tag);

/* Linear LUN number of an 8 byte LUN field (peripheral and flat addressing);
 * ~0ULL for a form that names no LUN of ours.
 */
u64 proto_lun_decode(const u8 lun[8]);

#endif
