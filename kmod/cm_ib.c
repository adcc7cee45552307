// SPDX-License-Identifier: GPL-2.0
/*
 * The InfiniBand connection manager: one listener per HCA on the service ID
 * that is the target's GUID.
 */
#include "log.h"

#include <linux/random.h>
#include <rdma/ib_cache.h>

#include "channel.h"

static const struct srpt_cm_ops cm_ib_ops;

static int cm_ib_request(struct ib_cm_id *cm_id,
			 const struct ib_cm_event *event)
{
	const struct ib_cm_req_event_param *req = &event->param.req_rcvd;
	struct srpt_port *port = srpt_port_find(cm_id->device, req->port);
	struct srpt_conn *conn;

	if (!port)
		return -ENODEV;
	conn = srpt_conn_alloc(port, &cm_ib_ops, event->private_data,
			       IB_CM_REQ_PRIVATE_DATA_SIZE);
	if (!conn)
		return -ENOMEM;
	conn->ib = cm_id;
	conn->remote_qpn = req->remote_qpn;
	conn->responder_resources = req->responder_resources;
	conn->initiator_depth = req->initiator_depth;
	conn->rnr_retry_count = req->rnr_retry_count;
	/* Seen from here the initiator is the destination of the path. */
	memcpy(conn->who.sgid, req->primary_path->dgid.raw, 16);
	conn->who.has_sgid = true;
	conn->pkey = be16_to_cpu(req->primary_path->pkey);
	snprintf(conn->peer, sizeof(conn->peer), "%pI6",
		 req->primary_path->dgid.raw);
	cm_id->context = conn;
	return srpt_conn_start(conn);
}

static int cm_ib_handler(struct ib_cm_id *cm_id, const struct ib_cm_event *event)
{
	struct srpt_conn *conn;

	if (event->event == IB_CM_REQ_RECEIVED)
		return cm_ib_request(cm_id, event);

	conn = cm_id->context;
	switch (event->event) {
	case IB_CM_RTU_RECEIVED:
	case IB_CM_USER_ESTABLISHED:
		srpt_conn_established(conn);
		break;
	case IB_CM_DREQ_RECEIVED:
		ib_send_cm_drep(cm_id, NULL, 0);
		srpt_conn_lost(conn, SRPT_CLOSE_INITIATOR_DREQ);
		break;
	case IB_CM_REJ_RECEIVED:
	case IB_CM_REP_ERROR:
		srpt_conn_lost(conn, SRPT_CLOSE_HANDSHAKE);
		break;
	case IB_CM_DREP_RECEIVED:
	case IB_CM_DREQ_ERROR:
	case IB_CM_TIMEWAIT_EXIT:
		srpt_conn_lost(conn, SRPT_CLOSE_CONNECTION_LOST);
		break;
	default:
		break;
	}
	return 0;
}

static int modify_qp(struct srpt_conn *conn, struct ib_qp *qp,
		     enum ib_qp_state state)
{
	struct ib_qp_attr attr = { .qp_state = state };
	int mask, ret;

	ret = ib_cm_init_qp_attr(conn->ib, &attr, &mask);
	if (ret)
		return ret;
	if (mask & IB_QP_MAX_DEST_RD_ATOMIC)
		attr.max_dest_rd_atomic =
			min_t(u32, conn->responder_resources,
			      qp->device->attrs.max_qp_rd_atom);
	if (mask & IB_QP_MAX_QP_RD_ATOMIC)
		attr.max_rd_atomic = min_t(u32, conn->initiator_depth,
					   qp->device->attrs.max_qp_init_rd_atom);
	/* The accept will name the QP number as starting PSN. */
	if (mask & IB_QP_SQ_PSN)
		attr.sq_psn = qp->qp_num;
	return ib_modify_qp(qp, &attr, mask);
}

static int cm_ib_create_qp(struct srpt_conn *conn, struct srpt_channel *ch,
			   struct ib_qp_init_attr *attr)
{
	struct ib_qp *qp = ib_create_qp(ch->dev->pd, attr);
	int ret;

	if (IS_ERR(qp))
		return PTR_ERR(qp);
	ret = modify_qp(conn, qp, IB_QPS_INIT);
	if (ret) {
		ib_destroy_qp(qp);
		return ret;
	}
	ch->qp = qp;
	return 0;
}

static int cm_ib_accept(struct srpt_conn *conn, struct srpt_channel *ch,
			const void *rsp, u8 len)
{
	struct ib_qp *qp = ch->qp;
	struct ib_cm_rep_param rep = {
		.qp_num			= qp->qp_num,
		.starting_psn		= qp->qp_num,
		.private_data		= rsp,
		.private_data_len	= len,
		.responder_resources	= min_t(u32, conn->responder_resources,
						qp->device->attrs.max_qp_rd_atom),
		.initiator_depth	= min_t(u32, conn->initiator_depth,
						qp->device->attrs.max_qp_init_rd_atom),
		.flow_control		= 1,
		.rnr_retry_count	= conn->rnr_retry_count,
		.srq			= ch->use_srq,
	};
	int ret;

	ret = modify_qp(conn, qp, IB_QPS_RTR) ?: modify_qp(conn, qp, IB_QPS_RTS);
	return ret ?: ib_send_cm_rep(conn->ib, &rep);
}

static void cm_ib_reject(struct srpt_conn *conn, const void *rej, u8 len)
{
	ib_send_cm_rej(conn->ib, IB_CM_REJ_CONSUMER_DEFINED, NULL, 0, rej, len);
}

static void cm_ib_disconnect(struct srpt_conn *conn)
{
	/* Refused by the CM where the peer was first: nothing to do then. */
	if (ib_send_cm_dreq(conn->ib, NULL, 0))
		ib_send_cm_drep(conn->ib, NULL, 0);
}

static void cm_ib_destroy_qp(struct srpt_conn *conn, struct srpt_channel *ch)
{
	ib_destroy_qp(ch->qp);
	ch->qp = NULL;
}

static void cm_ib_destroy(struct srpt_conn *conn)
{
	ib_destroy_cm_id(conn->ib);
}

static const struct srpt_cm_ops cm_ib_ops = {
	.create_qp	= cm_ib_create_qp,
	.accept		= cm_ib_accept,
	.reject		= cm_ib_reject,
	.disconnect	= cm_ib_disconnect,
	.destroy_qp	= cm_ib_destroy_qp,
	.destroy	= cm_ib_destroy,
};

/* Listen on the service ID. Devices without IB CM are left to RDMA CM. */
int srpt_cm_ib_listen(struct srpt_device *dev)
{
	struct ib_cm_id *cm_id;
	int ret;

	if (!rdma_cap_ib_cm(dev->ib, rdma_start_port(dev->ib)))
		return 0;
	cm_id = ib_create_cm_id(dev->ib, cm_ib_handler, dev);
	if (IS_ERR(cm_id))
		return PTR_ERR(cm_id);
	ret = ib_cm_listen(cm_id, cpu_to_be64(srpt_service_guid));
	if (ret) {
		ib_destroy_cm_id(cm_id);
		return ret;
	}
	dev->cm_id = cm_id;
	return 0;
}

void srpt_cm_ib_unlisten(struct srpt_device *dev)
{
	if (dev->cm_id)
		ib_destroy_cm_id(dev->cm_id);
	dev->cm_id = NULL;
}
