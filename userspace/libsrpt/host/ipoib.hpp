// SPDX-License-Identifier: GPL-2.0
// Lasting names of IPoIB interfaces: rules for udev that recognise an
// interface by the last 8 bytes of its 20-byte address, the port's GUID. What
// stands before them (queue pair, subnet prefix) may change with each boot.
#pragma once

#include "host/machine.hpp"

#include <optional>

namespace srpt::host {

struct IpoibInterface {
    std::string name;
    std::string address; // 20 bytes with colons
    std::string guid;    // last 8 of them
};

struct IpoibRule {
    std::string file;
    unsigned line = 0; // from 1
    std::string guid;  // "f4:52:14:03:00:7b:cb:a1"
    std::string name;
    bool dead = false; // in a file that udev does not read
};

struct IpoibState {
    std::vector<IpoibInterface> interfaces;
    std::vector<IpoibRule> rules;

    const IpoibInterface* by_guid(std::string_view guid) const;
};

inline constexpr std::string_view kIpoibRules = "/etc/udev/rules.d/70-persistent-ipoib.rules";
// The path as older manuals print it. udev never read it; who followed the
// manual has rules there that are wanted.
inline constexpr std::string_view kIpoibClassic = "/etc/udev.d/rules.d/70-persistent-ipoib.rules";

IpoibState read_ipoib(const Files& files);

// The GUID that an interface's name, a 20-byte address or a GUID stands for.
Result<std::string> ipoib_guid(const IpoibState& state, std::string_view what);
// Why the kernel or udev would not take a name; nothing if they would.
std::optional<std::string> name_refused(std::string_view name);

Result<Edit> edit_ipoib_add(const Files& files, const IpoibState& state, const std::string& guid,
                            const std::string& name, bool replace);
// `what`: a name given by a rule, or whatever ipoib_guid() takes.
Result<std::vector<Edit>> edit_ipoib_remove(const Files& files, const IpoibState& state,
                                            const std::string& what);

} // namespace srpt::host
