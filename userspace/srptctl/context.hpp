// SPDX-License-Identifier: GPL-2.0
// What a verb works with: the machine, the options that every verb has, and
// where the answer goes. Tests build one of their own.
#pragma once

#include "filesystem.hpp"
#include "host/machine.hpp"
#include "netlink.hpp"
#include "output.hpp"
#include "system.hpp"
#include "transaction.hpp"
#include "views.hpp"

#include <functional>
#include <iosfwd>
#include <string>

namespace srptctl {

struct Options {
    bool json = false;
    bool dry_run = false;
    bool yes = false;
};

// The machine, and the streams of the process.
struct Environment {
    srpt::FileSystem& fs;
    srpt::System& system;
    srpt::KernelLink& link;
    std::istream& in;
    std::ostream& out;
    std::ostream& err;
    bool in_is_terminal = false;
    bool out_is_terminal = false;
    bool err_is_terminal = false;
    // Of `srptctl host`: files below a root, and programs.
    srpt::host::Files* host_files = nullptr;
    srpt::host::Programs* programs = nullptr;
};

// What a verb that looks for something (doctor, config diff) returns when it
// found something.
inline constexpr int kFound = 10;

struct Context {
    Environment& env;
    const Options& options;
    Output& output;
    // What the process returns when the verb did its work: 0, or kFound.
    int& result;

    // Which module is loaded.
    Module module() const;
    bool stock() const { return module() == Module::stock; }

    // The tree; without the fabric a "no module" error that says what to do.
    srpt::Result<srpt::Tree> tree() const;

    // Fails if the loaded module cannot be asked for sessions and refusals.
    srpt::Status need_netlink() const;

    // Runs the plan, or shows it with --dry-run. `ran` tells which.
    srpt::Status run(std::string_view command, const srpt::Plan& plan, const std::vector<std::string>& notes,
                     bool& ran) const;

    // Asks, unless --yes; fails with Errc::declined when the answer is no or
    // nobody is there to ask.
    srpt::Status confirm(const std::string& question) const;
};

// The exit code that belongs to a failure; documented in srptctl(8).
int exit_code(srpt::Errc code);

} // namespace srptctl
