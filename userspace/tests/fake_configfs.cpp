// SPDX-License-Identifier: GPL-2.0
#include "fake_configfs.hpp"

#include "ident.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <regex>

namespace testing_srpt {

using srpt::base_name;
using srpt::dir_name;
using srpt::errno_error;
using srpt::fail;

FakeConfigfs::FakeConfigfs() {
    reset();
}

void FakeConfigfs::reset() {
    nodes_.clear();
    targets_.clear();
    writes_.clear();
    srpt_loaded_ = false;
    fail_nothing();
    for (const char* dir : {"", "/sys", "/sys/kernel", "/sys/kernel/config"}) {
        add_dir(dir, true);
    }
}

void FakeConfigfs::mount() {
    put_dir("/sys/kernel/config/mounted");
}

void FakeConfigfs::load_core() {
    add_dir(kTarget, true);
    add_file(kTarget + "/dbroot", "/var/target");
    add_dir(kCore, true);
}

void FakeConfigfs::load_srpt(bool ours) {
    srpt_loaded_ = true;
    ours_ = ours;
    put_dir("/sys/module/ib_srpt");
}

void FakeConfigfs::ready(bool ours) {
    mount();
    load_core();
    load_srpt(ours);
    (void)mkdir(kSrpt);
    mutations_ = 0;
    writes_.clear();
}

void FakeConfigfs::put(const std::string& path, const std::string& content) {
    put_dir(dir_name(path));
    add_file(path, content);
}

void FakeConfigfs::put_dir(const std::string& path) {
    for (size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
        if (!has(path.substr(0, slash))) {
            add_dir(path.substr(0, slash), true);
        }
    }
    if (!has(path)) {
        add_dir(path, true);
    }
}

void FakeConfigfs::put_link(const std::string& path, const std::string& target) {
    nodes_[path] = Node{Kind::link, target, false, true};
}

void FakeConfigfs::kill_at(unsigned n) {
    mutations_ = 0;
    kill_at_ = n;
}

void FakeConfigfs::fail_at(unsigned n, int err) {
    mutations_ = 0;
    fail_at_ = n;
    fail_err_ = err;
}

void FakeConfigfs::fail_on(const std::string& part, int err) {
    fail_part_ = part;
    fail_err_ = err;
}

void FakeConfigfs::fail_nothing() {
    fail_at_.reset();
    kill_at_.reset();
    fail_part_.clear();
    mutations_ = 0;
}

std::string FakeConfigfs::snapshot() const {
    std::string text;

    for (const auto& [path, node] : nodes_) {
        text += fmt::format("{} {} {}\n", path, static_cast<int>(node.kind), node.text);
    }
    return text;
}

std::string FakeConfigfs::content(const std::string& path) const {
    const auto it = nodes_.find(path);

    return it == nodes_.end() ? std::string("<absent>") : it->second.text;
}

void FakeConfigfs::add_dir(const std::string& path, bool automatic) {
    nodes_[path] = Node{Kind::directory, "", automatic, true};
}

void FakeConfigfs::add_file(const std::string& path, const std::string& text, bool readable) {
    nodes_[path] = Node{Kind::file, text, true, readable};
}

bool FakeConfigfs::has_user_children(const std::string& path) const {
    return std::any_of(nodes_.begin(), nodes_.end(), [&](const auto& item) {
        return item.first.starts_with(path + "/") && !item.second.automatic;
    });
}

bool FakeConfigfs::is_linked(const std::string& path) const {
    return std::any_of(nodes_.begin(), nodes_.end(), [&](const auto& item) {
        return item.second.kind == Kind::link && item.second.text == path;
    });
}

int FakeConfigfs::injected(const std::string& path) {
    const unsigned n = mutations_++;

    if (kill_at_ && *kill_at_ == n) {
        throw Killed{};
    }
    if (fail_at_ && *fail_at_ == n) {
        return fail_err_;
    }
    if (!fail_part_.empty() && path.find(fail_part_) != std::string::npos) {
        return fail_err_;
    }
    return 0;
}

FakeConfigfs::Kind FakeConfigfs::kind(const std::string& path) const {
    const auto it = nodes_.find(path);

    return it == nodes_.end() ? Kind::none : it->second.kind;
}

srpt::Result<std::vector<std::string>> FakeConfigfs::list(const std::string& path) const {
    std::vector<std::string> names;

    if (kind(path) != Kind::directory) {
        return fail(errno_error(ENOENT, "cannot list the directory", path));
    }
    for (const auto& [name, node] : nodes_) {
        if (dir_name(name) == path && !name.empty()) {
            names.push_back(base_name(name));
        }
    }
    return names;
}

srpt::Result<std::string> FakeConfigfs::read(const std::string& path) const {
    const auto it = nodes_.find(path);

    if (it == nodes_.end()) {
        return fail(errno_error(ENOENT, "cannot read", path));
    }
    if (it->second.kind != Kind::file || !it->second.readable) {
        return fail(errno_error(EACCES, "cannot read", path));
    }
    std::string text = it->second.text;
    while (!text.empty() && text.back() == '\n') {
        text.pop_back();
    }
    return text;
}

srpt::Result<std::string> FakeConfigfs::resolve(const std::string& path) const {
    const auto it = nodes_.find(path);

    if (it == nodes_.end()) {
        return fail(errno_error(ENOENT, "cannot follow the link", path));
    }
    return it->second.kind == Kind::link ? it->second.text : path;
}

void FakeConfigfs::populate_backstore(const std::string& path) {
    add_file(path + "/control", "", false);
    add_file(path + "/enable", "0");
    add_file(path + "/udev_path", "");
    add_file(path + "/info", "Status: DEACTIVATED  Max Queue Depth: 0");
    add_dir(path + "/attrib", true);
    add_file(path + "/attrib/emulate_write_cache", "0");
    add_file(path + "/attrib/emulate_model_alias", "0");
    add_file(path + "/attrib/hw_block_size", "512");
    add_dir(path + "/alua", true);
    add_dir(path + "/alua/default_tg_pt_gp", true);
    add_file(path + "/alua/default_tg_pt_gp/tg_pt_gp_id", "0");
    add_file(path + "/alua/default_tg_pt_gp/alua_access_type", "Implicit and Explicit");
    add_file(path + "/alua/default_tg_pt_gp/alua_access_status", "None");
    add_file(path + "/alua/default_tg_pt_gp/alua_access_state", "0");
    add_dir(path + "/wwn", true);
    add_file(path + "/wwn/vpd_unit_serial", "T10 VPD Unit Serial Number: ");
}

void FakeConfigfs::populate_tpg(const std::string& path) {
    add_file(path + "/enable", "0");
    for (const char* dir : {"attrib", "acls", "lun", "np", "param", "auth"}) {
        add_dir(fmt::format("{}/{}", path, dir), true);
    }
    add_file(path + "/attrib/srp_max_rdma_size", "65536");
    add_file(path + "/attrib/srp_sq_size", "4096");
    add_file(path + "/attrib/use_srq", "0");
    if (ours_) {
        add_file(path + "/attrib/generate_node_acls", "0");
        add_file(path + "/attrib/cache_dynamic_acls", "0");
    }
}

// What the kernel makes when a directory is made, or the errno.
int FakeConfigfs::make(const std::string& path) {
    static const std::regex hba(kCore + "/(iblock|fileio|rd_mcp|pscsi|user)_[0-9]+");
    static const std::regex store(kCore + "/[a-z_]+_[0-9]+/[^/]+");
    static const std::regex alua(kCore + "/[a-z_]+_[0-9]+/[^/]+/alua/[^/]+");
    static const std::regex target(kSrpt + "/[^/]+");
    static const std::regex tpg(kSrpt + "/[^/]+/tpgt_[0-9]+");
    static const std::regex lun(kSrpt + "/[^/]+/tpgt_[0-9]+/lun/lun_[0-9]+");
    static const std::regex acl(kSrpt + "/[^/]+/tpgt_[0-9]+/acls/[^/]+");
    static const std::regex mapped(kSrpt + "/[^/]+/tpgt_[0-9]+/acls/[^/]+/lun_[0-9]+");

    if (path == kSrpt) {
        if (!srpt_loaded_) {
            return EINVAL;
        }
        add_dir(path, false);
        add_dir(path + "/discovery_auth", true);
        add_file(path + "/discovery_auth/rdma_cm_port", "0");
        return 0;
    }
    if (std::regex_match(path, hba)) {
        add_dir(path, false);
        add_file(path + "/hba_info", "HBA Index: 1 plugin: x version: v5.0");
        return 0;
    }
    if (std::regex_match(path, store)) {
        add_dir(path, false);
        populate_backstore(path);
        return 0;
    }
    if (std::regex_match(path, alua)) {
        add_dir(path, false);
        add_file(path + "/tg_pt_gp_id", "");
        add_file(path + "/alua_access_state", "0");
        add_file(path + "/preferred", "0");
        return 0;
    }
    if (std::regex_match(path, target)) {
        if (!targets_.empty() && !targets_.contains(base_name(path))) {
            return EINVAL;
        }
        add_dir(path, false);
        add_dir(path + "/param", true);
        add_file(path + "/param/cmd_completion_affinity", "-1");
        return 0;
    }
    if (std::regex_match(path, tpg)) {
        add_dir(path, false);
        populate_tpg(path);
        return 0;
    }
    if (std::regex_match(path, lun)) {
        add_dir(path, false);
        add_file(path + "/alua_tg_pt_gp", "TG Port Group Name: default_tg_pt_gp\nTG Port Group ID: 0");
        return 0;
    }
    if (std::regex_match(path, acl)) {
        if (ours_ && !srpt::Ident::parse(base_name(path))) {
            return EINVAL;
        }
        add_dir(path, false);
        add_file(path + "/info", "No active iSCSI Session for Initiator Endpoint: x");
        add_file(path + "/cmdsn_depth", "1");
        add_file(path + "/tag", "");
        return 0;
    }
    if (std::regex_match(path, mapped)) {
        add_dir(path, false);
        add_file(path + "/write_protect", "0");
        return 0;
    }
    return EPERM;
}

srpt::Status FakeConfigfs::mkdir(const std::string& path) {
    int err = injected(path);

    if (err == 0 && has(path)) {
        err = EEXIST;
    }
    if (err == 0 && kind(dir_name(path)) != Kind::directory) {
        err = ENOENT;
    }
    if (err == 0) {
        err = make(path);
    }
    if (err != 0) {
        return fail(errno_error(err, "cannot create the directory", path));
    }
    return {};
}

void FakeConfigfs::erase_tree(const std::string& path) {
    std::erase_if(nodes_,
                  [&](const auto& item) { return item.first == path || item.first.starts_with(path + "/"); });
}

srpt::Status FakeConfigfs::rmdir(const std::string& path) {
    int err = injected(path);
    const auto it = nodes_.find(path);

    if (err == 0 && it == nodes_.end()) {
        err = ENOENT;
    }
    if (err == 0 && (it->second.kind != Kind::directory || it->second.automatic)) {
        err = EPERM;
    }
    if (err == 0 && has_user_children(path)) {
        err = ENOTEMPTY;
    }
    if (err == 0 && is_linked(path)) {
        err = EBUSY;
    }
    if (err != 0) {
        return fail(errno_error(err, "cannot remove the directory", path));
    }
    erase_tree(path);
    return {};
}

int FakeConfigfs::enable_backstore(const std::string& path) {
    const std::string store = dir_name(path);
    const std::string control = content(store + "/control");
    std::smatch match;

    if (content(path) == "1") {
        return EEXIST;
    }
    if (control.empty()) {
        return EINVAL;
    }
    nodes_[path].text = "1";
    std::string info = "Status: ACTIVATED  Max Queue Depth: 128  SectorSize: 512  HwMaxSectors: 1024\n";
    if (std::regex_search(control, match, std::regex("rd_pages=([0-9]+)"))) {
        info += fmt::format("        PAGES/PAGE_SIZE: {}*4096  SG_table_count: 1  nullio: {} dummy: 0",
                            match[1].str(), control.find("rd_nullio=1") != std::string::npos ? 1 : 0);
    } else if (std::regex_search(control, match, std::regex("fd_dev_name=([^,]+),fd_dev_size=([0-9]+)"))) {
        info += fmt::format("        TCM FILEIO ID: 0        File: {}  Size: {}  Mode: O_DSYNC Async: 0",
                            match[1].str(), match[2].str());
    } else if (std::regex_search(control, match, std::regex("fd_dev_name=([^,\n]+)"))) {
        info += fmt::format("        TCM FILEIO ID: 0        File: {}  Size: 512  Mode: O_DSYNC Async: 0",
                            match[1].str());
    } else if (std::regex_search(control, match, std::regex("udev_path=([^\n]+)"))) {
        info += fmt::format("        iBlock device: x  UDEV PATH: {}  readonly: {}", match[1].str(),
                            control.find("readonly=1") != std::string::npos ? 1 : 0);
    }
    nodes_[store + "/info"].text = info;
    return 0;
}

srpt::Status FakeConfigfs::write(const std::string& path, std::string_view value) {
    int err = injected(path);
    const auto it = nodes_.find(path);
    std::string text(value);

    while (!text.empty() && text.back() == '\n') {
        text.pop_back();
    }
    if (err == 0 && it == nodes_.end()) {
        err = ENOENT;
    }
    if (err == 0 && it->second.kind != Kind::file) {
        err = EISDIR;
    }
    if (err == 0) {
        writes_.push_back(fmt::format("{}={}", path, text));
        if (path.starts_with(kCore) && base_name(path) == "enable") {
            err = enable_backstore(path);
        } else if (path.starts_with(kCore) && base_name(path) == "control") {
            it->second.text += text + "\n";
        } else if (base_name(path) == "vpd_unit_serial") {
            it->second.text = "T10 VPD Unit Serial Number: " + text;
        } else {
            it->second.text = text;
        }
    }
    if (err != 0) {
        return fail(errno_error(err, fmt::format("cannot write '{}'", text), path));
    }
    return {};
}

srpt::Status FakeConfigfs::symlink(const std::string& target, const std::string& path) {
    const std::string dir = dir_name(path);
    int err = injected(path);

    if (err == 0 && kind(dir) != Kind::directory) {
        err = ENOENT;
    }
    if (err == 0 && !has(target)) {
        err = ENOENT;
    }
    if (err == 0 && has(path)) {
        err = EEXIST;
    }
    if (err == 0) {
        const bool of_lun = dir.find("/lun/lun_") != std::string::npos;
        const bool of_acl = dir.find("/acls/") != std::string::npos;
        if (of_lun && (!target.starts_with(kCore) || content(target + "/enable") != "1")) {
            err = ENODEV;
        } else if (of_acl && target.find("/lun/lun_") == std::string::npos) {
            err = EINVAL;
        } else if (!of_lun && !of_acl) {
            err = EPERM;
        } else if (has_user_children(dir)) {
            err = EEXIST;
        }
    }
    if (err != 0) {
        return fail(errno_error(err, fmt::format("cannot link to {}", target), path));
    }
    nodes_[path] = Node{Kind::link, target, false, true};
    return {};
}

srpt::Status FakeConfigfs::unlink(const std::string& path) {
    int err = injected(path);

    if (err == 0 && kind(path) != Kind::link) {
        err = kind(path) == Kind::none ? ENOENT : EPERM;
    }
    if (err != 0) {
        return fail(errno_error(err, "cannot remove the link", path));
    }
    nodes_.erase(path);
    return {};
}

bool FakeConfigfs::settable(const std::string& path) const {
    const auto it = nodes_.find(path);

    return it != nodes_.end() && it->second.kind == Kind::file && it->second.readable &&
           !base_name(path).starts_with("hw_");
}

srpt::Status FakeConfigfs::replace(const std::string& path, std::string_view content) {
    const int err = injected(path);

    if (err != 0) {
        return fail(errno_error(err, "cannot write the file", path));
    }
    if (!has(dir_name(path))) {
        return fail(errno_error(ENOENT, "cannot write the file", path));
    }
    add_file(path, std::string(content));
    return {};
}

} // namespace testing_srpt
