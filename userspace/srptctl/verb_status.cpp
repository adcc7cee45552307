// SPDX-License-Identifier: GPL-2.0
#include "verbs.hpp"

namespace srptctl {

using srpt::Errc;

srpt::Status verb_status(const Context& ctx) {
    StatusView view;
    srpt::Result<srpt::Tree> tree = srpt::read_tree(ctx.env.fs);

    if (!tree) {
        return srpt::fail(std::move(tree.error()));
    }
    view.tree = std::move(*tree);
    view.ports = srpt::read_ports(ctx.env.fs);
    view.module = ctx.module();
    if (view.module == Module::ours) {
        if (srpt::Result<srpt::ModuleInfo> info = ctx.env.link.module()) {
            view.info = std::move(*info);
        }
        srpt::Result<std::vector<srpt::SessionInfo>> sessions = ctx.env.link.sessions();
        if (sessions) {
            view.sessions = std::move(*sessions);
        } else if (sessions.error().code == Errc::permission) {
            view.notes.emplace_back("sessions and refused logins are shown to root only");
        } else {
            view.notes.push_back(sessions.error().message);
        }
        if (srpt::Result<std::vector<srpt::RejectInfo>> rejects = ctx.env.link.rejects()) {
            view.rejects = std::move(*rejects);
        }
    } else if (view.module == Module::stock) {
        view.notes.emplace_back(
            "this is the kernel's own ib_srpt: it tells nothing of sessions and refused logins");
    } else {
        view.notes.emplace_back("ib_srpt is not loaded: modprobe ib_srpt, or srptctl export DEVICE");
    }
    ctx.output.status(view);
    return {};
}

} // namespace srptctl
