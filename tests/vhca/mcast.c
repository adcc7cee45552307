// SPDX-License-Identifier: GPL-2.0
/* Multicast groups of an adapter. */
#include <linux/slab.h>
#include "vhca.h"

#define VH_MCAST_MEMBERS	32

struct vh_member {
	struct list_head list;
	union ib_gid gid;
	u16 lid;
	/* The RDMA core counts every attach, and wants as many detaches. */
	unsigned int attached;
	struct vh_qp *qp;
};

static struct vh_member *vh_member_find(struct vh_dev *dev, struct vh_qp *qp,
					const union ib_gid *gid, u16 lid)
{
	struct vh_member *m;

	list_for_each_entry(m, &dev->mcast, list)
		if (m->qp == qp && m->lid == lid &&
		    !memcmp(&m->gid, gid, sizeof(*gid)))
			return m;
	return NULL;
}

int vh_attach_mcast(struct ib_qp *ibqp, union ib_gid *gid, u16 lid)
{
	struct vh_qp *qp = to_vqp(ibqp);
	struct vh_dev *dev = qp->dev;
	struct vh_member *m, *known;
	unsigned long flags;

	m = kzalloc(sizeof(*m), GFP_KERNEL);
	if (!m)
		return -ENOMEM;
	m->gid = *gid;
	m->lid = lid;
	m->attached = 1;
	m->qp = qp;
	spin_lock_irqsave(&dev->mcast_lock, flags);
	known = vh_member_find(dev, qp, gid, lid);
	if (known)
		known->attached++;
	else
		list_add_tail(&m->list, &dev->mcast);
	spin_unlock_irqrestore(&dev->mcast_lock, flags);
	if (known)
		kfree(m);
	return 0;
}

int vh_detach_mcast(struct ib_qp *ibqp, union ib_gid *gid, u16 lid)
{
	struct vh_qp *qp = to_vqp(ibqp);
	struct vh_dev *dev = qp->dev;
	struct vh_member *m, *gone = NULL;
	unsigned long flags;

	spin_lock_irqsave(&dev->mcast_lock, flags);
	m = vh_member_find(dev, qp, gid, lid);
	if (m && !--m->attached) {
		list_del(&m->list);
		gone = m;
	}
	spin_unlock_irqrestore(&dev->mcast_lock, flags);
	kfree(gone);
	return m ? 0 : -EINVAL;
}

/*
 * vh_mcast_forget - a queue pair is destroyed, end its memberships
 */
void vh_mcast_forget(struct vh_qp *qp)
{
	struct vh_dev *dev = qp->dev;
	struct vh_member *m, *next;
	unsigned long flags;

	spin_lock_irqsave(&dev->mcast_lock, flags);
	list_for_each_entry_safe(m, next, &dev->mcast, list) {
		if (m->qp != qp)
			continue;
		list_del(&m->list);
		kfree(m);
	}
	spin_unlock_irqrestore(&dev->mcast_lock, flags);
}

/*
 * vh_mcast_deliver - give each member on an adapter its copy
 */
void vh_mcast_deliver(struct vh_port *port, struct vh_pkt *pkt)
{
	struct vh_qp *qps[VH_MCAST_MEMBERS];
	struct vh_member *m;
	struct vh_dev *dev;
	unsigned long flags;
	int i, n = 0;

	if (!pkt->has_grh)
		return;
	rcu_read_lock();
	dev = rcu_dereference(port->node->dev);
	if (dev) {
		spin_lock_irqsave(&dev->mcast_lock, flags);
		list_for_each_entry(m, &dev->mcast, list) {
			if (m->lid != pkt->dlid || n == VH_MCAST_MEMBERS ||
			    memcmp(&m->gid, &pkt->grh.dgid, sizeof(m->gid)))
				continue;
			/* A member is removed before its last reference. */
			refcount_inc(&m->qp->ref);
			qps[n++] = m->qp;
		}
		spin_unlock_irqrestore(&dev->mcast_lock, flags);
	}
	rcu_read_unlock();

	for (i = 0; i < n; i++) {
		vh_ud_receive(qps[i], pkt);
		vh_qp_put(qps[i]);
	}
}
