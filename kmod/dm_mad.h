/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SRPT_DM_MAD_H
#define SRPT_DM_MAD_H

#include <linux/types.h>

#include "proto/dm.h"

struct ib_device;
struct srpt_dm_agent;

/**
 * typedef srpt_dm_describe_t - tell what a port is at this moment
 * @context:	as given to srpt_dm_agent_add()
 * @port:	zeroed; fill in all but @change_id and @resp_time
 *
 * Called with a spinlock held, for every MAD: must not sleep, must not lock
 * anything that is held around the functions below.
 */
typedef void (*srpt_dm_describe_t)(void *context, struct proto_dm_port *port);

struct srpt_dm_agent *srpt_dm_agent_add(struct ib_device *dev, u32 port_num,
					srpt_dm_describe_t describe,
					void *context);
void srpt_dm_agent_changed(struct srpt_dm_agent *agent);
void srpt_dm_agent_remove(struct srpt_dm_agent *agent);

#endif /* SRPT_DM_MAD_H */
