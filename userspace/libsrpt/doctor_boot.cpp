// SPDX-License-Identifier: GPL-2.0
#include "doctor.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace srpt {

namespace {

using Level = Finding::Level;
using host::InKernel;
using host::ModulePlace;
using host::ModulesState;
using host::ProtocolState;

constexpr std::string_view kClassic = "/etc/rdma/rdma.conf";

// srpt.service loads the module itself, and so does targetcli's.
bool restored_at_boot(const host::Files& files) {
    static constexpr std::array names = {"srpt.service", "rtslib-fb-targetctl.service", "target.service"};

    return std::any_of(names.begin(), names.end(), [&](const char* name) {
        return files.exists(fmt::format("/etc/systemd/system/multi-user.target.wants/{}", name));
    });
}

// A shell reads the classic form on some systems, rdma-core the other one: what
// they say should be the same.
void disagreement(const ProtocolState& p, std::vector<Finding>& findings) {
    const auto in_classic = [](const ModulePlace& place) { return place.file == kClassic; };
    const auto classic = std::find_if(p.places.begin(), p.places.end(), in_classic);
    const bool modular = std::any_of(p.places.begin(), p.places.end(), [&](const ModulePlace& place) {
        return !in_classic(place) && place.enabled;
    });

    if (classic == p.places.end() || classic->enabled == modular) {
        return;
    }
    findings.push_back(Finding{
        Level::warning,
        "rdma-conf-differs",
        fmt::format("rdma.conf says {}={}, /etc/rdma/modules the contrary", p.protocol->key,
                    classic->enabled ? "yes" : "no"),
        fmt::format("{}:{}", classic->file, classic->line),
        {fmt::format("srptctl host modules {} {}", p.enabled ? "enable" : "disable", p.protocol->name)}});
}

} // namespace

std::vector<Finding> examine_boot(const host::Files& files, bool has_targets) {
    const ModulesState state = host::read_modules(files);
    const bool restored = restored_at_boot(files);
    std::vector<Finding> findings;
    bool any = false;

    for (const ProtocolState& p : state.protocols) {
        any = any || p.enabled;
        if (p.enabled && p.in_kernel == InKernel::no) {
            findings.push_back(
                Finding{Level::warning,
                        "rdma-conf-absent",
                        fmt::format("{} is to be loaded with the hardware, but kernel {} has no module {}",
                                    p.protocol->name, state.release, p.protocol->module),
                        p.places.front().file,
                        {fmt::format("srptctl host modules disable {}", p.protocol->name)}});
        }
        if (state.classic && state.modular) {
            disagreement(p, findings);
        }
        if (p.protocol->module == "ib_srpt" && has_targets && !restored && !p.enabled) {
            findings.push_back(Finding{
                Level::warning,
                "not-at-boot",
                "neither ib_srpt nor its configuration comes with the next boot: SRPT is not enabled in "
                "rdma.conf, and srpt.service is not either",
                state.classic ? std::string(kClassic) : "/etc/rdma/modules/rdma.conf",
                {"srptctl host modules enable SRPT", "srptctl config save",
                 "systemctl enable srpt.service"}});
        }
    }
    if (any && state.loader.empty()) {
        findings.push_back(Finding{Level::warning,
                                   "rdma-conf-unread",
                                   "protocols are enabled in rdma.conf, and nothing loads them when RDMA "
                                   "hardware appears",
                                   {},
                                   {"srptctl host modules install"}});
    }
    return findings;
}

} // namespace srpt
