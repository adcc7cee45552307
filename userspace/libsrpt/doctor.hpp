// SPDX-License-Identifier: GPL-2.0
// What is wrong, or slower than it need be, and the command that mends it.
// Looks only; nothing is changed.
#pragma once

#include "host/modules.hpp"
#include "model.hpp"
#include "netlink.hpp"
#include "ports.hpp"

#include <string>
#include <vector>

namespace srpt {

struct Finding {
    enum class Level {
        error,   // nobody can use it as it is
        warning, // somebody cannot, or it is left half made
        speed,   // it works, but slower than it could
        hint,    // worth knowing
    };

    Level level = Level::warning;
    std::string id; // stable, for scripts: "acl-no-lun"
    std::string text;
    std::string path;                  // configfs path or file concerned
    std::vector<std::string> commands; // that mend it, in this order
};

struct Patient {
    const FileSystem& fs;
    const Tree& tree;
    const std::vector<RdmaPort>& ports;
    bool loaded = false;              // any ib_srpt
    bool stock = false;               // the kernel's own
    std::vector<PortInfo> served;     // what the module says, ours only
    std::vector<RejectInfo> rejects;  // ours only
    std::vector<std::string> unsaved; // differences to the saved file, in words
};

// The module, ports, listeners, targets, LUNs, ACLs and what a killed command
// left behind.
std::vector<Finding> examine_target(const Patient& patient);
// Settings of the machine that cost speed or memory.
std::vector<Finding> examine_machine(const FileSystem& fs);
// Whether the target comes back with the next boot: both forms of rdma.conf,
// who reads them, and the services.
std::vector<Finding> examine_boot(const host::Files& files, bool has_targets);

} // namespace srpt
