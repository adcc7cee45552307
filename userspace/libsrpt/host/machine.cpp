// SPDX-License-Identifier: GPL-2.0
#include "host/machine.hpp"

#include "filesystem.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace srpt::host {

namespace {

// The path that writing to `path` really means: a link is followed, or the
// rename would replace the link.
std::string real_target(const std::string& path) {
    std::array<char, PATH_MAX> buffer{};
    std::string at = path;

    for (int depth = 0; depth < 16; depth++) {
        const ssize_t n = ::readlink(at.c_str(), buffer.data(), buffer.size());
        if (n <= 0 || static_cast<size_t>(n) == buffer.size()) {
            break;
        }
        const std::string next(buffer.data(), static_cast<size_t>(n));
        at = next.starts_with('/') ? next : fmt::format("{}/{}", dir_name(at), next);
    }
    return at;
}

Status make_directories(const std::string& path, const std::string& shown) {
    for (size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
        const std::string part = path.substr(0, slash);
        if (::mkdir(part.c_str(), 0755) != 0 && errno != EEXIST) {
            return fail(errno_error(errno, "cannot create the directory", shown));
        }
    }
    return {};
}

Status write_all(int fd, std::string_view text, const std::string& shown) {
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return fail(errno_error(errno, "cannot write", shown));
        }
        text.remove_prefix(static_cast<size_t>(n));
    }
    if (::fsync(fd) != 0) {
        return fail(errno_error(errno, "cannot write to the disk", shown));
    }
    return {};
}

void sync_directory(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        ::fsync(fd); // not every file system can; the rename has been done
        ::close(fd);
    }
}

class PosixPrograms final : public Programs {
  public:
    Result<Outcome> run(const std::vector<std::string>& argv) override;
    bool has(const std::string& program) const override;
    void sleep(std::chrono::milliseconds time) override { std::this_thread::sleep_for(time); }
};

constexpr std::array kPath = {"/usr/sbin", "/usr/bin", "/sbin", "/bin"};

bool PosixPrograms::has(const std::string& program) const {
    return std::any_of(kPath.begin(), kPath.end(), [&](const char* dir) {
        return ::access(fmt::format("{}/{}", dir, program).c_str(), X_OK) == 0;
    });
}

// Both pipes to their ends; a program that fills one while we read the other
// must not wait for ever.
void drain(int out, int err, Outcome& outcome) {
    std::array<pollfd, 2> fds = {pollfd{out, POLLIN, 0}, pollfd{err, POLLIN, 0}};
    std::array<char, 4096> buffer{};

    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR) {
            break;
        }
        for (size_t i = 0; i < fds.size(); i++) {
            if (fds[i].fd < 0 || fds[i].revents == 0) {
                continue;
            }
            const ssize_t n = ::read(fds[i].fd, buffer.data(), buffer.size());
            if (n < 0 && errno == EINTR) {
                continue;
            }
            if (n <= 0) {
                fds[i].fd = -1;
                continue;
            }
            (i == 0 ? outcome.output : outcome.errors).append(buffer.data(), static_cast<size_t>(n));
        }
    }
}

Result<Outcome> PosixPrograms::run(const std::vector<std::string>& argv) {
    std::vector<std::string> words = argv;
    std::vector<char*> pointers;
    std::array<std::string, 2> vars = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
    std::array<char*, 3> envp = {vars[0].data(), vars[1].data(), nullptr};
    std::array<int, 2> out{-1, -1};
    std::array<int, 2> err{-1, -1};
    posix_spawn_file_actions_t actions{};
    Outcome outcome;
    pid_t pid = 0;
    int status = 0;

    pointers.reserve(words.size() + 1);
    for (std::string& word : words) {
        pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    if (::pipe2(out.data(), O_CLOEXEC) != 0) {
        return fail(errno_error(errno, fmt::format("cannot run {}", argv[0]), {}));
    }
    if (::pipe2(err.data(), O_CLOEXEC) != 0) {
        const int saved = errno;
        ::close(out[0]);
        ::close(out[1]);
        return fail(errno_error(saved, fmt::format("cannot run {}", argv[0]), {}));
    }
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
    const int failed =
        ::posix_spawnp(&pid, words[0].c_str(), &actions, nullptr, pointers.data(), envp.data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(out[1]);
    ::close(err[1]);
    if (failed == 0) {
        drain(out[0], err[0], outcome);
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    ::close(out[0]);
    ::close(err[0]);
    if (failed != 0) {
        return fail(errno_error(failed, fmt::format("cannot run {}", argv[0]), {}));
    }
    return outcome;
}

} // namespace

bool Files::exists(const std::string& path) const {
    return ::access(at(path).c_str(), F_OK) == 0;
}

bool Files::is_directory(const std::string& path) const {
    struct stat st {};

    return ::stat(at(path).c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

Result<std::string> Files::read(const std::string& path) const {
    return read_whole(at(path), path);
}

std::string Files::word(const std::string& path, std::string fallback) const {
    Result<std::string> text = read(path);

    return text ? std::string(trim(*text)) : std::move(fallback);
}

std::vector<std::string> Files::list(const std::string& path) const {
    return PosixFileSystem(root_).list_or_empty(path);
}

std::string Files::link_name(const std::string& path) const {
    std::array<char, PATH_MAX> buffer{};
    const ssize_t n = ::readlink(at(path).c_str(), buffer.data(), buffer.size());

    return n <= 0 ? std::string{} : base_name(std::string_view(buffer.data(), static_cast<size_t>(n)));
}

Status Files::replace(const std::string& path, std::string_view text) {
    const std::string target = real_target(at(path));
    std::string temporary = target + ".XXXXXX";
    struct stat st {};
    const bool existed = ::stat(target.c_str(), &st) == 0;

    // The rename would put a file in the place of a device, too.
    if (existed && !S_ISREG(st.st_mode)) {
        return fail(errno_error(S_ISDIR(st.st_mode) ? EISDIR : EINVAL, "cannot write what is no file", path));
    }
    if (Status status = make_directories(target, path); !status) {
        return status;
    }
    const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
    if (fd < 0) {
        return fail(errno_error(errno, "cannot write", path));
    }
    Status status = write_all(fd, text, path);
    if (status && ::fchmod(fd, existed ? st.st_mode & 07777U : 0644U) != 0) {
        status = fail(errno_error(errno, "cannot set the mode", path));
    }
    if (status && existed && ::fchown(fd, st.st_uid, st.st_gid) != 0) {
        status = fail(errno_error(errno, "cannot keep the owner", path));
    }
    ::close(fd);
    if (status && ::rename(temporary.c_str(), target.c_str()) != 0) {
        status = fail(errno_error(errno, "cannot replace the file", path));
    }
    if (!status) {
        ::unlink(temporary.c_str());
        return status;
    }
    sync_directory(dir_name(target));
    return {};
}

Status Files::store(const std::string& path, std::string_view value) {
    return PosixFileSystem(root_).write(path, value);
}

Status Files::remove(const std::string& path) {
    if (::unlink(at(path).c_str()) != 0) {
        return fail(errno_error(errno, "cannot remove the file", path));
    }
    return {};
}

std::unique_ptr<Programs> make_programs() {
    return std::make_unique<PosixPrograms>();
}

Result<Edit> begin_edit(const Files& files, const std::string& path) {
    Edit edit;

    edit.path = path;
    Result<std::string> text = files.read(path);
    if (text) {
        edit.existed = true;
        edit.before = *text;
        edit.after = std::move(*text);
    } else if (text.error().err != ENOENT) {
        return fail(std::move(text.error()));
    }
    return edit;
}

Status commit(Files& files, const std::vector<Edit>& edits) {
    std::vector<const Edit*> done;

    for (const Edit& edit : edits) {
        if (!edit.changes()) {
            continue;
        }
        Status status = edit.removes ? files.remove(edit.path) : files.replace(edit.path, edit.after);
        if (status) {
            done.push_back(&edit);
            continue;
        }
        Error error = std::move(status.error());
        std::reverse(done.begin(), done.end());
        for (const Edit* last : done) {
            const Edit& back = *last;
            const Status undone =
                back.existed ? files.replace(back.path, back.before) : files.remove(back.path);
            if (!undone) {
                error.leftover.push_back(back.path);
            }
        }
        error.rolled_back = !done.empty();
        return fail(std::move(error));
    }
    return {};
}

std::string show_edit(const Edit& edit) {
    std::vector<std::string> before = split_lines(edit.before);
    std::vector<std::string> after = edit.removes ? std::vector<std::string>{} : split_lines(edit.after);
    std::string text = edit.path + (edit.removes ? ": removed\n" : ":\n");
    size_t head = 0;
    size_t tail = 0;

    // Edits here touch one place each: what is alike at both ends is not shown.
    while (head < before.size() && head < after.size() && before[head] == after[head]) {
        head++;
    }
    while (tail < before.size() - head && tail < after.size() - head &&
           before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) {
        tail++;
    }
    for (size_t i = head; i < before.size() - tail; i++) {
        text += "-" + before[i] + "\n";
    }
    for (size_t i = head; i < after.size() - tail; i++) {
        text += "+" + after[i] + "\n";
    }
    return text;
}

std::vector<std::string> split_lines(std::string_view text) {
    std::vector<std::string> lines;

    while (!text.empty()) {
        const size_t end = text.find('\n');
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

std::string join_lines(const std::vector<std::string>& lines) {
    std::string text;

    for (const std::string& line : lines) {
        text += line;
        text += '\n';
    }
    return text;
}

std::vector<std::string> split_words(std::string_view line) {
    std::vector<std::string> words;

    for (;;) {
        line = trim(line);
        if (line.empty()) {
            return words;
        }
        const size_t end = std::min(line.find_first_of(" \t\r"), line.size());
        words.emplace_back(line.substr(0, end));
        line.remove_prefix(end);
    }
}

std::string_view trim(std::string_view text) {
    const size_t begin = text.find_first_not_of(" \t\r\n");

    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::string lower(std::string_view text) {
    std::string out(text);

    std::transform(out.begin(), out.end(), out.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

} // namespace srpt::host
