// SPDX-License-Identifier: GPL-2.0
/*
 * Polling a channel's completion queue, by work items of this module instead
 * of the RDMA core's.
 *
 * The core polls in a workqueue of high priority. LIO completes commands in one
 * of normal priority, so each command needs two kernel threads, and the first
 * pushes aside whoever is about to send more. While requests come several at a
 * time they are polled in the worker pool that completes them: a thread that has
 * polled goes on with the commands that have come back from the back end, and
 * what arrives meanwhile is waiting in the queue when it looks again. If the CPU
 * has something else to do when the first arrives, it is let do that a moment
 * longer: a thread that is woken for several costs as much as for one.
 *
 * While requests come one by one nothing can be gathered, and what counts is
 * that they are taken up soon: then the high priority is right. A target that is
 * always at once there does not see whether its initiator would have sent more,
 * so the other way is tried again from time to time.
 *
 * On soft-RoCE with several processors nothing waits for others: what is gathered
 * comes in lumps, with one processor at it and the rest idle. Where its tasks are
 * softirqs, which ksoftirqd runs at normal priority, LIO's pool polls, without a
 * plug: a second thread for each request would only be a switch more. Where they
 * are work items of many threads (6.12), high priority gets a request its
 * turn among them, and a plug pays (measured in Documentation/performance.md).
 */
#include "log.h"

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/dim.h>
#include <linux/hrtimer.h>
#include <linux/sched.h>

#include "channel.h"
#include "compat/compat.h"

/* Completions handled before other work of the pool has its turn. */
#define SRPT_POLL_BUDGET	64
/* How long a request waits for others, on a CPU that has something else to do:
 * about what the core's moderation lets an HCA wait that can count events.
 */
#define SRPT_POLL_GATHER_NS	(50 * NSEC_PER_USEC)
/* Polls that found one request before high priority is tried: so many at first,
 * and as many again for each poll that finds several, up to the most.
 */
#define SRPT_POLL_SINGLES	4
#define SRPT_POLL_MOST		64
/* Polls at high priority before the normal one is tried again. Few enough of
 * those, and the wait in them, that the 99th percentile does not see it.
 */
#define SRPT_POLL_URGENT	512

static struct workqueue_struct *poll_wq[SRPT_POLL_PRIOS];

int srpt_poll_init(void)
{
	/* Bound and of normal priority: that is LIO's pool. */
	poll_wq[SRPT_POLL_NORMAL] = alloc_workqueue("srpt_poll",
						    WQ_MEM_RECLAIM, 0);
	if (!poll_wq[SRPT_POLL_NORMAL])
		return -ENOMEM;
	poll_wq[SRPT_POLL_HIGH] = alloc_workqueue("srpt_poll_high",
						  WQ_HIGHPRI | WQ_MEM_RECLAIM,
						  0);
	if (!poll_wq[SRPT_POLL_HIGH]) {
		destroy_workqueue(poll_wq[SRPT_POLL_NORMAL]);
		return -ENOMEM;
	}
	return 0;
}

void srpt_poll_exit(void)
{
	destroy_workqueue(poll_wq[SRPT_POLL_HIGH]);
	destroy_workqueue(poll_wq[SRPT_POLL_NORMAL]);
}

static void queue_poll(struct srpt_channel *ch)
{
	enum srpt_poll_prio prio = READ_ONCE(ch->poll_prio);

	queue_work(poll_wq[prio], &ch->poll_work[prio]);
}

static enum hrtimer_restart gathered(struct hrtimer *timer)
{
	queue_poll(container_of(timer, struct srpt_channel, poll_timer));
	return HRTIMER_NORESTART;
}

/* Is it right to let this request wait for others? Not while they come one by
 * one. Not on an idle CPU: that would only be later, and saves nothing. With
 * PREEMPT_RT interrupts are threads, and no CPU is idle here; who runs that has
 * asked for the short delay anyway.
 */
static bool gather(const struct srpt_channel *ch)
{
	return ch->gathers && READ_ONCE(ch->poll_prio) == SRPT_POLL_NORMAL &&
	       !IS_ENABLED(CONFIG_PREEMPT_RT) && !is_idle_task(current) &&
	       hrtimer_resolution < SRPT_POLL_GATHER_NS;
}

/* The queue is not empty any more. Interrupt context. */
static void poll_event(struct ib_cq *cq, void *context)
{
	struct srpt_channel *ch = cq->cq_context;

	/* Who calls says what the transport works in. */
	if (!ch->gathers)
		WRITE_ONCE(ch->poll_prio, in_serving_softirq() ?
			   SRPT_POLL_NORMAL : SRPT_POLL_HIGH);
	if (gather(ch))
		hrtimer_start(&ch->poll_timer, ns_to_ktime(SRPT_POLL_GATHER_NS),
			      HRTIMER_MODE_REL_PINNED);
	else
		queue_poll(ch);
}

/* How to poll from now on, after a poll that found @n requests. */
static void choose_prio(struct srpt_channel *ch, u32 n)
{
	/* None: it was all completions of sends. */
	if (!n || !ch->gathers)
		return;
	if (n > 1 && ch->poll_prio == SRPT_POLL_NORMAL) {
		ch->poll_left = min_t(u32, ch->poll_left + SRPT_POLL_SINGLES,
				      SRPT_POLL_MOST);
	} else if (n > 1) {
		WRITE_ONCE(ch->poll_prio, SRPT_POLL_NORMAL);
		ch->poll_left = SRPT_POLL_SINGLES;
	} else if (--ch->poll_left) {
		return;
	} else if (ch->poll_prio == SRPT_POLL_NORMAL) {
		WRITE_ONCE(ch->poll_prio, SRPT_POLL_HIGH);
		ch->poll_left = SRPT_POLL_URGENT;
	} else {
		WRITE_ONCE(ch->poll_prio, SRPT_POLL_NORMAL);
		ch->poll_left = SRPT_POLL_SINGLES;
	}
}

/* In kernels whose plug is a stack the last request would be the first that is
 * served, and the first one's latency that of the whole round. Inserting into
 * a scheduler and the drivers that take a whole list turn it round again;
 * for the others it is done here.
 */
static void finish_plug(struct blk_plug *plug)
{
#ifdef SRPT_HAVE_PLUG_STACK
	struct request *rq = rq_list_peek(&plug->mq_list), *in_order = NULL;

	if (rq && rq->rq_next && !plug->multiple_queues && !plug->has_elevator &&
	    (!rq->q->mq_ops->queue_rqs ||
	     rq->mq_hctx->flags & BLK_MQ_F_TAG_QUEUE_SHARED)) {
		while ((rq = rq_list_pop(&plug->mq_list)))
			rq_list_add(&in_order, rq);
		plug->mq_list = in_order;
	}
#endif
	blk_finish_plug(plug);
}

static void poll_queue(struct srpt_channel *ch)
{
	struct blk_plug plug;
	bool plugged;
	u32 consumed;
	int n;

	/* A work item is never run twice at a time, but the two of a channel
	 * may be: one is through and not yet gone when an event, already of
	 * the other priority, queues the other.
	 */
	mutex_lock(&ch->poll_mutex);
	if (READ_ONCE(ch->poll_closed))
		goto out;
	consumed = ch->credit.consumed;
	plugged = ch->gathers || READ_ONCE(ch->poll_prio) == SRPT_POLL_HIGH;
	/* The commands of one round go to the block layer together. */
	if (plugged)
		blk_start_plug(&plug);
	n = ib_process_cq_direct(ch->cq, SRPT_POLL_BUDGET);
	if (plugged)
		finish_plug(&plug);
	choose_prio(ch, ch->credit.consumed - consumed);
	if (n >= SRPT_POLL_BUDGET ||
	    ib_req_notify_cq(ch->cq, IB_CQ_NEXT_COMP |
				     IB_CQ_REPORT_MISSED_EVENTS) > 0)
		queue_poll(ch);
	else if (ch->cq->dim)
		rdma_dim(ch->cq->dim, n);
out:
	mutex_unlock(&ch->poll_mutex);
}

static void poll_normal(struct work_struct *work)
{
	poll_queue(container_of(work, struct srpt_channel,
				poll_work[SRPT_POLL_NORMAL]));
}

static void poll_high(struct work_struct *work)
{
	poll_queue(container_of(work, struct srpt_channel,
				poll_work[SRPT_POLL_HIGH]));
}

static void flush_responses(struct work_struct *work)
{
	srpt_sq_flush(container_of(work, struct srpt_channel, flush_work));
}

/* A worker takes up its pool's work in the order in which it was queued. So on
 * this CPU the flush comes after the commands that LIO has queued until now.
 */
void srpt_poll_flush(struct srpt_channel *ch)
{
	queue_work(poll_wq[SRPT_POLL_NORMAL], &ch->flush_work);
}

/**
 * srpt_poll_create - make a channel's completion queue
 * @ch:		channel
 * @n_cqe:	entries
 * @vector:	completion vector
 *
 * May sleep. Returns 0 or a negative error.
 */
int srpt_poll_create(struct srpt_channel *ch, u32 n_cqe, int vector)
{
	/* Of this kind because only those have their events moderated by the
	 * core where the HCA can; its own work item is never queued.
	 */
	struct ib_cq *cq = ib_alloc_cq(ch->dev->ib, ch, n_cqe, vector,
				       IB_POLL_WORKQUEUE);

	if (IS_ERR(cq))
		return PTR_ERR(cq);
	INIT_WORK(&ch->poll_work[SRPT_POLL_NORMAL], poll_normal);
	INIT_WORK(&ch->poll_work[SRPT_POLL_HIGH], poll_high);
	INIT_WORK(&ch->flush_work, flush_responses);
	hrtimer_init(&ch->poll_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED);
	ch->poll_timer.function = gathered;
	ch->poll_prio = SRPT_POLL_NORMAL;
	ch->poll_left = SRPT_POLL_SINGLES;
	ch->poll_closed = false;
	ch->cq = cq;
	/* Notification is on already, but without a queue pair there is
	 * nothing to notify of.
	 */
	cq->comp_handler = poll_event;
	return 0;
}

/* An event may start it all again, until the queue is gone. */
static void stop_polling(struct srpt_channel *ch)
{
	hrtimer_cancel(&ch->poll_timer);
	cancel_work_sync(&ch->poll_work[SRPT_POLL_NORMAL]);
	cancel_work_sync(&ch->poll_work[SRPT_POLL_HIGH]);
}

/**
 * srpt_poll_destroy - end polling and free the completion queue
 * @ch:	channel whose queue pair is gone
 *
 * May sleep. When it returns no handler of a completion runs or will run.
 */
void srpt_poll_destroy(struct srpt_channel *ch)
{
	/* Whoever holds the mutex may go on, and queue the other work item. */
	WRITE_ONCE(ch->poll_closed, true);
	stop_polling(ch);
	/* Now only an interrupt that was under way can queue them once more;
	 * they find the queue closed. There is no such interrupt after this.
	 */
	ib_free_cq(ch->cq);
	stop_polling(ch);
	/* Nobody queues it since the channel has left its last usable state. */
	cancel_work_sync(&ch->flush_work);
	ch->cq = NULL;
}
