/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Virtual InfiniBand host channel adapters for tests.
 *
 * The fabric consists of nodes with ports. A channel adapter is a node with
 * one port, the optional switch a node with one port per adapter plus its
 * management port 0. Nodes and ports live as long as the module; the
 * ib_device of an adapter comes and goes with plug and unplug.
 */
#ifndef VHCA_H
#define VHCA_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <rdma/ib_mad.h>
#include <rdma/ib_pack.h>
#include <rdma/ib_smi.h>
#include <rdma/ib_verbs.h>

#define VH_MAX_HCAS		16
#define VH_MAX_SGE		32
#define VH_MAX_INLINE		256
#define VH_MAX_QP_WR		16384
#define VH_MAX_CQE		131072
#define VH_MAX_FR_PAGES		512
#define VH_MAX_RD_ATOMIC	16
#define VH_MAX_MSG		(1U << 30)
#define VH_PKEYS		16
#define VH_UD_MAX		4096
#define VH_GRH_LEN		40
#define VH_LID_PERMISSIVE	0xffff
#define VH_LID_MCAST		0xc000

struct vh_dev;
struct vh_node;
struct vh_qp;

/**
 * struct vh_counters - what a port counts, one instance per CPU
 */
struct vh_counters {
	u64 xmit_data;
	u64 xmit_pkts;
	u64 rcv_data;
	u64 rcv_pkts;
	u64 mcast_xmit_pkts;
	u64 mcast_rcv_pkts;
	u64 xmit_discards;
	u64 rcv_errors;
	u64 xmit_constraint;
	u64 rcv_constraint;
	u64 remote_inv;
};

/**
 * struct vh_port - a port of an adapter or of the switch
 * @node:	the node it belongs to
 * @peer:	the port at the other end of the cable, fixed at load time
 * @num:	port number within the node
 * @present:	the node is plugged in
 * @cable:	the cable is plugged in at this end
 * @disabled:	the subnet manager set the physical state to Disabled
 * @state:	logical state (enum ib_port_state)
 * @phys:	physical state (enum ib_port_phys_state)
 *
 * Changes happen under vh_fabric_lock; the data path reads single fields
 * without it, as hardware does.
 */
struct vh_port {
	struct vh_node *node;
	struct vh_port *peer;
	u8 num;
	bool present;
	bool cable;
	bool disabled;
	u8 state;
	u8 phys;

	u16 lid;
	u8 lmc;
	u16 sm_lid;
	u8 sm_sl;
	__be64 mkey;
	u8 mkey_prot;
	__be16 mkey_lease;
	__be64 prefix;
	u32 cap_base;
	u32 cap_mask;
	u32 cap_refused;
	u16 pkeys[VH_PKEYS];
	u8 neighbor_mtu;
	u8 width_enabled;
	u8 speed_enabled;
	u8 subnet_timeout;
	u8 vl_high_limit;
	u8 hoq_life;
	u8 sl2vl[8];
	u8 vl_arb[4][64];
	u16 mkey_viol;
	u16 pkey_viol;
	u16 qkey_viol;

	struct vh_counters __percpu *cnt;
	struct vh_counters cleared;
	u32 link_downed;
	u32 link_downed_cleared;
};

/* Counting is per CPU because every message passes here. */
#define vh_count(port, field, n) this_cpu_add((port)->cnt->field, (n))

/**
 * struct vh_trap - a notice that is repeated until the manager represses it
 */
struct vh_trap {
	struct delayed_work work;
	struct vh_port *port;
	u8 notice[64];
	__be64 tid;
	int left;
	bool busy;
};

#define VH_TRAPS		4

/**
 * struct vh_node - a channel adapter or the switch
 */
struct vh_node {
	u8 type;
	u8 nports;
	int index;
	__be64 guid;
	__be64 sys_guid;
	char desc[IB_DEVICE_NODE_DESC_MAX];
	struct vh_port *port;
	struct vh_dev __rcu *dev;
	struct vh_switch *sw;
	struct vh_trap traps[VH_TRAPS];
	u64 next_tid;
};

/**
 * struct vh_mad_fault - drop or delay MADs that leave an adapter
 * @class:	management class to match
 * @attr:	attribute ID to match, 0 for any
 * @skip:	matching MADs to let pass first
 * @count:	how many to hit after that
 * @delay_ms:	0 to drop, otherwise hold them back that long
 */
struct vh_mad_fault {
	u8 class;
	u16 attr;
	u32 skip;
	u32 count;
	u32 delay_ms;
};

#define VH_MAD_FAULTS		8

/* Verbs that can be told to fail */
enum vh_verb {
	VH_VERB_CREATE_CQ,
	VH_VERB_CREATE_QP,
	VH_VERB_CREATE_SRQ,
	VH_VERB_MODIFY_QP,
	VH_VERB_POST_SEND,
	VH_VERB_POST_RECV,
	VH_VERB_POST_SRQ_RECV,
	VH_VERB_ALLOC_MR,
	VH_VERBS
};

/**
 * struct vh_verb_fault - a verb that is to fail
 * @skip:	calls to let pass first
 * @fail:	calls to fail then
 */
struct vh_verb_fault {
	atomic_t skip;
	atomic_t fail;
};

/**
 * struct vh_faults - fault knobs of one adapter
 * @lock:	protects @mad
 * @mad:	MAD faults, unused ones have a count of zero
 * @rnr:	arriving messages to answer with receiver not ready
 * @rdma_fail:	RDMA operations of this requester to fail
 * @rdma_corrupt: RDMA operations of this requester to falsify
 * @rdma_skip:	RDMA operations to let pass before @rdma_fail counts
 * @verb:	verbs to fail
 * @mad_dropped, @mad_delayed, @rnr_sent, @rdma_failed, @rdma_corrupted,
 * @verbs_failed: what was done so far, for tests to verify
 */
struct vh_faults {
	spinlock_t lock;
	struct vh_mad_fault mad[VH_MAD_FAULTS];
	atomic_t rnr;
	atomic_t rdma_fail;
	atomic_t rdma_corrupt;
	atomic_t rdma_skip;
	struct vh_verb_fault verb[VH_VERBS];
	atomic_t mad_dropped;
	atomic_t mad_delayed;
	atomic_t rnr_sent;
	atomic_t rdma_failed;
	atomic_t rdma_corrupted;
	atomic_t verbs_failed;
};

/**
 * struct vh_dev - a registered virtual adapter
 */
struct vh_dev {
	struct ib_device ibdev;
	struct vh_node *node;
	struct vh_port *port;
	struct platform_device *slot;
	struct xarray qps;
	u32 qp_next;
	struct xarray mrs;
	u32 mr_next;
	spinlock_t mcast_lock;
	struct list_head mcast;
	struct vh_faults faults;
	struct dentry *debugfs;
	u8 mr_key;
	bool registered;
	bool gone;
};

struct vh_pd {
	struct ib_pd ibpd;
};

struct vh_ucontext {
	struct ib_ucontext ibuc;
};

/**
 * struct vh_av - address vector, what a datagram needs to know of an AH
 */
struct vh_av {
	u16 dlid;
	u8 sl;
	u8 path_bits;
	bool grh;
	u8 hop_limit;
	u8 traffic_class;
	u8 sgid_index;
	u32 flow_label;
	union ib_gid dgid;
};

struct vh_ah {
	struct ib_ah ibah;
	struct vh_av av;
};

/**
 * struct vh_cqe - completion with what polling it gives back
 * @wc:		the completion as the consumer sees it
 * @qp:		the queue pair, never NULL
 * @rq_used:	receive queue that gets a slot back, NULL for sends
 * @sq_freed:	for sends: position up to which the send queue is free again
 */
struct vh_cqe {
	struct ib_wc wc;
	struct vh_qp *qp;
	atomic_t *rq_used;
	u32 sq_freed;
};

struct vh_cq {
	struct ib_cq ibcq;
	spinlock_t lock;
	struct vh_cqe *ring;
	u32 size;
	u32 mask;
	u32 prod;
	u32 cons;
	u8 notify;
	bool overflow;
};

enum vh_mr_kind {
	VH_MR_DMA,
	VH_MR_USER,
	VH_MR_FAST,
};

/**
 * struct vh_mr - memory region
 * @kind:	all of kernel memory, user memory or fast registration
 * @valid:	can be accessed; changes under the lock of the device's @mrs
 * @key:	the current key
 * @access:	enum ib_access_flags
 * @iova:	first address as the peer sees it
 * @len:	length in bytes
 * @shift:	log2 of the page size
 * @off:	offset of @iova in the first page
 * @max_pages:	pages there is room for
 * @pages:	kernel virtual address of each page
 * @staged:	for fast registration: what the next registration will use. As
 *		in hardware the list in use is another one, because a consumer
 *		may map again as soon as the invalidation is posted.
 * @nstaged:	pages in @staged
 * @busy:	copies in progress
 */
struct vh_mr {
	struct ib_mr ibmr;
	struct ib_umem *umem;
	enum vh_mr_kind kind;
	bool valid;
	u32 key;
	int access;
	u64 iova;
	u64 len;
	u32 shift;
	u32 off;
	u32 max_pages;
	u32 nstaged;
	u64 *pages;
	u64 *staged;
	atomic_t busy;
};

/**
 * struct vh_seg - resolved piece of a scatter/gather list
 * @mr:		region that must be released, NULL for direct addresses
 */
struct vh_seg {
	struct vh_mr *mr;
	u64 addr;
	u32 len;
};

/**
 * struct vh_sgl - resolved scatter/gather list
 */
struct vh_sgl {
	struct vh_seg seg[VH_MAX_SGE];
	u32 n;
	u64 len;
};

/**
 * struct vh_swqe - send work request as stored in the ring
 * @invalidated: the peer's key was invalidated before a retry
 */
struct vh_swqe {
	u64 wr_id;
	u32 opcode;
	u32 flags;
	bool invalidated;
	u32 num_sge;
	u32 inline_len;
	union {
		__be32 imm;
		u32 inv_rkey;
	};
	union {
		struct {
			u64 addr;
			u64 compare_add;
			u64 swap;
			u32 rkey;
		} rdma;
		struct {
			struct vh_mr *mr;
			u32 key;
			int access;
		} reg;
		struct {
			struct vh_av av;
			u32 qpn;
			u32 qkey;
			u16 pkey_index;
		} ud;
	};
	struct ib_sge sge[];
};

struct vh_rwqe {
	u64 wr_id;
	u32 num_sge;
	struct ib_sge sge[];
};

/**
 * struct vh_sq - send queue
 * @prod:	next slot to fill
 * @cons:	next slot to execute
 * @freed:	slots before this one can be filled again. As in hardware a
 *		slot comes back when its completion, or a later one, is polled.
 */
struct vh_sq {
	void *ring;
	u32 slot;
	u32 size;
	u32 max_sge;
	u32 max_inline;
	u32 prod;
	u32 cons;
	u32 freed;
};

/**
 * struct vh_rq - receive queue of a QP, or a shared one
 * @used:	receives posted whose completion was not polled yet
 */
struct vh_rq {
	spinlock_t lock;
	void *ring;
	u32 slot;
	u32 size;
	u32 max_sge;
	u32 prod;
	u32 cons;
	atomic_t used;
};

struct vh_srq {
	struct ib_srq ibsrq;
	struct vh_rq rq;
	u32 limit;
	bool user;
};

/**
 * struct vh_qp - queue pair
 * @lock:	protects @state, @sq, @running, @waiting, @resp_busy
 * @ref:	one for the creator, one per peer that is delivering
 * @running:	@task is scheduled or executing
 * @waiting:	@timer decides when to go on
 * @resp_busy:	messages being placed into receives, flushing must wait
 * @last_wqe:	LAST_WQE_REACHED was reported
 * @comm_est:	COMM_EST was reported
 * @local, @remote: scratch of the engine, too large for the stack
 */
struct vh_qp {
	struct ib_qp ibqp;
	struct vh_dev *dev;
	spinlock_t lock;
	refcount_t ref;
	struct completion released;
	enum ib_qp_state state;
	struct ib_qp_attr attr;
	struct ib_qp_cap cap;
	bool sig_all;
	bool user;
	bool dying;
	bool running;
	bool waiting;
	u32 resp_busy;
	bool last_wqe;
	bool comm_est;
	bool sqd_event;
	u8 rnr_left;
	u8 retry_left;
	struct vh_sq sq;
	struct vh_rq rq;
	struct vh_srq *srq;
	struct tasklet_struct task;
	struct irq_work kick;
	struct hrtimer timer;
	struct vh_sgl local;
	struct vh_sgl remote;
};

/**
 * struct vh_pkt - datagram on its way
 */
struct vh_pkt {
	struct list_head list;
	struct delayed_work work;
	struct vh_port *from;
	u16 slid;
	u16 dlid;
	u8 sl;
	u16 pkey;
	u32 src_qpn;
	u32 dst_qpn;
	u32 qkey;
	__be32 imm;
	bool has_imm;
	bool solicited;
	bool has_grh;
	bool user;
	struct ib_grh grh;
	u32 len;
	u8 data[];
};

static inline struct vh_dev *to_vdev(struct ib_device *d)
{
	return container_of(d, struct vh_dev, ibdev);
}

static inline struct vh_qp *to_vqp(struct ib_qp *q)
{
	return container_of(q, struct vh_qp, ibqp);
}

static inline struct vh_cq *to_vcq(struct ib_cq *c)
{
	return container_of(c, struct vh_cq, ibcq);
}

static inline struct vh_srq *to_vsrq(struct ib_srq *s)
{
	return container_of(s, struct vh_srq, ibsrq);
}

static inline struct vh_mr *to_vmr(struct ib_mr *m)
{
	return container_of(m, struct vh_mr, ibmr);
}

static inline struct vh_ah *to_vah(struct ib_ah *a)
{
	return container_of(a, struct vh_ah, ibah);
}

/* main.c: parameters and life of the fabric */
extern struct vh_node *vh_nodes[VH_MAX_HCAS];
extern struct vh_node *vh_switch_node;
extern unsigned int vh_hcas;
extern unsigned int vh_no_cm;
extern unsigned int vh_ack_timeout_max_ms;
extern unsigned int vh_trap_repeats;
extern unsigned int vh_vendor_id;
extern unsigned int vh_part_id;
extern unsigned int vh_hw_rev;
extern char *vh_hca_type;
extern char *vh_board_id;
extern char *vh_fw_ver;
extern char *vh_name;
extern struct workqueue_struct *vh_wq;
int vh_plug(struct vh_node *node);
int vh_unplug(struct vh_node *node);

/* device.c: the ib_device */
struct vh_dev *vh_dev_register(struct vh_node *node);
void vh_dev_unregister(struct vh_dev *dev);

/* uverbs.c */
int vh_alloc_ucontext(struct ib_ucontext *uc, struct ib_udata *udata);
void vh_dealloc_ucontext(struct ib_ucontext *uc);
void vh_disassociate_ucontext(struct ib_ucontext *uc);
int vh_alloc_pd(struct ib_pd *pd, struct ib_udata *udata);
int vh_dealloc_pd(struct ib_pd *pd, struct ib_udata *udata);
int vh_create_ah(struct ib_ah *ah, struct rdma_ah_init_attr *init,
		 struct ib_udata *udata);
int vh_query_ah(struct ib_ah *ah, struct rdma_ah_attr *attr);
int vh_destroy_ah(struct ib_ah *ah, u32 flags);
u64 vh_uverbs_cmd_mask(void);

/* cq.c */
int vh_create_cq(struct ib_cq *cq, const struct ib_cq_init_attr *attr);
int vh_destroy_cq(struct ib_cq *cq, struct ib_udata *udata);
int vh_poll_cq(struct ib_cq *cq, int n, struct ib_wc *wc);
int vh_req_notify_cq(struct ib_cq *cq, enum ib_cq_notify_flags flags);
void vh_cq_add(struct vh_cq *cq, const struct vh_cqe *cqe, bool solicited);
void vh_cq_purge(struct vh_cq *cq, struct vh_qp *qp);

/* mr.c: regions and copies */
struct ib_mr *vh_get_dma_mr(struct ib_pd *pd, int access);
struct ib_mr *vh_reg_user_mr(struct ib_pd *pd, u64 start, u64 length, u64 iova,
			     int access, struct ib_udata *udata);
struct ib_mr *vh_alloc_mr(struct ib_pd *pd, enum ib_mr_type type, u32 max_sg);
int vh_map_mr_sg(struct ib_mr *mr, struct scatterlist *sg, int nents,
		 unsigned int *offset);
int vh_dereg_mr(struct ib_mr *mr, struct ib_udata *udata);
enum ib_wc_status vh_mr_reg(struct vh_qp *qp, struct vh_mr *mr, u32 key,
			    int access);
int vh_mr_invalidate(struct vh_dev *dev, struct ib_pd *pd, u32 key,
		     bool remote);
bool vh_seg_get(struct vh_dev *dev, struct ib_pd *pd, u32 key, int access,
		u64 addr, u32 len, struct vh_seg *seg);
bool vh_sgl_get(struct vh_dev *dev, struct ib_pd *pd, bool user,
		const struct ib_sge *sge, u32 n, int access,
		struct vh_sgl *sgl);
bool vh_sgl_get_remote(struct vh_qp *qp, u32 rkey, int access, u64 addr,
		       u32 len, struct vh_sgl *sgl);
void vh_sgl_direct(struct vh_sgl *sgl, void *buf, u32 len);
void vh_sgl_put(struct vh_sgl *sgl);
void vh_sgl_copy(struct vh_sgl *dst, struct vh_sgl *src, u64 len);
void vh_sgl_store(struct vh_sgl *dst, u64 off, void *buf, u32 len);
void vh_sgl_load(void *buf, struct vh_sgl *src, u32 len);
void *vh_sgl_ptr(struct vh_sgl *sgl);

/* rq.c: receive queues, shared and not */
int vh_rq_init(struct vh_rq *rq, u32 wr, u32 sge);
void vh_rq_free(struct vh_rq *rq);
int vh_rq_post(struct vh_rq *rq, const struct ib_recv_wr *wr);
bool vh_rq_empty(struct vh_rq *rq);
int vh_create_srq(struct ib_srq *srq, struct ib_srq_init_attr *attr,
		  struct ib_udata *udata);
int vh_modify_srq(struct ib_srq *srq, struct ib_srq_attr *attr,
		  enum ib_srq_attr_mask mask, struct ib_udata *udata);
int vh_query_srq(struct ib_srq *srq, struct ib_srq_attr *attr);
int vh_destroy_srq(struct ib_srq *srq, struct ib_udata *udata);
int vh_post_srq_recv(struct ib_srq *srq, const struct ib_recv_wr *wr,
		     const struct ib_recv_wr **bad);

/* what popping a receive gave */
enum vh_pop {
	VH_POP_OK,
	VH_POP_EMPTY,
	VH_POP_PROT,
};

enum vh_pop vh_rq_pop(struct vh_qp *qp, struct vh_sgl *sgl, u64 *wr_id);
atomic_t *vh_rq_used(struct vh_qp *qp);

/* qp.c: life of queue pairs */
int vh_create_qp(struct ib_qp *qp, struct ib_qp_init_attr *init,
		 struct ib_udata *udata);
int vh_modify_qp(struct ib_qp *qp, struct ib_qp_attr *attr, int mask,
		 struct ib_udata *udata);
int vh_query_qp(struct ib_qp *qp, struct ib_qp_attr *attr, int mask,
		struct ib_qp_init_attr *init);
int vh_destroy_qp(struct ib_qp *qp, struct ib_udata *udata);
struct vh_qp *vh_qp_get(struct vh_dev *dev, u32 qpn);
void vh_qp_put(struct vh_qp *qp);
void vh_qp_flush_all(struct vh_dev *dev);

/* post.c: work requests enter the rings */
int vh_post_send(struct ib_qp *qp, const struct ib_send_wr *wr,
		 const struct ib_send_wr **bad);
int vh_post_recv(struct ib_qp *qp, const struct ib_recv_wr *wr,
		 const struct ib_recv_wr **bad);

/* engine.c: scheduling, completion, flush */
void vh_engine_init(struct vh_qp *qp);
void vh_engine_stop(struct vh_qp *qp);
void vh_engine_kick(struct vh_qp *qp);
void vh_qp_error(struct vh_qp *qp);
void vh_qp_event(struct vh_qp *qp, enum ib_event_type type);
void vh_recv_complete(struct vh_qp *qp, struct vh_cqe *cqe, bool solicited);

/* What executing a send work request led to. */
enum vh_exec {
	VH_EXEC_DONE,
	VH_EXEC_AGAIN,
	VH_EXEC_RNR,
	VH_EXEC_LOST,
};

struct vh_result {
	enum ib_wc_status status;
	u32 byte_len;
	u8 rnr_timer;
};

/* rc.c, resp.c, ud.c: the transports */
enum vh_exec vh_rc_execute(struct vh_qp *qp, struct vh_swqe *wqe,
			   struct vh_result *res);
bool vh_resp_begin(struct vh_qp *rqp, struct vh_qp *qp, u16 pkey);
void vh_resp_end(struct vh_qp *rqp);
enum vh_exec vh_resp_send(struct vh_qp *rqp, struct vh_qp *qp,
			  struct vh_swqe *wqe, struct vh_result *res);
enum vh_exec vh_resp_rdma(struct vh_qp *rqp, struct vh_qp *qp,
			  struct vh_swqe *wqe, struct vh_result *res);
enum vh_exec vh_ud_execute(struct vh_qp *qp, struct vh_swqe *wqe,
			   struct vh_result *res);
void vh_ud_receive(struct vh_qp *qp, struct vh_pkt *pkt);

/* fabric.c: cables, link states, routes */
extern spinlock_t vh_fabric_lock;
struct vh_node *vh_node_alloc(u8 type, int index, u8 nports, u64 guid,
			      u64 sys_guid);
void vh_node_free(struct vh_node *node);
void vh_connect(struct vh_port *a, struct vh_port *b);
void vh_port_reset(struct vh_port *port);
void vh_link_update(struct vh_port *port);
void vh_set_present(struct vh_port *port, bool on);
void vh_set_cable(struct vh_port *port, bool on);
void vh_link_bounce(struct vh_port *port);
bool vh_port_owns(const struct vh_port *port, u16 lid);
void vh_port_event(struct vh_port *port, enum ib_event_type type);
struct vh_dev *vh_route(struct vh_port *from, u16 dlid);
bool vh_pkey_match(u16 a, u16 b);
int vh_pkey_find(const struct vh_port *port, u16 pkey);
struct vh_pkt *vh_pkt_alloc(struct vh_port *from, u32 len, gfp_t gfp);
void vh_pkt_send(struct vh_pkt *pkt);
void vh_pkt_delay(struct vh_pkt *pkt, u32 ms);
void vh_pkt_flush(void);
void vh_pkt_deliver(struct vh_port *port, struct vh_pkt *pkt);
void vh_sum_counters(const struct vh_port *port, struct vh_counters *sum);

/* mcast.c */
int vh_attach_mcast(struct ib_qp *qp, union ib_gid *gid, u16 lid);
int vh_detach_mcast(struct ib_qp *qp, union ib_gid *gid, u16 lid);
void vh_mcast_forget(struct vh_qp *qp);
void vh_mcast_deliver(struct vh_port *port, struct vh_pkt *pkt);

/* switch.c */
struct vh_node *vh_switch_alloc(u8 nports, u64 guid);
void vh_switch_free(struct vh_node *node);
struct vh_port *vh_switch_unicast(struct vh_port *in, u16 dlid);
void vh_switch_packet(struct vh_port *in, struct vh_pkt *pkt);
u16 vh_switch_info(struct vh_node *node, struct ib_smp *smp, bool set);
u16 vh_switch_lft(struct vh_node *node, struct ib_smp *smp, bool set);
u16 vh_switch_mft(struct vh_node *node, struct ib_smp *smp, bool set);
void vh_switch_changed(struct vh_node *node);

/* mad.c, sma.c, pma.c, trap.c: the agents below ib_mad */
int vh_process_mad(struct ib_device *dev, int flags, u32 port_num,
		   const struct ib_wc *wc, const struct ib_grh *grh,
		   const struct ib_mad *in, struct ib_mad *out,
		   size_t *out_size, u16 *out_pkey_index);
int vh_sma(struct vh_port *port, struct ib_smp *smp);
int vh_pma(struct vh_port *port, struct ib_mad *mad);
void vh_trap_init(struct vh_node *node);
void vh_trap_stop(struct vh_node *node);
void vh_trap_capability(struct vh_port *port, u8 local_changes);
void vh_trap_key(struct vh_port *port, u16 trap, u16 lid1, u16 lid2, u32 key,
		 u8 sl, u32 qp1, u32 qp2);
void vh_trap_mkey(struct vh_port *port, const struct ib_smp *smp);
void vh_trap_link(struct vh_node *sw);
void vh_trap_repress(struct vh_port *port, __be64 tid);

/* knobs.c: debugfs */
void vh_knobs_init(void);
void vh_knobs_exit(void);
void vh_knobs_add(struct vh_dev *dev);
void vh_knobs_del(struct vh_dev *dev);
bool vh_fault_take(atomic_t *knob);
bool vh_fault_mad(struct vh_dev *dev, const struct vh_pkt *pkt, u32 *delay_ms);

/* faults.c: verbs that fail */
extern const struct file_operations vh_verb_fops;
bool vh_fault_verb(struct vh_dev *dev, enum vh_verb verb);

#endif
