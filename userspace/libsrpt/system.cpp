// SPDX-License-Identifier: GPL-2.0
#include "system.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <linux/fs.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace srpt {

namespace {

constexpr const char* kBackstoreLock = "/var/run/rtslib_backstore.lock";

class FileLock final : public Lock {
  public:
    explicit FileLock(int fd) : fd_(fd) {}
    ~FileLock() override { ::close(fd_); }

  private:
    int fd_;
};

// Absolute, but with links kept: /dev/disk/by-id names outlive a reboot.
std::string absolute(const std::string& path) {
    if (path.starts_with('/')) {
        return path;
    }
    std::array<char, 4096> cwd{};
    if (::getcwd(cwd.data(), cwd.size()) == nullptr) {
        return path;
    }
    return fmt::format("{}/{}", cwd.data(), path);
}

int scsi_type_of(dev_t device) {
    const std::string dir = fmt::format("/sys/dev/block/{}:{}", major(device), minor(device));
    int type = 0;

    for (const char* tail : {"/device/type", "/../device/type"}) {
        std::ifstream in(dir + tail);
        if (in >> type) {
            return type;
        }
    }
    return 0;
}

bool about_targets(const std::string& line) {
    static constexpr std::array words = {
        "ib_srpt", "target_core", "TARGET_CORE", "iblock", "IBLOCK",   "fileio", "FILEIO", "Rdmcp",
        "RDMCP",   "RAMDISK",     "core_",       "Unable", "configfs", "dev[",   "LUN",    "rdma"};

    return std::any_of(words.begin(), words.end(),
                       [&](const char* word) { return line.find(word) != std::string::npos; });
}

class PosixSystem final : public System {
  public:
    PosixSystem() = default;
    PosixSystem(const PosixSystem&) = delete;
    PosixSystem& operator=(const PosixSystem&) = delete;
    ~PosixSystem() override {
        if (kmsg_ >= 0) {
            ::close(kmsg_);
        }
    }

    Result<Backing> probe(const std::string& path) override;
    Status load_module(const std::string& name) override;
    Status mount_configfs(const std::string& path) override;
    Result<std::unique_ptr<Lock>> lock_backstores() override;
    std::string random_hex(unsigned digits) override;
    uint64_t page_size() const override { return static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)); }
    void mark_kernel_log() override;
    std::vector<std::string> kernel_log() override;

  private:
    int kmsg_ = -1;
};

Result<Backing> PosixSystem::probe(const std::string& path) {
    Backing backing;
    struct stat st {};

    backing.path = absolute(path);
    if (::stat(backing.path.c_str(), &st) != 0) {
        return fail(errno_error(errno, fmt::format("cannot export {}", path), backing.path));
    }
    if (S_ISREG(st.st_mode)) {
        backing.kind = Backing::Kind::file;
        backing.bytes = static_cast<uint64_t>(st.st_size);
        backing.read_only = (st.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)) == 0;
        return backing;
    }
    if (!S_ISBLK(st.st_mode)) {
        return backing;
    }
    backing.kind = Backing::Kind::block;
    backing.scsi_type = scsi_type_of(st.st_rdev);
    int fd = ::open(backing.path.c_str(), O_RDONLY | O_EXCL | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == EBUSY) {
        backing.in_use = true;
        fd = ::open(backing.path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    }
    if (fd < 0) {
        return fail(errno_error(errno, fmt::format("cannot open {}", path), backing.path));
    }
    int read_only = 0;
    if (::ioctl(fd, BLKGETSIZE64, &backing.bytes) != 0) {
        backing.bytes = 0;
    }
    if (::ioctl(fd, BLKROGET, &read_only) == 0) {
        backing.read_only = read_only != 0;
    }
    ::close(fd);
    return backing;
}

Status PosixSystem::load_module(const std::string& name) {
    std::array<std::string, 4> words = {"modprobe", "-q", "--", name};
    std::array<char*, 5> argv = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
    std::array<std::string, 2> vars = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
    std::array<char*, 3> envp = {vars[0].data(), vars[1].data(), nullptr};
    pid_t pid = 0;
    int status = 0;

    const int err = ::posix_spawnp(&pid, "modprobe", nullptr, nullptr, argv.data(), envp.data());
    if (err != 0) {
        return fail(errno_error(err, "cannot run modprobe", name).with_hint("install the package kmod"));
    }
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return fail(Errc::no_module, fmt::format("modprobe {} failed", name),
                    fmt::format("run 'modprobe {}' as root and see dmesg", name));
    }
    return {};
}

Status PosixSystem::mount_configfs(const std::string& path) {
    if (::mount("configfs", path.c_str(), "configfs", 0, nullptr) != 0 && errno != EBUSY) {
        return fail(errno_error(errno, "cannot mount configfs", path));
    }
    return {};
}

Result<std::unique_ptr<Lock>> PosixSystem::lock_backstores() {
    const int fd = ::open(kBackstoreLock, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

    if (fd < 0) {
        return fail(errno_error(errno, "cannot open the lock that numbers back ends", kBackstoreLock));
    }
    while (::flock(fd, LOCK_EX) != 0) {
        if (errno != EINTR) {
            const int err = errno;
            ::close(fd);
            return fail(errno_error(err, "cannot take the lock that numbers back ends", kBackstoreLock));
        }
    }
    return std::unique_ptr<Lock>(std::make_unique<FileLock>(fd));
}

std::string PosixSystem::random_hex(unsigned digits) {
    std::string text;

    while (text.size() < digits) {
        uint32_t word = 0;
        if (::getrandom(&word, sizeof(word), 0) != static_cast<ssize_t>(sizeof(word))) {
            word = static_cast<uint32_t>(Clock::now().time_since_epoch().count());
        }
        text += fmt::format("{:08x}", word);
    }
    text.resize(digits);
    return text;
}

void PosixSystem::mark_kernel_log() {
    if (kmsg_ < 0) {
        kmsg_ = ::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    }
    if (kmsg_ >= 0) {
        ::lseek(kmsg_, 0, SEEK_END);
    }
}

std::vector<std::string> PosixSystem::kernel_log() {
    std::vector<std::string> lines;
    std::array<char, 8192> record{};

    while (kmsg_ >= 0 && lines.size() < 8) {
        const ssize_t n = ::read(kmsg_, record.data(), record.size());

        if (n < 0 && (errno == EPIPE || errno == EINTR)) {
            continue; // the ring overtook us; the next record is valid
        }
        if (n <= 0) {
            break;
        }
        // "prio,sequence,time,flags;text\n key=value\n"
        std::string text(record.data(), static_cast<size_t>(n));
        text.erase(0, text.find(';') + 1);
        text.resize(std::min(text.size(), text.find('\n')));
        if (about_targets(text)) {
            lines.push_back(std::move(text));
        }
    }
    return lines;
}

} // namespace

void System::pause(std::chrono::milliseconds time) {
    std::this_thread::sleep_for(time);
}

struct SignalHold::State {
    sigset_t before{};
};

SignalHold::SignalHold() : state_(std::make_unique<State>()) {
    sigset_t held{};

    ::sigemptyset(&held);
    ::sigaddset(&held, SIGINT);
    ::sigaddset(&held, SIGTERM);
    ::sigaddset(&held, SIGHUP);
    ::pthread_sigmask(SIG_BLOCK, &held, &state_->before);
}

SignalHold::~SignalHold() {
    ::pthread_sigmask(SIG_SETMASK, &state_->before, nullptr);
}

std::unique_ptr<System> make_system() {
    return std::make_unique<PosixSystem>();
}

std::string make_unit_serial(System& system) {
    const std::string r = system.random_hex(31);
    // The variant digit is one of 8, 9, a, b.
    static constexpr std::string_view variant = "89ab";
    const std::string_view hex = "0123456789abcdef";
    const char v = variant[hex.find(r[15]) % variant.size()];

    return fmt::format("{}-{}-4{}-{}{}-{}", r.substr(0, 8), r.substr(8, 4), r.substr(12, 3), v,
                       r.substr(16, 3), r.substr(19, 12));
}

} // namespace srpt
