// SPDX-License-Identifier: GPL-2.0
/* Contexts of user space, protection domains, address handles. */
#include <rdma/ib_user_verbs.h>
#include "vhca.h"

int vh_alloc_ucontext(struct ib_ucontext *uc, struct ib_udata *udata)
{
	return 0;
}

void vh_dealloc_ucontext(struct ib_ucontext *uc)
{
}

/* Nothing is mapped, so nothing has to be taken away. */
void vh_disassociate_ucontext(struct ib_ucontext *uc)
{
}

/* The data path of user space goes through system calls. */
u64 vh_uverbs_cmd_mask(void)
{
	return BIT_ULL(IB_USER_VERBS_CMD_POLL_CQ) |
	       BIT_ULL(IB_USER_VERBS_CMD_REQ_NOTIFY_CQ) |
	       BIT_ULL(IB_USER_VERBS_CMD_POST_SEND) |
	       BIT_ULL(IB_USER_VERBS_CMD_POST_RECV) |
	       BIT_ULL(IB_USER_VERBS_CMD_POST_SRQ_RECV);
}

int vh_alloc_pd(struct ib_pd *pd, struct ib_udata *udata)
{
	return 0;
}

int vh_dealloc_pd(struct ib_pd *pd, struct ib_udata *udata)
{
	return 0;
}

int vh_create_ah(struct ib_ah *ibah, struct rdma_ah_init_attr *init,
		 struct ib_udata *udata)
{
	const struct rdma_ah_attr *attr = init->ah_attr;
	struct vh_av *av = &to_vah(ibah)->av;

	if (attr->type != RDMA_AH_ATTR_TYPE_IB)
		return -EINVAL;
	av->dlid = attr->ib.dlid;
	av->path_bits = attr->ib.src_path_bits;
	av->sl = attr->sl;
	av->grh = attr->ah_flags & IB_AH_GRH;
	if (av->grh) {
		av->dgid = attr->grh.dgid;
		av->hop_limit = attr->grh.hop_limit;
		av->traffic_class = attr->grh.traffic_class;
		av->flow_label = attr->grh.flow_label;
		av->sgid_index = attr->grh.sgid_index;
	}
	return 0;
}

int vh_query_ah(struct ib_ah *ibah, struct rdma_ah_attr *attr)
{
	const struct vh_av *av = &to_vah(ibah)->av;

	memset(attr, 0, sizeof(*attr));
	attr->type = RDMA_AH_ATTR_TYPE_IB;
	attr->port_num = 1;
	attr->sl = av->sl;
	rdma_ah_set_dlid(attr, av->dlid);
	rdma_ah_set_path_bits(attr, av->path_bits);
	if (av->grh)
		rdma_ah_set_grh(attr, (union ib_gid *)&av->dgid,
				av->flow_label, av->sgid_index, av->hop_limit,
				av->traffic_class);
	return 0;
}

int vh_destroy_ah(struct ib_ah *ah, u32 flags)
{
	return 0;
}
