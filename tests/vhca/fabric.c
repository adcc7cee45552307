// SPDX-License-Identifier: GPL-2.0
/* Nodes, cables, link states and the way of packets. */
#include <linux/slab.h>
#include "vhca.h"

DEFINE_SPINLOCK(vh_fabric_lock);

static DEFINE_SPINLOCK(vh_delay_lock);
static LIST_HEAD(vh_delayed);

static void vh_port_init(struct vh_node *node, struct vh_port *port, u8 num)
{
	port->node = node;
	port->num = num;
	port->cable = true;
	port->state = IB_PORT_DOWN;
	port->phys = IB_PORT_PHYS_STATE_POLLING;
	vh_port_reset(port);
}

/*
 * What a port knows after power-on. The fabric's own state, plugs and
 * cables, is none of its business.
 */
void vh_port_reset(struct vh_port *port)
{
	port->disabled = false;
	port->lid = 0;
	port->lmc = 0;
	port->sm_lid = 0;
	port->sm_sl = 0;
	port->mkey = 0;
	port->mkey_prot = 0;
	port->cap_mask = port->cap_base;
	memset(port->pkeys, 0, sizeof(port->pkeys));
	port->prefix = cpu_to_be64(0xfe80000000000000ULL);
	port->pkeys[0] = IB_DEFAULT_PKEY_FULL;
	port->neighbor_mtu = IB_MTU_4096;
	port->width_enabled = IB_WIDTH_1X | IB_WIDTH_4X;
	port->speed_enabled = IB_SPEED_SDR | IB_SPEED_DDR | IB_SPEED_QDR;
	port->subnet_timeout = 18;
}

struct vh_node *vh_node_alloc(u8 type, int index, u8 nports, u64 guid,
			      u64 sys_guid)
{
	struct vh_node *node;
	int i;

	node = kzalloc(sizeof(*node), GFP_KERNEL);
	if (!node)
		return NULL;
	node->type = type;
	node->index = index;
	node->nports = nports;
	node->guid = cpu_to_be64(guid);
	node->sys_guid = cpu_to_be64(sys_guid);
	vh_trap_init(node);
	node->port = kcalloc(nports + 1, sizeof(*node->port), GFP_KERNEL);
	if (!node->port)
		goto fail;
	for (i = 0; i <= nports; i++) {
		vh_port_init(node, &node->port[i], i);
		node->port[i].cnt = alloc_percpu(struct vh_counters);
		if (!node->port[i].cnt)
			goto fail;
	}
	return node;
fail:
	vh_node_free(node);
	return NULL;
}

void vh_node_free(struct vh_node *node)
{
	int i;

	if (!node)
		return;
	vh_trap_stop(node);
	if (node->port)
		for (i = 0; i <= node->nports; i++)
			free_percpu(node->port[i].cnt);
	kfree(node->port);
	kfree(node);
}

/*
 * vh_connect - lay a cable between two ports, before anybody uses them
 */
void vh_connect(struct vh_port *a, struct vh_port *b)
{
	a->peer = b;
	b->peer = a;
}

/*
 * vh_port_event - report an asynchronous event of an adapter's port
 */
void vh_port_event(struct vh_port *port, enum ib_event_type type)
{
	struct ib_event ev = { .element.port_num = 1, .event = type };
	struct vh_dev *dev;

	if (port->node->sw)
		return;
	rcu_read_lock();
	dev = rcu_dereference(port->node->dev);
	if (dev && READ_ONCE(dev->registered)) {
		ev.device = &dev->ibdev;
		ib_dispatch_event(&ev);
	}
	rcu_read_unlock();
}

static void vh_end_update(struct vh_port *port, bool up)
{
	if (up) {
		if (port->state == IB_PORT_DOWN)
			port->state = IB_PORT_INIT;
		port->phys = IB_PORT_PHYS_STATE_LINK_UP;
		return;
	}
	port->phys = port->disabled ? IB_PORT_PHYS_STATE_DISABLED :
				      IB_PORT_PHYS_STATE_POLLING;
	if (port->state == IB_PORT_DOWN)
		return;
	port->state = IB_PORT_DOWN;
	port->link_downed++;
	vh_port_event(port, IB_EVENT_PORT_ERR);
}

/*
 * vh_link_update - derive the state of both ends from what is plugged
 *
 * Called with vh_fabric_lock held.
 */
void vh_link_update(struct vh_port *port)
{
	struct vh_port *peer = port->peer;
	u8 before = port->state, peer_before;
	bool up;

	lockdep_assert_held(&vh_fabric_lock);
	if (!peer)
		return;
	peer_before = peer->state;
	up = port->present && peer->present && port->cable && peer->cable &&
	     !port->disabled && !peer->disabled;
	vh_end_update(port, up);
	vh_end_update(peer, up);
	if (port->node->sw && port->state != before)
		vh_switch_changed(port->node);
	if (peer->node->sw && peer->state != peer_before)
		vh_switch_changed(peer->node);
}

void vh_set_present(struct vh_port *port, bool on)
{
	unsigned long flags;

	spin_lock_irqsave(&vh_fabric_lock, flags);
	port->present = on;
	vh_link_update(port);
	spin_unlock_irqrestore(&vh_fabric_lock, flags);
}

void vh_set_cable(struct vh_port *port, bool on)
{
	unsigned long flags;

	spin_lock_irqsave(&vh_fabric_lock, flags);
	port->cable = on;
	vh_link_update(port);
	spin_unlock_irqrestore(&vh_fabric_lock, flags);
}

/*
 * vh_link_bounce - take the link down and let it train again
 *
 * Called with vh_fabric_lock held.
 */
void vh_link_bounce(struct vh_port *port)
{
	bool cable = port->cable;

	port->cable = false;
	vh_link_update(port);
	port->cable = cable;
	vh_link_update(port);
}

bool vh_port_owns(const struct vh_port *port, u16 lid)
{
	return lid && port->lid && (lid >> port->lmc) == (port->lid >> port->lmc);
}

bool vh_pkey_match(u16 a, u16 b)
{
	return ((a ^ b) & 0x7fff) == 0 && (a & 0x7fff) && ((a | b) & 0x8000);
}

int vh_pkey_find(const struct vh_port *port, u16 pkey)
{
	int i;

	for (i = 0; i < VH_PKEYS; i++)
		if (vh_pkey_match(pkey, port->pkeys[i]))
			return i;
	return -1;
}

/*
 * vh_route - find the adapter that connected traffic to a LID arrives at
 *
 * Called under rcu_read_lock(). Return: NULL if there is no way.
 */
struct vh_dev *vh_route(struct vh_port *from, u16 dlid)
{
	struct vh_port *to = from;

	if (READ_ONCE(from->state) != IB_PORT_ACTIVE)
		return NULL;
	if (!vh_port_owns(from, dlid)) {
		to = from->peer;
		if (to && to->node->sw) {
			to = vh_switch_unicast(to, dlid);
			to = to ? to->peer : NULL;
		}
		if (!to || !vh_port_owns(to, dlid) ||
		    READ_ONCE(to->state) != IB_PORT_ACTIVE)
			return NULL;
	}
	return rcu_dereference(to->node->dev);
}

struct vh_pkt *vh_pkt_alloc(struct vh_port *from, u32 len, gfp_t gfp)
{
	struct vh_pkt *pkt = kmalloc(struct_size(pkt, data, len), gfp);

	if (pkt) {
		memset(pkt, 0, sizeof(*pkt));
		pkt->from = from;
		pkt->len = len;
	}
	return pkt;
}

/* Management of the subnet works before ports are active. */
static bool vh_port_passes(const struct vh_port *port,
			   const struct vh_pkt *pkt)
{
	return READ_ONCE(port->state) >=
	       (pkt->dst_qpn ? IB_PORT_ARMED : IB_PORT_INIT);
}

/*
 * vh_pkt_deliver - a datagram arrives at an adapter's port
 */
void vh_pkt_deliver(struct vh_port *port, struct vh_pkt *pkt)
{
	struct vh_qp *qp = NULL;
	struct vh_dev *dev;

	if (!vh_port_passes(port, pkt))
		return;
	vh_count(port, rcv_pkts, 1);
	vh_count(port, rcv_data, pkt->len / 4 + 8);
	if (pkt->dlid >= VH_LID_MCAST && pkt->dlid != VH_LID_PERMISSIVE) {
		vh_count(port, mcast_rcv_pkts, 1);
		vh_mcast_deliver(port, pkt);
		return;
	}
	rcu_read_lock();
	dev = rcu_dereference(port->node->dev);
	if (dev)
		qp = vh_qp_get(dev, pkt->dst_qpn);
	rcu_read_unlock();
	if (!qp)
		return;
	vh_ud_receive(qp, pkt);
	vh_qp_put(qp);
}

/*
 * vh_pkt_send - send a datagram on its way, and free it
 *
 * Called with bottom halves disabled.
 */
void vh_pkt_send(struct vh_pkt *pkt)
{
	struct vh_port *from = pkt->from, *peer = from->peer;
	bool mcast = pkt->dlid >= VH_LID_MCAST &&
		     pkt->dlid != VH_LID_PERMISSIVE;

	if (pkt->dst_qpn && READ_ONCE(from->state) != IB_PORT_ACTIVE) {
		vh_count(from, xmit_discards, 1);
		goto free;
	}
	if (vh_port_owns(from, pkt->dlid)) {
		vh_pkt_deliver(from, pkt);
		goto free;
	}
	vh_count(from, xmit_pkts, 1);
	vh_count(from, xmit_data, pkt->len / 4 + 8);
	if (mcast) {
		vh_count(from, mcast_xmit_pkts, 1);
		/* Members on the sending adapter get their copy, too. */
		vh_mcast_deliver(from, pkt);
	}
	if (!peer || !vh_port_passes(from, pkt)) {
		vh_count(from, xmit_discards, 1);
		goto free;
	}
	if (peer->node->sw)
		vh_switch_packet(peer, pkt);
	else if (mcast || pkt->dlid == VH_LID_PERMISSIVE ||
		 vh_port_owns(peer, pkt->dlid))
		vh_pkt_deliver(peer, pkt);
	else
		vh_count(peer, rcv_errors, 1);
free:
	kfree(pkt);
}

static void vh_pkt_late(struct work_struct *work)
{
	struct vh_pkt *pkt = container_of(work, struct vh_pkt, work.work);
	unsigned long flags;

	spin_lock_irqsave(&vh_delay_lock, flags);
	list_del(&pkt->list);
	spin_unlock_irqrestore(&vh_delay_lock, flags);
	local_bh_disable();
	vh_pkt_send(pkt);
	local_bh_enable();
}

/*
 * vh_pkt_delay - send a datagram later
 */
void vh_pkt_delay(struct vh_pkt *pkt, u32 ms)
{
	unsigned long flags;

	INIT_DELAYED_WORK(&pkt->work, vh_pkt_late);
	spin_lock_irqsave(&vh_delay_lock, flags);
	list_add_tail(&pkt->list, &vh_delayed);
	queue_delayed_work(vh_wq, &pkt->work, msecs_to_jiffies(ms));
	spin_unlock_irqrestore(&vh_delay_lock, flags);
}

/*
 * vh_pkt_flush - send delayed datagrams now, for the end of the module
 */
void vh_pkt_flush(void)
{
	unsigned long flags;
	struct vh_pkt *pkt;

	spin_lock_irqsave(&vh_delay_lock, flags);
	list_for_each_entry(pkt, &vh_delayed, list)
		mod_delayed_work(vh_wq, &pkt->work, 0);
	spin_unlock_irqrestore(&vh_delay_lock, flags);
	flush_workqueue(vh_wq);
}

void vh_sum_counters(const struct vh_port *port, struct vh_counters *sum)
{
	const u64 *one;
	u64 *all = (u64 *)sum;
	unsigned int i;
	int cpu;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		one = (const u64 *)per_cpu_ptr(port->cnt, cpu);
		for (i = 0; i < sizeof(*sum) / sizeof(u64); i++)
			all[i] += READ_ONCE(one[i]);
	}
}
