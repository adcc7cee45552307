// SPDX-License-Identifier: GPL-2.0
#include "transaction.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

namespace srpt {

namespace {

std::string shell_quoted(std::string_view text) {
    static constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,";

    if (!text.empty() && text.find_first_not_of(plain) == std::string_view::npos) {
        return std::string(text);
    }
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'') {
            out += "'\\''";
        } else {
            out += c;
        }
    }
    return out + "'";
}

// Advice that depends only on what was tried and what the kernel answered.
std::string advice(const Step& step) {
    const std::string name = base_name(step.path);

    if (step.op == Step::Op::mkdir && step.path.find("/core/") != std::string::npos) {
        return "another program may have taken the name meanwhile; try again, or choose one with --name";
    }
    if (step.op == Step::Op::mkdir && step.path.find("/acls/") != std::string::npos) {
        return "see 'srptctl acl list' for names in use";
    }
    if (step.op == Step::Op::mkdir && step.path.ends_with("/srpt")) {
        return "load the module: modprobe ib_srpt";
    }
    if (step.op == Step::Op::mkdir && step.path.find("/srpt/") != std::string::npos) {
        return "the name must be the GID or GUID of a local RDMA port: see 'srptctl status'";
    }
    if (step.op == Step::Op::write && name == "enable" && step.path.find("/core/") != std::string::npos) {
        return "the back end could not be opened: is the device or file in use, read-only or gone?";
    }
    if (step.op == Step::Op::write && name == "enable") {
        return "the port group could not be enabled: see dmesg for the port it could not bind";
    }
    if (step.op == Step::Op::write && name == "rdma_cm_port") {
        return "the port number may be in use on this host; choose another with --rdma-cm-port";
    }
    if (step.op == Step::Op::rmdir || step.op == Step::Op::unlink) {
        return "something still uses it: see 'srptctl status' and 'targetcli ls'";
    }
    return {};
}

void complete(Error& error, const Step& step, System& system) {
    if (error.code == Errc::permission && error.hint.empty()) {
        error.hint = "run srptctl as root";
    }
    if (error.hint.empty()) {
        error.hint = advice(step);
    }
    for (std::string& line : system.kernel_log()) {
        error.kernel.push_back(std::move(line));
    }
}

} // namespace

std::string step_shell(const Step& step) {
    switch (step.op) {
    case Step::Op::load_module:
        return fmt::format("modprobe {}", shell_quoted(step.path));
    case Step::Op::mount_configfs:
        return fmt::format("mount -t configfs configfs {}", shell_quoted(step.path));
    case Step::Op::mkdir:
        return fmt::format("mkdir {}", shell_quoted(step.path));
    case Step::Op::write:
        return fmt::format("echo {} > {}", shell_quoted(step.value), shell_quoted(step.path));
    case Step::Op::symlink:
        return fmt::format("ln -s {} {}", shell_quoted(step.value), shell_quoted(step.path));
    case Step::Op::unlink:
        return fmt::format("rm {}", shell_quoted(step.path));
    case Step::Op::rmdir:
        return fmt::format("rmdir {}", shell_quoted(step.path));
    }
    return {};
}

Step& Plan::add(Step::Op op, std::string path) {
    Step& step = steps_.emplace_back();

    step.op = op;
    step.path = std::move(path);
    return step;
}

void Plan::load_module(std::string name) {
    add(Step::Op::load_module, std::move(name)).lasting = true;
}

void Plan::mount_configfs(std::string path) {
    add(Step::Op::mount_configfs, std::move(path)).lasting = true;
}

void Plan::mkdir_lasting(std::string path) {
    add(Step::Op::mkdir, std::move(path)).lasting = true;
}

void Plan::mkdir(std::string path) {
    add(Step::Op::mkdir, std::move(path));
}

void Plan::write(std::string path, std::string value) {
    add(Step::Op::write, std::move(path)).value = std::move(value);
}

void Plan::write(std::string path, std::string value, std::string undo) {
    Step& step = add(Step::Op::write, std::move(path));

    step.value = std::move(value);
    step.undo = std::move(undo);
}

void Plan::write_optional(std::string path, std::string value) {
    Step& step = add(Step::Op::write, std::move(path));

    step.value = std::move(value);
    step.optional = true;
}

void Plan::write_setting(std::string path, std::string value, std::string undo) {
    write(std::move(path), std::move(value), std::move(undo));
    steps_.back().optional = true;
}

void Plan::symlink(std::string target, std::string path) {
    add(Step::Op::symlink, std::move(path)).value = std::move(target);
}

void Plan::unlink(std::string path, std::string target, Restore restore) {
    Step& step = add(Step::Op::unlink, std::move(path));

    step.value = std::move(target);
    step.restore = std::move(restore);
}

void Plan::rmdir(std::string path, Restore restore) {
    add(Step::Op::rmdir, std::move(path)).restore = std::move(restore);
}

void Plan::rmdir_optional(std::string path) {
    add(Step::Op::rmdir, std::move(path)).optional = true;
}

void Plan::append(const Plan& other) {
    steps_.insert(steps_.end(), other.steps_.begin(), other.steps_.end());
}

Status Transaction::apply(const Step& step) {
    switch (step.op) {
    case Step::Op::load_module:
        return system_.load_module(step.path);
    case Step::Op::mount_configfs:
        return system_.mount_configfs(step.path);
    case Step::Op::mkdir: {
        Status made = fs_.mkdir(step.path);
        // A root that somebody else made meanwhile is as good.
        if (!made && step.lasting && made.error().err == EEXIST) {
            return {};
        }
        return made;
    }
    case Step::Op::write:
        return fs_.write(step.path, step.value + "\n");
    case Step::Op::symlink:
        return fs_.symlink(step.value, step.path);
    case Step::Op::unlink:
        return fs_.unlink(step.path);
    case Step::Op::rmdir:
        return fs_.rmdir(step.path);
    }
    return {};
}

Status Transaction::revert(const Step& step) {
    Status status;

    if (step.lasting) {
        return {};
    }
    switch (step.op) {
    case Step::Op::mkdir:
        return fs_.rmdir(step.path);
    case Step::Op::write:
        return step.undo ? fs_.write(step.path, *step.undo + "\n") : Status{};
    case Step::Op::symlink:
        return fs_.unlink(step.path);
    case Step::Op::unlink:
        status = fs_.symlink(step.value, step.path);
        break;
    case Step::Op::rmdir:
        status = fs_.mkdir(step.path);
        break;
    case Step::Op::load_module:
    case Step::Op::mount_configfs:
        break;
    }
    for (const auto& [path, value] : step.restore) {
        if (status) {
            status = fs_.write(path, value + "\n");
        }
    }
    return status;
}

Status Transaction::run(const Plan& plan) {
    const SignalHold hold;
    std::vector<const Step*> done;

    system_.mark_kernel_log();
    for (const Step& step : plan.steps()) {
        Status status = apply(step);

        if (status) {
            done.push_back(&step);
            continue;
        }
        if (step.optional) {
            continue;
        }
        Error error = std::move(status.error());
        complete(error, step, system_);
        error.rolled_back = std::any_of(done.begin(), done.end(), [](const Step* s) { return !s->lasting; });
        for (; !done.empty(); done.pop_back()) {
            const Status undone = revert(*done.back());

            if (!undone) {
                error.leftover.push_back(
                    fmt::format("{}: {}", undone.error().path, errno_text(undone.error().err)));
            }
        }
        return fail(std::move(error));
    }
    return {};
}

} // namespace srpt
