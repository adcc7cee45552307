// SPDX-License-Identifier: GPL-2.0
/*
 * HCAs come and go. Removal is bounded: channels are closed, their hardware
 * halves released within the drain's bounds, and what LIO still holds only
 * keeps memory, no device.
 */
#include "log.h"

#include <linux/module.h>
#include <linux/rwsem.h>
#include <linux/slab.h>

#include "channel.h"

#define SRPT_REMOVE_TIMEOUT	(60 * HZ)

DEFINE_MUTEX(srpt_device_mutex);	/* protects srpt_devices */
LIST_HEAD(srpt_devices);

DECLARE_RWSEM(srpt_request_sem);	/* see srpt_port_find() */

static struct ib_client srpt_client;

/* The port a connection came in by; NULL when the device is not ours. */
struct srpt_port *srpt_port_find(struct ib_device *ib, u32 num)
{
	struct srpt_device *dev = ib_get_client_data(ib, &srpt_client);
	u32 i = num - rdma_start_port(ib);

	if (!dev || READ_ONCE(dev->removing) || i >= dev->port_count)
		return NULL;
	return &dev->port[i];
}

static void device_event(struct ib_event_handler *handler,
			 struct ib_event *event)
{
	struct srpt_device *dev = container_of(handler, struct srpt_device,
					       event_handler);
	u32 i = event->element.port_num - rdma_start_port(dev->ib);

	switch (event->event) {
	case IB_EVENT_PORT_ERR:
	case IB_EVENT_PORT_ACTIVE:
	case IB_EVENT_LID_CHANGE:
	case IB_EVENT_PKEY_CHANGE:
	case IB_EVENT_SM_CHANGE:
	case IB_EVENT_CLIENT_REREGISTER:
	case IB_EVENT_GID_CHANGE:
		if (i < dev->port_count)
			srpt_port_event(&dev->port[i], event->event);
		break;
	default:
		break;
	}
}

static void srq_event(struct ib_event *event, void *ctx)
{
	struct srpt_device *dev = ctx;

	pr_warn_ratelimited("SRQ of %s: %s\n", dev_name(&dev->ib->dev),
			    ib_event_msg(event->event));
}

static int srq_create(struct srpt_device *dev)
{
	struct ib_srq_init_attr attr = {
		.event_handler	= srq_event,
		.srq_context	= dev,
		.attr.max_sge	= 1,
		.srq_type	= IB_SRQT_BASIC,
	};
	struct srpt_ring *ring;
	struct ib_srq *srq;
	int ret;

	attr.attr.max_wr = min_t(u32, srpt_srq_size, dev->ib->attrs.max_srq_wr);
	if (!attr.attr.max_wr)
		return -EOPNOTSUPP;
	ring = srpt_ring_create(dev, attr.attr.max_wr, srpt_max_req_size,
				SRPT_SRQ_RSP_SIZE);
	if (!ring)
		return -ENOMEM;
	srq = ib_create_srq(dev->pd, &attr);
	if (IS_ERR(srq)) {
		ret = PTR_ERR(srq);
		goto free_ring;
	}
	ret = srpt_ring_post_all(ring, NULL, srq);
	if (ret)
		goto free_srq;
	dev->srq_ring = ring;
	dev->srq = srq;
	return 0;

free_srq:
	ib_destroy_srq(srq);
free_ring:
	srpt_ring_detach(ring);
	srpt_ring_put(ring);
	return ret;
}

/**
 * srpt_device_get_srq - have a shared receive queue
 * @dev:	device
 *
 * It is made once and stays until the device goes, so switching use_srq off
 * takes nothing away from channels that live. May sleep.
 *
 * Returns 0, or a negative error: do without.
 */
int srpt_device_get_srq(struct srpt_device *dev)
{
	int ret = 0;

	mutex_lock(&dev->srq_lock);
	if (!dev->srq)
		ret = srq_create(dev);
	mutex_unlock(&dev->srq_lock);
	if (ret)
		pr_warn("%s: no shared receive queue (error %d), this channel gets receives of its own\n",
			dev_name(&dev->ib->dev), ret);
	return ret;
}

static void srq_destroy(struct srpt_device *dev)
{
	unsigned long flags;

	if (!dev->srq)
		return;
	/* Whoever reposts does so under the lock and looks at dev first. */
	spin_lock_irqsave(&dev->srq_ring->lock, flags);
	dev->srq_ring->repost = NULL;
	dev->srq_ring->n_repost = 0;
	dev->srq_ring->closed = true;
	spin_unlock_irqrestore(&dev->srq_ring->lock, flags);
	ib_destroy_srq(dev->srq);
	dev->srq = NULL;
	srpt_ring_detach(dev->srq_ring);
	srpt_ring_put(dev->srq_ring);
	dev->srq_ring = NULL;
}

static void ports_exit(struct srpt_device *dev, u32 n)
{
	while (n--)
		srpt_port_exit(&dev->port[n]);
}

static struct srpt_device *device_alloc(struct ib_device *ib)
{
	struct srpt_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return NULL;
	dev->ib = ib;
	mutex_init(&dev->srq_lock);
	spin_lock_init(&dev->channels_lock);
	INIT_LIST_HEAD(&dev->channels);
	init_waitqueue_head(&dev->channels_gone);
	dev->port_count = rdma_end_port(ib) - rdma_start_port(ib) + 1;
	dev->port = kcalloc(dev->port_count, sizeof(*dev->port), GFP_KERNEL);
	dev->pool = srpt_data_pool_create(ib);
	if (!dev->port || !dev->pool) {
		if (dev->pool)
			srpt_data_pool_put(dev->pool);
		kfree(dev->port);
		kfree(dev);
		return NULL;
	}
	return dev;
}

static void device_free(struct srpt_device *dev)
{
	srpt_data_pool_detach(dev->pool);
	srpt_data_pool_put(dev->pool);
	kfree(dev->port);
	kfree(dev);
}

static int srpt_add_one(struct ib_device *ib)
{
	struct srpt_device *dev = device_alloc(ib);
	u32 i;
	int ret;

	if (!dev)
		return -ENOMEM;
	dev->pd = ib_alloc_pd(ib, 0);
	if (IS_ERR(dev->pd)) {
		ret = PTR_ERR(dev->pd);
		goto free_dev;
	}
	/* The service is known by the node GUID of the first HCA, unless the
	 * administrator has named it.
	 */
	if (!srpt_service_guid)
		srpt_service_guid = be64_to_cpu(ib->node_guid);
	for (i = 0; i < dev->port_count; i++) {
		ret = srpt_port_init(dev, &dev->port[i],
				     rdma_start_port(ib) + i);
		if (ret)
			goto free_ports;
	}

	ib_set_client_data(ib, &srpt_client, dev);
	mutex_lock(&srpt_device_mutex);
	list_add_tail(&dev->entry, &srpt_devices);
	mutex_unlock(&srpt_device_mutex);
	INIT_IB_EVENT_HANDLER(&dev->event_handler, ib, device_event);
	ib_register_event_handler(&dev->event_handler);

	ret = srpt_cm_ib_listen(dev);
	if (ret) {
		pr_err("%s: listening on the service ID failed: error %d\n",
		       dev_name(&ib->dev), ret);
		goto unlist;
	}
	return 0;

unlist:
	ib_unregister_event_handler(&dev->event_handler);
	mutex_lock(&srpt_device_mutex);
	list_del(&dev->entry);
	mutex_unlock(&srpt_device_mutex);
	ib_set_client_data(ib, &srpt_client, NULL);
	i = dev->port_count;
free_ports:
	ports_exit(dev, i);
	ib_dealloc_pd(dev->pd);
free_dev:
	device_free(dev);
	return ret;
}

static bool channels_gone(struct srpt_device *dev)
{
	unsigned long flags;
	bool gone;

	spin_lock_irqsave(&dev->channels_lock, flags);
	gone = list_empty(&dev->channels);
	spin_unlock_irqrestore(&dev->channels_lock, flags);
	return gone;
}

static void close_channels(struct srpt_device *dev)
{
	struct srpt_channel *ch;
	unsigned long flags;

	spin_lock_irqsave(&dev->channels_lock, flags);
	WRITE_ONCE(dev->removing, true);
	list_for_each_entry(ch, &dev->channels, dev_entry)
		srpt_channel_close(ch, SRPT_CLOSE_DEVICE_REMOVED, NULL);
	spin_unlock_irqrestore(&dev->channels_lock, flags);
}

static void srpt_remove_one(struct ib_device *ib, void *client_data)
{
	struct srpt_device *dev = client_data;

	/* No new logins: the flag first, then the listener, then those that
	 * got in before.
	 */
	WRITE_ONCE(dev->removing, true);
	/* A listener of RDMA CM belongs to no device and stays. From here on
	 * its handlers find no port; whoever found one before has queued its
	 * login when the semaphore is free.
	 */
	ib_set_client_data(ib, &srpt_client, NULL);
	down_write(&srpt_request_sem);
	up_write(&srpt_request_sem);
	srpt_cm_ib_unlisten(dev);
	ib_unregister_event_handler(&dev->event_handler);
	mutex_lock(&srpt_device_mutex);
	list_del(&dev->entry);
	mutex_unlock(&srpt_device_mutex);
	flush_workqueue(srpt_login_wq);
	close_channels(dev);

	/* Each channel's drain is bounded, so this is; the bound here only
	 * guards against the HCA's driver itself.
	 */
	while (!wait_event_timeout(dev->channels_gone, channels_gone(dev),
				   SRPT_REMOVE_TIMEOUT))
		pr_err("%s: channels have not been released after %u s; the HCA's driver does not destroy its queue pairs\n",
		       dev_name(&ib->dev), SRPT_REMOVE_TIMEOUT / HZ);

	ports_exit(dev, dev->port_count);
	srq_destroy(dev);
	ib_dealloc_pd(dev->pd);
	device_free(dev);
}

static struct ib_client srpt_client = {
	.name	= "ib_srpt",
	.add	= srpt_add_one,
	.remove	= srpt_remove_one,
};

int srpt_device_init(void)
{
	return ib_register_client(&srpt_client);
}

void srpt_device_exit(void)
{
	ib_unregister_client(&srpt_client);
}
