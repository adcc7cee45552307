// SPDX-License-Identifier: GPL-2.0
#include "context.hpp"

#include <fmt/format.h>
#include <istream>
#include <ostream>

namespace srptctl {

using srpt::Errc;
using srpt::fail;

int exit_code(Errc code) {
    switch (code) {
    case Errc::failed:
        return 1;
    case Errc::usage:
        return 2;
    case Errc::permission:
        return 3;
    case Errc::not_found:
        return 4;
    case Errc::exists:
        return 5;
    case Errc::no_module:
        return 6;
    case Errc::unsupported:
        return 7;
    case Errc::timeout:
        return 8;
    case Errc::declined:
        return 9;
    }
    return 1;
}

Module Context::module() const {
    if (env.link.present()) {
        return Module::ours;
    }
    return env.fs.is_directory("/sys/module/ib_srpt") ? Module::stock : Module::absent;
}

srpt::Result<srpt::Tree> Context::tree() const {
    srpt::Result<srpt::Tree> tree = srpt::read_tree(env.fs);

    if (tree && !tree->fabric) {
        if (!tree->configfs) {
            return fail(Errc::no_module, "configfs is not mounted, so no target is configured",
                        "srptctl export DEVICE mounts it and loads the modules");
        }
        return fail(Errc::no_module, "no SRP target is configured: target/srpt does not exist",
                    "load the module with 'modprobe ib_srpt', then: srptctl export DEVICE");
    }
    return tree;
}

srpt::Status Context::need_netlink() const {
    switch (module()) {
    case Module::ours:
        return {};
    case Module::absent:
        return fail(Errc::no_module, "ib_srpt is not loaded", "modprobe ib_srpt");
    case Module::stock:
        break;
    }
    return fail(
        Errc::unsupported,
        "the loaded ib_srpt is the kernel's own: it has no netlink interface to ask for sessions, refused "
        "logins and events",
        "see srptctl(8), MODULES");
}

srpt::Status Context::run(std::string_view command, const srpt::Plan& plan,
                          const std::vector<std::string>& notes, bool& ran) const {
    ran = !options.dry_run;
    if (options.dry_run) {
        output.dry_run(command, plan, notes);
        return {};
    }
    return srpt::Transaction(env.fs, env.system).run(plan);
}

srpt::Status Context::confirm(const std::string& question) const {
    std::string answer;

    if (options.yes || options.dry_run) {
        return {};
    }
    if (!env.in_is_terminal) {
        return fail(Errc::declined, question, "repeat the command with --yes");
    }
    env.err << question << " [y/N] " << std::flush;
    std::getline(env.in, answer);
    if (answer == "y" || answer == "Y" || answer == "yes") {
        return {};
    }
    return fail(Errc::declined, "not confirmed, nothing was changed");
}

} // namespace srptctl
