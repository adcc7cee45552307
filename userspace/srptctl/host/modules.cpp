// SPDX-License-Identifier: GPL-2.0
#include "host/modules.hpp"

#include "host/host.hpp"
#include "loader_files.hpp"

#include <fmt/format.h>

namespace srptctl::host {

using srpt::Errc;
using srpt::fail;
using srpt::host::InKernel;
using srpt::host::ModulesState;
using srpt::host::ProtocolState;

namespace {

std::string_view kernel_word(InKernel how) {
    switch (how) {
    case InKernel::no:
        return "not in this kernel";
    case InKernel::module:
        return "module";
    case InKernel::builtin:
        return "built in";
    case InKernel::unknown:
        break;
    }
    return "unknown";
}

Json protocol_json(const ProtocolState& p) {
    Json j = {{"protocol", p.protocol->name},
              {"module", p.protocol->module},
              {"enabled", p.enabled},
              {"loaded", p.loaded},
              {"kernel", kernel_word(p.in_kernel)}};

    j["kernel_file"] = or_null(p.kernel_file);
    j["places"] = Json::array();
    for (const srpt::host::ModulePlace& place : p.places) {
        j["places"].push_back({{"file", place.file}, {"line", place.line}, {"enabled", place.enabled}});
    }
    return j;
}

srpt::Status modules_list(const Context& ctx, const Root& root) {
    const Site site(ctx, *root);
    const ModulesState state = srpt::host::read_modules(site.files());
    Report report{"host modules list", Json::object(), {}, {}};

    report.data["classic"] = state.classic;
    report.data["modular"] = state.modular;
    report.data["kernel"] = or_null(state.release);
    report.data["loader"] = or_null(state.loader);
    report.data["protocols"] = Json::array();
    report.text = fmt::format("{:<9} {:<9} {:<8} {:<7} {:<19} {}\n", "PROTOCOL", "MODULE", "ENABLED",
                              "LOADED", "KERNEL", "WHERE");
    for (const ProtocolState& p : state.protocols) {
        std::string where;
        for (const srpt::host::ModulePlace& place : p.places) {
            if (place.enabled) {
                where += fmt::format("{}{}:{}", where.empty() ? "" : " ", place.file, place.line);
            }
        }
        report.data["protocols"].push_back(protocol_json(p));
        report.text += fmt::format("{:<9} {:<9} {:<8} {:<7} {:<19} {}\n", p.protocol->name,
                                   p.protocol->module, p.enabled ? "yes" : "no", p.loaded ? "yes" : "no",
                                   kernel_word(p.in_kernel), where.empty() ? "-" : where);
    }
    if (!state.classic && !state.modular) {
        report.notes.emplace_back(
            "there is neither /etc/rdma/rdma.conf nor /etc/rdma/modules: install rdma-core");
    }
    if (state.loader.empty()) {
        report.notes.emplace_back(
            "nothing loads them when RDMA hardware appears: srptctl host modules install");
    }
    answer(ctx, report);
    return {};
}

srpt::Status modules_change(const Context& ctx, const Root& root, const std::vector<std::string>& names,
                            bool enable) {
    const Site site(ctx, *root);
    const ModulesState state = srpt::host::read_modules(site.files());
    Report report{enable ? "host modules enable" : "host modules disable", Json::object(), {}, {}};
    std::vector<srpt::host::Edit> edits;

    for (const std::string& name : names) {
        srpt::Result<const srpt::host::Protocol*> protocol = srpt::host::find_protocol(name);
        if (!protocol) {
            return fail(std::move(protocol.error()));
        }
        srpt::Result<std::vector<srpt::host::Edit>> more =
            srpt::host::edit_protocol(site.files(), state, **protocol, enable, edits);
        if (!more) {
            return fail(std::move(more.error()));
        }
        edits = std::move(*more);
    }
    if (srpt::Status status = site.edit(edits, report); !status) {
        return status;
    }
    if (!edits.empty() && !ctx.options.dry_run) {
        report.notes.emplace_back(enable
                                      ? "to load it now: srptctl host modules apply"
                                      : "a module that is loaded stays so until it is removed: modprobe -r");
    }
    answer(ctx, report);
    return {};
}

srpt::Status modules_apply(const Context& ctx) {
    const Site site(ctx, std::nullopt);
    const ModulesState state = srpt::host::read_modules(site.files());
    Report report{"host modules apply", Json::object(), {}, {}};
    std::vector<std::string> failed;

    report.data["dry_run"] = ctx.options.dry_run;
    report.data["modules"] = Json::array();
    if (ctx.options.dry_run) {
        for (const ProtocolState& p : state.protocols) {
            if (p.enabled && !p.loaded) {
                report.text += fmt::format("modprobe {}\n", p.protocol->module);
                report.data["modules"].push_back({{"module", p.protocol->module}, {"loaded", false}});
            }
        }
        answer(ctx, report);
        return {};
    }
    srpt::Result<std::vector<srpt::host::LoadResult>> results =
        srpt::host::load_enabled(site.files(), site.programs(), state);
    if (!results) {
        return fail(std::move(results.error()));
    }
    for (const srpt::host::LoadResult& r : *results) {
        report.data["modules"].push_back({{"module", r.protocol->module},
                                          {"was_loaded", r.was_loaded},
                                          {"loaded", r.loaded},
                                          {"error", r.error}});
        report.text += fmt::format("{:<9} {}\n", r.protocol->module,
                                   r.was_loaded ? "was loaded"
                                   : r.loaded   ? "loaded"
                                                : "failed: " + r.error);
        if (!r.loaded) {
            failed.emplace_back(r.protocol->module);
        }
    }
    if (results->empty()) {
        report.text = "no protocol is enabled: srptctl host modules enable SRPT\n";
    }
    answer(ctx, report);
    if (!failed.empty()) {
        return fail(Errc::no_module,
                    fmt::format("{} of {} modules could not be loaded", failed.size(), results->size()),
                    fmt::format("see dmesg, and: modprobe -v {}", failed.front()));
    }
    return {};
}

srpt::Status modules_loader(const Context& ctx, const Root& root, bool install) {
    const Site site(ctx, *root);
    Report report{install ? "host modules install" : "host modules uninstall", Json::object(), {}, {}};
    srpt::Result<std::vector<srpt::host::Edit>> edits = srpt::host::edit_loader(
        site.files(),
        {std::string(kLoaderUnitText), std::string(kPortTypeUnitText), std::string(kLoaderRuleText)},
        install);

    if (!edits) {
        return fail(std::move(edits.error()));
    }
    if (srpt::Status status = site.edit(*edits, report); !status) {
        return status;
    }
    if (!edits->empty()) {
        site.follow_up({"systemctl", "daemon-reload"}, report);
        site.follow_up({"udevadm", "control", "--reload"}, report);
    }
    answer(ctx, report);
    return {};
}

} // namespace

void add_modules(Registry& registry) {
    constexpr std::string_view topic = "host modules";

    registry.topic("host", "modules", "which RDMA protocols are loaded with the hardware");
    registry.verb(topic, "list", "protocols: enabled, loaded, in this kernel", [](CLI::App& app) -> Runner {
        auto root = std::make_shared<std::optional<std::string>>();
        add_root(app, root);
        return [root](const Context& ctx) { return modules_list(ctx, root); };
    });
    for (const bool enable : {true, false}) {
        registry.verb(topic, enable ? "enable" : "disable",
                      enable ? "load a protocol with the hardware from now on" : "do not load it any more",
                      [enable](CLI::App& app) -> Runner {
                          auto root = std::make_shared<std::optional<std::string>>();
                          auto names = std::make_shared<std::vector<std::string>>();
                          app.add_option("PROTOCOL", *names, "IPoIB, SRP, SRPT, ISER or RDS")->required();
                          add_root(app, root);
                          return
                              [=](const Context& ctx) { return modules_change(ctx, root, *names, enable); };
                      });
    }
    registry.verb(topic, "apply", "load what is enabled now",
                  [](CLI::App& /*app*/) -> Runner { return modules_apply; });
    for (const bool install : {true, false}) {
        registry.verb(topic, install ? "install" : "uninstall",
                      install ? "install the unit and the udev rule that load them with the hardware"
                              : "remove these again",
                      [install](CLI::App& app) -> Runner {
                          auto root = std::make_shared<std::optional<std::string>>();
                          add_root(app, root);
                          return [=](const Context& ctx) { return modules_loader(ctx, root, install); };
                      });
    }
}

} // namespace srptctl::host
