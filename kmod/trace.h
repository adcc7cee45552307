/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: /sys/kernel/tracing/events/ib_srpt.
 *
 * Each line about a channel begins with "session/channel", the numbers that
 * the log, netlink and srptctl show.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ib_srpt

#if !defined(SRPT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SRPT_TRACE_H

#include <linux/tracepoint.h>

#include "srpt.h"

/* Numbers, not enumerators: user-space readers of the format files cannot
 * resolve names. trace.c asserts that they are right.
 */
#define srpt_show_state(state)						\
	__print_symbolic(state,						\
		{ 0, "CONNECTING" },					\
		{ 1, "LIVE" },						\
		{ 2, "DISCONNECTING" },					\
		{ 3, "DRAINING" },					\
		{ 4, "DISCONNECTED" })

#define srpt_show_cause(cause)						\
	__print_symbolic(cause,						\
		{ 0, "none" },						\
		{ 1, "initiator-logout" },				\
		{ 2, "initiator-disconnect" },				\
		{ 3, "connection-lost" },				\
		{ 4, "handshake" },					\
		{ 5, "protocol" },					\
		{ 6, "multichannel" },					\
		{ 7, "admin" },						\
		{ 8, "disabled" },					\
		{ 9, "acl-removed" },					\
		{ 10, "device-removed" })

#define srpt_show_dir(dir)						\
	__print_symbolic(dir,						\
		{ 0, "none" },						\
		{ 1, "in" },						\
		{ 2, "out" },						\
		{ 3, "both" })

#define srpt_show_fmt(fmt)						\
	__print_symbolic(fmt,						\
		{ 0, "none" },						\
		{ 1, "direct" },					\
		{ 2, "indirect" },					\
		{ 3, "immediate" })

#define srpt_show_tmf(func)						\
	__print_symbolic(func,						\
		{ 0x01, "ABORT_TASK" },					\
		{ 0x02, "ABORT_TASK_SET" },				\
		{ 0x04, "CLEAR_TASK_SET" },				\
		{ 0x08, "LUN_RESET" },					\
		{ 0x40, "CLEAR_ACA" })

TRACE_EVENT(srpt_login,
	TP_PROTO(const char *dev, u32 port, const char *name, u32 reason),
	TP_ARGS(dev, port, name, reason),
	TP_STRUCT__entry(
		__array(char, dev, IB_DEVICE_NAME_MAX)
		__array(char, name, 36)
		__field(u32, port)
		__field(u32, reason)
	),
	TP_fast_assign(
		strscpy(__entry->dev, dev, sizeof(__entry->dev));
		strscpy(__entry->name, name, sizeof(__entry->name));
		__entry->port = port;
		__entry->reason = reason;
	),
	TP_printk("%s/%u initiator=%s %s reason=0x%08x",
		  __entry->dev, __entry->port, __entry->name,
		  __entry->reason ? "rejected" : "accepted", __entry->reason)
);

TRACE_EVENT(srpt_channel_state,
	TP_PROTO(const struct srpt_channel *ch, enum proto_channel_state old,
		 enum proto_channel_state new),
	TP_ARGS(ch, old, new),
	TP_STRUCT__entry(
		__field(u32, session)
		__field(u32, channel)
		__field(u32, old)
		__field(u32, new)
	),
	TP_fast_assign(
		__entry->session = ch->session_id;
		__entry->channel = ch->id;
		__entry->old = old;
		__entry->new = new;
	),
	TP_printk("%u/%u %s -> %s", __entry->session, __entry->channel,
		  srpt_show_state(__entry->old), srpt_show_state(__entry->new))
);

TRACE_EVENT(srpt_cmd_recv,
	TP_PROTO(const struct srpt_channel *ch, const struct proto_cmd *cmd),
	TP_ARGS(ch, cmd),
	TP_STRUCT__entry(
		__field(u64, tag)
		__field(u64, lun)
		__field(u32, session)
		__field(u32, channel)
		__field(u32, len)
		__field(u32, n_desc)
		__field(u8, opcode)
		__field(u8, dir)
		__field(u8, fmt)
		__field(bool, external)
	),
	TP_fast_assign(
		__entry->tag = cmd->tag;
		__entry->lun = proto_lun_decode(cmd->lun);
		__entry->session = ch->session_id;
		__entry->channel = ch->id;
		__entry->len = cmd->data_len;
		__entry->n_desc = cmd->external ? cmd->n_table : cmd->n_desc;
		__entry->opcode = cmd->cdb_len ? cmd->cdb[0] : 0;
		__entry->dir = cmd->dir;
		__entry->fmt = cmd->fmt;
		__entry->external = cmd->external;
	),
	TP_printk("%u/%u tag=0x%llx lun=%lld opcode=0x%02x dir=%s len=%u fmt=%s%s descriptors=%u",
		  __entry->session, __entry->channel, __entry->tag,
		  (s64)__entry->lun, __entry->opcode,
		  srpt_show_dir(__entry->dir), __entry->len,
		  srpt_show_fmt(__entry->fmt),
		  __entry->external ? "(external)" : "", __entry->n_desc)
);

TRACE_EVENT(srpt_cmd_done,
	TP_PROTO(const struct srpt_channel *ch, u64 tag, u8 status, u32 len,
		 u64 latency_ns),
	TP_ARGS(ch, tag, status, len, latency_ns),
	TP_STRUCT__entry(
		__field(u64, tag)
		__field(u64, latency_ns)
		__field(u32, session)
		__field(u32, channel)
		__field(u32, len)
		__field(u8, status)
	),
	TP_fast_assign(
		__entry->tag = tag;
		__entry->latency_ns = latency_ns;
		__entry->session = ch->session_id;
		__entry->channel = ch->id;
		__entry->len = len;
		__entry->status = status;
	),
	TP_printk("%u/%u tag=0x%llx status=0x%02x len=%u latency_ns=%llu",
		  __entry->session, __entry->channel, __entry->tag,
		  __entry->status, __entry->len, __entry->latency_ns)
);

TRACE_EVENT(srpt_tmf,
	TP_PROTO(const struct srpt_channel *ch, u64 tag, u64 task_tag, u8 func,
		 u8 rsp_code),
	TP_ARGS(ch, tag, task_tag, func, rsp_code),
	TP_STRUCT__entry(
		__field(u64, tag)
		__field(u64, task_tag)
		__field(u32, session)
		__field(u32, channel)
		__field(u8, func)
		__field(u8, rsp_code)
	),
	TP_fast_assign(
		__entry->tag = tag;
		__entry->task_tag = task_tag;
		__entry->session = ch->session_id;
		__entry->channel = ch->id;
		__entry->func = func;
		__entry->rsp_code = rsp_code;
	),
	TP_printk("%u/%u tag=0x%llx task_tag=0x%llx func=%s response=0x%02x",
		  __entry->session, __entry->channel, __entry->tag,
		  __entry->task_tag, srpt_show_tmf(__entry->func),
		  __entry->rsp_code)
);

TRACE_EVENT(srpt_close,
	TP_PROTO(const struct srpt_channel *ch, enum srpt_close_cause cause),
	TP_ARGS(ch, cause),
	TP_STRUCT__entry(
		__array(char, name, 36)
		__field(u32, session)
		__field(u32, channel)
		__field(u32, cause)
	),
	TP_fast_assign(
		strscpy(__entry->name, ch->name, sizeof(__entry->name));
		__entry->session = ch->session_id;
		__entry->channel = ch->id;
		__entry->cause = cause;
	),
	TP_printk("%u/%u initiator=%s cause=%s", __entry->session,
		  __entry->channel, __entry->name,
		  srpt_show_cause(__entry->cause))
);

TRACE_EVENT(srpt_rdma,
	TP_PROTO(const struct srpt_channel *ch, u64 tag, bool to_initiator,
		 u32 wrs, u32 bytes),
	TP_ARGS(ch, tag, to_initiator, wrs, bytes),
	TP_STRUCT__entry(
		__field(u64, tag)
		__field(u32, session)
		__field(u32, channel)
		__field(u32, wrs)
		__field(u32, bytes)
		__field(bool, to_initiator)
	),
	TP_fast_assign(
		__entry->tag = tag;
		__entry->session = ch->session_id;
		__entry->channel = ch->id;
		__entry->wrs = wrs;
		__entry->bytes = bytes;
		__entry->to_initiator = to_initiator;
	),
	TP_printk("%u/%u tag=0x%llx %s wrs=%u bytes=%u", __entry->session,
		  __entry->channel, __entry->tag,
		  __entry->to_initiator ? "WRITE" : "READ", __entry->wrs,
		  __entry->bytes)
);

#endif /* SRPT_TRACE_H */

/* Found through -I$(src), which Kbuild gives trace.c. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

#include <trace/define_trace.h>
