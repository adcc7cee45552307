// SPDX-License-Identifier: GPL-2.0
#include "change.hpp"
#include "json_forms.hpp"
#include "objects.hpp"
#include "page.hpp"
#include "registry.hpp"
#include "verbs.hpp"

#include <algorithm>
#include <memory>

namespace srptctl {

using srpt::Errc;
using srpt::fail;

namespace {

using Name = std::optional<std::string>;

// Target, portal group and the limits that the module has for it.
srpt::Status target_list(const Context& ctx) {
    const srpt::Result<srpt::Tree> tree = ctx.tree();
    if (!tree) {
        return fail(tree.error());
    }
    std::vector<srpt::TargetInfo> served;
    std::vector<std::string> notes;
    if (ctx.module() == Module::ours) {
        if (srpt::Result<std::vector<srpt::TargetInfo>> found = ctx.env.link.targets()) {
            served = std::move(*found);
        } else {
            notes.push_back(found.error().message);
        }
    }
    const auto info_of = [&](const srpt::Target& target, const srpt::Tpg& tpg) -> const srpt::TargetInfo* {
        for (const srpt::TargetInfo& info : served) {
            if (info.tpg_tag == tpg.tag &&
                (info.wwn == target.name || srpt::same_name(info.wwn, target.name))) {
                return &info;
            }
        }
        return nullptr;
    };
    if (tree->targets.empty()) {
        notes.emplace_back("there is no target; make one: srptctl target create");
    }
    const auto json = [&] {
        Json list = Json::array();
        for (const srpt::Target& target : tree->targets) {
            Json tpgs = Json::array();
            for (const srpt::Tpg& tpg : target.tpgs) {
                Json item = to_json(tpg, *tree);
                const srpt::TargetInfo* info = info_of(target, tpg);
                item["sessions"] = info != nullptr ? Json(info->sessions) : Json(nullptr);
                tpgs.push_back(std::move(item));
            }
            list.push_back({{"name", target.name},
                            {"targetcli", srpt::targetcli_name(target.name)},
                            {"tpgs", std::move(tpgs)}});
        }
        return Json{{"targets", std::move(list)}};
    };
    ctx.output.answer(
        "target list", json,
        [&](Page& page) {
            for (const srpt::Target& target : tree->targets) {
                for (const srpt::Tpg& tpg : target.tpgs) {
                    const srpt::TargetInfo* info = info_of(target, tpg);
                    page.line("{}  {}  {} LUNs, {} ACLs{}", page.head(srpt::targetcli_name(target.name)),
                              tpg.enabled ? page.good("enabled") : page.warn("disabled"), tpg.luns.size(),
                              tpg.acls.size(),
                              info != nullptr ? fmt::format(", {} sessions", info->sessions) : "");
                    for (const auto& [name, value] : tpg.attributes) {
                        page.line("  {:<28} {}", name, value);
                    }
                }
                if (target.tpgs.empty()) {
                    page.line("{}  {}", page.head(srpt::targetcli_name(target.name)),
                              page.bad("no portal group"));
                }
            }
        },
        notes);
    return {};
}

Runner attach_target_list(CLI::App& /*app*/) {
    return target_list;
}

Runner attach_target_create(CLI::App& app) {
    struct Request {
        Name name;
        Name port;
        bool disabled = false;
    };
    auto r = std::make_shared<Request>();

    auto* name = app.add_option("TARGET", r->name, "GID or GUID of a local port, in any notation");
    app.add_option("--port", r->port, "RDMA port, for example mlx5_0/1 (default: the active one)")
        ->excludes(name);
    app.add_flag("--disabled", r->disabled, "admit nobody yet");
    return [r](const Context& ctx) -> srpt::Status {
        const srpt::Result<srpt::Tree> tree = ctx.tree();
        if (!tree) {
            return fail(tree.error());
        }
        return carry_out(ctx, "target create",
                         srpt::plan_target_create(*tree, srpt::read_ports(ctx.env.fs), ctx.stock(), r->name,
                                                  r->port, !r->disabled));
    };
}

Runner attach_target_delete(CLI::App& app) {
    auto name = std::make_shared<std::string>();

    app.add_option("TARGET", *name, "target, by its GID in any notation")->required();
    return [name](const Context& ctx) -> srpt::Status {
        const srpt::Result<srpt::Tree> tree = ctx.tree();
        if (!tree) {
            return fail(tree.error());
        }
        srpt::UnexportRequest request;
        request.target = *name;
        request.keep_backstore = true;
        srpt::Result<srpt::UnexportResult> plan = srpt::plan_unexport(*tree, request);
        if (!plan) {
            return fail(std::move(plan.error()));
        }
        srpt::ObjectResult result;
        result.plan = std::move(plan->plan);
        for (const std::string& what : plan->removed) {
            result.done.push_back("removed " + what);
        }
        result.targets = plan->targets;
        result.notes = std::move(plan->notes);
        const std::string question =
            fmt::format("{}Delete the target with its LUNs and ACLs?", who_notices(ctx, result.targets));
        return carry_out(ctx, "target delete", std::move(result), question);
    };
}

Runner attach_target_enable(CLI::App& app) {
    auto name = std::make_shared<Name>();

    app.add_option("TARGET", *name, "target (default: the only one)");
    return [name](const Context& ctx) -> srpt::Status {
        const srpt::Result<srpt::Tree> tree = ctx.tree();
        return tree ? carry_out(ctx, "target enable", srpt::plan_target_enable(*tree, *name, true))
                    : srpt::Status(fail(tree.error()));
    };
}

Runner attach_target_disable(CLI::App& app) {
    auto name = std::make_shared<Name>();

    app.add_option("TARGET", *name, "target (default: the only one)");
    return [name](const Context& ctx) -> srpt::Status {
        const srpt::Result<srpt::Tree> tree = ctx.tree();
        if (!tree) {
            return fail(tree.error());
        }
        srpt::Result<srpt::ObjectResult> result = srpt::plan_target_enable(*tree, *name, false);
        const std::string notice = result ? who_notices(ctx, result->targets) : std::string{};
        return carry_out(ctx, "target disable", std::move(result),
                         notice.empty() ? std::string{} : notice + "Log them out?");
    };
}

Runner attach_target_set(CLI::App& app) {
    struct Request {
        std::vector<std::string> settings;
        Name target;
    };
    auto r = std::make_shared<Request>();

    app.add_option("ATTRIBUTE=VALUE", r->settings, "attributes as 'target list' shows them")->required();
    app.add_option("--target", r->target, "target (default: the only one)");
    return [r](const Context& ctx) -> srpt::Status {
        const srpt::Result<srpt::Tree> tree = ctx.tree();
        return tree ? carry_out(ctx, "target set", srpt::plan_target_set(*tree, r->target, r->settings))
                    : srpt::Status(fail(tree.error()));
    };
}

struct LimitRequest {
    Name target;
    srpt::TargetLimits limits;
    std::optional<std::string> bytes;
    std::optional<std::string> io_size;
};

srpt::Status target_limit(const Context& ctx, const LimitRequest& request) {
    srpt::TargetLimits limits = request.limits;

    if (srpt::Status status = ctx.need_netlink(); !status) {
        return status;
    }
    if (request.bytes) {
        const srpt::Result<uint64_t> bytes = srpt::parse_size(*request.bytes);
        if (!bytes) {
            return fail(bytes.error());
        }
        limits.max_initiator_bytes = *bytes;
    }
    if (request.io_size) {
        const srpt::Result<uint64_t> bytes = srpt::parse_size(*request.io_size);
        if (!bytes || *bytes > UINT32_MAX) {
            return bytes ? fail(Errc::usage, fmt::format("{} is too large for one command", *request.io_size))
                         : fail(bytes.error());
        }
        limits.max_io_size = static_cast<uint32_t>(*bytes);
    }
    const srpt::Result<srpt::Tree> tree = ctx.tree();
    if (!tree) {
        return fail(tree.error());
    }
    const srpt::Result<const srpt::Target*> target = srpt::choose_target(*tree, request.target);
    if (!target) {
        return fail(target.error());
    }
    if ((*target)->tpgs.empty()) {
        return fail(Errc::not_found, fmt::format("target {} has no portal group", (*target)->name));
    }
    const std::string& wwn = (*target)->name;
    const uint32_t tag = (*target)->tpgs.front().tag;
    if (limits.any() && !ctx.options.dry_run) {
        if (srpt::Status status = ctx.env.link.set_limits(wwn, tag, limits); !status) {
            return status;
        }
    }
    srpt::Result<std::vector<srpt::TargetInfo>> served = ctx.env.link.targets();
    if (!served) {
        return fail(std::move(served.error()));
    }
    const auto found = std::find_if(served->begin(), served->end(), [&](const srpt::TargetInfo& info) {
        return info.tpg_tag == tag && srpt::same_name(info.wwn, wwn);
    });
    if (found == served->end()) {
        return fail(Errc::not_found, fmt::format("the module does not know the target {}", wwn));
    }
    srpt::TargetInfo info = *found;
    if (ctx.options.dry_run) {
        info.max_channels = limits.max_channels.value_or(info.max_channels);
        info.max_sessions = limits.max_sessions.value_or(info.max_sessions);
        info.max_initiator_bytes = limits.max_initiator_bytes.value_or(info.max_initiator_bytes);
        info.max_io_size = limits.max_io_size.value_or(info.max_io_size);
    }
    ctx.output.answer(
        "target limit",
        [&] {
            return Json{{"target", wwn},
                        {"tpg", tag},
                        {"dry_run", ctx.options.dry_run},
                        {"sessions", info.sessions},
                        {"max_channels", info.max_channels},
                        {"max_sessions", info.max_sessions},
                        {"max_initiator_bytes", info.max_initiator_bytes},
                        {"max_io_size", info.max_io_size}};
        },
        [&](Page& page) {
            page.line("{}  {} sessions{}", page.head(srpt::targetcli_name(wwn)), info.sessions,
                      ctx.options.dry_run && limits.any() ? "; limits would be:" : "");
            page.line("  sessions of the target     {}", info.max_sessions);
            page.line("  channels of a session      {}", info.max_channels);
            page.line("  bytes held by a session    {}", info.max_initiator_bytes);
            page.line("  bytes of one command       {}", info.max_io_size);
        },
        {});
    return {};
}

Runner attach_target_limit(CLI::App& app) {
    auto r = std::make_shared<LimitRequest>();

    app.add_option("TARGET", r->target, "target (default: the only one)");
    app.add_option("--max-sessions", r->limits.max_sessions, "sessions that the target may have");
    app.add_option("--max-channels", r->limits.max_channels, "channels that a session may have");
    app.add_option("--max-initiator-bytes", r->bytes, "data buffers that a session may hold, for example 1G");
    app.add_option("--max-io-size", r->io_size, "largest transfer of one command, for example 4M");
    return [r](const Context& ctx) { return target_limit(ctx, *r); };
}

} // namespace

void add_target(Registry& registry) {
    registry.object("target", "ports as targets: make, enable, set, limit");
    registry.verb("target", "list", "targets with their attributes", attach_target_list);
    registry.verb("target", "create", "make a port a target", attach_target_create);
    registry.verb("target", "delete", "take a target away; its back ends stay", attach_target_delete);
    registry.verb("target", "enable", "admit logins", attach_target_enable);
    registry.verb("target", "disable", "log everybody out and admit nobody", attach_target_disable);
    registry.verb("target", "set", "change attributes", attach_target_set);
    registry.verb("target", "limit", "show or change what initiators may take, at run time",
                  attach_target_limit);
}

} // namespace srptctl
