// SPDX-License-Identifier: GPL-2.0
// What the verbs hand to the output: everything a reader may want to know,
// gathered, without a word about how it is printed.
#pragma once

#include "config.hpp"
#include "model.hpp"
#include "netlink.hpp"
#include "ports.hpp"

#include <optional>
#include <string>
#include <vector>

namespace srptctl {

// Which ib_srpt is loaded.
enum class Module { absent, stock, ours };

struct StatusView {
    Module module = Module::absent;
    srpt::Tree tree;
    std::vector<srpt::RdmaPort> ports;
    std::optional<srpt::ModuleInfo> info; // ours only
    // Ours, and only with the right to see initiators.
    std::optional<std::vector<srpt::SessionInfo>> sessions;
    std::optional<std::vector<srpt::RejectInfo>> rejects;
    std::vector<std::string> notes;
};

struct AclRow {
    std::string target; // configfs name
    unsigned tpg = 1;
    srpt::Acl acl;
    std::vector<srpt::SessionInfo> sessions;
    bool sessions_known = false;
};

// Whether an ACL would help a refused initiator.
enum class Remedy { acl, retry, none };

struct PendingRow {
    srpt::RejectInfo reject;
    std::string target; // configfs name of the target it came to, "" if unknown
    Remedy remedy = Remedy::none;
    std::string command; // what to type, Remedy::acl only
};

struct SessionRow {
    srpt::SessionInfo session;
    std::vector<srpt::ChannelInfo> channels;
};

struct AllowView {
    srpt::AclResult acl;
    bool waited = false;
    std::optional<srpt::SessionInfo> session; // it logged in
};

} // namespace srptctl
