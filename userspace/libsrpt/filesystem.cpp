// SPDX-License-Identifier: GPL-2.0
#include "filesystem.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace srpt {

namespace {

// No configuration comes near it.
constexpr size_t kLargestFile = size_t{64} << 20;

// A descriptor that closes itself.
class Fd {
  public:
    explicit Fd(int fd) : fd_(fd) {}
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }
    int get() const { return fd_; }

  private:
    int fd_;
};

struct CloseDir {
    void operator()(DIR* dir) const { ::closedir(dir); }
};

} // namespace

std::string FileSystem::read_or(const std::string& path, std::string fallback) const {
    Result<std::string> text = read(path);

    return text ? std::move(*text) : std::move(fallback);
}

std::vector<std::string> FileSystem::list_or_empty(const std::string& path) const {
    return list(path).value_or(std::vector<std::string>{});
}

FileSystem::Kind PosixFileSystem::kind(const std::string& path) const {
    struct stat st {};

    if (::lstat(at(path).c_str(), &st) != 0) {
        return Kind::none;
    }
    if (S_ISDIR(st.st_mode)) {
        return Kind::directory;
    }
    if (S_ISREG(st.st_mode)) {
        return Kind::file;
    }
    return S_ISLNK(st.st_mode) ? Kind::link : Kind::other;
}

Result<std::vector<std::string>> PosixFileSystem::list(const std::string& path) const {
    const std::unique_ptr<DIR, CloseDir> dir(::opendir(at(path).c_str()));
    std::vector<std::string> names;

    if (!dir) {
        return fail(errno_error(errno, "cannot list the directory", path));
    }
    while (const dirent* entry = ::readdir(dir.get())) {
        std::string name = static_cast<const char*>(entry->d_name);

        if (name != "." && name != "..") {
            names.push_back(std::move(name));
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

Result<std::string> read_whole(const std::string& file, const std::string& shown) {
    const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    std::array<char, 4096> buffer{};
    struct stat st {};

    if (fd.get() < 0 || ::fstat(fd.get(), &st) != 0) {
        return fail(errno_error(errno, "cannot read", shown));
    }
    // A disk or /dev/zero has no end that one would want to wait for. A pipe
    // may be what a shell makes of <(...).
    if (S_ISBLK(st.st_mode) || S_ISCHR(st.st_mode)) {
        return fail(errno_error(EINVAL, "a device is no file to read", shown));
    }
    for (;;) {
        const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return fail(errno_error(errno, "cannot read", shown));
        }
        if (n == 0) {
            return text;
        }
        text.append(buffer.data(), static_cast<size_t>(n));
        if (text.size() > kLargestFile) {
            return fail(
                errno_error(EFBIG, fmt::format("more than {} MiB are not read", kLargestFile >> 20), shown));
        }
    }
}

Result<std::string> PosixFileSystem::read(const std::string& path) const {
    Result<std::string> text = read_whole(at(path), path);

    while (text && !text->empty() && (text->back() == '\n' || text->back() == '\0')) {
        text->pop_back();
    }
    return text;
}

Result<std::string> PosixFileSystem::resolve(const std::string& path) const {
    struct Free {
        void operator()(char* p) const { std::free(p); } // NOLINT(cppcoreguidelines-no-malloc)
    };
    const std::unique_ptr<char, Free> real(::realpath(at(path).c_str(), nullptr));

    if (!real) {
        return fail(errno_error(errno, "cannot follow the link", path));
    }
    std::string text = real.get();
    if (root_.empty()) {
        return text;
    }
    // The root itself may lie behind a link.
    const std::unique_ptr<char, Free> real_root(::realpath(root_.c_str(), nullptr));
    const std::string prefix = real_root ? real_root.get() : root_;
    if (text.starts_with(prefix)) {
        text.erase(0, prefix.size());
    }
    return text;
}

Status PosixFileSystem::mkdir(const std::string& path) {
    if (::mkdir(at(path).c_str(), 0755) != 0) {
        return fail(errno_error(errno, "cannot create the directory", path));
    }
    return {};
}

Status PosixFileSystem::rmdir(const std::string& path) {
    if (::rmdir(at(path).c_str()) != 0) {
        return fail(errno_error(errno, "cannot remove the directory", path));
    }
    return {};
}

Status PosixFileSystem::write(const std::string& path, std::string_view value) {
    const Fd fd(::open(at(path).c_str(), O_WRONLY | O_CLOEXEC));

    if (fd.get() < 0) {
        return fail(errno_error(errno, fmt::format("cannot write '{}'", value), path));
    }
    // One write: a configfs store sees each call as a value of its own.
    ssize_t n = 0;
    do {
        n = ::write(fd.get(), value.data(), value.size());
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return fail(errno_error(errno, fmt::format("cannot write '{}'", value), path));
    }
    if (static_cast<size_t>(n) != value.size()) {
        return fail(errno_error(EIO, fmt::format("only part of '{}' was taken", value), path));
    }
    return {};
}

Status PosixFileSystem::symlink(const std::string& target, const std::string& path) {
    if (::symlink(at(target).c_str(), at(path).c_str()) != 0) {
        return fail(errno_error(errno, fmt::format("cannot link to {}", target), path));
    }
    return {};
}

Status PosixFileSystem::unlink(const std::string& path) {
    if (::unlink(at(path).c_str()) != 0) {
        return fail(errno_error(errno, "cannot remove the link", path));
    }
    return {};
}

bool PosixFileSystem::settable(const std::string& path) const {
    struct stat st {};

    return ::stat(at(path).c_str(), &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IRUSR) != 0 &&
           (st.st_mode & S_IWUSR) != 0;
}

Status PosixFileSystem::replace(const std::string& path, std::string_view content) {
    // A link stays one: the file that it leads to is replaced.
    const std::string place = resolve(path).value_or(path);
    const std::string temporary = fmt::format("{}.{}.temp", place, ::getpid());
    const auto failed = [&](int err, const char* what) {
        ::unlink(at(temporary).c_str());
        return fail(errno_error(err, what, path));
    };
    const std::string dir = dir_name(place).empty() ? std::string(".") : dir_name(place);
    struct stat st {};

    if (::stat(at(place).c_str(), &st) == 0 && !S_ISREG(st.st_mode)) {
        return fail(errno_error(S_ISDIR(st.st_mode) ? EISDIR : EINVAL, "cannot write the file", path));
    }
    // One that a killed process of the same number left behind.
    ::unlink(at(temporary).c_str());
    {
        const Fd fd(
            ::open(at(temporary).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (fd.get() < 0) {
            return fail(errno_error(errno, "cannot write the file", path));
        }
        while (!content.empty()) {
            const ssize_t n = ::write(fd.get(), content.data(), content.size());
            if (n < 0 && errno != EINTR) {
                return failed(errno, "cannot write the file");
            }
            content.remove_prefix(n > 0 ? static_cast<size_t>(n) : 0);
        }
        if (::fsync(fd.get()) != 0) {
            return failed(errno, "cannot write the file to the disk");
        }
    }
    if (::rename(at(temporary).c_str(), at(place).c_str()) != 0) {
        return failed(errno, "cannot replace the file");
    }
    // The name is on the disk only when the directory is.
    const Fd fd(::open((dir == "." ? dir : at(dir)).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0 || ::fsync(fd.get()) != 0) {
        return fail(errno_error(errno, "the file is written, but its directory cannot be", path));
    }
    return {};
}

std::string base_name(std::string_view path) {
    return std::string(path.substr(path.rfind('/') + 1));
}

std::string dir_name(std::string_view path) {
    const size_t slash = path.rfind('/');

    return std::string(slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash));
}

} // namespace srpt
