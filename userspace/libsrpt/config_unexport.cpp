// SPDX-License-Identifier: GPL-2.0
// The way back. What the kernel is most likely to refuse comes first, and the
// back ends go last: a rollback can set one up again, but the content of a RAM
// disk is gone with it.
#include "config_internal.hpp"
#include "store.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace srpt {

namespace {

struct Chosen {
    const Target* target = nullptr;
    const Tpg* tpg = nullptr;
    const Lun* lun = nullptr;
};

// "3", "lun3", "lun_3".
std::optional<unsigned> lun_number(std::string_view text) {
    unsigned value = 0;

    for (const std::string_view prefix : {"lun_", "lun"}) {
        if (text.starts_with(prefix)) {
            text.remove_prefix(prefix.size());
            break;
        }
    }
    const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (err != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

// What the back ends of `stores` are called in messages.
std::string store_name(const Backstore& store) {
    return store.device.empty() ? fmt::format("{}/{}", store.plugin, store.name)
                                : fmt::format("{}/{} ({})", store.plugin, store.name, store.device);
}

void remove_lun(UnexportResult& result, const Tree& tree, const Chosen& chosen) {
    for (const Acl& acl : chosen.tpg->acls) {
        for (const MappedLun& mapped : acl.luns) {
            if (mapped.lun && *mapped.lun == chosen.lun->index) {
                detail::unmap_lun(result.plan, tree, *chosen.tpg, mapped);
            }
        }
    }
    detail::remove_lun(result.plan, *chosen.lun);
    result.removed.push_back(
        fmt::format("LUN {} of {}", chosen.lun->index, targetcli_name(chosen.target->name)));
}

// Back ends that only the LUNs in `gone` used.
void remove_backstores(UnexportResult& result, const Tree& tree, const std::vector<std::string>& gone) {
    for (const Backstore& store : tree.backstores) {
        const auto is_gone = [&](const std::string& user) {
            return std::find(gone.begin(), gone.end(), user) != gone.end();
        };
        if (store.users.empty() || std::none_of(store.users.begin(), store.users.end(), is_gone)) {
            continue;
        }
        if (!std::all_of(store.users.begin(), store.users.end(), is_gone)) {
            result.notes.push_back(fmt::format("{} stays: another LUN uses it", store_name(store)));
            continue;
        }
        detail::remove_store(result.plan, tree, store);
        result.removed.push_back(fmt::format("back end {}", store_name(store)));
    }
}

Result<UnexportResult> remove_target(const Tree& tree, const Target& target, bool keep_backstore) {
    UnexportResult result;
    std::vector<std::string> gone;

    for (const Tpg& tpg : target.tpgs) {
        if (tpg.enabled) {
            result.plan.write(tpg.path + "/enable", "0", "1");
        }
        for (const Acl& acl : tpg.acls) {
            detail::remove_acl(result.plan, tree, tpg, acl);
            result.removed.push_back(fmt::format("ACL {}", acl.name));
        }
        for (const Lun& lun : tpg.luns) {
            detail::remove_lun(result.plan, lun);
            result.removed.push_back(fmt::format("LUN {} of {}", lun.index, targetcli_name(target.name)));
            gone.push_back(lun.path);
        }
        detail::remove_tpg(result.plan, tpg);
    }
    result.plan.rmdir(target.path);
    result.removed.push_back(fmt::format("target {}", targetcli_name(target.name)));
    result.targets.push_back(target.name);
    if (!keep_backstore) {
        remove_backstores(result, tree, gone);
    }
    return result;
}

// The LUNs that `what` names, within `only` if that is given.
Result<std::vector<Chosen>> choose_luns(const Tree& tree, const std::string& what, const Target* only) {
    const std::optional<unsigned> number = lun_number(what);
    std::vector<Chosen> found;
    const std::vector<const Backstore*> stores = tree.find_backstores(what);

    for (const Target& target : tree.targets) {
        if (only != nullptr && only != &target) {
            continue;
        }
        for (const Tpg& tpg : target.tpgs) {
            for (const Lun& lun : tpg.luns) {
                const bool by_store = std::any_of(stores.begin(), stores.end(), [&](const Backstore* store) {
                    return store->path == lun.backstore_path;
                });
                if (by_store || (stores.empty() && number && lun.index == *number)) {
                    found.push_back({&target, &tpg, &lun});
                }
            }
        }
    }
    if (found.empty()) {
        return fail(Errc::not_found, fmt::format("nothing called '{}' is exported", what),
                    "see 'srptctl status'");
    }
    // A number means one LUN; a back end is taken away wherever it is.
    if (stores.empty() && found.size() > 1) {
        return fail(Errc::usage, fmt::format("several targets have a LUN {}", *number),
                    "say which with --target");
    }
    if (stores.size() > 1) {
        return fail(Errc::usage, fmt::format("several back ends are called '{}'", what),
                    fmt::format("say which: {}/{} or {}/{}", stores[0]->plugin, stores[0]->name,
                                stores[1]->plugin, stores[1]->name));
    }
    return found;
}

} // namespace

Result<UnexportResult> plan_unexport(const Tree& tree, const UnexportRequest& request) {
    const Target* only = nullptr;
    std::string what = request.what;

    if (request.target) {
        const Result<const Target*> target = choose_target(tree, request.target);
        if (!target) {
            return fail(target.error());
        }
        only = *target;
        if (what.empty()) {
            return remove_target(tree, *only, request.keep_backstore);
        }
    }
    if (what.empty()) {
        return fail(Errc::usage, "say what to take away: a LUN, a device, a back end or a target",
                    "see 'srptctl status'");
    }
    // "ib.fe80.../lun0", as targetcli writes paths
    const size_t slash = what.rfind('/');
    if (only == nullptr && slash != std::string::npos && lun_number(what.substr(slash + 1))) {
        const Target* target = tree.find_target(what.substr(0, slash));
        if (target != nullptr) {
            only = target;
            what.erase(0, slash + 1);
        }
    }
    if (const Target* target = tree.find_target(what); target != nullptr && only == nullptr) {
        return remove_target(tree, *target, request.keep_backstore);
    }

    const Result<std::vector<Chosen>> chosen = choose_luns(tree, what, only);
    if (!chosen) {
        return fail(chosen.error());
    }
    UnexportResult result;
    std::vector<std::string> gone;
    for (const Chosen& c : *chosen) {
        remove_lun(result, tree, c);
        gone.push_back(c.lun->path);
        result.targets.push_back(c.target->name);
        if (c.tpg->luns.size() == 1) {
            result.notes.push_back(
                fmt::format("{} has no LUN left; its ACLs stay. To remove it: srptctl unexport {}",
                            targetcli_name(c.target->name), targetcli_name(c.target->name)));
        }
    }
    if (!request.keep_backstore) {
        remove_backstores(result, tree, gone);
    }
    return result;
}

} // namespace srpt
