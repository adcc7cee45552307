// SPDX-License-Identifier: GPL-2.0
/* create_cq with the user data as its last argument */
#include <rdma/ib_verbs.h>

static int probe(struct ib_cq *cq, const struct ib_cq_init_attr *attr,
	  struct ib_udata *udata)
{
	return 0;
}
const struct ib_device_ops probe_ops = { .create_cq = probe };
