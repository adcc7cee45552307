// SPDX-License-Identifier: GPL-2.0
/*
 * What virtual adapters must refuse, report and count, seen by verbs of user
 * space: two queue pairs in one process, one on each adapter of a pair.
 */
#include <errno.h>
#include <infiniband/verbs.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_SIZE 4096
#define ALL_REMOTE \
	(IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | \
	 IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_ATOMIC)
#define KEEP_IN_RTR	1
#define WITH_SRQ	2

#define CHECK(cond) do {						\
	if (!(cond)) {							\
		fprintf(stderr, "%s:%d: not true: %s (%s)\n", test,	\
			__LINE__, #cond, strerror(errno));		\
		exit(1);						\
	}								\
} while (0)

struct side {
	struct ibv_context *ctx;
	struct ibv_pd *pd;
	struct ibv_cq *cq;
	struct ibv_srq *srq;
	struct ibv_qp *qp;
	struct ibv_mr *mr;
	char *buf;
	unsigned int lid;
};

static const char *test = "setup";
static struct side a, b;

static void open_side(struct side *s, const char *name)
{
	struct ibv_device **list = ibv_get_device_list(NULL), **d;
	struct ibv_port_attr port;

	CHECK(list);
	for (d = list; *d && strcmp(ibv_get_device_name(*d), name); d++)
		;
	CHECK(*d);
	s->ctx = ibv_open_device(*d);
	CHECK(s->ctx);
	CHECK(!ibv_query_port(s->ctx, 1, &port));
	s->lid = port.lid;
	CHECK(s->lid);
	s->pd = ibv_alloc_pd(s->ctx);
	CHECK(s->pd);
	s->buf = calloc(1, BUF_SIZE);
	ibv_free_device_list(list);
}

static void create(struct side *s, int access, int flags)
{
	struct ibv_srq_init_attr srq = { .attr = { .max_wr = 8, .max_sge = 1 } };
	struct ibv_qp_init_attr init = {
		.qp_type = IBV_QPT_RC,
		.cap = { .max_send_wr = 8, .max_recv_wr = 8, .max_send_sge = 1,
			 .max_recv_sge = 1 },
	};
	struct ibv_qp_attr attr = { .qp_state = IBV_QPS_INIT, .port_num = 1,
				    .qp_access_flags = access };

	memset(s->buf, 0, BUF_SIZE);
	s->cq = ibv_create_cq(s->ctx, 64, NULL, NULL, 0);
	CHECK(s->cq);
	s->srq = NULL;
	if (flags & WITH_SRQ) {
		s->srq = ibv_create_srq(s->pd, &srq);
		CHECK(s->srq);
	}
	s->mr = ibv_reg_mr(s->pd, s->buf, BUF_SIZE, access | IBV_ACCESS_LOCAL_WRITE);
	CHECK(s->mr);
	init.send_cq = s->cq;
	init.recv_cq = s->cq;
	init.srq = s->srq;
	s->qp = ibv_create_qp(s->pd, &init);
	CHECK(s->qp);
	CHECK(!ibv_modify_qp(s->qp, &attr, IBV_QP_STATE | IBV_QP_PKEY_INDEX |
			     IBV_QP_PORT | IBV_QP_ACCESS_FLAGS));
}

static void connect_side(struct side *s, struct side *peer, int keep_in_rtr)
{
	struct ibv_qp_attr attr = {
		.qp_state = IBV_QPS_RTR,
		.path_mtu = IBV_MTU_4096,
		.dest_qp_num = peer->qp->qp_num,
		.max_dest_rd_atomic = 4,
		.min_rnr_timer = 5,
		.ah_attr = { .dlid = peer->lid, .port_num = 1 },
	};

	CHECK(!ibv_modify_qp(s->qp, &attr, IBV_QP_STATE | IBV_QP_AV |
			     IBV_QP_PATH_MTU | IBV_QP_DEST_QPN | IBV_QP_RQ_PSN |
			     IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER));
	if (keep_in_rtr)
		return;
	attr.qp_state = IBV_QPS_RTS;
	attr.timeout = 10;
	attr.retry_cnt = 2;
	attr.rnr_retry = 2;
	attr.max_rd_atomic = 4;
	CHECK(!ibv_modify_qp(s->qp, &attr, IBV_QP_STATE | IBV_QP_TIMEOUT |
			     IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
			     IBV_QP_SQ_PSN | IBV_QP_MAX_QP_RD_ATOMIC));
}

/* A fresh connection; @access is what b allows. */
static void begin(const char *name, int access, int flags)
{
	test = name;
	create(&a, ALL_REMOTE, 0);
	create(&b, access, flags);
	connect_side(&b, &a, flags & KEEP_IN_RTR);
	connect_side(&a, &b, 0);
}

static void close_side(struct side *s)
{
	if (s->qp)
		CHECK(!ibv_destroy_qp(s->qp));
	if (s->srq)
		CHECK(!ibv_destroy_srq(s->srq));
	CHECK(!ibv_dereg_mr(s->mr));
	CHECK(!ibv_destroy_cq(s->cq));
}

static void end(void)
{
	close_side(&a);
	close_side(&b);
	printf("ok %s\n", test);
}

static int post(enum ibv_wr_opcode op, unsigned int len, unsigned long addr,
		unsigned int rkey, unsigned int lkey)
{
	struct ibv_sge sge = { (unsigned long)a.buf, len, lkey };
	struct ibv_send_wr wr = {
		.sg_list = &sge, .num_sge = 1, .opcode = op,
		.send_flags = IBV_SEND_SIGNALED,
	}, *bad;

	if (op == IBV_WR_ATOMIC_FETCH_AND_ADD || op == IBV_WR_ATOMIC_CMP_AND_SWP) {
		wr.wr.atomic.remote_addr = addr;
		wr.wr.atomic.rkey = rkey;
		wr.wr.atomic.compare_add = 5;
		wr.wr.atomic.swap = 9;
	} else {
		wr.wr.rdma.remote_addr = addr;
		wr.wr.rdma.rkey = rkey;
	}
	return ibv_post_send(a.qp, &wr, &bad);
}

static int post_recv(struct side *s, unsigned int len)
{
	struct ibv_sge sge = { (unsigned long)s->buf, len, s->mr->lkey };
	struct ibv_recv_wr wr = { .sg_list = &sge, .num_sge = 1 }, *bad;

	return s->srq ? ibv_post_srq_recv(s->srq, &wr, &bad) :
			ibv_post_recv(s->qp, &wr, &bad);
}

static struct ibv_wc completion(struct side *s)
{
	struct ibv_wc wc;
	int n, tries;

	for (tries = 0; tries < 20000; tries++) {
		n = ibv_poll_cq(s->cq, 1, &wc);
		CHECK(n >= 0);
		if (n)
			return wc;
		poll(NULL, 0, 1);
	}
	CHECK(!"a completion came");
	return wc;
}

static void expect(struct side *s, enum ibv_wc_status want)
{
	struct ibv_wc wc = completion(s);

	if (wc.status == want)
		return;
	fprintf(stderr, "%s: completed with '%s' instead of '%s'\n", test,
		ibv_wc_status_str(wc.status), ibv_wc_status_str(want));
	exit(1);
}

static void expect_event(struct side *s, enum ibv_event_type want)
{
	struct pollfd fd = { .fd = s->ctx->async_fd, .events = POLLIN };
	struct ibv_async_event ev;

	CHECK(poll(&fd, 1, 20000) == 1);
	CHECK(!ibv_get_async_event(s->ctx, &ev));
	ibv_ack_async_event(&ev);
	if (ev.event_type == want)
		return;
	fprintf(stderr, "%s: event '%s' instead of '%s'\n", test,
		ibv_event_type_str(ev.event_type), ibv_event_type_str(want));
	exit(1);
}

static void data(void)
{
	unsigned long at;

	begin("data arrives by SEND, WRITE, READ and atomics", ALL_REMOTE, 0);
	at = (unsigned long)b.buf;
	CHECK(!post_recv(&b, BUF_SIZE));
	strcpy(a.buf, "sent");
	CHECK(!post(IBV_WR_SEND, 64, 0, 0, a.mr->lkey));
	expect(&a, IBV_WC_SUCCESS);
	expect(&b, IBV_WC_SUCCESS);
	CHECK(!strcmp(b.buf, "sent"));
	strcpy(a.buf, "written");
	CHECK(!post(IBV_WR_RDMA_WRITE, 64, at + 256, b.mr->rkey, a.mr->lkey));
	expect(&a, IBV_WC_SUCCESS);
	CHECK(!strcmp(b.buf + 256, "written"));
	strcpy(b.buf + 512, "to be read");
	CHECK(!post(IBV_WR_RDMA_READ, 64, at + 512, b.mr->rkey, a.mr->lkey));
	expect(&a, IBV_WC_SUCCESS);
	CHECK(!strcmp(a.buf, "to be read"));
	*(unsigned long *)(b.buf + 1024) = 37;
	CHECK(!post(IBV_WR_ATOMIC_FETCH_AND_ADD, 8, at + 1024, b.mr->rkey, a.mr->lkey));
	expect(&a, IBV_WC_SUCCESS);
	CHECK(*(unsigned long *)a.buf == 37 && *(unsigned long *)(b.buf + 1024) == 42);
	CHECK(!post(IBV_WR_ATOMIC_CMP_AND_SWP, 8, at + 1024, b.mr->rkey, a.mr->lkey));
	expect(&a, IBV_WC_SUCCESS);
	CHECK(*(unsigned long *)(b.buf + 1024) == 42);
	end();
}

/* One RDMA operation that the peer has to refuse. */
static void refused(const char *name, int access, enum ibv_wr_opcode op,
		    unsigned int key_change, unsigned long offset,
		    enum ibv_wc_status status, enum ibv_event_type event)
{
	begin(name, access, 0);
	CHECK(!post_recv(&b, 64));
	CHECK(!post(op, op == IBV_WR_ATOMIC_FETCH_AND_ADD ? 8 : 64,
		    (unsigned long)b.buf + offset, b.mr->rkey ^ key_change, a.mr->lkey));
	expect(&a, status);
	expect_event(&b, event);
	expect(&b, IBV_WC_WR_FLUSH_ERR);
	end();
}

static void lengths(void)
{
	begin("a message longer than the receive", ALL_REMOTE, 0);
	CHECK(!post_recv(&b, 16));
	CHECK(!post(IBV_WR_SEND, 64, 0, 0, a.mr->lkey));
	expect(&a, IBV_WC_REM_INV_REQ_ERR);
	expect(&b, IBV_WC_LOC_LEN_ERR);
	end();

	begin("a wrong local key", ALL_REMOTE, 0);
	CHECK(!post(IBV_WR_SEND, 64, 0, 0, a.mr->lkey ^ 0x100));
	expect(&a, IBV_WC_LOC_PROT_ERR);
	end();

	begin("the kernel's key for all memory", ALL_REMOTE, 0);
	CHECK(!post(IBV_WR_SEND, 64, 0, 0, 0));
	expect(&a, IBV_WC_LOC_PROT_ERR);
	end();
}

static void retries(void)
{
	begin("no receive is posted", ALL_REMOTE, 0);
	CHECK(!post(IBV_WR_SEND, 64, 0, 0, a.mr->lkey));
	expect(&a, IBV_WC_RNR_RETRY_EXC_ERR);
	end();

	begin("the peer is gone", ALL_REMOTE, 0);
	CHECK(!ibv_destroy_qp(b.qp));
	b.qp = NULL;
	CHECK(!post(IBV_WR_SEND, 64, 0, 0, a.mr->lkey));
	expect(&a, IBV_WC_RETRY_EXC_ERR);
	end();
}

static void partition(const char *knob)
{
	FILE *f;

	begin("another partition", ALL_REMOTE, 0);
	CHECK(!post_recv(&b, 64));
	f = fopen(knob, "w");
	CHECK(f && fputs("0 0x8001", f) >= 0 && !fclose(f));
	CHECK(!post(IBV_WR_SEND, 64, 0, 0, a.mr->lkey));
	expect(&a, IBV_WC_RETRY_EXC_ERR);
	f = fopen(knob, "w");
	CHECK(f && fputs("0 0xffff", f) >= 0 && !fclose(f));
	/* The port reports the change, twice. */
	expect_event(&b, IBV_EVENT_PKEY_CHANGE);
	expect_event(&b, IBV_EVENT_PKEY_CHANGE);
	end();
}

static void queues(void)
{
	int i;

	begin("queues have their size and flush in order", ALL_REMOTE, 0);
	for (i = 0; i < 8; i++)
		CHECK(!post_recv(&b, 64));
	CHECK(post_recv(&b, 64) == ENOMEM);
	for (i = 0; i < 8; i++)
		CHECK(!post(IBV_WR_RDMA_WRITE, 8, (unsigned long)b.buf, b.mr->rkey,
			    a.mr->lkey));
	/* All are executed, but nobody has polled yet. */
	CHECK(post(IBV_WR_RDMA_WRITE, 8, (unsigned long)b.buf, b.mr->rkey,
		   a.mr->lkey) == ENOMEM);
	for (i = 0; i < 8; i++)
		expect(&a, IBV_WC_SUCCESS);
	CHECK(!ibv_modify_qp(b.qp, &(struct ibv_qp_attr){ .qp_state = IBV_QPS_ERR },
			     IBV_QP_STATE));
	for (i = 0; i < 8; i++)
		expect(&b, IBV_WC_WR_FLUSH_ERR);
	CHECK(!post_recv(&b, 64));
	expect(&b, IBV_WC_WR_FLUSH_ERR);
	end();
}

static void events(void)
{
	struct ibv_srq_attr limit = { .srq_limit = 2 };

	begin("communication established", ALL_REMOTE, KEEP_IN_RTR);
	CHECK(!post_recv(&b, 64));
	CHECK(!post(IBV_WR_SEND, 8, 0, 0, a.mr->lkey));
	expect(&a, IBV_WC_SUCCESS);
	expect(&b, IBV_WC_SUCCESS);
	expect_event(&b, IBV_EVENT_COMM_EST);
	end();

	begin("shared receive queue: limit and last WQE", ALL_REMOTE, WITH_SRQ);
	CHECK(!post_recv(&b, 64));
	CHECK(!post_recv(&b, 64));
	CHECK(!ibv_modify_srq(b.srq, &limit, IBV_SRQ_LIMIT));
	CHECK(!post(IBV_WR_SEND, 8, 0, 0, a.mr->lkey));
	expect(&a, IBV_WC_SUCCESS);
	expect(&b, IBV_WC_SUCCESS);
	expect_event(&b, IBV_EVENT_SRQ_LIMIT_REACHED);
	CHECK(!ibv_modify_qp(b.qp, &(struct ibv_qp_attr){ .qp_state = IBV_QPS_ERR },
			     IBV_QP_STATE));
	expect_event(&b, IBV_EVENT_QP_LAST_WQE_REACHED);
	end();
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: checks DEVICE DEVICE PKEY-KNOB\n");
		return 2;
	}
	open_side(&a, argv[1]);
	open_side(&b, argv[2]);
	data();
	refused("a wrong remote key", ALL_REMOTE, IBV_WR_RDMA_WRITE, 1, 0,
		IBV_WC_REM_ACCESS_ERR, IBV_EVENT_QP_ACCESS_ERR);
	refused("beyond the end of a region", ALL_REMOTE, IBV_WR_RDMA_READ, 0,
		BUF_SIZE - 63, IBV_WC_REM_ACCESS_ERR, IBV_EVENT_QP_ACCESS_ERR);
	refused("before the start of a region", ALL_REMOTE, IBV_WR_RDMA_READ, 0,
		-1UL, IBV_WC_REM_ACCESS_ERR, IBV_EVENT_QP_ACCESS_ERR);
	refused("an operation the queue pair does not allow",
		IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_LOCAL_WRITE,
		IBV_WR_RDMA_READ, 0, 0, IBV_WC_REM_INV_REQ_ERR,
		IBV_EVENT_QP_REQ_ERR);
	refused("an atomic that is not aligned", ALL_REMOTE,
		IBV_WR_ATOMIC_FETCH_AND_ADD, 0, 4, IBV_WC_REM_INV_REQ_ERR,
		IBV_EVENT_QP_REQ_ERR);
	lengths();
	retries();
	partition(argv[3]);
	queues();
	events();
	return 0;
}
