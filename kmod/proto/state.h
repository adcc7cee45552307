/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SRPT_PROTO_STATE_H
#define SRPT_PROTO_STATE_H

#include "shim.h"

/**
 * enum proto_channel_state - life of an RDMA channel
 * @PROTO_CH_CONNECTING:	accepted by us, not yet confirmed by the initiator
 * @PROTO_CH_LIVE:		IUs are taken
 * @PROTO_CH_DISCONNECTING:	no IU is taken any more, the peer is being told
 * @PROTO_CH_DRAINING:		QP in error, work requests are being flushed
 * @PROTO_CH_DISCONNECTED:	nothing is in flight, the channel can be freed
 */
enum proto_channel_state {
	PROTO_CH_CONNECTING,
	PROTO_CH_LIVE,
	PROTO_CH_DISCONNECTING,
	PROTO_CH_DRAINING,
	PROTO_CH_DISCONNECTED,
};

/* May a channel go from @from to @to? It never stays and never goes back. */
bool proto_channel_may_go(enum proto_channel_state from,
			  enum proto_channel_state to);
const char *proto_channel_state_text(enum proto_channel_state state);

#endif
