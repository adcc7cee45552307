// SPDX-License-Identifier: GPL-2.0
#include "host/ipoib.hpp"

#include "filesystem.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace srpt::host {

namespace {

constexpr size_t kNameMax = 15; // IFNAMSIZ with its terminator is 16
constexpr size_t kGuidBytes = 8;
constexpr size_t kAddressBytes = 20;
constexpr std::string_view kArphrdInfiniband = "32";

constexpr std::string_view kHeader =
    R"(# Names of IPoIB interfaces that stay. Kept by 'srptctl host ipoib-name', and
# by hand: one line for each interface. The address is matched by its last
# 8 bytes, the GUID of the port, in lower case; the bytes before them change.
# A name has at most 15 characters and is none of the kernel's own (ib0, ib1).
)";

// "aa:bb", bytes parted by colons, in lower case; nothing if it is none.
std::optional<std::vector<std::string>> byte_list(std::string_view text) {
    std::vector<std::string> bytes;

    for (;;) {
        const size_t colon = text.find(':');
        const std::string byte = lower(text.substr(0, colon));
        if (byte.size() != 2 || byte.find_first_not_of("0123456789abcdef") != std::string::npos) {
            return std::nullopt;
        }
        bytes.push_back(byte);
        if (colon == std::string_view::npos) {
            return bytes;
        }
        text.remove_prefix(colon + 1);
    }
}

std::string last_bytes(const std::vector<std::string>& bytes) {
    return fmt::format("{}", fmt::join(bytes.end() - kGuidBytes, bytes.end(), ":"));
}

// 16 digits, with or without 0x, with colons in any places but those of bytes.
std::optional<std::string> plain_guid(std::string_view text) {
    std::string digits = lower(text);

    if (digits.starts_with("0x")) {
        digits.erase(0, 2);
    }
    std::erase(digits, ':');
    if (digits.size() != 2 * kGuidBytes ||
        digits.find_first_not_of("0123456789abcdef") != std::string::npos) {
        return std::nullopt;
    }
    for (size_t i = digits.size() - 2; i > 0; i -= 2) {
        digits.insert(i, ":");
    }
    return digits;
}

// The value of a key in a rule: KEY=="value" or KEY="value".
std::string rule_value(std::string_view line, std::string_view key, std::string_view op) {
    const std::string begin = fmt::format("{}{}\"", key, op);
    size_t at = line.find(begin);

    // NAME= is not what SYMLINK_NAME= ends with.
    while (at != std::string_view::npos && at > 0 && line[at - 1] != ',' && line[at - 1] != ' ' &&
           line[at - 1] != '\t') {
        at = line.find(begin, at + 1);
    }
    if (at == std::string_view::npos) {
        return {};
    }
    line.remove_prefix(at + begin.size());
    return std::string(line.substr(0, line.find('"')));
}

void read_rules(const Files& files, const std::string& file, bool dead, std::vector<IpoibRule>& rules) {
    const Result<std::string> text = files.read(file);
    unsigned number = 0;

    if (!text) {
        return;
    }
    for (const std::string& line : split_lines(*text)) {
        number++;
        if (trim(line).starts_with('#')) {
            continue;
        }
        IpoibRule rule;
        std::string pattern = rule_value(line, "ATTR{address}", "==");
        rule.name = rule_value(line, "NAME", "=");
        if (rule.name.empty()) {
            rule.name = rule_value(line, "NAME", ":=");
        }
        pattern.erase(0, pattern.find_first_not_of("?*"));
        const auto bytes = byte_list(pattern);
        if (rule.name.empty() || !bytes || bytes->size() < kGuidBytes) {
            continue; // about something else, an Ethernet address for one
        }
        rule.file = file;
        rule.line = number;
        rule.guid = last_bytes(*bytes);
        rule.dead = dead;
        rules.push_back(std::move(rule));
    }
}

std::string make_rule(const std::string& guid, const std::string& name) {
    // A partition's interface (ib0.8001) has the address of its parent.
    return fmt::format(R"(ACTION=="add", SUBSYSTEM=="net", ATTR{{type}}=="{}", KERNEL!="*.*", )"
                       R"(ATTR{{address}}=="?*{}", NAME="{}")",
                       kArphrdInfiniband, guid, name);
}

bool is_kernel_name(std::string_view name) {
    return name.size() > 2 && name.starts_with("ib") &&
           std::all_of(name.begin() + 2, name.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

void erase_line(Edit& edit, unsigned line) {
    std::vector<std::string> lines = split_lines(edit.after);

    lines.erase(lines.begin() + (line - 1));
    edit.after = join_lines(lines);
}

} // namespace

const IpoibInterface* IpoibState::by_guid(std::string_view guid) const {
    for (const IpoibInterface& interface : interfaces) {
        // Of a port and its partitions the port's own comes first: it sorts so.
        if (interface.guid == guid) {
            return &interface;
        }
    }
    return nullptr;
}

IpoibState read_ipoib(const Files& files) {
    IpoibState state;

    for (const std::string& name : files.list("/sys/class/net")) {
        const std::string dir = fmt::format("/sys/class/net/{}", name);
        IpoibInterface interface;
        if (files.word(dir + "/type") != kArphrdInfiniband) {
            continue;
        }
        interface.name = name;
        interface.address = lower(files.word(dir + "/address"));
        const auto bytes = byte_list(interface.address);
        if (bytes && bytes->size() == kAddressBytes) {
            interface.guid = last_bytes(*bytes);
            state.interfaces.push_back(std::move(interface));
        }
    }
    for (const std::string& name : files.list("/etc/udev/rules.d")) {
        if (name.ends_with(".rules")) {
            read_rules(files, "/etc/udev/rules.d/" + name, false, state.rules);
        }
    }
    read_rules(files, std::string(kIpoibClassic), true, state.rules);
    return state;
}

Result<std::string> ipoib_guid(const IpoibState& state, std::string_view what) {
    for (const IpoibInterface& interface : state.interfaces) {
        if (interface.name == what) {
            return interface.guid;
        }
    }
    const auto bytes = byte_list(what);
    if (bytes && (bytes->size() == kAddressBytes || bytes->size() == kGuidBytes)) {
        return last_bytes(*bytes);
    }
    if (const auto guid = plain_guid(what)) {
        return *guid;
    }
    std::vector<std::string_view> names;
    for (const IpoibInterface& interface : state.interfaces) {
        names.push_back(interface.name);
    }
    return fail(
        Errc::not_found,
        fmt::format("'{}' is no IPoIB interface of this machine, no 20-byte address and no GUID", what),
        names.empty() ? "there is no IPoIB interface now: modprobe ib_ipoib, or give the address"
                      : fmt::format("IPoIB interfaces here: {}", fmt::join(names, ", ")));
}

std::optional<std::string> name_refused(std::string_view name) {
    if (name.empty()) {
        return "a name is needed";
    }
    if (name.size() > kNameMax) {
        return fmt::format("it has {} characters, the kernel takes at most {}", name.size(), kNameMax);
    }
    if (name == "." || name == "..") {
        return "it is the name of a directory";
    }
    if (std::any_of(name.begin(), name.end(), [](unsigned char c) { return std::isspace(c) != 0; })) {
        return "it contains a blank, which the kernel refuses";
    }
    if (name.find_first_of("/:") != std::string_view::npos) {
        return "it contains a slash or a colon, which the kernel refuses";
    }
    if (std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 33 || c > 126; })) {
        return "it contains a character that is not printable ASCII, which udev refuses";
    }
    if (name.find_first_of("%$\"\\,*?[]'") != std::string_view::npos) {
        return "it contains a character that means something else in a rule of udev";
    }
    if (std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; })) {
        return "it is a number, which tools take for an index";
    }
    if (name == "all" || name == "default" || name == "lo") {
        return "the kernel uses it for something else";
    }
    if (is_kernel_name(name)) {
        return "it is one that the kernel gives by itself: which interface gets it changes with the order in "
               "which the hardware is found, and the rename fails when it is taken. Use a name that says "
               "device and fabric, such as mlx4_ib0";
    }
    return std::nullopt;
}

Result<Edit> edit_ipoib_add(const Files& files, const IpoibState& state, const std::string& guid,
                            const std::string& name, bool replace) {
    std::vector<unsigned> old;

    if (const auto why = name_refused(name)) {
        return fail(Errc::usage, fmt::format("'{}' cannot be the name of an interface: {}", name, *why));
    }
    for (const IpoibRule& rule : state.rules) {
        const bool same_guid = rule.guid == guid;
        const std::string at = fmt::format("{}:{}", rule.file, rule.line);
        if (rule.name == name && !same_guid) {
            return fail(Errc::exists,
                        fmt::format("{} is the name of {} already, see {}", name, rule.guid, at),
                        fmt::format("take another name, or: srptctl host ipoib-name remove {}", name));
        }
        if (same_guid && rule.name != name && !replace && !rule.dead) {
            return fail(Errc::exists, fmt::format("{} has the name {} already, see {}", guid, rule.name, at),
                        "repeat the command with --replace");
        }
        if (same_guid && rule.file == kIpoibRules) {
            old.push_back(rule.line);
        } else if (same_guid && !rule.dead && rule.name != name) {
            return fail(Errc::exists, fmt::format("{} gives {} the name {}", at, guid, rule.name),
                        "that file is not kept by this command: take the line out by hand");
        }
    }
    const std::string present = fmt::format("/sys/class/net/{}", name);
    if (files.exists(present)) {
        const IpoibInterface* here = state.by_guid(guid);
        if (here == nullptr || here->name != name) {
            return fail(Errc::exists,
                        fmt::format("an interface named {} is there, and it is another one", name),
                        "take a name that is free: ip link");
        }
    }
    Result<Edit> edit = begin_edit(files, std::string(kIpoibRules));
    if (!edit) {
        return edit;
    }
    if (!edit->existed) {
        edit->after = kHeader;
    }
    std::vector<std::string> lines = split_lines(edit->after);
    const std::string line = make_rule(guid, name);
    if (old.size() == 1 && !replace) {
        return edit; // the very rule is there
    }
    if (old.empty()) {
        lines.push_back(line);
    } else {
        lines[old.front() - 1] = line;
        for (auto it = old.rbegin(); it + 1 != old.rend(); ++it) {
            lines.erase(lines.begin() + (*it - 1));
        }
    }
    edit->after = join_lines(lines);
    return edit;
}

Result<std::vector<Edit>> edit_ipoib_remove(const Files& files, const IpoibState& state,
                                            const std::string& what) {
    std::vector<const IpoibRule*> gone;
    std::vector<Edit> edits;

    for (const IpoibRule& rule : state.rules) {
        if (rule.name == what) {
            gone.push_back(&rule);
        }
    }
    if (gone.empty()) {
        Result<std::string> guid = ipoib_guid(state, what);
        if (!guid) {
            return fail(std::move(guid.error().with_hint("see 'srptctl host ipoib-name list'")));
        }
        for (const IpoibRule& rule : state.rules) {
            if (rule.guid == *guid) {
                gone.push_back(&rule);
            }
        }
    }
    if (gone.empty()) {
        return fail(Errc::not_found, fmt::format("no rule gives {} a name", what),
                    "see 'srptctl host ipoib-name list'");
    }
    // From the last line up, or the numbers below would shift.
    std::reverse(gone.begin(), gone.end());
    for (const IpoibRule* rule : gone) {
        auto edit =
            std::find_if(edits.begin(), edits.end(), [&](const Edit& e) { return e.path == rule->file; });
        if (edit == edits.end()) {
            Result<Edit> begun = begin_edit(files, rule->file);
            if (!begun) {
                return fail(std::move(begun.error()));
            }
            edit = edits.insert(edits.end(), std::move(*begun));
        }
        erase_line(*edit, rule->line);
    }
    return edits;
}

} // namespace srpt::host
