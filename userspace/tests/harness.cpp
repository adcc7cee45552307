// SPDX-License-Identifier: GPL-2.0
#include "harness.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace testing_srpt {

namespace {

class FakeLock final : public srpt::Lock {};

class FakeEvents final : public srpt::EventStream {
  public:
    explicit FakeEvents(FakeLink& link) : link_(link) {}

    srpt::Result<std::optional<srpt::Event>> next(std::chrono::milliseconds timeout) override {
        if (link_.on_wait) {
            link_.on_wait();
        }
        if (link_.events.empty()) {
            link_.system().time += timeout;
            return std::optional<srpt::Event>{};
        }
        srpt::Event event = std::move(link_.events.front());
        link_.events.pop_front();
        return std::optional<srpt::Event>(std::move(event));
    }

  private:
    FakeLink& link_;
};

} // namespace

srpt::Result<srpt::Backing> FakeSystem::probe(const std::string& path) {
    const std::string absolute = path.starts_with('/') ? path : "/srv/" + path;
    const auto it = devices.find(absolute);

    if (it == devices.end()) {
        return srpt::fail(srpt::errno_error(ENOENT, "cannot export " + path, absolute));
    }
    return it->second;
}

srpt::Status FakeSystem::load_module(const std::string& name) {
    if (name == refuse_module) {
        return srpt::fail(srpt::Errc::no_module, fmt::format("modprobe {} failed", name), "see dmesg");
    }
    loaded.push_back(name);
    if (name == "target_core_mod") {
        fs_.load_core();
    }
    if (name == "ib_srpt") {
        fs_.load_srpt();
    }
    return {};
}

srpt::Status FakeSystem::mount_configfs(const std::string& /*path*/) {
    fs_.mount();
    return {};
}

srpt::Result<std::unique_ptr<srpt::Lock>> FakeSystem::lock_backstores() {
    if (refuse_lock) {
        return srpt::fail(
            srpt::errno_error(EACCES, "cannot open the lock", "/var/run/rtslib_backstore.lock"));
    }
    return std::unique_ptr<srpt::Lock>(std::make_unique<FakeLock>());
}

std::string FakeSystem::random_hex(unsigned digits) {
    std::string text = fmt::format("{:0{}x}", ++random_, digits);

    text.resize(digits);
    return text;
}

srpt::Result<std::vector<srpt::ChannelInfo>> FakeLink::channels(std::optional<uint32_t> session) {
    std::vector<srpt::ChannelInfo> found;

    for (const srpt::ChannelInfo& channel : channel_list) {
        if (!session || channel.session_id == *session) {
            found.push_back(channel);
        }
    }
    return answer(found, "channels");
}

srpt::Status FakeLink::set_limits(const std::string& wwn, uint32_t tpg_tag,
                                  const srpt::TargetLimits& limits) {
    calls.push_back(fmt::format("limits {} {}", wwn, tpg_tag));
    if (error) {
        return srpt::fail(*error);
    }
    for (srpt::TargetInfo& target : target_list) {
        if (target.wwn == wwn && target.tpg_tag == tpg_tag) {
            target.max_channels = limits.max_channels.value_or(target.max_channels);
            target.max_sessions = limits.max_sessions.value_or(target.max_sessions);
            target.max_initiator_bytes = limits.max_initiator_bytes.value_or(target.max_initiator_bytes);
            target.max_io_size = limits.max_io_size.value_or(target.max_io_size);
            return {};
        }
    }
    return srpt::fail(srpt::errno_error(ENOENT, "cannot set the limits of " + wwn, {}));
}

srpt::Status FakeLink::reset_stats(std::optional<uint32_t> session) {
    calls.push_back(session ? fmt::format("reset {}", *session) : "reset all");
    if (error) {
        return srpt::fail(*error);
    }
    for (srpt::SessionInfo& s : session_list) {
        if (!session || s.id == *session) {
            s.stats = {};
        }
    }
    return {};
}

srpt::Status FakeLink::close_session(uint32_t id) {
    calls.push_back(fmt::format("close {}", id));
    if (error) {
        return srpt::fail(*error);
    }
    if (stuck) {
        return {};
    }
    const size_t gone = std::erase_if(session_list, [id](const srpt::SessionInfo& s) { return s.id == id; });
    if (gone == 0) {
        return srpt::fail(srpt::errno_error(ENOENT, fmt::format("cannot close session {}", id), {}));
    }
    return {};
}

srpt::Status FakeLink::forget_reject(const std::string& initiator) {
    calls.push_back("forget " + initiator);
    std::erase_if(reject_list, [&](const srpt::RejectInfo& r) { return r.source.initiator == initiator; });
    return {};
}

srpt::Result<std::unique_ptr<srpt::EventStream>> FakeLink::subscribe() {
    calls.emplace_back("subscribe");
    if (error) {
        return srpt::fail(*error);
    }
    return std::unique_ptr<srpt::EventStream>(std::make_unique<FakeEvents>(*this));
}

Machine::Machine() {
    fs.ready();
    add_port("qib0", 1, "fe80:0000:0000:0000:0011:7500:0077:dd7e", "4: ACTIVE", "InfiniBand");
    add_disk("/dev/sdc1", 83538083840);
    link.info.version = "0.1";
}

void Machine::add_port(const std::string& device, unsigned number, const std::string& gid,
                       const std::string& state, const std::string& layer) {
    const std::string dir = fmt::format("/sys/class/infiniband/{}/ports/{}", device, number);

    fs.put(dir + "/state", state);
    fs.put(dir + "/phys_state", "5: LinkUp");
    fs.put(dir + "/link_layer", layer);
    fs.put(dir + "/rate", "40 Gb/sec (4X QDR)");
    fs.put(dir + "/gids/0", gid);
    fs.put(dir + "/lid", "0x1");
    if (layer == "Ethernet") {
        fs.put(dir + "/gid_attrs/ndevs/0", "eth0");
    }
}

void Machine::add_disk(const std::string& path, uint64_t bytes) {
    srpt::Backing backing;

    backing.kind = srpt::Backing::Kind::block;
    backing.path = path;
    backing.bytes = bytes;
    system.devices[path] = backing;
}

void Machine::add_file(const std::string& path, uint64_t bytes) {
    srpt::Backing backing;

    backing.kind = srpt::Backing::Kind::file;
    backing.path = path;
    backing.bytes = bytes;
    system.devices[path] = backing;
}

Answer Machine::run(const std::vector<std::string>& args) {
    std::istringstream in(input);
    std::ostringstream out;
    std::ostringstream err;
    srptctl::Environment env{fs, system, link, in, out, err};
    Answer answer;

    env.host_files = host_files;
    env.programs = programs;
    env.in_is_terminal = terminal;
    env.out_is_terminal = terminal;
    env.err_is_terminal = terminal;
    answer.code = srptctl::run(args, env);
    answer.out = out.str();
    answer.err = err.str();
    return answer;
}

Answer Machine::ok(const std::vector<std::string>& args) {
    Answer answer = run(args);

    EXPECT_EQ(answer.code, 0) << answer.err;
    return answer;
}

srpt::SessionInfo make_session(uint32_t id, const std::string& initiator, const std::string& acl) {
    srpt::SessionInfo session;

    session.id = id;
    session.source.initiator = initiator;
    session.source.gid = "fe80:0000:0000:0000:0011:7500:0077:d708";
    session.wwn = kGid;
    session.tpg_tag = 1;
    session.acl = acl;
    session.channels = 2;
    session.age_ms = 61000;
    session.stats.read_cmds = 7;
    session.stats.read_bytes = 28672;
    return session;
}

srpt::ChannelInfo make_channel(uint32_t session, uint32_t id, const std::string& initiator) {
    srpt::ChannelInfo channel;

    channel.session_id = session;
    channel.id = id;
    channel.source.initiator = initiator;
    channel.source.gid = "fe80:0000:0000:0000:0011:7500:0077:d708";
    channel.wwn = kGid;
    channel.device = "qib0";
    channel.port = 1;
    channel.cm = "ib";
    channel.state = "live";
    channel.cause = "none";
    channel.credit_limit = 128;
    channel.credit_free = 120;
    channel.sq_size = 4096;
    return channel;
}

srpt::RejectInfo make_reject(const std::string& initiator, uint64_t age_ms) {
    srpt::RejectInfo reject;

    reject.source.initiator = initiator;
    reject.source.gid = "fe80:0000:0000:0000:0011:7500:0077:d708";
    reject.device = "qib0";
    reject.port = 1;
    reject.port_gid = kGid;
    reject.reason = 0x00010006;
    reject.reason_name = "channel limit reached";
    reject.text = "no ACL has been configured yet";
    reject.count = 3;
    reject.age_ms = age_ms;
    return reject;
}

} // namespace testing_srpt
