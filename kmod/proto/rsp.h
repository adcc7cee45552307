/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SRPT_PROTO_RSP_H
#define SRPT_PROTO_RSP_H

#include "wire.h"

/**
 * struct proto_rsp - what an SRP_RSP says
 * @tag:	tag of the request answered
 * @req_lim_delta: credits returned
 * @sol_not:	PROTO_SOLNT or 0
 * @status:	SCSI status
 * @resid:	residual count, bytes; 0: none
 * @resid_over:	residual is an overflow, else an underflow
 * @resid_out:	residual belongs to the data-out buffer, else data-in
 * @sense:	sense data or NULL
 * @sense_len:	bytes of it
 */
struct proto_rsp {
	u64 tag;
	s32 req_lim_delta;
	u8 sol_not;
	u8 status;
	u32 resid;
	bool resid_over;
	bool resid_out;
	const void *sense;
	u32 sense_len;
};

/*
 * All builders write at most @cap bytes, never leave a byte of what they
 * return uninitialised, and return the length of the IU (0: @cap is under
 * the fixed part). Sense data is cut to what fits (in whole dwords never over cap).
 */
size_t proto_rsp_build(void *buf, size_t cap, const struct proto_rsp *r);
size_t proto_rsp_build_tmf(void *buf, size_t cap, u64 tag, s32 req_lim_delta,
			   u8 sol_not, u8 rsp_code);
size_t proto_build_cred_req(void *buf, size_t cap, u64 tag, s32 req_lim_delta,
			    u8 sol_not);
size_t proto_build_t_logout(void *buf, size_t cap, u64 tag, u32 reason,
			    u8 sol_not);
size_t proto_build_aer_req(void *buf, size_t cap, u64 tag, s32 req_lim_delta,
			   u8 sol_not, const u8 lun[8], const void *sense,
			   u32 sense_len);

#endif
