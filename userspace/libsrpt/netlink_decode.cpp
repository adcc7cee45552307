// SPDX-License-Identifier: GPL-2.0
#include "netlink_decode.hpp"

#include <cstring>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "rdma/ib_srpt_netlink.h"

namespace srpt {

static_assert(kLatencyBuckets == IB_SRPT_LATENCY_BUCKETS);

namespace {

// The attributes of one message, by number. libnl's macros hide casts that
// neither compiler likes; they stay in here.
class Attributes {
  public:
    Attributes(const nlattr* first, int length) : first_(first), length_(length) {}

    const nlattr* find(int type) const { return length_ > 0 ? nla_find(first_, length_, type) : nullptr; }

    template <class T>
    void get(int type, T& out) const {
        const nlattr* a = find(type);
        if (a == nullptr) {
            return;
        }
        // A wider or narrower integer than the spec's is taken as it comes:
        // ynl-style "uint" attributes may be either.
        switch (nla_len(a)) {
        case sizeof(uint8_t):
            out = static_cast<T>(nla_get_u8(a));
            break;
        case sizeof(uint16_t):
            out = static_cast<T>(nla_get_u16(a));
            break;
        case sizeof(uint32_t):
            out = static_cast<T>(nla_get_u32(a));
            break;
        case sizeof(uint64_t):
            out = static_cast<T>(nla_get_u64(a));
            break;
        default:
            break;
        }
    }

    void get(int type, std::string& out) const {
        const nlattr* a = find(type);
        if (a != nullptr) {
            out = text(a);
        }
    }

    void get_flag(int type, bool& out) const { out = find(type) != nullptr; }

    void get(int type, std::vector<std::string>& out) const {
        int rest = length_;
        for (const nlattr* a = first_; nla_ok(a, rest) != 0; a = nla_next(a, &rest)) {
            if (nla_type(a) == type) {
                out.push_back(text(a));
            }
        }
    }

    void get(int type, std::array<uint64_t, kLatencyBuckets>& out) const {
        const nlattr* a = find(type);
        if (a != nullptr && nla_len(a) == static_cast<int>(sizeof(out))) {
            std::memcpy(out.data(), nla_data(a), sizeof(out));
        }
    }

    Attributes nested(int type) const {
        const nlattr* a = find(type);
        if (a == nullptr) {
            return {nullptr, 0};
        }
        return {static_cast<const nlattr*>(nla_data(a)), nla_len(a)};
    }

    const nlattr* first() const { return first_; }
    int length() const { return length_; }

  private:
    static std::string text(const nlattr* a) {
        const char* data = static_cast<const char*>(nla_data(a));
        return {data, strnlen(data, static_cast<size_t>(nla_len(a)))};
    }

    const nlattr* first_;
    int length_;
};

template <size_t N>
std::string_view name_of(const std::array<std::string_view, N>& names, uint32_t value) {
    return value < names.size() ? names[value] : std::string_view("unknown");
}

constexpr std::array<std::string_view, 3> kLinkLayers = {"unspecified", "infiniband", "ethernet"};
constexpr std::array<std::string_view, 6> kPortStates = {"nop",   "down",   "init",
                                                         "armed", "active", "active-defer"};
constexpr std::array<std::string_view, 5> kChannelStates = {"connecting", "live", "disconnecting", "draining",
                                                            "disconnected"};
constexpr std::array<std::string_view, 2> kCmKinds = {"ib", "rdma"};
constexpr std::array<std::string_view, 11> kCloseCauses = {
    "none",      "initiator-logout", "initiator-disconnect", "connection-lost",
    "handshake", "protocol",         "multichannel",         "admin",
    "disabled",  "acl-removed",      "device-removed"};

static_assert(kPortStates.size() == IB_SRPT_PORT_STATE_ACTIVE_DEFER + 1);
static_assert(kChannelStates.size() == IB_SRPT_CHANNEL_STATE_DISCONNECTED + 1);
static_assert(kCloseCauses.size() == IB_SRPT_CLOSE_CAUSE_DEVICE_REMOVED + 1);

} // namespace

std::string_view port_state_name(uint32_t value) {
    return name_of(kPortStates, value);
}

std::string_view close_cause_name(uint32_t value) {
    return name_of(kCloseCauses, value);
}

ModuleInfo decode_module(const nlattr* attrs, int length) {
    const Attributes in(attrs, length);
    ModuleInfo out;

    in.get(IB_SRPT_A_MODULE_VERSION, out.version);
    in.get(IB_SRPT_A_MODULE_SERVICE_GUID, out.service_guid);
    in.get(IB_SRPT_A_MODULE_RDMA_CM_PORT, out.rdma_cm_port);
    in.get(IB_SRPT_A_MODULE_SESSIONS, out.sessions);
    in.get(IB_SRPT_A_MODULE_CHANNELS, out.channels);
    in.get(IB_SRPT_A_MODULE_LOGINS, out.logins);
    in.get(IB_SRPT_A_MODULE_LOGOUTS, out.logouts);
    in.get(IB_SRPT_A_MODULE_REJECTS, out.rejects);
    in.get(IB_SRPT_A_MODULE_REJECTS_NOT_LOGGED, out.rejects_not_logged);
    in.get(IB_SRPT_A_MODULE_REJECTS_EVICTED, out.rejects_evicted);
    in.get(IB_SRPT_A_MODULE_EVENTS_LOST, out.events_lost);
    return out;
}

PortInfo decode_port(const nlattr* attrs, int length) {
    const Attributes in(attrs, length);
    PortInfo out;
    uint32_t link_layer = 0;
    uint32_t state = 0;

    in.get(IB_SRPT_A_PORT_DEVICE, out.device);
    in.get(IB_SRPT_A_PORT_NUM, out.num);
    in.get(IB_SRPT_A_PORT_GID, out.gid);
    in.get(IB_SRPT_A_PORT_GUID, out.guid);
    in.get(IB_SRPT_A_PORT_LID, out.lid);
    in.get(IB_SRPT_A_PORT_SM_LID, out.sm_lid);
    in.get(IB_SRPT_A_PORT_LINK_LAYER, link_layer);
    in.get(IB_SRPT_A_PORT_STATE, state);
    in.get_flag(IB_SRPT_A_PORT_IB_CM, out.ib_cm);
    in.get_flag(IB_SRPT_A_PORT_DM_AGENT, out.dm_agent);
    in.get(IB_SRPT_A_PORT_CHANNELS, out.channels);
    in.get(IB_SRPT_A_PORT_TARGET, out.targets);
    in.get(IB_SRPT_A_PORT_POOL_BYTES, out.pool_bytes);
    in.get(IB_SRPT_A_PORT_POOL_KEPT_BYTES, out.pool_kept_bytes);
    out.link_layer = name_of(kLinkLayers, link_layer);
    out.state = port_state_name(state);
    return out;
}

TargetInfo decode_target(const nlattr* attrs, int length) {
    const Attributes in(attrs, length);
    TargetInfo out;
    uint8_t enabled = 0;

    in.get(IB_SRPT_A_TARGET_WWN, out.wwn);
    in.get(IB_SRPT_A_TARGET_TPG_TAG, out.tpg_tag);
    in.get(IB_SRPT_A_TARGET_ENABLED, enabled);
    in.get(IB_SRPT_A_TARGET_SESSIONS, out.sessions);
    in.get(IB_SRPT_A_TARGET_MAX_CHANNELS, out.max_channels);
    in.get(IB_SRPT_A_TARGET_MAX_SESSIONS, out.max_sessions);
    in.get(IB_SRPT_A_TARGET_MAX_INITIATOR_BYTES, out.max_initiator_bytes);
    in.get(IB_SRPT_A_TARGET_MAX_IO_SIZE, out.max_io_size);
    out.enabled = enabled != 0;
    return out;
}

Stats decode_stats(const nlattr* attrs, int length) {
    const Attributes in(attrs, length);
    Stats out;

    in.get(IB_SRPT_A_STATS_READ_CMDS, out.read_cmds);
    in.get(IB_SRPT_A_STATS_WRITE_CMDS, out.write_cmds);
    in.get(IB_SRPT_A_STATS_OTHER_CMDS, out.other_cmds);
    in.get(IB_SRPT_A_STATS_READ_BYTES, out.read_bytes);
    in.get(IB_SRPT_A_STATS_WRITE_BYTES, out.write_bytes);
    in.get(IB_SRPT_A_STATS_TMFS, out.tmfs);
    in.get(IB_SRPT_A_STATS_ABORTED, out.aborted);
    in.get(IB_SRPT_A_STATS_FAILED, out.failed);
    in.get(IB_SRPT_A_STATS_BUSY, out.busy);
    in.get(IB_SRPT_A_STATS_BAD_IUS, out.bad_ius);
    in.get(IB_SRPT_A_STATS_IMM_CMDS, out.imm_cmds);
    in.get(IB_SRPT_A_STATS_EXT_TABLES, out.ext_tables);
    in.get(IB_SRPT_A_STATS_CRED_REQS, out.cred_reqs);
    in.get(IB_SRPT_A_STATS_SQ_WAITS, out.sq_waits);
    in.get(IB_SRPT_A_STATS_READ_LATENCY, out.read_latency);
    in.get(IB_SRPT_A_STATS_WRITE_LATENCY, out.write_latency);
    return out;
}

SessionInfo decode_session(const nlattr* attrs, int length) {
    const Attributes in(attrs, length);
    const Attributes stats = in.nested(IB_SRPT_A_SESSION_STATS);
    SessionInfo out;

    in.get(IB_SRPT_A_SESSION_ID, out.id);
    in.get(IB_SRPT_A_SESSION_INITIATOR, out.source.initiator);
    in.get(IB_SRPT_A_SESSION_SOURCE_GID, out.source.gid);
    in.get(IB_SRPT_A_SESSION_SOURCE_IP, out.source.ip);
    in.get(IB_SRPT_A_SESSION_WWN, out.wwn);
    in.get(IB_SRPT_A_SESSION_TPG_TAG, out.tpg_tag);
    in.get(IB_SRPT_A_SESSION_ACL, out.acl);
    in.get_flag(IB_SRPT_A_SESSION_DYNAMIC_ACL, out.dynamic_acl);
    in.get(IB_SRPT_A_SESSION_CHANNELS, out.channels);
    in.get(IB_SRPT_A_SESSION_BYTES_HELD, out.bytes_held);
    in.get(IB_SRPT_A_SESSION_LOGIN_TIME, out.login_time);
    in.get_flag(IB_SRPT_A_SESSION_CLOSING, out.closing);
    out.stats = decode_stats(stats.first(), stats.length());
    return out;
}

ChannelInfo decode_channel(const nlattr* attrs, int length) {
    const Attributes in(attrs, length);
    const Attributes stats = in.nested(IB_SRPT_A_CHANNEL_STATS);
    ChannelInfo out;
    uint32_t cm = 0;
    uint32_t state = 0;
    uint32_t cause = 0;

    in.get(IB_SRPT_A_CHANNEL_SESSION_ID, out.session_id);
    in.get(IB_SRPT_A_CHANNEL_ID, out.id);
    in.get(IB_SRPT_A_CHANNEL_INITIATOR, out.source.initiator);
    in.get(IB_SRPT_A_CHANNEL_SOURCE_GID, out.source.gid);
    in.get(IB_SRPT_A_CHANNEL_SOURCE_IP, out.source.ip);
    in.get(IB_SRPT_A_CHANNEL_WWN, out.wwn);
    in.get(IB_SRPT_A_CHANNEL_TPG_TAG, out.tpg_tag);
    in.get(IB_SRPT_A_CHANNEL_DEVICE, out.device);
    in.get(IB_SRPT_A_CHANNEL_PORT, out.port);
    in.get(IB_SRPT_A_CHANNEL_CM_KIND, cm);
    in.get(IB_SRPT_A_CHANNEL_STATE, state);
    in.get(IB_SRPT_A_CHANNEL_QP_NUM, out.qp_num);
    in.get(IB_SRPT_A_CHANNEL_PEER_QP_NUM, out.peer_qp_num);
    in.get_flag(IB_SRPT_A_CHANNEL_USE_SRQ, out.use_srq);
    in.get_flag(IB_SRPT_A_CHANNEL_IMM_DATA, out.imm_data);
    in.get(IB_SRPT_A_CHANNEL_IMM_OFFSET, out.imm_offset);
    in.get(IB_SRPT_A_CHANNEL_MAX_IT_IU_LEN, out.max_it_iu_len);
    in.get(IB_SRPT_A_CHANNEL_MAX_TI_IU_LEN, out.max_ti_iu_len);
    in.get(IB_SRPT_A_CHANNEL_SQ_SIZE, out.sq_size);
    in.get(IB_SRPT_A_CHANNEL_SQ_USED, out.sq_used);
    in.get(IB_SRPT_A_CHANNEL_CREDIT_LIMIT, out.credit_limit);
    in.get(IB_SRPT_A_CHANNEL_CREDIT_GRANTED, out.credit_granted);
    in.get(IB_SRPT_A_CHANNEL_CREDIT_CONSUMED, out.credit_consumed);
    in.get(IB_SRPT_A_CHANNEL_CREDIT_FREE, out.credit_free);
    in.get(IB_SRPT_A_CHANNEL_CREDIT_DUE, out.credit_due);
    in.get(IB_SRPT_A_CHANNEL_AGE_MS, out.age_ms);
    in.get(IB_SRPT_A_CHANNEL_CAUSE, cause);
    in.get(IB_SRPT_A_CHANNEL_CAUSE_TEXT, out.cause_text);
    out.cm = name_of(kCmKinds, cm);
    out.state = name_of(kChannelStates, state);
    out.cause = close_cause_name(cause);
    out.stats = decode_stats(stats.first(), stats.length());
    return out;
}

RejectInfo decode_reject(const nlattr* attrs, int length) {
    const Attributes in(attrs, length);
    RejectInfo out;

    in.get(IB_SRPT_A_REJECT_INITIATOR, out.source.initiator);
    in.get(IB_SRPT_A_REJECT_SOURCE_GID, out.source.gid);
    in.get(IB_SRPT_A_REJECT_SOURCE_IP, out.source.ip);
    in.get(IB_SRPT_A_REJECT_DEVICE, out.device);
    in.get(IB_SRPT_A_REJECT_PORT, out.port);
    in.get(IB_SRPT_A_REJECT_PORT_GID, out.port_gid);
    in.get(IB_SRPT_A_REJECT_REASON, out.reason);
    in.get(IB_SRPT_A_REJECT_REASON_NAME, out.reason_name);
    in.get(IB_SRPT_A_REJECT_TEXT, out.text);
    in.get(IB_SRPT_A_REJECT_COUNT, out.count);
    in.get(IB_SRPT_A_REJECT_NOT_LOGGED, out.not_logged);
    in.get(IB_SRPT_A_REJECT_FIRST_TIME, out.first_time);
    in.get(IB_SRPT_A_REJECT_LAST_TIME, out.last_time);
    in.get(IB_SRPT_A_REJECT_AGE_MS, out.age_ms);
    return out;
}

std::optional<Event> decode_event(nlmsghdr* header) {
    if (genlmsg_valid_hdr(header, 0) == 0) {
        return std::nullopt;
    }
    const auto* genl = static_cast<const genlmsghdr*>(nlmsg_data(header));
    const nlattr* attrs = genlmsg_attrdata(genl, 0);
    const int length = genlmsg_attrlen(genl, 0);

    switch (genl->cmd) {
    case IB_SRPT_CMD_LOGIN_NTF:
        return LoginEvent{decode_channel(attrs, length)};
    case IB_SRPT_CMD_LOGOUT_NTF:
        return LogoutEvent{decode_channel(attrs, length)};
    case IB_SRPT_CMD_REJECT_NTF:
        return RejectEvent{decode_reject(attrs, length)};
    case IB_SRPT_CMD_PORT_NTF:
        return PortEvent{decode_port(attrs, length)};
    default:
        return std::nullopt;
    }
}

std::string decode_extack(const nlattr* attrs, int length) {
    const Attributes in(attrs, length);
    std::string text;

    in.get(NLMSGERR_ATTR_MSG, text);
    return text;
}

} // namespace srpt
