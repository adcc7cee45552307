/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SRPT_DM_MAD_H
#define SRPT_DM_MAD_H
#include "proto/dm.h"
struct ib_device; struct srpt_dm_agent;
typedef void (*srpt_dm_describe)(void *context, struct proto_dm_port *port);
static inline struct srpt_dm_agent *srpt_dm_agent_add(struct ib_device *ib, u32 port, srpt_dm_describe d, void *c) { return NULL; }
static inline void srpt_dm_agent_remove(struct srpt_dm_agent *a) {}
static inline void srpt_dm_agent_changed(struct srpt_dm_agent *a) {}
#endif
