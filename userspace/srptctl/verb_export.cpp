// SPDX-License-Identifier: GPL-2.0
#include "verbs.hpp"

#include <cstdlib>
#include <fmt/format.h>

namespace srptctl {

using srpt::fail;

srpt::Status verb_export(const Context& ctx, const srpt::ExportRequest& request) {
    srpt::Result<srpt::Tree> tree = srpt::read_tree(ctx.env.fs);
    if (!tree) {
        return fail(std::move(tree.error()));
    }

    // Loading modules is worth keeping even if the export fails, and what is
    // configured can only be read afterwards.
    srpt::Plan prepare = srpt::plan_prepare(*tree);
    if (!prepare.empty() && !ctx.options.dry_run) {
        if (srpt::Status status = srpt::Transaction(ctx.env.fs, ctx.env.system).run(prepare); !status) {
            return status;
        }
        tree = srpt::read_tree(ctx.env.fs);
        if (!tree) {
            return fail(std::move(tree.error()));
        }
        prepare = {};
    }

    std::unique_ptr<srpt::Lock> lock;
    if (!ctx.options.dry_run) {
        srpt::Result<std::unique_ptr<srpt::Lock>> taken = ctx.env.system.lock_backstores();
        if (!taken) {
            return fail(std::move(taken.error()));
        }
        lock = std::move(*taken);
        tree = srpt::read_tree(ctx.env.fs);
        if (!tree) {
            return fail(std::move(tree.error()));
        }
    }
    srpt::Result<srpt::ExportResult> result = srpt::plan_export(
        ctx.env.fs, ctx.env.system, *tree, srpt::read_ports(ctx.env.fs), ctx.stock(), request);
    if (!result) {
        return fail(std::move(result.error()));
    }
    prepare.append(result->plan);
    bool ran = false;
    if (srpt::Status status = ctx.run("export", prepare, result->notes, ran); !status) {
        status.error().message =
            fmt::format("{} was not exported: {}", request.device, status.error().message);
        return status;
    }
    if (ran) {
        ctx.output.exported(*result);
    }
    return {};
}

srpt::Status verb_unexport(const Context& ctx, const srpt::UnexportRequest& request) {
    const srpt::Result<srpt::Tree> tree = ctx.tree();
    if (!tree) {
        return fail(tree.error());
    }
    srpt::Result<srpt::UnexportResult> result = srpt::plan_unexport(*tree, request);
    if (!result && result.error().code == srpt::Errc::not_found && !request.what.starts_with('/')) {
        // A relative path of a file or device: configfs knows the absolute one.
        if (const srpt::Result<srpt::Backing> backing = ctx.env.system.probe(request.what)) {
            srpt::UnexportRequest absolute = request;
            absolute.what = backing->path;
            if (srpt::Result<srpt::UnexportResult> again = srpt::plan_unexport(*tree, absolute)) {
                result = std::move(again);
            }
        }
    }
    if (!result) {
        return fail(std::move(result.error()));
    }
    size_t live = 0;
    for (const std::string& target : result->targets) {
        live += sessions_on(ctx, target).size();
    }
    if (live > 0) {
        const std::string question =
            fmt::format("{} session{} on {} may be using it. Take it away all the same?", live,
                        live == 1 ? "" : "s", srpt::targetcli_name(result->targets.front()));
        if (srpt::Status status = ctx.confirm(question); !status) {
            return status;
        }
    }
    bool ran = false;
    if (srpt::Status status = ctx.run("unexport", result->plan, result->notes, ran); !status) {
        return status;
    }
    if (ran) {
        ctx.output.unexported(*result);
    }
    return {};
}

} // namespace srptctl
