// SPDX-License-Identifier: GPL-2.0
/*
 * The RDMA connection manager: RoCE, iWARP, and IPoIB addresses. One listener
 * for IPv4 and one for IPv6, for all HCAs.
 */
#include "log.h"

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/inet.h>
#include <linux/nsproxy.h>
#include <linux/rwsem.h>
#include <net/ipv6.h>

#include "channel.h"

#define SRPT_LISTEN_BACKLOG	128

static DEFINE_MUTEX(listen_mutex);	/* protects what follows */
static struct rdma_cm_id *listener[2];
static u16 listen_port;
static bool listening_allowed;

static const struct srpt_cm_ops cm_rdma_ops;

/* Who is it? The source address, and on InfiniBand and RoCE the GID too. */
static void set_peer(struct srpt_conn *conn, struct rdma_cm_id *id)
{
	const struct sockaddr *sa = (struct sockaddr *)&id->route.addr.dst_addr;
	struct proto_initiator *who = &conn->who;
	union ib_gid gid;

	if (sa->sa_family == AF_INET) {
		struct in6_addr mapped;

		ipv6_addr_set_v4mapped(((struct sockaddr_in *)sa)->sin_addr.s_addr,
				       &mapped);
		memcpy(who->ip, &mapped, 16);
		who->has_ip = true;
		snprintf(conn->peer, sizeof(conn->peer), "%pI4",
			 &((struct sockaddr_in *)sa)->sin_addr);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(who->ip, &((struct sockaddr_in6 *)sa)->sin6_addr, 16);
		who->has_ip = true;
		snprintf(conn->peer, sizeof(conn->peer), "%pI6c",
			 &((struct sockaddr_in6 *)sa)->sin6_addr);
	}
	if (rdma_protocol_ib(id->device, id->port_num)) {
		rdma_addr_get_dgid(&id->route.addr.dev_addr, &gid);
		memcpy(who->sgid, gid.raw, 16);
		who->has_sgid = true;
	} else if (rdma_protocol_roce(id->device, id->port_num) && who->has_ip) {
		/* A RoCE v2 GID is the address. */
		memcpy(who->sgid, who->ip, 16);
		who->has_sgid = true;
	}
}

static int begin_login(struct rdma_cm_id *id, const struct rdma_cm_event *event)
{
	const struct rdma_conn_param *req = &event->param.conn;
	struct srpt_port *port = srpt_port_find(id->device, id->port_num);
	struct srpt_conn *conn;

	if (!port)
		return -ENODEV;
	conn = srpt_conn_alloc(port, &cm_rdma_ops, req->private_data,
			       req->private_data_len);
	if (!conn)
		return -ENOMEM;
	conn->rdma = id;
	conn->remote_qpn = req->qp_num;
	conn->responder_resources = req->responder_resources;
	conn->initiator_depth = req->initiator_depth;
	conn->rnr_retry_count = req->rnr_retry_count;
	set_peer(conn, id);
	id->context = conn;
	return srpt_conn_start(conn);
}

static int cm_rdma_request(struct rdma_cm_id *id,
			   const struct rdma_cm_event *event)
{
	int ret;

	down_read(&srpt_request_sem);
	ret = begin_login(id, event);
	up_read(&srpt_request_sem);
	return ret;
}

static int cm_rdma_handler(struct rdma_cm_id *id, struct rdma_cm_event *event)
{
	struct srpt_conn *conn;

	if (event->event == RDMA_CM_EVENT_CONNECT_REQUEST)
		return cm_rdma_request(id, event);

	conn = id->context;
	if (!conn)
		return 0;		/* a listener */
	switch (event->event) {
	case RDMA_CM_EVENT_ESTABLISHED:
		srpt_conn_established(conn);
		break;
	case RDMA_CM_EVENT_DISCONNECTED:
		srpt_conn_lost(conn, SRPT_CLOSE_INITIATOR_DREQ);
		break;
	case RDMA_CM_EVENT_REJECTED:
	case RDMA_CM_EVENT_UNREACHABLE:
	case RDMA_CM_EVENT_CONNECT_ERROR:
		srpt_conn_lost(conn, SRPT_CLOSE_HANDSHAKE);
		break;
	case RDMA_CM_EVENT_DEVICE_REMOVAL:
		srpt_conn_lost(conn, SRPT_CLOSE_DEVICE_REMOVED);
		break;
	case RDMA_CM_EVENT_TIMEWAIT_EXIT:
		srpt_conn_lost(conn, SRPT_CLOSE_CONNECTION_LOST);
		break;
	default:
		break;
	}
	return 0;
}

static int cm_rdma_create_qp(struct srpt_conn *conn, struct srpt_channel *ch,
			     struct ib_qp_init_attr *attr)
{
	int ret = rdma_create_qp(conn->rdma, ch->dev->pd, attr);

	if (!ret)
		ch->qp = conn->rdma->qp;
	return ret;
}

static int cm_rdma_accept(struct srpt_conn *conn, struct srpt_channel *ch,
			  const void *rsp, u8 len)
{
	struct ib_device *ib = ch->dev->ib;
	struct rdma_conn_param param = {
		.private_data		= rsp,
		.private_data_len	= len,
		.responder_resources	= min_t(u32, conn->responder_resources,
						ib->attrs.max_qp_rd_atom),
		.initiator_depth	= min_t(u32, conn->initiator_depth,
						ib->attrs.max_qp_init_rd_atom),
		.flow_control		= 1,
		.rnr_retry_count	= conn->rnr_retry_count,
		.srq			= ch->use_srq,
	};
	int ret;

	rdma_lock_handler(conn->rdma);
	ret = rdma_accept(conn->rdma, &param);
	rdma_unlock_handler(conn->rdma);
	return ret;
}

static void cm_rdma_reject(struct srpt_conn *conn, const void *rej, u8 len)
{
	rdma_reject(conn->rdma, rej, len, IB_CM_REJ_CONSUMER_DEFINED);
}

static void cm_rdma_disconnect(struct srpt_conn *conn)
{
	rdma_disconnect(conn->rdma);
}

static void cm_rdma_destroy_qp(struct srpt_conn *conn, struct srpt_channel *ch)
{
	rdma_destroy_qp(conn->rdma);
	ch->qp = NULL;
}

static void cm_rdma_destroy(struct srpt_conn *conn)
{
	rdma_destroy_id(conn->rdma);
}

static const struct srpt_cm_ops cm_rdma_ops = {
	.rdma_cm	= true,
	.create_qp	= cm_rdma_create_qp,
	.accept		= cm_rdma_accept,
	.reject		= cm_rdma_reject,
	.disconnect	= cm_rdma_disconnect,
	.destroy_qp	= cm_rdma_destroy_qp,
	.destroy	= cm_rdma_destroy,
};

static struct rdma_cm_id *listen_on(struct sockaddr *addr)
{
	struct rdma_cm_id *id;
	int ret;

	id = rdma_create_id(&init_net, cm_rdma_handler, NULL, RDMA_PS_TCP,
			    IB_QPT_RC);
	if (IS_ERR(id))
		return id;
	/* Else the IPv6 listener would take the IPv4 port as well. */
	ret = addr->sa_family == AF_INET6 ? rdma_set_afonly(id, 1) : 0;
	ret = ret ?: rdma_bind_addr(id, addr);
	ret = ret ?: rdma_listen(id, SRPT_LISTEN_BACKLOG);
	if (ret) {
		rdma_destroy_id(id);
		return ERR_PTR(ret);
	}
	return id;
}

static void stop_listening(void)
{
	int i;

	lockdep_assert_held(&listen_mutex);
	for (i = 0; i < ARRAY_SIZE(listener); i++) {
		if (listener[i])
			rdma_destroy_id(listener[i]);
		listener[i] = NULL;
	}
}

static int start_listening(u16 port)
{
	struct sockaddr_in v4 = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_ANY),
	};
	struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = IN6ADDR_ANY_INIT,
	};
	struct rdma_cm_id *id;

	lockdep_assert_held(&listen_mutex);
	id = listen_on((struct sockaddr *)&v4);
	if (IS_ERR(id)) {
		pr_err("listening on RDMA CM port %u failed: error %ld\n", port,
		       PTR_ERR(id));
		return PTR_ERR(id);
	}
	listener[0] = id;
	/* A kernel may run without IPv6. */
	id = listen_on((struct sockaddr *)&v6);
	if (IS_ERR(id))
		pr_info("not listening on RDMA CM port %u over IPv6: error %ld\n",
			port, PTR_ERR(id));
	else
		listener[1] = id;
	return 0;
}

int srpt_rdma_cm_set_port(u16 port)
{
	u16 old;
	int ret = 0;

	mutex_lock(&listen_mutex);
	old = listen_port;
	listen_port = port;
	if (listening_allowed && port != old) {
		stop_listening();
		if (port)
			ret = start_listening(port);
		if (ret) {
			listen_port = old;
			if (old)
				start_listening(old);
		}
	}
	mutex_unlock(&listen_mutex);
	return ret;
}

u16 srpt_rdma_cm_get_port(void)
{
	return READ_ONCE(listen_port);
}

/* Devices are known from here on: begin to listen where a port is set. */
int srpt_cm_rdma_init(void)
{
	int ret = 0;

	mutex_lock(&listen_mutex);
	listening_allowed = true;
	if (listen_port)
		ret = start_listening(listen_port);
	if (ret)
		listening_allowed = false;
	mutex_unlock(&listen_mutex);
	return ret;
}

void srpt_cm_rdma_exit(void)
{
	mutex_lock(&listen_mutex);
	listening_allowed = false;
	stop_listening();
	mutex_unlock(&listen_mutex);
}
