/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What fabric.c, configfs.c, acl.c and params.c share among themselves. The
 * data path sees only what srpt.h declares.
 */
#ifndef SRPT_CONFIG_H
#define SRPT_CONFIG_H

#include <linux/configfs.h>

#include "srpt.h"

/* How long the removal of a TPG waits for the last user once its sessions
 * have been closed.
 */
#define SRPT_TPG_IDLE_TIMEOUT	(10 * HZ)

static inline struct srpt_target *srpt_wwn_target(struct se_wwn *wwn)
{
	return container_of(wwn, struct srpt_target, wwn);
}

static inline struct srpt_tpg *srpt_to_tpg(struct se_portal_group *se_tpg)
{
	return container_of(se_tpg, struct srpt_tpg, se_tpg);
}

static inline struct srpt_node_acl *srpt_to_node_acl(struct se_node_acl *nacl)
{
	return container_of(nacl, struct srpt_node_acl, nacl);
}

/* configfs.c */
extern struct configfs_attribute *srpt_discovery_attrs[];
extern struct configfs_attribute *srpt_fabric_attrs[];
extern struct configfs_attribute *srpt_tpg_attrib_attrs[];

struct se_wwn *srpt_make_wwn(struct target_fabric_configfs *tf,
			     struct config_group *group, const char *name);
void srpt_drop_wwn(struct se_wwn *wwn);
struct se_portal_group *srpt_make_tpg(struct se_wwn *wwn, const char *name);
int srpt_enable_tpg(struct se_portal_group *se_tpg, bool enable);
void srpt_drop_tpg(struct se_portal_group *se_tpg);

/* acl.c */
extern struct configfs_attribute *srpt_nacl_base_attrs[];
extern struct configfs_attribute *srpt_nacl_auth_attrs[];

void srpt_init_default_acl(struct se_node_acl *nacl);
int srpt_init_acl(struct se_node_acl *nacl, const char *name);

#endif /* SRPT_CONFIG_H */
