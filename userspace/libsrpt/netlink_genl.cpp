// SPDX-License-Identifier: GPL-2.0
// The netlink sockets. One request at a time, each with extended
// acknowledgements switched on, so that the module's own words reach the
// administrator.
#include "netlink.hpp"
#include "netlink_decode.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <functional>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <poll.h>
#include <sys/socket.h>

#include "rdma/ib_srpt_netlink.h"

namespace srpt {

namespace {

struct FreeSocket {
    void operator()(nl_sock* s) const { nl_socket_free(s); }
};
struct FreeMessage {
    void operator()(nl_msg* m) const { nlmsg_free(m); }
};
struct FreeCallbacks {
    void operator()(nl_cb* c) const { nl_cb_put(c); }
};
using Socket = std::unique_ptr<nl_sock, FreeSocket>;
using Message = std::unique_ptr<nl_msg, FreeMessage>;
using Callbacks = std::unique_ptr<nl_cb, FreeCallbacks>;

constexpr std::string_view kAbsent =
    "the loaded ib_srpt has no netlink interface: it is the kernel's own module";
constexpr std::string_view kAbsentHint =
    "sessions, refused logins and events need the ib_srpt of this project: see srptctl(8), MODULES";

Result<Socket> open_socket() {
    Socket socket(nl_socket_alloc());
    const int on = 1;

    if (!socket) {
        return fail(errno_error(ENOMEM, "cannot make a netlink socket", {}));
    }
    if (genl_connect(socket.get()) != 0) {
        return fail(errno_error(errno, "cannot open generic netlink", {}));
    }
    // An old kernel without extended acknowledgements answers without text.
    ::setsockopt(nl_socket_get_fd(socket.get()), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
    return socket;
}

using Handler = std::function<void(const nlattr*, int)>;

// What the callbacks of one request share.
struct Exchange {
    const Handler* handler = nullptr;
    bool finished = false;
    int err = 0;
    std::string extack;
};

int on_valid(nl_msg* msg, void* arg) {
    const auto* x = static_cast<const Exchange*>(arg);
    const auto* genl = static_cast<const genlmsghdr*>(nlmsg_data(nlmsg_hdr(msg)));

    (*x->handler)(genlmsg_attrdata(genl, 0), genlmsg_attrlen(genl, 0));
    return NL_OK;
}

int on_ack(nl_msg* /*msg*/, void* arg) {
    static_cast<Exchange*>(arg)->finished = true;
    return NL_STOP;
}

// A dump ends with an errno of its own, and may carry the reason.
int on_finish(nl_msg* msg, void* arg) {
    auto* x = static_cast<Exchange*>(arg);
    nlmsghdr* header = nlmsg_hdr(msg);

    x->finished = true;
    if (nlmsg_datalen(header) >= static_cast<int>(sizeof(int))) {
        const int* err = static_cast<const int*>(nlmsg_data(header));
        x->err = *err < 0 ? -*err : 0;
        if (x->err != 0) {
            x->extack =
                decode_extack(nlmsg_attrdata(header, sizeof(int)), nlmsg_attrlen(header, sizeof(int)));
        }
    }
    return NL_STOP;
}

int on_error(sockaddr_nl* /*peer*/, nlmsgerr* error, void* arg) {
    auto* x = static_cast<Exchange*>(arg);
    nlmsghdr* header =
        reinterpret_cast<nlmsghdr*>(error) - 1; // NOLINT(cppcoreguidelines-pro-type-reinterpret-cast)

    x->finished = true;
    x->err = -error->error;
    // The request's own payload is echoed before the attributes unless the
    // kernel says that it left it out.
    int skip = static_cast<int>(sizeof(*error));
    if ((header->nlmsg_flags & NLM_F_CAPPED) == 0) {
        skip += static_cast<int>(error->msg.nlmsg_len) - static_cast<int>(sizeof(error->msg));
    }
    if ((header->nlmsg_flags & NLM_F_ACK_TLVS) != 0 && nlmsg_datalen(header) > skip) {
        x->extack = decode_extack(nlmsg_attrdata(header, skip), nlmsg_attrlen(header, skip));
    }
    return NL_STOP;
}

class GenlEvents final : public EventStream {
  public:
    explicit GenlEvents(Socket socket) : socket_(std::move(socket)) {}

    Result<std::optional<Event>> next(std::chrono::milliseconds timeout) override;

  private:
    Socket socket_;
    std::vector<Event> ready_;
    size_t taken_ = 0;
};

int on_event(nl_msg* msg, void* arg) {
    std::optional<Event> event = decode_event(nlmsg_hdr(msg));

    if (event) {
        static_cast<std::vector<Event>*>(arg)->push_back(std::move(*event));
    }
    return NL_OK;
}

Result<std::optional<Event>> GenlEvents::next(std::chrono::milliseconds timeout) {
    if (taken_ == ready_.size()) {
        ready_.clear();
        taken_ = 0;
        pollfd wait = {nl_socket_get_fd(socket_.get()), POLLIN, 0};
        const int n = ::poll(&wait, 1, static_cast<int>(timeout.count()));
        if (n < 0 && errno != EINTR) {
            return fail(errno_error(errno, "cannot wait for events", {}));
        }
        if (n <= 0) {
            return std::optional<Event>{};
        }
        nl_socket_modify_cb(socket_.get(), NL_CB_VALID, NL_CB_CUSTOM, on_event, &ready_);
        const int err = nl_recvmsgs_default(socket_.get());
        if (err == -NLE_NOMEM) {
            ready_.emplace_back(LostEvent{}); // ENOBUFS: the queue overflowed
        } else if (err < 0 && err != -NLE_INTR && err != -NLE_AGAIN) {
            return fail(Errc::failed, fmt::format("cannot read events: {}", nl_geterror(err)));
        }
    }
    if (taken_ == ready_.size()) {
        return std::optional<Event>{};
    }
    return std::optional<Event>(std::move(ready_[taken_++]));
}

class GenlLink final : public KernelLink {
  public:
    bool present() override { return family() > 0; }
    Result<ModuleInfo> module() override;
    Result<std::vector<PortInfo>> ports() override;
    Result<std::vector<TargetInfo>> targets() override;
    Status set_limits(const std::string& wwn, uint32_t tpg_tag, const TargetLimits& limits) override;
    Result<std::vector<SessionInfo>> sessions() override;
    Result<std::vector<ChannelInfo>> channels(std::optional<uint32_t> session) override;
    Result<std::vector<RejectInfo>> rejects() override;
    Status close_session(uint32_t id) override;
    Status reset_stats(std::optional<uint32_t> session) override;
    Status forget_reject(const std::string& initiator) override;
    Result<std::unique_ptr<EventStream>> subscribe() override;

  private:
    using Filler = std::function<void(nl_msg*)>;

    int family();
    Status request(uint8_t command, int flags, const std::string& what, const Filler& fill,
                   const Handler& handle);
    template <class T>
    Result<std::vector<T>> dump(uint8_t command, const std::string& what, const Filler& fill,
                                T (*decode)(const nlattr*, int));

    Socket socket_;
    int family_ = 0;
};

int GenlLink::family() {
    if (family_ > 0) {
        return family_;
    }
    if (!socket_) {
        Result<Socket> socket = open_socket();
        if (!socket) {
            return 0;
        }
        socket_ = std::move(*socket);
    }
    const int id = genl_ctrl_resolve(socket_.get(), IB_SRPT_FAMILY_NAME);
    family_ = id > 0 ? id : 0;
    return family_;
}

Status GenlLink::request(uint8_t command, int flags, const std::string& what, const Filler& fill,
                         const Handler& handle) {
    if (!present()) {
        return fail(Errc::unsupported, std::string(kAbsent), std::string(kAbsentHint));
    }
    const Message msg(nlmsg_alloc());
    const Callbacks callbacks(nl_cb_alloc(NL_CB_DEFAULT));
    Exchange x;

    if (!msg || !callbacks) {
        return fail(errno_error(ENOMEM, what, {}));
    }
    genlmsg_put(msg.get(), NL_AUTO_PORT, NL_AUTO_SEQ, family_, 0, flags | NLM_F_ACK, command,
                IB_SRPT_FAMILY_VERSION);
    fill(msg.get());
    x.handler = &handle;
    nl_cb_set(callbacks.get(), NL_CB_VALID, NL_CB_CUSTOM, on_valid, &x);
    nl_cb_set(callbacks.get(), NL_CB_ACK, NL_CB_CUSTOM, on_ack, &x);
    nl_cb_set(callbacks.get(), NL_CB_FINISH, NL_CB_CUSTOM, on_finish, &x);
    nl_cb_err(callbacks.get(), NL_CB_CUSTOM, on_error, &x);
    if (const int err = nl_send_auto(socket_.get(), msg.get()); err < 0) {
        return fail(Errc::failed, fmt::format("{}: {}", what, nl_geterror(err)));
    }
    while (!x.finished) {
        const int err = nl_recvmsgs(socket_.get(), callbacks.get());
        if (err < 0 && err != -NLE_INTR && !x.finished) {
            return fail(Errc::failed, fmt::format("{}: {}", what, nl_geterror(err)));
        }
    }
    if (x.err == 0) {
        return {};
    }
    Error error = errno_error(x.err, what, {});
    if (!x.extack.empty()) {
        error.kernel.push_back(x.extack);
    }
    if (error.code == Errc::permission) {
        error.hint = "run srptctl as root: who the initiators are is shown to CAP_NET_ADMIN only";
    }
    return fail(std::move(error));
}

template <class T>
Result<std::vector<T>> GenlLink::dump(uint8_t command, const std::string& what, const Filler& fill,
                                      T (*decode)(const nlattr*, int)) {
    std::vector<T> items;
    Status status = request(command, NLM_F_DUMP, what, fill,
                            [&](const nlattr* attrs, int length) { items.push_back(decode(attrs, length)); });

    if (!status) {
        return fail(std::move(status.error()));
    }
    return items;
}

Result<ModuleInfo> GenlLink::module() {
    ModuleInfo info;
    Status status = request(
        IB_SRPT_CMD_MODULE_GET, 0, "cannot read the module's state", [](nl_msg*) {},
        [&](const nlattr* attrs, int length) { info = decode_module(attrs, length); });

    if (!status) {
        return fail(std::move(status.error()));
    }
    return info;
}

Result<std::vector<PortInfo>> GenlLink::ports() {
    return dump<PortInfo>(
        IB_SRPT_CMD_PORT_GET, "cannot list the module's ports", [](nl_msg*) {}, decode_port);
}

Result<std::vector<TargetInfo>> GenlLink::targets() {
    return dump<TargetInfo>(
        IB_SRPT_CMD_TARGET_GET, "cannot list the module's targets", [](nl_msg*) {}, decode_target);
}

Status GenlLink::set_limits(const std::string& wwn, uint32_t tpg_tag, const TargetLimits& limits) {
    return request(
        IB_SRPT_CMD_TARGET_SET, 0, fmt::format("cannot set the limits of {}", wwn),
        [&](nl_msg* msg) {
            nla_put_string(msg, IB_SRPT_A_TARGET_WWN, wwn.c_str());
            nla_put_u32(msg, IB_SRPT_A_TARGET_TPG_TAG, tpg_tag);
            if (limits.max_channels) {
                nla_put_u32(msg, IB_SRPT_A_TARGET_MAX_CHANNELS, *limits.max_channels);
            }
            if (limits.max_sessions) {
                nla_put_u32(msg, IB_SRPT_A_TARGET_MAX_SESSIONS, *limits.max_sessions);
            }
            if (limits.max_initiator_bytes) {
                nla_put_u64(msg, IB_SRPT_A_TARGET_MAX_INITIATOR_BYTES, *limits.max_initiator_bytes);
            }
            if (limits.max_io_size) {
                nla_put_u32(msg, IB_SRPT_A_TARGET_MAX_IO_SIZE, *limits.max_io_size);
            }
        },
        [](const nlattr*, int) {});
}

Result<std::vector<SessionInfo>> GenlLink::sessions() {
    Result<std::vector<SessionInfo>> sessions = dump<SessionInfo>(
        IB_SRPT_CMD_SESSION_GET, "cannot list sessions", [](nl_msg*) {}, decode_session);
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const uint64_t now_ms =
        static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());

    if (sessions) {
        for (SessionInfo& session : *sessions) {
            const uint64_t login_ms = session.login_time * 1000;
            session.age_ms = now_ms > login_ms ? now_ms - login_ms : 0;
        }
    }
    return sessions;
}

Result<std::vector<ChannelInfo>> GenlLink::channels(std::optional<uint32_t> session) {
    return dump<ChannelInfo>(
        IB_SRPT_CMD_CHANNEL_GET, "cannot list channels",
        [&](nl_msg* msg) {
            if (session) {
                nla_put_u32(msg, IB_SRPT_A_CHANNEL_SESSION_ID, *session);
            }
        },
        decode_channel);
}

Result<std::vector<RejectInfo>> GenlLink::rejects() {
    return dump<RejectInfo>(
        IB_SRPT_CMD_REJECT_GET, "cannot list refused logins", [](nl_msg*) {}, decode_reject);
}

Status GenlLink::close_session(uint32_t id) {
    return request(
        IB_SRPT_CMD_SESSION_CLOSE, 0, fmt::format("cannot close session {}", id),
        [&](nl_msg* msg) { nla_put_u32(msg, IB_SRPT_A_SESSION_ID, id); }, [](const nlattr*, int) {});
}

Status GenlLink::reset_stats(std::optional<uint32_t> session) {
    return request(
        IB_SRPT_CMD_STATS_RESET, 0, "cannot reset the counters",
        [&](nl_msg* msg) {
            if (session) {
                nla_put_u32(msg, IB_SRPT_A_SESSION_ID, *session);
            }
        },
        [](const nlattr*, int) {});
}

Status GenlLink::forget_reject(const std::string& initiator) {
    return request(
        IB_SRPT_CMD_REJECT_FORGET, 0, fmt::format("cannot forget the refusals of {}", initiator),
        [&](nl_msg* msg) { nla_put_string(msg, IB_SRPT_A_REJECT_INITIATOR, initiator.c_str()); },
        [](const nlattr*, int) {});
}

Result<std::unique_ptr<EventStream>> GenlLink::subscribe() {
    if (!present()) {
        return fail(Errc::unsupported, std::string(kAbsent), std::string(kAbsentHint));
    }
    Result<Socket> socket = open_socket();
    if (!socket) {
        return fail(std::move(socket.error()));
    }
    const int group = genl_ctrl_resolve_grp(socket->get(), IB_SRPT_FAMILY_NAME, IB_SRPT_MCGRP_EVENTS);
    if (group < 0) {
        return fail(Errc::unsupported, "the module sends no events");
    }
    // Events carry sequence number 0, which libnl would refuse.
    nl_socket_disable_seq_check(socket->get());
    nl_socket_disable_auto_ack(socket->get());
    nl_socket_set_buffer_size(socket->get(), 1 << 20, 0);
    if (::setsockopt(nl_socket_get_fd(socket->get()), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
                     sizeof(group)) != 0) {
        return fail(errno_error(errno, "cannot subscribe to events", {})
                        .with_hint("run srptctl as root: events show who the initiators are"));
    }
    return std::unique_ptr<EventStream>(std::make_unique<GenlEvents>(std::move(*socket)));
}

} // namespace

std::unique_ptr<KernelLink> make_kernel_link() {
    return std::make_unique<GenlLink>();
}

} // namespace srpt
