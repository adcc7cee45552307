// SPDX-License-Identifier: GPL-2.0
#include "format.hpp"

#include <array>
#include <fmt/format.h>

namespace srptctl {

std::string format_bytes(uint64_t bytes) {
    static constexpr std::array units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    auto value = static_cast<double>(bytes);
    size_t unit = 0;

    while (value >= 1024 && unit + 1 < units.size()) {
        value /= 1024;
        unit++;
    }
    return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, units[unit]);
}

std::string format_age(uint64_t millis) {
    const uint64_t s = millis / 1000;

    if (s < 60) {
        return fmt::format("{}s", s);
    }
    if (s < 3600) {
        return fmt::format("{}m{:02}s", s / 60, s % 60);
    }
    if (s < 86400) {
        return fmt::format("{}h{:02}m", s / 3600, s / 60 % 60);
    }
    return fmt::format("{}d{:02}h", s / 86400, s / 3600 % 24);
}

std::string format_count(uint64_t count) {
    if (count < 10000) {
        return fmt::format("{}", count);
    }
    const auto value = static_cast<double>(count);
    if (count < 10'000'000) {
        return fmt::format("{:.1f}k", value / 1e3);
    }
    return count < 10'000'000'000 ? fmt::format("{:.1f}M", value / 1e6) : fmt::format("{:.1f}G", value / 1e9);
}

} // namespace srptctl
