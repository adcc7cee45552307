/* SPDX-License-Identifier: GPL-2.0 */
/* What differs between kernels, by the answers of the probes. */
#ifndef VHCA_COMPAT_H
#define VHCA_COMPAT_H

#include "vhca.h"

#if defined(VH_CREATE_CQ_BUNDLE)
static inline int vh_create_cq_op(struct ib_cq *cq,
				  const struct ib_cq_init_attr *attr,
				  struct uverbs_attr_bundle *attrs)
{
	return vh_create_cq(cq, attr);
}
#elif defined(VH_CREATE_CQ_UDATA)
static inline int vh_create_cq_op(struct ib_cq *cq,
				  const struct ib_cq_init_attr *attr,
				  struct ib_udata *udata)
{
	return vh_create_cq(cq, attr);
}
#else
#error "No probe in tests/vhca/compat knows this kernel's create_cq"
#endif

#endif
