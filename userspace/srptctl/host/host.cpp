// SPDX-License-Identifier: GPL-2.0
#include "host/host.hpp"

#include "objects.hpp"
#include "page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace srptctl::host {

using srpt::Errc;
using srpt::fail;

void answer(const Context& ctx, const Report& report) {
    ctx.output.answer(
        report.command, [&report] { return report.data; },
        [&report](Page& page) {
            for (const std::string& line : srpt::host::split_lines(report.text)) {
                page.line("{}", line);
            }
        },
        report.notes);
}

Json or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

Site::Site(const Context& ctx, const std::optional<std::string>& root) : ctx_(ctx) {
    if (root && !root->empty() && *root != "/") {
        std::string dir = *root;
        while (dir.ends_with('/')) {
            dir.pop_back();
        }
        own_ = std::make_unique<srpt::host::Files>(std::move(dir));
    }
}

srpt::Status Site::need_running(std::string_view what) const {
    if (!elsewhere()) {
        return {};
    }
    return fail(Errc::usage,
                fmt::format("{} is about the running system, not about files below {}", what, files().root()),
                "leave --root out");
}

srpt::Status Site::edit(const std::vector<srpt::host::Edit>& edits, Report& report) const {
    Json list = Json::array();

    report.data["dry_run"] = ctx_.options.dry_run;
    for (const srpt::host::Edit& edit : edits) {
        if (!edit.changes()) {
            continue;
        }
        list.push_back(
            {{"path", edit.path}, {"removed", edit.removes}, {"content", edit.removes ? "" : edit.after}});
        if (ctx_.options.dry_run) {
            report.text += srpt::host::show_edit(edit);
        } else {
            report.text +=
                fmt::format("{} {}\n", edit.removes ? "removed" : "wrote", files().root() + edit.path);
        }
    }
    report.data["edits"] = list;
    if (list.empty()) {
        report.text += "nothing to change\n";
    }
    return ctx_.options.dry_run ? srpt::Status{} : srpt::host::commit(files(), edits);
}

void Site::follow_up(const std::vector<std::string>& argv, Report& report) const {
    Json j = {{"command", command_line(argv)}, {"ran", false}, {"status", nullptr}};

    if (ctx_.options.dry_run || elsewhere()) {
        report.notes.push_back(
            fmt::format("{}: {}", elsewhere() ? "to be run there" : "would be run", command_line(argv)));
    } else {
        const srpt::Result<srpt::host::Outcome> outcome = programs().run(argv);
        if (!outcome) {
            report.notes.push_back(
                fmt::format("{}; run it by hand: {}", outcome.error().message, command_line(argv)));
        } else {
            j["ran"] = true;
            j["status"] = outcome->status;
            if (outcome->status != 0) {
                report.notes.push_back(fmt::format("'{}' ended with status {}: {}", command_line(argv),
                                                   outcome->status, srpt::host::trim(outcome->errors)));
            }
        }
    }
    report.data["follow_ups"].push_back(std::move(j));
}

void add_root(CLI::App& verb, const Root& root) {
    verb.add_option("--root", *root, "work on the files of a system below that directory");
}

std::string command_line(const std::vector<std::string>& argv) {
    return fmt::format("{}", fmt::join(argv, " "));
}

} // namespace srptctl::host

namespace srptctl {

void add_host(Registry& registry) {
    registry.object("host", "modules, interface names, limits and port types of this machine");
    host::add_modules(registry);
    host::add_ipoib_name(registry);
    host::add_memlock(registry);
    host::add_port_type(registry);
}

} // namespace srptctl
