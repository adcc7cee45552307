// SPDX-License-Identifier: GPL-2.0
// Changes to configfs, all or nothing.
//
// A verb first computes a Plan, a list of steps, from what it has read; nothing
// is read while the plan runs. So --dry-run prints exactly what would happen,
// and a failure at step n undoes n-1 known steps in reverse. What each step's
// inverse is was decided when the plan was made.
#pragma once

#include "error.hpp"
#include "filesystem.hpp"
#include "system.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace srpt {

struct Step {
    enum class Op { load_module, mount_configfs, mkdir, write, symlink, unlink, rmdir };

    Op op = Op::mkdir;
    std::string path;                // load_module: the module's name
    std::string value;               // write: the value; symlink, unlink: where the link leads
    std::optional<std::string> undo; // write: the value that takes it back
    // unlink, rmdir: files to write when it has been taken back, so that what
    // a rollback brings back is as it was
    std::vector<std::pair<std::string, std::string>> restore;
    bool optional = false; // a failure is no reason to stop
    bool lasting = false;  // stays when later steps fail (fabric root)
};

// The step as a line of shell that does the same.
std::string step_shell(const Step& step);

class Plan {
  public:
    void load_module(std::string name);
    void mount_configfs(std::string path);
    // A directory that the next administrator would make as well.
    void mkdir_lasting(std::string path);
    void mkdir(std::string path);
    void write(std::string path, std::string value);
    void write(std::string path, std::string value, std::string undo);
    // A setting that is only convenience: failure is ignored.
    void write_optional(std::string path, std::string value);
    // An attribute that another kernel may refuse; taken back on failure.
    void write_setting(std::string path, std::string value, std::string undo);
    void symlink(std::string target, std::string path);
    using Restore = std::vector<std::pair<std::string, std::string>>;
    void unlink(std::string path, std::string target, Restore restore = {});
    void rmdir(std::string path, Restore restore = {});
    void rmdir_optional(std::string path);

    const std::vector<Step>& steps() const { return steps_; }
    bool empty() const { return steps_.empty(); }
    void append(const Plan& other);

  private:
    Step& add(Step::Op op, std::string path);

    std::vector<Step> steps_;
};

class Transaction {
  public:
    Transaction(FileSystem& fs, System& system) : fs_(fs), system_(system) {}

    // Every step, or none: on failure the error says what was undone, what
    // could not be, and what the kernel logged meanwhile.
    Status run(const Plan& plan);

  private:
    Status apply(const Step& step);
    Status revert(const Step& step);

    FileSystem& fs_;
    System& system_;
};

} // namespace srpt
