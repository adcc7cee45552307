/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The data path's own objects: connections, rings of command slots, the
 * send queue. Nothing outside the data path includes this header.
 */
#ifndef SRPT_CHANNEL_H
#define SRPT_CHANNEL_H

#include "data_pool.h"
#include "srpt.h"

/* Credits a channel starts with, and slots kept beyond them: receives whose
 * responses are posted but not known complete, receives held back for a
 * batch, and IUs that cost no credit.
 */
#define SRPT_CREDITS		128
#define SRPT_SIGNAL_BATCH	16	/* one signaled send in so many */
#define SRPT_SIGNAL_BYTES	(256 * 1024)
#define SRPT_REPOST_BATCH	8	/* receives posted at once */
#define SRPT_FREE_IUS		8	/* IUs in flight that cost no credit */
#define SRPT_RING_SIZE		(SRPT_CREDITS + SRPT_SIGNAL_BATCH + \
				 SRPT_REPOST_BATCH + 2 * SRPT_FREE_IUS)

/* Most entries of an external indirect table; 64 KiB of descriptors */
#define SRPT_MAX_DESC		4096

/* Response buffers of an SRQ's slots, which serve every channel */
#define SRPT_SRQ_RSP_SIZE	256

#define SRPT_SENSE_LEN		TRANSPORT_SENSE_BUFFER
#define SRPT_SCRATCH_WRS	32
#define SRPT_SCRATCH_SGES	(2 * SRPT_SCRATCH_WRS)

/* What LIO's callbacks get back from a struct se_cmd */
enum srpt_io_kind {
	SRPT_IO_CMD,
	SRPT_IO_TMF,
	SRPT_IO_ABORT,		/* an abort this module issues by itself */
};

/**
 * struct srpt_io - what a se_cmd is embedded in
 * @se_cmd:	LIO's command
 * @kind:	what surrounds it
 */
struct srpt_io {
	struct se_cmd se_cmd;
	enum srpt_io_kind kind;
};

/* What the send queue does for a slot */
enum srpt_sq_op {
	SRPT_SQ_NONE,
	SRPT_SQ_TABLE,		/* RDMA READ of an external indirect table */
	SRPT_SQ_READ,		/* RDMA READ of the data-out buffer */
	SRPT_SQ_RESPOND,	/* RDMA WRITE of the data-in buffer, response */
};

/**
 * struct srpt_slot - one received IU and the command in it
 * @io:		LIO's command; zeroed for each command
 * @ch:		channel of the IU; NULL while the receive is posted or idle
 * @refs:	LIO (or this module's own processing), and the wire
 * @responded:	an answer carries the credit of this command
 * @busy:	taken up by a command: TMFs look for their tasks here
 * @cleared:	another initiator's CLEAR TASK SET took the task
 * @sol_not:	SOLNT bits of the request
 * @op:		what is or waits on the send queue
 * @partial:	some of its work requests are posted, more follow
 * @partial_out: their completion is not back yet
 * @sq_mark:	ch->sq_posted after its last work request
 * @sq_entry:	in ch->sq_wait, sq_reads or sq_retire
 * @iter:	remote ranges still to transfer
 * @range:	range under way, its unposted part
 * @xfer_off:	bytes of the local buffer already covered
 * @cmd:	the command as parsed; pointers lead into @iu or @table
 * @lun:	LUN number
 * @start:	ktime at reception, ns
 * @sg_idx:	scatterlist entry the next work request begins in
 * @sg_off:	... and the offset in it
 * @tmf:	task-management request as parsed
 * @rw:		ranges under way by the R/W API (iWARP reads only)
 * @n_rw:	number of them
 * @rw_chain:	their work requests
 * @n_rw_wr:	number of those
 * @buf:	data buffer
 * @table:	fetched indirect table
 * @rsp_len:	bytes of the response IU
 */
struct srpt_slot {
	struct srpt_io io;
	struct srpt_channel *ch;
	atomic_t refs;
	bool responded;
	bool costs;			/* the IU used up a credit */
	bool busy;
	bool aborted;			/* by a TMF, before LIO knew of it */
	bool partial_out;
	bool cleared;
	u8 sol_not;
	enum srpt_sq_op op;
	u32 sq_mark;
	struct list_head sq_entry;
	struct proto_desc_iter iter;
	struct proto_desc range;
	u32 xfer_off;
	u32 sg_idx;
	u32 sg_off;
	u32 rsp_len;
	u64 lun;
	u64 start;
	struct proto_cmd cmd;
	struct proto_tmf_req tmf;
	struct srpt_rw *rw;
	u32 n_rw;
	struct ib_send_wr *rw_chain;
	u32 n_rw_wr;
	struct srpt_buf buf;
	struct srpt_contig table;
	u32 charged;			/* bytes accounted to the nexus */

	/* constant from ring creation on */
	struct srpt_ring *ring;
	u8 *iu;
	u64 iu_dma;
	u8 *rsp;
	u64 rsp_dma;
	struct ib_cqe recv_cqe;
	struct ib_cqe rdma_cqe;
	struct ib_cqe part_cqe;
	struct ib_cqe send_cqe;
	struct ib_recv_wr recv_wr;
	struct ib_sge recv_sge;
	u8 sense[SRPT_SENSE_LEN];
};

static inline struct srpt_slot *srpt_slot_of(struct se_cmd *se_cmd)
{
	return container_of(se_cmd, struct srpt_slot, io.se_cmd);
}

/**
 * struct srpt_ring - slots with their mapped IU and response buffers
 * @refs:	device (SRQ ring) and channels
 * @dev:	device it is mapped for; NULL once detached
 * @n:		slots
 * @iu_size:	bytes of a receive
 * @rsp_size:	bytes of a response buffer
 * @slots:	the slots
 * @blocks:	DMA-mapped memory of the buffers
 * @lock:	SRQ ring: protects all that follows
 * @repost:	receives to post with the next batch
 * @repost_last: last of them
 * @n_repost:	number of them
 * @closed:	the SRQ is going: post nothing more
 */
struct srpt_ring {
	struct kref refs;
	struct srpt_device *dev;
	u32 n;
	u32 iu_size;
	u32 rsp_size;
	struct srpt_slot *slots;
	struct srpt_dma_block *blocks;
	u32 n_blocks;
	spinlock_t lock;
	struct ib_recv_wr *repost;
	struct ib_recv_wr *repost_last;
	u32 n_repost;
	bool closed;
};

/**
 * struct srpt_scratch - work requests under construction, under ch->sq_lock
 * ib_post_send() copies what it is given, so one set serves a whole channel.
 */
struct srpt_scratch {
	struct ib_rdma_wr rdma[SRPT_SCRATCH_WRS];
	struct ib_sge sge[SRPT_SCRATCH_SGES];
	struct ib_send_wr send;
	struct ib_sge send_sge;
};

/**
 * struct srpt_msg - an IU the target sends by itself
 */
struct srpt_msg {
	u8 *iu;
	u64 dma;
	u32 mark;
	struct ib_cqe cqe;
};

struct srpt_msgs {
	struct srpt_msg cred_req;
	struct srpt_msg t_logout;
	struct srpt_dma_block *block;
};

/**
 * struct srpt_conn - a connection, from the CM's request to the end of its ID
 * @ops:	which connection manager
 * @ib, @rdma:	its ID
 * @port:	local port
 * @lock:	protects @ch, @lost
 * @ch:		channel once the login got that far
 * @lost:	the CM reported the end before there was a channel
 * @work:	the login
 * @priv:	private data of the request
 * @priv_len:	bytes of it
 * @who:	source GID or IP; i_port_id once parsed
 * @peer:	source in text form
 * @pkey:	partition key of the path
 * @req:	what the CM told of the initiator's QP
 */
struct srpt_conn {
	const struct srpt_cm_ops *ops;
	union {
		struct ib_cm_id *ib;
		struct rdma_cm_id *rdma;
	};
	struct srpt_port *port;
	spinlock_t lock;
	struct srpt_channel *ch;
	bool lost;
	struct work_struct work;
	u8 priv[IB_CM_REQ_PRIVATE_DATA_SIZE];
	u8 priv_len;
	struct proto_initiator who;
	char peer[64];
	u16 pkey;
	u32 remote_qpn;
	u8 responder_resources;
	u8 initiator_depth;
	u8 rnr_retry_count;
};

/**
 * struct srpt_cm_ops - what the login and the channel want of a CM
 * All may sleep.
 * @rdma_cm:	login requests have the RDMA CM layout
 * @create_qp:	make ch->qp from @attr
 * @accept:	move the QP to RTS and send the accept with @rsp
 * @reject:	send the reject with @rej
 * @disconnect:	start disconnecting; does not wait
 * @destroy_qp:	free ch->qp
 * @destroy:	free the CM ID and wait for its handlers
 */
struct srpt_cm_ops {
	bool rdma_cm;
	int (*create_qp)(struct srpt_conn *conn, struct srpt_channel *ch,
			 struct ib_qp_init_attr *attr);
	int (*accept)(struct srpt_conn *conn, struct srpt_channel *ch,
		      const void *rsp, u8 len);
	void (*reject)(struct srpt_conn *conn, const void *rej, u8 len);
	void (*disconnect)(struct srpt_conn *conn);
	void (*destroy_qp)(struct srpt_conn *conn, struct srpt_channel *ch);
	void (*destroy)(struct srpt_conn *conn);
};

/* cm.c: what both connection managers share */
struct srpt_conn *srpt_conn_alloc(struct srpt_port *port,
				  const struct srpt_cm_ops *ops,
				  const void *priv, u8 len);
/* From a CM handler, no sleep: hand the request to the login work. */
int srpt_conn_start(struct srpt_conn *conn);
/* A login work has ended; it counts no more towards the logins in progress. */
void srpt_conn_login_ended(void);
void srpt_conn_established(struct srpt_conn *conn);
void srpt_conn_lost(struct srpt_conn *conn, enum srpt_close_cause cause);
/* Free a connection that has no channel. May sleep. */
void srpt_conn_free(struct srpt_conn *conn);
struct srpt_port *srpt_port_find(struct ib_device *ib, u32 num);
/* Held for reading from there until the login is queued, unless the removal of
 * the device waits for the handler by other means.
 */
extern struct rw_semaphore srpt_request_sem;

/* cm_ib.c, cm_rdma.c */
int srpt_cm_ib_listen(struct srpt_device *dev);
void srpt_cm_ib_unlisten(struct srpt_device *dev);
int srpt_cm_rdma_init(void);
void srpt_cm_rdma_exit(void);
void srpt_cm_qp_event(struct ib_event *event, void *ctx);

/* port.c */
int srpt_port_init(struct srpt_device *dev, struct srpt_port *port, u32 num);
void srpt_port_exit(struct srpt_port *port);
void srpt_port_event(struct srpt_port *port, enum ib_event_type type);

/* login.c */
extern struct workqueue_struct *srpt_wq;	/* teardown, releases */
extern struct workqueue_struct *srpt_login_wq;
void srpt_login_work(struct work_struct *work);
int srpt_login_init(void);
void srpt_login_exit(void);

/* ring.c */
struct srpt_ring *srpt_ring_create(struct srpt_device *dev, u32 n, u32 iu_size,
				   u32 rsp_size);
void srpt_ring_detach(struct srpt_ring *ring);
void srpt_ring_put(struct srpt_ring *ring);
struct srpt_dma_block *srpt_dma_block_alloc(struct srpt_device *dev, size_t len);
void srpt_dma_block_free(struct srpt_device *dev, struct srpt_dma_block *b);
void *srpt_dma_block_addr(struct srpt_dma_block *b, u64 *dma);
int srpt_ring_post_all(struct srpt_ring *ring, struct ib_qp *qp,
		       struct ib_srq *srq);
void srpt_ring_srq_repost(struct srpt_ring *ring, struct srpt_slot *slot);

/* channel.c */
struct srpt_channel *srpt_channel_create(struct srpt_conn *conn,
					 struct srpt_nexus *nexus,
					 const struct srpt_tpg_attrib *attr,
					 const struct proto_login *login);
void srpt_channel_put(struct srpt_channel *ch);
/* Hand the channel to the nexus and the device; false: one of them is closing. */
bool srpt_channel_publish(struct srpt_channel *ch);
/* The login failed before the accept: free what create made. May sleep. */
void srpt_channel_discard(struct srpt_channel *ch);
bool srpt_channel_set_state(struct srpt_channel *ch,
			    enum proto_channel_state new);
/* Close, once: the first cause wins. Any context. */
void srpt_channel_close(struct srpt_channel *ch, enum srpt_close_cause cause,
			const char *detail);
void srpt_channel_violation(struct srpt_channel *ch,
			    enum proto_t_logout_reason reason, const char *what);

/* Takes sq_lock. Process context. What it returns is for srpt_sq_unlock(). */
static inline unsigned long srpt_sq_lock(struct srpt_channel *ch)
	__acquires(&ch->sq_lock)
{
	unsigned long irqs = 0;

	if (ch->to_ksoftirqd)
		spin_lock_irqsave(&ch->sq_lock, irqs);
	else
		spin_lock_bh(&ch->sq_lock);
	return irqs;
}

static inline void srpt_sq_unlock(struct srpt_channel *ch, unsigned long irqs)
	__releases(&ch->sq_lock)
{
	if (ch->to_ksoftirqd)
		spin_unlock_irqrestore(&ch->sq_lock, irqs);
	else
		spin_unlock_bh(&ch->sq_lock);
}

/* May work requests still be posted? Caller holds sq_lock, or only hints. */
static inline bool srpt_channel_usable(const struct srpt_channel *ch)
{
	return READ_ONCE(ch->state) <= PROTO_CH_LIVE &&
	       likely(!atomic_read(&ch->cause));
}

/* nexus.c */
/**
 * struct srpt_join - a channel's admission to an I_T nexus
 * @who:	initiator
 * @multi:	keep the nexus' other channels (else they end first)
 * @nexus:	out: the nexus, one channel reserved in it
 * @flags:	out: multichannel result of the login response
 * @reason:	out, on failure: reject reason
 * @why:	out, on failure: what to tell the administrator
 */
struct srpt_join {
	const struct proto_initiator *who;
	bool multi;
	struct srpt_nexus *nexus;
	u8 flags;
	enum proto_rej_reason reason;
	const char *why;
};

int srpt_nexus_join(const struct srpt_admission *adm, struct srpt_join *join);
/* Give back the reservation of srpt_nexus_join(). */
void srpt_nexus_unjoin(struct srpt_nexus *nexus);

/* recv.c */
void srpt_recv_done(struct ib_cq *cq, struct ib_wc *wc);

/* poll.c: the completion queue */
int srpt_poll_init(void);
void srpt_poll_exit(void);
int srpt_poll_create(struct srpt_channel *ch, u32 n_cqe, int vector);
void srpt_poll_destroy(struct srpt_channel *ch);
/* Have srpt_sq_flush() called, behind the work that is queued by now. */
void srpt_poll_flush(struct srpt_channel *ch);

/* slot.c: life of a slot */
void srpt_slot_put(struct srpt_slot *slot);
void srpt_slot_put_list(struct srpt_channel *ch, struct list_head *slots);

/* command.c */
void srpt_cmd_handle(struct srpt_slot *slot, u32 len);
/* The external table has arrived (or failed to). */
void srpt_cmd_table_done(struct srpt_slot *slot, bool ok);
void srpt_cmd_read_done(struct srpt_slot *slot, bool ok);

/* tmf.c */
void srpt_tmf_handle(struct srpt_slot *slot, u32 len);
void srpt_tmf_abort_released(struct srpt_io *io);
void srpt_tmf_unanswered(struct srpt_slot *slot);

/* sq.c: the send queue */
int srpt_sq_submit(struct srpt_slot *slot, enum srpt_sq_op op);
void srpt_sq_flush(struct srpt_channel *ch);
void srpt_sq_unsig_done(struct ib_cq *cq, struct ib_wc *wc);
void srpt_sq_rdma_done(struct ib_cq *cq, struct ib_wc *wc);
void srpt_sq_part_done(struct ib_cq *cq, struct ib_wc *wc);
void srpt_sq_send_done(struct ib_cq *cq, struct ib_wc *wc);
void srpt_sq_completed(struct srpt_channel *ch, u32 mark, bool ok);
void srpt_sq_sweep(struct srpt_channel *ch);
int srpt_sq_post_msg(struct srpt_channel *ch, struct srpt_msg *msg, u32 len,
		     bool solicited);

/* data_rw.c: RDMA READ through the R/W API (iWARP, or rdma_rw_api=1) */
bool srpt_rw_wanted(struct ib_device *ib, u32 port);
int srpt_rw_prepare(struct srpt_slot *slot);
int srpt_rw_prepare_table(struct srpt_slot *slot);
void srpt_rw_release(struct srpt_slot *slot);
u32 srpt_rw_max_ctxs(void);

/* respond.c */
/* Answer from LIO's command, with its data-in buffer if @data. */
void srpt_respond_cmd(struct srpt_slot *slot, bool data);
/* Answer a command LIO never saw with CHECK CONDITION, or a bare status. */
void srpt_respond_sense(struct srpt_slot *slot, u8 key, u8 asc, u8 ascq);
void srpt_respond_status(struct srpt_slot *slot, u8 status);
void srpt_respond_tmf(struct srpt_slot *slot, u8 code);
/* Send SRP_CRED_REQ if credits would else wait; caller holds sq_lock. */
void srpt_cred_req_check(struct srpt_channel *ch);
void srpt_cred_rsp(struct srpt_channel *ch);
/* Send SRP_T_LOGOUT and wait (bounded) until it has left. May sleep. */
void srpt_t_logout(struct srpt_channel *ch, u32 reason);
int srpt_msgs_create(struct srpt_channel *ch);
void srpt_msgs_destroy(struct srpt_channel *ch);

#define srpt_stat_inc(ch, field)	this_cpu_inc((ch)->stats->field)
#define srpt_stat_add(ch, field, n)	this_cpu_add((ch)->stats->field, (n))

#endif /* SRPT_CHANNEL_H */
