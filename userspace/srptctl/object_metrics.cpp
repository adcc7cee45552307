// SPDX-License-Identifier: GPL-2.0
#include "metrics.hpp"
#include "objects.hpp"
#include "registry.hpp"

#include <memory>
#include <ostream>

namespace srptctl {

namespace {

// What one cannot see is left out, but a failure to ask is one: half of the
// metrics would look like an idle target.
srpt::Status gather(const Context& ctx, srpt::MetricsInput& input) {
    srpt::Result<srpt::Tree> tree = srpt::read_tree(ctx.env.fs);

    if (!tree) {
        return srpt::fail(std::move(tree.error()));
    }
    input.tree = std::move(*tree);
    input.ports = srpt::read_ports(ctx.env.fs);
    input.loaded = ctx.module() != Module::absent;
    input.ours = ctx.module() == Module::ours;
    if (!input.ours) {
        return {};
    }
    srpt::Result<srpt::ModuleInfo> module = ctx.env.link.module();
    if (!module) {
        return srpt::fail(std::move(module.error()));
    }
    input.module = std::move(*module);
    srpt::Result<std::vector<srpt::PortInfo>> served = ctx.env.link.ports();
    if (!served) {
        return srpt::fail(std::move(served.error()));
    }
    input.served = std::move(*served);
    srpt::Result<std::vector<srpt::SessionInfo>> sessions = ctx.env.link.sessions();
    if (!sessions) {
        return srpt::fail(std::move(sessions.error()));
    }
    input.sessions = std::move(*sessions);
    srpt::Result<std::vector<srpt::ChannelInfo>> channels = ctx.env.link.channels(std::nullopt);
    if (!channels) {
        return srpt::fail(std::move(channels.error()));
    }
    input.channels = std::move(*channels);
    srpt::Result<std::vector<srpt::RejectInfo>> rejects = ctx.env.link.rejects();
    if (!rejects) {
        return srpt::fail(std::move(rejects.error()));
    }
    input.rejects = std::move(*rejects);
    return {};
}

srpt::Status verb_metrics(const Context& ctx, const std::string& file) {
    srpt::MetricsInput input;

    if (srpt::Status status = gather(ctx, input); !status) {
        return status;
    }
    const std::string text = srpt::format_metrics(input);
    if (file.empty() || ctx.options.dry_run) {
        ctx.env.out << text;
        return {};
    }
    // The collector may read at any moment: it sees the old file or the new.
    return ctx.env.host_files->replace(file, text);
}

Runner attach_metrics(CLI::App& app) {
    auto file = std::make_shared<std::string>();

    app.add_option("--output", *file, "FILE to replace, at once, instead of the standard output");
    return [file](const Context& ctx) { return verb_metrics(ctx, *file); };
}

} // namespace

void add_metrics(Registry& registry) {
    registry.verb("", "metrics", "OpenMetrics text for Prometheus and its node exporter", attach_metrics);
}

} // namespace srptctl
