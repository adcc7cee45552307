// SPDX-License-Identifier: GPL-2.0
/*
 * The fabric as LIO sees it: the table of operations and the getters behind
 * it that need no more than a line.
 */
#include "log.h"

#include <linux/module.h>

#include "compat/compat.h"
#include "config.h"

static char *srpt_tpg_get_wwn(struct se_portal_group *se_tpg)
{
	/* As the administrator wrote it: two names of one port (its GID, its
	 * GUID) are two targets, and persistent reservations and ALUA state
	 * are filed under this text.
	 */
	return srpt_to_tpg(se_tpg)->target->name;
}

static u16 srpt_tpg_get_tag(struct se_portal_group *se_tpg)
{
	return srpt_to_tpg(se_tpg)->tag;
}

static int srpt_tpg_demo_mode(struct se_portal_group *se_tpg)
{
	return READ_ONCE(srpt_to_tpg(se_tpg)->attrib.generate_node_acls);
}

static int srpt_tpg_demo_mode_cache(struct se_portal_group *se_tpg)
{
	return READ_ONCE(srpt_to_tpg(se_tpg)->attrib.cache_dynamic_acls);
}

static int srpt_tpg_demo_mode_write_protect(struct se_portal_group *se_tpg)
{
	return READ_ONCE(srpt_to_tpg(se_tpg)->attrib.demo_mode_write_protect);
}

static int srpt_tpg_prod_mode_write_protect(struct se_portal_group *se_tpg)
{
	return READ_ONCE(srpt_to_tpg(se_tpg)->attrib.prod_mode_write_protect);
}

static u32 srpt_tpg_get_inst_index(struct se_portal_group *se_tpg)
{
	return 1;
}

static u32 srpt_sess_get_index(struct se_session *sess)
{
	const struct srpt_nexus *nexus = sess->fabric_sess_ptr;

	return nexus->id;
}

/* No sess_get_initiator_sid: an SRP TransportID has no second part, and LIO
 * would look for one in REGISTER AND MOVE and SPEC_I_PT. The consequence is
 * that the initiators behind one wildcard ACL are one to reservations.
 */
const struct target_core_fabric_ops srpt_fabric_ops = {
	.module				= THIS_MODULE,
	.fabric_name			= "srpt",
	.node_acl_size			= sizeof(struct srpt_node_acl),
	.tpg_get_wwn			= srpt_tpg_get_wwn,
	.tpg_get_tag			= srpt_tpg_get_tag,
	.tpg_check_demo_mode		= srpt_tpg_demo_mode,
	.tpg_check_demo_mode_cache	= srpt_tpg_demo_mode_cache,
	.tpg_check_demo_mode_write_protect = srpt_tpg_demo_mode_write_protect,
	.tpg_check_prod_mode_write_protect = srpt_tpg_prod_mode_write_protect,
	.tpg_get_inst_index		= srpt_tpg_get_inst_index,
	.check_stop_free		= srpt_check_stop_free,
	.release_cmd			= srpt_release_cmd,
	.close_session			= srpt_close_session,
	.sess_get_index			= srpt_sess_get_index,
	.write_pending			= srpt_write_pending,
	.set_default_node_attributes	= srpt_init_default_acl,
	.get_cmd_state			= srpt_get_cmd_state,
	.queue_data_in			= srpt_queue_data_in,
	.queue_status			= srpt_queue_status,
	.queue_tm_rsp			= srpt_queue_tm_rsp,
	.aborted_task			= srpt_aborted_task,
	.fabric_make_wwn		= srpt_make_wwn,
	.fabric_drop_wwn		= srpt_drop_wwn,
	.fabric_make_tpg		= srpt_make_tpg,
	.fabric_enable_tpg		= srpt_enable_tpg,
	.fabric_drop_tpg		= srpt_drop_tpg,
	.fabric_init_nodeacl		= srpt_init_acl,
	.tfc_discovery_attrs		= srpt_discovery_attrs,
	.tfc_wwn_attrs			= srpt_fabric_attrs,
	.tfc_tpg_attrib_attrs		= srpt_tpg_attrib_attrs,
	.tfc_tpg_nacl_base_attrs	= srpt_nacl_base_attrs,
	.tfc_tpg_nacl_auth_attrs	= srpt_nacl_auth_attrs,
#ifdef SRPT_HAVE_DIRECT_SUBMIT
	/* Commands arrive in a context that may run the back end's submit
	 * path: one context switch less per command.
	 */
	.default_submit_type		= TARGET_DIRECT_SUBMIT,
	.direct_submit_supp		= 1,
#endif
};
