// SPDX-License-Identifier: GPL-2.0
// Node ACLs and the LUNs mapped to them.
#include "config_internal.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace srpt {

namespace detail {

Result<const Tpg*> only_tpg(const Target& target) {
    if (target.tpgs.empty()) {
        return fail(Errc::not_found,
                    fmt::format("target {} has no portal group", targetcli_name(target.name)),
                    "it was left half made; remove it: srptctl unexport " + target.name);
    }
    return &target.tpgs.front();
}

void map_lun(Plan& plan, System& system, const std::string& acl_path, const std::string& lun_path,
             unsigned index, bool read_only) {
    const std::string dir = fmt::format("{}/lun_{}", acl_path, index);

    plan.mkdir(dir);
    plan.symlink(lun_path, fmt::format("{}/{}", dir, system.random_hex(10)));
    // The kernel's default is 0; said in any case, as targetcli does.
    plan.write(dir + "/write_protect", read_only ? "1" : "0");
}

void unmap_lun(Plan& plan, const Tree& /*tree*/, const Tpg& tpg, const MappedLun& mapped) {
    if (!mapped.link.empty() && mapped.lun) {
        const Lun* lun = tpg.lun(*mapped.lun);
        const std::string to =
            lun != nullptr ? lun->path : fmt::format("{}/lun/lun_{}", tpg.path, *mapped.lun);
        plan.unlink(mapped.link, to, {{mapped.path + "/write_protect", mapped.write_protect ? "1" : "0"}});
    } else if (!mapped.link.empty()) {
        plan.unlink(mapped.link, {});
    }
    plan.rmdir(mapped.path);
}

void remove_acl(Plan& plan, const Tree& tree, const Tpg& tpg, const Acl& acl) {
    Plan::Restore restore;

    for (const MappedLun& mapped : acl.luns) {
        unmap_lun(plan, tree, tpg, mapped);
    }
    if (!acl.tag.empty() && acl.tag != "NULL") {
        restore.emplace_back(acl.path + "/tag", acl.tag);
    }
    plan.rmdir(acl.path, std::move(restore));
}

Result<Ident> parse_acl_name(const std::string& text, bool stock) {
    const std::optional<Ident> ident = Ident::parse(text);

    if (!ident) {
        return fail(
            Errc::usage, fmt::format("'{}' is no name of an initiator", text),
            "write the 32 digits that the log and 'srptctl acl pending' show, a GID, a port GUID or an IP "
            "address");
    }
    if (stock && ident->kind() == Ident::Kind::wild_ext) {
        return fail(Errc::unsupported,
                    fmt::format("the kernel's own ib_srpt knows no wildcards like '{}'", text),
                    "name the initiator in full");
    }
    return *ident;
}

void note_name(const Ident& ident, std::vector<std::string>& notes) {
    if (!ident.has_hex_form()) {
        notes.push_back(
            fmt::format("targetcli reads only names of 32 digits and stops with an error at '{}', a {}",
                        ident.text(), ident_kind_name(ident.kind())));
    }
}

} // namespace detail

Result<const Target*> choose_target(const Tree& tree, const std::optional<std::string>& name) {
    std::vector<std::string> names;

    for (const Target& target : tree.targets) {
        names.push_back(targetcli_name(target.name));
    }
    if (name) {
        const Target* target = tree.find_target(*name);
        if (target != nullptr) {
            return target;
        }
        return fail(Errc::not_found, fmt::format("there is no target {}", *name),
                    names.empty() ? "make one: srptctl export DEVICE"
                                  : fmt::format("targets here: {}", fmt::join(names, ", ")));
    }
    if (tree.targets.size() == 1) {
        return &tree.targets.front();
    }
    if (tree.targets.empty()) {
        return fail(Errc::not_found, "there is no target yet", "make one: srptctl export DEVICE");
    }
    return fail(Errc::usage, "there are several targets",
                fmt::format("say which with --target: {}", fmt::join(names, ", ")));
}

Result<AclResult> plan_acl(System& system, const Tree& tree, bool stock, const AclRequest& request) {
    AclResult result;
    const Result<const Target*> target = choose_target(tree, request.target);
    if (!target) {
        return fail(target.error());
    }
    const Result<const Tpg*> tpg = detail::only_tpg(**target);
    if (!tpg) {
        return fail(tpg.error());
    }
    const Result<Ident> ident = detail::parse_acl_name(request.name, stock);
    if (!ident) {
        return fail(ident.error());
    }

    const Acl* acl = (*tpg)->acl(*ident);
    result.target = (*target)->name;
    result.tpg = (*tpg)->tag;
    result.name = acl != nullptr ? acl->name : ident->acl_name(stock);
    result.path = fmt::format("{}/acls/{}", (*tpg)->path, result.name);
    if (acl != nullptr && request.must_be_new) {
        Error error = make_error(Errc::exists, fmt::format("{} has an ACL already", ident->text()),
                                 fmt::format("to map more LUNs to it: srptctl acl allow {}", ident->text()));
        error.path = acl->path;
        return fail(std::move(error));
    }
    if (acl == nullptr) {
        result.plan.mkdir(result.path);
        result.created = true;
        detail::note_name(*ident, result.notes);
    }
    if (request.no_luns) {
        return result;
    }

    std::vector<unsigned> wanted = request.luns;
    if (wanted.empty()) {
        for (const Lun& lun : (*tpg)->luns) {
            wanted.push_back(lun.index);
        }
    }
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    for (const unsigned index : wanted) {
        const Lun* lun = (*tpg)->lun(index);
        if (lun == nullptr) {
            return fail(Errc::not_found,
                        fmt::format("target {} has no LUN {}", targetcli_name((*target)->name), index),
                        "see 'srptctl status'");
        }
        const auto mapped_as = [index](const MappedLun& m) { return m.index == index; };
        if (acl != nullptr && std::any_of(acl->luns.begin(), acl->luns.end(), mapped_as)) {
            continue;
        }
        detail::map_lun(result.plan, system, result.path, lun->path, index, request.read_only);
        result.mapped.push_back(index);
    }
    if (wanted.empty()) {
        result.notes.emplace_back("the target has no LUN yet, so none is mapped");
    }
    return result;
}

Result<AclResult> plan_acl_delete(const Tree& tree, const std::string& name,
                                  const std::optional<std::string>& target_name) {
    const std::optional<Ident> ident = Ident::parse(name);
    std::vector<std::pair<const Target*, const Acl*>> found;

    if (target_name) {
        const Result<const Target*> target = choose_target(tree, target_name);
        if (!target) {
            return fail(target.error());
        }
    }
    for (const Target& target : tree.targets) {
        if (target_name && tree.find_target(*target_name) != &target) {
            continue;
        }
        for (const Tpg& tpg : target.tpgs) {
            for (const Acl& acl : tpg.acls) {
                // An ACL whose name means nothing can still be deleted by it.
                if (acl.name == name || (ident && acl.ident && *acl.ident == *ident)) {
                    found.emplace_back(&target, &acl);
                }
            }
        }
    }
    if (found.empty()) {
        return fail(Errc::not_found, fmt::format("there is no ACL {}", name), "see 'srptctl acl list'");
    }
    // With the kernel's own module one initiator may have several; the letters
    // say which is meant.
    if (std::any_of(found.begin(), found.end(), [&](const auto& f) { return f.second->name == name; })) {
        std::erase_if(found, [&](const auto& f) { return f.second->name != name; });
    }
    if (found.size() > 1) {
        return fail(Errc::usage, fmt::format("several targets have an ACL {}", name),
                    "say which with --target");
    }

    const auto& [target, acl] = found.front();
    AclResult result;
    for (const Tpg& tpg : target->tpgs) {
        if (acl->path.starts_with(tpg.path + "/")) {
            result.tpg = tpg.tag;
            detail::remove_acl(result.plan, tree, tpg, *acl);
        }
    }
    result.target = target->name;
    result.name = acl->name;
    result.path = acl->path;
    for (const MappedLun& mapped : acl->luns) {
        result.mapped.push_back(mapped.index);
    }
    return result;
}

} // namespace srpt
