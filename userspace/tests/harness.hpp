// SPDX-License-Identifier: GPL-2.0
// A machine made of fakes, and srptctl run on it.
#pragma once

#include "cli.hpp"
#include "fake_configfs.hpp"

#include <deque>
#include <nlohmann/json.hpp>
#include <sstream>

namespace testing_srpt {

// The target and initiator of the documentation's example.
inline const std::string kGid = "0xfe80000000000000001175000077dd7e";
inline const std::string kInitiator = "0x7edd770000751100001175000077d708";
inline const std::string kOther = "0x0000000000000000001175000077aaaa";

class FakeSystem final : public srpt::System {
  public:
    explicit FakeSystem(FakeConfigfs& fs) : fs_(fs) {}

    std::map<std::string, srpt::Backing> devices;
    std::vector<std::string> loaded;
    std::vector<std::string> log;
    std::string refuse_module; // load_module of it fails
    bool refuse_lock = false;
    Clock::time_point time{};

    srpt::Result<srpt::Backing> probe(const std::string& path) override;
    srpt::Status load_module(const std::string& name) override;
    srpt::Status mount_configfs(const std::string& path) override;
    srpt::Result<std::unique_ptr<srpt::Lock>> lock_backstores() override;
    std::string random_hex(unsigned digits) override;
    uint64_t page_size() const override { return 4096; }
    void mark_kernel_log() override {}
    std::vector<std::string> kernel_log() override { return log; }
    Clock::time_point now() const override { return time; }
    void pause(std::chrono::milliseconds span) override {
        time += span;
        if (on_pause) {
            on_pause();
        }
    }
    std::function<void()> on_pause; // the world moves while time passes

  private:
    FakeConfigfs& fs_;
    uint32_t random_ = 0;
};

class FakeLink final : public srpt::KernelLink {
  public:
    explicit FakeLink(FakeSystem& system) : system_(system) {}

    bool loaded = true;
    srpt::ModuleInfo info;
    std::vector<srpt::PortInfo> port_list;
    std::vector<srpt::TargetInfo> target_list;
    std::vector<srpt::SessionInfo> session_list;
    std::vector<srpt::ChannelInfo> channel_list;
    std::vector<srpt::RejectInfo> reject_list;
    std::vector<std::string> calls;
    std::deque<srpt::Event> events;
    std::function<void()> on_wait; // the world moves while an event is awaited
    std::optional<srpt::Error> error;
    bool stuck = false; // sessions do not end

    bool present() override { return loaded; }
    srpt::Result<srpt::ModuleInfo> module() override { return answer(info, "module"); }
    srpt::Result<std::vector<srpt::PortInfo>> ports() override { return answer(port_list, "ports"); }
    srpt::Result<std::vector<srpt::TargetInfo>> targets() override { return answer(target_list, "targets"); }
    srpt::Status set_limits(const std::string& wwn, uint32_t tpg_tag,
                            const srpt::TargetLimits& limits) override;
    srpt::Status reset_stats(std::optional<uint32_t> session) override;
    srpt::Result<std::vector<srpt::SessionInfo>> sessions() override {
        return answer(session_list, "sessions");
    }
    srpt::Result<std::vector<srpt::ChannelInfo>> channels(std::optional<uint32_t> session) override;
    srpt::Result<std::vector<srpt::RejectInfo>> rejects() override { return answer(reject_list, "rejects"); }
    srpt::Status close_session(uint32_t id) override;
    srpt::Status forget_reject(const std::string& initiator) override;
    srpt::Result<std::unique_ptr<srpt::EventStream>> subscribe() override;

    FakeSystem& system() { return system_; }

  private:
    template <class T>
    srpt::Result<T> answer(const T& value, const std::string& call) {
        calls.push_back(call);
        if (error) {
            return srpt::fail(*error);
        }
        return value;
    }

    FakeSystem& system_;
};

struct Answer {
    int code = -1;
    std::string out;
    std::string err;

    nlohmann::json json() const { return nlohmann::json::parse(out); }
};

struct Machine {
    FakeConfigfs fs;
    FakeSystem system{fs};
    FakeLink link{system};
    bool terminal = false;
    srpt::host::Files* host_files = nullptr;
    srpt::host::Programs* programs = nullptr;
    std::string input;

    // A ready machine with one active InfiniBand port and a disk /dev/sdc1.
    Machine();

    void add_port(const std::string& device, unsigned number, const std::string& gid,
                  const std::string& state, const std::string& layer);
    void add_disk(const std::string& path, uint64_t bytes);
    void add_file(const std::string& path, uint64_t bytes);

    Answer run(const std::vector<std::string>& args);
    // Runs and expects success.
    Answer ok(const std::vector<std::string>& args);

    std::string tpg(const std::string& target = kGid) const { return kSrpt + "/" + target + "/tpgt_1"; }
};

srpt::SessionInfo make_session(uint32_t id, const std::string& initiator, const std::string& acl);
srpt::ChannelInfo make_channel(uint32_t session, uint32_t id, const std::string& initiator);
srpt::RejectInfo make_reject(const std::string& initiator, uint64_t age_ms);

} // namespace testing_srpt
