// SPDX-License-Identifier: GPL-2.0
/*
 * Targets and portal groups below /sys/kernel/config/target/srpt: their
 * creation, their attributes, enabling and removal.
 *
 * Lock order: srpt_device_mutex, srpt_target_mutex, a TPG's acl_node_mutex.
 */
#include "log.h"

#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <scsi/scsi_proto.h>

#include "config.h"
#include "version.h"

/* Protects srpt_targets, the TPGs of each target and their enabled flags. */
DEFINE_MUTEX(srpt_target_mutex);
LIST_HEAD(srpt_targets);

/* Attributes of a portal group */

/* A store with a range says the range when it refuses: the errno alone sends
 * people to the source code.
 */
static int srpt_attrib_parse(struct se_portal_group *se_tpg, const char *name,
			     const char *page, u64 min, u64 max, u64 *val)
{
	const struct srpt_tpg *tpg = srpt_to_tpg(se_tpg);

	if (!kstrtou64(page, 0, val) && *val >= min && *val <= max)
		return 0;
	pr_err("%s/tpgt_%u: %s: '%.*s' refused, it takes a number from %llu to %llu.\n",
	       tpg->target->name, tpg->tag, name,
	       (int)strcspn(page, "\n"), page, min, max);
	return -EINVAL;
}

#define SRPT_ATTRIB_THEN(_name, _field, _min, _max, _then)		\
static ssize_t srpt_attrib_##_name##_show(struct config_item *item,	\
					  char *page)			\
{									\
	struct srpt_tpg *tpg = srpt_to_tpg(attrib_to_tpg(item));	\
									\
	return sysfs_emit(page, "%llu\n",				\
			  (u64)READ_ONCE(tpg->attrib._field));		\
}									\
static ssize_t srpt_attrib_##_name##_store(struct config_item *item,	\
					   const char *page, size_t count) \
{									\
	struct se_portal_group *se_tpg = attrib_to_tpg(item);		\
	u64 val;							\
	int ret;							\
									\
	ret = srpt_attrib_parse(se_tpg, #_name, page, _min, _max, &val); \
	if (ret)							\
		return ret;						\
	WRITE_ONCE(srpt_to_tpg(se_tpg)->attrib._field, val);		\
	_then;								\
	return count;							\
}									\
CONFIGFS_ATTR(srpt_attrib_, _name)

#define SRPT_ATTRIB(_name, _field, _min, _max)				\
	SRPT_ATTRIB_THEN(_name, _field, _min, _max, (void)0)
#define SRPT_ATTRIB_BOOL(_name)	SRPT_ATTRIB(_name, _name, 0, 1)

/* Nothing but what discovery says depends on it: have the ports say it. */
SRPT_ATTRIB_THEN(srp_max_rdma_size, max_rdma_size, 1024, SZ_16M,
		 srpt_port_refresh_all());
SRPT_ATTRIB(srp_max_rsp_size, max_rsp_size, 64, 1024);
SRPT_ATTRIB(srp_sq_size, sq_size, 16, 65535);
SRPT_ATTRIB_BOOL(use_srq);
/* The smallest max_initiator_bytes holds the largest max_io_size: no command
 * that is small enough can fail to fit for ever.
 */
SRPT_ATTRIB(max_io_size, max_io_size, SZ_64K, SZ_64M);
SRPT_ATTRIB(max_initiator_bytes, max_initiator_bytes, SZ_64M, 64ULL * SZ_1G);
SRPT_ATTRIB(max_channels, max_channels, 1, 256);
SRPT_ATTRIB(max_sessions, max_sessions, 1, 65535);
SRPT_ATTRIB_BOOL(generate_node_acls);
SRPT_ATTRIB_BOOL(cache_dynamic_acls);
SRPT_ATTRIB_BOOL(demo_mode_write_protect);
SRPT_ATTRIB_BOOL(prod_mode_write_protect);

struct configfs_attribute *srpt_tpg_attrib_attrs[] = {
	&srpt_attrib_attr_srp_max_rdma_size,
	&srpt_attrib_attr_srp_max_rsp_size,
	&srpt_attrib_attr_srp_sq_size,
	&srpt_attrib_attr_use_srq,
	&srpt_attrib_attr_max_io_size,
	&srpt_attrib_attr_max_initiator_bytes,
	&srpt_attrib_attr_max_channels,
	&srpt_attrib_attr_max_sessions,
	&srpt_attrib_attr_generate_node_acls,
	&srpt_attrib_attr_cache_dynamic_acls,
	&srpt_attrib_attr_demo_mode_write_protect,
	&srpt_attrib_attr_prod_mode_write_protect,
	NULL,
};

static const struct srpt_tpg_attrib srpt_attrib_defaults = {
	.max_rdma_size		= 65536,
	.max_rsp_size		= 256,
	.sq_size		= 4096,
	.max_io_size		= SZ_16M,
	.max_initiator_bytes	= SZ_256M,
	.max_channels		= 64,
	.max_sessions		= 1024,
	.demo_mode_write_protect = true,
};

/* Attributes of the fabric */

static ssize_t srpt_discovery_rdma_cm_port_show(struct config_item *item,
						char *page)
{
	return sysfs_emit(page, "%u\n", srpt_rdma_cm_get_port());
}

static ssize_t srpt_discovery_rdma_cm_port_store(struct config_item *item,
						 const char *page, size_t count)
{
	u16 port;
	int ret;

	if (kstrtou16(page, 0, &port)) {
		pr_err("discovery_auth/rdma_cm_port: '%.*s' refused, it takes a port number from 1 to 65535, or 0 to stop listening.\n",
		       (int)strcspn(page, "\n"), page);
		return -EINVAL;
	}
	ret = srpt_rdma_cm_set_port(port);
	return ret ?: count;
}

CONFIGFS_ATTR(srpt_discovery_, rdma_cm_port);

struct configfs_attribute *srpt_discovery_attrs[] = {
	&srpt_discovery_attr_rdma_cm_port,
	NULL,
};

static ssize_t srpt_fabric_version_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "ib_srpt %s\n", SRPT_VERSION);
}

CONFIGFS_ATTR_RO(srpt_fabric_, version);

struct configfs_attribute *srpt_fabric_attrs[] = {
	&srpt_fabric_attr_version,
	NULL,
};

/* Targets */

static void srpt_target_get(struct srpt_target *target)
{
	refcount_inc(&target->refs);
}

/* Its configfs item holds one reference, each TPG another: an attribute file
 * that somebody keeps open can put off the removal of a TPG until after that
 * of its target.
 */
static void srpt_target_put(struct srpt_target *target)
{
	if (refcount_dec_and_test(&target->refs))
		kfree(target);
}

static int srpt_target_parse(const char *name, struct proto_ident *ident)
{
	size_t len = strlen(name);

	if (len >= sizeof_field(struct srpt_target, name) ||
	    proto_ident_parse(name, len, ident))
		return -EINVAL;
	switch (ident->kind) {
	case PROTO_IDENT_IPV4:
		/* a RoCE port's GID made of an IPv4 address */
		ident->kind = PROTO_IDENT_ID128;
		return 0;
	case PROTO_IDENT_ID128:
	case PROTO_IDENT_GUID:
		return 0;
	default:
		return -EINVAL;
	}
}

/* The names that would have worked, for the line that says why one did not. */
static void srpt_log_port_names(void)
{
	char gid[PROTO_IDENT_STRLEN];
	struct srpt_device *dev;
	bool none = true;
	u32 i;

	mutex_lock(&srpt_device_mutex);
	list_for_each_entry(dev, &srpt_devices, entry) {
		for (i = 0; i < dev->port_count; i++) {
			struct srpt_port *port = &dev->port[i];
			union ib_gid raw;

			spin_lock_irq(&port->lock);
			raw = port->gid;
			spin_unlock_irq(&port->lock);
			proto_id128_format(raw.raw, gid, sizeof(gid));
			pr_info("port %u of %s is named %s\n", port->num,
				dev_name(&dev->ib->dev), gid);
			none = false;
		}
	}
	mutex_unlock(&srpt_device_mutex);
	if (none)
		pr_info("no RDMA port is present; load the driver of the HCA first.\n");
}

/**
 * srpt_make_wwn - mkdir target/srpt/NAME
 * @tf:		LIO's fabric
 * @group:	the parent
 * @name:	a GID or a port GUID in any notation
 *
 * Return: the target, or an error pointer after a line that says what to do.
 */
struct se_wwn *srpt_make_wwn(struct target_fabric_configfs *tf,
			     struct config_group *group, const char *name)
{
	struct srpt_target *target, *other;
	struct proto_ident ident;

	if (srpt_target_parse(name, &ident)) {
		pr_err("cannot create target %s: a target is named by a port GID (0x and 32 hex digits, or IPv6 text) or a port GUID (16 hex digits).\n",
		       name);
		return ERR_PTR(-EINVAL);
	}
	if (!srpt_port_exists(&ident)) {
		pr_err("cannot create target %s: no RDMA port has this name.\n",
		       name);
		srpt_log_port_names();
		return ERR_PTR(-EINVAL);
	}

	target = kzalloc(sizeof(*target), GFP_KERNEL);
	if (!target)
		return ERR_PTR(-ENOMEM);
	strscpy(target->name, name, sizeof(target->name));
	target->ident = ident;
	refcount_set(&target->refs, 1);
	INIT_LIST_HEAD(&target->tpgs);

	mutex_lock(&srpt_target_mutex);
	list_for_each_entry(other, &srpt_targets, entry) {
		if (!proto_ident_equal(&other->ident, &ident))
			continue;
		pr_err("cannot create target %s: it is there already as %s.\n",
		       name, other->name);
		mutex_unlock(&srpt_target_mutex);
		kfree(target);
		return ERR_PTR(-EEXIST);
	}
	list_add_tail(&target->entry, &srpt_targets);
	mutex_unlock(&srpt_target_mutex);
	return &target->wwn;
}

/**
 * srpt_drop_wwn - the target's directory is gone
 * @wwn:	LIO's half of it
 */
void srpt_drop_wwn(struct se_wwn *wwn)
{
	struct srpt_target *target = srpt_wwn_target(wwn);

	mutex_lock(&srpt_target_mutex);
	list_del_init(&target->entry);
	mutex_unlock(&srpt_target_mutex);
	srpt_target_put(target);
}

/* Portal groups */

static bool srpt_tag_in_use(const struct srpt_target *target, u16 tag)
{
	const struct srpt_tpg *tpg;

	list_for_each_entry(tpg, &target->tpgs, entry)
		if (tpg->tag == tag)
			return true;
	return false;
}

/* "tpgt_N" asks for tag N; any other name, as scripts use them, gets the
 * first free tag. Reservations are filed under the tag: no two may share it.
 */
static int srpt_choose_tag(const struct srpt_target *target, const char *name,
			   u16 *tag)
{
	lockdep_assert_held(&srpt_target_mutex);

	if (!strncmp(name, "tpgt_", 5)) {
		if (kstrtou16(name + 5, 10, tag)) {
			pr_err("%s: cannot create %s: a portal group is named tpgt_N, N from 0 to 65535.\n",
			       target->name, name);
			return -EINVAL;
		}
		if (srpt_tag_in_use(target, *tag)) {
			pr_err("%s: cannot create %s: another portal group has tag %u.\n",
			       target->name, name, *tag);
			return -EEXIST;
		}
		return 0;
	}

	for (*tag = 1; *tag; (*tag)++)
		if (!srpt_tag_in_use(target, *tag))
			return 0;
	return -ENOSPC;
}

/**
 * srpt_make_tpg - mkdir target/srpt/WWN/NAME
 * @wwn:	the target
 * @name:	"tpgt_N", or any other name
 *
 * Return: the portal group, disabled, or an error pointer.
 */
struct se_portal_group *srpt_make_tpg(struct se_wwn *wwn, const char *name)
{
	struct srpt_target *target = srpt_wwn_target(wwn);
	struct srpt_tpg *tpg;
	int ret;

	tpg = kzalloc(sizeof(*tpg), GFP_KERNEL);
	if (!tpg)
		return ERR_PTR(-ENOMEM);
	tpg->target = target;
	tpg->attrib = srpt_attrib_defaults;
	spin_lock_init(&tpg->lock);
	INIT_LIST_HEAD(&tpg->nexuses);
	atomic_set(&tpg->users, 1);
	init_waitqueue_head(&tpg->idle);

	/* Registration looks the tag up: choose it first, and keep other
	 * mkdirs out until the list shows that it is taken.
	 */
	mutex_lock(&srpt_target_mutex);
	ret = srpt_choose_tag(target, name, &tpg->tag);
	if (!ret)
		ret = core_tpg_register(wwn, &tpg->se_tpg, SCSI_PROTOCOL_SRP);
	if (!ret) {
		srpt_target_get(target);
		list_add_tail(&tpg->entry, &target->tpgs);
	}
	mutex_unlock(&srpt_target_mutex);
	if (ret) {
		kfree(tpg);
		return ERR_PTR(ret);
	}
	return &tpg->se_tpg;
}

/* Wait until only the base count is left or, with it put, nobody. */
static bool srpt_tpg_idle(struct srpt_tpg *tpg)
{
	bool idle;

	srpt_tpg_put(tpg);
	idle = wait_event_timeout(tpg->idle, !atomic_read(&tpg->users),
				  SRPT_TPG_IDLE_TIMEOUT);
	/* The last put may still be between its decrement and its unlock. */
	spin_lock_irq(&tpg->idle.lock);
	spin_unlock_irq(&tpg->idle.lock);
	return idle;
}

/**
 * srpt_enable_tpg - write to WWN/TPG/enable
 * @se_tpg:	the portal group
 * @enable:	admit logins, or close all sessions and admit none
 *
 * Disabling always succeeds: no login is admitted from the moment the flag is
 * down, and sessions that could not be ended in time (srpt_tpg_close_sessions()
 * logs that) end by themselves later.
 *
 * Return: 0.
 */
int srpt_enable_tpg(struct se_portal_group *se_tpg, bool enable)
{
	struct srpt_tpg *tpg = srpt_to_tpg(se_tpg);
	bool changed;

	mutex_lock(&srpt_target_mutex);
	changed = tpg->enabled != enable;
	WRITE_ONCE(tpg->enabled, enable);
	mutex_unlock(&srpt_target_mutex);

	if (!changed)
		return 0;
	srpt_port_refresh_all();
	if (!enable)
		srpt_tpg_close_sessions(tpg, SRPT_CLOSE_DISABLED);
	return 0;
}

/**
 * srpt_drop_tpg - the portal group's directory is gone
 * @se_tpg:	LIO's half of it
 *
 * Should a session outlive the bound, the portal group stays in memory for it
 * (and the module stays loaded): a leak that is logged, not a use after free.
 */
void srpt_drop_tpg(struct se_portal_group *se_tpg)
{
	struct srpt_tpg *tpg = srpt_to_tpg(se_tpg);
	struct srpt_target *target = tpg->target;
	bool was_enabled, closed;

	mutex_lock(&srpt_target_mutex);
	was_enabled = tpg->enabled;
	WRITE_ONCE(tpg->enabled, false);
	list_del_init(&tpg->entry);
	mutex_unlock(&srpt_target_mutex);

	if (was_enabled)
		srpt_port_refresh_all();
	closed = srpt_tpg_close_sessions(tpg, SRPT_CLOSE_DISABLED);
	if (!closed || !srpt_tpg_idle(tpg)) {
		pr_err("%s/tpgt_%u: %d users are left after removal; its memory is kept and the module cannot be unloaded.\n",
		       target->name, tpg->tag, atomic_read(&tpg->users));
		__module_get(THIS_MODULE);
		return;
	}

	core_tpg_deregister(se_tpg);
	kfree(tpg);
	srpt_target_put(target);
}

/**
 * srpt_target_enabled_on - is any portal group enabled on a port?
 * @port:	the port
 * @max_rdma_size: if one is, the smallest srp_max_rdma_size among them: there
 *		is one I/O controller for all, and what it says is to hold for each
 */
bool srpt_target_enabled_on(struct srpt_port *port, u32 *max_rdma_size)
{
	struct srpt_target *target;
	struct srpt_tpg *tpg;
	bool found = false;
	u32 size;

	mutex_lock(&srpt_target_mutex);
	list_for_each_entry(target, &srpt_targets, entry) {
		if (!srpt_port_is_named(port, &target->ident))
			continue;
		list_for_each_entry(tpg, &target->tpgs, entry) {
			if (!tpg->enabled)
				continue;
			size = READ_ONCE(tpg->attrib.max_rdma_size);
			*max_rdma_size = found ? min(*max_rdma_size, size) :
						 size;
			found = true;
		}
	}
	mutex_unlock(&srpt_target_mutex);
	return found;
}
