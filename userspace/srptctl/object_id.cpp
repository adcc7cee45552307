// SPDX-License-Identifier: GPL-2.0
#include "identity.hpp"
#include "objects.hpp"
#include "page.hpp"
#include "registry.hpp"

#include <fmt/ranges.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

namespace srptctl {

using srpt::Identity;
using srpt::LoginForm;

namespace {

using Json = nlohmann::ordered_json;

struct IdRequest {
    std::string what;
    std::string target;
};

// The GUID under which this machine's targets are found: the module's
// parameter, or what that will be when it is loaded.
std::string service_guid(const Context& ctx) {
    if (ctx.env.link.present()) {
        const srpt::Result<srpt::ModuleInfo> info = ctx.env.link.module();
        if (info && info->service_guid != 0) {
            return fmt::format("{:016x}", info->service_guid);
        }
    }
    const std::string text = ctx.env.fs.read_or("/sys/module/ib_srpt/parameters/srpt_service_guid");
    const std::optional<srpt::Ident> ident = srpt::Ident::parse(text);
    return ident && ident->kind() == srpt::Ident::Kind::guid ? ident->hex().substr(18) : std::string{};
}

Json or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

Json login_json(const LoginForm& form) {
    Json j = {{"by", form.by}, {"acl_name", form.acl_name()}, {"address", or_null(form.address)}};

    j["matches"] = Json::array();
    for (const srpt::AclMatch& match : form.acls) {
        j["matches"].push_back({{"target", match.target}, {"acl", match.acl}, {"rank", match.rank}});
    }
    return j;
}

Json identity_json(const Identity& identity) {
    Json j = {{"name", identity.what},
              {"local", identity.port.has_value()},
              {"guid", or_null(identity.guid)},
              {"gid", or_null(identity.gid)},
              {"gid_assumed", identity.gid_assumed},
              {"ips", identity.ips},
              {"target_guid", or_null(identity.target_guid)}};

    j["target"] = nullptr;
    if (identity.port) {
        j["target"] = {{"name", or_null(identity.target_name)},
                       {"targetcli", or_null(identity.targetcli_name)},
                       {"service_name", or_null(identity.service_name)},
                       {"login_strings", identity.login_strings}};
    }
    j["logins"] = Json::array();
    for (const LoginForm& form : identity.logins) {
        j["logins"].push_back(login_json(form));
    }
    return j;
}

void print_target(Page& page, const Identity& identity) {
    page.line("  {}", page.head("as a target"));
    page.line("    {:<21} {}", "targetcli", identity.targetcli_name.empty() ? "-" : identity.targetcli_name);
    page.line("    {:<21} {}", "configfs", identity.target_name.empty() ? "-" : identity.target_name);
    page.line("    {:<21} {}", "srp_daemon, ibsrpdm",
              identity.service_name.empty() ? "-" : identity.service_name);
    for (const std::string& text : identity.login_strings) {
        page.line("    {:<21} {}", "add_target", text);
    }
}

void print_login(Page& page, const LoginForm& form) {
    page.line("    {:<21} {:<34} {}", form.by, form.acl_name(),
              form.acls.empty() ? page.warn("no ACL fits") : page.good(form.acls.front().acl));
    for (size_t i = 0; i < form.acls.size(); i++) {
        const srpt::AclMatch& match = form.acls[i];
        if (form.acls.size() > 1) {
            page.line("    {:<21} on {}: {}", "", srpt::targetcli_name(match.target), match.acl);
        }
    }
}

void print(Page& page, const Identity& identity) {
    page.line("{}{}", page.head(identity.what),
              identity.port ? fmt::format(" ({}, {})", identity.port->link_layer, identity.port->state)
                            : std::string(" (not a port of this machine)"));
    if (!identity.guid.empty()) {
        page.line("  {:<23} {}", "port GUID", identity.guid);
    }
    if (!identity.gid.empty()) {
        page.line("  {:<23} {}{}", "GID", identity.gid,
                  identity.gid_assumed ? " (with the default prefix)" : "");
    }
    if (!identity.ips.empty()) {
        page.line("  {:<23} {}", "IP", fmt::join(identity.ips, ", "));
    }
    if (identity.port) {
        print_target(page, identity);
    }
    page.line("  {}", page.head("as an initiator: connected by, name for an ACL, ACL that fits"));
    for (const LoginForm& form : identity.logins) {
        print_login(page, form);
    }
}

srpt::Status verb_id(const Context& ctx, const IdRequest& request) {
    srpt::IdentityInput input;
    std::vector<Identity> identities;
    std::vector<std::string> notes;
    srpt::Result<srpt::Tree> tree = srpt::read_tree(ctx.env.fs);

    if (!tree) {
        return srpt::fail(std::move(tree.error()));
    }
    input.tree = std::move(*tree);
    input.ports = srpt::read_ports(ctx.env.fs);
    input.target_guid = service_guid(ctx);
    if (!request.target.empty()) {
        const std::optional<srpt::Ident> ident = srpt::Ident::parse(request.target);
        if (!ident || ident->kind() == srpt::Ident::Kind::ipv4) {
            return srpt::fail(srpt::Errc::usage, fmt::format("'{}' is no GUID of a target", request.target),
                              "16 hex digits: what srp_daemon -a -o prints after 'GUID:'");
        }
        input.target_guid = ident->hex().substr(18);
    }
    if (request.what.empty()) {
        for (const srpt::RdmaPort& port : input.ports) {
            identities.push_back(srpt::identify_port(ctx.env.fs, input, port));
        }
        if (identities.empty()) {
            return srpt::fail(srpt::Errc::not_found, "this machine has no RDMA port", "see 'rdma link'");
        }
    } else {
        srpt::Result<Identity> identity = srpt::identify(ctx.env.fs, input, request.what);
        if (!identity) {
            return srpt::fail(std::move(identity.error()));
        }
        identities.push_back(std::move(*identity));
    }
    if (input.target_guid.empty()) {
        notes.emplace_back(
            "srp_daemon -n puts the target's GUID before the initiator's; ib_srpt is not loaded, so give "
            "it with --target");
    }
    ctx.output.answer(
        "id",
        [&identities] {
            Json j = Json::object();
            j["identities"] = Json::array();
            for (const Identity& identity : identities) {
                j["identities"].push_back(identity_json(identity));
            }
            return j;
        },
        [&identities](Page& page) {
            for (const Identity& identity : identities) {
                print(page, identity);
            }
        },
        notes);
    return {};
}

Runner attach_id(CLI::App& app) {
    auto request = std::make_shared<IdRequest>();

    app.add_option("WHAT", request->what, "port, GUID, GID or IP (default: each port of this machine)");
    app.add_option("--target", request->target,
                   "GUID of the target that is logged in to (default: this machine's)");
    return [request](const Context& ctx) { return verb_id(ctx, *request); };
}

} // namespace

void add_id(Registry& registry) {
    registry.verb("", "id", "the names of a port: as a target, as an initiator, and which ACL fits",
                  attach_id);
}

} // namespace srptctl
