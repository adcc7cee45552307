// SPDX-License-Identifier: GPL-2.0
// The few file operations that configfs and sysfs need, behind an interface:
// on the machine they are system calls below a root that can be moved, in the
// tests a model of configfs that makes attribute files and fails on request.
//
// Paths are absolute and as the kernel knows them ("/sys/kernel/config/...").
#pragma once

#include "error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace srpt {

class FileSystem {
  public:
    enum class Kind { none, directory, file, link, other };

    FileSystem() = default;
    FileSystem(const FileSystem&) = delete;
    FileSystem& operator=(const FileSystem&) = delete;
    virtual ~FileSystem() = default;

    // What is there, without following a link; none on any failure.
    virtual Kind kind(const std::string& path) const = 0;
    // Names in a directory, sorted.
    virtual Result<std::vector<std::string>> list(const std::string& path) const = 0;
    // The whole content, trailing newlines removed.
    virtual Result<std::string> read(const std::string& path) const = 0;
    // The absolute path that a link, or a path through links, leads to.
    virtual Result<std::string> resolve(const std::string& path) const = 0;

    // A file that its owner may read and write: a setting, not a state.
    virtual bool settable(const std::string& path) const { return kind(path) == Kind::file; }

    virtual Status mkdir(const std::string& path) = 0;
    virtual Status rmdir(const std::string& path) = 0;
    virtual Status write(const std::string& path, std::string_view value) = 0;
    virtual Status symlink(const std::string& target, const std::string& path) = 0;
    virtual Status unlink(const std::string& path) = 0;
    // Puts `content` in the place of a file, mode 0600. Whoever reads it, and
    // whatever fails, finds the old content or the new, whole.
    virtual Status replace(const std::string& path, std::string_view content) = 0;

    bool is_directory(const std::string& path) const { return kind(path) == Kind::directory; }
    // Content, or `fallback` when it cannot be read.
    std::string read_or(const std::string& path, std::string fallback = {}) const;
    // Names in a directory; none if it cannot be read.
    std::vector<std::string> list_or_empty(const std::string& path) const;
};

// The machine's own files, below `root` (empty on a real machine).
class PosixFileSystem final : public FileSystem {
  public:
    explicit PosixFileSystem(std::string root = {}) : root_(std::move(root)) {}

    Kind kind(const std::string& path) const override;
    Result<std::vector<std::string>> list(const std::string& path) const override;
    Result<std::string> read(const std::string& path) const override;
    Result<std::string> resolve(const std::string& path) const override;
    Status mkdir(const std::string& path) override;
    Status rmdir(const std::string& path) override;
    Status write(const std::string& path, std::string_view value) override;
    Status symlink(const std::string& target, const std::string& path) override;
    Status unlink(const std::string& path) override;
    bool settable(const std::string& path) const override;
    Status replace(const std::string& path, std::string_view content) override;

  private:
    std::string at(const std::string& path) const { return root_ + path; }

    std::string root_;
};

// The content of a file to its last byte; errors are about the path `shown`.
Result<std::string> read_whole(const std::string& file, const std::string& shown);

// Last component of a path, and everything before it.
std::string base_name(std::string_view path);
std::string dir_name(std::string_view path);

} // namespace srpt
