// SPDX-License-Identifier: GPL-2.0
#include "change.hpp"
#include "objects.hpp"
#include "registry.hpp"
#include "verbs.hpp"

#include <memory>
#include <optional>
#include <string>

namespace srptctl {

namespace {

Runner attach_acl_create(CLI::App& app) {
    auto r = std::make_shared<srpt::AclRequest>();

    app.add_option("ID", r->name, "initiator port ID, GID, port GUID, IP address or *:GUID, in any notation")
        ->required();
    app.add_option("--target", r->target, "target (default: the only one)");
    auto* lun =
        app.add_option("--lun", r->luns, "LUN to map; repeatable (default: all)")->allow_extra_args(false);
    app.add_flag("--no-luns", r->no_luns, "map none")->excludes(lun);
    app.add_flag("--read-only", r->read_only, "map them write protected");
    return [r](const Context& ctx) { return verb_acl_create(ctx, *r); };
}

Runner attach_acl_delete(CLI::App& app) {
    struct Request {
        std::string name;
        std::optional<std::string> target;
    };
    auto r = std::make_shared<Request>();

    app.add_option("ID", r->name, "initiator, in any notation")->required();
    app.add_option("--target", r->target, "target (default: the one that has it)");
    return [r](const Context& ctx) { return verb_acl_delete(ctx, r->name, r->target); };
}

Runner attach_acl_list(CLI::App& app) {
    auto target = std::make_shared<std::optional<std::string>>();

    app.add_option("--target", *target, "only of this target");
    return [target](const Context& ctx) { return verb_acl_list(ctx, *target); };
}

Runner attach_acl_pending(CLI::App& /*app*/) {
    return verb_acl_pending;
}

Runner attach_acl_allow(CLI::App& app) {
    auto r = std::make_shared<AllowRequest>();

    auto* id = app.add_option("ID", r->id, "initiator, in any notation");
    app.add_flag("--last", r->last, "the one refused last")->excludes(id);
    app.add_option("--target", r->target, "target (default: the one it tried)");
    app.add_option("--lun", r->luns, "LUN to map; repeatable (default: all)")->allow_extra_args(false);
    app.add_flag("--read-only", r->read_only, "map them write protected");
    app.add_option("--wait", r->wait, "SECONDS to wait until it has logged in");
    return [r](const Context& ctx) { return verb_acl_allow(ctx, *r); };
}

Runner attach_acl_map(CLI::App& app) {
    auto r = std::make_shared<srpt::MapRequest>();

    app.add_option("ID", r->acl, "initiator that has an ACL, in any notation")->required();
    app.add_option("LUN", r->luns, "LUN of the target; LUN=NUMBER to show it under another number")
        ->required();
    app.add_option("--target", r->target, "target (default: the only one)");
    app.add_flag("--read-only", r->read_only, "map it write protected");
    return [r](const Context& ctx) -> srpt::Status {
        const srpt::Result<srpt::Tree> tree = ctx.tree();
        return tree ? carry_out(ctx, "acl map", srpt::plan_acl_map(ctx.env.system, *tree, *r))
                    : srpt::Status(srpt::fail(tree.error()));
    };
}

Runner attach_acl_unmap(CLI::App& app) {
    struct Request {
        std::string acl;
        std::vector<unsigned> luns;
        std::optional<std::string> target;
    };
    auto r = std::make_shared<Request>();

    app.add_option("ID", r->acl, "initiator, in any notation")->required();
    app.add_option("NUMBER", r->luns, "number under which it sees the LUN")->required();
    app.add_option("--target", r->target, "target (default: the only one)");
    return [r](const Context& ctx) -> srpt::Status {
        const srpt::Result<srpt::Tree> tree = ctx.tree();
        if (!tree) {
            return srpt::fail(tree.error());
        }
        srpt::Result<srpt::ObjectResult> result = srpt::plan_acl_unmap(*tree, r->acl, r->target, r->luns);
        const std::string notice = result ? who_notices(ctx, result->targets) : std::string{};
        return carry_out(ctx, "acl unmap", std::move(result),
                         notice.empty() ? std::string{} : notice + "Take it away all the same?");
    };
}

} // namespace

void add_acl(Registry& registry) {
    registry.object("acl", "who may log in");
    registry.verb("acl", "create", "let an initiator log in", attach_acl_create);
    registry.verb("acl", "delete", "shut an initiator out", attach_acl_delete);
    registry.verb("acl", "list", "who may log in, and who is", attach_acl_list);
    registry.verb("acl", "map", "show LUNs to an initiator that has an ACL", attach_acl_map);
    registry.verb("acl", "unmap", "hide LUNs from it again", attach_acl_unmap);
    registry.verb("acl", "pending", "who was refused, why, and the command that admits it",
                  attach_acl_pending);
    registry.verb("acl", "allow", "admit a refused initiator, and wait for it if wanted", attach_acl_allow);
}

} // namespace srptctl
