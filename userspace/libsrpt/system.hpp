// SPDX-License-Identifier: GPL-2.0
// What else of the machine the tool touches: block devices, module loading,
// the kernel log, random names, the clock. An interface, so that tests decide.
#pragma once

#include "error.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace srpt {

// What stands behind a path that is to be exported.
struct Backing {
    enum class Kind { block, file, other };

    Kind kind = Kind::other;
    std::string path;       // absolute, links kept: by-id names stay stable
    uint64_t bytes = 0;     // capacity
    bool read_only = false; // the device refuses writes
    bool in_use = false;    // mounted, or claimed by somebody else
    int scsi_type = 0;      // of a SCSI device: 0 is a disk
};

// Held for as long as the object lives.
class Lock {
  public:
    Lock() = default;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    virtual ~Lock() = default;
};

class System {
  public:
    using Clock = std::chrono::steady_clock;

    System() = default;
    System(const System&) = delete;
    System& operator=(const System&) = delete;
    virtual ~System() = default;

    virtual Result<Backing> probe(const std::string& path) = 0;
    virtual Status load_module(const std::string& name) = 0;
    virtual Status mount_configfs(const std::string& path) = 0;
    // Other processes that number back ends (targetcli does) wait for it.
    virtual Result<std::unique_ptr<Lock>> lock_backstores() = 0;
    // `digits` random lower-case hex digits.
    virtual std::string random_hex(unsigned digits) = 0;
    virtual uint64_t page_size() const = 0;
    // From here on kernel_log() returns what the kernel says of targets.
    virtual void mark_kernel_log() = 0;
    virtual std::vector<std::string> kernel_log() = 0;
    virtual Clock::time_point now() const { return Clock::now(); }
    virtual void pause(std::chrono::milliseconds time);
};

// Keeps SIGINT, SIGTERM and SIGHUP out while a transaction is under way, so
// that a Ctrl-C cannot leave half of it behind.
class SignalHold {
  public:
    SignalHold();
    ~SignalHold();
    SignalHold(const SignalHold&) = delete;
    SignalHold& operator=(const SignalHold&) = delete;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// The machine this runs on.
std::unique_ptr<System> make_system();

// A version 4 UUID from 30 random digits: the unit serial of a back end.
std::string make_unit_serial(System& system);

} // namespace srpt
