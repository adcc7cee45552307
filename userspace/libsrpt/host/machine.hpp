// SPDX-License-Identifier: GPL-2.0
// What `srptctl host` touches: files of the system below a root that can be
// moved, and programs. Interfaces, so that tests answer for the kernel and for
// programs that a machine without RDMA hardware does not have.
#pragma once

#include "error.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace srpt::host {

// Files. Paths are absolute and meant below the root.
class Files {
  public:
    explicit Files(std::string root = {}) : root_(std::move(root)) {}
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;
    virtual ~Files() = default;

    const std::string& root() const { return root_; }
    bool exists(const std::string& path) const;
    bool is_directory(const std::string& path) const;
    // The content to the last byte.
    virtual Result<std::string> read(const std::string& path) const;
    // The content without its last newlines, or `fallback`.
    std::string word(const std::string& path, std::string fallback = {}) const;
    // Names in a directory, sorted; none if there is no directory.
    std::vector<std::string> list(const std::string& path) const;
    // Last component of what a link leads to, "" if it is none.
    std::string link_name(const std::string& path) const;
    // A whole file, replaced at once: a temporary file beside it, fsync,
    // rename. Keeps mode and owner of what it replaces, follows a link to the
    // file meant, makes missing directories.
    virtual Status replace(const std::string& path, std::string_view text);
    // A value for an attribute file of the kernel: one write.
    virtual Status store(const std::string& path, std::string_view value);
    virtual Status remove(const std::string& path);

  private:
    std::string at(const std::string& path) const { return root_ + path; }

    std::string root_;
};

struct Outcome {
    int status = 0;     // exit status; 128 + signal
    std::string output; // standard output
    std::string errors; // standard error
};

class Programs {
  public:
    using Clock = std::chrono::steady_clock;

    Programs() = default;
    Programs(const Programs&) = delete;
    Programs& operator=(const Programs&) = delete;
    virtual ~Programs() = default;

    // Fails only if the program could not be run at all.
    virtual Result<Outcome> run(const std::vector<std::string>& argv) = 0;
    virtual bool has(const std::string& program) const = 0;
    virtual Clock::time_point now() const { return Clock::now(); }
    virtual void sleep(std::chrono::milliseconds time) = 0;
};

// Programs of this machine.
std::unique_ptr<Programs> make_programs();

// A file that is to be written (or removed), and what it was.
struct Edit {
    std::string path;
    std::string before;
    std::string after;
    bool existed = false;
    bool removes = false;

    bool changes() const { return removes ? existed : !existed || before != after; }
};

// Reads what the edit of `path` starts from; a missing file is an empty one.
Result<Edit> begin_edit(const Files& files, const std::string& path);
// Does every edit that changes something. If one fails, those before it are
// taken back.
Status commit(Files& files, const std::vector<Edit>& edits);
// Lines that go and come, as "-old" and "+new" below "PATH:".
std::string show_edit(const Edit& edit);

// Text in lines; the last need not end with a newline.
std::vector<std::string> split_lines(std::string_view text);
std::string join_lines(const std::vector<std::string>& lines);
// Words between blanks and tabs.
std::vector<std::string> split_words(std::string_view line);
std::string_view trim(std::string_view text);
std::string lower(std::string_view text);

} // namespace srpt::host
