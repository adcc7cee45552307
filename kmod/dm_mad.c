// SPDX-License-Identifier: GPL-2.0
/*
 * The device-management agent of a port: a general-services MAD agent that
 * answers what proto/dm.c can answer, and the IsDeviceManagement bit that makes
 * initiators ask. Setting the bit makes the subnet manager tell subscribers
 * (trap 144), which is how a waiting initiator learns that a target has come.
 */
#include "log.h"

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/err.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <rdma/ib_mad.h>
#include <rdma/ib_verbs.h>

#include "dm_mad.h"

/* 4.096 us * 2^18: one second, what the common managers assume anyway. */
#define DM_RESP_TIME		18
/*
 * Answers under way at once. MADs come from anybody on the subnet, each answer
 * takes memory until it is sent, and who gets none asks again.
 */
#define DM_MAX_REPLIES		64

/**
 * struct srpt_dm_agent - device-management agent of one port
 * @dev:	its device
 * @port_num:	its port
 * @describe:	asks the owner what the port is now
 * @context:	for @describe
 * @mad_agent:	the registered agent
 * @replies:	answers sent and not yet completed
 * @lock:	protects @published, @change_id, @trap
 * @published:	an enabled port is what was last seen
 * @change_id:	how often @published changed
 * @trap:	what managers wrote into ClassPortInfo
 * @cap_mutex:	protects @cap_set and @cap_refused; serialises changes of the
 *		capability mask
 * @cap_set:	the IsDeviceManagement bit is set on our behalf
 * @cap_refused: the driver has refused to set it, and we have said so
 */
struct srpt_dm_agent {
	struct ib_device *dev;
	u32 port_num;
	srpt_dm_describe_t describe;
	void *context;
	struct ib_mad_agent *mad_agent;
	atomic_t replies;
	spinlock_t lock;		/* the three below */
	bool published;
	u16 change_id;
	struct proto_dm_trap trap;
	struct mutex cap_mutex;		/* the two below */
	bool cap_set;
	bool cap_refused;
};

/*
 * Ask the owner, and count when a controller has come or gone since the last
 * time anybody looked: the first enabled state seen has change ID 1.
 */
static void describe(struct srpt_dm_agent *agent, struct proto_dm_port *port)
{
	lockdep_assert_held(&agent->lock);
	memset(port, 0, sizeof(*port));
	agent->describe(agent->context, port);
	if (port->enabled != agent->published) {
		agent->published = port->enabled;
		agent->change_id++;
	}
	port->change_id = agent->change_id;
	port->resp_time = DM_RESP_TIME;
}

static void free_reply(struct srpt_dm_agent *agent,
		       struct ib_mad_send_buf *reply)
{
	rdma_destroy_ah(reply->ah, RDMA_DESTROY_AH_SLEEPABLE);
	ib_free_send_mad(reply);
	atomic_dec(&agent->replies);
}

static void dm_sent(struct ib_mad_agent *mad_agent,
		    struct ib_mad_send_wc *send_wc)
{
	free_reply(mad_agent->context, send_wc->send_buf);
}

/* An answer to @req with its address, or NULL: nothing is to be sent. */
static struct ib_mad_send_buf *make_reply(struct srpt_dm_agent *agent,
					  struct ib_mad_agent *mad_agent,
					  struct ib_mad_recv_wc *req)
{
	struct ib_mad_send_buf *reply;
	struct proto_dm_port port;
	bool answer;

	if (atomic_inc_return(&agent->replies) > DM_MAX_REPLIES)
		goto drop;
	reply = ib_create_send_mad(mad_agent, req->wc->src_qp,
				   req->wc->pkey_index, 0, IB_MGMT_DEVICE_HDR,
				   IB_MGMT_DEVICE_DATA, GFP_KERNEL,
				   IB_MGMT_BASE_VERSION);
	if (IS_ERR(reply))
		goto drop;

	spin_lock(&agent->lock);
	describe(agent, &port);
	answer = proto_dm_handle(req->recv_buf.mad, sizeof(struct ib_mad),
				 &port, &agent->trap, reply->mad);
	spin_unlock(&agent->lock);
	if (!answer)
		goto free;

	reply->ah = ib_create_ah_from_wc(mad_agent->qp->pd, req->wc,
					 req->recv_buf.grh, agent->port_num);
	if (!IS_ERR(reply->ah))
		return reply;
free:
	ib_free_send_mad(reply);
drop:
	atomic_dec(&agent->replies);
	return NULL;
}

static void dm_received(struct ib_mad_agent *mad_agent,
			struct ib_mad_send_buf *send_buf,
			struct ib_mad_recv_wc *req)
{
	struct srpt_dm_agent *agent = mad_agent->context;
	struct ib_mad_send_buf *reply = make_reply(agent, mad_agent, req);

	if (reply && ib_post_send_mad(reply, NULL))
		free_reply(agent, reply);
	ib_free_recv_mad(req);
}

static void set_capability(struct srpt_dm_agent *agent, bool on)
{
	struct ib_port_modify mod = {};
	int ret;

	lockdep_assert_held(&agent->cap_mutex);
	if (agent->cap_set == on)
		return;
	if (on)
		mod.set_port_cap_mask = IB_PORT_DEVICE_MGMT_SUP;
	else
		mod.clr_port_cap_mask = IB_PORT_DEVICE_MGMT_SUP;
	ret = ib_modify_port(agent->dev, agent->port_num, 0, &mod);
	if (!ret) {
		agent->cap_set = on;
		return;
	}
	/* Virtual functions may not. Whoever knows the GID can still log in. */
	if (!agent->cap_refused)
		pr_warn("%s port %u cannot announce device management (error %d): srp_daemon will not find it, logins by GID work\n",
			dev_name(&agent->dev->dev), agent->port_num, ret);
	agent->cap_refused = true;
}

/**
 * srpt_dm_agent_changed - the description of a port may have changed
 * @agent:	its agent
 *
 * Counts a new change ID when a controller came or went, and sets or clears
 * the capability bit. May sleep.
 */
void srpt_dm_agent_changed(struct srpt_dm_agent *agent)
{
	struct proto_dm_port port;

	mutex_lock(&agent->cap_mutex);
	spin_lock(&agent->lock);
	describe(agent, &port);
	spin_unlock(&agent->lock);
	set_capability(agent, port.enabled);
	mutex_unlock(&agent->cap_mutex);
}

/* All that can be a request. The MAD layer drops what nobody has asked for,
 * and who sends a method that we lack is to be told so, not to wait.
 */
static void ask_for_methods(unsigned long *mask)
{
	bitmap_fill(mask, IB_MGMT_MAX_METHODS);
	clear_bit(0, mask);
	clear_bit(IB_MGMT_METHOD_TRAP, mask);
	clear_bit(IB_MGMT_METHOD_REPORT, mask);
	clear_bit(IB_MGMT_METHOD_TRAP_REPRESS, mask);
}

/**
 * srpt_dm_agent_add - begin to answer device-management MADs
 * @dev:	device, with InfiniBand MADs on this port
 * @port_num:	port number, from 1
 * @describe:	see its type; may be called before this function returns
 * @context:	for @describe
 *
 * May sleep. Returns the agent or an ERR_PTR.
 */
struct srpt_dm_agent *srpt_dm_agent_add(struct ib_device *dev, u32 port_num,
					srpt_dm_describe_t describe,
					void *context)
{
	struct ib_mad_reg_req req = {
		.mgmt_class = IB_MGMT_CLASS_DEVICE_MGMT,
		.mgmt_class_version = PROTO_DM_CLASS_VERSION,
	};
	struct srpt_dm_agent *agent;
	struct ib_mad_agent *mad_agent;

	agent = kzalloc(sizeof(*agent), GFP_KERNEL);
	if (!agent)
		return ERR_PTR(-ENOMEM);
	agent->dev = dev;
	agent->port_num = port_num;
	agent->describe = describe;
	agent->context = context;
	spin_lock_init(&agent->lock);
	mutex_init(&agent->cap_mutex);

	ask_for_methods(req.method_mask);
	mad_agent = ib_register_mad_agent(dev, port_num, IB_QPT_GSI, &req, 0,
					  dm_sent, dm_received, agent, 0);
	if (IS_ERR(mad_agent)) {
		mutex_destroy(&agent->cap_mutex);
		kfree(agent);
		return ERR_CAST(mad_agent);
	}
	agent->mad_agent = mad_agent;
	srpt_dm_agent_changed(agent);
	return agent;
}

/**
 * srpt_dm_agent_remove - stop answering
 * @agent:	the agent, freed
 *
 * Waits until no MAD of this agent is received or sent any more; @describe is
 * not called after that. May sleep.
 */
void srpt_dm_agent_remove(struct srpt_dm_agent *agent)
{
	/* First the bit, so that nobody is told to ask who is leaving. */
	mutex_lock(&agent->cap_mutex);
	set_capability(agent, false);
	mutex_unlock(&agent->cap_mutex);
	ib_unregister_mad_agent(agent->mad_agent);
	mutex_destroy(&agent->cap_mutex);
	kfree(agent);
}
