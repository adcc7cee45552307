// SPDX-License-Identifier: GPL-2.0
/*
 * The channel's state table: for each state the legal ones before it. Who
 * changes a state holds the channel's lock and does what the change asks for;
 * here is only what is allowed.
 */
#include "state.h"

#define FROM(state)	(1u << (state))

bool proto_channel_may_go(enum proto_channel_state from,
			  enum proto_channel_state to)
{
	unsigned int legal = 0;

	switch (to) {
	case PROTO_CH_CONNECTING:
		break;
	case PROTO_CH_LIVE:
		legal = FROM(PROTO_CH_CONNECTING);
		break;
	case PROTO_CH_DISCONNECTING:
		legal = FROM(PROTO_CH_CONNECTING) | FROM(PROTO_CH_LIVE);
		break;
	case PROTO_CH_DRAINING:
		/* A login that fails half way has no peer to tell. */
		legal = FROM(PROTO_CH_CONNECTING) |
			FROM(PROTO_CH_DISCONNECTING);
		break;
	case PROTO_CH_DISCONNECTED:
		legal = FROM(PROTO_CH_DRAINING);
		break;
	}
	return legal & FROM(from);
}

const char *proto_channel_state_text(enum proto_channel_state state)
{
	switch (state) {
	case PROTO_CH_CONNECTING:
		return "connecting";
	case PROTO_CH_LIVE:
		return "live";
	case PROTO_CH_DISCONNECTING:
		return "disconnecting";
	case PROTO_CH_DRAINING:
		return "draining";
	case PROTO_CH_DISCONNECTED:
		return "disconnected";
	}
	return "unknown";
}
