// SPDX-License-Identifier: GPL-2.0
// Making and removing back ends, with the control strings that targetcli uses.
#include "config_internal.hpp"
#include "store.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>

namespace srpt {

namespace {

constexpr std::string_view kRtslibDbroot = "/etc/rtslib-fb-target";

struct Plugin {
    std::string_view name;
    std::string_view dir;
};
constexpr std::array kPlugins = {Plugin{"block", "iblock"}, Plugin{"fileio", "fileio"},
                                 Plugin{"ramdisk", "rd_mcp"}, Plugin{"pscsi", "pscsi"}};

// "2:0:0:1" of a SCSI device, from the name of its directory in sysfs.
Result<std::string> hctl_of(const FileSystem& fs, const std::string& device) {
    const std::string node = base_name(fs.resolve(device).value_or(device));

    for (const char* place : {"/sys/class/block/{}/device", "/sys/class/scsi_generic/{}/device",
                              "/sys/class/scsi_tape/{}/device", "/sys/class/scsi_changer/{}/device"}) {
        const Result<std::string> dir = fs.resolve(fmt::format(fmt::runtime(place), node));
        if (!dir) {
            continue;
        }
        std::string hctl = base_name(*dir);
        if (std::count(hctl.begin(), hctl.end(), ':') == 3) {
            return hctl;
        }
    }
    return fail(Errc::usage, fmt::format("{} is no SCSI device, so it cannot be passed through", device),
                "pscsi takes disks, tapes and changers that lsscsi lists; for others use block or fileio");
}

} // namespace

std::optional<std::string> plugin_directory(std::string_view plugin) {
    for (const Plugin& known : kPlugins) {
        if (known.name == plugin) {
            return std::string(known.dir);
        }
    }
    return std::nullopt;
}

HbaNumbers::HbaNumbers(const FileSystem& fs, const Tree& tree) {
    for (const std::string& dir : fs.list_or_empty(tree.core_dir())) {
        const std::string tail = dir.substr(dir.rfind('_') + 1);
        unsigned number = 0;
        const auto [end, err] = std::from_chars(tail.data(), tail.data() + tail.size(), number);
        if (err == std::errc{} && end == tail.data() + tail.size()) {
            taken_.push_back(number);
        }
    }
}

unsigned HbaNumbers::next() {
    unsigned number = 0;

    while (std::find(taken_.begin(), taken_.end(), number) != taken_.end()) {
        number++;
    }
    taken_.push_back(number);
    return number;
}

void HbaNumbers::release(unsigned number) {
    std::erase(taken_, number);
}

Status check_store_name(const std::string& name) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-' || c == '.' || c == ':' || c == '+' || c == '@';
    };

    if (name.empty() || name.size() > 200 || name[0] == '.' ||
        !std::all_of(name.begin(), name.end(), plain)) {
        return fail(Errc::usage, fmt::format("'{}' cannot name a back end", name),
                    "letters, digits, '_', '-' and '.' are possible");
    }
    return {};
}

Status check_store_device(const FileSystem& fs, System& system, StoreSpec& spec) {
    if (!plugin_directory(spec.plugin)) {
        return fail(Errc::usage, fmt::format("back ends of kind '{}' cannot be made here", spec.plugin),
                    "block, fileio, ramdisk and pscsi can; others belong to targetcli");
    }
    if (spec.plugin == "ramdisk") {
        if (spec.bytes == 0) {
            return fail(Errc::usage, "a RAM disk needs a size above zero", "for example 1G");
        }
        return {};
    }
    // The control string separates by commas and knows no quoting.
    if (spec.device.empty() || spec.device.find_first_of(",\n") != std::string::npos ||
        spec.device.size() > detail::kMaxDevicePath) {
        return fail(Errc::usage, fmt::format("the kernel cannot take the path '{}'", spec.device),
                    "make a link to it whose path has no comma and is shorter than 512 bytes");
    }
    if (spec.plugin == "pscsi") {
        Result<std::string> hctl = hctl_of(fs, spec.device);
        if (!hctl) {
            return fail(std::move(hctl.error()));
        }
        spec.hctl = std::move(*hctl);
        return {};
    }
    Result<Backing> backing = system.probe(spec.device);
    if (!backing) {
        if (backing.error().code == Errc::not_found && backing.error().hint.empty() &&
            spec.plugin == "fileio" && spec.bytes > 0) {
            backing.error().hint =
                fmt::format("if it is to be a new, empty one: truncate -s {} {}", spec.bytes, spec.device);
        }
        return fail(std::move(backing.error()));
    }
    spec.device = backing->path;
    if (backing->kind == Backing::Kind::other ||
        (spec.plugin == "block" && backing->kind != Backing::Kind::block)) {
        return fail(Errc::usage,
                    fmt::format("{} is no {}", spec.device,
                                spec.plugin == "block" ? "block device" : "file or block device"),
                    backing->kind == Backing::Kind::file ? "use fileio for a file" : "");
    }
    if (backing->in_use) {
        return fail(Errc::exists, fmt::format("{} is in use", spec.device),
                    "unmount it, or see 'lsblk' and 'srptctl backstore list' for who holds it");
    }
    if (backing->kind == Backing::Kind::block && backing->scsi_type != 0) {
        return fail(
            Errc::usage,
            fmt::format("{} is a SCSI device of type {}, not a disk", spec.device, backing->scsi_type),
            fmt::format("srptctl backstore create pscsi {}", spec.device));
    }
    spec.on_block = backing->kind == Backing::Kind::block;
    if (spec.plugin == "fileio" && !spec.on_block && spec.bytes == 0) {
        spec.bytes = backing->bytes;
    }
    if (spec.on_block ? backing->bytes == 0 : spec.bytes == 0) {
        return fail(Errc::usage, fmt::format("{} is empty", spec.device),
                    spec.on_block ? std::string("is a medium present?")
                                  : fmt::format("give it a size: truncate -s 10G {}", spec.device));
    }
    spec.read_only = spec.read_only || (spec.plugin == "block" && backing->read_only);
    return {};
}

namespace detail {

std::string store_path(const Tree& tree, const StoreSpec& spec, unsigned hba) {
    return fmt::format("{}/{}_{}/{}", tree.core_dir(), plugin_directory(spec.plugin).value_or(spec.plugin),
                       hba, spec.name);
}

void prepare_dbroot(Plan& plan, const FileSystem& fs, const Tree& tree) {
    if (tree.backstores.empty() && fs.is_directory(std::string(kRtslibDbroot)) &&
        fs.read_or(tree.target_dir() + "/dbroot", std::string(kRtslibDbroot)) != kRtslibDbroot) {
        plan.write_optional(tree.target_dir() + "/dbroot", std::string(kRtslibDbroot));
    }
}

void create_store(Plan& plan, System& system, const std::string& path, const StoreSpec& spec) {
    const std::string control = path + "/control";

    plan.mkdir(dir_name(path));
    plan.mkdir(path);
    if (spec.plugin == "ramdisk") {
        const uint64_t page = system.page_size();
        plan.write(control, fmt::format("rd_pages={}", (spec.bytes + page - 1) / page));
        if (spec.nullio) {
            plan.write(control, "rd_nullio=1");
        }
    } else if (spec.plugin == "block") {
        plan.write(path + "/udev_path", spec.device);
        plan.write(control, fmt::format("udev_path={}", spec.device));
        plan.write(control, fmt::format("readonly={:d}", spec.read_only));
    } else if (spec.plugin == "fileio") {
        plan.write(path + "/udev_path", spec.device);
        plan.write(control, spec.on_block
                                ? fmt::format("fd_dev_name={}", spec.device)
                                : fmt::format("fd_dev_name={},fd_dev_size={}", spec.device, spec.bytes));
        if (spec.write_back) {
            plan.write(control, "fd_buffered_io=1");
        }
        if (spec.async) {
            plan.write(control, "fd_async_io=1");
        }
    } else if (spec.plugin == "pscsi") {
        std::array<std::string_view, 4> part{};
        std::string_view rest = spec.hctl;
        for (std::string_view& word : part) {
            word = rest.substr(0, rest.find(':'));
            rest.remove_prefix(std::min(rest.size(), word.size() + 1));
        }
        plan.write(control, fmt::format("scsi_host_id={},scsi_channel_id={},scsi_target_id={},scsi_lun_id={}",
                                        part[0], part[1], part[2], part[3]));
        plan.write(path + "/udev_path", spec.device);
    }
    plan.write(path + "/enable", "1");
    if (spec.plugin != "pscsi") { // its serial is the device's own
        plan.write(path + "/wwn/vpd_unit_serial",
                   spec.serial.empty() ? make_unit_serial(system) : spec.serial);
    }
    if (spec.name_as_model && !spec.attributes.contains("emulate_model_alias") && spec.plugin != "pscsi") {
        // Initiators then see the name as the disk's model, as with targetcli.
        plan.write_optional(path + "/attrib/emulate_model_alias", "1");
    }
    if (spec.write_back && !spec.attributes.contains("emulate_write_cache")) {
        plan.write(path + "/attrib/emulate_write_cache", "1");
    }
    for (const auto& [name, value] : spec.attributes) {
        // A kernel may lack one that another had; what did not take is told
        // afterwards.
        plan.write_optional(fmt::format("{}/attrib/{}", path, name), value);
    }
    for (const AluaGroup& group : spec.alua) {
        const std::string dir = fmt::format("{}/alua/{}", path, group.name);
        plan.mkdir(dir);
        plan.write(dir + "/tg_pt_gp_id", fmt::format("{}", group.id));
        for (const auto& [name, value] : group.settings) {
            plan.write_optional(fmt::format("{}/{}", dir, name), value);
        }
    }
}

Plan::Restore set_up_again(const Backstore& store) {
    Plan::Restore writes;

    if (store.plugin == "block") {
        writes.emplace_back(store.path + "/udev_path", store.device);
        writes.emplace_back(store.path + "/control", fmt::format("udev_path={}", store.device));
        writes.emplace_back(store.path + "/control", fmt::format("readonly={:d}", store.read_only));
    } else if (store.plugin == "fileio") {
        writes.emplace_back(store.path + "/udev_path", store.device);
        writes.emplace_back(store.path + "/control", fmt::format("fd_dev_name={},fd_dev_size={}",
                                                                 store.device, store.bytes.value_or(0)));
        if (store.write_back) {
            writes.emplace_back(store.path + "/control", "fd_buffered_io=1");
        }
    } else if (store.plugin == "ramdisk" && store.pages) {
        writes.emplace_back(store.path + "/control", fmt::format("rd_pages={}", *store.pages));
    }
    writes.emplace_back(store.path + "/enable", "1");
    if (!store.serial.empty()) {
        writes.emplace_back(store.path + "/wwn/vpd_unit_serial", store.serial);
    }
    if (store.model_alias) {
        writes.emplace_back(store.path + "/attrib/emulate_model_alias", "1");
    }
    if (store.write_back) {
        writes.emplace_back(store.path + "/attrib/emulate_write_cache", "1");
    }
    return writes;
}

void remove_store(Plan& plan, const Tree& tree, const Backstore& store) {
    const auto shares = [&](const Backstore& other) { return &other != &store && other.hba == store.hba; };

    plan.rmdir(store.path, set_up_again(store));
    // The adapter directory holds one back end each, as targetcli makes them.
    if (std::none_of(tree.backstores.begin(), tree.backstores.end(), shares)) {
        plan.rmdir_optional(dir_name(store.path));
    }
}

void remove_lun(Plan& plan, const Lun& lun) {
    if (!lun.link.empty()) {
        plan.unlink(lun.link, lun.backstore_path);
    }
    plan.rmdir(lun.path);
}

void remove_tpg(Plan& plan, const Tpg& tpg) {
    Plan::Restore restore;

    for (const auto& [name, value] : tpg.attributes) {
        restore.emplace_back(fmt::format("{}/attrib/{}", tpg.path, name), value);
    }
    plan.rmdir(tpg.path, std::move(restore));
}

} // namespace detail

} // namespace srpt
