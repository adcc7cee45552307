// SPDX-License-Identifier: GPL-2.0
/*
 * The parts of information units that are no command: the common header,
 * task management (r16a 6.7) and the LUN field (SAM-3 4.9).
 */
#include "iu.h"

#define IU_TAG			8

#define TMF_SOL_NOT		1
#define TMF_LUN			20
#define TMF_FUNC		30
#define TMF_TASK_TAG		32

#define LUN_METHOD_MASK		0xc0
#define LUN_METHOD_PERIPHERAL	0x00
#define LUN_METHOD_FLAT		0x40

bool proto_iu_header(const void *iu, size_t len, u8 *opcode, u64 *tag)
{
	const u8 *p = (const u8 *)iu;

	if (len < PROTO_SHORT_IU_LEN)
		return false;
	*opcode = p[0];
	*tag = proto_get_be64(p + IU_TAG);
	return true;
}

bool proto_tmf_parse(const void *iu, size_t len, struct proto_tmf_req *req)
{
	const u8 *p = (const u8 *)iu;

	if (len < PROTO_TSK_MGMT_LEN)
		return false;
	req->sol_not = p[TMF_SOL_NOT];
	req->tag = proto_get_be64(p + IU_TAG);
	memcpy(req->lun, p + TMF_LUN, sizeof(req->lun));
	req->func = p[TMF_FUNC];
	req->task_tag = proto_get_be64(p + TMF_TASK_TAG);
	return true;
}

u64 proto_lun_decode(const u8 lun[8])
{
	u8 method = lun[0] & LUN_METHOD_MASK;
	int i;

	/*
	 * Peripheral addressing has a bus number beside the LUN. LIO reports
	 * LUN 256 and up in that form with the high byte in place of the bus,
	 * and initiators send back what was reported: both forms are read
	 * as one 14 bit number.
	 */
	if (method != LUN_METHOD_PERIPHERAL && method != LUN_METHOD_FLAT)
		return ~0ULL;
	/* There is nothing behind a logical unit of ours: one level only. */
	for (i = 2; i < 8; i++)
		if (lun[i])
			return ~0ULL;
	return (u64)(lun[0] & ~LUN_METHOD_MASK) << 8 | lun[1];
}
