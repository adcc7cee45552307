// SPDX-License-Identifier: GPL-2.0
/* What ib_mad asks an adapter to answer itself. */
#include "vhca.h"

int vh_process_mad(struct ib_device *ibdev, int flags, u32 port_num,
		   const struct ib_wc *wc, const struct ib_grh *grh,
		   const struct ib_mad *in, struct ib_mad *out,
		   size_t *out_size, u16 *out_pkey_index)
{
	struct vh_dev *dev = to_vdev(ibdev);

	switch (in->mad_hdr.mgmt_class) {
	case IB_MGMT_CLASS_SUBN_LID_ROUTED:
	case IB_MGMT_CLASS_SUBN_DIRECTED_ROUTE:
		*out = *in;
		return vh_sma(dev->port, (struct ib_smp *)out);
	case IB_MGMT_CLASS_PERF_MGMT:
		*out = *in;
		return vh_pma(dev->port, out);
	default:
		/* Of no concern here, an agent may want it. */
		return IB_MAD_RESULT_SUCCESS;
	}
}
