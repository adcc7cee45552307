// SPDX-License-Identifier: GPL-2.0
#include "host/modules.hpp"

#include "filesystem.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace srpt::host {

namespace {

constexpr const char* kClassic = "/etc/rdma/rdma.conf";
constexpr const char* kModular = "/etc/rdma/modules";

// In rdma-core's form: for which hardware a protocol is switched on. rdma.conf
// is read for any RDMA device, whatever its driver calls itself.
std::vector<std::string> home_files(const Protocol& protocol) {
    if (protocol.key == "IPOIB_LOAD") {
        return {"infiniband.conf", "opa.conf"};
    }
    return {"rdma.conf"};
}

// "ib_srpt" of "ib_srpt", "# ib_srpt", "#ib_srpt"; nothing of prose.
struct ModuleLine {
    std::string module;
    bool enabled = false;
};

std::optional<ModuleLine> parse_module_line(std::string_view line) {
    ModuleLine parsed;

    line = trim(line);
    parsed.enabled = !line.starts_with('#') && !line.starts_with(';');
    if (!parsed.enabled) {
        line = trim(line.substr(std::min(line.find_first_not_of("#;"), line.size())));
    }
    if (line.empty() || line.find_first_of(" \t#;") != std::string_view::npos) {
        return std::nullopt;
    }
    parsed.module = line;
    // The kernel takes both spellings.
    std::replace(parsed.module.begin(), parsed.module.end(), '-', '_');
    return parsed;
}

struct Setting {
    std::string key;
    bool enabled = false;
    size_t value_at = 0; // where the value begins in the line
    size_t value_size = 0;
};

// "SRPT_LOAD=yes", quotes and a trailing comment allowed as a shell allows them.
std::optional<Setting> parse_setting(const std::string& line) {
    Setting setting;
    const size_t begin = line.find_first_not_of(" \t");
    const size_t equals = line.find('=');

    if (begin == std::string::npos || line[begin] == '#' || equals == std::string::npos) {
        return std::nullopt;
    }
    setting.key = trim(std::string_view(line).substr(begin, equals - begin));
    setting.value_at = equals + 1;
    setting.value_size = std::min(line.find_first_of(" \t#\r", equals + 1), line.size()) - setting.value_at;
    std::string value = lower(std::string_view(line).substr(setting.value_at, setting.value_size));
    std::erase_if(value, [](char c) { return c == '"' || c == '\''; });
    setting.enabled = value == "yes" || value == "y" || value == "1" || value == "true";
    return setting;
}

std::vector<std::string> modular_files(const Files& files) {
    std::vector<std::string> found;

    for (const std::string& name : files.list(kModular)) {
        if (name.ends_with(".conf")) {
            found.push_back(fmt::format("{}/{}", kModular, name));
        }
    }
    return found;
}

// srp_daemon.conf is read when srp_daemon starts, not with the hardware.
bool with_hardware(const std::string& file) {
    static constexpr std::array names = {"rdma.conf", "infiniband.conf", "iwarp.conf", "roce.conf",
                                         "opa.conf"};

    return std::find(names.begin(), names.end(), base_name(file)) != names.end();
}

void read_classic(const Files& files, ModulesState& state) {
    const Result<std::string> text = files.read(kClassic);
    unsigned number = 0;

    state.classic = text.has_value();
    if (!text) {
        return;
    }
    for (const std::string& line : split_lines(*text)) {
        number++;
        const std::optional<Setting> setting = parse_setting(line);
        for (ProtocolState& p : state.protocols) {
            if (setting && setting->key == p.protocol->key) {
                // A shell reads it: of several lines the last one counts.
                std::erase_if(p.places, [](const ModulePlace& place) { return place.file == kClassic; });
                p.places.push_back({kClassic, number, setting->enabled});
            }
        }
    }
}

void read_modular(const Files& files, ModulesState& state) {
    state.modular = files.is_directory(kModular);
    for (const std::string& file : modular_files(files)) {
        const Result<std::string> text = files.read(file);
        unsigned number = 0;
        if (!text || !with_hardware(file)) {
            continue;
        }
        for (const std::string& line : split_lines(*text)) {
            number++;
            const std::optional<ModuleLine> parsed = parse_module_line(line);
            for (ProtocolState& p : state.protocols) {
                if (parsed && parsed->module == p.protocol->module) {
                    p.places.push_back({file, number, parsed->enabled});
                }
            }
        }
    }
}

std::string module_of(std::string_view line) {
    std::string name = base_name(line.substr(0, line.find(':')));

    name.resize(std::min(name.find(".ko"), name.size()));
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

// What the kernel of `state.release` has, by the lists that modprobe uses.
void read_kernel(const Files& files, ModulesState& state) {
    state.release = files.word("/proc/sys/kernel/osrelease");
    std::string dir = fmt::format("/lib/modules/{}", state.release);
    if (state.release.empty() || !files.is_directory(dir)) {
        // An image that is not running: the newest kernel installed in it.
        const std::vector<std::string> releases = files.list("/lib/modules");
        state.release = releases.empty() ? std::string{} : releases.back();
        dir = fmt::format("/lib/modules/{}", state.release);
    }
    const Result<std::string> dep = files.read(dir + "/modules.dep");
    if (!dep) {
        return;
    }
    for (ProtocolState& p : state.protocols) {
        p.in_kernel = InKernel::no;
    }
    auto note = [&state](const std::string& text, InKernel how) {
        for (const std::string& line : split_lines(text)) {
            const std::string module = module_of(line);
            for (ProtocolState& p : state.protocols) {
                if (module == p.protocol->module && p.in_kernel == InKernel::no) {
                    p.in_kernel = how;
                    p.kernel_file = line.substr(0, line.find(':'));
                }
            }
        }
    };
    note(files.read(dir + "/modules.builtin").value_or(std::string{}), InKernel::builtin);
    note(*dep, InKernel::module);
}

void set_classic(Edit& edit, const Protocol& protocol, bool enable) {
    std::vector<std::string> lines = split_lines(edit.after);
    std::optional<size_t> last;

    for (size_t i = 0; i < lines.size(); i++) {
        const std::optional<Setting> setting = parse_setting(lines[i]);
        if (setting && setting->key == protocol.key) {
            last = i;
        }
    }
    if (last) {
        const Setting setting = parse_setting(lines[*last]).value_or(Setting{});
        if (setting.enabled == enable) {
            return;
        }
        lines[*last].replace(setting.value_at, setting.value_size, enable ? "yes" : "no");
    } else if (enable) {
        lines.push_back(fmt::format("# {}", protocol.text));
        lines.push_back(fmt::format("{}=yes", protocol.key));
    } else {
        return;
    }
    edit.after = join_lines(lines);
}

void enable_module(Edit& edit, const Protocol& protocol) {
    std::vector<std::string> lines = split_lines(edit.after);
    std::optional<size_t> commented;

    for (size_t i = 0; i < lines.size(); i++) {
        const std::optional<ModuleLine> parsed = parse_module_line(lines[i]);
        if (parsed && parsed->module == protocol.module) {
            if (parsed->enabled) {
                return;
            }
            commented = i;
        }
    }
    if (commented) {
        lines[*commented] = protocol.module;
    } else {
        lines.push_back(fmt::format("# {}", protocol.text));
        lines.emplace_back(protocol.module);
    }
    edit.after = join_lines(lines);
}

void disable_module(Edit& edit, const Protocol& protocol) {
    std::vector<std::string> lines = split_lines(edit.after);
    bool changed = false;

    for (std::string& line : lines) {
        const std::optional<ModuleLine> parsed = parse_module_line(line);
        if (parsed && parsed->enabled && parsed->module == protocol.module) {
            line.insert(0, "# ");
            changed = true;
        }
    }
    if (changed) {
        edit.after = join_lines(lines);
    }
}

std::string find_loader(const Files& files) {
    for (const char* dir : {"/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}) {
        for (const std::string_view unit : {kLoaderUnit, std::string_view("rdma-load-modules@.service")}) {
            std::string path = fmt::format("{}/{}", dir, unit);
            if (files.exists(path)) {
                return path;
            }
        }
    }
    return {};
}

} // namespace

const std::vector<Protocol>& protocols() {
    static const std::vector<Protocol> all = {
        {"IPoIB", "IPOIB_LOAD", "ib_ipoib", "IP over InfiniBand: network interfaces"},
        {"SRP", "SRP_LOAD", "ib_srp", "SCSI RDMA Protocol, initiator: disks of other machines"},
        {"SRPT", "SRPT_LOAD", "ib_srpt", "SCSI RDMA Protocol, target: disks for other machines"},
        {"ISER", "ISER_LOAD", "ib_iser", "iSCSI over RDMA, initiator"},
        {"RDS", "RDS_LOAD", "rds_rdma", "Reliable Datagram Service over RDMA"},
    };

    return all;
}

Result<const Protocol*> find_protocol(std::string_view name) {
    std::vector<std::string_view> names;

    for (const Protocol& protocol : protocols()) {
        if (lower(name) == lower(protocol.name) || name == protocol.module) {
            return &protocol;
        }
        names.push_back(protocol.name);
    }
    return fail(Errc::usage, fmt::format("there is no RDMA protocol '{}'", name),
                fmt::format("one of {}", fmt::join(names, ", ")));
}

ModulesState read_modules(const Files& files) {
    ModulesState state;

    for (const Protocol& protocol : protocols()) {
        ProtocolState p;
        p.protocol = &protocol;
        p.loaded = files.is_directory(fmt::format("/sys/module/{}", protocol.module));
        state.protocols.push_back(std::move(p));
    }
    read_classic(files, state);
    read_modular(files, state);
    read_kernel(files, state);
    for (ProtocolState& p : state.protocols) {
        p.enabled = std::any_of(p.places.begin(), p.places.end(),
                                [](const ModulePlace& place) { return place.enabled; });
    }
    state.loader = find_loader(files);
    return state;
}

Result<std::vector<Edit>> edit_protocol(const Files& files, const ModulesState& state,
                                        const Protocol& protocol, bool enable, std::vector<Edit> pending) {
    std::vector<std::string> paths;
    // Where neither form is, rdma-core's is the one that something reads.
    const bool modular = state.modular || !state.classic;

    for (const ProtocolState& p : state.protocols) {
        if (enable && p.protocol == &protocol && p.in_kernel == InKernel::no) {
            return fail(Errc::unsupported,
                        fmt::format("kernel {} has no module {}", state.release, protocol.module),
                        fmt::format("{} cannot be loaded there; nothing was changed", protocol.name));
        }
    }
    if (modular && enable) {
        for (const std::string& name : home_files(protocol)) {
            paths.push_back(fmt::format("{}/{}", kModular, name));
        }
    } else if (modular) {
        paths = modular_files(files);
        std::erase_if(paths, [](const std::string& path) { return !with_hardware(path); });
    }
    if (state.classic) {
        paths.emplace_back(kClassic);
    }
    for (const std::string& path : paths) {
        auto edit =
            std::find_if(pending.begin(), pending.end(), [&](const Edit& e) { return e.path == path; });
        if (edit == pending.end()) {
            Result<Edit> begun = begin_edit(files, path);
            if (!begun) {
                return fail(std::move(begun.error()));
            }
            edit = pending.insert(pending.end(), std::move(*begun));
        }
        if (path == kClassic) {
            set_classic(*edit, protocol, enable);
        } else if (enable) {
            enable_module(*edit, protocol);
        } else {
            disable_module(*edit, protocol);
        }
    }
    std::erase_if(pending, [](const Edit& edit) { return edit.before == edit.after; });
    return pending;
}

Result<std::vector<Edit>> edit_loader(const Files& files, const LoaderFiles& content, bool install) {
    struct Place {
        std::string_view admin;
        std::vector<std::string_view> package;
        std::string_view name;
        const std::string& text;
    };
    const std::vector<std::string_view> unit_dirs = {"/usr/lib/systemd/system", "/lib/systemd/system"};
    const std::vector<std::string_view> rule_dirs = {"/usr/lib/udev/rules.d", "/lib/udev/rules.d"};
    const std::array places = {
        Place{"/etc/systemd/system", unit_dirs, kLoaderUnit, content.unit},
        Place{"/etc/systemd/system", unit_dirs, kPortTypeUnit, content.port_unit},
        Place{"/etc/udev/rules.d", rule_dirs, kLoaderRule, content.rule},
    };
    std::vector<Edit> edits;

    for (const Place& place : places) {
        const bool packaged =
            std::any_of(place.package.begin(), place.package.end(), [&](std::string_view dir) {
                return files.exists(fmt::format("{}/{}", dir, place.name));
            });
        Result<Edit> edit = begin_edit(files, fmt::format("{}/{}", place.admin, place.name));
        if (!edit) {
            return fail(std::move(edit.error()));
        }
        if (!install) {
            edit->removes = true;
        } else if (!packaged) {
            edit->after = place.text;
        }
        if (edit->existed || (install && !packaged)) {
            edits.push_back(std::move(*edit));
        }
    }
    std::erase_if(edits, [](const Edit& edit) { return !edit.changes(); });
    return edits;
}

Result<std::vector<LoadResult>> load_enabled(const Files& files, Programs& programs,
                                             const ModulesState& state) {
    std::vector<LoadResult> results;

    for (const ProtocolState& p : state.protocols) {
        LoadResult result;
        if (!p.enabled) {
            continue;
        }
        result.protocol = p.protocol;
        result.was_loaded = p.loaded;
        result.loaded = p.loaded;
        if (!p.loaded) {
            Result<Outcome> outcome = programs.run({"modprobe", std::string(p.protocol->module)});
            if (!outcome) {
                return fail(std::move(outcome.error().with_hint("install the package kmod")));
            }
            result.loaded =
                outcome->status == 0 && files.is_directory(fmt::format("/sys/module/{}", p.protocol->module));
            if (!result.loaded) {
                result.error = trim(outcome->errors);
                if (result.error.empty()) {
                    result.error = fmt::format("modprobe ended with status {}", outcome->status);
                }
            }
        }
        results.push_back(std::move(result));
    }
    return results;
}

} // namespace srpt::host
