// SPDX-License-Identifier: GPL-2.0
#include "host/memlock.hpp"

#include "host/host.hpp"

#include <fmt/format.h>

namespace srptctl::host {

using srpt::fail;
using srpt::host::MemlockState;

namespace {

constexpr std::string_view kExplanation =
    R"(RDMA pins the memory it transfers: the kernel may not swap it out. How much of it
a user may pin is limited, and the usual limit is far too small for RDMA programs
(rping, ib_write_bw, srp_daemon of a user, MPI). The limit counts from the next
login on. It is not for root, and not for services: a unit has LimitMEMLOCK=infinity.
)";

std::string shown(const std::string& value) {
    return value.empty() ? "not set (the kernel's default)" : value;
}

void fill(Report& report, const MemlockState& state) {
    report.data["unlimited"] = state.good();
    report.data["installed"] = state.installed;
    report.data["soft"] = or_null(state.soft);
    report.data["hard"] = or_null(state.hard);
    report.data["process"] = {{"soft", or_null(state.now_soft)}, {"hard", or_null(state.now_hard)}};
    report.data["lines"] = Json::array();
    for (const srpt::host::MemlockLine& line : state.lines) {
        report.data["lines"].push_back({{"file", line.file},
                                        {"line", line.line},
                                        {"domain", line.domain},
                                        {"type", line.type},
                                        {"value", line.value}});
    }
}

srpt::Status memlock_show(const Context& ctx, const Root& root) {
    const Site site(ctx, *root);
    const MemlockState state = srpt::host::read_memlock(site.files());
    Report report{"host memlock show", Json::object(), {}, {}};

    fill(report, state);
    report.text = fmt::format("everybody, from the next login: soft {}, hard {}\n", shown(state.soft),
                              shown(state.hard));
    if (!state.now_soft.empty() && !site.elsewhere()) {
        report.text += fmt::format("this shell: soft {}, hard {} bytes\n", state.now_soft, state.now_hard);
    }
    for (const srpt::host::MemlockLine& line : state.lines) {
        report.text += fmt::format("  {}:{}: {} {} memlock {}\n", line.file, line.line, line.domain,
                                   line.type, line.value);
    }
    report.text += kExplanation;
    answer(ctx, report);
    return {};
}

srpt::Status memlock_install(const Context& ctx, const Root& root) {
    const Site site(ctx, *root);
    Report report{"host memlock install", Json::object(), {}, {}};
    srpt::Result<srpt::host::Edit> edit = srpt::host::edit_memlock(site.files());

    if (!edit) {
        return fail(std::move(edit.error()));
    }
    if (srpt::Status status = site.edit({*edit}, report); !status) {
        return status;
    }
    const MemlockState state = srpt::host::read_memlock(site.files());
    if (!ctx.options.dry_run && !state.good()) {
        report.notes.emplace_back("a line that is read later sets another limit: srptctl host memlock show");
    }
    answer(ctx, report);
    return {};
}

srpt::Status memlock_check(const Context& ctx, const Root& root) {
    const Site site(ctx, *root);
    const MemlockState state = srpt::host::read_memlock(site.files());
    Report report{"host memlock check", Json::object(), {}, {}};

    fill(report, state);
    if (state.good()) {
        report.text = "users may pin as much memory as they like, from their next login on\n";
    } else {
        ctx.result = kFound;
        report.text =
            fmt::format("users may not pin as much memory as they like: soft limit {}, hard limit {}\n",
                        shown(state.soft), shown(state.hard));
        report.notes.emplace_back(
            state.installed ? "a later line overrules /etc/security/limits.d/rdma.conf: srptctl host "
                              "memlock show"
                            : "to mend it: srptctl host memlock install");
    }
    answer(ctx, report);
    return {};
}

} // namespace

void add_memlock(Registry& registry) {
    struct Verb {
        std::string_view name;
        std::string_view help;
        srpt::Status (*run)(const Context&, const Root&);
    };

    registry.topic("host", "memlock", "how much memory users may pin for RDMA");
    for (const Verb& verb :
         {Verb{"show", "limits, where they come from, what they are for", memlock_show},
          Verb{"install", "write /etc/security/limits.d/rdma.conf: unlimited", memlock_install},
          Verb{"check", "is the limit out of the way? exit code 10 if not", memlock_check}}) {
        registry.verb("host memlock", verb.name, verb.help, [run = verb.run](CLI::App& app) -> Runner {
            auto root = std::make_shared<std::optional<std::string>>();
            add_root(app, root);
            return [=](const Context& ctx) { return run(ctx, root); };
        });
    }
}

} // namespace srptctl::host
