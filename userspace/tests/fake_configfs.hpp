// SPDX-License-Identifier: GPL-2.0
// A model of configfs with LIO below it: directories bring their attribute
// files, links lead only where the kernel lets them, busy things cannot be
// removed. Any operation can be made to fail, which is what it is for.
#pragma once

#include "filesystem.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace testing_srpt {

inline const std::string kTarget = "/sys/kernel/config/target";
inline const std::string kSrpt = kTarget + "/srpt";
inline const std::string kCore = kTarget + "/core";

// Thrown where the process would be killed: nothing of srptctl catches it.
struct Killed {};

class FakeConfigfs final : public srpt::FileSystem {
  public:
    FakeConfigfs();

    // Back to a machine where nothing is mounted.
    void reset();

    // Stages of a machine.
    void mount();
    void load_core();
    void load_srpt(bool ours = true);
    // All three, and the fabric directory made.
    void ready(bool ours = true);

    // Plain files outside configfs (sysfs), parents included.
    void put(const std::string& path, const std::string& content);
    void put_dir(const std::string& path);
    void put_link(const std::string& path, const std::string& target);

    // Lets only these names be targets; empty: any.
    void allow_targets(std::set<std::string> names) { targets_ = std::move(names); }

    // The next mutating operation number `n` (from 0) fails with `err`.
    void fail_at(unsigned n, int err);
    // Every mutating operation on a path that contains `part` fails.
    void fail_on(const std::string& part, int err);
    void fail_nothing();
    // The process is killed at mutating operation number `n` (from 0), which
    // is not done any more.
    void kill_at(unsigned n);
    unsigned mutations() const { return mutations_; }

    // Everything there is, to compare before and after.
    std::string snapshot() const;
    bool has(const std::string& path) const { return nodes_.contains(path); }
    std::string content(const std::string& path) const;
    // Every value written, in order: "path=value".
    const std::vector<std::string>& writes() const { return writes_; }

    Kind kind(const std::string& path) const override;
    srpt::Result<std::vector<std::string>> list(const std::string& path) const override;
    srpt::Result<std::string> read(const std::string& path) const override;
    srpt::Result<std::string> resolve(const std::string& path) const override;
    srpt::Status mkdir(const std::string& path) override;
    srpt::Status rmdir(const std::string& path) override;
    srpt::Status write(const std::string& path, std::string_view value) override;
    srpt::Status symlink(const std::string& target, const std::string& path) override;
    srpt::Status unlink(const std::string& path) override;
    bool settable(const std::string& path) const override;
    srpt::Status replace(const std::string& path, std::string_view content) override;

  private:
    struct Node {
        Kind kind = Kind::file;
        std::string text;       // content, or where a link leads
        bool automatic = false; // made by the kernel: cannot be removed
        bool readable = true;
    };

    void add_dir(const std::string& path, bool automatic);
    void add_file(const std::string& path, const std::string& text, bool readable = true);
    bool has_user_children(const std::string& path) const;
    bool is_linked(const std::string& path) const;
    int injected(const std::string& path);
    int make(const std::string& path);
    void populate_backstore(const std::string& path);
    void populate_tpg(const std::string& path);
    int enable_backstore(const std::string& path);
    void erase_tree(const std::string& path);

    std::map<std::string, Node> nodes_;
    std::set<std::string> targets_;
    std::vector<std::string> writes_;
    bool srpt_loaded_ = false;
    bool ours_ = true;
    unsigned mutations_ = 0;
    std::optional<unsigned> fail_at_;
    std::optional<unsigned> kill_at_;
    std::string fail_part_;
    int fail_err_ = 0;
};

} // namespace testing_srpt
