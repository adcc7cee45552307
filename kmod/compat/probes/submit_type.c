// SPDX-License-Identifier: GPL-2.0
/*
 * May a fabric ask that commands are submitted to the back end in its own
 * context, or does LIO do that on its own terms?
 *
 * PROBE-ANSWER: DIRECT_SUBMIT
 * PROBE-ANSWER: IMPLICIT_SUBMIT
 */
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

#if defined(PROBE_DIRECT_SUBMIT)
struct target_core_fabric_ops probe = {
	.default_submit_type = TARGET_DIRECT_SUBMIT,
	.direct_submit_supp = 1,
};
#else
/* the function that went when the choice came */
void *probe = &transport_handle_cdb_direct;
#endif
