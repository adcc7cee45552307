// SPDX-License-Identifier: GPL-2.0
/*
 * The data path as the netlink files see it, made up: as many sessions and
 * channels as asked for, on the first RDMA device there is. It lets a guest
 * read dumps of a size that no test could log in for.
 *
 * Parameters: sessions, channels (of each). Written to at run time:
 *   refuse=N M	  note M refused logins of each of N initiators
 *   event=KIND	  login, logout, port: send the event of session 1
 */
#include "log.h"

#include <linux/module.h>
#include <linux/slab.h>
#include <rdma/ib_cache.h>

#include "config.h"
#include "data_pool.h"
#include "stats.h"

static unsigned int sessions = 1000;
module_param(sessions, uint, 0444);
static unsigned int channels = 4;
module_param(channels, uint, 0444);

u64 srpt_service_guid = 0x0011223344556677ULL;
DEFINE_MUTEX(srpt_device_mutex);
LIST_HEAD(srpt_devices);
DEFINE_MUTEX(srpt_target_mutex);
LIST_HEAD(srpt_targets);

static struct srpt_device mock_dev;
static struct srpt_port mock_port;
static struct srpt_target mock_target = { .name = "0xfe800000000000000000000000000001" };
static struct srpt_tpg mock_tpg = {
	.target = &mock_target,
	.tag = 1,
	.enabled = true,
	.attrib = { .max_channels = 64, .max_sessions = 1024, .max_initiator_bytes = SZ_256M },
};

static struct srpt_node_acl mock_acl = { .name = "mock" };
static struct se_session mock_sess = { .se_node_acl = &mock_acl.nacl };
static struct srpt_nexus *mock_nexuses;
static struct srpt_channel *mock_channels;
static DEFINE_MUTEX(mock_mutex);

u16 srpt_rdma_cm_get_port(void)
{
	return 5555;
}

bool srpt_port_is_named(struct srpt_port *port, const struct proto_ident *ident)
{
	return true;
}

void srpt_data_pool_usage(struct srpt_data_pool *pool, u64 *total, u64 *kept)
{
	*total = SZ_1M;
	*kept = SZ_64K;
}

const char *srpt_close_cause_text(enum srpt_close_cause cause)
{
	return cause == SRPT_CLOSE_ADMIN ? "closed by the administrator" : "other";
}

struct srpt_nexus *srpt_nexus_find(u32 id)
{
	struct srpt_nexus *nexus;

	if (!id || id > sessions)
		return NULL;
	nexus = &mock_nexuses[id - 1];
	return kref_get_unless_zero(&nexus->refs) ? nexus : NULL;
}

static void mock_gone(struct kref *refs)
{
}

void srpt_nexus_put(struct srpt_nexus *nexus)
{
	kref_put(&nexus->refs, mock_gone);
}

int srpt_nexus_iterate(int (*fn)(struct srpt_nexus *nexus, void *arg), void *arg)
{
	int ret = 0;
	u32 id;

	for (id = 1; id <= sessions && !ret; id++) {
		struct srpt_nexus *nexus = srpt_nexus_find(id);

		if (!nexus)
			continue;
		ret = fn(nexus, arg);
		srpt_nexus_put(nexus);
	}
	return ret;
}

int srpt_nexus_iterate_channels(struct srpt_nexus *nexus,
				int (*fn)(struct srpt_channel *ch, void *arg),
				void *arg)
{
	int ret = 0;
	u32 i;

	for (i = 0; i < nexus->n_channels && !ret; i++)
		ret = fn(&mock_channels[(nexus->id - 1) * channels + i], arg);
	return ret;
}

void srpt_nexus_close(struct srpt_nexus *nexus, enum srpt_close_cause cause)
{
	bool last;
	u32 i;

	mutex_lock(&mock_mutex);
	last = !nexus->closing;
	nexus->closing = true;
	mutex_unlock(&mock_mutex);
	if (!last)
		return;
	for (i = 0; i < channels; i++)
		srpt_netlink_logout(&mock_channels[(nexus->id - 1) * channels + i], cause);
	srpt_nexus_put(nexus);
}

static void mock_fill_channel(struct srpt_channel *ch, struct srpt_nexus *nexus, u32 id)
{
	struct srpt_stats *here;

	ch->nexus = nexus;
	ch->session_id = nexus->id;
	ch->id = id;
	ch->who = nexus->who;
	ch->state = PROTO_CH_LIVE;
	ch->max_it_iu_len = 8260;
	ch->max_ti_iu_len = 256;
	ch->limits.imm_offset = 68;
	ch->credit = (struct proto_credit){ .limit = 128, .granted = 200, .consumed = 80,
					    .finished = 75, .released = 220, .reserve = 16 };
	ch->qp_num = nexus->id * 16 + id;
	ch->rdma_cm_login = true;
	ch->since = ktime_get_ns();
	strscpy(ch->dev_name, mock_dev.ib ? dev_name(&mock_dev.ib->dev) : "none",
		sizeof(ch->dev_name));
	ch->port_num = 1;
	here = get_cpu_ptr(ch->stats);
	here->read_cmds = nexus->id;
	here->write_cmds = id;
	here->read_bytes = 4096ULL * nexus->id;
	put_cpu_ptr(ch->stats);
	srpt_stats_latency(ch, false, 900);
	srpt_stats_latency(ch, false, 5000);
	srpt_stats_latency(ch, true, NSEC_PER_SEC * 3600ULL);
}

static void mock_free(void)
{
	u32 i;

	if (mock_channels)
		for (i = 0; i < sessions * channels; i++)
			free_percpu(mock_channels[i].stats);
	kvfree(mock_channels);
	kvfree(mock_nexuses);
}

static int mock_fill(void)
{
	u32 i, j;

	mock_nexuses = kvcalloc(sessions, sizeof(*mock_nexuses), GFP_KERNEL);
	mock_channels = kvcalloc(sessions * channels, sizeof(*mock_channels), GFP_KERNEL);
	if (!mock_nexuses || !mock_channels)
		return -ENOMEM;
	for (i = 0; i < sessions; i++) {
		struct srpt_nexus *nexus = &mock_nexuses[i];

		kref_init(&nexus->refs);
		nexus->id = i + 1;
		nexus->tpg = &mock_tpg;
		nexus->sess = &mock_sess;
		nexus->n_channels = channels;
		nexus->login_time = ktime_get_real_seconds();
		proto_put_be64(nexus->who.i_port_id + 8, 0xa000 + i);
		nexus->who.has_ip = true;
		proto_put_be32(nexus->who.ip + 8, 0xffff);
		proto_put_be32(nexus->who.ip + 12, 0x0a000000 + i);
		for (j = 0; j < channels; j++) {
			struct srpt_channel *ch = &mock_channels[i * channels + j];

			ch->stats = alloc_percpu(struct srpt_stats);
			if (!ch->stats)
				return -ENOMEM;
			mock_fill_channel(ch, nexus, j);
		}
	}
	return 0;
}

static int refuse_set(const char *val, const struct kernel_param *kp)
{
	struct proto_initiator who = { .has_sgid = true };
	unsigned int n, m, i, j;
	u32 logged = 0;

	if (sscanf(val, "%u %u", &n, &m) != 2 || !mock_dev.ib)
		return -EINVAL;
	for (j = 0; j < m; j++) {
		for (i = 0; i < n; i++) {
			proto_put_be64(who.i_port_id + 8, 0xb000 + i);
			logged += srpt_reject_note(&mock_port, &who,
						   PROTO_REJ_CHANNEL_LIMIT_REACHED, "no ACL");
			srpt_netlink_reject(&mock_port, &who, PROTO_REJ_CHANNEL_LIMIT_REACHED,
					    "no ACL");
		}
	}
	pr_info("mock: %u of %u logged\n", logged, n * m);
	return 0;
}

static const struct kernel_param_ops refuse_ops = { .set = refuse_set };
module_param_cb(refuse, &refuse_ops, NULL, 0200);

static int event_set(const char *val, const struct kernel_param *kp)
{
	if (sysfs_streq(val, "login"))
		srpt_netlink_login(&mock_channels[0]);
	else if (sysfs_streq(val, "logout"))
		srpt_netlink_logout(&mock_channels[0], SRPT_CLOSE_ADMIN);
	else if (sysfs_streq(val, "port") && mock_dev.ib)
		srpt_netlink_port(&mock_port, true);
	else
		return -EINVAL;
	return 0;
}

static const struct kernel_param_ops event_ops = { .set = event_set };
module_param_cb(event, &event_ops, NULL, 0200);

static int mock_add(struct ib_device *ib)
{
	if (mock_dev.ib)
		return -EOPNOTSUPP;
	mock_dev.ib = ib;
	mock_dev.port = &mock_port;
	mock_dev.port_count = 1;
	mock_port.dev = &mock_dev;
	mock_port.num = 1;
	if (rdma_query_gid(ib, 1, 0, &mock_port.gid))
		return -EOPNOTSUPP;
	mutex_lock(&srpt_device_mutex);
	list_add(&mock_dev.entry, &srpt_devices);
	mutex_unlock(&srpt_device_mutex);
	return 0;
}

static void mock_remove(struct ib_device *ib, void *data)
{
	if (mock_dev.ib != ib)
		return;
	mutex_lock(&srpt_device_mutex);
	list_del(&mock_dev.entry);
	mutex_unlock(&srpt_device_mutex);
	mock_dev.ib = NULL;
}

static struct ib_client mock_client = {
	.name = "srpt_netlink_mock", .add = mock_add, .remove = mock_remove,
};

static int __init mock_init(void)
{
	int err;

	spin_lock_init(&mock_port.lock);
	spin_lock_init(&mock_dev.channels_lock);
	INIT_LIST_HEAD(&mock_dev.channels);
	INIT_LIST_HEAD(&mock_target.tpgs);
	list_add(&mock_tpg.entry, &mock_target.tpgs);
	list_add(&mock_target.entry, &srpt_targets);
	err = ib_register_client(&mock_client);
	if (err)
		return err;
	err = mock_fill();
	if (!err)
		err = srpt_netlink_init();
	if (err) {
		ib_unregister_client(&mock_client);
		mock_free();
	}
	return err;
}

static void __exit mock_exit(void)
{
	srpt_netlink_exit();
	ib_unregister_client(&mock_client);
	mock_free();
}

module_init(mock_init);
module_exit(mock_exit);
MODULE_DESCRIPTION("Made-up sessions below the netlink family of the SRP target");
MODULE_LICENSE("GPL");
