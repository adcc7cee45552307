// SPDX-License-Identifier: GPL-2.0
/* Notices to the subnet manager, repeated until it represses them. */
#include "vhca.h"

#define VH_TRAP_INTERVAL_MS	300

/* Notice attribute, the details depend on the trap number. */
struct vh_notice {
	u8 generic_type;
	u8 prod_type_msb;
	__be16 prod_type;
	__be16 trap_num;
	__be16 issuer_lid;
	__be16 toggle_count;
	union {
		u8 raw[54];
		struct {
			__be16 lid;
		} __packed t128;
		struct {
			__be16 pad;
			__be16 lid;
			u8 pad2;
			u8 local_changes;
			__be32 cap_mask;
			__be16 flags;
		} __packed t144;
		struct {
			__be16 pad;
			__be16 lid;
			__be16 dr_slid;
			u8 method;
			u8 pad2;
			__be16 attr_id;
			__be32 attr_mod;
			__be64 mkey;
		} __packed t256;
		struct {
			__be16 pad;
			__be16 lid1;
			__be16 lid2;
			__be32 key;
			__be32 sl_qp1;
			__be32 qp2;
		} __packed t257;
	};
} __packed;

static void vh_trap_work(struct work_struct *work)
{
	struct vh_trap *trap = container_of(work, struct vh_trap, work.work);
	struct vh_port *port = trap->port;
	struct vh_pkt *pkt;
	struct ib_smp *smp;
	unsigned long flags;

	pkt = vh_pkt_alloc(port, sizeof(*smp), GFP_KERNEL);
	if (!pkt)
		return;
	smp = (struct ib_smp *)pkt->data;
	memset(smp, 0, sizeof(*smp));

	spin_lock_irqsave(&vh_fabric_lock, flags);
	if (!trap->busy || !trap->left) {
		trap->busy = false;
		spin_unlock_irqrestore(&vh_fabric_lock, flags);
		kfree(pkt);
		return;
	}
	trap->left--;
	smp->base_version = IB_MGMT_BASE_VERSION;
	smp->mgmt_class = IB_MGMT_CLASS_SUBN_LID_ROUTED;
	smp->class_version = 1;
	smp->method = IB_MGMT_METHOD_TRAP;
	smp->attr_id = IB_SMP_ATTR_NOTICE;
	smp->tid = trap->tid;
	smp->mkey = port->mkey;
	memcpy(smp->data, trap->notice, sizeof(trap->notice));
	pkt->slid = port->lid;
	pkt->dlid = port->sm_lid;
	pkt->sl = port->sm_sl;
	pkt->pkey = IB_DEFAULT_PKEY_FULL;
	queue_delayed_work(vh_wq, &trap->work,
			   msecs_to_jiffies(VH_TRAP_INTERVAL_MS));
	spin_unlock_irqrestore(&vh_fabric_lock, flags);

	local_bh_disable();
	if (port->node->sw)
		vh_switch_packet(port, pkt);
	else
		vh_pkt_send(pkt);
	if (port->node->sw)
		kfree(pkt);
	local_bh_enable();
}

void vh_trap_init(struct vh_node *node)
{
	int i;

	for (i = 0; i < VH_TRAPS; i++)
		INIT_DELAYED_WORK(&node->traps[i].work, vh_trap_work);
}

void vh_trap_stop(struct vh_node *node)
{
	unsigned long flags;
	int i;

	for (i = 0; i < VH_TRAPS; i++) {
		spin_lock_irqsave(&vh_fabric_lock, flags);
		node->traps[i].left = 0;
		spin_unlock_irqrestore(&vh_fabric_lock, flags);
		cancel_delayed_work_sync(&node->traps[i].work);
		node->traps[i].busy = false;
	}
}

static void vh_trap_fill(struct vh_notice *n, struct vh_port *port, u8 type,
			 u16 num)
{
	memset(n, 0, sizeof(*n));
	n->generic_type = type;
	n->prod_type = port->node->sw ? IB_NOTICE_PROD_SWITCH :
					IB_NOTICE_PROD_CA;
	n->trap_num = cpu_to_be16(num);
	n->issuer_lid = cpu_to_be16(port->lid);
}

/*
 * One slot per trap number: a newer event of the kind replaces what the
 * manager has not heard of yet, the flood of one kind cannot drown others.
 * Called with vh_fabric_lock held.
 */
static void vh_trap_send(struct vh_port *port, const struct vh_notice *n)
{
	struct vh_node *node = port->node;
	struct vh_trap *trap = NULL;
	int i;

	BUILD_BUG_ON(sizeof(*n) != sizeof(trap->notice));
	if (!port->lid || !port->sm_lid || port->state < IB_PORT_ARMED)
		return;
	for (i = 0; i < VH_TRAPS; i++) {
		struct vh_notice *old = (void *)node->traps[i].notice;

		if (node->traps[i].busy && old->trap_num == n->trap_num) {
			trap = &node->traps[i];
			break;
		}
		if (!node->traps[i].busy && !trap)
			trap = &node->traps[i];
	}
	if (!trap)
		return;
	memcpy(trap->notice, n, sizeof(*n));
	trap->port = port;
	trap->tid = cpu_to_be64(++node->next_tid);
	trap->left = READ_ONCE(vh_trap_repeats);
	trap->busy = true;
	mod_delayed_work(vh_wq, &trap->work, 0);
}

/*
 * vh_trap_capability - trap 144, called with vh_fabric_lock held
 */
void vh_trap_capability(struct vh_port *port, u8 local_changes)
{
	struct vh_notice n;

	vh_trap_fill(&n, port, IB_NOTICE_TYPE_INFO, 144);
	n.t144.lid = cpu_to_be16(port->lid);
	n.t144.cap_mask = cpu_to_be32(port->cap_mask);
	n.t144.local_changes = !!local_changes;
	n.t144.flags = cpu_to_be16(local_changes);
	vh_trap_send(port, &n);
}

/*
 * vh_trap_key - traps 257 and 258, a wrong partition or queue key
 */
void vh_trap_key(struct vh_port *port, u16 trap, u16 lid1, u16 lid2, u32 key,
		 u8 sl, u32 qp1, u32 qp2)
{
	struct vh_notice n;
	unsigned long flags;

	vh_trap_fill(&n, port, IB_NOTICE_TYPE_SECURITY, trap);
	n.t257.lid1 = cpu_to_be16(lid1);
	n.t257.lid2 = cpu_to_be16(lid2);
	n.t257.key = cpu_to_be32(key);
	n.t257.sl_qp1 = cpu_to_be32((u32)sl << 28 | qp1);
	n.t257.qp2 = cpu_to_be32(qp2);
	spin_lock_irqsave(&vh_fabric_lock, flags);
	vh_trap_send(port, &n);
	spin_unlock_irqrestore(&vh_fabric_lock, flags);
}

/*
 * vh_trap_mkey - trap 256, a wrong management key
 */
void vh_trap_mkey(struct vh_port *port, const struct ib_smp *smp)
{
	struct vh_notice n;
	unsigned long flags;

	vh_trap_fill(&n, port, IB_NOTICE_TYPE_SECURITY, 256);
	n.t256.lid = cpu_to_be16(port->lid);
	n.t256.dr_slid = smp->dr_slid;
	n.t256.method = smp->method;
	n.t256.attr_id = smp->attr_id;
	n.t256.attr_mod = smp->attr_mod;
	n.t256.mkey = smp->mkey;
	spin_lock_irqsave(&vh_fabric_lock, flags);
	vh_trap_send(port, &n);
	spin_unlock_irqrestore(&vh_fabric_lock, flags);
}

/*
 * vh_trap_link - trap 128, a port of the switch changed its state
 *
 * Called with vh_fabric_lock held.
 */
void vh_trap_link(struct vh_node *sw)
{
	struct vh_port *port = &sw->port[0];
	struct vh_notice n;

	vh_trap_fill(&n, port, IB_NOTICE_TYPE_URGENT, 128);
	n.t128.lid = cpu_to_be16(port->lid);
	vh_trap_send(port, &n);
}

/*
 * vh_trap_repress - the manager has heard
 */
void vh_trap_repress(struct vh_port *port, __be64 tid)
{
	struct vh_node *node = port->node;
	unsigned long flags;
	int i;

	spin_lock_irqsave(&vh_fabric_lock, flags);
	for (i = 0; i < VH_TRAPS; i++)
		if (node->traps[i].busy && node->traps[i].tid == tid)
			node->traps[i].busy = false;
	spin_unlock_irqrestore(&vh_fabric_lock, flags);
}
