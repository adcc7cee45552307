// SPDX-License-Identifier: GPL-2.0
#include "verbs.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace srptctl {

using srpt::Errc;
using srpt::fail;
using srpt::Ident;

namespace {

constexpr uint32_t kChannelLimitReached = 0x00010006;

bool same_initiator(const srpt::Source& source, const Ident& ident) {
    for (const std::string* text : {&source.initiator, &source.gid, &source.ip}) {
        const std::optional<Ident> other = Ident::parse(*text);
        if (other && *other == ident) {
            return true;
        }
    }
    return false;
}

// Does an ACL fit this source? Ranks do not matter here.
bool fits(const srpt::Acl& acl, const srpt::Source& source) {
    if (!acl.ident) {
        return false;
    }
    if (acl.ident->kind() == Ident::Kind::guid || acl.ident->kind() == Ident::Kind::wild_ext) {
        const std::optional<Ident> who = Ident::parse(source.initiator);
        return who &&
               std::equal(who->bytes().begin() + 8, who->bytes().end(), acl.ident->bytes().begin() + 8);
    }
    return same_initiator(source, *acl.ident);
}

const srpt::Target* target_of(const srpt::Tree& tree, const srpt::RejectInfo& reject) {
    const srpt::Target* target = tree.find_target(reject.port_gid);

    if (target == nullptr && reject.port_gid.size() == 34) {
        target = tree.find_target(reject.port_gid.substr(18)); // named by GUID
    }
    if (target == nullptr && tree.targets.size() == 1) {
        target = &tree.targets.front();
    }
    return target;
}

// Picks the refusal that `request` means. None is an answer: an initiator may
// be let in before it ever comes.
srpt::Result<std::optional<srpt::RejectInfo>> choose_reject(const Context& ctx, const srpt::Tree& tree,
                                                            const AllowRequest& request) {
    srpt::Result<std::vector<srpt::RejectInfo>> rejects = ctx.env.link.rejects();

    if (!request.last) {
        const std::optional<Ident> ident = Ident::parse(request.id);
        if (!ident) {
            return fail(Errc::usage, fmt::format("'{}' is no name of an initiator", request.id),
                        "see 'srptctl acl pending', or use --last");
        }
        if (rejects) {
            for (srpt::RejectInfo& reject : *rejects) {
                if (same_initiator(reject.source, *ident)) {
                    return std::optional<srpt::RejectInfo>(std::move(reject));
                }
            }
        }
        return std::optional<srpt::RejectInfo>{};
    }
    if (!rejects) {
        return fail(std::move(rejects.error()));
    }
    // The latest comes first. One that has an ACL by now only needs waiting for,
    // which is meant if nobody else asks.
    std::vector<PendingRow> rows = judge_rejects(tree, std::move(*rejects));
    for (const Remedy remedy : {Remedy::acl, Remedy::retry}) {
        for (PendingRow& row : rows) {
            if (row.remedy == remedy) {
                return std::optional<srpt::RejectInfo>(std::move(row.reject));
            }
        }
    }
    return fail(Errc::not_found, "no initiator was refused for want of an ACL",
                "see 'srptctl acl pending'; is the initiator trying?");
}

std::optional<srpt::SessionInfo> session_of(const Context& ctx, const srpt::AclResult& acl,
                                            const Ident& ident) {
    srpt::Result<std::vector<srpt::SessionInfo>> sessions = ctx.env.link.sessions();

    if (sessions) {
        for (srpt::SessionInfo& session : *sessions) {
            if (srpt::same_name(session.wwn, acl.target) && !session.closing &&
                (srpt::same_name(session.acl, acl.name) || same_initiator(session.source, ident))) {
                return std::move(session);
            }
        }
    }
    return std::nullopt;
}

// Waits until the initiator has a session. The stream was opened before the ACL
// was made, so no login can slip through between the two.
srpt::Result<srpt::SessionInfo> wait_for_login(const Context& ctx, srpt::EventStream& events,
                                               const srpt::AclResult& acl, const Ident& ident,
                                               unsigned seconds) {
    const srpt::System::Clock::time_point end = ctx.env.system.now() + std::chrono::seconds(seconds);

    for (;;) {
        if (std::optional<srpt::SessionInfo> session = session_of(ctx, acl, ident)) {
            return std::move(*session);
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - ctx.env.system.now());
        if (left.count() <= 0) {
            return fail(Errc::timeout,
                        fmt::format("{} has not logged in within {} s; its ACL stays", ident.text(), seconds),
                        "does the initiator still try? srp_daemon retries after the time given with -R");
        }
        // An event is only a reason to look again at once.
        const auto step = std::min(left, std::chrono::milliseconds(1000));
        if (srpt::Result<std::optional<srpt::Event>> event = events.next(step); !event) {
            return fail(std::move(event.error()));
        }
    }
}

} // namespace

std::vector<srpt::SessionInfo> sessions_on(const Context& ctx, const std::string& target) {
    std::vector<srpt::SessionInfo> found;

    if (!ctx.env.link.present()) {
        return found;
    }
    if (srpt::Result<std::vector<srpt::SessionInfo>> sessions = ctx.env.link.sessions()) {
        for (srpt::SessionInfo& session : *sessions) {
            if (srpt::same_name(session.wwn, target)) {
                found.push_back(std::move(session));
            }
        }
    }
    return found;
}

std::vector<PendingRow> judge_rejects(const srpt::Tree& tree, std::vector<srpt::RejectInfo> rejects) {
    std::vector<PendingRow> rows;

    for (srpt::RejectInfo& reject : rejects) {
        PendingRow& row = rows.emplace_back();
        const srpt::Target* target = target_of(tree, reject);
        bool admitted = false;

        row.reject = std::move(reject);
        if (target != nullptr) {
            row.target = target->name;
            for (const srpt::Tpg& tpg : target->tpgs) {
                admitted = admitted ||
                           std::any_of(tpg.acls.begin(), tpg.acls.end(),
                                       [&](const srpt::Acl& acl) { return fits(acl, row.reject.source); });
            }
        }
        // The same code also stands for a limit that was reached.
        const bool no_acl =
            row.reject.reason == kChannelLimitReached && row.reject.text.find("ACL") != std::string::npos;
        if (no_acl && admitted) {
            row.remedy = Remedy::retry;
        } else if (no_acl) {
            row.remedy = Remedy::acl;
            row.command = fmt::format("srptctl acl allow {}", row.reject.source.initiator);
            if (tree.targets.size() > 1 && !row.target.empty()) {
                row.command += fmt::format(" --target {}", srpt::targetcli_name(row.target));
            }
        }
    }
    return rows;
}

srpt::Status verb_acl_create(const Context& ctx, const srpt::AclRequest& request) {
    const srpt::Result<srpt::Tree> tree = ctx.tree();
    if (!tree) {
        return fail(tree.error());
    }
    srpt::Result<srpt::AclResult> result = srpt::plan_acl(ctx.env.system, *tree, ctx.stock(), request);
    if (!result) {
        return fail(std::move(result.error()));
    }
    bool ran = false;
    if (srpt::Status status = ctx.run("acl create", result->plan, result->notes, ran); !status) {
        return status;
    }
    if (ran) {
        ctx.output.acl_created(*result);
    }
    return {};
}

srpt::Status verb_acl_delete(const Context& ctx, const std::string& name,
                             const std::optional<std::string>& target) {
    const srpt::Result<srpt::Tree> tree = ctx.tree();
    if (!tree) {
        return fail(tree.error());
    }
    srpt::Result<srpt::AclResult> result = srpt::plan_acl_delete(*tree, name, target);
    if (!result) {
        return fail(std::move(result.error()));
    }
    for (const srpt::SessionInfo& session : sessions_on(ctx, result->target)) {
        if (!srpt::same_name(session.acl, result->name)) {
            continue;
        }
        const std::string question =
            fmt::format("{} is logged in from {} (session {}). Log it out and delete its ACL?",
                        session.source.initiator, session.source.address(), session.id);
        if (srpt::Status status = ctx.confirm(question); !status) {
            return status;
        }
        break;
    }
    bool ran = false;
    if (srpt::Status status = ctx.run("acl delete", result->plan, result->notes, ran); !status) {
        return status;
    }
    if (ran) {
        ctx.output.acl_deleted(*result);
    }
    return {};
}

srpt::Status verb_acl_list(const Context& ctx, const std::optional<std::string>& target_name) {
    const srpt::Result<srpt::Tree> tree = ctx.tree();
    if (!tree) {
        return fail(tree.error());
    }
    const srpt::Target* only = nullptr;
    if (target_name) {
        const srpt::Result<const srpt::Target*> chosen = srpt::choose_target(*tree, target_name);
        if (!chosen) {
            return fail(chosen.error());
        }
        only = *chosen;
    }

    std::vector<AclRow> rows;
    const bool known = ctx.env.link.present() && ctx.env.link.sessions().has_value();
    for (const srpt::Target& target : tree->targets) {
        if (only != nullptr && only != &target) {
            continue;
        }
        const std::vector<srpt::SessionInfo> sessions = sessions_on(ctx, target.name);
        for (const srpt::Tpg& tpg : target.tpgs) {
            for (const srpt::Acl& acl : tpg.acls) {
                AclRow& row = rows.emplace_back();
                row.target = target.name;
                row.tpg = tpg.tag;
                row.acl = acl;
                row.sessions_known = known;
                std::copy_if(sessions.begin(), sessions.end(), std::back_inserter(row.sessions),
                             [&](const srpt::SessionInfo& s) { return srpt::same_name(s.acl, acl.name); });
            }
        }
    }
    ctx.output.acls(rows);
    return {};
}

srpt::Status verb_acl_pending(const Context& ctx) {
    if (srpt::Status status = ctx.need_netlink(); !status) {
        return status;
    }
    srpt::Result<std::vector<srpt::RejectInfo>> rejects = ctx.env.link.rejects();
    if (!rejects) {
        return fail(std::move(rejects.error()));
    }
    const srpt::Result<srpt::Tree> tree = srpt::read_tree(ctx.env.fs);
    if (!tree) {
        return fail(tree.error());
    }
    std::vector<PendingRow> rows = judge_rejects(*tree, std::move(*rejects));
    // Whoever was refused for want of an ACL, got one and is logged in, waits for nothing.
    if (const srpt::Result<std::vector<srpt::SessionInfo>> sessions = ctx.env.link.sessions(); sessions) {
        std::erase_if(rows, [&](const PendingRow& row) {
            return row.remedy == Remedy::retry &&
                   std::any_of(sessions->begin(), sessions->end(), [&](const srpt::SessionInfo& session) {
                       return !session.closing && session.source.initiator == row.reject.source.initiator;
                   });
        });
    }
    ctx.output.pending(rows);
    return {};
}

srpt::Status verb_acl_allow(const Context& ctx, const AllowRequest& request) {
    if (request.last != request.id.empty()) {
        return fail(Errc::usage, request.last ? "--last and an ID exclude each other" : "say whom to allow",
                    "srptctl acl allow --last, or an ID from 'srptctl acl pending'");
    }
    if (request.last || request.wait) {
        if (srpt::Status status = ctx.need_netlink(); !status) {
            return status;
        }
    }
    const srpt::Result<srpt::Tree> tree = ctx.tree();
    if (!tree) {
        return fail(tree.error());
    }
    const srpt::Result<std::optional<srpt::RejectInfo>> reject = choose_reject(ctx, *tree, request);
    if (!reject) {
        return fail(reject.error());
    }

    srpt::AclRequest acl;
    acl.name = request.last ? (*reject)->source.initiator : request.id;
    acl.target = request.target;
    acl.luns = request.luns;
    acl.read_only = request.read_only;
    acl.must_be_new = false;
    if (!acl.target && *reject) {
        if (const srpt::Target* target = target_of(*tree, **reject)) {
            acl.target = target->name;
        }
    }
    srpt::Result<srpt::AclResult> result = srpt::plan_acl(ctx.env.system, *tree, ctx.stock(), acl);
    if (!result) {
        return fail(std::move(result.error()));
    }

    std::unique_ptr<srpt::EventStream> events;
    if (request.wait && !ctx.options.dry_run) {
        srpt::Result<std::unique_ptr<srpt::EventStream>> stream = ctx.env.link.subscribe();
        if (!stream) {
            return fail(std::move(stream.error()));
        }
        events = std::move(*stream);
    }
    bool ran = false;
    if (srpt::Status status = ctx.run("acl allow", result->plan, result->notes, ran); !status || !ran) {
        return status;
    }
    if (*reject) {
        // Only tidiness: it would be listed until it is forgotten.
        (void)ctx.env.link.forget_reject((*reject)->source.initiator);
    }

    AllowView view;
    view.acl = std::move(*result);
    if (events) {
        const std::optional<Ident> ident = Ident::parse(*reject ? (*reject)->source.initiator : acl.name);
        srpt::Result<srpt::SessionInfo> session =
            wait_for_login(ctx, *events, view.acl, *ident, *request.wait);
        if (!session) {
            return fail(std::move(session.error()));
        }
        view.waited = true;
        view.session = std::move(*session);
    }
    ctx.output.acl_allowed(view);
    return {};
}

} // namespace srptctl
