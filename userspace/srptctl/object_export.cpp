// SPDX-License-Identifier: GPL-2.0
#include "objects.hpp"
#include "registry.hpp"
#include "verbs.hpp"

#include <memory>
#include <optional>
#include <string>

namespace srptctl {

namespace {

Runner attach_export(CLI::App& app) {
    auto r = std::make_shared<srpt::ExportRequest>();

    app.add_option("DEVICE", r->device, "block device, regular file, or ramdisk:SIZE")->required();
    app.add_option("--name", r->name, "name of the back end (default: from DEVICE)");
    auto* target = app.add_option("--target", r->target, "target, by its GID in any notation");
    app.add_option("--port", r->port, "RDMA port, for example mlx5_0/1 (default: the active one)")
        ->excludes(target);
    app.add_option("--lun", r->lun, "LUN (default: the lowest free one)");
    app.add_option("--acl", r->acls,
                   "initiator that may log in and see it, in any notation; 'all' for those the target has; "
                   "repeatable")
        ->allow_extra_args(false);
    app.add_flag("--read-only", r->read_only, "map it write protected");
    app.add_flag("--write-back", r->write_back,
                 "announce a volatile write cache; files are written through the page "
                 "cache");
    app.add_option("--rdma-cm-port", r->rdma_cm_port,
                   "port for logins by RDMA CM (default: 5555 on Ethernet if none is set)");
    return [r](const Context& ctx) { return verb_export(ctx, *r); };
}

Runner attach_unexport(CLI::App& app) {
    auto r = std::make_shared<srpt::UnexportRequest>();

    app.add_option("WHAT", r->what, "LUN number, TARGET/lunN, device, back end, or target");
    app.add_option("--target", r->target, "target, by its GID in any notation; alone: all of it");
    app.add_flag("--keep-backstore", r->keep_backstore, "leave the back end configured");
    return [r](const Context& ctx) { return verb_unexport(ctx, *r); };
}

} // namespace

void add_export(Registry& registry) {
    registry.verb("", "export", "export a device: back end, target, LUN, ACLs; all or nothing",
                  attach_export);
    registry.verb("", "unexport", "take a LUN, a device or a whole target away", attach_unexport);
}

} // namespace srptctl
