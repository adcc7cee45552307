// SPDX-License-Identifier: GPL-2.0
#include "latency.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>

namespace srpt {

std::optional<double> percentile_us(const Histogram& histogram, double part) {
    // As a double, since the counters of years could overflow an integer.
    const double total = std::accumulate(histogram.begin(), histogram.end(), 0.0);
    const double wanted = std::clamp(part, 0.0, 1.0) * total;
    double below = 0;
    double top = 0;

    if (total <= 0) {
        return std::nullopt;
    }
    for (size_t i = 0; i < histogram.size(); i++) {
        const auto count = static_cast<double>(histogram[i]);
        if (count <= 0) {
            continue;
        }
        const double low = i == 0 ? 0.0 : std::ldexp(1.0, static_cast<int>(i));
        const double high = std::ldexp(1.0, static_cast<int>(i) + 1);
        if (below + count >= wanted) {
            return low + (high - low) * std::max(0.0, wanted - below) / count;
        }
        below += count;
        top = high;
    }
    return top;
}

Histogram since(const Histogram& before, const Histogram& now) {
    Histogram delta{};

    for (size_t i = 0; i < now.size(); i++) {
        if (now[i] < before[i]) {
            return now;
        }
        delta[i] = now[i] - before[i];
    }
    return delta;
}

Histogram sum(const Histogram& a, const Histogram& b) {
    Histogram out{};

    for (size_t i = 0; i < out.size(); i++) {
        out[i] = a[i] + b[i];
    }
    return out;
}

std::string format_us(double us) {
    if (us < 999.5) {
        return fmt::format("{:.0f}us", us);
    }
    if (us < 999.5e3) {
        return us < 9.95e3 ? fmt::format("{:.1f}ms", us / 1e3) : fmt::format("{:.0f}ms", us / 1e3);
    }
    return us < 99.5e6 ? fmt::format("{:.1f}s", us / 1e6) : fmt::format("{:.0f}s", us / 1e6);
}

} // namespace srpt
