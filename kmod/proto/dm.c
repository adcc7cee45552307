// SPDX-License-Identifier: GPL-2.0
/*
 * Device-management attributes (IBA 1.x chapter 16.3).
 *
 * An IO unit has slots for IO controllers. Ours shows 16 slots and puts the
 * port's one controller into the first, once a target port is enabled; the
 * controller has one service entry, whose name tells initiators the identifier
 * extension to log in with.
 */
#include "dm.h"

/* Common MAD header */
#define MAD_BASE_VERSION	0
#define MAD_CLASS		1
#define MAD_CLASS_VERSION	2
#define MAD_METHOD		3
#define MAD_STATUS		4
#define MAD_TID			8
#define MAD_ATTR		16
#define MAD_ATTR_MOD		20

#define MAD_BASE_VERSION_1	1
#define MAD_METHOD_RESPONSE	0x80	/* bit of every answer */
#define MAD_METHOD_TRAP		0x05
#define MAD_METHOD_TRAP_REPRESS	0x07

/* ClassPortInfo */
#define CPI_BASE_VERSION	0
#define CPI_CLASS_VERSION	1
#define CPI_RESP_TIME		7
#define CPI_RESP_TIME_MASK	0x1f

/* IOUnitInfo */
#define IOU_CHANGE_ID		0
#define IOU_MAX_CONTROLLERS	2
#define IOU_SLOTS		4
#define IOU_SLOT_BYTES		128
#define IOU_SLOT_NONE		0xf	/* the unit has no such slot */
#define IOU_SLOT_PRESENT	0x1

/* IOControllerProfile */
#define IOC_GUID		0
#define IOC_VENDOR_ID		8
#define IOC_DEVICE_ID		12
#define IOC_DEVICE_VERSION	16
#define IOC_SUBSYS_VENDOR_ID	20
#define IOC_SUBSYS_ID		24
#define IOC_IO_CLASS		28
#define IOC_IO_SUBCLASS		30
#define IOC_PROTOCOL		32
#define IOC_PROTOCOL_VERSION	34
#define IOC_SEND_QUEUE_DEPTH	40
#define IOC_RDMA_READ_DEPTH	43
#define IOC_SEND_SIZE		44
#define IOC_RDMA_SIZE		48
#define IOC_CAP_MASK		52
#define IOC_SERVICES		54
#define IOC_ID			64

/* SRP's values for subclass, protocol and its version, r16a annex B */
#define IOC_IO_SUBCLASS_SRP	0x609e
#define IOC_PROTOCOL_SRP	0x0108
#define IOC_PROTOCOL_VERSION_SRP 0x0001

/* ServiceEntries: name and service ID of each */
#define SVC_ID			PROTO_DM_SERVICE_NAME_LEN

static const char ioc_id[] = "Linux SRP target";
static const char service_prefix[] = "SRP.T10:";

void proto_dm_class_port_info(const struct proto_dm_port *port,
			      const struct proto_dm_trap *trap, u8 *data)
{
	memset(data, 0, PROTO_DM_DATA_LEN);
	data[CPI_BASE_VERSION] = MAD_BASE_VERSION_1;
	data[CPI_CLASS_VERSION] = PROTO_DM_CLASS_VERSION;
	data[CPI_RESP_TIME] = port->resp_time & CPI_RESP_TIME_MASK;
	memcpy(data + PROTO_DM_TRAP_OFFSET, trap->raw, PROTO_DM_TRAP_LEN);
}

/* Slots are counted from 1 and take four bits each, high half first. */
static void put_slot(u8 *data, unsigned int slot, u8 value)
{
	u8 *p = data + IOU_SLOTS + (slot - 1) / 2;

	if (slot & 1)
		*p = (u8)((*p & 0x0f) | value << 4);
	else
		*p = (u8)((*p & 0xf0) | value);
}

void proto_dm_io_unit_info(const struct proto_dm_port *port, u8 *data)
{
	unsigned int slot;

	memset(data, 0, PROTO_DM_DATA_LEN);
	proto_put_be16(data + IOU_CHANGE_ID, port->change_id);
	data[IOU_MAX_CONTROLLERS] = PROTO_DM_MAX_CONTROLLERS;
	for (slot = PROTO_DM_MAX_CONTROLLERS + 1; slot <= 2 * IOU_SLOT_BYTES;
	     slot++)
		put_slot(data, slot, IOU_SLOT_NONE);
	if (port->enabled)
		put_slot(data, PROTO_DM_SLOT, IOU_SLOT_PRESENT);
}

static enum proto_dm_status check_slot(const struct proto_dm_port *port,
				       u32 slot)
{
	if (!slot || slot > PROTO_DM_MAX_CONTROLLERS)
		return PROTO_DM_BAD_VALUE;
	if (slot != PROTO_DM_SLOT || !port->enabled)
		return PROTO_DM_NO_IOC;
	return PROTO_DM_OK;
}

enum proto_dm_status proto_dm_ioc_profile(const struct proto_dm_port *port,
					  u32 attr_mod, u8 *data)
{
	enum proto_dm_status status = check_slot(port, attr_mod);

	memset(data, 0, PROTO_DM_DATA_LEN);
	if (status != PROTO_DM_OK)
		return status;
	proto_put_be64(data + IOC_GUID, port->ioc_guid);
	proto_put_be32(data + IOC_VENDOR_ID, port->vendor_id);
	proto_put_be32(data + IOC_DEVICE_ID, port->device_id);
	proto_put_be16(data + IOC_DEVICE_VERSION, port->device_version);
	proto_put_be32(data + IOC_SUBSYS_VENDOR_ID, port->subsys_vendor_id);
	proto_put_be32(data + IOC_SUBSYS_ID, port->subsys_device_id);
	proto_put_be16(data + IOC_IO_CLASS, PROTO_DM_IO_CLASS);
	proto_put_be16(data + IOC_IO_SUBCLASS, IOC_IO_SUBCLASS_SRP);
	proto_put_be16(data + IOC_PROTOCOL, IOC_PROTOCOL_SRP);
	proto_put_be16(data + IOC_PROTOCOL_VERSION, IOC_PROTOCOL_VERSION_SRP);
	proto_put_be16(data + IOC_SEND_QUEUE_DEPTH, port->send_queue_depth);
	data[IOC_RDMA_READ_DEPTH] = port->rdma_read_depth;
	proto_put_be32(data + IOC_SEND_SIZE, port->send_size);
	proto_put_be32(data + IOC_RDMA_SIZE, port->rdma_size);
	data[IOC_CAP_MASK] = port->cap_mask;
	data[IOC_SERVICES] = PROTO_DM_SERVICES;
	memcpy(data + IOC_ID, ioc_id, sizeof(ioc_id) - 1);
	return PROTO_DM_OK;
}

static void put_service(const struct proto_dm_port *port, u8 *entry)
{
	static const char digit[] = "0123456789abcdef";
	u8 *p = entry + sizeof(service_prefix) - 1;
	int shift;

	memcpy(entry, service_prefix, sizeof(service_prefix) - 1);
	for (shift = 60; shift >= 0; shift -= 4)
		*p++ = (u8)digit[port->id_ext >> shift & 0xf];
	proto_put_be64(entry + SVC_ID, port->service_id);
}

enum proto_dm_status proto_dm_service_entries(const struct proto_dm_port *port,
					      u32 attr_mod, u8 *data)
{
	u32 first = attr_mod & 0xff;
	u32 last = attr_mod >> 8 & 0xff;
	enum proto_dm_status status = check_slot(port, attr_mod >> 16);

	memset(data, 0, PROTO_DM_DATA_LEN);
	if (status != PROTO_DM_OK)
		return status;
	if (first > last || last - first >= PROTO_DM_SERVICES_PER_MAD)
		return PROTO_DM_BAD_VALUE;
	if (first >= PROTO_DM_SERVICES)
		return PROTO_DM_NO_SERVICES;
	/* Entries asked for beyond the last one stay zero. */
	put_service(port, data);
	return PROTO_DM_OK;
}

static enum proto_dm_status get(u16 attr, u32 attr_mod,
				const struct proto_dm_port *port,
				const struct proto_dm_trap *trap, u8 *data)
{
	if (attr == PROTO_DM_CLASS_PORT_INFO) {
		proto_dm_class_port_info(port, trap, data);
		return PROTO_DM_OK;
	}
	/*
	 * A port that has not had a controller yet is no IO unit. It may be
	 * asked all the same, where IsDeviceManagement is not ours to clear, and
	 * an empty unit would be listed.
	 */
	if (!port->enabled && !port->change_id)
		return PROTO_DM_BAD_METHOD_ATTR;
	switch (attr) {
	case PROTO_DM_IO_UNIT_INFO:
		proto_dm_io_unit_info(port, data);
		return PROTO_DM_OK;
	case PROTO_DM_IOC_PROFILE:
		return proto_dm_ioc_profile(port, attr_mod, data);
	case PROTO_DM_SERVICE_ENTRIES:
		return proto_dm_service_entries(port, attr_mod, data);
	}
	return PROTO_DM_BAD_METHOD_ATTR;
}

bool proto_dm_handle(const void *mad, size_t len,
		     const struct proto_dm_port *port,
		     struct proto_dm_trap *trap, void *reply)
{
	const u8 *req = (const u8 *)mad;
	u8 *rsp = (u8 *)reply;
	u8 *data = rsp + PROTO_DM_DATA_OFFSET;
	enum proto_dm_status status;
	u16 attr;
	u8 method;

	if (len < PROTO_DM_MAD_LEN || req[MAD_CLASS] != PROTO_DM_CLASS)
		return false;
	method = req[MAD_METHOD];
	/* Answers and traps get no answer: two agents would never stop. */
	if ((method & MAD_METHOD_RESPONSE) || method == MAD_METHOD_TRAP ||
	    method == MAD_METHOD_TRAP_REPRESS)
		return false;

	memset(rsp, 0, PROTO_DM_MAD_LEN);
	rsp[MAD_BASE_VERSION] = MAD_BASE_VERSION_1;
	rsp[MAD_CLASS] = PROTO_DM_CLASS;
	rsp[MAD_CLASS_VERSION] = PROTO_DM_CLASS_VERSION;
	rsp[MAD_METHOD] = PROTO_DM_GET_RESP;
	memcpy(rsp + MAD_TID, req + MAD_TID, 8);
	memcpy(rsp + MAD_ATTR, req + MAD_ATTR, 2);
	memcpy(rsp + MAD_ATTR_MOD, req + MAD_ATTR_MOD, 4);

	attr = proto_get_be16(req + MAD_ATTR);
	if (req[MAD_BASE_VERSION] != MAD_BASE_VERSION_1 ||
	    req[MAD_CLASS_VERSION] != PROTO_DM_CLASS_VERSION) {
		status = PROTO_DM_BAD_VERSION;
	} else if (method == PROTO_DM_GET) {
		status = get(attr, proto_get_be32(req + MAD_ATTR_MOD), port,
			     trap, data);
	} else if (method != PROTO_DM_SET) {
		status = PROTO_DM_BAD_METHOD;
	} else if (attr != PROTO_DM_CLASS_PORT_INFO) {
		status = PROTO_DM_BAD_METHOD_ATTR;
	} else {
		memcpy(trap->raw, req + PROTO_DM_DATA_OFFSET +
				  PROTO_DM_TRAP_OFFSET, PROTO_DM_TRAP_LEN);
		proto_dm_class_port_info(port, trap, data);
		status = PROTO_DM_OK;
	}
	proto_put_be16(rsp + MAD_STATUS, (u16)status);
	return true;
}
