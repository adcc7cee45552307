// SPDX-License-Identifier: GPL-2.0
#include "model.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

namespace srpt {

namespace {

struct Plugin {
    std::string_view dir;
    std::string_view name;
};

constexpr std::array kPlugins = {
    Plugin{"iblock", "block"}, Plugin{"fileio", "fileio"}, Plugin{"rd_mcp", "ramdisk"},
    Plugin{"pscsi", "pscsi"},  Plugin{"user", "user"},
};

template <class T>
std::optional<T> parse_number(std::string_view text) {
    T value = 0;
    const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), value);

    if (err != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

std::optional<unsigned> number(std::string_view text) {
    return parse_number<unsigned>(text);
}

std::optional<uint64_t> number64(std::string_view text) {
    return parse_number<uint64_t>(text);
}

// "lun_3" with prefix "lun_" is 3.
std::optional<unsigned> numbered(std::string_view name, std::string_view prefix) {
    if (!name.starts_with(prefix)) {
        return std::nullopt;
    }
    return number(name.substr(prefix.size()));
}

// The word behind "Key:" in an info file.
std::string word_after(std::string_view text, std::string_view key) {
    size_t at = text.find(key);

    // "Size:" is not what "SectorSize:" ends with.
    while (at != std::string_view::npos && at > 0 && text[at - 1] != ' ' && text[at - 1] != '\n') {
        at = text.find(key, at + 1);
    }
    if (at == std::string_view::npos) {
        return {};
    }
    text.remove_prefix(at + key.size());
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return std::string(text.substr(0, text.find_first_of(" \t\n")));
}

// The first link in a directory: LUNs and mapped LUNs hold one, of any name.
std::string link_in(const FileSystem& fs, const std::string& dir) {
    for (const std::string& name : fs.list_or_empty(dir)) {
        std::string path = fmt::format("{}/{}", dir, name);
        if (fs.kind(path) == FileSystem::Kind::link) {
            return path;
        }
    }
    return {};
}

std::string follow(const FileSystem& fs, const std::string& link) {
    if (link.empty()) {
        return {};
    }
    Result<std::string> target = fs.resolve(link);
    return target ? std::move(*target) : std::string{};
}

bool is_true(std::string_view text) {
    return !text.empty() && (text[0] == '1' || text[0] == 'Y' || text[0] == 'y');
}

void read_backstore_info(const FileSystem& fs, Backstore& store) {
    const std::string info = fs.read_or(store.path + "/info");

    store.enabled = is_true(fs.read_or(store.path + "/enable", "1"));
    store.device = fs.read_or(store.path + "/udev_path");
    store.write_back = is_true(fs.read_or(store.path + "/attrib/emulate_write_cache"));
    store.model_alias = is_true(fs.read_or(store.path + "/attrib/emulate_model_alias"));
    store.read_only = word_after(info, "readonly:") == "1";
    store.nullio = word_after(info, "nullio:") == "1";
    store.async = word_after(info, "Async:") == "1";
    const std::string serial = fs.read_or(store.path + "/wwn/vpd_unit_serial");
    const size_t colon = serial.find(": ");
    if (colon != std::string::npos) {
        store.serial = serial.substr(colon + 2);
    }
    if (store.plugin == "block" && !store.device.empty()) {
        const std::string device = base_name(fs.resolve(store.device).value_or(store.device));
        if (const auto sectors = number64(fs.read_or(fmt::format("/sys/class/block/{}/size", device)))) {
            store.bytes = *sectors * 512;
        }
    }
    if (store.plugin == "fileio") {
        if (store.device.empty()) {
            store.device = word_after(info, "File:");
        }
        store.bytes = number64(word_after(info, "Size:"));
    }
    if (store.plugin == "ramdisk") {
        const std::string pages = word_after(info, "PAGES/PAGE_SIZE:");
        const size_t star = pages.find('*');
        if (star != std::string::npos) {
            const auto count = number(std::string_view(pages).substr(0, star));
            const auto size = number(std::string_view(pages).substr(star + 1));
            if (count && size) {
                store.pages = *count;
                store.bytes = static_cast<uint64_t>(*count) * *size;
            }
        }
    }
}

void read_backstores(const FileSystem& fs, Tree& tree) {
    for (const std::string& hba : fs.list_or_empty(tree.core_dir())) {
        for (const Plugin& plugin : kPlugins) {
            const auto index = numbered(hba, fmt::format("{}_", plugin.dir));
            if (!index) {
                continue;
            }
            const std::string dir = fmt::format("{}/{}", tree.core_dir(), hba);
            for (const std::string& name : fs.list_or_empty(dir)) {
                const std::string path = fmt::format("{}/{}", dir, name);
                if (!fs.is_directory(path)) {
                    continue;
                }
                Backstore& store = tree.backstores.emplace_back();
                store.plugin = plugin.name;
                store.hba = hba;
                store.index = *index;
                store.name = name;
                store.path = path;
                read_backstore_info(fs, store);
            }
        }
    }
}

// Which LUNs of all fabrics lead to the back ends: one that iSCSI serves too
// must survive our unexport.
void read_users(const FileSystem& fs, Tree& tree) {
    for (const std::string& fabric : fs.list_or_empty(tree.target_dir())) {
        const std::string fabric_dir = fmt::format("{}/{}", tree.target_dir(), fabric);
        if (fabric == "core" || !fs.is_directory(fabric_dir)) {
            continue;
        }
        for (const std::string& wwn : fs.list_or_empty(fabric_dir)) {
            const std::string wwn_dir = fmt::format("{}/{}", fabric_dir, wwn);
            if (wwn == "discovery_auth" || !fs.is_directory(wwn_dir)) {
                continue;
            }
            for (const std::string& tpg : fs.list_or_empty(wwn_dir)) {
                const std::string luns = fmt::format("{}/{}/lun", wwn_dir, tpg);
                for (const std::string& lun : fs.list_or_empty(luns)) {
                    const std::string dir = fmt::format("{}/{}", luns, lun);
                    const std::string to = follow(fs, link_in(fs, dir));
                    for (Backstore& store : tree.backstores) {
                        if (!to.empty() && store.path == to) {
                            store.users.push_back(dir);
                        }
                    }
                }
            }
        }
    }
}

MappedLun read_mapped_lun(const FileSystem& fs, const std::string& path, unsigned index) {
    MappedLun mapped;

    mapped.index = index;
    mapped.path = path;
    mapped.link = link_in(fs, path);
    mapped.lun = numbered(base_name(follow(fs, mapped.link)), "lun_");
    mapped.write_protect = is_true(fs.read_or(path + "/write_protect"));
    return mapped;
}

Acl read_acl(const FileSystem& fs, const std::string& path) {
    Acl acl;

    acl.name = base_name(path);
    acl.path = path;
    acl.ident = Ident::parse(acl.name);
    acl.tag = fs.read_or(path + "/tag");
    acl.info = fs.read_or(path + "/info");
    for (const std::string& name : fs.list_or_empty(path)) {
        if (const auto index = numbered(name, "lun_")) {
            acl.luns.push_back(read_mapped_lun(fs, fmt::format("{}/{}", path, name), *index));
        }
    }
    std::sort(acl.luns.begin(), acl.luns.end(),
              [](const MappedLun& a, const MappedLun& b) { return a.index < b.index; });
    return acl;
}

Tpg read_tpg(const FileSystem& fs, const std::string& path, unsigned tag) {
    Tpg tpg;

    tpg.tag = tag;
    tpg.path = path;
    tpg.enabled = is_true(fs.read_or(path + "/enable"));
    for (const std::string& name : fs.list_or_empty(path + "/attrib")) {
        tpg.attributes[name] = fs.read_or(fmt::format("{}/attrib/{}", path, name));
    }
    for (const std::string& name : fs.list_or_empty(path + "/lun")) {
        const auto index = numbered(name, "lun_");
        if (!index) {
            continue;
        }
        Lun& lun = tpg.luns.emplace_back();
        lun.index = *index;
        lun.path = fmt::format("{}/lun/{}", path, name);
        lun.link = link_in(fs, lun.path);
        lun.backstore_path = follow(fs, lun.link);
    }
    std::sort(tpg.luns.begin(), tpg.luns.end(), [](const Lun& a, const Lun& b) { return a.index < b.index; });
    for (const std::string& name : fs.list_or_empty(path + "/acls")) {
        const std::string dir = fmt::format("{}/acls/{}", path, name);
        if (fs.is_directory(dir)) {
            tpg.acls.push_back(read_acl(fs, dir));
        }
    }
    return tpg;
}

void read_targets(const FileSystem& fs, Tree& tree) {
    for (const std::string& name : fs.list_or_empty(tree.fabric_dir())) {
        const std::string path = fmt::format("{}/{}", tree.fabric_dir(), name);
        if (name == "discovery_auth" || !fs.is_directory(path)) {
            continue;
        }
        Target& target = tree.targets.emplace_back();
        target.name = name;
        target.path = path;
        target.ident = parse_target_name(name);
        for (const std::string& entry : fs.list_or_empty(path)) {
            if (const auto tag = numbered(entry, "tpgt_")) {
                target.tpgs.push_back(read_tpg(fs, fmt::format("{}/{}", path, entry), *tag));
            }
        }
    }
}

} // namespace

const Lun* Tpg::lun(unsigned index) const {
    for (const Lun& lun : luns) {
        if (lun.index == index) {
            return &lun;
        }
    }
    return nullptr;
}

const Acl* Tpg::acl(const Ident& ident) const {
    for (const Acl& acl : acls) {
        if (acl.ident && *acl.ident == ident) {
            return &acl;
        }
    }
    return nullptr;
}

bool Tpg::admits_anyone() const {
    const auto it = attributes.find("generate_node_acls");

    return it != attributes.end() && is_true(it->second);
}

const Backstore* Tree::backstore_at(std::string_view path) const {
    for (const Backstore& store : backstores) {
        if (store.path == path) {
            return &store;
        }
    }
    return nullptr;
}

std::vector<const Backstore*> Tree::find_backstores(std::string_view what) const {
    std::vector<const Backstore*> found;

    for (const Backstore& store : backstores) {
        if (store.name == what || (!store.device.empty() && store.device == what) ||
            fmt::format("{}/{}", store.plugin, store.name) == what) {
            found.push_back(&store);
        }
    }
    return found;
}

const Target* Tree::find_target(std::string_view name) const {
    const std::optional<Ident> wanted = parse_target_name(name);

    for (const Target& target : targets) {
        if (target.name == name || (wanted && target.ident && *target.ident == *wanted)) {
            return &target;
        }
    }
    return nullptr;
}

Result<Tree> read_tree(const FileSystem& fs, std::string root) {
    Tree tree;

    tree.root = std::move(root);
    const Result<std::vector<std::string>> top = fs.list(tree.root);
    if (!top && errc_of_errno(top.error().err) == Errc::permission) {
        return fail(Error(top.error()).with_hint("run srptctl as root"));
    }
    tree.core = fs.is_directory(tree.core_dir());
    // An unmounted mount point is an empty directory; configfs never is empty
    // once a module that uses it is loaded.
    tree.configfs = tree.core || (top && !top->empty());
    tree.fabric = fs.is_directory(tree.fabric_dir());
    if (tree.core) {
        read_backstores(fs, tree);
        read_users(fs, tree);
    }
    if (tree.fabric) {
        read_targets(fs, tree);
        const std::string port = fs.read_or(tree.fabric_dir() + "/discovery_auth/rdma_cm_port");
        tree.rdma_cm_port = number(port);
    }
    return tree;
}

std::string targetcli_name(std::string_view configfs_name) {
    if (configfs_name.starts_with("0x")) {
        return fmt::format("ib.{}", configfs_name.substr(2));
    }
    return std::string(configfs_name);
}

std::optional<Ident> parse_target_name(std::string_view name) {
    return Ident::parse(name);
}

} // namespace srpt
