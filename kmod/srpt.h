/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The objects of the target and who owns them.
 *
 *   device  one HCA: PD, SRQ, data pool, ports. Lives from ib_client add to remove.
 *   port    one port of an HCA: names, listeners' anchor, device-management agent.
 *   target  a configfs WWN: a name that binds to the ports that carry it.
 *   tpg     a portal group of a target: ACLs, LUNs, attributes, enable.
 *   nexus   an I_T nexus: one LIO session, shared by the channels of one
 *           initiator port to one TPG.
 *   channel one RC connection: QP, CQ, command slots, credits.
 *   slot    one information unit and the command that came in it.
 *
 * A slot in use holds its channel, a channel its nexus, a nexus its tpg
 * (by count). The hardware half of a channel (QP, CQ, DMA mappings) is
 * released first and does not wait for the back end; see
 * Documentation/lifetime.md.
 */
#ifndef SRPT_H
#define SRPT_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/hrtimer.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/percpu-refcount.h>
#include <linux/refcount.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <rdma/ib_cm.h>
#include <rdma/ib_verbs.h>
#include <rdma/rdma_cm.h>
#include <rdma/rw.h>
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

#include "proto/credit.h"
#include "proto/ident.h"
#include "proto/iu.h"
#include "proto/login.h"
#include "proto/rsp.h"
#include "proto/state.h"

struct srpt_channel;
struct srpt_conn;
struct srpt_data_pool;
struct srpt_dm_agent;
struct srpt_nexus;
struct srpt_ring;
struct srpt_scratch;
struct srpt_slot;
struct srpt_tpg;

/* Buckets of the latency histograms: bucket i counts commands of
 * [2^i, 2^(i+1)) microseconds, the last one everything above.
 */
#define SRPT_LAT_BUCKETS	24

/**
 * struct srpt_stats - counters of a channel, one copy per CPU
 * Written without a lock by the CPU that owns the copy; readers sum.
 */
struct srpt_stats {
	u64 read_cmds;		/* data-in commands answered */
	u64 write_cmds;		/* data-out commands answered */
	u64 other_cmds;		/* commands without data answered */
	u64 read_bytes;
	u64 write_bytes;
	u64 tmfs;		/* task-management functions answered */
	u64 aborted;		/* commands ended without an answer */
	u64 failed;		/* commands answered with CHECK CONDITION */
	u64 busy;		/* commands answered BUSY or TASK SET FULL by this module */
	u64 bad_ius;		/* IUs refused or answered with an error by this module */
	u64 imm_cmds;		/* writes that brought immediate data */
	u64 ext_tables;		/* external indirect tables fetched */
	u64 cred_reqs;		/* SRP_CRED_REQ sent */
	u64 sq_waits;		/* posts that had to wait for send-queue room */
	u64 read_lat[SRPT_LAT_BUCKETS];
	u64 write_lat[SRPT_LAT_BUCKETS];
};

/**
 * struct srpt_device - one HCA
 * @ib:		the RDMA device
 * @pd:		protection domain of everything this module posts there
 * @entry:	in srpt_devices, protected by srpt_device_mutex
 * @pool:	data buffers; outlives the device while commands hold chunks
 * @srq_lock:	protects @srq creation
 * @srq:	shared receive queue, made by the first channel that wants one
 * @srq_ring:	slots whose receives are posted to @srq
 * @cm_id:	IB CM listener, NULL on devices without IB CM
 * @removing:	set once, refuses logins from then on
 * @event_handler: asynchronous events of the device
 * @channels_lock: protects @channels
 * @channels:	channels whose hardware half lives on this device
 * @channels_gone: woken when @channels becomes empty
 * @port_count:	entries of @port
 * @port:	the ports
 */
struct srpt_device {
	struct ib_device *ib;
	struct ib_pd *pd;
	struct list_head entry;
	struct srpt_data_pool *pool;
	struct mutex srq_lock;
	struct ib_srq *srq;
	struct srpt_ring *srq_ring;
	struct ib_cm_id *cm_id;
	bool removing;
	struct ib_event_handler event_handler;
	spinlock_t channels_lock;
	struct list_head channels;
	wait_queue_head_t channels_gone;
	u32 port_count;
	struct srpt_port *port;
};

/**
 * struct srpt_port - one port of an HCA
 * @dev:	its device
 * @num:	port number, from 1
 * @lock:	protects @gid, @lid, @sm_lid, @active
 * @gid:	GID 0, refreshed on events
 * @guid:	last 8 bytes of @gid
 * @active:	port state is ACTIVE
 * @published:	the I/O unit is shown to the subnet
 * @max_rdma_size: what it says of the largest RDMA transfer, bytes
 * @work:	refreshes the above in process context
 * @dm:		device-management agent, NULL off InfiniBand
 */
struct srpt_port {
	struct srpt_device *dev;
	u32 num;
	spinlock_t lock;
	union ib_gid gid;
	u16 lid;
	u16 sm_lid;
	bool active;
	bool published;
	u32 max_rdma_size;
	struct work_struct work;
	struct srpt_dm_agent *dm;
};

/**
 * struct srpt_target - a configfs WWN below target/srpt
 * @wwn:	LIO's half
 * @entry:	in srpt_targets, protected by srpt_target_mutex
 * @name:	as the administrator wrote it
 * @ident:	what it means: a GID (ID128) or a port GUID
 * @tpgs:	its portal groups, protected by srpt_target_mutex
 * @refs:	its configfs directory and each of its TPGs
 */
struct srpt_target {
	struct se_wwn wwn;
	struct list_head entry;
	char name[64];
	struct proto_ident ident;
	struct list_head tpgs;
	refcount_t refs;
};

/**
 * struct srpt_tpg_attrib - attributes of a portal group; new logins use them
 * @max_rdma_size: advertised largest RDMA transfer, bytes
 * @max_rsp_size:  largest response IU, bytes
 * @sq_size:	send queue depth of new channels
 * @use_srq:	new channels receive through the device's SRQ
 * @max_io_size: largest transfer of one command, bytes (ours)
 * @max_channels: channels per nexus (ours)
 * @max_sessions: sessions (nexuses) of this TPG (ours)
 * @max_initiator_bytes: data-buffer bytes one nexus may hold at once (ours)
 * @generate_node_acls, ...: as in the other LIO fabrics
 */
struct srpt_tpg_attrib {
	u32 max_rdma_size;
	u32 max_rsp_size;
	u32 sq_size;
	bool use_srq;
	u32 max_io_size;
	u32 max_channels;
	u32 max_sessions;
	u64 max_initiator_bytes;
	bool generate_node_acls;
	bool cache_dynamic_acls;
	bool demo_mode_write_protect;
	bool prod_mode_write_protect;
};

/**
 * struct srpt_tpg - a portal group
 * @se_tpg:	LIO's half
 * @target:	the WWN it belongs to
 * @entry:	in target->tpgs, protected by srpt_target_mutex
 * @tag:	portal group tag
 * @attrib:	see above; single words, read without a lock at login
 * @enabled:	admits logins; changed under srpt_target_mutex
 * @lock:	protects @nexuses, @n_nexuses, and dead of @se_tpg's users
 * @nexuses:	I_T nexuses with at least one channel
 * @n_nexuses:	their number
 * @users:	logins in progress plus nexuses not yet released;
 *		drop and disable wait (bounded) until only the base count is left
 * @idle:	woken when @users falls
 */
struct srpt_tpg {
	struct se_portal_group se_tpg;
	struct srpt_target *target;
	struct list_head entry;
	u16 tag;
	struct srpt_tpg_attrib attrib;
	bool enabled;
	spinlock_t lock;
	struct list_head nexuses;
	u32 n_nexuses;
	atomic_t users;
	wait_queue_head_t idle;
};

/**
 * struct srpt_node_acl - a node ACL with its canonical identity
 * @nacl:	LIO's half; its initiatorname is the canonical 0x%032x text, so
 *		that LIO's persistent reservations can make a TransportID of it
 * @ident:	kind NONE: dynamic or not yet ready
 * @name:	as the administrator wrote it
 */
struct srpt_node_acl {
	struct se_node_acl nacl;
	struct proto_ident ident;
	char name[64];
};

/**
 * struct srpt_nexus - an I_T nexus: what LIO calls a session
 * @entry:	in tpg->nexuses, protected by tpg->lock
 * @all_entry:	in the list of all nexuses
 * @tpg:	holds one of tpg->users
 * @sess:	LIO session, shared by all channels
 * @who:	the initiator
 * @name:	"0x%032x" of the i_port_id: the ACL string to paste
 * @id:		session number shown everywhere, unique since load
 * @refs:	channels plus whoever looks; last put ends the LIO session
 * @lock:	protects @channels, @n_channels, @closing
 * @channels:	its channels
 * @n_channels:	their number
 * @next_channel: number the next channel gets
 * @closing:	no channel may join any more
 * @release_work: ends the LIO session in process context
 * @bytes:	data-buffer bytes its commands hold
 * @login_time:	wall-clock seconds of the first login
 */
struct srpt_nexus {
	struct list_head entry;
	struct list_head all_entry;
	struct srpt_tpg *tpg;
	struct se_session *sess;
	struct proto_initiator who;
	char name[36];
	u32 id;
	struct kref refs;
	spinlock_t lock;
	struct list_head channels;
	u32 n_channels;
	u32 next_channel;
	bool closing;
	struct work_struct release_work;
	atomic64_t bytes;
	u64 login_time;
};

/* Why a channel ended: the text of the close line and of the event. */
enum srpt_close_cause {
	SRPT_CLOSE_NONE,
	SRPT_CLOSE_INITIATOR_LOGOUT,	/* SRP_I_LOGOUT */
	SRPT_CLOSE_INITIATOR_DREQ,	/* the initiator disconnected */
	SRPT_CLOSE_CONNECTION_LOST,	/* transport retries exhausted, QP error */
	SRPT_CLOSE_HANDSHAKE,		/* never became established */
	SRPT_CLOSE_PROTOCOL,		/* protocol violation */
	SRPT_CLOSE_MULTICHANNEL,	/* a SINGLE login of the same nexus */
	SRPT_CLOSE_ADMIN,		/* close-session command */
	SRPT_CLOSE_DISABLED,		/* TPG disabled or removed */
	SRPT_CLOSE_ACL_REMOVED,		/* node ACL deleted or changed */
	SRPT_CLOSE_DEVICE_REMOVED,	/* HCA going away */
	SRPT_CLOSE_CAUSES
};

/* Worker pools a channel's completion queue can be polled in, see poll.c. */
enum srpt_poll_prio {
	SRPT_POLL_NORMAL,
	SRPT_POLL_HIGH,
	SRPT_POLL_PRIOS
};

/**
 * struct srpt_channel - one RDMA channel
 *
 * Hot fields first, grouped by who writes them. Unless said otherwise a field
 * is set before the channel goes LIVE and constant from then on.
 */
struct srpt_channel {
	/* read by every path */
	struct ib_qp *qp;
	struct ib_cq *cq;
	struct srpt_device *dev;		/* valid while on dev->channels */
	struct srpt_data_pool *pool;	/* holds a reference */
	struct srpt_nexus *nexus;
	struct se_session *sess;
	struct srpt_ring *ring;		/* own slots, or the device's SRQ ring */
	struct srpt_stats __percpu *stats;
	struct proto_limits limits;
	u32 max_it_iu_len;		/* longest IU the login allows the initiator */
	u32 max_ti_iu_len;		/* response IUs are cut to this */
	u32 max_send_sge;
	u32 sq_size;
	u32 max_inline;
	u8 login_flags;
	bool use_srq;
	bool use_rw_api;		/* iWARP: RDMA READ needs a registered sink */
	bool to_ksoftirqd;		/* leave it what is posted: sq.c */
	bool gathers;			/* requests, responses wait for each other */
	enum proto_channel_state state;	/* written under sq_lock */
	atomic_t cause;			/* enum srpt_close_cause, first one wins */

	/* protected by sq_lock; credit.consumed is the CQ context's */
	spinlock_t sq_lock ____cacheline_aligned;
	u32 sq_posted;			/* work requests ever posted */
	u32 sq_done;			/* ... known to be complete */
	u32 sq_unsignaled;		/* posted since the last signaled one */
	u32 sq_unsig_bytes;		/* data those hold back */
	bool sq_wait_data;		/* a response that waits for others has data */
	struct list_head sq_wait;	/* slots that wait for send-queue room */
	struct list_head sq_reads;	/* slots whose RDMA READs are under way */
	struct list_head sq_retire;	/* answered slots whose completion is due */
	struct ib_recv_wr *repost;	/* receives to post with the next batch */
	struct ib_recv_wr *repost_last;
	u32 n_repost;
	struct proto_credit credit;
	bool cred_req_posted;		/* its buffer is with the HCA */
	u8 cred_reqs_out;		/* CRED_REQs without an answer yet */
	struct srpt_scratch *scratch;	/* work requests under construction */

	/* cold */
	struct list_head nexus_entry;	/* nexus->lock */
	struct list_head dev_entry;	/* dev->channels_lock; empty when detached */
	struct kref refs;		/* life, CM, lookups */
	struct mutex qp_mutex;		/* R/W API contexts against QP destruction */
	struct percpu_ref busy;		/* slots in use; killed after the drain */
	struct srpt_conn *conn;		/* until the hardware half is gone */
	struct srpt_msgs *msgs;		/* CRED_REQ and T_LOGOUT, one of each */
	struct ib_cqe unsig_cqe;	/* of work requests nobody waits for */
	struct ib_cqe sq_drain_cqe;
	struct ib_cqe rq_drain_cqe;
	struct completion login_done;	/* the accept was sent, or not */
	struct completion sq_drained;
	struct completion rq_drained;
	struct completion last_wqe;
	struct completion logout_sent;
	struct work_struct poll_work[SRPT_POLL_PRIOS];
	struct hrtimer poll_timer;	/* queues one that waits for company */
	struct mutex poll_mutex;	/* one of them at a time */
	enum srpt_poll_prio poll_prio;	/* the next one to queue */
	u32 poll_left;			/* polls until that is reconsidered */
	bool poll_closed;		/* nobody polls any more */
	struct work_struct flush_work;	/* posts responses that wait */
	struct work_struct close_work;
	struct work_struct release_work;
	struct srpt_port *port;		/* valid while on dev->channels */
	u32 id;				/* number within the nexus, from 0 */
	u32 session_id;			/* nexus->id, kept for messages */
	u32 qp_num;
	u32 peer_qp_num;
	const char *cause_detail;	/* static text, set with cause */
	enum proto_t_logout_reason logout_reason; /* with SRPT_CLOSE_PROTOCOL */
	u64 since;			/* ktime of the accept, ns */
	bool rdma_cm_login;
	struct proto_initiator who;
	char peer[64];			/* source GID or IP, printable */
	char name[36];			/* nexus->name */
	char dev_name[IB_DEVICE_NAME_MAX];
	u32 port_num;
};

static inline bool srpt_channel_live(const struct srpt_channel *ch)
{
	return READ_ONCE(ch->state) == PROTO_CH_LIVE;
}

/* params.c: module parameters */
extern u64 srpt_service_guid;
extern unsigned int srpt_srq_size;
extern unsigned int srpt_max_req_size;	/* largest initiator-to-target IU, bytes */

/* device.c */
extern struct mutex srpt_device_mutex;
extern struct list_head srpt_devices;
int srpt_device_init(void);
void srpt_device_exit(void);
int srpt_device_get_srq(struct srpt_device *dev);

/* port.c */
/* Does @ident name this port (GID 0, any other GID of it, or its GUID)? */
bool srpt_port_is_named(struct srpt_port *port, const struct proto_ident *ident);
/* Any present port with that name? May sleep; takes srpt_device_mutex. */
bool srpt_port_exists(const struct proto_ident *ident);
/* A TPG was enabled or disabled: publish or withdraw the I/O unit. May sleep. */
void srpt_port_refresh_all(void);

/* cm_rdma.c */
/* Listen on TCP port space @port (IPv4 and IPv6), 0: stop. May sleep. */
int srpt_rdma_cm_set_port(u16 port);
u16 srpt_rdma_cm_get_port(void);

/* configfs.c, acl.c: the configuration side */
extern struct mutex srpt_target_mutex;
extern struct list_head srpt_targets;
extern const struct target_core_fabric_ops srpt_fabric_ops;

/* Is a TPG enabled on this port? Takes srpt_target_mutex. */
bool srpt_target_enabled_on(struct srpt_port *port, u32 *max_rdma_size);

enum srpt_admission_result {
	SRPT_ADMIT_OK,
	SRPT_ADMIT_NO_TARGET,	/* no target is bound to the port */
	SRPT_ADMIT_DISABLED,	/* bound, but no TPG enabled */
	SRPT_ADMIT_NO_ACL,	/* no node ACL fits */
};

/**
 * struct srpt_admission - outcome of an authorisation
 * @tpg:	the TPG that admits, its users count taken: srpt_tpg_put() it
 * @acl_name:	what to give target_setup_session() as initiator name
 */
struct srpt_admission {
	struct srpt_tpg *tpg;
	char acl_name[TRANSPORT_IQN_LEN];
};

/* Look the initiator up in the ACLs of the enabled TPGs of the targets bound
 * to @port; the most specific ACL wins, then generate_node_acls. May sleep.
 */
enum srpt_admission_result srpt_acl_admit(struct srpt_port *port,
					  const struct proto_initiator *who,
					  struct srpt_admission *out);
/* The ACL of this session was removed before the session could be found by
 * srpt_close_session(): close it. May sleep.
 */
bool srpt_acl_gone(struct se_session *sess);

static inline void srpt_tpg_put(struct srpt_tpg *tpg)
{
	/* The waiter frees the TPG once the count is down, and may do so as
	 * soon as it can see that: wake it from under the lock it takes last.
	 */
	unsigned long flags;

	spin_lock_irqsave(&tpg->idle.lock, flags);
	atomic_dec(&tpg->users);
	wake_up_all_locked(&tpg->idle);
	spin_unlock_irqrestore(&tpg->idle.lock, flags);
}

/* nexus.c */
/* Close every channel of the TPG and wait until their sessions are gone.
 * Returns false when the bound passed first (logged). May sleep.
 */
bool srpt_tpg_close_sessions(struct srpt_tpg *tpg, enum srpt_close_cause cause);
/* Close the channels of one LIO session (close_session of the fabric ops); no wait. */
void srpt_nexus_close(struct srpt_nexus *nexus, enum srpt_close_cause cause);
const char *srpt_close_cause_text(enum srpt_close_cause cause);
/* Call @fn for each nexus / channel with the object held by reference and no
 * lock held, so @fn may sleep; stops at the first non-zero return.
 */
typedef int (*srpt_nexus_fn_t)(struct srpt_nexus *nexus, void *arg);
typedef int (*srpt_channel_fn_t)(struct srpt_channel *ch, void *arg);
int srpt_nexus_iterate(srpt_nexus_fn_t fn, void *arg);
int srpt_nexus_iterate_channels(struct srpt_nexus *nexus,
				srpt_channel_fn_t fn, void *arg);
struct srpt_nexus *srpt_nexus_find(u32 id);	/* takes a reference */
void srpt_nexus_put(struct srpt_nexus *nexus);
/* close_session of the fabric ops; @sess may be on its way out already. */
void srpt_close_session(struct se_session *sess);

/* fabric glue implemented by the data path, entered into srpt_fabric_ops */
int srpt_check_stop_free(struct se_cmd *se_cmd);
void srpt_release_cmd(struct se_cmd *se_cmd);
int srpt_write_pending(struct se_cmd *se_cmd);
int srpt_queue_data_in(struct se_cmd *se_cmd);
int srpt_queue_status(struct se_cmd *se_cmd);
void srpt_queue_tm_rsp(struct se_cmd *se_cmd);
void srpt_aborted_task(struct se_cmd *se_cmd);
int srpt_get_cmd_state(struct se_cmd *se_cmd);

/* stats.c */
void srpt_stats_sum(const struct srpt_channel *ch, struct srpt_stats *sum);
void srpt_stats_reset(struct srpt_channel *ch);

/* reject.c: the recent refused logins and the rate limit of their log lines */
/* Account a refused login. True: within the rate, log it. @reason is the SRP
 * reason code, @text says why in a few words. Any context that may sleep.
 */
bool srpt_reject_note(struct srpt_port *port, const struct proto_initiator *who,
		      u32 reason, const char *text);

/* netlink.c */
int srpt_netlink_init(void);
void srpt_netlink_exit(void);
void srpt_netlink_login(struct srpt_channel *ch);
void srpt_netlink_logout(struct srpt_channel *ch, enum srpt_close_cause cause);
void srpt_netlink_reject(struct srpt_port *port,
			 const struct proto_initiator *who, u32 reason,
			 const char *text);
void srpt_netlink_port(struct srpt_port *port, bool up);

#endif /* SRPT_H */
