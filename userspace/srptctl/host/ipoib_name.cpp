// SPDX-License-Identifier: GPL-2.0
#include "host/host.hpp"
#include "host/ipoib.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace srptctl::host {

using srpt::fail;
using srpt::host::IpoibInterface;
using srpt::host::IpoibRule;
using srpt::host::IpoibState;

namespace {

struct AddRequest {
    Root root = std::make_shared<std::optional<std::string>>();
    std::string what;
    std::string name;
    bool replace = false;
    bool apply = false;
};

struct RemoveRequest {
    Root root = std::make_shared<std::optional<std::string>>();
    std::string what;
};

// udevd looks for changed rules by itself, but not more than every 3 seconds;
// an interface that appears meanwhile would get its old name.
void reload_rules(const Site& site, bool changed, Report& report) {
    if (changed && site.files().exists("/run/udev/control")) {
        site.follow_up({"udevadm", "control", "--reload"}, report);
    }
}

srpt::Status name_list(const Context& ctx, const Root& root) {
    const Site site(ctx, *root);
    const IpoibState state = srpt::host::read_ipoib(site.files());
    Report report{"host ipoib-name list", Json::object(), {}, {}};

    report.data["rules"] = Json::array();
    report.data["interfaces"] = Json::array();
    report.text = fmt::format("{:<23} {:<15} {:<15} {}\n", "GUID", "NAME", "NOW", "WHERE");
    for (const IpoibRule& rule : state.rules) {
        const IpoibInterface* now = state.by_guid(rule.guid);
        report.data["rules"].push_back({{"guid", rule.guid},
                                        {"name", rule.name},
                                        {"interface", now == nullptr ? Json(nullptr) : Json(now->name)},
                                        {"file", rule.file},
                                        {"line", rule.line},
                                        {"read_by_udev", !rule.dead}});
        report.text += fmt::format("{:<23} {:<15} {:<15} {}:{}{}\n", rule.guid, rule.name,
                                   now == nullptr ? "absent" : now->name, rule.file, rule.line,
                                   rule.dead ? " (udev does not read this)" : "");
    }
    for (const IpoibInterface& interface : state.interfaces) {
        const bool named = std::any_of(state.rules.begin(), state.rules.end(), [&](const IpoibRule& rule) {
            return rule.guid == interface.guid && !rule.dead;
        });
        report.data["interfaces"].push_back({{"name", interface.name},
                                             {"address", interface.address},
                                             {"guid", interface.guid},
                                             {"rule", named}});
        if (!named) {
            report.text +=
                fmt::format("{:<23} {:<15} {:<15} {}\n", interface.guid, "-", interface.name, "no rule");
        }
    }
    answer(ctx, report);
    return {};
}

srpt::Status name_add(const Context& ctx, const AddRequest& request) {
    const Site site(ctx, *request.root);
    const IpoibState state = srpt::host::read_ipoib(site.files());
    Report report{"host ipoib-name add", Json::object(), {}, {}};

    if (request.apply) {
        if (srpt::Status status = site.need_running("--apply"); !status) {
            return status;
        }
    }
    srpt::Result<std::string> guid = srpt::host::ipoib_guid(state, request.what);
    if (!guid) {
        return fail(std::move(guid.error()));
    }
    srpt::Result<srpt::host::Edit> edit =
        srpt::host::edit_ipoib_add(site.files(), state, *guid, request.name, request.replace);
    if (!edit) {
        return fail(std::move(edit.error()));
    }
    report.data["guid"] = *guid;
    report.data["name"] = request.name;
    if (srpt::Status status = site.edit({*edit}, report); !status) {
        return status;
    }
    const IpoibInterface* now = state.by_guid(*guid);
    const bool pending = now != nullptr && now->name != request.name;
    reload_rules(site, edit->changes(), report);
    if (request.apply && pending) {
        site.follow_up({"udevadm", "trigger", "--action=add", "/sys/class/net/" + now->name}, report);
        site.follow_up({"udevadm", "settle"}, report);
    } else if (pending && !site.elsewhere() && !ctx.options.dry_run) {
        report.notes.push_back(
            fmt::format("{} gets the name {} when it appears next; at once, while it is down: "
                        "udevadm control --reload && udevadm trigger --action=add "
                        "/sys/class/net/{}",
                        now->name, request.name, now->name));
    }
    answer(ctx, report);
    return {};
}

srpt::Status name_remove(const Context& ctx, const RemoveRequest& request) {
    const Site site(ctx, *request.root);
    const IpoibState state = srpt::host::read_ipoib(site.files());
    Report report{"host ipoib-name remove", Json::object(), {}, {}};
    srpt::Result<std::vector<srpt::host::Edit>> edits =
        srpt::host::edit_ipoib_remove(site.files(), state, request.what);

    if (!edits) {
        return fail(std::move(edits.error()));
    }
    if (srpt::Status status = site.edit(*edits, report); !status) {
        return status;
    }
    reload_rules(site, true, report);
    answer(ctx, report);
    return {};
}

} // namespace

void add_ipoib_name(Registry& registry) {
    constexpr std::string_view topic = "host ipoib-name";

    registry.topic("host", "ipoib-name", "lasting names of IPoIB interfaces, by udev");
    registry.verb(topic, "list", "rules, and the interfaces without one", [](CLI::App& app) -> Runner {
        auto root = std::make_shared<std::optional<std::string>>();
        add_root(app, root);
        return [root](const Context& ctx) { return name_list(ctx, root); };
    });
    registry.verb(topic, "add", "give an interface a name that stays", [](CLI::App& app) -> Runner {
        auto request = std::make_shared<AddRequest>();
        app.add_option("INTERFACE", request->what, "interface, its 20-byte address, or the GUID in it")
            ->required();
        app.add_option("NAME", request->name, "new name, for example mlx4_ib0")->required();
        app.add_flag("--replace", request->replace, "instead of the name that a rule gives it already");
        app.add_flag("--apply", request->apply, "rename it now; it must be down");
        add_root(app, request->root);
        return [request](const Context& ctx) { return name_add(ctx, *request); };
    });
    registry.verb(topic, "remove", "forget a name", [](CLI::App& app) -> Runner {
        auto request = std::make_shared<RemoveRequest>();
        app.add_option("WHAT", request->what, "the name, the interface, its address, or the GUID in it")
            ->required();
        add_root(app, request->root);
        return [request](const Context& ctx) { return name_remove(ctx, *request); };
    });
}

} // namespace srptctl::host
