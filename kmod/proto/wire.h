/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SRP on the wire: opcodes, sizes, field offsets, flag bits and codes of the
 * SCSI RDMA Protocol (T10 SRP r16a) and of the Linux extension for immediate
 * data. Offsets instead of packed structs: a parser then has to name the
 * bytes it reads, right beside the length check that allows it to.
 */
#ifndef SRPT_PROTO_WIRE_H
#define SRPT_PROTO_WIRE_H

#include "shim.h"

/* Opcodes, r16a 6.1 table 9 */
enum proto_opcode {
	PROTO_LOGIN_REQ	= 0x00,
	PROTO_TSK_MGMT	= 0x01,
	PROTO_CMD	= 0x02,
	PROTO_I_LOGOUT	= 0x03,
	PROTO_CRED_RSP	= 0x41,
	PROTO_AER_RSP	= 0x42,
	PROTO_T_LOGOUT	= 0x80,
	PROTO_CRED_REQ	= 0x81,
	PROTO_AER_REQ	= 0x82,
	PROTO_LOGIN_RSP	= 0xc0,
	PROTO_RSP	= 0xc1,
	PROTO_LOGIN_REJ	= 0xc2,
};

/* Sizes in bytes of the fixed part of each IU */
#define PROTO_LOGIN_REQ_LEN		64
#define PROTO_LOGIN_REQ_RDMA_LEN	56	/* RDMA CM variant */
#define PROTO_LOGIN_RSP_LEN		52
#define PROTO_LOGIN_REJ_LEN		32
#define PROTO_CMD_LEN			48
#define PROTO_TSK_MGMT_LEN		48
#define PROTO_SHORT_IU_LEN		16	/* LOGOUT, CRED_REQ/RSP, AER_RSP */
#define PROTO_RSP_LEN			36
#define PROTO_AER_REQ_LEN		36
#define PROTO_DESC_LEN			16	/* direct descriptor: va, key, len */
#define PROTO_INDIRECT_LEN		20	/* table descriptor + total length */
#define PROTO_IMM_LEN			4	/* immediate data: length */
#define PROTO_MIN_IT_IU_LEN		64	/* r16a 6.2: smallest MAX I-T IU */

/* Data buffer formats, r16a 5.4; IMM is the Linux extension */
enum proto_fmt {
	PROTO_FMT_NONE		= 0,
	PROTO_FMT_DIRECT	= 1,
	PROTO_FMT_INDIRECT	= 2,
	PROTO_FMT_IMM		= 3,
};

/* REQUIRED BUFFER FORMATS of LOGIN_REQ, supported ones of LOGIN_RSP */
#define PROTO_BUF_DIRECT		0x0002
#define PROTO_BUF_INDIRECT		0x0004

/* Flag byte of LOGIN_REQ */
#define PROTO_MULTICHAN_MASK		0x03
#define PROTO_MULTICHAN_SINGLE		0x00
#define PROTO_MULTICHAN_MULTI		0x01
#define PROTO_LOSOLNT			0x10
#define PROTO_CRSOLNT			0x20
#define PROTO_AESOLNT			0x40
#define PROTO_IMMED_REQUESTED		0x80

/* Flag byte of LOGIN_RSP */
#define PROTO_RSP_MULTICHAN_NONE	0x00
#define PROTO_RSP_MULTICHAN_TERMINATED	0x01
#define PROTO_RSP_MULTICHAN_KEPT	0x02
#define PROTO_RSP_SOLNTSUP		0x10
#define PROTO_RSP_IMMED_SUPPORTED	0x80

/* Reasons of LOGIN_REJ, r16a 6.4 */
enum proto_rej_reason {
	PROTO_REJ_UNABLE_ESTABLISH_CHANNEL	= 0x00010000,
	PROTO_REJ_INSUFFICIENT_RESOURCES	= 0x00010001,
	PROTO_REJ_REQ_IT_IU_LENGTH_TOO_LARGE	= 0x00010002,
	PROTO_REJ_UNABLE_ASSOCIATE_CHANNEL	= 0x00010003,
	PROTO_REJ_UNSUPPORTED_DESCRIPTOR_FMT	= 0x00010004,
	PROTO_REJ_MULTI_CHANNEL_UNSUPPORTED	= 0x00010005,
	PROTO_REJ_CHANNEL_LIMIT_REACHED		= 0x00010006,
};

/* Reasons of T_LOGOUT, r16a 6.5 */
enum proto_t_logout_reason {
	PROTO_LOGOUT_NO_REASON			= 0x00000000,
	PROTO_LOGOUT_INACTIVE			= 0x00000001,
	PROTO_LOGOUT_INVALID_OPCODE		= 0x00000002,
	PROTO_LOGOUT_SPURIOUS_RESPONSE		= 0x00000003,
	PROTO_LOGOUT_MULTICHANNEL_ACTION	= 0x00000004,
	PROTO_LOGOUT_UNSUPPORTED_DATA_OUT_FMT	= 0x00000006,
	PROTO_LOGOUT_UNSUPPORTED_DATA_IN_FMT	= 0x00000007,
	PROTO_LOGOUT_INVALID_IU_COUNT		= 0x00000008,
};

/* SOLNT bits: what the request asks for (CMD, TSK_MGMT), what the answer says */
#define PROTO_SCSOLNT			0x02
#define PROTO_UCSOLNT			0x04
#define PROTO_SOLNT			0x01

/* Task attributes, r16a 6.8 */
enum proto_task_attr {
	PROTO_ATTR_SIMPLE	= 0,
	PROTO_ATTR_HEAD		= 1,
	PROTO_ATTR_ORDERED	= 2,
	PROTO_ATTR_ACA		= 4,
};

/* Task-management functions, r16a 6.7 */
enum proto_tmf {
	PROTO_TMF_ABORT_TASK		= 0x01,
	PROTO_TMF_ABORT_TASK_SET	= 0x02,
	PROTO_TMF_CLEAR_TASK_SET	= 0x04,
	PROTO_TMF_LUN_RESET		= 0x08,
	PROTO_TMF_CLEAR_ACA		= 0x40,
};

/* RSP_CODE of a response with RSPVALID, r16a 6.9 */
enum proto_rsp_code {
	PROTO_RSP_CODE_COMPLETE		= 0x00,
	PROTO_RSP_CODE_FIELDS_INVALID	= 0x02,
	PROTO_RSP_CODE_NOT_SUPPORTED	= 0x04,
	PROTO_RSP_CODE_FAILED		= 0x05,
};

/* Flag byte of RSP */
#define PROTO_RSP_RSPVALID		0x01
#define PROTO_RSP_SNSVALID		0x02
#define PROTO_RSP_DOOVER		0x04
#define PROTO_RSP_DOUNDER		0x08
#define PROTO_RSP_DIOVER		0x10
#define PROTO_RSP_DIUNDER		0x20

/* Linux extension: what the Linux initiator asks for, and the most we take */
#define PROTO_IMM_DATA_OFFSET		68
#define PROTO_IMM_DATA_MAX		8192

#endif /* SRPT_PROTO_WIRE_H */
