/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SRPT_PROTO_DM_H
#define SRPT_PROTO_DM_H

#include "shim.h"

/*
 * InfiniBand device management (IBA 1.x chapter 16.3): what an initiator
 * asks a port in order to find targets. A MAD has 256 bytes: the common
 * header (24), a reserved part (40) and the attribute (192).
 */
#define PROTO_DM_MAD_LEN		256
#define PROTO_DM_DATA_OFFSET		64
#define PROTO_DM_DATA_LEN		192

#define PROTO_DM_CLASS			0x06
#define PROTO_DM_CLASS_VERSION		1

/* Methods */
#define PROTO_DM_GET			0x01
#define PROTO_DM_SET			0x02
#define PROTO_DM_GET_RESP		0x81

/* Attributes we know */
#define PROTO_DM_CLASS_PORT_INFO	0x0001
#define PROTO_DM_IO_UNIT_INFO		0x0010
#define PROTO_DM_IOC_PROFILE		0x0011
#define PROTO_DM_SERVICE_ENTRIES	0x0012

/* Status field: common part (IBA 13.4.7), class part (IBA 16.3.3) */
enum proto_dm_status {
	PROTO_DM_OK			= 0x0000,
	PROTO_DM_BAD_VERSION		= 0x0004,
	PROTO_DM_BAD_METHOD		= 0x0008,
	PROTO_DM_BAD_METHOD_ATTR	= 0x000c,
	PROTO_DM_BAD_VALUE		= 0x001c,
	PROTO_DM_NO_IOC			= 0x0100,
	PROTO_DM_NO_SERVICES		= 0x0200,
};

#define PROTO_DM_MAX_CONTROLLERS	0x10	/* slots of the IO unit */
#define PROTO_DM_SLOT			1	/* the one our controller is in */
#define PROTO_DM_SERVICES		1	/* service entries it has */
#define PROTO_DM_SERVICES_PER_MAD	4
#define PROTO_DM_SERVICE_NAME_LEN	40
#define PROTO_DM_ID_LEN			64
#define PROTO_DM_IO_CLASS		0x0100	/* SRP r16a; rev. 10 had ff00 */

/* Trap part of ClassPortInfo: what a manager may write with Set */
#define PROTO_DM_TRAP_OFFSET		40
#define PROTO_DM_TRAP_LEN		32

/**
 * struct proto_dm_port - what one port of ours tells about itself
 * @enabled:		a target port is enabled here; else the IO unit is empty
 * @change_id:		counts what @enabled went through; while it is 0 and no
 *			target port is enabled there is no IO unit
 * @ioc_guid:		GUID of the IO controller
 * @service_id:		IB service ID that takes logins
 * @id_ext:		identifier extension, names the service SRP.T10:<id_ext>
 * @vendor_id:		vendor of the HCA, as its driver reports it. It goes out
 *			right-aligned in the 32 bit field, as Linux targets have
 *			always done: inventories compare what tools print of it
 * @device_id:		device ID of the HCA
 * @device_version:	hardware revision of the HCA
 * @subsys_vendor_id:	like @vendor_id
 * @subsys_device_id:	subsystem ID
 * @send_queue_depth:	requests a channel takes at once
 * @rdma_read_depth:	RDMA READs a channel has outstanding
 * @send_size:		largest IU, bytes
 * @rdma_size:		largest RDMA transfer, bytes
 * @cap_mask:		operations the controller supports, PROTO_DM_CAP_*
 * @resp_time:		response time, 4.096 us * 2^resp_time
 */
struct proto_dm_port {
	bool enabled;
	u16 change_id;
	u64 ioc_guid;
	u64 service_id;
	u64 id_ext;
	u32 vendor_id;
	u32 device_id;
	u16 device_version;
	u32 subsys_vendor_id;
	u32 subsys_device_id;
	u16 send_queue_depth;
	u8 rdma_read_depth;
	u32 send_size;
	u32 rdma_size;
	u8 cap_mask;
	u8 resp_time;
};

/* Controller operations capability mask, IBA table 306 */
#define PROTO_DM_CAP_SEND_TO		0x01
#define PROTO_DM_CAP_SEND_FROM		0x02
#define PROTO_DM_CAP_RDMA_READ_TO	0x04
#define PROTO_DM_CAP_RDMA_READ_FROM	0x08
#define PROTO_DM_CAP_RDMA_WRITE_TO	0x10
#define PROTO_DM_CAP_RDMA_WRITE_FROM	0x20
#define PROTO_DM_CAP_ATOMIC_TO		0x40
#define PROTO_DM_CAP_ATOMIC_FROM	0x80

/**
 * struct proto_dm_trap - where a manager wants traps sent, kept between MADs
 * @raw:	TrapGID to TrapQ_Key of ClassPortInfo as last written; zeros first
 *
 * We send no device-management traps (a changed IO unit is announced by the
 * capability mask and the subnet manager's trap); a manager reads back what
 * it wrote.
 */
struct proto_dm_trap {
	u8 raw[PROTO_DM_TRAP_LEN];
};

/* Attribute builders: each fills all PROTO_DM_DATA_LEN bytes of @data. */
void proto_dm_class_port_info(const struct proto_dm_port *port,
			      const struct proto_dm_trap *trap, u8 *data);
void proto_dm_io_unit_info(const struct proto_dm_port *port, u8 *data);
enum proto_dm_status proto_dm_ioc_profile(const struct proto_dm_port *port,
					  u32 attr_mod, u8 *data);
enum proto_dm_status proto_dm_service_entries(const struct proto_dm_port *port,
					      u32 attr_mod, u8 *data);

/* Answer one MAD. False: it is no request of this class, drop it. Else all
 * PROTO_DM_MAD_LEN bytes of @reply are written; it may not overlap @mad.
 */
bool proto_dm_handle(const void *mad, size_t len,
		     const struct proto_dm_port *port,
		     struct proto_dm_trap *trap, void *reply);

#endif
