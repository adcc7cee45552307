// SPDX-License-Identifier: GPL-2.0
// One command from a device to a LUN that an initiator can log in to.
//
// What is there already and is what is wanted stays as it is, so the same
// command again completes what a killed one began.
//
// The order of the steps is that of targetcli: the back end first, enabled and
// with its serial number, since a LUN can only lead to one that works; then the
// target and the LUN; ACLs with their mapped LUNs; and the portal group is
// enabled last, so that nobody finds the target half made.
#include "config_internal.hpp"
#include "store.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace srpt {

namespace {

constexpr std::string_view kRamdisk = "ramdisk:";
constexpr unsigned kMaxMappedLun = 255; // the most that targetcli reads

// A name that targetcli and configfs both take.
std::string clean_name(std::string_view text) {
    std::string name;

    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '_' || c == '-' || c == '.';
        name += plain ? c : '_';
    }
    return name;
}

const Backstore* store_named(const Tree& tree, std::string_view plugin, std::string_view name) {
    const auto store = std::find_if(tree.backstores.begin(), tree.backstores.end(),
                                    [&](const Backstore& s) { return s.plugin == plugin && s.name == name; });
    return store != tree.backstores.end() ? &*store : nullptr;
}

bool name_taken(const Tree& tree, std::string_view plugin, std::string_view name) {
    return store_named(tree, plugin, name) != nullptr;
}

tl::unexpected<Error> half_made(const Backstore& store) {
    Error error =
        make_error(Errc::exists, fmt::format("back end {}/{} was left half made", store.plugin, store.name),
                   fmt::format("remove it: srptctl backstore delete {}/{}", store.plugin, store.name));
    error.path = store.path;
    return fail(std::move(error));
}

class ExportPlanner {
  public:
    ExportPlanner(const FileSystem& fs, System& system, const Tree& tree, const std::vector<RdmaPort>& ports,
                  bool stock, const ExportRequest& request)
        : fs_(fs), system_(system), tree_(tree), ports_(ports), stock_(stock), request_(request) {}

    Result<ExportResult> plan();

  private:
    Status choose_place();
    Status choose_port(const RdmaPort& port);
    Status back_end();
    Status new_back_end(const std::string& plugin, const std::string& default_name);
    // The back end is there already, and perhaps its LUN; what is missing follows.
    Status use_back_end(const Backstore& store);
    bool same_ramdisk(const Backstore& store) const;
    // True if it takes a back end that is there, false if it needs a new one.
    Result<bool> ramdisk();
    Status choose_name(const std::string& plugin, const std::string& default_name);
    Status lun();
    Status acls();
    Status map_to(const Ident& ident);
    Status keep_mapped(const MappedLun& mapped, const Ident& ident);
    void listener();
    bool seen() const;

    const FileSystem& fs_;
    System& system_;
    const Tree& tree_;
    const std::vector<RdmaPort>& ports_;
    const bool stock_;
    const ExportRequest& request_;

    ExportResult result_;
    StoreSpec spec_;                 // of a new back end
    const Target* target_ = nullptr; // existing
    const Tpg* tpg_ = nullptr;       // existing
    const Lun* lun_ = nullptr;       // existing
    const RdmaPort* port_ = nullptr;
    std::string tpg_path_;
    std::string backstore_path_;
    std::string lun_path_;
    Backing backing_;
};

Status ExportPlanner::choose_port(const RdmaPort& port) {
    if (!port.gid_ident()) {
        return fail(Errc::failed, fmt::format("port {} has no GID yet", port.name()),
                    port.ethernet() ? "bring its network interface up"
                                    : "is a subnet manager running? start opensm and see 'ibstat'");
    }
    port_ = &port;
    result_.target = port.target_name();
    target_ = tree_.find_target(result_.target);
    // A target may also have been named by the port's GUID.
    if (target_ == nullptr) {
        target_ = tree_.find_target(port.guid());
    }
    if (!port.active()) {
        result_.notes.push_back(fmt::format("port {} is {}: no initiator can reach it until it is Active",
                                            port.name(), port.state));
    }
    return {};
}

Status ExportPlanner::choose_place() {
    if (request_.target && request_.port) {
        return fail(Errc::usage, "--target and --port exclude each other");
    }
    if (request_.target) {
        target_ = tree_.find_target(*request_.target);
        const std::optional<Ident> ident = parse_target_name(*request_.target);
        if (target_ == nullptr && (!ident || ident->kind() == Ident::Kind::wild_ext)) {
            return fail(Errc::usage, fmt::format("'{}' is no name of a target", *request_.target),
                        "a target is named by the GID of a port: see 'srptctl status'");
        }
        for (const RdmaPort& port : ports_) {
            const std::optional<Ident> gid = port.gid_ident();
            if (ident && gid && *gid == *ident) {
                port_ = &port;
            }
        }
        if (target_ == nullptr) {
            result_.target = ident->acl_name(stock_);
        }
    } else if (request_.port) {
        const Result<const RdmaPort*> port = find_port(ports_, *request_.port);
        if (!port) {
            return fail(port.error());
        }
        if (Status status = choose_port(**port); !status) {
            return status;
        }
    } else {
        std::vector<const RdmaPort*> active;
        std::vector<std::string> names;
        for (const RdmaPort& port : ports_) {
            if (port.active() && port.gid_ident()) {
                active.push_back(&port);
                names.push_back(port.name());
            }
        }
        if (active.empty()) {
            return fail(Errc::not_found, "no RDMA port is active",
                        ports_.empty() ? "no RDMA device is present: see 'rdma link'"
                                       : "see 'srptctl status'; name a port that will come up with --port");
        }
        if (active.size() > 1) {
            return fail(Errc::usage, "several RDMA ports are active",
                        fmt::format("say which with --port: {}", fmt::join(names, ", ")));
        }
        if (Status status = choose_port(*active.front()); !status) {
            return status;
        }
    }

    if (target_ != nullptr) {
        const Result<const Tpg*> tpg = detail::only_tpg(*target_);
        if (!tpg) {
            return fail(tpg.error());
        }
        tpg_ = *tpg;
        result_.target = target_->name;
        result_.tpg = tpg_->tag;
        tpg_path_ = tpg_->path;
    } else {
        result_.new_target = true;
        tpg_path_ = fmt::format("{}/{}/tpgt_1", tree_.fabric_dir(), result_.target);
    }
    return {};
}

Status ExportPlanner::choose_name(const std::string& plugin, const std::string& default_name) {
    result_.plugin = plugin;
    if (request_.name) {
        result_.name = *request_.name;
        if (result_.name.empty() || result_.name.size() > 200 || clean_name(result_.name) != result_.name ||
            result_.name[0] == '.') {
            return fail(Errc::usage, fmt::format("'{}' cannot name a back end", result_.name),
                        "letters, digits, '_', '-' and '.' are possible");
        }
        if (const Backstore* store = store_named(tree_, plugin, result_.name)) {
            if (!store->enabled) {
                return half_made(*store);
            }
            return fail(Errc::exists, fmt::format("there is a back end {}/{} already", plugin, result_.name),
                        "choose another --name");
        }
        return {};
    }
    result_.name = clean_name(default_name);
    for (unsigned n = 2; name_taken(tree_, plugin, result_.name); n++) {
        result_.name = fmt::format("{}_{}", clean_name(default_name), n);
    }
    return {};
}

Status ExportPlanner::new_back_end(const std::string& plugin, const std::string& default_name) {
    if (Status status = choose_name(plugin, default_name); !status) {
        return status;
    }
    detail::prepare_dbroot(result_.plan, fs_, tree_);
    spec_.plugin = result_.plugin;
    spec_.name = result_.name;
    spec_.write_back = request_.write_back;
    backstore_path_ = detail::store_path(tree_, spec_, HbaNumbers(fs_, tree_).next());
    return {};
}

Result<uint64_t> checked_ramdisk_size(std::string_view text) {
    Result<uint64_t> bytes = parse_size(text);

    if (bytes && *bytes == 0) {
        return fail(Errc::usage, "a RAM disk needs a size above zero", "for example ramdisk:1G");
    }
    return bytes;
}

Status ExportPlanner::use_back_end(const Backstore& store) {
    if (!store.enabled) {
        return half_made(store);
    }
    result_.plugin = store.plugin;
    result_.name = store.name;
    result_.new_backstore = false;
    backstore_path_ = store.path;
    const Lun* other = nullptr;
    for (size_t i = 0; tpg_ != nullptr && lun_ == nullptr && i < tpg_->luns.size(); i++) {
        const Lun& lun = tpg_->luns[i];
        if (lun.backstore_path == store.path) {
            (!request_.lun || *request_.lun == lun.index ? lun_ : other) = &lun;
        }
    }
    if (lun_ == nullptr && other != nullptr) {
        Error error = make_error(
            Errc::exists,
            fmt::format("{}/{} is exported by this target already, as LUN {}", store.plugin, store.name,
                        other->index),
            fmt::format("to let an initiator see it under another number: srptctl acl map ID {}={}",
                        other->index, *request_.lun));
        error.path = other->path;
        return fail(std::move(error));
    }
    return {};
}

// Is a RAM disk of the wanted name the wanted one? One that another target
// serves holds data of its own, and the name may be the same by accident.
bool ExportPlanner::same_ramdisk(const Backstore& store) const {
    const uint64_t page = system_.page_size();

    return !store.nullio && store.pages && *store.pages == (spec_.bytes + page - 1) / page &&
           std::all_of(store.users.begin(), store.users.end(), [&](const std::string& user) {
               return tpg_ != nullptr && user.starts_with(tpg_->path + "/");
           });
}

Result<bool> ExportPlanner::ramdisk() {
    const Result<uint64_t> bytes =
        checked_ramdisk_size(std::string_view(request_.device).substr(kRamdisk.size()));
    if (!bytes) {
        return fail(bytes.error());
    }
    spec_.bytes = *bytes;
    // Only a name says that it is the same one again.
    const Backstore* store = request_.name ? store_named(tree_, "ramdisk", *request_.name) : nullptr;
    if (store != nullptr && store->enabled && same_ramdisk(*store)) {
        if (Status status = use_back_end(*store); !status) {
            return fail(status.error());
        }
        if (lun_ == nullptr) {
            result_.notes.push_back(
                fmt::format("back end ramdisk/{} was there already, with what is in it", store->name));
        }
        return true;
    }
    unsigned number = 0;
    while (name_taken(tree_, "ramdisk", fmt::format("ram{}", number))) {
        number++;
    }
    if (Status status = new_back_end("ramdisk", fmt::format("ram{}", number)); !status) {
        return fail(status.error());
    }
    return false;
}

Status ExportPlanner::back_end() {
    if (request_.device.starts_with(kRamdisk)) {
        const Result<bool> there = ramdisk();
        if (!there) {
            return fail(there.error());
        }
        if (*there) {
            return {};
        }
    } else {
        Result<Backing> backing = system_.probe(request_.device);
        if (!backing) {
            Error error = backing.error();
            if (error.code == Errc::not_found && error.hint.empty()) {
                error.hint = fmt::format("to make a file of that name: truncate -s 10G {}; for a RAM disk: "
                                         "ramdisk:1G",
                                         request_.device);
            }
            return fail(std::move(error));
        }
        backing_ = std::move(*backing);
        result_.device = backing_.path;

        // The same device on a second target shares the back end.
        for (const Backstore& store : tree_.backstores) {
            if (store.device != backing_.path || (store.plugin != "block" && store.plugin != "fileio")) {
                continue;
            }
            if (request_.name && *request_.name != store.name) {
                return fail(
                    Errc::exists,
                    fmt::format("{} is the back end {}/{} already", backing_.path, store.plugin, store.name),
                    "leave --name away to use that one");
            }
            return use_back_end(store);
        }

        if (backing_.kind == Backing::Kind::other) {
            return fail(Errc::usage,
                        fmt::format("{} is neither a block device nor a regular file", backing_.path),
                        "or write ramdisk:SIZE for a RAM disk");
        }
        // The control string separates by commas and knows no quoting.
        if (backing_.path.find_first_of(",\n") != std::string::npos ||
            backing_.path.size() > detail::kMaxDevicePath) {
            return fail(Errc::usage, fmt::format("the kernel cannot take the path '{}'", backing_.path),
                        "make a link to it whose path has no comma and is shorter than 512 bytes");
        }
        if (backing_.in_use) {
            return fail(Errc::exists, fmt::format("{} is in use", backing_.path),
                        "unmount it, or see 'lsblk' and 'targetcli ls' for who holds it");
        }
        if (backing_.bytes == 0) {
            return fail(Errc::usage, fmt::format("{} is empty", backing_.path),
                        backing_.kind == Backing::Kind::file
                            ? fmt::format("give it a size: truncate -s 10G {}", backing_.path)
                            : std::string("is a medium present?"));
        }
        if (backing_.kind == Backing::Kind::block && backing_.scsi_type != 0) {
            return fail(
                Errc::usage,
                fmt::format("{} is a SCSI device of type {}, not a disk", backing_.path, backing_.scsi_type),
                "pass it through with targetcli's pscsi");
        }
        const bool block = backing_.kind == Backing::Kind::block;
        spec_.device = backing_.path;
        spec_.bytes = backing_.bytes;
        spec_.read_only = backing_.read_only;
        if (Status status = new_back_end(block ? "block" : "fileio", base_name(backing_.path)); !status) {
            return status;
        }
    }
    detail::create_store(result_.plan, system_, backstore_path_, spec_);
    return {};
}

Status ExportPlanner::lun() {
    unsigned index = 0;

    if (lun_ != nullptr) {
        index = lun_->index;
    } else if (request_.lun) {
        index = *request_.lun;
        if (index > detail::kMaxLun) {
            return fail(Errc::usage,
                        fmt::format("LUN {} is too high: 0 to {} exist", index, detail::kMaxLun));
        }
        if (tpg_ != nullptr && tpg_->lun(index) != nullptr) {
            return fail(Errc::exists,
                        fmt::format("target {} has a LUN {} already", targetcli_name(result_.target), index),
                        "leave --lun away for the next free one");
        }
    } else {
        while (tpg_ != nullptr && tpg_->lun(index) != nullptr) {
            index++;
        }
    }
    if (index > kMaxMappedLun && !request_.acls.empty()) {
        return fail(Errc::usage, fmt::format("LUN {} cannot be mapped under its own number", index),
                    fmt::format("numbers up to {} can", kMaxMappedLun));
    }
    result_.lun = index;
    lun_path_ = fmt::format("{}/lun/lun_{}", tpg_path_, index);
    if (lun_ != nullptr) {
        return {};
    }
    result_.plan.mkdir(lun_path_);
    result_.plan.symlink(backstore_path_, fmt::format("{}/{}", lun_path_, system_.random_hex(10)));
    return {};
}

// An initiator that sees this LUN already is never given more than it has.
Status ExportPlanner::keep_mapped(const MappedLun& mapped, const Ident& ident) {
    if (!mapped.lun) {
        Error error = make_error(
            Errc::exists, fmt::format("mapped LUN {} of {} was left half made", mapped.index, ident.text()),
            fmt::format("remove it: srptctl acl unmap {} {}", ident.text(), mapped.index));
        error.path = mapped.path;
        return fail(std::move(error));
    }
    if (lun_ == nullptr || *mapped.lun != lun_->index) {
        Error error = make_error(
            Errc::exists, fmt::format("{} sees another LUN under number {}", ident.text(), result_.lun),
            "choose a number that is free for it with --lun");
        error.path = mapped.path;
        return fail(std::move(error));
    }
    if (request_.read_only && !mapped.write_protect) {
        result_.plan.write(mapped.path + "/write_protect", "1", "0");
    } else if (!request_.read_only && mapped.write_protect) {
        result_.notes.push_back(
            fmt::format("{} sees LUN {} read only, as before", ident.text(), mapped.index));
    }
    return {};
}

Status ExportPlanner::map_to(const Ident& ident) {
    const Acl* acl = tpg_ != nullptr ? tpg_->acl(ident) : nullptr;
    const std::string name = acl != nullptr ? acl->name : ident.acl_name(stock_);
    const std::string path = fmt::format("{}/acls/{}", tpg_path_, name);

    if (std::find(result_.acls.begin(), result_.acls.end(), name) != result_.acls.end()) {
        return {}; // the same initiator in another notation
    }
    if (acl == nullptr) {
        result_.plan.mkdir(path);
        detail::note_name(ident, result_.notes);
    } else {
        for (const MappedLun& mapped : acl->luns) {
            if (mapped.index == result_.lun || (lun_ != nullptr && mapped.lun == lun_->index)) {
                result_.acls.push_back(name);
                return keep_mapped(mapped, ident);
            }
        }
    }
    detail::map_lun(result_.plan, system_, path, lun_path_, result_.lun, request_.read_only);
    result_.acls.push_back(name);
    return {};
}

bool ExportPlanner::seen() const {
    return lun_ != nullptr && std::any_of(tpg_->acls.begin(), tpg_->acls.end(), [&](const Acl& acl) {
               return std::any_of(acl.luns.begin(), acl.luns.end(),
                                  [&](const MappedLun& mapped) { return mapped.lun == lun_->index; });
           });
}

Status ExportPlanner::acls() {
    for (const std::string& text : request_.acls) {
        if (text == "all") {
            for (const Acl& acl : tpg_ != nullptr ? tpg_->acls : std::vector<Acl>{}) {
                if (acl.ident) {
                    if (Status status = map_to(*acl.ident); !status) {
                        return status;
                    }
                }
            }
            continue;
        }
        const Result<Ident> ident = detail::parse_acl_name(text, stock_);
        if (!ident) {
            return fail(ident.error());
        }
        if (Status status = map_to(*ident); !status) {
            return status;
        }
    }
    if (request_.acls.empty() && tpg_ != nullptr && !tpg_->acls.empty() && !tpg_->admits_anyone() &&
        !seen()) {
        result_.notes.push_back(fmt::format(
            "no ACL sees LUN {} yet; to map it: srptctl acl allow ID --lun {}", result_.lun, result_.lun));
    }
    return {};
}

void ExportPlanner::listener() {
    const unsigned now = tree_.rdma_cm_port.value_or(0);
    std::optional<unsigned> wanted = request_.rdma_cm_port;

    // Without a listener nobody can log in to a port that has no IB CM.
    if (!wanted && now == 0 && port_ != nullptr && port_->ethernet()) {
        wanted = kDefaultRdmaCmPort;
    }
    if (!wanted || *wanted == now) {
        return;
    }
    result_.plan.write(tree_.fabric_dir() + "/discovery_auth/rdma_cm_port", fmt::format("{}", *wanted),
                       fmt::format("{}", now));
    result_.rdma_cm_port = wanted;
}

Result<ExportResult> ExportPlanner::plan() {
    if (request_.rdma_cm_port && *request_.rdma_cm_port > 65535) {
        return fail(Errc::usage, fmt::format("{} is no port number", *request_.rdma_cm_port));
    }
    if (Status status = choose_place(); !status) {
        return fail(status.error());
    }
    if (Status status = back_end(); !status) {
        return fail(status.error());
    }
    if (result_.new_target) {
        result_.plan.mkdir(fmt::format("{}/{}", tree_.fabric_dir(), result_.target));
        result_.plan.mkdir(tpg_path_);
    }
    if (Status status = lun(); !status) {
        return fail(status.error());
    }
    if (Status status = acls(); !status) {
        return fail(status.error());
    }
    listener();
    if (tpg_ == nullptr || !tpg_->enabled) {
        result_.plan.write(tpg_path_ + "/enable", "1", "0");
    }
    if (lun_ != nullptr && result_.plan.empty()) {
        Error error = make_error(
            Errc::exists,
            fmt::format("{} is exported by this target already, as lun_{}", request_.device, lun_->index),
            "to let an initiator see it: srptctl acl allow ID");
        error.path = lun_->path;
        return fail(std::move(error));
    }
    if (lun_ != nullptr) {
        result_.notes.push_back(
            fmt::format("LUN {} was there already; what was missing was added", lun_->index));
    }
    return std::move(result_);
}

} // namespace

Result<uint64_t> parse_size(std::string_view text) {
    static constexpr std::string_view units = "KMGTP";
    double number = 0;
    const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), number);
    std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
    double factor = 1;

    if (err == std::errc{} && !unit.empty()) {
        const char c = unit[0] >= 'a' && unit[0] <= 'z' ? static_cast<char>(unit[0] - 'a' + 'A') : unit[0];
        const size_t power = units.find(c);
        const std::string_view tail = unit.substr(1);
        if (power != std::string_view::npos && (tail.empty() || tail == "iB" || tail == "B")) {
            factor = std::pow(1024.0, static_cast<double>(power + 1));
            unit = {};
        } else if (c == 'B' && tail.empty()) {
            unit = {};
        }
    }
    const double bytes = number * factor;
    if (err != std::errc{} || !unit.empty() || !(bytes >= 0) || bytes > 9e18) {
        return fail(Errc::usage, fmt::format("'{}' is no size", text), "write for example 512M, 10G or 1T");
    }
    return static_cast<uint64_t>(std::llround(bytes));
}

Plan plan_prepare(const Tree& tree) {
    Plan plan;

    if (!tree.configfs) {
        plan.load_module("configfs");
        plan.mount_configfs(tree.root);
    }
    if (!tree.core) {
        plan.load_module("target_core_mod");
    }
    if (!tree.fabric) {
        plan.load_module("ib_srpt");
        plan.mkdir_lasting(tree.fabric_dir());
    }
    return plan;
}

Result<ExportResult> plan_export(const FileSystem& fs, System& system, const Tree& tree,
                                 const std::vector<RdmaPort>& ports, bool stock,
                                 const ExportRequest& request) {
    return ExportPlanner(fs, system, tree, ports, stock, request).plan();
}

} // namespace srpt
