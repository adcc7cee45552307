// SPDX-License-Identifier: GPL-2.0
// What the module says over generic netlink, as plain values, behind an
// interface that the tests replace. The attributes are those of
// Documentation/netlink/specs/ib_srpt.yaml.
//
// The stock module has no such family: present() is false then, and every
// call fails with Errc::unsupported.
#pragma once

#include "error.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace srpt {

inline constexpr size_t kLatencyBuckets = 24;

struct ModuleInfo {
    std::string version;
    uint64_t service_guid = 0;
    unsigned rdma_cm_port = 0;
    uint32_t sessions = 0;
    uint32_t channels = 0;
    uint64_t logins = 0;
    uint64_t logouts = 0;
    uint64_t rejects = 0;
    uint64_t rejects_not_logged = 0;
    uint64_t rejects_evicted = 0;
    uint64_t events_lost = 0;
};

struct PortInfo {
    std::string device;
    uint32_t num = 0;
    std::string gid;
    uint64_t guid = 0;
    uint32_t lid = 0;
    uint32_t sm_lid = 0;
    std::string link_layer; // infiniband, ethernet, unspecified
    std::string state;      // active, down, ...
    bool ib_cm = false;
    bool dm_agent = false;
    uint32_t channels = 0;
    std::vector<std::string> targets;
    uint64_t pool_bytes = 0;      // data buffers of the device, in use or kept
    uint64_t pool_kept_bytes = 0; // of these, what waits for the next command
};

// A target portal group as the module serves it.
struct TargetInfo {
    std::string wwn;
    uint32_t tpg_tag = 0;
    bool enabled = false;
    uint32_t sessions = 0;
    uint32_t max_channels = 0;
    uint32_t max_sessions = 0;
    uint64_t max_initiator_bytes = 0;
    uint32_t max_io_size = 0;
};

// Limits to set; what is not given stays as it is.
struct TargetLimits {
    std::optional<uint32_t> max_channels;
    std::optional<uint32_t> max_sessions;
    std::optional<uint64_t> max_initiator_bytes;
    std::optional<uint32_t> max_io_size;

    bool any() const { return max_channels || max_sessions || max_initiator_bytes || max_io_size; }
};

struct Stats {
    uint64_t read_cmds = 0;
    uint64_t write_cmds = 0;
    uint64_t other_cmds = 0;
    uint64_t read_bytes = 0;
    uint64_t write_bytes = 0;
    uint64_t tmfs = 0;
    uint64_t aborted = 0;
    uint64_t failed = 0;
    uint64_t busy = 0;
    uint64_t bad_ius = 0;
    uint64_t imm_cmds = 0;
    uint64_t ext_tables = 0;
    uint64_t cred_reqs = 0;
    uint64_t sq_waits = 0;
    std::array<uint64_t, kLatencyBuckets> read_latency{};
    std::array<uint64_t, kLatencyBuckets> write_latency{};
};

// Where a login came from.
struct Source {
    std::string initiator; // "0x" and 32 digits: the name an ACL needs
    std::string gid;
    std::string ip;

    // The IP if there is one, else the GID.
    const std::string& address() const { return ip.empty() ? gid : ip; }
};

struct SessionInfo {
    uint32_t id = 0;
    Source source;
    std::string wwn;
    uint32_t tpg_tag = 0;
    std::string acl;
    bool dynamic_acl = false;
    uint32_t channels = 0;
    uint64_t bytes_held = 0;
    uint64_t login_time = 0; // seconds since 1970
    uint64_t age_ms = 0;     // reckoned from that
    bool closing = false;
    Stats stats;
};

struct ChannelInfo {
    uint32_t session_id = 0;
    uint32_t id = 0;
    Source source;
    std::string wwn;
    uint32_t tpg_tag = 0;
    std::string device;
    uint32_t port = 0;
    std::string cm;    // ib or rdma
    std::string state; // connecting, live, disconnecting, draining, disconnected
    uint32_t qp_num = 0;
    uint32_t peer_qp_num = 0;
    bool use_srq = false;
    bool imm_data = false;
    uint32_t imm_offset = 0;
    uint32_t max_it_iu_len = 0;
    uint32_t max_ti_iu_len = 0;
    uint32_t sq_size = 0;
    uint32_t sq_used = 0;
    uint32_t credit_limit = 0;
    uint32_t credit_granted = 0;
    uint32_t credit_consumed = 0;
    uint32_t credit_free = 0;
    uint32_t credit_due = 0;
    uint64_t age_ms = 0;
    std::string cause; // name of the close cause, "none" while it lives
    std::string cause_text;
    Stats stats;
};

struct RejectInfo {
    Source source;
    std::string device;
    uint32_t port = 0;
    std::string port_gid; // "0x" and 32 digits: the name a target there has
    uint32_t reason = 0;
    std::string reason_name;
    std::string text;
    uint64_t count = 0;
    uint64_t not_logged = 0;
    uint64_t first_time = 0;
    uint64_t last_time = 0;
    uint64_t age_ms = 0;
};

struct LoginEvent {
    ChannelInfo channel;
};
struct LogoutEvent {
    ChannelInfo channel;
};
struct RejectEvent {
    RejectInfo reject;
};
struct PortEvent {
    PortInfo port;
};
// The kernel could not keep up with the reader.
struct LostEvent {};
using Event = std::variant<LoginEvent, LogoutEvent, RejectEvent, PortEvent, LostEvent>;

class EventStream {
  public:
    EventStream() = default;
    EventStream(const EventStream&) = delete;
    EventStream& operator=(const EventStream&) = delete;
    virtual ~EventStream() = default;

    // The next event, or nothing when `timeout` passed or a signal came.
    virtual Result<std::optional<Event>> next(std::chrono::milliseconds timeout) = 0;
};

class KernelLink {
  public:
    KernelLink() = default;
    KernelLink(const KernelLink&) = delete;
    KernelLink& operator=(const KernelLink&) = delete;
    virtual ~KernelLink() = default;

    virtual bool present() = 0;
    virtual Result<ModuleInfo> module() = 0;
    virtual Result<std::vector<PortInfo>> ports() = 0;
    virtual Result<std::vector<TargetInfo>> targets() = 0;
    virtual Status set_limits(const std::string& wwn, uint32_t tpg_tag, const TargetLimits& limits) = 0;
    virtual Result<std::vector<SessionInfo>> sessions() = 0;
    virtual Result<std::vector<ChannelInfo>> channels(std::optional<uint32_t> session) = 0;
    virtual Result<std::vector<RejectInfo>> rejects() = 0;
    virtual Status close_session(uint32_t id) = 0;
    // Of one session, or of all.
    virtual Status reset_stats(std::optional<uint32_t> session) = 0;
    virtual Status forget_reject(const std::string& initiator) = 0;
    virtual Result<std::unique_ptr<EventStream>> subscribe() = 0;
};

// The kernel's own, by libnl.
std::unique_ptr<KernelLink> make_kernel_link();

} // namespace srpt
