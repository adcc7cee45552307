// SPDX-License-Identifier: GPL-2.0
#include "context.hpp"
#include "doctor.hpp"
#include "json_forms.hpp"
#include "objects.hpp"
#include "page.hpp"
#include "registry.hpp"
#include "saveconfig.hpp"

#include <algorithm>

namespace srptctl {

namespace {

std::string_view level_name(srpt::Finding::Level level) {
    switch (level) {
    case srpt::Finding::Level::error:
        return "error";
    case srpt::Finding::Level::warning:
        return "warning";
    case srpt::Finding::Level::speed:
        return "speed";
    case srpt::Finding::Level::hint:
        return "hint";
    }
    return "hint";
}

// How what runs differs from the saved file; nothing if there is none, or if
// it cannot be compared.
std::vector<std::string> unsaved(const Context& ctx, const srpt::Tree& tree) {
    const srpt::Result<std::string> text = ctx.env.fs.read(std::string(srpt::kSaveconfig));
    std::vector<std::string> out;

    if (!text || !tree.fabric) {
        return out;
    }
    const srpt::Result<srpt::SavedConfig> saved = srpt::parse_saved(*text, std::string(srpt::kSaveconfig));
    if (!saved) {
        return {saved.error().message};
    }
    const srpt::Result<srpt::ApplyResult> result =
        srpt::plan_apply(ctx.env.fs, ctx.env.system, tree, ctx.stock(), *saved);
    if (!result) {
        return {result.error().message};
    }
    for (const srpt::Change& change : result->changes) {
        out.push_back(change.what);
    }
    return out;
}

srpt::Status doctor(const Context& ctx) {
    const srpt::Result<srpt::Tree> tree = srpt::read_tree(ctx.env.fs);
    std::vector<std::string> notes;

    if (!tree) {
        return srpt::fail(tree.error());
    }
    const std::vector<srpt::RdmaPort> ports = srpt::read_ports(ctx.env.fs);
    srpt::Patient patient{ctx.env.fs, *tree, ports, ctx.module() != Module::absent, ctx.stock(), {}, {}, {}};
    if (ctx.module() == Module::ours) {
        if (srpt::Result<std::vector<srpt::PortInfo>> served = ctx.env.link.ports()) {
            patient.served = std::move(*served);
        }
        if (srpt::Result<std::vector<srpt::RejectInfo>> rejects = ctx.env.link.rejects()) {
            patient.rejects = std::move(*rejects);
        } else {
            notes.push_back(rejects.error().message);
        }
    }
    patient.unsaved = unsaved(ctx, *tree);
    std::vector<srpt::Finding> findings = srpt::examine_target(patient);
    for (srpt::Finding& finding : srpt::examine_machine(ctx.env.fs)) {
        findings.push_back(std::move(finding));
    }
    if (ctx.env.host_files != nullptr) {
        for (srpt::Finding& finding : srpt::examine_boot(*ctx.env.host_files, !tree->targets.empty())) {
            findings.push_back(std::move(finding));
        }
    }
    std::stable_sort(findings.begin(), findings.end(),
                     [](const srpt::Finding& a, const srpt::Finding& b) { return a.level < b.level; });
    ctx.output.answer(
        "doctor",
        [&] {
            Json list = Json::array();
            for (const srpt::Finding& f : findings) {
                list.push_back({{"level", level_name(f.level)},
                                {"id", f.id},
                                {"text", f.text},
                                {"path", text_or_null(f.path)},
                                {"commands", f.commands}});
            }
            return Json{{"findings", std::move(list)}};
        },
        [&](Page& page) {
            for (const srpt::Finding& f : findings) {
                const std::string level = fmt::format("{:<8}", level_name(f.level));
                page.line("{} {}",
                          f.level == srpt::Finding::Level::error     ? page.bad(level)
                          : f.level == srpt::Finding::Level::warning ? page.warn(level)
                                                                     : page.head(level),
                          f.text);
                if (!f.path.empty()) {
                    page.line("           at {}", f.path);
                }
                for (const std::string& command : f.commands) {
                    page.line("           {}", page.good(command));
                }
            }
            if (findings.empty()) {
                page.line("{}", page.good("nothing to complain of"));
            }
        },
        notes);
    ctx.result = findings.empty() ? 0 : kFound;
    return {};
}

Runner attach_doctor(CLI::App& /*app*/) {
    return doctor;
}

} // namespace

void add_doctor(Registry& registry) {
    registry.verb("", "doctor",
                  "what is wrong or slow, and the command that mends it; exit code 10 if anything",
                  attach_doctor);
}

} // namespace srptctl
