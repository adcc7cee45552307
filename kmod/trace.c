// SPDX-License-Identifier: GPL-2.0
/*
 * The bodies of the tracepoints, and proof that the numbers in trace.h are
 * those of the enumerators.
 */
#include "srpt.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static_assert(PROTO_CH_CONNECTING == 0);
static_assert(PROTO_CH_LIVE == 1);
static_assert(PROTO_CH_DISCONNECTING == 2);
static_assert(PROTO_CH_DRAINING == 3);
static_assert(PROTO_CH_DISCONNECTED == 4);

static_assert(SRPT_CLOSE_NONE == 0);
static_assert(SRPT_CLOSE_INITIATOR_LOGOUT == 1);
static_assert(SRPT_CLOSE_INITIATOR_DREQ == 2);
static_assert(SRPT_CLOSE_CONNECTION_LOST == 3);
static_assert(SRPT_CLOSE_HANDSHAKE == 4);
static_assert(SRPT_CLOSE_PROTOCOL == 5);
static_assert(SRPT_CLOSE_MULTICHANNEL == 6);
static_assert(SRPT_CLOSE_ADMIN == 7);
static_assert(SRPT_CLOSE_DISABLED == 8);
static_assert(SRPT_CLOSE_ACL_REMOVED == 9);
static_assert(SRPT_CLOSE_DEVICE_REMOVED == 10);
static_assert(SRPT_CLOSE_CAUSES == 11);

static_assert(PROTO_DIR_NONE == 0);
static_assert(PROTO_DIR_IN == 1);
static_assert(PROTO_DIR_OUT == 2);
static_assert(PROTO_DIR_BOTH == 3);

static_assert(PROTO_FMT_NONE == 0);
static_assert(PROTO_FMT_DIRECT == 1);
static_assert(PROTO_FMT_INDIRECT == 2);
static_assert(PROTO_FMT_IMM == 3);

static_assert(PROTO_TMF_ABORT_TASK == 0x01);
static_assert(PROTO_TMF_ABORT_TASK_SET == 0x02);
static_assert(PROTO_TMF_CLEAR_TASK_SET == 0x04);
static_assert(PROTO_TMF_LUN_RESET == 0x08);
static_assert(PROTO_TMF_CLEAR_ACA == 0x40);
