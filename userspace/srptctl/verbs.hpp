// SPDX-License-Identifier: GPL-2.0
// The verbs, one function each, with what the command line gave them.
#pragma once

#include "config.hpp"
#include "context.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace srptctl {

struct AllowRequest {
    std::string id; // empty with `last`
    bool last = false;
    std::optional<std::string> target;
    std::vector<unsigned> luns;
    bool read_only = false;
    std::optional<unsigned> wait; // seconds
};

struct CloseRequest {
    std::string what; // number, initiator, or "all"
    std::optional<unsigned> wait;
};

struct MonitorRequest {
    std::optional<uint64_t> count;
    std::optional<unsigned> timeout; // seconds
};

srpt::Status verb_status(const Context& ctx);
srpt::Status verb_export(const Context& ctx, const srpt::ExportRequest& request);
srpt::Status verb_unexport(const Context& ctx, const srpt::UnexportRequest& request);
srpt::Status verb_acl_create(const Context& ctx, const srpt::AclRequest& request);
srpt::Status verb_acl_delete(const Context& ctx, const std::string& name,
                             const std::optional<std::string>& target);
srpt::Status verb_acl_list(const Context& ctx, const std::optional<std::string>& target);
srpt::Status verb_acl_pending(const Context& ctx);
srpt::Status verb_acl_allow(const Context& ctx, const AllowRequest& request);
srpt::Status verb_session_list(const Context& ctx, bool channels);
srpt::Status verb_session_show(const Context& ctx, const std::string& what);
srpt::Status verb_session_close(const Context& ctx, const CloseRequest& request);
srpt::Status verb_monitor(const Context& ctx, const MonitorRequest& request);

// The sessions on a target, none if the module cannot tell.
std::vector<srpt::SessionInfo> sessions_on(const Context& ctx, const std::string& target);
// Refused initiators with what would help each.
std::vector<PendingRow> judge_rejects(const srpt::Tree& tree, std::vector<srpt::RejectInfo> rejects);

} // namespace srptctl
