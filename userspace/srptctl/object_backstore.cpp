// SPDX-License-Identifier: GPL-2.0
#include "change.hpp"
#include "format.hpp"
#include "json_forms.hpp"
#include "objects.hpp"
#include "page.hpp"
#include "registry.hpp"

#include <memory>

namespace srptctl {

using srpt::Errc;
using srpt::fail;

namespace {

srpt::Status backstore_list(const Context& ctx) {
    const srpt::Result<srpt::Tree> tree = srpt::read_tree(ctx.env.fs);
    std::vector<std::string> notes;

    if (!tree) {
        return fail(tree.error());
    }
    if (!tree->core) {
        return fail(Errc::no_module, "target_core_mod is not loaded, so there is no back end",
                    "modprobe target_core_mod, or: srptctl export DEVICE");
    }
    if (tree->backstores.empty()) {
        notes.emplace_back("there is no back end; make one: srptctl backstore create");
    }
    ctx.output.answer(
        "backstore list",
        [&] {
            Json list = Json::array();
            for (const srpt::Backstore& store : tree->backstores) {
                Json item = to_json(store);
                item["luns"] = store.users;
                list.push_back(std::move(item));
            }
            return Json{{"backstores", std::move(list)}};
        },
        [&](Page& page) {
            for (const srpt::Backstore& store : tree->backstores) {
                std::string tail;
                tail += store.write_back ? "  write-back" : "";
                tail += store.read_only ? "  read only" : "";
                tail += store.enabled ? "" : "  " + page.bad("half made");
                tail += store.users.empty() ? "  " + page.warn("no LUN")
                                            : fmt::format("  {} LUN{}", store.users.size(),
                                                          store.users.size() == 1 ? "" : "s");
                page.line("{:<24} {:>10}  {}{}", fmt::format("{}/{}", store.plugin, store.name),
                          store.bytes ? format_bytes(*store.bytes) : "", store.device, tail);
            }
        },
        notes);
    return {};
}

Runner attach_backstore_list(CLI::App& /*app*/) {
    return backstore_list;
}

Runner attach_backstore_create(CLI::App& app) {
    struct Request {
        std::string plugin;
        std::string device;
        std::string name;
        std::string size;
        std::string serial;
        bool read_only = false;
        bool write_back = false;
        bool nullio = false;
    };
    auto r = std::make_shared<Request>();

    app.add_option("KIND", r->plugin, "block, fileio, ramdisk or pscsi")
        ->required()
        ->check(CLI::IsMember({"block", "fileio", "ramdisk", "pscsi"}));
    app.add_option("DEVICE", r->device, "device or file; of a RAM disk its size, for example 1G")->required();
    app.add_option("--name", r->name, "its name (default: from DEVICE)");
    app.add_option("--serial", r->serial, "unit serial number (default: a new one)");
    app.add_flag("--read-only", r->read_only, "block: refuse writes");
    app.add_flag("--write-back", r->write_back,
                 "announce a volatile write cache; files are written through the page cache");
    app.add_flag("--nullio", r->nullio, "ramdisk: keep nothing, for measurements");
    return [r](const Context& ctx) -> srpt::Status {
        srpt::StoreSpec spec;
        spec.plugin = r->plugin;
        spec.name = r->name;
        spec.serial = r->serial;
        spec.read_only = r->read_only;
        spec.write_back = r->write_back;
        spec.nullio = r->nullio;
        if (spec.serial.size() > 200 || spec.serial.find('\n') != std::string::npos) {
            return fail(Errc::usage, "the kernel cannot take this serial number");
        }
        if (spec.plugin == "ramdisk") {
            const srpt::Result<uint64_t> bytes = srpt::parse_size(r->device);
            if (!bytes) {
                return fail(bytes.error());
            }
            spec.bytes = *bytes;
        } else {
            spec.device = r->device;
        }
        srpt::Result<srpt::Tree> tree = srpt::read_tree(ctx.env.fs);
        if (!tree) {
            return fail(std::move(tree.error()));
        }
        srpt::Plan prepare = srpt::plan_prepare(*tree);
        std::unique_ptr<srpt::Lock> lock;
        if (!ctx.options.dry_run) {
            if (srpt::Status status = srpt::Transaction(ctx.env.fs, ctx.env.system).run(prepare); !status) {
                return status;
            }
            srpt::Result<std::unique_ptr<srpt::Lock>> taken = ctx.env.system.lock_backstores();
            if (!taken) {
                return fail(std::move(taken.error()));
            }
            lock = std::move(*taken);
            prepare = {};
            tree = srpt::read_tree(ctx.env.fs);
            if (!tree) {
                return fail(std::move(tree.error()));
            }
        }
        srpt::Result<srpt::ObjectResult> result =
            srpt::plan_store_create(ctx.env.fs, ctx.env.system, *tree, std::move(spec));
        if (result) {
            prepare.append(result->plan);
            result->plan = std::move(prepare);
        }
        return carry_out(ctx, "backstore create", std::move(result));
    };
}

Runner attach_backstore_delete(CLI::App& app) {
    auto what = std::make_shared<std::string>();

    app.add_option("BACKSTORE", *what, "KIND/NAME, name or device")->required();
    return [what](const Context& ctx) -> srpt::Status {
        const srpt::Result<srpt::Tree> tree = srpt::read_tree(ctx.env.fs);
        if (!tree) {
            return fail(tree.error());
        }
        srpt::Result<srpt::ObjectResult> result = srpt::plan_store_delete(*tree, *what);
        const bool ram = result && !result->notes.empty();
        return carry_out(ctx, "backstore delete", std::move(result),
                         ram ? std::string("What is in the RAM disk will be gone. Delete it?")
                             : std::string{});
    };
}

} // namespace

void add_backstore(Registry& registry) {
    registry.object("backstore", "what LUNs lead to: devices, files, RAM disks");
    registry.verb("backstore", "list", "all back ends, of all kinds", attach_backstore_list);
    registry.verb("backstore", "create", "make one without exporting it", attach_backstore_create);
    registry.verb("backstore", "delete", "remove one that no LUN leads to", attach_backstore_delete);
}

} // namespace srptctl
