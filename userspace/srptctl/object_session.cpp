// SPDX-License-Identifier: GPL-2.0
#include "objects.hpp"
#include "registry.hpp"
#include "verbs.hpp"

#include <memory>
#include <optional>
#include <string>

namespace srptctl {

namespace {

Runner attach_session_list(CLI::App& app) {
    auto channels = std::make_shared<bool>(false);

    app.add_flag("--channels", *channels, "with the channels of each");
    return [channels](const Context& ctx) { return verb_session_list(ctx, *channels); };
}

Runner attach_session_show(CLI::App& app) {
    auto what = std::make_shared<std::string>();

    app.add_option("SESSION", *what, "session number, or initiator in any notation")->required();
    return [what](const Context& ctx) { return verb_session_show(ctx, *what); };
}

Runner attach_session_close(CLI::App& app) {
    auto r = std::make_shared<CloseRequest>();

    app.add_option("SESSION", r->what, "session number, initiator in any notation, or 'all'")->required();
    app.add_option("--wait", r->wait, "SECONDS to wait until it is gone");
    return [r](const Context& ctx) { return verb_session_close(ctx, *r); };
}

} // namespace

void add_session(Registry& registry) {
    registry.object("session", "who is logged in");
    registry.verb("session", "list", "who is logged in, with counters", attach_session_list);
    registry.verb("session", "show", "one session in full, with its channels", attach_session_show);
    registry.verb("session", "close", "log an initiator out", attach_session_close);
}

} // namespace srptctl
