// SPDX-License-Identifier: GPL-2.0
// A root directory with the files of a system, and programs that answer as a
// test wants, for `srptctl host`.
#pragma once

#include "harness.hpp"
#include "host/machine.hpp"

#include <cstdlib>
#include <filesystem>
#include <fmt/ranges.h>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <set>

namespace testing_srpt {

// A directory that goes with the test.
class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        std::string name = (std::filesystem::temp_directory_path() / "srptctl-test.XXXXXX").string();
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        path_ = name;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

// Files below such a directory; attribute files of a kernel that answers.
class FixtureFiles final : public srpt::host::Files {
  public:
    explicit FixtureFiles(const std::string& root) : Files(root) {}

    // What storing a value does; default: the file has it then.
    std::function<srpt::Status(const std::string& path, const std::string& value)> on_store;
    std::vector<std::string> stored;
    std::string fail_replace; // replacing that file fails
    int refuse = 0;           // whatever would change something fails so

    void put(const std::string& path, const std::string& text) const {
        const std::filesystem::path file = root() + path;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }
    void put_dir(const std::string& path) const { std::filesystem::create_directories(root() + path); }
    void link(const std::string& target, const std::string& path) const {
        const std::filesystem::path file = root() + path;
        std::filesystem::create_directories(file.parent_path());
        std::filesystem::create_symlink(target, file);
    }
    std::string text(const std::string& path) const { return read(path).value_or("(absent)"); }

    srpt::Status store(const std::string& path, std::string_view value) override {
        if (refuse != 0) {
            return srpt::fail(srpt::errno_error(refuse, "cannot store", path));
        }
        stored.push_back(path + "=" + std::string(srpt::host::trim(value)));
        if (on_store) {
            return on_store(path, std::string(value));
        }
        return Files::store(path, value);
    }
    srpt::Status replace(const std::string& path, std::string_view text) override {
        if (path == fail_replace || refuse != 0) {
            return srpt::fail(srpt::errno_error(refuse != 0 ? refuse : ENOSPC, "cannot write", path));
        }
        return Files::replace(path, text);
    }
    srpt::Status remove(const std::string& path) override {
        return refuse != 0 ? srpt::fail(srpt::errno_error(refuse, "cannot remove", path))
                           : Files::remove(path);
    }
};

class FakePrograms final : public srpt::host::Programs {
  public:
    std::vector<std::string> ran;
    std::set<std::string> installed = {"modprobe", "systemctl", "udevadm"};
    std::function<srpt::host::Outcome(const std::string& line)> on_run;
    std::function<void()> on_sleep;
    Clock::time_point time{};

    srpt::Result<srpt::host::Outcome> run(const std::vector<std::string>& argv) override {
        const std::string line = fmt::format("{}", fmt::join(argv, " "));
        ran.push_back(line);
        if (!installed.contains(argv[0])) {
            return srpt::fail(srpt::errno_error(ENOENT, "cannot run " + argv[0], {}));
        }
        return on_run ? on_run(line) : srpt::host::Outcome{};
    }
    bool has(const std::string& program) const override { return installed.contains(program); }
    Clock::time_point now() const override { return time; }
    void sleep(std::chrono::milliseconds span) override {
        time += span;
        if (on_sleep) {
            on_sleep();
        }
    }
};

struct HostMachine : Machine {
    TemporaryDirectory directory;
    FixtureFiles files{directory.path()};
    FakePrograms runner;

    HostMachine() {
        host_files = &files;
        programs = &runner;
    }
    nlohmann::json json(std::vector<std::string> args) {
        args.emplace_back("--json");
        return nlohmann::json::parse(ok(args).out);
    }
    // Every file below the root with its text, to compare before and after.
    std::map<std::string, std::string> all() const {
        std::map<std::string, std::string> found;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(directory.path())) {
            if (entry.is_regular_file()) {
                const std::string path = entry.path().string().substr(directory.path().size());
                found[path] = files.text(path);
            }
        }
        return found;
    }
};

} // namespace testing_srpt
