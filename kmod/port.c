// SPDX-License-Identifier: GPL-2.0
/*
 * Ports: which names they carry, whether they are up, and their entry in the
 * device-management tree of the subnet.
 */
#include "log.h"

#include <rdma/ib_cache.h>

#include "channel.h"
#include "dm_mad.h"

static u64 gid_guid(const u8 gid[16])
{
	return proto_get_be64(gid + 8);
}

/* Names beyond GID 0 are looked for in so many entries of the GID table. */
#define SRPT_GIDS_TRIED		64

/**
 * srpt_port_is_named - does a name belong to this port?
 * @port:	port
 * @ident:	GID (ID128) or port GUID
 *
 * A GID counts with any subnet prefix the port has had or will get: names
 * outlive the subnet manager's choice, so the GUID half of GID 0 decides, or
 * a full match with another entry of the GID table (RoCE).
 *
 * May sleep.
 */
bool srpt_port_is_named(struct srpt_port *port, const struct proto_ident *ident)
{
	struct ib_device *ib = port->dev->ib;
	union ib_gid gid;
	int i;

	if (ident->kind != PROTO_IDENT_ID128 && ident->kind != PROTO_IDENT_GUID)
		return false;
	for (i = 0; i < SRPT_GIDS_TRIED; i++) {
		if (rdma_query_gid(ib, port->num, i, &gid))
			break;
		if (!gid_guid(gid.raw))
			continue;
		if (!memcmp(gid.raw, ident->id, 16))
			return true;
		if (gid_guid(gid.raw) == gid_guid(ident->id) &&
		    (ident->kind == PROTO_IDENT_GUID ||
		     rdma_protocol_ib(ib, port->num)))
			return true;
	}
	return false;
}

bool srpt_port_exists(const struct proto_ident *ident)
{
	struct srpt_device *dev;
	bool found = false;
	u32 i;

	mutex_lock(&srpt_device_mutex);
	list_for_each_entry(dev, &srpt_devices, entry)
		for (i = 0; i < dev->port_count; i++)
			found |= srpt_port_is_named(&dev->port[i], ident);
	mutex_unlock(&srpt_device_mutex);
	return found;
}

/* The initiator finds the target by its I/O unit. Describe it. */
static void describe(void *context, struct proto_dm_port *info)
{
	struct srpt_port *port = context;
	const struct ib_device_attr *attr = &port->dev->ib->attrs;

	info->enabled = READ_ONCE(port->published);
	info->ioc_guid = srpt_service_guid;
	info->service_id = srpt_service_guid;
	info->id_ext = srpt_service_guid;
	info->vendor_id = attr->vendor_id;
	info->device_id = attr->vendor_part_id;
	info->device_version = attr->hw_ver;
	info->subsys_vendor_id = attr->vendor_id;
	info->subsys_device_id = 0;
	info->send_queue_depth = SRPT_CREDITS;
	info->rdma_read_depth = min(attr->max_qp_init_rd_atom, 255);
	info->send_size = srpt_max_req_size;
	info->rdma_size = READ_ONCE(port->max_rdma_size);
	info->cap_mask = PROTO_DM_CAP_SEND_TO | PROTO_DM_CAP_SEND_FROM |
			 PROTO_DM_CAP_RDMA_READ_FROM |
			 PROTO_DM_CAP_RDMA_WRITE_FROM;
}

static void port_query(struct srpt_port *port)
{
	struct ib_device *ib = port->dev->ib;
	struct ib_port_attr attr;
	union ib_gid gid;
	unsigned long flags;
	bool was, is;

	if (ib_query_port(ib, port->num, &attr) ||
	    rdma_query_gid(ib, port->num, 0, &gid))
		return;
	is = attr.state == IB_PORT_ACTIVE;
	spin_lock_irqsave(&port->lock, flags);
	was = port->active;
	port->gid = gid;
	port->lid = attr.lid;
	port->sm_lid = attr.sm_lid;
	port->active = is;
	spin_unlock_irqrestore(&port->lock, flags);
	if (was != is)
		srpt_netlink_port(port, is);
}

/* Publish the I/O unit while a TPG of this port is enabled. */
static void port_publish(struct srpt_port *port)
{
	u32 size = READ_ONCE(port->max_rdma_size);
	bool enabled = srpt_target_enabled_on(port, &size);
	bool changed = READ_ONCE(port->published) != enabled;

	WRITE_ONCE(port->max_rdma_size, size);
	WRITE_ONCE(port->published, enabled);
	if (port->dm && changed)
		srpt_dm_agent_changed(port->dm);
}

static void port_work(struct work_struct *work)
{
	struct srpt_port *port = container_of(work, struct srpt_port, work);

	port_query(port);
	port_publish(port);
}

void srpt_port_refresh_all(void)
{
	struct srpt_device *dev;
	u32 i;

	mutex_lock(&srpt_device_mutex);
	list_for_each_entry(dev, &srpt_devices, entry)
		for (i = 0; i < dev->port_count; i++)
			queue_work(srpt_wq, &dev->port[i].work);
	mutex_unlock(&srpt_device_mutex);
}

void srpt_port_event(struct srpt_port *port, enum ib_event_type type)
{
	switch (type) {
	case IB_EVENT_PORT_ERR:
	case IB_EVENT_PORT_ACTIVE:
	case IB_EVENT_LID_CHANGE:
	case IB_EVENT_PKEY_CHANGE:
	case IB_EVENT_SM_CHANGE:
	case IB_EVENT_CLIENT_REREGISTER:
	case IB_EVENT_GID_CHANGE:
		queue_work(srpt_wq, &port->work);
		break;
	default:
		break;
	}
}

/**
 * srpt_port_init - begin to use a port
 * @dev:	its device
 * @port:	zeroed
 * @num:	port number
 *
 * May sleep. Returns 0 or a negative error.
 */
int srpt_port_init(struct srpt_device *dev, struct srpt_port *port, u32 num)
{
	port->dev = dev;
	port->num = num;
	port->max_rdma_size = 65536;
	spin_lock_init(&port->lock);
	INIT_WORK(&port->work, port_work);
	port_query(port);
	port->published = srpt_target_enabled_on(port, &port->max_rdma_size);
	if (rdma_cap_ib_mad(dev->ib, num) && rdma_protocol_ib(dev->ib, num)) {
		port->dm = srpt_dm_agent_add(dev->ib, num, describe, port);
		if (IS_ERR(port->dm)) {
			/* Logins work without; only discovery does not. */
			pr_warn("%s port %u: no device-management agent (error %ld), initiators will not discover this port\n",
				dev_name(&dev->ib->dev), num, PTR_ERR(port->dm));
			port->dm = NULL;
		}
	}
	return 0;
}

void srpt_port_exit(struct srpt_port *port)
{
	cancel_work_sync(&port->work);
	if (port->dm)
		srpt_dm_agent_remove(port->dm);
	port->dm = NULL;
}
