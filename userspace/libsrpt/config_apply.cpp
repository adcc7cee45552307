// SPDX-License-Identifier: GPL-2.0
// From what runs to what is wanted, by the shortest way.
//
// Removals come first, since what is new may need their names, numbers and
// devices; then back ends, targets, LUNs, ACLs; portal groups are enabled last.
// What is as it should be is not touched, so its sessions notice nothing.
#include "config_internal.hpp"
#include "saveconfig.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

namespace srpt {

namespace {

std::string mapped_label(unsigned index, const std::string& acl) {
    return fmt::format("mapped LUN {} of {}", index, acl);
}

// "Y" and "1" mean the same to the kernel.
bool same_value(std::string_view a, std::string_view b) {
    const auto plain = [](std::string_view text) {
        return text == "Y" || text == "y" ? std::string_view("1")
                                          : (text == "N" || text == "n" ? std::string_view("0") : text);
    };
    return plain(a) == plain(b);
}

class Applier {
  public:
    Applier(const FileSystem& fs, System& system, const Tree& tree, bool stock, const SavedConfig& wanted)
        : fs_(fs), system_(system), tree_(tree), stock_(stock), wanted_(wanted), hbas_(fs, tree) {}

    Result<ApplyResult> plan();

  private:
    struct Store {
        const Backstore* now = nullptr;
        StoreSpec spec;
        bool fresh = false; // new, or to be made anew
        std::string path;
    };

    const Target* target_now(const SavedTarget& wanted) const { return tree_.find_target(wanted.name); }
    const SavedTarget* target_wanted(const Target& now) const;
    Store* store(std::string_view plugin, std::string_view name);
    std::optional<std::string> must_replace(const Backstore& now, const StoreSpec& spec);
    Status stores();
    // Do LUNs of ours and wanted LUNs agree on what they lead to?
    bool keeps_lun(const SavedTpg* wanted, const Lun& lun);
    bool keeps_mapped(const SavedTpg& tpg, const SavedAcl& acl, const MappedLun& mapped, const Tpg& now);
    void remove_from(const Target& target, const Tpg& tpg, const SavedTpg* wanted);
    Status removals();
    Status add_stores();
    Status add_targets();
    void add_luns(const std::string& label, const std::string& path, const Tpg* now, const SavedTpg& tpg);
    void add_acls(const std::string& label, const std::string& path, const Tpg* now, const SavedTpg& tpg);
    void listener();

    void change(Change::Kind kind, std::string what, std::string from = {}, std::string to = {}) {
        result_.changes.push_back({kind, std::move(what), std::move(from), std::move(to)});
    }
    // Writes those that differ; `fresh` when there is nothing to compare with.
    void settings(const std::string& what, const std::string& dir,
                  const std::map<std::string, std::string>& wanted, bool fresh);
    void disturbs(const Target& target) {
        if (std::find(result_.targets.begin(), result_.targets.end(), target.name) == result_.targets.end()) {
            result_.targets.push_back(target.name);
        }
    }
    std::string link_name(const std::string& alias) { return alias.empty() ? system_.random_hex(10) : alias; }

    const FileSystem& fs_;
    System& system_;
    const Tree& tree_;
    const bool stock_;
    const SavedConfig& wanted_;
    HbaNumbers hbas_;
    ApplyResult result_;
    std::vector<Store> stores_;
};

const SavedTarget* Applier::target_wanted(const Target& now) const {
    for (const SavedTarget& target : wanted_.targets) {
        if (tree_.find_target(target.name) == &now) {
            return &target;
        }
    }
    return nullptr;
}

Applier::Store* Applier::store(std::string_view plugin, std::string_view name) {
    for (Store& store : stores_) {
        if (store.spec.plugin == plugin && store.spec.name == name) {
            return &store;
        }
    }
    return nullptr;
}

// What cannot be changed while it exists, in words.
std::optional<std::string> Applier::must_replace(const Backstore& now, const StoreSpec& spec) {
    if (!now.enabled) {
        return "was left half made";
    }
    if (now.device != spec.device && spec.plugin != "ramdisk") {
        return fmt::format("device {} -> {}", now.device, spec.device);
    }
    if (spec.plugin == "ramdisk" && now.pages) {
        // Rounded up here, to the nearest page by targetcli; the file has what
        // was made, so only a real difference counts.
        const uint64_t page = system_.page_size();
        if ((spec.bytes + page - 1) / page != *now.pages) {
            return fmt::format("size {} -> {}", *now.pages * page, spec.bytes);
        }
    }
    if (spec.plugin == "fileio" && now.bytes && spec.bytes != 0 && *now.bytes != spec.bytes &&
        !fs_.is_directory("/sys/class/block/" + base_name(fs_.resolve(now.device).value_or(now.device)))) {
        return fmt::format("size {} -> {}", *now.bytes, spec.bytes);
    }
    if (spec.plugin == "block" && now.read_only != spec.read_only) {
        return fmt::format("readonly {:d} -> {:d}", now.read_only, spec.read_only);
    }
    if (spec.plugin == "ramdisk" && now.nullio != spec.nullio) {
        return fmt::format("nullio {:d} -> {:d}", now.nullio, spec.nullio);
    }
    if (spec.plugin == "fileio" && now.async != spec.async) {
        return fmt::format("aio {:d} -> {:d}", now.async, spec.async);
    }
    // The kernel fixes the serial number as long as a LUN leads to it.
    if (spec.plugin != "pscsi" && !spec.serial.empty() && now.serial != spec.serial && !now.users.empty()) {
        return fmt::format("serial {} -> {}", now.serial, spec.serial);
    }
    return std::nullopt;
}

Status Applier::stores() {
    for (const StoreSpec& spec : wanted_.stores) {
        Store& store = stores_.emplace_back();
        store.spec = spec;
        for (const Backstore& now : tree_.backstores) {
            if (now.plugin == spec.plugin && now.name == spec.name) {
                store.now = &now;
                store.path = now.path;
            }
        }
        if (store.now == nullptr) {
            store.fresh = true;
            change(Change::Kind::add, "back end " + spec.label(), {}, spec.device);
            continue;
        }
        const std::optional<std::string> why = must_replace(*store.now, spec);
        if (!why) {
            continue;
        }
        for (const std::string& user : store.now->users) {
            if (!user.starts_with(tree_.fabric_dir() + "/")) {
                Error error = make_error(
                    Errc::exists, fmt::format("back end {} cannot be made anew ({})", spec.label(), *why),
                    "a LUN of another fabric leads to it; take that away first");
                error.path = user;
                return fail(std::move(error));
            }
        }
        store.fresh = true;
        change(Change::Kind::replace, "back end " + spec.label(), {}, *why);
    }
    return {};
}

bool Applier::keeps_lun(const SavedTpg* wanted, const Lun& lun) {
    const Backstore* now = tree_.backstore_at(lun.backstore_path);

    if (wanted == nullptr || now == nullptr) {
        return false;
    }
    for (const SavedLun& saved : wanted->luns) {
        if (saved.index == lun.index && saved.plugin == now->plugin && saved.store == now->name) {
            const Store* to = store(saved.plugin, saved.store);
            return to == nullptr || !to->fresh;
        }
    }
    return false;
}

bool Applier::keeps_mapped(const SavedTpg& tpg, const SavedAcl& acl, const MappedLun& mapped,
                           const Tpg& now) {
    const Lun* lun = mapped.lun ? now.lun(*mapped.lun) : nullptr;

    return lun != nullptr && keeps_lun(&tpg, *lun) &&
           std::any_of(acl.luns.begin(), acl.luns.end(),
                       [&](const SavedMapped& m) { return m.index == mapped.index && m.lun == *mapped.lun; });
}

const SavedAcl* wanted_acl(const SavedTpg* tpg, const Acl& acl) {
    if (tpg != nullptr && acl.ident) {
        for (const SavedAcl& saved : tpg->acls) {
            if (saved.ident && *saved.ident == *acl.ident) {
                return &saved;
            }
        }
    }
    return nullptr;
}

void Applier::remove_from(const Target& target, const Tpg& tpg, const SavedTpg* wanted) {
    const std::string label = targetcli_name(target.name);

    if (tpg.enabled && (wanted == nullptr || !wanted->enabled)) {
        result_.plan.write(tpg.path + "/enable", "0", "1");
        disturbs(target);
        if (wanted != nullptr) {
            change(Change::Kind::set, fmt::format("{} enable", label), "1", "0");
        }
    }
    for (const Acl& acl : tpg.acls) {
        const SavedAcl* saved = wanted_acl(wanted, acl);
        if (saved == nullptr) {
            detail::remove_acl(result_.plan, tree_, tpg, acl);
            change(Change::Kind::remove, fmt::format("ACL {} of {}", acl.name, label));
            disturbs(target);
            continue;
        }
        for (const MappedLun& mapped : acl.luns) {
            if (!keeps_mapped(*wanted, *saved, mapped, tpg)) {
                detail::unmap_lun(result_.plan, tree_, tpg, mapped);
                change(Change::Kind::remove, mapped_label(mapped.index, acl.name));
                disturbs(target);
            }
        }
    }
    for (const Lun& lun : tpg.luns) {
        if (!keeps_lun(wanted, lun)) {
            detail::remove_lun(result_.plan, lun);
            change(Change::Kind::remove, fmt::format("LUN {} of {}", lun.index, label));
            disturbs(target);
        }
    }
    if (wanted == nullptr) {
        detail::remove_tpg(result_.plan, tpg);
    }
}

Status Applier::removals() {
    for (const Target& target : tree_.targets) {
        const SavedTarget* saved = target_wanted(target);
        for (const Tpg& tpg : target.tpgs) {
            const SavedTpg* wanted = nullptr;
            for (size_t i = 0; saved != nullptr && i < saved->tpgs.size(); i++) {
                wanted = saved->tpgs[i].tag == tpg.tag ? &saved->tpgs[i] : wanted;
            }
            remove_from(target, tpg, wanted);
        }
        if (saved == nullptr) {
            result_.plan.rmdir(target.path);
            change(Change::Kind::remove, "target " + targetcli_name(target.name));
        }
    }
    for (const Backstore& now : tree_.backstores) {
        const Store* saved = store(now.plugin, now.name);
        if (!plugin_directory(now.plugin) || (saved != nullptr && !saved->fresh)) {
            continue;
        }
        if (saved == nullptr) {
            const bool elsewhere =
                std::any_of(now.users.begin(), now.users.end(), [&](const std::string& user) {
                    return !user.starts_with(tree_.fabric_dir() + "/");
                });
            if (elsewhere) {
                result_.notes.push_back(
                    fmt::format("back end {}/{} stays: another fabric uses it", now.plugin, now.name));
                continue;
            }
            change(Change::Kind::remove, fmt::format("back end {}/{}", now.plugin, now.name));
        }
        detail::remove_store(result_.plan, tree_, now);
    }
    return {};
}

void Applier::settings(const std::string& what, const std::string& dir,
                       const std::map<std::string, std::string>& wanted, bool fresh) {
    for (const auto& [name, value] : wanted) {
        const std::string path = fmt::format("{}/{}", dir, name);
        if (fresh) {
            result_.plan.write_optional(path, value);
            continue;
        }
        const Result<std::string> now = fs_.read(path);
        if (!now) {
            result_.notes.push_back(
                fmt::format("{} has no {} with this kernel; the file says {}", what, name, value));
        } else if (!same_value(*now, value)) {
            result_.plan.write_setting(path, value, *now);
            change(Change::Kind::set, fmt::format("{} {}", what, name), *now, value);
        }
    }
}

Status Applier::add_stores() {
    bool first = true;

    for (Store& store : stores_) {
        StoreSpec& spec = store.spec;
        if (!store.fresh) {
            std::map<std::string, std::string> attributes = spec.attributes;
            if (spec.plugin == "fileio") {
                attributes.emplace("emulate_write_cache", spec.write_back ? "1" : "0");
            }
            settings("back end " + spec.label(), store.path + "/attrib", attributes, false);
            if (!spec.serial.empty() && spec.plugin != "pscsi" && spec.serial != store.now->serial) {
                result_.plan.write(store.path + "/wwn/vpd_unit_serial", spec.serial, store.now->serial);
                change(Change::Kind::set, fmt::format("back end {} serial", spec.label()), store.now->serial,
                       spec.serial);
            }
            continue;
        }
        // The device of one that is made anew is in use by the old one until
        // then, so only a new device can be asked whether it is free.
        if (store.now == nullptr || store.now->device != spec.device || spec.plugin == "pscsi") {
            const bool moved =
                std::any_of(tree_.backstores.begin(), tree_.backstores.end(), [&](const Backstore& now) {
                    return now.device == spec.device && spec.plugin == "block" && now.plugin == "block" &&
                           this->store(now.plugin, now.name) == nullptr;
                });
            Status there = check_store_device(fs_, system_, spec);
            if (!there && !(moved && there.error().code == Errc::exists)) {
                there.error().message = fmt::format("back end {}: {}", spec.label(), there.error().message);
                return there;
            }
        } else if (spec.plugin == "fileio" || spec.plugin == "block") {
            if (const Result<Backing> backing = system_.probe(spec.device)) {
                spec.on_block = backing->kind == Backing::Kind::block;
            }
        }
        if (first) {
            detail::prepare_dbroot(result_.plan, fs_, tree_);
            first = false;
        }
        store.path = detail::store_path(tree_, spec, hbas_.next());
        detail::create_store(result_.plan, system_, store.path, spec);
    }
    return {};
}

void Applier::add_luns(const std::string& label, const std::string& path, const Tpg* now,
                       const SavedTpg& tpg) {
    for (const SavedLun& lun : tpg.luns) {
        const Lun* old = now != nullptr ? now->lun(lun.index) : nullptr;
        const std::string dir = fmt::format("{}/lun/lun_{}", path, lun.index);
        if (old != nullptr && keeps_lun(&tpg, *old)) {
            continue;
        }
        std::string to;
        if (const Store* store = this->store(lun.plugin, lun.store)) {
            to = store->path;
        } else {
            const std::vector<const Backstore*> found =
                tree_.find_backstores(fmt::format("{}/{}", lun.plugin, lun.store));
            to = found.empty() ? std::string{} : found.front()->path;
        }
        if (to.empty()) {
            result_.notes.push_back(fmt::format("LUN {} of {} is left out: {}/{} is made by targetcli only",
                                                lun.index, label, lun.plugin, lun.store));
            continue;
        }
        result_.plan.mkdir(dir);
        result_.plan.symlink(to, fmt::format("{}/{}", dir, link_name(lun.alias)));
        if (!lun.alua_group.empty() && lun.alua_group != "default_tg_pt_gp") {
            result_.plan.write_optional(dir + "/alua_tg_pt_gp", lun.alua_group);
        }
        change(Change::Kind::add, fmt::format("LUN {} of {}", lun.index, label), {},
               fmt::format("{}/{}", lun.plugin, lun.store));
    }
}

void Applier::add_acls(const std::string& label, const std::string& path, const Tpg* now,
                       const SavedTpg& tpg) {
    for (const SavedAcl& acl : tpg.acls) {
        const Acl* old = now != nullptr && acl.ident ? now->acl(*acl.ident) : nullptr;
        const std::string dir = old != nullptr ? old->path : fmt::format("{}/acls/{}", path, acl.name);
        if (old == nullptr) {
            result_.plan.mkdir(dir);
            change(Change::Kind::add, fmt::format("ACL {} of {}", acl.name, label));
        }
        settings("ACL " + acl.name, dir + "/attrib", acl.attributes, old == nullptr);
        if (!acl.tag.empty() && (old == nullptr || old->tag != acl.tag)) {
            result_.plan.write_optional(dir + "/tag", acl.tag);
            if (old != nullptr) {
                change(Change::Kind::set, fmt::format("ACL {} tag", acl.name), old->tag, acl.tag);
            }
        }
        for (const SavedMapped& mapped : acl.luns) {
            const MappedLun* kept = nullptr;
            for (size_t i = 0; old != nullptr && i < old->luns.size(); i++) {
                const MappedLun& m = old->luns[i];
                kept = m.index == mapped.index && keeps_mapped(tpg, acl, m, *now) ? &m : kept;
            }
            const std::string map = fmt::format("{}/lun_{}", dir, mapped.index);
            const std::string protect = mapped.write_protect ? "1" : "0";
            if (kept != nullptr) {
                if (kept->write_protect != mapped.write_protect) {
                    result_.plan.write(map + "/write_protect", protect, kept->write_protect ? "1" : "0");
                    change(Change::Kind::set, mapped_label(mapped.index, acl.name) + " write_protect",
                           kept->write_protect ? "1" : "0", protect);
                }
                continue;
            }
            result_.plan.mkdir(map);
            result_.plan.symlink(fmt::format("{}/lun/lun_{}", path, mapped.lun),
                                 fmt::format("{}/{}", map, link_name(mapped.alias)));
            result_.plan.write(map + "/write_protect", protect);
            change(Change::Kind::add, mapped_label(mapped.index, acl.name), {},
                   fmt::format("LUN {}{}", mapped.lun, mapped.write_protect ? ", read only" : ""));
        }
    }
}

Status Applier::add_targets() {
    Plan enable;

    for (const SavedTarget& target : wanted_.targets) {
        const Target* now = target_now(target);
        const std::string label = targetcli_name(target.name);
        const std::string dir =
            now != nullptr ? now->path : fmt::format("{}/{}", tree_.fabric_dir(), target.name);
        if (now == nullptr) {
            result_.plan.mkdir(dir);
            change(Change::Kind::add, "target " + label);
        }
        settings(label, dir + "/param", target.parameters, now == nullptr);
        for (const SavedTpg& tpg : target.tpgs) {
            const Tpg* old = nullptr;
            for (size_t i = 0; now != nullptr && i < now->tpgs.size(); i++) {
                old = now->tpgs[i].tag == tpg.tag ? &now->tpgs[i] : old;
            }
            const std::string path = fmt::format("{}/tpgt_{}", dir, tpg.tag);
            if (old == nullptr) {
                result_.plan.mkdir(path);
            }
            settings(label, path + "/attrib", tpg.attributes, old == nullptr);
            settings(label, path + "/param", tpg.parameters, old == nullptr);
            for (const SavedAcl& acl : tpg.acls) {
                if (stock_ && acl.ident && acl.ident->kind() == Ident::Kind::wild_ext) {
                    return fail(
                        Errc::unsupported,
                        fmt::format("the kernel's own ib_srpt knows no wildcards like '{}'", acl.name));
                }
            }
            add_luns(label, path, old, tpg);
            add_acls(label, path, old, tpg);
            if (tpg.enabled && (old == nullptr || !old->enabled)) {
                enable.write(path + "/enable", "1", "0");
                if (old != nullptr) {
                    change(Change::Kind::set, label + " enable", "0", "1");
                }
            }
        }
    }
    listener();
    result_.plan.append(enable);
    return {};
}

void Applier::listener() {
    const unsigned now = tree_.rdma_cm_port.value_or(0);

    if (!wanted_.rdma_cm_port || *wanted_.rdma_cm_port == now) {
        return;
    }
    result_.plan.write(tree_.fabric_dir() + "/discovery_auth/rdma_cm_port",
                       fmt::format("{}", *wanted_.rdma_cm_port), fmt::format("{}", now));
    change(Change::Kind::set, "rdma_cm_port", fmt::format("{}", now),
           fmt::format("{}", *wanted_.rdma_cm_port));
}

Result<ApplyResult> Applier::plan() {
    result_.notes = wanted_.notes;
    for (Status (Applier::*step)() :
         {&Applier::stores, &Applier::removals, &Applier::add_stores, &Applier::add_targets}) {
        if (Status status = (this->*step)(); !status) {
            return fail(std::move(status.error()));
        }
    }
    return std::move(result_);
}

} // namespace

bool ApplyResult::removes() const {
    return std::any_of(changes.begin(), changes.end(), [](const Change& c) {
        return c.kind == Change::Kind::remove || c.kind == Change::Kind::replace;
    });
}

Result<ApplyResult> plan_apply(const FileSystem& fs, System& system, const Tree& tree, bool stock,
                               const SavedConfig& wanted) {
    return Applier(fs, system, tree, stock, wanted).plan();
}

} // namespace srpt
