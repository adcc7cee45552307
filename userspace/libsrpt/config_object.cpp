// SPDX-License-Identifier: GPL-2.0
#include "config_object.hpp"

#include "config_internal.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace srpt {

namespace {

struct Place {
    const Target* target = nullptr;
    const Tpg* tpg = nullptr;
};

Result<Place> place_of(const Tree& tree, const std::optional<std::string>& name) {
    const Result<const Target*> target = choose_target(tree, name);
    if (!target) {
        return fail(target.error());
    }
    const Result<const Tpg*> tpg = detail::only_tpg(**target);
    if (!tpg) {
        return fail(tpg.error());
    }
    return Place{*target, *tpg};
}

Result<const Acl*> acl_of(const Place& place, const std::string& name) {
    const std::optional<Ident> ident = Ident::parse(name);

    for (const Acl& acl : place.tpg->acls) {
        if (acl.name == name || (ident && acl.ident && *acl.ident == *ident)) {
            return &acl;
        }
    }
    return fail(Errc::not_found,
                fmt::format("target {} has no ACL {}", targetcli_name(place.target->name), name),
                ident ? fmt::format("make one: srptctl acl create {}", ident->text())
                      : std::string("see 'srptctl acl list'"));
}

std::optional<unsigned> number(std::string_view text) {
    unsigned value = 0;
    const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), value);

    if (err != std::errc{} || end != text.data() + text.size() || value > detail::kMaxLun) {
        return std::nullopt;
    }
    return value;
}

Result<const Backstore*> store_of(const Tree& tree, const std::string& what) {
    const std::vector<const Backstore*> found = tree.find_backstores(what);

    if (found.empty()) {
        return fail(Errc::not_found, fmt::format("there is no back end {}", what),
                    "see 'srptctl backstore list'");
    }
    if (found.size() > 1) {
        return fail(Errc::usage, fmt::format("several back ends are called '{}'", what),
                    fmt::format("say which: {}/{} or {}/{}", found[0]->plugin, found[0]->name,
                                found[1]->plugin, found[1]->name));
    }
    return found.front();
}

Result<std::string> name_by_port(const std::vector<RdmaPort>& ports, const std::optional<std::string>& name,
                                 std::vector<std::string>& notes) {
    const RdmaPort* port = nullptr;

    if (name) {
        const Result<const RdmaPort*> found = find_port(ports, *name);
        if (!found) {
            return fail(found.error());
        }
        port = *found;
    } else {
        std::vector<std::string> names;
        for (const RdmaPort& p : ports) {
            if (p.active() && p.gid_ident()) {
                names.push_back(p.name());
                port = &p;
            }
        }
        if (port == nullptr) {
            return fail(Errc::not_found, "no RDMA port is active",
                        "see 'srptctl port list'; name a port that will come up with --port");
        }
        if (names.size() > 1) {
            return fail(Errc::usage, "several RDMA ports are active",
                        fmt::format("say which with --port: {}", fmt::join(names, ", ")));
        }
    }
    if (!port->gid_ident()) {
        return fail(Errc::failed, fmt::format("port {} has no GID yet", port->name()),
                    port->ethernet() ? "bring its network interface up"
                                     : "is a subnet manager running? start opensm and see 'ibstat'");
    }
    if (!port->active()) {
        notes.push_back(fmt::format("port {} is {}: no initiator can reach it until it is Active",
                                    port->name(), port->state));
    }
    return port->target_name();
}

} // namespace

Result<ObjectResult> plan_target_create(const Tree& tree, const std::vector<RdmaPort>& ports, bool stock,
                                        const std::optional<std::string>& name,
                                        const std::optional<std::string>& port, bool enable) {
    ObjectResult result;
    std::string target;

    if (name) {
        const std::optional<Ident> ident = parse_target_name(*name);
        if (!ident || ident->kind() == Ident::Kind::wild_ext) {
            return fail(Errc::usage, fmt::format("'{}' is no name of a target", *name),
                        "a target is named by the GID of a port: see 'srptctl port list'");
        }
        target = ident->acl_name(stock);
    } else {
        Result<std::string> chosen = name_by_port(ports, port, result.notes);
        if (!chosen) {
            return fail(std::move(chosen.error()));
        }
        target = std::move(*chosen);
    }
    if (const Target* there = tree.find_target(target)) {
        Error error =
            make_error(Errc::exists, fmt::format("there is a target {} already", targetcli_name(target)));
        error.path = there->path;
        return fail(std::move(error));
    }
    const std::string dir = fmt::format("{}/{}", tree.fabric_dir(), target);
    result.plan.mkdir(dir);
    result.plan.mkdir(dir + "/tpgt_1");
    if (enable) {
        result.plan.write(dir + "/tpgt_1/enable", "1", "0");
    }
    result.done.push_back(
        fmt::format("target {} made, {}", targetcli_name(target), enable ? "enabled" : "disabled"));
    return result;
}

Result<ObjectResult> plan_target_enable(const Tree& tree, const std::optional<std::string>& name,
                                        bool enable) {
    ObjectResult result;
    const Result<Place> place = place_of(tree, name);

    if (!place) {
        return fail(place.error());
    }
    const std::string label = targetcli_name(place->target->name);
    if (place->tpg->enabled == enable) {
        result.done.push_back(fmt::format("{} is {} already", label, enable ? "enabled" : "disabled"));
        return result;
    }
    result.plan.write(place->tpg->path + "/enable", enable ? "1" : "0", enable ? "0" : "1");
    result.done.push_back(fmt::format("{} {}", label, enable ? "enabled" : "disabled"));
    if (!enable) {
        result.targets.push_back(place->target->name);
    }
    return result;
}

Result<ObjectResult> plan_target_set(const Tree& tree, const std::optional<std::string>& name,
                                     const std::vector<std::string>& settings) {
    ObjectResult result;
    const Result<Place> place = place_of(tree, name);

    if (!place) {
        return fail(place.error());
    }
    for (const std::string& setting : settings) {
        const size_t equals = setting.find('=');
        const std::string key = setting.substr(0, equals);
        if (equals == std::string::npos || key.empty() || equals + 1 == setting.size()) {
            return fail(Errc::usage, fmt::format("'{}' is no ATTRIBUTE=VALUE", setting),
                        "for example: srptctl target set srp_sq_size=2048");
        }
        const std::string value = setting.substr(equals + 1);
        const auto now = place->tpg->attributes.find(key);
        if (now == place->tpg->attributes.end()) {
            std::vector<std::string> names;
            for (const auto& [attribute, text] : place->tpg->attributes) {
                names.push_back(attribute);
            }
            return fail(Errc::not_found, fmt::format("targets have no attribute '{}'", key),
                        fmt::format("they have: {}", fmt::join(names, ", ")));
        }
        if (value.find('\n') != std::string::npos) {
            return fail(Errc::usage, fmt::format("the value of {} has a line break in it", key));
        }
        if (now->second != value) {
            result.plan.write(fmt::format("{}/attrib/{}", place->tpg->path, key), value, now->second);
        }
        result.done.push_back(
            fmt::format("{} {}: {} -> {}", targetcli_name(place->target->name), key, now->second, value));
    }
    return result;
}

Result<ObjectResult> plan_store_create(const FileSystem& fs, System& system, const Tree& tree,
                                       StoreSpec spec) {
    ObjectResult result;

    if (Status status = check_store_device(fs, system, spec); !status) {
        return fail(std::move(status.error()));
    }
    if (spec.name.empty()) {
        spec.name = spec.plugin == "ramdisk" ? "ram0" : base_name(spec.device);
        for (unsigned n = 1; spec.plugin == "ramdisk" && !tree.find_backstores(spec.label()).empty(); n++) {
            spec.name = fmt::format("ram{}", n);
        }
    }
    if (Status status = check_store_name(spec.name); !status) {
        return fail(std::move(status.error()));
    }
    for (const Backstore& store : tree.backstores) {
        const bool same_name = store.plugin == spec.plugin && store.name == spec.name;
        const bool same_device = !spec.device.empty() && store.device == spec.device;
        if (same_name || same_device) {
            Error error = make_error(
                Errc::exists,
                same_name
                    ? fmt::format("there is a back end {} already", spec.label())
                    : fmt::format("{} is the back end {}/{} already", spec.device, store.plugin, store.name),
                same_name ? "choose another --name"
                          : fmt::format("to export it: srptctl lun add {}/{}", store.plugin, store.name));
            error.path = store.path;
            return fail(std::move(error));
        }
    }
    detail::prepare_dbroot(result.plan, fs, tree);
    detail::create_store(result.plan, system, detail::store_path(tree, spec, HbaNumbers(fs, tree).next()),
                         spec);
    result.done.push_back(fmt::format("back end {}{} made", spec.label(),
                                      spec.device.empty() ? "" : fmt::format(" ({})", spec.device)));
    result.notes.push_back(
        fmt::format("no initiator sees it yet; to export it: srptctl lun add {}", spec.label()));
    return result;
}

Result<ObjectResult> plan_store_delete(const Tree& tree, const std::string& what) {
    ObjectResult result;
    const Result<const Backstore*> store = store_of(tree, what);

    if (!store) {
        return fail(store.error());
    }
    const std::string label = fmt::format("{}/{}", (*store)->plugin, (*store)->name);
    if (!(*store)->users.empty()) {
        Error error = make_error(Errc::exists, fmt::format("back end {} is a LUN", label),
                                 fmt::format("take that away first: srptctl unexport {}", label));
        error.path = (*store)->users.front();
        return fail(std::move(error));
    }
    detail::remove_store(result.plan, tree, **store);
    result.done.push_back(fmt::format("back end {} removed", label));
    if ((*store)->plugin == "ramdisk") {
        result.notes.emplace_back("what was in the RAM disk is gone");
    }
    return result;
}

Result<ObjectResult> plan_lun_add(System& system, const Tree& tree, const LunRequest& request) {
    ObjectResult result;
    const Result<Place> place = place_of(tree, request.target);
    if (!place) {
        return fail(place.error());
    }
    const Result<const Backstore*> store = store_of(tree, request.store);
    if (!store) {
        return fail(store.error());
    }
    if (!(*store)->enabled) {
        return fail(
            Errc::exists, fmt::format("back end {}/{} was left half made", (*store)->plugin, (*store)->name),
            fmt::format("remove it: srptctl backstore delete {}/{}", (*store)->plugin, (*store)->name));
    }
    unsigned index = request.lun.value_or(0);
    while (!request.lun && place->tpg->lun(index) != nullptr) {
        index++;
    }
    const std::string label = targetcli_name(place->target->name);
    if (index > detail::kMaxLun) {
        return fail(Errc::usage, fmt::format("LUN {} is too high: 0 to {} exist", index, detail::kMaxLun));
    }
    if (const Lun* there = place->tpg->lun(index)) {
        Error error = make_error(Errc::exists, fmt::format("target {} has a LUN {} already", label, index),
                                 "leave --lun away for the next free one");
        error.path = there->path;
        return fail(std::move(error));
    }
    const std::string dir = fmt::format("{}/lun/lun_{}", place->tpg->path, index);
    result.plan.mkdir(dir);
    result.plan.symlink((*store)->path, fmt::format("{}/{}", dir, system.random_hex(10)));
    result.done.push_back(
        fmt::format("LUN {} of {} is {}/{}", index, label, (*store)->plugin, (*store)->name));
    std::vector<const Acl*> acls;
    for (const std::string& name : request.acls) {
        if (name == "all") {
            for (const Acl& acl : place->tpg->acls) {
                acls.push_back(&acl);
            }
            continue;
        }
        const Result<const Acl*> acl = acl_of(*place, name);
        if (!acl) {
            return fail(acl.error());
        }
        acls.push_back(*acl);
    }
    std::sort(acls.begin(), acls.end());
    acls.erase(std::unique(acls.begin(), acls.end()), acls.end());
    for (const Acl* acl : acls) {
        for (const MappedLun& mapped : acl->luns) {
            if (mapped.index == index) {
                Error error = make_error(Errc::exists,
                                         fmt::format("{} sees another LUN under number {}", acl->name, index),
                                         "choose a number that is free for it with --lun");
                error.path = mapped.path;
                return fail(std::move(error));
            }
        }
        detail::map_lun(result.plan, system, acl->path, dir, index, request.read_only);
        result.done.push_back(
            fmt::format("mapped for {}{}", acl->name, request.read_only ? ", read only" : ""));
    }
    if (acls.empty() && !place->tpg->admits_anyone()) {
        result.notes.push_back(
            fmt::format("no initiator sees it yet; to map it: srptctl acl map ID {}", index));
    }
    return result;
}

Result<ObjectResult> plan_lun_remove(const Tree& tree, unsigned lun,
                                     const std::optional<std::string>& target) {
    ObjectResult result;
    const Result<Place> place = place_of(tree, target);

    if (!place) {
        return fail(place.error());
    }
    const std::string label = targetcli_name(place->target->name);
    const Lun* found = place->tpg->lun(lun);
    if (found == nullptr) {
        return fail(Errc::not_found, fmt::format("target {} has no LUN {}", label, lun),
                    "see 'srptctl lun list'");
    }
    for (const Acl& acl : place->tpg->acls) {
        for (const MappedLun& mapped : acl.luns) {
            if (mapped.lun && *mapped.lun == lun) {
                detail::unmap_lun(result.plan, tree, *place->tpg, mapped);
                result.done.push_back(fmt::format("no longer mapped for {}", acl.name));
            }
        }
    }
    detail::remove_lun(result.plan, *found);
    result.done.push_back(fmt::format("LUN {} of {} removed; its back end stays", lun, label));
    result.targets.push_back(place->target->name);
    return result;
}

Result<ObjectResult> plan_acl_map(System& system, const Tree& tree, const MapRequest& request) {
    ObjectResult result;
    const Result<Place> place = place_of(tree, request.target);
    if (!place) {
        return fail(place.error());
    }
    const Result<const Acl*> acl = acl_of(*place, request.acl);
    if (!acl) {
        return fail(acl.error());
    }
    std::vector<unsigned> given;
    for (const std::string& text : request.luns) {
        const size_t equals = text.find('=');
        const std::optional<unsigned> lun = number(text.substr(0, equals));
        const std::optional<unsigned> index =
            equals == std::string::npos ? lun : number(text.substr(equals + 1));
        if (!lun || !index) {
            return fail(Errc::usage, fmt::format("'{}' is neither a LUN nor LUN=NUMBER", text),
                        "3 maps LUN 3 as 3, 3=7 maps it as 7");
        }
        const Lun* from = place->tpg->lun(*lun);
        if (from == nullptr) {
            return fail(Errc::not_found,
                        fmt::format("target {} has no LUN {}", targetcli_name(place->target->name), *lun),
                        "see 'srptctl lun list'");
        }
        const bool taken = std::any_of((*acl)->luns.begin(), (*acl)->luns.end(),
                                       [&](const MappedLun& m) { return m.index == *index; }) ||
                           std::find(given.begin(), given.end(), *index) != given.end();
        if (taken) {
            return fail(Errc::exists, fmt::format("{} sees a LUN {} already", (*acl)->name, *index),
                        fmt::format("map it under another number: {}=NUMBER", *lun));
        }
        given.push_back(*index);
        detail::map_lun(result.plan, system, (*acl)->path, from->path, *index, request.read_only);
        result.done.push_back(fmt::format("{} sees LUN {} as {}{}", (*acl)->name, *lun, *index,
                                          request.read_only ? ", read only" : ""));
    }
    return result;
}

Result<ObjectResult> plan_acl_unmap(const Tree& tree, const std::string& name,
                                    const std::optional<std::string>& target,
                                    const std::vector<unsigned>& indexes) {
    ObjectResult result;
    const Result<Place> place = place_of(tree, target);
    if (!place) {
        return fail(place.error());
    }
    const Result<const Acl*> acl = acl_of(*place, name);
    if (!acl) {
        return fail(acl.error());
    }
    for (const unsigned index : indexes) {
        const auto found = std::find_if((*acl)->luns.begin(), (*acl)->luns.end(),
                                        [&](const MappedLun& m) { return m.index == index; });
        if (found == (*acl)->luns.end()) {
            return fail(Errc::not_found, fmt::format("{} sees no LUN {}", (*acl)->name, index),
                        "see 'srptctl acl list'");
        }
        detail::unmap_lun(result.plan, tree, *place->tpg, *found);
        result.done.push_back(fmt::format("{} no longer sees LUN {}", (*acl)->name, index));
    }
    result.targets.push_back(place->target->name);
    return result;
}

} // namespace srpt
