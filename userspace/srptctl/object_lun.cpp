// SPDX-License-Identifier: GPL-2.0
#include "change.hpp"
#include "format.hpp"
#include "json_forms.hpp"
#include "objects.hpp"
#include "page.hpp"
#include "registry.hpp"

#include <fmt/ranges.h>
#include <memory>

namespace srptctl {

using srpt::fail;

namespace {

struct LunRow {
    const srpt::Target* target;
    const srpt::Lun* lun;
    const srpt::Backstore* store;
    std::vector<std::string> acls; // that see it, with the number if another
};

std::vector<LunRow> lun_rows(const srpt::Tree& tree, const srpt::Target* only) {
    std::vector<LunRow> rows;

    for (const srpt::Target& target : tree.targets) {
        if (only != nullptr && only != &target) {
            continue;
        }
        for (const srpt::Tpg& tpg : target.tpgs) {
            for (const srpt::Lun& lun : tpg.luns) {
                LunRow& row =
                    rows.emplace_back(LunRow{&target, &lun, tree.backstore_at(lun.backstore_path), {}});
                for (const srpt::Acl& acl : tpg.acls) {
                    for (const srpt::MappedLun& mapped : acl.luns) {
                        if (mapped.lun && *mapped.lun == lun.index) {
                            row.acls.push_back(acl.name +
                                               (mapped.index == lun.index
                                                    ? std::string{}
                                                    : fmt::format(" as {}", mapped.index)) +
                                               (mapped.write_protect ? " (read only)" : ""));
                        }
                    }
                }
            }
        }
    }
    return rows;
}

srpt::Status lun_list(const Context& ctx, const std::optional<std::string>& name) {
    const srpt::Result<srpt::Tree> tree = ctx.tree();
    const srpt::Target* only = nullptr;
    std::vector<std::string> notes;

    if (!tree) {
        return fail(tree.error());
    }
    if (name) {
        const srpt::Result<const srpt::Target*> chosen = srpt::choose_target(*tree, name);
        if (!chosen) {
            return fail(chosen.error());
        }
        only = *chosen;
    }
    const std::vector<LunRow> rows = lun_rows(*tree, only);
    if (rows.empty()) {
        notes.emplace_back("there is no LUN; make one: srptctl export DEVICE, or srptctl lun add BACKSTORE");
    }
    ctx.output.answer(
        "lun list",
        [&] {
            Json list = Json::array();
            for (const LunRow& row : rows) {
                list.push_back(
                    {{"target", row.target->name},
                     {"index", row.lun->index},
                     {"backstore",
                      row.store != nullptr ? Json(row.store->plugin + "/" + row.store->name) : Json(nullptr)},
                     {"device", row.store != nullptr ? text_or_null(row.store->device) : Json(nullptr)},
                     {"bytes", row.store != nullptr ? value_or_null(row.store->bytes) : Json(nullptr)},
                     {"path", row.lun->path},
                     {"acls", row.acls}});
            }
            return Json{{"luns", std::move(list)}};
        },
        [&](Page& page) {
            std::string target;
            for (const LunRow& row : rows) {
                if (row.target->name != target) {
                    target = row.target->name;
                    page.line("{}", page.head(srpt::targetcli_name(target)));
                }
                if (row.store == nullptr) {
                    page.line("  {:>5}  {}", row.lun->index, page.bad("leads nowhere"));
                    continue;
                }
                page.line("  {:>5}  {:<22} {:>10}  {}", row.lun->index,
                          fmt::format("{}/{}", row.store->plugin, row.store->name),
                          row.store->bytes ? format_bytes(*row.store->bytes) : "", row.store->device);
                for (const std::string& acl : row.acls) {
                    page.line("         for {}", acl);
                }
                if (row.acls.empty()) {
                    page.line("         {}", page.warn("mapped to nobody"));
                }
            }
        },
        notes);
    return {};
}

Runner attach_lun_list(CLI::App& app) {
    auto target = std::make_shared<std::optional<std::string>>();

    app.add_option("--target", *target, "only of this target");
    return [target](const Context& ctx) { return lun_list(ctx, *target); };
}

Runner attach_lun_add(CLI::App& app) {
    auto r = std::make_shared<srpt::LunRequest>();

    app.add_option("BACKSTORE", r->store, "KIND/NAME, name or device of a back end")->required();
    app.add_option("--target", r->target, "target (default: the only one)");
    app.add_option("--lun", r->lun, "its number (default: the lowest free one)");
    app.add_option("--acl", r->acls, "ACL that is to see it; 'all' for every one; repeatable")
        ->allow_extra_args(false);
    app.add_flag("--read-only", r->read_only, "map it write protected");
    return [r](const Context& ctx) -> srpt::Status {
        const srpt::Result<srpt::Tree> tree = ctx.tree();
        return tree ? carry_out(ctx, "lun add", srpt::plan_lun_add(ctx.env.system, *tree, *r))
                    : srpt::Status(fail(tree.error()));
    };
}

Runner attach_lun_remove(CLI::App& app) {
    struct Request {
        unsigned lun = 0;
        std::optional<std::string> target;
    };
    auto r = std::make_shared<Request>();

    app.add_option("LUN", r->lun, "its number")->required();
    app.add_option("--target", r->target, "target (default: the only one)");
    return [r](const Context& ctx) -> srpt::Status {
        const srpt::Result<srpt::Tree> tree = ctx.tree();
        if (!tree) {
            return fail(tree.error());
        }
        srpt::Result<srpt::ObjectResult> result = srpt::plan_lun_remove(*tree, r->lun, r->target);
        const std::string notice = result ? who_notices(ctx, result->targets) : std::string{};
        return carry_out(ctx, "lun remove", std::move(result),
                         notice.empty() ? std::string{} : notice + "Take it away all the same?");
    };
}

} // namespace

void add_lun(Registry& registry) {
    registry.object("lun", "what a target shows");
    registry.verb("lun", "list", "LUNs, their back ends and who sees them", attach_lun_list);
    registry.verb("lun", "add", "show a back end that exists", attach_lun_add);
    registry.verb("lun", "remove", "take a LUN away, its back end stays", attach_lun_remove);
}

} // namespace srptctl
