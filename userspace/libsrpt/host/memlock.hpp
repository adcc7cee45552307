// SPDX-License-Identifier: GPL-2.0
// How much memory a user may lock, which RDMA programs need: the limits that
// pam_limits gives at login.
#pragma once

#include "host/machine.hpp"

#include <optional>

namespace srpt::host {

inline constexpr std::string_view kMemlockFile = "/etc/security/limits.d/rdma.conf";
// The file as administrators know it.
extern const std::string_view kMemlockText;

struct MemlockLine {
    std::string file;
    unsigned line = 0;
    std::string domain; // user, @group, * or %
    std::string type;   // soft, hard or -
    std::string value;  // KiB, unlimited, infinity or -1
};

struct MemlockState {
    std::vector<MemlockLine> lines; // in the order in which pam_limits reads them
    std::string soft;               // what they come to for a user of no other line
    std::string hard;
    bool soft_unlimited = false;
    bool hard_unlimited = false;
    // Of this process: "8388608", "unlimited", "" if unknown.
    std::string now_soft;
    std::string now_hard;
    bool installed = false; // kMemlockFile is there

    bool good() const { return soft_unlimited && hard_unlimited; }
};

MemlockState read_memlock(const Files& files);
Result<Edit> edit_memlock(const Files& files);

} // namespace srpt::host
