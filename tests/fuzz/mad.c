// SPDX-License-Identifier: GPL-2.0
/*
 * Device-management MADs, one after the other to one port.
 * Input: 1 byte options, then MADs; the last one may be cut.
 */
#include "fuzz.h"
#include "dm.h"

static bool known(u16 status)
{
	return status == PROTO_DM_OK || status == PROTO_DM_BAD_VERSION ||
	       status == PROTO_DM_BAD_METHOD ||
	       status == PROTO_DM_BAD_METHOD_ATTR ||
	       status == PROTO_DM_BAD_VALUE || status == PROTO_DM_NO_IOC ||
	       status == PROTO_DM_NO_SERVICES;
}

static void check_reply(const u8 *req, const u8 *rsp, bool enabled)
{
	static const u8 zero[PROTO_DM_DATA_LEN];
	u16 status = proto_get_be16(rsp + 4), attr = proto_get_be16(req + 16);

	MUST(rsp[0] == 1 && rsp[1] == 6 && rsp[2] == 1 && rsp[3] == 0x81);
	MUST(known(status) && !rsp[6] && !rsp[7]);
	MUST(!memcmp(rsp + 8, req + 8, 10) && !memcmp(rsp + 20, req + 20, 4));
	MUST(!memcmp(rsp + 24, zero, 40));
	if (status != PROTO_DM_OK) {
		MUST(!memcmp(rsp + 64, zero, PROTO_DM_DATA_LEN));
		return;
	}
	MUST(req[3] == PROTO_DM_GET || req[3] == PROTO_DM_SET);
	MUST(req[3] == PROTO_DM_GET || attr == PROTO_DM_CLASS_PORT_INFO);
	/* A port that is not enabled offers nothing. */
	MUST(enabled || attr == PROTO_DM_CLASS_PORT_INFO ||
	     attr == PROTO_DM_IO_UNIT_INFO);
	if (attr == PROTO_DM_IO_UNIT_INFO)
		MUST(rsp[68] == (enabled ? 0x10 : 0));
	if (req[3] == PROTO_DM_SET)
		MUST(!memcmp(rsp + 104, req + 104, PROTO_DM_TRAP_LEN));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct proto_dm_port port = {
		.enabled = true, .change_id = 1, .ioc_guid = ~0ULL,
		.service_id = ~0ULL, .id_ext = ~0ULL, .vendor_id = ~0U,
		.resp_time = 0xff,
	};
	struct proto_dm_trap trap = { { 0 } }, trap2 = { { 0 } };
	u8 one[PROTO_DM_MAD_LEN], two[PROTO_DM_MAD_LEN];
	bool sent;
	size_t n;

	if (!size)
		return 0;
	port.enabled = *data++ & 1;
	for (size--; size; data += n, size -= n) {
		n = size < PROTO_DM_MAD_LEN ? size : PROTO_DM_MAD_LEN;
		memset(one, 0x00, sizeof(one));
		memset(two, 0xff, sizeof(two));
		sent = proto_dm_handle(data, n, &port, &trap, one);
		MUST(proto_dm_handle(data, n, &port, &trap2, two) == sent);
		MUST(!memcmp(&trap, &trap2, sizeof(trap)));
		MUST(!sent || n == PROTO_DM_MAD_LEN);
		if (n < PROTO_DM_MAD_LEN)
			break;
		MUST(sent == (data[1] == 6 && data[3] < 0x80 &&
			      data[3] != 0x05 && data[3] != 0x07));
		if (sent) {
			MUST(!memcmp(one, two, sizeof(one)));
			check_reply(data, one, port.enabled);
		}
	}
	return 0;
}
