// SPDX-License-Identifier: GPL-2.0
#include "objects.hpp"
#include "registry.hpp"
#include "verbs.hpp"

#include <memory>
#include <optional>
#include <string>

namespace srptctl {

namespace {

Runner attach_monitor(CLI::App& app) {
    auto r = std::make_shared<MonitorRequest>();

    app.add_option("--count", r->count, "end after that many events");
    app.add_option("--timeout", r->timeout, "end after so many seconds");
    return [r](const Context& ctx) { return verb_monitor(ctx, *r); };
}

} // namespace

void add_monitor(Registry& registry) {
    registry.verb("", "event", "the same as monitor", attach_monitor);
    registry.verb("", "monitor", "logins, logouts, refusals and port changes as they happen", attach_monitor);
}

} // namespace srptctl
