// SPDX-License-Identifier: GPL-2.0
#include "doctor.hpp"

#include <charconv>
#include <fmt/format.h>
#include <sstream>

namespace srpt {

namespace {

using Level = Finding::Level;

// The value of KEY=VALUE on the kernel's command line; the last one counts.
std::string boot_option(const std::string& cmdline, const std::string& key) {
    std::istringstream words(cmdline);
    std::string value;

    for (std::string word; words >> word;) {
        if (word.starts_with(key + "=")) {
            value = word.substr(key.size() + 1);
        }
    }
    return value;
}

bool on(const std::string& value) {
    return value == "1" || value == "y" || value == "Y" || value == "on";
}

Finding make(Level level, const char* id, std::string text, std::string path,
             std::vector<std::string> commands) {
    return Finding{level, id, std::move(text), std::move(path), std::move(commands)};
}

std::vector<std::string> boot_with(const std::string& option) {
    return {fmt::format("sed -i 's/^GRUB_CMDLINE_LINUX=\"/&{} /' /etc/default/grub", option), "update-grub"};
}

} // namespace

std::vector<Finding> examine_machine(const FileSystem& fs) {
    std::vector<Finding> findings;
    const std::string cmdline = fs.read_or("/proc/cmdline");
    const std::string release = fs.read_or("/proc/sys/kernel/osrelease");
    const std::string config = "\n" + fs.read_or("/boot/config-" + release) + "\n";
    const auto built = [&](const char* name) {
        return config.find(fmt::format("\n{}=y\n", name)) != std::string::npos;
    };

    const std::string init = boot_option(cmdline, "init_on_alloc");
    if (on(init) || (init.empty() && built("CONFIG_INIT_ON_ALLOC_DEFAULT_ON"))) {
        findings.push_back(make(Level::speed, "init-on-alloc",
                                fmt::format("init_on_alloc is on{}: the kernel writes zeros into every page "
                                            "before it is used",
                                            init.empty() ? " by default" : ""),
                                "/proc/cmdline", boot_with("init_on_alloc=0")));
    }
    if (on(boot_option(cmdline, "init_on_free"))) {
        findings.push_back(make(Level::speed, "init-on-free",
                                "init_on_free is on: the kernel writes zeros into every page it gives back",
                                "/proc/cmdline", boot_with("init_on_free=0")));
    }
    const bool iommu = !fs.list_or_empty("/sys/class/iommu").empty();
    const bool passthrough = boot_option(cmdline, "iommu") == "pt" ||
                             on(boot_option(cmdline, "iommu.passthrough")) ||
                             built("CONFIG_IOMMU_DEFAULT_PASSTHROUGH");
    if (iommu && !passthrough) {
        findings.push_back(make(Level::speed, "iommu",
                                "an IOMMU translates the HCA's accesses; in pass-through mode it does not",
                                "/sys/class/iommu", boot_with("iommu=pt")));
    }
    const std::string governor = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
    const std::string now = fs.read_or(governor);
    if (now == "powersave" || now == "ondemand" || now == "conservative" || now == "schedutil") {
        findings.push_back(make(Level::speed, "governor",
                                fmt::format("the CPUs are clocked by need ({}), which adds to latency", now),
                                governor, {"cpupower frequency-set -g performance"}));
    }
    for (const char* option : {"CONFIG_KASAN", "CONFIG_PROVE_LOCKING", "CONFIG_DEBUG_KMEMLEAK"}) {
        if (built(option)) {
            findings.push_back(make(Level::speed, "debug-kernel",
                                    fmt::format("this kernel is built with {}, for debugging", option),
                                    "/boot/config-" + release, {"boot the distribution's standard kernel"}));
            break;
        }
    }
    // "Max locked memory         8388608              8388608              bytes"
    const std::string limits = fs.read_or("/proc/self/limits");
    const size_t at = limits.find("Max locked memory");
    if (at != std::string::npos) {
        std::istringstream words(limits.substr(at + 17));
        std::string soft;
        words >> soft;
        uint64_t bytes = 0;
        const auto [end, err] = std::from_chars(soft.data(), soft.data() + soft.size(), bytes);
        if (err == std::errc{} && end == soft.data() + soft.size() && bytes < (1ULL << 30)) {
            findings.push_back(
                make(Level::hint, "memlock",
                     fmt::format("programs may lock {} KiB of memory only: RDMA tools of users (not the "
                                 "target, which is in the kernel) fail with 'cannot allocate memory'",
                                 bytes / 1024),
                     "/proc/self/limits", {"srptctl host memlock install"}));
        }
    }
    return findings;
}

} // namespace srpt
